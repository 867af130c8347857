"""The flywheel: set on two years, judged by what came after; and a loop over plan and demand with one fixed point."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gigawatt.account.accounts import account
from gigawatt.catalog import load as catalog
from gigawatt.errors import CatalogError, ScenarioError
from gigawatt.plan import plan
from gigawatt.programme.arrays import arrays
from gigawatt.scenario.load import load, loads
from gigawatt.scenario.schema import Scenario
from gigawatt.study import verbs
from gigawatt.study.flywheel import loop
from gigawatt.study.flywheel.backtest import BacktestRow, backtest, error_mean_frac
from gigawatt.study.flywheel.fit import SetWheel, fitted
from gigawatt.study.flywheel.past import hindcast, past

# A campus that trains, small enough to be planned in a second.
TEXT = """
name = "campus-that-trains"
extends = "one-campus"

[horizon]
report_end = "2028Q4"
end = "2029Q2"

[training_runs.small]
title = "A small run"
grade = "assumed"
model = "llama-3.1-70b"
precision = "fp8"
volume = "2e26 FLOP"
start = "2027Q1"
end = "2027Q4"
largest_gang = 5000
penalty = "1 billion USD"

[experiments.daily]
title = "Daily experiments"
grade = "assumed"
model = "llama-3.1-70b"
precision = "fp8"
gang = 1000
wish = { 2026Q3 = "1e25 FLOP", 2029Q2 = "6e25 FLOP" }
worth = "0.30 USD/EFLOP"
floor = "30 %"
floor_penalty = "3 USD/EFLOP"

