"""Whether a ledger is what it was."""

from __future__ import annotations

from gigawatt.report import booked
from gigawatt.report.document import Document, Facts, Paragraph, Part
from gigawatt.study.ledger.verifying import VerifiedLedger


def document(found: VerifiedLedger) -> Document:
    """The verdict, and what it rests on."""
    held = "" if found.head_number is None else f" The head that was kept is that of fact {found.head_number}."
    if found.ok:
        verdict = Paragraph(text=f"Every fact is what it was.{held}", tone="good")
    else:
        where = "" if found.first_bad is None else f"fact {found.first_bad}: "
        verdict = Paragraph(text=f"The ledger is not what it was: {where}{found.reason}.{held}", tone="bad")
    pairs = (("facts that follow each other", f"{found.facts:,}"), ("readings in them", f"{found.readings:,}"))
    facts = Facts(name="chain", title="", pairs=pairs)
    parts: list[Part] = [verdict, facts, booked.kept(found.database, found.head_)]
    return booked.told("Proof of the ledger", found.head, "", parts, done="What was found")
