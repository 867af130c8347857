"""Published whole training runs, first token to last, against the GPU-hours that are predicted for them.

A row is answered as `predict training` answers: no row says its layout, so the fastest is searched. Hours are judged in
the unit of the rows, millions. A run that was fitted is marked, and what its error shows is no evidence; what
runs show that a refit had not seen is in the calibration, and said. The baseline is a constant share of the peak: the
median of measured steps of the part and format, without interruptions or anything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gigawatt.catalog.load import get
from gigawatt.catalog.records import RunCalibration
from gigawatt.errors import InputError
from gigawatt.readers.whole_run_rows import WholeRunRow, read_whole_run_rows
from gigawatt.study.answer import Head
from gigawatt.study.job import Job
from gigawatt.study.note import Note
from gigawatt.study.predict.question import TrainingQuestion
from gigawatt.study.predict.training import CALIBRATION as STEP_CALIBRATION
from gigawatt.study.predict.training import stepped
from gigawatt.study.predict.training_band import baseline_mfu_frac
from gigawatt.study.predict.training_cases import TrainingCase
from gigawatt.study.predict.training_whole_run import CALIBRATION, Conditions, bare_gpu_h, gpu_h_of, rate_of
from gigawatt.study.validate.question import ValidationQuestion
from gigawatt.study.validate.score import Scored, Skipped, Validation, judged, score, shipped
from gigawatt.tokens.train.steps import training_token_flop
from gigawatt.units import HOUR_S

GROUPS = ("gpu", "model", "engine", "source", "fitted")
# Hours of a row in the unit that they are stated in.
MILLION = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredRun:
    """A row that can be answered: its case, and the GPU-hours of its steps and interruptions with how sure they are.

    deviation_ratio: of the logarithm of the rate of its steps; baseline_h: None where no step of its kind was measured.
    """

    line: int
    row: WholeRunRow
    case: TrainingCase
    bare_h: float
    deviation_ratio: float
    baseline_h: float | None


def answer(question: ValidationQuestion, job: Job) -> Validation:
    """The errors over a file of published runs. Raises CatalogError where the file is not such a table."""
    job.say("predicting the published runs")
    return judged(validate_runs(Path(question.file or shipped("runs"))), question)


def validate_runs(path: Path) -> Validation:
    """Predict the GPU-hours of every run of a file and compare.

    Raises CatalogError where the file is not such a table.
    """
    rows, known = read_whole_run_rows(path), get("run_calibrations", CALIBRATION)
    measured, skipped = read_measured(rows)
    scored = [_scored(run, known) for run in measured]
    return Validation(
        head=Head(notes=_notes(scored, known)),
        scores=score(scored, skipped, groups=GROUPS, parameters_count=known.parameters_count),
        what="runs",
        cells=tuple(row.cells for row in rows),
        scored=tuple(scored),
        skipped=tuple(skipped),
    )


def read_measured(rows: Sequence[WholeRunRow]) -> tuple[list[MeasuredRun], list[Skipped]]:
    """The rows that can be answered, and why the others cannot."""
    answered, skipped = [], []
    for line, row in enumerate(rows):
        try:
            answered.append(_measured(line, row))
        except InputError as error:
            skipped.append(Skipped(line=line, reason=str(error.faults[0]), eligible=True))
    return answered, skipped


def _measured(line: int, row: WholeRunRow) -> MeasuredRun:
    calibration, held = get("training_calibrations", STEP_CALIBRATION), Conditions()
    question = TrainingQuestion(
        model=row.model,
        gpu=row.gpu,
        gpus_count=row.packages_count,
        precision=row.precision.lower() or "bf16",  # type: ignore[arg-type]
        tokens=row.run_tokens,
        sequence_tokens=row.sequence_tokens,
        batch_tokens=row.batch_tokens,
    )
    case, _, step = stepped(question, calibration)
    rate, constant = rate_of(case, step, calibration, held), baseline_mfu_frac(case, calibration)
    flop = row.run_tokens * float(training_token_flop(case.costs, case.sequence_tokens))
    return MeasuredRun(
        line=line,
        row=row,
        case=case,
        bare_h=bare_gpu_h(case, rate, row.run_tokens),
        deviation_ratio=rate.deviation_ratio,
        baseline_h=None if constant is None else flop / (constant * case.peak_flops) / HOUR_S,
    )


def _scored(run: MeasuredRun, calibration: RunCalibration) -> Scored:
    hours = gpu_h_of(run.bare_h, run.deviation_ratio, calibration).times(1 / MILLION)
    case = run.case
    return Scored(
        line=run.line,
        measured=run.row.package_hours_count / MILLION,
        p10=hours.p10,
        p50=hours.p50,
        p90=hours.p90,
        baseline=None if run.baseline_h is None else run.baseline_h / MILLION,
        stratum="runs",
        groups={
            "gpu": case.accelerator.id,
            "model": case.model.id,
            "engine": case.engine,
            "source": run.row.source,
            "fitted": "yes" if _identity(run.row) in _fitted() else "no",
        },
        note=f"{run.bare_h / MILLION:.4g} of steps and interruptions",
    )


def _fitted() -> set[tuple[str, float]]:
    """The runs that were fitted: those that ship."""
    return {_identity(row) for row in read_whole_run_rows(shipped("runs"))}


def _identity(row: WholeRunRow) -> tuple[str, float]:
    return row.model, row.package_hours_count


def _notes(scored: Sequence[Scored], known: RunCalibration) -> tuple[Note, ...]:
    """What a reader of the errors has to know: which runs were fitted, and what those show that were not."""
    fitted = sum(row.groups["fitted"] == "yes" for row in scored)
    left_out = (
        f"{fitted} of the rows answered were fitted. Each of the {known.rows_count} fitted runs, predicted from the "
        f"others alone, is {100 * known.left_out_mape_frac:.0f} % off in the mean; predicted over stated hours are "
        f"{known.left_out_median_ratio:.2f} in the median, and {100 * known.left_out_band_frac:.0f} % of the runs lie "
        "between P10 and P90."
    )
    return (Note(code="left_out", path="mape_frac", text=left_out),)
