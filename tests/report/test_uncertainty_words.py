"""Sweeps, comparisons and hedges in words: units that fit, titles, dates by a quarter's end, nothing as nothing."""

from __future__ import annotations

from dataclasses import replace
from math import nan

import pytest
import xarray as xr

from gigawatt.report import hedging, uncertainty, uncertainty_charts
from gigawatt.report import listings as lists
from gigawatt.scenario.load import load
from gigawatt.study.answer import Head
from gigawatt.study.claims.claim import Claim, Computed, Stated
from gigawatt.study.futures.compare import Break, ComparedStrategy, Comparison
from gigawatt.study.futures.draws import DrawnUnit
from gigawatt.study.futures.hedging import HedgedFuture, Hedging, Order
from gigawatt.study.futures.quantiles import Outcomes, QuantileDates
from gigawatt.study.futures.statistics import Quantiles
from gigawatt.study.futures.sweep import PlannedValue, StatedOutcome, Sweep, Swing

NOBODY = Head(scenario="toy", hash="0" * 64)
NO_TABLE = xr.Dataset()


def spread(value: float) -> Quantiles:
    return Quantiles(p10=0.5 * value, p50=value, p90=2 * value, mean=1.1 * value)


def outputs(size: float, dates: tuple[str | None, str | None, str | None]) -> Outcomes:
    p10, p50, p90 = dates
    return Outcomes(
        npv_usd=spread(1e9 * size),
        terminal_value_usd=spread(1e9 * size),
        value_usd=spread(2e9 * size),
        installed_w=spread(3e8 * size),
        served_tokens=spread(4e17 * size),
        unserved_frac=spread(0.25),
        peak_debt_usd=spread(5e8 * size),
        short_usd=spread(0.0),
        first_gw_date=QuantileDates(p10=p10, p50=p50, p90=p90),
        p_negative_frac=0.0,
        p_cash_out_frac=0.0,
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
        draws=6,
        lived_count={"draws": 6},
        target_w=target_w,
        planned=PlannedValue(value_usd=25.8e9, **books),
        stated=StatedOutcome(value_usd=25.4e9, installed_w=0.0, peak_debt_usd=0.0, short_usd=0.0, **books),
        outputs=outputs(size, ("2027-07-01", "2027-10-01", None)),
        middle_value_usd=1e7,
        tornado=swings,
        first_order=None,
        evpi_usd={"price": 5e6, "power_slip": 0.0},
        evpi_all_usd=6e6,
        digest="",
        table=NO_TABLE,
    )


def test_a_sweep_names_both_values() -> None:
    """users 17: 25.8 (`run`) and 25.4 (`sweep`, "as stated") for one thing."""
    said = uncertainty.sweep_words(swept(1e10))
    assert "counts on 25.8 billion USD, terminal value included, as `gigawatt run` says" in said
    assert "all else as stated, it comes to 25.4 billion USD" in said


def test_figures_are_in_units_that_fit() -> None:
    """users 17: tokens by "1e15" beside trillions; users 16: gigawatts and billions of a campus, 0.03 and 0.0."""
    rows = {row[0]: row[1:] for row in uncertainty.outcome_rows(swept(1e8, 0.1))[1:]}
    assert rows["most power in service, MW"][1] == "30.0"
    assert rows["served, trillion tokens"][1] == "40,000"
    assert rows["net present value, million USD"][1] == "100"
    assert uncertainty.quantity_title(swept(1e8)) == "What it hangs on, in million USD"
    assert uncertainty.quantity_rows(swept(1e8))[1][3:5] == ["−20.0", "40.0"]


def test_the_first_gigawatt_is_there_by_the_end_of_a_quarter() -> None:
    """users 4 and 16: "first gigawatt from never never never"."""
    rows = {row[0]: row[1:] for row in uncertainty.outcome_rows(swept(1e10))}
    assert rows["first gigawatt by the end of"][:3] == ["Q3 2027", "Q4 2027", "never"]
    assert not [row for row in uncertainty.outcome_rows(swept(1e8)) if "gigawatt" in row[0]]


def test_a_tornado_prints_quantities_as_quantities() -> None:
    """users 6: on an axis of dollars a figure that is none says what it is."""
    chart = uncertainty_charts.tornado(swept(1e8))
    for text in (">×0.7<", ">×1.35<", ">+0 q<", ">+2 q<", "token prices ×0.7: −20 million USD", ">million USD<"):
        assert text in chart


def compared(target_w: float, size: float = 1.0) -> Comparison:
    told = outputs(size, (None, "2028-01-01", None))
    called = (("wait", "Wait for Rubin", 1e9), ("mine", "", 2e9), ("other", "Wait for Rubin", 0.0))
    rows = tuple(
        ComparedStrategy(
            name=name,
            title=title,
            hash="",
            npv_usd=told.npv_usd,
            value_usd=told.value_usd,
            first_gw_date="2028-01-01",
            peak_debt_usd=1e9,
            p_cash_out_frac=0.1,
            regret_max_usd=regret,
            regret_mean_usd=regret / 2,
            best_frac=0.5,
            outputs=told,
        )
        for name, title, regret in called
    )
    no_rule = {"rule": None, "conditions": None, "coverage_frac": None, "density_frac": None}
    breaks = (Break(strategy="mine", share_frac=0.2, meaning="it is worth least", **no_rule),)
    return Comparison(
        head=NOBODY,
        seed=1,
        futures=10,
        target_w=target_w,
        strategies=rows,
        breaks=breaks,
        evpi_usd={"price": 0.0},
        evpi_all_usd=5e8,
        digest="",
        tables={},
        regret_usd={},
    )


