"""Times to the first token, held against what clients of measured servers waited; times per token beside them.

Every row is a run of the request simulator with the step times of the model of inference. What lies between it and a
client is fitted: the speed of prompts, apart from that of answers, and the time in front of the engine. The baseline is
the closed form of the steady state.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gigawatt.catalog import load, records
from gigawatt.ndarrays import Floats
from gigawatt.study.job import Job
from gigawatt.study.predict.band import log_normal
from gigawatt.study.validate.inference import CALIBRATION
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
from gigawatt.study.validate.serving_cases import LatencyCase, read_serving
from gigawatt.study.validate.serving_runs import LatencyRun, runs_of, simulated

# Errors that are told beside those of all times to the first token.
ALSO = ("tpot", "ttft_closed", "tpot_closed", "ttft_disaggregated", "tpot_disaggregated", "ttft_p99", "tpot_p99")
GROUPS = ("gpu", "model", "engine", "source")
SERVING = "as-of-2026"


def answer(question: ValidationQuestion, job: Job) -> Validation:
    """The errors over a file of measured times. Raises CatalogError where the file is not one."""
    job.say("predicting the measured runs")
    return judged(validate_serving(Path(question.file or shipped("serving"))), question)


def validate_serving(
    path: Path,
    calibration: records.ServingCalibration | None = None,
    inference: records.InferenceCalibration | None = None,
) -> Validation:
    """Simulate every row of a file of measured times and compare.

    Raises CatalogError where the file is not one.
    """
    used: records.ServingCalibration = calibration or load.load("serving_calibrations", SERVING)
    speeds: records.InferenceCalibration = inference or load.load("inference_calibrations", CALIBRATION)
    rows, cases, skipped = read_serving(path)
    scored: list[Scored] = []
    also: dict[str, ErrorFigures | None] = dict.fromkeys(ALSO)
    if cases:
        asked = runs_of(cases, speeds, used)
        pairs = [(case, run) for case, run in zip(cases, asked, strict=True) if run is not None]
        skipped += [
            Skipped(line=case.line, reason="no layout holds the model", eligible=True)
            for case, run in zip(cases, asked, strict=True)
            if run is None
        ]
        found = predict([run for _, run in pairs], used)
        scored = [_scored(case, run, float(at), used) for (case, run), at in zip(pairs, found[:, 0], strict=True)]
        also = _also([case for case, _ in pairs], found)
    return Validation(
        scores=score(scored, skipped, groups=GROUPS, parameters_count=used.parameters_count + speeds.parameters_count),
        also=also,
        what="serving",
        cells=tuple(row.cells for row in rows),
        scored=tuple(scored),
        skipped=tuple(skipped),
    )


def predict(runs: Sequence[LatencyRun], calibration: records.ServingCalibration) -> Floats:
    """Times to the first token and per token [s] of every run."""
    factors = {(each.family, each.name): each for each in calibration.offsets}
    found = []
    for run in runs:
        own = [factors[pair] for pair in run.families.items() if pair in factors]
        ratio = calibration.prefill_ratio * np.prod([each.prefill_ratio for each in own])
        front_s = calibration.frontend_s * np.prod([each.frontend_ratio for each in own])
        ttft_s, tpot_s = simulated(run, float(ratio), calibration)
        found.append((min(ttft_s + float(front_s), run.ttft_limit_s), tpot_s))
    return np.array(found, dtype=float)


def _also(cases: Sequence[LatencyCase], found: Floats) -> dict[str, ErrorFigures | None]:
    """Errors of the time per token, and both errors of closed loops, of two pools, and of servers' slowest requests."""
    measured = np.array([(case.ttft_s, case.tpot_s) for case in cases]).reshape(-1, 2)
    pooled, slowest = (np.array(each, dtype=bool) for each in zip(*map(_kinds, cases), strict=True))
    kinds = {"closed": ~slowest, "disaggregated": pooled, "p99": slowest}
    error = found.reshape(-1, 2) / measured - 1
    both = {
        f"{name}_{kind}": error_figures(error[rows, n])
        for kind, rows in kinds.items()
        for n, name in enumerate(("ttft", "tpot"))
    }
    return {"tpot": error_figures(error[:, 1])} | both


def _kinds(case: LatencyCase) -> tuple[bool, bool]:
    return case.pooled, case.statistic == "p99"


def _scored(case: LatencyCase, run: LatencyRun, predicted_s: float, calibration: records.ServingCalibration) -> Scored:
    row = case.served.row
    deviation, unknown = _deviation_ratio(run, row.engine, case.served.model.id, calibration)
    band = log_normal(predicted_s, deviation)
    return Scored(
        line=case.line,
        measured=case.ttft_s,
        p10=band.p10,
        p50=band.p50,
        p90=band.p90,
        baseline=run.closed_form_s,
        stratum=row.scenario,
        groups={
            "gpu": case.served.accelerator.id,
            "model": case.served.model.id,
            "engine": row.engine,
            "source": re.split(" via |@", row.source)[0],
        },
        note=unknown,
    )


def _deviation_ratio(
    run: LatencyRun, engine: str, model: str, calibration: records.ServingCalibration
) -> tuple[float, str]:
    """Deviation of the logarithm of a prediction, wider for an engine with a model that no fitted row has."""
    spreads = {spread.name: spread.deviation_ratio for spread in calibration.spreads}
    fitted = {each.name for each in calibration.offsets if each.family == "engine_model"}
    unknown = run.families["engine_model"] not in fitted
    added = calibration.extrapolation_ratio if unknown else 0.0
    return float(np.hypot(spreads.get(engine, spreads["all"]), added)), f"outside of the fit: {model}" * unknown
