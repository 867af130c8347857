"""The best two pools for a model on an accelerator: layouts, integer replicas of each, and the batch, under limits.

Decode alone sets the time per output token, so that the best batch of a decode layout is its largest within limit and
memory; that gives its requests per second. A prefill pool takes as much as the limit on the first token leaves room
for; without one, a prompt waits no longer than it takes. Rates are then matched by trying integer replicas of both, and
of what comes within a small part of the best the fewest packages are taken.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gigawatt.errors import CalibrationError, Fault
from gigawatt.tokens.model.blocks import Floats
from gigawatt.tokens.serve.disaggregation import HEAVIEST_FRAC, PoolsState, ServingPools
from gigawatt.tokens.serve.lawful import serving_layouts, working_frac
from gigawatt.tokens.serve.layouts import ServingCase
from gigawatt.tokens.serve.steady import ServingLayout

Array = NDArray[np.float64]

# Halvings of a range: far below the width of any measured error.
_HALVINGS_COUNT = 24
# Most replicas of either pool that are tried; beyond them ratios hardly differ.
_MOST_REPLICAS_COUNT = 16
# Pools that come so near to the best are as good.
_NEAR_FRAC = 1 / 64


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolChoice:
    """What pools are chosen from: packages that each has, any where None, and layouts, all of them where None."""

    prefill_packages_count: int | None = None
    decode_packages_count: int | None = None
    prefill_layouts: ServingLayout | None = None
    decode_layouts: ServingLayout | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Disaggregated:
    """How a model is best served by two pools; every figure is a number.

    decode_busy_frac: requests over those of decode replicas at their largest batch; limited_by: what keeps throughput
    where it is: the "tpot" or "capacity" of decode, or "prefill" and its wait.
    """

    pools: ServingPools
    state: PoolsState
    decode_busy_frac: float
    limited_by: Literal["tpot", "capacity", "prefill"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rates:
    """Requests per second of a replica of every layout of a pool, 0 where it cannot serve, and why not.

    fits: whether its memory holds the model; least_s: the shortest time that it reaches; batch_count: largest batch.
    """

    flow_per_s: Floats
    fits: NDArray[np.bool_]
    least_s: Floats
    batch_count: Floats


def serve_disaggregated(case: ServingCase, choice: PoolChoice, *, handover_s: float) -> Disaggregated:
    """The best two pools of a case, in output tokens per second and package of both; its own layouts are not used.

    Raises CalibrationError where the model does not fit, no pools meet the limits, or none has the stated packages.
    """
    pools = _every(case, choice, handover_s)
    decode, prefill = _decode_rates(pools), _prefill_rates(pools)
    rates, sizes, firsts, seconds = _rates(pools, choice, decode, prefill)
    if not np.max(rates) > 0:
        raise CalibrationError([_refusal(case, choice, decode, prefill)])
    rates = rates * pooled_working_frac(case.chip.scale_up_packages_count, pools)
    near = np.where(rates >= (1 - _NEAR_FRAC) * np.max(rates), sizes, np.inf)
    best = np.unravel_index(np.lexsort((-rates.ravel(), near.ravel()))[0], rates.shape)
    one = _one(pools, (int(best[-2]), int(best[-1])), (_at(firsts, best), _at(seconds, best)))
    return _filled(one, _at(decode.batch_count, best))


def pooled_working_frac(domain_count: float, pools: ServingPools) -> Array:
    """Share of the packages of scale-up domains that replicas fill; those of one pool fill what the other's leave."""
    sizes = np.broadcast_arrays(pools.prefill.packages_count, pools.decode.packages_count)
    small, large = (np.asarray(pick(*sizes), dtype=float) for pick in (np.minimum, np.maximum))
    left = (domain_count % np.minimum(large, domain_count)) % small
    return np.asarray(np.where(large <= domain_count, 1 - left / domain_count, working_frac(domain_count, large)))


