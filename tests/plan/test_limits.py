"""One toy for each limit of the physical plan: the answer is worked out by hand and stands in the test."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from toy import asked, toy

from gigawatt.plan.plan import Plan, plan_inputs
from gigawatt.progress import quiet
from gigawatt.quarters import HOURS_PER_QUARTER, SECONDS_PER_QUARTER
from gigawatt.scenario.schema import Asked


def solved(data: xr.Dataset, question: Asked, *, with_worth: bool = False) -> Plan:
    return plan_inputs(data, question, quiet, with_worth=with_worth)


def racks(plan: Plan) -> np.ndarray:
    """Racks bought by quarter."""
    return plan.data.install_count.sum(["site", "platform"]).values


def test_first_period_rows_are_there() -> None:
    """Nothing stands before the horizon: a rack bought in the first quarter works half of it."""
    plan = solved(toy(1, rack_price_usd=0.4e6), asked())
    assert racks(plan) == pytest.approx([200])
    # 200 racks, half a quarter, 2 million USD a quarter each, less 0.4 million USD each
    assert plan.objective == pytest.approx(200 * (0.5 * 2e6 - 0.4e6), abs=1.0)
    assert plan.data.served_tokens_per_s.values == pytest.approx(100 * 1e6)


def test_supply_limits_each_pool() -> None:
    plan = solved(toy(supply_count=[[10, 20], [30, 40]]), asked())
    assert racks(plan)[0] == pytest.approx(30)


def test_supply_of_a_pool_is_shared_by_its_platforms() -> None:
    plan = solved(toy(in_pool_count=[[1, 0], [1, 0]]), asked())
    assert racks(plan)[0] == pytest.approx(100)


def test_ramp_limits_each_site() -> None:
    plan = solved(toy(ramp_w=[[30e6, 20e6], [30e6, 20e6]]), asked())
    assert plan.data.it_w.isel(period=0).values == pytest.approx([30e6, 20e6])


def test_connection_is_sized_at_peak_pue() -> None:
    plan = solved(toy(ramp_w=[[30e6, 0], [30e6, 0]], pue_peak_ratio=[1.5, 1.5]), asked())
    assert racks(plan)[0] == pytest.approx(20)


@pytest.mark.parametrize(("basis", "count"), [("facility", 40), ("it", 50)])
def test_target_limits_power_in_service_on_its_basis(basis: str, count: float) -> None:
    plan = solved(toy(pue_peak_ratio=1.25), asked(programme__target="50 MW", programme__power_basis=basis))
    assert racks(plan).sum() == pytest.approx(count)


def test_nothing_moves_between_sites() -> None:
    """Power placed at a site stays there: south opens later, and what stands in the north cannot follow."""
    data = toy(2, ramp_w=[[50e6, 0], [50e6, 50e6]], supply_count=[[50, 0], [0, 0]], energy_price_usd_per_wh=[1e-6, 0])
    plan = solved(data, asked())
    assert plan.data.it_w.sel(site="north").values == pytest.approx([50e6, 50e6])


def test_racks_leave_after_their_life() -> None:
    plan = solved(toy(4, supply_count=[[10, 0], [0, 0], [0, 0], [0, 0]]), asked(finance__rack_life="0.5 years"))
    assert plan.data.stock_count.sum(["site", "platform"]).values == pytest.approx([10, 10, 0, 0])


def test_shells_are_paid_over_their_lead_time_and_before_the_horizon_at_its_start() -> None:
    data = toy(5, lead_count=4, shell_usd_per_w=0.1, ramp_w=[[0, 0]] * 3 + [[1e7, 0]] * 2)
    plan = solved(data, asked())
    # 10 MW energised in the fourth quarter: 1 million USD, a quarter of it in each of the first four
    assert plan.data.energise_w.sel(site="north").values == pytest.approx([0, 0, 0, 1e7, 0])
    early = solved(toy(5, lead_count=4, shell_usd_per_w=0.1, ramp_w=[[1e7, 0]] * 5), asked())
    assert early.data.cash_usd.values[0] == pytest.approx(100e9 - 1e6 - 10e6 + 0.5 * 10 * 2e6, abs=10)


def test_sunk_shells_cost_nothing() -> None:
    data = toy(2, ramp_w=[[1e7, 0]] * 2, shell_usd_per_w=100.0, sunk_w=[1e7, 0])
    assert racks(solved(data, asked()))[0] == pytest.approx(10)
    assert racks(solved(data.assign(sunk_w=data.sunk_w * 0), asked())).sum() == pytest.approx(0)


def test_demand_limits_what_is_sold() -> None:
    plan = solved(toy(2, demand_tokens_per_s=25e6), asked())
    assert racks(plan).sum() == pytest.approx(25)


def test_interactive_demand_is_served_when_it_is_asked() -> None:
    """Peak 1.5, off-peak 0.5 of 20 Mtokens/s: all of it takes 30 racks; a batch class takes 20."""
    shape: dict[str, Any] = {"demand_tokens_per_s": 20e6, "block_ratio": [[1.5, 0.5]]}
    assert racks(solved(toy(4, **shape), asked())).sum() == pytest.approx(30)
    assert racks(solved(toy(4, **shape, interactive=0.0), asked())).sum() == pytest.approx(20)


def test_head_room_takes_racks() -> None:
    plan = solved(toy(4, demand_tokens_per_s=20e6, utilisation_frac=0.5), asked())
    assert racks(plan).sum() == pytest.approx(40)


def test_segments_are_served_dearest_first() -> None:
    data = toy(
        4,
        coords={"segment": ["segment_1", "segment_2"]},
        demand_tokens_per_s=20e6,
        segment_frac=[[0.25, 0.75]],
        segment_price_ratio=[[1.0, 0.05]],
        rack_price_usd=1.5e6,
    )
    # A twentieth of the price does not pay for a rack within four quarters.
    assert racks(solved(data, asked())).sum() == pytest.approx(5)


def test_cash_limits_what_can_be_bought() -> None:
    plan = solved(toy(2), asked(capital__opening_cash="50 million USD"))
    # A rack costs 1 million USD and earns as much in its first half quarter: 50 + x − x ≥ 0 never binds; 2.5 does.
    dear = solved(toy(2, rack_price_usd=2.5e6), asked(capital__opening_cash="50 million USD"))
    assert racks(plan)[0] == pytest.approx(200)
    assert racks(dear)[0] == pytest.approx(50 / 1.5)


def test_racks_that_earn_just_what_they_cost_are_not_bought() -> None:
    """users 1: of plans that are worth the same, the one with the fewest racks."""
    assert racks(solved(toy(2, rack_price_usd=3e6), asked(capital__opening_cash="50 million USD"))).sum() == 0


def test_covenant_and_limit_of_debt_lend_what_they_say() -> None:
    terms = {"capital__opening_cash": "50 million USD", "capital__covenant": 0.5, "capital__debt_rate": "0 %/year"}
    data = toy(5, rack_price_usd=4e6)
    # 50 + 0.5 · book = 3 racks' worth: book after half a quarter of five years is 39/40 of 4 million USD
    count = 50 / (3 - 0.5 * 4 * 39 / 40)
    plan = solved(data, asked(**terms, capital__debt_limit="1 billion USD"))
    assert racks(plan)[0] == pytest.approx(count)
    limited = solved(data, asked(**terms, capital__debt_limit="10 million USD"))
    assert racks(limited)[0] == pytest.approx(60 / 3)


def test_tranche_follows_its_power_and_not_before() -> None:
    tranche = {"every": "20 MW", "amount": "60 million USD", "most": "60 million USD", "power_basis": "facility"}
    question = asked(capital__opening_cash="60 million USD", capital__tranches=tranche | {"release": "step", "lag": 1})
    plan = solved(toy(5, rack_price_usd=4e6, price_usd_per_mtok=2.5e6 / SECONDS_PER_QUARTER), question)
    stands = int(np.argmax(plan.data.gross_w.values >= 20e6 - 1))
    paid = np.flatnonzero(plan.data.tranche_usd.values[0])
    assert paid.tolist() == [stands + 1]


def test_energy_is_paid_at_mean_pue_and_load() -> None:
    cheap = toy(1, energy_price_usd_per_wh=1e-6, pue_mean_ratio=1.2, rack_price_usd=0)
    plan = solved(cheap, asked(operations__load_factor=0.8))
    count = racks(plan)[0]
    cost = 0.5 * count * 1e6 * 0.8 * 1.2 * HOURS_PER_QUARTER * 1e-6
    assert count == pytest.approx(200)
    assert plan.objective == pytest.approx(count * 0.5 * 2e6 - cost, abs=1.0)


def test_missing_a_floor_costs_its_penalty_and_nothing_else() -> None:
    data = toy(1, ramp_w=0.0, demand_tokens_per_s=1e6, floor_frac=0.5, floor_penalty_usd_per_mtok=3.0)
    plan = solved(data, asked())
    assert plan.penalties_usd == pytest.approx(0.5 * SECONDS_PER_QUARTER * 3.0)
    assert plan.objective == pytest.approx(-plan.penalties_usd)


def test_runs_are_done_in_their_window_on_their_gang() -> None:
    data = toy(
        4,
        coords={"run": ["big"]},
        demand_tokens_per_s=0.0,
        run_rack_flops=1e20,
        run_volume_flop=1e20 * 10 * SECONDS_PER_QUARTER,
        run_window=[[0.0], [1.0], [1.0], [0.0]],
        run_gang_count=5 * 72,
        run_penalty_usd=1e12,
    )
    plan = solved(data, asked())
    held = plan.data.train_count.sum("platform").values[:, 0]
    assert held == pytest.approx([0, 5, 5, 0])


def test_experiments_take_what_is_worth_it_and_their_floor() -> None:
    data = toy(
        4,
        coords={"experiment": ["research"]},
        demand_tokens_per_s=0.0,
        experiment_rack_flops=1e20,
        experiment_wish_flop=1e20 * 10 * SECONDS_PER_QUARTER,
        experiment_floor_frac=0.3,
        experiment_floor_penalty_usd_per_flop=1e6 / (1e20 * SECONDS_PER_QUARTER),
    )
    plan = solved(data, asked())
    done = (plan.data.research_count * data.hours_frac).sum(["platform", "block", "experiment"])
    assert done.values[-1] == pytest.approx(3)
