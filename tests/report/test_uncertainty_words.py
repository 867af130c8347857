"""Sweeps, comparisons and hedges in words: units that fit, titles, dates by a quarter's end, nothing as nothing."""

from __future__ import annotations

from typing import Any

import pytest

from gigawatt.report import hedging, uncertainty, uncertainty_charts
from gigawatt.report import listings as lists


def spread(value: float) -> dict[str, float]:
    return {"p10": 0.5 * value, "p50": value, "p90": 2 * value, "mean": 1.1 * value}


def outputs(size: float, dates: tuple[str | None, str | None, str | None]) -> dict[str, Any]:
    return {
        "npv_usd": spread(1e9 * size),
        "value_usd": spread(2e9 * size),
        "installed_w": spread(3e8 * size),
        "served_tokens": spread(4e17 * size),
        "unserved_frac": spread(0.25),
        "peak_debt_usd": spread(5e8 * size),
        "first_gw_date": dict(zip(("p10", "p50", "p90"), dates, strict=True)),
        "p_negative_frac": 0.0,
        "p_cash_out_frac": 0.0,
    }


def swept(target_w: float, size: float = 1.0) -> dict[str, Any]:
    swing = {"name": "power_slip", "low": 0.0, "high": 2.0, "low_value_usd": 3e7, "high_value_usd": -1e7}
    other = {"name": "price", "low": 0.7, "high": 1.35, "low_value_usd": -2e7, "high_value_usd": 4e7}
    return {
        "target_w": target_w,
        "outputs": outputs(size, ("2027-07-01", "2027-10-01", None)),
        "planned": {"value_usd": 25.8e9},
        "stated": {"value_usd": 25.4e9},
        "tornado": [other, swing],
        "middle_value_usd": 1e7,
        "first_order": None,
        "evpi_usd": {"price": 5e6, "power_slip": 0.0},
    }


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


def compared(target_w: float, size: float = 1.0) -> dict[str, Any]:
    told = outputs(size, (None, "2028-01-01", None))
    rows = [
        {
            "name": name,
            "title": title,
            "outputs": told,
            "npv_usd": told["npv_usd"],
            "value_usd": told["value_usd"],
            "first_gw_date": "2028-01-01",
            "peak_debt_usd": 1e9,
            "p_cash_out_frac": 0.1,
            "regret_max_usd": regret,
            "regret_mean_usd": regret / 2,
            "best_frac": 0.5,
        }
        for name, title, regret in (
            ("wait", "Wait for Rubin", 1e9),
            ("mine", "", 2e9),
            ("other", "Wait for Rubin", 0.0),
        )
    ]
    breaks = [{"strategy": "mine", "share_frac": 0.2, "meaning": "it is worth least", "rule": None}]
    return {"target_w": target_w, "strategies": rows, "breaks": breaks}


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
    order = {"period": "2026Q3", "racks_count": {"gb300": 0.0}, "power_w": {"campus": 0.0}}
    nought = dict.fromkeys(("common", "mean_future_plan", "guarded"))
    told = {"orders": {"common": [order]}, "futures": [{}, {}], "value_usd": nought, "vss_usd": 0.0, "evpi_usd": 0.0}
    assert hedging.words(told).startswith("Nothing is worth ordering in the next quarter,")


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
    assert lists.span({"low": low, "mid": mid, "high": high, "unit": "date"}) == said


def test_a_claim_is_shown_under_the_name_that_only_takes() -> None:
    """users 17: "ten gw" shown where `--only` needs ten_gw."""
    figure = {"low": 1e10, "mid": 1e10, "high": 1e10, "value": 1e10, "unit": "w"}
    claim = {"id": "ten_gw", "stated": figure, "computed": figure, "verdict": "holds"}
    assert lists.claims([claim]).rows[0][0] == "ten_gw"


@pytest.mark.parametrize("swings_count", [0, 2])
def test_a_tornado_is_drawn_where_the_middle_has_no_value(swings_count: int) -> None:
    """faults K17: neither a plan without a value nor quantities without a swing stop the drawing or the table."""
    found = swept(1e8)
    found |= {"middle_value_usd": None, "tornado": found["tornado"][:swings_count]}
    assert "</svg>" in uncertainty_charts.tornado(found)
    assert len(uncertainty.quantity_rows(found)) == 1 + swings_count
