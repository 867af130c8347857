"""Living through a plan that is there: windows, seeds, and an event of the grid against the same hours without it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gigawatt.account.accounts import account
from gigawatt.errors import Fault, ScenarioError
from gigawatt.plan import plan
from gigawatt.plan.plan import Plan
from gigawatt.programme import money
from gigawatt.report import hours
from gigawatt.scenario.load import load
from gigawatt.simulation import simulate
from gigawatt.simulation.timeline import Window
from gigawatt.study import verbs
from gigawatt.study.answer import plain
from gigawatt.study.job import Job
from gigawatt.study.result import Result
from gigawatt.study.result import load as load_result
from gigawatt.study.run.notes import plan_notes
from gigawatt.study.run.stages import provenance
from gigawatt.study.simulation.answer import SimulationAnswer
from gigawatt.study.simulation.question import SimulationQuestion
from gigawatt.study.simulation.window import days, window

SHORT = {"horizon.report_end": "2028Q4", "horizon.end": "2029Q2"}
EVENT = "2028-07-14T16:00/4h site=example-campus -50%"
# What the contract names.
FIELDS = {
    *("availability_frac", "pue_mean", "pue_p99", "energy_wh", "water_l", "carbon_kg", "failures_count"),
    *("goodput_frac", "served", "curtailed_wh", "calls", "residual_frac", "plan_vs_sim"),
    *("gigawatt", "scenario", "hash", "notes", "seed", "mode", "from", "to"),
}


@pytest.fixture(scope="module")
def planned() -> Plan:
    return plan.make(load("one-campus", SHORT), with_worth=False)


@pytest.fixture(scope="module")
def saved(planned: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A result of the campus, as `gigawatt run` leaves one."""
    scenario = load("one-campus", SHORT)
    accounts = account(scenario, planned)
    timeline = simulate(scenario, planned, window=Window(first_h=0.0, last_h=24.0))
    result = Result(
        scenario=scenario,
        plan=planned,
        timeline=timeline,
        accounts=accounts,
        notes=plan_notes(scenario, planned, accounts),
        provenance=provenance(scenario),
    )
    return result.save(tmp_path_factory.mktemp("saved") / "campus")


def asked(saved: Path, **values: Any) -> SimulationAnswer:
    answer: SimulationAnswer = verbs.ask("simulate", str(saved), **values)
    return answer


@pytest.fixture(scope="module")
def halved(saved: Path) -> SimulationAnswer:
    return asked(saved, event=[EVENT])


def faults(**values: Any) -> list[Fault]:
    """Faults of a question, of which none is found after the plan is begun."""
    with pytest.raises(ScenarioError) as error:
        verbs.ask("simulate", "one-campus", job=Job(cancelled=lambda: True), **values)
    return list(error.value.faults)


def test_the_answer_has_the_fields_of_the_contract(saved: Path) -> None:
    found = plain(asked(saved, from_="2028Q3", to="2028Q3"))
    assert set(found) >= FIELDS
    assert {found[name] for name in ("events", "begin", "end", "before", "during", "without", "after", "cut")} == {None}
    assert {"result", "outcome", "lived", "sites"}.isdisjoint(found)
    assert (found["from"], found["to"], found["mode"], found["seed"]) == ("2028-07-01", "2028-09-30", "stochastic", 1)
    assert {"item", "plan", "simulated", "unit", "cause"} == set(found["plan_vs_sim"][0])
    assert found["residual_frac"] < 1e-9
    json.dumps(found, allow_nan=False)


def test_a_seed_gives_the_same_bytes_and_another_gives_others(saved: Path) -> None:
    one, same, other = (json.dumps(plain(asked(saved, from_="2028-03", to="2028-03", seed=seed))) for seed in (7, 7, 8))
    assert one == same
    assert json.loads(one)["failures"] != json.loads(other)["failures"]


