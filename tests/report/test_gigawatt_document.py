"""What is told of a gigawatt-year: profit with its band, where money comes from, both counts of power, and the page."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from gigawatt.report.document import Document, Exhibit, Facts
from gigawatt.report.documents import gigawatt, inference
from gigawatt.report.writers import terminal
from gigawatt.study import verbs
from gigawatt.study.predict.gigawatt import GigawattComparison

ASKED = {
    "model": "deepseek-r1",
    "input": 8000,
    "output": 1000,
    "price_input": 0.5,
    "price_output": 2,
    "scenario": "one-campus",
}
NEAR = {"model": "deepseek-r1", "gpu": "b200", "precision": "fp4", "input": 1024, "output": 1024}


@pytest.fixture(scope="module")
def found() -> GigawattComparison:
    return verbs.ask("predict gigawatt", gpu="gb300-nvl72, h200, b200", licence="10 %", **ASKED)


@pytest.fixture(scope="module")
def document(found: GigawattComparison) -> Document:
    return gigawatt.document(found)


def printed(document: Document, width: int = 80) -> str:
    out = io.StringIO()
    terminal.show(document, {}, Console(file=out, width=width, highlight=False, markup=False, emoji=False))
    assert max(map(len, out.getvalue().splitlines())) <= width
    return " ".join(out.getvalue().split())


def test_profit_is_drawn_with_its_band_the_best_first(found: GigawattComparison, document: Document) -> None:
    (profit,) = (part for part in document.parts() if isinstance(part, Exhibit))
    assert profit.chart is not None
    assert profit.table is not None
    assert [row[0] for row in profit.table.rows] == [part.gpu for part in found.parts]
    assert profit.chart.wide.count("narrow-band") == 3 + 1
    for row, part in zip(profit.table.rows, found.parts, strict=True):
        year = part.year
        assert row[1:6] == (
            year.revenue_usd_per_gw_year.p50,
            year.cost_usd_per_gw_year,
            *(getattr(year.profit_usd_per_gw_year, name) for name in ("p50", "p10", "p90")),
        )
    assert found.parts[0].gpu in profit.says
    assert found.parts[-1].gpu in profit.says


def test_money_adds_up_along_its_row(document: Document) -> None:
    for row in document.tables()["money"].rows:
        figures = [value for value in row[1:] if isinstance(value, float)]
        assert sum(figures[:-1]) == pytest.approx(figures[-1])


def test_both_counts_of_power_stand_under_each_other(found: GigawattComparison, document: Document) -> None:
    rows = document.tables()["bases"].rows
    assert [row[:2] for row in rows] == [(part.gpu, name) for part in found.parts for name in ("as rated", "all in")]
    (told,) = (part for part in document.parts() if isinstance(part, Facts) and part.name == "hours")
    pairs = dict(told.pairs)
    assert "peak PUE" in pairs["as rated"]
    assert pairs["owned"].startswith("owning, by one-campus")
    for part in found.parts:
        assert part.rent_basis is not None
        assert part.rent_basis in pairs[part.gpu]


def test_a_terminal_shows_it_all_in_eighty_columns(found: GigawattComparison, document: Document) -> None:
    said = printed(document)
    for words in (
        "1 GW of facility power",
        "10 % of revenue",
        "60 % of what could be served",
        "Users",
        "To keep in mind",
    ):
        assert words in said
    assert all(" ".join(note.text.split()) in said for note in found.head.notes)


def test_a_loss_is_drawn_below_nothing() -> None:
    poor = verbs.ask("predict gigawatt", gpu="h200", use="1 %", **ASKED)
    year = poor.parts[0].year
    assert year.profit_usd_per_gw_year.p90 < 0
    drawn = gigawatt.document(poor).charts()["profit"]
    assert "−" in drawn.wide
    assert 'width="-' not in drawn.wide
    assert year.break_even_frac.p50 > 0.01


def test_a_part_whose_cost_nobody_knows_comes_last_and_is_said() -> None:
    change = {"model": "llama-3.1-8b", "precision": "bf16"}
    found = verbs.ask("predict gigawatt", gpu="a100, h100", **ASKED | change)
    assert [part.gpu for part in found.parts] == ["h100", "a100"]
    year = found.parts[1].year
    assert (year.cost_usd_per_gw_year, year.profit_usd_per_gw_year, year.break_even_frac) == (None, None, None)
    document = gigawatt.document(found)
    assert document.tables()["years"].texts()[1][2:4] == ["–", "–"]
    alone = gigawatt.document(verbs.ask("predict gigawatt", gpu="a100", **ASKED | change))
    assert "not known" in printed(alone)
    assert "profit" not in alone.charts()


def test_measured_points_are_rings_beside_the_curve() -> None:
    served = verbs.ask("predict inference", **NEAR, pareto=True)
    document = inference.document(served)
    assert served.measured
    drawn, table = document.charts()["front"], document.tables()["measured"]
    assert drawn.wide.count('class="ring') == len(served.measured) + 1  # and the legend's
    for row, point in zip(table.rows, served.measured, strict=True):
        assert row[:3] == ("b200", point.tokens_per_s_per_user, point.tokens_per_s_per_gpu)
    said = printed(document)
    assert "users per MW" in said
    assert "prefix cache" not in said
    assert "90 % of each in a prefix cache" in printed(
        inference.document(verbs.ask("predict inference", **NEAR, cached=0.9))
    )
    untold = inference.document(verbs.ask("predict inference", **NEAR))
    assert untold.tables()["measured"] == table


def test_side_by_side_each_part_has_its_rings() -> None:
    sides = verbs.ask("predict inference", **NEAR, beside=["b300"])
    document = inference.document(sides)
    rows = document.tables()["measured"].rows
    assert {row[0] for row in rows} == {"b200", "b300"}
    assert document.charts()["fronts"].wide.count('class="ring') == len(rows)


def test_where_nothing_was_measured_near_it_that_is_said() -> None:
    served = verbs.ask("predict inference", **NEAR | {"input": 90_000})
    document = inference.document(served)
    assert "measured" not in document.tables()
    assert any("No row that was measured is near" in getattr(part, "text", "") for part in document.parts())
