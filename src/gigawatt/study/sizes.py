"""How much work a question asks for, counted before any of it is done: what `estimate` multiplies by what each takes.

One function a verb; a size costs no more than reading what the question names. Each raises ScenarioError with what the
verb itself refuses before it begins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from gigawatt.quarters import HOURS_PER_QUARTER
from gigawatt.scenario.check_size import decisions_count, parts, tranches_count
from gigawatt.scenario.load import load
from gigawatt.scenario.schema import Asked, Scenario
from gigawatt.study.claims.question import ClaimsQuestion
from gigawatt.study.flywheel.question import FlywheelQuestion
from gigawatt.study.futures.question import CompareQuestion, HedgeQuestion, SweepQuestion
from gigawatt.study.job import Job
from gigawatt.study.ledger.question import ImportQuestion, VerifyQuestion
from gigawatt.study.replay.question import ReplayQuestion
from gigawatt.study.run.question import RunQuestion
from gigawatt.study.simulation.question import SimulationQuestion
from gigawatt.study.track.question import ReforecastQuestion
from gigawatt.study.validate.question import ValidationQuestion

_OfScenario: TypeAlias = RunQuestion | SweepQuestion | HedgeQuestion | FlywheelQuestion | SimulationQuestion

# A linear programme takes more than in proportion to its variables.
PROGRAMME_POWER = 1.3
# Bytes at the head of a file by which its lines are counted.
HEAD_BYTES = 100_000
# The wheel is turned from two starts, and mostly stands after so many turns.
STARTS, TURNS = 2, 6
# Futures that a pilot lives through beside those that are asked for, where it lives through most.
PILOT = 21
# Requests that are generated where nobody says how many, seeds that they are drawn with, and runs of a search.
GENERATED, SEEDS, SEARCHES = 10_000, 5, 20
# Hours of a class in which its requests are followed one by one.
HOURS_COUNT = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionSize:
    """Work by kind, as the table of paces has them; in how many processes futures are lived through; in words."""

    counts: Mapping[str, float]
    workers_count: int = 1
    words: str = ""


def programme_count(asked: Asked) -> float:
    """Decisions of a plan, to the power by which they cost."""
    return float(decisions_count(asked)) ** PROGRAMME_POWER


def whole_count(asked: Asked) -> int:
    """Tranches that come whole, whose dates the planner searches for."""
    use = asked.capital.tranches
    return 0 if use is None or use.release != "step" else tranches_count(asked)


def weeks_count(scenario: Scenario) -> float:
    """Representative weeks of a plan: one a quarter, of each site and platform."""
    return float(len(scenario.quarters) * len(scenario.asked.sites) * len(scenario.asked.platforms))


def planned(scenario: Scenario, *, worth: bool = False) -> dict[str, float]:
    """Work to plan a scenario; worth: and to say what one more of each limit is worth."""
    programme, milestones = programme_count(scenario.asked), whole_count(scenario.asked)
    return {"plan": 1.0, "programme": programme, "milestones": programme * milestones, "worth": programme * worth}


def lived(scenario: Scenario, hours_count: float, steps_count: float = 1.0) -> dict[str, float]:
    """Work to live through hours of a plan; steps_count: in an hour."""
    pairs = len(scenario.asked.sites) * len(scenario.asked.platforms)
    if scenario.asked.simulate.mode == "expected":
        return {"live": 1.0, "weeks": hours_count / HOURS_PER_QUARTER * pairs}
    return {"live": 1.0, "drawn": 1.0, "hours": hours_count * steps_count * pairs}


def written(scenario: Scenario) -> dict[str, float]:
    """Work to write a result with its page, workbook and tables."""
    return {"report": 1.0, "report_weeks": weeks_count(scenario)}


def _asked_of(question: _OfScenario) -> Scenario:
    """The scenario that a question names. What opens results is loaded only where it is needed."""
    from gigawatt.study.opened import scenario_of

    return scenario_of(question.scenario, question.set)[0]


def run(question: RunQuestion) -> QuestionSize:
    """Of a plan that is lived through and written."""
    scenario = _asked_of(question)
    hours = len(scenario.quarters) * HOURS_PER_QUARTER
    counts = planned(scenario, worth=True) | lived(scenario, hours) | written(scenario)
    return QuestionSize(counts=counts, words=_said(scenario))


def _said(scenario: Scenario) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in parts(scenario.asked).items())


def simulate(question: SimulationQuestion) -> QuestionSize:
    """Of hours that are lived through, with the plan where there is none yet; twice where events are compared."""
    from gigawatt.study.simulation.opening import opened
    from gigawatt.study.simulation.window import window

    scenario, saved = opened(question)
    asked = window(question, scenario)
    end_h = len(scenario.quarters) * HOURS_PER_QUARTER if asked.last_h is None else asked.last_h
    hours = end_h - (asked.first_h or 0.0)
    counts = lived(scenario, hours * (2 if asked.events else 1), 1 / asked.step_h)
    counts |= written(scenario) | ({} if saved is not None else planned(scenario))
    counts |= {"pods": HOURS_COUNT * len(scenario.asked.use_cases)} if question.latency else {}
    words = f"{hours:,.0f} hours in steps of {60 * asked.step_h:.0f} min; {_said(scenario)}"
    return QuestionSize(counts=counts, words=words)


def sweep(question: SweepQuestion) -> QuestionSize:
    """Of futures of one plan: those drawn, those of the tornado, those of the Saltelli design."""
    from gigawatt.study.futures.ensemble import ensemble

    scenario = _asked_of(question)
    of = ensemble(question, scenario, Job())
    quantities = len(of.vary or scenario.asked.uncertainty)
    futures = of.futures_count + 2 * quantities + 2 + question.saltelli_count * (quantities + 2)
    return _futures({scenario.name: scenario}, futures, of.workers_count, replan=of.replan)


def compare(question: CompareQuestion) -> QuestionSize:
    """Of strategies: a plan each, and the same futures for all."""
    from gigawatt.study.futures.compare import asked_of
    from gigawatt.study.futures.ensemble import ensemble

    scenario, strategies = asked_of(question)
    of = ensemble(question, scenario, Job())
    return _futures(
        {one.name: one.scenario for one in strategies}, of.futures_count, of.workers_count, replan=of.replan
    )


def _futures(scenarios: Mapping[str, Scenario], each_count: int, workers_count: int, *, replan: bool) -> QuestionSize:
    counts: dict[str, float] = {"futures": float(PILOT), "report": 1.0}
    for scenario in scenarios.values():
        weeks = each_count * weeks_count(scenario)
        more = planned(scenario) | {"futures": float(each_count), "future_weeks": weeks}
        if replan:
            more |= {"future_plans": each_count, "future_programme": each_count * programme_count(scenario.asked)}
        counts = {name: counts.get(name, 0.0) + more.get(name, 0.0) for name in {**counts, **more}}
    plans = "1 plan" if len(scenarios) == 1 else f"{len(scenarios)} plans"
    words = f"{each_count:,} futures of {plans}; {_said(next(iter(scenarios.values())))}"
    return QuestionSize(counts=counts, workers_count=workers_count, words=words)


def hedge(question: HedgeQuestion) -> QuestionSize:
    """Of the common programme of all futures, and each by itself."""
    from gigawatt.study.futures.hedging import check

    scenario = _asked_of(question)
    check(scenario, question)
    count, alone = question.futures_count, programme_count(scenario.asked)
    together = alone * count**PROGRAMME_POWER * (3 if question.tail_weight_frac else 2)
    counts = {"plan": count + 1.0, "programme": alone * (count + 1), "common": together}
    return QuestionSize(counts=counts, words=f"{count} futures planned for at once; {_said(scenario)}")


def flywheel(question: FlywheelQuestion) -> QuestionSize:
    """Of the plans of all turns; none where only the past is asked for."""
    from gigawatt.study.flywheel.answer import faults_of
    from gigawatt.study.question import refuse

    refuse(faults_of(question))
    scenario = _asked_of(question)
    if question.backtest:
        return QuestionSize(counts={"past": 1.0}, words="the past alone")
    turns = STARTS * TURNS
    counts = {name: turns * count for name, count in planned(scenario).items()}
    return QuestionSize(counts=counts, words=f"about {turns} plans; {_said(scenario)}")


def claims(question: ClaimsQuestion) -> QuestionSize:
    """Of the plans that statements need: the programme as asked, and what-ifs with tranches in proportion."""
    from gigawatt.study.claims.letter import AS_ASKED
    from gigawatt.study.claims.sets import claim_set, wanted

    found = claim_set(question.of)
    ids = wanted(found, question.only, question.as_of_date)
    plans = {label for id_ in ids for label in found.plans.get(id_, ())}
    whole = planned(load(found.base))
    counts = {name: whole[name] * len(plans) for name in ("plan", "programme")}
    counts |= {"milestones": whole["milestones"] * (AS_ASKED in plans), "claims": float(len(ids))}
    return QuestionSize(counts=counts, words=f"{len(ids)} statements, {len(plans)} plans")


def reforecast(question: ReforecastQuestion) -> QuestionSize:
    """Of a new plan of what is left, at most of all that the old one has."""
    from gigawatt.study.track.known import opened

    scenario = opened(question.result).scenario
    hours = len(scenario.quarters) * HOURS_PER_QUARTER
    counts = planned(scenario, worth=True) | lived(scenario, hours) | written(scenario)
    return QuestionSize(counts=counts, words=f"at most {_said(scenario)}")


def replayed(question: ReplayQuestion) -> QuestionSize:
    """Of requests that are replayed, as often as they are for a search or with other seeds."""
    recorded = Path(question.trace).is_file()
    known = lines_count(Path(question.trace)) if recorded else GENERATED
    count = known if question.requests_count is None else question.requests_count
    count = min(count, known) if recorded else count
    seeds = 1 if recorded else question.replications_count or SEEDS
    often = seeds + SEARCHES * (question.find_capacity * seeds + question.pods)
    words = f"{count:,} requests, replayed about {often:,} times" if often > 1 else f"{count:,} requests"
    return QuestionSize(counts={"replays": 1.0, "requests": float(count * often)}, words=words)


def _rows(kind: str, file: str, size: int) -> QuestionSize:
    return QuestionSize(counts={kind: float(size)}, words=f"about {size:,} lines of {Path(file).name}")


def inference_rows(question: ValidationQuestion) -> QuestionSize:
    """Of measured rows of serving."""
    return _measured("inference", question)


def training_rows(question: ValidationQuestion) -> QuestionSize:
    """Of measured rows of training."""
    return _measured("training", question)


def energy_rows(question: ValidationQuestion) -> QuestionSize:
    """Of measured rows of energy."""
    return _measured("energy", question)


def facility_rows(question: ValidationQuestion) -> QuestionSize:
    """Of published figures of facilities."""
    return _measured("pue", question)


def whole_run_rows(question: ValidationQuestion) -> QuestionSize:
    """Of published training runs."""
    return _measured("runs", question)


def latency_rows(question: ValidationQuestion) -> QuestionSize:
    """Of measured times of serving, beside what the simulator takes to be made ready."""
    found = _measured("serving", question)
    return replace(found, counts={"serving": 1.0, **found.counts})


def _measured(shipped_as: str, question: ValidationQuestion) -> QuestionSize:
    from gigawatt.study.validate.score import shipped

    file = question.file or str(shipped(shipped_as))
    return _rows(f"rows_{shipped_as}", file, lines_count(Path(file)))


def imported(question: ImportQuestion) -> QuestionSize:
    """Of the lines of a file that is taken into a ledger."""
    return _rows("lines", question.file, lines_count(Path(question.file)))


def lines_count(file: Path) -> int:
    """Lines of a file, by those at its head; 0 where there is none to be read, as whoever reads it says."""
    try:
        with file.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
        size = file.stat().st_size
    except (OSError, ValueError):
        return 0
    return round(max(head.count(b"\n"), 1) * max(size / max(len(head), 1), 1.0))


def verified(question: VerifyQuestion) -> QuestionSize:
    """Of the facts of a ledger and of the readings behind them. Raises LedgerError where there is no ledger."""
    from gigawatt.ledger import book as books

    with books.reading(books.address(question.database)) as book:
        facts, readings = books.size(book)
    words = f"{facts:,} facts with {readings:,} readings"
    return QuestionSize(counts={"facts": float(facts), "readings": float(readings)}, words=words)
