"""Milestones and their tranches: computed from facts, approved by two people, disbursed once.

What counts at a site is the least of three: power that is energised, racks that were accepted, and those of them that
passed an acceptance test. A milestone is met when what counts at all sites reaches its power. Racks that are retired
take nothing back, as in the plan.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from sqlalchemy import Connection

from gigawatt import units
from gigawatt.catalog.tables import record_of
from gigawatt.errors import Fault, LedgerError
from gigawatt.ledger import book as books
from gigawatt.ledger import facts
from gigawatt.ledger.facts import Fact, Recorded
from gigawatt.ledger.kinds import EVIDENCE
from gigawatt.ledger.state import standing

# Characters that count as printable and show nothing, so that a name with one looks like the name without.
_UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\ufe00-\ufe0f\U000e0100-\U000e01ef]")
# Two people, and not one twice.
APPROVALS_COUNT = 2
# Digits of an identity by which an approval names what it stands on.
_DIGITS = 16
# A sum of racks may miss a round number of gigawatts by its last digit.
ROUNDING_FRAC = 1e-9
# Kinds of facts of which milestones are computed.
KINDS = ("terms", *EVIDENCE, "retraction", "approval", "disbursement")
# Of these, the kinds that say which terms stand.
_OF_TERMS = ("terms", "retraction")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrancheMark:
    """Power that releases a tranche."""

    milestone_w: float
    """All that counts by then, on the basis of the terms."""
    amount_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrancheTerms:
    """What a programme has agreed: which power releases which tranche, and how power is counted and tested."""

    scenario: str
    """Name of the scenario that states it."""
    scenario_hash: str
    power_basis: Literal["facility", "it"]
    milestones: tuple[TrancheMark, ...]
    """In rising order of power."""
    rack_it_w: Mapping[str, float]
    """What a rack of each platform draws."""
    pue_ratio: Mapping[str, float]
    """Facility power over IT power in the warmest hours, by site."""
    test_h: float
    """How long an acceptance test holds its throughput, at least."""
    test_tokens_per_s: Mapping[str, float]
    """What a rack of each platform does in it at least; a platform that is not named has to do something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteEvidence:
    """What counts at a site, on the basis of the terms."""

    site: str
    energised_w: float
    accepted_w: float
    """Racks that were ever accepted."""
    tested_w: float
    """Racks of them that passed an acceptance test."""
    counted_w: float
    """The least of the three."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disbursed:
    """A tranche that was paid."""

    amount_usd: float
    at: str
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestoneState:
    """A milestone, what stands for it, and what became of its tranche."""

    number: int
    milestone_w: float
    power_basis: str
    amount_usd: float
    met: bool
    met_at: str | None
    """When what counts reached it."""
    counted_w: float
    short_by_w: float
    evidence: tuple[SiteEvidence, ...]
    approved_by: tuple[str, ...]
    void_approvals: tuple[str, ...]
    """Who approved what has been corrected since."""
    due: bool
    """Whether it is met and approved, all before it are disbursed, and it is not."""
    disbursed_usd: float | None
    disbursed_at: str | None
    disbursed_by: str | None


def terms_of(found: Iterable[Fact]) -> TrancheTerms | None:
    """The terms that stand; None where there are none."""
    last = _last_terms(standing(found))
    return _read(last) if last else None


def terms_in(book: Connection) -> TrancheTerms | None:
    """The same, of a book."""
    return terms_of(entry.fact for entry in books.read(book, kinds=_OF_TERMS))


def _read(fact: Fact) -> TrancheTerms:
    return record_of(TrancheTerms, dict(fact.body))


def _last_terms(kept: Sequence[Fact]) -> Fact | None:
    """The fact of the terms that stand. kept: facts as `state.standing` gives them."""
    return next((fact for fact in reversed(kept) if fact.kind == "terms"), None)


def counted(terms: TrancheTerms, kept: Sequence[Fact], until: str = "9999") -> tuple[SiteEvidence, ...]:
    """What counts at each site by a moment. kept: facts as `state.standing` gives them."""
    energised, accepted, tested = dict[str, float](), Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    stages: dict[tuple[str, str], float] = {}
    for fact in kept:
        if fact.happened > until:
            break
        said = fact.body
        if fact.kind == "site" and said["state"] in ("energised", "it_loaded"):
            stages[said["site"], said["state"]] = on_basis(terms, said["site"], said["power_w"], said["basis"])
        elif fact.kind == "racks" and said["change"] == "accepted":
            accepted[said["site"], said["platform"]] += said["racks_count"]
        elif fact.kind == "test" and _passed(terms, said):
            tested[said["site"], said["platform"]] += said["racks_count"]
    for (site, _), power_w in stages.items():
        energised[site] = max(power_w, energised.get(site, 0.0))
    passed = {pair: min(tested[pair], accepted[pair]) for pair in tested}
    of_racks = [_power(terms, racks) for racks in (accepted, passed)]
    sites = sorted({*energised, *(site for site, _ in accepted)})
    return tuple(_counted(site, *(power.get(site, 0.0) for power in (energised, *of_racks))) for site in sites)


def _counted(site: str, energised_w: float, accepted_w: float, tested_w: float) -> SiteEvidence:
    least_w = min(energised_w, accepted_w, tested_w)
    return SiteEvidence(site=site, energised_w=energised_w, accepted_w=accepted_w, tested_w=tested_w, counted_w=least_w)


def on_basis(terms: TrancheTerms | None, site: str, power_w: float, basis: str) -> float:
    """Power of a site on the basis of the terms; as it is stated where there are none."""
    if terms is None or basis == terms.power_basis:
        return power_w
    pue_ratio = terms.pue_ratio.get(site, 1.0)
    return power_w * pue_ratio if basis == "it" else power_w / pue_ratio


def _power(terms: TrancheTerms, racks: Mapping[tuple[str, str], int]) -> dict[str, float]:
    """Power of racks by site; those of a platform that the terms do not know count for nothing."""
    power = Counter[str]()
    for (site, platform), count in racks.items():
        it_w = count * terms.rack_it_w.get(platform, 0.0)
        power[site] += on_basis(terms, site, it_w, "it")  # type: ignore[assignment]
    return dict(power)


def _passed(terms: TrancheTerms, said: Mapping[str, Any]) -> bool:
    least_tokens_per_s = terms.test_tokens_per_s.get(said["platform"], 0.0) * said["racks_count"]
    rate_tokens_per_s = said["throughput_tokens_per_s"]
    return said["held_h"] >= terms.test_h and rate_tokens_per_s > 0 and rate_tokens_per_s >= least_tokens_per_s


def milestones(found: Iterable[Recorded], until: str = "9999") -> tuple[MilestoneState, ...]:
    """Every milestone of the terms that stand, by what had happened by a moment; none where there are no terms."""
    recorded = list(found)
    terms = terms_of(entry.fact for entry in recorded)
    if terms is None:
        return ()
    kept = standing(entry.fact for entry in recorded)
    evidence = counted(terms, kept, until)
    total_w = sum(site.counted_w for site in evidence)
    paid = {
        entry.fact.body["milestone"]: Disbursed(
            amount_usd=entry.fact.body["amount_usd"], at=entry.recorded, who=entry.who
        )
        for entry in recorded
        if entry.fact.kind == "disbursement"
    }
    there = set(_stands_on(kept))
    reached = _reached(terms, kept, until)
    rows: list[MilestoneState] = []
    for number, mark in enumerate(terms.milestones, 1):
        met = total_w >= mark.milestone_w * (1 - ROUNDING_FRAC)
        valid, void = _approvers(kept, there, number)
        before = all(row.disbursed_usd is not None for row in rows)
        tranche = paid.get(number)
        rows.append(
            MilestoneState(
                number=number,
                milestone_w=mark.milestone_w,
                power_basis=terms.power_basis,
                amount_usd=mark.amount_usd,
                met=met,
                met_at=reached[number - 1] if met else None,
                counted_w=total_w,
                short_by_w=max(0.0, mark.milestone_w - total_w),
                evidence=evidence,
                approved_by=valid,
                void_approvals=void,
                due=met and before and len(valid) >= APPROVALS_COUNT and tranche is None,
                disbursed_usd=tranche.amount_usd if tranche else None,
                disbursed_at=tranche.at if tranche else None,
                disbursed_by=tranche.who if tranche else None,
            )
        )
    return tuple(rows)


def _reached(terms: TrancheTerms, kept: Sequence[Fact], until: str) -> list[str | None]:
    """When what counts first reached each milestone."""
    moments = sorted({fact.happened for fact in kept if fact.kind in EVIDENCE and fact.happened <= until})
    found: list[str | None] = [None] * len(terms.milestones)
    for moment in moments:
        total_w = sum(site.counted_w for site in counted(terms, kept, moment))
        for at, mark in enumerate(terms.milestones):
            if found[at] is None and total_w >= mark.milestone_w * (1 - ROUNDING_FRAC):
                found[at] = moment
    return found


def _stands_on(kept: Sequence[Fact]) -> list[str]:
    """What an approval stands on: the last terms and all evidence, by their identities."""
    terms = _last_terms(kept)
    return sorted(fact.identity[:_DIGITS] for fact in kept if fact.kind in EVIDENCE or fact is terms)


def _approvers(kept: Sequence[Fact], there: set[str], number: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Who approves a milestone, and whose approval stands on what has been corrected since, or on other terms.

    there: what an approval of now would stand on.
    """
    valid: dict[str, str] = {}
    void: dict[str, str] = {}
    for fact in kept:
        if fact.kind == "approval" and fact.body["milestone"] == number:
            stands = set(fact.body["stands_on"]) <= there
            (valid if stands else void)[same_name(fact.body["approver"])] = fact.body["approver"]
    rest = tuple(name for key, name in void.items() if key not in valid)
    return tuple(valid.values()), rest


