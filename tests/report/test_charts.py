"""Charts are well-formed, titled and legible at every width, inside their frame, and say what their data say."""

from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from html import unescape
from importlib.resources import files
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from gigawatt.report import charts
from gigawatt.report.charts import About, Bar, Chart, Mark, Range, Reach, Series, StatedSpan, Strip, Sure
from gigawatt.report.charts import marks as svg
from gigawatt.report.charts.chart import HALF, NARROW, WIDE, style_sheet
from gigawatt.report.charts.marks import Frame
from gigawatt.report.document import Document, Exhibit, Section
from gigawatt.report.writers.page import render

SVG = "{http://www.w3.org/2000/svg}"
ABOUT = About(name="x", title="A < B", description='"quoted" & more')
QUARTERS = [f"{year}Q{k}" for year in range(2026, 2034) for k in range(1, 5)][2:]
YEARS = [str(year) for year in range(2026, 2034)]
MONTHS = [f"{2026 + at // 120}-{at % 120 // 10 + 1:02d}-{at % 10 + 1:02d}T00:00" for at in range(600)]
HOURS = [f"2028-07-14T{hour:02d}:00" for hour in range(24)]
PLATFORMS = ("GB300 NVL72", "Vera Rubin NVL72 (Max-Q)", "Rubin Ultra NVL144 (Kyber)", "Feynman (assumed)", "Other")
BARS = [
    Bar(label="Consumer chat", value=0.642, text="0.642 USD/Mtoken", colour=0, dot=2.65, dot_text="2.65 USD/Mtoken"),
    Bar(label="API and agents", value=2.0, text="2 USD/Mtoken", colour=1, dot=1.0, dot_text="1 USD/Mtoken"),
    Bar(label="A rather long name of a class of use", value=1.5, text="1.5 USD/Mtoken", colour=2),
    Bar(label="nearly nothing", value=0.001, text="0.001 USD/Mtoken", colour=2, dot=0.0, dot_text="0 USD/Mtoken"),
]


def series(name: str, count: int, colour: int, size: float = 1.0) -> Series:
    return Series(name=name, values=tuple(size * k for k in range(count)), colour=colour)


