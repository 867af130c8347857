"""The chart language: our own SVG marks, the forms made of them, and one style sheet."""

from gigawatt.report.charts.chart import About, Chart
from gigawatt.report.charts.forms import Bar, Mark, Series, bars, columns, heat, lines, multiples, ranges
from gigawatt.report.charts.ladder import Rung, ladder
from gigawatt.report.charts.xy import Curve, Point, Upright, xy

__all__ = [
    "About",
    "Bar",
    "Chart",
    "Curve",
    "Mark",
    "Point",
    "Rung",
    "Series",
    "Upright",
    "bars",
    "columns",
    "heat",
    "ladder",
    "lines",
    "multiples",
    "ranges",
    "xy",
]
