"""What came of a file: what was added, what was there, what was refused and why."""

from __future__ import annotations

from collections import Counter

from gigawatt.report import booked
from gigawatt.report.document import Depth, Document, Facts, Section, table
from gigawatt.report.formats import cell
from gigawatt.study.ledger.taking import ImportedFile

# Kinds of refusals that a terminal shows, and lines of each.
SHOWN = 8


def document(found: ImportedFile) -> Document:
    """An import as it is told."""
    tail = [_refused(found)] if found.rejected_count else []
    parts = (_facts(found), booked.kept(found.database, found.head_))
    return booked.told(f"{found.file}, {found.kind}", found.head, _lead(found), parts, tail)


def _lead(found: ImportedFile) -> str:
    said = f"{found.added:,} readings and events {'would be' if found.dry_run else 'were'} added"
    said += f", {found.corrected:,} of them in place of earlier ones" if found.corrected else ""
    return f"{said}; {found.duplicates:,} were there already; {found.rejected_count:,} lines were refused."


def _facts(found: ImportedFile) -> Facts:
    totals = found.totals
    pairs = [
        ("GPU-hours", totals.gpu_h, "count"),
        ("energy", totals.energy_wh, "wh"),
        ("cost", totals.usd, "usd"),
        ("tokens", totals.tokens, "tokens"),
    ]
    told = [(name, cell(value, suffix)) for name, value, suffix in pairs if value is not None]
    if found.first is not None:
        told.insert(0, ("time", f"{booked.moment(found.first)} to {booked.moment(found.last)}"))
    if found.numbers:
        told.append(("facts", ", ".join(found.numbers)))
    return Facts(name="totals", title="", pairs=tuple(told))


def _refused(found: ImportedFile) -> Section:
    """Reasons with how often and where first; every line for files."""
    by = Counter(one.reason for one in found.rejected)
    first = {one.reason: one.line for one in reversed(found.rejected)}
    reasons = [(reason, count, first[reason]) for reason, count in by.most_common()]
    heads = {"Reason": "", "Lines": "count", "First line": "count"}
    lines = [(str(one.line), one.reason) for one in found.rejected]
    return Section(
        slug="refused",
        title="What was refused",
        parts=(
            table("reasons", "Reasons", heads, reasons, brief_rows=SHOWN),
            table("lines", "Lines", {"Line": "", "Reason": ""}, lines, depth=Depth.FULL),
        ),
    )
