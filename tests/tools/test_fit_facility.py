"""The plants of cloud fleets are what their tool makes of the published figures of regions."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

TOOL = Path(__file__).parents[2] / "tools" / "fit_facility.py"
FLEETS = ("fleet-amazon", "fleet-google", "fleet-microsoft")


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("fit_facility", TOOL)
    module = importlib.util.module_from_spec(spec)
    sys.modules["fit_facility"] = module
    spec.loader.exec_module(module)
    return module


def point(tool, *, operator="fleet-amazon", place="dublin", metric="pue", measured=0.15, parts=(0.06, 1.25, 0.01)):
    return tool.Point(operator=operator, place=place, metric=metric, measured=measured, parts=parts)


def test_without_a_row_a_fleet_has_the_plants_own_numbers(tool) -> None:
    said = tool.predicted(point(tool), tool.numbers_of("fleet-amazon", np.ones(4)))
    (factors,) = {tuple(np.round(one, 3)) for one in tool.fit([point(tool, measured=said)]).values()}
    assert factors == (1, 1, 1, 1)


def test_a_figure_far_off_pulls_a_fit_less_than_its_distance(tool) -> None:
    def no_load(measured: float) -> float:
        points = [point(tool), point(tool), point(tool, measured=measured)]
        return float(tool.fit(points)["fleet-amazon"][0])

    near, far, farther = no_load(0.15), no_load(0.3), no_load(0.6)
    assert near < far < farther
    assert farther - far < far - near


def test_an_operator_is_drawn_to_what_all_share(tool) -> None:
    points = [point(tool, measured=0.3, operator="fleet-amazon"), point(tool, measured=0.3, operator="fleet-microsoft")]
    factors = tool.fit(points)
    assert 1 < factors[""][0] < factors["fleet-amazon"][0]


def test_a_row_left_out_is_not_in_its_own_fit(tool) -> None:
    points = [point(tool, place=name, measured=0.15) for name in ("a", "b", "c")]
    odd = point(tool, place="d", measured=0.9)
    told = {one.place: said for one, said in tool.left_out([*points, odd], "place")}
    alone = tool.predicted(odd, tool.numbers_of("fleet-amazon", tool.fit(points)["fleet-amazon"]))
    assert told["d"] == pytest.approx(alone, rel=1e-6)


def test_the_catalog_has_what_the_tool_fits(tool, data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = data_dir / "measurements" / "facility-2026.csv"
    if not file.is_file():
        pytest.skip(f"no file {file}")
    points = tool.points_of(file)
    factors = tool.fit(points)
    assert all(tool.is_catalogs(name, factors[name], points) for name in FLEETS)
    assert "chiller_frac = 0.26" in capsys.readouterr().out
