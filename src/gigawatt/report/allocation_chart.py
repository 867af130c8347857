"""What the next gigawatt is worth, and who is served, against capacity: two panels of one drawing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from gigawatt.report.allocation import power_unit, value
from gigawatt.report.charts import marks as svg
from gigawatt.report.charts.marks import Axis, Frame
from gigawatt.report.formats import cell, scale
from gigawatt.study.allocation.answer import AllocationAnswer

# A chart that stands alone brings its own colours, those of the report.
COLOURS = ("2a6fdb", "e08a1e", "1b9e77", "b5477d", "6b5bb5", "8c6d46", "c44536", "4a90a4", "7a9a3a", "5f6b7a")
STYLE = (
    "<style>svg{background:#fff;font:12px sans-serif}text{fill:#526173}"
    ".head{fill:#1d2733;font-weight:600;font-size:13px}"
    ".tick,.unit{fill:#8593a3;font-size:11.5px}.grid{stroke:#dfe5ec}.zero{stroke:#8593a3}"
    ".line{fill:none;stroke-width:2}.cost{stroke:#c44536;stroke-dasharray:6 4}"
    ".mark{stroke:#8593a3;stroke-dasharray:3 3}.now{stroke:#1d2733}.area{fill:#2a6fdb;fill-opacity:.08}"
    + "".join(f".l{n}{{stroke:#{c}}}.f{n}{{fill:#{c}}}.t{n}{{fill:#{c}}}" for n, c in enumerate(COLOURS))
    + "</style>"
)
# The curve may begin sky-high, where floors are missed or a share of nothing is priceless: the axis ends at so many
# times its value at the capacity that is divided, or the cost of power.
HIGHEST_RATIO = 4.0
PANEL, GAP, FOOT = 260.0, 74.0, 50.0
END_GAP, EDGE = 15.0, 6.0


def chart(answer: AllocationAnswer) -> str:
    """Both panels as SVG text."""
    rows = answer.curve
    names = [row.title for row in answer.allocation]
    room = 24 + svg.CHARACTER * max(len(name) for name in names)
    frame = Frame(
        slug="allocation",
        title=f"{answer.title}: value of the next {power_unit(answer).name} and share served against capacity",
        description=f"{len(rows)} capacities, {len(names)} classes",
        height=2 * PANEL + GAP + FOOT,
        left=64,
        right=room,
    )
    upper = replace(frame, top=42.0, bottom=frame.height - PANEL)
    lower = replace(frame, top=PANEL + GAP, bottom=FOOT)
    unit = scale("w", [rows[-1].capacity_w])
    across = _whole(rows[-1].capacity_w / unit.size, frame)
    places = [across.at(row.capacity_w / unit.size) for row in rows]
    marks = [STYLE, *_prices(answer, upper, places, across, unit.size), *_served(answer, lower, places)]
    for panel in (upper, lower):
        marks += [svg.text(across.at(t), panel.floor + 17, svg.number(t), "tick", "middle") for t in across.ticks]
    marks.append(svg.text(frame.right_edge, frame.height - 12, f"capacity, {unit.unit}", "unit", "end"))
    return svg.drawing(frame, marks)


def _whole(most: float, frame: Frame) -> Axis:
    """An axis over all capacities that ends where they do, with round ticks."""
    round_ = svg.axis(0, most, frame.left, frame.right_edge, most=8)
    return Axis(0.0, most, frame.left, frame.right_edge, tuple(tick for tick in round_.ticks if tick <= most))


def _prices(answer: AllocationAnswer, frame: Frame, places: Sequence[float], across: Axis, size: float) -> list[str]:
    """λ with the cost of power, the capacity that is divided, and both points of abundance."""
    power = power_unit(answer)
    cost = (answer.cost_value_per_gw_year or 0.0) * power.gw
    here = answer.lambda_right * power.gw if math.isfinite(answer.lambda_right) else 0.0
    prices = [row.lambda_ * power.gw for row in answer.curve]
    finite = [price for price in prices if math.isfinite(price)]
    top = min(max(finite), HIGHEST_RATIO * max(here, cost)) or max(finite) or 1.0
    shown = scale("usd", [top]) if answer.value_unit == "USD" else None
    per, unit = (shown.size, shown.unit) if shown else (1.0, answer.value_unit)
    up = svg.axis(0, top / per, frame.floor, frame.top)
    marks = [svg.text(EDGE, 14, f"What the next {power.name} is worth in a year", "head")]
    marks += svg.grid(frame, up, "")
    marks.append(svg.text(EDGE, frame.top - 12, f"{unit} per {power.symbol}", "unit"))
    points = _clipped([(x, price / per) for x, price in zip(places, prices, strict=True)], up)
    floor = [(points[-1][0], frame.floor), (points[0][0], frame.floor)]
    marks += [svg.path([*points, *floor], "area", closed=True), svg.path(points, f"line {svg.stroke(0)}")]
    if answer.cost_value_per_gw_year is not None and cost <= top:
        y = up.at(cost / per)
        marks += [svg.line(frame.left, y, frame.right_edge, y, "cost")]
        marks += [svg.text(frame.right_edge + 8, y + 4, "cost", "t6")]
    return [*marks, *_points(answer, frame, across, size)]


def _clipped(points: Sequence[tuple[float, float]], up: Axis) -> list[tuple[float, float]]:
    """Points in pixels from where the curve comes down into the panel."""
    shown: list[tuple[float, float]] = []
    for n, (x, price) in enumerate(points):
        if price <= up.high:
            before = points[n - 1] if n else (x, price)
            if not shown and math.isfinite(before[1]) and before[1] > up.high:
                part = (before[1] - up.high) / (before[1] - price)
                shown.append((before[0] + part * (x - before[0]), up.at(up.high)))
            shown.append((x, up.at(price)))
        elif shown:
            shown.append((x, up.at(up.high)))
    return shown or [(points[0][0], up.at(0.0))]


def _points(answer: AllocationAnswer, frame: Frame, across: Axis, size: float) -> list[str]:
    """Upright lines at the capacity and at both points of abundance, their names above, apart from each other."""
    lines = [("divided here", answer.capacity_w, "now")]
    lines += [("economic abundance", answer.economic_abundance_w, "mark")] if answer.economic_abundance_w else []
    lines += [("physical abundance", answer.physical_abundance_w, "mark")] if answer.physical_abundance_w else []
    marks = []
    for n, (name, power, kind) in enumerate(sorted(lines, key=lambda line: line[1])):
        x = across.at(power / size)
        y = frame.top + 14 + END_GAP * n
        marks.append(svg.line(x, frame.top, x, frame.floor, kind))
        side = "end" if x > (frame.left + frame.right_edge) / 2 + 100 else "start"
        marks.append(svg.text(x + (-6 if side == "end" else 6), y, f"{name}: {cell(power, 'w')}", "", side))
    return marks


def _served(answer: AllocationAnswer, frame: Frame, places: Sequence[float]) -> list[str]:
    """Share served of each class, named in the order in which they stand at the capacity that is divided."""
    up = svg.axis(0, 100, frame.floor, frame.top)
    marks = [svg.text(EDGE, frame.top - 28, "Share of demand served", "head"), *svg.grid(frame, up, "")]
    marks.append(svg.text(EDGE, frame.top - 12, "%", "unit"))
    ends, power = [], power_unit(answer)
    for n, row in enumerate(answer.allocation):
        shares = [100 * point.served_frac[row.use_case] for point in answer.curve]
        points = [(x, up.at(share)) for x, share in zip(places, shares, strict=True)]
        marks.append(svg.path(points, f"line {svg.stroke(n)}"))
        ends.append((row.title, up.at(100 * row.served_frac), n))
    x = places[_position(answer)]
    marks.append(svg.line(x, frame.top, x, frame.floor, "now"))
    for name, y, n in ends:
        tip = f"{name}: {value(answer, answer.allocation[n].marginal * power.gw)} per {power.symbol} at the margin"
        marks.append(svg.dot(x, y, 4, svg.fill(n), tip))
    order = svg.spread([y for _, y, _ in ends], END_GAP, frame.top, frame.floor)
    for (name, _, n), y in zip(ends, order, strict=True):
        marks.append(svg.text(frame.right_edge + 8, y + 4, name, f"t{n % svg.COLOURS}"))
    return marks


def _position(answer: AllocationAnswer) -> int:
    """Where on the curve the capacity is that is divided."""
    return min(range(len(answer.curve)), key=lambda n: abs(answer.curve[n].capacity_w - answer.capacity_w))
