"""Scenario + Plan → Timeline: the plan lived through, hour by hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gigawatt.catalog.tables import record_of
from gigawatt.exact import exact
from gigawatt.ndarrays import Floats
from gigawatt.plan.plan import Plan
from gigawatt.programme.declared import check
from gigawatt.progress import Progress, quiet
from gigawatt.scenario.schema import Scenario
from gigawatt.simulation import calendar, expected, power, racks, storage, tide
from gigawatt.simulation.calendar import Span
from gigawatt.simulation.declared import OUTAGES, STEPS
from gigawatt.simulation.hours import Hours, World, live_span, world
from gigawatt.simulation.limits import Event
from gigawatt.simulation.outdoors import SiteYear
from gigawatt.simulation.power import Extremes
from gigawatt.simulation.summary import Summary, figures, summarise
from gigawatt.simulation.sums import Sums
from gigawatt.simulation.totals import Values, combine, planned, totals

Steps = dict[str, tuple[tuple[str, ...], NDArray[np.float32]]]

# Outages that are listed one by one, the longest, where not all are asked for.
LISTED_COUNT = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which hours are lived through, and in which steps.

    first_h, last_h: whole days, hours from the start of the plan; None is its start and its end. step_h: divides an
    hour. events: times in which the grid gives a site less.
    """

    first_h: float | None = None
    last_h: float | None = None
    step_h: float = 1.0
    events: tuple[Event, ...] = ()
    all_outages: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """What happens when a plan meets weather, failures and the daily tide of demand.

    data: every step, see `STEPS`. outages: faults that took something out, see `racks.listed`; empty where they are
    a rate. summary: of the window, or of the reported quarters where none was asked for; periods: of every quarter.
    notes: what was assumed.
    """

    data: xr.Dataset
    outages: xr.Dataset
    summary: Summary
    periods: Mapping[str, Summary]
    notes: tuple[str, ...]

    def stored(self) -> dict[str, Any]:
        """All but the datasets, ready for JSON; `restore` reads it back."""
        periods = {quarter: asdict(summary) for quarter, summary in self.periods.items()}
        return {"summary": asdict(self.summary), "periods": periods, "notes": list(self.notes)}

    @classmethod
    def restore(cls, data: xr.Dataset, outages: xr.Dataset, stored: Mapping[str, Any]) -> Timeline:
        """A timeline from its datasets and what `stored` gave."""
        return cls(
            data=data,
            outages=outages,
            summary=record_of(Summary, stored["summary"]),
            periods=record_of(dict[str, Summary], stored["periods"]),
            notes=tuple(stored["notes"]),
        )


@exact()
def simulate(
    scenario: Scenario, plan: Plan, progress: Progress = quiet, window: Window | None = None, seed: int | None = None
) -> Timeline:
    """Live through a plan, in the scenario's mode of simulation.

    window: which hours, all of the plan by default, of which the reported ones are summed up; in expected-value mode
    whole quarters that it touches. seed: of the random streams, the scenario's by default; the same seed gives the same
    timeline on every machine.
    """
    given = window or Window()
    if seed is not None:
        scenario = replace(scenario, asked=replace(scenario.asked, seed=seed))
    at = racks.pairs(plan)
    weekly = scenario.asked.simulate.mode == "expected"
    spans = _spans(scenario, given, weekly)
    fleet, outages = _fleet(scenario, plan, at, spans, progress)
    progress("living through the plan, hour by hour")
    of = world(scenario, plan, at, given.events, weekly)
    lived = _live(of, spans, fleet, plan.inputs.sizes["use_case"])
    kinds = [kind.name for kind in scenario.records.reliability.classes]
    sums = Sums.of(combine(lived.sums, spans, plan, kinds))
    counted = Sums.of(planned(plan, scenario, spans, weekly))
    availability = scenario.asked.operations.availability_frac
    most_outages = None if given.all_outages else LISTED_COUNT
    shown = len(spans) if window is not None else sum(span.period < scenario.reported_count for span in spans)
    return Timeline(
        data=check(joined(lived.parts).assign_coords(_coordinates(spans, of, plan.inputs)), STEPS),
        outages=check(racks.listed(scenario, at, outages, spans, most_outages), OUTAGES),
        summary=summarise(sums, counted, lived.extremes, availability, slice(0, shown)),
        periods={
            scenario.quarters[span.period]: figures(sums.part(slice(n, n + 1)), lived.extremes[n : n + 1])
            for n, span in enumerate(spans)
        },
        notes=(
            tide.note(scenario.asked),
            power.note(scenario.asked),
            racks.note(scenario),
            *storage.notes(scenario, weekly),
        ),
    )


def lived_totals(scenario: Scenario, plan: Plan, years: list[SiteYear] | None = None) -> xr.Dataset:
    """What `totals.totals` says of every quarter in the expected mode, and nothing else: for many plans or futures.

    years: of the scenario's sites, where the caller has them already.
    """
    at = racks.pairs(plan)
    spans = calendar.weeks(scenario.quarters)
    of = world(scenario, plan, at, (), weekly=True, years=years)
    uses = plan.inputs.sizes["use_case"]
    fleet = expected.fleet(scenario, plan, at, spans)
    sums = [totals(live_span(of, span, here), uses) for span, here in zip(spans, fleet, strict=True)]
    return combine(sums, spans, plan, [kind.name for kind in scenario.records.reliability.classes])


