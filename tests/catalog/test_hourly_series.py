"""Hourly prices and carbon intensities: on UTC, whole, and in the unit that they say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from gigawatt.catalog.readers.hours import repeat_leap
from gigawatt.catalog.readers.series import HourlySeries, read_carbon, read_price
from gigawatt.errors import CatalogError

Lines = list[str]


def table(column: str = "usd_mwh", offset: str = "", year: int = 2023) -> Lines:
    """A year whose value is the hour of the year over a thousand, and 40."""
    hours = (datetime(year + 1, 1, 1) - datetime(year, 1, 1)) // timedelta(hours=1)
    times = [datetime(year, 1, 1) + timedelta(hours=n) for n in range(hours)]
    return [f"time,{column}", *(f"{time}{offset},{40 + n / 1000}" for n, time in enumerate(times))]


def read(
    folder: Path, lines: Lines, reader: Callable[..., HourlySeries] = read_price, **arguments: float
) -> HourlySeries:
    file = folder / "year.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return reader(file, **arguments)


def refused(folder: Path, lines: Lines, reader: Callable[..., HourlySeries] = read_price, **arguments: float) -> str:
    with pytest.raises(CatalogError) as error:
        read(folder, lines, reader, **({"utc_offset_h": 0.0} | arguments))
    assert len(error.value.faults) == 1
    return str(error.value)


def test_prices_are_dollars_per_watt_hour(tmp_path: Path) -> None:
    found = read(tmp_path, table(), utc_offset_h=0.0)
    assert found.values.shape == (8760,)
    assert found.values[0] == pytest.approx(40e-6)


def test_carbon_is_kilograms_per_watt_hour(tmp_path: Path) -> None:
    assert read(tmp_path, table("gco2_kwh_lca"), read_carbon, utc_offset_h=0.0).values[0] == pytest.approx(40e-6)


@pytest.mark.parametrize(("offset", "utc_hour"), [("-06:00", 6), ("+01:00", -1), ("Z", 0)])
def test_local_time_is_turned_to_utc(tmp_path: Path, offset: str, utc_hour: int) -> None:
    found = read(tmp_path, table(offset=offset, year=2024))
    assert found.values.shape == (8784,)
    assert found.values[utc_hour] == pytest.approx(40e-6)  # the first hour of the file's own year
    assert found.utc_offset_h == -utc_hour


def test_an_argument_stands_for_an_offset_that_is_not_stated(tmp_path: Path) -> None:
    stated, said = read(tmp_path, table(offset="-05:00"), utc_offset_h=0.0), read(tmp_path, table(), utc_offset_h=-5.0)
    np.testing.assert_array_equal(stated.values, said.values)


def test_summer_time_that_is_stated_is_no_gap(tmp_path: Path) -> None:
    winter, summer = table(offset="-06:00"), table(offset="-05:00")
    mixed = list(winter)
    for n in range(2000, 7000):  # an hour later on the clock, and the same value
        mixed[n] = f"{summer[n + 1].split(',')[0]},{winter[n].split(',')[1]}"
    np.testing.assert_array_equal(read(tmp_path, mixed).values, read(tmp_path, winter).values)


def test_negative_prices_are_lawful_and_negative_carbon_is_not(tmp_path: Path) -> None:
    lines = table()
    lines[5] = lines[5].split(",")[0] + ",-251.4"
    assert read(tmp_path, lines, utc_offset_h=0.0).values.min() == pytest.approx(-251.4e-6)
    lines[0] = "time,gco2_kwh_lca"
    assert 'row 6 column gco2_kwh_lca = "-251.4"' in refused(tmp_path, lines, read_carbon)


def scaled(lines: Lines, factor: float) -> Lines:
    parts = [line.split(",") for line in lines[1:]]
    return [lines[0], *(f"{time},{float(value) * factor}" for time, value in parts)]


BAD: dict[str, tuple[Callable[[Lines], Lines], str]] = {
    "gap": (lambda x: [x[0], *x[6:-19]], "24 hours missing: 2023-01-01 00:00 to 2023-01-01 04:00; 2023-12-31 05:00"),
    "twice": (lambda x: [*x[:50], x[49], *x[50:]], "row 51 = 2023-01-03 00:00: expected each hour once"),
    "disorder": (lambda x: [*x[:50], x[51], x[50], *x[52:]], "row 52 = 2023-01-03 01:00: expected hours in order"),
    "NaN": (lambda x: [*x[:5], x[5].split(",")[0] + ",NaN", *x[6:]], 'row 6 column usd_mwh = "NaN"'),
    "yen": (lambda x: scaled(x, 300), "a mean of 13,314: expected USD/MWh"),
    "one offset": (lambda x: [*x[:5], x[5].replace(",", "Z,"), *x[6:]], "row 2 column time"),
    "wrong column": (lambda x: ["time,jpy_mwh", *x[1:]], "no column usd_mwh"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_one_clear_error(tmp_path: Path, name: str) -> None:
    change, words = BAD[name]
    assert words in refused(tmp_path, change(table()))


def test_carbon_in_another_unit_is_refused(tmp_path: Path) -> None:
    words = refused(tmp_path, scaled(table("gco2_kwh_lca"), 1000), read_carbon)
    assert "a mean of 44,380: expected g/kWh, at most 1,500 on average" in words


def test_offsets_that_are_not_known_or_no_whole_hours_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="UTC offset = not said"):
        read(tmp_path, table())
    assert "5.5 h: expected whole hours" in refused(tmp_path, table(), utc_offset_h=5.5)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="No such file"):
        read_price(tmp_path / "none.csv", utc_offset_h=0.0)


def test_29_february_repeats_28_february() -> None:
    common = np.arange(8760.0)
    leap = repeat_leap(common, 8784)
    np.testing.assert_array_equal(leap[59 * 24 : 60 * 24], common[58 * 24 : 59 * 24])
    np.testing.assert_array_equal(repeat_leap(leap, 8760), common)
    assert repeat_leap(common, 8760) is common
    with pytest.raises(ValueError, match="100 hours to 8760"):
        repeat_leap(common[:100], 8760)


def test_real_files(data_dir: Path) -> None:
    folder = data_dir / "grid"
    if not folder.is_dir():
        pytest.skip(f"no grid files in {data_dir}")
    texas = read_price(folder / "price_US-TEX-ERCO_2024.csv")
    assert (texas.utc_offset_h, texas.values[6]) == (-6.0, pytest.approx(16.62e-6))
    assert read_carbon(folder / "carbon_GB_2024.csv", utc_offset_h=0.0).values.mean() == pytest.approx(
        162.71e-6, rel=1e-3
    )
    with pytest.raises(CatalogError, match="24 hours missing: 2024-01-01 00:00 to 2024-01-01 04:00"):
        read_price(folder / "price_US-MIDA-PJM_2024.csv", utc_offset_h=0.0)
