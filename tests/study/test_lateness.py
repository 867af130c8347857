"""How late promised power comes: one promise by hand, the distribution against its closed forms, defaults by stage."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigawatt.catalog.load import get
from gigawatt.catalog.records import DeliveredPower, PromisedDate, PromisedMilestone, SiteSchedules, SiteStage
from gigawatt.study.validate.lateness import (
    STAGES,
    Lateness,
    alike,
    default_slips,
    period,
    promises,
    slip_curve,
    slips_beyond,
    stages,
)

SEEN = "2026-11-28"


def told(said: str, quarter: str, span: int = 1, stage: SiteStage = "announced") -> PromisedDate:
    return PromisedDate(said_date=said, stage=stage, quarter=quarter, span_count=span)


def schedule(*dates: PromisedDate, site: str = "here", **what: Any) -> SiteSchedules:
    milestone = PromisedMilestone(site=site, what="power", milestone="first", told=dates, **what)
    return SiteSchedules(id="mine", name="Mine", seen_date=SEEN, milestones=(milestone,))


def late(*counts: int, censored: bool = False, stage: SiteStage = "announced", site: str = "here") -> Lateness:
    (found,) = promises(schedule(told("2025-01-01", "2030Q4", stage=stage), site=site))
    return Lateness(
        path=found.path,
        milestone=found.milestone,
        told=found.told,
        lead_count=found.lead_count,
        late_counts=counts,
        is_censored=censored,
        why="",
    )


def delivered(quarter: str) -> DeliveredPower:
    return DeliveredPower(quarter=quarter, power_w=1e9)


SAID = told("2025-05-01", "2026Q1", 2)


@pytest.mark.parametrize(
    ("record", "counts", "censored", "why"),
    [
        (schedule(SAID, delivered=delivered("2026Q2")), (0,), False, "came in 2026Q2"),
        (schedule(SAID, delivered=delivered("2026Q4")), (2,), False, "came in 2026Q4"),
        (schedule(SAID, delivered=delivered("2025Q4")), (-2,), False, "came in 2025Q4"),
        (schedule(SAID), (2,), True, "overdue, and no later date is told"),
        (schedule(SAID, withdrawn_date="2026-03-01"), (2,), True, "withdrawn on 2026-03-01"),
        (schedule(SAID, told("2026-02-01", "2027Q1", 2)), (3, 4), False, "now 2027H1"),
        # Of a year that has begun, what is left of it.
        (schedule(SAID, told("2026-02-01", "2026Q1", 4)), (2,), False, "now 2026"),
        # What came after the last look, or was withdrawn after it, is not known.
        (schedule(told("2025-05-01", "2027Q1"), withdrawn_date="2027-03-01"), (), False, f"not due by {SEEN}"),
        (schedule(told("2025-05-01", "2026Q4")), (), False, f"not due by {SEEN}"),
        # A later date that has passed as well says only that it is late.
        (schedule(SAID, told("2026-02-01", "2026Q3")), (2,), True, "overdue"),
    ],
)
def test_a_promise_is_judged_by_what_came_or_by_the_latest_date(
    record: SiteSchedules, counts: tuple[int, ...], censored: bool, why: str
) -> None:
    first = promises(record)[0]
    assert (first.late_counts, first.is_censored, first.lead_count) == (counts, censored, first.lead_count)
    assert first.why.startswith(why)


def test_the_lead_is_counted_to_the_last_quarter_that_was_promised() -> None:
    assert promises(schedule(SAID))[0].lead_count == 4  # 2025Q2 to 2026Q2


def test_on_an_earlier_day_less_is_known() -> None:
    record = schedule(SAID, told("2026-08-01", "2027Q1", 2))
    assert [each.late_counts for each in promises(record, "2026-06-01")] == [()]
    assert [each.late_counts for each in promises(record, "2026-07-15")] == [(1,)]
    assert [each.late_counts for each in promises(record)] == [(3, 4), ()]
    assert promises(record, "2025-01-01") == ()


@pytest.mark.parametrize(
    ("quarter", "span", "words"),
    [
        ("2026Q3", 1, "2026Q3"),
        ("2026Q3", 2, "2026H2"),
        ("2026Q1", 2, "2026H1"),
        ("2026Q1", 4, "2026"),
        ("2026Q2", 2, "2026Q2 to 2026Q3"),
        ("2026Q2", 4, "2026Q2 to 2027Q1"),
    ],
)
def test_a_period_in_words(quarter: str, span: int, words: str) -> None:
    assert period(told("2025-01-01", quarter, span)) == words


def test_without_censored_promises_the_curve_is_the_empirical_one() -> None:
    curve = slip_curve([late(0), late(2), late(2), late(5, 6)])
    assert curve is not None
    assert curve.late_counts == (0, 2, 5, 6)
    assert curve.shares_frac == pytest.approx((0.25, 0.5, 0.125, 0.125))
    assert [curve.within_count(share) for share in (0.1, 0.25, 0.26, 0.5, 0.75, 0.9)] == [0, 0, 2, 2, 2, 6]


def test_a_censored_promise_gives_its_weight_to_those_that_are_later() -> None:
    """By hand: 1 of 4 comes at 1; of the 2 left after the censored one, one at 4, the other at 8."""
    curve = slip_curve([late(1), late(3, censored=True), late(4), late(8)])
    assert curve is not None
    assert dict(zip(curve.late_counts, curve.shares_frac, strict=True)) == pytest.approx(
        {1: 0.25, 3: 0, 4: 0.375, 8: 0.375}
    )


def test_what_is_left_after_the_longest_is_put_there() -> None:
    curve = slip_curve([late(1), late(4, censored=True)])
    assert curve is not None
    assert curve.shares_frac == pytest.approx((0.5, 0.5))


def test_nothing_known_is_no_curve() -> None:
    assert slip_curve([late()]) is None
    assert slip_curve([]) is None
    assert default_slips([late()]) == dict.fromkeys(STAGES, 0)
    assert slips_beyond([]) == {}


counts = st.lists(st.integers(-4, 20), min_size=1, max_size=4, unique=True).map(lambda each: tuple(sorted(each)))
found = st.lists(st.builds(lambda each, cut: late(*each[: 1 if cut else None], censored=cut), counts, st.booleans()))


@given(found.filter(bool), st.floats(0.01, 1))
def test_shares_sum_to_one_and_the_readings_bound_what_dates_leave_open(parts: list[Lateness], share: float) -> None:
    least, even, last = (slip_curve(parts, reading) for reading in ("least", "even", "last"))
    assert least is not None
    assert even is not None
    assert last is not None
    for curve in (least, even, last):
        assert sum(curve.shares_frac) == pytest.approx(1)
        assert min(curve.shares_frac) >= -1e-12
        assert curve.promises_count == len(parts)
    assert least.within_count(share) <= even.within_count(share)
    assert least.within_count(share) <= last.within_count(share)


def test_a_stage_of_few_promises_takes_those_on_its_side_of_a_contract() -> None:
    parts = [
        *(late(8, site=site) for site in "abc"),
        late(2, stage="contracted"),
        late(1, stage="under_construction"),
        late(0, stage="energised"),
        late(),
    ]
    assert alike(parts, "announced") == tuple(parts[:3])
    assert alike(parts, "energised") == alike(parts, "it_loaded") == tuple(parts[3:6])
    assert default_slips(parts) == {"announced": 8, **dict.fromkeys(STAGES[1:], 1)}
    # Too few on either side: all that is known.
    assert alike(parts[2:5], "announced") == alike(parts[2:5], "energised") == tuple(parts[2:5])


def test_a_promise_kept_early_is_no_slip() -> None:
    assert set(default_slips([late(-3), late(-2), late(-2)]).values()) == {0}


def test_slips_beyond_the_default_are_what_stages_leave() -> None:
    """Announced: 4 in the median, with 6 in one of three; beyond a contract nothing is left."""
    parts = [late(2), late(4), late(6), *(late(1, stage="energised") for _ in range(3))]
    assert slips_beyond(parts) == pytest.approx({0: 5 / 6, 2: 1 / 6})


def test_of_real_sites_power_that_is_announced_slips_by_more_than_power_under_contract() -> None:
    known = promises(get("schedules", "stargate"))
    assert {stage: len([p for p in known if p.late_counts and p.told.stage == stage]) for stage in STAGES} == {
        "announced": 5,
        "contracted": 2,
        "under_construction": 1,
        "energised": 1,
        "it_loaded": 0,
    }
    assert default_slips(known) == {"announced": 6, **dict.fromkeys(STAGES[1:], 2)}
    beyond = slips_beyond(known)
    assert list(beyond) == [0, 1, 2, 3, 4]
    assert np.allclose(list(beyond.values()), [35 / 54, 9 / 54, 7 / 54, 1.5 / 54, 1.5 / 54])


@pytest.mark.parametrize(
    ("site", "counts_", "censored"),
    [
        ("abilene", (2,), False),
        ("shackelford", (1, 2), False),
        ("dona_ana", (5, 6, 7, 8), False),
        ("saline", (5, 6, 7, 8), False),
        ("milam", (4, 5, 6, 7), False),
        ("lordstown", (1,), False),
        ("Stargate UK", (3,), True),
    ],
)
def test_how_late_the_first_date_of_a_site_is(site: str, counts_: tuple[int, ...], censored: bool) -> None:
    known = promises(get("schedules", "stargate"))
    first = next(each for each in known if each.milestone.site == site)
    assert (first.late_counts, first.is_censored) == (counts_, censored)


def test_how_far_sites_have_come() -> None:
    record: SiteSchedules = get("schedules", "stargate")
    now, then = stages(record), stages(record, "2025-09-22")
    assert (now["abilene"], now["shackelford"], now["ports_pike"], now["camellia"]) == (
        *("energised", "energised"),
        *("contracted", "announced"),
    )
    assert then == {"abilene": "energised", "shackelford": "under_construction", "dona_ana": "announced"}
