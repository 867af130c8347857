"""A saved plan as quotas, and its books as charges: nothing more is given away than stands, nothing counted twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from gigawatt.errors import CatalogError, ScenarioError
from gigawatt.programme import money
from gigawatt.quarters import SECONDS_PER_QUARTER
from gigawatt.readers.quotas import QuotaTable
from gigawatt.report import reports
from gigawatt.report.quotas.focus import COLUMNS
from gigawatt.report.quotas.focus import rows as rows_of
from gigawatt.study import verbs
from gigawatt.study.export import answer, focus
from gigawatt.study.export.focus import CHARGES, FocusAnswer
from gigawatt.study.export.quotas import UNKNOWN_RESOURCE, table
from gigawatt.study.result import Result, load
from gigawatt.study.run.stages import run

# An interactive class, a batch class, a run that must be done and experiments, under names that no scheduler takes.
SCENARIO = """
extends = "one-campus"
name = "Two_Sites"
title = "Two sites, four classes"
capital.tranches.release = "pro_rata"
sites.abilene = {}

[horizon]
report_end = "2027Q1"
end = "2027Q2"

[training_runs.Frontier_A]
title = "A run: 'frontier' | \\"A\\""
grade = "assumed"
model = "deepseek-r1"
precision = "fp8"
volume = "2e24 FLOP"
start = "2026Q4"
end = "2027Q1"
largest_gang = 2000
penalty = "1 billion USD"
hard = true

[experiments.frontier-a]
title = "Experiments"
grade = "assumed"
model = "deepseek-r1"
precision = "fp8"
gang = 64
floor = "20 %"
wish.2026Q3 = "2e23 FLOP"
worth.2026Q3 = "50 USD/EFLOP"
floor_penalty.2026Q3 = "100 USD/EFLOP"
"""
PERIODS = ("2026Q3", "2026Q4", "2027Q1", "2027Q2")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a result of that scenario."""
    place = tmp_path_factory.mktemp("export")
    (place / "two.toml").write_text(SCENARIO)
    return run(str(place / "two.toml")).save(place / "two")


@pytest.fixture(scope="module")
def saved(folder: Path) -> Result:
    return load(folder)


