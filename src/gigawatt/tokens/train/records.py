"""A training run as numbers: what a package reaches, the layout, the model; each a number or an array over cases.

References
----------
[1] S. Rajbhandari et al., "ZeRO: memory optimizations toward training trillion parameter models", SC 2020,
    arXiv:1910.02054.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from gigawatt.errors import CalibrationError, Fault
from gigawatt.tokens.model.blocks import BF16_BYTES, FP8_BYTES, FP32_BYTES, Floats, Precision
from gigawatt.tokens.model.roofline import Chip, Machine, attention_flops, peak_flops, power_ratio
from gigawatt.tokens.model.sizes import ModelCosts

# "mxfp8": FP8 with one scale per 32 values, which costs some of the rate [OCP microscaling].
TrainingPrecision = Precision | Literal["mxfp8"]
TRAINING_PRECISIONS: tuple[TrainingPrecision, ...] = ("bf16", "fp8", "mxfp8", "fp4")
# Adam in mixed precision: FP32 master weight and two moments [1].
STATE_BYTES = (1 + 2) * FP32_BYTES
# Peak at which `attention_frac` holds.
REFERENCE_FLOPS = 1e15
# Forward, and backward to activations and to weights.
PASSES_COUNT = 1 + 2


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingEfficiency:
    """What training reaches of the peaks, and what it spends beside them; numbers, or arrays with an entry per case.

    gemm_frac, fp8_gemm_frac, mxfp8_gemm_frac, fp4_gemm_frac: of the matrix peak in each format; half_width_count:
    length of one side of an expert's products at which they run at half that rate; power_exponent_ratio: power of
    the rated watts per peak with which all of these grow; tile_count: tokens that every expert computes in vain per
    micro-batch (padded tiles, weights that are read for few tokens); uneven_ratio: standard deviation of the load
    of an expert over its mean; attention_frac: of a BF16 peak of 1 PFLOPS, and attention_exponent_ratio: the power
    of the peak with which attention grows (below 1: exponentials and memory keep it from growing with the matrix
    units); context_waste_ratio: attention that context ranks wait for, 1 where each has a contiguous part of the
    sequence and the last has nearly all the work; memory_frac, network_frac: of the bandwidths; congestion_ratio:
    time that every doubling of the domains adds to what passes between them; hop_latency_s: of every domain that a
    ring passes; gradient_bytes: of a gradient that is exchanged; overlap_frac: communication hidden behind
    computation; activation_passes_ratio, expert_passes_ratio: how often values between two matrix products move to
    memory and back, forward and backward together, outside and inside of routed experts; block_latency_s,
    expert_latency_s: launch and synchronisation per block and micro-batch, and on top per block of routed experts;
    step_latency_s: the same per step; usable_memory_frac: of the memory; time_ratio: what all times are multiplied
    by. The recipe that `train` follows: sequence_tokens per sequence, global_batch_tokens per step.
    """

    gemm_frac: Floats
    fp8_gemm_frac: Floats
    mxfp8_gemm_frac: Floats
    fp4_gemm_frac: Floats
    half_width_count: Floats
    power_exponent_ratio: Floats
    tile_count: Floats
    uneven_ratio: Floats
    attention_frac: Floats
    attention_exponent_ratio: Floats
    context_waste_ratio: Floats
    memory_frac: Floats
    network_frac: Floats
    congestion_ratio: Floats
    hop_latency_s: Floats
    gradient_bytes: Floats
    overlap_frac: Floats
    activation_passes_ratio: Floats
    expert_passes_ratio: Floats
    block_latency_s: Floats
    expert_latency_s: Floats
    step_latency_s: Floats
    usable_memory_frac: Floats
    time_ratio: Floats
    sequence_tokens: Floats
    global_batch_tokens: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a training run is spread over tensor × pipeline × context × data packages; numbers or equal-shaped arrays.

    chunk_count: virtual stages per pipeline stage; micro_batch_count: sequences per micro-batch; recompute_frac: share
    of the forward pass that is computed again in the backward pass instead of being kept; sharded_frac: 1 where
    weights and gradients are spread over the data ranks too (FSDP), 0 where only the optimizer's state is.
    """

    tensor_count: Floats
    pipeline_count: Floats
    context_count: Floats
    data_count: Floats
    expert_count: Floats
    chunk_count: Floats
    micro_batch_count: Floats
    recompute_frac: Floats
    sharded_frac: Floats = 0.0

    @property
    def packages_count(self) -> Floats:
        """Packages of the whole run."""
        return self.tensor_count * self.pipeline_count * self.context_count * self.data_count

    @property
    def ranks_count(self) -> Floats:
        """Packages that share one part of the weights."""
        return np.asarray(self.data_count * self.context_count, dtype=float)

    @property
    def copies_count(self) -> Floats:
        """Packages that hold the same routed experts."""
        return np.maximum(self.ranks_count * self.tensor_count / self.expert_count, 1)

    @property
    def cut_count(self) -> Floats:
        """Parts that the weights are cut into by tensor and pipeline."""
        return np.asarray(self.tensor_count * self.pipeline_count, dtype=float)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRun:
    """A run as numbers, or arrays with one entry per case.

    machine: a package with the rates that training reaches; its weight_bytes are those of a value that is sent to an
    expert. habits: what is not a share of a peak.
    """

    machine: Machine
    model: ModelCosts
    layout: Layout
    habits: TrainingEfficiency
    sequence_tokens: Floats
    global_batch_tokens: Floats

    @property
    def rank_tokens(self) -> Floats:
        """Tokens of one micro-batch on one rank (before tensor parallelism, which shares them)."""
        return self.layout.micro_batch_count * self.sequence_tokens / self.layout.context_count

    @property
    def micro_batches_count(self) -> Floats:
        """Micro-batches per replica and step."""
        layout = self.layout
        return self.global_batch_tokens / (layout.data_count * layout.micro_batch_count * self.sequence_tokens)


