"""Tables of step times are the planner's own functions: equal on the grid, and near enough between its knots."""

from dataclasses import replace

import numpy as np
import pytest
from machines import CHIP, DENSE, LATENT, ROUTED, SERVING

from gigawatt.errors import CalibrationError
from gigawatt.tokens import Deployment, PowerShares, ServingLayout, Traffic, costs, machine
from gigawatt.tokens.serve.drafting import Drafting, draft_costs
from gigawatt.tokens.serve.requests import (
    BLOCK_TOKENS,
    PackagePower,
    Pod,
    Requests,
    engine,
    finish,
    serve,
    start,
    totals,
)
from gigawatt.tokens.serve.steady import decode, decode_step, prefill_chunk
from gigawatt.tokens.serve.step_times import step_times

FP8 = machine(CHIP, "fp8")
LAYOUTS = {
    "one": ServingLayout(tensor_count=1, data_count=1, expert_count=1, pipeline_count=1),
    "split": ServingLayout(tensor_count=8, data_count=1, expert_count=8, pipeline_count=1),
    "copied": ServingLayout(tensor_count=1, data_count=8, expert_count=8, pipeline_count=1),
}
LIMITS = {"most_requests_count": 256, "most_context_tokens": 32768, "most_chunk_tokens": 8192}
SHARES = PowerShares(idle_frac=0.1, compute_frac=0.5, memory_frac=0.4, network_frac=0.1, exponent_ratio=0.5)


def looked_up(table, axes, at):
    """Linear between the knots of a table, an axis after the other."""
    value = table
    for knots, x in zip(axes, at, strict=True):
        if len(knots) == 1:
            value = value[0]
            continue
        k = int(np.clip(np.searchsorted(knots, x, side="right") - 1, 0, len(knots) - 2))
        part = (x - knots[k]) / (knots[k + 1] - knots[k])
        value = value[k] * (1 - part) + value[k + 1] * part
    return float(value)


@pytest.mark.parametrize("model", [DENSE, LATENT, ROUTED], ids=lambda model: model.name)
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_between_its_knots_a_table_is_within_half_a_percent_of_the_kernel(model, layout):
    parts = FP8, costs(model), SERVING, layout
    times = step_times(*parts, **LIMITS)
    rng = np.random.default_rng(3)
    misses = []
    for _ in range(200):
        count, context = float(rng.integers(1, 257)), float(np.exp(rng.uniform(np.log(40), np.log(32768))))
        chunk = float(np.exp(rng.uniform(np.log(10), np.log(8192))))
        ratio = float(rng.uniform(1, layout.data_count))
        step = decode_step(*parts, context_tokens=context, rank_count=count, ranks_ratio=ratio).total_s
        read = prefill_chunk(*parts, tokens=chunk, context_tokens=context, ranks_ratio=ratio).total_s
        axes = times.ranks_ratio, times.batch_count, times.context_tokens
        misses.append(looked_up(times.decode_s, axes, (ratio, count, context)) / step - 1)
        axes = times.ranks_ratio, times.chunk_tokens, times.context_tokens
        misses.append(looked_up(times.prefill_s, axes, (ratio, chunk, context)) / read - 1)
    assert np.max(np.abs(misses)) < 0.03
    assert np.median(np.abs(misses)) < 0.005


def test_ranks_of_equal_load_step_as_the_planner_has_it():
    parts = FP8, costs(ROUTED), SERVING, LAYOUTS["copied"]
    whole = decode(*parts, context_tokens=1000.0, batch_count=64.0).total_s
    assert decode_step(*parts, context_tokens=1000.0, rank_count=8.0, ranks_ratio=8.0).total_s == pytest.approx(whole)


def test_a_request_alone_takes_the_prefill_and_steps_of_the_planner():
    traffic = Traffic(input_tokens=1000.0, output_tokens=200.0)
    asked = Deployment(machine=FP8, model=costs(DENSE), efficiency=SERVING, layout=LAYOUTS["one"], traffic=traffic)
    steady = replace(asked, efficiency=replace(SERVING, output_spread_ratio=1.0)).state(1.0)
    pod = Pod(engine=engine(asked, most_requests_count=8, most_context_tokens=4096), engines_count=1)
    state = start(pod)
    one = Requests(arrival_s=np.array([5.0]), input_tokens=np.array([1000]), output_tokens=np.array([200]))
    serve(state, one)
    done = finish(state)
    assert done.ttft_s[0] == pytest.approx(float(steady.ttft_s) + float(SERVING.admission_s), rel=0.01)
    assert done.tpot_s[0] == pytest.approx(float(steady.step_s), rel=0.01)


