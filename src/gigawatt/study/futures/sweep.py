"""One plan in many futures: what may come of it, what that hangs on, and which number would be worth knowing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

import numpy as np
import xarray as xr

from gigawatt.account.accounts import account
from gigawatt.exact import exact
from gigawatt.plan.search import ENDED
from gigawatt.scenario.schema import Scenario
from gigawatt.study import drift, implausible
from gigawatt.study.answer import SPREAD, UNTOLD, Head, copied, head_of
from gigawatt.study.futures import statistics, store
from gigawatt.study.futures.batches import Group, PlannedCase
from gigawatt.study.futures.campaign import Campaign, campaign
from gigawatt.study.futures.draws import DrawnUnit, Future, at_quantiles, drawing, unit_of
from gigawatt.study.futures.ensemble import Ensemble, ensemble
from gigawatt.study.futures.quantiles import FutureOutcomes, left_out, outcomes, with_value
from gigawatt.study.futures.question import SweepQuestion
from gigawatt.study.futures.statistics import Index
from gigawatt.study.job import Job
from gigawatt.study.note import Note
from gigawatt.study.opened import scenario_of
from gigawatt.study.run.notes import unlawful

LOW_FRAC, MIDDLE_FRAC, HIGH_FRAC = 0.1, 0.5, 0.9
DRAWS, TORNADO, STATED, SALTELLI = "draws", "tornado", "stated", "saltelli"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedValue:
    """What the books of the plan say, before anything is lived through: the figures of `run`."""

    npv_usd: float
    terminal_value_usd: float
    value_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedOutcome:
    """The plan lived through where everything is as stated, see `FutureOutcome`."""

    npv_usd: float
    terminal_value_usd: float
    value_usd: float
    installed_w: float
    peak_debt_usd: float
    short_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Swing:
    """The value of a plan with one quantity at its P10 and at its P90, all others at their middle and none walking.

    low, high: the quantity there, in its unit. swing_usd: how far the value moves.
    """

    name: str
    low: float
    high: float
    unit: DrawnUnit
    low_value_usd: float
    high_value_usd: float
    swing_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What a sweep found."""

    head: Head = field(metadata=SPREAD)
    seed: int
    draws: int
    """Futures that were drawn."""
    lived_count: Mapping[str, int]
    """Futures lived through, by what for."""
    target_w: float
    planned: PlannedValue
    stated: StatedOutcome
    outputs: FutureOutcomes
    middle_value_usd: float
    """Value with all quantities at their middle; NaN where the plan has none there."""
    tornado: tuple[Swing, ...]
    """The widest swing first."""
    first_order: tuple[Index, ...] | None
    """The largest first; None where there are too few futures, or nothing differs."""
    evpi_usd: Mapping[str, float]
    """By quantity, the dearest first: what it is worth to know it before choosing between the plan and nothing."""
    evpi_all_usd: float
    """The same for all of the future."""
    digest: str
    """Of every number that was lived through."""
    table: xr.Dataset = field(metadata=UNTOLD)
    """FutureOutcomes by draw that has a value."""


def answer(question: SweepQuestion, job: Job) -> Sweep:
    """What may come of the scenario that is asked about."""
    return sweep(scenario_of(question.scenario, question.set)[0], question, job)


@exact()
def sweep(scenario: Scenario, question: SweepQuestion, job: Job) -> Sweep:
    """Plan a scenario and live through its plan in many futures.

    Raises ScenarioError for what cannot be asked so, Infeasible where hard limits conflict, Cancelled where the job is.
    """
    of = ensemble(question, scenario, job)
    names = [key for key in sorted(scenario.asked.uncertainty) if not of.vary or key in of.vary]
    groups = _groups(scenario, names, of, question.saltelli_count)
    lived = campaign({scenario.name: scenario}, groups, of, job, "sweep")
    job.say("working out what it hangs on")
    return _found(scenario, lived, names, of)


def _groups(scenario: Scenario, names: Sequence[str], of: Ensemble, base_count: int) -> list[Group]:
    """All futures of a sweep: those that are drawn, and what its tornado and its indices need beside them."""
    shares = statistics.saltelli_shares(len(names), base_count, of.seed) if base_count else np.empty((0, len(names)))
    given = {
        TORNADO: _one_at_a_time(scenario, names),
        STATED: [Future(number=0, value={}, course={})],
        f"{SALTELLI}-{base_count}": [
            at_quantiles(scenario.asked, names, row.tolist(), number) for number, row in enumerate(shares)
        ],
    }
    case, future = scenario.name, drawing(scenario, of.seed, of.vary)
    drawn = Group(name=DRAWS, case=case, numbers=range(of.futures_count), future=future)
    return [drawn] + [
        Group(name=name, case=case, numbers=range(len(found)), future=found.__getitem__)
        for name, found in given.items()
        if found
    ]


def _one_at_a_time(scenario: Scenario, names: Sequence[str]) -> list[Future]:
    """All quantities at their middle; then each at its P10 and at its P90."""
    rows = [[MIDDLE_FRAC] * len(names)]
    for n in range(len(names)):
        rows += [[share if k == n else MIDDLE_FRAC for k in range(len(names))] for share in (LOW_FRAC, HIGH_FRAC)]
    return [at_quantiles(scenario.asked, names, row, number) for number, row in enumerate(rows)]


