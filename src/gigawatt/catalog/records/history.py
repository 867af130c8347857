"""How companies that compute have grown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from gigawatt.catalog.records.evidence import EvidenceMap
from gigawatt.units import Plausible


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPoint:
    """What was published of a company on a day; what was not is left out."""

    day_date: Annotated[str, Plausible(2000, 2060, least=1990, most=2150)]
    """Day of which the figures are."""
    held_out: bool
    """Whether the point sets no elasticity and judges them instead."""
    power_w: Annotated[float | None, Plausible("1 MW", "200 GW")] = None
    """Power of its compute on that day, on the basis that the history states."""
    yearly_revenue_usd: Annotated[float | None, Plausible("1 million USD", "20 trillion USD")] = None
    """Revenue at the rate of that day, times a year."""
    weekly_users_count: Annotated[float | None, Plausible(1000, 9e9)] = None
    """People who use it in a week."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """How compute, revenue and users of a company grew, by day."""

    id: str
    """Name by which it is looked up; it is the name of the file."""
    name: str
    """Name that people read, and by which it is looked up too."""
    description: str = ""
    """What it is, in a sentence or two."""
    power_basis: Literal["facility", "it"]
    """Where its power is counted: at the facility's meter or at the IT."""
    points: tuple[HistoryPoint, ...]
    """What was published, by day."""
    evidence: EvidenceMap = field(default_factory=dict)
    """Why each of its numbers is believed, by dotted path of its field."""