@pytest.fixture(autouse=True)
def read_once(saved: Result, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That folder is read once for all tests; others as they are asked for."""
    for module in (answer, focus):
        monkeypatch.setattr(module, "load", lambda name: saved if name == str(folder) else load(name))


def changed(saved: Result, change: Callable[[xr.Dataset], Mapping[str, Any]]) -> Result:
    """A result whose plan has other decisions."""
    data = saved.plan.data
    return replace(saved, plan=replace(saved.plan, data=data.assign(dict(change(data)))))


@pytest.fixture
def spread(saved: Result) -> Result:
    """The same with a third of its racks at the other site, and a work load that leaves a tenth idle."""

    def change(data: xr.Dataset) -> Mapping[str, Any]:
        shares = xr.DataArray([2 / 3, 1 / 3], dims="site", coords={"site": data.site})
        stock = data.stock_count.sum("site") * shares
        work = 0.5 * xr.ones_like(data.work_count) * money.mean_stock(stock).sum("site")
        work[{"block": 0, "use_case": 1}] *= 0.6
        work[{"block": 1, "use_case": 0}] *= 0.5
        none = {name: xr.zeros_like(data[name]) for name in ("train_count", "research_count")}
        return {"stock_count": stock.transpose(*data.stock_count.dims), "work_count": work} | none

    return changed(saved, change)


def by_class(found: QuotaTable) -> dict[str, dict[str, tuple[int, int, int]]]:
    """Quota, floor and ceiling by class and flavor."""
    return {
        queue.name: {
            flavor: (one.nominal_count, one.floor_count, one.ceiling_count)
            for flavor, one in found.of(queue.name).items()
        }
        for queue in found.queues
    }


@pytest.mark.parametrize("period", PERIODS)
def test_quotas_are_never_more_than_the_packages_that_stand(saved: Result, spread: Result, period: str) -> None:
    for result in (saved, spread):
        found, _ = table(result, period)
        standing = (result.plan.data.stock_count.sel(period=period) * result.plan.inputs.packages_per_rack_count).values
        packages = sum(flavor.packages_count for flavor in found.flavors)
        assert 0 <= float(standing.sum()) - packages < standing.size
        for flavor in found.flavors:
            assert found.spare_count(flavor) >= 0
        for share in found.shares:
            whole = next(one.packages_count for one in found.flavors if one.name == share.flavor)
            assert 0 <= share.floor_count <= share.nominal_count <= share.ceiling_count <= whole


def test_a_quota_is_the_share_of_the_peak_block_at_each_site(spread: Result) -> None:
    found, notes = table(spread, "2026Q4")
    flavors = {flavor.name: flavor.packages_count for flavor in found.flavors}
    assert set(flavors) == {"example-campus-gb300", "abilene-gb300"}
    for name, packages in flavors.items():
        assert by_class(found)["assistant"][name][0] == pytest.approx(0.5 * packages, abs=1)
        assert by_class(found)["documents"][name][0] == pytest.approx(0.3 * packages, abs=1)
        assert found.spare_count(next(one for one in found.flavors if one.name == name)) == pytest.approx(
            0.2 * packages, abs=1
        )
    assert f"{sum(flavors.values()):,} whole packages" in next(one.text for one in notes if one.code == "basis")


def test_what_the_plan_gives_away_at_night_is_lent(spread: Result) -> None:
    """The assistant has half of the racks by day and a quarter by night: no floor may hold more than that."""
    found, _ = table(spread, "2026Q4")
    for nominal, floor, _ in by_class(found)["assistant"].values():
        assert 0 < floor <= nominal / 2 + 1


def test_a_floor_that_the_plan_misses_is_said(spread: Result) -> None:
    less = changed(spread, lambda data: {"work_count": data.work_count / 20})
    noted = {note.code: note.text for note in table(less, "2026Q4")[1]}
    assert noted["floor"].startswith("Below its floor in the plan: Assistant for people at work")
    more = changed(spread, lambda data: {"work_count": data.work_count * 50})
    assert "Assistant" not in {note.code: note.text for note in table(more, "2026Q4")[1]}.get("floor", "")


def test_a_ceiling_is_what_a_class_asks_for_and_of_a_run_its_gang(saved: Result) -> None:
    found, _ = table(saved, "2026Q4")
    (run_name,) = [queue.name for queue in found.queues if queue.group == "training"]
    ceilings = [one[2] for one in by_class(found)[run_name].values()]
    assert all(one == 2000 for one in ceilings)
    (experiments,) = [queue.name for queue in found.queues if queue.group == "experiments"]
    assert all(0 < one[2] < 2000 for one in by_class(found)[experiments].values())


def test_a_run_is_no_class_of_a_quarter_in_which_it_may_not_run(saved: Result) -> None:
    assert "training" not in {queue.group for queue in table(saved, "2027Q2")[0].queues}


def test_what_a_run_that_must_be_done_has_is_not_lent(saved: Result) -> None:
    def change(data: xr.Dataset) -> Mapping[str, Any]:
        return {"train_count": data.train_count + 5.0, "work_count": data.work_count * 0.5}

    found, _ = table(changed(saved, change), "2026Q4")
    (run_name,) = [queue.name for queue in found.queues if queue.group == "training"]
    assert all(nominal == floor > 0 for nominal, floor, _ in by_class(found)[run_name].values())


def test_classes_go_first_by_tier_and_by_what_cannot_wait(saved: Result) -> None:
    found, _ = table(saved, "2026Q4")
    assert [(queue.group, queue.priority) for queue in found.queues] == [
        ("interactive", 400),
        ("batch", 100),
        ("training", 300),
        ("experiments", 200),
    ]
    assert all(1 <= queue.weight_ratio <= 100 for queue in found.queues)


def test_names_that_no_scheduler_takes_are_changed_and_said(saved: Result) -> None:
    found, notes = table(saved, "2026Q4")
    assert found.programme == "two-sites"
    names = {queue.group: queue.name for queue in found.queues}
    assert names["experiments"] == "frontier-a"  # its own name already
    assert names["training"].startswith("frontier-a-")
    (text,) = [note.text for note in notes if note.code == "renamed"]
    assert f"Two_Sites → two-sites, Frontier_A → {names['training']}" in text


def test_an_accelerator_is_called_as_its_vendors_plug_in_does(saved: Result) -> None:
    chips = dict(saved.scenario.records.accelerators)
    for vendor, resource in (("AMD", "amd.com/gpu"), ("Somebody", UNKNOWN_RESOURCE)):
        records = replace(saved.scenario.records, accelerators={k: replace(v, vendor=vendor) for k, v in chips.items()})
        result = replace(saved, scenario=replace(saved.scenario, records=records))
        found, notes = table(result, "2026Q4")
        assert {flavor.resource for flavor in found.flavors} == {resource}
        assert ("resource" in {note.code for note in notes}) == (vendor == "Somebody")


@pytest.mark.parametrize("verb", ["export kueue", "export kai", "export slurm"])
def test_a_verb_takes_the_quarter_of_most_power_where_none_is_given(folder: Path, saved: Result, verb: str) -> None:
    found = verbs.ask(verb, str(folder))
    assert found.period == saved.accounts.headline.peak_period
    assert found.head.hash == saved.scenario.hash
    assert verbs.ask(verb, str(folder), period="2026Q3").period == "2026Q3"


@pytest.mark.parametrize("verb", ["export kueue", "export kai", "export slurm", "export focus"])
@pytest.mark.parametrize(
    ("change", "given", "expected"),
    [
        ({"period": "2077Q1"}, '"2077Q1"', "a quarter from 2026Q3 to 2027Q2"),
        ({"result": "nowhere"}, "no result", "result.json"),
    ],
)
def test_what_cannot_be_exported_is_one_fault(
    folder: Path, verb: str, change: dict[str, str], given: str, expected: str
) -> None:
    with pytest.raises(ScenarioError) as found:
        verbs.ask(verb, **({"result": str(folder)} | change))
    (fault,) = found.value.faults
    assert (given in fault.given, expected in fault.expected) == (True, True)


def test_a_quarter_in_which_nothing_stands_has_no_quotas(saved: Result, tmp_path: Path) -> None:
    empty = changed(saved, lambda data: {"stock_count": data.stock_count * 1e-6}).save(tmp_path / "empty")
    with pytest.raises(ScenarioError, match="nothing stands"):
        verbs.ask("export kueue", str(empty), period="2026Q3")


def test_a_live_file_that_cannot_be_read_is_a_fault(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "live").write_text("a: b: c")
    for verb in ("export kueue", "export kai", "export slurm"):
        with pytest.raises(CatalogError, match="live"):
            verbs.ask(verb, str(folder), diff=str(tmp_path / "live"))


@pytest.mark.parametrize(("verb", "other"), [("export kueue", "export kai"), ("export kai", "export kueue")])
def test_a_live_file_of_another_scheduler_is_refused_and_an_empty_one_is_not(
    folder: Path, tmp_path: Path, verb: str, other: str
) -> None:
    (tmp_path / "live").write_text(reports.data(verbs.named(other), verbs.ask(other, str(folder)))["text"])
    with pytest.raises(ScenarioError, match="nothing of"):
        verbs.ask(verb, str(folder), diff=str(tmp_path / "live"))
    (tmp_path / "live").write_text("")
    told = reports.data(verbs.named(verb), verbs.ask(verb, str(folder), diff=str(tmp_path / "live")))
    assert {change["action"] for change in told["changes"]} == {"add"}


@pytest.mark.parametrize("verb", ["export kueue", "export kai", "export slurm"])
def test_a_file_held_against_itself_changes_nothing(folder: Path, tmp_path: Path, verb: str) -> None:
    told = reports.data(verbs.named(verb), verbs.ask(verb, str(folder), period="2026Q4"))
    (tmp_path / "live").write_text(told["text"])
    again = verbs.ask(verb, str(folder), period="2026Q4", diff=str(tmp_path / "live"))
    assert reports.data(verbs.named(verb), again)["changes"] == []
    other = verbs.ask(verb, str(folder), period="2026Q3", diff=str(tmp_path / "live"))
    assert reports.data(verbs.named(verb), other)["changes"] != []


@pytest.fixture(scope="module")
def charged(folder: Path) -> FocusAnswer:
    found: FocusAnswer = verbs.ask("export focus", str(folder))
    return found


def test_charges_sum_to_the_books_line_by_line(charged: FocusAnswer, saved: Result) -> None:
    books = saved.accounts.table
    for item in CHARGES:
        of_item = [one for one in charged.charges if one.item == item]
        for period in PERIODS:
            mine = (books.item.values == item) & (books.period.values == period)
            total = sum(one.cost_usd for one in of_item if one.period == period)
            assert total == pytest.approx(-float(books.usd.values[mine].sum()), rel=1e-9, abs=1e-6)
            for use_case in {one.use_case for one in of_item}:
                class_total = sum(one.cost_usd for one in of_item if (one.period, one.use_case) == (period, use_case))
                whose = mine & (books.use_case.values == use_case)
                assert class_total == pytest.approx(-float(books.usd.values[whose].sum()), rel=1e-9, abs=1e-6)
    assert charged.cost_usd == pytest.approx(sum(charged.items_usd.values()))


def test_tokens_and_package_hours_are_those_of_the_plan_once(charged: FocusAnswer, saved: Result) -> None:
    data, inputs = saved.plan.data, saved.plan.inputs
    served = float((data.served_tokens_per_s * inputs.hours_frac).sum()) * SECONDS_PER_QUARTER
    assert charged.tokens == pytest.approx(served)
    per_class = {one.use_case: one for one in charged.charges if one.package_h is not None}
    assert set(per_class) <= {"Frontier_A", "frontier-a", "programme", "documents"}
    assert all(one.item == "energy" for one in charged.charges if one.tokens or one.package_h)
    places = [(one.period, one.site, one.platform, one.use_case, one.item) for one in charged.charges]
    assert len(set(places)) == len(places)


def test_charges_of_two_sites_are_split_as_their_racks_are(spread: Result, tmp_path: Path) -> None:
    found = verbs.ask("export focus", str(spread.save(tmp_path / "spread")), period="2026Q4")
    tokens = {
        site: sum(one.tokens or 0 for one in found.charges if one.site == site)
        for site in ("example-campus", "abilene")
    }
    assert tokens["example-campus"] == pytest.approx(2 * tokens["abilene"])
    assert {one.period for one in found.charges} == {"2026Q4"}


def test_the_rows_of_the_books_are_judged_by_focus_data_toolkit(charged: FocusAnswer) -> None:
    validator = pytest.importorskip("focus_data_toolkit.model.validator", reason="focus-data-toolkit is not installed")
    rows = [dict.fromkeys(COLUMNS, "") | row for row in rows_of(charged)]
    report = validator.lint_focus_1_4_structure(
        "cost and usage", rows, supported_conditions=[validator.COND_UNIT_PRICING]
    )
    assert report.messages() == []
    costs = np.array([float(row["BilledCost"]) for row in rows])
    assert costs.sum() == pytest.approx(charged.cost_usd, rel=1e-12)


def test_a_door_shows_the_file_on_one_stream_and_its_notes_on_the_other(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in reports.WRITTEN:
        verb = verbs.named(name)
        found = verbs.ask(name, str(folder))
        reports.show(verb, found, None, {})
        shown = capsys.readouterr()
        told = reports.data(verb, found)
        assert shown.out == told["text"]
        assert shown.err.splitlines() == [f"note: {note.text}" for note in found.head.notes]
        assert json.loads(json.dumps(told, allow_nan=False)) == told
        assert not reports.kept(verb)
