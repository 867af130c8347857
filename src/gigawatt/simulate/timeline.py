"""Scenario + Plan → Timeline: the plan lived through, hour by hour."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gigawatt.plan.plan import Plan, quiet
from gigawatt.scenario.schema import Scenario
from gigawatt.simulate import calendar, expected, power, racks, tide
from gigawatt.simulate.calendar import Span
from gigawatt.simulate.hours import Hours, World, live_span, world
from gigawatt.simulate.limits import Event
from gigawatt.simulate.power import Extremes
from gigawatt.simulate.summary import Summary, summarise, summary_of
from gigawatt.simulate.totals import Values, combine, planned, totals

Floats = NDArray[np.float64]
Progress = Callable[[str], None]

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

    data: every step, see `dataset`. outages: faults that took something out, see `racks.listed`; empty where they are
    a rate. summary: of the reported window, or of all that was lived through; periods: of every quarter. notes: what
    was assumed.
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
            summary=summary_of(stored["summary"]),
            periods={quarter: summary_of(figures) for quarter, figures in stored["periods"].items()},
            notes=tuple(stored["notes"]),
        )


def simulate(
    scenario: Scenario, plan: Plan, progress: Progress = quiet, window: Window | None = None, seed: int | None = None
) -> Timeline:
    """Live through a plan, in the scenario's mode of simulation.

    window: which hours, all of the plan by default; in expected-value mode whole quarters that it touches. seed: of the
    random streams, the scenario's by default; the same seed gives the same timeline on every machine.
    """
    given = window or Window()
    if seed is not None:
        scenario = replace(scenario, asked=replace(scenario.asked, seed=seed))
    at = racks.pairs(plan)
    weekly = scenario.asked.simulate.mode == "expected"
    spans = _spans(scenario, given, weekly)
    fleet, outages = _fleet(scenario, plan, at, spans, progress)
    progress("living through the plan, hour by hour")
    lived = _live(world(scenario, plan, at, given.events, weekly), spans, fleet, plan)
    kinds = [kind.name for kind in scenario.records.reliability.classes]
    sums = combine(lived.sums, spans, plan, kinds)
    counted = planned(plan, scenario, spans, weekly)
    availability = scenario.asked.operations.availability_frac
    reported = slice(0, max(sum(span.period < scenario.reported_count for span in spans), 1))
    return Timeline(
        data=xr.concat(lived.parts, "time", data_vars="minimal", coords="minimal"),
        outages=racks.listed(scenario, at, outages, spans, None if given.all_outages else LISTED_COUNT),
        summary=summarise(sums, counted, lived.extremes, availability, reported),
        periods={
            scenario.quarters[span.period]: summarise(sums, counted, lived.extremes, availability, slice(n, n + 1))
            for n, span in enumerate(spans)
        },
        notes=(tide.note(scenario.asked), power.note(scenario.asked), racks.note(scenario)),
    )


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
) -> tuple[list[racks.Racks], racks.Outages]:
    """Racks of the spans by the mode of simulation, and the outages of their time where these are drawn."""
    if scenario.asked.simulate.mode == "expected":
        return expected.fleet(scenario, plan, at, spans), racks.no_outages()
    progress("compiling the event kernels (once; they are kept)")
    from gigawatt.simulate import fleet

    fleet.compile_kernels()
    progress("drawing failures and mending them")
    return fleet.fleet(scenario, plan, at, spans)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lived:
    """What is kept of each span, in their order."""

    parts: list[xr.Dataset]
    sums: list[Values]
    extremes: list[Extremes]


def _live(of: World, spans: Sequence[Span], fleet: Sequence[racks.Racks], plan: Plan) -> _Lived:
    """Every span lived through, one after the other, so that only one is in memory in full."""
    lived = _Lived(parts=[], sums=[], extremes=[])
    for span, here in zip(spans, fleet, strict=True):
        hours = live_span(of, span, here)
        lived.parts.append(dataset(hours, plan, of))
        lived.sums.append(totals(hours, plan.inputs.sizes["use_case"]))
        lived.extremes.append(hours.extremes)
    return lived


def dataset(hours: Hours, plan: Plan, of: World) -> xr.Dataset:
    """The steps of a span as labelled arrays in float32.

    A step stands for `weight_h` hours: energy is the sum of power × weight_h; water_l and carbon_kg are those of an
    hour. pue_ratio is that of full load where nothing runs. Coordinates along time: quarter, step_count
    (from the start of the span), weight_h, and the moment in UTC as text. `pair` runs over the (site, platform) pairs
    that exist. failures_count (time, kind) counts faults when they happen.
    """
    inputs, fleet = plan.inputs, hours.racks
    uses = inputs.sizes["use_case"]
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
        "pue_ratio": (("time", "site"), hours.facility.pue_ratio),
        "water_l": (("time", "site"), hours.facility.water_l_per_h),
        "carbon_kg": (("time", "site"), hours.facility_w * hours.carbon_kg_per_wh),
        "price_usd_per_wh": (("time", "site"), hours.price_usd_per_wh),
        "curtailed_w": (("time", "site"), hours.curtailed_w),
        "demand_tokens_per_s": (("time", "use_case"), hours.jobs.asked_per_s[:, :uses]),
        "served_tokens_per_s": (("time", "pair", "use_case"), hours.done_per_s[..., :uses]),
        "train_flops": (("time", "run"), hours.training.flops),
        "research_flops": (("time", "experiment"), hours.done_per_s[..., uses:].sum(axis=1)),
    }
    data = xr.Dataset({name: (dims, array.astype(np.float32)) for name, (dims, array) in values.items()})
    return data.assign_coords(_coordinates(hours.span, of, inputs))


def _coordinates(span: Span, of: World, inputs: xr.Dataset) -> dict[str, object]:
    quarters = of.scenario.quarters
    names = [f"{site}/{platform}" for site, platform in of.at.names]
    if of.weekly:
        time = [f"{quarters[span.period]} {n:03d}" for n in range(span.count)]
    else:
        time = np.datetime_as_string(span.when(quarters), unit="m").tolist()
    return {
        "time": time,
        "quarter": ("time", [quarters[span.period]] * span.count),
        "step_count": ("time", np.arange(span.count)),
        "weight_h": ("time", np.full(span.count, span.weight_h)),
        "pair": names,
        "pair_site": ("pair", [site for site, _ in of.at.names]),
        "pair_platform": ("pair", [platform for _, platform in of.at.names]),
        "kind": [kind.name for kind in of.scenario.records.reliability.classes],
        **{name: inputs[name].values for name in ("site", "platform", "use_case", "run", "experiment")},
    }
