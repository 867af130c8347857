"""Plausible ranges: every number has one, all that ships is inside, and a slip of a unit leaves it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Annotated, Any, get_args, get_type_hints

import pytest

from gigawatt import units
from gigawatt.catalog import load as catalog
from gigawatt.catalog.plausible import named, ranges, refused
from gigawatt.catalog.records import Evidence, Source
from gigawatt.quarters import Course
from gigawatt.scenario.allocation import PowerAsked
from gigawatt.scenario.load import allocation_presets, load, load_allocation, presets
from gigawatt.scenario.schema import Asked
from gigawatt.scenario.strategy import load_strategies
from gigawatt.units import Plausible, bounds


def records_in(cls: type, seen: dict[type, None]) -> dict[type, None]:
    """A record and every record that its fields are made of."""
    if cls not in seen:
        seen[cls] = None
        for hint in get_type_hints(cls).values():
            for part in (hint, *get_args(hint), *(inner for arg in get_args(hint) for inner in get_args(arg))):
                if is_dataclass(part) and part not in (Evidence, Source, Course):
                    records_in(part, seen)  # type: ignore[arg-type]
    return seen


def all_records() -> dict[type, None]:
    seen: dict[type, None] = {}
    for cls in (Asked, PowerAsked, *catalog.KINDS.values()):
        records_in(cls, seen)
    return seen


def shipped() -> Iterator[tuple[str, object]]:
    for kind in catalog.KINDS:
        for id_ in catalog.ids(kind):
            yield f"{kind}.{id_}", catalog.load(kind, id_)
    for name in presets():
        yield name, load(name).asked
    for name in allocation_presets():
        yield name, load_allocation(name).asked
    for strategy in load_strategies([], load("loi-2025-09")):
        yield strategy.name, strategy.scenario.asked


@pytest.mark.parametrize("cls", all_records(), ids=lambda cls: cls.__name__)
def test_every_number_has_a_range(cls: type) -> None:
    """faults K9: of all records that a file is read into; a share is bounded by its unit."""
    hints, known = get_type_hints(cls), ranges(cls)
    for entry in fields(cls):
        suffix = units.split(entry.name)[1] or (entry.name if entry.name in units.BARE else "")
        kinds = {hints[entry.name], *get_args(hints[entry.name])} & {int, float, str, Course}
        if suffix not in ("", "frac") and kinds:
            assert entry.name in known, entry.name


@pytest.mark.parametrize("cls", all_records(), ids=lambda cls: cls.__name__)
def test_ranges_are_in_order_and_in_their_unit(cls: type) -> None:
    for name, plausible in ranges(cls).items():
        suffix = units.split(name)[1] or (name if name in units.BARE else "")
        least, low, high, most = bounds(plausible, suffix)
        assert least <= low < high <= most, name
        if suffix not in units.SIGNED and suffix != "date":
            assert least >= 0, name


def test_all_that_ships_is_inside() -> None:
    told = [str(fault) for path, record in shipped() for fault in (*refused(record, path), *named(record, path))]
    assert told == []


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    power_w: Annotated[float, Plausible("1 kW", "1 MW", zero=True)] = 1e4
    price_usd: Annotated[float | None, Plausible("100 USD", "1 million USD", most="1 billion USD")] = None
    turn_deg: Annotated[float, Plausible("-90 deg", "90 deg", least="-180 deg", most="180 deg")] = 0.0
    lag_count: Annotated[int, Plausible(1, 12, least=1)] = 1
    made_date: Annotated[str, Plausible(2000, 2050, least=1990, most=2100)] = "2026Q3"
    ramp_w: Annotated[Course | None, Plausible("1 kW", "1 MW")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    parts: Mapping[str, Part]
    rows: tuple[Part, ...] = ()


def told(record: object) -> tuple[list[str], list[str]]:
    """Paths that are refused, and paths that are named."""
    return [fault.path for fault in refused(record, "x")], [fault.path for fault in named(record, "x")]


class TestOneValue:
    @pytest.mark.parametrize(
        ("changed", "refuses", "names"),
        [
            ({}, [], []),
            ({"power_w": 0.0}, [], []),
            ({"power_w": 1e3}, [], []),
            ({"power_w": 999.0}, [], ["x.power"]),
            ({"power_w": 0.09}, ["x.power"], []),
            ({"power_w": 1.1e6}, [], ["x.power"]),
            ({"power_w": 1.1e10}, ["x.power"], []),
            ({"power_w": float("nan")}, [], []),
            ({"price_usd": 0.0}, ["x.price"], []),
            ({"price_usd": 2e9}, ["x.price"], []),
            ({"price_usd": 9e8}, [], ["x.price"]),
            ({"turn_deg": -100.0}, [], ["x.turn"]),
            ({"turn_deg": -181.0}, ["x.turn"], []),
            ({"lag_count": 0}, ["x.lag"], []),
            ({"lag_count": 13}, [], ["x.lag"]),
            ({"made_date": "1000Q1"}, ["x.made"], []),
            ({"made_date": "2051-01-01"}, [], ["x.made"]),
            ({"made_date": "soon"}, [], []),
            ({"ramp_w": Course(periods=("0000Q1",), values=(1.0,))}, [], ["x.ramp"]),
            ({"ramp_w": Course(periods=("2026Q3", "2027Q1"), values=(1e4, 1e-3))}, ["x.ramp.2027Q1"], []),
            ({"ramp_w": Course(periods=("1026Q3", "2027Q1"), values=(1e4, 1e4))}, ["x.ramp.1026Q3"], []),
        ],
    )
    def test_is_inside_named_or_refused(self, changed: dict[str, Any], refuses: list[str], names: list[str]) -> None:
        assert told(replace(Part(), **changed)) == (refuses, names)

    def test_says_what_is_plausible_and_what_the_limit_is(self) -> None:
        (fault,) = refused(Part(price_usd=3.7e-5), "x")
        assert str(fault) == "x.price = 3.7e-05 USD: expected at least 0.01 USD; plausible is 100 USD to 1 million USD"
        (fault,) = named(Part(power_w=5.0), "x")
        assert (fault.given, fault.expected) == ("5 W", "1 kW to 1 MW")

    def test_has_the_path_of_the_table_that_it_is_in(self) -> None:
        bad = Part(power_w=5.0)
        assert told(Whole(parts={"one": Part(), "other": bad}, rows=(Part(), bad))) == (
            [],
            ["x.parts.other.power", "x.rows[1].power"],
        )
