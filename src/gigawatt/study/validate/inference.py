"""Inference held against measured throughput: each row predicted by the kernel, with its band and a simple baseline.

A closed loop is predicted at its concurrency, an offline row at the largest batch that memory allows, a server at the
largest batch whose times stay within the part of its limits that leaves room for the slowest of a hundred requests.
Where a row does not say its layout, the best of a few is taken.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from gigawatt import tokens
from gigawatt.catalog import load, records, to_tokens
from gigawatt.ndarrays import Floats
from gigawatt.quarters import DAYS_PER_YEAR
from gigawatt.readers.inference_rows import read_inference_rows
from gigawatt.study.job import Job
from gigawatt.study.predict.band import log_normal
from gigawatt.study.validate.capped_rows import throughput_shares
from gigawatt.study.validate.disaggregated_cases import (
    DISAGGREGATED,
    PredictedServing,
    StackedPools,
    best_entries,
    predict_disaggregated,
)
from gigawatt.study.validate.inference_cases import CLOSED, InferenceCase, Stacked, cases_of, stacked
from gigawatt.study.validate.mixed_rows import joined, parts_of
from gigawatt.study.validate.question import ValidationQuestion
from gigawatt.study.validate.score import (
    ErrorFigures,
    Scored,
    Skipped,
    Validation,
    error_figures,
    judged,
    score,
    shipped,
)

CALIBRATION = "as-of-2026"
GROUPS = ("gpu", "model", "engine", "source")
# A throughput that stands for "none of the layouts holds a request", so that its logarithm exists.
NOTHING_TOKENS_PER_S = float(np.finfo(np.float32).tiny)
# Packages of a group of one server and no more, twice as wide as most.
SERVER_COUNT = 16
# Share of the memory that an engine can be made to fill.
FULL_FRAC = 0.97


def answer(question: ValidationQuestion, job: Job) -> Validation:
    """The errors over a file of measured throughput. Raises CatalogError where the file is not one."""
    job.say("predicting the measured rows")
    return judged(validate_inference(Path(question.file or shipped("inference"))), question)


def validate_inference(path: Path, calibration: records.InferenceCalibration | None = None) -> Validation:
    """Predict every row of a file of measured throughput and compare.

    Raises CatalogError where the file is not one.
    """
    used = calibration or load.load("inference_calibrations", CALIBRATION)
    rows = read_inference_rows(path)
    parts = parts_of(rows)
    cases, skipped = cases_of([part.row for part in parts])
    scored: list[Scored] = []
    also: dict[str, ErrorFigures | None] = dict.fromkeys(("tpot", "tpot_disaggregated", "tpot_wide"))
    if cases:
        found = predicted(cases, stacked(cases), used)
        rates, plain, also = found.tokens_per_s, baseline(cases), tpot_errors(cases, found)
        for n, case in enumerate(cases):
            if rates[n] <= 2 * NOTHING_TOKENS_PER_S:
                skipped.append(Skipped(line=case.line, reason="no layout holds the model", eligible=True))
            else:
                scored.append(_scored(case, float(rates[n]), float(plain[n]), used))
    scored, skipped = joined(scored, skipped, parts)
    return Validation(
        scores=score(scored, skipped, groups=GROUPS, parameters_count=used.parameters_count),
        also=also,
        what="inference",
        cells=tuple(row.cells for row in rows),
        scored=tuple(scored),
        skipped=tuple(skipped),
    )


def _scored(case: InferenceCase, predicted: float, plain: float, calibration: records.InferenceCalibration) -> Scored:
    row = case.row
    deviation, unknown = deviation_ratio(
        calibration, case.accelerator, case.model, case.precision, engine=row.engine, rows_like_fitted=True
    )
    band = log_normal(predicted, deviation)
    return Scored(
        line=case.line,
        measured=case.measured,
        p10=band.p10,
        p50=band.p50,
        p90=band.p90,
        baseline=plain if np.isfinite(plain) else None,
        stratum=row.scenario,
        groups={
            "gpu": case.accelerator.id,
            "model": case.model.id,
            "engine": row.engine,
            "source": re.split(" closed | via |@", row.source)[0],
        },
        note="" if not unknown else f"outside of the fit: {', '.join(unknown)}",
    )


def deviation_ratio(
    calibration: records.InferenceCalibration,
    accelerator: records.Accelerator,
    model: records.Model,
    precision: str,
    *,
    engine: str,
    rows_like_fitted: bool = False,
) -> tuple[float, list[str]]:
    """Deviation of the logarithm of a prediction, and what no fitted row has of its families.

    The deviation of rows of the engine (of all where it was not fitted), and `extrapolation_ratio` added in squares
    for every family that is new.
    """
    spreads = {spread.name: spread.deviation_ratio for spread in calibration.spreads}
    unknown = to_tokens.unseen(calibration, accelerator, model, precision, engine=engine)
    if rows_like_fitted and ("model", model.id) not in {(offset.family, offset.name) for offset in calibration.offsets}:
        unknown.append(f"model {model.id}")
    base = spreads.get(engine, spreads["all"])
    return float(np.sqrt(base**2 + len(unknown) * calibration.extrapolation_ratio**2)), unknown


def predict(cases: Sequence[InferenceCase], arrays: Stacked, calibration: records.InferenceCalibration) -> Floats:
    """Output tokens per second and package of every case."""
    return predicted(cases, arrays, calibration).tokens_per_s


def predicted(
    cases: Sequence[InferenceCase], arrays: Stacked, calibration: records.InferenceCalibration
) -> PredictedServing:
    """Every case by the best of its readings."""
    question = question_of(cases, arrays, calibration)
    batch = np.where(arrays.closed, np.minimum(arrays.batch_count, _held_count(question)), 0.0)
    free = np.flatnonzero(~arrays.closed)
    if free.size:
        limited = tokens.take(question, free)
        batch[free] = tokens.best_batch_count(limited, calibration.most_requests_count)
    state = question.state(np.where(batch > 0, batch, question.smallest_count()))
    rate = np.where(batch > 0, state.tokens_per_s, NOTHING_TOKENS_PER_S)
    rate = rate * np.where(arrays.server, calibration.server_frac, 1.0)
    rate = rate * throughput_shares(cases, arrays, question, np.where(batch > 0, batch, 1.0))
    best = best_entries(rate, arrays.own, arrays.first)
    found = PredictedServing(
        tokens_per_s=rate[best],
        tpot_s=np.broadcast_to(state.tpot_s, rate.shape)[best],
        group_count=np.asarray(arrays.layout.stage_count)[best],
    )
    if arrays.pools is not None:
        efficiency = efficiencies(arrays.pools.cases, arrays.pools, calibration)
        pooled = predict_disaggregated(arrays.pools, efficiency, calibration)
        for name in ("tokens_per_s", "tpot_s", "group_count"):
            getattr(found, name)[arrays.pools.place] = getattr(pooled, name)
    return found


def tpot_errors(cases: Sequence[InferenceCase], found: PredictedServing) -> dict[str, ErrorFigures | None]:
    """Errors of the time per output token of closed loops that tell it (servers tell that of their slowest users):
    of all, of two pools, and of groups of packages wider than a server."""
    measured = np.array([float(case.row.cells.get("tpot_measured_s") or np.nan) for case in cases])
    closed = np.array([case.row.scenario in (*CLOSED, *DISAGGREGATED) for case in cases])
    pooled = np.array([case.row.scenario in DISAGGREGATED for case in cases])
    told = closed & (measured > 0)
    groups = {"tpot": told, "tpot_disaggregated": told & pooled, "tpot_wide": told & (found.group_count > SERVER_COUNT)}
    error = found.tpot_s / measured - 1
    return {name: error_figures(error[rows]) if rows.any() else None for name, rows in groups.items()}


def _held_count(question: tokens.Deployment) -> Floats:
    """Requests that the memory of a measured run holds at a time; all where the weights alone are said not to fit,
    for it did run."""
    full = replace(question, efficiency=replace(question.efficiency, usable_memory_frac=FULL_FRAC))
    capacity = full.capacity_count()
    return np.where(capacity >= question.smallest_count(), capacity, np.inf)


def question_of(
    cases: Sequence[InferenceCase], arrays: Stacked, calibration: records.InferenceCalibration
) -> tokens.Deployment:
    """The cases as one question to the kernel; limits are the part of a server's that its mean may take."""
    spread = np.where(arrays.spread, calibration.output_spread_ratio, 1.0)
    return tokens.Deployment(
        machine=arrays.machine,
        model=arrays.model,
        efficiency=replace(efficiencies(cases, arrays, calibration), output_spread_ratio=spread),
        layout=arrays.layout,
        traffic=tokens.Traffic(
            input_tokens=arrays.input_tokens,
            output_tokens=arrays.output_tokens,
            tpot_s=arrays.tpot_limit_s * calibration.tpot_margin_frac,
            ttft_s=arrays.ttft_limit_s / calibration.ttft_margin_ratio,
            drafting=replace(
                arrays.drafting,
                accepted_frac=np.where(
                    arrays.closed, calibration.random_acceptance_frac, calibration.draft_acceptance_frac
                ),
                kept_ratio=np.where(arrays.closed, calibration.random_kept_ratio, calibration.draft_kept_ratio),
            ),
        ),
    )


