"""What can be asked of the announcement."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimsQuestion:
    """Which claims are checked."""

    only: tuple[str, ...] = ()
    """Ids of the claims to check, such as billion_times; all of them where none is given."""
