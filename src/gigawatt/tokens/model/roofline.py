"""How long an accelerator takes to compute, to move memory and to talk.

References
----------
[1] S. Williams, A. Waterman, D. Patterson, "Roofline: an insightful visual performance model", CACM 52(4), 2009,
    doi:10.1145/1498765.1498785.
[2] R. Thakur, R. Rabenseifner, W. Gropp, "Optimization of collective communication operations in MPICH", IJHPCA
    19(1), 2005, doi:10.1177/1094342005051521.
[3] DeepSeek-AI, "DeepSeek-V3 technical report" (two-hop dispatch: once per node by network, then by NVLink), 2024,
    arXiv:2412.19437, section 3.2.2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gigawatt.errors import CalibrationError, Fault
from gigawatt.tokens.model.blocks import CACHE_BYTES, FP8_BYTES, WEIGHT_BYTES, Floats, Precision

GIGABYTE_BYTES = 1e9
# Rated power per BF16 peak at which shares of the matrix peak hold [W per FLOP/s], about that of Hopper.
REFERENCE_W_PER_FLOPS = 700e-15


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """One package of an accelerator: dense peaks, memory, and its links (one direction).

    A peak is None where the part does not support the precision. `scale_up_packages_count` packages share a
    scale-up domain (NVLink); beyond it each package talks by its own network card. torus_axes_count: axes of a domain
    that is wired as a torus; 0 where it is switched. tdp_w: rated power, None where nobody states it.
    """

    name: str
    scale_up_packages_count: int
    bf16_flops: float | None
    fp8_flops: float | None
    int8_flops: float | None = None
    fp4_flops: float | None
    fp4_inference_flops: float | None
    hbm_capacity_bytes: float
    hbm_bandwidth_bytes_per_s: float
    scale_up_bandwidth_bytes_per_s: float
    nic_bandwidth_bytes_per_s: float
    torus_axes_count: int = 0
    tdp_w: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One package at one precision, as numbers, or as arrays with one entry per case.

    matrix_flops, score_flops: peaks of matrix products and of attention; weight_bytes, cache_bytes: what one value of
    either takes; the rest as in `Chip`. A precision that the part lacks has a peak of 0.
    """

    matrix_flops: Floats
    score_flops: Floats
    weight_bytes: Floats
    cache_bytes: Floats
    hbm_capacity_bytes: Floats
    hbm_bandwidth_bytes_per_s: Floats
    scale_up_packages_count: Floats
    scale_up_bandwidth_bytes_per_s: Floats
    nic_bandwidth_bytes_per_s: Floats
    torus_axes_count: Floats = 0.0


def machine(chip: Chip, precision: Precision) -> Machine:
    """A package that infers at one precision.

    Raises CalibrationError where the part lacks the precision, naming those that it has.
    """
    return Machine(
        matrix_flops=peak_flops(chip, precision, inference=True),
        score_flops=attention_flops(chip, precision, inference=True),
        weight_bytes=WEIGHT_BYTES[precision],
        cache_bytes=CACHE_BYTES[precision],
        hbm_capacity_bytes=chip.hbm_capacity_bytes,
        hbm_bandwidth_bytes_per_s=chip.hbm_bandwidth_bytes_per_s,
        scale_up_packages_count=float(chip.scale_up_packages_count),
        scale_up_bandwidth_bytes_per_s=chip.scale_up_bandwidth_bytes_per_s,
        nic_bandwidth_bytes_per_s=chip.nic_bandwidth_bytes_per_s,
    )


def peak_flops(chip: Chip, precision: Precision, *, inference: bool) -> float:
    """Dense peak of a package at one precision; for inference the vendor's higher FP4 figure where there is one.

    Weights that a part serves without computing in their format are unpacked on the way: INT4 and MXFP4 compute in 16
    bits, MXFP4 in eight where the part has FP4, FP8 in 16 where it has none, INT8 by the part's own eight bits.
    Raises CalibrationError where the part lacks the precision, naming those that it has.
    """
    peaks = _peaks(chip, inference=inference)
    value = peaks.get(precision)
    if value is None:
        known = [name for name, peak in peaks.items() if peak is not None]
        expected = f"a precision that {chip.name} supports: {', '.join(known)}"
        raise CalibrationError([Fault(path="precision", given=f'"{precision}"', expected=expected)])
    return value


def power_ratio(chip: Chip, exponent_ratio: Floats) -> Floats:
    """Matrix rate of a part for its rated power: what has few watts for its peak cannot hold its clocks.

    A power of watts per operation over those of Hopper; 1 where a source is silent on either.
    """
    if chip.tdp_w is None or chip.bf16_flops is None:
        return 1.0
    return (chip.tdp_w / chip.bf16_flops / REFERENCE_W_PER_FLOPS) ** exponent_ratio


