"""What a training run takes, asked by name."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from gigawatt.errors import CalibrationError, CatalogError
from gigawatt.study.predict.training import Conditions, TrainingQuestion, predict_training

LLAMA = TrainingQuestion(
    model="Llama 3.1 405B",
    gpu="H100",
    precision="bf16",
    packages_count=16384,
    run_tokens=15.6e12,
    global_batch_tokens=2048 * 8192.0,
    layout={"tensor_count": 8, "pipeline_count": 16, "data_count": 128},
)


def test_llama_3_took_as_long_as_it_did():
    found = predict_training(LLAMA)
    assert found["mfu_frac"] == pytest.approx(0.41, rel=0.15)
    assert found["days"] == pytest.approx(54 / 0.9, rel=0.35)
    assert found["extrapolated"] is False
    assert found["memory_bytes"] < 80e9
    assert sum(found["shares"].values()) == pytest.approx(1)
    json.dumps(found, allow_nan=False)


def test_what_no_row_measured_is_said_and_widens_the_band():
    known, new = (
        predict_training(LLAMA),
        predict_training(replace(LLAMA, gpu="vera-rubin-nvl72-max-p", precision="fp8")),
    )

    def width(found):
        return found["tokens_per_s_per_gpu"]["p90"] / found["tokens_per_s_per_gpu"]["p50"]

    assert new["extrapolated"]
    assert "no fitted row on the architecture rubin" in new["notes"]
    assert width(new) > width(known)
    assert width(new) == pytest.approx(1.2, abs=0.05)


def test_budget_instead_of_tokens():
    found = predict_training(replace(LLAMA, run_tokens=None, budget_flop=3.8e25))
    assert found["tokens"] == pytest.approx(15e12, rel=0.05)


def test_cost_is_null_without_a_price_and_adds_up_with_one():
    assert predict_training(LLAMA)["usd"] is None
    held = Conditions(package_usd_per_h=2.0, power_w=1000.0, overhead_ratio=1.0)
    found = predict_training(replace(LLAMA, conditions=held))
    assert found["usd"] == pytest.approx(found["days"] * 24 * 16384 * 2)
    assert found["energy_wh"] == pytest.approx(found["days"] * 24 * 16384 * 1000)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"run_tokens": 0.0}, "run = 0: expected a number above 0"),
        ({"run_tokens": -1.0}, "expected a number above 0"),
        ({"budget_flop": 1e25}, "either tokens or a budget"),
        ({"packages_count": 0, "layout": None}, "packages = 0: expected 1 or more"),
        ({"precision": "fp4"}, "a precision that"),
        ({"precision": "fp3"}, "one of bf16, fp8, mxfp8, fp4"),
        ({"layout": {"tensor_count": 8, "data_count": 100}}, "layout = tensor × pipeline × context × data = 800"),
        ({"layout": {"tensor_count": 256}}, "at most 128, the heads"),
        ({"layout": {"pipeline_count": 256}}, "at most 126, the blocks"),
        ({"layout": {"depth": 2}}, r"layout\.depth = 2: expected one of tensor_count"),
        ({"packages_count": 8, "layout": None}, r"GB per package .* at most 73\.6 GB usable .* 128 packages do"),
        ({"global_batch_tokens": 8192.0}, "at least one micro-batch per copy"),
    ],
)
def test_what_cannot_be_trained(change, message):
    with pytest.raises(CalibrationError, match=message):
        predict_training(replace(LLAMA, **change))


def test_names_that_nobody_knows():
    with pytest.raises(CatalogError):
        predict_training(replace(LLAMA, gpu="H1000X"))
