"""A fan: what may come of a figure by period, as bands about the middle of all futures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gigawatt.report.charts import marks as svg
from gigawatt.report.charts.chart import form
from gigawatt.report.charts.marks import Frame
from gigawatt.report.charts.periods import hits, plot
from gigawatt.study.dates import spoken

# Quantiles from high to low, as they are read out; the line and the bands, the widest first.
WORDS = {"p90": "P90", "p75": "P75", "p50": "middle", "p25": "P25", "p10": "P10"}
KEYS = (("middle", "line l0"), ("half of the futures", "narrow-band"), ("four in five", "wide-band"))
BANDS = (("p10", "p90", "wide-band"), ("p25", "p75", "narrow-band"))


@form
def fan(
    frame: Frame, periods: Sequence[str], quantiles: Mapping[str, Sequence[float]], unit: str, name: str
) -> tuple[Frame, list[str]]:
    """Half of the futures in the dark band, four in five in the light one; quantiles: by p10, p25, p50, p75, p90."""
    room = plot(frame, periods, KEYS, unit, [value for row in quantiles.values() for value in row])
    curves = {
        key: [(room.places.middle(at), room.values.at(value)) for at, value in enumerate(row)]
        for key, row in quantiles.items()
    }
    bands = [svg.path([*curves[low], *reversed(curves[high])], kind, closed=True) for low, high, kind in BANDS]
    drawn = [*room.marks, *bands, svg.path(curves["p50"], KEYS[0][1])]
    return room.frame, [*drawn, *hits(room.frame, room.places, _tips(periods, quantiles, unit, name))]


def _tips(periods: Sequence[str], quantiles: Mapping[str, Sequence[float]], unit: str, name: str) -> Iterator[str]:
    for at, period in enumerate(periods):
        told = (f"{word}: {svg.told(quantiles[key][at], unit)}" for key, word in WORDS.items())
        yield "\n".join([f"{name}, {spoken(period)}", *told])
