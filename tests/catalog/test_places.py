"""Places of the climates: found by name, with a year of weather of their own, and clear faults."""

from pathlib import Path

import numpy as np
import pytest

from gigawatt.catalog.load import read_file
from gigawatt.catalog.places import place_of, places, weather_at
from gigawatt.catalog.records import Climates
from gigawatt.errors import CatalogError

PLACE = """
name = "Places"
grade = "assumed"
[places.moor]
name = "The moor"
country = "GB"
words = ["moor"]
climate = {{ mean = "9 degC", yearly_amplitude = "6 degC", daily_amplitude = "3 degC", warmest_hours = "{warmest}", \
dew_point = "6 degC", warmest_day = 205, altitude = "300 m" }}
"""


def climates(folder: Path, warmest: str) -> Climates:
    file = folder / "moors.toml"
    file.write_text(PLACE.format(warmest=warmest))
    return read_file(Climates, file)


def test_a_year_at_a_place_has_its_normals_and_is_the_same_each_time() -> None:
    year, again, other = (weather_at(name, "", 0) for name in ("frankfurt", "frankfurt", "zurich"))
    climate = place_of("frankfurt", "").climate
    assert year.dry_bulb_degc.mean() == pytest.approx(climate.mean_degc, abs=1e-9)
    assert np.quantile(year.dry_bulb_degc, 0.99) == pytest.approx(climate.warmest_hours_degc, abs=1e-6)
    assert np.array_equal(year.dry_bulb_degc, again.dry_bulb_degc)
    assert not np.allclose(year.dry_bulb_degc - year.dry_bulb_degc.mean(), other.dry_bulb_degc - climate.mean_degc)


def test_the_south_is_warmest_in_january() -> None:
    assert all(places()[name].climate.warmest_day_count < 60 for name in ("sydney", "santiago", "cape-town"))


def test_a_place_that_nobody_knows_is_told_at_the_path_that_names_it() -> None:
    with pytest.raises(CatalogError, match=r'fleet\.regions = "frankfort": .*did you mean "frankfurt"'):
        place_of("frankfort", "fleet.regions")


def test_normals_that_contradict_themselves_are_told_by_place(tmp_path: Path) -> None:
    assert climates(tmp_path, "24 degC").places["moor"].climate.mean_degc == 9
    with pytest.raises(CatalogError, match=r"moors\.toml: places\.moor\.climate\.warmest_hours = 12 degC"):
        climates(tmp_path, "12 degC")
