"""Prompts with a share in a prefix cache: none of it is today's, more of it is never slower, and all are held."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from machines import CHIP, DENSE, LATENT, ROUTED, SERVING

from gigawatt.errors import CalibrationError
from gigawatt.tokens import Deployment, ServingCase, ServingLayout, Traffic, costs, machine, serve_each
from gigawatt.tokens.serve.pool_search import PoolChoice, serve_disaggregated
from gigawatt.tokens.serve.power import utilisation
from gigawatt.tokens.serve.steady import Phases, prefill, prefill_chunk, steady_state

FP8 = machine(CHIP, "fp8")
WINDOWED = replace(DENSE, blocks=tuple(replace(block, window_count=2048) for block in DENSE.blocks))
MODELS = (DENSE, LATENT, ROUTED, WINDOWED)
LAYOUTS = (
    ServingLayout(tensor_count=1, data_count=1, expert_count=1, pipeline_count=1),
    ServingLayout(tensor_count=8, data_count=1, expert_count=8, pipeline_count=1),
    ServingLayout(tensor_count=1, data_count=8, expert_count=8, pipeline_count=1),
)
LENGTHS = {"input_tokens": 20000.0, "output_tokens": 500.0}
SHARES = (0.0, 0.2, 0.5, 0.9, 0.99, 0.9999)


def state(model, layout, cached_frac, **change):
    asked = {**LENGTHS, "batch_count": 16.0, **change}
    return steady_state(FP8, costs(model), SERVING, layout, **asked, cached_frac=cached_frac)


@pytest.mark.parametrize("model", MODELS, ids=["dense", "latent", "routed", "windowed"])
@pytest.mark.parametrize("layout", LAYOUTS, ids=["one", "split", "copied"])
def test_nothing_cached_is_what_it_was_to_the_last_bit(model, layout):
    plain = steady_state(FP8, costs(model), SERVING, layout, **LENGTHS, batch_count=16.0)
    found = state(model, layout, 0.0)
    for entry in fields(plain):
        if entry.name != "phases":
            assert getattr(found, entry.name) == getattr(plain, entry.name)
    assert all(getattr(found.phases, one.name) == getattr(plain.phases, one.name) for one in fields(Phases))


@settings(max_examples=40, deadline=None)
@given(
    prompt=st.floats(10.0, 2e5),
    answer=st.floats(2.0, 5000.0),
    batch=st.floats(8.0, 500.0),
    less=st.floats(0.0, 0.999),
    more=st.floats(0.0, 0.999),
    which=st.sampled_from(range(len(MODELS))),
    layout=st.sampled_from(LAYOUTS),
)
def test_more_cached_is_never_slower_and_holds_as_much(prompt, answer, batch, less, more, which, layout):
    """Never, but where ranks step together and one stalls them all in nearly every step: there a prompt of fewer passes
    saves none of the stalls, and each of its passes attends to more."""
    low, high = sorted((less, more))
    asked = {"input_tokens": prompt, "output_tokens": answer, "batch_count": batch}
    few, many = (state(MODELS[which], layout, share, **asked) for share in (low, high))
    worse = 1e-12 if layout.data_count == 1 else 0.1
    assert many.tokens_per_s >= few.tokens_per_s * (1 - worse)
    assert many.ttft_s <= few.ttft_s * (1 + worse)
    assert many.prefill_s <= few.prefill_s * (1 + worse)
    assert many.memory_bytes == few.memory_bytes
    assert many.step_s == few.step_s


def test_what_is_cached_is_attended_to_as_the_replay_has_it():
    """A pass over what is left of a prompt is that of the request simulator, whose tokens attend to 2 c + n in its
    convention."""
    layout = LAYOUTS[1]
    for share in SHARES:
        read = LENGTHS["input_tokens"] * (1 - share)
        ours = prefill(FP8, costs(LATENT), SERVING, layout, input_tokens=LENGTHS["input_tokens"], cached_frac=share)
        chunk = min(read, float(SERVING.prefill_tokens))
        context = read + 2 * share * LENGTHS["input_tokens"]
        theirs = prefill_chunk(
            FP8, costs(LATENT), SERVING, layout, tokens=chunk, context_tokens=context, ranks_ratio=1.0
        ).times(read / chunk)
        assert ours.total_s == pytest.approx(theirs.total_s, rel=1e-12)


def test_the_best_that_serves_is_never_worse_and_the_most_that_memory_holds_is_the_same():
    cases = [
        ServingCase(
            chip=CHIP,
            transformer=DENSE,
            efficiency=SERVING,
            precision="fp8",
            traffic=Traffic(**LENGTHS, tpot_s=0.05, cached_frac=share),
        )
        for share in SHARES
    ]
    rates = [served.tokens_per_s for served in serve_each(cases)]
    assert rates == sorted(rates)
    assert rates[3] > 2 * rates[0]
    assert len({np.asarray(case.deployment().capacity_count()).tobytes() for case in cases}) == 1
    pools = [serve_disaggregated(case, PoolChoice(), handover_s=0.0) for case in (cases[0], cases[3])]
    assert pools[1].state.tokens_per_s > pools[0].state.tokens_per_s
    assert pools[1].pools.transfer_s() == pytest.approx(pools[0].pools.transfer_s())


def test_less_is_computed_where_more_is_cached():
    layout = LAYOUTS[1]
    traffic = Traffic(**LENGTHS)
    busy = [
        utilisation(
            Deployment(
                machine=FP8,
                model=costs(DENSE),
                efficiency=SERVING,
                layout=layout,
                traffic=replace(traffic, cached_frac=share),
            ),
            16.0,
            10.0,
        ).compute_frac
        for share in (0.0, 0.5, 0.9)
    ]
    assert busy == sorted(busy, reverse=True)
    assert busy[0] > 2 * busy[2]


@pytest.mark.parametrize("share", [-0.1, 1.0, 2.0, float("nan")])
def test_a_share_that_is_none_is_refused(share):
    case = ServingCase(
        chip=CHIP,
        transformer=DENSE,
        efficiency=SERVING,
        precision="fp8",
        traffic=Traffic(**LENGTHS, tpot_s=0.05, cached_frac=share),
    )
    with pytest.raises(CalibrationError) as error:
        case.deployment()
    assert [fault.path for fault in error.value.faults] == ["cached"]
