"""Measured training runs against the kernel with a calibration.

What a row measures is compared: tokens per second and package where it has them, else model FLOPs per second, else
their share of the dense peak. Of a whole run ("end to end" in its source) that is what its steps are, less what such a
run spends beside them. Rows of another kind (images, fine-tuning, a time to train alone) are outside of
the coverage; rows of language-model pre-training whose part, model, format or layout is not known lower it.
The baseline is a constant share of the peak: the median of the fitted rows of the part and format, else of its
architecture and format.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gigawatt.catalog.load import get
from gigawatt.catalog.records import TrainingCalibration
from gigawatt.errors import InputError
from gigawatt.readers.training_rows import TrainingRow, read_training_rows
from gigawatt.study.job import Job
from gigawatt.study.predict.band import Band, log_normal
from gigawatt.study.predict.training_band import band, baseline_mfu_frac, deviation_ratio, extrapolations
from gigawatt.study.predict.training_cases import (
    CaseTable,
    TrainingCase,
    case_of,
    fastest_layouts,
    possible_layouts,
    table_of,
    tokens_per_s,
)
from gigawatt.study.predict.training_whole_run import CALIBRATION as RUN_CALIBRATION
from gigawatt.study.predict.training_whole_run import Conditions, goodput_of, share_of
from gigawatt.study.validate.question import ValidationQuestion
from gigawatt.study.validate.score import Scored, Skipped, Validation, judged, score, shipped
from gigawatt.tokens.train.records import Layout
from gigawatt.tokens.train.steps import training_token_flop
from gigawatt.units import HOUR_S

CALIBRATION = "as-of-2026"
GROUPS = ("gpu", "model", "engine", "source")
TUNING = ("lora", "sft", "fine-tun", "finetun")
# Benchmarks that train no language model by its next token.
IMAGES = ("stable_diffusion", "flux", "retinanet", "resnet", "ssd", "unet", "3d-unet", "maskrcnn")
WHOLE_RUN = "end to end"
OTHER_WORK = (*IMAGES, "dlrm", "bert", "rgat", "rnnt", "gnn", "minigo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A row that can be answered: its case, layouts, and what was measured, as such and as tokens per second.

    unit_ratio: the row's own quantity per token per second and package; token_flop: model FLOPs of a token.
    """

    line: int
    row: TrainingRow
    case: TrainingCase
    layouts: Layout
    measured: float
    unit_ratio: float
    token_flop: float

    @property
    def whole_run(self) -> bool:
        """Whether it is of a whole run, from the first token to the last, and not of steps."""
        return WHOLE_RUN in self.row.source.lower()

    @property
    def tokens_per_s(self) -> float:
        """What was measured as tokens per second and package."""
        return self.measured / self.unit_ratio


def answer(question: ValidationQuestion, job: Job) -> Validation:
    """The errors over a file of measured runs. Raises CatalogError where the file is not such a table."""
    job.say("predicting the measured runs")
    return judged(validate_training(Path(question.file or shipped("training"))), question)


def validate_training(path: Path) -> Validation:
    """Predict every run of a file of measured runs and compare.

    Raises CatalogError where the file is not such a table.
    """
    rows, known = read_training_rows(path), get("training_calibrations", CALIBRATION)
    measured, skipped = read_measured(rows, known)
    scored = scores(measured, known)
    return Validation(
        scores=score(scored, skipped, groups=GROUPS, parameters_count=known.parameters_count),
        what="training",
        cells=tuple(row.cells for row in rows),
        scored=tuple(scored),
        skipped=tuple(skipped),
    )


