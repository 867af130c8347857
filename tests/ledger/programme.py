"""A programme of two milestones to test with, and the facts that meet them."""

from __future__ import annotations

from gigawatt.ledger.facts import Fact
from gigawatt.ledger.milestones import TrancheMark, TrancheTerms

TERMS = TrancheTerms(
    scenario="toy",
    scenario_hash="0" * 64,
    power_basis="it",
    milestones=(TrancheMark(milestone_w=1e6, amount_usd=1e9), TrancheMark(milestone_w=2e6, amount_usd=2e9)),
    rack_it_w={"nvl72": 1e5},
    pue_ratio={"abilene": 1.25},
    test_h=72.0,
    test_tokens_per_s={"nvl72": 1_000.0},
)


def _fact(kind: str, body: dict[str, object], day: int, corrects: str | None) -> Fact:
    return Fact(kind=kind, happened=f"2025-03-{day:02}T00:00:00.000Z", body=body, source="letter", corrects=corrects)


def power(power_w: float, day: int = 1, basis: str = "it", corrects: str | None = None, where: str = "abilene") -> Fact:
    """Power that is energised at a site."""
    body = {"site": where, "state": "energised", "power_w": power_w, "basis": basis}
    return _fact("site", body, day, corrects)


def racks(count: int, day: int = 2, change: str = "accepted", corrects: str | None = None) -> Fact:
    """Racks that came or went."""
    body = {"site": "abilene", "platform": "nvl72", "racks_count": count, "change": change}
    return _fact("racks", body, day, corrects)


def acceptance(
    count: int, day: int = 3, tokens_per_s: float = 1_000.0, held_h: float = 72.0, corrects: str | None = None
) -> Fact:
    """An acceptance test of racks, at a throughput a rack."""
    body = {"site": "abilene", "platform": "nvl72", "racks_count": count, "held_h": held_h}
    return _fact("test", body | {"throughput_tokens_per_s": tokens_per_s * count}, day, corrects)


def withdrawn(of: Fact, day: int = 9) -> Fact:
    """A retraction."""
    return _fact("retraction", {"reason": "slip"}, day, of.identity)


def enough(count: int) -> list[Fact]:
    """All that racks need to count."""
    return [power(count * 1e5), racks(count), acceptance(count)]
