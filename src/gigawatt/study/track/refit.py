"""What is believed of a programme after what was seen of it: slips, PUE, throughput, failures, training.

Every figure is shrunk toward what the plan counts on (`shrink`): ratios in their logarithm, and a quarter weighs what
was at stake in it, or the few racks of a ramp would tell as much as all that stand a year later. Widths and noise are
stated here, each with its reason; where the scenario says how uncertain a quantity is, that is its width.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import exp, isfinite, log

import numpy as np
import xarray as xr

from gigawatt.programme import work_done
from gigawatt.quarters import HOURS_PER_QUARTER, quarter_of
from gigawatt.scenario.schema import Asked
from gigawatt.study.answer import SPREAD
from gigawatt.study.futures.draws import quantile
from gigawatt.study.result import Result
from gigawatt.study.track.actual import ended_in
from gigawatt.study.track.known import LedgerKnown
from gigawatt.study.track.shrink import Shrunk, shrunk
from gigawatt.study.track.slips import ALL, Slip, Stream

# Width of a prior in the logarithm, and noise of a quarter's observation, by quantity, and why.
WIDTHS: dict[str, tuple[float, float, str]] = {
    "pue": (0.05, 0.03, "plants differ from their record by a twentieth; a quarter's weather from the year by 3 %"),
    "throughput": (0.15, 0.10, "the calibration errs by 15 %; what is asked of racks moves a quarter by a tenth"),
    "failure_rate": (0.55, 0.30, "liquid racks have no long record: twice or half; errors are not failures one to one"),
    "training": (0.15, 0.10, "as throughput"),
}
# Where the scenario says how uncertain a quantity is.
NAMED = {"throughput": "throughput", "training": "throughput", "failure_rate": "failure_rate"}
# A ratio this close to one changes nothing.
SAME_FRAC = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Refit:
    """A figure before and after what was seen."""

    item: str
    """slip, chip_slip, pue, throughput, failure_rate or training."""
    thing: str
    """Of which site, class or run; nothing for the whole programme."""
    unit: str
    """Quarters beside the plan, or a ratio to it."""
    believed: Shrunk = field(metadata=SPREAD)
    carried: str
    """Key of the scenario by which the new plan takes it up; nothing where there is none."""
    why: str
    """Where its widths are from."""


def width(asked: Asked, item: str) -> float:
    """Width of the prior of a ratio in its logarithm."""
    spread = asked.uncertainty.get(NAMED.get(item, ""))
    if spread is None:
        return WIDTHS[item][0]
    return float(np.std(np.log([quantile(spread, (n + 0.5) / 200) for n in range(200)]))) or WIDTHS[item][0]


def ratio(asked: Asked, item: str, thing: str, seen: Iterable[tuple[float, float]], carried: str) -> Refit:
    """What is believed of a ratio to the plan, from the ratios of quarters, each with what it weighs."""
    _, noise, why = WIDTHS[item]
    known = [(log(one), weight) for one, weight in seen if isfinite(one * weight) and one > 0 and weight > 0]
    logs = shrunk((0.0, width(asked, item)), [one for one, _ in known], noise, [weight for _, weight in known])
    believed = Shrunk(
        prior_value=exp(logs.prior_value),
        observed_value=None if logs.observed_value is None else exp(logs.observed_value),
        observations_count=logs.observations_count,
        weight_frac=logs.weight_frac,
        posterior_value=exp(logs.posterior_value),
        deviation_value=logs.deviation_value,
    )
    return Refit(item=item, thing=thing, unit="ratio", believed=believed, carried=carried, why=why)


def of_slips(found: Mapping[tuple[str, Stream], Slip], asked: Asked) -> Iterator[Refit]:
    """Slips of power by site, and of racks in all; these are carried as far as they are later than power."""
    why = (
        "no prior slip beside the plan's own; its width is that of the scenario's power_slip or chip_slip, or a quarter"
    )
    for site in (ALL, *asked.sites):
        one = found.get((site, "power"))
        if one is not None:
            carried = f"sites.{site}.ramp" if site else ""
            yield Refit(item="slip", thing=site, unit="quarters", believed=one.slip_quarters, carried=carried, why=why)
    racks = found.get((ALL, "racks"))
    if racks is not None:
        believed = racks.slip_quarters
        yield Refit(item="chip_slip", thing="", unit="quarters", believed=believed, carried="pools.*.supply", why=why)


def of_ratios(
    result: Result, plan: xr.Dataset, seen: xr.Dataset, steps: xr.Dataset, known: LedgerKnown
) -> Iterator[Refit]:
    """Ratios of the plan's own sites, classes and runs, of which there is a record.

    A quarter weighs what it was to bring: energy of racks, tokens of those that stood, failures, operations.
    """
    asked = result.scenario.asked
    for site in asked.sites:
        due = plan.facility_wh.sel(site=site) / plan.it_wh.sel(site=site)
        ratios = seen.pue_ratio.sel(site=site).values / due.values
        weighed = zip(ratios.tolist(), seen.it_wh.sel(site=site).values.tolist(), strict=True)
        fixed = asked.sites[site].price_file and asked.sites[site].price_level == "file"
        yield ratio(asked, "pue", site, weighed, "" if fixed else f"sites.{site}.power_price")
    for use_case in asked.use_cases:
        tokens = [
            steps[f"tokens_{step}"].sel(use_case=use_case).sum("site", skipna=False) for step in ("done", "racked")
        ]
        pairs = _over(*(one.values.tolist() for one in tokens))
        yield ratio(asked, "throughput", use_case, pairs, f"use_cases.{use_case}.utilisation")
    yield ratio(asked, "failure_rate", "", _failures(result, seen, known), "operations.package_failures")
    for run in asked.training_runs:
        yield ratio(asked, "training", run, _trained(result, run, seen, known), "")


def _over(done: Iterable[float], due: Iterable[float]) -> Iterator[tuple[float, float]]:
    """What was done over what was due, by quarter in which anything was, with that as its weight."""
    return ((one / of, of) for one, of in zip(done, due, strict=True) if of > 0)


def _failures(result: Result, seen: xr.Dataset, known: LedgerKnown) -> Iterator[tuple[float, float]]:
    """Errors of GPUs over failures that the plan counts with, by quarter."""
    inputs = result.plan.inputs
    sums: dict[str, float] = {}
    for one in known.totals:
        if one.series.quantity == "gpu_errors":
            quarter = quarter_of(one.month)
            sums[quarter] = sums.get(quarter, 0.0) + one.total
    rate = result.scenario.asked.operations.package_failures_per_h
    racks = seen.racks_mean_count.sum("site").sel(platform=inputs.platform.values)
    due = (racks * inputs.packages_per_rack_count).sum("platform") * HOURS_PER_QUARTER * rate
    return _over((sums.get(quarter, 0.0) for quarter in seen.period.values.tolist()), due.values.tolist())


def _trained(result: Result, run: str, seen: xr.Dataset, known: LedgerKnown) -> Iterator[tuple[float, float]]:
    """Operations of a run over those of the plan, by quarter."""
    data, inputs = result.plan.data, result.plan.inputs
    due = work_done.trained_flop(data, inputs).sel(run=run)
    sums: dict[str, float] = {}
    for fact in known.facts:
        if fact.kind == "work" and fact.body["use_case"] == run:
            quarter = ended_in(fact)
            sums[quarter] = sums.get(quarter, 0.0) + fact.body["trained_flop"]
    over = seen.period.values.tolist()
    return _over((sums.get(quarter, 0.0) for quarter in over), due.sel(period=over).values.tolist())


def overrides(result: Result, found: Sequence[Refit]) -> dict[str, str | float | dict[str, str]]:
    """Values of the scenario that take up what is believed; what changes nothing is left as it is."""
    asked, inputs = result.scenario.asked, result.plan.inputs
    changed: dict[str, str | float | dict[str, str]] = {}
    for one in found:
        factor = one.believed.posterior_value
        if one.unit != "ratio" or not one.carried or abs(factor - 1) < SAME_FRAC:
            continue
        if one.item == "pue":
            price = float(inputs.energy_price_usd_per_wh.sel(site=one.thing)) * factor * 1e6
            changed[one.carried] = {"value": f"{price!r} USD/MWh", "grade": "derived"}
        elif one.item == "throughput":
            share = min(asked.use_cases[one.thing].utilisation_frac * factor, 1.0)
            changed[one.carried] = share
        elif one.item == "failure_rate":
            rate = asked.operations.package_failures_per_h * factor
            changed[one.carried] = f"{rate!r} /h"
    return changed
