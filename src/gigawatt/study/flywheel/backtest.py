"""The flywheel turned through the past: set on some years of a company, judged by what came after.

What turns is in `past`, how it is set in `fit`. A trend is what a wheel has to beat: the points that set it, each
series by itself, at their rate of growth continued.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from gigawatt.catalog.records import History
from gigawatt.errors import CatalogError
from gigawatt.scenario.flywheel import Flywheel
from gigawatt.study.flywheel.fit import SetWheel, fitted, trend
from gigawatt.study.flywheel.past import SERIES, Hindcast, Known, Past, hindcast, past

# Share of the other's error below which an error is clearly less.
CLEARLY_LESS = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestRow:
    """A published figure of a day, in `unit`, beside what the wheel says of it.

    Errors are predicted over published, less 1. with_published_power: with the powers of year ends as they were, None
    where power itself is asked for. trend: the growth of the points that set elasticities, continued in time: what
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
class PastSetting:
    """The wheel as the past sets it up to a day, whatever the scenario has, and what came after.

    fitted_from_date, fitted_until_date: days of the first and the last figure that set it; figures_count: how many did.
    Elasticities are those that the past gives; errors are means of absolute ones of the rows, all of them held out.
    """

    fitted_from_date: str
    fitted_until_date: str
    figures_count: int
    users_odds_ratio: float
    user_tokens_ratio: float
    capital_per_revenue_ratio: float
    error_mean_frac: float | None
    trend_error_mean_frac: float | None
    rows: tuple[BacktestRow, ...]
    curves: tuple[PastCurve, ...]


def backtest(of: SetWheel, known: Past) -> tuple[BacktestRow, ...]:
    """Every published figure beside what the wheel says of it, alone and with the published power of year ends."""
    free = hindcast(of.wheel, known, of.levels)
    led = hindcast(of.wheel, known, of.levels, known.power_w)
    return tuple(
        _row(name, one, free, None if name == "power_w" else led, trend(known.setting(name), one.since_years))
        for name in SERIES
        for one in known.series(name)
    )


def _row(name: str, one: Known, free: Hindcast, led: Hindcast | None, continued: float) -> BacktestRow:
    predicted = free.of(name)(one.since_years)
    with_power = None if led is None else led.of(name)(one.since_years)
    return BacktestRow(
        what=SERIES[name][0],
        unit=SERIES[name][1],
        date=one.point.day_date,
        held_out=one.held_out,
        published=one.value,
        predicted=predicted,
        error_frac=predicted / one.value - 1,
        with_published_power_error_frac=None if with_power is None else with_power / one.value - 1,
        trend_error_frac=continued / one.value - 1,
    )


def curves(of: SetWheel, known: Past, steps_count: int = 24) -> tuple[PastCurve, ...]:
    """What the wheel says between the first and the last day known, by series, for a drawing."""
    turned = hindcast(of.wheel, known, of.levels)
    ends = [one.since_years for name in SERIES for one in known.series(name)]
    times = np.linspace(min(ends), max(ends), steps_count + 1)
    return tuple(
        PastCurve(
            what=what,
            unit=unit,
            points=tuple(PastPoint(year=known.start_year + float(t), value=turned.of(name)(float(t))) for t in times),
        )
        for name, (what, unit) in SERIES.items()
    )


def year_ends(history: History) -> tuple[str, ...]:
    """Days of power and revenue after those that the history sets the wheel on, while any point is later."""
    until, last = past(history).set_until_date, max(point.day_date for point in history.points)
    both = {point.day_date for point in history.points if point.power_w and point.yearly_revenue_usd}
    return tuple(sorted(day for day in both if until < day < last))


def settings(wheel: Flywheel, history: History) -> tuple[PastSetting, ...]:
    """The wheel as the history sets it, and as it would with each later year end; without those that no wheel meets."""
    found = [_setting(wheel, past(history))]
    for day in year_ends(history):
        with suppress(CatalogError):
            found.append(_setting(wheel, past(history, day)))
    return tuple(found)


def _setting(wheel: Flywheel, known: Past) -> PastSetting:
    made = fitted(wheel, known)
    rows = tuple(row for row in backtest(made, known) if row.held_out)
    days = [one.point.day_date for name in SERIES for one in known.setting(name)]
    return PastSetting(
        fitted_from_date=min(days),
        fitted_until_date=max(days),
        figures_count=len(days),
        users_odds_ratio=made.wheel.users_odds_ratio,
        user_tokens_ratio=made.wheel.user_tokens_ratio,
        capital_per_revenue_ratio=made.wheel.capital_per_revenue_ratio,
        error_mean_frac=error_mean_frac(rows),
        trend_error_mean_frac=trend_error_mean_frac(rows),
        rows=rows,
        curves=curves(made, known),
    )


def error_mean_frac(rows: Sequence[BacktestRow]) -> float | None:
    """Mean absolute error of what was held out; None where nothing was."""
    return _mean_frac([row.error_frac for row in rows if row.held_out])


def trend_error_mean_frac(rows: Sequence[BacktestRow]) -> float | None:
    """The same of a trend."""
    return _mean_frac([row.trend_error_frac for row in rows if row.held_out])


def _mean_frac(errors: Sequence[float]) -> float | None:
    return float(np.mean(np.abs(errors))) if errors else None


def verdict(error_frac: float, trend_error_frac: float) -> str:
    """Whether mean errors tell the wheel from a trend."""
    if error_frac < CLEARLY_LESS * trend_error_frac:
        return "The wheel does better than a trend."
    if trend_error_frac < CLEARLY_LESS * error_frac:
        return "The wheel does worse than a trend."
    return "The wheel cannot be told from a trend by the past."
