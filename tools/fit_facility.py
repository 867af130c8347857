"""Fit the plants of cloud fleets to the published PUE and water use of their regions, and say how well they do.

    python tools/fit_facility.py FILE.csv [--check]

Four numbers of a fleet are fitted: losses at no load, the chiller's efficiency, water where all heat is vapour, and
water at any weather. Each is that of the fleet's plant times a factor shared by all operators and one of the operator's
own, both drawn to one by a prior. Everything else (climates, thresholds, ranges) is as the catalog states it.

Printed: the numbers, and errors with every region, and every operator, left out of the fit in turn, beside those of the
median of the operator's other regions. `--check` fails where the catalog's numbers are not those of the fit.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.optimize import least_squares

from gigawatt import watts
from gigawatt.catalog.load import get
from gigawatt.catalog.records import CoolingPlant, Facility
from gigawatt.catalog.to_watts import cooling_of as plant_of
from gigawatt.ndarrays import Floats
from gigawatt.readers.facility_rows import read_facility_rows
from gigawatt.study.validate.facility_cases import FacilityCase, cases_of, cooling_of, year_of

# Number that is fitted → metric whose figures it is fitted to.
FITTED = {
    "electrical_no_load_frac": "pue",
    "chiller_frac": "pue",
    "water_l_per_wh": "water",
    "house_water_l_per_wh": "water",
}
# Spread of the logarithm: of figures about the model, of a shared factor about one, of an operator's about the shared.
ERROR = {"pue": 0.25, "water": 0.5}
SHARED, OWN = 0.7, 0.5
LEAST_L_PER_WH = 5e-6  # published figures are rounded to 0.01 l/kWh
NO_CHILLER_FRAC = 1e9
INSIDE_FRAC = 0.8
DIGITS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A published figure and what the model makes of it: parts that the fitted numbers scale.

    Overhead (PUE − 1) = rest + no_load·a + b/chiller, water = house + water·c; `parts` are rest, a, b or c.
    """

    operator: str
    place: str
    metric: str
    measured: float
    parts: tuple[float, ...]


def points_of(path: Path) -> list[Point]:
    """The figures of regions in a file."""
    cases, _ = cases_of(read_facility_rows(path))
    return [_point(case) for case in cases if case.where.place and case.metric != "pue peak"]


def _point(case: FacilityCase) -> Point:
    weather, load_frac = year_of(case.facility.id, case.where.place), case.facility.load_frac
    plant = replace(cooling_of(case.facility), electrical_no_load_frac=0.0, house_water_l_per_wh=0.0)
    parts: tuple[float, ...]
    if case.metric == "water":
        wet = replace(plant, water_l_per_wh=1.0)
        parts = (float(np.mean(watts.water_use(wet, weather.dry_bulb_degc, weather.wet_bulb_degc, load_frac))),)
        measured = case.figure.value * case.unit
    else:
        rest = watts.pue_mean(replace(plant, chiller_frac=NO_CHILLER_FRAC), weather, load_frac) - 1
        lift = watts.pue_mean(replace(plant, chiller_frac=1.0), weather, load_frac) - 1 - rest
        parts, measured = (rest, 1 / load_frac, lift), case.figure.value - 1
    return Point(
        operator=case.facility.id,
        place=case.where.place,
        metric=case.metric,
        measured=measured,
        parts=parts,
    )


def numbers_of(facility_id: str, factors: Floats) -> Floats:
    """The fitted numbers of a fleet: the plant's times the factors."""
    facility: Facility = get("facilities", facility_id)
    plant: CoolingPlant = get("cooling", facility.cooling)
    house = get("cooling", "air_side").house_water_l_per_wh
    stated = [getattr(plant_of(plant), name) for name in FITTED]
    return np.array([*stated[:-1], stated[-1] or house]) * factors


def predicted(point: Point, numbers: Floats) -> float:
    """Overhead or water of a point, from the fitted numbers of its fleet."""
    no_load, chiller, water, house = numbers
    if point.metric == "water":
        return float(house + water * point.parts[0])
    rest, loss, lift = point.parts
    return float(rest + no_load * loss + lift / chiller)


