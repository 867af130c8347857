"""The best way to serve a model on an accelerator under limits on the time per output token and to the first one.

Throughput of a replica hardly ever falls with its batch (every phase costs no more per request in a larger one) and
the times per token and to the first one never fall either, so the best batch of a layout is its largest: the smaller of
what the memory holds and of what the limits allow, found by bisection for all layouts at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gigawatt.errors import CalibrationError, Fault
from gigawatt.tokens.model.blocks import Floats, Precision, Transformer
from gigawatt.tokens.model.roofline import GIGABYTE_BYTES, Chip, Machine, machine
from gigawatt.tokens.model.sizes import ModelCosts, costs, stack, take
from gigawatt.tokens.serve.drafting import PLAIN, Drafting, with_drafts
from gigawatt.tokens.serve.lawful import serving_layouts, working_frac
from gigawatt.tokens.serve.steady import (
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

# Halvings of the logarithmic batch range: far below the width of any measured error.
_HALVINGS_COUNT = 24
# Cases whose arrays stay in a processor's cache.
_PART_COUNT = 2**14
# Why a case has no answer, by code; 0 has one.
REASONS = ("", "lengths", "layout", "precision", "capacity", "tpot", "ttft")


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What is served: mean lengths of prompt and answer, limits on the mean times, drafting, and cached prefixes.

    cached_frac: share of a prompt's tokens that is found in a cache of prefixes; below 1, for one token is read.
    """

    input_tokens: Floats
    output_tokens: Floats
    tpot_s: Floats = np.inf
    ttft_s: Floats = np.inf
    drafting: Drafting = PLAIN
    cached_frac: Floats = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """How a model is best served: per package for tokens_per_s (output tokens), per replica for batch_count.

    binds: what takes most of the time, "compute", "memory" (bandwidth), "network" or "latency"; limited_by: what
    keeps the batch from growing, the "tpot" or "ttft" limit or the "capacity" of the memory; phases: seconds that all
    requests in flight take, by cause.
    """

    tokens_per_s: float
    batch_count: float
    tpot_s: float
    ttft_s: float
    memory_bytes: float
    layout: ServingLayout
    phases: Phases
    binds: str
    limited_by: Literal["tpot", "ttft", "capacity", "prefill"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """Replicas in many layouts, with what they serve; every field a number or arrays with one entry per case."""

    machine: Machine
    model: ModelCosts
    efficiency: InferenceEfficiency
    layout: ServingLayout
    traffic: Traffic

    def state(self, batch_count: Floats) -> SteadyState:
        """Steady state of every case at its own batch."""
        return steady_state(
            self.machine,
            self.model,
            self.efficiency,
            self.layout,
            input_tokens=self.traffic.input_tokens,
            output_tokens=self.traffic.output_tokens,
            batch_count=batch_count,
            drafting=self.traffic.drafting,
            cached_frac=self.traffic.cached_frac,
        )

    def capacity_count(self) -> Floats:
        """Requests that the memory of every case holds; negative where the weights do not fit."""
        return largest_batch_count(
            self.machine,
            self.model,
            self.efficiency,
            self.layout,
            input_tokens=self.traffic.input_tokens,
            output_tokens=self.traffic.output_tokens,
            drafting=self.traffic.drafting,
        )

    def smallest_count(self) -> Floats:
        """One request per copy of attention and stage."""
        return self.layout.data_count * self.layout.pipeline_count

    def meets(self, state: SteadyState) -> NDArray[np.bool_]:
        """Whether every case is within both limits."""
        return np.asarray((state.tpot_s <= self.traffic.tpot_s) & (state.ttft_s <= self.traffic.ttft_s), dtype=bool)


def evaluate(deployment: Deployment, batch_count: NDArray[np.float64]) -> tuple[SteadyState, NDArray[np.int8]]:
    """Steady state of many cases, and for each the code in REASONS of why it has no answer (0: it has one).

    Arrays hold one entry per case, as `batch_count` does. Figures of a case without an answer are 0, so that no NaN
    travels on. Many cases are worked through in parts that stay in a processor's cache.
    """
    count = len(batch_count)
    parts = [slice(start, start + _PART_COUNT) for start in range(0, count, _PART_COUNT)]
    if len(parts) < 2:
        return _evaluated(deployment, batch_count)
    found = [_evaluated(take(deployment, part), batch_count[part]) for part in parts]
    sizes = [len(batch_count[part]) for part in parts]
    return _joined([state for state, _ in found], sizes), np.concatenate([reasons for _, reasons in found])


def _joined(states: list[SteadyState], sizes: list[int]) -> SteadyState:
    """States of parts as one."""
    columns = {
        entry.name: np.concatenate(
            [np.broadcast_to(getattr(state, entry.name), size) for state, size in zip(states, sizes, strict=True)]
        )
        for entry in fields(SteadyState)
        if entry.name != "phases"
    }
    phases = {
        entry.name: np.concatenate(
            [
                np.broadcast_to(getattr(state.phases, entry.name), size)
                for state, size in zip(states, sizes, strict=True)
            ]
        )
        for entry in fields(Phases)
    }
    return SteadyState(**columns, phases=Phases(**phases))


def _evaluated(deployment: Deployment, batch_count: NDArray[np.float64]) -> tuple[SteadyState, NDArray[np.int8]]:
    traffic, layout = deployment.traffic, deployment.layout
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        state = deployment.state(batch_count)
        checks = (
            (np.asarray(traffic.input_tokens) > 0)
            & (np.asarray(traffic.output_tokens) > 0)
            & (np.asarray(batch_count) > 0),
            (np.asarray(layout.packages_count) >= 1) & (layout.expert_count <= layout.stage_count),
            np.asarray(deployment.machine.matrix_flops) > 0,
            state.memory_bytes <= deployment.efficiency.usable_memory_frac * deployment.machine.hbm_capacity_bytes,
            state.tpot_s <= traffic.tpot_s,
            state.ttft_s <= traffic.ttft_s,
        )
    reasons = np.zeros(np.broadcast_shapes(*(np.shape(check) for check in checks)), dtype=np.int8)
    for code in range(len(checks), 0, -1):
        reasons[~np.broadcast_to(checks[code - 1], reasons.shape)] = code
    return _zeroed(state, reasons == 0), reasons


def _zeroed(state: SteadyState, keep: NDArray[np.bool_]) -> SteadyState:
    if keep.all():
        return state
    phases = Phases(**{entry.name: np.where(keep, getattr(state.phases, entry.name), 0.0) for entry in fields(Phases)})
    values = {
        entry.name: np.where(keep, getattr(state, entry.name), 0.0) for entry in fields(state) if entry.name != "phases"
    }
    return SteadyState(**values, phases=phases)


def best_batch_count(deployment: Deployment, most_count: Floats = np.inf) -> NDArray[np.float64]:
    """Largest batch of every case within memory and limits; 0 where not even the smallest is.

    most_count: most requests that a copy of attention and stage takes at once.
    """
    smallest = np.asarray(deployment.smallest_count(), dtype=float)
    capacity = np.asarray(deployment.capacity_count(), dtype=float)
    high = np.clip(capacity, smallest, most_count * smallest)
    found = _largest_within(deployment, np.broadcast_to(smallest, high.shape), high)
    within = (capacity >= smallest) & deployment.meets(deployment.state(np.broadcast_to(smallest, high.shape)))
    return np.where(within, found, 0.0)


def _largest_within(deployment: Deployment, low_count: Floats, high_count: Floats) -> NDArray[np.float64]:
    """Largest batch of each case within the limits, by bisection of its logarithm; `low_count` where none is."""
    low, high = np.log(low_count), np.log(high_count)
    whole = deployment.meets(deployment.state(high_count))
    for _ in range(_HALVINGS_COUNT):
        middle = (low + high) / 2
        within = deployment.meets(deployment.state(np.exp(middle)))
        low, high = np.where(within, middle, low), np.where(within, high, middle)
    return np.where(whole, high_count, np.exp(low))


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingCase:
    """A model on an accelerator under its traffic; layouts: those to choose from, all of `serving_layouts` if None."""

    chip: Chip
    transformer: Transformer
    efficiency: InferenceEfficiency
    precision: Precision
    traffic: Traffic
    layouts: ServingLayout | None = None

    def deployment(self) -> Deployment:
        """Raises CalibrationError where lengths or limits are not positive, no prompt is read, or the part lacks the
        precision."""
        traffic = self.traffic
        limits = traffic.tpot_s, traffic.ttft_s
        _check(*(float(value) for value in (traffic.input_tokens, traffic.output_tokens, *limits)))
        _check_cached(float(traffic.cached_frac))
        return Deployment(
            machine=machine(self.chip, self.precision),
            model=costs(self.transformer),
            efficiency=self.efficiency,
            layout=serving_layouts(self.chip, self.transformer) if self.layouts is None else self.layouts,
            traffic=traffic,
        )


def best_serving(
    chip: Chip,
    transformer: Transformer,
    efficiency: InferenceEfficiency,
    *,
    precision: Precision,
    input_tokens: float,
    output_tokens: float,
    tpot_s: float,
    ttft_s: float = np.inf,
    drafting: Drafting = PLAIN,
    layouts: ServingLayout | None = None,
) -> Serving:
    """Best layout and largest batch of a model on an accelerator, in output tokens per second and package.

    Best is what gives most per package of a scale-up domain, those counted that no replica fills.
    input_tokens, output_tokens: mean lengths of prompt and answer; tpot_s, ttft_s: limits on the mean time per output
    token and to the first one. Layouts are those given, or all of `serving_layouts`. Raises CalibrationError where
    lengths or limits are not positive, the part lacks the precision, the model does not fit, or no batch meets the
    limits; it names the nearest feasible value.
    """
    traffic = Traffic(
        input_tokens=input_tokens, output_tokens=output_tokens, tpot_s=tpot_s, ttft_s=ttft_s, drafting=drafting
    )
    case = ServingCase(
        chip=chip,
        transformer=transformer,
        efficiency=efficiency,
        precision=precision,
        traffic=traffic,
        layouts=layouts,
    )
    (found,) = serve_each([case])
    if isinstance(found, CalibrationError):
        raise found
    return found


def serve_each(cases: Sequence[ServingCase]) -> list[Serving | CalibrationError]:
    """Every case as `best_serving` has it, all worked through together; what is wrong where one has no answer."""
    asked = [_asked(case) for case in cases]
    batches = iter(_best_counts([deployment for deployment in asked if isinstance(deployment, Deployment)]))
    return [
        deployment if isinstance(deployment, CalibrationError) else _served(case, deployment, next(batches))
        for case, deployment in zip(cases, asked, strict=True)
    ]


def _asked(case: ServingCase) -> Deployment | CalibrationError:
    try:
        return case.deployment()
    except CalibrationError as error:
        return error


def _served(case: ServingCase, deployment: Deployment, batch: NDArray[np.float64]) -> Serving | CalibrationError:
    if not (batch > 0).any():
        return CalibrationError([_refusal(deployment, case.chip, case.transformer, case.precision)])
    return _best(deployment, batch)


def _best_counts(deployments: Sequence[Deployment]) -> list[NDArray[np.float64]]:
    """`best_batch_count` of each deployment, as one deployment with an entry for each of their layouts."""
    if len(deployments) < 2:
        return [best_batch_count(deployment) for deployment in deployments]
    sizes = [np.size(deployment.layout.tensor_count) for deployment in deployments]
    which = np.repeat(np.arange(len(deployments)), sizes)
    layout = {
        entry.name: np.concatenate(
            [np.atleast_1d(getattr(deployment.layout, entry.name)) for deployment in deployments]
        )
        for entry in fields(ServingLayout)
    }
    whole = Deployment(
        machine=take(stack([deployment.machine for deployment in deployments]), which),
        model=take(stack([deployment.model for deployment in deployments]), which),
        efficiency=take(stack([deployment.efficiency for deployment in deployments]), which),
        layout=ServingLayout(**layout),
        traffic=take(stack([deployment.traffic for deployment in deployments]), which),
    )
    return np.split(best_batch_count(whole), np.cumsum(sizes)[:-1])


def _best(deployment: Deployment, batch_count: NDArray[np.float64]) -> Serving:
    some = batch_count > 0
    state = deployment.state(np.where(some, batch_count, deployment.smallest_count()))
    working = working_frac(deployment.machine.scale_up_packages_count, deployment.layout.packages_count)
    best = int(np.argmax(np.where(some, state.tokens_per_s * working, 0.0)))
    layout = {entry.name: int(_at(getattr(deployment.layout, entry.name), best)) for entry in fields(ServingLayout)}
    phases = {entry.name: _at(getattr(state.phases, entry.name), best) for entry in fields(Phases)}
    return Serving(
        tokens_per_s=_at(state.tokens_per_s, best),
        batch_count=_at(batch_count, best),
        tpot_s=_at(state.tpot_s, best),
        ttft_s=_at(state.ttft_s, best),
        memory_bytes=_at(state.memory_bytes, best),
        layout=ServingLayout(**layout),
        phases=Phases(**phases),
        binds=max(phases, key=lambda name: phases[name]).removesuffix("_s"),
        limited_by=_limit(deployment, state, batch_count, best),
    )


def _limit(
    deployment: Deployment, state: SteadyState, batch_count: NDArray[np.float64], index: int
) -> Literal["tpot", "ttft", "capacity"]:
    """What keeps a batch from growing: memory, or the limit that it comes nearest to."""
    if batch_count[index] >= _at(np.broadcast_to(deployment.capacity_count(), batch_count.shape), index):
        return "capacity"
    tpot = _at(state.tpot_s, index) / deployment.traffic.tpot_s
    return "tpot" if tpot >= _at(state.ttft_s, index) / deployment.traffic.ttft_s else "ttft"


def _at(values: Floats, index: int) -> float:
    array = np.asarray(values)
    return float(array.flat[index] if array.ndim else array)


def _check(input_tokens: float, output_tokens: float, tpot_s: float, ttft_s: float) -> None:
    named = {"input": (input_tokens, "tokens"), "output": (output_tokens, "tokens")}
    limits = {"tpot": (tpot_s, "s"), "ttft": (ttft_s, "s")}
    faults = [
        Fault(path=name, given=f"{value:g} {unit}", expected=f"more than 0 {unit}")
        for name, (value, unit) in (named | limits).items()
        if not value > 0 or (name in named and not value < np.inf)
    ]
    if faults:
        raise CalibrationError(faults)


def _check_cached(cached_frac: float) -> None:
    if not 0 <= cached_frac < 1:
        expected = "from 0 to less than 1: what is not found is read"
        raise CalibrationError([Fault(path="cached", given=f"{cached_frac:g}", expected=expected)])


def _refusal(deployment: Deployment, chip: Chip, transformer: Transformer, precision: Precision) -> Fault:
    """Why nothing serves: the memory of the layout that comes nearest, or the shortest time that a layout reaches."""
    capacity = np.asarray(deployment.capacity_count())
    smallest = np.asarray(deployment.smallest_count(), dtype=float)
    fits = capacity >= smallest
    if not fits.any():
        return _does_not_fit(deployment, chip, transformer, precision)
    state = deployment.state(smallest)
    times = {"tpot": (state.tpot_s, deployment.traffic.tpot_s), "ttft": (state.ttft_s, deployment.traffic.ttft_s)}
    shares = {name: np.min(np.where(fits, value / limit, np.inf)) for name, (value, limit) in times.items()}
    name = max(shares, key=lambda key: float(shares[key]))
    value, limit = times[name]
    shortest = 1e3 * float(np.min(np.where(fits, value, np.inf)))
    expected = f"{shortest:.3g} ms or more for {transformer.name} on {chip.name}"
    return Fault(path=name, given=f"{1e3 * float(np.max(limit)):.3g} ms", expected=expected)


def _does_not_fit(deployment: Deployment, chip: Chip, transformer: Transformer, precision: Precision) -> Fault:
    """The model with one request per copy of attention against the memory of the layout that comes nearest."""
    traffic = deployment.traffic
    context = mean_context_tokens(deployment.efficiency, traffic.input_tokens, traffic.output_tokens)
    held = with_drafts(deployment.model, traffic.drafting)
    weights = weight_memory_bytes(deployment.machine, held, deployment.layout)
    cache = cache_memory_bytes(deployment.machine, held, deployment.layout, context)
    needed = float(np.min(weights + cache)) / GIGABYTE_BYTES
    usable = float(deployment.efficiency.usable_memory_frac * chip.hbm_capacity_bytes) / GIGABYTE_BYTES
    most = int(np.max(deployment.layout.packages_count))
    given = f"{transformer.name} in {precision}, {needed:.4g} GB per package"
    return Fault(
        path="model", given=given, expected=f"at most {usable:.4g} GB usable on {most} packages of {chip.name}"
    )
