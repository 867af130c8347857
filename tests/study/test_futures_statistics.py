"""What draws say: quantiles, shares of variance, worth of information and rules, each against what is known exactly."""

from __future__ import annotations

from math import inf, nan, pi, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigawatt.study.futures import statistics
from gigawatt.study.futures.rules import Condition, Rule, find_rule
from gigawatt.study.futures.statistics import Quantiles

RANDOM = np.random.default_rng(5)
DRAWN = RANDOM.random((2000, 3))


def test_quantiles_are_values_and_never_comes_last() -> None:
    assert statistics.quantiles([3.0, 1.0, 2.0]) == Quantiles(p10=1.0, p50=2.0, p90=3.0, mean=2.0)
    assert statistics.quantiles([nan, 4.0, nan, nan]) == Quantiles(p10=4.0, p50=inf, p90=inf, mean=inf)


def test_first_order_indices_of_a_sum() -> None:
    """Y = 2 a + b: shares of 4/5 and 1/5, and nothing of c."""
    found = statistics.first_order(["a", "b", "c"], DRAWN, 2 * DRAWN[:, 0] + DRAWN[:, 1])
    assert [index.name for index in found][:2] == ["a", "b"]
    for index, exact in zip(found, (0.8, 0.2, 0.0), strict=True):
        assert index.first_frac == pytest.approx(exact, abs=max(index.confidence_frac, 0.03))


def test_first_order_indices_take_few_values_and_ties() -> None:
    steps = np.floor(4 * DRAWN)
    found = statistics.first_order(["a", "b", "c"], steps, steps[:, 1] ** 2)
    assert found[0].name == "b"
    assert found[0].first_frac == pytest.approx(1.0, abs=0.1)


def test_the_index_of_a_rare_event_is_what_it_is() -> None:
    """faults K16: Y = 1 where x > 1 − a and y < c, of probability a·c = 2 %. E[Y | x] is c or 0, so that x has
    c (1 − a) / (1 − a c) of the variance and y has a (1 − c) / (1 − a c)."""
    a, c = 0.0221, 0.905
    exact = {"x": c * (1 - a) / (1 - a * c), "y": a * (1 - c) / (1 - a * c), "z": 0.0}
    assert exact["x"] == pytest.approx(0.904, abs=0.001)
    seen: dict[str, list[float]] = {name: [] for name in exact}
    held = []
    for number in range(40):
        drawn = np.random.default_rng(number).random((1000, 3))
        happens = ((drawn[:, 0] > 1 - a) & (drawn[:, 1] < c)).astype(float)
        for index in statistics.first_order(list(exact), drawn, happens):
            seen[index.name].append(index.first_frac)
            held.append(abs(index.first_frac - exact[index.name]) <= index.confidence_frac)
    for name, values in seen.items():  # the edge goes through a group of 4, which costs about one of 20 events
        assert np.mean(values) == pytest.approx(exact[name], abs=1 / 20)
        assert np.std(values) < 0.08
    assert np.mean(held) >= 0.85


def test_a_rare_loss_is_no_other_than_a_rare_event() -> None:
    """faults K16: an outcome that is nought but now and then has few values too."""
    short = np.where(DRAWN[:, 1] > 0.97, 1 + DRAWN[:, 1], 0.0)
    first, *others = statistics.first_order(["a", "b", "c"], DRAWN, short)
    assert (first.name, first.first_frac) == ("b", pytest.approx(1.0, abs=0.06))
    assert all(abs(index.first_frac) <= index.confidence_frac for index in others)


JUMPS = {
    "on a base that is never the same": (lambda x: np.where(x[:, 0] > 0.98, 1.0, 0.0) + 1e-3 * x[:, 1], 1.0),
    "beside what often differs": (lambda x: np.where(x[:, 0] > 0.98, 100.0, 5.0 * (x[:, 1] > 0.5)), 0.967),
    "in the middle of a quantity": (lambda x: (np.abs(x[:, 0] - 0.5) < 0.01) + 0.01 * x[:, 2], 1.0),
    "at half": (lambda x: 10.0 * (x[:, 0] > 0.5) + x[:, 1], 0.997),
}


