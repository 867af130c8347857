"""What can be asked of a saved result for a scheduler, or for whoever keeps track of cost."""

from __future__ import annotations

from dataclasses import dataclass, field

from gigawatt.study.question import names


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotasQuestion:
    """Which quarter of which plan becomes quotas, and what stands now."""

    result: str = field(metadata=names("result"))
    """Folder of a result, as `gigawatt run` keeps it."""
    period: str | None = None
    """Quarter of the plan, such as 2027Q3; the reported one of most power where none is given."""
    diff: str | None = field(default=None, metadata=names("file"))
    """What the scheduler has now, as a file: shows what would change, in place of the file itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FocusQuestion:
    """Which books become rows of cost and usage."""

    result: str = field(metadata=names("result"))
    """Folder of a result, as `gigawatt run` keeps it."""
    period: str | None = None
    """Quarter of the books, such as 2027Q3; all of them where none is given."""
