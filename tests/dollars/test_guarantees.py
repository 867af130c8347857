"""Guarantees: every way in which one can end is tried, and what no guarantee may do."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigawatt import dollars
from gigawatt.dollars import GuaranteeCost, guarantee_cost

MONEY = st.floats(0, 1e11)
SHARES = st.floats(0, 1)
HAZARDS = st.floats(0, 2)
VALUES = st.lists(MONEY, min_size=1, max_size=12).map(np.array)
MORE = st.floats(0, 0.5)
TERMS = st.fixed_dictionaries(
    {
        "cap_usd": MONEY,
        "guaranteed_frac": SHARES,
        "covered_frac": SHARES,
        "default_per_year": HAZARDS,
        "rating_per_year": HAZARDS,
        "recovery_frac": SHARES,
        "rate_per_year": st.floats(0, 0.5),
        "start": st.integers(-6, 12),
        "term": st.integers(0, 20),
    }
)
# In the manner of the guarantee of PORTS-Pike: 105 billion USD for 4.25 GW over twenty years.
PLAIN: dict[str, Any] = {
    "cap_usd": 105e9,
    "guaranteed_frac": 0.9,
    "covered_frac": 1.0,
    "default_per_year": 0.03,
    "rating_per_year": 0.05,
    "recovery_frac": 0.5,
    "rate_per_year": 0.06,
    "start": 0,
    "term": 80,
}


def rounded(usd: float) -> float:
    """A bound that rounding may pass."""
    return usd * (1 + 1e-12) + 1e-9


def paid(value: float, terms: dict[str, Any]) -> float:
    shortfall = max(terms["guaranteed_frac"] * value - terms["recovery_frac"] * value, 0.0)
    return min(terms["cap_usd"], terms["covered_frac"] * shortfall)


def every_way(value: np.ndarray, terms: dict[str, Any]) -> float:
    """Expected cost over each quarter of failure and each quarter at whose end the rating ends the guarantee, or none.

    The two are drawn apart from each other; a failure is paid where the rating has not ended the guarantee before.
    """
    first, last = max(terms["start"], 0), min(terms["start"] + terms["term"], value.size)
    fails, rates = (1 - np.exp(-terms[key] / 4) for key in ("default_per_year", "rating_per_year"))
    ways = [*range(first, last), None]
    chance: dict[float, dict[int | None, float]] = {}
    for each in (fails, rates):
        chance[each] = {k: (1 - each) ** (k - first) * each for k in range(first, last)}
        chance[each][None] = 1 - sum(chance[each].values())
    total = 0.0
    for failed, ended in product(ways, ways):
        if failed is not None and (ended is None or failed <= ended):
            today = (1 + terms["rate_per_year"]) ** -((failed + 0.5) / 4)
            total += chance[fails][failed] * chance[rates][ended] * paid(value[failed], terms) * today
    return total


@given(VALUES, TERMS)
@settings(deadline=None)
def test_every_way_to_end_together_is_the_cost(value: np.ndarray, terms: dict[str, Any]) -> None:
    found = guarantee_cost(value, **terms)
    assert float(found.expected_usd) == pytest.approx(every_way(value, terms), rel=1e-9, abs=1e-3)


def test_drawn_lives_of_a_guarantee_cost_as_much() -> None:
    """Failure and rating at random times: the mean lies within a 99.9 % interval."""
    value = dollars.lease_value_usd(np.full(80, 2.5e9), 0.07)
    rng = np.random.default_rng(18)
    fails, rates = (
        np.floor(4 * rng.exponential(1 / PLAIN[key], 40_000)).astype(int)
        for key in ("default_per_year", "rating_per_year")
    )
    today = np.array([paid(each, PLAIN) for each in value]) * dollars.discount_ratio(0.06, (np.arange(80) + 0.5) / 4)
    drawn = np.where((fails < 80) & (fails <= rates), today[np.minimum(fails, 79)], 0.0)
    found = float(guarantee_cost(value, **PLAIN).expected_usd)
    assert abs(drawn.mean() - found) < 3.29 * drawn.std(ddof=1) / np.sqrt(drawn.size)
    assert found > 1e9


@given(st.floats(0.001, 0.3), st.floats(0, 0.2), st.integers(1, 120))
@settings(deadline=None)
def test_a_level_exposure_costs_what_the_textbook_says(hazard: float, rate: float, term: int) -> None:
    """In continuous time h / (h + δ) × (1 − e^−(h+δ)T) of the payment, δ = ln(1+r); quarters come close."""
    terms = PLAIN | {"default_per_year": hazard, "rating_per_year": 0.0, "rate_per_year": rate, "term": term}
    found = guarantee_cost(np.full(term, 1e9), **terms)
    both = hazard + np.log1p(rate)
    theory = 0.4e9 * hazard / both * -np.expm1(-both * term / 4)
    assert float(found.expected_usd) == pytest.approx(theory, rel=1e-3)


@given(VALUES, TERMS)
@settings(deadline=None)
def test_never_above_the_worst_and_the_worst_never_above_the_cap(value: np.ndarray, terms: dict[str, Any]) -> None:
    found = guarantee_cost(value, **terms)
    assert 0 <= found.expected_usd <= rounded(found.worst_usd)
    assert found.worst_usd <= terms["cap_usd"]
    assert found.worst_usd == found.exposure_usd.max()
    assert (found.expected_by_quarter_usd <= found.exposure_usd).all()
    assert found.expected_by_quarter_usd.sum() <= rounded(found.worst_usd)
    assert float(found.expected_usd) == pytest.approx(
        dollars.npv(found.expected_by_quarter_usd, terms["rate_per_year"]), rel=1e-12, abs=1e-9
    )


@given(VALUES, TERMS, SHARES)
@settings(deadline=None)
def test_a_cap_of_nothing_changes_nothing(value: np.ndarray, terms: dict[str, Any], rate: float) -> None:
    found = guarantee_cost(value, **terms | {"cap_usd": 0.0})
    assert found.expected_usd == found.worst_usd == 0
    assert not found.expected_by_quarter_usd.any()
    share = dollars.covered_loss_frac(value, **alone(terms) | {"cap_usd": 0.0})
    assert share == 0
    assert float(dollars.blended_rate_per_year(share, 0.01, rate)) == rate


@given(VALUES, TERMS, MORE)
@settings(deadline=None)
def test_a_likelier_failure_never_costs_less_where_the_exposure_does_not_rise(
    value: np.ndarray, terms: dict[str, Any], more: float
) -> None:
    """Each failure brings a payment forward, and the earlier one is no smaller."""
    falling = np.sort(value)[::-1]
    likelier = terms | {"default_per_year": terms["default_per_year"] + more}
    at, above = (guarantee_cost(falling, **each).expected_usd for each in (terms, likelier))
    assert at <= rounded(above)
    if at > 1 and more > 0.01 and terms["default_per_year"] < 1:
        assert above > at


@given(VALUES, TERMS, SHARES, SHARES)
@settings(deadline=None)
def test_a_likelier_failure_never_costs_less_while_it_is_rare(
    value: np.ndarray, terms: dict[str, Any], one: float, other: float
) -> None:
    """Whatever the exposure does: up to one expected failure over the quarters in force."""
    low, high = sorted(4 * -np.log1p(-share / (value.size + 1)) for share in (one, other))
    at, above = (guarantee_cost(value, **terms | {"default_per_year": each}).expected_usd for each in (low, high))
    assert at <= rounded(above)


def test_a_failure_before_the_building_stands_costs_less() -> None:
    """Where exposure rises a tenant bound to fail fails early: the law above has a bound, and here it is passed."""
    terms = PLAIN | {"term": 8, "rating_per_year": 0.0}
    value = np.array([0.0] * 7 + [100.0])
    likely, certain = (
        guarantee_cost(value, **terms | {"default_per_year": each}).expected_usd for each in (0.5, np.inf)
    )
    assert likely > 1
    assert certain == 0


@given(VALUES, TERMS, MORE)
@settings(deadline=None)
def test_what_never_costs_more(value: np.ndarray, terms: dict[str, Any], more: float) -> None:
    found = guarantee_cost(value, **terms)
    better = (
        {"recovery_frac": terms["recovery_frac"] + more},
        {"rating_per_year": terms["rating_per_year"] + more},
        {"rate_per_year": terms["rate_per_year"] + more},
        {"cap_usd": terms["cap_usd"] * (1 - more)},
        {"guaranteed_frac": terms["guaranteed_frac"] * (1 - more)},
        {"covered_frac": terms["covered_frac"] * (1 - more)},
        {"term": max(terms["term"] - round(8 * more), 0)},
    )
    for change in better:
        changed = guarantee_cost(value, **terms | change)
        assert changed.expected_usd <= rounded(found.expected_usd), change
        assert changed.worst_usd <= found.worst_usd, change


@given(VALUES, TERMS, SHARES)
@settings(deadline=None)
def test_two_guarantees_of_a_part_each_are_the_whole(value: np.ndarray, terms: dict[str, Any], share: float) -> None:
    whole = guarantee_cost(value, **terms)
    parts = [
        guarantee_cost(part * value, **terms | {"cap_usd": part * terms["cap_usd"]}) for part in (share, 1 - share)
    ]
    assert sum(part.worst_usd for part in parts) == pytest.approx(whole.worst_usd, rel=1e-9, abs=1e-6)
    assert sum(part.expected_usd for part in parts) == pytest.approx(float(whole.expected_usd), rel=1e-9, abs=1e-6)


@given(VALUES, TERMS)
@settings(deadline=None)
def test_guarantor_and_owner_bear_the_loss_between_them(value: np.ndarray, terms: dict[str, Any]) -> None:
    """What the owner bears is the loss that a guarantee without bounds would pay, less what this one pays."""
    loss = guarantee_cost(value, **terms | {"cap_usd": np.inf, "guaranteed_frac": 1.0, "covered_frac": 1.0})
    found = guarantee_cost(value, **terms)
    assert (found.exposure_usd <= loss.exposure_usd).all()
    assert found.expected_usd <= rounded(loss.expected_usd)


@given(VALUES, TERMS, st.lists(st.tuples(HAZARDS, SHARES), min_size=1, max_size=5))
@settings(deadline=None)
def test_futures_are_one_by_one(value: np.ndarray, terms: dict[str, Any], futures: list[tuple[float, float]]) -> None:
    default, recovery = np.array(futures).T
    many = guarantee_cost(value, **terms | {"default_per_year": default, "recovery_frac": recovery})
    ones = [guarantee_cost(value, **terms | {"default_per_year": h, "recovery_frac": r}) for h, r in futures]
    rows = guarantee_cost(
        np.tile(value, (len(futures), 1)), **terms | {"default_per_year": default, "recovery_frac": recovery}
    )
    for found in (many, rows):
        assert found.expected_usd == pytest.approx(
            np.array([float(one.expected_usd) for one in ones]), rel=1e-12, abs=1e-9
        )
        assert found.exposure_usd.tolist() == [one.exposure_usd.tolist() for one in ones]
        assert found.expected_by_quarter_usd.shape == (len(futures), value.size)
        assert found.worst_usd == max(one.worst_usd for one in ones)


def test_by_hand() -> None:
    """Two quarters: ln 2 a quarter fails half, and the rating ends half of what stands."""
    terms = PLAIN | {
        "cap_usd": 30.0,
        "covered_frac": 0.5,
        "default_per_year": 4 * np.log(2),
        "rating_per_year": 4 * np.log(2),
        "rate_per_year": 0.0,
    }
    found = guarantee_cost([200.0, 100.0], **terms)
    assert isinstance(found, GuaranteeCost)
    assert found.exposure_usd == pytest.approx([30.0, 20.0])
    assert found.expected_by_quarter_usd == pytest.approx([15.0, 20 / 8])
    assert float(found.expected_usd) == pytest.approx(17.5)
    assert found.worst_usd == 30.0


def test_one_failure_at_most() -> None:
    certain = guarantee_cost(np.full(8, 100.0), **PLAIN | {"default_per_year": np.inf, "rate_per_year": 0.0})
    assert certain.expected_by_quarter_usd == pytest.approx([40.0] + [0.0] * 7)


def test_what_is_in_force() -> None:
    value = np.full(6, 100.0)
    early, within, after = (guarantee_cost(value, **PLAIN | {"start": at, "term": 4}) for at in (-2, 1, 6))
    assert (early.exposure_usd > 0).tolist() == [True, True, False, False, False, False]
    assert (within.exposure_usd > 0).tolist() == [False, True, True, True, True, False]
    assert after.worst_usd == after.expected_usd == 0
    # The tenant is known to stand on the day on which the guarantee, or the horizon, begins.
    assert early.expected_by_quarter_usd[0] == pytest.approx(within.expected_by_quarter_usd[1])


def test_no_quarters_no_cost() -> None:
    found = guarantee_cost(np.zeros(0), **PLAIN)
    assert (float(found.expected_usd), found.worst_usd, found.exposure_usd.size) == (0.0, 0.0, 0)
    assert guarantee_cost(np.full(4, 9.0), **PLAIN | {"term": 0}).worst_usd == 0


@given(st.floats(0, 1), st.floats(0, 3), st.floats(0, 3), st.floats(0, 2))
@settings(deadline=None)
def test_less_demand_fails_more_and_recovers_less(level: float, one: float, other: float, elasticity: float) -> None:
    less, more = sorted((one, other))
    hazards = dollars.default_in_future_per_year(level, [less, more], elasticity)
    recovered = dollars.recovery_in_future_frac(level, [less, more], elasticity)
    assert hazards[0] >= hazards[1] >= 0
    assert 0 <= recovered[0] <= recovered[1] <= 1


@given(st.floats(0, 1), st.floats(0, 3))
@settings(deadline=None)
def test_the_middle_future_and_no_elasticity_are_as_stated(level: float, demand: float) -> None:
    for ratio, elasticity in ((1.0, 1.5), (demand, 0.0)):
        assert dollars.default_in_future_per_year(level, ratio, elasticity) == level
        assert dollars.recovery_in_future_frac(level, ratio, elasticity) == level


def test_futures_without_demand() -> None:
    assert dollars.default_in_future_per_year(0.02, [0.0, 0.5], 1.0).tolist() == [np.inf, 0.04]
    assert dollars.default_in_future_per_year(0.0, [0.0, 0.5], 1.0).tolist() == [0.0, 0.0]
    assert dollars.recovery_in_future_frac(0.4, [0.0, 0.5, 9.0], 1.0).tolist() == [0.0, 0.2, 1.0]


def alone(terms: dict[str, Any]) -> dict[str, Any]:
    """Terms of a guarantee that begins with the lease."""
    return {name: value for name, value in terms.items() if name != "start"}


@given(VALUES, TERMS)
@settings(deadline=None)
def test_a_guarantee_of_everything_covers_every_loss_and_no_other_covers_more(
    value: np.ndarray, terms: dict[str, Any]
) -> None:
    whole = {"cap_usd": np.inf, "guaranteed_frac": 1.0, "covered_frac": 1.0, "term": value.size}
    share, most = (dollars.covered_loss_frac(value, **alone(terms) | over) for over in ({}, whole))
    assert 0 <= share <= most + 1e-12
    assert most in (0.0, pytest.approx(1.0))


@given(SHARES, st.floats(0, 0.2), st.floats(0, 0.2))
@settings(deadline=None)
def test_the_blended_rate_lies_between_its_two(share: float, guaranteed: float, rate: float) -> None:
    found = float(dollars.blended_rate_per_year(share, guaranteed, rate))
    assert min(guaranteed, rate) - 1e-15 <= found <= max(guaranteed, rate) + 1e-15
    assert found == pytest.approx(rate - share * (rate - guaranteed), abs=1e-15)
    assert dollars.blended_rate_per_year([0, 1], guaranteed, rate).tolist() == [rate, guaranteed]
