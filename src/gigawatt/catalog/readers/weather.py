"""A year of hourly weather from a file: EnergyPlus (EPW) or a table of Open-Meteo.

References
----------
1. EnergyPlus, "Auxiliary Programs: Weather Converter Program", EPW data dictionary: fields, missing codes, and hours
   that are counted from 1 to 24 by their end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from gigawatt import watts
from gigawatt.catalog.files import read_bytes
from gigawatt.catalog.readers.csv_rows import Column, Floats, numbers, read_rows, remark
from gigawatt.catalog.readers.hours import (
    DAY_H,
    UNDATED,
    check_year,
    clock,
    refuse_missing,
    stated_or,
)
from gigawatt.errors import CatalogError, Fault

TIME, DRY_BULB, HUMIDITY = "time", "t_dry_c", "rh_pct"
# A dry bulb above the first, or a yearly mean above the second, is no place on Earth in degC.
HOTTEST_DEGC, HOTTEST_MEAN_DEGC, COLDEST_DEGC = 60.0, 40.0, -90.0
LEAST_KELVIN = 150.0
PERCENT = 100.0

EPW_FIRST_LINE, EPW_HEAD = 9, "LOCATION"
EPW_UTC_OFFSET, EPW_ALTITUDE = 8, 9  # fields of its first line
EPW_MONTH, EPW_DAY, EPW_HOUR, EPW_DRY_BULB, EPW_DEW_POINT, EPW_HUMIDITY = 1, 2, 3, 6, 7, 8
EPW_MISSING_DEGC, EPW_MISSING_HUMIDITY = 99.9, 999.0
# Months of a typical year come from different years; these stand for them all, by their 29 February.
_COMMON, _LEAP = 2023, 2024


@dataclass(frozen=True, slots=True, kw_only=True)
class WeatherYear:
    """A year of 8,760 or 8,784 hours on local standard time, the offset of that time and the station's altitude."""

    weather: watts.Weather
    utc_offset_h: float
    altitude_m: float


def read_weather(path: Path, *, altitude_m: float | None = None, utc_offset_h: float | None = None) -> WeatherYear:
    """The weather of an EPW file, or of a CSV file with the columns time, t_dry_c [degC] and rh_pct [%].

    The wet bulb is computed from dry bulb, humidity and altitude; the dew point is the file's, or that of the humidity.

    altitude_m, utc_offset_h: of a station whose file does not state them; an EPW does.

    Raises CatalogError where the file cannot be read, hours are missing, repeated or out of order, a cell is no
    number, humidity leaves 0 to 100 %, or temperatures are not degC.
    """
    if path.suffix.lower() == ".epw":
        return _epw(path)
    table = read_rows(path, (TIME, DRY_BULB, HUMIDITY))
    times, offset_h = clock(table.column(TIME), utc_offset_h)
    check_year(table.file, table.lines, times)
    dry, humidity = _air(table.column(DRY_BULB), table.column(HUMIDITY))
    altitude = stated_or("altitude", "m", table.file, None, altitude_m)
    return _year(dry, humidity, watts.dew_point(dry, humidity), altitude, offset_h)


def _year(dry: Floats, humidity: Floats, dew: Floats, altitude_m: float, utc_offset_h: float) -> WeatherYear:
    weather = watts.Weather(
        dry_bulb_degc=dry,
        wet_bulb_degc=watts.wet_bulb(dry, humidity, altitude_m),
        dew_point_degc=np.minimum(dew, dry),
    )
    return WeatherYear(weather=weather, utc_offset_h=utc_offset_h, altitude_m=altitude_m)


def _epw(path: Path) -> WeatherYear:
    head, lines, rows = _epw_rows(path)

    def column(place: int, name: str) -> Column:
        return Column(file=path.name, name=name, lines=lines, cells=[row[place].strip() for row in rows])

    times = _epw_times(path.name, lines, rows)
    check_year(path.name, lines, times, UNDATED)
    columns = column(EPW_DRY_BULB, "dry bulb"), column(EPW_HUMIDITY, "relative humidity")
    _refuse_codes(columns, times)
    dry, humidity = _air(*columns)
    faults: list[Fault] = []
    dew = numbers(column(EPW_DEW_POINT, "dew point"), faults)
    stated = numbers(Column(file=path.name, name="LOCATION", lines=(1, 1), cells=head), faults)
    if faults:
        raise CatalogError(faults)
    dew = np.where(dew == EPW_MISSING_DEGC, watts.dew_point(dry, humidity), dew)
    return _year(dry, humidity, dew, float(stated[1]), float(stated[0]))


