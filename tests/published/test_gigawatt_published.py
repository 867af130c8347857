"""A gigawatt-year of MI355X on Kimi K3, as SemiAnalysis published it on 2026-09-04 [1].

Their case: one utility gigawatt at 2.09 kW a package, all in; 6,115 tokens/s a package, in and out, of which 99.2 % are
of prompts and 93.7 % of those in the cache, measured at 45 tokens/s a user (P90, with drafting); 3, 0.30 and 15 USD a
million tokens; 60 % sold; 30 % of revenue for the model's maker; 1.50 USD a package-hour. They get 32.6 billion USD of
revenue, 6.3 of cost, 16.5 of profit, and break even at 16.5 % of use.

Lengths are not published; answers are taken as long as those of the catalog's agents, and prompts by the shares. What
is compared: that our year is theirs where the rate is theirs, and how far our rate is from theirs. It is near without
drafting, and twice theirs with it, where theirs is with it and of the slowest users of ten: that the first agrees is no
proof of either.

[1] github.com/SemiAnalysisAI/InferenceX-app, packages/app/src/lib/whitepapers.ts at 6d2a1f3.
"""

from __future__ import annotations

from typing import Any

import pytest

from gigawatt.study import verbs
from gigawatt.study.predict.gigawatt import GigawattComparison

OUTPUT_TOKENS, OUTPUT_FRAC, CACHED_FRAC = 523.3, 0.008, 0.937
INPUT_TOKENS = OUTPUT_TOKENS * (1 - OUTPUT_FRAC) / OUTPUT_FRAC
RATE_TOKENS_PER_S = 6115.0
CASE: dict[str, Any] = {
    "model": "kimi-k3",
    "gpu": "mi355x",
    "precision": "fp4",
    "engine": "vllm",
    "input": INPUT_TOKENS,
    "output": OUTPUT_TOKENS,
    "cached": CACHED_FRAC,
    "speed": "45 tokens/s",
    "use": "60 %",
    "price_input": 3,
    "price_cached": 0.3,
    "price_output": 15,
    "licence": "30 %",
    "usd_per_gpu_hour": 1.5,
}


@pytest.fixture(scope="module")
def theirs() -> GigawattComparison:
    return verbs.ask("predict gigawatt", **CASE)


def rate(found: GigawattComparison, name: str = "p50") -> float:
    """Tokens per second of a package, in and out."""
    return float(getattr(found.parts[0].tokens_per_s_per_gpu, name)) / OUTPUT_FRAC


def test_a_gigawatt_holds_as_many_packages(theirs: GigawattComparison) -> None:
    assert theirs.parts[0].all_in is not None
    assert theirs.parts[0].all_in.packages_count == pytest.approx(478_469, abs=8)


def test_at_their_rate_a_year_earns_costs_and_leaves_what_theirs_does(theirs: GigawattComparison) -> None:
    year = theirs.parts[0].all_in
    assert year is not None
    ratio = RATE_TOKENS_PER_S / rate(theirs)
    revenue = year.revenue_usd_per_gw_year.p50 * ratio
    assert revenue / 1e9 == pytest.approx(32.6, rel=0.01)
    assert year.cost_usd_per_gw_year / 1e9 == pytest.approx(6.3, rel=0.01)
    assert (0.7 * revenue - year.cost_usd_per_gw_year) / 1e9 == pytest.approx(16.5, rel=0.01)
    assert year.break_even_frac.p50 / ratio == pytest.approx(0.165, rel=0.01)


def test_without_drafting_their_measured_rate_is_within_our_band(theirs: GigawattComparison) -> None:
    assert rate(theirs, "p10") < RATE_TOKENS_PER_S < rate(theirs, "p90")


def test_with_drafting_ours_is_above_what_they_measured() -> None:
    """They draft, and state the speed of the slowest tenth of users: ours is the mean, in steady traffic."""
    drafted = verbs.ask("predict gigawatt", **CASE, draft=3)
    assert 1.5 < rate(drafted) / RATE_TOKENS_PER_S < 2.6


def test_by_our_own_count_a_gigawatt_holds_fewer_and_earns_less(theirs: GigawattComparison) -> None:
    part = theirs.parts[0]
    assert part.rack is not None
    assert part.all_in is not None
    assert 0.65 < part.rack.packages_count / part.all_in.packages_count < 0.8
    assert part.rack.revenue_usd_per_gw_year.p50 < part.all_in.revenue_usd_per_gw_year.p50