def attention_flops(chip: Chip, precision: Precision, *, inference: bool) -> float:
    """Peak at which attention itself computes: in eight bits where an inference cache has eight, else in BF16.

    Where no source gives the BF16 peak, it is half of the FP8 peak (so on every part that gives both).
    """
    peaks = _peaks(chip, inference=inference)
    if inference and CACHE_BYTES[precision] == FP8_BYTES and chip.fp8_flops is not None:
        return chip.fp8_flops
    if peaks["bf16"] is not None:
        return peaks["bf16"]
    return peak_flops(chip, "fp8", inference=inference) / 2


def _peaks(chip: Chip, *, inference: bool) -> dict[Precision, float | None]:
    fp4 = chip.fp4_inference_flops if inference and chip.fp4_inference_flops is not None else chip.fp4_flops
    bf16 = chip.bf16_flops
    unpacked = chip.fp8_flops / 2 if bf16 is None and chip.fp8_flops is not None else bf16
    mixed = chip.fp8_flops if fp4 is not None else unpacked
    fp8 = chip.fp8_flops or (unpacked if inference else None)
    int8 = (chip.fp8_flops or chip.int8_flops or unpacked) if inference else None
    return {"bf16": bf16, "fp8": fp8, "int8": int8, "fp4": fp4, "mxfp4": mixed, "int4": unpacked}


def ring_bandwidth_bytes_per_s(link: Chip | Machine, ranks_count: Floats, stride_count: Floats) -> Floats:
    """Bandwidth per rank of a ring or tree collective: min(NVLink, NIC × ranks of the group per domain).

    ranks_count: ranks in the group; stride_count: distance of neighbours in the numbering of packages, so that
    max(1, domain / stride) ranks of the group share a scale-up domain. The group reduces inside of the domain first,
    then each of its ranks carries an equal part over its own card.
    """
    inside = np.clip(link.scale_up_packages_count / np.asarray(stride_count, dtype=float), 1, None)
    shared = np.minimum(inside, ranks_count)
    outer = np.minimum(link.scale_up_bandwidth_bytes_per_s, link.nic_bandwidth_bytes_per_s * shared)
    return np.where(ranks_count <= inside, link.scale_up_bandwidth_bytes_per_s, outer)


def gather_s(link: Chip | Machine, payload_bytes: Floats, ranks_count: Floats, stride_count: Floats) -> Floats:
    """All-gather or reduce-scatter of `payload_bytes` (whole, not per rank): (r - 1)/r · payload / bandwidth [2]."""
    share = 1 - 1 / np.asarray(ranks_count, dtype=float)
    return share * payload_bytes / ring_bandwidth_bytes_per_s(link, ranks_count, stride_count)


def all_reduce_s(link: Chip | Machine, payload_bytes: Floats, ranks_count: Floats, stride_count: Floats) -> Floats:
    """All-reduce of `payload_bytes` on every rank: a reduce-scatter and an all-gather [2]."""
    return 2 * gather_s(link, payload_bytes, ranks_count, stride_count)


def distinct_count(groups_count: Floats, draws_count: Floats) -> Floats:
    """Expected number of other groups, of `groups_count` equal ones, that `draws_count` uniform draws touch."""
    groups = np.asarray(groups_count, dtype=float)
    missed = np.log1p(-1 / np.maximum(groups, 1 + np.finfo(float).eps))
    return (groups - 1) * -np.expm1(draws_count * missed)


def torus_hops_count(link: Chip | Machine, ranks_count: Floats) -> Floats:
    """Links that a byte takes from rank to rank on average: a quarter of the side for every axis; 1 if switched."""
    axes = np.asarray(link.torus_axes_count, dtype=float)
    side = np.asarray(ranks_count, dtype=float) ** (1 / np.maximum(axes, 1))
    return np.where(axes > 0, np.maximum(axes * side / 4, 1), 1.0)


def all_to_all_s(
    link: Chip | Machine,
    token_bytes: Floats,
    tokens: Floats,
    draws_count: Floats,
    ranks_count: Floats,
    stride_count: Floats,
) -> Floats:
    """Send each of a rank's `tokens` once to every other rank that holds one of its `draws_count` experts.

    Inside of a domain by NVLink, between domains once per domain touched by the rank's own card [3]; the two hops
    overlap, so the slower one counts. In a torus a byte takes links of others as well.
    """
    inside = np.clip(link.scale_up_packages_count / np.asarray(stride_count, dtype=float), 1, None)
    domains = np.ceil(ranks_count / inside)
    payload = np.asarray(tokens) * token_bytes
    near = payload * distinct_count(ranks_count, draws_count) / link.scale_up_bandwidth_bytes_per_s
    if np.any(link.torus_axes_count):
        near = near * torus_hops_count(link, np.minimum(ranks_count, inside))
    if np.all(domains <= 1):
        return near
    far = payload * distinct_count(domains, draws_count) / link.nic_bandwidth_bytes_per_s
    return np.maximum(near, far)
