"""A company's past as series in time, and the wheel turned through it from the first year end on.

One turn is a year; nothing published enters but the levels L of three series at their first points (powers are those of
year ends y, R and U too):

    P[y+1] = P[y] + m·R[y] / κ                                    revenue → capital → compute
    c(t)   = log10(P(t) / P[0]) + t·log10((1 + a)·(1 + h))        compute → effective training compute → capability
    U(t)   = U[0] · users_ratio(c(t) − c[0])                      capability → weekly users (tokens.capability)
    R(t)   = R[0] · U(t) / U[0] · (g·p)^c(t)                      users × tokens a user × price → revenue

with m capital per revenue, κ capital per watt, a algorithmic and h hardware progress, g and p what tokens a user and
the price of a token are multiplied by for each order of magnitude of effective compute. Between year ends power grows
at a constant rate; a constant share of it trains.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from gigawatt import tokens
from gigawatt.catalog.records import History, HistoryPoint
from gigawatt.errors import CatalogError, Fault
from gigawatt.scenario.flywheel import Flywheel

# Fields of a point, in the order of the chain, with what they are in words and the suffix of their unit.
SERIES = {
    "power_w": ("compute", "w"),
    "yearly_revenue_usd": ("yearly revenue", "usd"),
    "weekly_users_count": ("weekly users", "count"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A figure of a day: years since the first year end, whether it judges instead of setting, and its point."""

    since_years: float
    value: float
    held_out: bool
    point: HistoryPoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """Where each series of the wheel begins, at its first point."""

    power_w: float
    yearly_revenue_usd: float
    weekly_users_count: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What is known of a company, by field of `SERIES`, in the order of days, from `start_year` (2023.99…) on."""

    start_year: float
    power_w: tuple[Known, ...]
    yearly_revenue_usd: tuple[Known, ...]
    weekly_users_count: tuple[Known, ...]

    def series(self, name: str) -> tuple[Known, ...]:
        """All figures of a series."""
        found: tuple[Known, ...] = getattr(self, name)
        return found

    def setting(self, name: str) -> tuple[Known, ...]:
        """The figures of a series that are not held out: they set elasticities."""
        return tuple(known for known in self.series(name) if not known.held_out)

    @property
    def first(self) -> Levels:
        """The first figures as they were published."""
        return Levels(**{name: self.series(name)[0].value for name in SERIES})

    @property
    def set_until_date(self) -> str:
        """Day of the last figure that sets."""
        return max(known.point.day_date for name in SERIES for known in self.setting(name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hindcast:
    """The past as the wheel turns it: power at year ends, and capability, users and revenue at any time."""

    wheel: Flywheel
    past: Past
    levels: Levels
    power_w: tuple[float, ...]

    def grown_w(self, since_years: float) -> float:
        """Power at a time: at a constant rate between year ends, and at the first one's before them."""
        year = min(max(math.floor(since_years), 0), len(self.power_w) - 2)
        before, after = self.power_w[year : year + 2]
        return before * (after / before) ** (since_years - year)

    def orders(self, since_years: float) -> float:
        """Orders of magnitude of effective training compute since the first year end."""
        progress = (1 + self.wheel.algorithmic_progress_per_year) * (1 + self.wheel.hardware_progress_per_year)
        effective = tokens.effective_flop(self.grown_w(since_years), since_years, progress - 1)
        return float(tokens.orders_count(effective, self.power_w[0]))

    def users_count(self, since_years: float) -> float:
        """Weekly users at a time."""
        first = self.levels.weekly_users_count
        orders = self.orders(since_years) - self.orders(self.past.weekly_users_count[0].since_years)
        share = first / self.wheel.people_count
        return first * float(tokens.users_ratio(share, self.wheel.users_odds_ratio, orders))

    def revenue_usd(self, since_years: float) -> float:
        """Yearly revenue at a time."""
        spent = tokens.grown_ratio(
            self.wheel.user_tokens_ratio * self.wheel.token_price_ratio, self.orders(since_years)
        )
        users = self.users_count(since_years) / self.users_count(0.0)
        return self.levels.yearly_revenue_usd * users * float(spent)

    def of(self, name: str) -> Callable[[float], float]:
        """A field of `SERIES` by time in years since the first year end."""
        found = {
            "power_w": self.grown_w,
            "yearly_revenue_usd": self.revenue_usd,
            "weekly_users_count": self.users_count,
        }
        return found[name]


def past(history: History, fitted_until_date: str | None = None) -> Past:
    """The points of a history as series in time, from its first year end with power and revenue on.

    fitted_until_date: day to which points set elasticities, all later ones are held out; None: as the history says.
    Raises CatalogError where a day is none, or two points that set elasticities are missing or not a year apart.
    """
    days = {point.day_date: _decimal_year(history, point.day_date) for point in history.points}
    points = sorted(history.points, key=lambda point: days[point.day_date])
    held = {p.day_date: p.held_out if fitted_until_date is None else p.day_date > fitted_until_date for p in points}
    both = [p for p in points if p.power_w and p.yearly_revenue_usd and not held[p.day_date]]
    users = [p for p in points if p.weekly_users_count and not held[p.day_date]]
    if len(both) < 2 or len(users) < 2 or abs(days[both[1].day_date] - days[both[0].day_date] - 1) > 1 / 12:
        expected = "two points with power and revenue, a year apart, and two with users, that are not held out"
        raise CatalogError(
            [Fault(path=f"history.{history.id}.points", given=f"{len(points)} points", expected=expected)]
        )
    start = days[both[0].day_date]

    def known(name: str) -> tuple[Known, ...]:
        return tuple(
            Known(since_years=days[p.day_date] - start, value=value, held_out=held[p.day_date], point=p)
            for p in points
            if (value := getattr(p, name)) is not None
        )

    return Past(start_year=start, **{name: known(name) for name in SERIES})


def _decimal_year(history: History, day: str) -> float:
    """2024.5 for the middle of 2024."""
    try:
        found = date.fromisoformat(day)
    except ValueError:
        raise CatalogError(
            [Fault(path=f"history.{history.id}.points.day", given=f'"{day}"', expected="a day, such as 2026-07-01")]
        ) from None
    first, last = date(found.year, 1, 1), date(found.year + 1, 1, 1)
    return found.year + (found - first).days / (last - first).days


def hindcast(wheel: Flywheel, known: Past, levels: Levels | None = None, published: Sequence[Known] = ()) -> Hindcast:
    """Turn the wheel from the first year end on, to beyond the last thing known.

    levels: where it begins; None: at the first figures as they were published. published: powers of year ends that are
    taken as they are instead of what capital buys.
    """
    levels = levels or known.first
    last = max(point.since_years for name in SERIES for point in known.series(name))
    given = {round(one.since_years): one.value for one in published}
    revenue = levels.yearly_revenue_usd
    power = [given.get(0, levels.power_w)]
    for year in range(1, math.ceil(last) + 2):
        bought = wheel.capital_per_revenue_ratio * revenue / wheel.compute_cost_usd_per_w
        power.append(given.get(year, power[-1] + bought))
        turned = Hindcast(wheel=wheel, past=known, levels=levels, power_w=tuple(power))
        revenue = turned.revenue_usd(float(year))
    return Hindcast(wheel=wheel, past=known, levels=levels, power_w=tuple(power))
