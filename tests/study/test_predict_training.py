"""What a training run takes, asked by name: its rate with band, its memory, days, energy and cost."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from gigawatt.errors import Fault, InputError
from gigawatt.study import verbs
from gigawatt.study.answer import plain
from gigawatt.study.predict.question import TrainingQuestion
from gigawatt.study.predict.training import Conditions, TrainingPrediction, predict_training
from gigawatt.study.question import read

LLAMA = {
    "model": "Llama 3.1 405B",
    "gpu": "H100",
    "gpus": 16384,
    "tokens": "15.6T",
    "batch": 2048 * 8192,
    "tp": 8,
    "pp": 16,
}


def ask(**change: Any) -> TrainingPrediction:
    asked = {key: value for key, value in (LLAMA | change).items() if value is not None}
    return verbs.ask("predict training", **asked)


def faults(**change: Any) -> list[Fault]:
    with pytest.raises(InputError) as error:
        ask(**change)
    assert all(fault.asked for fault in error.value.faults)
    return list(error.value.faults)


@pytest.fixture(scope="module")
def llama() -> TrainingPrediction:
    return ask()


def test_llama_3_took_as_long_as_it_did(llama: TrainingPrediction) -> None:
    assert llama.mfu_frac == pytest.approx(0.41, rel=0.15)
    assert llama.run.run_days.p50 == pytest.approx(54 / 0.9, rel=0.35)
    assert 0.8 < llama.run.goodput_frac < 1
    assert llama.extrapolated is False
    assert llama.memory_bytes < 80e9
    assert llama.memory_fits
    assert sum(llama.step_frac.values()) == pytest.approx(1)
    assert (llama.layout.tensor_count, llama.layout.pipeline_count, llama.layout.data_count) == (8, 16, 128)
    assert (llama.model, llama.gpu, llama.gpus_count, llama.engine) == (
        *("llama-3.1-405b", "h100", 16384, "Megatron-Bridge"),
    )


def test_its_data_are_strict_and_the_run_stands_beside_the_step(llama: TrainingPrediction) -> None:
    found = plain(llama)
    json.dumps(found, allow_nan=False)
    assert {"mfu_frac", "step_s", "memory_bytes", "run_days", "goodput_frac", "energy_wh", "usd", "notes"} <= set(found)
    assert set(found["run_days"]) == set(found["tokens_per_s_per_gpu"]) == {"p10", "p50", "p90"}


def test_a_slow_run_takes_long(llama: TrainingPrediction) -> None:
    """Days and energy have the band of the rate, the other way round."""
    rate, run = llama.tokens_per_s_per_gpu, llama.run
    for amount in (run.run_days, run.energy_wh):
        assert amount.p10 / amount.p50 == pytest.approx(rate.p50 / rate.p90)
        assert amount.p90 / amount.p50 == pytest.approx(rate.p50 / rate.p10)
    progress = rate.p50 * 16384 * run.goodput_frac * run.run_days.p50 * 86400
    assert progress == pytest.approx(run.run_tokens) == pytest.approx(15.6e12)


def test_what_no_row_measured_is_said_and_widens_the_band(llama: TrainingPrediction) -> None:
    new = ask(gpu="vera-rubin-nvl72-max-p", precision="fp8")

    def width(found: TrainingPrediction) -> float:
        return found.tokens_per_s_per_gpu.p90 / found.tokens_per_s_per_gpu.p50

    assert new.extrapolated
    assert any(note.text.startswith("no fitted row on the architecture rubin:") for note in new.head.notes)
    assert width(new) > width(llama)
    assert width(new) == pytest.approx(1.2, abs=0.05)


@pytest.mark.parametrize("tokens", ["15T", "15T tokens", "15 Ttokens", "15e12", "15_000_000_000_000", 15e12])
def test_tokens_may_be_a_bare_number(tokens: str | float) -> None:
    """users 18: `15T` was refused."""
    asked = {"model": "m", "gpu": "g", "gpus": "1k", "sequence": "8k", "batch": 4_000_000, "tokens": tokens}
    found = read(TrainingQuestion, asked)
    assert (found.tokens, found.gpus_count, found.sequence_tokens, found.batch_tokens) == (15e12, 1000, 8000, 4e6)


def test_budget_instead_of_tokens() -> None:
    assert ask(tokens=None, budget="3.8e25 FLOP").run.run_tokens == pytest.approx(15e12, rel=0.05)


def test_a_search_finds_no_slower_layout_than_the_one_that_was_used(llama: TrainingPrediction) -> None:
    found = ask(tp=None, pp=None)
    assert found.tokens_per_s_per_gpu.p50 >= llama.tokens_per_s_per_gpu.p50


def test_context_and_experts_can_be_stated() -> None:
    moe = {"model": "deepseek-v3", "gpus": 2048, "tokens": "1T", "tp": None, "pp": None}
    layout = ask(**moe, cp=2, ep=32).layout
    assert (layout.context_count, layout.expert_count) == (2, 32)


def test_another_engine_is_another_rate(llama: TrainingPrediction) -> None:
    found = ask(engine="MaxText")
    assert found.engine == "MaxText"
    assert found.tokens_per_s_per_gpu.p50 != llama.tokens_per_s_per_gpu.p50


def test_cost_is_null_without_a_price_and_adds_up_with_one(llama: TrainingPrediction) -> None:
    assert llama.run.usd is None
    question = TrainingQuestion(
        model="llama-3.1-405b", gpu="h100", gpus_count=16384, tokens=15.6e12, usd_per_gpu_hour=2.0
    )
    run = predict_training(question, Conditions(power_w=1000.0, overhead_ratio=1.0)).run
    assert run.usd.p50 == pytest.approx(run.run_days.p50 * 24 * 16384 * 2)
    assert run.energy_wh.p50 == pytest.approx(run.run_days.p50 * 24 * 16384 * 1000)
    assert run.energy_basis.startswith("the facility's: stated power")


def test_energy_is_paid_for_where_it_has_a_price() -> None:
    question = TrainingQuestion(
        model="llama-3.1-405b", gpu="h100", gpus_count=16384, tokens=15.6e12, usd_per_gpu_hour=2.0
    )
    bare, paid = (predict_training(question, Conditions(energy_usd_per_wh=price)).run for price in (0.0, 60e-6))
    assert paid.usd.p50 == pytest.approx(bare.usd.p50 + bare.energy_wh.p50 * 60e-6)
    assert paid.usd_basis == "GPU-hours at the price stated, and its energy"


def test_what_is_in_a_figure_is_said() -> None:
    """users 12: which operations over which peak; whose energy; what is paid for."""
    found = ask(precision="fp8", usd_per_gpu_hour=2)
    assert "nothing for what is computed again" in found.mfu_basis
    assert found.mfu_basis.endswith("per dense FP8 peak")
    assert found.run.energy_basis.endswith("PUE 1.2")
    assert found.run.usd_basis == "GPU-hours at the price stated"
    assert found.run.usd.p50 > 0


def test_hours_at_their_price_need_no_power() -> None:
    """reports 12: withheld without the part's power, though the price was given."""
    small = {"model": "llama-3.1-8b", "gpu": "h20", "gpus": 64, "tokens": "1 Ttokens", "tp": None, "pp": None}
    run = ask(**small, usd_per_gpu_hour=2).run
    assert run.energy_wh is None
    assert run.usd.p50 == pytest.approx(64 * 24 * run.run_days.p50 * 2)
    unpriced = ask(**small).run
    assert (unpriced.usd, unpriced.usd_basis, unpriced.energy_basis) == (None, None, None)


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        ({"tokens": "0"}, "tokens", "0 tokens: expected tokens (tokens, Mtokens), above 0"),
        ({"tokens": "-1"}, "tokens", "expected tokens"),
        ({"budget": "1e25 FLOP"}, "tokens", "both it and a budget: expected either tokens or a budget"),
        ({"tokens": None}, "tokens", "neither it nor a budget: expected either tokens or a budget"),
        ({"gpus": 0, "tp": None, "pp": None}, "gpus", "0: expected a bare number, above 0"),
        ({"gpu": "abacus"}, "gpu", "expected a name in the catalog"),
        ({"gpu": "H1000X"}, "gpu", "expected a name in the catalog"),
        ({"model": "no-such"}, "model", "expected a name in the catalog"),
        ({"engine": "megatron"}, "engine", "one of Megatron-LM"),
        ({"precision": "fp4"}, "precision", "a precision that"),
        ({"precision": "fp3"}, "precision", "'bf16', 'fp8', 'mxfp8' or 'fp4'"),
        ({"precision": "int4"}, "precision", "'bf16', 'fp8', 'mxfp8' or 'fp4'"),
        ({"tp": 3, "pp": None}, "tp", "tensor × pipeline × context = 3: expected a divisor of 16384 packages"),
        ({"tp": None, "pp": None, "cp": 3}, "cp", "expected a divisor of 16384 packages"),
        ({"tp": 256}, "tp", "256: expected at most 128, the heads"),
        ({"pp": 256}, "pp", "256: expected at most 126, the blocks"),
        ({"ep": 2}, "ep", "2: expected at most 1, the experts"),
        ({"gpus": 2, "tp": None, "pp": None}, "gpus", "GB per package"),
        ({"gpus": 8, "tp": None, "pp": None}, "gpus", "at most 73.6 GB usable"),
        ({"gpus": 8, "tp": None, "pp": None}, "gpus", "128 packages do"),
        ({"gpus": 8, "tp": 8, "pp": 1}, "gpus", "another layout"),
        ({"batch": "8192"}, "batch", "at least one micro-batch per copy"),
        ({"sequence": "long"}, "sequence", "expected tokens"),
        ({"sequence": "2e9"}, "sequence", "at most 1 Gtokens"),
        ({"usd_per_gpu_hour": 0}, "usd_per_gpu_hour", "above 0"),
    ],
)
def test_what_cannot_be_trained(change: dict[str, Any], path: str, message: str) -> None:
    (fault,) = faults(**change)
    assert fault.path == path
    assert message in str(fault)


def test_all_mistakes_at_once() -> None:
    found = faults(model="none", gpu="none", engine="none", tokens=0, sequence=0)
    assert [fault.path for fault in found] == ["tokens", "sequence", "gpu", "model", "engine"]


def test_a_question_of_an_unknown_format_is_refused_by_the_kernel() -> None:
    question = TrainingQuestion(model="llama-3.1-8b", gpu="h100", gpus_count=64, tokens=1e12)
    with pytest.raises(InputError, match="a format to train in: bf16, fp8, mxfp8, fp4"):
        predict_training(replace(question, precision="fp3"))
