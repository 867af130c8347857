"""What a reader is told of values that leave their plausible range: the same note in the answer of every verb."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gigawatt.catalog.plausible import named
from gigawatt.errors import Fault
from gigawatt.study.note import Note


def notes(found: Iterable[Fault]) -> list[Note]:
    """A note for each value, as `Scenario.implausible` has them."""
    return [
        Note(
            code="implausible",
            path=fault.path,
            text=f"{fault.path} = {fault.given}: outside the plausible {fault.expected}, and taken as it stands.",
        )
        for fault in found
    ]


def of_catalog(**records: Any) -> list[Note]:
    """A note for each such value of records of the catalog, by kind."""
    paths = {f"catalog.{kind}.{record.id}": record for kind, record in records.items()}
    return notes(fault for path, record in paths.items() for fault in named(record, path))
