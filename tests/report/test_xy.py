"""Charts over two axes: where points lie, what is cut, named and answered, wide and narrow."""

from __future__ import annotations

import math
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from gigawatt.report import charts
from gigawatt.report.charts import About, Chart, Peak, Point, Trace, Upright, marks
from gigawatt.report.charts.ladder import year

ABOUT = About(name="x", title="A < B", description="both")
SLOPE = tuple(Point(x, 10.0 - x, f"at {x}") for x in range(11))
UPRIGHTS = [Upright("here", 5.0), Upright("a name that is rather long", 5.1), Upright("the third of them", 9.0)]
SVG = "{http://www.w3.org/2000/svg}"


def elements(chart: Chart, kind: str, *, narrow: bool = False) -> list[ElementTree.Element]:
    root = ElementTree.fromstring(chart.narrow if narrow else chart.wide)
    return [one for one in root.iter() if kind in str(one.get("class")).split()]


def at(one: ElementTree.Element) -> tuple[float, float]:
    return float(str(one.get("cx"))), float(str(one.get("cy")))


def test_no_line_runs_through_a_name_where_names_have_no_room_beside_each_other() -> None:
    uprights = [Upright(name, x) for name, x in (("divided", 3.3), ("economic abundance, 12.4 GW", 4.1))]
    uprights.append(Upright("physical abundance, 23.3 GW", 7.8))
    chart = charts.xy(ABOUT, [Trace("", SLOPE, 0)], "across", "up", uprights=uprights)
    names = [one for one in elements(chart, "note", narrow=True) if one.text]
    lines = [one for one in elements(chart, "level", narrow=True) if one.get("x1") == one.get("x2")]
    for name in names:
        x, y, size = float(str(name.get("x"))), float(str(name.get("y"))), marks.width_of(str(name.text))
        left, right = (x - size, x) if name.get("text-anchor") == "end" else (x, x + size)
        for line in lines:
            crosses = left < float(str(line.get("x1"))) < right
            assert not (crosses and float(str(line.get("y1"))) < y - 3 < float(str(line.get("y2")))), name.text


@pytest.mark.parametrize("narrow", [False, True])
def test_points_lie_where_they_are_and_say_what_they_are(narrow: bool) -> None:
    chart = charts.xy(ABOUT, [Trace("", SLOPE, 0)], "across", "up")
    hits = elements(chart, "hit", narrow=narrow)
    assert ["".join(one.itertext()) for one in hits] == [point.tip for point in SLOPE]
    (x0, y0), (x1, y1), *_, (x10, y10) = map(at, hits)
    assert (x10 - x0, y10 - y0) == pytest.approx((10 * (x1 - x0), 10 * (y1 - y0)), abs=0.1)
    words = [one.text for one in elements(chart, "unit", narrow=narrow)]
    assert words == ["up", "across"]


def test_a_curve_is_cut_at_the_upper_edge_and_broken_by_gaps() -> None:
    points = (Point(0, math.inf), Point(1, 30), Point(2, 10), Point(3, 5), Point(4, math.nan), Point(5, 1), Point(6, 1))
    chart = charts.xy(ABOUT, [Trace("", points, 0)], "", "", most=20)
    first, second = (str(one.get("d")) for one in elements(chart, "line"))
    heights = [float(y) for y in first.replace("M", "").replace("L", "").split()[1::2]]
    grid = [float(str(one.get("y1"))) for one in elements(chart, "grid")]
    assert min(heights) == pytest.approx(min(grid))
    assert len(second.split("L")) == 2
    assert "inf" not in chart.wide + chart.narrow
    assert "nan" not in chart.wide + chart.narrow


@pytest.mark.parametrize("narrow", [False, True])
def test_no_line_runs_through_the_name_of_another(narrow: bool) -> None:
    chart = charts.xy(ABOUT, [Trace("", SLOPE, 0)], "", "", uprights=UPRIGHTS)
    lines = [one for one in elements(chart, "level", narrow=narrow) if one.get("x1") == one.get("x2")]
    for one in elements(chart, "note", narrow=narrow):
        x, y, width = float(str(one.get("x"))), float(str(one.get("y"))), marks.width_of(str(one.text))
        left, right = (x - width, x) if one.get("text-anchor") == "end" else (x, x + width)
        for line in lines:
            across, top = float(str(line.get("x1"))), float(str(line.get("y1")))
            assert not (left < across < right and top < y)


