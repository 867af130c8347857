"""The outline of a scenario: horizon, power, platforms, demand and capital, before anything is solved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import xarray as xr

from gigawatt.errors import Fault
from gigawatt.exact import exact
from gigawatt.programme.arrays import arrays, demand
from gigawatt.programme.tranches import milestones
from gigawatt.quarters import arriving, first_day, sample
from gigawatt.scenario.schema import Scenario
from gigawatt.scenario.series import energy_price_usd_per_wh
from gigawatt.study import changed, drift, evidence, implausible
from gigawatt.study.answer import SPREAD, Head, copied, head_of
from gigawatt.study.check.opening import OutlinedOpening, outlined
from gigawatt.study.check.question import CheckQuestion
from gigawatt.study.job import Job
from gigawatt.study.note import Note
from gigawatt.study.opened import scenario_of
from gigawatt.study.question import refuse
from gigawatt.study.site_notes import file_notes


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlinedHorizon:
    """Quarters reported and solved."""

    start_date: str
    start_period: str
    report_end_period: str
    end_period: str
    reported_count: int
    solved_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlinedProgramme:
    """How much power may be in service, and on which basis."""

    target_w: float
    power_basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlinedSite:
    """A site's energised facility power in the first and the last reported quarter, slip included."""

    site: str
    name: str
    ownership: str
    first_w: float
    last_w: float
    slip_count: int
    power_price_usd_per_wh: float
    cooling: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlinedPlatform:
    """A platform as it may be ordered."""

    platform: str
    name: str
    pool: str
    packages_per_rack_count: int
    rack_power_w: float | None
    rack_price_usd: float | None
    price_change_per_year: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlinedPool:
    """Racks that a pool can deliver over the reported window, and the quarters in which it delivers."""

    pool: str
    supply_count: float
    first_period: str | None
    last_period: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlinedUseCase:
    """Demand on the programme and price of a class, in the first and the last reported quarter."""

    use_case: str
    title: str
    model: str
    load: str
    first_tokens_per_s: float
    last_tokens_per_s: float
    first_usd_per_mtok: float
    last_usd_per_mtok: float
    floor_frac: float
    hard: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlinedResearch:
    """A training run, or experiments in the last reported quarter; exactly one of run and experiment is named."""

    run: str | None = None
    experiment: str | None = None
    title: str
    volume_flop: float
    start_period: str
    end_period: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlinedTranche:
    """Capital that follows a milestone."""

    milestone_w: float
    amount_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlinedCapital:
    """Where the money comes from, and when it may leave."""

    opening_cash_usd: float
    minimum_cash_usd: float
    upfront_equity_usd: float
    debt_rate_per_year: float | None
    covenant_frac: float
    debt_limit_usd: float
    distribution: str
    lock_up_frac: float
    distribution_cover_ratio: float
    release: str | None
    tranches: tuple[OutlinedTranche, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """What a scenario asks, in SI units. grades: how many numbers carry each grade."""

    head: Head = field(metadata=SPREAD)
    title: str
    description: str
    objective: str
    dollar_year: int
    seed: int
    horizon: OutlinedHorizon
    programme: OutlinedProgramme
    sites: tuple[OutlinedSite, ...]
    platforms: tuple[OutlinedPlatform, ...]
    pools: tuple[OutlinedPool, ...]
    use_cases: tuple[OutlinedUseCase, ...]
    research: tuple[OutlinedResearch, ...]
    capital: OutlinedCapital
    opening: OutlinedOpening | None
    numbers_count: int
    grades: Mapping[str, int]


def answer(question: CheckQuestion, job: Job) -> Outline:
    """The outline of the scenario that is asked about."""
    del job  # it takes a moment
    return outline(scenario_of(question.scenario, question.set)[0])


@exact()
def outline(scenario: Scenario) -> Outline:
    """What a scenario asks.

    Raises ScenarioError for work that no platform can do, and for figures that are beyond numbers.
    """
    data = arrays(scenario)  # raises where the kernels find faults, as a run would
    _numbers(data)
    asked = scenario.asked
    return copied(
        Outline,
        asked,
        head=head_of(scenario, notes(scenario)),
        description=asked.description.strip(),
        horizon=_horizon(scenario),
        programme=copied(OutlinedProgramme, asked.programme),
        sites=tuple(_sites(scenario)),
        platforms=tuple(_platforms(scenario)),
        pools=tuple(_pools(scenario)),
        use_cases=tuple(_use_cases(scenario)),
        research=tuple(_research(scenario)),
        capital=_capital(scenario),
        opening=outlined(scenario, data),
        numbers_count=len(scenario.evidence),
        grades=evidence.grades(scenario),
    )


def _numbers(data: xr.Dataset) -> None:
    """Raise ScenarioError where what the planner would see is no finite number: values that cannot be together."""
    given, expected = "beyond all numbers", "a scenario whose growth, prices and rates stay finite"
    wrong = [name for name, values in data.data_vars.items() if not np.isfinite(values.values).all()]
    refuse(Fault(path=str(name), given=given, expected=expected) for name in wrong)


def _horizon(scenario: Scenario) -> OutlinedHorizon:
    horizon = scenario.asked.horizon
    return OutlinedHorizon(
        start_date=first_day(horizon.start_date),
        start_period=horizon.start_date,
        report_end_period=horizon.report_end_date,
        end_period=horizon.end_date,
        reported_count=scenario.reported_count,
        solved_count=len(scenario.quarters),
    )


def notes(scenario: Scenario) -> tuple[Note, ...]:
    """What a reader must know of a question before it is answered."""
    found = []
    scaled = evidence.price_scale(scenario)
    found += [] if scaled is None else [scaled]
    total = sum(evidence.grades(scenario).values())
    assumed = evidence.grades(scenario).get("assumed", 0)
    if assumed:
        text = f"{assumed:,} of the {total:,} numbers with a grade are assumed; `gigawatt sources` lists them."
        found.append(Note(code="assumed_numbers", path="", text=text))
    found += [*implausible.notes(scenario.implausible), *changed.hindsight(scenario)]
    return (*found, *file_notes(scenario), *drift.notes(scenario))


def _sites(scenario: Scenario) -> Iterator[OutlinedSite]:
    quarters = scenario.quarters[: scenario.reported_count]
    for key, site in scenario.records.sites.items():
        use = scenario.asked.sites[key]
        ramp = arriving(site.ramp_w, quarters, use.slip_count)
        price = energy_price_usd_per_wh(scenario, key)
        first, last = float(ramp[0]), float(ramp[-1])
        yield copied(OutlinedSite, site, use, site=key, first_w=first, last_w=last, power_price_usd_per_wh=price)


def _platforms(scenario: Scenario) -> Iterator[OutlinedPlatform]:
    for key, use in scenario.asked.platforms.items():
        record = scenario.records.accelerators[key]
        price = use.rack_price_usd if use.rack_price_usd is not None else record.rack_price_usd
        yield copied(OutlinedPlatform, record, use, platform=key, rack_price_usd=price)


def _pools(scenario: Scenario) -> Iterator[OutlinedPool]:
    quarters = scenario.quarters[: scenario.reported_count]
    for key, pool in scenario.asked.pools.items():
        supply = sample(pool.supply_count, quarters)
        ships = [quarter for quarter, count in zip(quarters, supply, strict=True) if count > 0]
        first, last = (ships[0], ships[-1]) if ships else (None, None)
        yield OutlinedPool(pool=key, supply_count=float(supply.sum()), first_period=first, last_period=last)


def _use_cases(scenario: Scenario) -> Iterator[OutlinedUseCase]:
    quarters = scenario.quarters[: scenario.reported_count]
    for key, use in scenario.asked.use_cases.items():
        volume, price = demand(use, scenario.asked, quarters)
        yield copied(
            OutlinedUseCase,
            use,
            use_case=key,
            model=scenario.records.models[use.model].name,
            first_tokens_per_s=float(volume[0]),
            last_tokens_per_s=float(volume[-1]),
            first_usd_per_mtok=float(price[0]),
            last_usd_per_mtok=float(price[-1]),
        )


def _research(scenario: Scenario) -> Iterator[OutlinedResearch]:
    for key, run in scenario.asked.training_runs.items():
        dates = {"start_period": run.start_date, "end_period": run.end_date}
        yield copied(OutlinedResearch, run, run=key, **dates)
    last = scenario.quarters[scenario.reported_count - 1]
    for key, use in scenario.asked.experiments.items():
        volume = float(sample(use.wish_flop, [last], "log")[0])
        yield OutlinedResearch(experiment=key, title=use.title, volume_flop=volume, start_period=last, end_period=last)


def _capital(scenario: Scenario) -> OutlinedCapital:
    capital, steps = scenario.asked.capital, milestones(scenario.asked)
    return copied(
        OutlinedCapital,
        capital,
        release=None if capital.tranches is None else capital.tranches.release,
        tranches=tuple(OutlinedTranche(milestone_w=step.power_w, amount_usd=step.amount_usd) for step in steps),
    )