def same_name(name: str) -> str:
    """A name by which two spellings of one person are the same.

    >>> same_name(" Ada  Lovelace") == same_name("ada lovelace")
    True
    """
    return " ".join(_UNSEEN.sub("", unicodedata.normalize("NFKC", name)).casefold().split())


def agree(
    book: Connection,
    terms: TrancheTerms,
    source: str,
    source_sha256: str | None,
    who: str,
    authenticated: bool = False,
) -> Recorded | None:
    """Record the terms of a programme; None where they stand already."""
    before = _last_terms(standing(entry.fact for entry in books.read(book, kinds=_OF_TERMS)))
    body = asdict(terms)
    if before is not None and facts.canonical(asdict(_read(before))) == facts.canonical(body):
        return None
    fact = Fact(
        kind="terms",
        happened=books.clock(book),
        body=body,
        source=source,
        source_sha256=source_sha256,
        corrects=before.identity if before else None,
    )
    return books.append(book, [fact], who, authenticated)[0]


def chosen(rows: Sequence[MilestoneState], name: str) -> MilestoneState:
    """The milestone of a name: its power, as in "1 GW", or its number. Raises LedgerError where there is none."""
    if name.isascii() and name.strip().isdigit():
        found = [row for row in rows if row.number == int(name)]
    else:
        try:
            power_w = units.parse(name, "w")
        except ValueError:
            power_w = -1.0
        found = [row for row in rows if abs(row.milestone_w - power_w) <= 1e-6 * row.milestone_w]
    if len(found) == 1:
        return found[0]
    known = ", ".join(f"{row.number} ({units.show(row.milestone_w, 'w', 6)})" for row in rows)
    expected = f"one of the milestones {known}" if rows else "a ledger with milestones: `gigawatt ledger init SCENARIO`"
    raise LedgerError([Fault(path="milestone", given=f'"{name[:40]}"', expected=expected, asked=True)])


