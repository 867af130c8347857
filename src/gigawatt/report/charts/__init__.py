"""The chart language: our own SVG marks, the forms made of them, and one style sheet."""

from gigawatt.report.charts.against import StatedSpan, against
from gigawatt.report.charts.bands import Sure, bands
from gigawatt.report.charts.bars import Bar, bars
from gigawatt.report.charts.chart import About, Chart
from gigawatt.report.charts.columns import columns
from gigawatt.report.charts.fan import fan
from gigawatt.report.charts.heat import heat
from gigawatt.report.charts.ladder import Peak, ladder
from gigawatt.report.charts.lines import Mark, lines
from gigawatt.report.charts.map import Place, sites_map
from gigawatt.report.charts.multiples import multiples
from gigawatt.report.charts.periods import Series
from gigawatt.report.charts.ranges import ranges
from gigawatt.report.charts.spread import Range, spread
from gigawatt.report.charts.strips import Strip, strips
from gigawatt.report.charts.tornado import Reach, tornado
from gigawatt.report.charts.xy import Point, Trace, Upright, xy

__all__ = [
    "About",
    "Bar",
    "Chart",
    "Mark",
    "Peak",
    "Place",
    "Point",
    "Range",
    "Reach",
    "Series",
    "StatedSpan",
    "Strip",
    "Sure",
    "Trace",
    "Upright",
    "against",
    "bands",
    "bars",
    "columns",
    "fan",
    "heat",
    "ladder",
    "lines",
    "multiples",
    "ranges",
    "sites_map",
    "spread",
    "strips",
    "tornado",
    "xy",
]
