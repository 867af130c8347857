"""The mean fleet: durations that add up, the steady state of renewal, and the mean of what is drawn."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from one_site import reliability, whole_rack
from plans import Installs, campus, plan_of
from trials import REPLICATIONS_COUNT, assert_mean

from gigawatt.catalog.records import FailureClass
from gigawatt.scenario.schema import Scenario
from gigawatt.simulation import calendar, expected, fleet, racks

DAY_H = 24.0
YEARS_3_H = 3 * 8766.0
TRAY = {"scope": "tray", "name": "tray"}


@pytest.mark.parametrize("detect_h", [0.0, 1.0, 60.0])
@pytest.mark.parametrize(("median_h", "mean_h"), [(20.4, 132.8), (0.3, 0.5), (30.0, 30.0)])
def test_the_days_of_an_outage_add_up_to_it(median_h: float, mean_h: float, detect_h: float) -> None:
    kind = whole_rack(repair_h=mean_h, repair_median_h=median_h, detect_h=detect_h)
    by_day = expected.duration_h(kind, np.arange(50_000) * DAY_H)
    assert by_day.sum() == pytest.approx(detect_h + mean_h, rel=5e-5)
    assert np.all(np.diff(by_day) <= 1e-9)
    assert by_day[0] <= DAY_H


def test_an_outage_of_known_length_fills_its_days() -> None:
    kind = whole_rack(repair_h=30.0, repair_median_h=30.0, detect_h=1.0)
    assert expected.duration_h(kind, np.arange(4) * DAY_H) == pytest.approx([24, 7, 0, 0])


def test_what_is_not_mended_in_time_is_out_until_it_is_replaced() -> None:
    kind = whole_rack(repair_h=132.8, repair_median_h=20.4, detect_h=1.0, replaced_h=479.0)
    by_day = expected.duration_h(kind, np.arange(100) * DAY_H)
    spread = np.sqrt(2 * np.log(132.8 / 20.4))
    drawn = 20.4 * np.exp(spread * np.random.Generator(np.random.Philox(1)).standard_normal(1_000_000))
    assert by_day.sum() == pytest.approx(1 + np.minimum(drawn, 479).mean(), rel=0.005)
    assert by_day[19] > 0.01 * DAY_H
    assert by_day[20:] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("rate_per_h", [1e-4, 2e-3, 2e-2])
def test_old_racks_are_out_as_often_as_renewal_says(rate_per_h: float) -> None:
    kind = whole_rack(detect_h=2.0)
    down, trays, failures = expected.out_by_age(expected.ageing_of(reliability(kind), YEARS_3_H), rate_per_h)
    up = 1 / (1 + rate_per_h * 42.0)
    assert down[-1] == pytest.approx(1 - up, rel=1e-6)
    assert failures[-1] == pytest.approx(rate_per_h * up, rel=1e-6)
    assert not trays.any()


def test_trays_are_out_of_racks_that_work_on() -> None:
    kinds = (whole_rack(share_frac=0.25), whole_rack(share_frac=0.75, **TRAY))
    down, trays, failures = expected.out_by_age(expected.ageing_of(reliability(*kinds), YEARS_3_H), 0.01)
    up = 1 / (1 + 0.0025 * 40)
    assert down[-1] == pytest.approx(1 - up, rel=1e-6)
    assert trays[-1] == pytest.approx(0.0075 * up * 40, rel=1e-6)
    assert failures[-1] == pytest.approx(0.01 * up, rel=1e-6)


def test_maintenance_takes_its_share_of_a_year() -> None:
    never = whole_rack(share_frac=1.0)
    aged = expected.ageing_of(reliability(never, maintenance_h=87.66), YEARS_3_H)
    down, _, _ = expected.out_by_age(aged, 0.0)
    assert down == pytest.approx(0.01)


def test_racks_come_late_by_the_mean_delay() -> None:
    scenario = campus(delivery_slip_h=480.0)
    due = expected.deliveries(scenario, 0)
    online, leaving = due.online_frac[0], due.leaving_frac[0]
    day = np.arange(online.size)
    assert online.sum() == pytest.approx(1, rel=1e-6)
    assert leaving.sum() == pytest.approx(1)
    # Racks are due evenly over 92 days.
    assert online @ day - 92 / 2 == pytest.approx(480 / DAY_H, abs=0.01)
    assert leaving @ day - (np.flatnonzero(leaving)[0] + 92 / 2) == pytest.approx(0, abs=0.01)


def test_half_of_a_day_counts_on_the_next() -> None:
    due = expected.deliveries(campus(delivery_slip_h=0.0), 0)
    assert due.online_frac[0, :93] * 92 == pytest.approx([0.5, *[1.0] * 91, 0.5])
    assert due.stock_frac()[:2, 0] == pytest.approx([0.5, 1.0])


FLEET: Installs = {("a", "gb300"): [400.0, 0.0, 200.0], ("a", "vr230"): [0.0, 300.0], ("b", "vr230"): [0.0, 0.0, 150.0]}
QUARTERS_COUNT = 8  # two years, in the second of which racks are steady


def means(parts: Sequence[racks.Racks], kinds_count: int) -> dict[str, float]:
    """Means over two years of what a fleet has, and failures by kind."""
    found = {
        name: float(np.concatenate([getattr(part, name).sum(axis=1) for part in parts]).mean())
        for name in ("stock_count", "down_count", "degraded_count", "up_count")
    }
    counts = np.concatenate([part.failures_count.sum(axis=1) for part in parts]).mean(axis=0)
    return found | {f"failures_{kind}": float(counts[kind]) for kind in range(kinds_count)}


def both(scenario: Scenario) -> tuple[dict[str, float], list[dict[str, float]]]:
    """Means of the mean fleet, and those of each of 40 seeds."""
    made = plan_of(FLEET, len(scenario.quarters))
    at, kinds = racks.pairs(made), len(scenario.records.reliability.classes)
    spans = calendar.spans(scenario.quarters, 0.0, calendar.edges_h(scenario.quarters)[QUARTERS_COUNT], 1.0)
    drawn = []
    for seed in range(REPLICATIONS_COUNT):
        asked = replace(scenario.asked, seed=seed)
        drawn.append(means(fleet.fleet(replace(scenario, asked=asked), made, at, spans)[0], kinds))
    return means(expected.fleet(scenario, made, at, spans), kinds), drawn


WHOLE_ONLY: tuple[FailureClass, ...] = (whole_rack(repair_h=100.0, repair_median_h=50.0, detect_h=5.0),)


@pytest.mark.parametrize(
    "scenario",
    [
        campus(),
        campus(delivery_slip_h=0.0, maintenance_h=0.0),
        campus(delivery_slip_h=2000.0),
        campus(classes=WHOLE_ONLY, infant_ratio=4.0, wear_ratio=3.0),
    ],
    ids=["catalog", "on time", "late", "aging"],
)
def test_the_mean_fleet_is_the_mean_of_those_that_are_drawn(scenario: Scenario) -> None:
    """In service, out, degraded, at work, and failures of each kind: each within its 99.9 % interval."""
    exact, drawn = both(scenario)
    for name, value in exact.items():
        found = [one[name] for one in drawn]
        if np.ptp(found) > 0:
            assert_mean(found, value)
        else:
            assert found[0] == pytest.approx(value, rel=1e-6)
