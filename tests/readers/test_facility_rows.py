"""Published figures as sources write them: numbers, ranges, courses, bounds, and units of water."""

from pathlib import Path

import pytest

from gigawatt.errors import CatalogError
from gigawatt.readers.facility_rows import figure_of, read_facility_rows, water_unit_l_per_wh

HEAD = "operator_or_case,metric,value,unit,period,src,conf"


@pytest.mark.parametrize(
    ("text", "value", "how"),
    [
        ("1.10", 1.10, ""),
        ("1.04-1.06", 1.05, "the middle of a range"),
        ("1.04 – 1.06", 1.05, "the middle of a range"),
        ("1.04 to 1.06", 1.05, "the middle of a range"),
        ("between 1.1 and 1.2", 1.15, "the middle of a range"),
        ("1.58->1.56", 1.56, "the last of several"),
        ("1.58 → 1.56", 1.56, "the last of several"),
        ("76/176/325-580", 452.5, "the last of several, the middle of a range"),
        ("<2.7%/<2.5%", 0.025, "the last of several, a bound"),
        ("<1.1", 1.1, "a bound"),
        ("below 1.1", 1.1, "a bound"),
        ("~0", 0.0, ""),
        ("about 1.1 (was 1.3)", 1.1, ""),
        ("1.1±0.02", 1.1, ""),
        ("2.6e6", 2.6e6, ""),
        ("2,600,000", 2.6e6, ""),
        ("1,12", 1.12, ""),
        ("112 %", 1.12, ""),
        ("10-20%", 0.15, "the middle of a range"),
        ("-0.5", -0.5, ""),
        ("0.27 L/kWh", 0.27, ""),
    ],
)
def test_a_figure_as_it_is_written(text: str, value: float, how: str) -> None:
    found = figure_of(text)
    assert found is not None
    assert (found.value, found.how) == (pytest.approx(value), how)


@pytest.mark.parametrize("text", ["", "n/a", "nan", "low", "(1.1)"])
def test_a_cell_without_a_figure(text: str) -> None:
    assert figure_of(text) is None


@pytest.mark.parametrize(
    ("unit", "l_per_kwh"),
    [
        ("L/kWh", 1.0),
        ("l / kWh", 1.0),
        ("litres per kWh of IT", 1.0),
        ("L/kWh (IT)", 1.0),
        ("m3/MWh", 1.0),
        ("L/MWh", 1e-3),
        ("gal/kWh", 3.785411784),
        ("gal/MW-yr (=1.12 L/kWh)", 3.785411784 / 8.76e6),
        ("million gallons/MW-year", 3.785411784 / 8.76),
        ("gal/MW/yr", 3.785411784 / 8.76e6),
    ],
)
def test_units_of_water_per_energy(unit: str, l_per_kwh: float) -> None:
    assert water_unit_l_per_wh(unit) == pytest.approx(l_per_kwh / 1e3)


@pytest.mark.parametrize("unit", ["", "%", "billion L in 2028", "gal/yr", "L/day", "odd gal/MWh", "USD/MWh", "L/MW"])
def test_other_units(unit: str) -> None:
    assert water_unit_l_per_wh(unit) is None


def test_the_source_of_the_row_above(tmp_path: Path) -> None:
    file = tmp_path / "pue.csv"
    file.write_text(f"{HEAD}\nA,PUE,1.1,,,https://www.a.com/x,B\nB,PUE,1.2,,,same,B\nC,PUE,1.2,,,CNBC above,B\n")
    assert [row.publisher for row in read_facility_rows(file)] == ["a.com", "a.com", "CNBC above"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("operator,metric,value\nA,PUE,1.1\n", "no column operator_or_case, unit, period, src, conf"),
        (f"{HEAD}\nA,PUE,1.1\n", "row 2 = 3 cells: expected 7 as in the header"),
        (f"{HEAD}\n", "a header alone"),
        ("", "no column"),
    ],
)
def test_a_file_that_is_no_such_table(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "pue.csv"
    file.write_text(text)
    with pytest.raises(CatalogError, match=words):
        read_facility_rows(file)
