"""Computing power on a logarithmic axis: single machines as they came, and a programme quarter by quarter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from gigawatt.report.charts.chart import About, Chart
from gigawatt.report.charts.xy import Point, Trace, xy

PREFIXES = {12: "1 TFLOP/s", 15: "1 PFLOP/s", 18: "1 EFLOP/s", 21: "1 ZFLOP/s", 24: "1 YFLOP/s"}


@dataclass(frozen=True, slots=True)
class Peak:
    """A machine, or a programme on a day; date in ISO 8601, name: what stands beside its dot."""

    label: str
    date: str
    flops: float
    tip: str
    name: str = ""


def ladder(about: About, machines: Sequence[Peak], programme: Sequence[Peak]) -> Chart:
    """Dots of machines, and a line of the programme with dots where it is named."""
    curves = [
        Trace("one machine or rack", _points(machines), 1, joined=False),
        Trace("all racks of the plan", _points(programme), 0),
    ]
    return xy(about, curves, "", "", years=True, decades=PREFIXES)


def _points(rungs: Sequence[Peak]) -> tuple[Point, ...]:
    return tuple(Point(year(rung.date), rung.flops, rung.tip, rung.name) for rung in rungs)


def year(day: str) -> float:
    """A day in ISO 8601 as a year with its fraction."""
    found = date.fromisoformat(day)
    first, after = date(found.year, 1, 1), date(found.year + 1, 1, 1)
    return found.year + (found - first).days / (after - first).days
