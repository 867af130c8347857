"""Outlines are thinned as their tool says; `tools/outlines.py --check` holds the files against their sources."""

from __future__ import annotations

import importlib.util
import io
import sys
from dataclasses import replace
from math import cos, pi, sin
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "outlines.py"


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("outlines", TOOL)
    module = importlib.util.module_from_spec(spec)
    sys.modules["outlines"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["outlines"]


def test_thinning_keeps_ends_and_corners(tool) -> None:
    line = [(x / 10, 0.0) for x in range(50)] + [(5.0, y / 10) for y in range(51)]
    assert tool.thinned(line, 0.3) == [(0.0, 0.0), (5.0, 0.0), (5.0, 5.0)]
    assert tool.thinned([(0.0, 0.0), (1.0, 1.0)], 9.0) == [(0.0, 0.0), (1.0, 1.0)]


def test_thinning_is_the_same_backwards(tool) -> None:
    """So that a border is one line for the areas on both sides."""
    arc = [(100 * k / 60, 9 * sin(k) + 4 * cos(3.3 * k)) for k in range(60)]
    assert tool.thinned(arc[::-1], 2.0) == tool.thinned(arc, 2.0)[::-1]
    assert 10 < len(tool.thinned(arc, 2.0)) < 60


def test_arcs_are_decoded_and_lines_written_as_steps(tool) -> None:
    topology = {"transform": {"scale": [0.5, 0.25], "translate": [10, 20]}, "arcs": [[[2, 4], [2, 0], [-4, 4]]]}
    assert tool.degrees(topology) == [[(11, 21), (12, 21), (10, 22)]]
    assert tool.written([(5, 6), (7, 5), (7, 9)]) == "[5,6,2,-1,0,4]"
    assert tool.doubled([(0, 0), (2, 0), (2, 2), (0, 2)]) == 8


def test_long_pieces_are_cut(tool) -> None:
    xs, ys = zip(*tool.fine([(0, 0), (1.2, 0), (1.2, 0.1)]), strict=True)
    assert xs == pytest.approx((0, 0.4, 0.8, 1.2, 1.2))
    assert ys == (0, 0, 0, 0, 0.1)


def test_borders_that_join_nothing_go(tool) -> None:
    shore = [(0, 0), (9, 0), (9, 9), (0, 9)]
    across, point, off = [(0, 0), (9, 9)], [(9, 0)], [(20, 20), (20, 22)]
    assert tool.joined([across, point, off], [shore]) == [across]


def test_a_small_world_is_drawn(tool) -> None:
    """A square of land, an island that is too small, and one in the far south."""

    def square(x: float, y: float, side: float) -> list[list[float]]:
        return [[x, y], [side, 0], [0, side], [-side, 0], [0, -side]]

    arcs = [square(10, 10, 20), square(60, 10, 0.5), square(10, -80, 10)]
    land = {"type": "MultiPolygon", "arcs": [[[0]], [[1]], [[2]]]}
    topology = {
        "transform": {"scale": [1, 1], "translate": [0, 0]},
        "arcs": arcs,
        "objects": {"land": {"geometries": [land]}},
    }
    text = tool.drawn(replace(tool.MAPS["land"], project=lambda x, y: (x * pi / 180, -y * pi / 180)), topology)
    assert text.count("[") == 3  # two lists and one ring
    assert "[87,-87,175,0,0,-175,-175,0]" in text


def test_another_file_is_refused(tool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool.urllib.request, "urlopen", lambda *_, **__: io.BytesIO(b"something else"))
    with pytest.raises(SystemExit, match=r"us-atlas-3\.0\.1\.tgz: expected sha512-wEIZ.*, got sha512-"):
        tool.fetched(tool.MAPS["states"])
