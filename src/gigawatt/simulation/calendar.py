"""Steps of time: representative weeks of quarters, or every hour of them, or less than an hour.

Hours count from 00:00 UTC on the first day of the plan. A quarter of the plan is 2191.5 hours, whatever its days, and
the steps of a whole quarter weigh so much that they add up to that; in four years nothing is lost. Steps of a part of a
quarter stand for themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gigawatt.quarters import HOURS_PER_QUARTER, first_day, quarter_name, quarter_number

DAY_HOURS, WEEK_DAYS = 24, 7
WEEK_HOURS = DAY_HOURS * WEEK_DAYS
MINUTES = 60
ROUNDING_H = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Consecutive steps inside one quarter.

    period: index of the quarter; first_h: hours from the start of the plan, a whole number of days; count: steps of
    step_h, a whole number of days in all; weight_h: hours that each step stands for.
    """

    period: int
    first_h: float
    count: int
    step_h: float
    weight_h: float

    @property
    def days(self) -> int:
        return round(self.count * self.step_h) // DAY_HOURS

    def hour_of_day(self) -> NDArray[np.intp]:
        """UTC hour of each step."""
        return np.floor(np.arange(self.count) * self.step_h + ROUNDING_H).astype(np.intp) % DAY_HOURS

    def when(self, quarters: Sequence[str]) -> NDArray[np.datetime64]:
        """When each step begins, UTC."""
        minutes = np.rint((self.first_h + np.arange(self.count) * self.step_h) * MINUTES).astype("timedelta64[m]")
        return np.datetime64(first_day(quarters[0]), "m") + minutes

    def passed_frac(self, quarters: Sequence[str]) -> NDArray[np.float64]:
        """Share of the quarter that has passed at the end of each step."""
        begin, end = edges_h(quarters)[[self.period, self.period + 1]]
        return (self.first_h - begin + (np.arange(self.count) + 1) * self.step_h) / (end - begin)


def edges_h(quarters: Sequence[str]) -> NDArray[np.float64]:
    """Hours at which quarters begin, and the last one ends, shape (quarters + 1,)."""
    names = [*quarters, quarter_name(quarter_number(quarters[-1]) + 1)]
    days = [date.fromisoformat(first_day(name)) for name in names]
    return np.array([(day - days[0]).days * DAY_HOURS for day in days], dtype=float)


def weeks(quarters: Sequence[str]) -> list[Span]:
    """A representative week of every quarter, which stands for all of it."""
    weight = HOURS_PER_QUARTER / WEEK_HOURS
    begins = edges_h(quarters)[:-1].tolist()
    return [
        Span(period=period, first_h=begin, count=WEEK_HOURS, step_h=1.0, weight_h=weight)
        for period, begin in enumerate(begins)
    ]


def spans(quarters: Sequence[str], first_h: float, last_h: float, step_h: float) -> list[Span]:
    """The steps from first_h to last_h, both whole days, cut at the ends of quarters."""
    edges = edges_h(quarters)
    found = []
    for period, (begin, end) in enumerate(pairwise(edges.tolist())):
        low, high = max(begin, first_h), min(end, last_h)
        if low < high:
            weight = step_h * (HOURS_PER_QUARTER / (end - begin) if (low, high) == (begin, end) else 1.0)
            count = round((high - low) / step_h)
            found.append(Span(period=period, first_h=low, count=count, step_h=step_h, weight_h=weight))
    return found
