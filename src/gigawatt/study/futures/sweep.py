"""One plan in many futures: what may come of it, what that hangs on, and which number would be worth knowing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from typing import Any

import numpy as np
import xarray as xr

from gigawatt.account.accounts import account
from gigawatt.plan.exact import exact
from gigawatt.plan.plan import quiet
from gigawatt.plan.search import ENDED
from gigawatt.scenario.schema import Scenario
from gigawatt.study import drift, implausible
from gigawatt.study.futures import statistics, store
from gigawatt.study.futures.batches import Group, PlannedCase
from gigawatt.study.futures.campaign import Campaign, Progress, campaign
from gigawatt.study.futures.draws import Future, at_quantiles
from gigawatt.study.futures.quantiles import left_out, outcomes, with_value
from gigawatt.study.futures.question import Asking, check_asking, drawing, seed_of, timed
from gigawatt.study.futures.statistics import Index
from gigawatt.study.note import Note
from gigawatt.study.run.notes import unlawful
from gigawatt.study.summary import strict

LOW_FRAC, MIDDLE_FRAC, HIGH_FRAC = 0.1, 0.5, 0.9
DRAWS, TORNADO, STATED = "draws", "tornado", "stated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Swing:
    """The value of a plan with one quantity at its P10 and at its P90, all others at their middle and none walking.

    low, high: the quantity there, a factor or quarters.
    """

    name: str
    low: float
    high: float
    low_value_usd: float
    high_value_usd: float

    @property
    def swing_usd(self) -> float:
        """How far the value moves."""
        return abs(self.high_value_usd - self.low_value_usd)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What a sweep found. table: outcomes by draw that has a value; stated: the outcome where everything is as stated.
    lived_count: futures lived through, by what for.

    tornado, first_order, evppi_usd: by quantity, the largest first. evpi_usd: of knowing all of the future, for the
    choice between the plan and doing nothing, which is worth 0.
    """

    scenario: Scenario
    case: PlannedCase
    seed: int
    table: xr.Dataset
    stated: xr.Dataset
    lived_count: Mapping[str, int]
    middle_value_usd: float
    tornado: tuple[Swing, ...]
    first_order: tuple[Index, ...]
    evppi_usd: dict[str, float]
    evpi_usd: float
    digest: str
    notes: tuple[Note, ...]


@exact()
def sweep(scenario: Scenario, asking: Asking, progress: Progress = quiet, executor: Executor | None = None) -> Sweep:
    """Plan a scenario and live through its plan in many futures, see `Asking`.

    executor: who does the work, processes of this machine by default.
    Raises ScenarioError for what cannot be asked so, Infeasible where hard limits conflict.
    """
    check_asking(asking, scenario)
    name, seed = scenario.name, seed_of(scenario, asking)
    names = [key for key in sorted(scenario.asked.uncertainty) if not asking.vary or key in asking.vary]
    shares = np.empty((0, len(names)))
    if asking.saltelli_count:
        shares = statistics.saltelli_shares(len(names), asking.saltelli_count, seed)
    saltelli = f"saltelli-{asking.saltelli_count}"
    given = {
        TORNADO: _one_at_a_time(scenario, names),
        STATED: [Future(number=0, value={}, course={})],
        saltelli: [at_quantiles(scenario.asked, names, row.tolist(), number) for number, row in enumerate(shares)],
    }
    drawn = Group(name=DRAWS, case=name, numbers=range(asking.futures_count), future=drawing(scenario, asking))
    groups = [drawn] + [
        Group(name=key, case=name, numbers=range(len(found)), future=found.__getitem__)
        for key, found in given.items()
        if found
    ]
    lived = campaign({name: timed(scenario, asking.plan_time)}, groups, asking, "sweep", progress, executor)
    progress("working out what it hangs on")
    return _found(scenario, lived, names, seed, saltelli)


def _one_at_a_time(scenario: Scenario, names: Sequence[str]) -> list[Future]:
    """All quantities at their middle; then each at its P10 and at its P90."""
    rows = [[MIDDLE_FRAC] * len(names)]
    for n in range(len(names)):
        rows += [[share if k == n else MIDDLE_FRAC for k in range(len(names))] for share in (LOW_FRAC, HIGH_FRAC)]
    return [at_quantiles(scenario.asked, names, row, number) for number, row in enumerate(rows)]


