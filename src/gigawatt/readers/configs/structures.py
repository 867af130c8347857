"""The table of structures: how the models of one family are built, as data.

A family is the `model_type` of a configuration without the mark of a nested part. What the table does not say is what
most families have: grouped attention, under a window where the file has one, and a gated feed-forward part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """How the layers of a family are built.

    attention, linear: part of layers that attend, and of linear ones, by its name in `attention.PARTS`.
    cycle, first, last: kinds of layers where the file does not say, as letters that repeat and those that stand at
    either end instead: G all of the context, L a window, R linear, S picked compressed vectors, H all of them.
    windows: whether `max_window_layers` begins ("after") or ends ("before") the windows that the cycle has.
    window_needed: a layer with a window but no size for it is a fault, not one of all of the context.
    experts, experts_first_count: layers may have experts, from this one on where the file does not say.
    single: a layer is one part alone; doubled: it is two of either, of which the first has experts too.
    width_ratio: how many times the hidden width a dense part has where the file does not say; 0: it must say.
    extras: further parts of a layer by their names in `extras.PARTS`.
    names: key of the family → common name; by_kind: kind of layer → common name → key that it has instead.
    """

    attention: str = "grouped"
    linear: str = ""
    cycle: str = "L"
    first: str = ""
    last: str = ""
    windows: Literal["cycle", "after", "before"] = "cycle"
    window_needed: bool = False
    experts: bool = False
    experts_first_count: int = 0
    shared_count: int = 0
    single: bool = False
    doubled: bool = False
    matrices_count: int = 3
    width_ratio: int = 0
    output_gate: bool = False
    tied: bool = False
    extras: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    by_kind: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


DENSE = Structure()
MIXED = Structure(experts=True)
PLAIN = Structure(matrices_count=2)
LATENT = Structure(attention="latent", experts=True)
SPARSE = Structure(attention="indexed", experts=True)
DELTA = Structure(linear="delta", cycle="RRRG", output_gate=True)
DELTA_MIXED = Structure(linear="delta", cycle="RRRG", output_gate=True, experts=True)
LIGHTNING = Structure(linear="lightning", cycle="RG", experts=True)
LFM = Structure(
    linear="convolution", cycle="G", extras=("adjusted_width",), names={"block_ff_dim": "intermediate_size"}
)
_WIDE_GLOBAL = {"full": {"head_dim": "global_head_dim", "num_key_value_heads": "num_global_key_value_heads"}}
GEMMA4 = Structure(
    cycle="LLLLLG", last="G", tied=True, experts=True, by_kind=_WIDE_GLOBAL, extras=("layer_inputs", "shared_keys")
)
_MIMO = {
    "num_key_value_heads": "swa_num_key_value_heads",
    "num_attention_heads": "swa_num_attention_heads",
    "head_dim": "swa_head_dim",
    "v_head_dim": "swa_v_head_dim",
}

# Family of a configuration → how its models are built.
STRUCTURES: dict[str, Structure] = {
    **dict.fromkeys(
        [
            "llama",
            "mistral",
            "phi3",
            "granite",
            "olmo",
            "olmo2",
            "smollm3",
            "seed_oss",
            "helium",
            "glm",
            "glm4",
            "glm4v",
            "hunyuan_v1_dense",
            "internlm3",
            "internlm2",
            "baichuan",
            "stablelm",
            "ministral",
            "ministral3",
            "mistral3",
            "ernie4_5",
            "cohere",
            "cohere2_vision",
            "llava",
            "pixtral",
            "persimmon",
            "yi",
            "aquila",
            "exaone",
            "mimo",
            "bitnet",
            "arcee_gated",
            "kimi_dense",
            "internvl_chat",
        ],
        DENSE,
    ),
    **dict.fromkeys(
        ["qwen2", "qwen3", "qwen2_vl", "qwen2_5_vl", "qwen3_vl", "qwen2_5_omni", "dots1_dense"],
        Structure(windows="after", cycle="L"),
    ),
    **dict.fromkeys(
        ["nemotron", "gpt_neox", "gptj", "starcoder2", "arcee", "apertus", "opt", "phi", "gpt_bigcode"], PLAIN
    ),
    **dict.fromkeys(
        [
            "mixtral",
            "qwen3_moe",
            "qwen3_vl_moe",
            "glm4_moe",
            "glm4v_moe",
            "minimax_m2",
            "phimoe",
            "olmoe",
            "flex_olmo",
            "granitemoe",
            "dbrx",
            "hunyuan_v1_moe",
            "solar_open",
            "bailing_moe",
            "bailing_moe_v2",
            "llada_moe",
        ],
        MIXED,
    ),
    **dict.fromkeys(
        ["deepseek_v2", "deepseek_v3", "kimi_k2", "kimi_k25", "mistral4", "youtu", "deepseek_vl_v2", "kimi_vl"], LATENT
    ),
    **dict.fromkeys(
        ["glm4_moe_lite", "axk1", "sarvam_mla"], Structure(attention="latent", experts=True, experts_first_count=1)
    ),
    **dict.fromkeys(["deepseek_v32", "glm_moe_dsa", "axk2"], SPARSE),
    **dict.fromkeys(["minimax", "minimax_text_01", "minimax_m1"], LIGHTNING),
    **dict.fromkeys(["qwen3_next", "qwen3_5_moe"], DELTA_MIXED),
    **dict.fromkeys(["exaone4", "exaone4_5"], Structure(cycle="LLLG")),
    **dict.fromkeys(["lfm2", "lfm2_vl"], LFM),
    **dict.fromkeys(["gemma4", "gemma4_unified"], GEMMA4),
    **dict.fromkeys(["gpt2", "mpt", "gptj", "bloom"], Structure(matrices_count=2, width_ratio=4, tied=True)),
    "dots1": Structure(experts=True, windows="after"),
    "gemma": Structure(tied=True),
    "gemma2": Structure(cycle="LG", window_needed=True, tied=True),
    "gemma3": Structure(cycle="LLLLLG", window_needed=True, tied=True),
    "gemma3n": Structure(cycle="LLLLG", tied=True, extras=("layer_inputs", "alternating_updates")),
    "gpt_oss": Structure(cycle="LG", experts=True),
    "llama4": Structure(
        cycle="LLLG",
        experts=True,
        shared_count=1,
        names={"intermediate_size": "moe_intermediate_size", "intermediate_size_mlp": "intermediate_size"},
    ),
    "qwen2_moe": Structure(windows="before", cycle="LG", experts=True),
    "qwen3_5": DELTA,
    "nemotron_h": Structure(linear="mamba2", single=True, experts=True, matrices_count=2),
    "nemotron-nas": Structure(attention="searched"),
    "deepseek_v4": Structure(
        attention="compressed", first="HH", cycle="HS", experts=True, extras=("hyper_connections",)
    ),
    "minimax_m3_vl": Structure(
        cycle="G",
        experts=True,
        extras=("block_index",),
        names={"intermediate_size": "moe_intermediate_size", "dense_intermediate_size": "intermediate_size"},
    ),
    "kimi_linear": Structure(
        attention="latent", linear="kda", first="R", cycle="GRRR", experts=True, experts_first_count=1
    ),
    "jamba": Structure(linear="mamba1", experts=True, names={"intermediate_size": "intermediate_size"}),
    "mllama": Structure(cycle="G", extras=("cross_attention",)),
    "mimo_v2_flash": Structure(
        first="G", cycle="LLLLLG", experts=True, experts_first_count=1, by_kind={"window": _MIMO}
    ),
    "longcat_flash": Structure(attention="latent", experts=True, doubled=True),
    "olmo3": Structure(cycle="LLLG"),
    "cohere2": Structure(cycle="LLLG", tied=True),
    "cwm": Structure(cycle="GLLL"),
    "exaone_moe": Structure(cycle="LLLG", experts=True, experts_first_count=1),
    "hy_v3": Structure(experts=True, experts_first_count=1),
    "afmoe": Structure(cycle="LLLG", experts=True),
    "step3p5": Structure(
        cycle="G",
        experts=True,
        experts_first_count=3,
        by_kind={"window": {"num_attention_heads": "num_sliding_attention_heads"}},
    ),
}
# Families whose models are those of another: names of nested and of wrapping parts.
SAME = {
    "mllama_text_model": "mllama",
    "step3p7": "step3p5",
    "minimax_m3": "minimax_m3_vl",
}