def test_an_event_takes_what_it_says_and_nothing_outside_of_it(halved: SimulationAnswer) -> None:
    data = halved.result.timeline.data
    found = halved.result.outcome
    assert found is not None
    offset_h = halved.result.scenario.records.sites["example-campus"].utc_offset_h
    begin = np.datetime64("2028-07-14T16:00") - np.timedelta64(round(offset_h * 60), "m")
    assert found.begin.endswith("Z")
    assert np.datetime64(found.begin.removesuffix("Z")) == begin
    moments = data.time.values.astype("datetime64[m]")
    during = (moments >= begin) & (moments < begin + np.timedelta64(4, "h"))
    assert during.sum() == 48
    power, cut = data.facility_w.values[:, 0], data.curtailed_w.values[:, 0]
    assert power[during] == pytest.approx((power + cut)[during] / 2, rel=5e-3)
    assert not cut[~during].any()
    energy_wh = float(cut[during].sum()) / 12
    assert halved.result.timeline.summary.curtailed_wh == pytest.approx(energy_wh, rel=1e-5)
    assert energy_wh == pytest.approx(
        (found.without.programme.facility_w - found.during.programme.facility_w) * 4, rel=0.01
    )


def test_before_during_and_after_are_as_long_as_the_event(halved: SimulationAnswer) -> None:
    found = plain(halved)
    assert [found[phase]["hours_h"] for phase in ("before", "during", "without", "after")] == [4.0] * 4
    site = found["during"]["sites"]["example-campus"]
    assert site["facility_w"] == found["during"]["facility_w"]
    assert site["train_flops"] is None
    assert found["before"]["curtailed_w"] == 0
    assert found["during"]["availability_frac"] == pytest.approx(found["without"]["availability_frac"], abs=1e-12)


def test_what_is_cut_is_served_less_at_what_it_earns(halved: SimulationAnswer, planned: Plan) -> None:
    found = halved.result.outcome
    assert found is not None
    rows = {row.use_case: row for row in found.cut}
    served = halved.result.timeline.summary.served
    earned = money.earned_usd_per_token(planned.data.served_tokens_per_s, planned.inputs).sel(period="2028Q3")
    for name, row in rows.items():
        assert row.tokens is not None
        assert row.usd == pytest.approx(row.tokens * float(earned.sel(use_case=name)), rel=1e-9)
    assert sum(row.tokens or 0.0 for row in rows.values()) > 1e-3 * sum(served.values()) / 5
    again = asked_without(halved)
    for name, row in rows.items():
        assert row.tokens == pytest.approx(again.timeline.summary.served[name] - served[name], rel=1e-4)


def asked_without(halved: SimulationAnswer) -> Result:
    """The same window without its event."""
    scenario, made = halved.result.scenario, halved.result.plan
    question = SimulationQuestion(scenario="one-campus", event=(EVENT,))
    hours = replace(window(question, scenario), events=())
    return replace(halved.result, timeline=simulate(scenario, made, window=hours))


@pytest.mark.parametrize(("bound", "left"), [("<=20 MW", 20e6), ("-10 MW", None)])
def test_a_bound_in_megawatts(saved: Path, bound: str, left: float | None) -> None:
    found = asked(saved, event=[f"2028-07-14T22:00Z/30min site=example-campus {bound}"]).result.outcome
    assert found is not None
    plain, now = found.without.programme.facility_w, found.during.programme.facility_w
    assert now == pytest.approx(plain - 10e6 if left is None else left, rel=2e-3)


def test_two_events_and_a_dark_site(saved: Path) -> None:
    first = "2028-07-14T16:00/1h site=example-campus <=0 MW"
    second = "2028-07-14T18:00/1h site=example-campus -10 MW"
    found = asked(saved, event=[first, second])
    assert found.result.outcome is not None
    assert found.result.outcome.during.hours_h == 3.0
    dark = asked(saved, event=[first])
    assert "dark_site" in {note.code for note in dark.result.notes}
    assert dark.result.timeline.data.facility_w.values.min() == 0.0


def test_an_outcome_survives_its_folder(halved: SimulationAnswer, tmp_path: Path) -> None:
    again = load_result(halved.result.save(tmp_path / "event"))
    assert again.outcome == halved.result.outcome
    assert again.timeline.outages.identical(halved.result.timeline.outages)
    assert again.timeline.summary == halved.result.timeline.summary


