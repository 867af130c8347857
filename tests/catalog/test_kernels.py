"""Kernel records built from every catalog record: same numbers, no sources."""

import pytest

from gigawatt import tokens
from gigawatt.catalog import kernels
from gigawatt.catalog.load import get, ids


@pytest.mark.parametrize("name", ids("accelerators"))
def test_chip_has_the_figures_of_its_accelerator(name):
    record, chip = get("accelerators", name), kernels.chip(get("accelerators", name))
    assert isinstance(chip, tokens.Chip)
    assert chip.hbm_bandwidth_bytes_per_s == record.hbm_bandwidth_bytes_per_s
    assert (chip.name, chip.fp8_flops) == (record.name, record.fp8_flops)


@pytest.mark.parametrize("name", ids("models"))
def test_what_a_model_file_leaves_out_is_nothing(name):
    model = kernels.transformer(get("models", name))
    for block in model.blocks:
        assert (block.value_dim_count > 0) == (block.attention != "none")
        assert isinstance(block.output_gate, bool)
        assert block.window_count >= 0
        assert isinstance(block.q_rank_count, int)


def test_efficiencies_have_the_figures_of_their_calibrations():
    inference, training = get("inference_calibrations", "as-of-2026"), get("training_calibrations", "as-of-2026")
    assert kernels.inference_efficiency(inference).memory_frac == inference.memory_frac
    assert kernels.training_efficiency(training).half_width_count == training.half_width_count