def _every(case: ServingCase, choice: PoolChoice, handover_s: float) -> ServingPools:
    """One replica of every layout in each pool: prefill along rows, decode along columns."""
    asked = case.deployment()
    plain = serving_layouts(case.chip, case.transformer)
    return ServingPools(
        machine=asked.machine,
        model=asked.model,
        efficiency=asked.efficiency,
        prefill=_shaped(choice.prefill_layouts or plain, (-1, 1)),
        decode=_shaped(choice.decode_layouts or plain, (1, -1)),
        prefill_count=1.0,
        decode_count=1.0,
        handover_s=handover_s,
        surge_frac=0.0,
        traffic=case.traffic,
    )


def _shaped(layouts: ServingLayout, shape: tuple[int, int]) -> ServingLayout:
    axes = {entry.name: np.asarray(getattr(layouts, entry.name), dtype=float) for entry in fields(ServingLayout)}
    return ServingLayout(**{name: np.reshape(sizes, shape) for name, sizes in axes.items()})


def _decode_rates(pools: ServingPools) -> _Rates:
    """The largest batch of every decode layout within memory and the limit on the time per token, and its rate."""
    smallest = np.asarray(pools.smallest_count(), dtype=float)
    capacity = np.asarray(pools.capacity_count(), dtype=float)
    low, high = np.log(smallest), np.log(np.maximum(capacity, smallest))
    limit_s, top = pools.traffic.tpot_s, np.maximum(capacity, smallest)
    for _ in range(_HALVINGS_COUNT):
        middle = (low + high) / 2
        within = pools.tpot(np.exp(middle))[1] <= limit_s
        low, high = np.where(within, middle, low), np.where(within, high, middle)
    batch = np.where(pools.tpot(top)[1] <= limit_s, top, np.exp(low))
    tpot_s, fits = pools.tpot(batch)[1], capacity >= smallest
    able = fits & (tpot_s <= limit_s)
    flow = np.where(able, pools.flow_per_s(batch, tpot_s), 0.0)
    return _Rates(flow_per_s=flow, fits=fits, least_s=pools.tpot(smallest)[1], batch_count=batch)


def _prefill_rates(pools: ServingPools) -> _Rates:
    """What a replica of every prefill layout takes at most, and its time to the first token without a wait."""
    least_s, fits = pools.alone_s() + pools.handover_s, pools.prefill_fits()
    able = fits & (least_s <= pools.traffic.ttft_s)
    return _Rates(
        flow_per_s=np.where(able, pools.most_prompts_per_s(), 0.0),
        fits=fits,
        least_s=least_s,
        batch_count=np.ones_like(least_s),
    )


def _rates(
    pools: ServingPools, choice: PoolChoice, decode: _Rates, prefill: _Rates
) -> tuple[Array, Array, Array, Array]:
    """Requests per second and package, packages, and replicas of both pools: by replicas and by layouts of each."""
    first, second = pools.prefill.packages_count, pools.decode.packages_count
    firsts = _replicas(choice.prefill_packages_count, first)[:, None]
    seconds = _replicas(choice.decode_packages_count, second)[None]
    taken = firsts * _busiest_frac(replace(pools, prefill_count=firsts)) * prefill.flow_per_s
    sizes = firsts * first + seconds * second
    flow = np.minimum(taken, seconds * decode.flow_per_s) * (firsts > 0) * (seconds > 0)
    shape = np.shape(flow)
    whole, *counts = (np.broadcast_to(each, shape) for each in (sizes, firsts, seconds))
    return flow / np.maximum(whole, 1.0), whole, counts[0], counts[1]


def _replicas(packages_count: int | None, each: Floats) -> Array:
    """Counts of replicas to try, each for every layout; 0 where replicas do not make up the stated packages."""
    if packages_count is None:
        return np.arange(1.0, _MOST_REPLICAS_COUNT + 1)[:, None, None] + 0 * np.asarray(each)
    count = packages_count / np.asarray(each, dtype=float)
    return np.where(count == np.floor(count), count, 0.0)[None]