@pytest.mark.parametrize("case", JUMPS)
def test_a_rare_jump_is_found_whatever_the_outcome_is_besides(case: str) -> None:
    """faults K16: of an outcome with any other values, what happens now and then had a third of its index."""
    outcome, exact = JUMPS[case]
    found = [
        statistics.first_order(["x", "y", "z"], drawn, outcome(drawn))[0]
        for drawn in (np.random.default_rng(number).random((1000, 3)) for number in range(20))
    ]
    assert {index.name for index in found} == {"x"}
    assert np.mean([index.first_frac for index in found]) == pytest.approx(exact, abs=2 / 20)


@pytest.mark.parametrize("nothing", [nan, inf, -inf])
def test_an_outcome_without_a_value_is_left_out(nothing: float) -> None:
    """faults K17: one NaN, or one without end, leaves every statistic as it is without that draw."""
    values = 2 * DRAWN[:, 0] + DRAWN[:, 1]
    holed, some = values.copy(), np.arange(2000) != 7
    holed[7] = nothing
    names = ["a", "b", "c"]
    assert statistics.first_order(names, DRAWN, holed) == statistics.first_order(names, DRAWN[some], values[some])
    choices, without = np.stack([holed - 1.5, 0 * values]), np.stack([values - 1.5, 0 * values])[:, some]
    assert statistics.evpi_usd(choices) == statistics.evpi_usd(without) > 0
    assert statistics.evppi_usd(names, DRAWN, choices) == statistics.evppi_usd(names, DRAWN[some], without)
    assert statistics.valued(choices).tolist() == some.tolist()


@pytest.mark.parametrize("nothing", [nan, inf, -inf])
def test_saltelli_indices_leave_out_a_base_with_a_hole(nothing: float) -> None:
    """faults K17: Y = a b still has its shares of 3/7 and 4/7, and no quantity has an index of nothing."""
    shares = statistics.saltelli_shares(2, 512, seed=1)
    values = shares[:, 0] * shares[:, 1]
    values[[5, 801]] = nothing
    found = statistics.saltelli_indices(["a", "b"], values, seed=1)
    assert len(found) == 2
    for index in found:
        assert index.first_frac == pytest.approx(3 / 7, abs=0.03)
        assert index.total_frac == pytest.approx(4 / 7, abs=0.03)
    assert statistics.saltelli_indices(["a", "b"], np.full_like(values, nan), seed=1) == []
    assert statistics.saltelli_indices(["a", "b"], np.ones_like(values), seed=1) == []


def test_no_indices_of_few_draws_or_of_a_constant() -> None:
    assert statistics.first_order(["a", "b", "c"], DRAWN[:10], DRAWN[:10, 0]) == []
    assert statistics.first_order(["a", "b", "c"], DRAWN, np.ones(2000)) == []


def test_saltelli_indices_of_a_product() -> None:
    """Y = a b, both uniform on 0 … 1: V = 7/144, each first-order share 3/7, each total share 4/7."""
    shares = statistics.saltelli_shares(2, 512, seed=1)
    assert shares.shape == (512 * 4, 2)
    for index in statistics.saltelli_indices(["a", "b"], shares[:, 0] * shares[:, 1], seed=1):
        assert index.first_frac == pytest.approx(3 / 7, abs=0.03)
        assert index.total_frac == pytest.approx(4 / 7, abs=0.03)


