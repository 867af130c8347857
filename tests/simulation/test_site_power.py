"""Power of the sites: energy in = IT + losses, nothing from nothing, and the planner's energy where all goes well."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from lives import Lived, weeks_of

from gigawatt.catalog import to_watts
from gigawatt.programme import money, unit_costs
from gigawatt.quarters import HOURS_PER_QUARTER
from gigawatt.scenario.load import load
from gigawatt.simulation import calendar, power, racks
from gigawatt.simulation.hours import Hours
from gigawatt.simulation.outdoors import Outdoors


@pytest.fixture(scope="module")
def weeks(with_research: Lived) -> list[Hours]:
    return weeks_of(with_research)


def test_energy_is_it_and_losses(weeks: list[Hours]) -> None:
    for week in weeks:
        assert np.allclose(week.facility_w, week.it_w + week.facility.loss_w, rtol=1e-12)
        assert np.allclose(week.facility_w, week.it_w * week.facility.pue_ratio, rtol=1e-12)
        assert np.allclose(week.draw_w.sum(axis=1), week.it_w.sum(axis=1), rtol=1e-12)


def test_racks_draw_by_what_they_do(with_research: Lived, weeks: list[Hours]) -> None:
    """Busy ones all of it, idle ones their share, those that are out nothing."""
    idle_frac = with_research.scenario.asked.operations.idle_draw_frac
    for week in weeks:
        idle = week.racks.up_count - week.busy_count
        assert idle.min() >= -1e-9
        assert np.allclose(week.draw_w, week.full_w * (week.busy_count + idle_frac * idle), rtol=1e-9)


def test_a_site_without_racks_uses_no_energy(weeks: list[Hours]) -> None:
    empty = next(week for week in weeks if np.any(week.it_w.sum(axis=0) == 0))
    nothing = empty.it_w.sum(axis=0) == 0
    assert not empty.facility_w[:, nothing].any()
    assert not empty.facility.water_l_per_h[:, nothing].any()
    assert empty.facility_w[:, ~nothing].min() > 0
    assert power.load(np.array([[0.0, 5e5]]), np.array([[0.0, 1e6]])).tolist() == [[1.0, 0.5]]


def test_all_racks_up_and_busy_draw_what_the_planner_counts(campus: Lived) -> None:
    """Cross-route agreement: the simulator's IT energy is the planner's where availability and use are full."""
    plan, asked = campus.plan, campus.scenario.asked
    at, full_w = racks.pairs(plan), weeks_of(campus)[0].full_w
    stock = money.mean_stock(plan.data.stock_count).transpose("period", "site", "platform").values
    simulated = stock[:, at.site, at.platform] @ full_w * plan.inputs.pue_mean_ratio.values
    planned = money.mean_stock(plan.data.it_w) * unit_costs.energy_wh_per_w(plan.inputs, asked) / HOURS_PER_QUARTER
    assert simulated == pytest.approx(planned.sum("site").values, rel=1e-5, abs=1.0)


def test_the_warmest_hour_is_no_cooler_than_the_week(weeks: list[Hours]) -> None:
    for week in weeks:
        assert np.all(week.extremes.warmest_w >= week.facility_w.max(axis=0) * (1 - 1e-3))


def extremes(pue_ratio: np.ndarray, weight_wh: np.ndarray) -> power.Extremes:
    return power.Extremes(pue_ratio=pue_ratio, weight_wh=weight_wh, warmest_w=np.zeros(1))


def test_one_percent_of_the_energy_is_above_the_p99() -> None:
    values = np.arange(1.0, 2.0, 0.001)[:, None]
    some, none = extremes(values, np.ones_like(values)), extremes(values, 0 * values)
    assert power.pue_p99([some]) == pytest.approx(1.99, abs=0.0015)
    assert power.pue_p99([some, none]) == pytest.approx(1.99, abs=0.0015)
    assert power.pue_p99([none]) is None


@given(
    values=st.lists(st.floats(1.0, 3.0), min_size=1, max_size=60),
    weights=st.lists(st.sampled_from([0.0, 0.5, 1.0, 7.0]), min_size=60, max_size=60),
    share=st.sampled_from([0.01, 0.5, 0.99, 1.0]),
)
def test_a_quantile_is_that_of_all_values_in_order(values: list[float], weights: list[float], share: float) -> None:
    value, weight = np.array(values), np.array(weights[: len(values)])
    assume(weight.any())
    order = np.argsort(value)
    reached = np.cumsum(weight[order])
    assert power.quantile(value, weight, share) == value[order[np.searchsorted(reached, share * reached[-1])]]


def test_sites_of_several_plants_are_as_each_site_alone() -> None:
    records = load("loi-2025-09").records
    plants = [to_watts.cooling_of(records.cooling[site.cooling]) for site in records.sites.values()]
    random = np.random.Generator(np.random.Philox(1))
    air = [air_of(random) for _ in plants]
    it_w, design_w = random.random((24, len(plants))), np.ones(len(plants))
    assert len(power.alike(plants)) == 2
    found, most = power.facility_power(it_w, design_w, air, plants, 0.8), power.extremes(it_w, design_w, air, plants, 1)
    for site, plant in enumerate(plants):
        one = it_w[:, [site]], design_w[[site]], [air[site]], [plant]
        alone, warm = power.facility_power(*one, 0.8), power.extremes(*one, 1.0)
        for name in ("pue_ratio", "loss_w", "planned_ratio", "water_l_per_h"):
            assert np.allclose(getattr(found, name)[:, site], getattr(alone, name)[:, 0], rtol=1e-14)
        assert np.allclose(most.pue_ratio[:, site], warm.pue_ratio[:, 0], rtol=1e-14)
        assert most.warmest_w[site] == pytest.approx(warm.warmest_w[0], rel=1e-14)


def air_of(random: np.random.Generator) -> Outdoors:
    """Some hours of any weather."""
    dry, quarter = random.uniform(-20, 40, 24), random.uniform(-20, 40, 100)
    return Outdoors(
        dry_bulb_degc=dry,
        wet_bulb_degc=dry - 3,
        price_usd_per_wh=np.zeros(24),
        carbon_kg_per_wh=np.zeros(24),
        quarter_dry_degc=quarter,
        quarter_wet_degc=quarter - 3,
    )


def test_rounding_of_the_solver_is_no_rack(campus: Lived) -> None:
    stock = campus.plan.data.stock_count * 0
    stock[:, 0, 0], stock[:, 0, 1] = 100.0, 1e-8
    noisy = SimpleNamespace(data=campus.plan.data.assign(stock_count=stock), inputs=campus.plan.inputs)
    assert racks.pairs(noisy).names == (("example-campus", "gb300"),)


@given(days=st.integers(1, 92), opening=st.floats(0, 1e9), closing=st.floats(0, 1e9))
def test_a_stock_grows_evenly_through_its_quarter_however_much_of_it_is_seen(
    days: int, opening: float, closing: float
) -> None:
    names, ends = ["2026Q3", "2026Q4"], np.array([[opening], [closing]])
    whole, part = (calendar.spans(names, 92 * 24.0, (92 + seen) * 24.0, 1.0)[0] for seen in (92, days))
    grown = power.during(ends, whole, names, weekly=False)[:, 0]
    assert grown[-1] == pytest.approx(closing, abs=1e-3)
    assert np.diff(grown) == pytest.approx((closing - opening) / (92 * 24), abs=1e-3)
    assert np.array_equal(power.during(ends, part, names, weekly=False)[:, 0], grown[: days * 24])
    week = calendar.weeks(names)[1]
    assert power.during(ends, week, names, weekly=True) == pytest.approx((opening + closing) / 2)


def test_the_first_quarter_grows_from_nothing() -> None:
    first = calendar.spans(["2026Q3"], 0.0, 92 * 24.0, 1.0)[0]
    grown = power.during(np.array([[92 * 24.0]]), first, ["2026Q3"], weekly=False)
    assert grown[:, 0] == pytest.approx(np.arange(92 * 24) + 1)
