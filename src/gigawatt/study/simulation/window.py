"""The hours that are lived through: from when to when, in which steps, and with which events."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

from gigawatt.errors import Fault, ScenarioError
from gigawatt.quarters import QUARTER, first_day, quarter_name, quarter_number
from gigawatt.scenario.check_size import MOST_HOURS_COUNT
from gigawatt.scenario.schema import Scenario
from gigawatt.simulation import calendar
from gigawatt.simulation.limits import Event
from gigawatt.simulation.timeline import Window
from gigawatt.study.question import refuse, wrong
from gigawatt.study.simulation.events import read_events, span
from gigawatt.study.simulation.question import SimulationQuestion
from gigawatt.units import show

MOST_STEPS = 200_000
STEP_H, EVENT_STEP_H = 1.0, 1 / 12
DAYS_BEFORE, DAYS_AFTER = 1, 2
# A step and the start of an event agree to less than a second.
ALIGNED_H = 1e-4
DAY_HOURS = float(calendar.DAY_HOURS)
SECONDS_PER_MINUTE = 60.0


def window(question: SimulationQuestion, scenario: Scenario) -> Window:
    """The hours, steps and events of a question. Raises ScenarioError with every fault that was found."""
    weekly = scenario.asked.simulate.mode == "expected"
    if weekly and question.event:
        expected = "stochastic mode, for representative weeks have no dates"
        refuse([wrong("event", question.event[0], expected)])
    faults: list[Fault] = []
    events = _kept(faults, lambda: read_events(question.event, scenario)) or ()
    step_h = _kept(faults, lambda: _step_h(question.step_s, weekly, bool(question.event)))
    first = _kept(faults, lambda: _edge_h("from", question.from_, scenario))
    last = _kept(faults, lambda: _edge_h("to", question.to, scenario))
    refuse(faults)
    begin_h, end_h = _default_span(scenario, events)
    begin_h, end_h = begin_h if first is None else first[0], end_h if last is None else last[1]
    _check_span(question, scenario, begin_h, end_h, step_h)
    _check_events(question.event, events, begin_h, end_h, step_h)
    return Window(first_h=begin_h, last_h=end_h, step_h=step_h, events=events, all_outages=question.events is not None)


def _kept(faults: list[Fault], read: Callable[[], Any]) -> Any:
    """What a reader returns; its faults are kept, for all of them are reported at once."""
    try:
        return read()
    except ScenarioError as error:
        faults += error.faults
        return None


def _step_h(step_s: float | None, weekly: bool, eventful: bool) -> float:
    """Length of a step [h]: whole minutes that divide the hour."""
    if step_s is None:
        return EVENT_STEP_H if eventful else STEP_H
    minutes = step_s / SECONDS_PER_MINUTE
    whole = round(minutes)
    if whole < 1 or abs(minutes - whole) > ALIGNED_H or calendar.MINUTES % whole:
        expected = "whole minutes that divide the hour, such as 1h, 15min, 5min or 1min"
        refuse([wrong("step", show(step_s, "s"), expected)])
    if weekly and whole != calendar.MINUTES:
        refuse([wrong("step", show(step_s, "s"), "1h in expected mode")])
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


def _edge_h(key: str, text: str | None, scenario: Scenario) -> tuple[float, float] | None:
    """Where a quarter, month or day begins and ends [h from the start of the plan]."""
    if text is None:
        return None
    try:
        first, after = days(text.strip())
    except (ValueError, OverflowError):  # no such date, or the day after the last one
        expected = "a quarter (2028Q1), a month (2028-07) or a day (2028-07-01)"
        raise ScenarioError([wrong(key, text, expected)]) from None
    origin = date.fromisoformat(first_day(scenario.quarters[0]))
    found = (first - origin).days * DAY_HOURS, (after - origin).days * DAY_HOURS
    if found[0] < 0 or found[1] > calendar.edges_h(scenario.quarters)[-1]:
        expected = f"a date within the plan, {span(scenario)}"
        refuse([wrong(key, text, expected)])
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
        end = question.to or f"the end of what is reported, {scenario.asked.horizon.report_end_date}"
        if question.from_ is None:
            refuse([wrong("to", question.to, "a time after the first hour that is lived through")])
        refuse([wrong("from", question.from_, f"a time before the last one, {end}")])
    count = round((end_h - begin_h) / step_h)
    pairs = len(scenario.asked.sites) * len(scenario.asked.platforms)
    most_count = min(MOST_STEPS, MOST_HOURS_COUNT // pairs)
    if count > most_count:
        most = math.floor(most_count * step_h / DAY_HOURS)
        given = f"{round(step_h * calendar.MINUTES)}min over {(end_h - begin_h) / DAY_HOURS:,.0f} days: {count:,} steps"
        expected = f"at most {most_count:,} steps, which is {most:,} days of it: a longer step, or fewer days"
        refuse([Fault(path="step", given=given, expected=expected, asked=True)])


def _check_events(texts: Sequence[str], events: Sequence[Event], begin_h: float, end_h: float, step_h: float) -> None:
    """Events lie within the window, in whole steps."""
    faults = []
    for text, event in zip(texts, events, strict=True):
        if event.start_h < begin_h or event.end_h > end_h:
            faults.append(wrong("event", text, "a time within what is lived through"))
        steps = event.start_h / step_h, event.end_h / step_h
        if any(abs(at - round(at)) * step_h > ALIGNED_H for at in steps):
            minutes = round(step_h * calendar.MINUTES)
            expected = f"a start and an end in whole steps of {minutes}min, or shorter steps"
            faults.append(wrong("event", text, expected))
    refuse(faults)
