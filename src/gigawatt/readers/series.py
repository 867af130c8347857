"""A year of hourly electricity prices or carbon intensities from a file, on UTC."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gigawatt.errors import CatalogError, Fault
from gigawatt.ndarrays import Floats
from gigawatt.readers.csv_rows import numbers, read_rows, remark
from gigawatt.readers.hours import hourly, read_year

TIME, PRICE, CARBON = "time", "usd_mwh", "gco2_kwh_lca"
WH_PER_MWH, G_PER_KG, WH_PER_KWH = 1e6, 1e3, 1e3
# Yearly means beyond these are other units: yen or won for dollars, milligrams for grams.
MOST_MEAN_PRICE, MOST_MEAN_CARBON = 1_000.0, 1_500.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HourlySeries:
    """A year of 8,760 or 8,784 values, hour-beginning on UTC from 1 January.

    `utc_offset_h` was that of the file's clock; notes: what was made of its times, in words.
    """

    values: Floats
    utc_offset_h: float
    notes: tuple[str, ...]


def read_price(path: Path, *, utc_offset_h: float | None = None, told_by: str = "") -> HourlySeries:
    """Prices [USD/Wh] of a file with the columns time and usd_mwh; negative ones are lawful.

    Equal parts of an hour are averaged, and so are hours that lie across two of UTC.

    utc_offset_h: of times that do not state it; 0 says that they are UTC. told_by: the key by which a user says it.

    Raises CatalogError where the file cannot be read, hours are missing, repeated or out of order, the offset is not
    known, a cell is no number, or the mean is no price in USD/MWh.
    """
    return _read(path, PRICE, utc_offset_h, told_by, 1 / WH_PER_MWH)


def read_carbon(path: Path, *, utc_offset_h: float | None = None, told_by: str = "") -> HourlySeries:
    """Carbon intensity [kg/Wh] of a file with the columns time and gco2_kwh_lca; as `read_price`."""
    return _read(path, CARBON, utc_offset_h, told_by, 1 / (G_PER_KG * WH_PER_KWH))


def _read(path: Path, name: str, utc_offset_h: float | None, told_by: str, scale: float) -> HourlySeries:
    table = read_rows(path, (TIME, name))
    year = read_year(table.column(TIME), utc_offset_h, told_by)
    faults: list[Fault] = []
    column = table.column(name)
    values = numbers(column, faults)
    if name == CARBON:
        remark(column, values < 0, "a carbon intensity, not negative", faults)
    if not faults:
        _refuse_other_units(f"{table.file} column {name}", name, float(values.mean()), faults)
    if faults:
        raise CatalogError(faults)
    found = hourly(values, year, utc_offset_h=0.0) * scale
    return HourlySeries(values=found, utc_offset_h=year.utc_offset_h, notes=year.notes)


def _refuse_other_units(where: str, name: str, mean: float, faults: list[Fault]) -> None:
    most, unit = (MOST_MEAN_PRICE, "USD/MWh") if name == PRICE else (MOST_MEAN_CARBON, "g/kWh")
    if abs(mean) > most:
        expected = f"{unit}, at most {most:,.0f} on average; convert it from its currency or unit first"
        faults.append(Fault(path=where, given=f"a mean of {mean:,.0f}", expected=expected))