def test_worth_of_knowing_a_normal_value() -> None:
    """Go or not, worth x ~ N(0, 1) or 0: E[max(x, 0)] = 1/√(2π). Nothing for a quantity that says nothing of x."""
    x = RANDOM.standard_normal(4000)
    drawn = np.column_stack([x, RANDOM.random(4000)])
    choices = np.stack([x, np.zeros_like(x)])
    worth = statistics.evppi_usd(["x", "noise"], drawn, choices)
    assert list(worth) == ["x", "noise"]
    assert worth["x"] == pytest.approx(1 / sqrt(2 * pi), abs=0.03)
    assert worth["noise"] < 0.01
    assert statistics.evpi_usd(choices) == pytest.approx(1 / sqrt(2 * pi), abs=0.03)


def test_nothing_is_worth_knowing_where_the_choice_is_clear() -> None:
    choices = np.stack([DRAWN[:, 0] + 1, np.zeros(2000)])
    assert statistics.evpi_usd(choices) == 0
    assert max(statistics.evppi_usd(["a", "b", "c"], DRAWN, choices).values()) == 0


def test_conditional_mean_of_few_values_is_their_mean() -> None:
    drawn, values = np.array([0.0, 1.0, 0.0, 1.0, 2.0]), np.array([1.0, 5.0, 3.0, 7.0, 9.0])
    found = statistics.conditional_mean(drawn, values, np.array([True, True, True, True, False]))
    assert found.tolist() == [2.0, 6.0, 2.0, 6.0, 4.0]


@given(st.lists(st.lists(st.floats(-1e12, 1e12), min_size=3, max_size=3), min_size=1, max_size=5))
def test_the_least_regret_of_every_future_is_nothing(values: list[list[float]]) -> None:
    regret = statistics.regret_usd(np.array(values))
    assert regret.min(axis=0).tolist() == [0.0, 0.0, 0.0]
    assert statistics.evpi_usd(np.array(values)) >= -1e-3


def test_a_rule_finds_the_box() -> None:
    broken = (DRAWN[:, 0] <= 0.3) & (DRAWN[:, 2] >= 0.6)
    rule = find_rule(["demand", "price", "throughput"], DRAWN, broken)
    assert rule is not None
    assert {(c.name, c.side) for c in rule.conditions} == {("demand", "at most"), ("throughput", "at least")}
    assert rule.coverage_frac > 0.9
    assert rule.density_frac > 0.9


def test_a_rule_has_at_most_three_conditions_and_its_shares_are_counted() -> None:
    broken = (DRAWN.sum(axis=1) > 1.8) | (DRAWN[:, 0] > 0.9)
    rule = find_rule(["demand", "price", "throughput"], DRAWN, broken)
    assert rule is not None
    assert 1 <= len(rule.conditions) <= 3
    inside = np.ones(2000, dtype=bool)
    for condition in rule.conditions:
        inside &= condition.holds(DRAWN[:, ["demand", "price", "throughput"].index(condition.name)])
    assert rule.coverage_frac == (inside & broken).sum() / broken.sum()
    assert rule.density_frac == (inside & broken).sum() / inside.sum()


def test_a_condition_that_chance_explains_is_left_out() -> None:
    few = DRAWN[:40]
    rule = find_rule(["demand", "price", "throughput"], few, few[:, 0] <= np.quantile(few[:, 0], 0.2))
    assert rule is not None
    assert [condition.name for condition in rule.conditions] == ["demand"]


@pytest.mark.parametrize("share", [0, 1])
def test_no_rule_where_all_futures_are_alike(share: int) -> None:
    assert find_rule(["demand", "price", "throughput"], DRAWN, np.full(2000, bool(share))) is None


def test_rules_read_aloud() -> None:
    conditions = (
        Condition(name="demand", side="at most", value=0.8, unit="ratio"),
        Condition(name="power_slip", side="at least", value=2.0, unit="quarters"),
        Condition(name="chip_slip", side="at most", value=0.0, unit="quarters"),
    )
    words = Rule(conditions=conditions, coverage_frac=0.5, density_frac=0.5).words()
    assert words == "demand at most 0.80 of what is stated and power late by at least 2 quarters and chips on time"
