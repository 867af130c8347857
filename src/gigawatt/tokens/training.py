"""Step time, model FLOP utilisation and memory of a synchronous training run on many packages.

A layout cuts the model t ways inside of every matrix product (tensor), p ways by depth (pipeline, in v chunks per
stage), the sequence c ways (context) and the batch d ways (data); routed experts are spread over e of the d·c ranks.
One step is m micro-batches per replica through the pipeline, then the optimizer:

    step = m · t_micro · (1 + (p - 1) / (v · m)) + t_data + t_optimizer,    m = batch / (d · micro-batch)

with t_micro the time of one micro-batch on one stage: matrix products and attention, forward and twice that backward
(once more if recomputed), moves of activations, and the part of tensor, context, expert and pipeline communication
that does not hide behind them [1, 2]. Gradients are reduced in FP32 and weights gathered in BF16 once a step; the
optimizer state (12 bytes a parameter) is spread over the data-parallel ranks [3].

References
----------
[1] D. Narayanan et al., "Efficient large-scale language model training on GPU clusters using Megatron-LM", SC 2021,
    doi:10.1145/3458817.3476209.
[2] V. Korthikanti et al., "Reducing activation recomputation in large transformer models", 2022, arXiv:2205.05198.
[3] S. Rajbhandari et al., "ZeRO: memory optimizations toward training trillion parameter models", SC 2020,
    arXiv:1910.02054.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from gigawatt.errors import CalibrationError, Fault
from gigawatt.tokens.blocks import (
    BF16_BYTES,
    FP8_BYTES,
    FP32_BYTES,
    Block,
    Floats,
    Precision,
    Transformer,
    attention_params_count,
    cache_bytes,
    dense_params_count,
    expert_params_count,
    expert_width_count,
    kept_width_count,
    mean_attended_count,
    score_flop,
    split_width_count,
    training_flop,
    whole_width_count,
)
from gigawatt.tokens.roofline import (
    GIGABYTE_BYTES,
    Chip,
    all_reduce_s,
    all_to_all_s,
    attention_flops,
    gather_s,
    peak_flops,
)

# Adam in mixed precision: FP32 master weight and two moments [3].
_STATE_BYTES = (1 + 2) * FP32_BYTES
# Forward, and backward to activations and to weights.
_PASSES_COUNT = 1 + 2


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingEfficiency:
    """What share of the peaks training reaches.

    gemm_frac, fp8_gemm_frac, fp4_gemm_frac: of the matrix peak at 16, 8 and 4 bits; half_width_count: width of an
    expert at which its products run at half that rate; attention_frac: of the attention peak (BF16); memory_frac,
    network_frac: of the bandwidths; overlap_frac: communication hidden behind computation; activation_passes_ratio:
    how often values between two matrix products move to memory and back, forward and backward together;
    block_latency_s: launch and synchronisation per block and micro-batch; usable_memory_frac: of the memory. The
    recipe that `train` follows: sequence_tokens per sequence and global_batch_tokens per step.
    """

    gemm_frac: float
    fp8_gemm_frac: float
    fp4_gemm_frac: float
    half_width_count: float
    attention_frac: float
    memory_frac: float
    network_frac: float
    overlap_frac: float
    activation_passes_ratio: float
    block_latency_s: float
    usable_memory_frac: float
    sequence_tokens: float
    global_batch_tokens: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a training run is spread over tensor × pipeline × context × data packages; numbers or equal-shaped arrays.

    chunk_count: virtual stages per pipeline stage; micro_batch_count: sequences per micro-batch; recompute_frac: share
    of the forward pass that is computed again in the backward pass instead of being kept.
    """

    tensor_count: Floats
    pipeline_count: Floats
    context_count: Floats
    data_count: Floats
    expert_count: Floats
    chunk_count: Floats
    micro_batch_count: Floats
    recompute_frac: Floats

    @property
    def packages_count(self) -> Floats:
        """Packages of the whole run."""
        return self.tensor_count * self.pipeline_count * self.context_count * self.data_count


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingStep:
    """One optimizer step: its time, the share of the peak that is model FLOPs (MFU), memory per package, and causes.

    model_flops and tokens_per_s are per package. compute_s: matrix products, attention, moves and recomputation;
    network_s: exposed communication; bubble_s: idle pipeline; optimizer_s: weight update. They sum to step_s.
    """

    step_s: Floats
    mfu_frac: Floats
    model_flops: Floats
    tokens_per_s: Floats
    memory_bytes: Floats
    compute_s: Floats
    network_s: Floats
    bubble_s: Floats
    optimizer_s: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """The best way to train: a layout and its step, scalars both."""

    layout: Layout
    step: TrainingStep

    @property
    def model_flops(self) -> float:
        """Model FLOPs per second and package while nothing fails."""
        return float(self.step.model_flops)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """The arguments of `step`, so that its parts can share them."""

    chip: Chip
    transformer: Transformer
    layout: Layout
    efficiency: TrainingEfficiency
    precision: Precision
    sequence_tokens: Floats

    @property
    def rank_tokens(self) -> Floats:
        """Tokens of one micro-batch on one rank (before tensor parallelism, which shares them)."""
        return self.layout.micro_batch_count * self.sequence_tokens / self.layout.context_count

    @property
    def bytes_per_s(self) -> float:
        """Memory bandwidth that is reached."""
        return self.efficiency.memory_frac * self.chip.hbm_bandwidth_bytes_per_s


