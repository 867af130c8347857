"""Two pools: what each carries, how a closed loop shares its requests between them, and the search for the best."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from machines import CHIP, DENSE, SERVING

from gigawatt.errors import CalibrationError
from gigawatt.tokens import (
    PoolChoice,
    ServingCase,
    ServingLayout,
    ServingPools,
    Traffic,
    closed_loop,
    costs,
    decode,
    machine,
    serve_disaggregated,
    serving_layouts,
)

ONE = np.ones(1)


def layout_of(tensor: float = 1, data: float = 1) -> ServingLayout:
    return ServingLayout(tensor_count=tensor, data_count=data, expert_count=1, pipeline_count=1)


POOLS = ServingPools(
    machine=machine(CHIP, "fp8"),
    model=costs(DENSE),
    efficiency=SERVING,
    prefill=layout_of(),
    decode=layout_of(2),
    prefill_count=1.0,
    decode_count=2.0,
    handover_s=0.05,
    surge_frac=0.0,
    traffic=Traffic(input_tokens=2000.0, output_tokens=200.0),
)
CASE = ServingCase(
    chip=CHIP,
    transformer=DENSE,
    efficiency=SERVING,
    precision="fp8",
    traffic=Traffic(input_tokens=2000.0, output_tokens=200.0, tpot_s=0.05),
)


def test_nothing_but_decode_is_in_the_time_per_token():
    step = decode(POOLS.machine, POOLS.model, SERVING, POOLS.decode, context_tokens=2100.0, batch_count=8.0)
    calm = replace(POOLS, efficiency=replace(SERVING, admission_s=0.0))
    assert calm.state(8.0).tpot_s == pytest.approx(step.total_s)
    longer = replace(calm, prefill=layout_of(4))
    assert longer.state(8.0).tpot_s == calm.state(8.0).tpot_s


def test_the_first_token_takes_queue_prefill_and_transfer():
    state = POOLS.state(8.0)
    assert state.ttft_s == pytest.approx(state.queue_s + state.prefill_s + state.transfer_s)
    assert POOLS.state(16.0).queue_s > state.queue_s > 0


def test_the_cache_goes_over_the_card_where_the_pools_share_no_domain():
    near = POOLS.transfer_s()
    far = replace(POOLS, decode_count=100.0).transfer_s()
    assert far > near > POOLS.handover_s
    assert replace(POOLS, traffic=Traffic(input_tokens=4000.0, output_tokens=200.0)).transfer_s() > near


@pytest.mark.parametrize("count", [1.0, 4.0, 64.0])
def test_a_closed_loop_holds_all_of_its_requests(count):
    state = closed_loop(POOLS, count)
    held = POOLS.decode_count * state.batch_count + state.requests_per_s * state.ttft_s
    assert held == pytest.approx(count, rel=1e-3)
    assert state.tokens_per_s * POOLS.packages_count == pytest.approx(state.requests_per_s * 200)


def test_a_loop_of_one_does_not_wait_for_itself():
    assert closed_loop(POOLS, 1.0).queue_s == pytest.approx(0, abs=1e-6)


def test_what_prefill_cannot_take_waits():
    crowd = closed_loop(POOLS, 4096.0)
    assert crowd.prefill_busy_frac <= 1
    assert crowd.requests_per_s <= POOLS.most_prompts_per_s()
    assert crowd.queue_s > closed_loop(POOLS, 64.0).queue_s
    wider = closed_loop(replace(POOLS, prefill_count=4.0), 4096.0)
    assert wider.requests_per_s > crowd.requests_per_s


def test_a_loop_that_starts_all_at_once_waits_longer():
    wide = replace(POOLS, prefill_count=4.0)
    assert closed_loop(replace(wide, surge_frac=0.2), 16.0).ttft_s > closed_loop(wide, 16.0).ttft_s


def test_many_cases_in_one_call_equal_each_alone():
    counts = np.array([1.0, 4.0, 64.0])
    found = closed_loop(POOLS, counts)
    alone = [closed_loop(POOLS, count).tokens_per_s for count in counts]
    assert found.tokens_per_s == pytest.approx(np.array(alone))


def test_the_best_pools_meet_the_limits_and_beat_each_pair_of_the_search():
    found = serve_disaggregated(CASE, PoolChoice(), handover_s=0.05)
    pools, state = found.pools, found.state
    assert state.tpot_s <= 0.05
    assert state.prefill_busy_frac < 1
    assert state.queue_s <= pools.alone_s() * (1 + 1e-6)
    worse = replace(pools, prefill_count=pools.prefill_count + 8)
    assert worse.state(state.batch_count).tokens_per_s < state.tokens_per_s


def test_a_tighter_limit_on_the_first_token_is_never_better():
    free = serve_disaggregated(CASE, PoolChoice(), handover_s=0.05).state
    limit = 0.9 * float(free.ttft_s)
    tight = replace(CASE, traffic=replace(CASE.traffic, ttft_s=limit))
    found = serve_disaggregated(tight, PoolChoice(), handover_s=0.05).state
    assert found.ttft_s <= limit
    assert found.tokens_per_s <= free.tokens_per_s * (1 + 1 / 32)


def test_stated_packages_are_kept():
    found = serve_disaggregated(CASE, PoolChoice(prefill_packages_count=2, decode_packages_count=8), handover_s=0.05)
    assert found.pools.prefill_count * found.pools.prefill.packages_count == 2
    assert found.pools.decode_count * found.pools.decode.packages_count == 8


def test_a_stated_layout_is_kept():
    wide = serving_layouts(CHIP, DENSE)
    last = ServingLayout(
        tensor_count=wide.tensor_count[-1:],
        data_count=wide.data_count[-1:],
        expert_count=wide.expert_count[-1:],
        pipeline_count=wide.pipeline_count[-1:],
    )
    found = serve_disaggregated(CASE, PoolChoice(decode_layouts=last), handover_s=0.05)
    assert found.pools.decode.tensor_count == wide.tensor_count[-1]


@pytest.mark.parametrize(
    ("change", "path"), [({"tpot_s": 1e-9}, "tpot"), ({"ttft_s": 1e-9}, "ttft"), ({"tpot_s": -1.0}, "tpot")]
)
def test_what_no_pools_reach_is_told_by_its_field(change, path):
    case = replace(CASE, traffic=replace(CASE.traffic, **change))
    with pytest.raises(CalibrationError) as error:
        serve_disaggregated(case, PoolChoice(), handover_s=0.05)
    assert error.value.faults[0].path == path


def test_packages_that_no_replicas_make_up_are_told():
    two = ServingLayout(**dict.fromkeys(("data_count", "expert_count", "pipeline_count"), ONE), tensor_count=2 * ONE)
    with pytest.raises(CalibrationError) as error:
        serve_disaggregated(CASE, PoolChoice(decode_packages_count=3, decode_layouts=two), handover_s=0.05)
    assert error.value.faults[0].path == "decode_gpus"
