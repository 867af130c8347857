"""Measured training runs against the kernel: what is compared, what is left out, and how far off it is."""

from __future__ import annotations

import csv
import json

import pytest

from gigawatt.catalog.load import get
from gigawatt.errors import CatalogError
from gigawatt.readers.training_rows import NUMBERS, TEXTS, read_training_rows
from gigawatt.study.answer import plain
from gigawatt.study.predict.training_cases import case_of
from gigawatt.study.validate.score import Scored, Skipped, rank_correlation, score, shipped
from gigawatt.study.validate.training import validate_training

ROW = {
    "source": "Megatron-Bridge 26.06",
    "model": "LLAMA3.1_405B",
    "gpu": "H100",
    "n_gpus": "1024",
    "precision": "FP8",
    "seq_len": "8192",
    "global_batch": "1536",
    "tp": "8",
    "pp": "8",
    "cp": "2",
    "dp": "8",
    "vp": "8",
    "mbs": "1",
    "achieved_tflops_per_gpu": "822",
    "mfu": "0.4154",
    "tokens_per_s_per_gpu": "326",
}


def write(path, *changes):
    columns = [*TEXTS, *NUMBERS]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows({**ROW, **change} for change in changes)
    return path


def test_shipped_points_are_met():
    found = validate_training(shipped("training")).scores
    assert found.rows <= 150
    assert found.coverage_frac == 1
    assert found.mape_frac < 0.10
    assert found.mape_frac < found.baseline_mape_frac
    json.dumps(plain(found), allow_nan=False)


def test_all_rows_are_met(data_dir):
    found = validate_training(data_dir / "measurements" / "training.csv").scores
    engines = {group.name: group for group in found.by["engine"]}
    assert found.coverage_frac >= 0.95
    assert found.mape_frac < 0.08
    assert engines["Megatron-LM"].mape_frac < 0.05
    assert 0.7 < found.band_coverage_frac < 0.9
    assert found.rank_correlation > 0.85
    for name in ("llm-foundry", "MLPerf", "Megatron-Bridge", "Megatron-LM", "MaxText"):
        assert engines[name].mape_frac < engines[name].baseline_mape_frac, name


def test_rows_of_another_kind_are_outside(tmp_path):
    path = write(
        tmp_path / "rows.csv",
        {},
        {"model": "stable_diffusion"},
        {"model": "llama2_70b_lora"},
        {"source": "Megatron-Bridge 26.06 [SFT Performance]"},
        {"tokens_per_s_per_gpu": "", "achieved_tflops_per_gpu": "", "mfu": "", "time_to_train_s": "60"},
    )
    found = validate_training(path).scores
    assert (found.rows, found.evaluated, found.coverage_frac) == (5, 1, 1)
    assert {row.reason: row.count for row in found.skipped} == {
        "no language model": 1,
        "fine-tuning": 2,
        "a time to train alone": 1,
    }


def test_rows_that_should_be_known_lower_the_coverage(tmp_path):
    path = write(tmp_path / "rows.csv", {}, {"model": "no-such-model"}, {"gpu": "A100", "precision": "FP6"})
    found = validate_training(path).scores
    assert found.coverage_frac == pytest.approx(1 / 3)
    assert all(row.eligible for row in found.skipped)


def test_each_quantity_is_compared_in_its_own_unit(tmp_path):
    rate = {"tokens_per_s_per_gpu": ""}
    share = {"tokens_per_s_per_gpu": "", "achieved_tflops_per_gpu": ""}
    rows = validate_training(write(tmp_path / "rows.csv", {}, rate, share)).scored
    assert [row.measured for row in rows] == pytest.approx([326, 822e12, 0.4154])
    assert [row.line for row in rows] == [0, 1, 2]
    for row in rows:
        assert row.p10 < row.p50 < row.p90


def test_what_a_row_does_not_say_follows_the_recipe(tmp_path):
    calibration = get("training_calibrations", "as-of-2026")
    rows = read_training_rows(write(tmp_path / "rows.csv", {"seq_len": "", "global_batch": "", "precision": ""}))
    case = case_of(rows[0], calibration)
    assert case.sequence_tokens == 8192
    assert case.global_batch_tokens == 1024 * calibration.package_batch_tokens
    assert case.precision == "fp8"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seq_len": "long"}, r'rows\.csv row 2 column seq_len = "long": expected a number above 0'),
        ({"n_gpus": ""}, r"rows\.csv row 2 column n_gpus = empty: expected a value"),
        ({"tp": "0"}, r'row 2 column tp = "0": expected a number above 0'),
        ({"mfu": "nan"}, r'row 2 column mfu = "nan"'),
    ],
)
def test_mistakes_in_a_file_are_named(tmp_path, change, message):
    with pytest.raises(CatalogError, match=message):
        validate_training(write(tmp_path / "rows.csv", change))


def test_files_that_are_no_table_of_runs(tmp_path):
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(CatalogError, match=r"other\.csv = no column source, model"):
        validate_training(tmp_path / "other.csv")
    (tmp_path / "short.csv").write_text(",".join([*TEXTS, *NUMBERS]) + "\nx,y\n")
    with pytest.raises(CatalogError, match=r"short\.csv row 2 = 2 cells: expected 23 as in the header"):
        validate_training(tmp_path / "short.csv")
    with pytest.raises(CatalogError, match="a readable CSV file"):
        validate_training(tmp_path / "missing.csv")


