"""A fact that was recorded."""

from __future__ import annotations

from gigawatt.report import booked
from gigawatt.report.document import Document, Facts
from gigawatt.study.ledger.record import RecordedFact


def document(found: RecordedFact) -> Document:
    """What it says, by whom, by which document."""
    lead = f"Fact {found.number} is recorded." if found.added else f"Fact {found.number} says so already."
    digest = f", SHA-256 {found.source_sha256}" if found.source_sha256 else ""
    pairs = [
        ("says", found.says),
        ("happened", booked.moment(found.happened)),
        ("source", f"{found.source}{digest}"),
        ("recorded", f"{booked.moment(found.recorded)}, by {found.who}"),
    ]
    if found.corrects:
        pairs.append(("in place of", f"fact {found.corrects[: booked.HASH_DIGITS]}"))
    facts = Facts(name="fact", title=found.kind.capitalize(), pairs=tuple(pairs))
    return booked.told("A fact", found.head, lead, [facts, booked.kept(found.database, found.head_)])
