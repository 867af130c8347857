"""A fan: what may come of a figure by period, as bands about the middle of all futures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from gigawatt.report.charts import marks as svg
from gigawatt.report.charts.chart import About, Chart
from gigawatt.report.charts.marks import Frame
from gigawatt.report.charts.rows import NARROW_BELOW
from gigawatt.report.formats import number
from gigawatt.study.dates import spoken

# Quantiles from low to high, as they are read out.
WORDS = {"p10": "P10", "p25": "P25", "p50": "middle", "p75": "P75", "p90": "P90"}
BANDS = (("p10", "p90", "wide-band"), ("p25", "p75", "narrow-band"))
NARROW_HEIGHT, YEAR_WIDTH = 240.0, 32.0


def fan(about: About, periods: Sequence[str], quantiles: Mapping[str, Sequence[float]], unit: str, name: str) -> Chart:
    """Half of the futures in the dark band, four in five in the light one; quantiles: by p10, p25, p50, p75, p90."""
    return Chart(about=about, draw=lambda frame: _draw(frame, periods, quantiles, unit, name))


def _draw(
    frame: Frame, periods: Sequence[str], quantiles: Mapping[str, Sequence[float]], unit: str, name: str
) -> tuple[Frame, list[str]]:
    narrow, keys = frame.width < NARROW_BELOW, [f"{name}: middle", "half of the futures", "four in five"]
    start = 0.0 if narrow else max(frame.left, svg.CHARACTER * len(unit) + 16)
    rows = svg.legend_rows(frame, keys, start)
    above, height = svg.LINE * (rows + narrow), min(frame.height, NARROW_HEIGHT) if narrow else frame.height
    frame = replace(frame, top=16 + above, height=height + above)
    everything = [value for row in quantiles.values() for value in row]
    up = svg.axis(min(everything, default=0.0), max(everything, default=0.0), frame.floor, frame.top, 4)
    width = (frame.right_edge - frame.left) / max(len(periods), 1)
    across = [frame.left + width * (at + 0.5) for at in range(len(periods))]
    drawn = svg.legend(frame, keys, [f"line {svg.stroke(0)}", "narrow-band", "wide-band"], start)
    drawn += [svg.text(0, 12 + (svg.LINE * rows if narrow else 0), unit, "unit"), *svg.grid(frame, up, "")]
    curves = {key: [(x, up.at(value)) for x, value in zip(across, row, strict=True)] for key, row in quantiles.items()}
    drawn += [svg.path([*curves[low], *reversed(curves[high])], kind, closed=True) for low, high, kind in BANDS]
    drawn += [svg.path(curves["p50"], f"line {svg.stroke(0)}"), *_years(frame, periods, width)]
    for at, period in enumerate(periods):
        told = (f"{word}: {number(quantiles[key][at])} {unit}" for key, word in reversed(WORDS.items()))
        tip, x = "\n".join([spoken(period), *told]), frame.left + width * at
        drawn.append(svg.box(x, frame.top, width, frame.floor - frame.top, "hit", tip=tip))
    return frame, drawn


def _years(frame: Frame, periods: Sequence[str], width: float) -> Iterator[str]:
    """The years below the middle of their quarters, as many as have room."""
    years = list(dict.fromkeys(period[:4] for period in periods))
    free = frame.left - YEAR_WIDTH
    for year in years:
        mine = [at for at, period in enumerate(periods) if period.startswith(year)]
        middle = frame.left + width * (mine[0] + mine[-1] + 1) / 2
        if mine[0]:
            yield svg.line(
                frame.left + width * mine[0], frame.floor, frame.left + width * mine[0], frame.floor + 5, "axis"
            )
        if middle - YEAR_WIDTH / 2 >= free:
            yield svg.text(middle, frame.floor + 17, year, "tick", "middle")
            free = middle + YEAR_WIDTH / 2
