"""The best way to serve a model on an accelerator under a limit on the time per output token.

Throughput of a replica never falls with its batch (every phase costs no more per request in a larger one) and the
time per token never falls either, so the best batch of a layout is its largest: the smaller of what the memory holds
and of what the limit allows, found by bisection for all layouts at once.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gigawatt.errors import CalibrationError, Fault
from gigawatt.tokens.blocks import Floats, Precision, Transformer
from gigawatt.tokens.inference import (
    InferenceEfficiency,
    Phases,
    ServingLayout,
    SteadyState,
    cache_memory_bytes,
    largest_batch_count,
    mean_context_tokens,
    steady_state,
    weight_memory_bytes,
)
from gigawatt.tokens.roofline import GIGABYTE_BYTES, Chip, peak_flops

# Halvings of the logarithmic batch range: far below the width of any measured error.
_HALVINGS_COUNT = 24
# Room above a memory limit that an error message still calls "needs".


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """How a model is best served: per package for tokens_per_s (output tokens), per replica for batch_count.

    binds: what takes most of the time, "compute", "memory" (bandwidth), "network" or "latency"; limited_by: what
    keeps the batch from growing, the "tpot" limit or the "capacity" of the memory.
    """

    tokens_per_s: float
    batch_count: float
    tpot_s: float
    ttft_s: float
    memory_bytes: float
    layout: ServingLayout
    binds: str
    limited_by: Literal["tpot", "capacity"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """The arguments of `serve`, and the layouts in question."""

    chip: Chip
    transformer: Transformer
    efficiency: InferenceEfficiency
    precision: Precision
    input_tokens: float
    output_tokens: float
    layout: ServingLayout

    def state(self, batch_count: Floats) -> SteadyState:
        """Steady state of every layout at its own batch."""
        return steady_state(
            self.chip,
            self.transformer,
            self.efficiency,
            self.layout,
            precision=self.precision,
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            batch_count=batch_count,
        )

    def select(self, keep: NDArray[np.bool_]) -> _Question:
        """The same question for some of the layouts."""
        values = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        layouts = {entry.name: getattr(self.layout, entry.name)[keep] for entry in fields(self.layout)}
        return _Question(**values | {"layout": ServingLayout(**layouts)})


def serve(
    chip: Chip,
    transformer: Transformer,
    efficiency: InferenceEfficiency,
    *,
    precision: Precision,
    input_tokens: float,
    output_tokens: float,
    tpot_s: float,
) -> Serving:
    """Best layout and largest batch of a model on an accelerator, in output tokens per second and package.

    input_tokens, output_tokens: mean lengths of prompt and answer; tpot_s: limit on the mean time per output token.
    Layouts are all tensor-parallel widths and copies of attention in replicas of 1, 2, 4, … packages up to the
    scale-up domain. Raises CalibrationError where lengths or limit are not positive, the part lacks the precision,
    the model does not fit, or no batch meets the limit; it names the nearest feasible value.
    """
    _check(input_tokens, output_tokens, tpot_s)
    peak_flops(chip, precision, inference=True)
    question = _Question(
        chip=chip,
        transformer=transformer,
        efficiency=efficiency,
        precision=precision,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        layout=serving_layouts(chip, transformer),
    )
    capacity = np.asarray(
        largest_batch_count(
            chip,
            transformer,
            efficiency,
            question.layout,
            precision=precision,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
        )
    )
    fits = capacity >= question.layout.data_count
    if not fits.any():
        raise CalibrationError([_does_not_fit(question)])
    question, capacity = question.select(fits), capacity[fits]
    return _best(question, capacity, tpot_s)


def _best(question: _Question, capacity_count: NDArray[np.float64], tpot_s: float) -> Serving:
    smallest = np.asarray(question.layout.data_count, dtype=float)
    fastest = question.state(smallest).tpot_s
    meets = np.asarray(fastest <= tpot_s)
    if not meets.any():
        expected = (
            f"{1e3 * float(np.min(fastest)):.3g} ms or more for {question.transformer.name} on {question.chip.name}"
        )
        raise CalibrationError([Fault(path="tpot", given=f"{1e3 * tpot_s:.3g} ms", expected=expected)])
    question, low, high = question.select(meets), smallest[meets], capacity_count[meets]
    batch = _largest_within(question, low, high, tpot_s)
    state = question.state(batch)
    best = int(np.argmax(state.tokens_per_s))
    layouts = {entry.name: int(getattr(question.layout, entry.name)[best]) for entry in fields(question.layout)}
    return Serving(
        tokens_per_s=float(_at(state.tokens_per_s, best)),
        batch_count=float(batch[best]),
        tpot_s=float(_at(state.tpot_s, best)),
        ttft_s=float(_at(state.ttft_s, best)),
        memory_bytes=float(_at(state.memory_bytes, best)),
        layout=ServingLayout(**layouts),
        binds=_largest_phase(state.phases, best),
        limited_by="capacity" if batch[best] >= high[best] else "tpot",
    )


def _largest_within(
    question: _Question, low_count: NDArray[np.float64], high_count: NDArray[np.float64], tpot_s: float
) -> NDArray[np.float64]:
    """Largest batch of each layout whose time per token is within the limit, by bisection of its logarithm."""
    low, high = np.log(low_count), np.log(high_count)
    whole = np.asarray(question.state(high_count).tpot_s <= tpot_s)
    low = np.where(whole, high, low)
    for _ in range(_HALVINGS_COUNT):
        middle = (low + high) / 2
        within = question.state(np.exp(middle)).tpot_s <= tpot_s
        low, high = np.where(within, middle, low), np.where(within, high, middle)
    return np.where(whole, high_count, np.exp(low))


def serving_layouts(chip: Chip, transformer: Transformer) -> ServingLayout:
    """Every replica of 1, 2, 4, … packages and of the whole scale-up domain, by tensor-parallel width.

    Copies of attention only pay where experts are shared, so dense models have one. Experts spread over the whole
    replica, or over as many packages as there are experts.
    """
    experts = max(block.experts_count if block.routed else 0 for block in transformer.blocks)
    heads = min(block.heads_count for block in transformer.blocks)
    rows = []
    for replica in _sizes(chip.scale_up_packages_count):
        for tensor in _sizes(chip.scale_up_packages_count):
            if replica % tensor == 0 and tensor <= heads and (experts or tensor == replica):
                rows.append((tensor, replica // tensor, _divisor(replica, experts) if experts else 1))
    tensor_count, data_count, expert_count = np.array(rows, dtype=float).T
    return ServingLayout(tensor_count=tensor_count, data_count=data_count, expert_count=expert_count)


def _sizes(domain_count: int) -> list[int]:
    """Powers of two up to a domain, and the domain itself."""
    powers = [2**power for power in range(domain_count.bit_length()) if 2**power <= domain_count]
    return sorted({*powers, domain_count})


def _divisor(packages_count: int, experts_count: int) -> int:
    """Largest divisor of a replica that does not exceed the experts."""
    return max(size for size in range(1, packages_count + 1) if packages_count % size == 0 and size <= experts_count)


def _largest_phase(phases: Phases, index: int) -> str:
    times = {entry.name.removesuffix("_s"): _at(getattr(phases, entry.name), index) for entry in fields(phases)}
    return max(times, key=lambda name: times[name])


def _at(values: Floats, index: int) -> float:
    array = np.asarray(values)
    return float(array[index] if array.ndim else array)


def _check(input_tokens: float, output_tokens: float, tpot_s: float) -> None:
    named = {"input": (input_tokens, "tokens"), "output": (output_tokens, "tokens"), "tpot": (tpot_s, "s")}
    faults = [
        Fault(path=name, given=f"{value:g} {unit}", expected=f"more than 0 {unit}")
        for name, (value, unit) in named.items()
        if not 0 < value < np.inf
    ]
    if faults:
        raise CalibrationError(faults)


def _does_not_fit(question: _Question) -> Fault:
    """The model with one request per copy of attention against the memory of the layout that comes nearest."""
    context = mean_context_tokens(question.efficiency, question.input_tokens, question.output_tokens)
    weights = weight_memory_bytes(question.transformer, question.layout, question.precision)
    cache = cache_memory_bytes(question.transformer, question.layout, question.precision, context)
    needed = float(np.min(weights + cache)) / GIGABYTE_BYTES
    usable = question.efficiency.usable_memory_frac * question.chip.hbm_capacity_bytes / GIGABYTE_BYTES
    name, domain = question.chip.name, question.chip.scale_up_packages_count
    given = f"{question.transformer.name} in {question.precision}, {needed:.4g} GB per package"
    return Fault(path="model", given=given, expected=f"at most {usable:.4g} GB usable on {domain} packages of {name}")
