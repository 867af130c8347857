"""Two results set against each other: what was asked otherwise, headline figures, power and accounts by quarter.

A difference is what the second has more than the first; a relative one is its share of the first. Each result is told
over its own reported window, and what one of them does not have is None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from gigawatt.exact import exact
from gigawatt.quarters import quarter_number
from gigawatt.study.answer import SPREAD, UNTOLD, Head
from gigawatt.study.difference.asked import AskedOtherwise, otherwise
from gigawatt.study.difference.question import DifferenceQuestion
from gigawatt.study.job import Job
from gigawatt.study.note import Note
from gigawatt.study.opened import result_of
from gigawatt.study.question import refuse, wrong
from gigawatt.study.result import Result

# Lines of the books that are balances: of many quarters it is the last that counts, and no sum.
BALANCES = ("cash", "debt", "book")
DATES = ("first_gw_date", "target_date")


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceSide:
    """One of two results."""

    scenario: str
    title: str
    hash: str
    from_: str
    to: str
    """Last quarter of its reported window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureDifference:
    """A figure of the headline in both results, in the unit in which `item` ends."""

    item: str
    a_value: float | None
    b_value: float | None
    difference_value: float | None
    relative_frac: float | None
    """Difference over the size of the first; None where that is nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DateDifference:
    """A date of the headline in both results; None for never."""

    item: str
    a_date: str | None
    b_date: str | None
    later_days: float | None
    """By how much the second is later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerDifference:
    """Facility power in service at the end of a quarter, of a site or of all of them together (None)."""

    period: str
    site: str | None
    a_w: float | None
    b_w: float | None
    difference_w: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineDifference:
    """A line of the books in a quarter, or over the reported window (None); of a balance, at the end of it."""

    item: str
    period: str | None
    a_usd: float | None
    b_usd: float | None
    difference_usd: float | None
    relative_frac: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultDifference:
    """Two results, and how they differ."""

    head: Head = field(metadata=SPREAD)
    a: DifferenceSide
    b: DifferenceSide
    asked: tuple[AskedOtherwise, ...]
    headline: tuple[FigureDifference, ...]
    dates: tuple[DateDifference, ...]
    power: tuple[PowerDifference, ...]
    """Of all sites, by quarter."""
    sites: tuple[PowerDifference, ...]
    totals: tuple[LineDifference, ...]
    accounts: tuple[LineDifference, ...]
    """By line and quarter."""
    results: tuple[Result, Result] = field(metadata=UNTOLD)


@exact()
def answer(question: DifferenceQuestion, job: Job) -> ResultDifference:
    """Set two results against each other. Raises ScenarioError for folders that hold none, both faults at once."""
    del job
    return difference(*opened(question))


def opened(question: DifferenceQuestion) -> tuple[Result, Result]:
    """The results of two folders. Raises ScenarioError."""
    found = {key: result_of(name) for key, name in (("a", question.a), ("b", question.b))}
    names = {"a": question.a, "b": question.b}
    expected = "the folder of a result, as `gigawatt run` writes one"
    refuse(wrong(key, names[key][:80], expected) for key, one in found.items() if one is None)
    assert found["a"] is not None
    assert found["b"] is not None
    return found["a"], found["b"]


def difference(a: Result, b: Result) -> ResultDifference:
    """How the second of two results differs from the first."""
    lines = [str(name) for name in a.accounts.statements.data_vars if name in b.accounts.statements]
    periods = sorted({*_shown(a), *_shown(b)}, key=quarter_number)
    return ResultDifference(
        head=Head(notes=tuple(_notes(a, b))),
        a=_side(a),
        b=_side(b),
        asked=otherwise(a.scenario.asked, b.scenario.asked),
        headline=tuple(_figures(a.headline, b.headline)),
        dates=tuple(_date(name, a.headline[name], b.headline[name]) for name in DATES),
        power=tuple(_power(periods, None, _all_w(a), _all_w(b))),
        sites=tuple(_sites(periods, a, b)),
        totals=tuple(_total(line, a, b) for line in lines),
        accounts=tuple(_quarters(periods, lines, a, b)),
        results=(a, b),
    )


def _side(one: Result) -> DifferenceSide:
    scenario, shown = one.scenario, _shown(one)
    return DifferenceSide(
        scenario=scenario.name, title=scenario.asked.title, hash=scenario.hash, from_=shown[0], to=shown[-1]
    )


def _shown(one: Result) -> tuple[str, ...]:
    """The reported quarters of a result."""
    return tuple(one.scenario.quarters[: one.scenario.reported_count])


