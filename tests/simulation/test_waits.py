"""The load of the racks at hand in the hours of a timeline, and what users wait for at it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from lives import Lived

from gigawatt.programme import rates
from gigawatt.programme.arrays import software_ratio
from gigawatt.scenario.load import load
from gigawatt.simulation import Timeline, simulate, waits
from gigawatt.simulation.timeline import Window
from gigawatt.simulation.waits import HourLoad


def loads_of(lived: Lived, timeline: Timeline | None = None) -> dict[tuple[str, str], HourLoad]:
    rate_per_s = {place: way.rack_tokens_per_s for place, way in rates.steady(lived.scenario).items()}
    data = (timeline or lived.timeline).data
    found = waits.loads(lived.scenario, lived.plan, data, rate_per_s)
    return {(one.use_case, one.hour): one for one in found}


def full_rates(lived: Lived) -> np.ndarray:
    """Steady rate of a rack by period, pair and class."""
    told, data = lived.scenario.asked.operations, lived.timeline.data
    ways = rates.steady(lived.scenario)
    each = [
        [ways[str(use), str(platform)].rack_tokens_per_s for use in data.use_case.values]
        for platform in data.pair_platform.values
    ]
    software = software_ratio(
        lived.scenario.asked, lived.scenario.quarters, told.software_gain_per_year, told.software_cap_ratio
    )
    return np.asarray(software[:, None, None] * np.array(each))


def test_racks_at_hand_work_for_the_class_or_for_nobody(lived: Lived) -> None:
    """They serve no more than the plan counts on, and all classes have no more of them than work at all."""
    data = lived.timeline.data
    found = waits.at_hand(lived.scenario, lived.plan, data, full_rates(lived))
    most = [use.utilisation_frac for use in lived.scenario.asked.use_cases.values()]
    assert (found.served_tokens_per_s <= found.full_tokens_per_s * most * (1 + 1e-5)).all()
    up, rest = data.up_count.values, found.racks_count.sum(axis=2)
    assert (rest <= up * (1 + 1e-5) + 1e-3).all()
    served = (found.served_tokens_per_s.sum(axis=1) * data.weight_h.values[:, None]).sum(axis=0)
    for name, tokens in zip(data.use_case.values, 3600 * served, strict=True):
        total = sum(period.served[str(name)] for period in lived.timeline.periods.values())
        assert tokens == pytest.approx(total, rel=1e-5)


def test_idle_racks_of_a_class_are_at_hand(campus: Lived) -> None:
    """Where nobody takes what the tide leaves, the racks that the plan gives stand ready, and the load follows it."""
    data = campus.timeline.data
    spare = data.assign(busy_count=data.busy_count * 0, served_tokens_per_s=data.served_tokens_per_s * 0.5)
    before, after = loads_of(campus), loads_of(campus, replace(campus.timeline, data=spare))
    for use in campus.scenario.asked.use_cases:
        assert after[use, "mean"].load_frac < 0.95 * before[use, "mean"].load_frac
        assert after[use, "mean"].racks_count > 0.55 * before[use, "mean"].racks_count


def test_the_busiest_hour_has_the_highest_load(lived: Lived) -> None:
    found = loads_of(lived)
    served = lived.timeline.summary.served
    assert {use for use, _ in found} == {use for use, tokens in served.items() if tokens > 0}
    for (use, hour), one in found.items():
        planned = lived.scenario.asked.use_cases[use].utilisation_frac
        assert 0 < one.load_frac <= planned * (1 + 1e-5)
        assert one.load_frac <= found[use, "busiest"].load_frac * (1 + 1e-5)
        assert 0 < one.share_frac <= 1
        assert one.racks_count > 0
        assert (one.moment == "") == (hour == "mean")
        assert one.software_ratio >= 1


def test_a_class_that_nobody_serves_has_no_hours(campus: Lived) -> None:
    none = campus.timeline.data.served_tokens_per_s.copy()
    none.loc[{"use_case": "documents"}] = 0.0
    data = campus.timeline.data.assign(served_tokens_per_s=none)
    assert {use for use, _ in loads_of(campus, replace(campus.timeline, data=data))} == {"assistant"}


def test_hours_of_a_timeline_have_dates(campus: Lived) -> None:
    scenario = load("one-campus", {"simulate.mode": "stochastic"})
    dated = simulate(scenario, campus.plan, window=Window(first_h=24.0 * 400, last_h=24.0 * 402))
    found = loads_of(campus, dated)
    assert found["assistant", "busiest"].moment[:10] in ("2027-08-05", "2027-08-06")
    assert found["assistant", "busiest"].moment.endswith("Z")


def test_users_wait_for_what_a_pod_at_that_load_says(campus: Lived) -> None:
    said: list[str] = []
    data = campus.timeline.data.isel(time=slice(-168, None))
    found = waits.user_waits(campus.scenario, campus.plan, data, lambda words, _: said.append(words))
    assert [(one.use_case, one.hour) for one in found] == [
        (use, hour) for use in ("assistant", "documents") for hour in ("busiest", "mean")
    ]
    assert len(said) == 4
    for one in found:
        use = campus.scenario.asked.use_cases[one.use_case]
        assert one.served_frac is not None
        assert one.ttft_p50_s is not None
        assert one.ttft_p99_s is not None
        assert one.tpot_p50_s is not None
        assert one.goodput_frac is not None
        assert one.served_frac.low - 0.02 < 1 < one.served_frac.high + 0.02
        assert 0 < one.ttft_p50_s.low < one.ttft_p50_s.high < one.ttft_p99_s.low
        assert one.tpot_p50_s.mid < use.tpot_s
        assert 0.9 < one.goodput_frac.mid <= 1
        assert one.planned_load_frac == use.utilisation_frac
        assert 1 <= one.pod_engines_count <= min(one.engines_count, 64)
    assert found == waits.user_waits(campus.scenario, campus.plan, data)


def test_faster_software_makes_times_shorter(campus: Lived) -> None:
    """All times by the same ratio, the limits of the class with them."""
    (one, *_), ways = loads_of(campus).values(), rates.steady(campus.scenario)
    way = ways[one.use_case, one.platform]
    base = waits.wait_of(campus.scenario, replace(one, software_ratio=1.0), way)
    fast = waits.wait_of(campus.scenario, replace(one, software_ratio=2.0), way, kept_frac=0.5)
    # The plan counts on the part of the steady state that users accept, whatever the software.
    assert fast.planned_load_frac == pytest.approx(base.planned_load_frac / 2)
    assert base.ttft_p99_s is not None
    assert fast.ttft_p99_s is not None
    assert fast.ttft_p99_s.mid == pytest.approx(base.ttft_p99_s.mid / 2, rel=1e-9)
    assert base.goodput_frac is not None
    assert fast.goodput_frac is not None
    assert fast.goodput_frac.mid > base.goodput_frac.mid


def test_a_pod_is_asked_its_part_of_a_routers_bursts(campus: Lived) -> None:
    """Half of the requests by chance are half as far from pure chance, in the square; bursts are waited for."""
    assert waits.thinned_ratio(1.0, 0.1) == 1.0
    assert waits.thinned_ratio(5.0, 1.0) == waits.thinned_ratio(5.0, 3.0) == 5.0
    assert waits.thinned_ratio(5.0, 0.5) ** 2 == pytest.approx(13.0)
    one, way = loads_of(campus)["assistant", "mean"], rates.steady(campus.scenario)
    calm, bursty = (
        waits.wait_of(scenario, one, way[one.use_case, one.platform])
        for scenario in (campus.scenario, load("one-campus", {"use_cases.assistant.burstiness": 8.0}))
    )
    assert calm.ttft_p99_s is not None
    assert bursty.ttft_p99_s is not None
    assert bursty.ttft_p99_s.low > calm.ttft_p99_s.high


def test_no_more_engines_than_share_a_router(campus: Lived) -> None:
    one, way = loads_of(campus)["assistant", "mean"], rates.steady(campus.scenario)
    scenario = load("one-campus", {"operations.router_engines": 1})
    assert waits.wait_of(scenario, one, way[one.use_case, one.platform]).pod_engines_count == 1


def test_a_limit_on_the_first_token_counts_as_good(campus: Lived) -> None:
    one, way = loads_of(campus)["assistant", "mean"], rates.steady(campus.scenario)
    free = waits.wait_of(campus.scenario, one, way[one.use_case, one.platform])
    assert free.ttft_p50_s is not None
    limit = load("one-campus", {"use_cases.assistant.ttft": f"{free.ttft_p50_s.mid} s"})
    strict = waits.wait_of(limit, one, way[one.use_case, one.platform])
    assert strict.goodput_frac is not None
    assert strict.goodput_frac.mid == pytest.approx(0.5, abs=0.05)


def test_the_load_that_a_plan_counts_on_holds_its_derating(campus: Lived) -> None:
    one, way = loads_of(campus)["assistant", "mean"], rates.steady(campus.scenario)
    found = waits.wait_of(campus.scenario, one, way[one.use_case, one.platform], 0.9)
    use = campus.scenario.asked.use_cases["assistant"]
    assert found.planned_load_frac == pytest.approx(0.9 * use.utilisation_frac)
    assert found.slo_kept_frac == 0.9
