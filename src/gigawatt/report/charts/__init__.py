"""The chart language: our own SVG marks, the forms made of them, and one style sheet."""

from gigawatt.report.charts.chart import About, Chart
from gigawatt.report.charts.fan import fan
from gigawatt.report.charts.forms import Bar, Mark, Series, bars, columns, heat, lines, multiples, ranges
from gigawatt.report.charts.spread import Range, spread
from gigawatt.report.charts.tornado import Reach, tornado

__all__ = [
    "About",
    "Bar",
    "Chart",
    "Mark",
    "Range",
    "Reach",
    "Series",
    "bars",
    "columns",
    "fan",
    "heat",
    "lines",
    "multiples",
    "ranges",
    "spread",
    "tornado",
]