def every_form() -> dict[str, tuple[Chart, int]]:
    """Charts by name, with how many data each has to read out."""
    stack = [series(name, 30, k, 0.1 * (k + 1)) for k, name in enumerate(PLATFORMS)]
    gap = Series(name="a line with a gap", values=(1.0, math.nan, *range(28)), colour=7)
    early = Series(name="a line that ends early", values=(*range(20), *[math.nan] * 10), colour=2)
    money = [series("revenue", 8, 2, 3e4), series("capital spending", 8, 0, -2e4)]
    long = "billion USD per GW-year"
    marks = [Mark(at=3, value=2.0, tip="1 GW: 10 billion USD"), Mark(at=3, value=4.0, tip="2 GW: 10 billion USD")]
    shares = [[k / 30 for k in range(30)], [0.0] * 15 + [1.0] * 15, [math.nan] * 10 + [0.0] * 10 + [0.5] * 10]
    names = ["demand for Consumer chat", "grid power at Assumed US campus A", "cash"]
    classes = ["Consumer chat", "API and agents", "Reasoning", "Life-science research", "A class with a very long name"]
    whole = [series("trillion tokens/day", 30, 9, 10.0**k) for k in range(5)]
    half = [series("trillion tokens/day", 30, k, 0.5 * 10.0**k) for k in range(5)]
    spread = [series("p1", 30, 1, 0.1), series("p50", 30, 5, 0.2), series("from 1 % to 99 % of the hours", 30, 1, 0.3)]
    fanned = {key: [0.1 * n * k for k in range(30)] for n, key in enumerate(("p10", "p25", "p50", "p75", "p90"))}
    reaches = [
        Reach(label="token prices", low_text="×0.7", high_text="×1.35", low=-1200.0, high=4000.0),
        Reach(label="power", low_text="+0 q", high_text="+2 q", low=990.0, high=300.0),
        Reach(label="a quantity that changes nothing", low_text="×0.9", high_text="×1.1", low=1000.0, high=1000.0),
        Reach(label="chips", low_text="+0 q", high_text="+12 q", low=1500.0, high=1001.0),
    ]
    ranges = [
        Range(label="Wait for Rubin", p10=-20.0, p50=310.0, p90=2400.0, mean=900.0, largest=9000.0),
        Range(label=f"A strategy {names[1]}, {names[1]}", p10=0.0, p50=0.0, p90=0.0, mean=0.0, largest=12.0),
        Range(label="mine", p10=12.0, p50=13.0, p90=14.0, mean=2500.0, largest=2600.0),
    ]
    held = [
        StatedSpan(
            label=label, low_ratio=low, mid_ratio=mid, high_ratio=high, kind=kind, told=("stated: 1.9 GW", "fails")
        )
        for label, low, mid, high, kind in (
            ("weekly_users_power", 0.0186, 0.019, 0.0194, 1),
            ("tokens_per_day_first_gw, which has a long name", 2.05, 3.4, 10.6, 0),
            ("ten_gw", 1.0, 1.0, 1.0, 0),
        )
    ]
    keys = [("holds", 2), ("fails", 5)]
    strips = [
        Strip(
            name=name,
            mean=[math.nan if at == 300 else 0.01 * at for at in range(600)],
            least=[math.nan if at == 300 else 0.01 * at - n for at in range(600)],
            most=[math.nan if at == 300 else 0.01 * at + n for at in range(600)],
            colour=n,
        )
        for n, name in enumerate(PLATFORMS)
    ]
    steps = Strip(name="PUE", mean=[1.05 + 0.01 * hour for hour in range(24)], least=(), most=(), colour=0)
    nothing = Series(name="nothing", values=(math.nan,) * 4, colour=0)
    return {
        "columns": (charts.columns(ABOUT, QUARTERS, stack, "GW", ("target 10 GW", 43.5)), 30),
        "columns below nought": (charts.columns(ABOUT, YEARS, money, "billion USD"), 8),
        "columns of one": (charts.columns(ABOUT, ["2026"], [series("power", 1, 0)], long, ("needed", 1.0)), 0),
        "lines": (
            charts.lines(
                ABOUT, QUARTERS, [gap, early, *stack], "GW", bands=[("past", 1, 2)], levels=[("needed", 3)], marks=marks
            ),
            30,
        ),
        "steps": (charts.lines(ABOUT, QUARTERS, [stack[0]], long, marks=marks, steps=True), 30),
        "hours": (charts.lines(ABOUT, HOURS, [series("power", 24, 1)], "MW"), 24),
        "ranges": (
            charts.ranges(ABOUT, QUARTERS, spread, series("what the shells can draw", 30, 9, 0.4), "GW", "hours"),
            30,
        ),
        "heat": (charts.heat(ABOUT, names, QUARTERS, shares, 2, "served"), 30 + 1 + 15 + 2 + 10),
        "bars": (charts.bars(ABOUT, BARS, ("cost", "earned")), 4),
        "bars alone": (charts.bars(ABOUT, BARS[2:3]), 1),
        "multiples": (charts.multiples(ABOUT, QUARTERS, classes, whole, half), 150),
        "two multiples": (charts.multiples(ABOUT, QUARTERS, classes[:2], whole[:2], half[:2]), 60),
        "fan": (charts.fan(ABOUT, QUARTERS, fanned, "million USD", "Debt"), 30),
        "tornado": (charts.tornado(ABOUT, reaches, 1000.0, "million USD"), 4),
        "spread": (charts.spread(ABOUT, ranges, "million USD"), 3),
        "spread to the largest": (charts.spread(ABOUT, ranges[::2], "million USD", to_largest=True), 2),
        "against": (charts.against(ABOUT, held, keys, "× what was stated"), 3),
        "against nothing": (charts.against(ABOUT, [], keys, "× what was stated"), 0),
        "strips": (charts.strips(ABOUT, MONTHS, strips, "GW", tips=[(50, f"{k}\npower: 1 GW") for k in range(12)]), 12),
        "a strip of steps": (charts.strips(ABOUT, HOURS, [steps], "", tips=[(1, "one\nPUE: 1.05")] * 24, base=1.0), 24),
        "no strips": (charts.strips(ABOUT, HOURS, [], "GW"), 0),
        "bands": (charts.bands(ABOUT, [Sure(label=name, p10=9.0, p50=12.3, p90=20.0) for name in PLATFORMS], "x"), 5),
        "bands of losses": (charts.bands(ABOUT, [Sure(label="loss", p10=-9.0, p50=-2.0, p90=4.0)], "billion USD"), 1),
        "no bands": (charts.bands(ABOUT, [], "tokens/s"), 0),
        "no spread": (charts.spread(ABOUT, [], "million USD"), 0),
        "no columns": (charts.columns(ABOUT, QUARTERS, [], "GW"), 0),
        "no values": (charts.lines(ABOUT, QUARTERS[:4], [nothing], "GW"), 0),
        "no rows": (charts.heat(ABOUT, [], QUARTERS, [], 0, "served"), 0),
        "no bars": (charts.bars(ABOUT, []), 0),
        "no classes": (charts.multiples(ABOUT, QUARTERS, [], [], []), 0),
    }


