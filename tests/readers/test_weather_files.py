"""Weather files: what is read of them, and a clear error for each thing that can be wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from gigawatt import watts
from gigawatt.errors import CatalogError
from gigawatt.readers.weather import WeatherYear, read_weather

Lines = list[str]
HEAD = "time,t_dry_c,rh_pct,t_wet_c"
EPW_HEAD = ["LOCATION,Somewhere,TX,USA,TMY3,722590,32.90,-97.02,-6.0,170.7", *["COMMENTS"] * 7]


def table(year: int = 2023) -> Lines:
    """A year as Open-Meteo writes it: warm at three in the afternoon, always 60 % humid."""
    hours = (datetime(year + 1, 1, 1) - datetime(year, 1, 1)) // timedelta(hours=1)
    times = [datetime(year, 1, 1) + timedelta(hours=n) for n in range(hours)]
    return [HEAD, *(f"{t:%Y-%m-%dT%H:%M},{15 + 8 * np.cos((t.hour - 15) * np.pi / 12):.1f},60.0,9.9" for t in times)]


def epw() -> Lines:
    """The same year as an EPW, whose months come from two years."""
    rows = []
    for line in table()[1:]:
        time = datetime.fromisoformat(line.split(",")[0])
        dry = line.split(",")[1]
        stamp = f"{2010 + time.month % 2},{time.month},{time.day},{time.hour + 1},0"
        rows.append(f"{stamp},?9?9,{dry},4.2,60,99000,0,0")
    return [*EPW_HEAD, *rows]


def read(folder: Path, lines: Lines, suffix: str = ".csv", **arguments: float) -> WeatherYear:
    file = folder / f"year{suffix}"
    file.write_text("\n".join(lines) + "\n", encoding="latin-1")
    return read_weather(file, **arguments)


def refused(folder: Path, lines: Lines, suffix: str = ".csv", **arguments: float) -> str:
    stated = {} if suffix == ".epw" else {"altitude_m": 100.0, "utc_offset_h": -6.0}
    with pytest.raises(CatalogError) as error:
        read(folder, lines, suffix, **(stated | arguments))
    assert len(error.value.faults) == 1
    return str(error.value)


def test_a_table_gives_dry_bulb_wet_bulb_and_dew_point(tmp_path: Path) -> None:
    year = read(tmp_path, table(), altitude_m=540.0, utc_offset_h=-6.0)
    assert (year.utc_offset_h, year.altitude_m) == (-6.0, 540.0)
    dry = year.weather.dry_bulb_degc
    assert dry.shape == (8760,)
    assert dry[15] == 23.0
    np.testing.assert_allclose(year.weather.wet_bulb_degc, watts.wet_bulb(dry, 0.6, 540.0))
    np.testing.assert_allclose(watts.humidity(dry, year.weather.dew_point_degc), 0.6, rtol=1e-4)


def test_a_leap_year_keeps_its_hours(tmp_path: Path) -> None:
    assert read(tmp_path, table(2024), altitude_m=0.0, utc_offset_h=1.0).weather.dry_bulb_degc.shape == (8784,)


def test_an_epw_states_offset_and_altitude_and_counts_hours_by_their_end(tmp_path: Path) -> None:
    year = read(tmp_path, epw(), ".epw")
    assert (year.utc_offset_h, year.altitude_m) == (-6.0, 170.7)
    assert year.weather.dry_bulb_degc[15] == 23.0  # written as hour 16
    assert year.weather.dew_point_degc[15] == 4.2
    assert (year.weather.wet_bulb_degc < year.weather.dry_bulb_degc).all()


def test_a_dew_point_that_an_epw_lacks_is_that_of_the_humidity(tmp_path: Path) -> None:
    year = read(tmp_path, [line.replace(",4.2,60", ",99.9,60") for line in epw()], ".epw")
    np.testing.assert_allclose(watts.humidity(year.weather.dry_bulb_degc, year.weather.dew_point_degc), 0.6, rtol=1e-4)


def test_an_offset_in_the_times_is_taken(tmp_path: Path) -> None:
    stamped = [HEAD, *(line.replace(",", "-07:00,", 1) for line in table()[1:])]
    assert read(tmp_path, stamped, altitude_m=0.0).utc_offset_h == -7.0
    assert read(tmp_path, stamped, altitude_m=0.0, utc_offset_h=1.0).utc_offset_h == -7.0


@pytest.mark.parametrize(("lacking", "words"), [("utc_offset_h", "UTC offset"), ("altitude_m", "altitude")])
def test_what_neither_file_nor_argument_says_is_not_guessed(tmp_path: Path, lacking: str, words: str) -> None:
    known = {name: 0.0 for name in ("utc_offset_h", "altitude_m") if name != lacking}
    with pytest.raises(CatalogError, match=f"{words} = not said: .* it is not guessed"):
        read(tmp_path, table(), **known)


def cell(line: int, column: int, text: str) -> Callable[[Lines], Lines]:
    def change(lines: Lines) -> Lines:
        cells = lines[line].split(",")
        cells[column] = text
        return [*lines[:line], ",".join(cells), *lines[line + 1 :]]

    return change


def fahrenheit(lines: Lines, column: int, first: int) -> Lines:
    changed = [line.split(",") for line in lines[first:]]
    for cells in changed:
        cells[column] = f"{float(cells[column]) * 1.8 + 32:.1f}"
    return [*lines[:first], *map(",".join, changed)]


BAD_TABLES: dict[str, tuple[Callable[[Lines], Lines], str]] = {
    "gap": (lambda x: x[:100] + x[103:], "3 hours missing: 2023-01-05 03:00 to 2023-01-05 05:00"),
    "gaps": (lambda x: [*x[:9], *x[10:49], *x[50:]], "2 hours missing: 2023-01-01 08:00; 2023-01-03 00:00"),
    "late start": (lambda x: [x[0], *x[6:]], "5 hours missing: 2023-01-01 00:00 to 2023-01-01 04:00"),
    "twice": (lambda x: [*x[:50], x[49], *x[50:]], "year.csv row 51 = 2023-01-03 00:00: expected each hour once"),
    "disorder": (lambda x: [*x[:50], x[51], x[50], *x[52:]], "row 52 = 2023-01-03 01:00: expected hours in order"),
    "half hours": (cell(7, 0, "2023-01-01T06:30"), "row 8 = 2023-01-01 06:30: expected a whole hour"),
    "other year": (lambda x: [*x, "2024-01-01T00:00,1,60,1"], "expected an hour before 2024-01-01 00:00"),
    "no time": (cell(3, 0, "yesterday"), 'row 4 column time = "yesterday": expected a time'),
    "NaN": (cell(9, 1, "nan"), 'row 10 column t_dry_c = "nan": expected a number'),
    "word": (cell(9, 2, "damp"), 'row 10 column rh_pct = "damp": expected a number'),
    "empty": (cell(9, 1, ""), 'row 10 column t_dry_c = "": expected a number'),
    "too humid": (cell(9, 2, "111"), 'column rh_pct = "111": expected a relative humidity of 0 to 110 %'),
    "negative": (cell(9, 2, "-3"), 'column rh_pct = "-3": expected a relative humidity'),
    "Fahrenheit": (lambda x: fahrenheit(x, 1, 1), "expected degC; these look like degF"),
    "one slip": (cell(9, 1, "71"), "expected degC; these look like degF"),
    "kelvin": (lambda x: [x[0], *(line.replace(",", ",29", 1) for line in x[1:])], "expected degC; these look like K"),
    "too cold": (cell(9, 1, "-99.9"), "expected degC, at least -90"),
    "wrong columns": (lambda x: ["time,temperature,rh_pct,wet", *x[1:]], "no column t_dry_c"),
    "ragged": (cell(9, 1, "1,2"), "row 10 = 5 cells: expected 4 as in the header"),
    "header alone": (lambda x: x[:1], "a header alone"),
    "nothing": (lambda _: [], "no column time, t_dry_c, rh_pct"),
}


@pytest.mark.parametrize("name", BAD_TABLES)
def test_a_bad_table_is_one_clear_error(tmp_path: Path, name: str) -> None:
    change, words = BAD_TABLES[name]
    assert words in refused(tmp_path, change(table()))


def periods(text: str) -> Callable[[Lines], Lines]:
    return lambda lines: [*lines[:7], f"DATA PERIODS,{text}", *lines[8:]]


BAD_EPWS: dict[str, tuple[Callable[[Lines], Lines], str]] = {
    "gap": (lambda x: x[:20] + x[22:], "2 hours missing: 01-01 12:00 to 01-01 13:00"),
    "missing code": (cell(30, 6, "99.9"), "1 hour missing: 01-01 22:00"),
    "missing humidity": (cell(30, 8, "999"), "1 hour missing: 01-01 22:00"),
    "above its code": (cell(30, 6, "999.9"), "1 hour missing: 01-01 22:00"),
    "humidity above its code": (cell(30, 8, "9999"), "1 hour missing: 01-01 22:00"),
    "two periods": (periods("2,1,Data,Sunday,1/1,6/30,Data,Sunday,7/1,12/31"), "DATA PERIODS = 2,1,Data"),
    "seven records": (periods("1,7,Data,Sunday,1/1,12/31"), "DATA PERIODS = 1,7,Data"),
    "no period": (periods("1,1"), "expected one data period of a year"),
    "half of two": (periods("1,2,Data,Sunday,1/1,12/31"), "DATA PERIODS = 2 records an hour"),
    "twice of one": (
        lambda x: [*periods("1,1,Data,Sunday,1/1,12/31")(x)[:8], *(y for y in x[8:] for _ in "12")],
        "DATA PERIODS = 1 record an hour: expected as many as the file has: 17,520 rows",
    ),
    "twice": (lambda x: [*x[:20], x[19], *x[20:]], "year.epw row 21 = 01-01 11:00: expected each hour once"),
    "disorder": (lambda x: [*x[:20], x[21], x[20], *x[22:]], "row 22 = 01-01 12:00: expected hours in order"),
    "hour 25": (cell(12, 3, "25"), "expected a day of the year, and an hour from 1 to 24"),
    "hour 0": (cell(12, 3, "0"), "expected a day of the year, and an hour from 1 to 24"),
    "February 30": (cell(12, 2, "45"), "month, day, hour 1, 45, 5"),
    "NaN": (cell(12, 6, "NaN"), 'row 13 column dry bulb = "NaN": expected a number'),
    "dew point": (cell(12, 7, "moist"), 'row 13 column dew point = "moist": expected a number'),
    "Fahrenheit": (lambda x: fahrenheit(x, 6, 8), "expected degC; these look like degF"),
    "short row": (lambda x: [*x[:12], "2010,1,1,5", *x[13:]], "row 13 = 4 fields: expected at least 9 fields"),
    "no head": (lambda x: x[1:], "whose first line is LOCATION"),
    "no rows": (lambda x: x[:8], "row 9 = 0 fields"),
    "no offset": (cell(0, 8, "west"), 'column LOCATION = "west": expected a number'),
}


@pytest.mark.parametrize("name", BAD_EPWS)
def test_a_bad_epw_is_one_clear_error(tmp_path: Path, name: str) -> None:
    change, words = BAD_EPWS[name]
    assert words in refused(tmp_path, change(epw()), ".epw")


@pytest.mark.parametrize("suffix", [".csv", ".epw"])
def test_fog_is_all_humidity_and_dry_air_a_little(tmp_path: Path, suffix: str) -> None:
    """reports 16: up to 110 % is lawful, and taken as 100 % (NREL/EnergyPlus#2066); a rounded 0 % as 1 %."""
    lines, at, place = (epw(), 8, 8) if suffix == ".epw" else (table(), 1, 2)
    for n, text in ((at, "101"), (at + 1, "110"), (at + 2, "0")):
        lines = cell(n, place, text)(lines)
    arguments = {} if suffix == ".epw" else {"altitude_m": 0.0, "utc_offset_h": 0.0}
    year = read(tmp_path, lines, suffix, **arguments)
    dry, wet = year.weather.dry_bulb_degc, year.weather.wet_bulb_degc
    np.testing.assert_allclose(wet[:2], dry[:2], atol=0.05)
    assert wet[2] == pytest.approx(float(watts.wet_bulb(dry[2], 0.01, year.altitude_m)))
    assert year.notes == (
        f"year{suffix}: relative humidity above 100 % is taken as 100 %, up to 110 %, in 2 rows.",
        f"year{suffix}: relative humidity below 1% is taken as that, in 1 row.",
    )


def test_a_dew_point_above_its_code_is_missing(tmp_path: Path) -> None:
    """faults K19: at or above the code, as the data dictionary says."""
    above, at = (read(tmp_path, [x.replace(",4.2,60", f",{code},60") for x in epw()], ".epw") for code in (999, 99.9))
    np.testing.assert_array_equal(above.weather.dew_point_degc, at.weather.dew_point_degc)


def test_records_of_half_hours_are_averaged_as_the_header_says(tmp_path: Path) -> None:
    """faults K19: DATA PERIODS states records an hour."""
    rows = []
    for line in epw()[8:]:
        first, second = line.split(","), line.split(",")
        first[4], second[4], second[6] = "30", "60", f"{float(second[6]) + 2:.1f}"
        rows += [",".join(first), ",".join(second)]
    halves = read(tmp_path, [*periods("1,2,Data,Sunday, 1/ 1,12/31")(epw())[:8], *rows], ".epw")
    hours = read(tmp_path, epw(), ".epw")
    np.testing.assert_allclose(halves.weather.dry_bulb_degc, hours.weather.dry_bulb_degc + 1)
    assert halves.notes == ("year.epw: its 2 records an hour are averaged.",)


def test_a_year_from_july_to_june_is_turned_to_january(tmp_path: Path) -> None:
    """faults K19: DATA PERIODS states the first day."""
    lines = periods("1,1,Data,Sunday,7/1,6/30")(epw())
    july = next(n for n, line in enumerate(lines) if ",7,1,1," in line)
    turned = read(tmp_path, [*lines[:8], *lines[july:], *lines[8:july]], ".epw")
    whole = read(tmp_path, epw(), ".epw")
    np.testing.assert_array_equal(turned.weather.dry_bulb_degc, whole.weather.dry_bulb_degc)
    np.testing.assert_array_equal(turned.weather.wet_bulb_degc, whole.weather.wet_bulb_degc)


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    """faults K19: a byte-order mark before the first line."""
    file = tmp_path / "year.epw"
    file.write_bytes(b"\xef\xbb\xbf" + "\n".join(epw()).encode("latin-1"))
    assert read_weather(file).altitude_m == 170.7


def test_half_hour_zones_have_whole_hours(tmp_path: Path) -> None:
    """reports 7: the mean of two halves, on the next whole hour west."""
    year = read(tmp_path, table(), altitude_m=0.0, utc_offset_h=5.5)
    whole = read(tmp_path, table(), altitude_m=0.0, utc_offset_h=5.0)
    dry = whole.weather.dry_bulb_degc
    assert year.utc_offset_h == 5.0
    np.testing.assert_allclose(year.weather.dry_bulb_degc, (dry + np.roll(dry, -1)) / 2, rtol=1e-12)


@pytest.mark.parametrize("suffix", [".csv", ".epw"])
def test_a_missing_and_a_binary_file(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"year{suffix}"
    with pytest.raises(CatalogError, match="No such file"):
        read_weather(file, altitude_m=0.0, utc_offset_h=0.0)
    file.write_bytes(bytes(range(256)) * 40)
    with pytest.raises(CatalogError, match=r"CSV file in UTF-8|first line is LOCATION"):
        read_weather(file, altitude_m=0.0, utc_offset_h=0.0)


def test_real_files(data_dir: Path) -> None:
    files = sorted((data_dir / "weather").glob("*.epw"))
    if not files:
        pytest.skip(f"no weather files in {data_dir}")
    offsets = {read_weather(file).utc_offset_h for file in files}
    assert offsets <= {-7.0, -6.0, -5.0}
    for file in sorted((data_dir / "weather").glob("openmeteo_*.csv")):
        year = read_weather(file, altitude_m=100.0, utc_offset_h=0.0)
        assert year.weather.wet_bulb_degc.shape == (8784,)
