"""What is asked of `simulate`, as text, and how it is read: seed, mode, window, step and events."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from gigawatt import units
from gigawatt.errors import Fault, ScenarioError
from gigawatt.quarters import QUARTER, first_day, quarter_name, quarter_number
from gigawatt.scenario.load import DEFAULT, reread
from gigawatt.scenario.schema import Scenario
from gigawatt.simulate import calendar
from gigawatt.simulate.limits import Event
from gigawatt.simulate.timeline import Window
from gigawatt.study.opened import is_folder, scenario_of
from gigawatt.study.result import Result
from gigawatt.study.simulation.events import OPTION, read_events, span

MODES = ("stochastic", "expected")
# What may change when a saved plan is lived through again: the plan is made of none of it, or is put to the test by it.
NOT_PLANNED = re.compile(
    r"seed|implausible|simulate\..+|regions\..+|operations\.(package_failures|checkpoint|restart|idle_draw|busiest)"
    r"|sites\.[^.]+\.(weather_file|price_file|carbon_file|files_offset|price_level|price_ratios|curtailment(\..+)?)"
)
MOST_STEPS = 200_000
STEP_H, EVENT_STEP_H = 1.0, 1 / 12
DAYS_BEFORE, DAYS_AFTER = 1, 2
# A step and the start of an event agree to less than a second.
ALIGNED_H = 1e-4
DAY_HOURS = float(calendar.DAY_HOURS)


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationQuestion:
    """A simulation as it is asked for, in text as on a command line; None is not asked for.

    source: a preset, a scenario file or the folder of a result. first, last: quarters, months or days, both included.
    step: a duration that divides an hour. events: see `events.SHAPE`. outages: "all" keeps every outage, not only the
    longest. out: folder in which all of it will be written.
    """

    source: str = DEFAULT
    overrides: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    mode: str | None = None
    first: str | None = None
    last: str | None = None
    step: str | None = None
    events: tuple[str, ...] = ()
    outages: str | None = None
    out: Path | None = None


def opened(question: SimulationQuestion) -> tuple[Scenario, Result | None]:
    """The scenario that is lived through, with seed and mode settled, and the result whose plan is taken, if any."""
    _check(question)
    if is_folder(question.source):
        _check_unplanned(question.overrides)
    scenario, saved = scenario_of(question.source, question.overrides)
    settled: dict[str, Any] = {"simulate.mode": question.mode or _stated_mode(scenario) or MODES[0]}
    if question.seed is not None:
        settled["seed"] = question.seed
    return reread(scenario, settled), saved


def window(question: SimulationQuestion, scenario: Scenario) -> Window:
    """The hours, steps and events of a question. Raises ScenarioError with every fault that was found."""
    weekly = scenario.asked.simulate.mode == "expected"
    if weekly and question.events:
        expected = "--mode stochastic: representative weeks have no dates"
        raise ScenarioError([Fault(path=OPTION, given="an event in expected mode", expected=expected)])
    faults: list[Fault] = []
    events = _kept(faults, lambda: read_events(question.events, scenario)) or ()
    step_h = _kept(faults, lambda: _step_h(question.step, weekly, bool(question.events)))
    first = _kept(faults, lambda: _edge_h("--from", question.first, scenario))
    last = _kept(faults, lambda: _edge_h("--to", question.last, scenario))
    if faults or step_h is None:
        raise ScenarioError(faults)
    begin_h, end_h = _default_span(scenario, events)
    begin_h, end_h = begin_h if first is None else first[0], end_h if last is None else last[1]
    _check_span(question, scenario, begin_h, end_h, step_h)
    _check_events(question.events, events, begin_h, end_h, step_h)
    return Window(first_h=begin_h, last_h=end_h, step_h=step_h, events=events, all_outages=question.outages is not None)


def _check(question: SimulationQuestion) -> None:
    faults = []
    if question.mode is not None and question.mode not in MODES:
        faults.append(Fault(path="--mode", given=f'"{question.mode}"', expected=" or ".join(MODES)))
    if question.seed is not None and question.seed < 0:
        faults.append(Fault(path="--seed", given=str(question.seed), expected="a whole number from 0 on"))
    if question.outages not in (None, "all"):
        faults.append(Fault(path="--events", given=f'"{question.outages}"', expected='"all"; one event is --event'))
    if question.outages == "all" and question.out is None:
        faults.append(Fault(path="--events", given="all", expected="--out DIR beside it, for that is where they go"))
    if faults:
        raise ScenarioError(faults)


def _check_unplanned(overrides: Mapping[str, Any]) -> None:
    """Refuse, of the scenario of a result, what its plan is made of."""
    expected = (
        "for a saved result only what its plan is not made of: seed, simulate, regions, how racks fail, files and "
        "contracts of sites; name a preset or file instead, and it is planned anew"
    )
    faults = [
        Fault(path=path, given=str(value), expected=expected)
        for path, value in overrides.items()
        if not NOT_PLANNED.fullmatch(path)
    ]
    if faults:
        raise ScenarioError(faults)


def _stated_mode(scenario: Scenario) -> str | None:
    """The mode that a scenario's file states, None where it leaves it open."""
    stated = tomllib.loads(scenario.toml).get("simulate", {}).get("mode")
    return None if stated is None else scenario.asked.simulate.mode


