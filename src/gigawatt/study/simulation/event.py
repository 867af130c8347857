"""What an event of the grid did: the fleet before, during and after it, and what each kind of work lost to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gigawatt.ndarrays import Floats
from gigawatt.plan.plan import Plan
from gigawatt.programme import money
from gigawatt.simulation import Timeline
from gigawatt.simulation.timeline import Window
from gigawatt.study.answer import SPREAD, UNTOLD
from gigawatt.units import HOUR_S

# Below this share of what would have been done, nothing is lost: arrays of a timeline hold seven digits.
SAME_FRAC = 1e-6
# Of a sum of hours, so that twelve steps of five minutes are one.
DIGITS = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """Means over some hours, of the programme or of a site.

    tokens_per_s: by class. train_flops, research_flops: None for a site, where they are not kept. availability_frac:
    racks that work over racks in service; pue_mean: facility over IT energy; None where nothing stands, or runs.
    """

    facility_w: float
    it_w: float
    curtailed_w: float
    tokens_per_s: Mapping[str, float]
    train_flops: float | None
    research_flops: float | None
    availability_frac: float | None
    pue_mean: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """Some hours: hours_h of them, the means of the programme, and of each site that has an event."""

    hours_h: float
    programme: Means = field(metadata=SPREAD)
    sites: Mapping[str, Means]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What a kind of work loses to an event over the whole window, against the same hours without it.

    use_case: a class of inference, a training run or experiments; work that is made up for later counts as not lost,
    and less than nothing lost is a gain. tokens: None where the work has none; flop: likewise. usd: at what a token of
    the class earns in the quarter, or an operation of experiments is worth; None for training runs, which earn nothing
    by themselves. event_frac: share of what would have been done while the event lasts.
    """

    use_case: str
    tokens: float | None
    flop: float | None
    usd: float | None
    event_frac: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventOutcome:
    """Events as they were given, and what they did.

    begin, end: of the first of them and of the last, UTC, as text that ends in Z. before, after: as much time as the
    events take, or what the window leaves of it; None where it leaves nothing. during: that time; without: the same
    hours had there been no event.
    """

    events: tuple[str, ...]
    sites: tuple[str, ...] = field(metadata=UNTOLD)
    begin: str
    end: str
    before: Phase | None
    during: Phase
    without: Phase
    after: Phase | None
    cut: tuple[Cut, ...]


def outcome(texts: Sequence[str], window: Window, lived: Timeline, without: Timeline, plan: Plan) -> EventOutcome:
    """Hold a timeline with events against the one without them."""
    sites = tuple(dict.fromkeys(event.site for event in window.events))
    begin_h = 0.0 if window.first_h is None else window.first_h
    starts, ends = ([getattr(event, name) for event in window.events] for name in ("start_h", "end_h"))
    first, last = (round((hour - begin_h) / window.step_h) for hour in (min(starts), max(ends)))
    length = last - first
    event = slice(first, last)
    during = _phase(lived.data, event, sites)
    plain = _phase(without.data, event, sites)
    assert during is not None  # events last
    assert plain is not None
    return EventOutcome(
        events=tuple(texts),
        sites=sites,
        begin=f"{lived.data.time.values[first]}Z",
        end=f"{np.datetime64(lived.data.time.values[last - 1]) + np.timedelta64(round(window.step_h * 60), 'm')}Z",
        before=_phase(lived.data, slice(max(first - length, 0), first), sites),
        during=during,
        without=plain,
        after=_phase(lived.data, slice(last, last + length), sites),
        cut=tuple(cuts(lived.data, without.data, plan, event)),
    )


def _phase(data: xr.Dataset, steps: slice, sites: Sequence[str]) -> Phase | None:
    part = data.isel(time=steps)
    if not part.sizes["time"]:
        return None
    return Phase(
        hours_h=round(float(part.weight_h.sum()), DIGITS),
        programme=_means(part, part.site.values, whole=True),
        sites={site: _means(part, np.array([site]), whole=False) for site in sites},
    )


def _means(part: xr.Dataset, sites: NDArray[Any], *, whole: bool) -> Means:
    """Means of some steps over some sites. whole: these are all sites, so that work whose site is not kept counts."""
    here = part.sel(site=sites).isel(pair=np.flatnonzero(np.isin(part.pair_site.values, sites)))
    weight = part.weight_h.values / part.weight_h.values.sum()

    def mean(name: str) -> float:
        values = here[name].values.astype(float)
        return float(weight @ values.sum(axis=tuple(range(1, values.ndim))))

    it_w, stock = mean("it_w"), mean("stock_count")
    tokens = weight @ here.served_tokens_per_s.values.astype(float).sum(axis=1)
    return Means(
        facility_w=mean("facility_w"),
        it_w=it_w,
        curtailed_w=mean("curtailed_w"),
        tokens_per_s={str(key): float(value) for key, value in zip(part.use_case.values, tokens, strict=True)},
        train_flops=mean("train_flops") if whole else None,
        research_flops=mean("research_flops") if whole else None,
        availability_frac=mean("up_count") / stock if stock > 0 else None,
        pue_mean=mean("facility_w") / it_w if it_w > 0 else None,
    )


def cuts(lived: xr.Dataset, without: xr.Dataset, plan: Plan, event: slice) -> Iterator[Cut]:
    """What each kind of work loses in all the steps; only work that loses or gains, then or while the event lasts."""
    seconds = lived.weight_h.values * HOUR_S
    for name, dim in (("served_tokens_per_s", "use_case"), ("train_flops", "run"), ("research_flops", "experiment")):
        done, planned = (_by_step(data[name], dim) * seconds[:, None] for data in (lived, without))
        lost, least = planned - done, SAME_FRAC * planned.sum(axis=0)
        net, during = (
            np.where(np.abs(part) > least, part, 0.0) for part in (lost.sum(axis=0), lost[event].sum(axis=0))
        )
        worth = _worth_usd(plan, dim, lived.quarter.values)
        for at in np.flatnonzero((net != 0) | (during != 0)):
            within = float(planned[event, at].sum())
            yield Cut(
                use_case=str(lived[dim].values[at]),
                tokens=float(net[at]) if dim == "use_case" else None,
                flop=None if dim == "use_case" else float(net[at]),
                usd=None if worth is None else float(worth[:, at] @ lost[:, at]) if net[at] else 0.0,
                event_frac=float(during[at]) / within if within > 0 else None,
            )


def _by_step(rate: xr.DataArray, dim: str) -> Floats:
    values = rate.transpose("time", ..., dim).values.astype(float)
    return np.asarray(values.sum(axis=tuple(range(1, values.ndim - 1))))


def _worth_usd(plan: Plan, dim: str, quarters: NDArray[Any]) -> Floats | None:
    """What a token, or an operation of experiments, brings in each step [USD], (step, kind of work)."""
    if dim == "run":
        return None
    earned = money.earned_usd_per_token(plan.data.served_tokens_per_s, plan.inputs)
    worth = plan.inputs.experiment_worth_usd_per_flop if dim == "experiment" else earned
    at = np.searchsorted(worth.period.values, quarters)
    return np.asarray(worth.transpose("period", dim).values[at])
