"""Hours of weather, price and carbon from the files that a scenario names."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from gigawatt.catalog.readers.series import read_carbon, read_price
from gigawatt.catalog.readers.weather import WeatherYear, read_weather
from gigawatt.catalog.records import Site
from gigawatt.catalog.tables import Reader
from gigawatt.errors import CatalogError
from gigawatt.scenario.schema import Asked, SiteSeries, SiteUse

T = TypeVar("T")


def read_series(asked: Asked, sites: Mapping[str, Site], reader: Reader) -> dict[str, SiteSeries]:
    """The hours of every site that names a file; faults carry the key that names it."""
    return {
        key: _series(f"sites.{key}", use, sites[key], reader)
        for key, use in asked.sites.items()
        if use.weather_file or use.price_file or use.carbon_file
    }


def _series(path: str, use: SiteUse, site: Site, reader: Reader) -> SiteSeries:
    weather = _read(lambda: _weather(use.weather_file, site), f"{path}.weather_file", use.weather_file, reader)
    offset_h = use.files_offset_h
    price = _read(lambda: _hourly(read_price, use.price_file, offset_h), f"{path}.price_file", use.price_file, reader)
    carbon = _read(
        lambda: _hourly(read_carbon, use.carbon_file, offset_h), f"{path}.carbon_file", use.carbon_file, reader
    )
    return SiteSeries(
        weather=weather.weather if weather else None,
        weather_offset_h=weather.utc_offset_h if weather else site.utc_offset_h,
        price_usd_per_wh=price,
        carbon_kg_per_wh=carbon,
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


def _hourly(read: Callable[..., object], file: str, offset_h: float | None) -> np.ndarray:
    series = read(Path(file), utc_offset_h=offset_h)
    return series.values  # type: ignore[attr-defined]


def digests(series: SiteSeries) -> dict[str, str]:
    """What identifies the hours of a site, by name."""
    weather = series.weather
    arrays = {
        "weather": None if weather is None else np.stack([weather.dry_bulb_degc, weather.wet_bulb_degc]),
        "price": series.price_usd_per_wh,
        "carbon": series.carbon_kg_per_wh,
    }
    return {name: hashlib.sha256(array.tobytes()).hexdigest() for name, array in arrays.items() if array is not None}
