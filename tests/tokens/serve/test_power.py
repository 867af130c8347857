"""Watts from how busy the parts are: work at the peaks, laws of the power model, and what a limit cuts."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from machines import CHIP, DENSE, MODELS, ROUTED, SERVING

from gigawatt.tokens import (
    Deployment,
    PowerShares,
    ServingLayout,
    Traffic,
    Utilisation,
    costs,
    machine,
    power_elasticity_ratio,
    power_frac,
    stack,
    utilisation,
)
from gigawatt.tokens.serve.power import PARTS, at_the_peaks, work_s

ONE = ServingLayout(tensor_count=1, data_count=1, expert_count=1, pipeline_count=1)
WIDE = ServingLayout(tensor_count=8, data_count=1, expert_count=8, pipeline_count=1)
SHARES = PowerShares(idle_frac=0.1, compute_frac=0.9, memory_frac=0.4, network_frac=0.2, exponent_ratio=0.5)
fracs = st.floats(0, 1)
uses = st.builds(Utilisation, compute_frac=fracs, memory_frac=fracs, network_frac=fracs)


def deployment(model=DENSE, layout=ONE, efficiency=SERVING, prompt=1000.0, answer=500.0):
    return Deployment(
        machine=machine(CHIP, "fp8"),
        model=costs(model),
        efficiency=efficiency,
        layout=layout,
        traffic=Traffic(input_tokens=prompt, output_tokens=answer),
    )


def test_work_of_the_matrix_units_is_two_operations_a_parameter_and_those_of_attention():
    """Prompt and answer of one request; the output embedding, and the answer of 1 token, are small beside it."""
    found = work_s(deployment(prompt=8192.0, answer=1.0), 1.0)
    params = 32 * (41_943_040 + 3 * 4096 * 14336)
    scores = 32 * 4 * 32 * 128 * 8192 * 8192 / 2
    assert found.compute_s * 2e15 == pytest.approx(2 * params * 8193 + scores, rel=0.01)


def test_work_of_the_memory_reads_the_weights_once_a_step():
    found = work_s(deployment(prompt=1.0, answer=1000.0), 4.0)
    weights = 32 * (41_943_040 + 3 * 4096 * 14336) + 2 * 4096 * 128256
    assert found.memory_s * 8e12 == pytest.approx(1000 * weights, rel=0.1)
    assert found.memory_s * 8e12 > 1000 * weights


def test_one_package_has_no_network_and_a_group_has():
    assert work_s(deployment(), 16.0).network_s == 0
    assert work_s(deployment(layout=WIDE), 16.0).network_s > 0


@pytest.mark.parametrize("model", MODELS.values() if isinstance(MODELS, dict) else MODELS)
@pytest.mark.parametrize("layout", [ONE, WIDE])
def test_no_part_is_busy_for_longer_than_the_pass_takes(model, layout):
    """The kernel's own time is never below that of its work at the peaks, whatever the model and the batch."""
    asked = deployment(model, layout)
    for batch in (1.0, 32.0, 512.0):
        span, work = asked.state(batch).phases.total_s, work_s(asked, batch)
        for part in ("memory", "network"):
            assert getattr(work, f"{part}_s") <= span


def test_work_does_not_depend_on_how_fast_it_is_done():
    slow = replace(SERVING, compute_frac=0.1, memory_frac=0.2, network_frac=0.1, step_overhead_s=1.0, time_ratio=3.0)
    one, other = work_s(deployment(ROUTED, WIDE), 16.0), work_s(deployment(ROUTED, WIDE, slow), 16.0)
    for part in PARTS:
        assert getattr(one, f"{part}_s") == pytest.approx(getattr(other, f"{part}_s"))


def test_at_the_peaks_nothing_waits_and_the_work_stays():
    peaks = at_the_peaks(SERVING)
    assert (peaks.compute_frac, peaks.memory_frac, peaks.time_ratio, peaks.prefill_share_frac) == (1, 1, 1, 1)
    assert (peaks.step_overhead_s, peaks.block_latency_s, peaks.serial_frac, peaks.tile_tokens) == (0, 0, 0, 0)
    assert peaks.prefill_tokens == SERVING.prefill_tokens


def test_the_same_work_in_half_the_time_is_twice_the_use():
    asked = deployment()
    span = 100 * float(asked.state(16.0).phases.total_s)
    slow, fast = (utilisation(asked, 16.0, span * part) for part in (1, 0.5))
    for part in PARTS:
        assert getattr(fast, f"{part}_frac") == pytest.approx(2 * getattr(slow, f"{part}_frac"))
    assert utilisation(asked, 16.0, 1e-9).memory_frac == 1


def test_many_questions_are_asked_at_once():
    asked = [deployment(), deployment(ROUTED, WIDE)]
    both = Deployment(
        machine=stack([one.machine for one in asked]),
        model=stack([one.model for one in asked]),
        efficiency=stack([one.efficiency for one in asked]),
        layout=stack([one.layout for one in asked]),
        traffic=Traffic(input_tokens=np.full(2, 1000.0), output_tokens=np.full(2, 500.0)),
    )
    found = utilisation(both, np.full(2, 16.0), np.full(2, 50.0))
    for n, one in enumerate(asked):
        alone = utilisation(one, 16.0, 50.0)
        for part in PARTS:
            assert getattr(found, f"{part}_frac")[n] == pytest.approx(getattr(alone, f"{part}_frac"))


def test_power_by_hand():
    use = Utilisation(compute_frac=0.25, memory_frac=0.49, network_frac=0.0)
    assert power_frac(SHARES, use) == pytest.approx(0.1 + 0.9 * 0.5 + 0.4 * 0.7)


def test_power_of_a_package_that_waits_is_idle_power():
    assert power_frac(SHARES, Utilisation(compute_frac=0.0, memory_frac=0.0, network_frac=0.0)) == 0.1


@given(uses, uses)
def test_a_busier_package_never_draws_less_and_never_more_than_its_limit(one, other):
    more = Utilisation(**{f"{p}_frac": max(getattr(one, f"{p}_frac"), getattr(other, f"{p}_frac")) for p in PARTS})
    assert 0.1 <= power_frac(SHARES, one) <= power_frac(SHARES, more) <= 1


@given(uses)
def test_more_rate_never_costs_more_energy_a_token(use):
    """Energy per token is power over rate: power grows by less than the rate does."""
    assert 0 <= power_elasticity_ratio(SHARES, use) < 1


def test_the_elasticity_is_that_of_the_power():
    use = Utilisation(compute_frac=0.2, memory_frac=0.3, network_frac=0.1)
    faster = Utilisation(**{f"{part}_frac": 1.001 * getattr(use, f"{part}_frac") for part in PARTS})
    grown = np.log(power_frac(SHARES, faster) / power_frac(SHARES, use)) / np.log(1.001)
    assert power_elasticity_ratio(SHARES, use) == pytest.approx(grown, rel=1e-3)
    whole = Utilisation(compute_frac=1.0, memory_frac=1.0, network_frac=1.0)
    assert power_elasticity_ratio(SHARES, whole) == 0
