"""The feed-forward part of one layer as sizes, by the names of the catalog's `ModelBlock`."""

from __future__ import annotations

from gigawatt.readers.configs.extras import shares_cache
from gigawatt.readers.configs.keys import MOST_COUNT, brief
from gigawatt.readers.configs.parts import Layer, Row, searched_part


def feed_forward(at: Layer, part: str) -> Row:
    """The dense part of a layer, its experts, or neither ("none").

    Experts in a latent space are written as wide as the model has room for: their parameters are kept, and the
    projections into and out of the space join the shared part.
    """
    if part == "none":
        return {"ffn_count": 0}
    matrices = {"ffn_matrices_count": at.structure.matrices_count}
    if part == "dense":
        return matrices | {"ffn_count": dense_width_count(at)}
    width = at.keys.whole(
        "moe_intermediate_size", default=at.keys.whole("intermediate_size", default=0, least=0) or None
    )
    latent = at.keys.whole("moe_latent_size", default=at.hidden)
    into = round(2 * latent / at.structure.matrices_count) if latent != at.hidden else 0
    return matrices | {
        "ffn_count": round(width * latent / at.hidden),
        "experts_count": at.keys.whole("n_routed_experts"),
        "experts_active_count": at.keys.whole("num_experts_per_tok"),
        "shared_ffn_count": _shared_width_count(at, width) + into,
    }


def dense_width_count(at: Layer) -> int:
    """Width of a dense part."""
    if "shared_part" in at.structure.extras:
        return at.keys.whole("shared_expert_intermediate_size")
    if at.structure.attention == "searched":
        return _searched_width_count(at)
    wide = (
        at.hidden * at.keys.whole("expansion_ratio", default=at.structure.width_ratio)
        if at.structure.width_ratio
        else None
    )
    width = at.keys.whole("intermediate_size", at.number, default=wide)
    if "adjusted_width" in at.structure.extras and at.keys.flag("block_auto_adjust_ff_dim", default=True):
        return _adjusted(at, width)
    return 2 * width if at.keys.flag("use_double_wide_mlp") and shares_cache(at) else width


def _adjusted(at: Layer, width: int) -> int:
    """LFM2: two thirds of what is stated, rounded up."""
    ratio = at.keys.get("block_ffn_dim_multiplier")
    known = isinstance(ratio, int | float) and 0 < ratio < MOST_COUNT
    return _rounded(int(int(2 * width / 3) * (ratio if known else 1)), at.keys.whole("block_multiple_of"))


def _rounded(width: int, multiple: int) -> int:
    return -(-width // multiple) * multiple


def _searched_width_count(at: Layer) -> int:
    """Nemotron-NAS: a multiple of the hidden width, in steps of 256."""
    part = searched_part(at.keys, at.number, "ffn")
    if part.get("no_op"):
        return 0
    ratio = part.get("ffn_mult")
    if not isinstance(ratio, int | float) or not 0 < ratio < MOST_COUNT:
        return at.keys.fault("block_configs", f"ffn_mult = {brief(ratio)}", "a number above 0")
    return _rounded(int(2 * ratio * at.hidden / 3), 256)


def _shared_width_count(at: Layer, width: int) -> int:
    """Width of the experts that every token passes, or of the dense part beside the experts (Gemma 4)."""
    if at.keys.flag("enable_moe_block"):
        return dense_width_count(at)
    if at.keys.get("shared_expert_intermediate_size") is not None:
        at.keys.stated("n_shared_experts")  # of which the width is the sum
        return at.keys.whole("shared_expert_intermediate_size", least=0)
    return width * at.keys.whole("n_shared_experts", default=at.structure.shared_count, least=0)
