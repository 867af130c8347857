"""Published PUE and water use from a CSV file: one row a figure, as loosely written as sources write them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from gigawatt.readers.csv_rows import read_rows

# Column of a file → field of a row.
COLUMNS = {
    "operator_or_case": "case",
    "metric": "metric",
    "value": "value",
    "unit": "unit",
    "period": "period",
    "src": "source",
}
OTHER_COLUMNS = ("conf",)
ABOVE = ("same", "")  # a source that is the one of the row above
PERCENT_RATIO = 0.01

_NUMBER = r"[0-9][0-9,]*(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+"
_FIGURE = re.compile(rf"(?P<minus>(?<![\w.])-\s*)?(?P<first>{_NUMBER})\s*(?P<percent>%?)")
_RANGE = re.compile(rf"\s*(?:-|–|—|to\b|and\b|\.\.+|…)\s*(?P<last>{_NUMBER})\s*(?P<percent>%?)")
_OVER_TIME = re.compile(r"->|→|=>|/")
_REMARK = re.compile(r"\([^)]*\)")
_DECIMAL_COMMA = re.compile(r"[0-9]+,[0-9]{1,2}")
_BOUND = re.compile(r"[<>≤≥]|\b(?:below|under|above|over|at most|at least|up to)\b", re.IGNORECASE)

_VOLUMES_L = {
    **dict.fromkeys(("l", "liter", "liters", "litre", "litres"), 1.0),
    **dict.fromkeys(("gal", "gallon", "gallons"), 3.785411784),
    **dict.fromkeys(("mgal", "mgallons"), 3.785411784e6),
    **dict.fromkeys(("m3", "m³"), 1e3),
}
_MULTIPLES = {"thousand": 1e3, "million": 1e6, "m": 1e6, "billion": 1e9}
_HOURS_PER_YEAR = 8760
_ENERGIES_WH = {"wh": 1.0, "kwh": 1e3, "mwh": 1e6, "gwh": 1e9, "twh": 1e12}
_POWERS_W = {"kw": 1e3, "mw": 1e6, "gw": 1e9}
_YEARS = ("yr", "year", "y", "a")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A published figure in the unit of its row: the middle of a range, the last of several over time.

    `how` says in words what was made of the text, empty for a plain number.
    """

    value: float
    how: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FacilityRow:
    """One published figure as its source tells it; `cells` is the row as read, `where` its place in the file."""

    case: str
    metric: str
    value: str
    unit: str
    period: str
    source: str
    where: str
    cells: Mapping[str, str]

    @property
    def publisher(self) -> str:
        """The host of the source's address, or the source where it is none."""
        return urlsplit(self.source).netloc.removeprefix("www.") or self.source


def read_facility_rows(path: Path) -> list[FacilityRow]:
    """The rows of a file with these columns (others are kept in `cells`); "same" is the source of the row above.

    Raises CatalogError where the file cannot be read, a column is missing or a row has too few cells.
    """
    table = read_rows(path, (*COLUMNS, *OTHER_COLUMNS))
    rows: list[FacilityRow] = []
    for line, cells in zip(table.lines, table.rows, strict=True):
        texts = {name: cells[column].strip() for column, name in COLUMNS.items()}
        if rows and texts["source"].lower() in ABOVE:
            texts["source"] = rows[-1].source
        rows.append(FacilityRow(**texts, where=f"{table.file} row {line}", cells=cells))
    return rows


def figure_of(text: str) -> Figure | None:
    """The figure in a cell such as "1.10", "1.04-1.06", "1.58->1.56", "~0", "<1.1" or "2.6e6"; None without a number.

    >>> figure_of("1.04-1.06").value, figure_of("1.58->1.56").value, figure_of("~0").value, figure_of("27 %").value
    (1.05, 1.56, 0.0, 0.27)
    """
    steps = [part for part in _OVER_TIME.split(_REMARK.sub(" ", text)) if _FIGURE.search(part)]
    if not steps:
        return None
    found = _FIGURE.search(steps[-1])
    assert found is not None
    how = ["the last of several"] if len(steps) > 1 else []
    value, percent = _plain(found["first"]), found["percent"]
    span = _RANGE.match(steps[-1], found.end())
    if span:
        value, percent = (value + _plain(span["last"])) / 2, percent or span["percent"]
        how.append("the middle of a range")
    if _BOUND.search(steps[-1]):
        how.append("a bound")
    scale = (PERCENT_RATIO if percent else 1.0) * (-1.0 if found["minus"] else 1.0)
    return Figure(value=value * scale, how=", ".join(how))


def water_unit_l_per_wh(unit: str) -> float | None:
    """Size of a unit of water per energy [l/Wh]; None where it is another unit, such as that of a total.

    >>> water_unit_l_per_wh("L/kWh"), water_unit_l_per_wh("m3/MWh (IT)"), water_unit_l_per_wh("billion L")
    (0.001, 0.001, None)
    """
    text = re.sub(r"\bof\b|\bit\b", " ", re.sub(r"\bper\b", "/", _REMARK.sub(" ", unit).lower()))
    over, *under = [re.sub(r"[\s·*_-]+", " ", part).strip() for part in text.split("/")]
    words = over.split()
    if not under or not words or words[-1] not in _VOLUMES_L:
        return None
    size = _VOLUMES_L[words[-1]]
    for word in words[:-1]:
        size *= _MULTIPLES.get(word, math.nan)
    energy = _energy_wh(" ".join(under).split())
    return size / energy if energy is not None and math.isfinite(size) else None


def _energy_wh(words: list[str]) -> float | None:
    if len(words) == 1:
        return _ENERGIES_WH.get(words[0])
    if len(words) == 2 and words[0] in _POWERS_W and words[1] in _YEARS:
        return _POWERS_W[words[0]] * _HOURS_PER_YEAR
    return None


def _plain(text: str) -> float:
    """A number whose commas part thousands, or whose one comma is that of decimals."""
    return float(text.replace(",", "." if _DECIMAL_COMMA.fullmatch(text) else ""))
