"""Planned anew: as planned it is the old remainder, else what was learnt moves it, between plan and what was seen."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import pytest
from campus_ledgers import END, OVER, SITE, Kept, as_planned, closing, fact, known, middle

from gigawatt.errors import Infeasible, OutputError, ScenarioError
from gigawatt.ledger.readings import Total
from gigawatt.readers.readings import ReadingSeries
from gigawatt.study import verbs
from gigawatt.study.job import Job
from gigawatt.study.result import Result
from gigawatt.study.track.question import ReforecastQuestion
from gigawatt.study.track.refit import Refit, overrides
from gigawatt.study.track.reforecast import Reforecast, believed_slips, notes, refits, reforecast, start
from gigawatt.study.track.slips import terms_of

FROM = "2025Q4"


def learnt(result: Result, totals: list[Total] | None = None, **otherwise: float) -> dict[tuple[str, str], Refit]:
    """What is learnt of a ledger, by figure and thing."""
    seen = known(as_planned(result, OVER, until=END, **otherwise), totals=totals or [])
    return {(one.item, one.thing): one for one in refits(result, seen, believed_slips(result, seen))}


@pytest.fixture(scope="module")
def as_it_was(result: Result) -> Reforecast:
    return reforecast(result, known(as_planned(result, OVER)), FROM, Job())


@pytest.fixture(scope="module")
def late(result: Result) -> Reforecast:
    return reforecast(result, known(as_planned(result, OVER, late=0.6, rate=0.8, until=END)), FROM, Job())


def test_as_planned_it_is_the_old_plans_remainder_within_the_gap(as_it_was: Reforecast) -> None:
    gap = max(as_it_was.gap_usd or 0.0, 0.005 * abs(as_it_was.planned_value_usd))
    assert abs(as_it_was.value_usd - as_it_was.planned_value_usd) <= gap
    for row in as_it_was.quarters:
        assert row.power_w == pytest.approx(row.planned_w, rel=1e-3, abs=1e3)
    assert as_it_was.served_tokens == pytest.approx(as_it_was.planned_tokens, rel=1e-3)
    assert as_it_was.debt_usd == pytest.approx(as_it_was.planned_debt_usd)
    for tranche in as_it_was.tranches:
        assert tranche.released_period == tranche.planned_released_period


def test_a_programme_that_is_late_and_does_less_is_worth_less(late: Reforecast) -> None:
    assert late.value_usd < late.planned_value_usd
    assert late.served_tokens < late.planned_tokens
    assert late.quarters[0].power_w < late.quarters[0].planned_w
    assert late.tranches[0].released_period is not None
    assert late.tranches[0].planned_released_period is not None
    assert late.tranches[0].released_period > late.tranches[0].planned_released_period
    site = late.sites[0]
    assert site.energised_w < site.planned_energised_w
    assert sum(one.racks_count for one in late.racks) == pytest.approx(site.racks_count)


def test_debt_that_its_covenant_does_not_allow_is_the_limit_in_conflict(result: Result) -> None:
    with pytest.raises(Infeasible) as refused:
        reforecast(result, known(as_planned(result, OVER, late=1.0, rate=0.5, until=END)), FROM, Job())
    first = refused.value.conflicts[0]
    assert (first.limit, first.period, first.unit) == ("capital.covenant", FROM, "USD")
    assert first.short_by > 0


def test_the_new_plan_is_a_result_like_any_other(late: Reforecast, tmp_path: Path) -> None:
    folder = late.result.save(tmp_path / "anew")
    told = verbs.ask("check", str(folder))
    assert told.head.hash == late.head.hash
    assert late.result.scenario.quarters[0] == FROM


def test_what_is_believed_lies_between_the_plan_and_what_was_seen(result: Result) -> None:
    found = learnt(result, late=1.0, rate=0.6)
    for key in (("slip", SITE), ("chip_slip", ""), ("throughput", "assistant")):
        one = found[key].believed
        assert one.observed_value is not None
        low, high = sorted((one.prior_value, one.observed_value))
        assert low < one.posterior_value < high, key
    assert found["throughput", "documents"].believed.observed_value is None
    assert found["throughput", "documents"].believed.posterior_value == 1.0


def test_a_quarter_weighs_what_was_at_stake_in_it(result: Result) -> None:
    found = [one for one in as_planned(result, OVER) if one.kind != "work" or one.happened != closing("2024Q1")]
    (first,) = (
        one for one in as_planned(result, 1, rate=0.5) if one.kind == "work" and one.body["use_case"] == "assistant"
    )
    seen = known([*found, first])
    believed = {(one.item, one.thing): one.believed for one in refits(result, seen, believed_slips(result, seen))}
    one = believed["throughput", "assistant"]
    assert one.observations_count == OVER
    plain = 0.5 ** (1 / OVER)
    assert one.observed_value is not None
    assert plain + 0.01 < one.observed_value < 1.0


def test_as_planned_nothing_of_the_scenario_changes(result: Result) -> None:
    assert overrides(result, list(learnt(result).values())) == {}


def test_meters_and_errors_are_taken_up(result: Result) -> None:
    due = float(result.plan.inputs.pue_mean_ratio.sel(site=SITE))
    months = [f"2024-{month:02d}" for month in range(1, 13)]
    sums = {"facility_energy": 1.1 * due * 1e9, "it_energy": 1e9, "gpu_errors": 400.0}
    totals = [
        Total(series=ReadingSeries(quantity=name, unit="", site=SITE), month=month, count=1, total=total)
        for month in months
        for name, total in sums.items()
    ]
    found = learnt(result, totals)
    pue = found["pue", SITE].believed
    assert pue.observed_value == pytest.approx(1.1)
    assert 1.0 < pue.posterior_value < 1.1
    assert found["failure_rate", ""].believed.observations_count == 4
    changed = overrides(result, list(found.values()))
    assert set(changed) == {f"sites.{SITE}.power_price", "operations.package_failures"}
    told = changed[f"sites.{SITE}.power_price"]
    assert isinstance(told, dict)
    price = float(told["value"].split()[0]) / 1e6
    assert price == pytest.approx(float(result.plan.inputs.energy_price_usd_per_wh[0]) * pue.posterior_value)


def test_the_quarter_that_is_under_way_is_planned_anew_unless_another_is_asked_for(result: Result) -> None:
    seen = known([], closing("2025Q3"))
    question = ReforecastQuestion(result="plan")
    assert start(question, result, seen) == "2025Q3"
    assert start(ReforecastQuestion(result="plan", from_=FROM), result, seen) == FROM
    assert start(question, result, known([], closing("2024Q1"))) == "2024Q2"
    for wrong in ("2026Q2", "2024Q1", "soon"):
        with pytest.raises(ScenarioError, match="a quarter of the plan from 2024Q2 to 2025Q4"):
            start(ReforecastQuestion(result="plan", from_=wrong), result, seen)
    with pytest.raises(ScenarioError, match="where the plan begins"):
        start(question, result, known([], closing("2022Q4")))
    with pytest.raises(ScenarioError, match="the plan is over"):
        start(question, result, known([], closing("2027Q2")))


def test_a_folder_of_something_else_is_refused_before_any_work(tmp_path: Path, kept: Kept) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(OutputError):
        verbs.ask("track reforecast", "nothing", database=kept([]), job=Job(folder=tmp_path / "mine"))


def test_tranches_paid_since_the_quarter_began_are_said_to_be_to_come(result: Result) -> None:
    terms = fact("terms", closing("2026Q1"), **asdict(terms_of(known([]), result)[0]))
    paid = fact("disbursement", middle(FROM), milestone=1, milestone_w=30e6, amount_usd=3e8)
    told = {}
    for name, found in {"since": [terms, *as_planned(result, OVER), paid], "unmet": [terms, paid]}.items():
        whole = known(found, closing("2026Q1"))
        told[name] = {one.code: one.text for one in notes(whole, replace(whole, at=END), FROM, ())}
    assert "before 2025Q4 and paid since it began: 30 MW." in told["since"]["tranches_since"]
    assert "tranches_since" not in told["unmet"]
