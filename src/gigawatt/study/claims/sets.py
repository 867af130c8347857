"""The sets of claims that there are: each of one announcement, with its checks and the scenario that they plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gigawatt.catalog.load import normalise
from gigawatt.scenario.load import DEFAULT
from gigawatt.study.claims import letter, pike
from gigawatt.study.claims.cases import Cases
from gigawatt.study.claims.claim import Claim
from gigawatt.study.claims.question import LETTER, PORTS_PIKE
from gigawatt.study.claims.statements import said
from gigawatt.study.question import refuse, unknown, wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimSet:
    """Claims of one announcement: how it is called, its day, the scenario that is planned, checks and plans by id."""

    name: str
    title: str
    announced_date: str
    base: str
    checks: Mapping[str, Callable[[Cases], Claim]]
    plans: Mapping[str, tuple[str, ...]]

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the claims, in their order."""
        return tuple(self.checks)


SETS = {
    found.name: found
    for found in (
        ClaimSet(
            name=LETTER,
            title="The announcement, checked",
            announced_date="2025-09-22",
            base=DEFAULT,
            checks=letter.CHECKS,
            plans=letter.PLANS,
        ),
        ClaimSet(
            name=PORTS_PIKE,
            title="PORTS-Pike, checked",
            announced_date="2026-08-17",
            base=pike.BASE,
            checks=pike.CHECKS,
            plans=pike.PLANS,
        ),
    )
}
IDS = tuple(id_ for found in SETS.values() for id_ in found.ids)


def claim_set(name: str) -> ClaimSet:
    """The set of that name, whatever stands between its words. Raises ScenarioError for a name of none."""
    known = {normalise(key): found for key, found in SETS.items()}
    refuse([unknown("of", name, tuple(SETS))] if normalise(name) not in known else ())
    return known[normalise(name)]


def wanted(found: ClaimSet, only: Sequence[str], as_of_date: str | None = None) -> tuple[str, ...]:
    """Ids of a set's claims that are asked for, in their order; without a name, all that were made by the day.

    Raises ScenarioError for names of none, with the nearest, for claims that were made after the day, and for a day
    before the announcement.
    """
    ids = {normalise(id_): id_ for id_ in found.ids}
    named = {normalise(name): name for name in only}
    refuse(unknown("only", name, found.ids) for key, name in named.items() if key not in ids)
    if as_of_date is not None and as_of_date < found.announced_date:
        refuse([wrong("as_of", as_of_date, f"a day from {found.announced_date} on, when it was announced")])
    made = {id_: statement.stated_date for id_, statement in said(found.name).claims.items()}
    late = {id_ for id_, day in made.items() if as_of_date is not None and day > as_of_date}
    refuse(
        wrong("only", name, f"a claim that was made by {as_of_date}: this one was on {made[ids[key]]}")
        for key, name in named.items()
        if ids[key] in late
    )
    return tuple(id_ for key, id_ in ids.items() if (key in named if named else id_ not in late))
