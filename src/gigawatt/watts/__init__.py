"""Power and heat of a campus, as pure functions of numbers and arrays: air, cooling, caps, batteries, the grid."""

from gigawatt.watts.air import dew_point, humidity, saturation_pressure, wet_bulb
from gigawatt.watts.battery import (
    Battery,
    Schedule,
    ride_through,
    stored,
)
from gigawatt.watts.capping import (
    PowerCurve,
    mixed_performance,
    performance,
)
from gigawatt.watts.cooling import Cooling, pue, pue_mean, pue_peak, water_use
from gigawatt.watts.grid import (
    Connection,
    Curtailment,
    Moments,
    at_moments,
    by_hour,
    dearest_calls,
    demand_charge,
    drawn_calls,
    moments,
    month_numbers,
    peak_power,
    ramp_breach,
    swing,
)
from gigawatt.watts.onsite import (
    Bridge,
    OnsitePower,
    bridge,
    clear_sky,
    levelised_cost,
    load_capex,
    panels_for,
    served,
)
from gigawatt.watts.weather import Climate, Weather, hourly_year

__all__ = [
    "Battery",
    "Bridge",
    "Climate",
    "Connection",
    "Cooling",
    "Curtailment",
    "Moments",
    "OnsitePower",
    "PowerCurve",
    "Schedule",
    "Weather",
    "at_moments",
    "bridge",
    "by_hour",
    "clear_sky",
    "dearest_calls",
    "demand_charge",
    "dew_point",
    "drawn_calls",
    "hourly_year",
    "humidity",
    "levelised_cost",
    "load_capex",
    "mixed_performance",
    "moments",
    "month_numbers",
    "panels_for",
    "peak_power",
    "performance",
    "pue",
    "pue_mean",
    "pue_peak",
    "ramp_breach",
    "ride_through",
    "saturation_pressure",
    "served",
    "stored",
    "swing",
    "water_use",
    "wet_bulb",
]
