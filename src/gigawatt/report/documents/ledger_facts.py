"""Facts, with the numbers by which they are corrected."""

from __future__ import annotations

from gigawatt.report import booked
from gigawatt.report.document import Document, Section, table
from gigawatt.study.ledger.listing import ListedFact, ListedFacts


def document(found: ListedFacts) -> Document:
    """A line a fact."""
    heads = dict.fromkeys(("Fact", "Kind", "Happened, UTC", "What", "By", "Recorded, UTC", "Source", "Hash"), "")
    shown = table("facts", "Facts", heads, [_row(fact) for fact in found.facts], brief_columns=(0, 1, 2, 3, 4))
    count = len(found.facts)
    facts = "fact" if found.facts_count == 1 else "facts"
    lead = f"{found.facts_count:,} {facts}" + (f", the last {count:,} of them." if count < found.facts_count else ".")
    return Document(
        title="Facts of the ledger",
        names=booked.names(found.head),
        lead=lead,
        sections=(Section(slug="facts", title="Facts", parts=(shown, booked.kept(found.database, found.head_))),),
        notes=tuple(note.text for note in found.head.notes),
        made=f"Gigawatt {found.head.gigawatt}",
    )


def _row(fact: ListedFact) -> tuple[str, ...]:
    says = fact.says
    if fact.corrects_number is not None:
        says = f"{says} (in place of {fact.corrects_number})"
    if fact.corrected_number is not None:
        says = f"{says} (fact {fact.corrected_number} stands in its place)"
    times = [booked.moment(at).removesuffix(" UTC") for at in (fact.happened, fact.recorded)]
    return (
        *(str(fact.number), fact.kind, times[0], says, fact.who, times[1], fact.source),
        fact.hash[: booked.HASH_DIGITS],
    )
