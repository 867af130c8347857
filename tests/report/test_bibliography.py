"""Where numbers come from: values beside their paths, sources once, names found or nearly."""

from __future__ import annotations

import json

import pytest

from gigawatt.catalog import load as catalog
from gigawatt.errors import CatalogError
from gigawatt.scenario.load import load
from gigawatt.study import bibliography


@pytest.mark.parametrize("name", ["one-campus", "loi-2025-09"])
def test_every_number_has_its_value(name: str) -> None:
    scenario = load(name)
    found = bibliography.numbers(scenario)
    json.dumps(found, allow_nan=False)
    assert len(found["numbers"]) == len(scenario.evidence) == sum(found["grades"].values())
    assert [row["path"] for row in found["numbers"] if row["value"] is None] == []


def test_values_are_those_of_the_records() -> None:
    rows = {row["path"]: row for row in bibliography.numbers(load("one-campus"))["numbers"]}
    assert rows["programme.target_w"]["value"] == 100e6
    assert rows["catalog.accelerators.gb300.rack_power_w"]["value"] == 132e3
    assert rows["catalog.accelerators.gb300.rack_power_w"]["unit"] == "w"
    assert rows["pools.blackwell.supply_count"]["value"]["2026Q3"] == pytest.approx(
        load("one-campus").asked.pools["blackwell"].supply_count.values[0]
    )
    source = rows["catalog.accelerators.gb300.fp4_flops"]["source"]
    assert set(source) == {"url", "date", "title"}


def test_sources_stand_once() -> None:
    scenario = load("loi-2025-09")
    found = bibliography.numbers(scenario)["sources"]
    keys = [(source["title"], source["url"], source["date"]) for source in found]
    assert len(keys) == len(set(keys))
    assert sum(source["numbers_count"] for source in found) == sum(
        evidence.source is not None for evidence in scenario.evidence.values()
    )


def test_listing_holds_the_whole_catalog() -> None:
    found = bibliography.listing()["catalog"]
    assert {kind: [row["id"] for row in rows] for kind, rows in found.items()} == {
        kind: catalog.ids(kind) for kind in catalog.KINDS
    }
    assert list(bibliography.listing("sites")["catalog"]) == ["sites"]


def test_an_unknown_kind_says_which_there_are() -> None:
    with pytest.raises(CatalogError, match='did you mean "models"'):
        bibliography.listing("model")


@pytest.mark.parametrize("name", ["GB300", "abilene", "DeepSeek-R1", "dry_cooler", "llama-3.1-70b"])
def test_an_entry_is_found_under_its_names(name: str) -> None:
    found = bibliography.entry(name)
    json.dumps(found, allow_nan=False)
    assert found["numbers"]
    assert all(row["value"] is not None for row in found["numbers"])


def test_a_name_that_is_nearly_right() -> None:
    with pytest.raises(CatalogError, match="gb300-nvl72"):
        bibliography.entry("gb-300-nvl-7")
    with pytest.raises(CatalogError, match="gigawatt catalog list"):
        bibliography.entry("zzzzzzzz")
