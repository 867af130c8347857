"""A result outlives the catalog, the files and the layout that it was made with: it opens, and says what is new."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import gigawatt as gw
from gigawatt.catalog import load as catalog
from gigawatt.errors import ScenarioError
from gigawatt.report.documents.simulation import simulated
from gigawatt.scenario import kept
from gigawatt.scenario.drift import drift as catalog_drift
from gigawatt.scenario.load import load as scenario_named
from gigawatt.scenario.load import loads, reread
from gigawatt.scenario.resolve import resolved
from gigawatt.scenario.schema import Scenario
from gigawatt.scenario.strategy import load_strategies
from gigawatt.study import drift, verbs
from gigawatt.study.check.answer import outline
from gigawatt.study.files import sealed, sha256, unsealed
from gigawatt.study.futures.sweep import notes as sweep_notes
from gigawatt.study.opened import scenario_of
from gigawatt.study.result import Result, datasets, load
from gigawatt.study.simulation.opening import opened as opened_simulation
from gigawatt.study.simulation.question import SimulationQuestion
from gigawatt.study.sources.answer import rests_on

FIXTURES = Path(__file__).parent / "fixtures"
FIRST, EARLIER = "first-layout", "before-catalog-change"
PRICE = "catalog.accelerators.gb300.rack_price_usd"
PART = Path(__file__).parents[2] / "src/gigawatt/catalog/accelerators/gb300-nvl72.toml"
STATED = 'rack_price = { value = "3.7 million USD"'


def unpacked(name: str, place: Path) -> Path:
    shutil.unpack_archive(FIXTURES / f"{name}.zip", place)
    return place / name


@pytest.fixture
def first(tmp_path: Path) -> Path:
    return unpacked(FIRST, tmp_path)


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    return unpacked(EARLIER, tmp_path)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """A result without a solve: that of the fixture, opened."""
    return load(unpacked(EARLIER, tmp_path_factory.mktemp("fixture")))


def forget() -> None:
    for cached in (catalog._loaded, catalog.later_days, catalog._names, catalog._files):
        cached.cache_clear()


@pytest.fixture
def other_catalog(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """What a test sets is in force from its `forget()` on, and the shipped catalog again afterwards."""
    yield monkeypatch
    monkeypatch.undo()
    forget()


def dearer(other_catalog: pytest.MonkeyPatch, folder: Path) -> None:
    """A catalog in which one price is 0.1 % more."""
    text = PART.read_text()
    assert STATED in text
    (folder / "own" / "accelerators").mkdir(parents=True)
    (folder / "own" / "accelerators" / PART.name).write_text(text.replace("3.7 million", "3.7037 million"))
    other_catalog.setenv(catalog.OWN_FOLDER, str(folder / "own"))
    forget()


def without_part(other_catalog: pytest.MonkeyPatch, folder: Path) -> None:
    """The shipped catalog, but for the part that the plan is made of."""
    shutil.copytree(PART.parents[1], folder / "shipped")
    (folder / "shipped" / "accelerators" / PART.name).unlink()
    other_catalog.setattr(catalog, "_shipped", lambda: folder / "shipped")
    forget()


def told(found: Result) -> dict[str, str]:
    return {note.path: note.text for note in found.notes if note.code == drift.CODE}


def same(one: Result, two: Result) -> None:
    assert one.scenario == two.scenario
    assert one.headline == two.headline
    assert one.accounts.values == two.accounts.values
    assert (one.timeline.summary, one.timeline.periods) == (two.timeline.summary, two.timeline.periods)
    assert (one.plan.worth, one.plan.binds, one.plan.objective) == (two.plan.worth, two.plan.binds, two.plan.objective)
    for name, data in datasets(one).items():
        xr.testing.assert_identical(data, datasets(two)[name])


def as_first(stored: dict[str, Any]) -> None:
    del stored["format"]


def later_layout(stored: dict[str, Any]) -> None:
    stored["format"] = 99


def resealed(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    stored = unsealed((folder / "result.json").read_text())
    change(stored)
    (folder / "result.json").write_text(sealed(stored))


def test_the_present_release_opens_the_first_layout(first: Path) -> None:
    """Values of the folder, evidence of the catalog: the same scenario that the preset is, as long as that stands."""
    stored = json.loads((first / "result.json").read_text())
    assert "format" not in stored
    found = load(first)
    assert found.scenario.hash == found.provenance["hash"] == stored["provenance"]["hash"]
    assert found.headline["installed_facility_w"] == pytest.approx(12446772.43046115, rel=1e-12)
    assert found.headline["npv_usd"] == pytest.approx(-359128683.9075544, rel=1e-9)
    assert found.scenario.records.accelerators["gb300"].rack_price_usd == 3.7e6
    assert found.scenario.asked == loads((first / "scenario.toml").read_text()).asked
    with xr.open_dataset(first / "statements.nc", engine="h5netcdf") as books:
        xr.testing.assert_allclose(found.accounts.statements, books.load(), rtol=1e-9)


def test_the_first_layout_opens_after_a_catalog_change(
    first: Path, tmp_path: Path, other_catalog: pytest.MonkeyPatch
) -> None:
    before = load(first)
    dearer(other_catalog, tmp_path)
    after = load(first)
    assert told(after)[PRICE] == (
        f"{PRICE}: 3.7 million USD when this was made, 3.704 million USD now; it counts as it was."
    )
    assert after.headline == before.headline
    assert after.scenario.records.accelerators["gb300"].rack_price_usd == 3.7e6
    # What is known of a number that has changed is not what was known of it then.
    assert before.scenario.evidence.keys() - after.scenario.evidence.keys() <= {PRICE}
    assert PRICE not in after.scenario.evidence


def test_a_result_from_before_a_catalog_change_opens(earlier: Path) -> None:
    found = load(earlier)
    assert found.scenario.records.accelerators["gb300"].rack_price_usd == 3.6e6
    assert found.scenario.evidence[PRICE].note == "before the catalog changed"
    assert told(found)[PRICE].startswith(f"{PRICE}: 3.6 million USD when this was made, ")
    assert found.headline["npv_usd"] == -351032190.1869128
    assert found.provenance["hash"] == found.scenario.hash == resolved_hash(earlier)


def resolved_hash(folder: Path) -> str:
    return str(json.loads((folder / "resolved.json").read_text())["hash"])


def test_what_is_saved_opens_equal_and_its_drift_is_not_saved(result: Result, tmp_path: Path) -> None:
    assert told(result)
    back = load(result.save(tmp_path / "again"))
    same(back, result)
    assert back.notes == result.notes
    assert drift.CODE not in (tmp_path / "again" / "result.json").read_text()


def test_accounts_are_read_and_not_made_anew(result: Result, tmp_path: Path) -> None:
    """A formula that has changed since changes no result."""
    values = replace(result.accounts.values, npv_usd=1.25)
    headline = replace(result.accounts.headline, npv_usd=1.25)
    odd = replace(result, accounts=replace(result.accounts, values=values, headline=headline))
    back = load(odd.save(tmp_path / "odd"))
    assert back.accounts.values == values
    assert back.headline["npv_usd"] == 1.25


def test_every_file_of_data_is_guarded(earlier: Path) -> None:
    files = [name for name, digest in json.loads((earlier / "result.json").read_text())["files"].items() if digest]
    assert {"resolved.json", "scenario.toml", "hours.nc", "classes.nc", "platforms.nc"} <= set(files)
    for name in files:
        before = (earlier / name).read_bytes()
        middle = len(before) // 2
        (earlier / name).write_bytes(before[:middle] + bytes([before[middle] ^ 1]) + before[middle + 1 :])
        with pytest.raises(ScenarioError) as caught:
            load(earlier)
        assert [Path(fault.path).name for fault in caught.value.faults] == [name]
        (earlier / name).write_bytes(before)
    assert load(earlier)


@pytest.mark.parametrize(
    "change",
    [
        lambda stored: stored["accounts"]["headline"].update(npv_usd=1e12),
        lambda stored: stored["accounts"]["values"].update(npv_usd=1e12),
        lambda stored: stored.pop("accounts"),
        later_layout,
        as_first,
    ],
)
def test_figures_of_the_marker_are_guarded(earlier: Path, change: Callable[[dict[str, Any]], None]) -> None:
    stored = json.loads((earlier / "result.json").read_text())
    change(stored)
    (earlier / "result.json").write_text(json.dumps(stored))
    with pytest.raises(ScenarioError, match=r"result\.json = changed after it was written"):
        load(earlier)


def test_a_later_layout_is_refused(earlier: Path) -> None:
    resealed(earlier, later_layout)
    with pytest.raises(
        ScenarioError, match=r"made by gigawatt 0\.1\.0 in layout \d+: expected .* or earlier; a later one reads it"
    ):
        load(earlier)


def test_a_layout_that_cannot_be_read_names_the_version_that_reads_it(first: Path) -> None:
    """As where a record has a field that this version must have, and the folder lacks it."""
    values = json.loads((first / "resolved.json").read_text())
    del values["records"]["accelerators"]["gb300"]["packages_per_rack_count"]
    rewritten(first, "resolved.json", json.dumps(values))
    with pytest.raises(
        ScenarioError, match=r"packages_per_rack_count.*: expected a whole result; gigawatt 0\.1\.0 made it"
    ):
        load(first)


def test_a_question_that_is_no_longer_lawful_names_the_version_that_reads_it(first: Path) -> None:
    text = (first / "scenario.toml").read_text()
    rewritten(first, "scenario.toml", text.replace('objective = "npv"', 'objective = "glory"'))
    with pytest.raises(ScenarioError) as caught:
        load(first)
    assert "an earlier layout, and objective = " in str(caught.value)
    assert "gigawatt 0.1.0 made it and reads it" in str(caught.value)


def rewritten(folder: Path, name: str, text: str) -> None:
    """A file of a result as if it had been written so."""
    (folder / name).write_text(text)
    resealed(folder, lambda stored: stored["files"].update({name: sha256(text.encode())}))


def test_records_that_are_gone_are_a_note(
    earlier: Path, first: Path, tmp_path: Path, other_catalog: pytest.MonkeyPatch
) -> None:
    without_part(other_catalog, tmp_path)
    with pytest.raises(ScenarioError, match=r"platforms\.gb300\.accelerator"):
        scenario_named("one-campus")
    gone = "catalog.accelerators.gb300"
    assert "no longer in the catalog" in told(load(first))[gone]
    answer = verbs.allocate(str(earlier), period="2026Q3")
    of_drift = [note.path for note in answer.head.notes if note.code == drift.CODE]
    new = ("calibrations", "all_in_power_w")  # what the catalog did not have when the result was made
    assert [path for path in of_drift if path != "catalog" and not any(word in path for word in new)] == [gone]
    scenario, saved = opened_simulation(SimulationQuestion(scenario=str(earlier), seed=5))
    assert saved is not None
    assert "no longer in the catalog" in told(saved)[gone]
    assert scenario.asked.seed == 5
    assert scenario.records == saved.scenario.records


def test_a_result_from_before_whole_runs_counts_steps_alone_and_says_so(result: Result) -> None:
    share = result.scenario.records.runs
    assert (share.explained_frac, share.growth_ratio) == (1.0, 0.0)
    changes = {change.path: change.then for change in catalog_drift(result.scenario).changes}
    assert changes["catalog.calibrations.runs.explained_frac"] == 1.0


def test_a_calibration_that_has_learned_more_since_has_its_new_numbers(earlier: Path) -> None:
    file = earlier / "resolved.json"
    plan = json.loads(file.read_text())["records"]["training"]
    found = load(earlier).scenario.records.training
    assert found.gemm_frac == plan["gemm_frac"]
    assert found.rows_count == plan["rows_count"]
    assert set(plan) <= set(found.__dataclass_fields__)


def test_a_catalog_that_cannot_be_read_is_one_note(earlier: Path, other_catalog: pytest.MonkeyPatch) -> None:
    other_catalog.setenv(catalog.OWN_FOLDER, str(earlier / "nowhere"))
    forget()
    found = told(load(earlier))
    assert list(found) == ["catalog"]
    assert "GIGAWATT_CATALOG" in found["catalog"]


def test_an_unchanged_catalog_is_no_note() -> None:
    for name in ("one-campus", "loi-2025-09"):
        assert drift.notes(scenario_named(name)) == []


def test_many_changes_are_counted() -> None:
    """Beyond the first ten; names and descriptions are no values."""
    scenario = scenario_named("one-campus")
    model = scenario.records.models["deepseek-r1"]
    blocks = tuple(
        replace(block, heads_count=block.heads_count + 1, ffn_count=block.ffn_count + 1) for block in model.blocks
    )
    other = replace(
        model, name="Another", description="of another day", blocks=blocks, hidden_count=1, vocabulary_count=1
    )
    parts = {
        key: replace(part, tdp_w=1.0, fp8_flops=1.0, fp4_flops=1.0)
        for key, part in scenario.records.accelerators.items()
    }
    records = replace(scenario.records, models={"deepseek-r1": other}, accelerators=parts)
    found = drift.notes(replace(scenario, records=records))
    changed = 2 * len(blocks) + 2 + 3 * len(parts)
    assert len(found) == drift.MOST_NOTES + 1
    assert found[-1].text.startswith(f"{changed - drift.MOST_NOTES} more values")
    assert all(note.text.startswith(f"{note.path}: ") for note in found[:-1])


def test_a_course_and_a_site_seen_otherwise() -> None:
    """A changed point of a ramp is named by its quarter; what the scenario itself sees otherwise is no drift."""
    over = {"sites.example-campus.power_price": "70 USD/MWh"}
    scenario = scenario_named("one-campus", over)
    assert drift.notes(scenario) == []
    site = scenario.records.sites["example-campus"]
    values = (*site.ramp_w.values[:-1], site.ramp_w.values[-1] * 2)
    changed = replace(site, ramp_w=replace(site.ramp_w, values=values), cooling="tower")
    found = drift.notes(replace(scenario, records=replace(scenario.records, sites={"example-campus": changed})))
    paths = {note.path: note.text for note in found}
    assert set(paths) == {
        f"catalog.sites.example-campus.ramp_w.{site.ramp_w.periods[-1]}",
        "catalog.sites.example-campus.cooling",
    }
    assert f"tower when this was made, {site.cooling} now" in paths["catalog.sites.example-campus.cooling"]


def test_a_result_is_taken_wherever_a_scenario_is(earlier: Path) -> None:
    """users 13: check, sources and sweep ask the scenario that the result was made of, and say what has changed."""
    scenario, saved = scenario_of(str(earlier))
    assert saved is not None
    assert scenario is saved.scenario
    assert scenario_of("one-campus") == (scenario_named("one-campus"), None)
    asked = outline(scenario)
    assert next(row for row in asked.platforms if row.platform == "gb300").rack_price_usd == 3.6e6
    listed = rests_on(scenario)
    assert next(row for row in listed.numbers if row.path == PRICE).value == 3.6e6
    for answer in (asked, listed):
        assert PRICE in [note.path for note in answer.head.notes if note.code == drift.CODE]


def test_strategies_lie_over_the_scenario_of_a_result(earlier: Path, tmp_path: Path) -> None:
    """users 13: what a strategy leaves alone is what the result was made of."""
    (tmp_path / "half.toml").write_text('[programme]\ntarget = "50 MW"\n')
    scenario, _ = scenario_of(str(earlier))
    (half,) = load_strategies([str(tmp_path / "half.toml")], scenario)
    assert half.scenario.asked.programme.target_w == 50e6
    assert half.scenario.records == scenario.records


def test_a_result_that_is_run_again_is_made_of_the_same(earlier: Path) -> None:
    """Planned anew it is made of the same records, at the price of then, and says that the catalog has another.

    What a rack of these records serves is today's kernels' word, so that the figures are not those of then.
    """
    found, again = (gw.run(str(earlier), {"simulate.mode": "expected"}) for _ in range(2))
    assert found.scenario.records == load(earlier).scenario.records
    assert found.headline == again.headline
    assert PRICE in told(found)


def test_who_lives_through_it_is_told_too(result: Result) -> None:
    assert PRICE in [note.path for note in simulated(result)]
    assert PRICE in [note.path for note in sweep_notes(result.scenario, {})]
    assert sweep_notes(scenario_named("one-campus"), {})
    assert PRICE not in [note.path for note in sweep_notes(scenario_named("one-campus"), {})]


@pytest.mark.parametrize("verb", ["check", "sources"])
def test_the_verbs_take_it_too(earlier: Path, verb: str) -> None:
    answer = verbs.ask(verb, str(earlier))
    assert answer.head.hash == resolved_hash(earlier)
    assert PRICE in [note.path for note in answer.head.notes]


def test_overrides_of_a_result_change_nothing_else(earlier: Path) -> None:
    """What they leave alone is what the result was made of; what they name anew is the catalog's."""
    new = {"platforms.gb200": {"accelerator": "gb200-nvl72", "pool": "blackwell", "price_base": "2026Q3"}}
    new["platforms.gb200"]["price_change"] = {"value": "-8 %/year", "grade": "assumed"}  # type: ignore[assignment]
    scenario, saved = scenario_of(str(earlier), {"programme.target": "60 MW", **new})
    assert saved is not None
    assert scenario.asked.programme.target_w == 60e6
    assert scenario.records.accelerators["gb300"] == saved.scenario.records.accelerators["gb300"]
    assert scenario.records.accelerators["gb200"] == catalog.get("accelerators", "gb200-nvl72")
    assert scenario_of(str(earlier), {})[0].hash == saved.scenario.hash
    today, none = scenario_of(str(earlier / "scenario.toml"))
    assert none is None
    assert today.records.accelerators["gb300"] == catalog.get("accelerators", "gb300-nvl72")


