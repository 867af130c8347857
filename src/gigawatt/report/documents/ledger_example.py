"""The files of the generated year, and what each is for."""

from __future__ import annotations

from gigawatt.report.document import Document, Section, table
from gigawatt.study.ledger.example import Example

# What a file holds and what it is imported as, by how its name begins.
HOLDS = {
    "sites": ("states of sites", "sites"),
    "records": ("deliveries, acceptance tests and money", "records"),
    "facility-meter": ("hourly meters of the utility", "meter"),
    "it-meter": ("hourly meters of racks", "meter --quantity it_energy"),
    "serving": ("counters of tokens, as Prometheus answers", "prometheus --site SITE"),
    "jobs": ("jobs, as Slurm dumps them", "sacct --site SITE"),
}


def document(found: Example) -> Document:
    """A line a file."""
    rows = [(name, *next(of for start, of in HOLDS.items() if name.startswith(start))) for name in found.written]
    files = table("files", "Files", {"File": "", "Holds": "", "Imported with --kind": ""}, rows)
    return Document(
        title="A year to learn the ledger with",
        names=(found.head.scenario or "",),
        lead=f"{len(rows)} files are in {found.folder} ({found.label}).",
        sections=(Section(slug="files", title="Files", parts=(files,)),),
        made=f"Gigawatt {found.head.gigawatt}",
    )
