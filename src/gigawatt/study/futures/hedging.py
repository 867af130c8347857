"""What to order now when the future is not known: one plan for several futures, and what knowing would be worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import nan

import numpy as np
import xarray as xr

from gigawatt.errors import Fault
from gigawatt.exact import exact
from gigawatt.ndarrays import Floats
from gigawatt.plan.stochastic import CANCEL_FRAC, Branch, Equations, Hedged, equations, hedge, wait_and_see
from gigawatt.programme import landlords
from gigawatt.programme.arrays import arrays
from gigawatt.scenario.schema import Asked, Scenario
from gigawatt.study import drift, implausible
from gigawatt.study.answer import SPREAD, UNTOLD, Head, head_of
from gigawatt.study.futures.draws import DrawnUnit, Future, draw, unit_of
from gigawatt.study.futures.question import HedgeQuestion
from gigawatt.study.futures.realised import MULTIPLIES, factor, scenario_in
from gigawatt.study.job import Job
from gigawatt.study.note import Note
from gigawatt.study.opened import scenario_of
from gigawatt.study.question import refuse, wrong

MOST_FUTURES = 40
# Orders that are best on average, those that give weight to the worst futures, those of the plan for the mean future;
# and beside their values that of plans each of which knows its future.
COMMON, GUARDED, MEAN, KNOWN = "common", "guarded", "mean_future_plan", "wait_and_see"
PLANS = (COMMON, MEAN, GUARDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Racks by platform, and facility power by site, that are ordered in a quarter."""

    period: str
    racks_count: Mapping[str, float]
    power_w: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnQuantity:
    """What an uncertain quantity is in a future: its mean over the quarters where it walks."""

    name: str
    value: float
    unit: DrawnUnit


@dataclass(frozen=True, slots=True, kw_only=True)
class HedgedFuture:
    """What a future is worth if it were known, and under the orders of each plan."""

    quantities: tuple[DrawnQuantity, ...]
    known_usd: float
    common_usd: float
    mean_future_plan_usd: float
    guarded_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Hedging:
    """What is to be ordered now; of the guarded plan NaN and None where no weight is given to the worst futures."""

    head: Head = field(metadata=SPREAD)
    value_usd: Mapping[str, float]
    """By plan: mean over the futures."""
    worst_usd: Mapping[str, float]
    """By plan: in the worst of them."""
    evpi_usd: float
    """What it would be worth to know the future before ordering."""
    vss_usd: float
    """What planning for all futures is worth over planning for their mean."""
    orders: Mapping[str, tuple[Order, ...] | None]
    """By plan: in each decided quarter."""
    futures: tuple[HedgedFuture, ...]
    scenario: Scenario = field(metadata=UNTOLD)


def answer(question: HedgeQuestion, job: Job) -> Hedging:
    """What to order now for the scenario that is asked about."""
    return hedging(scenario_of(question.scenario, question.set)[0], question, job)


@exact()
def hedging(scenario: Scenario, question: HedgeQuestion, job: Job) -> Hedging:
    """Orders of the first quarters that are the same in all futures, the best of them, and what they come to.

    Raises ScenarioError where the scenario declares nothing uncertain, or a number makes no sense.
    """
    check(scenario, question)
    job.say("working out throughput, PUE and prices")
    data, count = arrays(scenario), question.futures_count
    seed = scenario.asked.seed if question.seed is None else question.seed
    futures = tuple(draw(scenario.asked, seed, number, data.sizes["period"]) for number in range(count))
    branches = tuple(equations(branch(scenario, data, future, 1 / count)) for future in futures)
    job.say(f"planning for each of {count} futures as if it were known")
    known = wait_and_see(branches)
    job.say("planning for the mean future, and holding to its orders in every future")
    middle = hedge([equations(branch(scenario, data, mean_future(futures), 1.0))], question.decided_count)
    plans = {MEAN: hedge(branches, question.decided_count, fixed=middle.orders)}
    job.say("planning for all futures at once")
    plans[COMMON] = hedge(branches, question.decided_count)
    if question.tail_weight_frac:
        job.say("planning for all futures, with weight on the worst")
        weight, tail = question.tail_weight_frac, question.tail_frac
        plans[GUARDED] = hedge(branches, question.decided_count, tail_weight_frac=weight, tail_frac=tail)
    return _found(scenario, futures, branches, known, plans)