def _found(scenario: Scenario, lived: Campaign, names: Sequence[str], seed: int, saltelli: str) -> Sweep:
    every, single = lived.tables[DRAWS], lived.tables[TORNADO]
    table = with_value({DRAWS: every})[DRAWS]
    values, inputs = table.value_usd.values, table.drawn.values
    case = lived.cases[scenario.name]
    if saltelli in lived.tables:
        indices = statistics.saltelli_indices(names, lived.tables[saltelli].value_usd.values, seed)
    else:
        indices = statistics.first_order(names, inputs, values)
    choices, tornado = np.stack([values, np.zeros_like(values)]), _tornado(names, single)
    return Sweep(
        scenario=scenario,
        case=case,
        seed=seed,
        table=table,
        stated=lived.tables[STATED],
        lived_count={name.partition("-")[0]: found.sizes["draw"] for name, found in lived.tables.items()},
        middle_value_usd=float(single.value_usd[0]),
        tornado=tornado,
        first_order=tuple(indices),
        evppi_usd=statistics.evppi_usd(names, inputs, choices),
        evpi_usd=statistics.evpi_usd(choices),
        digest=store.digest({DRAWS: every}),
        notes=(
            *notes(scenario, {scenario.name: case}),
            *left_out(every.sizes["draw"], len(values)),
            *_no_swing(names, tornado),
            *(_holes(lived.tables[saltelli]) if saltelli in lived.tables else ()),
            *_few(len(values)),
        ),
    )


def _tornado(names: Sequence[str], table: xr.Dataset) -> tuple[Swing, ...]:
    """The swing of each quantity at whose P10 and P90 the plan has a value, the widest first."""
    values, drawn = table.value_usd.values.tolist(), table.drawn.values
    found = [
        Swing(
            name=name,
            low=float(drawn[2 * n + 1, n]),
            high=float(drawn[2 * n + 2, n]),
            low_value_usd=values[2 * n + 1],
            high_value_usd=values[2 * n + 2],
        )
        for n, name in enumerate(names)
    ]
    valued = (swing for swing in found if np.isfinite(swing.swing_usd))
    return tuple(sorted(valued, key=lambda swing: -swing.swing_usd))


def _no_swing(names: Sequence[str], tornado: Sequence[Swing]) -> list[Note]:
    told = {swing.name for swing in tornado}
    text = "at its P10 or P90 the plan has no value, so that it is no part of the tornado."
    return [
        Note(code="no_value", path=f"uncertainty.{name}", text=f"{name}: {text}") for name in names if name not in told
    ]


def _holes(table: xr.Dataset) -> list[Note]:
    """That futures of a Saltelli design have no value."""
    count = int((~np.isfinite(table.value_usd.values)).sum())
    if not count:
        return []
    text = f"Futures of the Saltelli design without a value: {count:,}. The bases that they belong to are left out."
    return [Note(code="no_value", path="--saltelli", text=text)]


def notes(scenario: Scenario, cases: Mapping[str, PlannedCase]) -> tuple[Note, ...]:
    """What a reader must know of plans that are held to, and of what is drawn."""
    held = "Nothing is planned anew: orders and work stay as planned, and only come late or turn out differently."
    cash = "Plans borrow up to their limits. Cash runs out where debt passes these by more than the minimum of cash."
    anew = "Each future has a plan of its own, as if it were known, with tranches in proportion: a bound, no policy."
    planned = Note(code="held_plan", path="", text=held)
    if any(case.anew for case in cases.values()):
        planned = Note(code="planned_anew", path="--replan", text=anew)
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


def _few(draws_count: int) -> list[Note]:
    if draws_count >= statistics.LEAST_DRAWS:
        return []
    text = f"{draws_count} futures are too few for shares of variance: at least {statistics.LEAST_DRAWS}."
    return [Note(code="few_draws", path="--draws", text=text)]


def _planned(found: Sweep) -> dict[str, float]:
    """What the books of the plan say, before anything is lived through: the figures of `run`."""
    values = account(found.scenario, found.case.plan).values
    return {
        "npv_usd": values.npv_usd,
        "terminal_value_usd": values.terminal_value_usd,
        "value_usd": values.npv_usd + values.terminal_value_usd,
    }


def summary(found: Sweep) -> dict[str, Any]:
    """The fields of `gigawatt sweep --json`, files aside; what does not exist is null."""
    return strict(
        {
            "gigawatt": version("gigawatt"),
            "scenario": found.scenario.name,
            "hash": found.scenario.hash,
            "seed": found.seed,
            "draws": found.lived_count[DRAWS],
            "lived_count": dict(found.lived_count),
            "target_w": found.scenario.asked.programme.target_w,
            "planned": _planned(found),
            "stated": {
                name: float(found.stated[name][0])
                for name in ("npv_usd", "terminal_value_usd", "value_usd", "installed_w", "peak_debt_usd", "short_usd")
            },
            "outputs": outcomes(found.table),
            "middle_value_usd": found.middle_value_usd,
            "tornado": [asdict(swing) | {"swing_usd": swing.swing_usd} for swing in found.tornado],
            "first_order": [asdict(index) for index in found.first_order] or None,
            "evpi_usd": found.evppi_usd,
            "evpi_all_usd": found.evpi_usd,
            "digest": found.digest,
            "notes": [asdict(note) for note in found.notes],
        }
    )
