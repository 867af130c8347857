"""The accuracy page's part about dates that owners promised for power of their sites."""

from __future__ import annotations

from collections.abc import Sequence

from gigawatt.catalog import records
from gigawatt.report.formats import signed
from gigawatt.study.validate.lateness import (
    STAGES,
    Lateness,
    Reading,
    alike,
    default_slips,
    promises,
    slip_curve,
    slips_beyond,
)
from gigawatt.study.validate.score import Validation

TEXT = """
{name}: of {told} dates that were told for milestones of {sites} sites, {judged} have a later date, are overdue or were
withdrawn by {seen}. A date is kept until the end of the last quarter that was promised, and its slip are the quarters
after it, by how far the site had come when it was told. Of these milestones {came} came, so that the latest date of its
owner stands for each of the others: it may come in any quarter of that date which is not over. What was withdrawn is
late by at least what has passed. The distribution is the product-limit estimate of these, and a stage of fewer than
three dates takes all on its side of a contract. "First" and "last" take the first and the last quarter of every latest
date.

Predicted from the other sites alone, a date is {mean:.1f} quarters off in the mean; as announced it is {plain:.1f}.
These are few points of one programme in one year, held against words and not against power where it has not come.
Sites that were dropped before they had a date are not among them, owners may move their dates again, and of what is on
time less is told. The median of a stage is what a plan may take as its `slip` where its ramp is the latest that was
told; what power may be late on top of that is, in quarters and over all stages, {beyond}.
"""


def text(found: Validation, record: records.SiteSchedules) -> str:
    """What the page says of it."""
    told = promises(record)
    judged = [each for each in told if each.late_counts]
    mean, plain = (
        sum(abs((value or 0) - row.measured) for row, value in pairs) / max(len(found.scored), 1)
        for pairs in ([(row, row.p50) for row in found.scored], [(row, row.baseline) for row in found.scored])
    )
    came = sum(milestone.delivered is not None for milestone in record.milestones)
    return TEXT.format(
        name=record.name,
        judged=len(judged),
        told=len(told),
        sites=len({each.milestone.site for each in told}),
        seen=record.seen_date,
        came=came or "none",
        mean=mean,
        plain=plain,
        beyond=", ".join(f"{late} in {100 * share:.0f} %" for late, share in slips_beyond(told).items()),
    )


def stage_rows(record: records.SiteSchedules) -> list[list[str]]:
    """How late power comes by stage, in quarters, and what a plan takes."""
    told = promises(record)
    head = [
        "stage",
        "dates told",
        "judged",
        "taken with",
        "P10",
        "median",
        "P90",
        "median, first",
        "median, last",
        "slip",
    ]
    return [head, *(_stage(stage, told) for stage in STAGES if any(each.told.stage == stage for each in told))]


def _stage(stage: records.SiteStage, told: Sequence[Lateness]) -> list[str]:
    own = [each for each in told if each.told.stage == stage]
    readings: tuple[Reading, ...] = ("even", "least", "last")
    even, first, last = (slip_curve(alike(told, stage), reading) for reading in readings)
    counts = [str(len(own)), str(sum(bool(each.late_counts) for each in own))]
    if even is None or first is None or last is None:
        return [stage.replace("_", " "), *counts, *["–"] * 7]
    quarters = [even.within_count(share) for share in (0.1, 0.5, 0.9)]
    quarters += [first.within_count(0.5), last.within_count(0.5), default_slips(told)[stage]]
    return [stage.replace("_", " "), *counts, str(even.promises_count), *map(str, quarters)]


def point_rows(found: Validation) -> list[list[str]]:
    """Every date that is judged, with how late it is and how late the other sites would have it."""
    head = ["site", "promised", "stage", "told", "date", "now", "quarters late", "predicted", "error", "grade"]
    scored = {row.line: row for row in found.scored}
    rows = [head]
    for line, cells in enumerate(found.cells):
        if not cells["late_quarters"]:
            continue
        row = scored.get(line)
        late = "–" if row is None or row.baseline is None else f"{row.p50 - row.baseline:.0f}"
        error = "–" if row is None else signed(row.error_frac(row.p50))
        words = [cells[key] for key in ("site", "what", "stage", "said", "promised", "now", "late_quarters")]
        rows.append([*words[:2], words[2].replace("_", " "), *words[3:], late, error, cells["grade"]])
    return rows
