"""The flywheel turned through the past: set on two years of a company, judged by what came after.

One turn is a year. From the first point on, nothing published enters (powers are those of year ends y, R and U too):

    P[y+1] = P[y] + m·R[y] / κ                                    revenue → capital → compute
    c(t)   = log10(P(t) / P[0]) + t·log10((1 + a)·(1 + h))        compute → effective training compute → capability
    U(t)   = U[0] · users_ratio(c(t) − c[0])                      capability → weekly users (tokens.capability)
    R(t)   = R[0] · U(t) / U[0] · (g·p)^c(t)                      users × tokens a user × price → revenue

with m capital per revenue, κ capital per watt, a algorithmic and h hardware progress, g and p what tokens a user and
the price of a token are multiplied by for each order of magnitude of effective compute. Between year ends power grows
at a constant rate; a constant share of it trains. Two points of each series give m, the odds of `users_ratio`, and g·p
exactly: nothing is left over to test them on but what is held out. g and p are known as a product only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

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
    """A figure of a day: years since the first year end, and the point that it stands in."""

    since_years: float
    value: float
    point: HistoryPoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What is known of a company, by field of `SERIES`, in the order of days."""

    power_w: tuple[Known, ...]
    yearly_revenue_usd: tuple[Known, ...]
    weekly_users_count: tuple[Known, ...]

    def setting(self, name: str) -> tuple[Known, Known]:
        """The first two figures of a series that are not held out: they set elasticities."""
        first, second = [known for known in getattr(self, name) if not known.point.held_out][:2]
        return first, second


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestRow:
    """A published figure of a day, in `unit`, beside what the wheel says of it.

    Errors are predicted over published, less 1. with_published_power: with the powers of year ends as they were, None
    where power itself is asked for. trend: the growth of the two points that set elasticities, continued in time: what
    a wheel has to beat.
    """

    what: str
    unit: str
    date: str
    held_out: bool
    published: float
    predicted: float
    error_frac: float
    with_published_power_error_frac: float | None
    trend_error_frac: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PastPoint:
    """What the wheel says of a time, such as 2024.5 for the middle of 2024."""

    year: float
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCurve:
    """What the wheel says of a series, in `unit`, between the first and the last day known."""

    what: str
    unit: str
    points: tuple[PastPoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hindcast:
    """The past as the wheel turns it: power at year ends, and capability, users and revenue at any time."""

    wheel: Flywheel
    past: Past
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
        first = self.past.weekly_users_count[0]
        orders = self.orders(since_years) - self.orders(first.since_years)
        share = first.value / self.wheel.people_count
        return first.value * float(tokens.users_ratio(share, self.wheel.users_odds_ratio, orders))

    def revenue_usd(self, since_years: float) -> float:
        """Yearly revenue at a time."""
        spent = tokens.grown_ratio(
            self.wheel.user_tokens_ratio * self.wheel.token_price_ratio, self.orders(since_years)
        )
        users = self.users_count(since_years) / self.users_count(0.0)
        return self.past.yearly_revenue_usd[0].value * users * float(spent)


def past(history: History) -> Past:
    """The points of a history as series in time, from its first year end with power and revenue on.

    Raises CatalogError where a day is none, or two points that set elasticities are missing or not a year apart.
    """
    days = {point.day_date: _decimal_year(history, point.day_date) for point in history.points}
    points = sorted(history.points, key=lambda point: days[point.day_date])
    both = [p for p in points if p.power_w and p.yearly_revenue_usd and not p.held_out]
    users = [p for p in points if p.weekly_users_count and not p.held_out]
    if len(both) < 2 or len(users) < 2 or abs(days[both[1].day_date] - days[both[0].day_date] - 1) > 1 / 12:
        expected = "two points with power and revenue, a year apart, and two with users, that are not held out"
        raise CatalogError(
            [Fault(path=f"history.{history.id}.points", given=f"{len(points)} points", expected=expected)]
        )
    start = days[both[0].day_date]
    return Past(
        **{
            name: tuple(
                Known(since_years=days[p.day_date] - start, value=value, point=p)
                for p in points
                if (value := getattr(p, name)) is not None
            )
            for name in SERIES
        }
    )


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


def hindcast(wheel: Flywheel, known: Past, published: Sequence[Known] = ()) -> Hindcast:
    """Turn the wheel from the first year end on, to beyond the last thing known.

    published: powers of year ends that are taken as they are instead of what capital buys.
    """
    last = max(point.since_years for name in SERIES for point in getattr(known, name))
    given = {round(one.since_years): one.value for one in published}
    revenue = known.yearly_revenue_usd[0].value
    power = [known.power_w[0].value]
    for year in range(1, math.ceil(last) + 2):
        bought = wheel.capital_per_revenue_ratio * revenue / wheel.compute_cost_usd_per_w
        power.append(given.get(year, power[-1] + bought))
        revenue = Hindcast(wheel=wheel, past=known, power_w=tuple(power)).revenue_usd(float(year))
    return Hindcast(wheel=wheel, past=known, power_w=tuple(power))


def fitted(wheel: Flywheel, known: Past) -> Flywheel:
    """The wheel with the three figures that two points of each series give exactly, all others as they are.

    Of tokens a user and price only the product is set: the price keeps what the wheel has.
    """
    (power, later_power), (revenue, later_revenue) = known.setting("power_w"), known.setting("yearly_revenue_usd")
    users, later_users = known.setting("weekly_users_count")
    capital = (later_power.value - power.value) * wheel.compute_cost_usd_per_w / revenue.value
    wheel = replace(wheel, capital_per_revenue_ratio=capital)
    of = hindcast(wheel, known)
    orders = of.orders(later_users.since_years) - of.orders(users.since_years)
    odds = [one.value / (wheel.people_count - one.value) for one in (users, later_users)]
    wheel = replace(wheel, users_odds_ratio=(odds[1] / odds[0]) ** (1 / orders))
    of = hindcast(wheel, known)
    year = later_revenue.since_years
    spent = later_revenue.value / revenue.value * of.users_count(0.0) / of.users_count(year)
    return replace(wheel, user_tokens_ratio=spent ** (1 / of.orders(year)) / wheel.token_price_ratio)


def backtest(wheel: Flywheel, history: History) -> tuple[BacktestRow, ...]:
    """Every published figure beside what the wheel says of it, alone and with the published power of year ends."""
    known = past(history)
    free, led = hindcast(wheel, known), hindcast(wheel, known, known.power_w)
    return tuple(
        _row(name, one, _of(free, name), None if name == "power_w" else _of(led, name), known.setting(name))
        for name in SERIES
        for one in getattr(known, name)
    )


def _of(turned: Hindcast, name: str) -> Callable[[float], float]:
    found = {
        "power_w": turned.grown_w,
        "yearly_revenue_usd": turned.revenue_usd,
        "weekly_users_count": turned.users_count,
    }
    return found[name]


def _row(
    name: str,
    one: Known,
    free: Callable[[float], float],
    led: Callable[[float], float] | None,
    setting: tuple[Known, Known],
) -> BacktestRow:
    predicted, trend = free(one.since_years), _trend(setting, one.since_years)
    with_power = None if led is None else led(one.since_years)
    return BacktestRow(
        what=SERIES[name][0],
        unit=SERIES[name][1],
        date=one.point.day_date,
        held_out=one.point.held_out,
        published=one.value,
        predicted=predicted,
        error_frac=predicted / one.value - 1,
        with_published_power_error_frac=None if with_power is None else with_power / one.value - 1,
        trend_error_frac=trend / one.value - 1,
    )


def _trend(setting: tuple[Known, Known], since_years: float) -> float:
    """A series at the constant rate of growth between two points."""
    first, second = setting
    passed = (since_years - first.since_years) / (second.since_years - first.since_years)
    return first.value * (second.value / first.value) ** passed


def curves(wheel: Flywheel, history: History, steps_count: int = 24) -> tuple[PastCurve, ...]:
    """What the wheel says between the first and the last day known, by series, for a drawing."""
    known = past(history)
    turned = hindcast(wheel, known)
    ends = [one.since_years for name in SERIES for one in getattr(known, name)]
    times = np.linspace(min(ends), max(ends), steps_count + 1)
    start = _decimal_year(history, known.power_w[0].point.day_date)
    return tuple(
        PastCurve(
            what=what,
            unit=unit,
            points=tuple(PastPoint(year=start + float(t), value=_of(turned, name)(float(t))) for t in times),
        )
        for name, (what, unit) in SERIES.items()
    )


def error_mean_frac(rows: Sequence[BacktestRow]) -> float | None:
    """Mean absolute error of what was held out; None where nothing was."""
    return _mean_frac([row.error_frac for row in rows if row.held_out])


def trend_error_mean_frac(rows: Sequence[BacktestRow]) -> float | None:
    """The same of a trend."""
    return _mean_frac([row.trend_error_frac for row in rows if row.held_out])


def _mean_frac(errors: Sequence[float]) -> float | None:
    return float(np.mean(np.abs(errors))) if errors else None
