"""Scenario + Plan → Timeline: the plan lived through, hour by hour, in one representative week for each quarter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gigawatt.plan.plan import Plan, quiet
from gigawatt.scenario.schema import Scenario
from gigawatt.simulate import power, tide
from gigawatt.simulate.hours import Hours, live
from gigawatt.simulate.summary import Summary, summarise, summary_of
from gigawatt.simulate.totals import planned, totals
from gigawatt.simulate.weeks import WEEK_HOURS, WEIGHT_H

Floats = NDArray[np.float64]
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """What happens when a plan meets weather, failures and the daily tide of demand.

    data: every hour of every week, see `dataset`. summary: of the reported window; periods: of every solved quarter.
    notes: what was assumed.
    """

    data: xr.Dataset
    summary: Summary
    periods: Mapping[str, Summary]
    notes: tuple[str, ...]

    def stored(self) -> dict[str, Any]:
        """All but the hours, ready for JSON; `restore` reads it back."""
        periods = {quarter: asdict(summary) for quarter, summary in self.periods.items()}
        return {"summary": asdict(self.summary), "periods": periods, "notes": list(self.notes)}

    @classmethod
    def restore(cls, data: xr.Dataset, stored: Mapping[str, Any]) -> Timeline:
        """A timeline from its hours and what `stored` gave."""
        return cls(
            data=data,
            summary=summary_of(stored["summary"]),
            periods={quarter: summary_of(figures) for quarter, figures in stored["periods"].items()},
            notes=tuple(stored["notes"]),
        )


def simulate(scenario: Scenario, plan: Plan, progress: Progress = quiet) -> Timeline:
    """Live through a plan in expected-value hours: nothing is drawn by chance, so a plan always gives the same."""
    progress("living through the plan, hour by hour")
    hours = live(scenario, plan)
    lived, asked_for = totals(hours, plan), planned(plan, scenario.asked)
    windows = {quarter: slice(n, n + 1) for n, quarter in enumerate(scenario.quarters)}
    return Timeline(
        data=dataset(hours, plan),
        summary=summarise(lived, asked_for, hours.extremes, slice(0, scenario.reported_count)),
        periods={name: summarise(lived, asked_for, hours.extremes, window) for name, window in windows.items()},
        notes=(tide.note(scenario.asked), power.note(scenario.asked)),
    )


def dataset(hours: Hours, plan: Plan) -> xr.Dataset:
    """Every hour as labelled arrays in float32.

    A step lasts an hour and stands for `weight_h` of them: energy is the sum of power × weight_h, and water_l and
    carbon_kg are those of the hour. pue_ratio is that of full load where nothing runs. Coordinates along time: quarter,
    week_hour_count (from 00:00 UTC), weight_h. `pair` runs over the (site, platform) pairs that exist. Racks of a
    platform are interchangeable, so the tokens of a class on a platform come from all of its sites in proportion to
    the racks there.
    """
    inputs = plan.inputs
    site, platform = hours.fleet.pairs
    uses = inputs.sizes["use_case"]
    up = np.repeat(hours.fleet.up_count[:, site, platform], WEEK_HOURS, axis=0)
    values: dict[str, tuple[tuple[str, ...], Floats]] = {
        "up_count": (("time", "pair"), up),
        "busy_count": (("time", "platform"), _flat(hours.busy_count)),
        "it_w": (("time", "site"), _flat(hours.it_w)),
        "facility_w": (("time", "site"), _flat(hours.facility_w)),
        "pue_ratio": (("time", "site"), _flat(hours.facility.pue_ratio)),
        "water_l": (("time", "site"), _flat(hours.facility.water_l)),
        "carbon_kg": (("time", "site"), _flat(hours.carbon_kg)),
        "demand_tokens_per_s": (("time", "use_case"), _flat(hours.jobs.asked_per_s[..., :uses])),
        "served_tokens_per_s": (("time", "platform", "use_case"), _flat(hours.done_per_s[..., :uses])),
        "train_flops": (("time", "run"), np.repeat(hours.train_flops, WEEK_HOURS, axis=0)),
        "research_flops": (("time", "experiment"), _flat(hours.done_per_s[..., uses:].sum(axis=2))),
    }
    data = xr.Dataset({name: (dims, array.astype(np.float32)) for name, (dims, array) in values.items()})
    return data.assign_coords(_coordinates(hours, inputs))


def _coordinates(hours: Hours, inputs: xr.Dataset) -> dict[str, object]:
    quarters, hour = inputs.period.values, np.arange(WEEK_HOURS)
    site, platform = (inputs[name].values[at] for name, at in zip(("site", "platform"), hours.fleet.pairs, strict=True))
    return {
        "time": [f"{quarter} {n:03d}" for quarter in quarters for n in hour],
        "quarter": ("time", np.repeat(quarters, WEEK_HOURS)),
        "week_hour_count": ("time", np.tile(hour, len(quarters))),
        "weight_h": ("time", np.full(len(quarters) * WEEK_HOURS, WEIGHT_H)),
        "pair": [f"{s}/{g}" for s, g in zip(site, platform, strict=True)],
        "pair_site": ("pair", site),
        "pair_platform": ("pair", platform),
        **{name: inputs[name].values for name in ("site", "platform", "use_case", "run", "experiment")},
    }


def _flat(array: Floats) -> Floats:
    """(period, hour, …) → (time, …)."""
    return array.reshape(array.shape[0] * array.shape[1], *array.shape[2:])
