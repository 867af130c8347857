"""Sweeps, comparisons and hedges as documents: units that fit, titles, dates by a quarter's end, nothing as nothing."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from math import nan

import numpy as np
import pytest
import xarray as xr
from rich.console import Console

from gigawatt.report.document import Document, Exhibit, Facts, Paragraph, Table
from gigawatt.report.documents import comparison, hedging, sweep
from gigawatt.report.writers import terminal
from gigawatt.scenario.load import load
from gigawatt.study.answer import Head
from gigawatt.study.futures.burdens import PartyBurden, StakeQuantiles
from gigawatt.study.futures.compare import Break, ComparedStrategy, Comparison
from gigawatt.study.futures.draws import DrawnUnit
from gigawatt.study.futures.hedging import DrawnQuantity, HedgedFuture, Hedging, Order
from gigawatt.study.futures.quantiles import QuantileDates, outcomes
from gigawatt.study.futures.statistics import Quantiles
from gigawatt.study.futures.sweep import PlannedValue, StatedOutcome, Sweep, Swing

NOBODY = Head(scenario="toy", hash="0" * 64)
DRAWS = 10
PERIODS = ["2027Q1", "2027Q2", "2027Q3", "2027Q4", "2028Q1"]


def lived(size: float) -> xr.Dataset:
    """Ten futures of which the value is 0.2, 0.4 … 2 billion USD times the size, half of it before the end."""
    share = np.arange(1, DRAWS + 1) / 5
    figures = {
        "value_usd": 1e9 * size * share,
        "npv_usd": 5e8 * size * share,
        "terminal_value_usd": 5e8 * size * share,
        "installed_w": np.full(DRAWS, 3e8 * size),
        "first_gw_quarter_count": np.array([1.0] + 6 * [2.0] + 3 * [nan]),
        "served_tokens": np.full(DRAWS, 4e17 * size),
        "unserved_frac": np.full(DRAWS, 0.25),
        "peak_debt_usd": 5e8 * size * share,
        "short_usd": np.zeros(DRAWS),
        "cash_out_frac": np.zeros(DRAWS),
    }
    courses = {"power_w": 3e8 * size, "debt_usd": 5e8 * size}
    return xr.Dataset(
        {name: ("draw", values) for name, values in figures.items()}
        | {name: (("draw", "period"), np.outer(share, np.arange(5)) * top) for name, top in courses.items()}
        | {"drawn": (("draw", "quantity"), np.outer(share, [1.0, 2.0]))},
        coords={"draw": range(DRAWS), "period": PERIODS, "quantity": ["price", "power_slip"]},
    )


def swing(name: str, unit: DrawnUnit, low: float, high: float, low_usd: float, high_usd: float) -> Swing:
    size = abs(high_usd - low_usd)
    ends = {"low_value_usd": low_usd, "high_value_usd": high_usd, "swing_usd": size}
    return Swing(name=name, unit=unit, low=low, high=high, **ends)


def swept(target_w: float, size: float = 1.0) -> Sweep:
    swings = (
        swing("price", "ratio", 0.7, 1.35, -2e7, 4e7),
        swing("power_slip", "quarters", 0.0, 2.0, 3e7, -1e7),
    )
    books = {"npv_usd": 0.0, "terminal_value_usd": 0.0}
    return Sweep(
        head=NOBODY,
        seed=1,
        draws=DRAWS,
        lived_count={"draws": DRAWS},
        target_w=target_w,
        planned=PlannedValue(value_usd=25.8e9, **books),
        stated=StatedOutcome(value_usd=25.4e9, installed_w=0.0, peak_debt_usd=0.0, short_usd=0.0, **books),
        outputs=outcomes(lived(size)),
        middle_value_usd=1e7,
        tornado=swings,
        first_order=None,
        evpi_usd={"price": 5e6, "power_slip": 0.0},
        evpi_all_usd=6e6,
        digest="",
        table=lived(size),
    )


def columns(table: Table) -> dict[str, list[str]]:
    """The cells of a table as they are shown, by title."""
    return dict(zip((one.title for one in table.columns), map(list, zip(*table.texts(), strict=True)), strict=True))


def exhibit(document: Document, name: str) -> Exhibit:
    return next(part for part in document.parts() if isinstance(part, Exhibit) and part.name == name)


def tips(drawing: str) -> list[str]:
    """What a drawing reads out, without its own title."""
    return re.findall(r"<title>([^<]*)</title>", drawing)


def test_a_sweep_names_both_values() -> None:
    """users 17: 25.8 (`run`) and 25.4 (`sweep`, "as stated") for one thing."""
    said = sweep.document(swept(1e10)).lead
    assert "counts on 25.8 billion USD, terminal value included, as `gigawatt run` says" in said
    assert "all else as stated, it comes to 25.4 billion USD" in said
    assert "it is worth more than 1 billion USD; one in ten has less than 200 million USD" in said


def test_figures_are_in_units_that_fit() -> None:
    """users 17: tokens by "1e15" beside trillions; users 16: gigawatts and billions of a campus, 0.03 and 0.0."""
    told = sweep.document(swept(1e8, 0.1)).tables()
    found = columns(told["outcomes"])
    assert found["Futures"] == ["P10", "P50", "P90", "Mean"]
    assert found["Most power in service, MW"][1] == "30.0"
    assert found["Served, trillion tokens"][1] == "40,000"
    assert found["Value, million USD"] == ["20", "100", "180", "110"]
    assert told["outcomes"].rows[1][1] == pytest.approx(1e8)
    assert told["quantities"].title == "What it hangs on, in million USD"
    assert columns(told["quantities"])["Value at low"] == ["−20.0", "30.0"]


def test_one_value_is_shown_and_decides() -> None:
    """users 2: a table by one figure, sentence, chart and regret by another."""
    told = comparison.document(compared(1e10))
    value = columns(told.tables()["strategies"])
    assert value["Mean"] == ["2,200", "1,100", "440"]
    assert value["Before the end, million USD"] == ["1,100", "550", "220"]
    assert '"mine" is worth most, 2.2 billion USD with terminal value' in told.lead
    chart = exhibit(told, "value").chart
    assert chart is not None
    for drawing in (chart.wide, chart.narrow):
        assert ">mean 2,200<" in drawing
        assert ">middle 2,000<" in drawing
        assert "mine\nP10: 400 million USD\nmiddle: 2,000 million USD\nP90: 3,600 million USD" in tips(drawing)[0]


def test_the_first_gigawatt_is_there_by_the_end_of_a_quarter() -> None:
    """users 4 and 16: "first gigawatt from never never never"."""
    found = columns(sweep.document(swept(1e10)).tables()["outcomes"])
    assert found["First gigawatt by end of"] == ["Q2 2027", "Q3 2027", "never", "–"]
    assert not [title for title in columns(sweep.document(swept(1e8)).tables()["outcomes"]) if "gigawatt" in title]


def test_a_tornado_prints_quantities_as_quantities() -> None:
    """users 6: on an axis of dollars a figure that is none says what it is."""
    chart = exhibit(sweep.document(swept(1e8)), "tornado").chart
    assert chart is not None
    for drawing in (chart.wide, chart.narrow):
        for text in (">×0.7<", ">×1.35<", ">+0 q<", ">+2 q<", ">million USD<"):
            assert text in drawing
        assert tips(drawing)[0] == "token prices\n×0.7: −20 million USD\n×1.35: 40 million USD"


def test_a_fan_reads_out_every_quarter() -> None:
    told = sweep.document(swept(1e8))
    power = exhibit(told, "power")
    assert power.chart is not None
    assert power.table is not None
    assert len(tips(power.chart.narrow)) == len(power.table.rows) == len(PERIODS)
    assert tips(power.chart.wide)[1].startswith("Power in service, Q2 2027\nP90: 0.546 GW\nP75: ")
    assert power.table.rows[1][0] == "Q2 2027"
    assert power.table.rows[1][3] == pytest.approx(3.3e8)


def test_every_future_is_a_row_of_the_files() -> None:
    futures = comparison.document(compared(1e8)).tables()["futures"]
    assert len(futures.rows) == DRAWS
    found = columns(futures)
    assert found["Power, quarters late"][1] == "0.8"
    assert found["wait: Quarters to the first gigawatt"][-1] == "–"
    least = [min(row) for row in zip(*(found[f"{name}: Regret"] for name in ("mine", "wait", "other")), strict=True)]
    assert least == DRAWS * ["0 USD"]


def compared(target_w: float, size: float = 1.0) -> Comparison:
    called = (("mine", "", 2 * size), ("wait", "Wait for Rubin", size), ("other", "Wait for Rubin", 0.4 * size))
    tables = {name: lived(worth) for name, _, worth in called}
    regrets = {name: tables["mine"].value_usd.values - table.value_usd.values for name, table in tables.items()}
    rows = tuple(
        ComparedStrategy(
            name=name,
            title=title,
            hash="",
            npv_usd=outcomes(tables[name]).npv_usd,
            value_usd=outcomes(tables[name]).value_usd,
            first_gw_date="2028-01-01",
            peak_debt_usd=1e9,
            p_cash_out_frac=0.1,
            regret_max_usd=float(regrets[name].max()),
            regret_mean_usd=float(regrets[name].mean()),
            best_frac=0.5,
            outputs=outcomes(tables[name]),
        )
        for name, title, _ in called
    )
    no_rule = {"rule": None, "conditions": None, "coverage_frac": None, "density_frac": None}
    return Comparison(
        head=NOBODY,
        seed=1,
        futures=DRAWS,
        target_w=target_w,
        strategies=rows,
        breaks=(Break(strategy="mine", share_frac=0.2, meaning="it is worth least", **no_rule),),
        evpi_usd={"price": 0.0},
        evpi_all_usd=5e8,
        digest="",
        tables=tables,
        regret_usd=regrets,
    )


def test_strategies_are_called_by_their_titles() -> None:
    """users 17: shown by the stem of their file; with it only where two are called the same or one not at all."""
    told = comparison.document(compared(1e10))
    called = ["mine", "Wait for Rubin (wait)", "Wait for Rubin (other)"]
    for name in ("strategies", "regret"):
        assert [row[0] for row in told.tables()[name].rows] == called
    assert exhibit(told, "regret").says == '"mine" is never regretted by more than 0 USD.'
    breaks = next(part for part in told.parts() if isinstance(part, Facts))
    said = "mine: in 20 % of the futures it is worth least; no rule tells them from the others."
    assert breaks.pairs == (("", said),)


def test_a_terminal_of_eighty_columns_shows_all() -> None:
    """Long titles of strategies and the columns of a programme of gigawatts among them."""
    long = "Equity instead of tranches, and a title longer than a terminal has room for beside figures"
    found = compared(1e11, 100.0)
    found = replace(found, strategies=(replace(found.strategies[0], title=long), *found.strategies[1:]))
    for told in (
        comparison.document(found),
        sweep.document(swept(1e11, 100.0)),
        hedging.document(hedged(5e3, 3e9, 1e11)),
    ):
        out = io.StringIO()
        terminal.show(told, {}, Console(file=out, width=80, highlight=False, markup=False, emoji=False))
        text = out.getvalue()
        assert max(map(len, text.splitlines())) <= 80
        assert "…" not in text


def test_regret_is_drawn_to_the_largest() -> None:
    chart = exhibit(comparison.document(compared(1e10)), "regret").chart
    assert chart is not None
    for drawing in (chart.wide, chart.narrow):
        assert ">3,200<" in drawing  # of "other": 4 billion less 0.8


def test_a_small_comparison_has_no_first_gigawatt() -> None:
    """users 16: "first GW never" for a campus."""
    found = columns(comparison.document(compared(1e10)).tables()["regret"])
    assert found["1 GW by end of"][0] == "Q1 2028"
    assert not [title for title in columns(comparison.document(compared(1e8)).tables()["regret"]) if "GW" in title]


def hedged(racks_count: float, power_w: float, value_usd: float) -> Hedging:
    order = Order(period="2026Q3", racks_count={"gb300": racks_count}, power_w={"example-campus": power_w})
    drawn = (DrawnQuantity(name="price", value=1.2, unit="ratio"),)
    futures = tuple(
        HedgedFuture(
            quantities=drawn, known_usd=usd, common_usd=usd, mean_future_plan_usd=usd - value_usd / 10, guarded_usd=nan
        )
        for usd in (value_usd, 2 * value_usd)
    )
    value = {"common": 1.5 * value_usd, "mean_future_plan": 1.4 * value_usd, "guarded": nan}
    worst = {"common": value_usd, "mean_future_plan": 0.9 * value_usd, "guarded": nan}
    return Hedging(
        head=NOBODY,
        value_usd={"wait_and_see": 1.5 * value_usd} | value,
        worst_usd=worst,
        evpi_usd=0.0,
        vss_usd=value_usd / 10,
        orders={"common": (order,), "mean_future_plan": (order,), "guarded": None},
        futures=futures,
        scenario=load("one-campus"),
    )


def test_orders_are_told_by_quarter_and_platform() -> None:
    told = hedging.document(hedged(12.0, 3e7, 1e9))
    assert told.title == "What to order in the next quarter"
    assert "Planning for all of them is worth 100 million USD" in told.lead
    assert told.tables()["racks"].rows == (("Q3 2026", "GB300 NVL72", 12.0, 12.0),)
    assert told.tables()["shells"].texts() == [["Example campus", "30.0", "30.0"]]
    assert columns(told.tables()["values"])["Least"] == ["1,000", "900", "1,000"]
    assert len(told.tables()["futures"].rows) == 2
    assert set(told.charts()) == {"value", "racks"}


def test_nothing_is_said_as_nothing() -> None:
    """faults K3: "in half of the futures it is worth more than 0 USD" of a plan that orders nothing."""
    for told in (sweep.document(swept(1e8, 0.0)), comparison.document(compared(1e8, 0.0))):
        assert told.lead.startswith("Nothing is worth building")
        assert not told.charts()
    told = hedging.document(hedged(0.0, 0.0, 0.0))
    assert told.lead.startswith("Nothing is worth ordering in the next quarter,")
    assert not told.charts()
    assert [row[0] for row in told.tables()["values"].rows] == [
        "Planned for all futures",
        "Planned for the mean future",
        "If the future were known",
    ]


def test_what_is_worth_knowing_is_said_of_the_choice() -> None:
    said = exhibit(sweep.document(swept(1e8)), "knowing").says
    assert "before deciding to build or not would be worth 6 million USD" in said
    assert said.endswith("Data is worth buying first on token prices (5 million USD).")
    texts = [getattr(part, "text", "") for part in comparison.document(compared(1e8)).parts()]
    of_choice = "before deciding which strategy to take would be worth 500 million USD; no single number"
    assert [text for text in texts if of_choice in text]


@pytest.mark.parametrize("swings_count", [0, 2])
def test_a_tornado_stands_where_the_middle_has_no_value(swings_count: int) -> None:
    """faults K17: neither a plan without a value nor quantities without a swing stop the drawing or the table."""
    found = swept(1e8)
    told = sweep.document(replace(found, middle_value_usd=nan, tornado=found.tornado[:swings_count]))
    assert ("tornado" in told.charts()) == (swings_count > 0)
    assert all("nan" not in drawing for chart in told.charts().values() for drawing in (chart.wide, chart.narrow))
    assert len(told.tables()["quantities"].rows) == swings_count


def stake(middle_usd: float, worst_usd: float) -> StakeQuantiles:
    half, more = 0.5 * middle_usd, 1.5 * middle_usd
    return StakeQuantiles(p10=half, p50=middle_usd, p90=more, mean=1.1 * middle_usd, worst=worst_usd)


def fixed(usd: float) -> StakeQuantiles:
    return StakeQuantiles(p10=usd, p50=usd, p90=usd, mean=usd, worst=usd)


def shared() -> Comparison:
    """Two strategies: one pays 30 billion USD in, one guarantees up to 105."""
    paid = PartyBurden(
        party="supplier",
        puts_in_usd=fixed(3e10),
        gets_usd=fixed(2e11),
        may_lose_usd=fixed(3e10),
        expected_loss_usd=None,
    )
    open_usd = PartyBurden(
        party="landlords",
        puts_in_usd=fixed(6e10),
        gets_usd=stake(4e10, 1e10),
        may_lose_usd=stake(2e10, 5e10),
        expected_loss_usd=stake(4e9, 9e9),
    )
    promised = replace(
        paid, puts_in_usd=fixed(0.0), may_lose_usd=stake(1.6e10, 4e10), expected_loss_usd=stake(4e9, 9e9)
    )
    safe = replace(open_usd, may_lose_usd=stake(4e9, 1e10), expected_loss_usd=fixed(0.0))
    dates = QuantileDates(p10="2031-07-01", p50="2032-01-01", p90=None)
    how = {"target_date": dates, "p_target_frac": 0.62}
    whole = compared(1e10, 50.0)
    mine, wait, _ = whole.strategies
    rows = (
        replace(mine, title="Up front", burdens=(paid, open_usd), cost_of_capital_per_year=rate(0.09), **how),
        replace(wait, title="Guarantee", burdens=(promised, safe), cost_of_capital_per_year=rate(0.08), **how),
    )
    tables = {row.name: whole.tables[row.name] for row in rows}
    return replace(whole, strategies=rows, tables=tables, regret_usd={name: whole.regret_usd[name] for name in tables})


def rate(middle_per_year: float) -> Quantiles:
    p10, p90 = middle_per_year - 0.01, middle_per_year + 0.01
    return Quantiles(p10=p10, p50=middle_per_year, p90=p90, mean=middle_per_year)


def test_who_bears_what_is_a_column_for_each_strategy() -> None:
    table = comparison.document(shared()).tables()["financing"]
    assert [column.title for column in table.columns] == ["billion USD", "Up front", "Guarantee"]
    assert {row[0]: row[1:] for row in table.rows} == {
        "Value": ("100 (20 to 180)", "50 (10 to 90)"),
        "Cost of capital, % a year": ("9.0 (8.0 to 10.0)", "8.0 (7.0 to 9.0)"),
        "10 GW by end of": 2 * ("Q1 2032 (Q3 2031 to never)",),
        "10 GW before the end in": 2 * ("62 %",),
        "Supplier pays in": ("30", "0"),
        "Supplier may lose": ("30", "16 (8 to 24; 40)"),
        "Supplier loses on average": ("–", "4 (2 to 6; 9)"),
        "Landlords spend on shells": 2 * ("60",),
        "Landlords may lose": ("20 (10 to 30; 50)", "4 (2 to 6; 10)"),
        "Landlords lose on average": ("4 (2 to 6; 9)", "0"),
    }


def test_what_may_be_lost_is_drawn_to_the_worst() -> None:
    told = comparison.document(shared())
    chart = exhibit(told, "burdens").chart
    assert chart is not None
    for drawing in (chart.wide, chart.narrow):
        supplier, other, landlords, _ = tips(drawing)
        assert supplier.startswith("Supplier: Up front\nP10: 30 billion USD")
        assert other.endswith("mean: 17.6 billion USD\nlargest: 40 billion USD")
        assert landlords.startswith("Landlords: Up front")
    says = exhibit(told, "burdens").says
    assert says == 'The supplier may lose least under "Guarantee". Landlords may lose least under "Guarantee".'
    (text,) = [part.text for part in told.parts() if isinstance(part, Paragraph) and "Up front" in part.text]
    assert text.startswith(
        'Under "Up front" the supplier pays in 30 billion USD and may lose 30 billion USD; landlords may lose '
        '20 billion USD, 50 billion USD at the worst. Under "Guarantee" the supplier pays in nothing and may lose'
    )
    figures = told.tables()["burdens"].rows
    assert ("Guarantee", "Landlords", "gets", 2e10, 4e10, 6e10, 4.4e10, 1e10) in figures
    assert len(figures) == 2 * 2 * 4 - 1  # of what nobody knows there is no figure


def test_who_bears_what_is_not_told_where_no_contract_shares_it() -> None:
    told = comparison.document(compared(1e10))
    assert "financing" not in told.tables()
    assert [section.slug for section in told.sections] == ["value", "regret", "breaks", "futures"]


def test_nobody_loses_more_under_either() -> None:
    found = shared()
    same = tuple(replace(row, burdens=found.strategies[0].burdens) for row in found.strategies)
    says = exhibit(comparison.document(replace(found, strategies=same)), "burdens").says
    assert says == "The supplier may lose as much under each. Landlords may lose as much under each."
