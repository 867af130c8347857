"""Systems of several kinds of GPU: each kind by itself, weighed by its share of the packages."""

from __future__ import annotations

from pathlib import Path

import pytest

from gigawatt.readers.inference_rows import NUMBERS, TEXTS
from gigawatt.study.validate.inference import validate_inference

HEADER = ",".join((*TEXTS, *NUMBERS))


def line(gpu: str, packages: int) -> str:
    texts = {
        "source": "MLPerf Inference v6.0 closed X",
        "gpu": f'"{gpu}"',
        "model": "llama2-70b-99.9",
        "precision": "fp8",
        "scenario": "Offline",
        "backend": "vLLM",
        "parallel": "",
        "measured_date": "2026-04",
    }
    numbers = {"n_gpus": str(packages), "output_tokens": "287", "tokens_per_s_per_gpu": "3000"}
    return ",".join([*(texts[name] for name in TEXTS), *(numbers.get(name, "") for name in NUMBERS)])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    gpus = ("MI300X", 8), ("MI325X", 24), ("MI300X 192GB HBM3 (x8) and MI325X 256GB HBM3e (x24)", 32)
    wrong = ("MI300X (x8) and Nonesuch (x8)", 16), ("MI300X and MI325X", 16), ("MI325X 256GB (x24)", 24)
    path = tmp_path / "rows.csv"
    path.write_text("\n".join([HEADER, *(line(*each) for each in (*gpus, *wrong))]))
    return path


def test_a_mixed_system_is_the_weighted_sum_of_its_kinds(file: Path) -> None:
    found = {each.line: each for each in validate_inference(file).scored}
    for name in ("p10", "p50", "p90"):
        one, other, both = (getattr(found[n], name) for n in range(3))
        assert both == pytest.approx(one / 4 + other * 3 / 4)
    assert found[2].groups["gpu"] == "mi300x + mi325x"
    assert found[2].measured == 3000


def test_a_count_after_one_kind_is_no_other_name(file: Path) -> None:
    found = {each.line: each for each in validate_inference(file).scored}
    assert found[5].p50 == pytest.approx(found[1].p50)


def test_a_row_with_an_unknown_kind_or_without_counts_is_refused_whole(file: Path) -> None:
    validation = validate_inference(file)
    assert sorted(each.line for each in validation.skipped) == [3, 4]
    assert all("accelerators" in each.reason for each in validation.skipped)
    assert len(validation.scored) + len(validation.skipped) == 6
