import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from machines import CHIP, DENSE, LATENT, MODELS, ROUTED, SERVING

from gigawatt.errors import CalibrationError
from gigawatt.tokens import (
    Deployment,
    ServingCase,
    ServingLayout,
    Traffic,
    best_serving,
    costs,
    evaluate,
    machine,
    serve_each,
    serving_layouts,
    steady_state,
    take,
    working_frac,
)
from gigawatt.tokens.serve.layouts import REASONS


def best(model=ROUTED, chip=CHIP, tpot_s=0.03, precision="fp8", input_tokens=1000.0, output_tokens=500.0):
    return best_serving(
        chip, model, SERVING, precision=precision, input_tokens=input_tokens, output_tokens=output_tokens, tpot_s=tpot_s
    )


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_the_answer_is_a_steady_state_within_its_limits(model):
    answer = best(model)
    same = steady_state(
        machine(CHIP, "fp8"),
        costs(model),
        SERVING,
        answer.layout,
        input_tokens=1000.0,
        output_tokens=500.0,
        batch_count=answer.batch_count,
    )
    assert answer.tokens_per_s == pytest.approx(float(same.tokens_per_s))
    assert answer.tpot_s <= 0.03 * (1 + 1e-9)
    assert answer.memory_bytes <= 0.9 * 192e9 * (1 + 1e-9)
    assert answer.ttft_s > answer.tpot_s
    if answer.limited_by == "tpot":
        assert answer.tpot_s == pytest.approx(0.03, rel=1e-4)


def test_the_best_layout_counts_packages_that_no_replica_fills():
    """A domain of 72 holds four replicas of 16, with 8 packages idle: by domain one without any may give more."""
    chip = replace(CHIP, scale_up_packages_count=72)
    every = serving_layouts(chip, ROUTED)
    case = ServingCase(
        chip=chip,
        transformer=ROUTED,
        efficiency=SERVING,
        precision="fp8",
        traffic=Traffic(input_tokens=1000.0, output_tokens=500.0, tpot_s=0.03),
    )
    each = [replace(case, layouts=take(every, slice(n, n + 1))) for n in range(every.tensor_count.size)]
    found = [one for one in serve_each([case, *each]) if not isinstance(one, CalibrationError)]
    by_domain = [one.tokens_per_s * float(working_frac(72, one.layout.packages_count)) for one in found]
    assert by_domain[0] == pytest.approx(max(by_domain[1:]))


def test_what_binds_and_what_limits():
    assert best(DENSE, tpot_s=10.0).limited_by == "capacity"
    assert best(DENSE, tpot_s=0.004).limited_by == "tpot"
    assert best(DENSE, input_tokens=100.0, output_tokens=4000.0, tpot_s=1.0).binds == "memory"
    assert best(DENSE, input_tokens=100_000.0, output_tokens=100.0, tpot_s=10.0).binds == "compute"


@settings(deadline=None, max_examples=15)
@given(
    st.sampled_from(MODELS),
    st.sampled_from(["fp8_flops", "hbm_capacity_bytes", "hbm_bandwidth_bytes_per_s", "scale_up_bandwidth_bytes_per_s"]),
    st.floats(1.0, 4.0),
)
def test_a_better_machine_never_serves_less(model, name, factor):
    better = replace(CHIP, **{name: getattr(CHIP, name) * factor})
    assert best(model, better).tokens_per_s >= best(model).tokens_per_s * (1 - 1e-5)


@settings(deadline=None, max_examples=15)
@given(st.sampled_from(MODELS), st.floats(0.01, 0.2), st.floats(1.0, 10.0))
def test_a_looser_limit_never_serves_less(model, limit_s, factor):
    assert best(model, tpot_s=limit_s * factor).tokens_per_s >= best(model, tpot_s=limit_s).tokens_per_s * (1 - 1e-5)