def _busiest_frac(pools: ServingPools) -> Array:
    """The highest load of prefill pools whose wait leaves the limit on the first token, sent over the fabric.

    Without a limit a prompt waits as long as it takes itself.
    """
    own_s, limit_s = pools.alone_s(), pools.traffic.ttft_s
    sent_s = np.asarray(replace(pools, decode_count=np.inf).transfer_s())[..., :1]
    left_s = limit_s - own_s - sent_s if np.isfinite(limit_s) else own_s
    taken_s = 1 / np.maximum(pools.most_prompts_per_s(), np.finfo(float).tiny)
    low = np.asarray(0.0 * left_s * taken_s)
    high = low + HEAVIEST_FRAC
    for _ in range(_HALVINGS_COUNT):
        middle = (low + high) / 2
        within = pools.waits_count(middle) * taken_s <= left_s
        low, high = np.where(within, middle, low), np.where(within, high, middle)
    return low


def _one(pools: ServingPools, place: tuple[int, int], counts: tuple[float, float]) -> ServingPools:
    """The pools of one row and column, so many replicas of each."""
    row, column = place
    prefill, decode = (
        ServingLayout(**{entry.name: float(getattr(layout, entry.name).flat[index]) for entry in fields(layout)})
        for layout, index in ((pools.prefill, row), (pools.decode, column))
    )
    return replace(pools, prefill=prefill, decode=decode, prefill_count=counts[0], decode_count=counts[1])


def _filled(pools: ServingPools, decode_count: float) -> Disaggregated:
    """Pools at the largest batch that decode and prefill both carry, and what keeps it there."""
    most = float(_busiest_frac(replace(pools, prefill_count=np.array([pools.prefill_count])))[0])
    full = pools.state(decode_count)
    if full.prefill_busy_frac <= most:
        room = float(pools.capacity_count()) <= decode_count * (1 + 1 / 2**_HALVINGS_COUNT)
        return Disaggregated(pools=pools, state=full, decode_busy_frac=1.0, limited_by="capacity" if room else "tpot")
    low, high = 0.0, decode_count
    for _ in range(2 * _HALVINGS_COUNT):
        middle = (low + high) / 2
        low, high = (middle, high) if pools.state(middle).prefill_busy_frac <= most else (low, middle)
    state = pools.state(low)
    busy = float(state.requests_per_s / full.requests_per_s)
    return Disaggregated(pools=pools, state=state, decode_busy_frac=busy, limited_by="prefill")


def _at(values: Floats, place: tuple[int, ...]) -> float:
    """An entry of an array that broadcasts to more dimensions."""
    array = np.asarray(values)
    where = place[len(place) - array.ndim :]
    return float(array[tuple(0 if size == 1 else n for n, size in zip(where, array.shape, strict=True))])


def _refusal(case: ServingCase, choice: PoolChoice, decode: _Rates, prefill: _Rates) -> Fault:
    """Why no pools serve: memory, a limit that none meets, or packages that no replicas make up."""
    for rates in (prefill, decode):
        if not np.any(rates.fits):
            given = f"{case.transformer.name} in {case.precision}"
            return Fault(path="model", given=given, expected=f"a model that {case.chip.name} holds in one replica")
    limits = {"tpot": (decode, case.traffic.tpot_s), "ttft": (prefill, case.traffic.ttft_s)}
    for name, (rates, limit_s) in limits.items():
        if not np.any(rates.flow_per_s > 0):
            least_ms = 1e3 * float(np.min(np.where(rates.fits, rates.least_s, np.inf)))
            expected = f"{least_ms:.3g} ms or more for {case.transformer.name} on {case.chip.name}"
            return Fault(path=name, given=f"{1e3 * float(limit_s):.3g} ms", expected=expected)
    sizes = {"prefill_gpus": choice.prefill_packages_count, "decode_gpus": choice.decode_packages_count}
    stated = {name: count for name, count in sizes.items() if count is not None}
    name, count = next(iter(stated.items()), ("ttft", 0))
    expected = "packages that whole replicas make up, and within the limits"
    return Fault(path=name, given=f"{count}", expected=expected)
