"""A quick plan is lawful, bounded, and told beside what the scenario comes to without the changes."""

from __future__ import annotations

from typing import Any

import pytest

from gigawatt.errors import Infeasible, ScenarioError
from gigawatt.plan import plan
from gigawatt.plan.verify import verify
from gigawatt.report.documents.preview import document
from gigawatt.scenario.load import load
from gigawatt.study import verbs
from gigawatt.study.job import Cancelled, Job
from gigawatt.study.preview import answer
from gigawatt.study.preview.answer import PreviewAnswer

SMALLER = {"programme.target": "50 MW"}
# Half of the demand of people at work is to be served, from the first quarter on.
TOO_MUCH = {"use_cases.assistant.hard": True}


@pytest.fixture(scope="module")
def changed() -> PreviewAnswer:
    found: PreviewAnswer = verbs.ask("preview", "one-campus", set=SMALLER)
    return found


def test_a_quick_plan_is_lawful() -> None:
    scenario = answer.quick(load("one-campus"))
    assert verify(scenario, plan.make(scenario, with_worth=False)) == []


def test_the_full_plan_is_between_the_quick_one_and_its_bound(changed: PreviewAnswer) -> None:
    full = plan.make(load("one-campus", SMALLER), with_worth=False)
    within = 1e-6 * abs(full.objective)
    assert changed.solver.objective - within <= full.objective <= changed.solver.bound + within
    added = (full.objective - changed.solver.objective) / full.objective
    assert added <= changed.measured.most_added_frac + 1e-5


def test_changes_are_told_beside_what_was(changed: PreviewAnswer) -> None:
    assert changed.before is not None
    assert changed.headline.installed_facility_w == pytest.approx(50e6)
    assert changed.before.installed_facility_w == pytest.approx(100e6)
    last = changed.power[-1]
    assert (last.facility_w, last.before_facility_w) == (pytest.approx(50e6), pytest.approx(100e6))
    plain = verbs.ask("preview", "one-campus")
    assert plain.headline == changed.before
    assert plain.before is None
    assert {one.before_facility_w for one in plain.power} == {None}


def test_overrides_that_change_nothing_are_none() -> None:
    assert verbs.ask("preview", "one-campus", set={"programme.target": "100 MW"}).before is None


def test_the_identity_is_that_of_the_scenario_and_not_of_the_quick_search(changed: PreviewAnswer) -> None:
    assert changed.head.hash == load("one-campus", SMALLER).hash


def test_a_reader_is_told_that_the_plan_is_quick_and_how_far_off_those_were(changed: PreviewAnswer) -> None:
    note = changed.head.notes[0]
    assert note.code == "quick"
    assert f"{changed.measured.questions_count} questions" in note.text
    assert "work_limit" not in {one.code for one in changed.head.notes}


def test_the_document_has_the_figures_the_power_and_what_binds(changed: PreviewAnswer) -> None:
    told = document(changed)
    assert [section.slug for section in told.sections] == ["figures", "power", "binds"]
    rows = {row[0]: row[1:4] for row in told.tables()["figures"].rows}
    assert rows["Facility power in service"] == ("100 MW", "50 MW", "−50.0 %")
    assert "Facility power in service 100 MW → 50 MW" in told.lead
    assert told.charts()["power"].wide


def test_what_is_asked_again_is_not_planned_again(monkeypatch: pytest.MonkeyPatch) -> None:
    verbs.ask("preview", "one-campus")
    monkeypatch.setattr(answer.plan, "make", lambda *_, **__: pytest.fail("planned again"))
    assert verbs.ask("preview", "one-campus").headline.racks_count > 0


@pytest.mark.parametrize(
    ("changes", "path"),
    [({"programme.target": "50"}, "programme.target"), ({"programme.tarjet": "50 MW"}, "programme.tarjet")],
)
def test_a_change_that_cannot_be_is_a_fault_at_its_path(changes: dict[str, Any], path: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        verbs.ask("preview", "one-campus", set=changes)
    assert [fault.path for fault in refused.value.faults] == [path]


def test_limits_in_conflict_are_named_as_a_full_plan_names_them() -> None:
    with pytest.raises(Infeasible):
        verbs.ask("preview", "one-campus", set=TOO_MUCH)


def test_whoever_has_no_more_use_for_it_ends_it() -> None:
    with pytest.raises(Cancelled):
        verbs.ask("preview", "one-campus", set={"programme.target": "51 MW"}, job=Job(cancelled=lambda: True))
