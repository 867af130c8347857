"""The chart language: our own SVG marks, the forms made of them, and one style sheet."""

from gigawatt.report.charts.chart import About, Chart
from gigawatt.report.charts.forms import Bar, Mark, Series, bars, columns, heat, lines, multiples, ranges

__all__ = ["About", "Bar", "Chart", "Mark", "Series", "bars", "columns", "heat", "lines", "multiples", "ranges"]
