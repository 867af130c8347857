"""Futures are drawn as they are declared, and each is the same whoever draws it."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigawatt.scenario.schema import Scenario, Uncertainty
from gigawatt.study.futures.draws import Future, at_quantiles, draw, quantile, walk

COUNT = 2000
QUARTERS = 8
# Half the width of a 99.9 % confidence interval, in standard errors.
WIDE = NormalDist().inv_cdf(0.9995)
SPREADS = [
    Uncertainty(distribution="lognormal", p10_ratio=0.6, p90_ratio=1.5),
    Uncertainty(distribution="triangular", low_ratio=0.8, mode_ratio=1.0, high_ratio=1.4),
    Uncertainty(distribution="triangular", low_ratio=1.0, mode_ratio=1.0, high_ratio=1.0),
    Uncertainty(distribution="discrete", values=(0.0, 1.0, 4.0), weights=(2.0, 0.0, 1.0)),
]


@pytest.fixture(scope="module")
def futures(campus: Scenario) -> list[Future]:
    return [draw(campus.asked, 7, number, QUARTERS) for number in range(COUNT)]


def drawn(futures: list[Future], name: str) -> np.ndarray:
    return np.array([future.value[name] for future in futures])


@pytest.mark.parametrize("name", ["demand", "price", "throughput", "rack_price", "capital_cost"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_quantiles_are_those_declared(campus: Scenario, futures: list[Future], name: str, share: float) -> None:
    below = np.mean(drawn(futures, name) <= quantile(campus.asked.uncertainty[name], share))
    assert below == pytest.approx(share, abs=WIDE * sqrt(share * (1 - share) / COUNT))


def test_discrete_values_come_with_their_weights(campus: Scenario, futures: list[Future]) -> None:
    spread, values = campus.asked.uncertainty["power_slip"], drawn(futures, "power_slip")
    assert set(values) == set(spread.values)
    for value, weight in zip(spread.values, spread.weights, strict=True):
        assert np.mean(values == value) == pytest.approx(weight, abs=WIDE * sqrt(weight * (1 - weight) / COUNT))


def test_declared_percentiles_are_exact() -> None:
    spread = Uncertainty(distribution="lognormal", p10_ratio=0.6, p90_ratio=1.5)
    assert [quantile(spread, share) for share in (0.1, 0.5, 0.9)] == pytest.approx([0.6, sqrt(0.9), 1.5])


def test_correlations_are_those_of_the_copula(futures: list[Future]) -> None:
    logs = np.log([drawn(futures, "demand"), drawn(futures, "price"), drawn(futures, "throughput")])
    found = np.corrcoef(logs)
    assert found[0, 1] == pytest.approx(0.4, abs=WIDE * (1 - 0.4**2) / sqrt(COUNT))
    assert found[0, 2] == pytest.approx(0.0, abs=WIDE / sqrt(COUNT))


def test_a_walk_starts_anywhere_and_has_mean_one() -> None:
    shocks = np.random.default_rng(3).standard_normal((20_000, QUARTERS))
    courses = np.array([walk(0.3, row) for row in shocks])
    spread = courses.std(axis=0) / sqrt(len(courses))
    assert (np.abs(courses.mean(axis=0) - 1) < WIDE * spread).all()
    assert np.log(courses[:, 3]).std() == pytest.approx(0.3, rel=0.03)  # after a year


def test_a_future_is_the_same_whatever_is_drawn_beside_it(campus: Scenario) -> None:
    asked = campus.asked
    whole, part = draw(asked, 7, 5, QUARTERS), draw(asked, 7, 5, QUARTERS, ["demand", "chip_slip"])
    assert part.value == {name: whole.value[name] for name in ("demand", "chip_slip")}
    assert part.course["demand"].tolist() == whole.course["demand"].tolist()
    alone = replace(asked, uncertainty={"throughput": asked.uncertainty["throughput"]}, correlations=())
    assert draw(alone, 7, 5, QUARTERS).value["throughput"] == whole.value["throughput"]
    assert draw(asked, 7, 6, QUARTERS).value != whole.value
    assert draw(asked, 8, 5, QUARTERS).value != whole.value


def test_a_walk_is_told_by_its_mean(futures: list[Future]) -> None:
    future = futures[0]
    assert future.mean("price") == pytest.approx(np.mean(future.course["price"]))
    assert future.mean("chip_slip") == future.value["chip_slip"]


def test_quantiles_that_are_asked_for(campus: Scenario) -> None:
    future = at_quantiles(campus.asked, ["demand", "chip_slip"], [0.9, 0.0], 3)
    assert future.value == pytest.approx({"demand": 1.5, "chip_slip": 0.0})
    assert (future.number, future.course) == (3, {})


@given(st.sampled_from(SPREADS), st.floats(0, 1), st.floats(0, 1))
def test_quantiles_never_fall(spread: Uncertainty, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert quantile(spread, low) <= quantile(spread, high) * (1 + 1e-12)


def test_a_value_of_weight_zero_never_comes() -> None:
    assert {quantile(SPREADS[3], share) for share in np.linspace(0, 1, 101)} == {0.0, 4.0}
