"""A folder of the reader's own, which GIGAWATT_CATALOG names, adds to the catalog."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gigawatt.catalog import load
from gigawatt.errors import CatalogError, ScenarioError
from gigawatt.scenario.load import load as scenario
from gigawatt.study import verbs

CHIP = """
name = "{name}"
vendor = "Example"
architecture = "example"
first_ship = "2027-01-01"
grade = "assumed"
packages_per_rack = 64
dies_per_package = 2
scale_up_packages = 64
fp4 = "20 PFLOPS"
hbm_capacity = "384 GB"
hbm_bandwidth = "12 TB/s"
scale_up_bandwidth = "1.5 TB/s"
nic_bandwidth = "100 GB/s"
"""


def forget() -> None:
    for cached in (load._loaded, load.later_days, load._names, load._files):
        cached.cache_clear()


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty catalog folder that is in force; the shipped catalog alone is in force again afterwards."""
    (tmp_path / "accelerators").mkdir()
    monkeypatch.setenv(load.OWN_FOLDER, str(tmp_path))
    forget()
    yield tmp_path
    monkeypatch.undo()
    forget()


def test_a_file_adds_a_part(own: Path) -> None:
    shipped = load.ids("accelerators")
    (own / "accelerators" / "example-x1.toml").write_text(CHIP.format(name="Example X1"))
    forget()
    assert set(load.ids("accelerators")) - set(shipped) == {"example-x1"}
    assert load.get("accelerators", "EXAMPLE x1").packages_per_rack_count == 64
    assert "example-x1" in [row.id for row in verbs.catalog_list("accelerators").catalog["accelerators"]]
    assert load.ids("sites"), "kinds without an own folder are as shipped"


@pytest.mark.parametrize("day", ['"2026-05-01"', "2026-05-01"])
def test_the_day_of_a_part_may_stand_below_its_grade_and_be_written_bare(own: Path, day: str) -> None:
    later = f'[[later]]\nknown = {day.replace("05", "06")}\ngrade = "assumed"\nfp4 = "30 PFLOPS"\n'
    text = f"{CHIP.format(name='Example X1')}known = {day}\n{later}"
    (own / "accelerators" / "example-x1.toml").write_text(text)
    forget()
    for asked, is_there in (("2026-04-30", False), ("2026-05-01", True), (None, True)):
        with load.known_by(asked):
            assert ("example-x1" in load.ids("accelerators")) is is_there
    for asked, flops in (("2026-05-31", 20e15), ("2026-06-01", 30e15), (None, 30e15)):
        with load.known_by(asked):
            assert load.get("accelerators", "example-x1").fp4_flops == flops
    with load.known_by("2026-04-30"), pytest.raises(CatalogError, match="known from 2026-05-01"):
        load.get("accelerators", "Example X1")


def test_a_namesake_takes_the_place_of_the_shipped_file(own: Path) -> None:
    (own / "accelerators" / "h100.toml").write_text(CHIP.format(name="NVIDIA H100"))
    assert load.get("accelerators", "h100").vendor == "Example"


def test_a_name_that_is_taken_is_refused(own: Path) -> None:
    (own / "accelerators" / "mine.toml").write_text(CHIP.format(name="H100"))
    with pytest.raises(CatalogError, match="no name of"):
        load.get("accelerators", "h100")


def test_a_broken_file_is_named(own: Path) -> None:
    (own / "accelerators" / "mine.toml").write_text(CHIP.format(name="Mine").replace("384 GB", "384 kW"))
    with pytest.raises(CatalogError, match=r"mine\.toml: hbm_capacity"):
        verbs.catalog_list("accelerators")


def test_a_name_that_is_taken_is_told_of_the_own_file_by_every_door(own: Path) -> None:
    """faults K12: `check` blamed the shipped file, later in the alphabet, and `catalog list` was silent."""
    (own / "accelerators" / "a-chip.toml").write_text(CHIP.format(name="H100 SXM"))
    for door in (lambda: verbs.catalog_list("accelerators"), lambda: load.get("accelerators", "h100")):
        with pytest.raises(CatalogError) as caught:
            door()
        (fault,) = caught.value.faults
        assert (fault.path, fault.expected) == ("a-chip.toml: name or aliases", "no name of h100")


def test_a_file_has_its_own_id(own: Path) -> None:
    """faults K12: a file that states another part's id was listed under one name and shown as the other."""
    (own / "accelerators" / "mine.toml").write_text('id = "h100"\n' + CHIP.format(name="Mine"))
    with pytest.raises(CatalogError, match=r'mine\.toml: id = "h100": expected "mine", the name of the file'):
        load.ids("accelerators")


@pytest.mark.parametrize("stem", ["<b>x<", "+1", "-x", "größe", "x" * 81])
def test_names_of_files_follow_the_rule_of_names(own: Path, stem: str) -> None:
    """faults K12"""
    (own / "accelerators" / f"{stem}.toml").write_text(CHIP.format(name="Mine"))
    with pytest.raises(CatalogError, match=r"id = .*a file named with letters of ASCII"):
        load.ids("accelerators")


def test_a_pipe_in_the_folder_is_told(own: Path) -> None:
    """faults K8"""
    os.mkfifo(own / "accelerators" / "mine.toml")
    with pytest.raises(CatalogError, match=r"mine\.toml = a pipe or a device: expected a readable TOML file"):
        load.ids("accelerators")


@pytest.mark.parametrize("folder", ["nowhere", "empty"])
def test_a_folder_without_catalog_files_is_refused(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    forget()
    monkeypatch.setenv(load.OWN_FOLDER, str(tmp_path / folder))
    with pytest.raises(CatalogError, match="GIGAWATT_CATALOG"):
        load.ids("sites")
    monkeypatch.undo()
    forget()


def test_no_folder_is_the_shipped_catalog(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(load.OWN_FOLDER, "")
    forget()
    assert "h100" in load.ids("accelerators")
    forget()


def test_a_broken_file_is_said_once_by_every_door(own: Path) -> None:
    (own / "accelerators" / "mine.toml").write_text(CHIP.format(name="Mine").replace("384 GB", "384 kW"))
    with pytest.raises(ScenarioError) as caught:
        scenario("one-campus")
    assert [fault.path for fault in caught.value.faults] == ["mine.toml: hbm_capacity"]
    with pytest.raises(CatalogError, match=r"mine\.toml: hbm_capacity"):
        verbs.catalog_show("h100")
