"""A milestone after somebody approved it, or its tranche was paid."""

from __future__ import annotations

from gigawatt.report import booked
from gigawatt.report.document import Document, Facts, Part
from gigawatt.report.documents.ledger_status import awaited, evidence
from gigawatt.report.formats import cell
from gigawatt.study.ledger.releasing import ReleasedMilestone


def document(found: ReleasedMilestone) -> Document:
    """What was said, and what the milestone stands on."""
    row, power = found.milestone, cell(found.milestone.milestone_w, "w")
    pairs = [
        ("tranche", cell(row.amount_usd, "usd")),
        ("counts", f"{cell(row.counted_w, 'w')}, where {power} is needed"),
        ("approved by", ", ".join(row.approved_by) or "nobody"),
    ]
    if row.disbursed_usd is not None:
        paid = f"{cell(row.disbursed_usd, 'usd')}, {booked.moment(row.disbursed_at)}, by {row.disbursed_by}"
        pairs.append(("disbursed", paid))
    if found.number is not None:
        pairs.append(("fact", f"{found.number}, by {found.who}"))
    facts = Facts(name="milestone", title="", pairs=tuple(pairs))
    parts: list[Part] = [facts, evidence(row.evidence, row.power_basis), booked.kept(found.database, found.head_)]
    return booked.told(f"Milestone {row.number}, {power}", found.head, _lead(found), parts)


def _lead(found: ReleasedMilestone) -> str:
    """What is recorded, or was before, and what comes next."""
    row = found.milestone
    name = f"milestone {row.number}, {cell(row.milestone_w, 'w')}"
    before = "" if found.added else " before"
    if found.done == "disburse":
        return f"Disbursed{before}: {cell(row.amount_usd, 'usd')} of {name}."
    return f"Approved by {found.who}{before}: {name}. It is {awaited(row)}."