def fit(points: Sequence[Point]) -> dict[str, Floats]:
    """Factors by operator, and under "" those that all share, which is what an operator without rows gets."""
    operators = sorted({point.operator for point in points})
    count = len(FITTED)

    def factors(x: Floats) -> dict[str, Floats]:
        own = {name: x[count * (n + 1) : count * (n + 2)] for n, name in enumerate(operators)}
        return {"": np.exp(x[:count]), **{name: np.exp(x[:count] + part) for name, part in own.items()}}

    def misses(x: Floats) -> Floats:
        by = factors(x)
        errors = [
            _log_error(point, numbers_of(point.operator, by[point.operator])) / ERROR[point.metric] for point in points
        ]
        bent = np.sign(errors) * np.sqrt(2 * (np.sqrt(1 + np.square(errors)) - 1))  # far points pull less
        return np.concatenate([bent, x[:count] / SHARED, x[count:] / OWN])

    return factors(least_squares(misses, np.zeros(count * (len(operators) + 1))).x)


def _log_error(point: Point, numbers: Floats) -> float:
    least = LEAST_L_PER_WH if point.metric == "water" else 0.0
    return math.log(max(predicted(point, numbers), least) / max(point.measured, least))


def left_out(points: Sequence[Point], by: str) -> list[tuple[Point, float]]:
    """Every point with what the fit without its region, or operator, says of it."""
    found = []
    for name in sorted({getattr(point, by) for point in points}):
        factors = fit([point for point in points if getattr(point, by) != name])
        for point in [point for point in points if getattr(point, by) == name]:
            numbers = numbers_of(point.operator, factors.get(point.operator, factors[""]))
            found.append((point, predicted(point, numbers)))
    return found


def fleet_median(points: Sequence[Point]) -> list[tuple[Point, float]]:
    """Every point with the median of the operator's other regions."""
    found = []
    for point in points:
        others = [one.measured for one in points if _alike(one, point) and one is not point]
        found.append((point, float(np.median(others))))
    return found


def _alike(one: Point, other: Point) -> bool:
    return (one.operator, one.metric) == (other.operator, other.metric)


def _shown(title: str, answers: Sequence[tuple[Point, float]]) -> None:
    for metric, word in (("pue", "overhead"), ("water", "water")):
        told = [(point, said) for point, said in answers if point.metric == metric and point.measured]
        for name in (*sorted({point.operator for point, _ in told}), "all"):
            errors = [abs(said / point.measured - 1) for point, said in told if name in (point.operator, "all")]
            mean, median = np.mean(errors), np.median(errors)
            print(f"  {title:20} {word:9} {name:16} {len(errors):3} rows, mean {mean:6.1%}, median {median:6.1%}")


def _spread_ratio(answers: Iterable[tuple[Point, float]], metric: str) -> float:
    """The factor to both sides within which the asked share of the figures lies."""
    logs = [
        abs(math.log(said / point.measured)) for point, said in answers if point.metric == metric and point.measured
    ]
    return math.exp(float(np.quantile(logs, INSIDE_FRAC)))


def main(path: str, *options: str) -> int:
    """Fit, print, and check the catalog where asked to."""
    points = points_of(Path(path))
    factors = fit(points)
    regions = left_out(points, "place")
    fitted = [(point, predicted(point, numbers_of(point.operator, factors[point.operator]))) for point in points]
    _shown("fitted", fitted)
    _shown("region left out", regions)
    _shown("operator left out", left_out(points, "operator"))
    _shown("median of the fleet", fleet_median(points))
    wrong = [name for name in factors if name and not is_catalogs(name, factors[name], points)]
    print("spread", {metric: round(_spread_ratio(regions, metric), 2) for metric in ERROR})
    return int("--check" in options and bool(wrong))


def is_catalogs(name: str, factors: Floats, points: Sequence[Point]) -> bool:
    """Print what was fitted of a fleet, and from which places; whether the catalog has it so."""
    own = [point for point in points if point.operator == name]
    metrics, seen = {point.metric for point in own}, sorted({point.place for point in own})
    numbers = {
        key: _rounded(value)
        for (key, metric), value in zip(FITTED.items(), numbers_of(name, factors), strict=True)
        if metric in metrics
    }
    print(name, ", ".join(f"{key} = {value:g}" for key, value in numbers.items()), f"\n  from {', '.join(seen)}")
    facility: Facility = get("facilities", name)
    alike = [math.isclose(getattr(facility, key) or 0.0, value, rel_tol=1e-9) for key, value in numbers.items()]
    return all(alike) and seen == sorted(facility.fitted_places)


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
