"""What owners of sites promised of their power, when, and what came."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from gigawatt.catalog.records.evidence import EvidenceMap
from gigawatt.units import Plausible

# How far power has come, in order.
SiteStage = Literal["announced", "contracted", "under_construction", "energised", "it_loaded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PromisedDate:
    """When a milestone is to come, as it was told on a day: a quarter, or a half-year or year of several quarters."""

    said_date: Annotated[str, Plausible(2010, 2060, least=1990, most=2150)]
    """Day on which it was told."""
    stage: SiteStage
    """The farthest that any power of the site had come on that day."""
    quarter: str
    """Quarter that was promised, the first of several where a half-year or a year was."""
    span_count: Annotated[int, Plausible(1, 4, least=1, most=40)]
    """Quarters that were promised: 1 of a quarter, 2 of a half-year, 4 of a year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveredPower:
    """A milestone that came."""

    quarter: str
    """Quarter in which it came."""
    power_w: Annotated[float, Plausible("1 MW", "100 GW")]
    """Facility power that came with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromisedMilestone:
    """A milestone of a site: every date that was told for it, and what came of it."""

    site: str
    """Site by its id in the catalog, or by its name where the catalog does not have it."""
    what: str
    """What was promised, in a few words."""
    milestone: Literal["first", "full"]
    """Whether it is the first power that its user receives, or all that was promised."""
    told: tuple[PromisedDate, ...]
    """Dates that were told, by day; each is judged by what came later."""
    delivered: DeliveredPower | None = None
    """What came; left out: it had not come when it was last looked at."""
    withdrawn_date: Annotated[str, Plausible(2010, 2060, least=1990, most=2150)] = ""
    """Day on which it was given up or put off without a date; empty where it was not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSchedules:
    """Milestones of sites with the dates that were told for them, and the day on which they were last looked at."""

    id: str
    """Name by which it is looked up; it is the name of the file."""
    name: str
    """Name that people read, and by which it is looked up too."""
    description: str = ""
    """What it is, in a sentence or two."""
    seen_date: Annotated[str, Plausible(2010, 2060, least=1990, most=2150)]
    """Day on which it was last looked at: what had not come by then had not come."""
    milestones: tuple[PromisedMilestone, ...]
    """Milestones, with what was told of each."""
    evidence: EvidenceMap = field(default_factory=dict)
    """Why each of its numbers is believed, by dotted path of its field."""
