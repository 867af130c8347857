"""The keys of one configuration: read by their common names, with what a class of transformers sets by default."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

from gigawatt.errors import Fault

T = TypeVar("T")
# Release whose classes the defaults are of.
TRANSFORMERS = "5.24.0"
MOST_LAYERS_COUNT = 10_000
MOST_COUNT = 10**9
# Other names of a key that mean the same in every family: name in the file → common name.
ALIASES = {
    "n_embd": "hidden_size",
    "d_model": "hidden_size",
    "n_layer": "num_hidden_layers",
    "n_layers": "num_hidden_layers",
    "num_layers": "num_hidden_layers",
    "n_head": "num_attention_heads",
    "n_heads": "num_attention_heads",
    "kv_n_heads": "num_key_value_heads",
    "num_kv_heads": "num_key_value_heads",
    "num_attention_groups": "num_key_value_heads",
    "n_inner": "intermediate_size",
    "ffn_dim": "intermediate_size",
    "ffn_hidden_size": "intermediate_size",
    "max_seq_len": "max_position_embeddings",
    "model_max_length": "max_position_embeddings",
    "n_positions": "max_position_embeddings",
    "num_local_experts": "n_routed_experts",
    "num_experts": "n_routed_experts",
    "moe_num_experts": "n_routed_experts",
    "num_experts_per_token": "num_experts_per_tok",
    "moe_topk": "num_experts_per_tok",
    "moe_top_k": "num_experts_per_tok",
    "moe_k": "num_experts_per_tok",
    "top_k_experts": "num_experts_per_tok",
    "num_shared_experts": "n_shared_experts",
    "moe_num_shared_experts": "n_shared_experts",
    "expert_ffn_hidden_size": "moe_intermediate_size",
    "shared_intermediate_size": "shared_expert_intermediate_size",
    "moe_shared_expert_intermediate_size": "shared_expert_intermediate_size",
    "share_expert_dim": "shared_expert_intermediate_size",
    "mtp_num_hidden_layers": "num_nextn_predict_layers",
    "num_mtp_modules": "num_nextn_predict_layers",
    "num_mtp_layers": "num_nextn_predict_layers",
    "sliding_window_size": "sliding_window",
    "attention_chunk_size": "sliding_window",
    "num_dense_layers": "first_k_dense_replace",
    "dense_mlp_idx": "first_k_dense_replace",
    "moe_layer_start_index": "first_k_dense_replace",
    "moe_layer_interval": "decoder_sparse_step",
    "routed_expert_hidden_size": "moe_latent_size",
    "shared_experts_intermediate_size": "shared_expert_intermediate_size",
    "share_expert_dims": "shared_expert_intermediate_size",
    "mla_use_output_gate": "output_gate",
    "tie_embedding": "tie_word_embeddings",
    "linear_key_head_dim": "linear_head_dim",
}
# Sizes that a whole configuration states itself; one that lacks them is cut off.
STATED = ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "vocab_size")


@cache
def class_defaults() -> Mapping[str, Mapping[str, Any]]:
    """Values that the configuration classes of transformers set where a file is silent, by family."""
    text = files("gigawatt.readers.configs").joinpath("defaults.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)["defaults"]


@dataclass(slots=True)
class Keys:
    """Keys of a configuration by their common names; what is missing or wrong is noted, and 1 stands for it.

    said: common name → key of the file; defaults: what stands where a key is missing; used, assumed: keys of the
    file that were read, and defaults that were taken.
    """

    table: Mapping[str, Any]
    said: Mapping[str, str]
    defaults: Mapping[str, Any]
    faults: dict[str, Fault] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    assumed: dict[str, Any] = field(default_factory=dict)
    made: dict[str, Any] = field(default_factory=dict)

    def once(self, name: str, make: Callable[[], T]) -> T:
        """What every layer asks for, made for the first one."""
        if name not in self.made:
            self.made[name] = make()
        return self.made[name]

    def stated(self, key: str) -> Any:
        """The value of a key in the file alone, None where it is not there."""
        if key in self.table:
            self.used.add(self.said.get(key, key))
        return self.table.get(key)

    def get(self, key: str) -> Any:
        """The value of a key, or what its class sets where the file does not have it (null is an answer)."""
        if key in self.table:
            return self.stated(key)
        if self.defaults.get(key) is not None:
            self.assumed[key] = self.defaults[key]
        return self.defaults.get(key)

    def whole(self, key: str, layer: int | None = None, *, default: int | None = None, least: int = 1) -> int:
        """A whole number of at least `least`; that of a layer where the value is a list of one for each."""
        value = self.get(key)
        if isinstance(value, list) and layer is not None:
            value = value[layer] if layer < len(value) else None
        if value is None:
            return default if default is not None else self.fault(key, "missing", "a whole number")
        number = isinstance(value, int) and not isinstance(value, bool)
        if not number or not least <= value <= MOST_COUNT:
            return self.fault(key, brief(value), f"a whole number from {least} to {MOST_COUNT}")
        return int(value)

    def flag(self, key: str, *, default: bool = False) -> bool:
        """True or false."""
        value = self.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.fault(key, brief(value), "true or false")
        return bool(value)

    def words(self, key: str, count: int) -> list[Any] | None:
        """A list with an entry for each of `count` layers, None where there is none; more are those of drafts."""
        value = self.get(key)
        if value is None:
            return None
        if not isinstance(value, list) or not count <= len(value) <= MOST_LAYERS_COUNT:
            self.fault(key, brief(value), f"a list of {count} layers")
            return None
        drafts = self.whole("num_nextn_predict_layers", default=0, least=0)
        if len(value) > count and len(value) - count > drafts:
            self.fault(key, f"{len(value)} entries", f"a list of {count} layers")
            return None
        return value[:count]

    def numbers(self, key: str) -> frozenset[int]:
        """Layers by their numbers, as a list or a text with commas between them."""
        value = self.get(key)
        parts = value.split(",") if isinstance(value, str) else value
        if value is None:
            return frozenset()
        try:
            if not isinstance(parts, list) or len(parts) > MOST_LAYERS_COUNT:
                raise ValueError
            return frozenset(int(part) for part in parts)
        except (TypeError, ValueError):
            self.fault(key, brief(value), "a list of layers")
            return frozenset()

    def fault(self, key: str, given: str, expected: str) -> int:
        """Note that a key is wrong, once."""
        path = self.said.get(key, key)
        self.faults.setdefault(path, Fault(path=path, given=given, expected=expected))
        return 1


def brief(value: object) -> str:
    """A value in a few words, of one line."""
    try:
        text = " ".join(str(value).split()) if not isinstance(value, list | dict) else _opening(value)
    except ValueError:  # Python writes no whole number of thousands of digits
        text = "a number of thousands of digits"
    text = text if len(text) <= 60 else text[:57] + "..."
    return f'"{text}"' if isinstance(value, str) else text


def _opening(value: list[Any] | dict[Any, Any]) -> str:
    return f"a list of {len(value)}" if isinstance(value, list) else "a table"