def approve(
    book: Connection, name: str, who: str, authenticated: bool = False
) -> tuple[Recorded | None, MilestoneState]:
    """Record that somebody approves a milestone that is met; None where they have, and it stands.

    Raises LedgerError where the milestone is not met.
    """
    recorded = list(books.read(book, kinds=KINDS))
    rows = milestones(recorded)
    row = chosen(rows, name)
    if not row.met:
        raise _refusal(*_why_not(rows, row))
    if same_name(who) in map(same_name, row.approved_by):
        return None, row
    kept = standing(entry.fact for entry in recorded)
    said = {
        "milestone": row.number,
        "milestone_w": row.milestone_w,
        "approver": who,
        "counted_w": row.counted_w,
        "stands_on": _stands_on(kept),
        "head": books.head(book)[1],
    }
    fact = Fact(kind="approval", happened=books.clock(book), body=said, source=f"approved by {who}")
    made = books.append(book, [fact], who, authenticated)[0]
    return made, chosen(milestones(books.read(book, kinds=KINDS)), name)


def disburse(
    book: Connection, name: str, who: str, authenticated: bool = False
) -> tuple[Recorded | None, MilestoneState]:
    """Record that a milestone's tranche is paid; None where it was before, whoever asks again and however often.

    Raises LedgerError where it is not met, not approved by two people, or one before it is not disbursed.
    """
    rows = milestones(books.read(book, kinds=KINDS))
    row = chosen(rows, name)
    if row.disbursed_usd is not None:
        return None, row
    if not row.due:
        raise _refusal(*_why_not(rows, row))
    said = {
        "milestone": row.number,
        "milestone_w": row.milestone_w,
        "amount_usd": row.amount_usd,
        "counted_w": row.counted_w,
        "approved_by": sorted(row.approved_by),
        "head": books.head(book)[1],
    }
    fact = Fact(kind="disbursement", happened=books.clock(book), body=said, source=f"disbursed by {who}")
    made = books.append(book, [fact], who, authenticated)[0]
    return made, chosen(milestones(books.read(book, kinds=KINDS)), name)


def _why_not(rows: Sequence[MilestoneState], row: MilestoneState) -> tuple[str, str]:
    if not row.met:
        given = f"{units.show(row.counted_w, 'w')} of {units.show(row.milestone_w, 'w')} counts"
        return given, "a milestone that is met: energised, racks accepted and tested"
    if len(row.approved_by) < APPROVALS_COUNT:
        void = f"; {', '.join(row.void_approvals)} approved what was corrected since" if row.void_approvals else ""
        by = ", ".join(row.approved_by) or "nobody"
        return f"approved by {by}{void}", f"the approval of {APPROVALS_COUNT} people"
    before = next(one.number for one in rows if one.disbursed_usd is None)
    return f"milestone {row.number}", f"milestone {before} first, which is not disbursed"


def _refusal(given: str, expected: str) -> LedgerError:
    return LedgerError([Fault(path="milestone", given=given, expected=expected, asked=True)])
