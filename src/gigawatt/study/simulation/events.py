"""Events of the grid as text: when, for how long, at which site, and how much less it gets."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from gigawatt import units
from gigawatt.errors import Fault, ScenarioError, near
from gigawatt.quarters import first_day
from gigawatt.scenario.schema import Scenario
from gigawatt.simulation import calendar
from gigawatt.simulation.limits import Event
from gigawatt.study.question import refuse, wrong

SHAPE = (
    "START/DURATION site=ID and then -POWER, -SHARE% or <=POWER, such as "
    '"2028-07-14T16:00/4h site=abilene -300 MW"; START is the site\'s standard time, or UTC where it ends in Z'
)
_EVENT = re.compile(r"\s*(\S+?)\s*/\s*([^/=]*?)\s+site=(\S+)\s+(-|<=)\s*(.+?)\s*")
_MINUS = "\N{MINUS SIGN}"
_HOUR = timedelta(hours=1)
T = TypeVar("T")


def read_events(texts: Sequence[str], scenario: Scenario) -> tuple[Event, ...]:
    """The events that texts describe. Raises ScenarioError with every fault of all of them."""
    found: list[Event] = []
    faults: list[Fault] = []
    for text in texts:
        try:
            found.append(read_event(text, scenario))
        except ScenarioError as error:
            faults += error.faults
    refuse(faults)
    return tuple(found)


def read_event(text: str, scenario: Scenario) -> Event:
    """The event that a text describes: `SHAPE`. Raises ScenarioError with every fault."""
    match = _EVENT.fullmatch(text.replace(_MINUS, "-"))
    if match is None:
        raise ScenarioError([wrong("event", text, SHAPE)])
    start, duration, site, sign, power = match.groups()
    faults: list[Fault] = []
    found = _site(site, scenario, faults)
    length_h = _read(faults, duration, _duration_h)
    bound = _read(faults, f"{sign}{power}", lambda _: _bound(sign, power))
    moment = _read(faults, start, _moment)
    if faults or found is None or length_h is None or bound is None or moment is None:
        raise ScenarioError(faults)
    begin_h = _hours(moment, scenario, found)
    edges = calendar.edges_h(scenario.quarters)
    if begin_h < 0 or begin_h + length_h > edges[-1]:
        refuse([wrong("event", f"{start}/{duration}", f"a time within the plan, {span(scenario)}")])
    return Event(site=found, start_h=begin_h, end_h=begin_h + length_h, **bound)


def span(scenario: Scenario) -> str:
    """First and last day of a plan."""
    first = datetime.fromisoformat(first_day(scenario.quarters[0]))
    last = first + float(calendar.edges_h(scenario.quarters)[-1]) * _HOUR - timedelta(days=1)
    return f"{first.date()} to {last.date()}"


def _read(faults: list[Fault], given: str, read: Callable[[str], T]) -> T | None:
    """What a reader makes of a piece of text, or a fault with what it expects."""
    try:
        return read(given)
    except ValueError as error:
        faults.append(wrong("event", given, str(error)))
        return None


def _site(name: str, scenario: Scenario, faults: list[Fault]) -> str | None:
    sites = list(scenario.records.sites)
    if name in sites:
        return name
    faults.append(wrong("event", f"site={name}", f"one of the sites {', '.join(sites)}{near(name, sites)}"))
    return None


def _duration_h(text: str) -> float:
    expected = "a duration above zero, such as 4h or 90min"
    try:
        length_h = units.parse(text, "h")
    except ValueError:
        raise ValueError(expected) from None
    if length_h <= 0:
        raise ValueError(expected)
    return length_h


def _bound(sign: str, text: str) -> dict[str, float]:
    """What an event leaves: a field of Event, and its value."""
    if sign == "<=":
        return {"most_w": units.parse(text, "w")}
    name, suffix = ("less_frac", "frac") if text.endswith("%") else ("less_w", "w")
    value = units.parse(text, suffix)
    if value == 0:
        raise ValueError(f"{units.SUFFIXES[suffix].example}, above zero")
    return {name: value}


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("a time such as 2028-07-14T16:00, or in UTC 2028-07-14T22:00Z") from None


def _hours(moment: datetime, scenario: Scenario, site: str) -> float:
    """Hours from the start of the plan, UTC; a time without a zone is the site's standard time."""
    origin = datetime.fromisoformat(first_day(scenario.quarters[0])).replace(tzinfo=UTC)
    if moment.tzinfo is None:
        offset_h = scenario.records.sites[site].utc_offset_h
        return (moment.replace(tzinfo=UTC) - origin) / _HOUR - offset_h
    return (moment - origin) / _HOUR