FORMS = every_form()
EVERY = [pytest.param(name, width, id=f"{name} {width:g}") for name in FORMS for width in (WIDE, HALF, NARROW)]
Box = tuple[float, float, float, float]


def drawn(chart: Chart, width: float) -> ElementTree.Element:
    frame = Frame(slug="x", title="A < B", description='"quoted" & more', width=width, height=320)
    frame, marks = chart.draw(frame)
    return ElementTree.fromstring(svg.drawing(frame, marks))


@cache
def root_of(name: str, width: float = WIDE) -> ElementTree.Element:
    return drawn(FORMS[name][0], width)


def number(one: ElementTree.Element, name: str) -> float:
    return float(one.get(name, "0"))


def kinds(one: ElementTree.Element) -> list[str]:
    return str(one.get("class")).split()


def words(root: ElementTree.Element) -> Iterator[tuple[ElementTree.Element, Box]]:
    """Every text with the box that it fills, as the Liberation Sans of 12 pixels has it or more."""
    for one in root.iter(f"{SVG}text"):
        bold = {"head", "value", "end"} & set(kinds(one))
        width = svg.width_of(str(one.text), bold=bool(bold))
        x = number(one, "x") - {"end": width, "middle": width / 2}.get(str(one.get("text-anchor")), 0.0)
        yield one, (x, number(one, "y") - 9, x + width, number(one, "y") + 2)


def solid(root: ElementTree.Element) -> Iterator[Box]:
    """Boxes of filled marks: bars, dots, cells, columns and swatches."""
    for one in root.iter(f"{SVG}rect"):
        if not {"hit", "field"} & set(kinds(one)):
            x, y = number(one, "x"), number(one, "y")
            yield x, y, x + number(one, "width"), y + number(one, "height")
    for one in root.iter(f"{SVG}circle"):
        x, y, r = (number(one, key) for key in ("cx", "cy", "r"))
        yield x - r, y - r, x + r, y + r
    for one in root.iter(f"{SVG}path"):
        if "column" in kinds(one):
            for left, base, top, right in columns_of(one):
                yield left, min(base, top), right, max(base, top)


def columns_of(path: ElementTree.Element) -> Iterator[tuple[float, float, float, float]]:
    """Left, base, top and right of each column of a path."""
    for found in re.finditer(r"M(\S+) ([^V]+)V([^H]+)H([^V]+)V", str(path.get("d"))):
        left, base, top, right = map(float, found.groups())
        yield left, base, top, right


