"""From catalog records to the numbers that the kernels of power and heat take."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from zlib import crc32

from gigawatt import watts
from gigawatt.catalog.records import Climate, CoolingPlant, OnsitePower, PowerCurve, PowerPoint, Site

TYPICAL_YEAR = 0  # seed of the one drawn year that every plan shares
YEARS_KEPT = 32  # a fifth of a megabyte each


@dataclass(frozen=True, slots=True, kw_only=True)
class PueYear:
    """PUE of a site in its typical year: what sizes the connection, and what multiplies the energy.

    peak_ratio: that of the warmest hours, or what the site's owner provisions over IT power where it is stated.
    """

    peak_ratio: float
    mean_ratio: float


def normals(climate: Climate) -> watts.Climate:
    """The climate normals of a place."""
    return watts.Climate(**{entry.name: getattr(climate, entry.name) for entry in fields(watts.Climate)})


def climate_of(site: Site) -> watts.Climate:
    """The climate normals of a site."""
    return normals(site.climate)


def cooling_of(plant: CoolingPlant) -> watts.Cooling:
    """The numbers of a cooling plant."""
    return watts.Cooling(**{entry.name: getattr(plant, entry.name) for entry in fields(watts.Cooling)})


def weather_of(site: Site, seed: int) -> watts.Weather:
    """An hourly year at a site: the same for a seed and a site, independent between sites."""
    return hourly_year(climate_of(site), (seed, crc32(site.id.encode())))


@lru_cache(maxsize=YEARS_KEPT)
def hourly_year(climate: watts.Climate, seed: tuple[int, int]) -> watts.Weather:
    """As `watts.hourly_year`, kept for those who ask again; nobody can change it."""
    year = watts.hourly_year(climate, seed)
    for entry in fields(year):
        getattr(year, entry.name).setflags(write=False)
    return year


def pue_year(site: Site, plant: CoolingPlant, load_frac: float = 1.0) -> PueYear:
    """Peak and mean PUE of a site with a plant, in its typical year.

    load_frac: mean IT power over its design, for the mean; the peak is at full load by definition.
    """
    cooling, weather = cooling_of(plant), weather_of(site, TYPICAL_YEAR)
    peak = watts.pue_peak(cooling, weather) if site.provisioned_ratio is None else site.provisioned_ratio
    return PueYear(peak_ratio=peak, mean_ratio=watts.pue_mean(cooling, weather, load_frac))


def power_curve_of(record: PowerCurve, *parts: str) -> watts.PowerCurve:
    """The numbers of a power curve: of the first of these parts (id, architecture) with its own, else the common."""
    own = {entry.part: entry for entry in record.parts}
    found = next((own[part] for part in parts if part in own), record)
    return watts.PowerCurve(
        loss_ratio=found.loss_ratio, exponent_ratio=found.exponent_ratio, least_frac=record.least_frac
    )


def point_performance(record: PowerCurve, point: PowerPoint, training: PowerCurve) -> float:
    """What a curve says at a published point: that of its part, mixed with training's where matrix units bind too."""
    curve = power_curve_of(record, point.part)
    if not point.compute_frac:
        return float(watts.performance(curve, point.power_frac))
    computing = power_curve_of(training, point.part)
    return float(watts.mixed_performance(curve, computing, point.power_frac, point.compute_frac))


def onsite_power_of(record: OnsitePower) -> watts.OnsitePower:
    """The numbers of a plant on site."""
    return watts.OnsitePower(**{entry.name: getattr(record, entry.name) for entry in fields(watts.OnsitePower)})


def battery_of(record: OnsitePower, power_w: float) -> watts.Battery:
    """A battery of a power [W], as deep as the record's storage."""
    return watts.Battery(
        power_w=power_w,
        energy_wh=power_w * record.storage_h,
        round_trip_frac=record.round_trip_frac,
        fade_frac=record.fade_frac,
    )
