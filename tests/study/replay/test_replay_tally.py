"""What is counted of requests that are done: histograms against the values themselves, whole and by blocks."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from gigawatt.study.replay.tally import MOST_BLOCKS, SHARES, WaitLimits, WaitTally
from gigawatt.tokens.serve.pods import Outcomes


def outcomes(
    ttft_s: NDArray[np.float64], tpot_s: NDArray[np.float64], *, first: int = 0, status: int = 0, output: int = 11
) -> Outcomes:
    """Requests that arrive at 0 with answers of so many tokens."""
    count = len(ttft_s)
    tokens = np.full(count, output)
    return Outcomes(
        index=np.arange(first, first + count),
        status=np.full(count, status, dtype=np.int8),
        arrival_s=np.zeros(count),
        first_token_s=ttft_s,
        finished_s=ttft_s + (output - 1) * tpot_s,
        input_tokens=tokens,
        output_tokens=tokens,
        cached_tokens=np.zeros(count, dtype=np.int64),
        preemptions_count=np.zeros(count, dtype=np.int64),
    )


def drawn(count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    chance = np.random.default_rng(1)
    return chance.lognormal(-1, 1, count), chance.lognormal(-4, 0.3, count)


@pytest.mark.parametrize("count", [1, 50, 20_000])
def test_figures_are_those_of_the_values(count: int) -> None:
    ttft_s, tpot_s = drawn(count)
    tally = WaitTally(WaitLimits(ttft_s=0.5, tpot_s=0.02))
    for first in range(0, count, 3_000):
        part = slice(first, first + 3_000)
        tally.take(outcomes(ttft_s[part], tpot_s[part], first=first))
    for name, values in {"ttft": ttft_s, "tpot": tpot_s, "e2e": ttft_s + 10 * tpot_s}.items():
        mean, *quantiles = tally.figures_s(name)[0]
        assert mean == pytest.approx(values.mean())
        assert quantiles == pytest.approx(np.quantile(values, SHARES, method="inverted_cdf"), rel=6e-3)
        assert max(quantiles) <= values.max() * (1 + 1e-12)
    good = (ttft_s <= 0.5) & (tpot_s <= 0.02)
    assert tally.good_frac()[0] == pytest.approx(good.mean())
    assert tally.ended_count() == count
    assert 1 <= tally.blocks_count <= MOST_BLOCKS


def test_a_draw_of_blocks_counts_each_as_often_as_it_is_drawn() -> None:
    tally = WaitTally(WaitLimits(ttft_s=1.5))
    for block in range(4):  # of 16 requests, each as slow as its number
        tally.take(outcomes(np.full(16, 1.0 + block), np.full(16, 0.01), first=16 * block))
    once, slow = tally.figures_s("ttft", np.array([[1, 1, 1, 1], [0, 0, 0, 4]]))
    assert once[0] == pytest.approx(2.5)
    assert slow == pytest.approx(4.0, rel=6e-3)
    assert tally.good_frac(np.array([[1, 1, 1, 1], [3, 0, 0, 1], [0, 0, 0, 0]]))[:2] == pytest.approx([0.25, 0.75])
    assert math.isnan(tally.good_frac(np.array([[0, 0, 0, 0]]))[0])


def test_p99_counts_those_that_fail_as_waiting_for_ever() -> None:
    tally = WaitTally(WaitLimits())
    tally.take(outcomes(np.linspace(0.1, 1.0, 990), np.full(990, 0.01)))
    whole = tally.p99_s("ttft")
    tally.take(outcomes(np.full(5, np.nan), np.full(5, np.nan), first=990, status=1))
    assert whole < tally.p99_s("ttft") < 1.01
    tally.take(outcomes(np.full(10, np.nan), np.full(10, np.nan), first=995, status=2))
    assert tally.p99_s("ttft") == math.inf
    assert tally.good_frac()[0] == pytest.approx(990 / 1005)


def test_an_answer_of_one_token_has_no_time_between_tokens() -> None:
    tally = WaitTally(WaitLimits(tpot_s=0.001))
    tally.take(outcomes(np.ones(20), np.zeros(20), output=1))
    assert math.isnan(tally.figures_s("tpot")[0][0])
    assert math.isnan(tally.p99_s("tpot"))
    assert tally.good_frac()[0] == 1.0


def test_a_curve_rises_from_none_to_all() -> None:
    ttft_s, tpot_s = drawn(5_000)
    tally = WaitTally(WaitLimits())
    tally.take(outcomes(ttft_s, tpot_s))
    values, below = tally.curve("ttft")
    assert (below[0], below[-1]) == (0.0, 1.0)
    assert (np.diff(values) > 0).all()
    assert (np.diff(below) >= 0).all()
    assert np.interp(1.0, values, below) == pytest.approx((ttft_s <= 1.0).mean(), abs=0.005)


def test_nothing_is_told_of_nothing() -> None:
    tally = WaitTally(WaitLimits())
    assert (tally.blocks_count, tally.ended_count()) == (0, 0)
    assert math.isnan(tally.good_frac()[0])
    assert np.isnan(tally.figures_s("e2e")).all()
    assert [len(part) for part in tally.curve("e2e")] == [0, 0]