[flywheel]
grade = "assumed"
history = "openai"
users_odds = 2.653
user_tokens = 1.079
token_price = 1.0
research_elasticity = 1.0
capital_per_revenue = 7.6
algorithmic_progress = "200 %/year"
hardware_progress = "34 %/year"
compute_cost = "38 USD/W"
people = 5.5e9
research_before = "1e26 FLOP"
"""
STILL = {"flywheel.users_odds": 1.0, "flywheel.user_tokens": 1.0, "flywheel.token_price": 1.0}


def campus(**changes: Any) -> Scenario:
    """The campus with some keys of its [flywheel] changed."""
    return loads(TEXT, {f"flywheel.{key}": value for key, value in changes.items()})


def loi(**changes: Any) -> Scenario:
    """The default scenario, for its past."""
    return load("loi-2025-09", {f"flywheel.{key}": value for key, value in changes.items()})


NAMES = ("power_w", "yearly_revenue_usd", "weekly_users_count")


@pytest.fixture(scope="module")
def history() -> Any:
    return catalog.get("history", "openai")


@pytest.fixture(scope="module")
def wheel() -> Any:
    return loi().asked.flywheel


@pytest.fixture
def file(tmp_path: Path) -> str:
    """The campus as a file."""
    (tmp_path / "campus.toml").write_text(TEXT, encoding="utf-8")
    return str(tmp_path / "campus.toml")


def rows_of(wheel: Any, history: Any) -> tuple[BacktestRow, ...]:
    """The past by a wheel that begins where the history does."""
    known = past(history)
    return backtest(SetWheel(wheel=wheel, levels=known.first), known)


def errors(rows: tuple[BacktestRow, ...]) -> dict[tuple[str, str], float]:
    return {(row.what, row.date): row.error_frac for row in rows if row.held_out}


@pytest.fixture(scope="module")
def undamped() -> loop.Spin:
    scenario = campus()
    return loop.spin(scenario, scenario.asked.flywheel, 1.0, 1.0)


class TestPast:
    def test_the_default_scenario_has_what_two_years_give(self, wheel: Any, history: Any) -> None:
        given = fitted(wheel, past(history)).wheel
        for name in ("users_odds_ratio", "user_tokens_ratio", "capital_per_revenue_ratio"):
            assert getattr(wheel, name) == pytest.approx(getattr(given, name), rel=1e-3), name

    def test_points_that_set_are_met_exactly(self, wheel: Any, history: Any) -> None:
        rows = rows_of(fitted(wheel, past(history)).wheel, history)
        assert all(abs(row.error_frac) < 1e-4 for row in rows if not row.held_out)

    def test_held_out_points_change_no_prediction(self, wheel: Any, history: Any) -> None:
        changed = tuple(
            replace(p, **{name: 1.7 * value for name in NAMES if (value := getattr(p, name))}) if p.held_out else p
            for p in history.points
        )
        other = replace(history, points=changed)
        known, unknown = past(history), past(other)
        assert fitted(wheel, unknown) == fitted(wheel, known)
        pairs = zip(rows_of(wheel, history), rows_of(wheel, other), strict=True)
        assert all(one.predicted == two.predicted for one, two in pairs)

    def test_errors_are_what_they_are(self, wheel: Any, history: Any) -> None:
        """A golden of the backtest: none of these figures was looked at when the wheel was set."""
        found = errors(rows_of(wheel, history))
        assert found["compute", "2025-12-31"] == pytest.approx(-0.053, abs=0.002)
        assert found["yearly revenue", "2025-12-31"] == pytest.approx(-0.157, abs=0.003)
        assert found["weekly users", "2025-10-06"] == pytest.approx(-0.158, abs=0.003)
        assert found["weekly users", "2026-02-27"] == pytest.approx(0.065, abs=0.003)

    def test_a_turn_by_hand(self, wheel: Any, history: Any) -> None:
        turned = hindcast(wheel, past(history))
        bought = wheel.capital_per_revenue_ratio * turned.revenue_usd(1.0) / wheel.compute_cost_usd_per_w
        assert turned.power_w[2] == pytest.approx(turned.power_w[1] + bought)
        assert turned.orders(1.0) == pytest.approx(np.log10(3.0 * 3.0 * 1.34))

    def test_algorithmic_progress_is_not_seen_by_the_past(self, wheel: Any, history: Any) -> None:
        """Where the odds are set anew, what follows is the same: time and compute grew together."""
        found = [
            error_mean_frac(
                rows_of(fitted(replace(wheel, algorithmic_progress_per_year=rate), past(history)).wheel, history)
            )
            for rate in (0.8, 4.3)
        ]
        assert found[0] == pytest.approx(found[1], abs=0.005)

    def test_more_capital_brings_more_of_everything(self, wheel: Any, history: Any) -> None:
        richer = replace(wheel, capital_per_revenue_ratio=2 * wheel.capital_per_revenue_ratio)
        for one, two in zip(rows_of(wheel, history), rows_of(richer, history), strict=True):
            assert two.predicted >= one.predicted or one.date < "2023-12-31"

    @pytest.mark.parametrize("change", [{"held_out": True}, {"day_date": "summer"}])
    def test_a_history_that_sets_nothing_is_refused(self, history: Any, change: dict[str, Any]) -> None:
        broken = replace(history, points=tuple(replace(point, **change) for point in history.points))
        with pytest.raises(CatalogError, match=r"history\.openai\.points"):
            past(broken)


class TestLoop:
    def test_every_number_of_the_wheel_is_graded(self) -> None:
        found = verbs.flywheel(backtest=True)
        assert all(row.grade for row in found.elasticities)
        assert sum(row.elasticity for row in found.elasticities) == 5
        assert all(row.source for row in found.elasticities if row.grade not in ("assumed", "derived"))

    def test_only_the_past_has_no_turns(self) -> None:
        found = verbs.flywheel(backtest=True)
        assert (found.iterations, found.converged, found.fixed_point) == ((), None, None)
        assert {row.held_out for row in found.backtest} == {True, False}
        assert [curve.what for curve in found.curves] == ["compute", "yearly revenue", "weekly users"]
        row = next(row for row in found.backtest if (row.what, row.date) == ("compute", "2025-12-31"))
        assert row.error_frac == pytest.approx(row.predicted / row.published - 1)
        assert row.with_published_power_error_frac is None

    def test_another_elasticity_is_another_past(self) -> None:
        rows = verbs.flywheel(backtest=True, set={"flywheel.users_odds": 1}).backtest
        assert {round(row.predicted) for row in rows if row.what == "weekly users"} == {100_000_000}

    def test_without_elasticities_the_plan_is_the_scenario_s(self, file: str) -> None:
        """Nothing comes back but what was asked for: one turn, and the books of the plan alone."""
        scenario = loads(TEXT, STILL)
        found = verbs.flywheel(file, set=STILL, damping=1, start=1)
        alone = account(scenario, plan.make(scenario, with_worth=False))
        assert [(turn.start_ratio, turn.number, turn.response_ratio) for turn in found.iterations] == [(1.0, 1, 1.0)]
        assert found.converged
        assert found.fixed_point.same_from_every_start
        assert (found.fixed_point.demand_ratio, found.fixed_point.gain_ratio) == (1.0, None)
        assert found.fixed_point.npv_usd == found.fixed_point.first_npv_usd
        assert found.fixed_point.npv_usd == pytest.approx(alone.values.npv_usd, rel=1e-9)
        assert [row.year for row in found.fixed_point.chain] == ["2026", "2027", "2028"]

    @pytest.mark.slow
    def test_two_starts_reach_the_same_where_nothing_comes_back(self, file: str) -> None:
        found = verbs.flywheel(file, set=STILL, damping=1)
        assert [(turn.start_ratio, turn.number) for turn in found.iterations] == [(0.5, 1), (0.5, 2), (1.0, 1)]
        assert found.converged
        assert found.fixed_point.same_from_every_start
        assert (found.fixed_point.demand_ratio, found.fixed_point.gain_ratio) == (1.0, 0.0)

    @pytest.mark.slow
    def test_damped_and_undamped_from_two_starts_reach_one_fixed_point(self, undamped: loop.Spin) -> None:
        scenario = campus()
        damped = loop.spin(scenario, scenario.asked.flywheel, 0.8, 0.5)
        assert undamped.converged
        assert damped.converged
        assert damped.demand.volume_ratio == pytest.approx(undamped.demand.volume_ratio, rel=0.04)
        assert damped.turns[-1].peak_w == pytest.approx(undamped.turns[-1].peak_w, rel=0.04)

    def test_the_first_turn_from_one_is_the_scenario_s_plan(self, undamped: loop.Spin) -> None:
        assert undamped.turns[0].demand_ratio == 1.0
        assert undamped.turns[0].response_ratio < 1.0

    def test_what_comes_back_is_what_was_planned_for(self, undamped: loop.Spin) -> None:
        scenario = campus()
        response = loop.coming_back(scenario.asked.flywheel, loop.users_count(scenario), undamped.ahead_count)
        assert response.volume_ratio == pytest.approx(undamped.demand.volume_ratio, rel=loop.CLOSE_FRAC)
        assert undamped.ahead_count[0] == 0.0

    def test_research_asked_for_follows_demand(self) -> None:
        scenario = campus(research_elasticity=0.5)
        base = arrays(scenario)
        count = base.sizes["period"]
        demand = loop.AskedRatios(volume_ratio=np.full(count, 4.0), price_ratio=np.full(count, 0.5))
        asked = loop.asked_for(base, scenario.asked.flywheel, demand)
        for name, factor in {
            "demand_tokens_per_s": 4.0,
            "price_usd_per_mtok": 0.5,
            "experiment_wish_flop": 2.0,
            "run_volume_flop": 2.0,
        }.items():
            assert asked[name].values == pytest.approx(factor * base[name].values), name
            assert asked[name].dims == base[name].dims

    def test_more_research_never_brings_less(self) -> None:
        wheel, users = campus().asked.flywheel, np.array([0.0, 1e9])
        less, more = (loop.coming_back(wheel, users, np.full(2, ahead)).volume_ratio for ahead in (-0.5, -0.2))
        assert (more > less).all()
        assert (loop.coming_back(wheel, users, np.zeros(2)).volume_ratio == 1.0).all()
        assert less[1] > less[0]  # near the ceiling users move less

    @pytest.mark.parametrize(
        ("asked", "path"),
        [
            ({"damping": 0.0}, "damping"),
            ({"damping": -1.0}, "damping"),
            ({"damping": 1.5}, "damping"),
            ({"damping": float("nan")}, "damping"),
            ({"start": 0}, "start"),
            ({"start": 1000}, "start"),
        ],
    )
    def test_what_is_outside_its_range_is_refused(self, file: str, asked: dict[str, float], path: str) -> None:
        with pytest.raises(ScenarioError) as caught:
            verbs.flywheel(file, **asked)
        assert [(fault.path, fault.asked) for fault in caught.value.faults] == [(path, True)]

    def test_a_scenario_without_research_says_so(self, file: str) -> None:
        none = {"training_runs.small": False, "experiments.daily": False}
        with pytest.raises(ScenarioError, match="capability does not depend on the plan"):
            verbs.flywheel(file, set=none)
        assert verbs.flywheel(file, set=none, backtest=True).iterations == ()

    def test_a_scenario_without_a_wheel_says_so(self) -> None:
        with pytest.raises(ScenarioError, match=r"flywheel = missing.*loi-2025-09"):
            verbs.flywheel("one-campus")

    @pytest.mark.slow
    def test_the_default_scenario_comes_to_rest_at_one_fixed_point(self) -> None:
        found = verbs.flywheel()
        assert found.converged
        assert found.fixed_point.same_from_every_start
        assert 0.7 < found.fixed_point.demand_ratio < 1
        assert found.fixed_point.gain_ratio < 1


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("users_odds", 0, "at least 0.001"),
        ("users_odds", 1e6, "at most 1000"),
        ("research_elasticity", 9, "at most 3"),
        ("people", 0, "at least 10"),
        ("compute_cost", "0 USD/W", "at least 0.0002 billion USD/GW; plausible is 2 USD/W"),
        ("algorithmic_progress", "-10 %/year", "at least 0 %/year"),
        ("history", "opnai", "a name in the catalog"),
        ("damping", 1, "one of the keys"),
    ],
)
def test_bad_keys_are_one_clear_fault(key: str, value: Any, expected: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        campus(**{key: value})
    assert [fault.path for fault in caught.value.faults] == [f"flywheel.{key}"], str(caught.value)
    assert expected in caught.value.faults[0].expected


def test_fewer_people_than_users_is_a_fault() -> None:
    with pytest.raises(ScenarioError, match=r"flywheel\.people = .*use_cases\.chat"):
        loi(people=1e9)
