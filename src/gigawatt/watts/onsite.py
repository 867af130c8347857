"""Power made on site, for good or as a bridge until the grid arrives: its cost, its sizing under the sun, its worth.

References
----------
1. W. Short, D. J. Packey, T. Holt, "A manual for the economic evaluation of energy efficiency and renewable energy
   technologies", NREL/TP-462-5173, 1995: levelised cost of energy.
2. P. I. Cooper, "The absorption of radiation in solar stills", Solar Energy 12(3), 1969,
   doi:10.1016/0038-092X(69)90047-4: declination by day of the year.
3. B. Haurwitz, "Insolation in relation to cloudiness and cloud density", J. Meteorology 2, 1945: irradiance of a clear
   sky, G = 1098 cos z exp(−0.057 / cos z) W/m².
4. M. Z. Jacobson, V. Jadhav, "World estimates of PV optimal tilt angles", Solar Energy 169, 2018,
   doi:10.1016/j.solener.2018.04.030: panels that follow the sun.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gigawatt.watts.air import SHARE, Array, check
from gigawatt.watts.battery import Battery

DAY_H, YEAR_DAYS, YEAR_H = 24, 365, 8760
DECLINATION_DEG, SPRING_DAYS = 23.45, 284  # [2]
CLEAR_W_PER_M2, EXTINCTION, RATED_W_PER_M2 = 1098.0, 0.057, 1000.0  # [3]; panels are rated at 1000 W/m²
_BISECTIONS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class OnsitePower:
    """A plant on site that carries a constant load; money and power are per W installed unless they say load.

    `lead_years`: from order to power. `installed_ratio`: W installed for each W of load (spare units, or sun by night).
    `storage_h`: Wh of storage for each W of load, at `storage_price_usd_per_wh`. `capacity_frac`: the most energy of a
    year, over that at full power all year. `fuel_usd_per_wh`: fuel and wear of a Wh made.
    """

    lead_years: float
    capex_usd_per_w: float
    installed_ratio: float
    storage_h: float
    storage_price_usd_per_wh: float
    yearly_opex_usd_per_w: float
    fuel_usd_per_wh: float
    carbon_kg_per_wh: float
    capacity_frac: float
    life_years: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """What power on site is worth until the grid arrives, per W of load and in present value at the start of the wait.

    `early_years`: by how much it is sooner. `cost_usd_per_wh`: all that it costs over what it then serves, and
    `extra_usd_per_wh` that less the price of the grid. `worth_usd_per_w`: what the load earns in that time before it
    pays for power. `net_usd_per_w`: worth less cost.
    """

    early_years: float
    cost_usd_per_wh: float
    extra_usd_per_wh: float
    worth_usd_per_w: float
    net_usd_per_w: float


def load_capex(plant: OnsitePower) -> float:
    """Capital for each W of load [USD/W]: capex × installed + storage."""
    return plant.capex_usd_per_w * plant.installed_ratio + plant.storage_price_usd_per_wh * plant.storage_h


def levelised_cost(plant: OnsitePower, annuity_per_year: float, load_frac: float) -> float:
    """Levelised cost of the energy that a plant serves [USD/Wh]: (capital × annuity + upkeep) / energy + fuel [1].

    annuity_per_year: yearly share of the capital that repays it with interest over its life. load_frac: mean load over
    the load that the plant is built for.
    """
    yearly = load_capex(plant) * annuity_per_year + plant.yearly_opex_usd_per_w * plant.installed_ratio
    return yearly / (YEAR_H * load_frac) + plant.fuel_usd_per_wh


def bridge(
    plant: OnsitePower,
    *,
    grid_years: float,
    grid_usd_per_wh: float,
    worth_usd_per_wh: float,
    load_frac: float,
    resale_frac: float,
    discount_per_year: float,
) -> Bridge:
    """What it is worth not to wait for the grid: the load runs from the plant's lead time until the grid arrives.

    PV = ∫ e^(−δt) (…) dt over [lead, grid], δ = ln(1 + discount): worth of the energy, less fuel and upkeep, less the
    capital at the lead time, plus its resale when the grid arrives, from when on the load runs on the grid either way.

    worth_usd_per_wh: what the load earns per Wh before it pays for power. resale_frac: share of the capital that comes
    back. A plant that is not sooner than the grid is not built: it is worth nothing and costs what the grid does.
    """
    early = max(0.0, grid_years - plant.lead_years)
    if early == 0:
        return Bridge(
            early_years=0.0,
            cost_usd_per_wh=grid_usd_per_wh,
            extra_usd_per_wh=0.0,
            worth_usd_per_w=0.0,
            net_usd_per_w=0.0,
        )
    force = np.log1p(discount_per_year)
    start, end = np.exp(-force * plant.lead_years), np.exp(-force * grid_years)
    years = early if force == 0 else (start - end) / force
    energy_h = YEAR_H * load_frac * years
    capital = load_capex(plant) * (start - resale_frac * end)
    upkeep = plant.yearly_opex_usd_per_w * plant.installed_ratio * years
    cost = capital + upkeep + plant.fuel_usd_per_wh * energy_h
    return Bridge(
        early_years=early,
        cost_usd_per_wh=float(cost / energy_h),
        extra_usd_per_wh=float(cost / energy_h - grid_usd_per_wh),
        worth_usd_per_w=float(worth_usd_per_wh * energy_h),
        net_usd_per_w=float(worth_usd_per_wh * energy_h - cost),
    )


def clear_sky(latitude_deg: float, day_count: ArrayLike, clear_frac: float) -> Array:
    """Power of panels that follow the sun over their rated power, by hour of solar time, shape (days, 24) [0 … 1].

    sin h = sin φ sin δ + cos φ cos δ cos ω, with the declination δ of the day [2] and the hour angle ω in the middle of
    the hour; a panel turned to the sun gets the clear-sky irradiance [3] over the sine of its height [4].

    day_count: days of the year, 1 January is 1. clear_frac: what clouds and losses leave, as a share.
    """
    day = np.atleast_1d(np.asarray(day_count, dtype=float))[:, None]
    latitude = np.radians(check("latitude_deg", latitude_deg, (-90.0, 90.0)))
    declination = np.radians(DECLINATION_DEG) * np.sin(2 * np.pi * (SPRING_DAYS + day) / YEAR_DAYS)
    angle = 2 * np.pi * (np.arange(DAY_H) + 1 / 2 - DAY_H / 2) / DAY_H
    height = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.cos(angle)
    up = np.maximum(height, np.finfo(float).tiny)
    facing = np.where(height > 0, CLEAR_W_PER_M2 * np.exp(-EXTINCTION / up) / RATED_W_PER_M2, 0.0)
    power: Array = np.minimum(1.0, facing) * check("clear_frac", clear_frac, SHARE)
    return power


def served(solar_w: float, battery: Battery, load_w: float, sun_frac: ArrayLike) -> float:
    """Share of a constant load that panels with a battery serve, which begins full [0 … 1].

    In every hour panels serve the load first; what is left charges the battery, which gives what they lack.

    sun_frac: power over rated power by hour, as of `clear_sky`.
    """
    eta, most, full = battery.one_way_frac, battery.power_w, battery.energy_wh
    held, unmet = full, 0.0
    for spare in (solar_w * np.ravel(np.asarray(sun_frac, dtype=float)) - load_w).tolist():
        if spare >= 0:
            held = min(full, held + eta * min(spare, most))
        else:
            given = min(-spare, most, held * eta)
            held -= given / eta
            unmet -= spare + given
    return 1 - unmet / (load_w * np.size(sun_frac))


def panels_for(served_frac: float, battery: Battery, load_w: float, sun_frac: ArrayLike) -> float:
    """The least panels [W, rated] that serve a share of a constant load with a battery, by bisection on `served`.

    Raises ValueError where no number of panels does, for then the battery is too small for the nights.
    """
    low, high = 0.0, load_w / float(np.mean(np.asarray(sun_frac, dtype=float)))
    while served(high, battery, load_w, sun_frac) < served_frac:
        low, high = high, 2 * high
        if high > load_w / np.finfo(float).eps:
            raise ValueError(f"energy_wh = {battery.energy_wh:g}: expected more, for the nights are longer")
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (low, middle) if served(middle, battery, load_w, sun_frac) >= served_frac else (middle, high)
    return high
