"""Tables hold what the plan and the books hold, and add up."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest

from gigawatt.report import figures, names, tables, views, words
from gigawatt.report.document import Document, Table
from gigawatt.report.documents import run as told
from gigawatt.report.views import View
from gigawatt.report.writers import terminal
from gigawatt.study import dates
from gigawatt.study.result import Result
from gigawatt.study.run.answer import answer_of


@pytest.fixture(scope="module")
def v(result: Result) -> View:
    return views.view(result)


@pytest.fixture(scope="module")
def document(result: Result) -> Document:
    return told.document(answer_of(result))


def test_power_by_platform_is_power_by_site(v: View) -> None:
    platforms, sites = tables.yearly(v, "power-by-platform"), tables.yearly(v, "power-by-site")
    assert platforms.rows[-1][1:] == pytest.approx(sites.rows[-1][1:])
    assert platforms.rows[-1][-1] == pytest.approx(float(v.site_w[v.reported - 1].sum()))


def test_racks_bought_are_those_of_the_plan(v: View) -> None:
    """users 11: racks and GPUs were not where a planner looks."""
    bought = tables.yearly(v, "racks-bought").rows[-1]
    assert sum(map(float, bought[1:])) == pytest.approx(float(v.bought_count[: v.reported].sum()))  # type: ignore[arg-type]
    packages = tables.yearly(v, "gpus").rows[-1]
    assert max(map(float, packages[1:])) == pytest.approx(v.headline.packages_count)  # type: ignore[arg-type]


def test_money_of_all_years_is_that_of_the_window(v: View) -> None:
    rows = {str(row[0]): row[1:] for row in tables.money(v).rows}
    free = float(v.books["free_cash_flow"][: v.reported].sum())
    assert sum(map(float, rows["Free cash flow"])) == pytest.approx(free)  # type: ignore[arg-type]
    assert -sum(map(float, rows["Capital spending"])) == pytest.approx(v.headline.capex_usd)  # type: ignore[arg-type]


def sums(document: Document) -> Iterator[tuple[Table, int]]:
    for table in document.tables().values():
        yield from ((table, row) for row in table.sums or {})


def test_every_sum_adds_up(document: Document) -> None:
    """The workbook ties by formulas: each comes to what stands in its cell."""
    found = list(sums(document))
    assert {table.name for table, _ in found} >= {"statements", "income", "cash-flow", "tranches", "racks-quarters"}
    for table, row in found:
        assert table.sums is not None
        total = table.sums[row]
        for at, column in enumerate(table.columns):
            value = table.rows[row][at]
            if at and column.suffix and not isinstance(value, str):
                parts = [table.rows[part][at] for part in total.rows]
                parts += [table.rows[row][at - 1]] if total.carried and at > 1 else []
                known = [float(part) for part in parts if part is not None]
                largest = max([1e-9, *map(abs, known)])
                assert value == pytest.approx(math.fsum(known), abs=1e-9 * largest), (table.name, row, column.title)


def test_the_long_table_holds_the_books(v: View, document: Document) -> None:
    rows = document.tables()["books"].rows
    assert math.fsum(float(row[-1]) for row in rows) == pytest.approx(float(v.result.accounts.table.usd.sum()))  # type: ignore[arg-type]


def test_statements_cover_the_solved_horizon(v: View, document: Document) -> None:
    table = document.tables()["statements"]
    assert [column.title for column in table.columns[1:]] == [dates.quarter(period) for period in v.periods]
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["Cash at the end"] == pytest.approx(v.books["cash"].tolist())


def test_thinned_keeps_the_last_year(v: View) -> None:
    table = tables.money(v)
    for most in (1, 2, 3, 4, 99):
        few = terminal.thinned(table, most)
        assert len(few.columns) - 1 <= most
        assert few.columns[-1] == table.columns[-1]
        assert [row[-1] for row in few.rows] == [row[-1] for row in table.rows]


def test_every_row_has_a_cell_for_every_column(document: Document) -> None:
    for table in document.tables().values():
        assert all(len(row) == len(table.columns) for row in table.rows), table.title
        assert table.texts() is not None


def test_strength_is_a_share_of_each_limits_own_greatest(v: View) -> None:
    limits, strength = views.binding_strength(v)
    assert limits
    assert np.allclose(strength.max(axis=1), 1.0)
    assert strength.min() >= 0
    exhibit = figures.binds(v)
    assert exhibit is not None
    assert exhibit.table is not None
    counts = sum(float(cell) for row in exhibit.table.rows for cell in row[1:])  # type: ignore[arg-type]
    assert counts == (strength > 0).sum()


def test_a_year_without_a_limit_says_so(v: View) -> None:
    for year, text in words.binds_by_year(v).items():
        bound = [item for item in v.binds if item.period.startswith(year)]
        assert (text == "nothing: more would not pay") == (not bound)


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ("supply of vera_rubin", "supply of Vera Rubin racks"),
        ("grid power at example-campus", "grid power at Example campus"),
        ("demand of assistant", "demand for Assistant for people at work"),
        ("debt covenant", "the debt covenant"),
        ("limit of debt", "limit of debt"),
    ],
)
def test_limits_are_said_in_words(result: Result, limit: str, said: str) -> None:
    assert names.limit(result.scenario, limit) == said


@pytest.mark.parametrize(
    ("parts", "said"), [([], "nothing"), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_lists_are_said_in_words(parts: list[str], said: str) -> None:
    assert words.joined(parts) == said


def test_dates_are_said_in_words() -> None:
    assert dates.quarter("2027Q3") == dates.quarter("2027-07-01") == dates.quarter("2027-09-30") == "Q3 2027"
    assert dates.by_end("2027-10-01") == "by the end of Q4 2027"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("idle ones draw less (-1.7%), in 2028Q3", "idle ones draw less (−1.7 %), in Q3 2028"),
        ("Americas 40% at UTC-6, 5 % of it", "Americas 40 % at UTC-6, 5 % of it"),
    ],
)
def test_texts_of_stages_have_one_notation(text: str, said: str) -> None:
    """users 17: units drift."""
    assert words.said(text) == said


def test_a_gpu_hour_says_what_is_in_it(v: View) -> None:
    """users 12: total cost here, hardware alone in `predict`."""
    assert words.gpu_hours(v).endswith(f": {words.total_cost(v)}.")
    assert " in all" in words.gpu_hours(v)
    table = tables.platforms(v)
    assert table.columns[-1].title == "Total cost per GPU-hour, USD/h"
    of = "rack, network, a shell of one's own, energy and operation, with capital at its cost of 7 %/year"
    assert table.title.endswith(f"total cost: {of}")


def test_a_view_holds_what_the_plan_holds(v: View) -> None:
    data = v.result.plan.data
    assert v.platform_w.sum(axis=1) == pytest.approx(v.site_w.sum(axis=1), rel=1e-6)
    assert v.stock_count.sum() == pytest.approx(float(data.stock_count.sum()))
    years = [period[:4] for period in v.shown]
    flow = v.bought_count[:, 0]
    assert v.yearly(flow).tolist() == pytest.approx(
        [sum(flow[n] for n, y in enumerate(years) if y == year) for year in v.years]
    )
    last = [max(n for n, y in enumerate(years) if y == year) for year in v.years]
    assert v.year_end(v.stock_count).tolist() == v.stock_count[last].tolist()
