"""Dates of milestones: with a band, never in the past, later where sites are late."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest
from campus_ledgers import END, OVER, SITE, as_planned, closing, known

from gigawatt.ledger.facts import Fact
from gigawatt.ledger.milestones import TrancheMark, TrancheTerms
from gigawatt.study.result import Result
from gigawatt.study.track.forecast import Forecast, chances, drawn
from gigawatt.study.track.reconcile import reconciled
from gigawatt.study.track.shrink import Shrunk
from gigawatt.study.track.slips import ALL, PowerRise, Slip, common, noise_count


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
    forecast = reconciled(result, known(found)).forecast
    assert forecast is not None
    assert {one.waits_for for one in forecast.milestones} == {"tests"}
    assert forecast.milestones[0].milestone_w == 30e6
    tests = next(row for row in forecast.slips if (row.site, row.stream) == (SITE, "tests"))
    assert tests.open_count == OVER


def test_the_terms_of_the_ledger_stand_before_those_of_the_scenario(result: Result) -> None:
    terms = TrancheTerms(
        scenario="one-campus",
        scenario_hash=result.scenario.hash,
        power_basis="it",
        milestones=(TrancheMark(milestone_w=5e6, amount_usd=1e6), TrancheMark(milestone_w=50e6, amount_usd=2e6)),
        rack_it_w=dict(zip(("gb300", "vr230"), result.plan.inputs.rack_it_w.values.tolist(), strict=True)),
        pue_ratio={SITE: float(result.plan.inputs.pue_peak_ratio[0])},
        test_h=24.0,
        test_tokens_per_s={},
    )
    agreed = Fact(kind="terms", happened=closing("2023Q4"), body=asdict(terms), source="terms")
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
    curve = PowerRise(planned, np.array([1.0, 2.0]), np.array([4.0, 10.0]))
    assert curve.slips(2.0) == ([1.5], 0)
    assert curve.slips(2.5) == ([1.5, 0.0], 1)
    assert curve.behind(2.0) == -0.5
    assert PowerRise(planned, np.array([]), np.array([])).behind(2.0) == 1.5
    assert PowerRise(planned, np.array([0.5]), np.array([20.0])).behind(2.0) == -np.inf


def test_what_is_missing_of_a_step_that_mostly_stands_comes_within_a_quarter() -> None:
    curve = PowerRise(np.array([0.0, 10.0, 10.0, 20.0]), np.array([1.0]), np.array([8.0]))
    coming = curve.coming_w(np.array([2.0, 2.5, 3.0, 4.0]), np.array([0.0, 1.0]), 2.0)
    assert coming.tolist() == [[8.0, 14.0, 20.0, 20.0], [8.0, 9.0, 10.0, 20.0]]


def test_noise_follows_what_was_seen() -> None:
    assert noise_count([]) == noise_count([[1.0]]) == 0.5
    assert noise_count([[1.0] * 20]) < 0.5 < noise_count([[0.0, 4.0, 0.0, 4.0]])


def believed(site: str, weight_frac: float, deviation_value: float) -> Slip:
    seen = Shrunk(
        prior_value=0.0,
        observed_value=0.0,
        observations_count=2,
        weight_frac=weight_frac,
        posterior_value=0.0,
        deviation_value=deviation_value,
    )
    return Slip(site=site, stream="power", noise_count=0.3, slip_quarters=seen, open_count=0)


def test_what_all_sites_share_makes_them_late_together() -> None:
    own_count, shared_count, weight = 0.4, 0.9, 0.25
    one = believed("a", weight, np.hypot(own_count, (1 - weight) * shared_count))
    known_of = {(ALL, "power"): believed(ALL, 0.5, shared_count), ("a", "power"): one, ("b", "power"): one}
    part = common(known_of, "a", "power")
    assert part == pytest.approx((1 - weight) * shared_count)
    a, b = (drawn(one, part, -np.inf, (chances(ALL, 7), chances(site, 7))) for site in "ab")
    width = np.sqrt(own_count**2 + part**2 + 0.3**2)
    assert a.std() == pytest.approx(width, rel=0.1)
    assert np.corrcoef(a, b)[0, 1] == pytest.approx((part / width) ** 2, abs=0.06)
    assert (a + b).std() > 1.15 * np.sqrt(2) * width
    assert drawn(one, part, 1.0, (chances(ALL, 7), chances("a", 7))).min() >= 1.0
    assert common({}, "a", "power") == 0.0