def points(path: ElementTree.Element) -> Iterator[tuple[float, float]]:
    text = re.sub(r"V(\S+?)H(\S+?)V", r"L0 \1L\2 0L0 ", str(path.get("d")))
    for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", text):
        yield float(x), float(y)


def overlap(one: Box, two: Box) -> bool:
    return one[0] < two[2] and two[0] < one[2] and one[1] < two[3] and two[1] < one[3]


@pytest.mark.parametrize(("name", "width"), EVERY)
def test_well_formed_titled_and_finite(name: str, width: float) -> None:
    root = root_of(name, width)
    assert root.get("role") == "img"
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert title.text == "A < B"
    assert description is not None
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    marks = ElementTree.tostring(root, encoding="unicode")
    assert not re.search(r'="[^"]*\b(nan|inf)', marks)


@pytest.mark.parametrize(("name", "width"), EVERY)
def test_everything_is_inside_the_frame(name: str, width: float) -> None:
    root = root_of(name, width)
    _, _, wide, high = map(float, str(root.get("viewBox")).split())
    assert wide == width
    boxes = [*solid(root), *(box for _, box in words(root))]
    boxes += [(x, y, x, y) for path in root.iter(f"{SVG}path") for x, y in points(path)]
    boxes += [
        (number(one, "x1"), number(one, "y1"), number(one, "x2"), number(one, "y2")) for one in root.iter(f"{SVG}line")
    ]
    for left, top, right, bottom in boxes:
        assert -0.1 <= left <= right <= wide + 0.1
        assert -0.1 <= top <= bottom <= high + 0.1


@pytest.mark.parametrize(("name", "width"), EVERY)
def test_labels_lie_neither_on_each_other_nor_on_marks(name: str, width: float) -> None:
    root = root_of(name, width)
    texts = [(str(one.text), kinds(one), box) for one, box in words(root)]
    for (one, _, first), (two, _, second) in combinations(texts, 2):
        assert not overlap(first, second), (one, two)
    marks = list(solid(root))
    for text, kind, box in texts:
        if "note" not in kind:  # the name of a level stands on paper of its own
            assert not any(overlap(box, mark) for mark in marks), text


@pytest.mark.parametrize(("name", "width"), EVERY)
def test_every_datum_is_read_out(name: str, width: float) -> None:
    root = root_of(name, width)
    tips = [str(title.text) for title in root.iter(f"{SVG}title")][1:]
    assert len(tips) == FORMS[name][1]
    assert all(tip.strip() and len(tip.split("\n")) > 1 for tip in tips)


def test_the_same_data_give_the_same_bytes() -> None:
    again = every_form()
    assert all(chart.wide == again[name][0].wide for name, (chart, _) in FORMS.items())


def test_a_chart_stands_alone_with_its_styles_and_paper() -> None:
    root = ElementTree.fromstring(FORMS["columns"][0].alone)
    style = root.find(f"{SVG}style")
    assert style is not None
    left, _, width, _ = map(float, str(root.get("viewBox")).split())
    assert left < 0
    assert width == pytest.approx(WIDE - 2 * left)


def test_columns_are_as_tall_as_their_values() -> None:
    (column,) = [one for one in root_of("columns below nought").iter(f"{SVG}path") if "f2" in kinds(one)]
    heights = [base - top for _, base, top, _ in columns_of(column)]
    assert heights == pytest.approx([heights[0] * k for k in range(1, 8)], abs=0.4)


def test_costs_hang_below_nought() -> None:
    up, down = (one for one in root_of("columns below nought").iter(f"{SVG}path") if "column" in kinds(one))
    (zero,) = {base for _, base, _, _ in columns_of(up)}
    assert {base for _, base, _, _ in columns_of(down)} == {zero}
    assert all(top > base for _, base, top, _ in columns_of(down))


def test_a_stack_is_read_out_with_its_total() -> None:
    tips = [str(title.text) for title in root_of("columns").iter(f"{SVG}title")]
    assert tips[2].split("\n") == [
        "Q4 2026",
        *(f"{name}: 0.{k} GW" for k, name in enumerate(PLATFORMS, 1)),
        "together: 1.5 GW",
    ]


