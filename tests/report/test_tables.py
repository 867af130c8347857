"""Tables hold what the plan and the books hold."""

from __future__ import annotations

import numpy as np
import pytest

from gigawatt.report import names, tables, views, words
from gigawatt.study import dates
from gigawatt.study.result import Result


def test_power_by_platform_is_power_by_site(result: Result) -> None:
    platforms, sites = tables.power_by_platform(result), tables.power_by_site(result)
    assert platforms.rows[-1][1:] == pytest.approx(sites.rows[-1][1:])
    last = result.plan.data.facility_w.isel(period=result.scenario.reported_count - 1).sum()
    assert platforms.rows[-1][-1] == pytest.approx(float(last))


def test_money_of_all_years_is_that_of_the_window(result: Result) -> None:
    rows = {str(row[0]): row[1:] for row in tables.money(result).rows}
    books = result.accounts.statements.isel(period=views.reported(result))
    assert sum(map(float, rows["Free cash flow"])) == pytest.approx(float(books.free_cash_flow.sum()))  # type: ignore[arg-type]
    assert -sum(map(float, rows["Capital spending"])) == pytest.approx(result.headline["capex_usd"])  # type: ignore[arg-type]


def test_tranches_add_up(result: Result) -> None:
    rows = tables.milestones(result).rows
    assert rows[-1][0] == "Total"
    assert rows[-1][3] == pytest.approx(sum(float(row[3]) for row in rows[:-1]))  # type: ignore[arg-type]


def test_thinned_keeps_the_last_year(result: Result) -> None:
    table = tables.money(result)
    for most in (1, 2, 3, 4, 99):
        few = tables.thinned(table, most)
        assert len(few.columns) - 1 <= most
        assert few.columns[-1] == table.columns[-1]
        assert [row[-1] for row in few.rows] == [row[-1] for row in table.rows]


def test_every_row_has_a_cell_for_every_column(result: Result) -> None:
    for make in (
        tables.power_by_platform,
        tables.milestones,
        tables.money,
        tables.classes,
        tables.served,
        tables.tokens_per_day,
        tables.platforms,
        tables.binds,
        tables.worth,
        tables.lived,
        tables.energy,
        tables.headline,
    ):
        table = make(result)
        assert all(len(row) == len(table.columns) for row in table.rows), table.title


def test_strength_is_a_share_of_each_limits_own_greatest(result: Result) -> None:
    strength = views.binding_strength(result)
    assert strength.sizes["limit"] > 0
    assert np.allclose(strength.max("period"), 1.0)
    assert float(strength.min()) >= 0


def test_a_year_without_a_limit_says_so(result: Result) -> None:
    for year, text in words.binds_by_year(result).items():
        bound = [item for item in result.plan.binds if item.period.startswith(year)]
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


def test_a_gpu_hour_says_what_is_in_it(result: Result) -> None:
    """users 12: total cost here, hardware alone in `predict`."""
    assert words.gpu_hours(result).endswith(f": {words.TOTAL_COST}.")
    assert " in all" in words.gpu_hours(result)
    table = tables.platforms(result)
    assert table.columns[-1].title == "Total cost per GPU-hour, USD/h"
    assert table.title.endswith("total cost: rack, network, building, energy, operation and cost of capital")
