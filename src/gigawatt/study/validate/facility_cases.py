"""Published figures of facilities as cases that the kernel can answer: which metric, which facility, in which unit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any, Literal

import numpy as np

from gigawatt import watts
from gigawatt.catalog import to_watts as sites
from gigawatt.catalog.load import get, ids
from gigawatt.catalog.places import weather_at
from gigawatt.catalog.records import Facility
from gigawatt.errors import CatalogError, Fault
from gigawatt.readers.facility_rows import FacilityRow, Figure, figure_of, water_unit_l_per_wh
from gigawatt.study.validate.facility_regions import Where, where_of, words_of
from gigawatt.study.validate.score import Skipped

Metric = Literal["pue", "pue peak", "water"]

L_PER_WH = 1e-3  # of a WUE without a unit: ISO/IEC 30134-9 has it in litres per kilowatt-hour
LEAST_PUE, MOST_PUE = 1.0, 10.0
_PUE = re.compile(r"\bpue\b|\bpower usage effectiveness\b")
_WATER = re.compile(r"\bwue\b|\bwater\b")
_WUE = re.compile(r"\bwue\b|\bwater usage effectiveness\b")
_PEAK = re.compile(r"\bpeak\b|\bdesign\b|\bmax(imum)?\b")
# Rows about the best of a fleet: the least of its places.
_BEST = re.compile(r"\bbest\b|\blowest\b|\bas low as\b|\bmost efficient\b")
# Figures about PUE or water that are no level of either at the site.
_NO_LEVEL = re.compile(
    r"\bpartial\b|\bppue\b|\bsaving|\breduc|\bimprov|\bchange\b|\brecycl|\breclaim|\breplenish|\bpositive\b"
    r"|\bsource\b|\bwithdraw.*total|\btarget\b|\btemperature\b|\bprice\b"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FacilityCase:
    """A row that can be answered: its figure, the facility that stands for it, and the size of the row's unit."""

    line: int
    row: FacilityRow
    metric: Metric
    figure: Figure
    facility: Facility
    where: Where
    unit: float

    @property
    def fitted(self) -> bool:
        """Whether the plant has numbers from a published figure of this kind, or from one of this place."""
        place = self.where.place
        return place in self.facility.fitted_places if place else self.metric in self.facility.fitted

    @property
    def best(self) -> bool:
        """Whether the figure is that of the best of several places."""
        return not self.where.place and bool(_BEST.search(self.row.case.lower()))

    @property
    def prediction(self) -> Prediction:
        """What the model says of it."""
        return predict(self.facility.id, self.metric, self.where.place, self.best)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """A figure of a facility with its band, each 1 for PUE and l/Wh for water."""

    low: float
    middle: float
    high: float


def cases_of(rows: Sequence[FacilityRow]) -> tuple[list[FacilityCase], list[Skipped]]:
    """The rows that can be answered, and why the others cannot.

    Raises CatalogError with every figure that no facility can have.
    """
    cases: list[FacilityCase] = []
    skipped: list[Skipped] = []
    faults: list[Fault] = []
    for line, row in enumerate(rows):
        metric, unit, outside = _kind(row)
        figure = figure_of(row.value)
        if metric is None or figure is None:
            skipped.append(Skipped(line=line, reason=outside or "no figure in the cell", eligible=False))
            continue
        _check(row, metric, figure, faults)
        facility, unknown = facility_of(row.case), f"no facility in the catalog has a name like {row.case}"
        if facility is None:
            skipped.append(Skipped(line=line, reason=unknown, eligible=True))
        else:
            where = where_of(facility, row.case)
            cases.append(
                FacilityCase(
                    line=line, row=row, metric=metric, figure=figure, facility=facility, where=where, unit=unit
                )
            )
    if faults:
        raise CatalogError(faults)
    return cases, skipped


def _kind(row: FacilityRow) -> tuple[Metric | None, float, str]:
    """The metric of a row and the size of its unit, or why it is about something else."""
    name = row.metric.lower().replace("_", " ")
    if not (_PUE.search(name) or _WATER.search(name)):
        return None, 1.0, f"neither PUE nor water: {row.metric}"
    if _NO_LEVEL.search(name):
        return None, 1.0, f"no level of PUE or of water use at the site: {row.metric}"
    if _PUE.search(name):
        return ("pue peak" if _PEAK.search(name) else "pue"), 1.0, ""
    unit = water_unit_l_per_wh(row.unit)
    if unit is None and not row.unit and _WUE.search(name):
        unit = L_PER_WH
    if unit is None:
        return None, 1.0, f"water that is not told per energy: {row.unit or 'no unit'}"
    return "water", unit, ""


