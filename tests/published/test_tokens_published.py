"""Published training throughput against the kernel with the shipped calibration.

The bounds are what the kernel reaches, with a modest margin, not what one would wish for. All shipped points were
fitted to; how far off a model or a part is that no fit saw, `tools/fit_training.py --leave-out` says.
"""

from dataclasses import replace

import pytest

from gigawatt import tokens
from gigawatt.catalog import to_tokens
from gigawatt.catalog.load import get
from gigawatt.readers.training_rows import read_training_rows
from gigawatt.study.validate import training as validate
from gigawatt.study.validate.score import shipped

# Family of the shipped points of training (software, structure) → the largest mean error of tokens per second.
TRAINED = {
    ("Megatron-LM", "dense"): 0.05,
    ("Megatron-Core", "dense"): 0.10,
    ("Megatron-Bridge", "dense"): 0.08,
    ("Megatron-Bridge", "moe"): 0.17,
    ("llm-foundry", "dense"): 0.06,
    ("MaxText", "dense"): 0.08,
    ("MLPerf", "dense"): 0.12,
}


def training_errors() -> dict[tuple[str, str], list[float]]:
    """Errors of tokens per second of the shipped points, by family; all were fitted to."""
    calibration = get("training_calibrations", "as-of-2026")
    rows, _ = validate.read_measured(read_training_rows(shipped("training")), calibration)
    errors: dict[tuple[str, str], list[float]] = {}
    for row, found in zip(rows, validate.scores(rows, calibration), strict=True):
        family = row.case.engine, to_tokens.training_structure(row.case.model)
        errors.setdefault(family, []).append(found.p50 / found.measured - 1)
    return errors


@pytest.mark.parametrize("family", TRAINED, ids=" ".join)
def test_trained(family):
    errors = training_errors()[family]
    assert sum(map(abs, errors)) / len(errors) < TRAINED[family]


def test_what_llama_3_reached_and_a_search_that_finds_no_less():
    part, model = get("accelerators", "h100"), get("models", "llama-3.1-405b")
    calibration = get("training_calibrations", "as-of-2026")
    own = to_tokens.training_efficiency(calibration, accelerator=part, model=model, engine="their own")
    recipe = replace(own, global_batch_tokens=2048 * 8192.0)
    run = {"precision": "bf16", "packages_count": 16384}
    layout = tokens.Layout(
        tensor_count=8,
        pipeline_count=16,
        context_count=1,
        data_count=128,
        expert_count=1,
        chunk_count=8,
        micro_batch_count=1,
        recompute_frac=0,
    )
    lengths = {"sequence_tokens": 8192.0, "global_batch_tokens": recipe.global_batch_tokens}
    chip, transformer = to_tokens.chip(part), to_tokens.transformer(model)
    reached = tokens.step(chip, transformer, layout, recipe, **lengths, **run).mfu_frac
    assert reached == pytest.approx(0.41, rel=0.08)  # table 4: 16,384 packages, 16 million tokens a batch
    found = tokens.best_training(chip, transformer, recipe, **run).step.mfu_frac
    assert reached <= found < 1.2 * reached