def read_measured(
    rows: Sequence[TrainingRow], calibration: TrainingCalibration
) -> tuple[list[Measured], list[Skipped]]:
    """The rows that can be answered, and why the others cannot."""
    answered, skipped = [], []
    for line, row in enumerate(rows):
        outside = _outside(row)
        try:
            found = None if outside else _measured(line, row, calibration)
        except InputError as error:
            skipped.append(Skipped(line=line, reason=str(error.faults[0]), eligible=True))
            continue
        if found is not None:
            answered.append(found)
        else:
            reason = outside or "no layout of these packages has a sequence for every copy"
            skipped.append(Skipped(line=line, reason=reason, eligible=not outside))
    return answered, skipped


def _outside(row: TrainingRow) -> str:
    """Why a row is of another kind; empty for pre-training of a language model with a throughput."""
    name = f"{row.source} {row.model}".lower()
    if row.model.lower().startswith(OTHER_WORK):
        return "no language model"
    if any(word in name for word in TUNING):
        return "fine-tuning"
    if row.tokens_per_s is None and row.achieved_flops is None and row.mfu_frac is None:
        return "a time to train alone"
    return ""


def _measured(line: int, row: TrainingRow, calibration: TrainingCalibration) -> Measured | None:
    case = case_of(row, calibration)
    peak = case.peak_flops
    flop = float(training_token_flop(case.costs, case.sequence_tokens))
    if row.tokens_per_s is not None:
        value, ratio = row.tokens_per_s, 1.0
    elif row.achieved_flops is not None:
        value, ratio = row.achieved_flops, flop
    else:
        value, ratio = row.mfu_frac or 0.0, flop / peak
    layouts = possible_layouts(case)
    if not np.size(layouts.data_count):
        return None
    return Measured(line=line, row=row, case=case, layouts=layouts, measured=value, unit_ratio=ratio, token_flop=flop)


def table(measured: Sequence[Measured]) -> CaseTable:
    """The cases of rows, side by side."""
    return table_of([row.case for row in measured], [row.layouts for row in measured])


def scores(measured: Sequence[Measured], calibration: TrainingCalibration) -> list[Scored]:
    """Every row with what the kernel predicts of it."""
    if not measured:
        return []
    found = table(measured)
    layout, fit = fastest_layouts(found, calibration)
    rates = tokens_per_s(found, calibration, layout)
    answers = zip(measured, rates.tolist(), fit.tolist(), strict=True)
    return [_scored(row, rate, enough, calibration) for row, rate, enough in answers]


def _of_whole_run(row: Measured, rate_tokens_per_s: float, calibration: TrainingCalibration) -> Band:
    """The rate of a whole run in the row's unit: a run of middle size where the row does not tell its tokens."""
    known, goodput = get("run_calibrations", RUN_CALIBRATION), goodput_of(row.case, Conditions())
    hours = known.middle_package_hours_count
    if "run_tokens" in row.row.conditions:
        hours = row.row.conditions["run_tokens"] / (rate_tokens_per_s * goodput) / HOUR_S
    wide = math.hypot(deviation_ratio(row.case, calibration), known.deviation_ratio)
    return log_normal(rate_tokens_per_s * goodput * share_of(hours, known) * row.unit_ratio, wide)


def _scored(row: Measured, rate_tokens_per_s: float, fits: bool, calibration: TrainingCalibration) -> Scored:
    case, of_steps = row.case, rate_tokens_per_s * row.unit_ratio
    found = band(of_steps, case, calibration)
    if row.whole_run:
        found = _of_whole_run(row, rate_tokens_per_s, calibration)
    constant = baseline_mfu_frac(case, calibration)
    notes = extrapolations(case, calibration) + ([] if fits else ["more memory than the model of memory allows"])
    engine = case.engine or row.row.source
    return Scored(
        line=row.line,
        measured=row.measured,
        p10=found.p10,
        p50=found.p50,
        p90=found.p90,
        baseline=None if constant is None else constant * case.peak_flops / row.token_flop * row.unit_ratio,
        stratum=f"{engine} {case.model.id}",
        groups={"gpu": case.accelerator.id, "model": case.model.id, "engine": engine, "source": row.row.source},
        note="; ".join(notes),
    )
