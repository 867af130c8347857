"""Hours of weather, price and carbon from the files that a scenario names, and the price of energy that follows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from gigawatt.catalog.records import Site
from gigawatt.catalog.tables import Reader
from gigawatt.errors import CatalogError
from gigawatt.readers.series import HourlySeries, read_carbon, read_price
from gigawatt.readers.weather import WeatherYear, read_weather
from gigawatt.scenario.schema import Asked, Scenario, SiteSeries, SiteUse

T = TypeVar("T")

WH_PER_MWH = 1e6


def read_series(asked: Asked, sites: Mapping[str, Site], reader: Reader) -> dict[str, SiteSeries]:
    """The hours of every site that names a file; faults carry the key that names it."""
    for key, use in asked.sites.items():
        if use.price_level == "plan" and not use.price_file:
            reader.fault(f"sites.{key}.price_level", '"plan"', "a price_file beside it, whose shape is then taken")
    return {
        key: _series(f"sites.{key}", use, sites[key], reader)
        for key, use in asked.sites.items()
        if use.weather_file or use.price_file or use.carbon_file
    }


def energy_price_usd_per_wh(scenario: Scenario, site: str) -> float:
    """What a site pays for energy on average over a year's hours: its price file's mean, else its power price."""
    series = scenario.records.series.get(site)
    if series is None or series.price_usd_per_wh is None:
        return scenario.records.sites[site].power_price_usd_per_wh
    return float(series.price_usd_per_wh.mean())


def _series(path: str, use: SiteUse, site: Site, reader: Reader) -> SiteSeries:
    weather = _read(lambda: _weather(use.weather_file, site), f"{path}.weather_file", use.weather_file, reader)
    price = _hourly(read_price, use.price_file, f"{path}.price_file", use, path, reader)
    carbon = _hourly(read_carbon, use.carbon_file, f"{path}.carbon_file", use, path, reader)
    paid = None if price is None else _paid_usd_per_wh(price.values, use, site)
    read = {"weather_file": weather, "price_file": price, "carbon_file": carbon}
    notes = [(key, text) for key, found in read.items() if found is not None for text in found.notes]
    if price is not None and paid is not None:
        notes.append(("price_file", _level(price.values, paid, use, site)))
    return SiteSeries(
        weather=weather.weather if weather else None,
        weather_offset_h=weather.utc_offset_h if weather else site.utc_offset_h,
        price_usd_per_wh=paid,
        carbon_kg_per_wh=carbon.values if carbon else None,
        notes=tuple(notes),
    )


def _read(read: Callable[[], T], path: str, file: str, reader: Reader) -> T | None:
    if not file:
        return None
    try:
        return read()
    except CatalogError as error:
        reader.faults += [replace(fault, path=f"{path}: {fault.path}") for fault in error.faults]
        return None


def _weather(file: str, site: Site) -> WeatherYear:
    """A table of hours is on the site's own clock and altitude; an EPW states those of its station."""
    if Path(file).suffix.lower() == ".epw":
        return read_weather(Path(file))
    return read_weather(Path(file), altitude_m=site.climate.altitude_m, utc_offset_h=site.utc_offset_h)


def _hourly(
    read: Callable[..., HourlySeries], file: str, path: str, use: SiteUse, site_path: str, reader: Reader
) -> HourlySeries | None:
    """A file of prices or carbon, with a note where it states another clock than the scenario."""
    told_by = f'{site_path}.files_offset, such as "-6 h", or "0 h" for UTC'
    found = _read(lambda: read(Path(file), utc_offset_h=use.files_offset_h, told_by=told_by), path, file, reader)
    if found is None or use.files_offset_h in (None, found.utc_offset_h):
        return found
    text = f"{Path(file).name}: its times state UTC{found.utc_offset_h:+g}, so that files_offset is not used for it."
    return replace(found, notes=(*found.notes, text))


def _paid_usd_per_wh(price: NDArray[np.float64], use: SiteUse, site: Site) -> NDArray[np.float64]:
    """The prices of a file, or of its shape about the site's own price: what is between them is the same all year."""
    return price if use.price_level == "file" else price + (site.power_price_usd_per_wh - price.mean())


def _level(price: NDArray[np.float64], paid: NDArray[np.float64], use: SiteUse, site: Site) -> str:
    """At which level energy is paid, and what is not used, in words."""
    file, mean, own = (
        f"{value * WH_PER_MWH:.2f}" for value in (price.mean(), paid.mean(), site.power_price_usd_per_wh)
    )
    name = Path(use.price_file).name
    if use.price_level == "plan":
        return (
            f"{site.name}: energy costs {mean} USD/MWh on average, its power_price; of {name}, whose mean is {file}, "
            'only the shape is taken, as price_level = "plan" asks.'
        )
    other = "power_price" if use.power_price_usd_per_wh is not None else "the catalog's price"
    return (
        f"{site.name}: energy is paid as {name} says, {file} USD/MWh on average, the same in every year and in real "
        f"dollars; {other} of {own} is not used."
    )


def digests(series: SiteSeries) -> dict[str, str]:
    """What identifies the hours of a site, by name."""
    weather = series.weather
    arrays = {
        "weather": None if weather is None else np.stack([weather.dry_bulb_degc, weather.wet_bulb_degc]),
        "price": series.price_usd_per_wh,
        "carbon": series.carbon_kg_per_wh,
    }
    return {name: hashlib.sha256(array.tobytes()).hexdigest() for name, array in arrays.items() if array is not None}