def test_expected_mode_takes_whole_quarters(saved: Path) -> None:
    found = asked(saved, mode="expected", from_="2028-08", to="2028-11-05")
    assert (found.from_, found.to) == (date(2028, 7, 1), date(2028, 12, 31))
    assert list(found.result.timeline.periods) == ["2028Q3", "2028Q4"]
    assert hours.quarters(found.result) == ["2028Q3", "2028Q4"]
    assert found.outages == ()


def test_a_mode_that_the_scenario_states_holds(saved: Path) -> None:
    stated = asked(saved, set={"simulate.mode": "expected"}, from_="2028Q1", to="2028Q1")
    assert stated.mode == "expected"
    assert asked(saved, from_="2028-01-01", to="2028-01-02").mode == "stochastic"


def test_a_saved_plan_may_be_put_to_the_test(saved: Path) -> None:
    window_ = {"from": "2028Q1", "to": "2028Q1"}
    plain = asked(saved, **window_)
    worse = asked(saved, set={"operations.package_failures": "1e-4 /h"}, **window_)
    failures = [sum(found.result.timeline.summary.failures.values()) for found in (plain, worse)]
    assert failures[1] > 3 * failures[0]
    assert "saved_plan" in {note.code for note in worse.result.notes}


def test_a_saved_plan_is_not_made_anew(saved: Path) -> None:
    with pytest.raises(ScenarioError, match="for a saved result only"):
        asked(saved, set={"finance.discount": "5 %/year"})


def test_a_scenario_is_planned_first() -> None:
    over = {"horizon.report_end": "2027Q2", "horizon.end": "2027Q4"}
    found = verbs.ask("simulate", "one-campus", set=over)
    assert (found.from_, found.to) == (date(2026, 7, 1), date(2027, 6, 30))
    assert hours.window(found.result) is None


@pytest.mark.parametrize(
    ("text", "first", "after"),
    [
        ("2028Q1", date(2028, 1, 1), date(2028, 4, 1)),
        ("2028-12", date(2028, 12, 1), date(2029, 1, 1)),
        ("2028-02-29", date(2028, 2, 29), date(2028, 3, 1)),
    ],
)
def test_dates_are_quarters_months_and_days(text: str, first: date, after: date) -> None:
    assert days(text) == (first, after)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("2035-07-14T16:00/4h site=example-campus -10 MW", "a time within the plan, 2026-07-01 to 2031-12-31"),
        ("2026-07-01T00:00+12:00/4h site=example-campus -10 MW", "a time within the plan"),
        ("2028-07-14T16:00/4h site=exmple-campus -10 MW", 'did you mean "example-campus"'),
        ("2028-07-14T16:00 for 4h at example-campus", "START/DURATION site=ID"),
        ("2028-07-14T16:00/0h site=example-campus -10 MW", "a duration above zero"),
        ("2028-07-14T16:00/-4h site=example-campus -10 MW", "a duration above zero"),
        ("2028-07-14T16:00/4 MW site=example-campus -10 MW", "a duration above zero"),
        ("2028-07-14T16:00/4h site=example-campus -10 MWh", "a power (W, kW, MW, GW)"),
        ("2028-07-14T16:00/4h site=example-campus -120%", "a share from 0 to 1, or a percentage"),
        ("2028-07-14T16:00/4h site=example-campus -0 MW", "above zero"),
        ("2028-07-32T16:00/4h site=example-campus -10 MW", "a time such as 2028-07-14T16:00"),
        ("2028-07-14T16:02/4h site=example-campus -10 MW", "in whole steps of 5min"),
    ],
)
def test_a_mistaken_event_is_named(event: str, expected: str) -> None:
    found = faults(event=[event])
    assert [fault.path for fault in found] == ["event"]
    assert expected in found[0].expected