def test_an_empty_table_has_no_figures(tmp_path):
    found = validate_training(write(tmp_path / "rows.csv")).scores
    assert found.rows == 0
    assert found.mape_frac is None
    assert found.coverage_frac is None


def scored(line, measured, predicted, **other):
    return Scored(line=line, measured=measured, p10=0.9 * predicted, p50=predicted, p90=1.1 * predicted, **other)


def test_score_by_hand():
    rows = [
        scored(0, 100.0, 110.0, baseline=150.0, stratum="a", groups={"gpu": "x"}),
        scored(1, 200.0, 180.0, stratum="a", groups={"gpu": "x"}),
        scored(2, 300.0, 300.0, stratum="a", groups={"gpu": "y"}),
        scored(3, 100.0, 200.0, groups={"gpu": "y"}),
    ]
    left = [Skipped(line=4, reason="unknown", eligible=True), Skipped(line=5, reason="images", eligible=False)]
    found = score(rows, left, groups=("gpu",), parameters_count=7)
    assert (found.rows, found.evaluated, found.coverage_frac) == (6, 4, 0.8)
    assert found.mape_frac == pytest.approx((0.1 + 0.1 + 0 + 1) / 4)
    assert found.bias_frac == pytest.approx((0.1 - 0.1 + 0 + 1) / 4)
    assert found.baseline_mape_frac == pytest.approx(0.5)
    assert found.band_coverage_frac == 0.5
    assert found.rank_correlation == 1
    assert [group.mape_frac for group in found.by["gpu"]] == pytest.approx([0.1, 0.5])


def test_ranks_need_three_rows_and_an_order():
    assert rank_correlation([scored(n, 1.0 + n, 2.0, stratum="a") for n in range(3)]) is None
    assert rank_correlation([scored(n, 1.0 + n, 5.0 - n, stratum="a") for n in range(2)]) is None
    assert rank_correlation([scored(n, 1.0 + n, 5.0 - n, stratum="a") for n in range(3)]) == -1


def test_shipped_points_have_an_address():
    rows = read_training_rows(shipped("training"))
    assert all(row.url for row in rows)
    assert {row.cells["fitted"] for row in rows} <= {"yes", "no"}


def test_rows_of_2026_are_met(data_dir):
    found = validate_training(data_dir / "measurements" / "training-2026.csv").scores
    assert found.coverage_frac >= 0.95
    assert found.mape_frac < 0.1
    assert found.mape_frac < found.baseline_mape_frac


def case_with(tmp_path, **cells):
    rows = read_training_rows(write(tmp_path / "rows.csv", cells))
    return case_of(rows[0], get("training_calibrations", "as-of-2026"))


def test_what_a_row_tells_of_its_machine_is_taken(tmp_path):
    plain = case_with(tmp_path)
    told = case_with(tmp_path, url="report (H100 96 GB HBM2e, 2.4 TB/s, 500 W limit), 4 x 100 Gb RoCE a node")
    assert (plain.clock_ratio, plain.accelerator.hbm_capacity_bytes) == (1, 80e9)
    assert 0.5 < told.clock_ratio < 1
    assert told.accelerator.hbm_capacity_bytes == 96e9
    assert told.accelerator.hbm_bandwidth_bytes_per_s == 2.4e12
    assert told.accelerator.nic_bandwidth_bytes_per_s == 400e9 / 8 / 8


def test_a_capped_machine_and_a_slow_network_are_slower(tmp_path):
    plain, capped, slow = (
        validate_training(write(tmp_path / "rows.csv", {"url": words})).scored[0].p50
        for words in ("", "500 W limit", "1 x 100 Gb a node")
    )
    assert capped < plain
    assert slow < plain


def test_a_whole_run_is_slower_than_its_steps(tmp_path):
    steps, whole, told = validate_training(
        write(
            tmp_path / "rows.csv",
            {"source": "GPU-hour disclosure"},
            {"source": "GPU-hour disclosure (end to end)"},
            {"source": "GPU-hour disclosure (end to end)", "verified": "6 M GPU-h for 15T tokens"},
        )
    ).scored
    assert 0.3 * steps.p50 < whole.p50 < steps.p50
    assert told.p50 == pytest.approx(whole.p50, rel=0.3)
    assert whole.p90 / whole.p10 > steps.p90 / steps.p10


def test_a_part_without_eight_bit_units_computes_fp8_in_sixteen(tmp_path):
    assert case_with(tmp_path, gpu="TPU v6e", precision="FP8").precision == "bf16"


def test_software_that_does_not_interleave_has_one_chunk_a_stage(tmp_path):
    free, one = (case_with(tmp_path, source=source, vp="").stated for source in ("Megatron-LM", "torchtitan 2025-06"))
    assert "chunk_count" not in free
    assert one["chunk_count"] == 1


def test_405b_over_contexts_is_not_faster_than_its_attention_allows(tmp_path):
    """Context ranks that wait for the last, and as many micro-batches as stages."""
    recipe = {"model": "Llama 3.1 405B", "n_gpus": "512", "tp": "8", "pp": "8", "vp": "", "dp": "", "recompute": "full"}
    rates = {}
    for source in ("torchtitan 2025-06", "Megatron-LM"):
        long = {"source": source, "seq_len": "262144", "cp": "8", "global_batch": "8", "fsdp": "1", "precision": "BF16"}
        rates[source] = validate_training(write(tmp_path / "rows.csv", recipe | long)).scored[0].p50
    assert rates["torchtitan 2025-06"] < rates["Megatron-LM"]
    assert rates["torchtitan 2025-06"] < 40
