"""What to order now when the future is not known: one plan for several futures, and what knowing would be worth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gigawatt.errors import Fault, ScenarioError
from gigawatt.plan.exact import exact
from gigawatt.plan.inputs import inputs
from gigawatt.plan.plan import quiet
from gigawatt.plan.stochastic import CANCEL_FRAC, Branch, Hedged, hedge, wait_and_see
from gigawatt.scenario.schema import Asked, Scenario
from gigawatt.study import drift, implausible
from gigawatt.study.futures.draws import Future, draw
from gigawatt.study.futures.realised import MULTIPLIES, factor, scenario_in

Floats = NDArray[np.float64]
Progress = Callable[[str], None]

MOST_FUTURES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Hedging:
    """Values of each future [USD]: if it were known, and under orders that are the same in all of them.

    common: the orders that are best on average; mean: those of the plan for the mean future; guarded: those that give
    weight to the worst futures, None where none is asked for.
    """

    scenario: Scenario
    futures: tuple[Future, ...]
    branches: tuple[Branch, ...]
    known_usd: Floats
    common: Hedged
    mean: Hedged
    guarded: Hedged | None

    @property
    def perfect_information_usd(self) -> float:
        """EVPI: what it would be worth to know the future before ordering."""
        return float(np.mean(self.known_usd)) - self.common.expected_usd(self.branches)

    @property
    def stochastic_solution_usd(self) -> float:
        """VSS: what planning for all futures is worth over planning for their mean."""
        return self.common.expected_usd(self.branches) - self.mean.expected_usd(self.branches)


@exact()
def answer(
    scenario: Scenario,
    *,
    futures_count: int,
    decided_count: int,
    tail_weight_frac: float = 0.0,
    tail_frac: float = 0.2,
    seed: int | None = None,
    progress: Progress = quiet,
) -> Hedging:
    """Orders of the first quarters that are the same in all futures, the best of them, and what they come to.

    Raises ScenarioError where the scenario declares nothing uncertain, or a number makes no sense.
    """
    _check(scenario, futures_count, decided_count, tail_weight_frac, tail_frac, seed)
    progress("working out throughput, PUE and prices")
    data = inputs(scenario)
    start = scenario.asked.seed if seed is None else seed
    futures = tuple(draw(scenario.asked, start, number, data.sizes["period"]) for number in range(futures_count))
    branches = tuple(branch(scenario, data, future, 1 / futures_count) for future in futures)
    progress(f"planning for each of {futures_count} futures as if it were known")
    known = wait_and_see(branches)
    progress("planning for the mean future, and holding to its orders in every future")
    middle = hedge([branch(scenario, data, mean_future(futures), 1.0)], decided_count)
    mean = hedge(branches, decided_count, fixed=middle.orders)
    progress("planning for all futures at once")
    common, guarded = hedge(branches, decided_count), None
    if tail_weight_frac:
        progress("planning for all futures, with weight on the worst")
        guarded = hedge(branches, decided_count, tail_weight_frac=tail_weight_frac, tail_frac=tail_frac)
    return Hedging(
        scenario=scenario,
        futures=futures,
        branches=branches,
        known_usd=known,
        common=common,
        mean=mean,
        guarded=guarded,
    )


def branch(scenario: Scenario, data: xr.Dataset, future: Future, weight_frac: float) -> Branch:
    """A future as the planner sees it; slips are rounded to quarters, and a failure rate is the simulation's alone."""
    changed = data.copy()
    for name, arrays in MULTIPLIES.items():
        for array in arrays:
            changed[array] = data[array] * factor(future, name, data.period)
    chips, power = (round(future.value.get(name, 0.0)) for name in ("chip_slip", "power_slip"))
    standing = np.minimum(data.ramp_w, data.ramp_w.isel(period=0, drop=True))
    changed["ramp_w"] = np.maximum(data.ramp_w.shift(period=power, fill_value=0.0), standing)
    changed["supply_count"] = data.supply_count.shift(period=chips, fill_value=0.0)
    return Branch(
        data=changed,
        asked=_pro_rata(scenario_in(scenario, future).asked),
        weight_frac=weight_frac,
        chip_slip_count=chips,
        power_slip_count=power,
    )


