"""The outline of a scenario: horizon, power, platforms, demand and capital, before anything is solved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import xarray as xr

from gigawatt.errors import Fault, ScenarioError
from gigawatt.plan.exact import exact
from gigawatt.plan.inputs import demand, inputs
from gigawatt.plan.milestones import milestones
from gigawatt.quarters import arriving, first_day, sample
from gigawatt.scenario.schema import Scenario
from gigawatt.scenario.series import energy_price_usd_per_wh
from gigawatt.study import drift, evidence, implausible
from gigawatt.study.answer import SPREAD, Head, head_of
from gigawatt.study.check.question import CheckQuestion
from gigawatt.study.job import Job
from gigawatt.study.note import Note
from gigawatt.study.opened import scenario_of
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
    _numbers(inputs(scenario))  # raises where the kernels find faults, as a run would
    asked = scenario.asked
    return Outline(
        head=head_of(scenario, notes(scenario)),
        title=asked.title,
        description=asked.description.strip(),
        objective=asked.objective,
        dollar_year=asked.dollar_year,
        seed=asked.seed,
        horizon=_horizon(scenario),
        programme=OutlinedProgramme(target_w=asked.programme.target_w, power_basis=asked.programme.power_basis),
        sites=tuple(_sites(scenario)),
        platforms=tuple(_platforms(scenario)),
        pools=tuple(_pools(scenario)),
        use_cases=tuple(_use_cases(scenario)),
        research=tuple(_research(scenario)),
        capital=_capital(scenario),
        numbers_count=len(scenario.evidence),
        grades=evidence.grades(scenario),
    )


def _numbers(data: xr.Dataset) -> None:
    """Raise ScenarioError where what the planner would see is no finite number: values that cannot be together."""
    faults = [
        Fault(
            path=str(name), given="beyond all numbers", expected="a scenario whose growth, prices and rates stay finite"
        )
        for name, values in data.data_vars.items()
        if not np.isfinite(values.values).all()
    ]
    if faults:
        raise ScenarioError(faults)


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
    grade = scenario.evidence.get("demand.price_scale_ratio")
    if grade is not None and grade.grade == "assumed":
        scale = scenario.asked.demand.price_scale_ratio
        text = f"Prices are scaled by {scale:g}, an assumption of the scenario and no evidence of need."
        found.append(Note(code="assumed_price_scale", path="demand.price_scale", text=text))
    total = sum(evidence.grades(scenario).values())
    assumed = evidence.grades(scenario).get("assumed", 0)
    if assumed:
        text = f"{assumed:,} of the {total:,} numbers with a grade are assumed; `gigawatt sources` lists them."
        found.append(Note(code="assumed_numbers", path="", text=text))
    return (*found, *implausible.notes(scenario.implausible), *file_notes(scenario), *drift.notes(scenario))


def _sites(scenario: Scenario) -> list[OutlinedSite]:
    """Each site's energised facility power in the first and the last reported quarter, slip included."""
    quarters = scenario.quarters[: scenario.reported_count]
    found = []
    for key, site in scenario.records.sites.items():
        use = scenario.asked.sites[key]
        ramp = arriving(site.ramp_w, quarters, use.slip_count)
        found.append(
            OutlinedSite(
                site=key,
                name=site.name,
                ownership=site.ownership,
                first_w=float(ramp[0]),
                last_w=float(ramp[-1]),
                slip_count=use.slip_count,
                power_price_usd_per_wh=energy_price_usd_per_wh(scenario, key),
                cooling=site.cooling,
            )
        )
    return found


def _platforms(scenario: Scenario) -> list[OutlinedPlatform]:
    found = []
    for key, use in scenario.asked.platforms.items():
        record = scenario.records.accelerators[key]
        price = use.rack_price_usd if use.rack_price_usd is not None else record.rack_price_usd
        found.append(
            OutlinedPlatform(
                platform=key,
                name=record.name,
                pool=use.pool,
                packages_per_rack_count=record.packages_per_rack_count,
                rack_power_w=record.rack_power_w,
                rack_price_usd=price,
                price_change_per_year=use.price_change_per_year,
            )
        )
    return found


def _pools(scenario: Scenario) -> list[OutlinedPool]:
    """Racks that each pool can deliver over the reported window, and the quarters in which it delivers."""
    quarters = scenario.quarters[: scenario.reported_count]
    found = []
    for key, pool in scenario.asked.pools.items():
        supply = sample(pool.supply_count, quarters)
        ships = [quarter for quarter, count in zip(quarters, supply, strict=True) if count > 0]
        found.append(
            OutlinedPool(
                pool=key,
                supply_count=float(supply.sum()),
                first_period=ships[0] if ships else None,
                last_period=ships[-1] if ships else None,
            )
        )
    return found


def _use_cases(scenario: Scenario) -> list[OutlinedUseCase]:
    """Demand on the programme and price of each class, in the first and the last reported quarter."""
    quarters = scenario.quarters[: scenario.reported_count]
    found = []
    for key, use in scenario.asked.use_cases.items():
        volume, price = demand(use, scenario.asked, quarters)
        found.append(
            OutlinedUseCase(
                use_case=key,
                title=use.title,
                model=scenario.records.models[use.model].name,
                load=use.load,
                first_tokens_per_s=float(volume[0]),
                last_tokens_per_s=float(volume[-1]),
                first_usd_per_mtok=float(price[0]),
                last_usd_per_mtok=float(price[-1]),
                floor_frac=use.floor_frac,
                hard=use.hard,
            )
        )
    return found


def _research(scenario: Scenario) -> list[OutlinedResearch]:
    runs = [
        OutlinedResearch(
            run=key,
            title=run.title,
            volume_flop=run.volume_flop,
            start_period=run.start_date,
            end_period=run.end_date,
        )
        for key, run in scenario.asked.training_runs.items()
    ]
    last = scenario.quarters[scenario.reported_count - 1]
    wishes = [
        OutlinedResearch(
            experiment=key,
            title=use.title,
            volume_flop=float(sample(use.wish_flop, [last], "log")[0]),
            start_period=last,
            end_period=last,
        )
        for key, use in scenario.asked.experiments.items()
    ]
    return runs + wishes


def _capital(scenario: Scenario) -> OutlinedCapital:
    capital = scenario.asked.capital
    steps = milestones(scenario.asked)
    use = capital.tranches
    return OutlinedCapital(
        opening_cash_usd=capital.opening_cash_usd,
        minimum_cash_usd=capital.minimum_cash_usd,
        upfront_equity_usd=capital.upfront_equity_usd,
        debt_rate_per_year=capital.debt_rate_per_year,
        covenant_frac=capital.covenant_frac,
        debt_limit_usd=capital.debt_limit_usd,
        distribution=capital.distribution,
        lock_up_frac=capital.lock_up_frac,
        distribution_cover_ratio=capital.distribution_cover_ratio,
        release=use.release if use is not None else None,
        tranches=tuple(OutlinedTranche(milestone_w=step.power_w, amount_usd=step.amount_usd) for step in steps),
    )