def _check(row: FacilityRow, metric: Metric, figure: Figure, faults: list[Fault]) -> None:
    low, high = (0.0, np.inf) if metric == "water" else (LEAST_PUE, MOST_PUE)
    if not low <= figure.value <= high:
        span = f"from {LEAST_PUE:g} to {MOST_PUE:g}" if metric != "water" else "not negative"
        faults.append(Fault(path=f"{row.where} column value", given=f'"{row.value[:40]}"', expected=f"a figure {span}"))


def facility_of(name: str) -> Facility | None:
    """The facility that an operator's name means: the one with the most, and then the longest, of its words in it.

    A name with a region of a cloud means the cloud's facilities.
    """
    words = set(words_of(name))
    known: list[Facility] = [get("facilities", id_) for id_ in ids("facilities")]
    found = [
        (bool(where_of(one, name).region), not one.generic, len(words_of(phrase)), len(phrase), one.id)
        for one in known
        for phrase in one.words
        if set(words_of(phrase)) <= words
    ]
    return get("facilities", max(found)[-1]) if found else None


def cooling_of(facility: Facility) -> watts.Cooling:
    """The plant of a facility, with what it has otherwise than the catalog's."""
    plant = sites.cooling_of(get("cooling", facility.cooling))
    own = {entry.name: getattr(facility, entry.name, None) for entry in fields(watts.Cooling)}
    return replace(plant, **{name: value for name, value in own.items() if value is not None})


@cache
def year_of(facility_id: str, place: str = "") -> watts.Weather:
    """The typical years of a facility's places, end to end, or that of the one place."""
    facility: Facility = get("facilities", facility_id)
    if place:
        return weather_at(place, f"{facility_id}.regions", sites.TYPICAL_YEAR)
    if facility.climate is not None:
        return watts.hourly_year(sites.normals(facility.climate), sites.TYPICAL_YEAR)
    years = [weather_at(name, f"{facility_id}.places", sites.TYPICAL_YEAR) for name in facility.places]
    years += [sites.weather_of(get("sites", name), sites.TYPICAL_YEAR) for name in facility.sites]
    return watts.Weather(
        **{entry.name: np.concatenate([getattr(year, entry.name) for year in years]) for entry in fields(watts.Weather)}
    )


@cache
def predict(facility_id: str, metric: Metric, place: str = "", best: bool = False) -> Prediction:
    """A figure of a facility over its typical year, with a band; at one of its places, or at the best of them.

    The band: the spread of buildings alike where the facility states one. Else each number of the plant, and the load,
    goes alone to the low and to the high that its evidence states; what that changes is added in squares, downwards
    and upwards.
    """
    facility: Facility = get("facilities", facility_id)
    if best and facility.places:
        return min((predict(facility_id, metric, one) for one in facility.places), key=lambda found: found.middle)
    weather, cooling = year_of(facility_id, place), cooling_of(facility)
    least = LEAST_PUE if metric != "water" else 0.0

    def of(plant: watts.Cooling, load_frac: float) -> float:
        return _METRICS[metric](plant, weather, load_frac)

    middle = of(cooling, facility.load_frac)
    spread_ratio = facility.water_spread_ratio if metric == "water" else facility.overhead_spread_ratio
    if spread_ratio is not None:
        above = middle - least
        return Prediction(low=least + above / spread_ratio, middle=middle, high=least + above * spread_ratio)
    plants = [replace(cooling, **{name: bound}) for name, bound in _bounds(facility)]
    changes = [of(plant, facility.load_frac) - middle for plant in plants]
    load = facility.evidence["load_frac"]
    changes += [of(cooling, bound) - middle for bound in (load.low, load.high) if bound is not None]
    down, up = (float(np.sqrt(np.sum(np.square([c for c in changes if sign * c > 0])))) for sign in (-1, 1))
    return Prediction(low=max(middle - down, least), middle=middle, high=middle + up)


def _bounds(facility: Facility) -> Iterator[tuple[str, Any]]:
    """Every number of a plant with the low, and with the high, that its evidence states."""
    evidence = get("cooling", facility.cooling).evidence
    for entry in fields(watts.Cooling):
        known = facility.evidence.get(entry.name, evidence.get(entry.name))
        for bound in (known.low, known.high) if known else ():
            if bound is not None:
                yield entry.name, bound


def _water_l_per_wh(cooling: watts.Cooling, weather: watts.Weather, load_frac: float) -> float:
    return float(np.mean(watts.water_use(cooling, weather.dry_bulb_degc, weather.wet_bulb_degc, load_frac)))


_METRICS: dict[Metric, Callable[[watts.Cooling, watts.Weather, float], float]] = {
    "pue": watts.pue_mean,
    "pue peak": lambda cooling, weather, _: watts.pue_peak(cooling, weather),  # at full load by definition
    "water": _water_l_per_wh,
}
