"""Maps: projections as published, outlines small and whole, every shipped site there, labels that cover nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from itertools import combinations
from math import hypot, radians, sin
from typing import Literal
from xml.etree import ElementTree

import pytest

from gigawatt.catalog.load import get, ids
from gigawatt.report.charts import ground
from gigawatt.report.charts import map as map_
from gigawatt.report.charts import marks as svg
from gigawatt.report.charts.apart import separate
from gigawatt.report.charts.labels import Label, around, overlap
from gigawatt.report.charts.labels import places as stands
from gigawatt.report.charts.map import NARROW, Place, marks
from gigawatt.report.charts.projection import albers, equal_earth
from gigawatt.report.outlines import Line, outline
from gigawatt.scenario.load import load

SVG = "{http://www.w3.org/2000/svg}"
WIDTHS = (1000.0, 360.0)


def place(id_: str) -> Place:
    """A shipped site, half of it in service."""
    site = get("sites", id_)
    return Place(
        name=site.name,
        lon_deg=site.longitude_deg,
        lat_deg=site.latitude_deg,
        value_w=site.announced_power_w,
        now_w=site.announced_power_w / 2,
        binds="grid power",
        real="assumed" not in id_,
        tip=f"{site.name} & more",
    )


# All that ship but the newest two, which leave no room for every name on one map; and the campuses of one programme.
SHIPPED = [place(id_) for id_ in ids("sites") if id_ not in ("ports_pike", "camellia")]
STARGATE = [place(id_) for id_ in load("stargate-2026-11").asked.sites]
ABILENE = place("abilene")


def parsed(places: list[Place], width: float) -> ElementTree.Element:
    body, height = marks(places, width)
    frame = svg.Frame(slug="m", title="t", description="d", width=width, height=height)
    return ElementTree.fromstring(svg.drawing(frame, body))


def discs(root: ElementTree.Element) -> list[tuple[float, float, float]]:
    """Centres and radii of what stands for places, and not of the keys."""
    marked = (one for one in root.iter(f"{SVG}circle") if one.find(f"{SVG}title") is not None)
    return [(float(one.get("cx", "0")), float(one.get("cy", "0")), float(one.get("r", "0"))) for one in marked]


def texts(root: ElementTree.Element, kind: str) -> list[str]:
    return [str(one.text) for one in root.iter(f"{SVG}text") if str(one.get("class")).startswith(kind)]


def area(ring: Line) -> float:
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(ring, (*ring[1:], ring[0]), strict=True)) / 2


def test_albers_is_that_of_snyder() -> None:
    """Page 291: with the origin at 23° N, the point 35° N 75° W is 0.2952720 east and 0.2416774 north of it."""
    x, y = albers(-75, 35)
    x0, y0 = albers(-96, 23)
    assert (x - x0, y0 - y) == pytest.approx((0.2952720, 0.2416774), abs=5e-8)
    assert albers(-96, 37.5) == pytest.approx((0, 0), abs=1e-15)


@pytest.mark.parametrize(
    ("lon", "lat", "x", "y"),
    [
        (180, 0, 2.7066299836960748, 0),
        (0, 90, 0, 1.3173627591574133),
        (180, -90, 1.6035886482840516, -1.3173627591574133),
        (54.6, 24.3, 0.7860371308013056, 0.48445924592870176),
        (-99.8, 32.5, -1.387115247343145, 0.6394909794870531),
    ],
)
def test_equal_earth_is_that_of_proj(lon: float, lat: float, x: float, y: float) -> None:
    """Values of PROJ 9.5.1, `+proj=eqearth +R=1`."""
    assert equal_earth(lon, lat) == pytest.approx((x, -y), abs=1e-12)


@pytest.mark.parametrize(("project", "lon", "lat"), [(albers, -110.0, 31.0), (equal_earth, 100.0, 60.0)])
def test_areas_stay(project: Callable[[float, float], tuple[float, float]], lon: float, lat: float) -> None:
    """A tenth of a degree by a tenth is as large on the map as on the sphere."""
    corners = [(lon, lat), (lon, lat + 0.1), (lon + 0.1, lat + 0.1), (lon + 0.1, lat)]
    sphere = radians(0.1) * (sin(radians(lat + 0.1)) - sin(radians(lat)))
    assert area(tuple(project(*corner) for corner in corners)) == pytest.approx(sphere, rel=1e-5)


def test_the_world_is_cut_where_no_land_is() -> None:
    assert equal_earth(-172, 64)[0] == pytest.approx(equal_earth(188, 64)[0])
    assert equal_earth(-168, 64)[0] < 0


@pytest.mark.parametrize("name", ["states", "land"])
def test_outlines_are_small(name: str) -> None:
    assert len((files("gigawatt.report.outlines") / f"{name}.json").read_bytes()) <= 22_000


@pytest.mark.parametrize(("name", "low", "high"), [("states", 7.66, 7.90), ("land", 133.5, 136.0)])
def test_outlines_are_whole(name: Literal["states", "land"], low: float, high: float) -> None:
    """In million km²: the contiguous states without and with their inland waters; all land but Antarctica."""
    rings = outline(name).land
    assert all(len(ring) >= 3 for ring in rings)
    assert low < sum(map(area, rings)) * 6371.0**2 / 1e6 < high


def test_borders_meet() -> None:
    """Each end of a border is on a shore or on another border."""
    drawn = outline("states")
    shore = {point for ring in drawn.land for point in ring}
    ends = [end for border in drawn.borders for end in (border[0], border[-1])]
    assert all(end in shore or ends.count(end) > 1 for end in ends)


def test_every_shipped_site_has_a_place() -> None:
    for one in SHIPPED:
        at_home = ground.in_states(one.lon_deg, one.lat_deg)
        abroad = [get("sites", name).name for name in ("uae", "example-coast")]
        assert at_home == (one.name not in abroad), one.name


@pytest.mark.parametrize(
    ("lon", "lat", "there"),
    [(-87.87, 43.39, True), (-122.4, 37.8, True), (-150.0, 61.2, False), (-99.1, 19.4, False), (54.6, 24.3, False)],
)
def test_what_is_in_the_states(lon: float, lat: float, there: bool) -> None:
    assert ground.in_states(lon, lat) is there


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("places", [SHIPPED, SHIPPED[:1], [place("uae")], [replace(ABILENE, value_w=0, now_w=0)] * 6])
def test_a_map_is_well_formed_and_inside_its_frame(places: list[Place], width: float) -> None:
    root = parsed(places, width)
    _, _, _, height = map(float, str(root.get("viewBox")).split())
    assert "nan" not in ElementTree.tostring(root, "unicode")
    for dot in root.iter(f"{SVG}circle"):
        x, y, r = (float(dot.get(key, "0")) for key in ("cx", "cy", "r"))
        assert min(x - r, y - r, width - x - r, height - y - r) >= -0.01
    for words in root.iter(f"{SVG}text"):
        assert 0 <= float(words.get("x", "0")) <= width
        assert 0 <= float(words.get("y", "0")) <= height


def test_nothing_is_drawn_of_nothing() -> None:
    assert marks([], 1000) == ([], 0)


def test_areas_are_as_the_powers() -> None:
    circles = list(parsed(SHIPPED, 1000).iter(f"{SVG}circle"))
    planned = [one for one in circles if one.find(f"{SVG}title") is not None]
    now = [one for one in circles if "inner" in str(one.get("class"))]
    for one, ring, disc in zip(SHIPPED, planned, now, strict=True):
        r, inner = float(ring.get("r", "0")), float(disc.get("r", "0"))
        assert (inner / r) ** 2 == pytest.approx(one.now_w / one.value_w, rel=0.01)
        assert ("dashed" in str(ring.get("class"))) is not one.real


def test_rings_do_not_overlap() -> None:
    rings = discs(parsed(SHIPPED, 1000))
    assert len(rings) == len(SHIPPED)
    for (x1, y1, r1), (x2, y2, r2) in combinations(rings, 2):
        assert hypot(x1 - x2, y1 - y2) >= r1 + r2


def test_a_wide_map_says_names_and_a_narrow_one_lists_them() -> None:
    wide, narrow = parsed(SHIPPED, 1000), parsed(SHIPPED, NARROW - 1)
    assert texts(wide, "head") == [one.name for one in SHIPPED]
    assert texts(parsed(STARGATE, 1000), "head") == [one.name for one in STARGATE]
    assert "600 MW of 1.2 GW" in texts(wide, "label")
    assert texts(wide, "note") == ["grid power"] * len(SHIPPED)
    assert set(texts(narrow, "head")) == {str(k) for k in range(1, len(SHIPPED) + 1)}
    assert [one.name for one in SHIPPED] == texts(narrow, "label")[::2]


def test_a_map_that_is_too_full_lists_names() -> None:
    crowd = [replace(ABILENE, name=f"Campus number {k}", lon_deg=-98 + 0.3 * k) for k in range(40)]
    assert set(texts(parsed(crowd, 1000), "head")) == {str(k) for k in range(1, 41)}


def test_keys_are_of_what_is_there() -> None:
    assert texts(parsed([replace(ABILENE, now_w=0)], 1000), "key") == ["planned"]
    assert texts(parsed([replace(ABILENE, real=False)], 1000), "key") == ["in service", "assumed"]


def test_a_dashed_ring_stays_one_around_a_full_disc() -> None:
    full = replace(ABILENE, now_w=ABILENE.value_w)
    for real, apart in ((True, 0.0), (False, map_.RIM)):
        root = parsed([replace(full, real=real)], 1000)
        ((*_, ring),) = discs(root)
        inner = next(one for one in root.iter(f"{SVG}circle") if "inner" in str(one.get("class")))
        assert ring - float(inner.get("r", "0")) == pytest.approx(apart, abs=0.01)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("sites", [SHIPPED, STARGATE, [place(id_) for id_ in ids("sites")]], ids=len)
def test_labels_of_shipped_sites_cover_nothing(sites: list[Place], width: float) -> None:
    """As wide as letters are at most, in the browser's sans serif."""
    root = parsed(sites, width)
    boxes = [box(one) for one in root.iter(f"{SVG}text")]
    for one, two in combinations(boxes, 2):
        assert not overlap(one, two), (one, two)
    for left, top, right, bottom in boxes:
        for x, y, r in discs(root):
            assert hypot(x - min(max(x, left), right), y - min(max(y, top), bottom)) >= r


