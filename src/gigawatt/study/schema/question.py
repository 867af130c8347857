"""What can be asked about the files and questions that are read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaQuestion:
    """Whose schema is made."""

    of: str = "scenario"
    """A scenario, a strategy, an allocation, a kind of the catalog, or a verb such as "predict inference"."""
