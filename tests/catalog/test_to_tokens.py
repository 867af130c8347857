"""Kernel records built from every catalog record: same numbers, no sources."""

from dataclasses import replace

import pytest

from gigawatt import tokens
from gigawatt.catalog import to_tokens
from gigawatt.catalog.load import get, ids
from gigawatt.errors import CalibrationError
from gigawatt.tokens.model.roofline import power_ratio

KNOWN = [name for name in ids("accelerators") if not to_tokens.unpublished(get("accelerators", name))]


@pytest.mark.parametrize("name", KNOWN)
def test_chip_has_the_figures_of_its_accelerator(name):
    record, chip = get("accelerators", name), to_tokens.chip(get("accelerators", name))
    assert isinstance(chip, tokens.Chip)
    assert chip.hbm_bandwidth_bytes_per_s == record.hbm_bandwidth_bytes_per_s
    assert (chip.name, chip.fp8_flops) == (record.name, record.fp8_flops)


def test_a_part_of_which_too_little_is_published_is_no_chip_and_says_what_is_missing():
    part = get("accelerators", "openai-jalapeno")
    with pytest.raises(CalibrationError) as raised:
        to_tokens.chip(part)
    (fault,) = raised.value.faults
    assert (fault.path, fault.given) == ("gpu", '"openai-jalapeno"')
    assert "nobody has published: peaks, memory, memory bandwidth" in fault.expected
    assert set(ids("accelerators")) - set(KNOWN) == {part.id}


@pytest.mark.parametrize("name", ids("models"))
def test_what_a_model_file_leaves_out_is_nothing(name):
    model = to_tokens.transformer(get("models", name))
    for block in model.blocks:
        assert (block.value_dim_count > 0) == (block.attention != "none")
        assert isinstance(block.output_gate, bool)
        assert block.window_count >= 0
        assert isinstance(block.q_rank_count, int)


def test_efficiencies_have_the_figures_of_their_calibrations():
    inference, training = get("inference_calibrations", "as-of-2026"), get("training_calibrations", "as-of-2026")
    assert to_tokens.training_efficiency(training).half_width_count == training.half_width_count
    part, model = get("accelerators", "h200"), get("models", "llama-3.1-8b")
    found = to_tokens.inference_efficiency(inference, part, model, "fp8", engine="vllm")
    assert found.memory_frac == inference.memory_frac
    assert found.compute_frac == inference.fp8_compute_frac * power_ratio(
        to_tokens.chip(part), inference.power_exponent_ratio
    )
    assert found.step_overhead_s == next(one.step_overhead_s for one in inference.engines if one.name == "vllm")


def test_offsets_multiply_and_age_slows():
    inference = get("inference_calibrations", "as-of-2026")
    part, model = get("accelerators", "h200"), get("models", "llama-3.1-8b")
    named = to_tokens.families(part, model, "fp8", engine="vllm")
    ratio = next(one.time_ratio for one in inference.engines if one.name == "vllm")
    for offset in inference.offsets:
        ratio *= offset.time_ratio if named.get(offset.family) == offset.name else 1
    state = to_tokens.state_of(inference, part, "vllm")
    yearly = inference.yearly_time_ratio * state.yearly_time_ratio
    newest = to_tokens.years_between(state.measured_date, inference.base_date)
    now, young, older = (
        to_tokens.inference_efficiency(inference, part, model, "fp8", engine="vllm", age_years=age).time_ratio
        for age in (newest, 0.0, newest + 1.0)
    )
    assert now == pytest.approx(ratio / yearly**newest)
    assert young == now  # no younger than what was measured
    assert older == pytest.approx(now / yearly)


@pytest.mark.parametrize(
    ("name", "precision", "engine", "unseen"),
    [
        ("h200", "fp8", "vllm", []),
        ("h200", "fp8", "mlperf-vllm", []),
        ("vera-rubin-nvl72-max-p", "fp4", "trtllm", []),
        ("vera-rubin-nvl72-max-p", "fp8", "trtllm", ["format rubin fp8"]),
        ("mi455x-helios", "fp8", "vllm", ["architecture cdna5", "format cdna5 fp8", "engine_architecture vllm cdna5"]),
    ],
)
def test_what_no_row_has_is_slower_each(name: str, precision: str, engine: str, unseen: list[str]) -> None:
    calibration, model = get("inference_calibrations", "as-of-2026"), get("models", "deepseek-r1")
    accelerator = get("accelerators", name)
    assert to_tokens.unseen(calibration, accelerator, model, precision, engine=engine) == unseen
    ratio, without = (
        to_tokens.inference_efficiency(
            replace(calibration, unseen_time_ratio=factor), accelerator, model, precision, engine=engine
        ).time_ratio
        for factor in (1.2, 1.0)
    )
    assert ratio / without == pytest.approx(1.2 ** len(unseen))
    assert calibration.unseen_time_ratio > 1


def test_an_engine_that_was_not_fitted_has_the_mean_overhead():
    inference = get("inference_calibrations", "as-of-2026")
    part, model = get("accelerators", "h200"), get("models", "llama-3.1-8b")
    steps = [one.step_overhead_s for one in inference.engines]
    found = to_tokens.inference_efficiency(inference, part, model, "fp8", engine="somebody's own")
    assert found.step_overhead_s == pytest.approx(sum(steps) / len(steps))
