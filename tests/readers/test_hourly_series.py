"""Hourly prices and carbon intensities: on UTC, whole, and in the unit that they say."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gigawatt.errors import CatalogError
from gigawatt.readers.hours import repeat_leap
from gigawatt.readers.series import HourlySeries, read_carbon, read_price

Lines = list[str]


def table(column: str = "usd_mwh", offset: str = "", year: int = 2023) -> Lines:
    """A year whose value is the hour of the year over a thousand, and 40."""
    hours = (datetime(year + 1, 1, 1) - datetime(year, 1, 1)) // timedelta(hours=1)
    times = [datetime(year, 1, 1) + timedelta(hours=n) for n in range(hours)]
    return [f"time,{column}", *(f"{time}{offset},{40 + n / 1000}" for n, time in enumerate(times))]


def read(
    folder: Path, lines: Lines, reader: Callable[..., HourlySeries] = read_price, **arguments: Any
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
    "two years": (lambda x: [*x, "2024-01-01 00:00:00,1"], "expected an hour before 2024-01-01 00:00"),
    "no year of ours": (lambda x: [x[0], *(f"9{line[1:]}" for line in x[1:])], "expected a time such as"),
    "days": (lambda x: x[::24], "hours missing"),
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


def test_offsets_that_are_not_known_or_on_no_clock_are_refused(tmp_path: Path) -> None:
    """users 5: the error names the key by which a user says the offset, where there is one."""
    with pytest.raises(CatalogError, match="UTC offset = not said"):
        read(tmp_path, table())
    with pytest.raises(CatalogError, match=r"it is not guessed; say it with sites\.here\.files_offset"):
        read(tmp_path, table(), told_by="sites.here.files_offset")
    assert "30 h: expected whole minutes from -12 h to 14 h" in refused(tmp_path, table(), utc_offset_h=30.0)
    assert "5.501 h: expected whole minutes" in refused(tmp_path, table(), utc_offset_h=5.501)


def rows(times: Iterable[datetime], values: Iterable[float], form: str = "%Y-%m-%d %H:%M+00:00") -> Lines:
    pairs = zip(times, values, strict=True)
    return ["time,usd_mwh", *(f"{time.strftime(form)},{value:.4f}" for time, value in pairs)]


def every(minutes: int, start: datetime = datetime(2025, 1, 1), days: int = 365) -> list[datetime]:
    return [start + n * timedelta(minutes=minutes) for n in range(days * 24 * 60 // minutes)]


def usd_mwh(found: HourlySeries) -> np.ndarray:
    return np.asarray(found.values * 1e6)


@pytest.mark.parametrize("minutes", [30, 15, 5])
def test_equal_parts_of_an_hour_are_averaged_and_it_is_said(tmp_path: Path, minutes: int) -> None:
    """reports 7: day-ahead prices come in quarter-hours in Europe."""
    times = every(minutes)
    values = np.arange(len(times)) * minutes / 60 / 100
    found = read(tmp_path, rows(times, values))
    expected = (np.arange(8760) + (1 - minutes / 60) / 2) / 100
    np.testing.assert_allclose(usd_mwh(found), expected, rtol=0, atol=1e-4)
    assert found.notes == (f"year.csv: values of {minutes} minutes are averaged to hours.",)


def test_a_market_may_go_over_to_quarter_hours_within_a_year(tmp_path: Path) -> None:
    """reports 7: as the day-ahead market did on 1 October 2025."""
    change = datetime(2025, 10, 1)
    times = [time for time in every(15) if time >= change or time.minute == 0]
    found = read(tmp_path, rows(times, [time.hour + time.minute / 60 for time in times]))
    hours = every(60)
    expected = [time.hour + (0.375 if time >= change else 0.0) for time in hours]
    np.testing.assert_allclose(usd_mwh(found), expected, atol=1e-3)
    assert found.notes == ("year.csv: values of 15 minutes from 2025-10-01 00:00 on are averaged to hours.",)


@pytest.mark.parametrize("lost", [(1,), (1, 3), (0,), (3,)])
def test_a_quarter_that_is_missing_is_an_error(tmp_path: Path, lost: tuple[int, ...]) -> None:
    lines = rows(every(15), np.ones(4 * 8760))
    lines = [line for n, line in enumerate(lines) if n - 1 - 4 * 100 not in lost]
    assert "expected a whole hour, or all 4 equal parts of it" in refused(tmp_path, lines)


@pytest.mark.parametrize("minutes", [60, 30, 15])
def test_a_half_hour_zone_is_the_same_on_its_own_clock_and_on_utc(tmp_path: Path, minutes: int) -> None:
    """reports 7: +05:30. An hour of UTC is the mean, by time, of the two hours of the file that it lies across."""
    times = every(minutes)
    values = [50 + 20 * np.cos(2 * np.pi * (time.hour - 19) / 24) + time.month for time in times]
    local = read(tmp_path, rows(times, values, "%Y-%m-%d %H:%M+05:30"))
    said = read(tmp_path, rows(times, values, "%Y-%m-%d %H:%M"), utc_offset_h=5.5)
    on_utc = read(tmp_path, rows([time - timedelta(hours=5.5) for time in times], values))
    np.testing.assert_array_equal(local.values, said.values)
    np.testing.assert_array_equal(local.values, on_utc.values)
    whole = np.repeat(np.round(values, 4), minutes // 15)  # by quarters of an hour, then six hours less two quarters on
    np.testing.assert_allclose(usd_mwh(local), np.roll(whole, -22).reshape(-1, 4).mean(axis=1), rtol=1e-12)
    across = "year.csv: its hours lie across two of UTC; each is the mean of both by time."
    assert (across in local.notes) == (across in on_utc.notes) == (minutes == 60)


def test_a_local_year_that_is_written_in_utc_is_a_year(tmp_path: Path) -> None:
    """reports 7: Madrid's begins at 23:00 on 31 December."""
    local = every(60)
    values = [float(time.month * 24 + time.hour) for time in local]
    found = read(tmp_path, rows([time - timedelta(hours=1) for time in local], values))
    np.testing.assert_array_equal(found.values, read(tmp_path, rows(local, values, "%Y-%m-%d %H:%M+01:00")).values)
    assert "its first hour begins at 2024-12-31 23:00 (UTC+0); a year repeats" in found.notes[0]


