"""Power of the sites: energy in = IT + losses, nothing from nothing, and the planner's energy where all goes well."""

import numpy as np
import pytest
from lives import Lived

from gigawatt.plan import buildout, flows
from gigawatt.simulate import expected, power
from gigawatt.simulate.hours import Hours, live


@pytest.fixture(scope="module")
def hours(campus: Lived) -> Hours:
    return live(campus.scenario, campus.plan)


def test_energy_is_it_and_losses(hours: Hours) -> None:
    assert np.allclose(hours.facility_w, hours.it_w + hours.facility.loss_w, rtol=1e-12)
    by_rack = (hours.fleet.up_count.sum(axis=1) * hours.rack_w)[:, None, :] * power.draw_frac(
        hours.busy_frac, hours.idle_frac
    )
    assert by_rack.sum() == pytest.approx(hours.it_w.sum(), rel=1e-12)


def test_a_site_without_racks_uses_no_energy() -> None:
    up = np.zeros((1, 2, 1))
    up[0, 0, 0] = 5.0
    fleet = expected.Fleet(stock_count=up, up_count=up, pairs=(np.array([0]), np.array([0])))
    it_w = power.it_power(fleet, np.full((1, 3, 1), 0.5), np.array([1e5]), 0.3)
    assert np.all(it_w[..., 1] == 0)
    assert np.all(it_w[..., 0] > 0)
    load = power.load(it_w, np.array([[[1e6, 0.0]]]))
    assert np.all(load[..., 1] == 1)


def test_all_racks_up_and_busy_draw_what_the_planner_counts(campus: Lived) -> None:
    """Cross-route agreement: the simulator's IT energy is the planner's where availability and use are full."""
    plan, asked = campus.plan, campus.scenario.asked
    fleet = expected.fleet(plan.data, 1.0)
    rack_w = plan.inputs.rack_it_w.values * asked.operations.load_factor_frac
    busy = np.ones((len(fleet.up_count), 1, len(rack_w)))
    simulated = power.it_power(fleet, busy, rack_w, 0.3)[:, 0, :] * plan.inputs.pue_mean_ratio.values
    planned = flows.mean_stock(plan.data.it_w) * buildout.energy_wh_per_w(plan.inputs, asked) / (8766 / 4)
    assert simulated == pytest.approx(planned.transpose("period", "site").values, rel=1e-5, abs=1.0)


def test_idle_racks_draw_less_and_not_nothing() -> None:
    assert power.draw_frac(np.array([0.0, 0.5, 1.0]), 0.3) == pytest.approx([0.3, 0.65, 1.0])


def test_the_warmest_hour_is_no_cooler_than_the_week(hours: Hours) -> None:
    peak = hours.facility_w.max(axis=1)
    assert np.all(hours.extremes.warmest_w >= peak * (1 - 1e-3))


def test_one_percent_of_the_energy_is_above_the_p99() -> None:
    values = np.arange(1.0, 2.0, 0.001)[:, None]
    extremes = power.Extremes(
        pue_ratio=(values, values), weight_wh=(np.ones_like(values), 0 * values), warmest_w=np.zeros((2, 1))
    )
    assert extremes.pue_p99(slice(0, 1)) == pytest.approx(1.99, abs=0.0015)
    assert extremes.pue_p99(slice(0, 2)) == pytest.approx(1.99, abs=0.0015)
    assert extremes.pue_p99(slice(1, 2)) is None


def test_rounding_of_the_solver_is_no_rack(campus: Lived) -> None:
    noisy = campus.plan.data.copy()
    noisy["stock_count"] = noisy.stock_count * 0
    noisy.stock_count[:, 0, 0] = 100.0
    noisy.stock_count[:, 0, 1] = 1e-8
    fleet = expected.fleet(noisy, 0.9)
    assert [list(index) for index in fleet.pairs] == [[0], [0]]
    assert fleet.up_count[-1].sum() == pytest.approx(90.0)
