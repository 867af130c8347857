"""What can be asked of two results."""

from __future__ import annotations

from dataclasses import dataclass, field

from gigawatt.study.question import names


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceQuestion:
    """Which result is set against which."""

    a: str = field(metadata=names("result"))
    """Folder of the result that the other is set against, as `gigawatt run` keeps it."""
    b: str = field(metadata=names("result"))
    """Folder of the other result: what it has more than the first is positive."""
