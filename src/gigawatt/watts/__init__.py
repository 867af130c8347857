"""Power and heat of a campus, as pure functions of numbers and arrays: moist air, weather, cooling and PUE."""

from gigawatt.watts.air import humidity, saturation_pressure, wet_bulb
from gigawatt.watts.cooling import Cooling, pue, pue_mean, pue_peak, water_use
from gigawatt.watts.weather import Climate, Weather, hourly_year

__all__ = [
    "Climate",
    "Cooling",
    "Weather",
    "hourly_year",
    "humidity",
    "pue",
    "pue_mean",
    "pue_peak",
    "saturation_pressure",
    "water_use",
    "wet_bulb",
]
