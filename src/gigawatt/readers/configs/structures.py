"""The table of structures: how the models of one family are built, as data.

A family is the `model_type` of a configuration without the mark of a nested part. What the table does not say is what
most families have: grouped attention, under a window where the file has one, and a gated feed-forward part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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
    window_groups_ratio: how many times the key-value heads are under a window, where the file does not say.
    index_every_count: one layer of so many has an indexer of its own, where the file does not say.
    width_ratio: how many times the hidden width a dense part has where the file does not say; 0: it must say.
    remarks: what blocks of the catalog cannot say of the family, a sentence each.
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
    window_groups_ratio: int = 1
    index_every_count: int = 1
    extras: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    by_kind: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


_LATENT = Structure(attention="latent", experts=True)
_LATENT_FROM_1 = Structure(attention="latent", experts=True, experts_first_count=1)
_LINEAR = Structure(linear="delta", cycle="RRRG", output_gate=True, experts=True)
_CONVOLUTION = Structure(linear="convolution", cycle="G", names={"block_ff_dim": "intermediate_size"})
_MAMBA = {
    "mamba_n_heads": "mamba_num_heads",
    "mamba_n_groups": "n_groups",
    "mamba_d_state": "ssm_state_size",
    "mamba_d_head": "mamba_head_dim",
}
_HYBRID = Structure(linear="mamba2", cycle="R", experts=True, names=_MAMBA)
_WINDOWED = {
    "num_key_value_heads": "swa_num_key_value_heads",
    "num_attention_heads": "swa_num_attention_heads",
    "head_dim": "swa_head_dim",
    "v_head_dim": "swa_v_head_dim",
}
_GLOBAL = {"head_dim": "global_head_dim", "num_key_value_heads": "num_global_key_value_heads"}
_OTHER = {"num_attention_heads": "num_sliding_attention_heads", "num_key_value_heads": "num_sliding_key_value_heads"}
_WIDE = {"intermediate_size": "moe_intermediate_size"}
_PICTURE = "layers that attend to a picture keep its keys and values once a request, which is not counted"

# Families (`model_type`) that are built alike, and how.
_TABLE: tuple[tuple[str, Structure], ...] = (
    # Dense, with grouped attention.
    (
        "llama mistral ministral ministral3 phi3 granite olmo olmo2 smollm3 seed_oss helium glm glm4",
        Structure(),
    ),
    ("glm4v hunyuan_v1_dense internlm2 internlm3 baichuan stablelm ernie4_5 exaone mimo bitnet", Structure()),
    ("cohere gemma hyperclovax iquestcoder phi4_multimodal", Structure()),
    ("qwen2 qwen3 qwen2_vl qwen2_5_vl qwen3_vl qwen2_5_omni", Structure(windows="after")),
    ("nemotron gpt_neox starcoder2 arcee apertus apertus1p5 phi persimmon jais2", Structure(matrices_count=2)),
    ("gptj mpt bloom falcon", Structure(matrices_count=2, width_ratio=4)),
    ("gpt2 opt gpt_bigcode", Structure(matrices_count=2, width_ratio=4, extras=("positions",))),
    ("gemma2 vaultgemma", Structure(cycle="LG", window_needed=True)),
    ("gemma3", Structure(cycle="LLLLLG", window_needed=True)),
    ("olmo3 exaone4 cohere2", Structure(cycle="LLLG")),
    ("cwm granite_swa", Structure(cycle="GLLL")),
    ("gemma3n", Structure(cycle="LLLLG", extras=("layer_inputs", "shared_keys", "alternating_updates"))),
    ("mllama", Structure(cycle="G", extras=("cross_attention",), remarks=(_PICTURE,))),
    ("nemotron-nas", Structure(attention="searched")),
    ("minicpm3", Structure(attention="latent")),
    # Mixtures of experts, with grouped attention.
    ("mixtral qwen3_moe qwen3_vl_moe qwen3_omni_moe glm4_moe glm4v_moe minimax_m2 phimoe", Structure(experts=True)),
    ("olmoe flex_olmo granitemoe granitemoeshared dbrx hunyuan_v1_moe solar_open", Structure(experts=True)),
    ("bailing_moe bailing_moe_v2 mellum ernie4_5_moe sarvam_moe", Structure(experts=True)),
    ("dots1", Structure(experts=True, windows="after")),
    ("qwen2_moe", Structure(experts=True, windows="before", cycle="LG")),
    ("gpt_oss", Structure(experts=True, cycle="LG")),
    ("granitemoe_swa", Structure(experts=True, cycle="GLLL")),
    ("exaone_moe", Structure(experts=True, cycle="LLLG", experts_first_count=1)),
    ("hy_v3", Structure(experts=True, experts_first_count=1)),
    ("afmoe", Structure(experts=True, cycle="LLLG", output_gate=True)),
    (
        "llama4",
        Structure(
            experts=True, cycle="LLLG", shared_count=1, names=_WIDE | {"intermediate_size_mlp": "intermediate_size"}
        ),
    ),
    (
        "cohere2_moe",
        Structure(experts=True, cycle="LLLG", names=_WIDE | {"prefix_dense_intermediate_size": "intermediate_size"}),
    ),
    (
        "minimax_m3_vl",
        Structure(experts=True, cycle="G", names=_WIDE | {"dense_intermediate_size": "intermediate_size"}),
    ),
    (
        "gemma4 gemma4_unified",
        Structure(
            experts=True, cycle="LLLLLG", last="G", by_kind={"full": _GLOBAL}, extras=("layer_inputs", "shared_keys")
        ),
    ),
    (
        "mimo_v2_flash mimo_v2",
        Structure(
            experts=True,
            experts_first_count=1,
            first="G",
            cycle="LLLLLG",
            by_kind={"window": _WINDOWED},
            window_groups_ratio=2,
        ),
    ),
    (
        "laguna",
        Structure(
            experts=True,
            experts_first_count=1,
            cycle="G",
            extras=("head_gate",),
            names={"num_attention_heads_per_layer": "num_attention_heads"},
        ),
    ),
    (
        "step3p5",
        Structure(experts=True, experts_first_count=3, cycle="G", extras=("head_gate",), by_kind={"window": _OTHER}),
    ),
    # Latent attention, with an indexer or compressed vectors.
    ("deepseek_v2 deepseek_v3 kimi_k2 mistral4 youtu", _LATENT),
    ("glm4_moe_lite axk1 sarvam_mla", _LATENT_FROM_1),
    ("deepseek_v32 glm_moe_dsa mistral_large4", Structure(attention="indexed", experts=True)),
    ("axk2", Structure(attention="indexed", experts=True, experts_first_count=1, extras=("gated_query",))),
    (
        "hy_v4",
        Structure(
            attention="indexed",
            experts=True,
            experts_first_count=1,
            index_every_count=4,
            output_gate=True,
            extras=("plain_hyper_connections",),
        ),
    ),
    (
        "deepseek_v4",
        Structure(attention="compressed", first="HH", cycle="HS", experts=True, extras=("hyper_connections",)),
    ),
    ("longcat_flash", Structure(attention="latent", experts=True, doubled=True)),
    # Linear attention, state spaces and convolutions among attention.
    ("qwen3_next qwen3_5_moe qwen3_5", _LINEAR),
    ("olmo_hybrid", Structure(linear="delta", cycle="RRRG")),
    ("minimax minimax_text_01 minimax_m1", Structure(linear="lightning", cycle="RG", experts=True)),
    (
        "kimi_linear",
        Structure(attention="latent", linear="kda", first="R", cycle="GRRR", experts=True, experts_first_count=1),
    ),
    (
        "bailing_hybrid",
        Structure(attention="latent", linear="full_kda", cycle="RRRRRG", experts=True, extras=("head_gate",)),
    ),
    ("nemotron_h", Structure(linear="mamba2", single=True, experts=True, matrices_count=2)),
    ("jamba", Structure(linear="mamba1", experts=True)),
    ("bamba", _HYBRID),
    ("granitemoehybrid", replace(_HYBRID, extras=("shared_part",))),
    ("lfm2", replace(_CONVOLUTION, extras=("adjusted_width",))),
    ("lfm2_moe", replace(_CONVOLUTION, experts=True)),
    ("lfm3", replace(_CONVOLUTION, first="RR", cycle="LRGR", extras=("head_gate",))),
)
STRUCTURES = {name: structure for names, structure in _TABLE for name in names.split()}
# Other names of a family: those of nested parts, and of what wraps a part that does not say what it is.
SAME = {
    "cohere2_vision": "cohere2",
    "exaone4_5": "exaone4",
    "kimi_k25": "deepseek_v3",
    "kimi_k3": "kimi_linear",
    "lfm2_vl": "lfm2",
    "minimax_m3": "minimax_m3_vl",
    "mistral3": "mistral",
    "mllama_text_model": "mllama",
    "qwen3_asr": "qwen3",
    "step3p7": "step3p5",
}
