"""What fits a type as it stands is made without pydantic, and is what pydantic makes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, Literal

import pytest
from pydantic import TypeAdapter, ValidationError

from gigawatt.catalog import load as catalog
from gigawatt.catalog.fitting import hints_of, maker, plain_of
from gigawatt.catalog.tables import record_of
from gigawatt.scenario.load import load, presets
from gigawatt.scenario.schema import Asked

UNFIT = (TypeError, ValueError, KeyError, OverflowError)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leaf:
    size_w: Annotated[float, "a range"]
    kind: Literal["round", "square"] = "round"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tree:
    leaves: tuple[_Leaf, ...] = ()
    first: _Leaf | None = None
    pair: tuple[str, float] = ("", 0.0)
    names: Mapping[str, int] = field(default_factory=dict)
    evergreen: bool = False
    said: str | float | None = None
    evidence: Mapping[str, str] = field(default_factory=dict)


@pytest.mark.parametrize("kind", catalog.KINDS)
def test_every_record_of_the_catalog_is_made_as_pydantic_makes_it(kind: str) -> None:
    cls = catalog.KINDS[kind]
    for id_ in catalog.ids(kind):
        plain = asdict(catalog.get(kind, id_))
        made = maker(cls)(plain)
        assert made == TypeAdapter(cls).validate_python(plain) == catalog.get(kind, id_), id_
        assert repr(made) == repr(catalog.get(kind, id_)), id_


@pytest.mark.parametrize("name", presets())
def test_every_preset_is_made_as_pydantic_makes_it(name: str) -> None:
    asked = load(name).asked
    assert repr(maker(Asked)(asdict(asked))) == repr(asked)


WELL = [
    {},
    {"leaves": [{"size_w": 1}, {"size_w": 2.5, "kind": "square"}]},
    {"first": {"size_w": float("inf")}, "pair": ["a", 1], "names": {"oak": 3}, "evergreen": True},
    {"first": _Leaf(size_w=1.0)},
    {"first": None},
    {"said": "old"},
    {"said": 3},
]


@pytest.mark.parametrize("plain", WELL)
def test_what_fits_is_made_the_same(plain: dict[str, Any]) -> None:
    assert repr(maker(_Tree)(plain)) == repr(TypeAdapter(_Tree).validate_python(plain))


ODD = [
    {"leaves": [{"size_w": "1"}]},
    {"leaves": [{"kind": "round"}]},
    {"leaves": {"size_w": 1.0}},
    {"leaves": [{"size_w": 1.0, "kind": "oval"}]},
    {"leaves": [{"size_w": 10**400}]},
    {"first": {"size_w": 1.0, "colour": "green"}},
    {"first": {"size_w": True}},
    {"pair": ["a"]},
    {"pair": "ab"},
    {"names": {"oak": 3.5}},
    {"names": {"oak": True}},
    {"names": [("oak", 3)]},
    {"evergreen": 1},
    {"height": 3},
    {"said": []},
    [],
]


@pytest.mark.parametrize("plain", ODD)
def test_what_does_not_fit_is_left_to_pydantic(plain: Any) -> None:
    """Where it sees how to take it, as "1" for a number, it does; else it says what is wrong."""
    with pytest.raises(UNFIT):
        maker(_Tree)(plain)
    assert _answer(record_of, plain) == _answer(lambda cls, data: TypeAdapter(cls).validate_python(data), plain)


def _answer(read: Callable[[type, Any], Any], plain: Any) -> Any:
    try:
        return repr(read(_Tree, plain))
    except ValidationError as error:
        return error.errors(include_url=False)


def test_annotations_are_no_part_of_a_type() -> None:
    assert hints_of(_Leaf) == {"size_w": float, "kind": Literal["round", "square"]}


def test_plain_data_is_that_of_dataclasses_with_or_without_evidence() -> None:
    tree = _Tree(leaves=(_Leaf(size_w=1.0),), first=_Leaf(size_w=2.0), names={"oak": 3}, evidence={"pair": "assumed"})
    expected = asdict(tree)
    assert plain_of(tree) == expected
    assert [*plain_of(tree)] == [*expected]
    del expected["evidence"]
    assert plain_of(tree, evidence=False) == expected


def test_plain_data_of_what_a_scenario_asks_is_that_of_dataclasses() -> None:
    asked = load("three-sites").asked
    assert plain_of(asked) == asdict(asked)