def test_classes_differ_in_what_they_gain():
    wide, quick = replace(CHIP, hbm_bandwidth_bytes_per_s=16e12), replace(CHIP, bf16_flops=2e15, fp8_flops=4e15)
    decoding = {"input_tokens": 100.0, "output_tokens": 4000.0}
    reading = {"input_tokens": 20_000.0, "output_tokens": 100.0}
    assert best(DENSE, wide, **decoding).tokens_per_s > best(DENSE, quick, **decoding).tokens_per_s
    assert (
        best(DENSE, wide, tpot_s=1.0, **reading).tokens_per_s < best(DENSE, quick, tpot_s=1.0, **reading).tokens_per_s
    )


def test_limit_that_no_batch_meets_names_the_nearest():
    with pytest.raises(
        CalibrationError, match=r"tpot = 1 ms: expected [\d.]+ ms or more for routed on test chip"
    ) as error:
        best(tpot_s=0.001)
    nearest_s = float(error.value.faults[0].expected.split()[0]) / 1e3
    assert best(tpot_s=nearest_s * 1.01).tokens_per_s > 0


def test_model_that_does_not_fit_names_what_it_needs():
    with pytest.raises(
        CalibrationError, match=r"model = latent in bf16, [\d.]+ GB per package: expected at most 0\.9 GB"
    ):
        best(LATENT, replace(CHIP, hbm_capacity_bytes=1e9), precision="bf16")


def test_precision_that_the_part_lacks():
    with pytest.raises(CalibrationError, match="supports: bf16, fp8"):
        best(chip=replace(CHIP, fp4_flops=None, fp4_inference_flops=None), precision="fp4")


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan])
def test_lengths_and_limits_must_be_positive(value):
    with pytest.raises(CalibrationError) as error:
        best(input_tokens=value, output_tokens=value, tpot_s=value)
    assert [fault.path for fault in error.value.faults] == ["input", "output", "tpot"]


def test_lengths_must_be_finite():
    with pytest.raises(CalibrationError) as error:
        best(input_tokens=math.inf, output_tokens=math.inf)
    assert [fault.path for fault in error.value.faults] == ["input", "output"]


def test_a_limit_on_the_first_token_limits_the_batch():
    free = best(DENSE, tpot_s=1.0)
    held = best_serving(
        CHIP, DENSE, SERVING, precision="fp8", input_tokens=1000.0, output_tokens=500.0, tpot_s=1.0, ttft_s=0.03
    )
    assert held.limited_by == "ttft"
    assert held.ttft_s == pytest.approx(0.03, rel=1e-3)
    assert held.tokens_per_s < free.tokens_per_s
    with pytest.raises(CalibrationError, match=r"ttft = 0\.01 ms"):
        best_serving(
            CHIP, DENSE, SERVING, precision="fp8", input_tokens=1e3, output_tokens=500.0, tpot_s=1.0, ttft_s=1e-5
        )


def test_many_cases_have_a_reason_each_and_no_nan():
    tensor = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    deployment = Deployment(
        machine=replace(machine(CHIP, "fp8"), matrix_flops=np.array([2e15, 2e15, 0.0, 2e15, 2e15, 2e15])),
        model=costs(DENSE),
        efficiency=SERVING,
        layout=ServingLayout(
            tensor_count=tensor,
            data_count=tensor,
            expert_count=np.array([1.0, 4.0, 1.0, 1.0, 1.0, 1.0]),
            pipeline_count=tensor,
        ),
        traffic=Traffic(
            input_tokens=np.array([0.0, 1e3, 1e3, 1e3, 1e3, 1e3]),
            output_tokens=500.0,
            tpot_s=np.array([1.0, 1.0, 1.0, 1.0, 1e-6, 1.0]),
            ttft_s=np.array([1.0, 1.0, 1.0, 1.0, 1.0, 1e-6]),
        ),
    )
    state, reasons = evaluate(deployment, np.array([8.0, 8.0, 8.0, 1e9, 8.0, 8.0]))
    assert [REASONS[code] for code in reasons] == ["lengths", "layout", "precision", "capacity", "tpot", "ttft"]
    assert (state.tokens_per_s == 0).all()
    assert np.isfinite(state.tpot_s).all()
