"""Dates of milestones: with a band, never in the past, later where sites are late."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest
from campus_ledgers import END, OVER, SITE, as_planned, closing, known

from gigawatt.ledger.facts import Fact
from gigawatt.ledger.milestones import Mark, Terms
from gigawatt.study.result import Result
from gigawatt.study.track.forecast import Forecast, forecast
from gigawatt.study.track.reconcile import reconciled
from gigawatt.study.track.slips import ALL, STREAMS, Curve, Stream, noise_count, slips


def coming(result: Result, late: float, at: str = END) -> Forecast:
    found = reconciled(result, known(as_planned(result, OVER, late=late, until=at), at)).forecast
    assert found is not None
    return found


def test_as_planned_a_milestone_is_met_about_when_it_is_planned(result: Result) -> None:
    found = coming(result, 0.0)
    (one,) = found.milestones
    assert one.milestone_w == 60e6
    assert one.planned_date is not None
    assert one.p10_date is not None
    assert one.p90_date is not None
    assert one.p10_date <= str(one.p50_date) <= one.p90_date
    assert one.planned_date <= one.p90_date
    assert one.reached_frac == 1.0


def test_sites_that_are_late_make_milestones_late(result: Result) -> None:
    dates = [coming(result, late).milestones[-1].p50_date for late in (0.0, 0.5, 1.0, 2.0)]
    assert dates == sorted(dates, key=str)
    assert len(set(dates)) == 4


def test_no_milestone_is_met_in_the_past_whatever_was_planned(result: Result) -> None:
    nothing = reconciled(result, known([], END)).forecast
    assert nothing is not None
    assert len(nothing.milestones) == 2
    for one in nothing.milestones:
        assert str(one.p10_date) > END[:10]
    assert all(row.p10_w <= row.p50_w <= row.p90_w for row in nothing.power)


def test_the_same_question_has_the_same_band(result: Result) -> None:
    assert coming(result, 0.7) == coming(result, 0.7)


def test_what_is_last_is_what_a_milestone_waits_for(result: Result) -> None:
    found = [one for one in as_planned(result, OVER, until=END) if one.kind != "test"]
    told = reconciled(result, known(found)).forecast
    assert told is not None
    assert {one.waits_for for one in told.milestones} == {"tests"}
    assert told.milestones[0].milestone_w == 30e6
    tests = next(row for row in told.slips if (row.site, row.stream) == (SITE, "tests"))
    assert tests.open_count == OVER


def test_the_terms_of_the_ledger_stand_before_those_of_the_scenario(result: Result) -> None:
    terms = Terms(
        scenario="one-campus",
        scenario_hash=result.scenario.hash,
        power_basis="it",
        milestones=(Mark(milestone_w=5e6, amount_usd=1e6), Mark(milestone_w=50e6, amount_usd=2e6)),
        rack_it_w=dict(zip(("gb300", "vr230"), result.plan.inputs.rack_it_w.values.tolist(), strict=True)),
        pue_ratio={SITE: float(result.plan.inputs.pue_peak_ratio[0])},
        test_h=24.0,
        test_tokens_per_s={},
    )
    agreed = Fact(kind="terms", happened=closing("2024Q4"), body=asdict(terms), source="terms")
    found = reconciled(result, known([agreed, *as_planned(result, OVER)]))
    assert found.forecast is not None
    assert [(one.number, one.milestone_w) for one in found.forecast.milestones] == [(2, 50e6)]
    assert found.forecast.power_basis == "it"
    assert "no_terms" not in {note.code for note in found.head.notes}


def test_the_slip_of_a_site_is_told_before_and_after_it_was_seen(result: Result) -> None:
    rows = {(row.site, row.stream): row.slip_quarters for row in coming(result, 1.0).slips}
    shared, here = rows[ALL, "power"], rows[SITE, "power"]
    assert shared.prior_value == 0.0
    assert here.observed_value is not None
    assert here.prior_value == shared.posterior_value
    assert 0 < shared.posterior_value < here.posterior_value < here.observed_value
    assert here.observed_value == pytest.approx(6.5 / 7, rel=1e-3)  # the last step is due since half a quarter


def test_a_step_is_late_by_when_half_of_it_stands() -> None:
    planned = np.array([0.0, 10.0, 10.0, 20.0])
    curve = Curve(planned, np.array([1.0, 2.0]), np.array([4.0, 10.0]))
    assert curve.slips(2.0) == ([1.5], 0)
    assert curve.slips(2.5) == ([1.5, 0.0], 1)
    assert curve.behind(2.0, 10.0) == 0.0
    assert curve.behind(2.0, 0.0) == 2.0
    assert curve.behind(2.0, 20.0) == -np.inf


def there(power_w: float) -> Curve:
    """A plan of 10 W in the first quarter and of 20 W in the sixth, and what of it was there half a quarter late."""
    planned = np.array([0.0, 10.0, 10.0, 10.0, 10.0, 10.0, 20.0])
    return Curve(planned, np.array([1.0]), np.array([power_w]))


@pytest.mark.parametrize(("power_w", "top_w"), [(0.0, 0.0), (4.9, 4.9), (5.0, 10.0), (9.8, 10.0), (10.0, 10.0)])
def test_a_step_of_which_half_is_there_is_under_way(power_w: float, top_w: float) -> None:
    assert there(power_w).under_way_w() == top_w


def test_the_last_racks_of_a_step_do_not_hold_up_the_steps_after_it(result: Result) -> None:
    def at_the_end(power_w: float) -> list[float]:
        found: dict[tuple[str, Stream], Curve] = {(SITE, stream): there(power_w) for stream in STREAMS}
        believed = slips(found, result.scenario.asked, 4.0)
        return [row.p50_w for row in forecast(found, believed, (), 4.0, "2025Q1", 0, "facility").power]

    whole, all_but_two = at_the_end(10.0), at_the_end(9.8)
    assert all_but_two == pytest.approx(whole, rel=0.01)
    assert at_the_end(4.0)[1] < 0.7 * whole[1]


def test_noise_follows_what_was_seen() -> None:
    assert noise_count([]) == noise_count([[1.0]]) == 0.5
    assert noise_count([[1.0] * 20]) < 0.5 < noise_count([[0.0, 4.0, 0.0, 4.0]])
