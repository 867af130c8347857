"""Quarters, and quantities over time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from gigawatt.ndarrays import Floats
from gigawatt.units import HOUR_S

QUARTER = re.compile(r"([0-9]{4})Q([1-4])")
QUARTERS_PER_YEAR = 4
# The mean year of the Julian calendar, a quarter of it, and their seconds: what a plan counts in. Hours of weather and
# of prices are those of a calendar year, 8760 or 8784.
DAYS_PER_YEAR = 365.25
HOURS_PER_YEAR = 24 * DAYS_PER_YEAR
HOURS_PER_QUARTER = HOURS_PER_YEAR / QUARTERS_PER_YEAR
SECONDS_PER_YEAR = HOURS_PER_YEAR * HOUR_S
SECONDS_PER_QUARTER = SECONDS_PER_YEAR / QUARTERS_PER_YEAR
# The quarter of a course that is one value, held for ever.
HELD = "0000Q1"
# A mark that is reached to within this share is reached: the rest is a solver's rounding.
REACHED_FRAC = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A quantity over time: values at the starts of quarters, in between by rule, held after the last point.

    `periods` are quarters such as "2026Q3", rising; `values` are in the unit of the field that holds the course.
    """

    periods: tuple[str, ...]
    values: tuple[float, ...]


def quarter_number(quarter: str) -> int:
    """Quarters since year 0: "2026Q3" is 8106. Raises ValueError where the text is no quarter."""
    match = QUARTER.fullmatch(quarter)
    if not match:
        raise ValueError('a quarter such as "2026Q3"')
    return int(match[1]) * QUARTERS_PER_YEAR + int(match[2]) - 1


def quarter_name(number: int) -> str:
    """The inverse of `quarter_number`."""
    return f"{number // QUARTERS_PER_YEAR:04d}Q{number % QUARTERS_PER_YEAR + 1}"


def quarter_of(date: str) -> str:
    """The quarter of a day, a moment or a month: "2026-05" is in "2026Q2"."""
    return f"{date[:4]}Q{(int(date[5:7]) + 2) // 3}"


def quarter_range(first: str, last: str) -> list[str]:
    """Every quarter from first to last, both included."""
    return [quarter_name(n) for n in range(quarter_number(first), quarter_number(last) + 1)]


def first_day(quarter: str) -> str:
    """First day of a quarter as an ISO date: "2027Q3" is 2027-07-01."""
    year, q = divmod(quarter_number(quarter), QUARTERS_PER_YEAR)
    return f"{year:04d}-{3 * q + 1:02d}-01"


def last_day(quarter: str) -> str:
    """Last day of a quarter as an ISO date: "2033Q4" is 2033-12-31."""
    year, q = divmod(quarter_number(quarter), QUARTERS_PER_YEAR)
    return f"{year:04d}-{('03-31', '06-30', '09-30', '12-31')[q]}"


def sample(course: Course, quarters: Sequence[str], how: Literal["linear", "log"] = "linear") -> Floats:
    """Values of a course in each quarter [unit of the course], shape (quarters,).

    Between points the value, or its logarithm (`how="log"`: steady growth), is linear; before the first and after
    the last point it is held. A log course with a zero is linear.
    """
    at = np.array([quarter_number(q) for q in quarters], dtype=float)
    known = np.array([quarter_number(q) for q in course.periods], dtype=float)
    values = np.array(course.values, dtype=float)
    if how == "log" and np.all(values > 0):
        return np.exp(np.interp(at, known, np.log(values)))
    return np.interp(at, known, values)


def arriving(course: Course, quarters: Sequence[str], slip_count: int = 0) -> Floats:
    """Values of a course of something that arrives (power, supply) in each quarter, every point `slip_count` later.

    Before its first point there is nothing. What the course has by the first of the quarters has arrived: it does not
    slip.
    """
    at = np.array([quarter_number(q) for q in quarters], dtype=float)
    known = np.array([quarter_number(q) for q in course.periods], dtype=float)
    values = np.array(course.values, dtype=float)
    standing = np.interp(at[0], known, values, left=0.0)
    return np.maximum(np.interp(at, known + slip_count, values, left=0.0), min(standing, values[-1]))


def first_reached(power_w: Floats, mark_w: float) -> int | None:
    """Where power over time first reaches a mark, None where it never does."""
    reached = np.flatnonzero(power_w >= mark_w * (1 - REACHED_FRAC))
    return int(reached[0]) if reached.size else None
