"""Steps of time: whole quarters weigh what the plan counts, parts stand for themselves, clocks follow the calendar."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigawatt.quarters import HOURS_PER_QUARTER
from gigawatt.simulation import calendar

QUARTERS = ["2027Q3", "2027Q4", "2028Q1", "2028Q2"]
DAYS = [92, 92, 91, 91]
EDGES_H = np.cumsum([0, *DAYS]) * 24.0


def test_quarters_have_the_days_of_the_calendar() -> None:
    assert calendar.edges_h(QUARTERS).tolist() == EDGES_H.tolist()


@pytest.mark.parametrize("step_h", [1.0, 0.25])
def test_steps_of_whole_quarters_weigh_what_the_plan_counts(step_h: float) -> None:
    found = calendar.spans(QUARTERS, 0.0, EDGES_H[-1], step_h)
    assert [span.days for span in found] == DAYS
    assert [span.count * span.weight_h for span in found] == pytest.approx([HOURS_PER_QUARTER] * 4, rel=1e-15)


def test_a_week_weighs_its_quarter() -> None:
    found = calendar.weeks(QUARTERS)
    assert [span.count for span in found] == [168] * 4
    assert [span.count * span.weight_h for span in found] == pytest.approx([HOURS_PER_QUARTER] * 4, rel=1e-15)
    assert [span.first_h for span in found] == EDGES_H[:-1].tolist()


@given(days=st.lists(st.integers(0, 366), min_size=2, max_size=2, unique=True).map(sorted))
def test_spans_follow_one_another_and_end_with_their_quarter(days: list[int]) -> None:
    first, last = (day * 24.0 for day in days)
    found = calendar.spans(QUARTERS, first, last, 1.0)
    ends = [span.first_h + span.count for span in found]
    assert found[0].first_h == first
    assert ends[-1] == last
    assert all(end == after.first_h for end, (_, after) in zip(ends[:-1], pairwise(found), strict=True))
    for span, end in zip(found, ends, strict=True):
        assert EDGES_H[span.period] <= span.first_h
        assert end <= EDGES_H[span.period + 1]
        if span.count < 24 * DAYS[span.period]:
            assert span.weight_h == 1


def test_moments_are_utc_from_the_first_day_of_the_plan() -> None:
    span = calendar.spans(QUARTERS, EDGES_H[2], EDGES_H[3], 0.5)[0]
    when = span.when(QUARTERS)
    assert when[:2].astype(str).tolist() == ["2028-01-01T00:00", "2028-01-01T00:30"]
    assert str(when[-1]) == "2028-03-31T23:30"
    assert span.hour_of_day()[:5].tolist() == [0, 0, 1, 1, 2]
    assert str(when[59 * 48]) == "2028-02-29T00:00"
