"""Why a number is believed: its grade, its source, and the range that its sources span."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Grade = Literal["measured", "vendor", "press", "derived", "assumed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a number was read. What has no address, such as an offer or a file, has a title."""

    url: str = ""
    """Address on the web, http or https; empty where there is none."""
    date: str
    """Date of the page, or of our reading: a day, a month or a year."""
    title: str = ""
    """What the source is; needed where it has no address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Why a number is believed. Low and high are in the unit of the field that this evidence stands for."""

    grade: Grade
    """How a number is known: measured, from the vendor or the press, derived from others, or assumed."""
    source: Source | None = None
    """Where the number was read; an assumed or derived one may do without."""
    low: float | None = None
    """Lowest value that the sources, or a careful person, would stand by."""
    high: float | None = None
    """Highest value that the sources, or a careful person, would stand by."""
    note: str = ""
    """What there is to say about the number, in a few words."""
    known_date: str | None = None
    """Day from which it is known; None: from the first."""


# Evidence by dotted field path ("rack_power_w", "blocks.0.heads_count", …).
EvidenceMap = Mapping[str, Evidence]
