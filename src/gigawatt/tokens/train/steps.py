"""Step time and model FLOP utilisation of a synchronous training run on many packages.

A layout cuts the model t ways inside of every matrix product (tensor), p ways by depth (pipeline, in v chunks per
stage), the sequence c ways (context) and the batch d ways (data); routed experts are spread over e of the d·c ranks.
One step is m micro-batches per replica through the pipeline, then the optimizer:

    step = m · t_micro · (1 + (p - 1) / (v · m)) + t_data + t_optimizer,    m = batch / (d · micro-batch)

with t_micro the time of one micro-batch on one stage: matrix products and attention, forward and twice that backward
(once more if recomputed), moves of activations, launches, and the part of tensor, context, expert and pipeline
communication that does not hide behind them [1, 2]. Gradients are reduced and weights gathered once a step, or for
every micro-batch where they are spread over the data ranks too (FSDP, ZeRO-3); the optimizer's state always is [3].

Every argument may be an array with one entry per case: other layouts, and other models or packages.

References
----------
[1] D. Narayanan et al., "Efficient large-scale language model training on GPU clusters using Megatron-LM", SC 2021,
    doi:10.1145/3458817.3476209.
[2] V. Korthikanti et al., "Reducing activation recomputation in large transformer models", 2022, arXiv:2205.05198.
[3] S. Rajbhandari et al., "ZeRO: memory optimizations toward training trillion parameter models", SC 2020,
    arXiv:1910.02054.
[4] A. Chowdhery et al., "PaLM: scaling language modeling with pathways", 2022, arXiv:2204.02311, appendix B.
[5] D. Narayanan et al. [1], equation 3.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gigawatt.errors import CalibrationError, Fault
from gigawatt.tokens.model.blocks import BF16_BYTES, FP8_BYTES, FP32_BYTES, Floats, Transformer
from gigawatt.tokens.model.roofline import GIGABYTE_BYTES, Chip
from gigawatt.tokens.model.sizes import BlockCosts, ModelCosts, costs, mean_attended_count, take
from gigawatt.tokens.train.layouts import LayoutGrid, layout_grid
from gigawatt.tokens.train.memory import fitted, memory_bytes
from gigawatt.tokens.train.network import block_network_s, data_s, pipeline_s
from gigawatt.tokens.train.records import (
    PASSES_COUNT,
    STATE_BYTES,
    Layout,
    TrainingEfficiency,
    TrainingPrecision,
    TrainingRun,
    params_owned,
    params_per_rank,
    training_machine,
    training_peak_flops,
)

# A weight that is cast to eight bits or four: read and written, for products along either axis.
CAST_BYTES = 2 * (BF16_BYTES + FP8_BYTES)
# Cases that are worked out together: their arrays stay in the cache.
CHUNK_COUNT = 4096
# What counts as FLOPs of the model: attention as causal masks leave it, as if there were none, or not at all.
Convention = Literal["causal", "full", "parameters"]
SCORES_RATIO: dict[Convention, float] = {"causal": 1.0, "full": 2.0, "parameters": 0.0}


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


def step(
    chip: Chip,
    transformer: Transformer,
    layout: Layout,
    efficiency: TrainingEfficiency,
    *,
    precision: TrainingPrecision,
    sequence_tokens: Floats,
    global_batch_tokens: Floats,
    packages_count: Floats,
) -> TrainingStep:
    """One step of a synchronous run; arrays in the layout broadcast. Memory is reported, not checked.

    mfu_frac is of the dense peak at `precision`. Raises CalibrationError where the part
    lacks the precision, the layout does not multiply to `packages_count`, or the batch is smaller than one micro-batch
    per replica.
    """
    run = TrainingRun(
        machine=training_machine(chip, precision, efficiency),
        model=costs(transformer),
        layout=layout,
        habits=efficiency,
        sequence_tokens=sequence_tokens,
        global_batch_tokens=global_batch_tokens,
    )
    _check(layout, packages_count, run.micro_batches_count)
    return step_of(run, training_peak_flops(chip, precision))


def step_of(run: TrainingRun, peak_flops: Floats) -> TrainingStep:
    """One step of a run, or of each case of it; nothing is checked. peak_flops: what utilisation is a share of."""
    count = np.size(run.layout.data_count)
    if count <= CHUNK_COUNT or np.ndim(run.layout.data_count) != 1:
        return _step_of(run, peak_flops)
    whole = {entry.name: np.empty(count) for entry in fields(TrainingStep)}
    for begin in range(0, count, CHUNK_COUNT):
        part = slice(begin, begin + CHUNK_COUNT)
        found = _step_of(take(run, part), take(peak_flops, part))
        for name, values in whole.items():
            values[part] = getattr(found, name)
    return TrainingStep(**whole)


def _step_of(run: TrainingRun, peak_flops: Floats) -> TrainingStep:
    compute, network, bubble, optimizer = step_parts(run)
    total = compute + network + bubble + optimizer
    speed = run.global_batch_tokens / run.layout.packages_count / total
    rate = training_token_flop(run.model, run.sequence_tokens) * speed
    return TrainingStep(
        step_s=total,
        mfu_frac=rate / peak_flops,
        model_flops=rate,
        tokens_per_s=speed,
        memory_bytes=memory_bytes(run),
        compute_s=compute,
        network_s=network,
        bubble_s=bubble,
        optimizer_s=optimizer,
    )


def _check(layout: Layout, packages_count: Floats, micro_batches_count: Floats) -> None:
    faults = []
    if not np.allclose(layout.packages_count, packages_count, rtol=np.finfo(np.float32).eps, atol=0):
        given = f"tensor × pipeline × context × data = {np.max(layout.packages_count):g}"
        faults.append(Fault(path="layout", given=given, expected=f"{np.max(packages_count):g} packages"))
    smallest = float(np.min(micro_batches_count))
    if not smallest > 0 or smallest < 1 - np.finfo(np.float32).eps:
        given = f"{smallest:.3g} micro-batches per replica"
        expected = "1 or more: a larger batch, or fewer data-parallel ranks"
        faults.append(Fault(path="global_batch", given=given, expected=expected))
    if faults:
        raise CalibrationError(faults)


def best_training(
    chip: Chip,
    transformer: Transformer,
    efficiency: TrainingEfficiency,
    *,
    precision: TrainingPrecision,
    packages_count: float,
    grid: LayoutGrid | None = None,
) -> Training:
    """The fastest layout of a run on `packages_count` packages whose memory fits, by the recipe in `efficiency`.

    Layouts are those of a grid, or all of `training_grid`.
    Raises CalibrationError where the part lacks the precision, the batch is smaller than one sequence, or no layout
    fits, naming the memory of the one that comes nearest.
    """
    machine, peak = training_machine(chip, precision, efficiency), training_peak_flops(chip, precision)
    if not packages_count >= 1:
        raise CalibrationError([Fault(path="packages", given=f"{packages_count:g}", expected="1 or more")])
    choice = training_grid(chip, transformer, packages_count, efficiency) if grid is None else grid
    run = TrainingRun(
        machine=machine,
        model=costs(transformer),
        layout=choice.layout,
        habits=efficiency,
        sequence_tokens=efficiency.sequence_tokens,
        global_batch_tokens=efficiency.global_batch_tokens,
    )
    recompute, held = fitted(run)
    choice = replace(choice, layout=replace(run.layout, recompute_frac=recompute))
    run = replace(run, layout=choice.layout)
    best = _fastest(run, choice.possible & (held <= _usable_bytes(run)))
    if best is None:
        least = float(np.min(held, where=choice.possible, initial=np.inf)) / GIGABYTE_BYTES
        usable = efficiency.usable_memory_frac * chip.hbm_capacity_bytes / GIGABYTE_BYTES
        given = f"{packages_count:g}: {least:.4g} GB per package for {transformer.name}"
        expected = f"at most {usable:.4g} GB usable on {chip.name}: more packages"
        raise CalibrationError([Fault(path="packages", given=given, expected=expected)])
    layout = choice.at(best)
    return Training(layout=layout, step=step_of(replace(run, layout=layout), peak))


def _usable_bytes(run: TrainingRun) -> Floats:
    """Memory of a package that a run may take; rounding is forgiven."""
    slack = 1 + float(np.finfo(np.float32).eps)
    return run.habits.usable_memory_frac * run.machine.hbm_capacity_bytes * slack


def _fastest(run: TrainingRun, keep: NDArray[np.bool_]) -> tuple[np.intp, ...] | None:
    """Place of the fastest of the layouts of a grid that are kept; None where none is, or none ends."""
    time = np.where(keep, sum(step_parts(run)), np.inf)
    best = np.unravel_index(np.argmin(time), time.shape)
    return best if np.isfinite(time[best]) else None


def pick(layout: Layout, place: int) -> Layout:
    """One layout of many."""
    return Layout(**{entry.name: float(getattr(layout, entry.name)[place]) for entry in fields(layout)})


def training_layouts(
    chip: Chip, transformer: Transformer, packages_count: float, efficiency: TrainingEfficiency
) -> Layout:
    """Every layout that a run by the recipe in `efficiency` can take, as arrays; raises where there is none."""
    return training_grid(chip, transformer, packages_count, efficiency).listed()


def training_grid(
    chip: Chip, transformer: Transformer, packages_count: float, efficiency: TrainingEfficiency
) -> LayoutGrid:
    """As `training_layouts`, as a grid: a search of it computes each part of a step on the axes that it hangs on."""
    batch_count = efficiency.global_batch_tokens / efficiency.sequence_tokens
    found = layout_grid(
        transformer,
        domain_count=chip.scale_up_packages_count,
        packages_count=packages_count,
        global_batch_count=float(batch_count),
        sequence_tokens=float(efficiency.sequence_tokens),
        stated={},
    )
    if not found.possible.any():
        given = f"{batch_count:.3g} sequences on {packages_count:g} packages"
        expected = "a batch of at least one sequence per copy of the model"
        raise CalibrationError([Fault(path="global_batch", given=given, expected=expected)])
    return found


def step_parts(run: TrainingRun) -> tuple[Floats, Floats, Floats, Floats]:
    """Computation, exposed communication, idle pipeline and weight update of one step [s], which sum to it."""
    layout, micro_batches, ratio = run.layout, run.micro_batches_count, run.habits.time_ratio
    busy, exposed = _stage_s(run)
    idle = (np.asarray(layout.pipeline_count) - 1) / layout.chunk_count
    compute = micro_batches * busy
    return (
        ratio * compute,
        ratio * (micro_batches * exposed + data_s(run, compute)),
        ratio * idle * (busy + exposed),
        ratio * (_optimizer_s(run) + run.habits.step_latency_s),
    )


def _stage_s(run: TrainingRun) -> tuple[Floats, Floats]:
    """Busy time and exposed communication of one micro-batch on one stage [s]; the output embedding is shared out."""
    busy: Floats = 0.0
    talk: Floats = 0.0
    for block in run.model.blocks:
        uneven = uneven_ratio(run, block)
        busy = busy + block.count * _block_s(run, block, uneven)
        talk = talk + block.count * block_network_s(run, block, uneven)
    head = 2.0 * PASSES_COUNT * run.model.head_params_count
    busy = busy + head * run.rank_tokens / run.layout.tensor_count / run.machine.matrix_flops
    stages = run.layout.pipeline_count
    talk = talk / stages + pipeline_s(run)
    return busy / stages + _weights_s(run), (1 - run.habits.overlap_frac) * talk


def uneven_ratio(run: TrainingRun, block: BlockCosts) -> Floats:
    """Load of the busiest expert rank over the mean: 1 + σ·√(2 ln e)/√(E/e), the largest of e sums of E/e loads."""
    if not np.any(block.experts_count):
        return 1.0
    ranks = np.asarray(run.layout.expert_count, dtype=float)
    sums = ranks / np.maximum(block.experts_count, 1)
    return 1 + run.habits.uneven_ratio * np.sqrt(2 * np.log(ranks) * sums)


def _weights_s(run: TrainingRun) -> Floats:
    """Casting a stage's weights to a format with scales, once a micro-batch: a read, and a write each way up [s].

    None in 16 bits, where a product reads its weights while it computes.
    """
    casts = np.asarray(run.machine.weight_bytes) < BF16_BYTES
    if not np.any(casts):
        return 0.0
    plain, routed = params_per_rank(run)
    return np.asarray(CAST_BYTES * casts * (plain + routed) / run.machine.hbm_bandwidth_bytes_per_s)


def _block_s(run: TrainingRun, block: BlockCosts, uneven: Floats) -> Floats:
    """Forward, backward and recomputation of one block for one micro-batch [s]."""
    machine, habits = run.machine, run.habits
    tokens = run.rank_tokens / run.layout.tensor_count
    passes = PASSES_COUNT + np.asarray(run.layout.recompute_frac)
    width = habits.activation_passes_ratio * (block.seam_width_count + block.split_width_count)
    moved = BF16_BYTES * width / machine.hbm_bandwidth_bytes_per_s / PASSES_COUNT
    gemm = 2.0 * (block.attention_params_count + block.dense_params_count) / machine.matrix_flops
    scores = block.prefill_score_flop * mean_attended_count(block, run.sequence_tokens) + block.state_flop
    attention = (scores + block.index_flop * run.sequence_tokens / 2) / machine.score_flops
    # Ranks of a context wait for the one with the most to attend to: 1 + waste · (1 - 1/c).
    wasted = habits.context_waste_ratio * attention
    busy = np.asarray(tokens * (gemm + moved + attention + wasted - wasted / run.layout.context_count))
    busy = busy + habits.block_latency_s / PASSES_COUNT
    if np.any(block.experts_count):
        launch = habits.expert_latency_s / PASSES_COUNT * np.asarray(block.experts_count > 1)
        busy = busy + np.asarray(uneven * _experts_s(run, block, tokens) + launch)
    return passes * busy


def _experts_s(run: TrainingRun, block: BlockCosts, tokens: Floats) -> Floats:
    """One pass of the routed experts of one block for one micro-batch, all ranks equally loaded [s]."""
    machine, habits = run.machine, run.habits
    sides = 1 / np.maximum(block.ffn_count, 1) + 1 / run.model.hidden_count
    slowdown = 1 + habits.half_width_count * sides
    # Token copies of a rank, and those that each of its experts computes in vain.
    copies = tokens * block.experts_active_count + habits.tile_count * block.experts_count / run.layout.expert_count
    gemm = copies * (slowdown * 2.0 * block.expert_params_count / machine.matrix_flops)
    moved = habits.expert_passes_ratio * BF16_BYTES * block.expert_width_count / PASSES_COUNT
    return gemm + tokens * (moved / machine.hbm_bandwidth_bytes_per_s)


def _optimizer_s(run: TrainingRun) -> Floats:
    """Read and write the state that a package owns, read gradients, write weights [s]."""
    moved = (2 * STATE_BYTES + FP32_BYTES + BF16_BYTES) / run.machine.hbm_bandwidth_bytes_per_s
    return params_owned(run) * moved


def training_token_flop(model: ModelCosts, sequence_tokens: Floats, convention: Convention = "causal") -> Floats:
    """Model FLOPs of one training token by one convention of model FLOP utilisation; recomputation never counts.

    causal: three passes of 2·(active parameters) and attention to earlier tokens, as here and in Megatron-Bridge;
    full: attention to all tokens of the sequence, twice as much [4, 5]; parameters: 6·(active parameters) alone.
    """
    total = 2.0 * model.head_params_count
    for block in model.blocks:
        active = block.attention_params_count + block.dense_params_count
        active = active + block.experts_active_count * block.expert_params_count
        scores = block.prefill_score_flop * mean_attended_count(block, sequence_tokens) + block.state_flop
        total = total + block.count * (2.0 * active + SCORES_RATIO[convention] * scores)
    return PASSES_COUNT * total