def test_marks_are_read_out_with_their_period() -> None:
    tips = [str(title.text) for title in root_of("steps").iter(f"{SVG}title")]
    assert tips[4].split("\n")[0] == "Q2 2027"
    assert tips[4].split("\n")[2:] == ["1 GW: 10 billion USD", "2 GW: 10 billion USD"]


def test_cells_of_nothing_are_read_out_together() -> None:
    tips = [str(title.text) for title in root_of("heat").iter(f"{SVG}title")]
    assert "grid power at Assumed US campus A, Q3 2026 to Q1 2030\n0 % served" in tips
    assert "cash, Q3 2026 to Q4 2028\nno figure" in tips


def test_a_gap_breaks_a_line() -> None:
    root = root_of("lines")
    assert sum({"line", "l7"} <= set(kinds(one)) for one in root.iter(f"{SVG}path")) == 1
    first = [one for one in root.iter(f"{SVG}circle") if "f7" in kinds(one)]
    assert len(first) == 1, "a value between gaps is a dot"


def test_names_at_the_ends_of_lines_have_the_swatch_of_their_line() -> None:
    children = list(root_of("lines", WIDE))
    named = [(before, one) for before, one in pairwise(children) if "end" in kinds(one)]
    assert [str(one.text) for _, one in named] == [
        *("a line with a gap", "a line that ends early", *PLATFORMS),
        *("past", "needed"),
    ]
    assert [kinds(swatch)[-1] for swatch, _ in named] == [*("l7", "l2", "l0", "l1", "l2", "l3", "l4"), "band", "level"]


def test_a_narrow_chart_has_a_legend_instead() -> None:
    root = root_of("lines", NARROW)
    assert not [one for one in root.iter(f"{SVG}text") if "end" in kinds(one)]
    assert len([one for one in root.iter(f"{SVG}text") if "key" in kinds(one)]) == 9


def test_narrow_rows_have_their_names_above_them() -> None:
    for name in ("bars", "heat"):
        labels = [one for one in root_of(name, NARROW).iter(f"{SVG}text") if kinds(one) == ["label"]]
        assert all(number(one, "x") <= 5 for one in labels)


@pytest.mark.parametrize(("width", "across"), [(WIDE, 4), (HALF, 2), (NARROW, 2)])
def test_multiples_stand_in_as_many_columns_as_have_room(width: float, across: int) -> None:
    heads = [one for one in root_of("multiples", width).iter(f"{SVG}text") if kinds(one) == ["head"]]
    assert len({number(one, "x") for one in heads}) == across


def test_each_value_stands_at_its_own_mark() -> None:
    """A bar's value must not be read at its dot: 0.642 USD/Mtoken beside a dot of 2.65."""
    for width in (WIDE, HALF, NARROW):
        root = drawn(charts.bars(ABOUT, BARS), width)
        said = {str(one.text): box for one, box in words(root)}
        bars = [one for one in root.iter(f"{SVG}rect") if "hit" not in kinds(one)]
        dots = [one for one in root.iter(f"{SVG}circle") if "mark" in kinds(one)]
        for row, bar in zip(BARS, bars, strict=True):
            left, top, _, bottom = said[row.text]
            assert left == pytest.approx(number(bar, "x") + number(bar, "width") + 8, abs=1.0)
            assert number(bar, "y") <= top < bottom <= number(bar, "y") + number(bar, "height")
        for row, dot in zip((row for row in BARS if row.dot is not None), dots, strict=True):
            left, top, _, bottom = said[row.dot_text]
            assert left == pytest.approx(number(dot, "cx") + 8, abs=0.2)
            assert top < number(dot, "cy") < bottom
        # Dots and bars are on one scale: the dot of 2.65 lies as much further as it is more than the bar of 2.
        zero = number(bars[0], "x")
        assert (number(dots[0], "cx") - zero) / number(bars[1], "width") == pytest.approx(2.65 / 2.0, rel=1e-2)


