"""What a training run takes, asked by name: its rate with band, its memory, days, energy and cost."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest

from gigawatt.catalog.load import get
from gigawatt.errors import Fault, InputError
from gigawatt.study import verbs
from gigawatt.study.answer import plain
from gigawatt.study.predict.band import DECILE_RATIO
from gigawatt.study.predict.question import TrainingQuestion
from gigawatt.study.predict.training import TrainingPrediction, predict_training
from gigawatt.study.predict.training_whole_run import Conditions
from gigawatt.study.question import read

LLAMA = {
    "model": "Llama 3.1 405B",
    "gpu": "H100",
    "gpus": 16384,
    "tokens": "15.6T",
    "batch": 2048 * 8192,
    "tp": 8,
    "pp": 16,
    "cp": 1,
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
    assert llama.run.run_days.p50 == pytest.approx(30.84e6 / 16384 / 24, rel=0.1)
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


def test_a_whole_run_is_more_than_its_steps(llama: TrainingPrediction) -> None:
    """reports 4: restarts, evaluation, ramps and slow nodes are part of a run."""
    rate, run = llama.tokens_per_s_per_gpu, llama.run
    progress = rate.p50 * 16384 * run.goodput_frac * run.run_share_frac * run.run_days.p50 * 86400
    assert progress == pytest.approx(run.run_tokens) == pytest.approx(15.6e12)
    assert run.step_days == pytest.approx(15.6e12 / (rate.p50 * 16384 * 86400))
    assert run.step_days < run.step_days / run.goodput_frac < run.run_days.p50
    assert run.gpu_h.p50 == pytest.approx(run.run_days.p50 * 24 * 16384) == pytest.approx(30.84e6, rel=0.1)
    (note,) = (note for note in llama.head.notes if note.code == "whole_run")
    assert f"{100 * run.run_share_frac:.0f} % of its GPU-hours are steps and interruptions" in note.text


def test_days_energy_and_hours_carry_the_band_of_the_rate_and_of_the_share(llama: TrainingPrediction) -> None:
    rate, run = llama.tokens_per_s_per_gpu, llama.run
    share = get("run_calibrations", "as-of-2026").deviation_ratio * DECILE_RATIO
    width = math.exp(math.hypot(math.log(rate.p90 / rate.p50), share))
    for amount in (run.run_days, run.energy_wh, run.gpu_h):
        assert amount.p50 / amount.p10 == pytest.approx(width)
        assert amount.p90 / amount.p50 == pytest.approx(width)


def test_a_larger_run_has_a_larger_share_of_steps(llama: TrainingPrediction) -> None:
    assert ask(tokens="1T").run.run_share_frac < llama.run.run_share_frac < 1


def test_without_tokens_or_a_budget_there_is_a_speed_alone(llama: TrainingPrediction) -> None:
    found = ask(tokens=None)
    assert found.tokens_per_s_per_gpu == llama.tokens_per_s_per_gpu
    assert (found.mfu_frac, found.step_s, found.memory_bytes) == (llama.mfu_frac, llama.step_s, llama.memory_bytes)
    told = plain(found)
    for name in ("run_days", "run_tokens", "gpu_h", "step_days", "run_share_frac", "energy_wh", "usd", "run_basis"):
        assert told[name] is None
    assert told["goodput_frac"] == llama.run.goodput_frac
    assert told["notes"] == []


def test_memory_is_told_by_its_parts(llama: TrainingPrediction) -> None:
    assert set(llama.memory_parts_bytes) >= {"weights", "gradients", "optimizer", "activations"}
    assert sum(llama.memory_parts_bytes.values()) == pytest.approx(llama.memory_bytes)
    assert llama.memory_parts_bytes["gradients"] == pytest.approx(2 * llama.memory_parts_bytes["weights"])


def test_the_convention_of_the_utilisation_is_named_and_the_others_stand_beside_it(llama: TrainingPrediction) -> None:
    shares = llama.mfu_by_frac
    assert llama.mfu_convention == "causal"
    assert shares["causal"] == pytest.approx(llama.mfu_frac)
    assert shares["parameters"] < shares["causal"] < shares["full"]


def test_virtual_stages_and_micro_batches_can_be_stated() -> None:
    layout = ask(vp=8, micro_batch=2).layout
    assert (layout.chunk_count, layout.micro_batch_count, layout.data_count) == (8, 2, 128)


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
    found = ask(tp=None, pp=None, cp=None)
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
    assert run.usd.p50 == pytest.approx(64 * 24 * run.run_days.p50 * 2) == pytest.approx(2 * run.gpu_h.p50)
    unpriced = ask(**small).run
    assert (unpriced.usd, unpriced.usd_basis) == (None, None)


def test_energy_is_that_of_the_gpus_alone_where_no_rack_has_a_power() -> None:
    """reports 12: withheld, though the catalog has the part's rated power."""
    run = ask(model="llama-3.1-8b", gpu="h20", gpus=64, tokens="1 Ttokens", tp=None, pp=None).run
    assert run.energy_wh.p50 == pytest.approx(run.gpu_h.p50 * get("accelerators", "h20").tdp_w * 1.2)
    assert (
        run.energy_basis
        == "the facility's: rated power of all GPUs alone, without their servers, for the whole run, and PUE 1.2"
    )


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        ({"tokens": "0"}, "tokens", "0 tokens: expected tokens (tokens, Mtokens), above 0"),
        ({"tokens": "-1"}, "tokens", "expected tokens"),
        ({"budget": "1e25 FLOP"}, "tokens", "both it and a budget: expected either tokens or a budget"),
        ({"gpus": 0, "tp": None, "pp": None}, "gpus", "0: expected a bare number, above 0"),
        ({"gpu": "abacus"}, "gpu", "expected a name in the catalog"),
        ({"gpu": "H1000X"}, "gpu", "expected a name in the catalog"),
        ({"model": "no-such"}, "model", "expected a name in the catalog"),
        ({"engine": "megatron"}, "engine", "one of Megatron-LM"),
        ({"precision": "fp4"}, "precision", "a precision that"),
        ({"precision": "fp3"}, "precision", "'bf16', 'fp8', 'mxfp8' or 'fp4'"),
        ({"precision": "int4"}, "precision", "'bf16', 'fp8', 'mxfp8' or 'fp4'"),
        ({"tp": 3, "pp": None}, "tp", "3: expected"),
        ({"tp": None, "pp": None, "cp": 3}, "cp", "3: expected tensor × pipeline × context (now 3) that divides 16384"),
        ({"tp": 256}, "tp", "256: expected a divisor of 128, the heads"),
        ({"pp": 256}, "pp", "256: expected stages × chunks that divide the 126 blocks"),
        ({"ep": 2}, "ep", "2: expected a divisor of 1, the experts"),
        ({"vp": 7}, "vp", "7: expected stages × chunks that divide the 126 blocks"),
        ({"vp": 2, "pp": 1}, "vp", "2: expected 1 where there is one stage"),
        ({"vp": 0}, "vp", "0: expected a bare number, above 0"),
        ({"micro_batch": 3}, "micro_batch", "3: expected a divisor of 16, the sequences of a step per copy"),
        ({"micro_batch": 0}, "micro_batch", "0: expected a bare number, above 0"),
        ({"gpus": 2, "tp": None, "pp": None}, "gpus", "GB per package"),
        ({"gpus": 8, "tp": None, "pp": None}, "gpus", "at most 73.6 GB usable"),
        ({"gpus": 8, "tp": None, "pp": None, "cp": None}, "gpus", "128 packages do"),
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
