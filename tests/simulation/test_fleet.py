"""The fleet of a plan: racks that come and go, crews hired for them, halls in maintenance, sites that share nothing."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from one_site import FAR_H, cohort, out_count, outages, reliability, whole_rack
from plans import Installs, campus, plan_of
from trials import NORMAL_ERRORS_COUNT

from gigawatt.quarters import HOURS_PER_YEAR
from gigawatt.scenario.schema import Scenario
from gigawatt.simulation import calendar, fleet, racks
from gigawatt.simulation.failures import draw

HERE: Installs = {("a", "gb300"): [30.4, 20.0, 25.3]}
LATE_H = 14 * 24.0


def lived(scenario: Scenario, installs: Installs, first: int = 0, last: int = 4) -> tuple[racks.Racks, racks.Outages]:
    """The racks of some quarters in one piece, and the outages of the first site."""
    made = plan_of(installs, len(scenario.quarters))
    edges = calendar.edges_h(scenario.quarters)
    spans = calendar.spans(scenario.quarters, edges[first], edges[last], 1.0)
    parts, found = fleet.fleet(scenario, made, racks.pairs(made), spans)
    names = ("stock_count", "down_count", "degraded_count", "up_count", "failures_count")
    whole = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return replace(parts[0], **whole), found[0]


def test_racks_come_evenly_through_their_quarter_and_are_whole() -> None:
    found, _ = lived(campus(delivery_slip_h=0.0), HERE)
    edges = calendar.edges_h(["2026Q3", "2026Q4", "2027Q1", "2027Q2"]).astype(int)
    # Deliveries of 30.4, 20 and 25.3 are 30, 20 and 26 racks: the running sum is rounded.
    assert found.stock_count[edges[1:] - 1, 0].tolist() == [30, 50, 76, 76]
    middle = (edges[0] + edges[1]) // 2
    assert found.stock_count[middle, 0] == 15
    assert np.all(np.diff(found.stock_count[:, 0]) >= 0)


def test_racks_leave_after_their_book_life_however_late_they_came() -> None:
    scenario = campus(delivery_slip_h=LATE_H)
    life = racks.life_count(scenario)
    assert life == 20
    found, _ = lived(scenario, {("a", "gb300"): [40]}, life, life + 2)
    gone = int(np.diff(racks.edges_h(scenario))[life])
    assert found.stock_count[0, 0] == pytest.approx(40, abs=0.5)
    assert found.stock_count[gone // 2, 0] == pytest.approx(20, abs=0.5)
    assert not found.stock_count[gone:].any()
    assert not found.down_count[gone:].any()


def test_deliveries_are_late_by_an_exponential_time() -> None:
    scenario = campus(delivery_slip_h=LATE_H)
    seeds = [replace(scenario, asked=replace(scenario.asked, seed=seed)) for seed in range(40)]
    late = [fleet.slip_h(one, (1, 2, period)) for one in seeds for period in range(len(scenario.quarters))]
    error = NORMAL_ERRORS_COUNT * LATE_H / np.sqrt(len(late))
    assert np.mean(late) == pytest.approx(LATE_H, abs=error)
    assert np.std(late) == pytest.approx(LATE_H, abs=2 * error)


def test_a_site_is_the_same_whatever_else_is_in_the_plan() -> None:
    """Another site, the same platform elsewhere, more platforms elsewhere: no draw and no queue of a site changes."""
    there: Installs = {("b", "gb300"): [50.0, 60.0], ("b", "vr230"): [0.0, 80.0]}
    scenario = campus()
    alone, both = lived(scenario, HERE), lived(scenario, HERE | there)
    for name in ("stock_count", "down_count", "degraded_count", "up_count", "failures_count"):
        assert np.array_equal(getattr(alone[0], name)[:, 0], getattr(both[0], name)[:, 0])
    assert np.array_equal(alone[1].time_h, both[1].time_h)
    assert np.array_equal(alone[1].end_h, both[1].end_h)
    assert both[0].failures_count[:, 1:].any()


def test_a_cohort_fails_alike_whatever_shares_its_site() -> None:
    """Without limits on crews and parts: those are the site's."""
    scenario = campus(reliability(whole_rack()))
    alone, both = (lived(scenario, installs)[1] for installs in (HERE, HERE | {("a", "vr230"): [10.0, 10.0]}))
    mine = both.pair == 0
    assert np.array_equal(alone.time_h, both.time_h[mine])
    assert np.array_equal(alone.end_h, both.end_h[mine])


def test_seeds_differ() -> None:
    scenario = campus()
    other = replace(scenario, asked=replace(scenario.asked, seed=scenario.asked.seed + 1))
    assert len(lived(scenario, HERE)[1].time_h) != len(lived(other, HERE)[1].time_h)


def test_what_comes_later_changes_nothing_before() -> None:
    scenario = campus()
    early, whole = lived(scenario, HERE, last=2), lived(scenario, HERE, last=4)
    hours = len(early[0].stock_count)
    for name in ("stock_count", "down_count", "degraded_count", "up_count", "failures_count"):
        assert np.array_equal(getattr(early[0], name), getattr(whole[0], name)[:hours])


