"""Moist air: pressure at altitude, saturation, humidity, wet-bulb and dew-point temperature, vectorised.

References
----------
1. ASHRAE Handbook, Fundamentals (2017), chapter 1 "Psychrometrics": eqs. (3) pressure, (5) and (6) saturation,
   (20) humidity ratio, (30) enthalpy, (33) and (35) wet bulb over water and over ice.
2. R. W. Hyland, A. Wexler, ASHRAE Transactions 89(2A), 1983: the saturation formulas of (5) and (6).
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array: TypeAlias = NDArray[np.float64]

KELVIN_AT_0_DEGC = 273.15
SEA_LEVEL_PA = 101_325.0
PRESSURE_LAPSE_PER_M, PRESSURE_EXPONENT = 2.25577e-5, 5.2559
WATER_TO_AIR_MASS = 0.621945

# ln p [Pa] = a/T + b + cT + dT² + eT³ + fT⁴ + g ln T, T in kelvin: over ice (5) and over water (6).
_OVER_ICE = (-5.6745359e3, 6.3925247, -9.677843e-3, 6.2215701e-7, 2.0747825e-9, -9.484024e-13, 4.1635019)
_OVER_WATER = (-5.8002206e3, 1.3914993, -4.8640239e-2, 4.1764768e-5, -1.4452093e-8, 0.0, 6.5459673)
# Latent heat at 0 degC, its slopes, heat capacities of air and vapour (kJ/kg, kJ/kg/K): (33) and (35).
_AIR_KJ, _VAPOUR_KJ = 1.006, 1.86
_WATER_KJ = (2501.0, 2.326, 4.186)
_ICE_KJ = (2830.0, 0.24, 2.1)

SHARE = (0.0, 1.0)
OUTDOORS_DEGC = (-100.0, 100.0)  # any place on Earth; catches kelvin
_STEP_K, _TOLERANCE_K, _MOST_STEPS = 1e-3, 1e-6, 100


def check(name: str, value: ArrayLike, bounds: tuple[float, float]) -> Array:
    """`value` as a float array. Raises ValueError where it holds NaN or leaves its bounds."""
    array, (low, high) = np.asarray(value, dtype=float), bounds
    bad = ~((array >= low) & (array <= high))
    if bad.any():
        raise ValueError(f"{name} = {array[bad].flat[0]:g}: expected a number from {low:g} to {high:g}")
    return array


def saturation_pressure(temperature_degc: ArrayLike) -> Array:
    """Saturation vapour pressure [Pa] over ice below 0 degC and over water above [1, eqs. 5 and 6]."""
    celsius = check("temperature_degc", temperature_degc, OUTDOORS_DEGC)
    kelvin = celsius + KELVIN_AT_0_DEGC
    powers = np.stack([1 / kelvin, np.ones_like(kelvin), kelvin, kelvin**2, kelvin**3, kelvin**4, np.log(kelvin)])
    logarithm, cold = np.tensordot(_OVER_WATER, powers, 1), celsius < 0
    if cold.any():
        logarithm = np.where(cold, np.tensordot(_OVER_ICE, powers, 1), logarithm)
    pressure: Array = np.exp(logarithm)
    return pressure


def humidity(dry_bulb_degc: ArrayLike, dew_point_degc: ArrayLike) -> Array:
    """Relative humidity [0 … 1]: p_sat(dew point) / p_sat(dry bulb). Raises ValueError where dew exceeds dry bulb."""
    dry, dew = np.asarray(dry_bulb_degc, dtype=float), np.asarray(dew_point_degc, dtype=float)
    if (dew > dry).any():
        raise ValueError("dew_point_degc above dry_bulb_degc: expected at most the dry-bulb temperature")
    # Rounding lets two temperatures that differ in their last digits have pressures the other way round.
    return np.minimum(saturation_pressure(dew) / saturation_pressure(dry), 1.0)


def dew_point(dry_bulb_degc: ArrayLike, humidity_frac: ArrayLike) -> Array:
    """Dew-point (below 0 degC frost-point) temperature [degC] of air of a dry bulb [degC] and humidity above 0, to 1.

    Solves ln p_sat(T) = ln p by Newton steps in 1/T, in which it is almost a straight line [1, eqs. 5 and 6].
    """
    dry, share = np.broadcast_arrays(
        check("dry_bulb_degc", dry_bulb_degc, OUTDOORS_DEGC), check("humidity_frac", humidity_frac, SHARE)
    )
    if (share == 0).any():
        raise ValueError("humidity_frac = 0: expected above 0, for dry air has no dew point")
    dew, logarithm = dry, np.log(share * saturation_pressure(dry))
    for _ in range(_MOST_STEPS):
        excess = np.log(saturation_pressure(dew)) - logarithm
        slope = (np.log(saturation_pressure(dew + _STEP_K)) - logarithm - excess) / _STEP_K
        kelvin = dew + KELVIN_AT_0_DEGC
        dew = 1 / (1 / kelvin + excess / (kelvin**2 * slope)) - KELVIN_AT_0_DEGC
        if np.all(np.abs(excess) < _TOLERANCE_K * slope):
            break
    return np.minimum(dew, dry)


def wet_bulb(dry_bulb_degc: ArrayLike, humidity_frac: ArrayLike, altitude_m: float) -> Array:
    """Thermodynamic wet-bulb temperature [degC] from dry bulb [degC], relative humidity [0 … 1] and altitude [m].

    Solves W(T*) = W for T* by Newton steps from above, with [1, eq. 33] over water and [1, eq. 35] over ice:
    W(T*) = ((L − s T*) W_sat(T*) − c_a (T − T*)) / (L + c_v T − c_w T*). Around 0 degC a band of states satisfies
    both; there the bulb is taken as frozen. Shapes broadcast; the result has their common shape.
    """
    dry, share = np.broadcast_arrays(
        check("dry_bulb_degc", dry_bulb_degc, OUTDOORS_DEGC), check("humidity_frac", humidity_frac, SHARE)
    )
    ratio = _humidity_ratio(share * saturation_pressure(dry), altitude_m)
    frozen = (dry < 0) | (ratio <= _ratio_at(np.zeros_like(dry), dry, altitude_m, True))
    wet = np.where(frozen, np.minimum(dry, 0), dry)
    moves = np.ones(
        wet.shape, dtype=bool
    )  # states that have not settled: a single one between ice and water never does
    for _ in range(_MOST_STEPS):
        here, now, due, ice = wet[moves], dry[moves], ratio[moves], frozen[moves]
        excess = _ratio_at(here, now, altitude_m, ice) - due
        slope = (_ratio_at(here + _STEP_K, now, altitude_m, ice) - due - excess) / _STEP_K
        wet[moves] = here - excess / slope
        moves[moves] = np.abs(excess) >= _TOLERANCE_K * slope
        if not moves.any():
            break
    return np.minimum(wet, dry)


def saturated_enthalpy(temperature_degc: ArrayLike) -> Array:
    """Enthalpy of saturated air at sea level [J/kg of dry air], 0 for dry air at 0 degC [1, eq. 30]."""
    celsius = check("temperature_degc", temperature_degc, OUTDOORS_DEGC)
    ratio = _humidity_ratio(saturation_pressure(celsius), 0.0)
    enthalpy: Array = 1e3 * (_AIR_KJ * celsius + ratio * (_WATER_KJ[0] + _VAPOUR_KJ * celsius))
    return enthalpy


def _humidity_ratio(vapour: Array, altitude_m: float) -> Array:
    """Mass of water per mass of dry air at a vapour pressure [Pa] and an altitude [1, eqs. 3 and 20]."""
    pressure = SEA_LEVEL_PA * (1 - PRESSURE_LAPSE_PER_M * altitude_m) ** PRESSURE_EXPONENT
    return WATER_TO_AIR_MASS * vapour / (pressure - vapour)


def _ratio_at(wet: Array, dry: Array, altitude_m: float, frozen: NDArray[np.bool_] | bool) -> Array:
    """Humidity ratio of air with this wet bulb and dry bulb over water [1, eq. 33], or ice where frozen [1, eq. 35]."""
    latent, slope, water = (np.where(frozen, ice, liquid) for ice, liquid in zip(_ICE_KJ, _WATER_KJ, strict=True))
    saturated = _humidity_ratio(saturation_pressure(wet), altitude_m)
    return ((latent - slope * wet) * saturated - _AIR_KJ * (dry - wet)) / (latent + _VAPOUR_KJ * dry - water * wet)
