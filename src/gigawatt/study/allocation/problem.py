"""The problem behind a question of allocation: one by itself, a scenario in a quarter, or the fleet of a result."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import xarray as xr

from gigawatt import units
from gigawatt.errors import Fault, ScenarioError
from gigawatt.programme import yardstick
from gigawatt.programme.arrays import arrays
from gigawatt.programme.yardstick import Yardstick, Yardsticks
from gigawatt.scenario.allocation import Allocation, PowerScenario
from gigawatt.scenario.load import load_allocation, reread
from gigawatt.scenario.schema import Asked, Scenario
from gigawatt.share import needs
from gigawatt.share.needs import Fleet, Problem, Work
from gigawatt.share.waterfill import AlphaFair, Fairness, Quadratic
from gigawatt.study import drift, implausible
from gigawatt.study.allocation.question import AllocationQuestion
from gigawatt.study.note import Note
from gigawatt.study.nothing import built
from gigawatt.study.opened import result_of
from gigawatt.study.question import wrong
from gigawatt.study.result import Result
from gigawatt.units import GIGAWATT_W

# How to divide; a quadratic curve whose value of serving all is that of a constant one starts at twice its height.
RULES = {
    "quadratic": Fairness(name="quadratic", curve=Quadratic(), mean_ratio=2.0),
    "log": Fairness(name="log", curve=AlphaFair(1.0)),
    "max-min": Fairness(name="max-min", curve=Quadratic(), mean_ratio=2.0, alike=True),
}
MOST_ALPHA = 32.0
# Scenarios whose arrays are kept, some megabytes each: whoever moves a weight asks of the same one again.
ARRAYS_KEPT = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What a question comes to: a problem and a capacity [W], their names, and what a reader has to know of them.

    value_unit: of a watt held for a year. platform: what a gigawatt yet to build is made of, for its cost; yardsticks:
    what all work of the quarter would take and a gigawatt cost on it. None where a question states every figure.
    """

    name: str
    title: str
    hash: str
    problem: Problem
    capacity_w: float
    fairness: Fairness
    value_unit: str
    period: str | None = None
    platform: str | None = None
    yardsticks: Yardsticks | None = None
    notes: tuple[Note, ...] = ()


def opened(question: AllocationQuestion) -> Opened:
    """The problem behind a question. Raises ScenarioError, CatalogError or CalibrationError with what is wrong."""
    fairness, capacity_w = fairness_of(question.fairness), question.capacity_w
    if fairness is None or capacity_w == 0:
        raise ScenarioError(_faults(question, fairness))
    found = _found(question, fairness)
    if capacity_w is not None:
        return replace(found, capacity_w=capacity_w)
    if math.isnan(found.capacity_w):
        raise ScenarioError([_asked("capacity", "missing", units.SUFFIXES["w"].example)])
    return found


def fairness_of(text: str) -> Fairness | None:
    """How to divide, from its name; None where there is no such rule."""
    if text in RULES:
        return RULES[text]
    word, _, number = text.partition("=")
    try:
        alpha = float(number) if word == "alpha" else math.nan
    except ValueError:
        alpha = math.nan
    return Fairness(name=f"alpha={alpha:g}", curve=AlphaFair(alpha)) if 0 < alpha <= MOST_ALPHA else None


def _faults(question: AllocationQuestion, fairness: Fairness | None) -> Iterator[Fault]:
    if fairness is None:
        expected = f"{', '.join(RULES)}, or alpha=X with X above 0 and at most {MOST_ALPHA:g}, beyond which is max-min"
        yield wrong("fairness", question.fairness, expected)
    if question.capacity_w == 0:
        yield _asked("capacity", units.show(0.0, "w"), "a power above 0")


def _asked(field: str, given: str, expected: str) -> Fault:
    """A fault of a question's field that shows no text which somebody typed."""
    return Fault(path=field, given=given, expected=expected, asked=True)


def _found(question: AllocationQuestion, fairness: Fairness) -> Opened:
    saved = result_of(question.scenario)
    if saved is not None:
        return _of_result(saved, question, fairness)
    scenario = load_allocation(question.scenario, question.set)
    if isinstance(scenario, PowerScenario):
        return _alone(scenario, question, fairness)
    data = _arrays(scenario)
    period = _read_period(question.period, data, scenario.asked.horizon.report_end_date)
    return _of_scenario(scenario, data, period, fairness)