def step(
    chip: Chip,
    transformer: Transformer,
    layout: Layout,
    efficiency: TrainingEfficiency,
    *,
    precision: Precision,
    sequence_tokens: Floats,
    global_batch_tokens: Floats,
    packages_count: Floats,
) -> TrainingStep:
    """One step of a synchronous run; arrays in the layout broadcast. Memory is reported, not checked.

    mfu_frac is of the dense peak at `precision`. Raises CalibrationError where the part
    lacks the precision, the layout does not multiply to `packages_count`, or the batch is smaller than one micro-batch
    per replica.
    """
    run = _Run(
        chip=chip,
        transformer=transformer,
        layout=layout,
        efficiency=efficiency,
        precision=precision,
        sequence_tokens=sequence_tokens,
    )
    micro_batches = global_batch_tokens / (layout.data_count * layout.micro_batch_count * sequence_tokens)
    _check(layout, packages_count, micro_batches)
    busy, exposed = _stage_s(run)
    idle = (np.asarray(layout.pipeline_count) - 1) / layout.chunk_count
    optimizer = _optimizer_s(run)
    data = _data_s(run, micro_batches * busy)
    total = (micro_batches + idle) * (busy + exposed) + data + optimizer
    rate = training_flop(transformer, sequence_tokens) * global_batch_tokens / packages_count / total
    return TrainingStep(
        step_s=total,
        mfu_frac=rate / peak_flops(chip, precision, inference=False),
        model_flops=rate,
        tokens_per_s=global_batch_tokens / packages_count / total,
        memory_bytes=_memory_bytes(run, micro_batches),
        compute_s=micro_batches * busy,
        network_s=micro_batches * exposed + data,
        bubble_s=idle * (busy + exposed),
        optimizer_s=optimizer,
    )


def _check(layout: Layout, packages_count: Floats, micro_batches_count: Floats) -> None:
    faults = []
    if not np.all(layout.packages_count == packages_count):
        given = f"tensor × pipeline × context × data = {np.max(layout.packages_count):g}"
        faults.append(Fault(path="layout", given=given, expected=f"{np.max(packages_count):g} packages"))
    smallest = float(np.min(micro_batches_count))
    if not smallest > 0 or smallest < 1 - np.finfo(np.float32).eps:
        given = f"{smallest:.3g} micro-batches per replica"
        expected = "1 or more: a larger batch, or fewer data-parallel ranks"
        faults.append(Fault(path="global_batch", given=given, expected=expected))
    if faults:
        raise CalibrationError(faults)


def _stage_s(run: _Run) -> tuple[Floats, Floats]:
    """Busy time and exposed communication of one micro-batch on one stage [s]; the output embedding is shared out."""
    busy: Floats = 0.0
    talk: Floats = 0.0
    for block in run.transformer.blocks:
        busy = busy + block.count * _block_s(run, block)
        talk = talk + block.count * _block_network_s(run, block)
    head = 2.0 * _PASSES_COUNT * run.transformer.hidden_count * run.transformer.vocabulary_count
    busy = busy + head * run.rank_tokens / run.layout.tensor_count / _gemm_flops(run)
    stages = run.layout.pipeline_count
    talk = talk / stages + _pipeline_s(run)
    return busy / stages, (1 - run.efficiency.overlap_frac) * talk / run.efficiency.network_frac


def _gemm_flops(run: _Run) -> float:
    shares = {
        "bf16": run.efficiency.gemm_frac,
        "fp8": run.efficiency.fp8_gemm_frac,
        "fp4": run.efficiency.fp4_gemm_frac,
    }
    return shares[run.precision] * peak_flops(run.chip, run.precision, inference=False)


