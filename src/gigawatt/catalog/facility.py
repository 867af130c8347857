"""From catalog records to the numbers that the kernels of power and heat take."""

from __future__ import annotations

from dataclasses import dataclass, fields
from zlib import crc32

from gigawatt import watts
from gigawatt.catalog.records import CoolingPlant, Site

TYPICAL_YEAR = 0  # seed of the one drawn year that every plan shares


@dataclass(frozen=True, slots=True, kw_only=True)
class PueYear:
    """PUE of a site in its typical year: what sizes the connection, and what multiplies the energy."""

    peak_ratio: float
    mean_ratio: float


def climate_of(site: Site) -> watts.Climate:
    """The climate normals of a site."""
    return watts.Climate(**{entry.name: getattr(site.climate, entry.name) for entry in fields(watts.Climate)})


def cooling_of(plant: CoolingPlant) -> watts.Cooling:
    """The numbers of a cooling plant."""
    return watts.Cooling(**{entry.name: getattr(plant, entry.name) for entry in fields(watts.Cooling)})


def weather_of(site: Site, seed: int) -> watts.Weather:
    """An hourly year at a site: the same for a seed and a site, independent between sites."""
    return watts.hourly_year(climate_of(site), (seed, crc32(site.id.encode())))


def pue_year(site: Site, plant: CoolingPlant, load_frac: float = 1.0) -> PueYear:
    """Peak and mean PUE of a site with a plant, in its typical year.

    load_frac: mean IT power over its design, for the mean; the peak is at full load by definition.
    """
    cooling, weather = cooling_of(plant), weather_of(site, TYPICAL_YEAR)
    return PueYear(peak_ratio=watts.pue_peak(cooling, weather), mean_ratio=watts.pue_mean(cooling, weather, load_frac))