def box(words: ElementTree.Element) -> tuple[float, float, float, float]:
    wide = len(str(words.text)) * (svg.BOLD if str(words.get("class")).startswith("head") else svg.CHARACTER) * 0.95
    x, y = float(words.get("x", "0")), float(words.get("y", "0"))
    left = x - {"middle": wide / 2, "end": wide}.get(str(words.get("text-anchor")), 0.0)
    return left, y - 9.5, left + wide, y + 3


def test_blocks_move_off_on_leaders_where_sides_are_taken() -> None:
    room, label = (0.0, 0.0, 400.0, 400.0), Label(200, 200, "", gap=24, block=(60, 30))
    near = [around(200 + dx, 200 + dy, 20) for dx, dy in ((45, 0), (-45, 0), (0, 45), (0, -45))]
    alone, hemmed = stands([label], [], room)[0], stands([label], near, room)[0]
    assert alone is not None
    assert (alone.leader, alone.box) == (None, (224, 185, 284, 215))
    assert hemmed is not None
    assert hemmed.leader is not None
    assert stands([label], [room], room) == [None]


def test_discs_on_one_spot_leave_it() -> None:
    centres = separate([(0.0, 0.0, 10.0)] * 5, gap=2.0)
    assert all(hypot(x1 - x2, y1 - y2) >= 21.9 for (x1, y1), (x2, y2) in combinations(centres, 2))
    assert separate([(0.0, 0.0, 5.0), (50.0, 0.0, 5.0)], gap=2.0)[1] == pytest.approx((50, 0), abs=0.02)
