"""A result on disk: whose folder it is, and whether it is as it was written."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import gigawatt as gw
from gigawatt.errors import OutputError, ScenarioError
from gigawatt.study import files
from gigawatt.study.answer import plain
from gigawatt.study.files import sealed
from gigawatt.study.result import Result, check_out, load
from gigawatt.study.run.answer import answer_of


@pytest.fixture(scope="module")
def result() -> Result:
    return gw.run("one-campus", {"horizon.report_end": "2027Q4", "horizon.end": "2028Q2"})


@pytest.fixture
def saved(result: Result, tmp_path: Path) -> Path:
    return result.save(tmp_path / "saved")


def tree(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.mark.parametrize("marker", ["", "{", "[]", "{}", '{"kind": "result"}', '{"kind": "result", "files": 3}'])
def test_a_marker_of_anyone_makes_no_result(result: Result, tmp_path: Path, marker: str) -> None:
    """faults K1: a folder that holds a file result.json of anyone's and a subfolder."""
    folder = tmp_path / "p"
    (folder / "thesis").mkdir(parents=True)
    (folder / "thesis" / "chapter.txt").write_text("years of work")
    (folder / "result.json").write_text(marker)
    before = tree(tmp_path)
    with pytest.raises(OutputError, match="a folder with other files") as caught:
        result.save(folder)
    assert "thesis" in str(caught.value)
    assert tree(tmp_path) == before
    assert (folder / "thesis" / "chapter.txt").read_text() == "years of work"


@pytest.mark.parametrize("name", ["notes.txt", "csv/mine.csv", "deep/er", ".hidden", "link"])
def test_what_a_user_adds_to_a_result_is_kept(result: Result, saved: Path, name: str) -> None:
    """faults K1: a result to which a user added a file, a folder or a link is no longer ours alone."""
    place = saved / name
    place.parent.mkdir(exist_ok=True)
    if name == "link":
        place.symlink_to(saved / "plan.nc")
    else:
        place.write_text("mine")
    before = tree(saved)
    with pytest.raises(OutputError, match=name.partition("/")[0]):
        result.save(saved)
    assert tree(saved) == before


def test_a_link_to_a_result_leads_to_it(result: Result, saved: Path, tmp_path: Path) -> None:
    """faults K1: the folder behind a link is held to the same, and the link stays."""
    (tmp_path / "link").symlink_to(saved)
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "x").write_text("mine")
    (tmp_path / "other").symlink_to(tmp_path / "theirs")
    result.save(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert plain(answer_of(load(saved))) == plain(answer_of(result))
    with pytest.raises(OutputError, match="other files"):
        result.save(tmp_path / "other")


def test_where_no_folder_can_be(saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """faults K1: a file, a name that is too long, a link that leads to itself, the folder where one is."""
    (tmp_path / "round").symlink_to(tmp_path / "round")
    for path in (saved / "plan.nc", saved / "plan.nc" / "x", tmp_path / ("x" * 300), tmp_path / "round"):
        with pytest.raises(OutputError, match="out = "):
            check_out(path)
    monkeypatch.chdir(saved / "..")
    with pytest.raises(OutputError, match="where you are"):
        check_out(tmp_path)
    monkeypatch.setattr(files.os, "access", lambda *_: False)
    with pytest.raises(PermissionError):  # of the machine, not of the question: the door ends with 74
        check_out(tmp_path / "new")
    with pytest.raises(PermissionError):
        files.check_file(tmp_path / "new.csv", "predictions", lambda _: True)
    assert plain(answer_of(load(saved)))


def test_an_earlier_result_that_lacks_a_file_is_still_ours(result: Result, saved: Path) -> None:
    (saved / "accounts.nc").unlink()
    result.save(saved)
    assert (saved / "accounts.nc").is_file()


def scaled(variable: str, factor: float) -> Callable[[Path], None]:
    def change(file: Path) -> None:
        with xr.open_dataset(file, engine="h5netcdf") as opened:
            data = opened.load()
        data[variable] = data[variable] * factor
        data.to_netcdf(file, engine="h5netcdf", invalid_netcdf=False)

    return change


def without(variable: str) -> Callable[[Path], None]:
    def change(file: Path) -> None:
        with xr.open_dataset(file, engine="h5netcdf") as opened:
            data = opened.load()
        data.drop_vars(variable).to_netcdf(file, engine="h5netcdf", invalid_netcdf=False)

    return change


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("plan.nc", scaled("facility_w", 10.0)),
        ("plan.nc", scaled("facility_w", np.nan)),
        ("timeline.nc", scaled("stock_count", -1.0)),
        ("inputs.nc", without("ramp_w")),
        ("outages.nc", Path.unlink),
        ("scenario.toml", lambda file: file.write_text(file.read_text() + "\n# mine\n")),
        ("accounts.nc", lambda file: file.write_bytes(file.read_bytes()[:-100])),
    ],
)
def test_data_that_was_changed_is_not_believed(saved: Path, name: str, change: Callable[[Path], None]) -> None:
    """faults K11, K8: power × 10, NaN, a negative stock, a variable less, a file less; the fault names the file."""
    change(saved / name)
    with pytest.raises(ScenarioError) as caught:
        load(saved)
    assert [Path(fault.path).name for fault in caught.value.faults] == [name]