def test_a_site_that_is_seen_otherwise_no_more_is_the_catalogs() -> None:
    key = "sites.example-campus.power_price"
    scenario = scenario_named("one-campus", {key: "70 USD/MWh"})
    assert reread(scenario, {"programme.target": "60 MW"}).records.sites == scenario.records.sites
    stated = scenario_named("one-campus").records.sites
    assert reread(scenario, {key: False}).records.sites == stated
    assert scenario.records.sites != stated


@pytest.fixture
def hourly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scenario:
    """A scenario with files of hours that lie beside it, named from the folder above."""
    stamps = [(datetime(2025, 1, 1) + timedelta(hours=n)).isoformat(" ") + "+00:00" for n in range(8760)]
    (tmp_path / "plans").mkdir()
    for name, head in (("prices", "usd_mwh"), ("carbon", "g_per_kwh")):
        rows = [f"{stamp},{50 + n % 24}.5" for n, stamp in enumerate(stamps)]
        (tmp_path / "plans" / f"{name}.csv").write_text("\n".join([f"time,{head}", *rows]) + "\n")
    text = (
        'extends = "one-campus"\n[sites.example-campus]\nprice_file = "prices.csv"\n'
        '[horizon]\nreport_end = "2026Q4"\nend = "2027Q2"\n'
    )
    (tmp_path / "plans" / "mine.toml").write_text(text)
    monkeypatch.chdir(tmp_path)
    return scenario_named("plans/mine.toml")