def _block_s(run: _Run, block: Block) -> Floats:
    """Forward, backward and recomputation of one block for one micro-batch [s]."""
    hidden = run.transformer.hidden_count
    tokens = run.rank_tokens / run.layout.tensor_count
    passes = _PASSES_COUNT + np.asarray(run.layout.recompute_frac)
    plain = 2.0 * (attention_params_count(block, hidden) + dense_params_count(block, hidden))
    routed = 2.0 * block.experts_active_count * expert_params_count(block, hidden)
    slowdown = 1 + run.efficiency.half_width_count / block.ffn_count
    gemm = (plain + slowdown * routed) / _gemm_flops(run)
    scores = score_flop(block, absorbed=False) * mean_attended_count(block, run.sequence_tokens)
    attention = scores / (run.efficiency.attention_frac * attention_flops(run.chip, run.precision, inference=False))
    moved = BF16_BYTES * _width_count(block, hidden) * run.efficiency.activation_passes_ratio / run.bytes_per_s
    scale = passes / _PASSES_COUNT
    return tokens * (passes * (gemm + attention) + scale * moved) + scale * run.efficiency.block_latency_s


def _width_count(block: Block, hidden_count: int) -> int:
    """Values per token between the matrix products of one block."""
    return whole_width_count(hidden_count) + split_width_count(block) + expert_width_count(block, hidden_count)


def _block_network_s(run: _Run, block: Block) -> Floats:
    """Tensor, context and expert communication of one block, forward and backward [s]."""
    layout, chip, hidden = run.layout, run.chip, run.transformer.hidden_count
    payload = run.rank_tokens * hidden * BF16_BYTES
    # All-gather and reduce-scatter around attention and around feed-forward, in both directions [2].
    tensor = 2 * 2 * all_reduce_s(chip, payload, layout.tensor_count, 1)
    keys = run.rank_tokens * layout.context_count * cache_bytes(block, "bf16") / layout.tensor_count
    context = _PASSES_COUNT * gather_s(chip, keys, layout.context_count, layout.tensor_count)
    if not block.routed:
        return tensor + context
    # Dispatch and combine in both directions; eight bits on the way out where the matrices have them.
    sent = BF16_BYTES if run.precision == "bf16" else FP8_BYTES
    own = run.rank_tokens / layout.tensor_count
    pair_bytes = (sent + BF16_BYTES) * hidden
    exchange = all_to_all_s(chip, pair_bytes, own, block.experts_active_count, layout.expert_count, layout.tensor_count)
    return tensor + context + 2 * exchange


def _pipeline_s(run: _Run) -> Floats:
    """Handing one micro-batch from stage to stage, forward and backward, once per chunk; by network card [s]."""
    layout = run.layout
    payload = run.rank_tokens * run.transformer.hidden_count * BF16_BYTES / layout.tensor_count
    moves = 2 * np.asarray(layout.chunk_count) * (np.asarray(layout.pipeline_count) > 1)
    return moves * payload / run.chip.nic_bandwidth_bytes_per_s


def _params_per_rank(run: _Run) -> tuple[Floats, Floats]:
    """Parameters of a package that all data ranks share, and those of its routed experts."""
    hidden = run.transformer.hidden_count
    plain = (1 if run.transformer.tied_embeddings else 2) * hidden * run.transformer.vocabulary_count
    routed = 0
    for block in run.transformer.blocks:
        plain += block.count * (attention_params_count(block, hidden) + dense_params_count(block, hidden))
        routed += block.count * block.experts_count * expert_params_count(block, hidden)
    cut = run.layout.tensor_count * run.layout.pipeline_count
    return plain / cut, routed / cut / run.layout.expert_count


def _data_s(run: _Run, busy_s: Floats) -> Floats:
    """Exposed time of reducing gradients and gathering weights: what exceeds the computation that can hide it [s].

    Shared parameters over all d·c ranks; an expert's over the d·c / e ranks that hold a copy.
    """
    layout, chip = run.layout, run.chip
    plain, routed = _params_per_rank(run)
    ranks = np.asarray(layout.data_count, dtype=float) * layout.context_count
    size = BF16_BYTES + FP32_BYTES
    shared = gather_s(chip, plain * size, ranks, layout.tensor_count)
    stride = np.asarray(layout.tensor_count) * layout.expert_count
    experts = gather_s(chip, routed * size, np.maximum(ranks / layout.expert_count, 1), stride)
    talk = (shared + experts) / run.efficiency.network_frac
    return np.maximum((1 - run.efficiency.overlap_frac) * talk, talk - run.efficiency.overlap_frac * busy_s)


def _optimizer_s(run: _Run) -> Floats:
    """Read and write the state that a package owns, read gradients, write weights [s]."""
    plain, routed = _params_per_rank(run)
    ranks = np.asarray(run.layout.data_count, dtype=float) * run.layout.context_count
    owned = plain / ranks + routed * run.layout.expert_count / ranks
    return owned * (2 * _STATE_BYTES + FP32_BYTES + BF16_BYTES) / run.bytes_per_s


