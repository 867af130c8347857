"""Versions and datasets of FOCUS by their columns, held against the tables of the specification."""

import json
from pathlib import Path

import pytest

from gigawatt.readers import focus_columns as columns


@pytest.fixture(scope="module")
def v12(data_dir: Path) -> dict[str, dict[str, str]]:
    return json.loads((data_dir / "schemas" / "focus_columns_v1_2.json").read_text())


@pytest.fixture(scope="module")
def v14(data_dir: Path) -> dict[str, dict[str, dict[str, dict[str, str]]]]:
    return json.loads((data_dir / "schemas" / "focus_columns_v1_4.json").read_text())["datasets"]


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2"])
def test_old_headers_are_told_by_their_newest_column(v12: dict[str, dict[str, str]], version: str) -> None:
    header = [name for name, of in v12.items() if of["introduced"].split("-")[0] <= version]
    assert len(header) == {"1.0": 43, "1.1": 50, "1.2": 57}[version]
    assert columns.version_of(header) == version
    assert columns.missing(header, version) == []
    mandatory = {name for name, of in v12.items() if of["feature"] == "Mandatory"}
    assert set(columns.missing([], version)) == mandatory


def test_1_3_has_old_and_new_parties(v12: dict[str, dict[str, str]]) -> None:
    header = [*v12, *columns.INTRODUCED["1.3"]]
    assert len(header) == 65
    assert columns.version_of(header) == "1.3"
    assert columns.missing(header, "1.3") == []


def test_1_4_is_told_by_what_it_adds_or_takes_away(v14: dict[str, dict[str, dict[str, dict[str, str]]]]) -> None:
    of = v14["Cost and Usage"]["columns"]
    assert columns.version_of(of) == "1.4"
    mandatory = [name for name, column in of.items() if column["feature_level"] == "Mandatory"]
    assert columns.version_of(mandatory) == "1.4"
    assert set(columns.missing([], "1.4")) == set(mandatory)


def test_the_other_datasets_are_known_by_name(v14: dict[str, dict[str, dict[str, dict[str, str]]]]) -> None:
    found = {name: columns.other_dataset(dataset["columns"]) for name, dataset in v14.items()}
    assert found.pop("Cost and Usage") == ""
    assert found == {name: name.lower() for name in found}


def test_the_contract_commitments_of_1_3_are_known() -> None:
    assert columns.other_dataset(["contractcommitmentid", "contractcommitmenttype"]) == "contract commitment"


def test_names_in_other_letters_are_those_of_the_specification() -> None:
    assert columns.canonical(["billedcost", "SKUMETER", "x_site", "Other"]) == [
        "BilledCost",
        "SkuMeter",
        "x_site",
        "Other",
    ]