def _epw_rows(path: Path) -> tuple[list[str], list[int], list[list[str]]]:
    """UTC offset and altitude as written, and the data rows with their lines in the file."""
    data = read_bytes(path, "EPW file")
    lines = data.decode("latin-1").splitlines()  # names of places are written in several encodings
    head = lines[0].split(",") if lines else []
    if not head or head[0].strip().upper() != EPW_HEAD or len(head) <= EPW_ALTITUDE:
        expected = f"an EPW file, whose first line is {EPW_HEAD} with ten fields"
        raise CatalogError([Fault(path=path.name, given="another first line", expected=expected)])
    numbered = [(n, line.split(",")) for n, line in enumerate(lines, start=1) if n >= EPW_FIRST_LINE and line.strip()]
    short = [(n, row) for n, row in numbered if len(row) <= EPW_HUMIDITY]
    if short or not numbered:
        n, row = short[0] if short else (EPW_FIRST_LINE, [])
        expected = f"at least {EPW_HUMIDITY + 1} fields of an hour"
        raise CatalogError([Fault(path=f"{path.name} row {n}", given=f"{len(row)} fields", expected=expected)])
    return [head[EPW_UTC_OFFSET], head[EPW_ALTITUDE]], [n for n, _ in numbered], [row for _, row in numbered]


def _epw_times(file: str, lines: Sequence[int], rows: Sequence[Sequence[str]]) -> list[datetime]:
    """Beginnings of the hours, whatever years their months come from."""
    leap = any([row[EPW_MONTH].strip(), row[EPW_DAY].strip()] == ["2", "29"] for row in rows)
    times = []
    for line, row in zip(lines, rows, strict=True):
        cells = row[EPW_MONTH], row[EPW_DAY], row[EPW_HOUR]
        try:
            month, day, hour = (int(cell) for cell in cells)
            if not 1 <= hour <= DAY_H:
                raise ValueError
            times.append(datetime(_LEAP if leap else _COMMON, month, day, hour - 1))
        except ValueError:
            given = f"month, day, hour {', '.join(cell.strip() for cell in cells)}"
            fault = Fault(
                path=f"{file} row {line}", given=given, expected="a day of the year, and an hour from 1 to 24"
            )
            raise CatalogError([fault]) from None
    return times


def _refuse_codes(columns: Sequence[Column], times: Sequence[datetime]) -> None:
    """Hours whose dry bulb or humidity is the code for "not measured" are missing hours."""
    codes = (EPW_MISSING_DEGC, EPW_MISSING_HUMIDITY)
    missing = np.zeros(len(times), dtype=bool)
    for column, code in zip(columns, codes, strict=True):
        missing |= numbers(column, []) == code
    refuse_missing(columns[0].file, [time for time, gone in zip(times, missing, strict=True) if gone], UNDATED)


def _air(dry_bulb: Column, humidity: Column) -> tuple[Floats, Floats]:
    """Dry bulb [degC] and relative humidity [0 … 1], checked."""
    faults: list[Fault] = []
    dry, share = numbers(dry_bulb, faults), numbers(humidity, faults) / PERCENT
    if not faults:
        _refuse_other_degrees(dry_bulb, dry, faults)
        remark(humidity, ~((share > 0) & (share <= 1)), "a relative humidity above 0 and up to 100 %", faults)
    if faults:
        raise CatalogError(faults)
    return dry, share


def _refuse_other_degrees(column: Column, dry: Floats, faults: list[Fault]) -> None:
    hottest, mean = float(dry.max()), float(dry.mean())
    if hottest > HOTTEST_DEGC or mean > HOTTEST_MEAN_DEGC:
        given = f"{hottest:.1f} at most, {mean:.1f} on average"
        look = "K" if mean > LEAST_KELVIN else "degF"
        faults.append(
            Fault(path=f"{column.file} column {column.name}", given=given, expected=f"degC; these look like {look}")
        )
    remark(column, dry < COLDEST_DEGC, f"degC, at least {COLDEST_DEGC:g}", faults)
