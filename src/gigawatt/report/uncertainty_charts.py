"""Charts of sweeps and comparisons, each a drawing of its own: tornado, fan over quarters, spread of values, regret."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from statistics import fmean

import numpy as np

from gigawatt.report.charts import marks as svg
from gigawatt.report.charts.marks import Axis, Frame
from gigawatt.report.formats import cell, scale
from gigawatt.study.futures.rules import WORDS
from gigawatt.study.futures.statistics import quantiles
from gigawatt.study.futures.sweep import Sweep, Swing

# A chart that stands alone brings its own colours.
STYLE = (
    "<style>svg{background:#fff;font:12px sans-serif}text{fill:#526173}.tick,.unit{fill:#8593a3;font-size:11.5px}"
    ".grid{stroke:#dfe5ec}.zero{stroke:#8593a3}.line{fill:none;stroke-width:2}.name{fill:#27313d}"
    ".l0{stroke:#2a6fdb}.f0{fill:#2a6fdb}.f1{fill:#d9822b}.l2{stroke:#27313d}.f2{fill:#27313d}"
    ".wide{fill:#2a6fdb;fill-opacity:.18}.narrow{fill:#2a6fdb;fill-opacity:.32}</style>"
)
ROW, BAR, NAMES_WIDTH, TOP, BOTTOM = 34.0, 16.0, 250.0, 44.0, 40.0
# What is drawn over quarters, by its suffix.
OVER_TIME = {"w": "Facility power in service", "usd": "Debt"}


def tornado(found: Sweep) -> str:
    """The value of a plan with one quantity low or high, all others at their middle; the widest swing on top."""
    swings, has_middle = found.tornado, isfinite(found.middle_value_usd)
    ends = [value for swing in swings for value in (swing.low_value_usd, swing.high_value_usd)]
    known = [value for value in (found.middle_value_usd, *ends) if isfinite(value)] or [0.0]
    unit = scale("usd", known)
    # Where the plan has no value with all at their middle, bars begin between the ends.
    middle = (found.middle_value_usd if has_middle else fmean(known)) / unit.size
    frame = _frame("tornado", "Value with one quantity at its P10 or P90, the others at their middle", len(swings))
    sizes = [middle, *(end / unit.size for end in ends)]
    across = svg.axis(min(sizes), max(sizes), frame.left, frame.right_edge - NAMES_WIDTH / 4)
    marks = [STYLE, *_across(frame, across, unit.unit)]
    for row, swing in enumerate(swings):
        y = frame.top + ROW * row + (ROW - BAR) / 2
        marks.append(svg.text(frame.left - 58, y + 12, WORDS[swing.name], "name", "end"))
        for value, value_usd, kind in _both(swing):
            end = across.at(value_usd / unit.size)
            start = across.at(middle)
            tip = f"{WORDS[swing.name]} {_drawn(swing, value)}: {cell(value_usd, 'usd')}"
            marks.append(svg.box(min(start, end), y, abs(end - start), BAR, kind, tip=tip))
        marks += _ends(swing, across, y, unit.size)
    marks.append(svg.line(across.at(middle), frame.top, across.at(middle), frame.floor, "zero"))
    marks += svg.legend(frame, ["quantity at its P10", "quantity at its P90"], ["f1", "f0"], frame.left)
    return svg.drawing(frame, marks)


def _both(swing: Swing) -> tuple[tuple[float, float, str], ...]:
    """The quantity low and high, the value there, and the kind of its bar."""
    return (swing.low, swing.low_value_usd, "f1"), (swing.high, swing.high_value_usd, "f0")


def _ends(swing: Swing, across: Axis, y: float, size: float) -> list[str]:
    """What the quantity is at the ends of its bar, in its own unit: the axis has the value of the plan."""
    low, high = across.at(swing.low_value_usd / size), across.at(swing.high_value_usd / size)
    marks = []
    for value, at, other in ((swing.low, low, high), (swing.high, high, low)):
        side = "end" if at < other else "start"
        marks.append(svg.text(at + (-5 if side == "end" else 5), y + 12, _drawn(swing, value), "tick", side))
    return marks


def _drawn(swing: Swing, value: float) -> str:
    """A factor on what is stated, "×0.7", or quarters of slip, "+2 q"."""
    return f"+{value:g} q" if swing.unit == "quarters" else f"×{value:.3g}"


def fan(periods: Sequence[str], found: Mapping[str, Sequence[float]], suffix: str) -> str:
    """Quantiles over quarters: half of the futures in the dark band, four in five in the light one."""
    title, unit = OVER_TIME[suffix], scale(suffix, found["p90"])
    frame = Frame(slug=f"fan-{suffix}", title=f"{title} in all futures", description=title, left=64, top=44, bottom=40)
    rows = {key: [value / unit.size for value in values] for key, values in found.items()}
    up = svg.axis(0, max(rows["p90"]), frame.floor, frame.top)
    width = (frame.right_edge - frame.left) / max(len(periods) - 1, 1)
    across = [frame.left + width * n for n in range(len(periods))]

    def curve(key: str) -> list[tuple[float, float]]:
        return [(x, up.at(value)) for x, value in zip(across, rows[key], strict=True)]

    marks = [STYLE, *svg.grid(frame, up, "")]
    for low, high, kind in (("p10", "p90", "wide"), ("p25", "p75", "narrow")):
        marks.append(svg.path([*curve(low), *reversed(curve(high))], kind, closed=True))
    marks.append(svg.path(curve("p50"), f"line {svg.stroke(0)}"))
    for x, period in zip(across, periods, strict=True):
        if period.endswith("Q1"):
            marks += [svg.text(x, frame.floor + 16, period[:4], "tick", "middle")]
    keys = [f"{title}, {unit.unit}: middle", "half of the futures", "four in five"]
    marks += svg.legend(frame, keys, ["f0", "narrow", "wide"], frame.left)
    return svg.drawing(frame, marks)


def spread_of_values(found: Mapping[str, Sequence[float]]) -> str:
    """Value with terminal value by strategy: P10 to P90 as a bar, the middle as a mark, mean as a dot."""
    title = "Value: net present with terminal value, P10 to P90"
    frame = _frame("value", title, len(found), list(found))
    return _spread(frame, found, "P10 to P90 of value")


def regret(found: Mapping[str, Sequence[float]]) -> str:
    """Regret by strategy: P10 to P90 as a bar, the middle as a mark, mean as a dot, a thin line to the largest."""
    frame = _frame("regret", "Regret: less than the best strategy in the same future", len(found), list(found))
    return _spread(frame, found, "P10 to P90 of regret", to_largest=True)


def _spread(frame: Frame, found: Mapping[str, Sequence[float]], label: str, *, to_largest: bool = False) -> str:
    unit = scale("usd", [float(value) for values in found.values() for value in values])
    rows = {name: np.asarray(values) / unit.size for name, values in found.items()}
    told = {name: quantiles(row) for name, row in rows.items()}
    ends = [end for row in told.values() for end in (row.p10, row.p90, row.mean)]
    ends += [float(row.max()) for row in rows.values()] if to_largest else []
    across = svg.axis(min(ends), max(ends), frame.left, frame.right_edge - ROW)
    marks = [STYLE, *_across(frame, across, unit.unit)]
    for n, (name, row) in enumerate(rows.items()):
        y = frame.top + ROW * n + (ROW - BAR) / 2
        one = told[name]
        p10, p50, p90, mean = (across.at(value) for value in (one.p10, one.p50, one.p90, one.mean))
        tip = ", ".join(
            f"{word} {value:,.4g}" for word, value in (("P50", one.p50), ("mean", one.mean), ("largest", row.max()))
        )
        marks.append(svg.text(frame.left - 12, y + 12, name or "this plan", "name", "end"))
        if to_largest:
            marks.append(svg.line(p90, y + BAR / 2, across.at(float(row.max())), y + BAR / 2, "zero"))
        marks.append(svg.box(p10, y, max(p90 - p10, 1), BAR, "narrow", tip=f"{name}: {tip} {unit.unit}".lstrip(": ")))
        marks.append(svg.box(p50 - 1, y, 2, BAR, svg.fill(0)))
        marks.append(svg.dot(mean, y + BAR / 2, 4, svg.fill(1)))
    marks += svg.legend(frame, [label, "middle", "mean"], ["narrow", "f0", "f1"], frame.left)
    return svg.drawing(frame, marks)


def _frame(slug: str, title: str, rows_count: int, names: Sequence[str] = ()) -> Frame:
    left = max(NAMES_WIDTH, 24 + svg.CHARACTER * max((len(name) for name in names), default=0))
    height = TOP + ROW * rows_count + BOTTOM
    return Frame(slug=slug, title=title, description=title, left=left, top=TOP, bottom=BOTTOM, right=24, height=height)


def _across(frame: Frame, across: Axis, unit: str) -> list[str]:
    """Vertical lines with their figures, and the unit below them."""
    marks = []
    for tick in across.ticks:
        x = across.at(tick)
        marks.append(svg.line(x, frame.top, x, frame.floor, "zero" if tick == 0 else "grid"))
        marks.append(svg.text(x, frame.floor + 16, svg.number(tick), "tick", "middle"))
    return [*marks, svg.text(frame.right_edge, frame.floor + 32, unit, "unit", "end")]
