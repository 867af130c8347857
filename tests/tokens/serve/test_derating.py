"""The SLO derating between the knots of its table and beyond them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigawatt.tokens import Acceptance, Derating, derating_frac, outside

# Falls with burstiness, rises with engines and with either limit: factors along each axis.
AXES = {
    "burstiness_ratio": ([1.0, 2.0, 8.0], [1.0, 0.9, 0.5]),
    "engines_count": ([1.0, 16.0], [0.6, 1.0]),
    "prompt_ratio": ([0.25, 4.0], [1.0, 0.8]),
    "ttft_ratio": ([2.0, 8.0, 32.0], [0.5, 0.8, 0.9]),
    "tpot_ratio": ([1.0, 2.0], [0.7, 1.0]),
}
TABLE = Derating(
    **{name: np.array(knots) for name, (knots, _) in AXES.items()},
    kept_frac=np.einsum("i,j,k,l,m->ijklm", *(np.array(values) for _, values in AXES.values())),
)
AT = Acceptance(burstiness_ratio=1.0, engines_count=16.0, prompt_ratio=0.25, ttft_ratio=32.0, tpot_ratio=2.0)
names = st.sampled_from(sorted(AXES))
anywhere = st.floats(0.1, 100)


def test_a_knot_is_what_the_table_has() -> None:
    for index in np.ndindex(3, 2, 2, 3, 2):
        knots = {name: knots[n] for (name, (knots, _)), n in zip(AXES.items(), index, strict=True)}
        assert derating_frac(TABLE, Acceptance(**knots)) == pytest.approx(TABLE.kept_frac[index])


def test_between_knots_it_is_linear_in_the_logarithm() -> None:
    assert derating_frac(TABLE, replace(AT, burstiness_ratio=4.0)) == pytest.approx(0.9 * (0.9 + 0.5) / 2)
    assert derating_frac(TABLE, replace(AT, engines_count=2.0)) == pytest.approx(0.9 * (0.6 + 0.4 / 4))


@given(name=names, values=st.tuples(anywhere, anywhere))
def test_more_bursts_leave_less_and_looser_limits_or_larger_pods_more(name: str, values: tuple[float, float]) -> None:
    low, high = (derating_frac(TABLE, replace(AT, **{name: value})) for value in sorted(values))
    assert (low >= high - 1e-12) if name in ("burstiness_ratio", "prompt_ratio") else (low <= high + 1e-12)


def test_beyond_the_table_it_stays_and_what_is_harder_than_its_knots_is_told() -> None:
    assert derating_frac(TABLE, replace(AT, burstiness_ratio=50.0)) == pytest.approx(0.5 * 0.9)
    assert outside(TABLE, AT) == []
    assert outside(TABLE, replace(AT, burstiness_ratio=13.0)) == ["a burstiness of 13 counts as 8"]
    hard = outside(TABLE, replace(AT, ttft_ratio=1.25, tpot_ratio=1.0))
    assert hard == ["a limit on the first token over the time of a prompt alone of 1.25 counts as 2"]


def test_what_is_easier_than_the_table_is_on_the_safe_side_and_not_told() -> None:
    easy = Acceptance(burstiness_ratio=0.5, engines_count=1e3, prompt_ratio=0.01, ttft_ratio=1e4, tpot_ratio=30.0)
    assert derating_frac(TABLE, easy) == derating_frac(TABLE, AT)
    assert outside(TABLE, easy) == []


def test_the_limit_of_a_batch_found_by_bisection_is_the_first_knot() -> None:
    assert outside(TABLE, replace(AT, tpot_ratio=1 - 1e-6)) == []


def test_one_knot_holds_everywhere() -> None:
    flat = replace(TABLE, burstiness_ratio=np.array([2.0]), kept_frac=TABLE.kept_frac[1:2])
    assert derating_frac(flat, replace(AT, burstiness_ratio=5.0)) == pytest.approx(0.9 * 0.9)
