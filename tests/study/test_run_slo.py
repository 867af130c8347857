"""The report says by how many gigawatts users who wait change a plan, and the figure is the plan's own."""

from __future__ import annotations

from dataclasses import replace

import pytest

import gigawatt as gw
from gigawatt.programme.slo import slo_power
from gigawatt.report.documents.run import document
from gigawatt.scenario.load import load
from gigawatt.study import former
from gigawatt.study.dates import quarter
from gigawatt.study.run.answer import answer_of
from gigawatt.study.run.slo import said, taken
from gigawatt.units import show

QUICK = {"solver.trials": 0, "horizon.report_end": "2028Q4", "horizon.end": "2029Q4"}
ON = {"operations.slo_derating": True, "use_cases.assistant.ttft": "2 s", "use_cases.assistant.burstiness": 2}


@pytest.fixture(scope="module")
def derated() -> gw.Result:
    return gw.run("one-campus", QUICK | ON)


@pytest.fixture(scope="module")
def plain() -> gw.Result:
    return gw.run("one-campus", QUICK | ON | {"operations.slo_derating": False})


def test_the_plan_with_slo_derating_differs_and_its_report_says_by_how_much(
    derated: gw.Result, plain: gw.Result
) -> None:
    period = str(derated.accounts.headline.peak_period)
    power = slo_power(derated.plan.data, derated.plan.inputs, period)
    more = show(power.more_w, "w")
    assert power.more_w > 1e6
    document_, other = document(answer_of(derated)), document(answer_of(plain))
    (told,) = (part for part in document_.parts() if getattr(part, "name", "") == "slo")
    assert f"takes {more}: in {quarter(period)} {show(float(power.with_w.sum()), 'w')} serve" in told.says
    total = document_.tables()["slo"].rows[-1]
    assert total[-3:] == pytest.approx((float(power.with_w.sum()), float(power.without_w.sum()), power.more_w))
    assert "slo" not in other.tables()
    # The same racks would serve more if nobody minded waiting, and the plan without does.
    assert float(derated.plan.data.served_tokens_per_s.sum()) < float(plain.plan.data.served_tokens_per_s.sum())


def test_a_row_is_a_class_with_its_limits_and_what_is_left_of_its_steady_state(derated: gw.Result) -> None:
    first, *_ = document(answer_of(derated)).tables()["slo"].rows
    assert first[:4] == ("Assistant for people at work", 2.0, 2.0, 0.05)
    found = taken(derated.plan, derated.accounts)
    assert found is not None
    assert found.least_frac[0] <= first[4] <= found.most_frac[0] < 1  # type: ignore[operator]
    assert first[6] == pytest.approx(first[4] * first[5])  # type: ignore[operator]


def test_notes_tell_the_power_the_share_of_each_class_and_how_well_it_is_known(derated: gw.Result) -> None:
    first, second, *rest = [note for note in derated.notes if note.code == "slo"]
    found = taken(derated.plan, derated.accounts)
    assert found is not None
    assert first.text == said(derated.scenario, found)
    assert first.path == second.path == "operations.slo_derating"
    least = round(100 * found.least_frac[0])
    assert second.text.startswith(f"Of the steady state the SLO derating leaves: Assistant for people at work {least}")
    assert rest == []


def test_nothing_is_told_where_the_whole_steady_state_is_counted_on(plain: gw.Result) -> None:
    assert taken(plain.plan, plain.accounts) is None
    assert [note for note in plain.notes if note.code == "slo"] == []


def test_a_result_of_before_has_no_factor_and_counts_as_it_did(plain: gw.Result) -> None:
    given = plain.plan.inputs.drop_vars(["slo_derating_frac", "availability_frac"])
    before = replace(plain.plan, inputs=former.inputs(given, plain.scenario.asked))
    assert taken(before, plain.accounts) is None


def test_the_letter_of_intent_is_planned_with_it_and_has_a_switch() -> None:
    """Whoever counts on what users accept leaves `utilisation` no head-room for bursts."""
    asked = load("loi-2025-09").asked
    assert asked.operations.slo_derating
    interactive = [use for use in asked.use_cases.values() if use.load == "interactive"]
    assert all(use.ttft_s is not None and use.burstiness_ratio > 1 for use in interactive)
    assert not load("loi-2025-09", {"operations.slo_derating": False}).asked.operations.slo_derating
    assert not load("one-campus").asked.operations.slo_derating