def _memory_bytes(run: _Run, micro_batches_count: Floats) -> Floats:
    """Weights (BF16), gradients (FP32), state, and kept activations of the first stage [2]."""
    layout = run.layout
    plain, routed = _params_per_rank(run)
    ranks = np.asarray(layout.data_count, dtype=float) * layout.context_count
    state = _STATE_BYTES * (plain / ranks + routed * layout.expert_count / ranks)
    weights = (BF16_BYTES + FP32_BYTES) * (plain + routed)
    hidden = run.transformer.hidden_count
    kept: Floats = 0.0
    for block in run.transformer.blocks:
        inner = (1 - np.asarray(layout.recompute_frac)) * (kept_width_count(block, hidden) - hidden)
        kept = kept + block.count * BF16_BYTES * (hidden + inner)
    stages = np.asarray(layout.pipeline_count, dtype=float)
    flight = np.minimum(stages + (stages - 1) / layout.chunk_count, micro_batches_count)
    tokens = run.rank_tokens / layout.tensor_count
    return weights + state + kept / stages * flight * tokens


def train(
    chip: Chip, transformer: Transformer, efficiency: TrainingEfficiency, *, precision: Precision, packages_count: int
) -> Training:
    """The fastest layout of a run on `packages_count` packages whose memory fits, by the recipe in `efficiency`.

    Raises CalibrationError where the part lacks the precision, the batch is smaller than one sequence, or no layout
    fits, naming the memory of the one that comes nearest.
    """
    peak_flops(chip, precision, inference=False)
    if not packages_count >= 1:
        raise CalibrationError([Fault(path="packages", given=f"{packages_count:g}", expected="1 or more")])
    sequences = efficiency.global_batch_tokens / efficiency.sequence_tokens
    layouts = training_layouts(chip, transformer, packages_count, sequences)
    result = step(
        chip,
        transformer,
        layouts,
        efficiency,
        precision=precision,
        sequence_tokens=efficiency.sequence_tokens,
        global_batch_tokens=efficiency.global_batch_tokens,
        packages_count=packages_count,
    )
    usable = efficiency.usable_memory_frac * chip.hbm_capacity_bytes
    time = np.where(np.asarray(result.memory_bytes) <= usable, result.step_s, np.inf)
    best = int(np.argmin(time))
    if not np.isfinite(time[best]):
        least = float(np.min(result.memory_bytes)) / GIGABYTE_BYTES
        given = f"{packages_count:g}: {least:.4g} GB per package for {transformer.name}"
        expected = f"at most {usable / GIGABYTE_BYTES:.4g} GB usable on {chip.name}: more packages"
        raise CalibrationError([Fault(path="packages", given=given, expected=expected)])
    chosen = {entry.name: float(getattr(layouts, entry.name)[best]) for entry in fields(layouts)}
    taken = [(entry.name, np.broadcast_to(getattr(result, entry.name), time.shape)) for entry in fields(result)]
    return Training(layout=Layout(**chosen), step=TrainingStep(**{name: float(values[best]) for name, values in taken}))


def training_layouts(chip: Chip, transformer: Transformer, packages_count: int, global_batch_count: float) -> Layout:
    """Every layout of powers of two that a run of `global_batch_count` sequences a step can take, as arrays.

    Tensor parallelism stays inside of a scale-up domain and of the heads; a chunk holds a block at least;
    experts are spread over no more ranks than there are experts or copies. The number of copies is what is left of
    the packages: fluid where they are no multiple.
    """
    heads = min(block.heads_count for block in transformer.blocks)
    experts = max(block.experts_count if block.routed else 1 for block in transformer.blocks)
    layers = transformer.layers_count
    axes = (
        _powers(min(chip.scale_up_packages_count, heads)),
        _powers(layers),
        _powers(chip.scale_up_packages_count),
        _powers(experts),
        _powers(layers),
        np.array([1.0, 2.0]),
        np.array([0.0, 1.0]),
    )
    tensor, pipeline, context, expert, chunk, micro, recompute = (axis.ravel() for axis in np.meshgrid(*axes))
    data = packages_count / (tensor * pipeline * context)
    keep = (data >= 1) & (data * micro <= global_batch_count) & (pipeline * (chunk - 1) < layers)
    keep &= (
        ((pipeline > 1) | (chunk == 1))
        & (expert <= data * context)
        & (tensor * context <= chip.scale_up_packages_count)
    )
    if not keep.any():
        given = f"{global_batch_count:.3g} sequences on {packages_count} packages"
        expected = "a batch of at least one sequence per copy of the model"
        raise CalibrationError([Fault(path="global_batch", given=given, expected=expected)])
    return Layout(
        tensor_count=tensor[keep],
        pipeline_count=pipeline[keep],
        context_count=context[keep],
        data_count=data[keep],
        expert_count=expert[keep],
        chunk_count=chunk[keep],
        micro_batch_count=micro[keep],
        recompute_frac=recompute[keep],
    )


def _powers(largest_count: int) -> NDArray[np.float64]:
    """1, 2, 4, … up to a largest."""
    return np.exp2(np.arange(int(largest_count).bit_length(), dtype=float))
