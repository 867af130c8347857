"""What a campus takes beyond its IT: electrical losses, pumps, fans and chillers, as PUE by hour, mean and peak.

Two water loops carry the heat: a warm one from cold plates and a cool one from the air-cooled rest. Both are cooled
by the same outdoor plant as far as the weather allows (free cooling) and by a chiller for what is left (trim).

References
----------
1. ISO/IEC 30134-2:2016, power usage effectiveness: total energy over IT energy, over a year.
2. ASHRAE TC 9.9, "Emergence and expansion of liquid cooling in mainstream data centers", 2021: water classes W17–W45.
3. ASHRAE Handbook, Fundamentals (2021), chapter 14: design conditions by annual cumulative frequency (0.4 %, 1 %).
4. ASHRAE Handbook, HVAC Systems and Equipment (2020), chapters 21 (fan laws), 41 (evaporative air cooling), 40 (cooling
   towers: heat goes as vapour and as warmer air) and 43 (chillers).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from gigawatt.watts.air import KELVIN_AT_0_DEGC, OUTDOORS_DEGC, SHARE, Array, check, saturated_enthalpy
from gigawatt.watts.weather import Weather

Evaporation: TypeAlias = Literal["switched", "pads", "tower"]
AIR_J_PER_KG_K = 1006.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cooling:
    """A cooling plant with its electrical chain; shares are of the IT power at design load, or of a loop's heat.

    Electrical: `electrical_no_load_frac` is lost at any load (iron losses, house load), `electrical_resistive_frac`
    at full load and with the square of the load below. Pumps take `pump_frac` at any load.
    Loops: the warm one is supplied at `supply_degc`; the cool one at `air_supply_degc` carries `air_share_frac` of the
    heat, and its room fans take `air_fan_frac` of that.
    Outdoors: fans take `fan_frac` of a loop's heat at full speed, where at design load the water leaves `approach_degc`
    above the sink; `range_degc` is the rise of the water through the load. The sink is the dry bulb, moved towards the
    wet bulb by `wet_frac` (0 dry, 1 tower) while the dry bulb is above `wet_above_degc`.
    Water: `water_l_per_wh` of IT energy where all heat leaves as vapour, times the share that does [4]. Switched: all
    of it while wetted. Pads: what cools the air from the dry bulb down to the sink, no further than the plant needs,
    over the `pad_range_degc` by which the load warms it; with `wet_chiller` the heat that the chiller lifts leaves as
    vapour too. Tower: the rest of what the air takes up as it warms to the water, see `water_use`.
    `house_water_l_per_wh` goes at any weather: humidifiers, cleaning, pads that are rinsed.
    Chiller: `chiller_frac` of the Carnot efficiency, over a lift of sink + `chiller_approach_degc` − supply and at
    least `chiller_min_lift_degc`. Without `free_cooling` it carries all of the heat at any weather.
    Design: `design_quantile_frac` of the hours of a year are within what the connection is sized for [3].
    """

    electrical_no_load_frac: float
    electrical_resistive_frac: float
    pump_frac: float
    fan_frac: float
    supply_degc: float
    air_share_frac: float
    air_fan_frac: float
    air_supply_degc: float
    free_cooling: bool
    approach_degc: float
    range_degc: float
    wet_frac: float
    wet_above_degc: float
    water_l_per_wh: float
    house_water_l_per_wh: float
    evaporation: Evaporation
    pad_range_degc: float
    wet_chiller: bool
    chiller_frac: float
    chiller_approach_degc: float
    chiller_min_lift_degc: float
    design_quantile_frac: float


def pue(cooling: Cooling, dry_bulb_degc: ArrayLike, wet_bulb_degc: ArrayLike, load_frac: ArrayLike) -> Array:
    """Power usage effectiveness [1]: facility power over IT power, at outdoor temperatures [degC] and a load.

    PUE = 1 + n/q + r q + pumps + (1 − s) (fans + trim)(warm loop) + s (room fans + (fans + trim)(cool loop)),
    with q the IT load, n and r the electrical losses and s the air-cooled share.

    load_frac: IT power over its design, above 0 up to 1. Shapes broadcast; the result has their common shape.
    """
    sink, load = _sink(cooling, dry_bulb_degc, wet_bulb_degc), _load(load_frac)
    electrical = cooling.electrical_no_load_frac / load + cooling.electrical_resistive_frac * load
    warm = _heat_removal(cooling, cooling.supply_degc, sink, load)
    cool = cooling.air_fan_frac + _heat_removal(cooling, cooling.air_supply_degc, sink, load)
    share = cooling.air_share_frac
    overhead: Array = electrical + cooling.pump_frac + (1 - share) * warm + share * cool
    return 1 + overhead


def pue_mean(cooling: Cooling, weather: Weather, load_frac: ArrayLike) -> float:
    """PUE over a year [1]: Σ q PUE / Σ q, weighted by the IT energy of each hour.

    load_frac: IT power over its design, one number or one per hour.
    """
    load = np.broadcast_to(_load(load_frac), weather.dry_bulb_degc.shape)
    hourly = pue(cooling, weather.dry_bulb_degc, weather.wet_bulb_degc, load)
    return float(np.average(hourly, weights=load))


def pue_peak(cooling: Cooling, weather: Weather) -> float:
    """PUE that sizes the grid connection: at full IT load, the `design_quantile_frac` quantile of the hours.

    With 0.996 this is the 0.4 % design hour [3]; in the 35 hours a year above it the IT load is capped.
    """
    hourly = pue(cooling, weather.dry_bulb_degc, weather.wet_bulb_degc, 1)
    return float(np.quantile(hourly, cooling.design_quantile_frac))


def water_use(cooling: Cooling, dry_bulb_degc: ArrayLike, wet_bulb_degc: ArrayLike, load_frac: ArrayLike) -> Array:
    """Water used per IT energy [l/Wh]: `water_l_per_wh` times the share of heat that is vapour, and that of the house.

    The share is nothing while the plant is dry. Pads: (T − T_leaving)/`pad_range_degc`, where T_leaving is the sink, or
    what the cool loop can be cooled with if that is warmer; above 1 where the air outdoors is warmer than it leaves the
    hall. Tower: 1 − c (T_water − T) / (h_sat(T_water) − h_sat(T_wet)), with T_water the middle of the water [4]; the
    heat that a chiller lifts is rejected by the same tower, so it counts alike.
    """
    dry, sink = np.asarray(dry_bulb_degc, dtype=float), _sink(cooling, dry_bulb_degc, wet_bulb_degc)
    load, share = _load(load_frac), np.ones_like(sink)
    if cooling.evaporation == "pads":
        share = _pads(cooling, dry, sink, load)
    elif cooling.evaporation == "tower":
        share = _tower(cooling, dry, np.asarray(wet_bulb_degc, dtype=float))
    wetted = (dry > cooling.wet_above_degc) & (cooling.wet_frac > 0)
    house = np.full_like(load, cooling.house_water_l_per_wh)
    water: Array = np.where(wetted, cooling.water_l_per_wh * share, 0.0) + house
    return water


def _pads(cooling: Cooling, dry: Array, sink: Array, load: Array) -> Array:
    """Share of the heat that pads take up as vapour, and a wet chiller behind them."""
    approach = cooling.approach_degc * load
    leaving = np.clip(cooling.air_supply_degc - approach, sink, dry)
    lifted = _lifted(cooling, cooling.air_supply_degc - sink, approach) if cooling.wet_chiller else 0.0
    share: Array = (dry - leaving) / cooling.pad_range_degc + lifted
    return share


def _tower(cooling: Cooling, dry: Array, wet: Array) -> Array:
    """Share of the heat that leaves a tower as vapour: the rest warms the air."""
    supply = np.maximum(cooling.supply_degc, wet + cooling.approach_degc)
    water = supply + cooling.range_degc / 2
    enthalpy = saturated_enthalpy(water) - saturated_enthalpy(wet)
    share: Array = np.clip(1 - AIR_J_PER_KG_K * (water - dry) / enthalpy, 0, None)
    return share


def _heat_removal(cooling: Cooling, supply_degc: float, sink: Array, load: Array) -> Array:
    """Power of fans and chiller per heat of one loop.

    Fans follow the cube of the flow that the load and the distance from supply to sink call for [4]. Trim: the share of
    the water's rise that free cooling cannot reach is lifted at a share of the Carnot efficiency [4].
    """
    approach = cooling.approach_degc * load
    distance = supply_degc - sink
    lift = np.maximum(cooling.chiller_approach_degc - distance, cooling.chiller_min_lift_degc)
    chiller = lift / (cooling.chiller_frac * (supply_degc + KELVIN_AT_0_DEGC))
    if not cooling.free_cooling:
        all_lifted: Array = cooling.fan_frac + chiller
        return all_lifted
    reached = distance >= approach
    speed = np.where(reached, approach / np.where(reached, distance, 1), 1)
    power: Array = cooling.fan_frac * speed**3 / load + _lifted(cooling, distance, approach) * chiller
    return power


def _lifted(cooling: Cooling, distance: Array, approach: Array) -> Array:
    """Share of a loop's heat that free cooling cannot reach, `distance` from the sink up to the supply."""
    share: Array = np.clip((approach - distance) / cooling.range_degc, 0, 1)
    return share


def _sink(cooling: Cooling, dry_bulb_degc: ArrayLike, wet_bulb_degc: ArrayLike) -> Array:
    """Temperature [degC] that the outdoor plant sees: dry bulb, or part of the way from it to the wet bulb."""
    dry = check("dry_bulb_degc", dry_bulb_degc, OUTDOORS_DEGC)
    wet = check("wet_bulb_degc", wet_bulb_degc, OUTDOORS_DEGC)
    if (wet > dry).any():
        raise ValueError("wet_bulb_degc above dry_bulb_degc: expected at most the dry-bulb temperature")
    sink: Array = np.where(dry > cooling.wet_above_degc, dry - cooling.wet_frac * (dry - wet), dry)
    return sink


def _load(load_frac: ArrayLike) -> Array:
    load = check("load_frac", load_frac, SHARE)
    if (load == 0).any():
        raise ValueError("load_frac = 0: expected above 0, for PUE is a ratio to the IT power")
    return load