def test_strategies_are_called_by_their_titles() -> None:
    """users 17: shown by the stem of their file; with it only where two are called the same or one not at all."""
    called = ["Wait for Rubin (wait)", "mine", "Wait for Rubin (other)"]
    found = compared(1e10)
    assert [row[0] for row in uncertainty.strategy_rows(found)[1:]] == called
    assert [row[0] for row in uncertainty.regret_rows(found)[1:]] == called
    assert '"Wait for Rubin (other)" is never regretted by more than' in uncertainty.comparison_words(found)
    assert uncertainty.break_words(found)[0].startswith("mine: in 20 %")


def test_a_small_comparison_has_no_first_gigawatt() -> None:
    """users 16: "first GW never" for a campus."""
    head, first, *_ = uncertainty.regret_rows(compared(1e10))
    assert first[head.index("1 GW by end of")] == "Q1 2028"
    head, first, *_ = uncertainty.regret_rows(compared(1e8))
    assert len(head) == len(first)
    assert not [title for title in head if "GW" in title]


def test_nothing_is_said_as_nothing() -> None:
    """faults K3: "in half of the futures it is worth more than 0 USD" of a plan that orders nothing."""
    assert uncertainty.sweep_words(swept(1e8, 0.0)).startswith("Nothing is worth building")
    assert uncertainty.comparison_words(compared(1e8, 0.0)).startswith("Nothing is worth building")
    order = Order(period="2026Q3", racks_count={"gb300": 0.0}, power_w={"campus": 0.0})
    future = HedgedFuture(quantities=(), known_usd=0.0, common_usd=0.0, mean_future_plan_usd=0.0, guarded_usd=nan)
    nought = {"common": 0.0, "mean_future_plan": 0.0, "guarded": nan}
    found = Hedging(
        head=NOBODY,
        value_usd={"wait_and_see": 0.0} | nought,
        worst_usd=nought,
        evpi_usd=0.0,
        vss_usd=0.0,
        orders={"common": (order,), "mean_future_plan": (order,), "guarded": None},
        futures=(future, future),
        scenario=load("one-campus"),
    )
    assert hedging.words(found).startswith("Nothing is worth ordering in the next quarter,")
    assert [row[0] for row in hedging.values(found).rows] == [
        "Planned for all futures",
        "Planned for the mean future",
        "If the future were known",
    ]


def test_what_is_worth_knowing_is_said_of_the_choice() -> None:
    swept_words, compared_words = (uncertainty.information_words(found) for found in (swept(1e8), compared(1e8)))
    assert "before deciding to build or not would be worth 6 million USD" in swept_words
    assert swept_words.endswith("Data is worth buying first on token prices (5 million USD).")
    assert "before deciding which strategy to take would be worth 500 million USD; no single number" in compared_words


@pytest.mark.parametrize(
    ("computed", "said"),
    [
        (("2027-07-01", "2027-10-01", "2028-01-01"), "by the end of Q3 2027 to Q1 2028, Q4 2027 in the middle"),
        (("2027-07-01", "2027-07-01", None), "by the end of Q3 2027 or never"),
        (("2027-07-01", "2027-07-01", "2027-07-01"), "by the end of Q3 2027"),
        ((None, None, None), "–"),
    ],
)
def test_claims_say_by_when(computed: tuple[str | None, ...], said: str) -> None:
    """users 4: "2027-07-01 to 2028-01-01" for the ends of quarters."""
    low, mid, high = computed
    assert lists.span(Computed(low=low, mid=mid, high=high, unit="date")) == said


def test_a_claim_is_shown_under_the_name_that_only_takes() -> None:
    """users 17: "ten gw" shown where `--only` needs ten_gw."""
    claim = Claim(
        id="ten_gw",
        claim="At least ten gigawatts.",
        speaker="someone",
        stated=Stated(value=1e10, unit="w"),
        computed=Computed(low=1e10, mid=1e10, high=1e10, unit="w"),
        verdict="holds",
        assumption="",
        sources=(),
        rows=(),
    )
    assert lists.claims([claim]).rows[0][0] == "ten_gw"


@pytest.mark.parametrize("swings_count", [0, 2])
def test_a_tornado_is_drawn_where_the_middle_has_no_value(swings_count: int) -> None:
    """faults K17: neither a plan without a value nor quantities without a swing stop the drawing or the table."""
    found = swept(1e8)
    found = replace(found, middle_value_usd=nan, tornado=found.tornado[:swings_count])
    assert "</svg>" in uncertainty_charts.tornado(found)
    assert len(uncertainty.quantity_rows(found)) == 1 + swings_count
