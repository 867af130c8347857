"""One unit for a column or an axis."""

from __future__ import annotations

import math

import pytest

from gigawatt.report.formats import cell, scale, si


@pytest.mark.parametrize(
    ("suffix", "values", "unit", "texts"),
    [
        ("w", [1.2e9, 3e8, 0.0], "GW", ["1.20", "0.30", "0"]),
        ("w", [67.2e6, 9.8e6], "MW", ["67.2", "9.8"]),
        ("usd", [1.31e12, -5e9], "billion USD", ["1,310", "−5"]),
        ("usd", [1.68e9, -3e7], "million USD", ["1,680", "−30"]),
        ("usd", [2e13], "trillion USD", ["20.0"]),
        ("frac", [0.5, 1.0], "%", ["50", "100"]),
        ("usd_per_mtok", [28.9, 0.04], "USD/Mtoken", ["28.90", "0.04"]),
        ("usd_per_wh", [6.5e-5], "USD/MWh", ["65"]),
        ("count", [2.5e6], "million", ["2.50"]),
        ("usd", [], "USD", []),
    ],
)
def test_the_unit_is_that_of_the_largest(suffix: str, values: list[float], unit: str, texts: list[str]) -> None:
    found = scale(suffix, values)
    assert found.unit == unit
    assert [found.text(value) for value in values] == texts


def test_nothing_is_a_dash_and_noise_is_nought() -> None:
    unit = scale("usd", [5e10])
    assert [unit.text(value) for value in (None, math.nan, -1e-7, -0.001e9)] == ["–", "–", "0", "0.0"]


@pytest.mark.parametrize(
    ("value", "suffix", "text"),
    [
        (1.2e9, "w", "1.2 GW"),
        (-2e9, "usd", "−2 billion USD"),
        (None, "usd", "–"),
        ("2026Q3", "", "2026Q3"),
        (6e27, "flop", "6e27 FLOP"),
        (1.06e11, "kg", "106 million t"),
        (8.01e14, "tokens_per_day", "801 trillion tokens/day"),
    ],
)
def test_a_cell_has_its_unit(value: float | str | None, suffix: str, text: str) -> None:
    assert cell(value, suffix) == text


def test_ten_but_for_rounding_is_ten() -> None:
    assert scale("w", [9.999999999999998e9]) == scale("w", [1e10])


@pytest.mark.parametrize(
    ("suffix", "unit"), [("usd_per_mtok", "USD/Mtoken"), ("per_year", "1/year"), ("frac", "share"), ("count", "")]
)
def test_units_of_figures_in_files(suffix: str, unit: str) -> None:
    assert si(suffix) == unit
