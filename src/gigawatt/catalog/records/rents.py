"""What an hour of an accelerator costs whoever does not own it, by day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from gigawatt.catalog.records.evidence import EvidenceMap
from gigawatt.units import Plausible

RentKind = Literal["on_demand", "one_year", "three_years", "owned"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RentQuote:
    """What an hour of one package cost on a day.

    The low and the high of the evidence are the lowest and the highest offer that were seen.
    """

    kind: RentKind
    """For how long it is taken: by the hour, for a year or for three; owned: what an owner is reckoned to spend."""
    day_date: Annotated[str, Plausible(2006, 2060, least=1990, most=2150)]
    """Day of the quote; of a month or a year that is all that is known, its last day or its middle."""
    price_usd_per_h: Annotated[float, Plausible("0.05 USD/h", "100 USD/h", least="0.001 USD/h", most="10_000 USD/h")]
    """Price of an hour of a package: the middle one where several offers were seen."""
    offers_count: Annotated[int | None, Plausible(1, 1000, least=1, most=1e6)] = None
    """Offers or providers behind the price; left out where nobody says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rents:
    """Quotes of what an hour of a part cost, by name."""

    id: str
    """Name by which it is looked up; it is the name of the file."""
    name: str
    """Name that people read, and by which it is looked up too."""
    description: str = ""
    """What it is, in a sentence or two."""
    parts: tuple[str, ...]
    """Accelerators of the catalog whose hours are quoted, by their ids."""
    quotes: Mapping[str, RentQuote]
    """What was quoted, by a name of ours."""
    evidence: EvidenceMap = field(default_factory=dict)
    """Why each of its numbers is believed, by dotted path of its field."""
