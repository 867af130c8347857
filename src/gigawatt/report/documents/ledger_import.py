"""What came of a file: what was added, what was there, what was refused and why."""

from __future__ import annotations

from collections import Counter

from gigawatt.report import booked
from gigawatt.report.document import Depth, Document, Facts, Section, table
from gigawatt.report.formats import cell
from gigawatt.study.ledger.taking import ImportedFile

# Kinds of refusals that a terminal shows, and lines of each.
SHOWN = 8
# Kinds of files whose lines are facts, one each.
FACTS = ("sites", "records")


def document(found: ImportedFile) -> Document:
    """An import as it is told."""
    tail = [_refused(found)] if found.rejected_count else []
    parts = (_facts(found), booked.kept(found.database, found.head_))
    return booked.told(f"{found.file}, {found.kind}", found.head, _lead(found), parts, tail)


def _lead(found: ImportedFile) -> str:
    what = "facts" if found.kind in FACTS else "readings and events"
    said = f"{found.added:,} {what} {'would be' if found.dry_run else 'were'} added"
    said += f", {found.corrected:,} of them in place of earlier ones" if found.corrected else ""
    there, refused = (_counted(n) for n in (found.duplicates, found.rejected_count))
    lines = "line" if found.rejected_count == 1 else "lines"
    return f"{said}; {there} there already; {refused.replace(' ', f' {lines} ')} refused."


def _counted(count: int) -> str:
    return f"{count:,} {'was' if count == 1 else 'were'}"


def _facts(found: ImportedFile) -> Facts:
    totals = found.totals
    pairs = [
        ("GPU-hours", totals.gpu_h, "count"),
        ("energy", totals.energy_wh, "wh"),
        ("cost", totals.usd, "usd"),
        ("tokens", totals.tokens, "tokens"),
    ]
    told = [(name, cell(value, suffix)) for name, value, suffix in pairs if value is not None and found.added]
    if found.first is not None:
        told.insert(0, ("time", f"{booked.moment(found.first)} to {booked.moment(found.last)}"))
    if found.numbers:
        one = len(found.numbers) == 1 and found.numbers[0].isdigit()
        told.append(("recorded as", f"{'fact' if one else 'facts'} {', '.join(found.numbers)}"))
    return Facts(name="totals", title="", pairs=tuple(told))


def _refused(found: ImportedFile) -> Section:
    """Reasons with how often and where first; every line for files."""
    by = Counter(one.reason for one in found.rejected)
    first = {one.reason: one.line for one in reversed(found.rejected)}
    reasons = [(reason, count, first[reason]) for reason, count in by.most_common()]
    heads = {"Reason": "", "Lines": "count", "First line": "count"}
    lines = [(str(one.line), one.reason) for one in found.rejected]
    depth = Depth.FULL if len(reasons) < len(lines) else Depth.DATA
    return Section(
        slug="refused",
        title="What was refused",
        parts=(
            table("reasons", "Reasons", heads, reasons, brief_rows=SHOWN),
            table("lines", "Lines", {"Line": "", "Reason": ""}, lines, depth=depth),
        ),
    )
