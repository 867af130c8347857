"""Rows of machines under a power cap: where a row says so, and what is left of its throughput."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from gigawatt.catalog import load
from gigawatt.readers.inference_rows import NUMBERS, TEXTS, InferenceRow
from gigawatt.study.validate.capped_rows import MAX_Q_FRAC, cap_w, capped_shares, throughput_shares
from gigawatt.study.validate.inference import CALIBRATION, question_of
from gigawatt.study.validate.inference_cases import cases_of, stacked

NOTHING: Mapping[str, None] = dict.fromkeys(NUMBERS.values())


def row(gpu: str, system: str = "", **given: object) -> InferenceRow:
    texts = dict.fromkeys(TEXTS, "")
    return InferenceRow(**texts | {"gpu": gpu} | NOTHING | {"cells": {"system": system}} | given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("gpu", "system", "part", "cap"),
    [
        ("AMD Instinct MI355X 288GB HBM3e (Power Cap 1000 W)", "8xMI355X_2xEPYC_9965_Power_Cap_1000W", "mi355x", 1000),
        ("MI355X", "8xMI355X 1.0 kW", "mi355x", 1000),
        ("NVIDIA H200-SXM-141GB", "H200-SXM-141GBx8_TRT_MaxQ", "h200", MAX_Q_FRAC * 700),
        ("NVIDIA H200-SXM-141GB", "H200-SXM-141GBx8_TRT", "h200", None),
        ("AMD MI300X-NPS1-SPX-192GB-750W", "8xMI300X_2xEPYC-9374F", "mi300x", None),
        ("NVIDIA Vera Rubin", "VR-NVL72_VR-288GB_aarch64x72_TRT (2300 W TGP, preview)", "vera-rubin-nvl72-max-p", None),
        ("NVIDIA Vera Rubin Max-Q", "", "vera-rubin-nvl72-max-q", None),
        ("H100", "XE9680 H100_SXM_80GBx8", "h100", None),
    ],
)
def test_the_cap_that_a_row_tells(gpu: str, system: str, part: str, cap: float | None) -> None:
    """item 8: a cap below the part's own limit; that limit, or more, is none."""
    assert cap_w(row(gpu, system), load.load("accelerators", part)) == cap


def test_a_part_of_unknown_limit_has_no_cap() -> None:
    assert cap_w(row("TPU v5e 100 W"), load.load("accelerators", "tpu-v5e")) is None


def closed(gpu: str, batch: float) -> InferenceRow:
    given = {"packages_count": 1.0, "input_tokens": 2000.0, "output_tokens": 200.0, "batch_count": batch}
    named = {"model": "llama-3.1-8b", "precision": "fp8", "scenario": "closed loop agg", "backend": "vllm"}
    return row(gpu, **given | named | {"tokens_per_s": 1.0, "parallel": "tp1 dp1 ep1"})


def test_capped_rows_lose_and_others_do_not() -> None:
    cases, skipped = cases_of([closed("MI355X 288GB (Power Cap 1000 W)", 512), closed("MI355X", 512)])
    assert not skipped
    arrays = stacked(cases)
    question = question_of(cases, arrays, load.load("inference_calibrations", CALIBRATION))
    capped, free = throughput_shares(cases, arrays, question, arrays.batch_count)
    assert 0.7 < capped < 0.98
    assert free == 1


def shares(part: str, batch: float, caps: list[float]) -> np.ndarray:
    record = load.load("accelerators", part)
    cases, _ = cases_of([closed(record.name, batch)] * len(caps))
    arrays = stacked(cases)
    question = question_of(cases, arrays, load.load("inference_calibrations", CALIBRATION))
    return capped_shares([record] * len(caps), question, arrays.batch_count, np.array(caps))


def test_a_lower_cap_never_leaves_more() -> None:
    found = shares("h100", 512.0, [1.0, 0.9, 0.8, 0.7, 0.6])
    assert found[0] == 1
    assert np.all(np.diff(found) <= 0)


def test_a_cap_above_what_is_drawn_costs_nothing() -> None:
    """A few requests wait for memory and draw far less than the limit."""
    assert shares("h100", 1.0, [0.95])[0] == 1
    assert shares("h100", 512.0, [0.7])[0] < 1