def _kept(faults: list[Fault], read: Callable[[], Any]) -> Any:
    """What a reader returns; its faults are kept, for all of them are reported at once."""
    try:
        return read()
    except ScenarioError as error:
        faults += error.faults
        return None


def _step_h(text: str | None, weekly: bool, eventful: bool) -> float:
    """Length of a step [h]: whole minutes that divide the hour."""
    if text is None:
        return EVENT_STEP_H if eventful else STEP_H
    expected = "whole minutes that divide the hour, such as 1h, 15min, 5min or 1min"
    try:
        minutes = units.parse(text, "h") * calendar.MINUTES
    except ValueError:
        raise ScenarioError([Fault(path="--step", given=f'"{text}"', expected=expected)]) from None
    whole = round(minutes)
    if whole < 1 or abs(minutes - whole) > ALIGNED_H or calendar.MINUTES % whole:
        raise ScenarioError([Fault(path="--step", given=f'"{text}"', expected=expected)])
    if weekly and whole != calendar.MINUTES:
        raise ScenarioError([Fault(path="--step", given=f'"{text}"', expected="1h in expected mode")])
    return whole / calendar.MINUTES


def days(text: str) -> tuple[date, date]:
    """First day of a quarter, a month or a day, and the first day after it.

    >>> days("2028Q1")
    (datetime.date(2028, 1, 1), datetime.date(2028, 4, 1))
    """
    if QUARTER.fullmatch(text):
        following = quarter_name(quarter_number(text) + 1)
        return date.fromisoformat(first_day(text)), date.fromisoformat(first_day(following))
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}", text):
        first = date.fromisoformat(f"{text}-01")
        return first, (first + timedelta(days=31)).replace(day=1)
    first = date.fromisoformat(text)
    return first, first + timedelta(days=1)


def _edge_h(option: str, text: str | None, scenario: Scenario) -> tuple[float, float] | None:
    """Where a quarter, month or day begins and ends [h from the start of the plan]."""
    if text is None:
        return None
    try:
        first, after = days(text.strip())
    except (ValueError, OverflowError):  # no such date, or the day after the last one
        expected = "a quarter (2028Q1), a month (2028-07) or a day (2028-07-01)"
        raise ScenarioError([Fault(path=option, given=f'"{text}"', expected=expected)]) from None
    origin = date.fromisoformat(first_day(scenario.quarters[0]))
    found = (first - origin).days * DAY_HOURS, (after - origin).days * DAY_HOURS
    if found[0] < 0 or found[1] > calendar.edges_h(scenario.quarters)[-1]:
        expected = f"a date within the plan, {span(scenario)}"
        raise ScenarioError([Fault(path=option, given=f'"{text}"', expected=expected)])
    return found


def _default_span(scenario: Scenario, events: Sequence[Event]) -> tuple[float, float]:
    """The reported window, or whole days around events that leave as much time before and after as they take."""
    edges = calendar.edges_h(scenario.quarters)
    if not events:
        return 0.0, float(edges[scenario.reported_count])
    first, last = min(event.start_h for event in events), max(event.end_h for event in events)
    before = max(DAYS_BEFORE, math.ceil((last - first) / DAY_HOURS))
    after = max(DAYS_AFTER, math.ceil((last - first) / DAY_HOURS))
    begin_h = (math.floor(first / DAY_HOURS) - before) * DAY_HOURS
    end_h = (math.ceil(last / DAY_HOURS) + after) * DAY_HOURS
    return max(begin_h, 0.0), min(end_h, float(edges[-1]))


def _check_span(question: SimulationQuestion, scenario: Scenario, begin_h: float, end_h: float, step_h: float) -> None:
    """Refuse a window without hours, and one of more steps than anybody wants to wait for."""
    if begin_h >= end_h:
        end = question.last or f"the end of what is reported, {scenario.asked.horizon.report_end_date}"
        raise ScenarioError([Fault(path="--from", given=f'"{question.first}"', expected=f"a time before --to, {end}")])
    count = round((end_h - begin_h) / step_h)
    if count > MOST_STEPS:
        most = math.floor(MOST_STEPS * step_h / DAY_HOURS)
        given = f"{round(step_h * calendar.MINUTES)}min over {(end_h - begin_h) / DAY_HOURS:,.0f} days: {count:,} steps"
        expected = (
            f"at most {MOST_STEPS:,} steps, which is {most:,} days of it: a longer step, or --from and --to nearer"
        )
        raise ScenarioError([Fault(path="--step", given=given, expected=expected)])


def _check_events(texts: Sequence[str], events: Sequence[Event], begin_h: float, end_h: float, step_h: float) -> None:
    """Events lie within the window, in whole steps."""
    faults = []
    for text, event in zip(texts, events, strict=True):
        if event.start_h < begin_h or event.end_h > end_h:
            faults.append(Fault(path=OPTION, given=f'"{text}"', expected="a time between --from and --to"))
        steps = event.start_h / step_h, event.end_h / step_h
        if any(abs(at - round(at)) * step_h > ALIGNED_H for at in steps):
            minutes = round(step_h * calendar.MINUTES)
            expected = f"a start and an end in whole steps of {minutes}min, or a shorter --step"
            faults.append(Fault(path=OPTION, given=f'"{text}"', expected=expected))
    if faults:
        raise ScenarioError(faults)
