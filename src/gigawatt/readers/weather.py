"""A year of hourly weather from a file: EnergyPlus (EPW) or a table of Open-Meteo.

References
----------
1. EnergyPlus, "Auxiliary Programs: Weather Converter Program", EPW data dictionary: fields, codes at or above which a
   value is missing, relative humidity from 0 to 110 %, data periods with their records an hour, and hours that are
   counted from 1 to 24 by their end.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from gigawatt import watts
from gigawatt.errors import CatalogError, Fault
from gigawatt.files import read_bytes
from gigawatt.ndarrays import Floats
from gigawatt.readers.csv_rows import CsvColumn, numbers, read_rows, remark
from gigawatt.readers.hours import (
    DAY_H,
    HOUR_MIN,
    LEAP,
    LEAP_YEAR_H,
    UNDATED,
    Year,
    hourly,
    lengths,
    read_year,
    refuse_missing,
    stated_or,
)

TIME, DRY_BULB, HUMIDITY = "time", "t_dry_c", "rh_pct"
# A dry bulb above the first, or a yearly mean above the second, is no place on Earth in degC.
HOTTEST_DEGC, HOTTEST_MEAN_DEGC, COLDEST_DEGC = 60.0, 40.0, -90.0
LEAST_KELVIN = 150.0
PERCENT = 100.0
# Fog is written as more than 100 %, dry air as 0 %; beyond the first it is no relative humidity.
MOST_HUMIDITY, LEAST_HUMIDITY = 1.10, 0.01

EPW_FIRST_LINE, EPW_HEAD, EPW_PERIODS = 9, "LOCATION", "DATA PERIODS"
EPW_UTC_OFFSET, EPW_ALTITUDE = 8, 9  # fields of its first line
EPW_MONTH, EPW_DAY, EPW_HOUR, EPW_DRY_BULB, EPW_DEW_POINT, EPW_HUMIDITY = 1, 2, 3, 6, 7, 8
# Values at or above these are missing.
EPW_MISSING_DEGC, EPW_MISSING_HUMIDITY = 99.9, 999.0
# A common year after another: months of a typical year come from different years, and these stand for them all.
_COMMON = 2021
_FEBRUARY_29 = (2, 29)


@dataclass(frozen=True, slots=True, kw_only=True)
class WeatherYear:
    """A year of 8,760 or 8,784 hours from 1 January, the offset of their clock and the station's altitude.

    The clock is local standard time, or the next whole hour west of it. notes: what was made of the file, in words.
    """

    weather: watts.Weather
    utc_offset_h: float
    altitude_m: float
    notes: tuple[str, ...]


def read_weather(path: Path, *, altitude_m: float | None = None, utc_offset_h: float | None = None) -> WeatherYear:
    """The weather of an EPW file, or of a CSV file with the columns time, t_dry_c [degC] and rh_pct [%].

    The wet bulb is computed from dry bulb, humidity and altitude; the dew point is the file's, or that of the humidity.

    altitude_m, utc_offset_h: of a station whose file does not state them; an EPW does.

    Equal parts of an hour are averaged. Humidity above 100 % and up to 110 % is taken as 100 %, and 0 % as 1 %.

    Raises CatalogError where the file cannot be read, hours are missing, repeated or out of order, a cell is no
    number, humidity leaves 0 to 110 %, or temperatures are not degC.
    """
    if path.suffix.lower() == ".epw":
        return _epw(path)
    table = read_rows(path, (TIME, DRY_BULB, HUMIDITY))
    year = read_year(table.column(TIME), utc_offset_h)
    dry, humidity, notes = _air(table.column(DRY_BULB), table.column(HUMIDITY))
    altitude = stated_or("altitude", "m", table.file, None, altitude_m)
    return _year(dry, humidity, watts.dew_point(dry, humidity), altitude, year, notes)


def _year(
    dry: Floats, humidity: Floats, dew: Floats, altitude_m: float, year: Year, notes: Sequence[str]
) -> WeatherYear:
    """The hours of what rows say, on a clock of whole hours."""
    offset_h = float(np.floor(year.utc_offset_h))
    dry, humidity, dew = (hourly(values, year, offset_h) for values in (dry, humidity, np.minimum(dew, dry)))
    weather = watts.Weather(
        dry_bulb_degc=dry, wet_bulb_degc=watts.wet_bulb(dry, humidity, altitude_m), dew_point_degc=dew
    )
    return WeatherYear(weather=weather, utc_offset_h=offset_h, altitude_m=altitude_m, notes=(*year.notes, *notes))


def _epw(path: Path) -> WeatherYear:
    heads, lines, rows = _epw_rows(path)

    def column(place: int, name: str) -> CsvColumn:
        return CsvColumn(file=path.name, name=name, lines=lines, cells=[row[place].strip() for row in rows])

    records, begin = _epw_period(path.name, heads)
    if len(rows) > LEAP_YEAR_H * records:
        raise _other_records(path.name, records, f"{len(rows):,} rows are more than a year of them")
    times = _epw_times(path.name, records, begin, lines, rows)
    minutes = lengths(path.name, lines, times, UNDATED)
    if (minutes * records != HOUR_MIN).any():
        raise _other_records(path.name, records, "its hours have fewer rows")
    columns = column(EPW_DRY_BULB, "dry bulb"), column(EPW_HUMIDITY, "relative humidity")
    _refuse_codes(columns, times)
    dry, humidity, notes = _air(*columns)
    faults: list[Fault] = []
    dew = numbers(column(EPW_DEW_POINT, "dew point"), faults)
    head = [heads[EPW_HEAD][place] for place in (EPW_UTC_OFFSET, EPW_ALTITUDE)]
    stated = numbers(CsvColumn(file=path.name, name=EPW_HEAD, lines=(1, 1), cells=head), faults)
    if faults:
        raise CatalogError(faults)
    dew = np.where(dew >= EPW_MISSING_DEGC, watts.dew_point(dry, humidity), dew)
    if minutes.min() < HOUR_MIN:
        notes.append(f"{path.name}: its {HOUR_MIN // minutes.min()} records an hour are averaged.")
    year = Year(first=times[0], minutes=minutes, utc_offset_h=float(stated[0]))
    return _year(dry, humidity, dew, float(stated[1]), year, notes)


def _epw_rows(path: Path) -> tuple[dict[str, list[str]], list[int], list[list[str]]]:
    """The header's records by their first word, and the data rows with their lines in the file."""
    data = read_bytes(path, "EPW file")
    # Names of places are written in several encodings.
    lines = data.removeprefix(codecs.BOM_UTF8).decode("latin-1").splitlines()
    heads = {fields[0].strip().upper(): fields for fields in (line.split(",") for line in lines[: EPW_FIRST_LINE - 1])}
    if not lines or next(iter(heads), "") != EPW_HEAD or len(heads[EPW_HEAD]) <= EPW_ALTITUDE:
        expected = f"an EPW file, whose first line is {EPW_HEAD} with ten fields"
        raise CatalogError([Fault(path=path.name, given="another first line", expected=expected)])
    numbered = [(n, line.split(",")) for n, line in enumerate(lines, start=1) if n >= EPW_FIRST_LINE and line.strip()]
    short = [(n, row) for n, row in numbered if len(row) <= EPW_HUMIDITY]
    if short or not numbered:
        n, row = short[0] if short else (EPW_FIRST_LINE, [])
        expected = f"at least {EPW_HUMIDITY + 1} fields of an hour"
        raise CatalogError([Fault(path=f"{path.name} row {n}", given=f"{len(row)} fields", expected=expected)])
    return heads, [n for n, _ in numbered], [row for _, row in numbered]