def less(b: float | None, a: float | None) -> float | None:
    """What the second has more; None where one has nothing to say."""
    return None if a is None or b is None else b - a


def relative(b: float | None, a: float | None) -> float | None:
    """The same as a share of the first; None where that is nothing."""
    return (b - a) / abs(a) if a and b is not None else None


def _figures(a: Mapping[str, object], b: Mapping[str, object]) -> Iterator[FigureDifference]:
    for item, one in a.items():
        other = b[item]
        if isinstance(one, int | float) or isinstance(other, int | float):
            x, y = _number(one), _number(other)
            yield FigureDifference(
                item=item, a_value=x, b_value=y, difference_value=less(y, x), relative_frac=relative(y, x)
            )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _date(item: str, a: object, b: object) -> DateDifference:
    x, y = (str(value) if value else None for value in (a, b))
    days = (date.fromisoformat(y) - date.fromisoformat(x)).days if x and y else None
    return DateDifference(item=item, a_date=x, b_date=y, later_days=days)


# Value of a quarter by its name, over the reported window.
ByQuarter = Mapping[str, float]


def _by_quarter(one: Result, values: NDArray[np.float64]) -> ByQuarter:
    shown = _shown(one)
    return dict(zip(shown, values[: len(shown)].tolist(), strict=True))


def _all_w(one: Result) -> ByQuarter:
    return _by_quarter(one, one.plan.data.facility_w.sum("site").values)


def _power(periods: Sequence[str], site: str | None, a: ByQuarter, b: ByQuarter) -> Iterator[PowerDifference]:
    for period in periods:
        x, y = a.get(period), b.get(period)
        yield PowerDifference(period=period, site=site, a_w=x, b_w=y, difference_w=less(y, x))


def _sites(periods: Sequence[str], a: Result, b: Result) -> Iterator[PowerDifference]:
    keys = dict.fromkeys(str(key) for one in (a, b) for key in one.plan.data.site.values)
    for key in keys:
        yield from _power(periods, key, _site_w(a, key), _site_w(b, key))


def _site_w(one: Result, site: str) -> ByQuarter:
    """Power of a site; of one that a plan does not have there is none."""
    power = one.plan.data.facility_w
    if site not in power.site:
        return dict.fromkeys(_shown(one), 0.0)
    return _by_quarter(one, power.sel(site=site).values)


def _line(item: str, period: str | None, a: float | None, b: float | None) -> LineDifference:
    return LineDifference(
        item=item, period=period, a_usd=a, b_usd=b, difference_usd=less(b, a), relative_frac=relative(b, a)
    )


def _books(one: Result, item: str) -> ByQuarter:
    return _by_quarter(one, one.accounts.statements[item].values)


def _total(item: str, a: Result, b: Result) -> LineDifference:
    whole: Callable[[ByQuarter], float] = _last if item in BALANCES else _sum
    return _line(item, None, whole(_books(a, item)), whole(_books(b, item)))


def _sum(values: ByQuarter) -> float:
    return sum(values.values())


def _last(values: ByQuarter) -> float:
    return list(values.values())[-1]


def _quarters(periods: Sequence[str], lines: Sequence[str], a: Result, b: Result) -> Iterator[LineDifference]:
    for item in lines:
        one, other = _books(a, item), _books(b, item)
        for period in periods:
            yield _line(item, period, one.get(period), other.get(period))


def _notes(a: Result, b: Result) -> Iterator[Note]:
    """Why figures of two results may not be held against each other as they stand."""
    x, y = a.scenario.asked, b.scenario.asked
    if x.dollar_year != y.dollar_year:
        text = f"A is in USD of {x.dollar_year}, B in USD of {y.dollar_year}: amounts are not converted."
        yield Note(code="dollar_year", path="b", text=text)
    if _shown(a) != _shown(b):
        text = f"A is reported from {_span(a)}, B from {_span(b)}: sums are each over its own window."
        yield Note(code="windows", path="b", text=text)
    if a.scenario.asked == b.scenario.asked and a.scenario.hash != b.scenario.hash:
        text = "Both ask the same of a catalog, or of files of hours, that has changed between them."
        yield Note(code="catalog", path="b", text=text)
    made = [one.provenance["gigawatt"] for one in (a, b)]
    if made[0] != made[1]:
        text = f"A was made by Gigawatt {made[0]}, B by Gigawatt {made[1]}: formulas may differ."
        yield Note(code="versions", path="b", text=text)


def _span(one: Result) -> str:
    shown = _shown(one)
    return f"{shown[0]} to {shown[-1]}"