def _found(
    scenario: Scenario,
    futures: Sequence[Future],
    branches: Sequence[Equations],
    known_usd: Floats,
    plans: Mapping[str, Hedged],
) -> Hedging:
    every = {name: plans[name].values_usd if name in plans else np.full(len(futures), nan) for name in PLANS}
    mean = {KNOWN: float(np.mean(known_usd))} | {
        name: plans[name].expected_usd(branches) if name in plans else nan for name in PLANS
    }
    return Hedging(
        head=head_of(scenario, (*NOTES, *implausible.notes(scenario.implausible), *drift.notes(scenario))),
        value_usd=mean,
        worst_usd={name: float(values.min()) for name, values in every.items()},
        evpi_usd=mean[KNOWN] - mean[COMMON],
        vss_usd=mean[COMMON] - mean[MEAN],
        orders={name: _orders(plans[name]) if name in plans else None for name in PLANS},
        futures=tuple(
            HedgedFuture(
                quantities=tuple(
                    DrawnQuantity(name=name, value=future.mean(name), unit=unit_of(name)) for name in future.value
                ),
                known_usd=float(known_usd[n]),
                common_usd=float(every[COMMON][n]),
                mean_future_plan_usd=float(every[MEAN][n]),
                guarded_usd=float(every[GUARDED][n]),
            )
            for n, future in enumerate(futures)
        ),
        scenario=scenario,
    )


def _orders(hedged: Hedged) -> tuple[Order, ...]:
    racks, power = hedged.orders["install"], hedged.orders["energise"]
    rows = zip(racks.period.values, racks.values.tolist(), power.values.tolist(), strict=True)
    return tuple(
        Order(
            period=str(period),
            racks_count=dict(zip(racks.platform.values.tolist(), counts, strict=True)),
            power_w=dict(zip(power.site.values.tolist(), watts, strict=True)),
        )
        for period, counts, watts in rows
    )


def branch(scenario: Scenario, data: xr.Dataset, future: Future, weight_frac: float) -> Branch:
    """A future as the planner sees it; slips are rounded to quarters, and a failure rate is the simulation's alone."""
    chips, power = (round(future.value.get(name, 0.0)) for name in ("chip_slip", "power_slip"))
    changed = landlords.delivered_later(data, scenario.asked, power).copy()
    for name, multiplied in MULTIPLIES.items():
        for array in multiplied:
            changed[array] = data[array] * factor(future, name, data.period)
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


def check(scenario: Scenario, question: HedgeQuestion) -> None:
    """Raises ScenarioError with everything that is wrong with how orders are asked for."""
    faults, quarters = [], len(scenario.quarters)
    if not scenario.asked.uncertainty:
        faults.append(Fault(path="uncertainty", given="nothing", expected="at least one [uncertainty.NAME] table"))
    if not 2 <= question.futures_count <= MOST_FUTURES:
        faults.append(wrong("futures", question.futures_count, f"from 2 to {MOST_FUTURES}"))
    if not 1 <= question.decided_count < quarters:
        faults.append(wrong("decided", question.decided_count, f"quarters from 1 to {quarters - 1}"))
    if not 0 <= question.tail_weight_frac < 1:
        faults.append(wrong("tail_weight", f"{question.tail_weight_frac:g}", "a share from 0 to below 1"))
    if question.seed is not None and question.seed < 0:
        faults.append(wrong("seed", question.seed, "a whole number not below 0"))
    if not 0 < question.tail_frac <= 1:
        faults.append(wrong("tail", f"{question.tail_frac:g}", "a share above 0, up to 1"))
    refuse(faults)


NOTES = (
    Note(
        code="value",
        path="objective",
        text="Values are the planner's objective: net present and terminal value less penalties of what is missed.",
    ),
    Note(
        code="cancelled",
        path="orders",
        text=f"An order that a future does not take costs {100 * CANCEL_FRAC:.0f} % of its price there, an assumption.",
    ),
    Note(
        code="pro_rata",
        path="capital.tranches.release",
        text="Tranches are released in proportion here, so that the plan is linear.",
    ),
    Note(
        code="rescue",
        path="capital",
        text="Money beyond the limits of debt costs a dollar of value a dollar: no future is impossible.",
    ),
    Note(
        code="no_failures",
        path="uncertainty.failure_rate",
        text="The planner counts on a stated availability: the failure rate differs in simulations alone.",
    ),
)