@pytest.mark.parametrize(
    "change",
    [
        lambda stored: stored["plan"].update(objective=1e12),
        lambda stored: stored["plan"].update(objective=float("nan")),
        lambda stored: stored["provenance"].update(seed="7"),
        lambda stored: stored.update(notes=[]),
        lambda stored: stored["files"].pop("plan.nc"),
        lambda stored: stored.update(digest=None),
    ],
)
def test_figures_that_were_changed_are_not_believed(saved: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """faults K11: the numbers in result.json itself."""
    stored = json.loads((saved / "result.json").read_text())
    change(stored)
    (saved / "result.json").write_text(json.dumps(stored))
    with pytest.raises(ScenarioError, match=r"result\.json"):
        load(saved)


@pytest.mark.parametrize("text", ["", "[]", "[1", "3", "[" * 100_000, '{"kind": "result"}', "\x00", "1" * 10_000])
def test_a_marker_that_is_no_marker(saved: Path, text: str) -> None:
    """faults K8: any text in place of result.json is a fault with its path."""
    (saved / "result.json").write_text(text)
    with pytest.raises(ScenarioError, match=r"result\.json"):
        load(saved)


@pytest.mark.parametrize(("made", "readable"), [("99.0.0", False), ("0.99.1", False), ("0.0.9", True)])
def test_a_result_of_a_later_version_is_refused(saved: Path, made: str, readable: bool) -> None:
    """faults K11: what a later version writes may mean something else; an earlier one is read."""
    stored = json.loads((saved / "result.json").read_text())
    stored.pop("digest")
    stored["provenance"]["gigawatt"] = made
    (saved / "result.json").write_text(sealed(stored))
    if readable:
        assert load(saved).provenance["gigawatt"] == made
        return
    with pytest.raises(ScenarioError, match=f"made by gigawatt {made}"):
        load(saved)


@pytest.mark.parametrize("clock", ["{}", "[]", "{", '{"wall_s": 1, "more": 2}'])
def test_a_clock_that_is_none(saved: Path, clock: str) -> None:
    """faults K8: clock.json is under no digest, for it differs from run to run; nonsense in it is a fault."""
    (saved / "clock.json").write_text(clock)
    with pytest.raises(ScenarioError, match="saved"):
        load(saved)


def test_a_result_with_files_of_hours_opens_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """users 13: what a scenario names lies beside it, and a saved result still knows where that is."""
    hours = [f"{(datetime(2025, 1, 1) + timedelta(hours=n)).isoformat(' ')}+00:00,{n % 24}.0" for n in range(8760)]
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "prices.csv").write_text("\n".join(["time,usd_mwh", *hours]) + "\n")
    sites = '[sites.example-campus]\nprice_file = "prices.csv"\n[horizon]\nreport_end = "2026Q4"\nend = "2027Q2"\n'
    (tmp_path / "plans" / "mine.toml").write_text('extends = "one-campus"\n' + sites)
    monkeypatch.chdir(tmp_path)
    found = gw.run("plans/mine.toml")
    found.save("out")
    monkeypatch.chdir("/")
    assert load(tmp_path / "out").scenario.hash == found.scenario.hash


def test_a_result_that_moves_is_the_same(saved: Path, tmp_path: Path, result: Result) -> None:
    shutil.copytree(saved, tmp_path / "copy")
    assert plain(answer_of(load(tmp_path / "copy"))) == plain(answer_of(result))