def _pro_rata(asked: Asked) -> Asked:
    """The same question with tranches released in proportion, which keeps it linear."""
    tranches = asked.capital.tranches
    if tranches is None:
        return asked
    return replace(asked, capital=replace(asked.capital, tranches=replace(tranches, release="pro_rata")))


def mean_future(futures: Sequence[Future]) -> Future:
    """The mean of every quantity over futures, quarter by quarter where it walks."""
    names = futures[0].value
    return Future(
        number=-1,
        value={name: float(np.mean([one.value[name] for one in futures])) for name in names},
        course={name: np.mean([one.course[name] for one in futures], axis=0) for name in futures[0].course},
    )


def _check(scenario: Scenario, futures: int, decided: int, tail_weight: float, tail: float, seed: int | None) -> None:
    faults = []
    quarters = len(scenario.quarters)
    if not scenario.asked.uncertainty:
        faults.append(Fault(path="uncertainty", given="nothing", expected="at least one [uncertainty.NAME] table"))
    if not 2 <= futures <= MOST_FUTURES:
        faults.append(Fault(path="--futures", given=str(futures), expected=f"from 2 to {MOST_FUTURES}"))
    if not 1 <= decided < quarters:
        faults.append(Fault(path="--decided", given=str(decided), expected=f"quarters from 1 to {quarters - 1}"))
    if not 0 <= tail_weight < 1:
        faults.append(Fault(path="--tail-weight", given=f"{tail_weight:g}", expected="a share from 0 to below 1"))
    if seed is not None and seed < 0:
        faults.append(Fault(path="--seed", given=str(seed), expected="a whole number not below 0"))
    if not 0 < tail <= 1:
        faults.append(Fault(path="--tail", given=f"{tail:g}", expected="a share above 0, up to 1"))
    if faults:
        raise ScenarioError(faults)


NOTES = (
    (
        "value",
        "objective",
        "Values are the planner's objective: net present and terminal value less penalties of what is missed.",
    ),
    (
        "cancelled",
        "orders",
        f"An order that a future does not take costs {CANCEL_FRAC:.0%} of its price there, an assumption.",
    ),
    ("pro_rata", "capital.tranches.release", "Tranches are released in proportion here, so that the plan is linear."),
    ("rescue", "capital", "Money beyond the limits of debt costs a dollar of value a dollar: no future is impossible."),
    (
        "no_failures",
        "uncertainty.failure_rate",
        "The planner counts on a stated availability: the failure rate differs in simulations alone.",
    ),
)


def summary(found: Hedging) -> dict[str, Any]:
    """What `--json` prints: values, what knowing is worth, and the orders of each plan."""
    scenario, branches = found.scenario, found.branches
    plans = {"common": found.common, "mean_future_plan": found.mean, "guarded": found.guarded}
    made = {name: plan for name, plan in plans.items() if plan is not None}
    expected = {name: None if plan is None else plan.expected_usd(branches) for name, plan in plans.items()}
    return {
        "gigawatt": version("gigawatt"),
        "scenario": scenario.name,
        "hash": scenario.hash,
        "value_usd": {"wait_and_see": float(np.mean(found.known_usd)), **expected},
        "worst_usd": {name: float(plan.values_usd.min()) for name, plan in made.items()},
        "evpi_usd": found.perfect_information_usd,
        "vss_usd": found.stochastic_solution_usd,
        "orders": {name: _orders(plan) for name, plan in made.items()},
        "futures": [
            {
                "quantities": {name: future.mean(name) for name in future.value},
                "known_usd": float(found.known_usd[n]),
                **{f"{name}_usd": float(plan.values_usd[n]) for name, plan in made.items()},
            }
            for n, future in enumerate(found.futures)
        ],
        "notes": [
            *({"code": code, "path": path, "text": text} for code, path, text in NOTES),
            *(asdict(note) for note in (*implausible.notes(scenario.implausible), *drift.notes(scenario))),
        ],
    }


def _orders(hedged: Hedged) -> list[dict[str, Any]]:
    """Racks and facility power ordered in each decided quarter."""
    racks, power = hedged.orders["install"], hedged.orders["energise"]
    return [
        {
            "period": str(period),
            "racks_count": dict(zip(racks.platform.values.tolist(), count, strict=True)),
            "power_w": dict(zip(power.site.values.tolist(), watts, strict=True)),
        }
        for period, count, watts in zip(racks.period.values, racks.values.tolist(), power.values.tolist(), strict=True)
    ]
