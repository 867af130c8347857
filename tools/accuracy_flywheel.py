"""The part of docs/accuracy.md about the flywheel: set on some years, judged by what came after (see accuracy.py)."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill

from gigawatt.catalog import load as catalog
from gigawatt.catalog.records import History
from gigawatt.report.formats import PERCENT, cell, scale, signed
from gigawatt.scenario.flywheel import Flywheel
from gigawatt.scenario.load import DEFAULT, load
from gigawatt.study.flywheel.backtest import (
    BacktestRow,
    PastSetting,
    backtest,
    error_mean_frac,
    settings,
    trend_error_mean_frac,
    verdict,
)
from gigawatt.study.flywheel.fit import fitted
from gigawatt.study.flywheel.past import past

TEXT = """
The wheel of `loi-2025-09` turned through OpenAI's past: set on figures to the end of a year, and judged by every later
one that was published. A trend is the growth of the same points, each series by itself, simply continued: what a wheel
has to beat. The first setting is on two points of each series, which are met exactly; the other is on every figure to
its day, by least squares of logarithms, of the wheel and of the trend alike. Nothing was chosen in view of what is held
out. The same by `gigawatt flywheel --backtest`; with `--fitted-until 2025-12-31` for the later setting.

"""
AFTER = """
For August 2026 the wheel says {said_users} weekly users by its two settings, where {users} were published, and
{said_revenue} of yearly revenue, where at least {revenue} were. Users are overstated, though less than by a trend: the
people who could be users bound them, and growth slowed long before that bound. What a user brings is understated:
{said_spent} USD a year, where {spent:.0f} were paid. An error in revenue is the product of both, so that the small one
of the later setting is two large ones that cancel. Set on 2025 too, the wheel overstates users by more: they grew as
fast in that year as before, and nothing but the bound ends it.

Is the wheel better than a trend? For users yes, for revenue no, and in all it {whether}. Both figures of August are
weak: the users are from secondary reports, the revenue is a lower bound in the press that a later headline doubts. So
few points also say little by themselves: were the 200 million users of August 2024 to set the first setting too, it
would say {with_august} users for August 2026.
"""
WIDTH = 120
SHORT = {"better": "yes", "worse": "no", "told": "cannot be told"}


def found() -> tuple[PastSetting, ...]:
    """The default scenario's wheel as the past sets it, to one year end and to later ones."""
    return settings(*_default())


def _default() -> tuple[Flywheel, History]:
    wheel = load(DEFAULT).asked.flywheel
    assert wheel is not None
    return wheel, catalog.get("history", wheel.history)


def figures(by_year: Sequence[PastSetting]) -> list[list[str]]:
    """Every figure that a setting holds out, beside what each says of it; a dash where it set the wheel."""
    rows = [["", "day", "published"]]
    rows[0] += [f"{_years(one)}: {what}" for one in by_year for what in ("predicted", "error", "trend's error")]
    said = [{(row.what, row.date): row for row in one.rows} for one in by_year]
    for key, row in said[0].items():
        cells = [row.what, row.date, _figure(row.published, row.unit)]
        for of in said:
            cells += _errors(of[key]) if key in of else ["–"] * 3
        rows.append(cells)
    return rows


def means(by_year: Sequence[PastSetting]) -> list[list[str]]:
    """Mean errors by setting and series, and whether they tell the wheel from a trend."""
    rows = [
        ["set on", "figures that set", "judged by", "wheel, mean error", "trend, mean error", "better than a trend"]
    ]
    for one in by_year:
        series = {
            what: [row for row in one.rows if row.what == what] for what in dict.fromkeys(r.what for r in one.rows)
        }
        for what, judged in {**series, "all": list(one.rows)}.items():
            wheel, continued = error_mean_frac(judged) or 0.0, trend_error_mean_frac(judged) or 0.0
            errors = [f"{PERCENT.text(value)} %" for value in (wheel, continued)]
            counts = [str(one.figures_count), f"{what}, {len(judged)}"]
            rows.append([_years(one), *counts, *errors, _short(wheel, continued)])
    return rows


def with_every_figure(until_date: str) -> tuple[BacktestRow, ...]:
    """What the default scenario's wheel says, set on every figure to a day."""
    wheel, history = _default()
    known = past(history, until_date)
    return backtest(fitted(wheel, known), known)


def after(by_year: Sequence[PastSetting]) -> str:
    """What the tables come to, with the last figures."""
    users, revenue = ([_last(one, what) for one in by_year] for what in ("weekly users", "yearly revenue"))
    whole = verdict(by_year[-1].error_mean_frac or 0.0, by_year[-1].trend_error_mean_frac or 0.0)
    said = AFTER.format(
        users=_figure(users[0].published, "count"),
        said_users=" and ".join(_figure(row.predicted, "count") for row in users),
        revenue=_figure(revenue[0].published, "usd"),
        said_revenue=" and ".join(_figure(row.predicted, "usd") for row in revenue),
        spent=revenue[0].published / users[0].published,
        said_spent=" and ".join(f"{r.predicted / u.predicted:.0f}" for r, u in zip(revenue, users, strict=True)),
        with_august=_figure(with_every_figure(by_year[0].fitted_until_date)[-1].predicted, "count"),
        whether=whole.removeprefix("The wheel ").rstrip("."),
    )
    return "\n" + "\n\n".join(fill(part, WIDTH) for part in said.strip().split("\n\n")) + "\n"


def _last(one: PastSetting, what: str) -> BacktestRow:
    return [row for row in one.rows if row.what == what][-1]


def _years(one: PastSetting) -> str:
    return f"{one.fitted_from_date[:4]} to {one.fitted_until_date[:4]}"


def _errors(row: BacktestRow) -> list[str]:
    return [_figure(row.predicted, row.unit), signed(row.error_frac), signed(row.trend_error_frac)]


def _figure(value: float, unit: str) -> str:
    """A figure with its unit; people are counted in words."""
    if unit != "count":
        return cell(value, unit)
    shown = scale(unit, [value])
    return f"{value / shown.size:.3g} {shown.unit}".strip()


def _short(wheel: float, continued: float) -> str:
    said = verdict(wheel, continued)
    return next(short for word, short in SHORT.items() if word in said)