def _found(scenario: Scenario, lived: Campaign, names: Sequence[str], of: Ensemble) -> Sweep:
    tables = {name.partition("-")[0]: table for name, table in lived.tables.items()}
    every, single, case = tables[DRAWS], tables[TORNADO], lived.cases[scenario.name]
    table = with_value({DRAWS: every}, of.counted)[DRAWS]
    values, inputs = table.value_usd.values, table.drawn.values
    choices, tornado = np.stack([values, np.zeros_like(values)]), _tornado(names, single)
    books = account(scenario, case.plan).values
    if SALTELLI in tables:
        indices = statistics.saltelli_indices(names, tables[SALTELLI].value_usd.values, of.seed)
    else:
        indices = statistics.first_order(names, inputs, values)
    said = (
        *notes(scenario, {scenario.name: case}),
        *left_out(every.sizes["draw"], len(values), of.counted),
        *_gaps(names, tornado, tables.get(SALTELLI), len(values)),
    )
    return Sweep(
        head=head_of(scenario, said),
        seed=of.seed,
        draws=every.sizes["draw"],
        lived_count={name: found.sizes["draw"] for name, found in tables.items()},
        target_w=scenario.asked.programme.target_w,
        planned=copied(PlannedValue, books, value_usd=books.npv_usd + books.terminal_value_usd),
        stated=StatedOutcome(**{entry.name: float(tables[STATED][entry.name][0]) for entry in fields(StatedOutcome)}),
        outputs=outcomes(table),
        middle_value_usd=float(single.value_usd[0]),
        tornado=tornado,
        first_order=tuple(indices) or None,
        evpi_usd=statistics.evppi_usd(names, inputs, choices),
        evpi_all_usd=statistics.evpi_usd(choices),
        digest=store.digest({DRAWS: every}),
        table=table,
    )


def _tornado(names: Sequence[str], table: xr.Dataset) -> tuple[Swing, ...]:
    """The swing of each quantity at whose P10 and P90 the plan has a value, the widest first."""
    values, drawn = table.value_usd.values.tolist(), table.drawn.values
    found = [
        Swing(
            name=name,
            low=float(drawn[2 * n + 1, n]),
            high=float(drawn[2 * n + 2, n]),
            unit=unit_of(name),
            low_value_usd=values[2 * n + 1],
            high_value_usd=values[2 * n + 2],
            swing_usd=abs(values[2 * n + 2] - values[2 * n + 1]),
        )
        for n, name in enumerate(names)
    ]
    valued = (swing for swing in found if np.isfinite(swing.swing_usd))
    return tuple(sorted(valued, key=lambda swing: -swing.swing_usd))


def _gaps(
    names: Sequence[str], tornado: Sequence[Swing], saltelli: xr.Dataset | None, draws_count: int
) -> Iterator[Note]:
    """What is left out for want of a value, of the tornado or of a Saltelli design, or for want of futures."""
    for name in [name for name in names if name not in {swing.name for swing in tornado}]:
        text = f"{name}: at its P10 or P90 the plan has no value, so that it is no part of the tornado."
        yield Note(code="no_value", path=f"uncertainty.{name}", text=text)
    holes = 0 if saltelli is None else int((~np.isfinite(saltelli.value_usd.values)).sum())
    if holes:
        text = f"Futures of the Saltelli design without a value: {holes:,}. The bases that they belong to are left out."
        yield Note(code="no_value", path=SALTELLI, text=text)
    if draws_count < statistics.LEAST_DRAWS:
        text = f"{draws_count} futures are too few for shares of variance: at least {statistics.LEAST_DRAWS}."
        yield Note(code="few_draws", path=DRAWS, text=text)


def notes(scenario: Scenario, cases: Mapping[str, PlannedCase]) -> tuple[Note, ...]:
    """What a reader must know of plans that are held to, and of what is drawn."""
    held = "Nothing is planned anew: orders and work stay as planned, and only come late or turn out differently."
    cash = "Plans borrow up to their limits. Cash runs out where debt passes these by more than the minimum of cash."
    anew = "Each future has a plan of its own, as if it were known, with tranches in proportion: a bound, no policy."
    planned = Note(code="held_plan", path="", text=held)
    if any(case.anew for case in cases.values()):
        planned = Note(code="planned_anew", path="replan", text=anew)
    found = [planned, Note(code="cash_out", path="capital", text=cash)]
    grades = [item.grade for path, item in scenario.evidence.items() if path.startswith("uncertainty.")]
    if "assumed" in grades:
        text = "Most distributions are assumed: what comes out is as wide as what was put in."
        found.append(Note(code="assumed_spread", path="uncertainty", text=text))
    found += drift.notes(scenario)
    for name, case in cases.items():
        ended = case.plan.ended
        if ended is not None:
            path, why = ENDED[ended]
            found.append(Note(code=ended, path=path, text=f"{name}: the search of its plan ended {why}."))
        of_values = implausible.notes(case.scenario.implausible)
        several = f"{name}: " if len(cases) > 1 else ""
        found += [
            replace(note, text=f"{several}{note.text}") for note in (*of_values, *unlawful(case.scenario, case.plan))
        ]
    return tuple(found)