@pytest.mark.parametrize(("first", "days"), [("2023-07-01", 366), ("2024-07-01", 365), ("2024-02-29", 366)])
def test_a_year_may_begin_on_any_day(tmp_path: Path, first: str, days: int) -> None:
    times = every(60, datetime.fromisoformat(first), days)
    found = read(tmp_path, rows(times, [float(time.month) for time in times]))
    year = 2024 if days == 366 else 2023
    assert [round(value) for value in usd_mwh(found)[::24]] == [
        (datetime(year, 1, 1) + timedelta(days=n)).month for n in range(days)
    ]


def test_times_that_run_to_24_00_are_ends_of_hours(tmp_path: Path) -> None:
    ends = [f"{time:%Y-%m-%d} {time.hour + 1:02}:00" for time in every(60)]
    lines = ["time,usd_mwh", *(f"{time},{n % 24}" for n, time in enumerate(ends))]
    found = read(tmp_path, lines, utc_offset_h=0.0)
    np.testing.assert_allclose(usd_mwh(found), np.arange(8760) % 24, atol=1e-9)
    assert "taken as the ends of its hours" in found.notes[0]


@pytest.mark.parametrize("seconds", ["", ":00"])
def test_intervals_as_european_markets_write_them(tmp_path: Path, seconds: str) -> None:
    """reports 7: "01/01/2025 00:00 - 01/01/2025 00:15", day first."""
    form = f"%d/%m/%Y %H:%M{seconds}"
    parts = [f"{time.strftime(form)} - {(time + timedelta(minutes=15)).strftime(form)}" for time in every(15)]
    lines = ["time,usd_mwh", *(f"{part},{n // 4 % 24}" for n, part in enumerate(parts))]
    found = read(tmp_path, lines, utc_offset_h=0.0)
    np.testing.assert_allclose(usd_mwh(found), np.arange(8760) % 24, atol=1e-9)


def test_other_separators_and_decimal_commas_are_named(tmp_path: Path) -> None:
    """reports 7: a spreadsheet's semicolons."""
    for sign, name in ((";", "semicolons"), ("\t", "tabs")):
        lines = [line.replace(",", sign) for line in table()]
        assert f"year.csv = {name} between the columns: expected a table" in refused(tmp_path, lines)
    lines = [line.replace(".", ",").replace(";", ",") for line in table()]
    quoted = [lines[0], *(f'{line.split(",", 1)[0]},"{line.split(",", 1)[1]}"' for line in lines[1:])]
    assert "expected a number with a decimal point" in refused(tmp_path, quoted)


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
