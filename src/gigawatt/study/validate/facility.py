"""Published PUE and water use against the model of power and heat, at the facility that stands for each operator.

A row is judged in its own unit: a range by its middle, a course by its last figure. Rows about anything else
are outside of the coverage; PUE and water of an operator that no facility of the catalog stands for lower it. Where
nothing is used (dry coolers), an error is a share of what cooling towers use. The baseline is the median of the other
rows of the same metric, which knows no plant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from gigawatt.readers.facility_rows import read_facility_rows
from gigawatt.study.answer import Head
from gigawatt.study.job import Job
from gigawatt.study.note import Note
from gigawatt.study.validate.facility_cases import LEAST_PUE, FacilityCase, cases_of, predict
from gigawatt.study.validate.question import ValidationQuestion
from gigawatt.study.validate.score import Scored, Scores, Validation, errors_by, judged, score, shipped

GROUPS = ("metric", "plant", "facility", "fitted", "source")
# Groups of the other validations, that facilities do not have.
NO_GROUPS = ("gpu", "model", "engine")
# The facility whose water use errors are a share of, where none was published.
WET_FACILITY = "towers"
# Numbers that are fitted to one metric of a fleet with regions, and of other facilities.
OF_REGIONS_COUNT, OF_ONE_COUNT = 2, 1


def answer(question: ValidationQuestion, job: Job) -> Validation:
    """The errors over a file of published figures. Raises what `validate_facility` does."""
    job.say("predicting the published figures")
    return judged(validate_facility(Path(question.file or shipped("pue"))), question)


def validate_facility(path: Path) -> Validation:
    """Predict every PUE and water use of a file of published figures and compare.

    Raises CatalogError where the file is not one, or a figure is none that a facility can have.
    """
    rows = read_facility_rows(path)
    cases, skipped = cases_of(rows)
    scored = [_scored(case, cases) for case in cases]
    scores = score(scored, skipped, groups=GROUPS, parameters_count=_parameters_count(cases), no_groups=NO_GROUPS)
    return Validation(
        head=Head(notes=_notes(scored)),
        scores=_with_parts(scores, scored),
        what="facility",
        cells=tuple(row.cells for row in rows),
        scored=tuple(scored),
        skipped=tuple(skipped),
    )


def _parameters_count(cases: Sequence[FacilityCase]) -> int:
    """Numbers of the plants that were fitted to some of these rows."""
    fitted = {(case.facility.id, case.metric): case.facility.regions for case in cases if case.fitted}
    return sum(OF_REGIONS_COUNT if regions else OF_ONE_COUNT for regions in fitted.values())


def _with_parts(scores: Scores, scored: Sequence[Scored]) -> Scores:
    """The figures with those of the overhead and of water, each by facility."""
    overheads = [_overhead(row) for row in scored if row.stratum == "pue" and row.measured > LEAST_PUE]
    water = [row for row in scored if row.stratum == "water"]
    errors = [abs(row.error_frac(row.p50)) for row in overheads]
    return replace(
        scores,
        overhead_mape_frac=float(np.mean(errors)) if errors else None,
        by={**scores.by, "overhead": errors_by(overheads, "facility"), "water": errors_by(water, "facility")},
    )


def _overhead(row: Scored) -> Scored:
    """A row of PUE as one of PUE − 1."""
    figures = {name: getattr(row, name) - LEAST_PUE for name in ("measured", "p10", "p50", "p90")}
    return replace(row, **figures, baseline=None if row.baseline is None else row.baseline - LEAST_PUE)


def _scored(case: FacilityCase, cases: Sequence[FacilityCase]) -> Scored:
    band = case.prediction
    others = [other.figure.value * other.unit for other in cases if other.metric == case.metric and other is not case]
    wet_l_per_wh = predict(WET_FACILITY, "water").middle
    how = [part for part in (case.figure.how, "fitted" if case.fitted else "") if part]
    return Scored(
        line=case.line,
        measured=case.figure.value,
        p10=band.low / case.unit,
        p50=band.middle / case.unit,
        p90=band.high / case.unit,
        baseline=float(np.median(others)) / case.unit if others else None,
        stratum=case.metric,
        groups={
            "metric": case.metric,
            "plant": case.facility.cooling,
            "facility": case.facility.id,
            "fitted": "yes" if case.fitted else "no",
            "source": case.row.publisher,
        },
        note="; ".join(how),
        scale=None if case.figure.value else wet_l_per_wh / case.unit,
    )


def _notes(scored: Sequence[Scored]) -> tuple[Note, ...]:
    """What a reader of the mean error has to know: rows of zero, whose errors are shares of something else."""
    zeros = [row for row in scored if row.scale is not None]
    rest = [abs(row.error_frac(row.p50)) for row in scored if row.scale is None]
    if not zeros:
        return ()
    without = f"{100 * np.mean(rest):.1f} %" if rest else "none"
    text = (
        f"About nothing is used in {len(zeros)} of the rows: their error is a share of what cooling towers use. "
        f"Without them the mean error is {without}."
    )
    return (Note(code="zero_rows", path="value", text=text),)
