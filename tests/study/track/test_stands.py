"""From facts to what stands: racks by age, power, money, tranches; as planned, it is what the plan has."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest
from campus_ledgers import END, OVER, SITE, as_planned, closing, fact, known, middle

from gigawatt.ledger.facts import Fact
from gigawatt.scenario.schema import Scenario
from gigawatt.study.result import Result
from gigawatt.study.standing import course, cut, standing
from gigawatt.study.track.slips import terms_of
from gigawatt.study.track.stands import Stood, cohorts, later_count, shifted, stood, table

FROM = "2025Q4"


@pytest.fixture(scope="module")
def left(result: Result) -> Scenario:
    """The question that is left of the plan."""
    return cut(result.scenario, result.plan, FROM)


def there(result: Result, left: Scenario, found: list[Fact]) -> Stood:
    return stood(result, known(found), left, FROM)


def racks(at: str, count: float, change: str = "accepted", platform: str = "gb300") -> Fact:
    return fact("racks", at, site=SITE, platform=platform, racks_count=count, change=change)


def test_racks_stand_by_the_quarter_of_their_acceptance_and_the_oldest_leave() -> None:
    first, second = middle("2024Q1"), middle("2024Q3")
    found = cohorts([racks(first, 10), racks(first, 5), racks(second, 8), racks(closing("2024Q4"), 17, "retired")])
    assert [(one.installed, one.racks_count) for one in found] == [("2024Q3", 6.0)]


def test_as_planned_the_opening_is_that_of_the_plan(result: Result, left: Scenario) -> None:
    found = there(result, left, as_planned(result, OVER))
    mine = table(result, left, found, {SITE: 0.0})
    due = tomllib.loads(standing(result.scenario, result.plan, FROM))["opening"]
    for key in ("racks", "shells", "paid", "begun"):
        assert len(mine[key]) == len(due.get(key, [])), key
        for one, other in zip(mine[key], due.get(key, []), strict=True):
            for name, value in other.items():
                assert one[name] == value or number(one[name]) == pytest.approx(number(value), rel=1e-9), key
    for key in ("cash", "debt", "gross", "released", "losses"):
        assert number(mine[key]) == pytest.approx(number(due[key]), rel=1e-9), key


def number(value: Any) -> Any:
    """The figure of a quantity, or what it is."""
    try:
        return float(str(value).split()[0])
    except ValueError:
        return value


def test_recorded_money_moves_cash_and_debt(result: Result, left: Scenario) -> None:
    planned = as_planned(result, OVER)
    assert left.asked.opening is not None
    assert left.asked.opening.cash_usd is not None
    more = fact("money", END, direction="in", item="revenue", amount_usd=5e6, site="")
    found = there(result, left, [*planned, more])
    assert found.cash_usd == pytest.approx(left.asked.opening.cash_usd + 5e6)
    assert found.debt_usd == left.asked.opening.debt_usd
    less = fact("money", END, direction="out", item="operation", amount_usd=7e6, site="")
    short = there(result, left, [*planned, less])
    minimum = result.scenario.asked.capital.minimum_cash_usd
    assert short.cash_usd == minimum
    assert short.cash_usd - short.debt_usd == pytest.approx(
        left.asked.opening.cash_usd - 7e6 - left.asked.opening.debt_usd
    )
    assert "cash_short" in {note.code for note in short.notes}
    assert "money_as_planned" in {note.code for note in found.notes}


def test_tranches_are_paid_as_the_ledger_tells_where_it_has_terms(result: Result, left: Scenario) -> None:
    planned = as_planned(result, OVER)
    assert there(result, left, planned).released_w == 30e6
    terms = fact("terms", closing("2026Q1"), **asdict(terms_of(known([]), result)[0]))
    assert there(result, left, [terms, *planned]).released_w == 0.0
    paid = fact("disbursement", middle("2025Q2"), milestone=1, milestone_w=30e6, amount_usd=3e8)
    assert there(result, left, [terms, *planned, paid]).released_w == 30e6


def test_racks_that_draw_more_than_is_energised_have_their_power(result: Result, left: Scenario) -> None:
    planned = [one for one in as_planned(result, OVER) if one.kind != "site"]
    found = there(result, left, planned)
    draws = float(result.plan.data.facility_w.sel(site=SITE, period="2025Q3"))
    assert found.energised_w[SITE] == pytest.approx(draws)
    assert "power_of_racks" in {note.code for note in found.notes}


def test_what_the_scenario_does_not_know_is_left_out_and_said(result: Result, left: Scenario) -> None:
    strange = racks(middle("2024Q2"), 9, platform="gb200")
    found = there(result, left, [*as_planned(result, OVER), strange])
    assert {one.platform for one in found.cohorts} == {"gb300", "vr230"}
    assert "gb200" in next(note.text for note in found.notes if note.code == "racks_left_out")


def test_shells_that_are_late_are_being_built(result: Result, left: Scenario) -> None:
    on_time = there(result, left, as_planned(result, OVER))
    late = there(result, left, as_planned(result, OVER, late=1.0, until=END))
    power = [
        sum(number(row["power"]) for row in table(result, left, one, {SITE: 0.0})["begun"]) for one in (on_time, late)
    ]
    lacking = on_time.energised_w[SITE] - late.energised_w[SITE]
    assert lacking > 0
    assert power[1] == pytest.approx(power[0] + lacking)
    ready = [table(result, left, late, {SITE: slip})["begun"][0]["ready"] for slip in (0.0, 1.0, 3.0)]
    assert ready == ["2025Q4", "2025Q4", "2026Q2"]
    ahead = sum(number(row["amount"]) for row in table(result, left, late, {SITE: 1.0})["paid"])
    assert ahead > sum(number(row["amount"]) for row in table(result, left, on_time, {SITE: 0.0})["paid"])


def test_what_is_left_is_no_less_late_than_it_is_already(result: Result, left: Scenario) -> None:
    late = there(result, left, as_planned(result, OVER, late=1.0, until=END))
    assert later_count(result, late, SITE, 0.2) == pytest.approx(0.5)
    assert later_count(result, late, SITE, 1.7) == 1.7
    early = replace(late, energised_w={SITE: 1e9})
    assert later_count(result, early, SITE, 0.0) == 0.0


def test_a_course_is_later_and_keeps_what_stands(result: Result) -> None:
    ramp = result.plan.inputs.ramp_w.sel(site=SITE)
    later = shifted(ramp, 7, 1.0, 45e6)
    assert later[0] == max(float(ramp[6]), 45e6)
    assert np.all(np.diff(later) >= 0)
    assert list(shifted(ramp, 7, 0.0)) == ramp.values[7:].tolist()
    told = course(np.array([1.0, 2.0]), ["2025Q4", "2026Q1"], "W")
    assert told == {"2025Q4": "1.0 W", "2026Q1": "2.0 W", "2026Q2": "0.0 W", "grade": "derived"}
