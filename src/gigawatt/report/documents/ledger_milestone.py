"""A milestone after somebody approved it, or its tranche was paid."""

from __future__ import annotations

from gigawatt.report import booked
from gigawatt.report.document import Document, Facts, Part
from gigawatt.report.documents.ledger_status import evidence, standing
from gigawatt.report.formats import cell
from gigawatt.study.ledger.releasing import ReleasedMilestone


def document(found: ReleasedMilestone) -> Document:
    """What was said, and what the milestone stands on."""
    row, power = found.milestone, cell(found.milestone.milestone_w, "w")
    word = "approved" if found.done == "approve" else "disbursed"
    before = "" if found.added else " before; nothing was added"
    lead = f"Milestone {row.number}, {power}, was {word}{before}. It is {standing(row)}."
    pairs = [
        ("tranche", cell(row.amount_usd, "usd")),
        ("counts", f"{cell(row.counted_w, 'w')} of {power}"),
        ("approved by", ", ".join(row.approved_by) or "nobody"),
    ]
    if row.disbursed_usd is not None:
        paid = f"{cell(row.disbursed_usd, 'usd')}, {booked.moment(row.disbursed_at)}, by {row.disbursed_by}"
        pairs.append(("disbursed", paid))
    if found.number is not None:
        pairs.append(("fact", f"{found.number}, by {found.who}"))
    facts = Facts(name="milestone", title="", pairs=tuple(pairs))
    parts: list[Part] = [facts, evidence(row.evidence, row.power_basis), booked.kept(found.database, found.head_)]
    return booked.told(f"Milestone {row.number}, {power}", found.head, lead, parts)