class _Unshared:
    """A scenario without its table [allocation], of which no array is made: one key for all that differ in it alone."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = replace(scenario, asked=replace(scenario.asked, allocation=Allocation()), hash="")

    def __hash__(self) -> int:
        return hash((self.scenario.name, len(self.scenario.evidence)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Unshared):
            return NotImplemented
        one, two = self.scenario, other.scenario
        return one.asked == two.asked and one.records == two.records


def _arrays(scenario: Scenario) -> xr.Dataset:
    """As `inputs`; kept, but for hours from files, which are long to compare. Nobody changes them."""
    return arrays(scenario) if scenario.records.series else _kept_arrays(_Unshared(scenario))


@lru_cache(maxsize=ARRAYS_KEPT)
def _kept_arrays(key: _Unshared) -> xr.Dataset:
    return arrays(key.scenario)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Market:
    """Who asks for power in a quarter, the platform on which that costs least, and what that takes and costs."""

    works: tuple[Work, ...]
    yardsticks: Yardsticks

    @property
    def yardstick(self) -> Yardstick:
        """The only one: of the quarter, on that platform."""
        return self.yardsticks.rows[0]


def _market(scenario: Scenario, data: xr.Dataset, period: str) -> _Market:
    """What a quarter asks for; kept where the arrays are."""
    return _asking(scenario, data, period) if scenario.records.series else _kept_market(_Unshared(scenario), period)


@lru_cache(maxsize=4 * ARRAYS_KEPT)
def _kept_market(key: _Unshared, period: str) -> _Market:
    return _asking(key.scenario, _kept_arrays(key), period)


def _asking(scenario: Scenario, data: xr.Dataset, period: str) -> _Market:
    asked, works = scenario.asked, needs.works(data, scenario.asked, period)
    if not works:
        raise _fault(period, "no class asks for anything", "a quarter with demand")
    found = yardstick.figures(data, asked)
    platform = yardstick.cheapest(data, found)[list(data.period.values).index(period)]
    if platform is None:
        raise _fault(period, "no platform that is sold can do all of the work", "a later quarter, or other platforms")
    return _Market(works=tuple(works), yardsticks=yardstick.yardsticks(found, scenario, [(period, platform)]))


def _alone(scenario: PowerScenario, question: AllocationQuestion, fairness: Fairness) -> Opened:
    if question.period is not None:
        expected = "none: this allocation has no quarters"
        raise ScenarioError([wrong("period", question.period, expected)])
    asked = scenario.asked
    problem = needs.stated(asked.allocation)
    text = "Demand, weights, floors and cost are as the question states them: nothing is claimed of what power can do."
    return Opened(
        name=asked.name,
        title=asked.title,
        hash=scenario.hash,
        problem=problem,
        capacity_w=math.nan if problem.capacity_w is None else problem.capacity_w,
        fairness=fairness,
        value_unit=asked.allocation.value_unit,
        notes=(
            Note(code="assumed_value", path="allocation.classes", text=text),
            *implausible.notes(scenario.implausible),
        ),
    )


def _of_result(saved: Result, question: AllocationQuestion, fairness: Fairness) -> Opened:
    """The fleet of a saved result; demand and values are those of its scenario, or as overridden."""
    scenario = reread(saved.scenario, question.set) if question.set else saved.scenario
    data, stock = _arrays(scenario), saved.plan.data.stock_count
    for name in ("period", "site", "platform"):
        if list(data[name].values) != list(stock[name].values):
            expected = f"the {name}s of the saved plan; name a preset or a file to ask of others"
            raise ScenarioError([_asked("set", f"other {name}s", expected)])
    if not built(saved.plan):
        expected = "a result that builds something, or the scenario itself, for a fleet yet to build"
        raise ScenarioError([_asked("scenario", f"{question.scenario}: nothing is built", expected)])
    # What is built after the reported window only has no peak in it: its last quarter then.
    peak = saved.accounts.headline.peak_period or data.period.values[-1]
    period = _read_period(question.period, data, str(peak))
    found = _of_scenario(scenario, data, period, fairness, stock.sel(period=period))
    return replace(found, notes=(*found.notes, *drift.notes(saved.scenario)))


def _read_period(text: str | None, data: xr.Dataset, default: str) -> str:
    periods = [str(period) for period in data.period.values]
    if text is not None and text not in periods:
        expected = f"a quarter from {periods[0]} to {periods[-1]}"
        raise ScenarioError([wrong("period", text, expected)])
    return text or default


def _of_scenario(
    scenario: Scenario, data: xr.Dataset, period: str, fairness: Fairness, stock: xr.DataArray | None = None
) -> Opened:
    """A scenario's work in a quarter, on a plan's racks, or on a fleet yet to build where there is no plan."""
    asked = scenario.asked
    market = _market(scenario, data, period)
    works, platform, basis = market.works, market.yardstick.platform, asked.programme.power_basis
    fleet = needs.to_build(data, asked, period, platform) if stock is None else needs.standing(data, asked, stock)
    kept = needs.able(works, fleet, asked.allocation.classes)
    if not kept:
        raise _fault(period, "no racks stand that could work", "a later quarter")
    cost_per_w = market.yardstick.needed_usd_per_gw_year(basis) / GIGAWATT_W
    problem = needs.within(kept, fleet, asked.allocation, fairness, cost_per_w)
    _check(problem)
    whole_w = asked.programme.target_w if stock is None else float(fleet.power_w.sum())
    name = scenario.records.accelerators[platform].name
    return Opened(
        name=scenario.name,
        title=asked.title,
        hash=scenario.hash,
        problem=problem,
        capacity_w=whole_w if problem.capacity_w is None else problem.capacity_w,
        fairness=fairness,
        value_unit="USD",
        period=period,
        platform=name,
        yardsticks=market.yardsticks,
        notes=(
            *_of_making(works, kept, fleet, name, stock is None),
            *_of_bases(market.yardsticks, asked, name),
            *_of_floors(kept, asked.allocation),
            *implausible.notes(scenario.implausible),
        ),
    )


def _fault(period: str, given: str, expected: str) -> ScenarioError:
    return ScenarioError([_asked("period", f"{period}: {given}", expected)])


def _check(problem: Problem) -> None:
    """Faults of what a table [allocation] states beside what follows from its scenario."""
    faults = [
        Fault(
            path=f"allocation.classes.{need.key}.floor",
            given=units.show(need.floor_w, "w"),
            expected=f"at most the demand of {units.show(need.demand_w, 'w')}",
        )
        for need in problem.needs
        if need.floor_w > need.demand_w
    ]
    if all(need.weight_per_w == 0 for need in problem.needs):
        faults.append(
            Fault(path="use_cases", given="no class has value", expected="a price and a social weight above 0")
        )
    if faults:
        raise ScenarioError(faults)


def _of_making(works: Sequence[Work], kept: Sequence[Work], fleet: Fleet, platform: str, new: bool) -> tuple[Note, ...]:
    """How power and values follow from a scenario."""
    value = (
        "Value is tokens × price × willingness to pay × social weight, a training run's penalty over its window, and "
        "the worth of experiments, as the scenario assumes them: nothing is claimed of what power can do."
    )
    where = (
        f"Power is counted as if all of it were built of {platform} in this quarter, the cheapest for the work."
        if new
        else f"Power is that of the {len(fleet.names)} pools of racks in the plan; a gigawatt more would be {platform}."
    )
    found = [("assumed_value", "use_cases", value), ("platform", "platforms", where)]
    names = [work.title for work in works if work not in kept]
    if names:
        found.append(("unable", "platforms", f"{', '.join(names)}: no racks that stand may or can do it; left out."))
    return tuple(Note(code=code, path=path, text=text) for code, path, text in found)


def _of_bases(told: Yardsticks, asked: Asked, platform: str) -> tuple[Note, ...]:
    """On which basis power to serve and the cost of a gigawatt stand, and what they are on others."""
    basis, (found,), words = asked.programme.power_basis, told.rows, told.bases
    at = {"facility": "facility power", "it": "IT power"}[basis]
    apart, together = (units.show(found.serving_w(hours, basis), "w") for hours in ("apart", "together"))
    peak = (
        f"Power is {at}, and {words['serving_apart']}: of {platform} alone, all work of the quarter takes {apart} so, "
        f"and {together} where {words['serving_together']}."
    )
    cost = (
        f"A gigawatt-year costs the {words['needed_at_discount']}: of {platform} "
        f"{units.show(found.needed_usd_per_gw_year(basis), 'usd')} a GW-year of {at}. By the total cost of owning "
        f"({words['owned_at_capital_cost']}) it is {units.show(found.owned_usd_per_gw_year(basis), 'usd')}."
    )
    stated = asked.allocation.cost_per_w is not None
    notes = (("peak", "use_cases", peak), *(() if stated else (("cost", "finance", cost),)))
    return tuple(Note(code=code, path=path, text=text) for code, path, text in notes)


def _of_floors(asks: Sequence[Work], allocation: Allocation) -> Iterator[Note]:
    """Floors that somebody sets without saying what it costs to miss them."""
    for work in asks:
        if needs.unpriced(work, allocation):
            text = f"The floor of {work.title} has no price: to miss it costs as much as the dearest work is worth."
            yield Note(code="unpriced_floor", path=f"allocation.classes.{work.key}.floor", text=text)