def test_the_cache_of_an_engine_holds_what_the_planner_says_fits():
    traffic = Traffic(input_tokens=3000.0, output_tokens=500.0)
    asked = Deployment(machine=FP8, model=costs(DENSE), efficiency=SERVING, layout=LAYOUTS["one"], traffic=traffic)
    held = 3000 + SERVING.output_spread_ratio * 250 * (1 + SERVING.reserve_frac)
    blocks = engine(asked, most_requests_count=8, most_context_tokens=4096).blocks_count
    assert blocks * BLOCK_TOKENS == pytest.approx(float(asked.capacity_count()) * held, rel=0.01)


def test_a_window_holds_the_tokens_of_a_pass_beside_its_own():
    """vLLM (0.11, SlidingWindowSpec) reserves window - 1 + max_num_batched_tokens of a request, not the window."""
    window = replace(DENSE, blocks=tuple(replace(block, window_count=128) for block in DENSE.blocks))
    traffic = Traffic(input_tokens=30000.0, output_tokens=10.0)
    asked = Deployment(machine=FP8, model=costs(window), efficiency=SERVING, layout=LAYOUTS["one"], traffic=traffic)
    small, large = (
        engine(asked, most_requests_count=8, most_context_tokens=40000, budget_tokens=budget).blocks_count
        for budget in (1024, 4096)
    )
    assert small / large == pytest.approx((128 - 1 + 4096) / (128 - 1 + 1024), rel=0.01)
    whole = engine(asked, most_requests_count=8, most_context_tokens=40000, budget_tokens=1 << 20).blocks_count
    full = replace(asked, model=costs(DENSE))
    assert whole == engine(full, most_requests_count=8, most_context_tokens=40000, budget_tokens=1 << 20).blocks_count


def test_a_model_that_leaves_no_room_is_refused():
    small = replace(FP8, hbm_capacity_bytes=FP8.hbm_capacity_bytes / 1000)
    traffic = Traffic(input_tokens=10.0, output_tokens=10.0)
    asked = Deployment(machine=small, model=costs(DENSE), efficiency=SERVING, layout=LAYOUTS["one"], traffic=traffic)
    with pytest.raises(CalibrationError, match="room for a request"):
        engine(asked, most_requests_count=8, most_context_tokens=4096)


def test_pipeline_stages_work_on_groups_of_their_own():
    traffic = Traffic(input_tokens=1000.0, output_tokens=100.0)
    layout = replace(LAYOUTS["one"], pipeline_count=2)
    asked = Deployment(machine=FP8, model=costs(DENSE), efficiency=SERVING, layout=layout, traffic=traffic)
    pod = Pod(engine=engine(asked, most_requests_count=8, most_context_tokens=4096), engines_count=3)
    assert totals(start(pod)).engines_count == 6


def test_drafts_take_fewer_and_longer_steps():
    drafting = Drafting(drafted_count=2, accepted_frac=0.8, model=draft_costs(costs(DENSE), 1))
    parts = FP8, costs(DENSE), SERVING, LAYOUTS["one"]
    plain, drafted = step_times(*parts, **LIMITS), step_times(*parts, **LIMITS, drafting=drafting)
    assert drafted.tokens_per_step_ratio == pytest.approx(1 + 0.8 + 0.8**2)
    assert (drafted.decode_s > plain.decode_s).all()


def test_an_iteration_draws_between_idle_and_the_limit():
    parts = FP8, costs(DENSE), SERVING, LAYOUTS["split"]
    times = step_times(*parts, **LIMITS, power=PackagePower(limit_w=1000.0, shares=SHARES))
    assert times.idle_w == pytest.approx(8 * 100.0)
    for joules, seconds in ((times.decode_j, times.decode_s), (times.prefill_j, times.prefill_s)):
        drawn = joules / seconds
        assert (drawn > times.idle_w).all()
        assert (drawn <= 8000.0 * (1 + 1e-9)).all()
    assert times.prefill_j[0, -1, -1] / times.prefill_s[0, -1, -1] > times.decode_j[0, 0, 0] / times.decode_s[0, 0, 0]


def test_idle_engines_draw_their_idle_power():
    traffic = Traffic(input_tokens=1000.0, output_tokens=10.0)
    asked = Deployment(machine=FP8, model=costs(DENSE), efficiency=SERVING, layout=LAYOUTS["one"], traffic=traffic)
    power = PackagePower(limit_w=1000.0, shares=SHARES)
    one = engine(asked, most_requests_count=8, most_context_tokens=4096, power=power)
    state = start(Pod(engine=one, engines_count=10))
    serve(
        state,
        Requests(arrival_s=np.array([0.0, 1e4]), input_tokens=np.array([100, 100]), output_tokens=np.array([5, 5])),
    )
    finish(state)
    assert totals(state).energy_j == pytest.approx(10 * 100.0 * 1e4, rel=0.01)
