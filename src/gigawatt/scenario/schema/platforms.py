"""Accelerators that may be bought, and how many of them can be had."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from gigawatt.quarters import Course
from gigawatt.units import Plausible


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformUse:
    """An accelerator that may be bought: from which pool, and at which price."""

    accelerator: str
    """Id or name of the accelerator in the catalog."""
    pool: str
    """Pool that its racks are delivered from, by its name in this file."""
    rack_price_usd: Annotated[float | None, Plausible("20 thousand USD", "100 million USD")] = None
    """Price of a rack in the base quarter; left out: the catalog's."""
    price_change_per_year: Annotated[
        float, Plausible("-40 %/year", "40 %/year", least="-50 %/year", most="1000 %/year")
    ]
    """Yearly change of the price from the base quarter on, in real money."""
    price_base_date: Annotated[str, Plausible(2015, 2060, least=1990, most=2150)]
    """Quarter at which the price holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Racks that a vendor family can deliver in each quarter, shared by its platforms."""

    supply_count: Annotated[Course, Plausible(0.1, 1e6, zero=True)]
    """Racks that can be delivered in a quarter, linear between points, nothing before the first."""