def test_several_curves_have_a_legend_and_levels_their_names() -> None:
    curves = [Trace("one", SLOPE, 0), Trace("two", SLOPE[:3], 1, joined=False), Trace("", SLOPE[:1], 1, joined=False)]
    chart = charts.xy(ABOUT, curves, "", "", levels=[("enough", 4.0)])
    assert [one.text for one in elements(chart, "key")] == ["one", "two"]
    assert [one.text for one in elements(chart, "note")] == ["enough"]
    assert len(elements(chart, "rim")) == 4


def test_slices_cover_the_whole_width() -> None:
    chart = charts.xy(ABOUT, [Trace("", SLOPE, 0)], "", "", tips=[(0.0, "none"), (4.0, "some"), (10.0, "all")])
    slices = [one for one in elements(chart, "hit") if one.tag == f"{SVG}rect"]
    edges = [(float(str(one.get("x"))), float(str(one.get("width")))) for one in slices]
    assert ["".join(one.itertext()) for one in slices] == ["none", "some", "all"]
    assert all(x + width == pytest.approx(after, abs=0.02) for (x, width), (after, _) in pairwise(edges))


@pytest.mark.parametrize("narrow", [False, True])
def test_the_ladder(narrow: bool) -> None:
    """users 6: dots of the programme lay on "H100, 8 GPUs"."""
    machines = [Peak(f"m{k}", f"{2016 + k}-06-01", 10.0 ** (14 + k / 2), f"tip {k}", f"machine {k}") for k in range(9)]
    programme = [
        Peak(f"p{k}", f"{2022 + k // 4}-{3 * (k % 4) + 1:02d}-01", 10.0 ** (17 + k / 5), "") for k in range(20)
    ]
    chart = charts.ladder(ABOUT, machines, programme)
    dots = [at(one) for one in elements(chart, "rim", narrow=narrow)]
    assert len(dots) == len(machines)
    steps = [(x, -y) for x, y in dots]
    assert steps == sorted(steps)
    ticks = [one.text for one in elements(chart, "tick", narrow=narrow)]
    assert {"1 PFLOP/s", "1 EFLOP/s", "2016"} <= set(ticks)
    names = [str(one.text) for one in elements(chart, "halo", narrow=narrow)]
    assert len(names) == len(set(names)) > len(machines) / 2


def test_a_day_is_a_year_with_its_fraction() -> None:
    assert year("2024-07-02") == pytest.approx(2024.5)
    assert year("2023-12-31") == pytest.approx(2023 + 364 / 365)


WAITS = tuple(Point(0.01 * 2**n, 10.0 * n, f"at {n}") for n in range(11))
SECONDS = {-2: "10 ms", -1: "100 ms", 0: "1 s", 1: "10 s", 2: "100 s"}


@pytest.mark.parametrize("narrow", [False, True])
def test_a_logarithmic_axis_has_equal_factors_equally_far_apart(*, narrow: bool) -> None:
    chart = charts.xy(ABOUT, [Trace("", WAITS, 0)], "time", "share", spans=SECONDS)
    places = [at(one)[0] for one in elements(chart, "hit", narrow=narrow)]
    steps = [after - before for before, after in pairwise(places)]
    assert steps == pytest.approx([steps[0]] * 10, abs=0.2)
    told = [one.text for one in elements(chart, "tick", narrow=narrow)]
    assert [name for name in told if name in SECONDS.values()] == ["10 ms", "100 ms", "1 s", "10 s"]


def test_a_logarithmic_axis_reaches_its_uprights() -> None:
    chart = charts.xy(ABOUT, [Trace("", WAITS, 0)], "time", "share", spans=SECONDS, uprights=[Upright("limit", 100.0)])
    (line,) = [one for one in elements(chart, "level") if one.get("x1") == one.get("x2")]
    points = [at(one)[0] for one in elements(chart, "hit")]
    assert max(points) < float(str(line.get("x1"))) <= 1000


def test_a_logarithmic_axis_of_one_value_is_drawn() -> None:
    chart = charts.xy(ABOUT, [Trace("", (Point(0.5, 1.0), Point(0.5, 2.0)), 0)], "time", "share", spans=SECONDS)
    assert "NaN" not in chart.wide


def test_the_name_of_a_level_is_not_among_those_of_uprights() -> None:
    """A level at the upper edge is named below its line, for above it stand the names of uprights."""
    flat = tuple(Point(float(x), 1.0) for x in range(11))
    levels, uprights = [("limit, 100 ms", 100.0)], [Upright("capacity, 9.5", 9.5)]
    chart = charts.xy(ABOUT, [Trace("", flat, 0)], "rate", "ms", levels=levels, uprights=uprights)
    high = {one.text: float(str(one.get("y"))) for one in elements(chart, "note")}
    assert high["limit, 100 ms"] > high["capacity, 9.5"] + 12
