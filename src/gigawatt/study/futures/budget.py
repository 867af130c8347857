"""What futures will cost, told from one of them before the others are begun, and how much they may."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from gigawatt import units
from gigawatt.quarters import HOURS_PER_YEAR
from gigawatt.study.question import refuse, wrong
from gigawatt.units import HOUR_S

T = TypeVar("T")

# Futures that tell what all cost: of those that are planned anew each, and of those that are lived through together, of
# which fewer would tell of what is done once for all.
FEW, TOGETHER = 3, 20
MINUTES_PER_HOUR, SECONDS_PER_MINUTE = 60.0, 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The most that may be spent: seconds on the clock, or of all CPUs together; text: as it was given."""

    text: str
    most_s: float
    of_cpu: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FuturesCost:
    """So many futures at each_s of CPU, on so many workers."""

    futures_count: int
    each_s: float
    workers_count: int

    @property
    def cpu_s(self) -> float:
        """Time of all CPUs together."""
        return self.futures_count * self.each_s

    @property
    def wall_s(self) -> float:
        """Time on the clock."""
        return self.cpu_s / max(min(self.workers_count, self.futures_count), 1)

    def words(self) -> str:
        """The estimate as one says it."""
        workers = "1 worker" if self.workers_count == 1 else f"{self.workers_count} workers"
        each = f"{self.futures_count:,} futures at {self.each_s:.2g} s of CPU"
        return f"{each}: about {span_words(self.wall_s)} on {workers}, {self.cpu_s / HOUR_S:.2g} hours of CPU"


def read_budget(text: str) -> Budget:
    """A duration on the clock ("10 min"), or a bare number of hours of CPU. Raises ValueError with what is expected."""
    try:
        most_s, of_cpu = HOUR_S * float(text), True
    except ValueError:
        most_s, of_cpu = units.parse(text, "s"), False
    if not 0 < most_s < float("inf"):
        raise ValueError('a duration such as "10 min", or hours of CPU such as "0.5", above 0')
    return Budget(text=text, most_s=most_s, of_cpu=of_cpu)


def estimate(live: Callable[[int], T], futures_count: int, workers_count: int, few_count: int) -> tuple[FuturesCost, T]:
    """What futures cost, from the first few of them, and what these came to; live: lives through so many.

    One goes before, for the first one also loads what all of them need.
    """
    live(1)
    started = time.process_time()
    found = live(few_count)
    each_s = (time.process_time() - started) / few_count
    return FuturesCost(futures_count=futures_count, each_s=each_s, workers_count=workers_count), found


def check_budget(budget: Budget | None, cost: FuturesCost) -> None:
    """Raises ScenarioError, with the estimate, where it is above the budget."""
    if budget is not None and (cost.cpu_s if budget.of_cpu else cost.wall_s) > budget.most_s:
        refuse([wrong("budget", budget.text, f"at least the estimate, {cost.words()}")])


def span_words(span_s: float) -> str:
    """A time as one says it."""
    minutes = span_s / SECONDS_PER_MINUTE
    if minutes < 2:
        return f"{span_s:.0f} s"
    hours = minutes / MINUTES_PER_HOUR
    if hours < 2:
        return f"{minutes:.0f} min"
    return f"{hours:.1f} h" if hours < HOURS_PER_YEAR else f"{hours / HOURS_PER_YEAR:,.0f} years"
