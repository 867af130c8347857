"""What can be asked of the catalog."""

from __future__ import annotations

from dataclasses import dataclass, field

from gigawatt.study.question import names


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogListQuestion:
    """Which part of the catalog is listed."""

    kind: str | None = None
    """A kind of thing, such as accelerators, models, sites, presets or strategies; every kind where none is given."""
    as_of_date: str | None = None
    """Day whose knowledge is asked for, such as 2025-09-22; else all that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogShowQuestion:
    """Which thing is shown."""

    thing: str
    """Id of the thing, or any of its names in the wild."""
    as_of_date: str | None = None
    """Day whose knowledge is asked for, such as 2025-09-22; else all that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportModelQuestion:
    """Which configuration becomes a model of the catalog."""

    config: str = field(metadata=names("file"))
    """A public Hugging Face config.json."""
    name: str | None = None
    """Name of the model; that of the file, or of its folder, where none is given."""
