"""Division of power: the six classes, laws, an interior-point oracle, the planner's own segments, kinks and tiers."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from toy import asked, toy

from gigawatt.plan.plan import plan_inputs
from gigawatt.progress import quiet
from gigawatt.quarters import SECONDS_PER_QUARTER
from gigawatt.share.divide import (
    Division,
    Supply,
    abundance_w,
    cut_worth,
    divide,
    divide_line,
    solved,
    supply,
    worthwhile_w,
)
from gigawatt.share.pooling import PIECES, Pools, slopes
from gigawatt.share.waterfill import AlphaFair, Claims, Fairness, Quadratic, fill, margin_per_w, worth

Floats = NDArray[np.float64]

QUADRATIC = Fairness(name="quadratic", curve=Quadratic())
LOG = Fairness(name="log", curve=AlphaFair(1.0))
ALPHA_2 = Fairness(name="alpha=2", curve=AlphaFair(2.0))
MAX_MIN = Fairness(name="max-min", curve=Quadratic(), alike=True)
RULES = [QUADRATIC, LOG, ALPHA_2, MAX_MIN]
DEMAND_GW, WEIGHT = [3.0, 4.0, 2.5, 3.5, 2.0, 1.0], [1.0, 1.6, 2.2, 1.5, 1.2, 0.7]
TIERS = [2, 1, 1, 2, 3, 3]
FLOOR_GW = [0.8, 0.4, 0.3, 0.8, 0.5, 0.0]


def claims(
    demand: Any = DEMAND_GW, weight: Any = WEIGHT, floor: Any = FLOOR_GW, penalty: float = 5.0, tier: Any = 1
) -> Claims:
    """Classes in GW and value per GW."""
    count = len(demand)
    return Claims(
        demand_w=np.array(demand) * 1e9,
        weight_per_w=np.array(weight) / 1e9,
        floor_w=np.broadcast_to(np.array(floor) * 1e9, count).copy(),
        penalty_per_w=np.full(count, penalty / 1e9),
        tier=np.broadcast_to(np.array(tier), count).copy(),
    )


def one_pool(count: int = 6) -> Supply:
    return supply(Pools(power_w=np.ones(1), work_ratio=np.ones((count, 1))))


def gw(*capacity: float) -> Floats:
    return np.array(capacity) * 1e9


class TestSixClasses:
    """The example worked out by hand: with every class in play, λ = (Σd − C) / Σ(d/w)."""

    def test_value_of_the_next_gigawatt(self) -> None:
        filled = fill(claims(), gw(8, 10), QUADRATIC)
        slope = sum(d / w for d, w in zip(DEMAND_GW, WEIGHT, strict=True))
        assert filled.left_per_w * 1e9 == pytest.approx([8 / slope, 6 / slope], rel=1e-11)
        assert filled.right_per_w == pytest.approx(filled.left_per_w, rel=1e-11)
        assert (filled.left_per_w * 1e9).round(3).tolist() == [0.663, 0.497]

    def test_abundance(self) -> None:
        line = divide_line(claims(), one_pool(), gw(1, 2), QUADRATIC)
        assert abundance_w(claims(), one_pool()) == pytest.approx(16e9)
        found = worthwhile_w(claims(), one_pool(), 0.5e-9, QUADRATIC, line)
        assert found / 1e9 == pytest.approx(16 - 0.5 * 12.06494, abs=1e-4)
        assert round(found / 1e9, 3) == 9.968

    def test_floors_do_not_bind(self) -> None:
        with_floors, without = (fill(claims(floor=floor), gw(10), QUADRATIC).power_w for floor in (FLOOR_GW, 0.0))
        assert with_floors == pytest.approx(without, rel=1e-9)

    def test_who_is_worth_least_at_the_margin_gets_nothing(self) -> None:
        power = fill(claims(), gw(5), QUADRATIC).power_w[0]
        assert power[5] == 0
        assert power.sum() == pytest.approx(5e9, rel=1e-12)


def oracle(of: Claims, power_gw: Floats, ratio: Floats, curve: Any) -> tuple[Floats, float]:
    """Shares and λ by Clarabel, written afresh: value units and GW."""
    count, pools = ratio.shape
    demand, weight, floor = of.demand_w / 1e9, of.weight_per_w * 1e9, of.floor_w / 1e9
    x, share, short = cp.Variable((count, pools), nonneg=True), cp.Variable(count), cp.Variable(count, nonneg=True)
    if isinstance(curve, Quadratic):
        phi = share - cp.square(share) / 2
    elif curve.alpha_ratio == 1:
        phi = cp.log(share)
    else:
        phi = 1 - cp.inv_pos(share)  # α = 2
    limit = cp.sum(x, axis=0) <= power_gw
    value = cp.sum(cp.multiply(weight * demand, phi)) - (of.penalty_per_w * 1e9) @ short
    served = cp.sum(cp.multiply(x, ratio), axis=1)
    rows = [limit, cp.multiply(demand, share) == served, share <= 1, served + short >= floor]
    problem = cp.Problem(cp.Maximize(value), rows)
    problem.solve(solver=cp.CLARABEL, tol_gap_abs=1e-10, tol_gap_rel=1e-10, tol_feas=1e-10)
    return np.array(share.value), float(np.array(limit.dual_value) @ power_gw / power_gw.sum())


class TestOracle:
    @pytest.mark.parametrize("rule", [QUADRATIC, LOG, ALPHA_2], ids=lambda rule: rule.name)
    @pytest.mark.parametrize("capacity", [2.0, 6.0, 10.0, 14.0])
    def test_one_pool(self, rule: Fairness, capacity: float) -> None:
        filled = fill(claims(), gw(capacity), rule)
        shares, price = oracle(claims(), np.array([capacity]), np.ones((6, 1)), rule.curve)
        assert filled.power_w[0] / claims().demand_w == pytest.approx(shares, abs=2e-5)
        assert filled.right_per_w[0] * 1e9 == pytest.approx(price, rel=1e-4)

    @pytest.mark.parametrize("rule", [QUADRATIC, pytest.param(LOG, marks=pytest.mark.slow)], ids=lambda rule: rule.name)
    def test_sites_platforms_and_locality(self, rule: Fairness) -> None:
        """Three pools, platforms that suit classes differently, a class that may use one pool only."""
        ratio = np.array([[1, 2, 1.5], [1, 1, 0.5], [0, 0, 1], [1, 0.7, 1], [1.2, 1, 0], [1, 1, 1]])
        source = supply(Pools(power_w=gw(3, 2, 1.5), work_ratio=ratio))
        found = divide(claims(), source, gw(6.5), rule)
        shares, price = oracle(claims(), np.array([3, 2, 1.5]), ratio, rule.curve)
        assert found.served_frac[0] == pytest.approx(shares, abs=1e-4)
        assert found.right_per_w[0] * 1e9 == pytest.approx(price, rel=1e-3)
        assert found.by_pool_w[0].sum(axis=0) == pytest.approx(gw(3, 2, 1.5), rel=1e-6)
        assert found.by_pool_w[0][ratio == 0] == pytest.approx(0.0, abs=1.0)


class TestTwoRoutes:
    """HiGHS with sites and platforms, and exact water-filling, where a watt is a watt."""

    @pytest.mark.parametrize(
        ("rule", "tier"),
        [
            (QUADRATIC, 1),
            (QUADRATIC, TIERS),
            (MAX_MIN, 1),
            (LOG, 1),
            *(pytest.param(rule, TIERS, marks=pytest.mark.slow) for rule in (LOG, ALPHA_2, MAX_MIN)),
        ],
        ids=lambda value: getattr(value, "name", f"{np.unique(value).size} tiers"),
    )
    def test_they_agree(self, rule: Fairness, tier: Any) -> None:
        of, source = claims(tier=tier), supply(Pools(power_w=gw(4, 6), work_ratio=np.ones((6, 2))))
        exact, by_highs = divide(of, source, gw(8), rule), solved(of, source, gw(8), rule)
        assert by_highs.served_frac == pytest.approx(exact.served_frac, abs=1e-5)
        assert by_highs.left_per_w == pytest.approx(exact.left_per_w, rel=1e-4)
        assert by_highs.right_per_w == pytest.approx(exact.right_per_w, rel=1e-4)

    def test_pools_that_differ_by_a_factor_are_one(self) -> None:
        source = supply(Pools(power_w=gw(4, 6), work_ratio=np.tile([1.0, 2.0], (6, 1))))
        assert source.one
        exact, by_highs = divide(claims(), source, gw(6), QUADRATIC), solved(claims(), source, gw(6), QUADRATIC)
        assert by_highs.served_frac == pytest.approx(exact.served_frac, abs=1e-6)
        assert by_highs.right_per_w == pytest.approx(exact.right_per_w, rel=1e-5)
        assert exact.by_pool_w[0].sum(axis=0) == pytest.approx(gw(2.4, 3.6))
        assert abundance_w(claims(), source) == pytest.approx(10e9)  # 1.6 standard watts a watt

    def test_abundance_with_a_class_kept_to_one_pool(self) -> None:
        ratio = np.array([[1.0, 0.0], [1.0, 1.0]])
        of = claims([2.0, 1.0], [1.0, 1.0], 0.0)
        assert abundance_w(of, supply(Pools(power_w=gw(1, 1), work_ratio=ratio))) == pytest.approx(4e9)
        ratio[0] = 0.0
        assert abundance_w(of, supply(Pools(power_w=gw(1, 1), work_ratio=ratio))) is None

    def test_relabelled_pools_permute_the_answer(self) -> None:
        ratio = np.array([[1, 2, 1.5], [1, 1, 0.5], [0, 0, 1], [1, 0.7, 1], [1.2, 1, 0], [1, 1, 1]])
        order = [2, 0, 1]
        one = divide(claims(), supply(Pools(power_w=gw(3, 2, 1), work_ratio=ratio)), gw(6), QUADRATIC)
        permuted = supply(Pools(power_w=gw(3, 2, 1)[order], work_ratio=ratio[:, order]))
        other = divide(claims(), permuted, gw(6), QUADRATIC)
        assert other.served_frac == pytest.approx(one.served_frac, abs=1e-6)


class TestPlanner:
    def test_segments_and_curve_agree_within_the_segment_error(self) -> None:
        """The planner sells segments of falling price; many of them are the quadratic curve cut into pieces."""
        pieces, capacity_w = 40, 4e8
        demand_w, weight = np.array([3e8, 2e8, 4e8]), np.array([1.0, 2.0, 1.4])
        edges = np.tile(np.linspace(0, 1, pieces + 1), (3, 1))
        price = slopes(edges, Quadratic())
        data = toy(
            quarters=1,
            coords={
                "use_case": ["a", "b", "c"],
                "segment": [f"segment_{n}" for n in range(pieces)],
                "platform": ["old", "new"],
            },
            ramp_w=1e9,
            supply_count=1e6,
            rack_price_usd=0.0,
            # 1 MW racks that serve 1e6 tokens/s each; a rack that starts in the quarter works half of it.
            demand_tokens_per_s=demand_w / 2,
            price_usd_per_mtok=weight * 2e6 / SECONDS_PER_QUARTER,
            rack_tokens_per_s=1e6,
            segment_frac=1 / pieces,
            segment_price_ratio=price,
        )
        planned = plan_inputs(data, asked(programme__target="0.4 GW"), quiet, with_worth=False)
        tokens_per_s = (planned.data.served_tokens_per_s * data.hours_frac).sum("block").isel(period=0)
        served = tokens_per_s.values / (demand_w / 2)
        divided = fill(claims(demand_w / 1e9, weight, 0.0), capacity_w, QUADRATIC).power_w[0] / demand_w
        assert served == pytest.approx(divided, abs=1 / pieces)
        assert served @ demand_w == pytest.approx(capacity_w, rel=1e-6)

    def test_pieces_lie_between_their_ends(self) -> None:
        edges = np.concatenate([[0.0], np.geomspace(1e-4, 1, PIECES)])[None, :]
        for curve in (Quadratic(), AlphaFair(0.5), AlphaFair(1.0), AlphaFair(2.0)):
            mean = slopes(edges, curve)[0]
            assert (np.diff(mean) < 0).all()
            assert (mean[1:] <= curve.slope(edges[0, 1:-1])).all()
            assert (mean >= curve.slope(edges[0, 1:]) - 1e-12).all()


class TestKinks:
    def test_left_and_right_at_a_floor(self) -> None:
        """One class of 2 GW with a floor of 1 GW: up to it a watt is worth its penalty more."""
        filled = fill(claims([2.0], [1.0], [1.0]), gw(0, 0.5, 1, 1.5, 2, 3), QUADRATIC)
        assert math.isnan(filled.left_per_w[0])
        assert filled.left_per_w[1:] * 1e9 == pytest.approx([5.75, 5.5, 0.25, 0, 0])
        assert filled.right_per_w * 1e9 == pytest.approx([6, 5.75, 0.5, 0.25, 0, 0])

    def test_log_ends_at_the_least_weight(self) -> None:
        filled = fill(claims(floor=0.0), gw(0, 16), LOG)
        assert filled.right_per_w[0] == math.inf
        assert filled.left_per_w[1] * 1e9 == pytest.approx(0.7)
        assert filled.right_per_w[1] == 0

    def test_tiers_are_served_as_if_alone(self) -> None:
        of = claims([2.0, 3.0], [0.1, 5.0], 0.0, tier=[1, 2])
        filled = fill(of, gw(1, 2, 3, 6), QUADRATIC)
        assert filled.power_w / 1e9 == pytest.approx(np.array([[1, 0], [2, 0], [2, 1], [2, 3]]))
        assert filled.left_per_w * 1e9 == pytest.approx([0.05, 0, 10 / 3, 0])
        assert filled.right_per_w * 1e9 == pytest.approx([0.05, 5, 10 / 3, 0])

    def test_max_min_meets_floors_alike_and_then_raises_all(self) -> None:
        of = claims([2.0, 4.0], [1.0, 1.0], [1.0, 0.0])
        filled = fill(of, gw(0.5, 1, 2, 4.5), MAX_MIN)
        assert filled.power_w / 1e9 == pytest.approx(np.array([[0.5, 0], [1, 0], [1, 1], [1.5, 3]]))

    def test_max_min_sees_no_weights(self) -> None:
        one, other = (fill(claims(weight=w), gw(7), MAX_MIN).power_w for w in (WEIGHT, WEIGHT[::-1]))
        assert one == pytest.approx(other)

    def test_large_alpha_nears_max_min(self) -> None:
        steep = Fairness(name="alpha=32", curve=AlphaFair(32.0))
        shares = fill(claims(floor=0.0), gw(8), steep).power_w[0] / claims().demand_w
        assert shares == pytest.approx(np.full(6, 0.5), abs=0.02)

    def test_a_class_without_value_takes_what_nobody_pays_for(self) -> None:
        filled = fill(claims([1.0, 2.0], [1.0, 0.0], 0.0), gw(0.5, 2), QUADRATIC)
        assert filled.power_w / 1e9 == pytest.approx(np.array([[0.5, 0], [1, 1]]))
        assert filled.right_per_w * 1e9 == pytest.approx([0.5, 0], abs=1e-9)

    def test_nothing_is_worth_its_cost(self) -> None:
        line = divide_line(claims(floor=0.0), one_pool(), gw(1, 2), QUADRATIC)
        assert worthwhile_w(claims(floor=0.0), one_pool(), 3e-9, QUADRATIC, line) == 0

    @pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
    def test_the_last_watt_of_economic_abundance_is_worth_its_cost(self, rule: Fairness) -> None:
        line = divide_line(claims(), one_pool(), gw(1, 2), rule)
        found = worthwhile_w(claims(), one_pool(), 0.9e-9, rule, line)
        filled = fill(claims(), found, rule)
        assert filled.left_per_w[0] >= 0.9e-9 * (1 - 1e-9) >= filled.right_per_w[0] * (1 - 1e-6)


class TestCuts:
    def test_others_make_up_for_some_of_it(self) -> None:
        found = divide(claims(), one_pool(), gw(10), QUADRATIC)
        alone, net = cut_worth(claims(), one_pool(), 10e9, QUADRATIC, found.served_frac[0])
        assert (alone > net).all()
        assert (net > 0).all()
        share = float(found.served_frac[0, 0])
        lost = 3 * (share - share**2 / 2) - 3 * (0.8 / 3 - (0.8 / 3) ** 2 / 2)
        assert alone[0] == pytest.approx(lost, rel=1e-9)

    def test_pools_give_the_same(self) -> None:
        source = supply(Pools(power_w=gw(4, 6), work_ratio=np.ones((6, 2))))
        apart = replace(source, merged=source.pools, member=np.arange(2))
        assert not apart.one
        found = divide(claims(), source, gw(10), QUADRATIC).served_frac[0]
        one, other = (cut_worth(claims(), s, 10e9, QUADRATIC, found)[1] for s in (source, apart))
        assert other == pytest.approx(one, rel=1e-4)

    def test_on_its_floor_a_class_loses_nothing(self) -> None:
        found = divide(claims(), one_pool(), gw(2.8), QUADRATIC)
        alone, net = cut_worth(claims(), one_pool(), 2.8e9, QUADRATIC, found.served_frac[0])
        assert alone.tolist() == net.tolist() == [0.0] * 6


POWER = st.floats(0.1, 10.0)


@st.composite
def asks(draw: st.DrawFn) -> Claims:
    count = draw(st.integers(1, 5))
    demand = draw(st.lists(POWER, min_size=count, max_size=count))
    weight = draw(st.lists(st.floats(0.05, 20.0), min_size=count, max_size=count))
    floor = [d * draw(st.floats(0, 1)) for d in demand]
    tier = draw(st.lists(st.integers(1, 2), min_size=count, max_size=count))
    return claims(demand, weight, floor, draw(st.floats(0, 10)), tier)


def total(of: Claims, divided: Division | Any, rule: Fairness) -> Floats:
    return worth(of, divided.power_w, rule.curve).sum(axis=1)


class TestLaws:
    @given(of=asks(), part=st.floats(0.01, 1.3), rule=st.sampled_from(RULES))
    @settings(max_examples=150, deadline=None)
    def test_all_power_that_is_asked_for_is_divided(self, of: Claims, part: float, rule: Fairness) -> None:
        whole = float(of.demand_w.sum())
        power = fill(of, part * whole, rule).power_w[0]
        assert power.sum() == pytest.approx(min(part, 1.0) * whole, rel=1e-9)
        assert (power >= -1e-6).all()
        assert (power <= of.demand_w * (1 + 1e-12)).all()

    @given(of=asks(), parts=st.tuples(st.floats(0.01, 1.2), st.floats(0.01, 1.2)), rule=st.sampled_from(RULES))
    @settings(max_examples=100, deadline=None)
    def test_more_power_is_never_worse(self, of: Claims, parts: tuple[float, float], rule: Fairness) -> None:
        whole = float(of.demand_w.sum())
        filled = fill(of, np.array(sorted(parts)) * whole, rule)
        less, more = total(of, filled, rule)
        assert more >= less - 1e-9 * abs(less)
        assert (filled.power_w[1] >= filled.power_w[0] - 1e-3).all()

    @given(of=asks(), part=st.floats(0.05, 0.95), rule=st.sampled_from([QUADRATIC, LOG, ALPHA_2]))
    @settings(max_examples=100, deadline=None)
    def test_lambda_is_what_the_next_watts_bring(self, of: Claims, part: float, rule: Fairness) -> None:
        of = replace(of, tier=np.ones_like(of.tier))
        whole = float(of.demand_w.sum())
        step = 1e-6 * whole
        filled = fill(of, part * whole + np.array([-step, 0, step]), rule)
        values = total(of, filled, rule)
        last, following = (values[1] - values[0]) / step, (values[2] - values[1]) / step
        high, low = filled.left_per_w[0], filled.right_per_w[2]
        assert low * (1 - 1e-4) - 1e-12 <= following <= last * (1 + 1e-4) + 1e-12
        assert last <= high * (1 + 1e-4) + 1e-12

    @given(of=asks(), part=st.floats(0.05, 0.95), factor=st.floats(0.1, 10))
    @settings(max_examples=50, deadline=None)
    def test_values_in_another_unit_divide_alike(self, of: Claims, part: float, factor: float) -> None:
        capacity = part * float(of.demand_w.sum())
        scaled = replace(of, weight_per_w=of.weight_per_w * factor, penalty_per_w=of.penalty_per_w * factor)
        one, other = fill(of, capacity, QUADRATIC), fill(scaled, capacity, QUADRATIC)
        assert other.power_w == pytest.approx(one.power_w, rel=1e-6, abs=1e3)
        assert other.right_per_w == pytest.approx(one.right_per_w * factor, rel=1e-6, abs=1e-18)

    @given(of=asks(), part=st.floats(0.05, 0.95))
    @settings(max_examples=50, deadline=None)
    def test_no_swap_of_a_watt_pays(self, of: Claims, part: float) -> None:
        of = replace(of, tier=np.ones_like(of.tier), penalty_per_w=np.zeros_like(of.penalty_per_w))
        filled = fill(of, part * float(of.demand_w.sum()), QUADRATIC)
        margin = margin_per_w(of, filled.power_w[0], QUADRATIC.curve)
        takes = filled.power_w[0] > 1e-6 * of.demand_w
        assert margin[takes].min() >= margin.max() * (1 - 1e-9)
