"""Hold the catalog's climates of places against hourly weather files: what the normals get wrong, and what it does.

    python tools/check_climates.py FOLDER

FOLDER holds the weather files of `FILES`. Printed for each: the mean, the 1 % warmest hours and the 1 % warmest hours
of the wet bulb, of the file and of the year drawn from the place's normals, and the overhead and the water of a fleet
on outside air in both.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from gigawatt import watts
from gigawatt.catalog.load import get
from gigawatt.catalog.places import place_of
from gigawatt.readers.weather import read_weather
from gigawatt.study.validate.facility_cases import cooling_of, year_of

FLEET = "fleet-microsoft"
# File → place whose normals stand for it.
FILES = {
    "USA_AZ_Phoenix-Sky.Harbor.epw": "phoenix",
    "USA_PA_Pittsburgh-Allegheny.County.AP.725205_TMY3.epw": "pittsburgh",
    "USA_TX_Dallas-Fort.Worth.epw": "dallas",
    "openmeteo_US-TEX-ERCO_2024.csv": "dallas",
    "openmeteo_DE-LU_2024.csv": "frankfurt",
    "openmeteo_GB_2024.csv": "london",
    "openmeteo_SG_2024.csv": "singapore",
}
WARMEST = 0.99


def figures(weather: watts.Weather) -> list[float]:
    """Mean, warmest hours and warmest wet hours [degC], PUE − 1 [%] and water [l/kWh] of the fleet in a year."""
    cooling, load_frac = cooling_of(get("facilities", FLEET)), get("facilities", FLEET).load_frac
    dry, wet = weather.dry_bulb_degc, weather.wet_bulb_degc
    overhead = watts.pue_mean(cooling, weather, load_frac) - 1
    water = np.mean(watts.water_use(cooling, dry, wet, load_frac))
    return [dry.mean(), np.quantile(dry, WARMEST), np.quantile(wet, WARMEST), 100 * overhead, 1e3 * float(water)]


def main(folder: str) -> int:
    """Print both sides of every file, and the mean difference."""
    apart = []
    for name, place in FILES.items():
        altitude_m = place_of(place, "FILES").climate.altitude_m
        of_file = Path(folder) / name
        stated = {} if of_file.suffix == ".epw" else {"altitude_m": altitude_m, "utc_offset_h": 0.0}
        real, drawn = figures(read_weather(of_file, **stated).weather), figures(year_of(FLEET, place))
        apart.append(np.subtract(drawn, real))
        both = "  ".join(f"{one:6.2f} {other:6.2f}" for one, other in zip(real, drawn, strict=True))
        print(f"{place:11} {name[:28]:28} {both}")
    print(f"{'mean miss':40} " + "  ".join(f"{miss:13.2f}" for miss in np.abs(apart).mean(axis=0)))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
