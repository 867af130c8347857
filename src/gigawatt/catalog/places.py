"""Places of the catalog's climates, and the weather of a typical year there."""

from __future__ import annotations

from collections.abc import Mapping
from zlib import crc32

from gigawatt import watts
from gigawatt.catalog.load import get, ids
from gigawatt.catalog.records import Locality
from gigawatt.catalog.to_watts import hourly_year, normals
from gigawatt.errors import CatalogError, Fault, near


def places() -> Mapping[str, Locality]:
    """Every place of every table of climates, by its name; of two alike the first."""
    found: dict[str, Locality] = {}
    for id_ in ids("climates"):
        for name, place in get("climates", id_).places.items():
            found.setdefault(name, place)
    return found


def place_of(name: str, path: str) -> Locality:
    """The place of a name. Raises CatalogError at the path that names it where there is none."""
    if name not in places():
        expected = f"a place of the catalog's climates{near(name, list(places()), 0.5)}"
        raise CatalogError([Fault(path=path, given=f'"{name}"', expected=expected)])
    return places()[name]


def weather_at(name: str, path: str, seed: int) -> watts.Weather:
    """An hourly year at a place: the same for a seed and a place, independent between places."""
    return hourly_year(normals(place_of(name, path).climate), (seed, crc32(name.encode())))