def _epw_times(
    file: str, records: int, begin: tuple[int, int], lines: Sequence[int], rows: Sequence[Sequence[str]]
) -> list[datetime]:
    """Beginnings of the records, so many an hour from a month and day on, whatever years their months come from."""
    leap = any([row[EPW_MONTH].strip(), row[EPW_DAY].strip()] == ["2", "29"] for row in rows)
    first = (LEAP - (begin > _FEBRUARY_29)) if leap else _COMMON
    times: list[datetime] = []
    before, place = "", 0
    for line, row in zip(lines, rows, strict=True):
        cells = row[EPW_MONTH], row[EPW_DAY], row[EPW_HOUR]
        place = (place + 1) % records if before == ",".join(cells) else 0
        before = ",".join(cells)
        try:
            month, day, hour = (int(cell) for cell in cells)
            if not 1 <= hour <= DAY_H:
                raise ValueError
            year = first + ((month, day) < begin)
            times.append(datetime(year, month, day, hour - 1, HOUR_MIN * place // records))
        except ValueError:
            given = f"month, day, hour {', '.join(cell.strip() for cell in cells)}"
            fault = Fault(
                path=f"{file} row {line}", given=given, expected="a day of the year, and an hour from 1 to 24"
            )
            raise CatalogError([fault]) from None
    return times


def _other_records(file: str, records: int, seen: str) -> CatalogError:
    given = f"{records} record{'s' if records > 1 else ''} an hour"
    return CatalogError([Fault(path=f"{file} {EPW_PERIODS}", given=given, expected=f"as many as the file has: {seen}")])


def _epw_period(file: str, heads: dict[str, list[str]]) -> tuple[int, tuple[int, int]]:
    """Records an hour, and month and day of the first, as the header says: one, from 1 January, where it is silent."""
    if EPW_PERIODS not in heads:
        return 1, (1, 1)
    fields = [field.strip() for field in heads[EPW_PERIODS]]
    found = re.fullmatch(r"(\d+),(\d+),[^,]*,[^,]*, *(\d+) */ *(\d+)(?:/ *\d+)?,.*", ",".join(fields[1:]))
    periods, records, month, day = (int(text) for text in found.groups()) if found else (0, 0, 0, 0)
    if periods != 1 or not records or HOUR_MIN % records or not (1 <= month <= 12 and 1 <= day <= 31):
        expected = "one data period of a year, of records that divide the hour, such as 1,1,Data,Sunday,1/1,12/31"
        raise CatalogError([Fault(path=f"{file} {EPW_PERIODS}", given=",".join(fields[1:]), expected=expected)])
    return records, (month, day)


def _refuse_codes(columns: Sequence[CsvColumn], times: Sequence[datetime]) -> None:
    """Hours whose dry bulb or humidity is at or above the code for "not measured" are missing hours."""
    codes = (EPW_MISSING_DEGC, EPW_MISSING_HUMIDITY)
    missing = np.zeros(len(times), dtype=bool)
    for column, code in zip(columns, codes, strict=True):
        missing |= numbers(column, []) >= code
    refuse_missing(columns[0].file, [time for time, gone in zip(times, missing, strict=True) if gone], UNDATED)


def _air(dry_bulb: CsvColumn, humidity: CsvColumn) -> tuple[Floats, Floats, list[str]]:
    """Dry bulb [degC] and relative humidity [0.01 … 1], checked, and what was taken for what."""
    faults: list[Fault] = []
    dry, share = numbers(dry_bulb, faults), numbers(humidity, faults) / PERCENT
    if not faults:
        _refuse_other_degrees(dry_bulb, dry, faults)
        within = (share >= 0) & (share <= MOST_HUMIDITY)
        remark(humidity, ~within, f"a relative humidity of 0 to {MOST_HUMIDITY * PERCENT:g} %", faults)
    if faults:
        raise CatalogError(faults)
    taken = (
        (share > 1, f"relative humidity above 100 % is taken as 100 %, up to {share.max() * PERCENT:.4g} %"),
        (share < LEAST_HUMIDITY, f"relative humidity below {LEAST_HUMIDITY:.0%} is taken as that"),
    )
    notes = [
        f"{humidity.file}: {what}, in {count:,} row{'s' if count > 1 else ''}."
        for where, what in taken
        if (count := int(np.count_nonzero(where)))
    ]
    return dry, np.clip(share, LEAST_HUMIDITY, 1.0), notes


def _refuse_other_degrees(column: CsvColumn, dry: Floats, faults: list[Fault]) -> None:
    hottest, mean = float(dry.max()), float(dry.mean())
    if hottest > HOTTEST_DEGC or mean > HOTTEST_MEAN_DEGC:
        given = f"{hottest:.1f} at most, {mean:.1f} on average"
        look = "K" if mean > LEAST_KELVIN else "degF"
        faults.append(
            Fault(path=f"{column.file} column {column.name}", given=given, expected=f"degC; these look like {look}")
        )
    remark(column, dry < COLDEST_DEGC, f"degC, at least {COLDEST_DEGC:g}", faults)
