"""What can be asked of the announcements."""

from __future__ import annotations

from dataclasses import dataclass

LETTER, PORTS_PIKE = "letter", "ports-pike"
# Sets of claims that can be asked for, in the order of what they are of.
NAMES = (LETTER, PORTS_PIKE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimsQuestion:
    """Which claims are checked, and of which announcement."""

    only: tuple[str, ...] = ()
    """Ids of the claims to check, such as billion_times; all of the set where none is given."""
    of: str = LETTER
    """Set of claims: letter, of September 2025, or ports-pike, of August 2026."""
    as_of_date: str | None = None
    """Day whose knowledge is asked for, such as 2025-09-22; else all that is known."""
