"""Charts are well-formed, titled, inside their frame, and say what their data say."""

from __future__ import annotations

import math
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from gigawatt.report import charts, svg
from gigawatt.report.charts import Bar, Mark, Series
from gigawatt.report.charts.marks import Frame

PERIODS = ["2026Q3", "2026Q4", "2027Q1", "2027Q2"]
FRAME = Frame(slug="x", title="A < B", description='"quoted" & more', width=600, height=300)
BARS = [
    Bar(label="chat", value=0.642, text="0.642 USD/Mtoken", colour=0, dot=2.65, dot_text="2.65 USD/Mtoken"),
    Bar(label="agents", value=2.0, text="2 USD/Mtoken", colour=1, dot=1.0, dot_text="1 USD/Mtoken"),
    Bar(label="batch", value=1.5, text="1.5 USD/Mtoken", colour=2),
]
SVG = "{http://www.w3.org/2000/svg}"


def parsed(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)


def rects(chart: str, kind: str) -> list[ElementTree.Element]:
    return [one for one in parsed(chart).iter(f"{SVG}rect") if one.get("class") == kind and one.get("rx") is None]


def every_chart() -> dict[str, str]:
    one = Series(name="one", values=(1.0, 2.0, 3.0, 4.0), colour=0)
    two = Series(name="two", values=(-1.0, 0.0, math.nan, -4.0), colour=1)
    mark = Mark(at=1, value=2.0, tip="released")
    return {
        "columns": charts.columns(FRAME, PERIODS, [one, Series(name="cost", values=(-1, 0, 0, -4), colour=1)], "GW"),
        "columns of years": charts.columns(FRAME, ["2026", "2027", "2028", "2029"], [one], "GW", ("target", 10.0)),
        "lines": charts.lines(
            FRAME, PERIODS, [one, two], "GW", bands=[("past", 1, 2)], levels=[("needed", 3)], marks=[mark]
        ),
        "steps": charts.lines(FRAME, PERIODS, [one], "GW", steps=True),
        "heat": charts.heat(FRAME, ["a", "b"], PERIODS, [[0.0, 0.5, 1.0, math.nan], [0.1] * 4], 2, "served"),
        "bars": charts.bars(FRAME, BARS),
        "multiples": charts.multiples(FRAME, PERIODS, ["first", "second"], [one, one], [one, one]),
        "nothing": charts.columns(FRAME, PERIODS, [], "GW"),
        "nothing on lines": charts.lines(FRAME, PERIODS, [Series(name="n", values=(math.nan,) * 4, colour=0)], "GW"),
        "no bars": charts.bars(FRAME, []),
        "no classes": charts.multiples(FRAME, PERIODS, [], [], []),
    }


@pytest.mark.parametrize("name", every_chart())
def test_well_formed_titled_and_finite(name: str) -> None:
    chart = every_chart()[name]
    root = parsed(chart)
    assert root.get("role") == "img"
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert title.text == "A < B"
    assert description is not None
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    assert "nan" not in chart
    assert "inf" not in chart


@pytest.mark.parametrize("name", every_chart())
def test_everything_is_inside_the_frame(name: str) -> None:
    root = parsed(every_chart()[name])
    _, _, width, height = map(float, str(root.get("viewBox")).split())
    for one in root.iter(f"{SVG}rect"):
        x, y, w, h = (float(one.get(key, "0")) for key in ("x", "y", "width", "height"))
        assert x >= -0.01
        assert x + w <= width + 0.01
        assert y >= -0.01
        assert y + h <= height + 0.01
    for one in root.iter(f"{SVG}text"):
        assert 0 <= float(one.get("y", "0")) <= height


def test_columns_are_as_tall_as_their_values() -> None:
    chart = every_chart()["columns of years"]
    heights = [float(one.get("height", "0")) for one in rects(chart, "f0")]
    assert heights == pytest.approx([heights[0] * k for k in (1, 2, 3, 4)], rel=1e-3)


def test_costs_hang_below_nought() -> None:
    chart = every_chart()["columns"]
    foot = [float(one.get("y", "0")) + float(one.get("height", "0")) for one in rects(chart, "f0")]
    heads = [float(one.get("y", "0")) for one in rects(chart, "f1")]
    assert heads == pytest.approx([foot[0]] * 2, abs=0.02)


def test_a_gap_breaks_a_line() -> None:
    lines = [one for one in parsed(every_chart()["lines"]).iter(f"{SVG}path") if "l1" in str(one.get("class"))]
    assert len(lines) == 2


def test_names_of_lines_do_not_overlap() -> None:
    same = [Series(name=str(k), values=(1.0, 1.0, 1.0, 1.0 + k / 100), colour=k) for k in range(6)]
    root = parsed(charts.lines(FRAME, PERIODS, same, "GW"))
    ys = sorted(float(one.get("y", "0")) for one in root.iter(f"{SVG}text") if str(one.get("class")).startswith("end"))
    assert min(b - a for a, b in pairwise(ys)) >= 14.9


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(0, 10, (0, 2, 4, 6, 8, 10)), (0, 0, (0, 0.2, 0.4, 0.6, 0.8, 1.0)), (-3, 7, (-4, -2, 0, 2, 4, 6, 8))],
)
def test_ticks_are_round_and_span_the_data(low: float, high: float, ticks: tuple[float, ...]) -> None:
    axis = svg.axis(low, high, 100, 0)
    assert axis.ticks == pytest.approx(ticks)
    assert axis.at(axis.low) == 100
    assert axis.at(axis.high) == 0


def test_a_legend_that_is_too_long_takes_two_rows() -> None:
    names = [f"a rather long name of a series, number {k}" for k in range(4)]
    assert svg.legend_rows(FRAME, names, 50) == 4
    assert svg.legend_rows(FRAME, ["a", "b"], 50) == 1


def test_the_same_data_give_the_same_bytes() -> None:
    assert every_chart() == every_chart()


def test_each_value_stands_at_its_own_mark() -> None:
    """users 6: a bar's value was printed at the dot ("0.642 USD/Mtoken" at a dot of 2.65)."""
    root = parsed(charts.bars(FRAME, BARS))
    said = {str(one.text): (float(str(one.get("x"))), float(str(one.get("y")))) for one in root.iter(f"{SVG}text")}
    ends = [(float(r.get("x", 0)) + float(r.get("width", 0)), float(r.get("y", 0))) for r in root.iter(f"{SVG}rect")]
    dots = [(float(c.get("cx", 0)), float(c.get("cy", 0))) for c in root.iter(f"{SVG}circle")]
    for row, (x, y) in zip(BARS, ends, strict=True):
        assert said[row.text][0] == pytest.approx(x + 10, abs=0.02)
        assert 0 < said[row.text][1] - y < charts.ROW
    with_dot = [row for row in BARS if row.dot is not None]
    for row, (x, y) in zip(with_dot, dots, strict=True):
        assert said[row.dot_text][0] == pytest.approx(x + 10, abs=0.02)
        assert said[row.dot_text][1] == pytest.approx(y + 4, abs=0.02)
    # Dots and bars are on one scale: the dot of 2.65 lies as much further as it is more than the bar of 2.
    left = float(next(iter(root.iter(f"{SVG}rect"))).get("x", 0))
    assert (dots[0][0] - left) / (ends[1][0] - left) == pytest.approx(2.65 / 2.0, rel=1e-3)
    lines = sorted(y for text, (_, y) in said.items() if text.endswith("USD/Mtoken"))
    assert min(b - a for a, b in pairwise(lines)) >= 12