@pytest.mark.parametrize(
    ("fields", "path", "expected"),
    [
        ({"step": "7min"}, "step", "divide the hour"),
        ({"step": "30 s"}, "step", "divide the hour"),
        ({"step": "2h"}, "step", "divide the hour"),
        ({"step": "5 MW"}, "step", "a duration"),
        ({"step": "5min"}, "step", "at most 200,000 steps, which is 694 days"),
        ({"step": "5min", "mode": "expected"}, "step", "1h in expected mode"),
        ({"from": "2028Q3", "to": "2028Q1"}, "from", "before the last one, 2028Q1"),
        ({"event": [EVENT], "to": "2028-07-01"}, "to", "after the first hour"),
        ({"from": "2025Q3"}, "from", "a date within the plan"),
        ({"to": "2033-01-01"}, "to", "a date within the plan"),
        ({"to": "2028Q5"}, "to", "a quarter (2028Q1), a month (2028-07) or a day"),
        ({"seed": -1}, "seed", "from 0 on"),
        ({"seed": "many"}, "seed", "a valid integer"),
        ({"mode": "lucky"}, "mode", "'stochastic' or 'expected'"),
        ({"event": [EVENT], "mode": "expected"}, "event", "stochastic mode"),
        ({"event": [EVENT], "to": "2028-07-13"}, "event", "within what is lived through"),
        ({"events": "none"}, "events", "'all'"),
        ({"events": "all"}, "events", "a folder"),
    ],
)
def test_a_mistaken_field_is_named(fields: dict[str, Any], path: str, expected: str) -> None:
    found = faults(**fields)
    assert [(fault.path, fault.asked) for fault in found] == [(path, True)]
    assert expected in found[0].expected


def test_every_fault_is_reported_at_once() -> None:
    found = faults(event=["tomorrow", EVENT.replace("example", "sample")], step="7min", from_="soon")
    assert [fault.path for fault in found] == ["event", "event", "step", "from"]


def test_a_folder_that_is_no_result_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="no result"):
        verbs.ask("simulate", str(tmp_path))


@pytest.fixture(scope="module")
def followed(saved: Path) -> SimulationAnswer:
    return asked(saved, latency=True, mode="expected", from_="2028Q1", to="2028Q1")


def test_latency_tells_what_users_wait_for(followed: SimulationAnswer) -> None:
    """Percentiles of requests by class in two hours, each with its interval; the rest of the answer is the same."""
    found = plain(followed)
    assert [(row["use_case"], row["hour"]) for row in found["waits"]] == [
        (use, hour) for use in ("assistant", "documents") for hour in ("busiest", "mean")
    ]
    row = found["waits"][0]
    assert row["moment"] == "2028Q1"
    assert row["load_frac"] == pytest.approx(row["planned_load_frac"], rel=1e-4)
    for name in ("ttft_p50_s", "ttft_p99_s", "tpot_p50_s", "tpot_p99_s", "goodput_frac", "served_frac"):
        assert row[name]["low"] <= row[name]["mid"] <= row[name]["high"]
    assert row["served_frac"]["mid"] == pytest.approx(1, abs=0.03)
    assert row["replications_count"] == 8
    json.dumps(found, allow_nan=False)


def test_without_latency_nobody_is_followed(saved: Path, followed: SimulationAnswer) -> None:
    found = asked(saved, mode="expected", from_="2028Q1", to="2028Q1")
    assert found.waits == ()
    assert plain(found) == plain(followed) | {"waits": []}


def test_waits_are_the_same_again_and_of_the_seed(saved: Path, followed: SimulationAnswer) -> None:
    window_ = {"mode": "expected", "from_": "2028Q1", "to": "2028Q1"}
    assert asked(saved, latency=True, **window_).waits == followed.waits
    other = asked(saved, latency=True, seed=2, **window_).waits
    assert other[0].load_frac == followed.waits[0].load_frac
    assert other[0].ttft_p99_s != followed.waits[0].ttft_p99_s


def test_waits_survive_their_folder(followed: SimulationAnswer, tmp_path: Path) -> None:
    again = load_result(followed.result.save(tmp_path / "waits"))
    assert again.waits == followed.waits


def test_progress_says_whose_requests_are_followed(saved: Path) -> None:
    said: list[str] = []
    job = Job(progress=lambda words, _: said.append(words))
    verbs.ask("simulate", str(saved), job=job, latency=True, mode="expected", from_="2028Q1", to="2028Q1")
    assert "requests of Assistant for people at work in the busiest hour" in said
