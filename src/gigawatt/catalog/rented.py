"""What an hour of a part cost, as of a day: the newest quote of the catalog."""

from __future__ import annotations

from dataclasses import dataclass

from gigawatt.catalog import load
from gigawatt.catalog.records import Evidence, RentKind, RentQuote, Rents

# What the kinds of a rent are called.
KINDS: dict[RentKind, str] = {
    "on_demand": "taken on demand",
    "one_year": "taken for a year",
    "three_years": "taken for three years",
    "owned": "as an owner's cost",
}
# Kinds that somebody pays to another, the shortest first: what replaces it the next day is nearest to a price.
RENTED: tuple[RentKind, ...] = ("on_demand", "one_year", "three_years")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rent:
    """What an hour of a package cost on a day, and who says so."""

    part: str
    """Accelerator of the catalog, by its id."""
    kind: RentKind
    """For how long it is taken, or owned."""
    day_date: str
    """Day of the quote."""
    usd_per_h: float
    """Price of an hour of a package."""
    low_usd_per_h: float | None
    """Lowest offer, or the least that the source would stand by; None where it gives none."""
    high_usd_per_h: float | None
    """Highest offer; None where the source gives none."""
    offers_count: int | None
    """Offers behind the price; None where nobody says."""
    evidence: Evidence
    """Why it is believed."""


def rent_on(part: str, kind: RentKind, day: str | None = None) -> Rent | None:
    """The newest quote of one kind for a part on a day, or of all that is known; None where there is none.

    part: id of an accelerator. day: as "2026-05-20", with what was known by then; the day that the catalog is read for
    where that is earlier.
    """
    with load.known_by(min(filter(None, (day, load.day_asked())), default=None)):
        return max(_quotes(part, kind), key=lambda rent: rent.day_date, default=None)


def newest_rent(part: str, day: str | None = None) -> Rent | None:
    """As `rent_on`, of the newest quote by which somebody rents it; of two of one day, the one for less time."""
    found = [rent for kind in RENTED if (rent := rent_on(part, kind, day)) is not None]
    return max(found, key=lambda rent: rent.day_date, default=None)


def rent_text(rent: Rent) -> str:
    """For how long, since when and by whom: "taken on demand, 2026-10-24, 16 offers: Offers of GPUs by the hour"."""
    offers = "" if rent.offers_count is None else f", {rent.offers_count} offers"
    source = rent.evidence.source
    said = "" if source is None else f": {source.title or source.url}"
    return f"{KINDS[rent.kind]}, {rent.day_date}{offers}{said}"


def _quotes(part: str, kind: RentKind) -> list[Rent]:
    found = []
    for id_ in load.ids("rents"):
        record: Rents = load.load("rents", id_)
        if part in record.parts:
            pairs = record.quotes.items()
            found += [_rent(part, record, name, quote) for name, quote in pairs if quote.kind == kind]
    return found


def _rent(part: str, record: Rents, name: str, quote: RentQuote) -> Rent:
    evidence = record.evidence[f"quotes.{name}.price_usd_per_h"]
    return Rent(
        part=part,
        kind=quote.kind,
        day_date=quote.day_date,
        usd_per_h=quote.price_usd_per_h,
        low_usd_per_h=evidence.low,
        high_usd_per_h=evidence.high,
        offers_count=quote.offers_count,
        evidence=evidence,
    )
