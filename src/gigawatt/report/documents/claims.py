"""Claims held against what is computed: all in a table, then each with what it hangs on and where it comes from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from gigawatt.report.document import Column, Document, Facts, Paragraph, Section, Table
from gigawatt.report.formats import cell, scale
from gigawatt.study.claims.answer import CheckedClaims
from gigawatt.study.claims.claim import Claim, ClaimRow, Computed
from gigawatt.study.dates import by_end, quarter, spoken
from gigawatt.study.job import HASH_LENGTH
from gigawatt.study.numbers import CitedSource
from gigawatt.units import BARE, SUFFIXES

# How many claims have each verdict, in words.
COUNTED = {"holds": "hold", "holds_if": "hold on a condition", "fails": "fail"}
VERDICTS = {"holds": "holds", "holds_if": "holds if", "fails": "fails"}
TONES = {"holds": "good", "holds_if": "fair", "fails": "bad"}


def document(found: CheckedClaims) -> Document:
    """The announcement, checked."""
    head, several = found.head, len(found.claims) > 1
    counts = Counter[str](claim.verdict for claim in found.claims)
    lead = ", ".join(f"{counts[verdict]} {word}" for verdict, word in COUNTED.items() if counts[verdict])
    overview = Section(slug="all", title="All claims", parts=(_overview(found.claims),) if several else ())
    return Document(
        title="The announcement, checked",
        names=(head.scenario or "", (head.hash or "")[:HASH_LENGTH]),
        lead=f"Of {len(found.claims)} claims {lead}." if several else "",
        sections=(overview, *(_claim(claim) for claim in found.claims)),
        notes=tuple(spoken(note.text) for note in head.notes),
        sources=_cited(found.claims),
        made=f"Gigawatt {head.gigawatt}",
    )


def _overview(found: Sequence[Claim]) -> Table:
    """Every claim on one line: what is stated, what is computed, the verdict."""
    columns = tuple(Column(title=title) for title in ("Claim", "Stated", "Computed", "Verdict"))
    rows = tuple(
        (claim.id, with_unit(claim.stated.value, claim.stated.unit), span(claim.computed), VERDICTS[claim.verdict])
        for claim in found
    )
    return Table(name="claims", title="Stated and computed", columns=columns, rows=rows)


def _claim(claim: Claim) -> Section:
    """One claim: its verdict, and the figures behind it."""
    pairs = [
        ("said by", claim.speaker),
        ("stated", with_unit(claim.stated.value, claim.stated.unit)),
        ("computed", span(claim.computed)),
        ("if", claim.assumption),
        *(("source", source.title or source.url) for source in claim.sources),
    ]
    said = tuple((term, spoken(text)) for term, text in pairs if text)
    word, slug = VERDICTS[claim.verdict].capitalize(), claim.id.replace("_", "-")
    verdict = Paragraph(text=f"{word}: {claim.claim}", tone=TONES[claim.verdict])
    facts = Facts(name=slug, title="", pairs=said)
    titles = ("Figure", "Computed", "Note") if any(row.note for row in claim.rows) else ("Figure", "Computed")
    rows = tuple((row.label, spoken(span(row)), row.note)[: len(titles)] for row in claim.rows)
    columns = tuple(Column(title=title) for title in titles)
    behind = Table(name=f"{slug}-figures", title=f"Figures behind {claim.id}", columns=columns, rows=rows)
    return Section(slug=slug, title=claim.id, parts=(verdict, facts, *((behind,) if rows else ())))


def _cited(found: Sequence[Claim]) -> tuple[CitedSource, ...]:
    """Each source once, with how many claims rest on it."""
    counts = Counter((s.title, s.url, s.date) for claim in found for s in claim.sources)
    return tuple(
        CitedSource(title=title, url=url, date=date, numbers_count=count)
        for (title, url, date), count in sorted(counts.items())
    )


def span(found: Computed | ClaimRow) -> str:
    """ "4 to 5 (4.4)" with its unit: low, high and the middle; one figure where they agree."""
    low, high, unit = found.low, found.high, found.unit
    mid = found.mid if isinstance(found, Computed) else None
    if unit == "date" and low is not None and high is None:
        return f"{with_unit(low, unit)} or never"
    if low is None or high is None or low == high:
        return with_unit(mid if mid is not None else low, unit)
    middle = f", {_further(mid, unit)} in the middle" if mid is not None else ""
    return f"{with_unit(low, unit)} to {_further(high, unit)}{middle}"


def _further(value: float | str, unit: str) -> str:
    """A figure of a range whose first one has said what a date is."""
    return quarter(str(value)) if unit == "date" else with_unit(value, unit)


def with_unit(value: float | str | None, unit: str) -> str:
    """A figure of a claim: its unit is a suffix of units.SUFFIXES or written out."""
    if value is None or isinstance(value, str):
        return by_end(value) if value and unit == "date" else value or "–"
    if unit in BARE and abs(value) >= 1e6:
        whole = scale("count", [value])
        return f"{cell(value / whole.size, 'count')} {whole.unit}"
    return cell(value, unit) if unit in SUFFIXES else f"{cell(value, 'count')} {unit}".strip()
