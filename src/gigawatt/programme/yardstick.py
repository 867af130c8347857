"""What everything asked for takes and what a gigawatt costs, by quarter and platform, each figure on a named basis.

Every verb that tells such a figure takes it from here, so that two of them agree wherever their bases do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from gigawatt import units
from gigawatt.programme import gigawatt_year, power_to_serve
from gigawatt.programme.gigawatt_year import NEEDED_AT_DISCOUNT, OWNED_AT_CAPITAL_COST
from gigawatt.programme.power_to_serve import Hours
from gigawatt.programme.site_mix import PowerBasis, mean_basis_ratio
from gigawatt.scenario.schema import Asked, Scenario
from gigawatt.units import GIGAWATT_W

HOURS: tuple[Hours, ...] = ("apart", "together")
POWER_BASES: tuple[PowerBasis, ...] = ("facility", "it")
# Bases of a gigawatt-year by their names in those of figures.
YEARS = {"owned_at_capital_cost": OWNED_AT_CAPITAL_COST, "needed_at_discount": NEEDED_AT_DISCOUNT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Yardstick:
    """A quarter on one platform alone; the basis of each figure is in its name, and in words in `bases`.

    part: what the platform is called. serving: power that serves everything asked for, apart or together, at the
    facility or at the IT. owned, needed: what a gigawatt bought in the quarter costs for a year, and has to earn.
    """

    period: str
    platform: str
    part: str
    serving_apart_facility_w: float
    serving_together_facility_w: float
    serving_apart_it_w: float
    serving_together_it_w: float
    owned_at_capital_cost_facility_usd_per_gw_year: float
    needed_at_discount_facility_usd_per_gw_year: float
    owned_at_capital_cost_it_usd_per_gw_year: float
    needed_at_discount_it_usd_per_gw_year: float

    def serving_w(self, hours: Hours, power_basis: PowerBasis) -> float:
        """Power that serves everything asked for, on a basis."""
        return float(getattr(self, f"serving_{hours}_{power_basis}_w"))

    def owned_usd_per_gw_year(self, power_basis: PowerBasis) -> float:
        """What owning a gigawatt for a year costs, where its power is counted so."""
        return float(getattr(self, f"owned_at_capital_cost_{power_basis}_usd_per_gw_year"))

    def needed_usd_per_gw_year(self, power_basis: PowerBasis) -> float:
        """What a gigawatt has to earn in a year, where its power is counted so."""
        return float(getattr(self, f"needed_at_discount_{power_basis}_usd_per_gw_year"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Yardsticks:
    """Yardsticks of some quarters and platforms, with what the words of their names stand for."""

    rows: tuple[Yardstick, ...]
    bases: Mapping[str, str]


def figures(data: xr.Dataset, asked: Asked) -> xr.Dataset:
    """Every figure of `Yardstick`, dims (period, platform); infinite where a platform cannot do the work."""
    asks = power_to_serve.asks(data)
    racks_it_w = {hours: power_to_serve.serving_racks_count(asks, hours) * data.rack_it_w for hours in HOURS}
    per_it = {name: gigawatt_year.of_quarter_usd_per_w(data, asked, basis, "it") for name, basis in YEARS.items()}
    found: dict[str, xr.DataArray] = {}
    for at in POWER_BASES:
        ratio = mean_basis_ratio(data, at)
        found |= {f"serving_{hours}_{at}_w": it_w * ratio for hours, it_w in racks_it_w.items()}
        found |= {f"{name}_{at}_usd_per_gw_year": usd / ratio * GIGAWATT_W for name, usd in per_it.items()}
    return xr.Dataset(found).transpose("period", "platform")


def sold(data: xr.Dataset) -> xr.DataArray:
    """Whether a platform is delivered in a quarter, or before where none is, dims (period, platform)."""
    supply = (data.in_pool_count * data.supply_count).sum("pool").transpose("period", "platform")
    return xr.where((supply > 0).any("platform"), supply > 0, supply.cumsum("period") > 0)


def cheapest(data: xr.Dataset, found: xr.Dataset) -> list[str | None]:
    """The platform of each quarter on which all work would cost least a year, of those sold that can do it.

    found: those of `figures`. None where no platform can.
    """
    cost = found.serving_apart_facility_w * found.needed_at_discount_facility_usd_per_gw_year
    cost = cost.where(sold(data), np.inf).transpose("period", "platform").values
    names = [str(key) for key in data.platform.values]
    return [names[int(row.argmin())] if np.isfinite(row.min()) else None for row in cost]


def yardsticks(found: xr.Dataset, scenario: Scenario, chosen: Iterable[tuple[str, str]]) -> Yardsticks:
    """The figures of some quarters, each on a platform, by their names."""
    periods, platforms = (list(found[name].values) for name in ("period", "platform"))
    figures = {name: of.values for name, of in found.items()}
    rows = [
        Yardstick(
            period=period,
            platform=platform,
            part=scenario.records.accelerators[platform].name,
            **{str(name): float(of[periods.index(period), platforms.index(platform)]) for name, of in figures.items()},
        )
        for period, platform in chosen
    ]
    return Yardsticks(rows=tuple(rows), bases=bases(scenario.asked))


def bases(asked: Asked) -> dict[str, str]:
    """What the words of a figure's name stand for, in those of the programme's own finance."""
    finance = asked.finance
    capital, discount = (
        units.show(rate, "per_year") for rate in (finance.capital_cost_per_year, finance.discount_per_year)
    )
    return {
        "serving_apart": "each class keeps the power of its own busiest hours",
        "serving_together": "batch work, training runs and experiments fill the quiet hours of one fleet",
        "owned_at_capital_cost": (
            f"racks with network, shells of one's own, operation and energy; capital at its cost of {capital}"
        ),
        "needed_at_discount": (
            "revenue that pays for racks with network, each site's own shell or rent, operation and energy, with "
            f"capital at the discount rate of {discount} and {units.show(finance.non_compute_frac, 'frac')} of revenue "
            "for costs other than compute"
        ),
        "facility": "power with cooling and losses, at the peak PUE of the sites of the quarter",
        "it": "power of racks with what stands beside them",
    }
