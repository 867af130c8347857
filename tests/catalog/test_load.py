"""The catalog as shipped, and how a thing is found in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path as FilePath
from typing import Any

import pytest

from gigawatt.catalog import load
from gigawatt.catalog.records import Accelerator
from gigawatt.errors import CatalogError
from gigawatt.quarters import Course

FILES = [(kind, id_) for kind in load.KINDS for id_ in load.ids(kind)]

PART = """
name = "{name}"
vendor = "Example"
architecture = "example"
aliases = ["{alias}"]
first_ship = "2026-07-01"
grade = "assumed"
packages_per_rack = 8
dies_per_package = 1
scale_up_packages = 8
fp8 = "5 PFLOPS"
hbm_capacity = "288 GB"
hbm_bandwidth = "8 TB/s"
scale_up_bandwidth = "900 GB/s"
nic_bandwidth = "50 GB/s"
rack_power = "14 kW"
"""


def number_paths(record: Any, path: str = "") -> Iterator[str]:
    """Dotted paths of the numbers of a record that its file states: all but those left at their defaults."""
    for entry in fields(record):
        value, here = getattr(record, entry.name), f"{path}{entry.name}"
        if entry.name == "evidence":
            continue
        if isinstance(value, Course) or (is_number(value) and not at_default(entry, value)):
            yield here
        elif is_dataclass(value):
            yield from number_paths(value, f"{here}.")
        elif isinstance(value, tuple | Mapping):
            entries = value.items() if isinstance(value, Mapping) else enumerate(value)
            rows = [(n, row) for n, row in entries if is_dataclass(row)]
            for n, row in rows:
                yield from number_paths(row, f"{here}.{n}.")


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def at_default(entry: Field[Any], value: object) -> bool:
    return entry.default is not MISSING and value == entry.default


@pytest.mark.parametrize(("kind", "id_"), FILES)
class TestEveryFile:
    def test_loads_under_its_own_name(self, kind: str, id_: str) -> None:
        assert load.load(kind, id_).id == id_

    def test_every_number_has_evidence(self, kind: str, id_: str) -> None:
        record = load.load(kind, id_)
        numbers = set(number_paths(record))
        assert numbers
        assert numbers <= set(record.evidence)

    def test_every_source_has_an_address_and_a_date(self, kind: str, id_: str) -> None:
        for path, evidence in load.load(kind, id_).evidence.items():
            assert evidence.grade in ("derived", "assumed") or evidence.source, path
            if evidence.source:
                nowhere = kind in ("rents", "history") and evidence.source.title  # offers and reports in print
                assert evidence.source.url.startswith(("https://", "http://")) or nowhere, path
                assert re.fullmatch(r"\d{4}(-\d{2}){0,2}", evidence.source.date), path

    def test_is_found_by_every_name_however_written(self, kind: str, id_: str) -> None:
        record = load.load(kind, id_)
        names = {id_, getattr(record, "name", id_), *getattr(record, "aliases", ())}
        vendor = getattr(record, "vendor", "").split(" ")[0]
        prefix = f"{vendor} " if vendor.lower() in load._VENDORS else ""
        for name in names:
            for written in (name, name.upper(), f"  {prefix}{name}. ", name.replace("-", "_").replace(" ", "-")):
                assert load.get(kind, written) is record, written


def test_the_catalog_is_not_empty() -> None:
    assert {"accelerators", "models", "sites", "cooling"} <= {kind for kind, _ in FILES}


class TestNames:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("NVIDIA H100-SXM", "h100 sxm"),
            ("nvidia/H100_SXM", "H100SXM"),
            ("meta-llama/Llama-3.1-70B", "llama31_70b"),
            ("Doña Ana", "dona_ana"),
            ("Google (Ironwood)", "ironwood"),
        ],
    )
    def test_case_punctuation_accents_organisation_and_vendor_do_not_matter(self, one: str, other: str) -> None:
        assert load.normalise(one) == load.normalise(other)

    @pytest.mark.parametrize(
        ("one", "other"), [("H100", "H200"), ("Llama 3.1 8B", "Llama 3.1 70B"), ("V3", "R1"), ("1.7B", "17B")]
    )
    def test_different_things_stay_apart(self, one: str, other: str) -> None:
        assert load.normalise(one) != load.normalise(other)

    def test_an_unknown_name_is_told_the_nearest(self) -> None:
        with pytest.raises(CatalogError) as caught:
            load.get("accelerators", "GB30O NVL72")
        (fault,) = caught.value.faults
        assert (fault.path, fault.given) == ("accelerators", '"GB30O NVL72"')
        assert "gb300-nvl72" in fault.expected

    @pytest.mark.parametrize("name", ["", "!?", "zzzzzzzz", "../../etc/passwd", "x" * 10_000])
    def test_an_impossible_name_is_told_some(self, name: str) -> None:
        with pytest.raises(CatalogError, match="a name in the catalog, such as") as caught:
            load.get("models", name)
        assert len(str(caught.value)) < 250


class TestOnesOwnFiles:
    @pytest.fixture
    def kind(self, tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch) -> str:
        """A kind of accelerators whose folder is the test's own."""
        kind = tmp_path.name
        monkeypatch.setitem(load.KINDS, kind, Accelerator)
        monkeypatch.setitem(load._FOLDERS, kind, str(tmp_path))
        return kind

    def test_one_file_is_a_new_accelerator(self, tmp_path: FilePath, kind: str) -> None:
        file = tmp_path / "x1.toml"
        file.write_text(PART.format(name="Example X1", alias="X-One"))
        part = load.read_file(Accelerator, file)
        assert (part.id, part.rack_power_w, part.evidence["rack_power_w"].grade) == ("x1", 14e3, "assumed")
        assert load.ids(kind) == ["x1"]
        assert load.get(kind, "x one") == part

    def test_two_files_with_one_name_are_a_fault(self, tmp_path: FilePath, kind: str) -> None:
        (tmp_path / "x1.toml").write_text(PART.format(name="Example X1", alias="X"))
        (tmp_path / "x2.toml").write_text(PART.format(name="Example X2", alias="x."))
        with pytest.raises(CatalogError, match="expected no name of x1"):
            load.get(kind, "x1")
