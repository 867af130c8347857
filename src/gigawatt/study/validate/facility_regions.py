"""Which region of a cloud, and so which place, a published figure is about: from the words of its operator and case.

A region is found by its id ("us-east-1", "westeurope") or by its name in words ("West Europe"). Where the row names a
land or a town that is not the region's ("westus (Washington)"), the place is that of the row.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from gigawatt.catalog.places import places
from gigawatt.catalog.records import Facility

MOST_WORDS = 5  # of a region's name: "asia northeast 1" has three, "us gov east 1" four


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """The region of a row, empty where no id of one is in it, and its place, empty where it is about all of a fleet."""

    region: str = ""
    place: str = ""


def words_of(name: str) -> list[str]:
    """The words of a name without case, accents and punctuation."""
    plain = unicodedata.normalize("NFKD", name.lower())
    return re.findall(r"[a-z0-9]+", "".join(letter for letter in plain if not unicodedata.combining(letter)))


def where_of(facility: Facility, name: str) -> Where:
    """The region and the place that a row about a cloud's facilities is about; none for one without regions."""
    if not facility.regions:
        return Where()
    words = words_of(name)
    region = _region(facility, words)
    named = _named(words)
    place = facility.regions[region].place if region else ""
    if named and place not in named:
        place = _most_telling(named)
    return Where(region=region, place=place)


def _region(facility: Facility, words: list[str]) -> str:
    """The longest id of a region whose letters and figures are some words of a name in a row."""
    ids = {"".join(words_of(id_)): id_ for id_ in facility.regions}
    runs = ["".join(words[first : first + count]) for count in range(MOST_WORDS, 0, -1) for first in range(len(words))]
    return next((ids[run] for run in runs if run in ids), "")


def _named(words: list[str]) -> dict[str, list[str]]:
    """Every place of which a name is among the words, with those names."""
    text = f" {' '.join(words)} "
    found = {
        id_: [phrase for phrase in place.words if f" {' '.join(words_of(phrase))} " in text]
        for id_, place in places().items()
    }
    return {id_: phrases for id_, phrases in found.items() if phrases}


def _most_telling(named: dict[str, list[str]]) -> str:
    """The place of the name that the fewest places share; of several the first of the catalog."""

    def shared(phrase: str) -> int:
        return sum(phrase in phrases for phrases in named.values())

    return min(named, key=lambda id_: min(shared(phrase) for phrase in named[id_]))