def _spans(scenario: Scenario, window: Window, weekly: bool) -> list[Span]:
    quarters = scenario.quarters
    edges = calendar.edges_h(quarters)
    first = 0.0 if window.first_h is None else window.first_h
    last = float(edges[-1]) if window.last_h is None else window.last_h
    if not weekly:
        return calendar.spans(quarters, first, last, window.step_h)
    return [span for span in calendar.weeks(quarters) if edges[span.period] < last and edges[span.period + 1] > first]


def _fleet(
    scenario: Scenario, plan: Plan, at: racks.Pairs, spans: Sequence[Span], progress: Progress
) -> tuple[list[racks.Racks], list[racks.Outages]]:
    """Racks of the spans by the mode of simulation, and the outages of every site where these are drawn."""
    if scenario.asked.simulate.mode == "expected":
        return expected.fleet(scenario, plan, at, spans), []
    progress("compiling the event kernels (once; they are kept)")
    from gigawatt.simulation import fleet

    fleet.compile_kernels()
    progress("drawing failures and mending them")
    return fleet.fleet(scenario, plan, at, spans)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spans:
    """What is kept of each span, in their order."""

    parts: list[Steps]
    sums: list[Values]
    extremes: list[Extremes]


def _live(of: World, spans: Sequence[Span], fleet: list[racks.Racks], uses: int) -> _Spans:
    """Every span lived through, one after the other, so that only one is in memory in full; empties the fleet."""
    lived = _Spans(parts=[], sums=[], extremes=[])
    for span in spans:
        hours = live_span(of, span, fleet.pop(0))
        lived.parts.append(steps(hours, uses))
        lived.sums.append(totals(hours, uses))
        lived.extremes.append(hours.extremes)
    return lived


def steps(hours: Hours, uses: int) -> Steps:
    """The steps of a span in float32, by name: dims and array.

    A step stands for `weight_h` hours: energy is the sum of power × weight_h; water_l and carbon_kg are those of an
    hour. pue_ratio is that of full load where nothing runs. What grid_w has above facility_w charges a battery, which
    holds stored_wh at the end of the step; what it lacks the battery gives. Coordinates along time: quarter, step_count
    (from the start of the span), weight_h, and the moment in UTC as text. `pair` runs over the (site, platform) pairs
    that exist. failures_count (time, kind) counts faults when they happen.
    """
    fleet = hours.racks
    values: dict[str, tuple[tuple[str, ...], Floats]] = {
        "stock_count": (("time", "pair"), fleet.stock_count),
        "up_count": (("time", "pair"), fleet.up_count),
        "down_count": (("time", "pair"), fleet.down_count),
        "degraded_count": (("time", "pair"), fleet.degraded_count),
        "busy_count": (("time", "pair"), hours.busy_count),
        "draw_w": (("time", "pair"), hours.draw_w),
        "failures_count": (("time", "kind"), fleet.failures_count.sum(axis=1)),
        "it_w": (("time", "site"), hours.it_w),
        "facility_w": (("time", "site"), hours.facility_w),
        "grid_w": (("time", "site"), hours.grid_w),
        "stored_wh": (("time", "site"), hours.storage.stored_wh),
        "pue_ratio": (("time", "site"), hours.facility.pue_ratio),
        "water_l": (("time", "site"), hours.facility.water_l_per_h),
        "carbon_kg": (("time", "site"), hours.grid_w * hours.carbon_kg_per_wh),
        "price_usd_per_wh": (("time", "site"), hours.price_usd_per_wh),
        "curtailed_w": (("time", "site"), hours.curtailed_w),
        "demand_tokens_per_s": (("time", "use_case"), hours.jobs.asked_per_s[:, :uses]),
        "served_tokens_per_s": (("time", "pair", "use_case"), hours.done_per_s[..., :uses]),
        "train_flops": (("time", "run"), hours.training.flops),
        "research_flops": (("time", "experiment"), hours.done_per_s[..., uses:].sum(axis=1)),
    }
    return {name: (dims, array.astype(np.float32)) for name, (dims, array) in values.items()}


def joined(parts: Sequence[Steps]) -> xr.Dataset:
    """Spans one after the other; empties the parts, so that no more than one array is there twice."""
    names = {name: dims for name, (dims, _) in parts[0].items()}
    return xr.Dataset(
        {name: (dims, np.concatenate([part.pop(name)[1] for part in parts])) for name, dims in names.items()}
    )


def _coordinates(spans: Sequence[Span], of: World, inputs: xr.Dataset) -> dict[str, object]:
    quarters = of.scenario.quarters
    if of.weekly:
        time = [f"{quarters[span.period]} {n:03d}" for span in spans for n in range(span.count)]
    else:
        time = np.concatenate([np.datetime_as_string(span.when(quarters), unit="m") for span in spans]).tolist()
    counts = [span.count for span in spans]
    return {
        "time": time,
        "quarter": ("time", np.repeat([quarters[span.period] for span in spans], counts)),
        "step_count": ("time", np.concatenate([np.arange(count) for count in counts])),
        "weight_h": ("time", np.repeat([span.weight_h for span in spans], counts)),
        "pair": [f"{site}/{platform}" for site, platform in of.at.names],
        "pair_site": ("pair", [site for site, _ in of.at.names]),
        "pair_platform": ("pair", [platform for _, platform in of.at.names]),
        "kind": [kind.name for kind in of.scenario.records.reliability.classes],
        **{name: inputs[name].values for name in ("site", "platform", "use_case", "run", "experiment")},
    }