def training_peak_flops(chip: Chip, precision: TrainingPrecision) -> float:
    """Dense peak of a package at one precision; raises CalibrationError where the part or training lacks it."""
    if precision not in TRAINING_PRECISIONS:
        expected = f"a format to train in: {', '.join(TRAINING_PRECISIONS)}"
        raise CalibrationError([Fault(path="precision", given=f'"{precision}"', expected=expected)])
    return peak_flops(chip, "fp8" if precision == "mxfp8" else precision, inference=False)


def training_machine(chip: Chip, precision: TrainingPrecision, efficiency: TrainingEfficiency) -> Machine:
    """A package with the rates that training reaches at one precision; raises where the part lacks it."""
    peak = training_peak_flops(chip, precision)
    shares = dict(zip(TRAINING_PRECISIONS, _matrix_shares(efficiency), strict=True))
    attention, growth = attention_flops(chip, "bf16", inference=False), efficiency.attention_exponent_ratio
    return Machine(
        matrix_flops=shares[precision] * peak * power_ratio(chip, efficiency.power_exponent_ratio),
        score_flops=efficiency.attention_frac * attention * (attention / REFERENCE_FLOPS) ** (growth - 1),
        weight_bytes=BF16_BYTES if precision == "bf16" else FP8_BYTES,
        cache_bytes=BF16_BYTES,
        hbm_capacity_bytes=chip.hbm_capacity_bytes,
        hbm_bandwidth_bytes_per_s=efficiency.memory_frac * chip.hbm_bandwidth_bytes_per_s,
        scale_up_packages_count=float(chip.scale_up_packages_count),
        scale_up_bandwidth_bytes_per_s=efficiency.network_frac * chip.scale_up_bandwidth_bytes_per_s,
        nic_bandwidth_bytes_per_s=efficiency.network_frac * chip.nic_bandwidth_bytes_per_s,
        torus_axes_count=float(chip.torus_axes_count),
    )


def _matrix_shares(efficiency: TrainingEfficiency) -> tuple[Floats, ...]:
    """Shares of the matrix peak in the order of `TRAINING_PRECISIONS`."""
    return efficiency.gemm_frac, efficiency.fp8_gemm_frac, efficiency.mxfp8_gemm_frac, efficiency.fp4_gemm_frac


def params_per_rank(run: TrainingRun) -> tuple[Floats, Floats]:
    """Parameters of a package that all data ranks share, and those of its routed experts."""
    plain: Floats = run.model.table_params_count
    routed: Floats = 0.0
    for block in run.model.blocks:
        plain = plain + block.count * (block.attention_params_count + block.dense_params_count)
        routed = routed + block.count * block.experts_count * block.expert_params_count
    shared = plain / run.layout.cut_count
    return shared, routed / run.layout.pipeline_count / run.layout.expert_count if np.any(routed) else 0.0


def params_owned(run: TrainingRun) -> Floats:
    """Parameters whose state a package owns: an equal part of those that it shares with others."""
    plain, routed = params_per_rank(run)
    owned = plain / run.layout.ranks_count
    return owned + routed / run.layout.copies_count if np.any(routed) else owned
