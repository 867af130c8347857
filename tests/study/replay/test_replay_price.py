"""What a token costs: all that is paid for is shared, and nothing twice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gigawatt.study.replay.price import TokenPrice, WorkDone, priced
from gigawatt.tokens.serve.step_times import StepTimes

WORK = WorkDone(
    gpus_count=16,
    readers_count=0,
    span_s=1800.0,
    prefill_s=600.0,
    decode_s=1200.0,
    requests_count=1000,
    read_tokens=1e6,
    cached_tokens=3e6,
    output_tokens=2e5,
)


@pytest.fixture(scope="module")
def times() -> StepTimes:
    """A pass takes 1 µs a token, and as much again where they attend to 10,000."""
    chunk, context = np.array([1.0, 100.0, 10_000.0]), np.array([1.0, 1000.0, 100_000.0])
    passes = 1e-6 * chunk[:, None] * (1 + context[None, :] / 10_000)
    return StepTimes(
        batch_count=np.array([1.0]),
        ranks_ratio=np.array([1.0]),
        context_tokens=context,
        chunk_tokens=chunk,
        decode_s=np.ones((1, 1, 3)),
        decode_j=np.zeros((1, 1, 3)),
        prefill_s=passes[None],
        prefill_j=np.zeros((1, 3, 3)),
        mixed_frac=1.0,
        admission_s=0.0,
        tokens_per_step_ratio=1.0,
        idle_w=0.0,
    )


def shared_usd(found: TokenPrice, work: WorkDone) -> float:
    """What the tokens of all kinds cost together."""
    pairs = (
        (found.input_usd_per_mtok, work.read_tokens),
        (found.cached_usd_per_mtok, work.cached_tokens),
        (found.output_usd_per_mtok, work.output_tokens),
    )
    return sum((usd or 0.0) * tokens / 1e6 for usd, tokens in pairs)


@pytest.mark.parametrize(
    "change", [{}, {"readers_count": 4}, {"cached_tokens": 0.0}, {"decode_s": 1e-9}, {"span_s": 9e5}], ids=str
)
def test_all_that_is_paid_for_is_shared(times: StepTimes, change: dict[str, Any]) -> None:
    work = replace(WORK, **change)
    found = priced(work, times, 2.0, "as stated")
    assert found.usd == pytest.approx(16 * work.span_s / 3600 * 2.0)
    assert shared_usd(found, work) == pytest.approx(found.usd)


def test_a_cached_token_bears_what_attending_to_it_adds(times: StepTimes) -> None:
    """1,000 tokens that are read attend to 1,000 as if alone, and to 7,000 beside 3,000 that are found."""
    found = priced(WORK, times, 2.0, None)
    assert found.cached_usd_per_mtok is not None
    assert found.input_usd_per_mtok is not None
    added = 1 - 1.1 / 1.7
    assert found.cached_usd_per_mtok * 3e6 / (found.input_usd_per_mtok * 1e6) == pytest.approx(added / (1 - added))


def test_there_is_no_price_of_what_there_is_none_of(times: StepTimes) -> None:
    found = priced(replace(WORK, cached_tokens=0.0, output_tokens=0.0), times, 2.0, None)
    assert (found.cached_usd_per_mtok, found.output_usd_per_mtok) == (None, None)


def test_idle_time_makes_every_token_dearer_alike(times: StepTimes) -> None:
    one, twice = priced(WORK, times, 2.0, None), priced(replace(WORK, span_s=3600.0), times, 2.0, None)
    for name in ("input_usd_per_mtok", "cached_usd_per_mtok", "output_usd_per_mtok"):
        assert getattr(twice, name) == pytest.approx(2 * getattr(one, name))


def test_each_of_two_pools_bears_its_own(times: StepTimes) -> None:
    found = priced(replace(WORK, readers_count=4, cached_tokens=0.0), times, 2.0, None)
    assert (found.input_usd_per_mtok or 0) * 1e6 / 1e6 == pytest.approx(found.usd * 4 / 16)
    assert "pool that reads" in found.shared_basis
