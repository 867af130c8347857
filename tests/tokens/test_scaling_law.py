from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigawatt.errors import CalibrationError
from gigawatt.tokens.scaling_law import (
    LossLaw,
    compute_optimal,
    extra_compute_ratio,
    loss_ratio,
    of_params,
    of_token_ratio,
    optimal_budget_flop,
    same_loss,
    smallest_params_count,
)

# Besiroglu et al. 2024, arXiv:2404.10102; the same numbers as in catalog/scaling_laws.
LAW = LossLaw(
    floor_ratio=1.8172,
    params_scale_ratio=482.01,
    tokens_scale_ratio=2085.43,
    params_exponent_ratio=0.3478,
    tokens_exponent_ratio=0.3658,
)
CHINCHILLA_FLOP = 5.76e23
budgets = st.floats(1e18, 1e30)


def test_loss_by_hand():
    law = LossLaw(
        floor_ratio=2.0,
        params_scale_ratio=100.0,
        tokens_scale_ratio=300.0,
        params_exponent_ratio=0.5,
        tokens_exponent_ratio=0.5,
    )
    assert loss_ratio(law, 1e4, 1e6) == pytest.approx(2 + 1 + 0.3)
    best = compute_optimal(law, 6e10)
    assert best.tokens_per_param_ratio == pytest.approx(9)
    assert best.params_count * best.tokens == pytest.approx(1e10)


def test_chinchilla_had_about_20_tokens_per_parameter():
    """70 billion parameters, 1.4 trillion tokens."""
    best = compute_optimal(LAW, CHINCHILLA_FLOP)
    assert best.tokens_per_param_ratio == pytest.approx(20, rel=0.1)
    assert best.params_count == pytest.approx(70e9, rel=0.1)
    assert best.tokens == pytest.approx(1.4e12, rel=0.1)


def test_the_replication_asks_for_15_tokens_per_parameter_at_1e27():
    assert compute_optimal(LAW, 1e27).tokens_per_param_ratio == pytest.approx(15, abs=0.5)
    rounded = LossLaw(
        floor_ratio=1.69,
        params_scale_ratio=406.4,
        tokens_scale_ratio=410.7,
        params_exponent_ratio=0.34,
        tokens_exponent_ratio=0.28,
    )
    assert compute_optimal(rounded, 1e27).tokens_per_param_ratio == pytest.approx(191, rel=0.01)


@settings(deadline=None)
@given(budgets, st.floats(0.1, 10))
def test_the_optimum_beats_its_neighbours(budget, factor):
    best = compute_optimal(LAW, budget)
    other = of_params(LAW, budget, best.params_count * factor)
    assert other.training_flop == pytest.approx(budget)
    assert best.training_flop == pytest.approx(budget)
    assert best.loss_ratio <= other.loss_ratio * (1 + 1e-12)


@settings(deadline=None)
@given(budgets, st.floats(1, 1e4))
def test_ways_to_say_it_agree(budget, ratio):
    by_ratio = of_token_ratio(LAW, budget, ratio)
    by_params = of_params(LAW, budget, by_ratio.params_count)
    assert by_ratio.tokens_per_param_ratio == pytest.approx(ratio)
    assert by_params.tokens == pytest.approx(by_ratio.tokens)
    assert same_loss(LAW, by_ratio.loss_ratio, by_ratio.params_count).tokens == pytest.approx(by_ratio.tokens, rel=1e-6)


@settings(deadline=None)
@given(st.floats(1e18, 1e28))
def test_budget_and_loss_are_inverse(budget):
    assert optimal_budget_flop(LAW, compute_optimal(LAW, budget).loss_ratio) == pytest.approx(budget, rel=1e-6)


@settings(deadline=None)
@given(st.floats(1e18, 1e28), st.floats(0.2, 10))
def test_another_size_costs_more_and_by_the_same_factor_at_any_budget(budget, factor):
    extra = extra_compute_ratio(LAW, budget, compute_optimal(LAW, budget).params_count * factor)
    assert extra >= 1 - 1e-9
    at_chinchilla = compute_optimal(LAW, CHINCHILLA_FLOP).params_count * factor
    assert extra == pytest.approx(extra_compute_ratio(LAW, CHINCHILLA_FLOP, at_chinchilla), rel=1e-6)


def test_half_the_size_costs_a_quarter_more():
    half = compute_optimal(LAW, CHINCHILLA_FLOP).params_count / 2
    assert extra_compute_ratio(LAW, CHINCHILLA_FLOP, half) == pytest.approx(1.26, abs=0.005)


def test_more_of_anything_is_better():
    sizes, data = np.geomspace(1e8, 1e13, 6)[:, None], np.geomspace(1e9, 1e15, 7)
    losses = loss_ratio(LAW, sizes, data)
    assert losses.shape == (6, 7)
    assert (np.diff(losses, axis=0) < 0).all()
    assert (np.diff(losses, axis=1) < 0).all()
    assert (losses > LAW.floor_ratio).all()


def test_a_model_too_small_is_refused_with_the_least_size():
    best = compute_optimal(LAW, CHINCHILLA_FLOP)
    least = smallest_params_count(LAW, best.loss_ratio)
    assert least < best.params_count
    with pytest.raises(CalibrationError, match=rf"params = .*: expected more than {least:.3g}".replace("+", r"\+")):
        same_loss(LAW, best.loss_ratio, np.array([best.params_count, least / 2]))
    with pytest.raises(CalibrationError, match=r"target_loss = 1\.5"):
        optimal_budget_flop(LAW, 1.5)


@pytest.mark.parametrize("bad", [0.0, -1e20, np.nan, np.inf])
def test_bad_numbers_are_refused(bad):
    for call in (
        lambda: loss_ratio(LAW, bad, 1e12),
        lambda: loss_ratio(LAW, 1e9, bad),
        lambda: compute_optimal(LAW, bad),
        lambda: of_params(LAW, 1e24, bad),
        lambda: of_token_ratio(LAW, 1e24, bad),
        lambda: same_loss(LAW, 2.0, bad),
        lambda: smallest_params_count(LAW, bad),
        lambda: compute_optimal(replace(LAW, params_exponent_ratio=bad), 1e24),
    ):
        with pytest.raises(CalibrationError):
            call()
