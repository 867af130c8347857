"""Energy per output token of accelerators alone, held against what was measured while they served.

Each row is predicted at its batch twice: with the throughput of the model of inference (the errors of which are then in
it; these are the figures by group), and at the throughput that was measured, where the model of power alone is judged
(`at_measured_rate`). Band: the deviations of the throughput and of the power, as independent ones; where more is served
more is drawn, so that an error of throughput counts less than whole. The baseline is one energy per operation: two
operations per active parameter and token of prompt and answer, at the median of the other rows of the GPU and format.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gigawatt import tokens
from gigawatt.catalog import load, records, to_power, to_tokens
from gigawatt.ndarrays import Floats
from gigawatt.readers.energy_rows import read_energy_rows
from gigawatt.study.job import Job
from gigawatt.study.predict.band import log_normal
from gigawatt.study.validate.disaggregated_cases import best_entries
from gigawatt.study.validate.energy_cases import (
    EnergyCase,
    energy_cases,
    own_rates,
    power_fracs,
    questions_of,
    utilisations,
)
from gigawatt.study.validate.inference import CALIBRATION, deviation_ratio
from gigawatt.study.validate.question import ValidationQuestion
from gigawatt.study.validate.score import ErrorFigures, Scored, Validation, error_figures, judged, score, shipped

GROUPS = ("gpu", "model", "engine", "source")
POWER = "as-of-2026"
MEASURED_RATE = "at_measured_rate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """Energy of every case [J/token] with our own throughput, its deviation as a logarithm, and at the measured one."""

    own_j_per_token: Floats
    deviation_ratio: Floats
    measured_rate_j_per_token: Floats


def answer(question: ValidationQuestion, job: Job) -> Validation:
    """The errors over a file of measured energy. Raises CatalogError where the file is not one."""
    job.say("predicting the measured rows")
    return judged(validate_energy(Path(question.file or shipped("energy"))), question)


def validate_energy(
    path: Path,
    calibration: records.InferenceCalibration | None = None,
    power: records.PowerCalibration | None = None,
) -> Validation:
    """Predict every row of a file of measured energy and compare.

    Raises CatalogError where the file is not one.
    """
    used: records.InferenceCalibration = calibration or load.load("inference_calibrations", CALIBRATION)
    drawn: records.PowerCalibration = power or load.load("power_calibrations", POWER)
    rows = read_energy_rows(path)
    cases, skipped = energy_cases(rows)
    scored: list[Scored] = []
    also: dict[str, ErrorFigures | None] = {MEASURED_RATE: None}
    if cases:
        found, plain = predict(cases, used, drawn), baseline(cases)
        scored = [_scored(case, found, plain, n) for n, case in enumerate(cases)]
        measured = np.array([case.measured for case in cases])
        told = np.isfinite(found.measured_rate_j_per_token)
        also[MEASURED_RATE] = error_figures((found.measured_rate_j_per_token / measured - 1)[told])
    return Validation(
        scores=score(scored, skipped, groups=GROUPS, parameters_count=used.parameters_count + drawn.parameters_count),
        also=also,
        what="energy",
        cells=tuple(row.cells for row in rows),
        scored=tuple(scored),
        skipped=tuple(skipped),
    )


def predict(
    cases: Sequence[EnergyCase], calibration: records.InferenceCalibration, power: records.PowerCalibration
) -> Predicted:
    """Energy per output token of every case; NaN at the measured rate where a row has none."""
    asked = questions_of(cases, calibration)
    rates = own_rates(asked)
    entries = best_entries(rates, asked.own, asked.first)
    limit_w = np.array([case.accelerator.tdp_w for case in cases], dtype=float)
    stated = [(case.row.tokens_per_s or np.nan) / case.row.packages_count for case in cases]
    share, elasticity = power_fracs(cases, utilisations(asked, entries, rates[entries]), power)
    at_stated, _ = power_fracs(cases, utilisations(asked, entries, np.array(stated)), power)
    spread = [_spread(case, calibration, power, float(elasticity[n])) for n, case in enumerate(cases)]
    return Predicted(
        own_j_per_token=limit_w * share / rates[entries],
        deviation_ratio=np.array(spread),
        measured_rate_j_per_token=limit_w * at_stated / np.array(stated),
    )


def _spread(
    case: EnergyCase, calibration: records.InferenceCalibration, power: records.PowerCalibration, elasticity: float
) -> float:
    """Deviation of the logarithm of energy: of power, and of throughput less what power grows with it."""
    served = case.served
    rate, _ = deviation_ratio(
        calibration,
        served.accelerator,
        served.model,
        served.precision,
        engine=served.row.engine,
        rows_like_fitted=True,
    )
    return math.hypot(to_power.power_deviation_ratio(power, served.accelerator.architecture), (1 - elasticity) * rate)


def _scored(case: EnergyCase, found: Predicted, plain: Floats, n: int) -> Scored:
    band = log_normal(float(found.own_j_per_token[n]), float(found.deviation_ratio[n]))
    other = float(found.measured_rate_j_per_token[n])
    return Scored(
        line=case.line,
        measured=case.measured,
        p10=band.p10,
        p50=band.p50,
        p90=band.p90,
        baseline=float(plain[n]) if np.isfinite(plain[n]) else None,
        stratum=f"{case.accelerator.id} {case.row.task}",
        groups={
            "gpu": case.accelerator.id,
            "model": case.model.id,
            "engine": case.served.row.engine,
            "source": case.row.campaign,
        },
        note=f"{other:.4g} J/token at the measured rate" if math.isfinite(other) else "",
    )


def baseline(cases: Sequence[EnergyCase]) -> Floats:
    """Energy at one energy per operation of each GPU and format, the median of the others'; NaN for a row alone."""
    work = np.array([_work_flop(case) for case in cases])
    each = np.array([case.measured for case in cases]) / work
    kinds = np.array([f"{case.accelerator.id} {case.served.precision}" for case in cases])
    found = np.full(len(cases), np.nan)
    for n, kind in enumerate(kinds):
        others = (kinds == kind) & (np.arange(len(cases)) != n)
        found[n] = float(np.median(each[others])) * work[n] if others.any() else np.nan
    return found


def _work_flop(case: EnergyCase) -> float:
    """Operations for an output token and its part of the prompt."""
    active = tokens.active_params_count(to_tokens.transformer(case.model))
    return 2.0 * active * (1 + case.served.input_tokens / case.served.output_tokens)