def test_every_fault_counts_in_the_hour_in_which_it_happens() -> None:
    found, events = lived(campus(), HERE)
    for kind in range(found.failures_count.shape[2]):
        by_hand = np.histogram(events.time_h[events.kind == kind], np.arange(len(found.stock_count) + 1))[0]
        assert np.array_equal(found.failures_count[:, 0, kind], by_hand)


def test_racks_up_are_those_in_service_less_what_is_out() -> None:
    scenario = campus()
    found, events = lived(scenario, HERE)
    record = scenario.records.reliability
    lost = found.down_count + record.tray_packages_count / 72 * found.degraded_count
    assert found.up_count == pytest.approx(np.maximum(found.stock_count - lost, 0))
    trays = np.array([kind.scope == "tray" for kind in record.classes])[events.kind]
    hours = len(found.stock_count)
    spent = np.minimum(events.end_h, hours) - events.time_h
    assert found.degraded_count.sum() == pytest.approx(spent[trays].sum(), rel=1e-9)


def test_halls_are_maintained_once_a_year_one_after_the_other() -> None:
    record = reliability(whole_rack(), maintenance_h=24.0, hall_racks_count=10)
    here = fleet.yard([cohort(30)], record)
    begin, end, _ = fleet.maintenance_h(here, record, 3 * HOURS_PER_YEAR)
    assert len(begin) == 3 * 30
    assert end - begin == pytest.approx(24)
    starts = np.unique(begin)
    assert len(starts) == 3 * 3
    assert np.diff(starts).min() > 24
    assert starts[3:] - starts[:-3] == pytest.approx(HOURS_PER_YEAR)


def test_nothing_fails_in_maintenance() -> None:
    record = reliability(whole_rack(), maintenance_h=2000.0, hall_racks_count=10)
    here = fleet.yard([cohort(20)], record)
    found = outages(cohort(20), record, 0.05, 8000.0, 1)
    since = np.mod(found.time_h - here.hall_h[found.rack], HOURS_PER_YEAR)
    assert since.min() >= 2000
    assert since.max() < HOURS_PER_YEAR


def test_nothing_fails_before_a_rack_comes_or_after_it_leaves() -> None:
    online = np.repeat([100.0, 700.0], 50)
    found = outages(cohort(100, online_h=online, leaves_h=online + 500), reliability(whole_rack()), 0.02, 2000.0, 1)
    assert np.all(found.time_h >= online[found.rack])
    assert np.all(found.time_h < online[found.rack] + 500)
    assert np.all(found.end_h <= online[found.rack] + 500)
    assert not out_count(found, 1200, 2000).any()


@pytest.mark.parametrize(("each", "expected"), [(2.0, [0, 20, 40]), (100.0, [0]), (5.0, [0, 50]), (0.5, [0, 0, 10])])
def test_a_crew_is_hired_for_each_so_many_racks(each: float, expected: list[float]) -> None:
    here = fleet.yard([cohort(6, online_h=np.arange(6) * 10.0)], reliability(whole_rack()))
    assert fleet.hired_h(here, each)[: len(expected)].tolist() == expected


def test_no_crew_is_hired_for_racks_that_replace_others() -> None:
    first = cohort(4, leaves_h=np.full(4, 100.0))
    second = cohort(4, online_h=np.full(4, 100.0))
    here = fleet.yard([first, second], reliability(whole_rack()))
    assert len(fleet.hired_h(here, 2.0)) <= 4
    apart = replace(second, online_h=np.full(4, 101.0), leaves_h=np.full(4, FAR_H))
    assert fleet.hired_h(fleet.yard([first, apart], reliability(whole_rack())), 2.0).tolist() == [0, 0]


@given(times=st.lists(st.one_of(st.floats(-1e5, 1e5), st.sampled_from([0.0, 1.5])), max_size=80))
def test_faults_are_in_order_as_a_stable_sort_has_them(times: list[float]) -> None:
    time_h = np.array(times)
    assert np.array_equal(fleet.in_order(time_h), np.argsort(time_h, kind="stable"))


@given(lengths=st.lists(st.sampled_from([1.0, 2.0, 2.5, 9.0]), max_size=40), most=st.integers(0, 45))
def test_the_longest_are_the_first_of_all_in_order(lengths: list[float], most: int) -> None:
    length_h = np.array(lengths)
    assert np.array_equal(racks.longest(length_h, most), np.argsort(-length_h, kind="stable")[:most])


def test_what_comes_after_an_hour_is_drawn_but_left_out() -> None:
    """The same faults up to it, with the same repairs, however far one looks."""
    record, one = reliability(whole_rack(share_frac=0.5), whole_rack(share_frac=0.5, repair_h=40.0)), cohort(50)
    every, seen = (draw(one, record, 20_000.0, 1e-3, 1, until_h) for until_h in (np.inf, 5000.0))
    early = every.time_h < 5000.0
    assert 0 < early.sum() < len(early)
    for name in ("time_h", "rack", "kind", "repair_h"):
        assert np.array_equal(getattr(seen, name), getattr(every, name)[early])
