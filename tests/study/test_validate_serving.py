"""Times of serving against measured rows: the bars, what a benchmark sends, and files that are no measurements."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gigawatt.catalog import load, records
from gigawatt.errors import CatalogError
from gigawatt.readers.inference_rows import NUMBERS, TEXTS
from gigawatt.study.validate import serving_runs
from gigawatt.study.validate.inference import CALIBRATION
from gigawatt.study.validate.score import Validation, shipped
from gigawatt.study.validate.serving import SERVING, validate_serving
from gigawatt.study.validate.serving_cases import MEASURED, read_serving, settings
from gigawatt.study.validate.serving_runs import LatencyRun, runs_of, simulated

HEADER = ",".join((*TEXTS, *NUMBERS, *MEASURED, "counts"))
# source, gpu, model, precision, scenario, backend, parallel, date, gpus, input, output, batch, limits, tokens/s per GPU
START = "made up,H100,llama-3.1-70b,fp8,closed loop agg,vllm 0.12.0,tp4 dp1 moe_tp1 ep1,2025-10-01,4"
CLOSED = f"{START},1024,1024,16,,,400,0.2,0.012,"
SERVER = (
    "MLPerf Inference v5.1 closed,NVIDIA H200-SXM-141GB,llama2-70b-99,fp8,Server,TensorRT 10.11,,2025-09,8,,294,,2.0,"
    "0.2,3500,0.9,0.18,"
)
KNOWN: records.ServingCalibration = load.load("serving_calibrations", SERVING)


def file_of(folder: Path, *lines: str, header: str = HEADER) -> Path:
    path = folder / "rows.csv"
    path.write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
    return path


def runs(folder: Path, *lines: str) -> list[LatencyRun]:
    _, cases, _ = read_serving(file_of(folder, *lines))
    found = runs_of(cases, load.load("inference_calibrations", CALIBRATION), KNOWN)
    return [run for run in found if run is not None]


def mean_ttft_s(run: LatencyRun, prefill_ratio: float = 1.0) -> float:
    return simulated(run, prefill_ratio, KNOWN)[0]


@pytest.fixture(scope="module")
def found() -> Validation:
    return validate_serving(shipped("serving"))


class TestBars:
    """What was asked: mean 25 % and median 15 % of the time to the first token, mean 15 % of the time per token."""

    def test_of_closed_loops_and_of_all_rows(self, found: Validation) -> None:
        closed, each = found.also["ttft_closed"], found.also["tpot_closed"]
        assert closed is not None
        assert closed.mape_frac <= 0.25
        assert closed.median_frac <= 0.15
        assert each is not None
        assert each.mape_frac <= 0.15
        assert found.scores.mape_frac <= 0.25
        assert found.scores.median_frac <= 0.15

    def test_on_rows_that_a_fit_had_not_seen(self) -> None:
        told = {one.name: one for one in KNOWN.left_out}
        first, each = (told[f"a fifth of the rows, {name} of closed loops"] for name in ("TTFT", "TPOT"))
        assert first.mape_frac <= 0.25
        assert first.median_frac <= 0.15
        assert each.mape_frac <= 0.15
        assert first.rows_count > 2_000

    def test_it_is_far_better_than_the_closed_form(self, found: Validation) -> None:
        assert found.scores.baseline_mape_frac is not None
        assert found.scores.mape_frac < found.scores.baseline_mape_frac / 2
        assert found.scores.coverage_frac > 0.98
        assert 0.7 <= found.scores.band_coverage_frac <= 0.95


class TestRuns:
    """What is simulated of a row."""

    def test_inferencex_sends_ten_rounds_of_lengths_down_to_four_fifths(self, tmp_path: Path) -> None:
        (run,) = runs(tmp_path, CLOSED)
        sent = run.sending
        assert (sent.concurrency_count, sent.requests_count, sent.shortest_frac) == (16, 160, 0.8)
        requests = serving_runs._requests(run, sent.requests_count, 0)
        for lengths in (requests.input_tokens, requests.output_tokens):
            assert 819 <= lengths.min() < 830
            assert 1014 < lengths.max() <= 1024

    def test_the_burst_at_the_start_weighs_in(self, tmp_path: Path) -> None:
        """A tenth of the requests wait for half of all first prompts, so that the mean is above the median."""
        mean, median = runs(tmp_path, CLOSED.replace(",16,", ",64,"), CLOSED.replace(",16,", ",64,") + "median times")
        assert (mean.statistic, median.statistic) == ("mean", "median")
        assert mean_ttft_s(mean) > 1.2 * mean_ttft_s(median)

    def test_slower_prompts_and_more_requests_take_longer(self, tmp_path: Path) -> None:
        few, many = runs(tmp_path, CLOSED, CLOSED.replace(",16,", ",128,"))
        assert mean_ttft_s(few) < mean_ttft_s(few, 2.0) < mean_ttft_s(few, 4.0)
        assert mean_ttft_s(few) < mean_ttft_s(many)

    def test_an_engine_that_looks_seldom_keeps_requests_waiting(self, tmp_path: Path) -> None:
        (run,) = runs(tmp_path, CLOSED)
        seldom = replace(run, sending=replace(run.sending, look_count=31))
        assert mean_ttft_s(seldom) - mean_ttft_s(run) == pytest.approx(15 * run.step_s * KNOWN.look_frac)

    def test_prompts_that_are_known_again_are_not_read_again(self, tmp_path: Path) -> None:
        """Tools that send a hundred prompts again and again, to an engine that knows them."""
        (run,) = runs(tmp_path, CLOSED.replace(",1024,1024,16,", ",4000,100,64,"))
        assert run.sending.prompts_known_count == 100
        new = replace(
            run,
            sending=replace(run.sending, prompts_known_count=0),
            pod=replace(run.pod, engine=replace(run.pod.engine, prefix_cached=False)),
        )
        assert simulated(run, 1.0, KNOWN)[1] < 0.7 * simulated(new, 1.0, KNOWN)[1]

    def test_two_pools_read_and_write_apart(self, tmp_path: Path) -> None:
        row = (
            "made up,GB200,deepseek-r1,fp8,closed loop disagg,sglang 0.5.8,prefill 1x(tp4 dp1 moe_tp4 ep1); "
            "decode 2x(tp4 dp1 moe_tp4 ep1),2026-02-01,12,1024,1024,16,,,40,0.3,0.012,"
        )
        (run,) = runs(tmp_path, row)
        assert run.pod.prefill is not None
        assert (run.pod.prefill_engines_count, run.pod.engines_count) == (1, 2)
        assert run.families["engine_attention"] == "sglang pools"
        assert mean_ttft_s(run) > 0

    def test_a_server_tells_its_slowest_and_keeps_its_limits(self, tmp_path: Path) -> None:
        (run,) = runs(tmp_path, SERVER)
        assert (run.statistic, run.sending.concurrency_count) == ("p99", 0)
        assert run.sending.rate_per_s > 0
        flooded = replace(run, sending=replace(run.sending, rate_per_s=1e6))
        assert simulated(flooded, 1.0, KNOWN) == (2.0, 0.2)
        idle = replace(run, sending=replace(run.sending, rate_per_s=run.sending.rate_per_s / 10))
        assert mean_ttft_s(idle) <= mean_ttft_s(run) <= 2.0

    def test_runs_are_the_same_every_time(self, tmp_path: Path) -> None:
        (run,) = runs(tmp_path, CLOSED)
        assert simulated(run, 1.0, KNOWN) == simulated(run, 1.0, KNOWN)


class TestRecipes:
    """How benchmarks ran their engines."""

    @pytest.mark.parametrize(
        ("engine", "batch", "looks"), [("sglang 0.5.9", 8, 10), ("sglang 0.5.9", 16, 30), ("vllm 0.12.0", 64, 1)]
    )
    def test_sglang_on_blackwell_looks_every_so_many_steps(
        self, tmp_path: Path, engine: str, batch: int, looks: int
    ) -> None:
        row = CLOSED.replace("H100", "B200").replace("vllm 0.12.0", engine).replace(",16,", f",{batch},")
        (run,) = runs(tmp_path, row)
        assert run.sending.look_count == looks

    def test_a_later_recipe_goes_before_an_earlier_one(self, tmp_path: Path) -> None:
        _, (case,), _ = read_serving(file_of(tmp_path, CLOSED))
        (run,) = runs(tmp_path, CLOSED)
        own = records.ServingRecipe(engine="vllm", model="llama-3.1-70b", budget_tokens=2048)
        other = records.ServingRecipe(engine="vllm", model="llama-3.1-8b", budget_tokens=512)
        wider = replace(KNOWN, recipes=(*KNOWN.recipes, own, other))
        layout = type("Layout", (), {"data_count": 1.0})()
        assert settings(case, layout, wider).budget_tokens == 2048
        assert run.sending.budget_tokens == 8192

    def test_what_fills_no_pass_makes_nothing_ready(self, tmp_path: Path) -> None:
        row = (
            "made up,B200,deepseek-r1,fp4,closed loop agg,sglang nan,tp8 dp1 moe_tp8 ep1,2025-11-10,8,1024,1024,{},,,"
            "40,0.4,0.01,"
        )
        few, many = runs(tmp_path, row.format(8), row.format(32))
        assert (few.sending.first_pass_s, many.sending.first_pass_s) == (0.0, 70.0)


class TestFiles:
    """Rows that are not answered, and files that are not read."""

    def test_rows_without_a_time_are_counted_and_out_of_scope(self, tmp_path: Path) -> None:
        found = validate_serving(file_of(tmp_path, CLOSED, CLOSED.replace("0.2,0.012", ",0.012")))
        assert (found.scores.rows, found.scores.evaluated, found.scores.coverage_frac) == (2, 1, 1.0)
        assert [(one.reason, one.eligible) for one in found.skipped] == [
            ("no measured time to the first token, or per token", False)
        ]

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            (("llama-3.1-70b", "nobody-1b"), "models: "),
            (("H100", "abacus"), "accelerators: "),
            ((",16,", ",,"), "closed loop without a concurrency"),
        ],
    )
    def test_rows_that_should_be_answered_and_cannot_lower_the_coverage(
        self, tmp_path: Path, change: tuple[str, str], reason: str
    ) -> None:
        found = validate_serving(file_of(tmp_path, CLOSED, CLOSED.replace(*change)))
        assert found.scores.coverage_frac == 0.5
        assert found.skipped[0].reason.startswith(reason)

    def test_a_server_of_a_model_that_does_not_fit_is_not_answered(self, tmp_path: Path) -> None:
        row = SERVER.replace("llama2-70b-99", "deepseek-r1").replace(",8,,294", ",1,800,294")
        found = validate_serving(file_of(tmp_path, CLOSED, row))
        assert [(one.line, one.reason, one.eligible) for one in found.skipped] == [
            (1, "no layout holds the model", True)
        ]

    def test_a_closed_loop_of_a_model_that_is_said_not_to_fit_did_run(self, tmp_path: Path) -> None:
        row = CLOSED.replace("llama-3.1-70b,fp8", "deepseek-r1,fp8")
        (run,) = runs(tmp_path, row)
        assert run.pod.engine.blocks_count == serving_runs.PLENTY_COUNT
        assert np.isfinite(mean_ttft_s(run))

    def test_a_file_without_the_columns_is_refused(self, tmp_path: Path) -> None:
        short = ",".join((*TEXTS, *NUMBERS))
        with pytest.raises(CatalogError) as caught:
            validate_serving(file_of(tmp_path, CLOSED, header=short))
        fault = caught.value.faults[0]
        assert (fault.path, fault.given) == ("rows.csv", "no column ttft_measured_s, tpot_measured_s")

    @pytest.mark.parametrize("given", ["0", "-1", "soon", "inf", "nan"])
    def test_a_concurrency_of_nothing_and_times_that_are_none_are_refused(self, tmp_path: Path, given: str) -> None:
        with pytest.raises(CatalogError, match="row 2 column ttft_measured_s"):
            validate_serving(file_of(tmp_path, CLOSED, CLOSED.replace(",0.2,0.012", f",{given},0.012")))
        with pytest.raises(CatalogError, match="row 1 column concurrency_or_batch"):
            validate_serving(file_of(tmp_path, CLOSED.replace(",16,", f",{given},")))

    def test_an_empty_file_has_no_errors(self, tmp_path: Path) -> None:
        found = validate_serving(file_of(tmp_path))
        assert (found.scores.rows, found.scores.mape_frac, found.also["tpot"]) == (0, None, None)

    def test_a_model_that_was_not_fitted_has_a_wider_band(self, tmp_path: Path) -> None:
        known, other = validate_serving(file_of(tmp_path, CLOSED, CLOSED.replace("llama-3.1-70b", "qwen3-32b"))).scored
        assert other.p90 / other.p50 > known.p90 / known.p50
        assert (known.note, other.note) == ("", "outside of the fit: qwen3-32b")


@pytest.mark.parametrize(
    ("sizes", "column", "most"),
    [
        ("1024,0.3,16", "output_tokens", "500,000"),
        ("1e6,1024,16", "input_tokens", "500,000"),
        ("1024,1024,1e9", "concurrency_or_batch", "65,536"),
    ],
)
def test_sizes_that_nobody_measures_are_refused_by_row_and_column(tmp_path: Path, sizes: str, column: str, most: str):
    with pytest.raises(CatalogError) as refused:
        read_serving(file_of(tmp_path, CLOSED, f"{START},{sizes},,,400,0.2,0.012,"))
    (fault,) = refused.value.faults
    assert (fault.path, fault.expected) == (f"rows.csv row 2 column {column}", f"1 to {most}")
