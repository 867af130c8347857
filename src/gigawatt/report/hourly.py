"""What a timeline says of every step, as a reader is shown it: its name, its unit, its drawing and its figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gigawatt.ndarrays import Floats
from gigawatt.report import charts, thin
from gigawatt.report.charts import About, Strip
from gigawatt.report.charts.chart import WIDE
from gigawatt.report.charts.marks import COLOURS, told
from gigawatt.report.document import Column, Document, Exhibit, Section, Table, Value, in_units
from gigawatt.report.document import table as table_of
from gigawatt.report.formats import PERCENT, Scale, cell, pue, scale
from gigawatt.report.thin import Thinned
from gigawatt.study.dates import quarter
from gigawatt.units import show

# So many lines are told apart; the others are one where they add up. Of more than a few, columns are two pixels wide.
MOST_LINES, FEW_LINES = 8, 2
# How many read-outs a drawing has at most, and its height [pixels].
MOST_TIPS, HEIGHT = 120, 300.0
# Pixels of a drawing beside its columns, about.
MARGIN = 64
DAY_HOURS = 24
# Digits that a timeline holds.
DIGITS = 7
# All lines that are not told apart, and their colour.
OTHERS, GREY = "all others", COLOURS - 1

Each = Literal["", "h", "day"]
# By what a sum of a step is told: hours in it, and how that is written behind a unit.
EACH: Mapping[Each, tuple[float, str]] = {"": (0.0, ""), "h": (1.0, "/h"), "day": (DAY_HOURS, " a day")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hourly:
    """One thing that a timeline says of every step.

    reads, over: arrays of the timeline, the second where it is a share of the first. whole: lines of it add up. rest:
    what a share leaves of one. each: what is a sum of the step is told by the hour or the day. base: where its axis
    begins.
    """

    group: str
    title: str
    reads: str
    suffix: str
    over: str = ""
    whole: bool = True
    rest: bool = False
    each: Each = ""
    base: float = 0.0


_POWER, _ENERGY, _RACKS, _WORK = "Power", "Energy", "Racks", "Work"
# What can be drawn, by the name that addresses have for it.
HOURLY: Mapping[str, Hourly] = {
    "facility_w": Hourly(group=_POWER, title="Facility power", reads="facility_w", suffix="w"),
    "it_w": Hourly(group=_POWER, title="IT power", reads="it_w", suffix="w"),
    "grid_w": Hourly(group=_POWER, title="Power drawn from the grid", reads="grid_w", suffix="w"),
    "curtailed_w": Hourly(group=_POWER, title="Power given up", reads="curtailed_w", suffix="w"),
    "draw_w": Hourly(group=_POWER, title="Power of racks", reads="draw_w", suffix="w"),
    "pue_ratio": Hourly(group=_ENERGY, title="PUE", reads="facility_w", over="it_w", suffix="ratio", base=1.0),
    "price_usd_per_wh": Hourly(
        group=_ENERGY, title="Price of energy", reads="price_usd_per_wh", suffix="usd_per_wh", whole=False
    ),
    "stored_wh": Hourly(group=_ENERGY, title="Energy in storage", reads="stored_wh", suffix="wh"),
    "water_l": Hourly(group=_ENERGY, title="Water drawn", reads="water_l", suffix="l", each="h"),
    "carbon_kg": Hourly(group=_ENERGY, title="Carbon dioxide", reads="carbon_kg", suffix="kg", each="h"),
    "stock_count": Hourly(group=_RACKS, title="Racks in service", reads="stock_count", suffix="count"),
    "out_frac": Hourly(
        group=_RACKS, title="Share of racks that is out", reads="up_count", over="stock_count", suffix="frac", rest=True
    ),
    "down_count": Hourly(group=_RACKS, title="Racks that are out", reads="down_count", suffix="count"),
    "degraded_count": Hourly(group=_RACKS, title="Racks with a tray out", reads="degraded_count", suffix="count"),
    "busy_count": Hourly(group=_RACKS, title="Racks at work", reads="busy_count", suffix="count"),
    "failures_count": Hourly(group=_RACKS, title="Faults of racks", reads="failures_count", suffix="count", each="day"),
    "demand_tokens_per_s": Hourly(
        group=_WORK, title="Tokens asked for", reads="demand_tokens_per_s", suffix="tokens_per_s"
    ),
    "served_tokens_per_s": Hourly(
        group=_WORK, title="Tokens served", reads="served_tokens_per_s", suffix="tokens_per_s"
    ),
    "train_flops": Hourly(group=_WORK, title="Work on training runs", reads="train_flops", suffix="flops"),
    "research_flops": Hourly(group=_WORK, title="Work on experiments", reads="research_flops", suffix="flops"),
}
# What lines can be told apart by, as a title has it.
WAYS: Mapping[str, str] = {
    "site": "by site",
    "platform": "by platform",
    "use_case": "by class",
    "kind": "by kind",
    "run": "by run",
    "experiment": "by experiment",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HourlyLines:
    """Lines of a timeline over a window of its steps.

    what, by: what is told, and what its lines are told apart by; "" for one line of all. of: what it is told of alone.
    names: of the lines. values, weight: in SI, and how much each step counts in a mean, (step, line). moments: of the
    steps, as the timeline has them. first: which step of all `count` the window begins with. step_h: length of a step.
    listed: which lines are shown, by how much all of their steps hold; the others follow in `rest`.
    """

    what: Hourly
    by: str
    of: tuple[str, ...]
    names: tuple[str, ...]
    colours: tuple[int, ...]
    values: Floats
    weight: Floats
    moments: NDArray[np.str_]
    first: int
    count: int
    step_h: float
    slight_count: int = 0
    left_out_count: int = 0

    @property
    def dated(self) -> bool:
        """Whether steps have dates: false for representative weeks."""
        return "T" in str(self.moments[0])

    @property
    def title(self) -> str:
        """What it is, of what, and told apart by what."""
        whole = f"{self.what.title}, {', '.join(self.of)}" if self.of else self.what.title
        return f"{whole}, {WAYS[self.by]}" if self.by else whole


def told_at(moment: str) -> str:
    """A moment as a reader has it: "2028-07-14 16:00", or of a representative week "Q3 2028, day 2, 16:00".

    >>> told_at("2028-07-14T16:00"), told_at("2028Q3 040")
    ('2028-07-14 16:00', 'Q3 2028, day 2, 16:00')
    """
    if "T" in moment:
        return moment[:16].replace("T", " ")
    name, _, hour = moment.partition(" ")
    days, hours = divmod(int(hour), DAY_HOURS)
    return f"{quarter(name)}, day {days + 1}, {hours:02d}:00"


def document(of: HourlyLines, drawing: charts.Chart | None, width: float = WIDE) -> Document:
    """A window of a timeline as a document with one exhibit; drawing: as `chart` has it at a width [pixels]."""
    exhibit = Exhibit(name="hours", says=says(of), shows=shows(of, width), table=table(of), chart=drawing)
    return Document(title=of.title, sections=(Section(slug="hours", title=of.title, parts=(exhibit,)),))


def _unit(of: HourlyLines) -> Scale:
    """The unit of an axis."""
    if of.what.suffix == "frac":
        return PERCENT
    found = scale(of.what.suffix, [float(np.nanmax(np.abs(of.values)))] if np.isfinite(of.values).any() else [])
    return replace(found, unit=f"{found.unit}{EACH[of.what.each][1]}".strip())


def _pixels(of: HourlyLines, width: float) -> int:
    """How many columns a drawing has room for."""
    return max(int(width) - MARGIN, 1) // (1 if len(of.names) <= FEW_LINES else 2)


def chart(of: HourlyLines, width: float = WIDE) -> charts.Chart:
    """The drawing of a window, a column for each pixel that it has at a width, or two."""
    unit = _unit(of)
    at = thin.edges(len(of.values), _pixels(of, width))
    is_thin = len(at) - 1 < len(of.values)
    rows = []
    for n, name in enumerate(of.names):
        found = thin.columns(of.values[:, n], of.weight[:, n], at)
        mean, *reach = ((values / unit.size).tolist() for values in (found.mean, found.least, found.most))
        least, most = reach if is_thin else ((), ())
        rows.append(Strip(name=name, mean=mean, least=least, most=most, colour=of.colours[n]))
    moments = [_label(str(moment)) for moment in of.moments[at[:-1]]]
    about = About(name="hours", title=of.title, description=f"{says(of)} {shows(of, width)}", height=HEIGHT)
    base = of.what.base / unit.size
    return charts.strips(about, moments, rows, unit.unit, tips=_tips(of, at, unit), base=base)


def _label(moment: str) -> str:
    """A moment of which years or quarters, months or days, and hours stand under an axis."""
    if "T" in moment:
        return moment
    name, _, hour = moment.partition(" ")
    days, hours = divmod(int(hour), DAY_HOURS)
    return f"{name} d{days + 1} {hours:02d}:00"[:13]


def _tips(of: HourlyLines, at: NDArray[np.int64], unit: Scale) -> list[tuple[int, str]]:
    """What stretches of columns say, few enough to walk through."""
    marks = thin.edges(len(at) - 1, MOST_TIPS)
    parts = [thin.columns(of.values[:, n] / unit.size, of.weight[:, n], at[marks]) for n in range(len(of.names))]
    found = []
    for k, (first, last) in enumerate(pairwise(marks)):
        begin, end = at[first], at[last] - 1
        heads = dict.fromkeys((told_at(str(of.moments[begin])), told_at(str(of.moments[end]))))
        lines = (line for name, part in zip(of.names, parts, strict=True) for line in _tip(name, part, k, unit, of))
        found.append((int(last - first), "\n".join([" – ".join(heads), *lines])))
    return found


def _tip(name: str, part: Thinned, k: int, unit: Scale, of: HourlyLines) -> list[str]:
    """The lines of a read-out about one line of a chart."""
    mean, least, most = (float(values[k]) for values in (part.mean, part.least, part.most))
    several = len(of.names) > 1
    if not np.isfinite(mean) or (several and least == most == 0):
        return []
    if several:
        reach = f" ({_short(least, of)} to {_short(most, of)})" if most > least else ""
        return [f"{name}: {_told(mean, unit, of)}{reach}"]
    if most <= least:
        return [f"{name}: {_told(mean, unit, of)}"]
    return [f"{word}: {_told(v, unit, of)}" for word, v in (("mean", mean), ("least", least), ("most", most))]


def _short(value: float, of: HourlyLines) -> str:
    return pue(value) if of.what.suffix == "ratio" else told(value, "")


def _told(value: float, unit: Scale, of: HourlyLines) -> str:
    return pue(value) if of.what.suffix == "ratio" else told(value, unit.unit)


def says(of: HourlyLines) -> str:
    """What a window holds, in a sentence."""
    if not np.isfinite(of.values).any():
        return "Nothing is known of these hours."
    whole = [_whole(of, n) for n in range(len(of.names))]
    known = [n for n, (mean, _, _) in enumerate(whole) if np.isfinite(mean)]
    if len(of.names) == 1:
        mean, least, most = (_quantity(value, of) for value in whole[0])
        return f"The mean is {mean}, the least {least}, the most {most}."
    first = max(known, key=lambda n: whole[n][0])
    return f"Most in the mean: {of.names[first]}, {_quantity(whole[first][0], of)}."


def _whole(of: HourlyLines, n: int) -> tuple[float, float, float]:
    """Mean, least and most of a line over the window."""
    found = thin.columns(of.values[:, n], of.weight[:, n], np.array([0, len(of.values)]))
    return float(found.mean[0]), float(found.least[0]), float(found.most[0])


def _quantity(value: float, of: HourlyLines) -> str:
    if of.what.suffix == "ratio":
        return pue(value)
    if of.what.suffix == "frac":
        return f"{PERCENT.text(value)} %"
    return f"{cell(value, of.what.suffix)}{EACH[of.what.each][1]}"


def shows(of: HourlyLines, width: float = WIDE) -> str:
    """What is drawn: what, of when, in which unit and how."""
    first, last, unit = told_at(str(of.moments[0])), told_at(str(of.moments[-1])), _unit(of).unit
    head = f"{of.title}{f', {unit}' if unit else ''}; {first} to {last}{', UTC' if of.dated else ''}"
    steps = f"steps of {show(of.step_h, 'h')}"
    if len(of.values) > _pixels(of, width):
        steps = f"{steps}: the line is their mean, the band their least and most"
    more = f"; {of.left_out_count} that are less are left out" if of.left_out_count else ""
    slight = f"; {of.slight_count:,} steps with next to nothing running are left out" if of.slight_count else ""
    return f"{head}; {steps}{more}{slight}"


def table(of: HourlyLines) -> Table:
    """Mean, least and most of each line over the window, and when it has the most."""
    suffix = of.what.suffix
    heads = {"": "", "Mean": suffix, "Least": suffix, "Most": suffix, "Most at": ""}
    rows = []
    for n, name in enumerate(of.names):
        mean, least, most = _whole(of, n)
        if np.isfinite(mean):
            at = int(np.nanargmax(of.values[:, n]))
            rows.append((name, mean, least, most, told_at(str(of.moments[at]))))
    return in_units(table_of("hours", of.title, heads, rows))


def csv_table(of: HourlyLines) -> Table:
    """Every step of the window in SI units."""
    unit = EACH[of.what.each][1]
    titles = (of.title if len(of.names) == 1 else f"{of.what.title}, {name}" for name in of.names)
    heads = tuple(Column(title=f"{title}{unit}", suffix=of.what.suffix) for title in titles)
    time = "Begins, UTC" if of.dated else "Quarter and hour of its week"
    rows: list[tuple[Value, ...]] = [
        (str(moment), *map(_digits, row)) for moment, row in zip(of.moments.tolist(), of.values.tolist(), strict=True)
    ]
    return Table(name="hours", title=of.title, columns=(Column(title=time), *heads), rows=tuple(rows))


def _digits(value: float) -> float:
    """A figure in as many digits as a timeline holds."""
    return float(f"{value:.{DIGITS}g}")