def test_hours_are_kept_when_their_files_are_gone(
    hourly: Scenario, result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = replace(result, scenario=hourly).save(tmp_path / "saved")
    (tmp_path / "plans" / "prices.csv").unlink()
    monkeypatch.chdir("/")
    back = load(folder).scenario
    one, other = (scenario.records.series["example-campus"] for scenario in (back, hourly))
    np.testing.assert_array_equal(one.price_usd_per_wh, other.price_usd_per_wh)
    assert (one.weather, one.carbon_kg_per_wh) == (None, None)
    assert (one.weather_offset_h, one.notes) == (other.weather_offset_h, other.notes)
    assert (back.asked, back.evidence, back.hash) == (hourly.asked, hourly.evidence, hourly.hash)
    again = reread(back, {"seed": 7})
    assert again.records.series == {"example-campus": one}
    assert again.hash != back.hash
    with pytest.raises(ScenarioError, match="price_file"):
        reread(back, {"sites.example-campus.price_level": "plan"})  # made of the file, which is read again


def test_the_first_layout_reads_hours_again(hourly: Scenario, tmp_path: Path) -> None:
    values = json.loads(json.dumps(resolved(hourly.asked, hourly.records)))
    found = kept.revived(values, hourly.toml, hourly.hash)
    assert (found.hash, found.evidence, found.toml) == (hourly.hash, hourly.evidence, hourly.toml)
    file = tmp_path / "plans" / "prices.csv"
    file.write_text(file.read_text().replace(",50.5", ",51.5"))
    with pytest.raises(ScenarioError, match=r"sites\.example-campus = other hours"):
        kept.revived(values, hourly.toml, hourly.hash)
    file.unlink()
    with pytest.raises(ScenarioError, match="price_file"):
        kept.revived(values, hourly.toml, hourly.hash)


@pytest.mark.parametrize("name", [FIRST, EARLIER])
def test_the_lines_of_a_folder_that_kept_none_are_those_of_its_books(name: str, tmp_path: Path) -> None:
    opened = load(unpacked(name, tmp_path))
    assert not (tmp_path / name / "lines.nc").exists()
    for item in ("revenue", "energy", "racks", "tax"):
        booked = opened.accounts.table.usd.values[opened.accounts.table.item.values == item].sum()
        assert float(opened.plan.lines[f"{item}_usd"].sum()) == pytest.approx(booked, rel=1e-9), item


def test_the_lines_of_a_result_are_read_as_they_were_written(result: Result, tmp_path: Path) -> None:
    dearer = replace(result, plan=replace(result.plan, lines=2 * result.plan.lines))
    xr.testing.assert_identical(load(dearer.save(tmp_path / "saved")).plan.lines, dearer.plan.lines)