def test_years_under_an_axis_have_room() -> None:
    for width in (WIDE, HALF, NARROW):
        root = root_of("columns", width)
        years = [str(one.text) for one in root.iter(f"{SVG}text") if re.fullmatch(r"20\d\d", str(one.text))]
        assert years[-3:] == ["2031", "2032", "2033"]
    hours = [str(one.text) for one in root_of("hours", NARROW).iter(f"{SVG}text") if str(one.text).endswith(":00")]
    assert hours[:2] == ["00:00", "03:00"]


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(0, 10, (0, 2, 4, 6, 8, 10)), (0, 0, (0, 0.2, 0.4, 0.6, 0.8, 1.0)), (-3, 7, (-4, -2, 0, 2, 4, 6, 8))],
)
def test_ticks_are_round_and_span_the_data(low: float, high: float, ticks: tuple[float, ...]) -> None:
    axis = svg.axis(low, high, 100, 0)
    assert axis.ticks == pytest.approx(ticks)
    assert axis.at(axis.low) == 100
    assert axis.at(axis.high) == 0


def test_a_legend_that_is_too_long_takes_more_rows() -> None:
    names = [f"a rather long name of a series, number {k}" for k in range(4)]
    frame = Frame(slug="x", title="", description="", width=600)
    assert svg.legend_rows(frame, names, 50) == 2
    assert svg.legend_rows(frame, names, 350) == 4
    assert svg.legend_rows(frame, ["a", "b"], 50) == 1


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (-0.0, "0"), (1234.6, "1,235"), (0.001234, "0.00123"), (-12.34, "−12.3"), (999.7, "1,000")],
)
def test_figures_of_data(value: float, text: str) -> None:
    assert svg.figure(value) == text


def test_words_are_cut_to_their_room() -> None:
    assert svg.fitting("short", 100) == "short"
    cut = svg.fitting("a name that is far too long", 80)
    assert cut.endswith("…")
    assert svg.width_of(cut) <= 80


# The style sheet: colours are held to the contrast that the Web Content Accessibility Guidelines 2.2 ask for.


def palettes() -> dict[str, dict[str, str]]:
    light, dark = re.findall(r"\.gw-readout \{\s*((?:--[^}]*?)+)\}", style_sheet())
    found = {name: dict(re.findall(r"--(\w+): (#\w{6})", text)) for name, text in (("light", light), ("dark", dark))}
    assert set(found["light"]) == set(found["dark"])
    return found


def luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, two: str) -> float:
    dark, light = sorted((luminance(one), luminance(two)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_colours_stand_out(name: str) -> None:
    colours = palettes()[name]
    for text in ("ink", "soft", "accent"):
        assert contrast(colours[text], colours["paper"]) >= 4.5, text
        assert contrast(colours[text], colours["wash"]) >= 4.5, text
        assert contrast(colours[text], colours["land"]) >= 4.5, text
    for mark in ("line", *(f"c{k}" for k in range(svg.COLOURS))):
        assert contrast(colours[mark], colours["paper"]) >= 3.0, mark


def test_dark_is_for_screens_alone() -> None:
    assert re.findall(r"@media ([^{]*prefers[^{]*)\{", style_sheet()) == ["screen and (prefers-color-scheme: dark) "]


@pytest.mark.parametrize(("name", "width"), EVERY)
def test_text_is_in_ink_or_soft_and_not_small(name: str, width: float) -> None:
    used = {kind for one in root_of(name, width).iter(f"{SVG}text") for kind in kinds(one)}
    rules = re.findall(r"([^{}]+)\{([^{}]*)\}", style_sheet())
    for kind in used:
        styles = [body for selectors, body in rules if re.search(rf"\.{kind}\b", selectors)]
        assert styles, kind
        assert set(re.findall(r"\bfill: ([^;]+);", " ".join(styles))) <= {"var(--ink)", "var(--soft)"}
        assert all(float(size) >= 11 for size in re.findall(r"font-size: ([\d.]+)px", " ".join(styles)))


def test_styles_stay_inside_charts() -> None:
    selectors = re.findall(r"(?:^|\})\s*([^{}@]+)\{", re.sub(r"@media[^{]*\{", "", style_sheet()))
    for selector in (one.strip() for group in selectors for one in group.split(",")):
        assert selector.startswith((".gw-chart", ".gw-readout")) or selector == ".gw"


# A browser reads charts out.

CHROMIUM = shutil.which("chromium")
browser = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
DRIVER = """
const heard = [], chart = document.querySelector("svg.gw-chart");
const hear = () => heard.push(document.querySelector(".gw-readout").innerText.split("\\n").join(" | "));
const press = (key) => {
  chart.focus(); chart.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true })); hear();
};
["ArrowRight", "ArrowRight", "ArrowDown", "ArrowUp", "End", "Home", "Escape"].forEach(press);
const place = document.querySelectorAll(".hit")[2].getBoundingClientRect(), at = [place.x + 5, place.y + 5];
const move = { clientX: at[0], clientY: at[1], bubbles: true };
document.elementFromPoint(...at).dispatchEvent(new PointerEvent("pointerdown", move)); hear();
document.body.dispatchEvent(new PointerEvent("pointermove", { clientX: 0, clientY: 0, bubbles: true })); hear();
document.body.dataset.heard = JSON.stringify(heard);
"""


def browse(page: Path) -> subprocess.CompletedProcess[str]:
    """A page in a browser: what it is when its scripts have run, and what went to the console."""
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--dump-dom", "--enable-logging=stderr"]
    command += [f"--user-data-dir={page.parent / 'profile'}", page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)


@browser
@pytest.mark.slow
def test_a_browser_reads_out_what_pointer_and_keys_are_at(tmp_path: Path) -> None:
    script = files("gigawatt.report.writers").joinpath("templates", "readout.js").read_text(encoding="utf-8")
    page = tmp_path / "page.html"
    chart = charts.bars(ABOUT, BARS[:3], ("cost", "earned")).wide
    scripts = f"<script>{script}</script><script>{DRIVER}</script>"
    page.write_text(f"<meta charset='utf-8'><style>{style_sheet()}</style><body>{chart}{scripts}", encoding="utf-8")
    found = re.search(r'data-heard="([^"]*)"', browse(page).stdout)
    assert found is not None
    chat = "Consumer chat | cost | 0.642 USD/Mtoken | earned | 2.65 USD/Mtoken"
    agents = "API and agents | cost | 2 USD/Mtoken | earned | 1 USD/Mtoken"
    third = "A rather long name of a class of use | cost | 1.5 USD/Mtoken"
    said = [re.sub(r"( \| )+", " | ", one) for one in json.loads(unescape(found[1]))]
    assert said == [chat, agents, third, agents, third, chat, "", third, ""]


@browser
@pytest.mark.slow
def test_a_page_keeps_its_own_policy(tmp_path: Path) -> None:
    shown = tuple(
        Exhibit(name=f"chart-{at}", says="This", table=None, chart=replace(chart, about=replace(ABOUT, name=f"c{at}")))
        for at, (chart, _) in enumerate(FORMS.values())
    )
    section = Section(slug="all", title="All", parts=shown)
    page = tmp_path / "page.html"
    page.write_text(render(Document(title="Charts", sections=(section,))), encoding="utf-8")
    done = browse(page)
    assert 'role="application"' in done.stdout
    assert "Content Security Policy" not in done.stderr
    assert "Uncaught" not in done.stderr


def test_slim_columns_have_no_rims_that_hide_them() -> None:
    for count, kind in ((30, "column"), (300, "slim")):
        drawn = charts.columns(ABOUT, [str(1000 + k) for k in range(count)], [series("power", count, 0)], "GW").wide
        assert f'class="{kind} f0"' in drawn
