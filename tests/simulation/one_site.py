"""Racks of one site without a plan: how they fail, when they come, and what is out for how long."""

from dataclasses import replace
from typing import Any

import numpy as np

from gigawatt.catalog.load import get
from gigawatt.catalog.records import FailureClass, Reliability
from gigawatt.simulation import fleet
from gigawatt.simulation.failures import Cohort, draw
from gigawatt.simulation.overlap import overlap
from gigawatt.simulation.racks import Outages

FAR_H = 1e6
LIQUID_RACKS = get("reliability", "liquid-racks-2026")


def whole_rack(**changes: Any) -> FailureClass:
    """Faults that take a rack out and need neither crews nor parts."""
    given = {"name": "rack", "share_frac": 1.0, "scope": "rack", "detect_h": 0.0, "repair_h": 40.0}
    return FailureClass(**given | {"repair_median_h": 20.0} | changes)


def reliability(*classes: FailureClass, **changes: Any) -> Reliability:
    """Racks that never age, wait for nobody, are never late and never maintained, unless changed."""
    steady = {"infant_ratio": 1.0, "wear_ratio": 1.0, "maintenance_h": 0.0, "delivery_slip_h": 0.0}
    return replace(LIQUID_RACKS, classes=classes, **steady | changes)


def cohort(racks_count: int, key: int = 0, **changes: Any) -> Cohort:
    """Racks of one package that are there from the start on and never leave."""
    hours = {"online_h": np.zeros(racks_count), "leaves_h": np.full(racks_count, FAR_H)}
    return Cohort(**{"key": (key,), "pair": 0, "packages_count": 1.0} | hours | changes)


def outages(racks: Cohort, record: Reliability, rate_per_h: float, until_h: float, seed: int) -> Outages:
    """What goes out until an hour, of a book life that ends then."""
    here = fleet.yard([racks], record)
    drawn = draw(racks, record, until_h, rate_per_h, seed, until_h)
    return fleet.mended(fleet.in_service([drawn], [racks], here, record), here, record)


def out_count(found: Outages, first_h: int, last_h: int) -> np.ndarray:
    """Racks out in each hour of a window."""
    return overlap(found.time_h - first_h, found.end_h - first_h, last_h - first_h)[0]
