"""The map of a plan's sites: none for a single one, and words that follow what binds and what stands."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gigawatt.report import views, where
from gigawatt.report.charts import Place
from gigawatt.study.result import Result

PLACE = Place(
    name="Abilene", lon_deg=-99.8, lat_deg=32.5, value_w=1.2e9, now_w=6e8, binds="2027–2029", real=True, tip="Abilene"
)


def test_a_single_site_needs_no_map(result: Result) -> None:
    assert where.sites(views.view(result)) is None


@pytest.mark.parametrize(
    ("binds", "now_w", "says"),
    [
        (["", ""], [1.0, 1.0], "Grid power never is in the way."),
        (["2027", ""], [1.0, 1.0], "Grid power is what A waits for at some time."),
        (["2027", "2028"], [1.0, 1.0], "Grid power is what A and B wait for at some time."),
        (["2027", ""], [1.0, 0.0], "Grid power is what A waits for at some time; B carries nothing."),
    ],
)
def test_what_the_map_says(binds: list[str], now_w: list[float], says: str) -> None:
    named = zip("AB", binds, now_w, strict=True)
    assert where._says([replace(PLACE, name=name, binds=when, now_w=power) for name, when, power in named]) == says