def efficiencies(
    cases: Sequence[InferenceCase], arrays: Stacked | StackedPools, calibration: records.InferenceCalibration
) -> tokens.InferenceEfficiency:
    """Efficiencies of every entry; computed once for cases that share all that they depend on."""
    keys: dict[tuple[Any, ...], int] = {}
    found: list[tokens.InferenceEfficiency] = []
    place = []
    for case in cases:
        row = case.row
        key = (case.accelerator.id, case.model.id, case.precision, row.engine, row.release, row.year)
        if key not in keys:
            keys[key] = len(found)
            found.append(
                to_tokens.inference_efficiency(
                    calibration,
                    case.accelerator,
                    case.model,
                    case.precision,
                    engine=row.engine,
                    release=row.release,
                    age_years=age_years(calibration, row.year),
                )
            )
        place.append(keys[key])
    return tokens.take(tokens.stack(found), np.array(place, dtype=np.intp)[arrays.own])


@cache
def _base_year(text: str) -> float:
    day = date.fromisoformat(text)
    return day.year + (day.timetuple().tm_yday - 1) / DAYS_PER_YEAR


def age_years(calibration: records.InferenceCalibration, year: float | None) -> float:
    """How much older than the base date a measurement's software is; 0 where its date is not known."""
    return 0.0 if year is None else _base_year(calibration.base_date) - year


def baseline(cases: Sequence[InferenceCase]) -> Floats:
    """What a constant share of the roofline of each GPU and precision would say (NaN where there is one row alone).

    The roofline: two operations per active parameter and token of prompt and answer at the matrix peak. The share is
    the median over the other rows' of the same part and precision.
    """
    bound = np.array([_bound_tokens_per_s(case) for case in cases])
    share = np.array([case.measured for case in cases]) / bound
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for n, case in enumerate(cases):
        groups[case.accelerator.id, case.precision].append(n)
    found = np.full(len(cases), np.nan)
    for places in groups.values():
        if len(places) > 1:
            found[places] = float(np.median(share[places])) * bound[places]
    return found


def _bound_tokens_per_s(case: InferenceCase) -> float:
    peak = tokens.machine(to_tokens.chip(case.accelerator), case.precision).matrix_flops  # type: ignore[arg-type]
    active = tokens.active_params_count(to_tokens.transformer(case.model))
    return float(peak) / (2 * active * (1 + case.input_tokens / case.output_tokens))
