"""How each answer is told: the function that makes its document, and the files that a door writes of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path
from typing import Any

from gigawatt.exact import exact
from gigawatt.report.document import Document
from gigawatt.study.answer import plain
from gigawatt.study.verbs import Verb

# Verb → the module of report/documents/ whose `document(answer)` tells its answer. One that nobody wrote shows its
# figures.
DOCUMENTS: dict[str, str] = {
    "run": "run",
    "check": "outline",
    "preview": "preview",
    "compare": "comparison",
    "sweep": "sweep",
    "hedge": "hedging",
    "difference": "difference",
    "simulate": "simulation",
    "track reconcile": "reconciliation",
    "track reforecast": "reforecast",
    "allocate": "allocation",
    "flywheel": "flywheel",
    "ledger init": "ledger_init",
    "ledger record": "ledger_record",
    "ledger import": "ledger_import",
    "ledger status": "ledger_status",
    "ledger facts": "ledger_facts",
    "ledger verify": "ledger_verify",
    "ledger approve": "ledger_milestone",
    "ledger disburse": "ledger_milestone",
    "ledger example": "ledger_example",
    "predict inference": "inference",
    "predict training": "training",
    "predict gigawatt": "gigawatt",
    "replay": "replay",
    "predict bridge": "bridge",
    "validate inference": "validation",
    "validate training": "validation",
    "validate energy": "validation",
    "validate facility": "validation",
    "validate runs": "validation",
    "validate serving": "validation",
    "validate schedules": "validation",
    "catalog list": "listing",
    "catalog show": "entry",
    "catalog import-model": "imported",
    "sources": "sources",
    "claims": "claims",
}
# Verbs of whose document a door may write one table as a file of its own, and the last titles of it.
TABLES: dict[str, str] = dict.fromkeys(
    (
        "validate inference",
        "validate training",
        "validate energy",
        "validate facility",
        "validate runs",
        "validate serving",
        "validate schedules",
    ),
    "predictions",
)
TABLE_HEADS = ("measured", "p10", "p50", "p90", "baseline", "error_frac", "note")
# Verbs whose answer is a file already.
FILES = ("catalog import-model", "ledger example")
# Verbs whose answer is the file of another program, which a terminal is given as it stands.
WRITTEN = ("export kueue", "export kai", "export slurm", "export focus")


def told(verb: Verb) -> bool:
    """Whether somebody wrote what a verb's document is."""
    return verb.name in DOCUMENTS


def kept(verb: Verb) -> bool:
    """Whether a folder can be written of a verb's answer."""
    return told(verb) and verb.name not in FILES


def document(verb: Verb, answer: Any) -> Document:
    """The document of an answer. Raises KeyError for a verb without one."""
    # An answer that has arrays has loaded what they are made of; one that has none need not.
    with exact() if "xarray" in sys.modules else nullcontext():
        found: Document = maker(verb)(answer)
    return found


def maker(verb: Verb) -> Any:
    """The function that makes a verb's document."""
    return import_module(f"gigawatt.report.documents.{DOCUMENTS[verb.name]}").document


def check_places(verb: Verb, places: Mapping[str, Path]) -> None:
    """Refuse, before any work is done, a folder or table that cannot be written. Raises OutputError, or OSError."""
    if not places:
        return
    from gigawatt.report import folder

    if "folder" in places and kept(verb) and not verb.folder:
        folder.check(places["folder"], _kind(verb))
    if "table" in places:
        folder.check_table(places["table"], TABLE_HEADS)


def write(verb: Verb, answer: Any, found: Document | None, places: Mapping[str, Path]) -> dict[str, str]:
    """Write what was asked for of an answer and its document: "folder" or "table" by its place; what was written where,
    by name.

    Raises OutputError for a place that is not ours, OSError where the machine cannot write it.
    """
    files = dict[str, str]()
    if not places:
        return files
    from gigawatt.report import folder

    if found is not None and "folder" in places and kept(verb):
        files |= folder.write(answer, found, places["folder"], beside=verb.resumes, kind=_kind(verb))
    if found is not None and "table" in places:
        files |= folder.write_table(found.tables()[TABLES[verb.name]], places["table"])
    return files


def _kind(verb: Verb) -> str:
    """What the folder of a verb's answer calls itself, so that no other verb replaces it."""
    return f"report of {verb.name}"


def data(verb: Verb, answer: Any) -> dict[str, Any]:
    """An answer as plain data; where it is the file of another program, with that as `text`."""
    if verb.name in WRITTEN:
        from gigawatt.report.quotas import written

        return written.told(answer)
    return plain(answer)


def show(verb: Verb, answer: Any, found: Document | None, files: Mapping[str, str]) -> None:
    """Print an answer for a person: its document, or its figures where it has none.

    Of the file of another program nothing but the file goes to standard output, and its notes to standard error.
    """
    if verb.name in WRITTEN:
        from gigawatt.report.quotas import written

        for note in answer.head.notes:
            print(f"note: {note.text}", file=sys.stderr)
        print(written.written(answer).shown, end="")
    elif found is None:
        print(json.dumps(plain(answer), indent=2, ensure_ascii=False))
    else:
        from gigawatt.report.writers import terminal

        terminal.show(found, files)
