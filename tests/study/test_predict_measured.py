"""Measured points beside a curve: near, of the same thing, by what their rows tell, and none where there are none."""

from __future__ import annotations

from typing import Any

import pytest

from gigawatt.readers.inference_rows import read_inference_rows
from gigawatt.study import verbs
from gigawatt.study.predict.inference import InferencePrediction
from gigawatt.study.predict.measured import FROM_REQUESTS, FROM_TPOT, NEAR_RATIO, MeasuredPoint, measured_near
from gigawatt.study.predict.question import InferenceQuestion
from gigawatt.study.validate.score import shipped

ASKED = {"model": "deepseek-r1", "gpu": "b200", "precision": "fp4", "input_tokens": 1024, "output_tokens": 1024}
CURVE = {"model": "deepseek-r1", "gpu": "b200", "precision": "fp4", "input": 1024, "output": 1024, "pareto": True}


def near(**change: Any) -> tuple[MeasuredPoint, ...]:
    return measured_near(InferenceQuestion(**ASKED | change))


def test_points_are_those_of_the_files_near_what_is_asked() -> None:
    found = near()
    assert found
    cells = {
        float(row.cells["tokens_per_s_per_gpu"]): row
        for name in ("serving", "inference")
        for row in read_inference_rows(shipped(name))
    }
    for point in found:
        row = cells[point.tokens_per_s_per_gpu]
        assert (row.gpu, row.precision) == ("B200", "fp4")
        assert row.model.startswith("deepseek-ai/DeepSeek-R1")
        assert (point.source, point.url) == (row.source, row.cells["url"])
        assert 1024 / NEAR_RATIO <= point.input_tokens <= 1024 * NEAR_RATIO
    speeds = [point.tokens_per_s_per_user for point in found]
    assert speeds == sorted(speeds)


def test_a_speed_is_that_of_the_measured_time_where_there_is_one() -> None:
    found = near()
    timed = next(point for point in found if point.speed_basis == FROM_TPOT)
    row = next(
        row
        for row in read_inference_rows(shipped("serving"))
        if row.cells["tokens_per_s_per_gpu"] and float(row.cells["tokens_per_s_per_gpu"]) == timed.tokens_per_s_per_gpu
    )
    assert timed.tokens_per_s_per_user == pytest.approx(1 / float(row.cells["tpot_measured_s"]))


def test_a_speed_of_a_closed_loop_is_its_throughput_over_its_requests() -> None:
    models = (("llama-3.1-70b", "h200", "fp8"), ("qwen3-235b-a22b", "h200", "fp8"), ("gpt-oss-120b", "h200", "fp4"))
    lengths = ((1024, 1024), (1024, 8192), (8192, 1024), (512, 512), (1024, 128))
    points = [
        point
        for model, gpu, precision in models
        for prompt, answer in lengths
        for point in near(model=model, gpu=gpu, precision=precision, input_tokens=prompt, output_tokens=answer)
        if point.speed_basis == FROM_REQUESTS
    ]
    assert points
    for point in points:
        whole = point.tokens_per_s_per_gpu * point.gpus_count
        assert point.tokens_per_s_per_user == pytest.approx(whole / point.requests_count)


def test_other_lengths_parts_and_formats_have_none() -> None:
    assert near(input_tokens=100_000) == ()
    assert near(gpu="a100") == ()
    assert near(precision="bf16") == ()
    assert not {point.url for point in near()} & {point.url for point in near(precision="fp8")}


def test_a_day_hides_what_was_measured_after_it() -> None:
    found = near(as_of_date="2026-01-31")
    assert 0 < len(found) < len(near())
    assert max(point.measured_date for point in found) <= "2026-01-31"


def test_a_front_has_its_points_and_says_the_rule(pareto: InferencePrediction) -> None:
    assert pareto.measured == near()
    (note,) = [note.text for note in pareto.head.notes if note.code == "measured"]
    assert note.startswith(f"measured points near the curve: {len(near())};")
    assert "factor of 1.5" in note
    assert "read whole" not in note
    cached = verbs.ask("predict inference", **CURVE, cached="50 %")
    assert cached.measured == pareto.measured
    assert any("read whole" in note.text for note in cached.head.notes if note.code == "measured")


def test_a_front_without_points_says_so_and_a_question_without_a_front_has_none() -> None:
    asked = {"model": "llama-3.1-8b", "gpu": "a100", "input": 5000, "output": 40, "precision": "bf16"}
    alone = verbs.ask("predict inference", **asked)
    assert alone.measured is None
    assert not [note for note in alone.head.notes if note.code == "measured"]
    found = verbs.ask("predict inference", **asked, pareto=True)
    assert found.measured == ()
    (note,) = [note.text for note in found.head.notes if note.code == "measured"]
    assert note.startswith("no measured point is near the curve")


@pytest.fixture(scope="module")
def pareto() -> InferencePrediction:
    return verbs.ask("predict inference", **CURVE)
