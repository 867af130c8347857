"""Dates that owners told for power of their sites, held against what came, or against the latest date that they tell.

A row is one date that was told. It is judged in quarters from the one in which it was told to the one in which its
milestone came; where it has not come, to the middle of the latest date that is told for it. It is predicted as the date
itself with the slip of promises alike (`lateness`), of all sites but its own. The baseline is the date as announced.
Promises that are not due and have no later date say nothing yet, and those that were withdrawn have nothing to be held
against: both are outside of the coverage.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from gigawatt.catalog import load
from gigawatt.catalog.records import Evidence, SiteSchedules
from gigawatt.study.answer import Head
from gigawatt.study.job import Job
from gigawatt.study.note import Note
from gigawatt.study.validate.lateness import (
    HIGH_FRAC,
    LOW_FRAC,
    MEDIAN_FRAC,
    STAGES,
    Lateness,
    Reading,
    SlipCurve,
    alike,
    period,
    promises,
    slip_curve,
)
from gigawatt.study.validate.question import ValidationQuestion
from gigawatt.study.validate.score import Scored, Skipped, Validation, judged, score

SHIPPED = "stargate"
GROUPS = ("stage", "site", "source")
# Groups of the other validations, that dates do not have.
NO_GROUPS = ("gpu", "model", "engine")
UNSOURCED = "not on record"
# A promise and the evidence of it.
Known = tuple[Lateness, Evidence]


def answer(question: ValidationQuestion, job: Job) -> Validation:
    """The errors over a file of promised dates. Raises CatalogError where the file is not one."""
    job.say("predicting the promised dates")
    return judged(validate_schedules(Path(question.file) if question.file else None), question)


def validate_schedules(path: Path | None = None) -> Validation:
    """Predict when every promised milestone of a file comes, from the other sites, and compare.

    path: a TOML file as those of the catalog's schedules; None: the one that ships, as of the day on which the catalog
    is read. Raises CatalogError where the file is not one.
    """
    record: SiteSchedules = load.get("schedules", SHIPPED) if path is None else load.read_file(SiteSchedules, path)
    known = [(each, record.evidence[f"{each.path}.span_count"]) for each in promises(record, load.day_asked())]
    scored, skipped = _rows(known)
    return Validation(
        head=Head(notes=tuple(_notes(known, scored))),
        scores=score(scored, skipped, groups=GROUPS, parameters_count=0, no_groups=NO_GROUPS),
        what="schedules",
        cells=tuple(_cells(each, evidence) for each, evidence in known),
        scored=tuple(scored),
        skipped=tuple(skipped),
    )


def _rows(known: Sequence[Known]) -> tuple[list[Scored], list[Skipped]]:
    found = [each for each, _ in known]
    scored, skipped = [], []
    for line, (each, evidence) in enumerate(known):
        others = [other for other in found if other.milestone.site != each.milestone.site]
        curve = slip_curve(alike(others, each.told.stage))
        if not each.late_counts or each.is_censored:
            skipped.append(Skipped(line=line, reason=_reason(each), eligible=False))
        elif curve is None:
            skipped.append(Skipped(line=line, reason="no other site to learn from", eligible=True))
        else:
            scored.append(_scored(line, each, evidence, curve))
    return scored, skipped


def _reason(each: Lateness) -> str:
    return "has nothing yet to be held against" if not each.late_counts else "withdrawn or overdue, without a new date"


def _scored(line: int, each: Lateness, evidence: Evidence, curve: SlipCurve) -> Scored:
    p10, p50, p90 = (each.lead_count + curve.within_count(share) for share in (LOW_FRAC, MEDIAN_FRAC, HIGH_FRAC))
    came = each.lead_count + float(np.mean(each.late_counts))
    return Scored(
        line=line,
        measured=came,
        p10=p10,
        p50=p50,
        p90=p90,
        baseline=each.lead_count,
        stratum="schedules",
        groups={"stage": each.told.stage, "site": each.milestone.site, "source": _source(evidence)},
        note=f"promised {period(each.told)}, {each.why}: {_late(each)} quarters late",
        scale=max(came, 1.0),
    )


def _source(evidence: Evidence) -> str:
    return evidence.source.title if evidence.source else UNSOURCED


def _late(each: Lateness) -> str:
    first, last = each.late_counts[0], each.late_counts[-1]
    return f"{first} to {last}" if first < last else f"{'at least ' if each.is_censored else ''}{first}"


def _cells(each: Lateness, evidence: Evidence) -> Mapping[str, str]:
    """What was promised, when, by a site how far, what is known now, and how that is known."""
    return {
        "site": each.milestone.site,
        "what": each.milestone.what,
        "stage": each.told.stage,
        "said": each.told.said_date,
        "promised": period(each.told),
        "now": each.why,
        "late_quarters": _late(each) if each.late_counts else "",
        "grade": evidence.grade,
        "source": _source(evidence),
    }


def _notes(known: Sequence[Known], scored: Sequence[Scored]) -> Iterator[Note]:
    """How late power comes by stage, and how far predictions and announcements were off, in quarters."""
    found = [each for each, _ in known]
    for stage in STAGES:
        own = sum(bool(each.late_counts) for each in found if each.told.stage == stage)
        curves = [slip_curve(alike(found, stage), reading) for reading in _READINGS]
        if own and None not in curves:
            yield Note(code="slips", path=f"by.stage.{stage}", text=_told(stage, own, [c for c in curves if c]))
    if scored:
        off = np.mean([[abs(row.p50 - row.measured), abs((row.baseline or 0) - row.measured)] for row in scored], 0)
        yield Note(
            code="left_out",
            path="mape_frac",
            text=f"Each site predicted from the others alone: {off[0]:.1f} quarters off in the mean, where the date as "
            f"announced is {off[1]:.1f}. What has not come is held against the middle of its owner's latest date, "
            "which may move again. Errors in percent are of the time from the quarter in which a date was told.",
        )


_READINGS: tuple[Reading, ...] = ("even", "least", "last")


def _told(stage: str, own: int, curves: Sequence[SlipCurve]) -> str:
    """The distribution of one stage in a sentence."""
    even, least, last = curves
    low, middle, high = (even.within_count(share) for share in (LOW_FRAC, MEDIAN_FRAC, HIGH_FRAC))
    bounds = f"{least.within_count(MEDIAN_FRAC)} to {last.within_count(MEDIAN_FRAC)}"
    promised = "1 promise" if own == 1 else f"{own} promises"
    pooled = f", taken with others to {even.promises_count}" if even.promises_count > own else ""
    return (
        f"{stage.replace('_', ' ')}: {promised}{pooled}; late by {middle} quarters in the median ({bounds} by the "
        f"first and the last quarter of every latest date), {low} in P10 and {high} in P90."
    )
