"""What facts come to: pure functions of a set of them, the same in whatever order they were recorded."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gigawatt.ledger.facts import Fact
from gigawatt.ledger.kinds import STAGES


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """How much power of a site has come to a stage, and since when."""

    site: str
    state: str
    power_w: float
    basis: str
    since: str
    source: str
    fact: str
    """Identity of the fact that says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What stands, by the facts that were not corrected."""

    stages: tuple[Stage, ...]
    """By site and stage, in their order."""
    racks: Mapping[tuple[str, str], int]
    """Racks that stand, by site and platform: accepted less retired."""
    accepted: Mapping[tuple[str, str], int]
    """Racks ever accepted, by site and platform."""
    served_tokens: Mapping[str, float]
    """Output tokens recorded, by class of work."""
    trained_flop: Mapping[str, float]
    """Operations of training recorded, by run."""
    money_usd: Mapping[tuple[str, str], float]
    """Money by direction and item."""
    disbursed_usd: Mapping[int, float]
    """By the number of the milestone."""

    def power(self, site: str, state: str) -> Stage | None:
        """What a site says of a stage; None for nothing."""
        return next((stage for stage in self.stages if (stage.site, stage.state) == (site, state)), None)


def standing(found: Iterable[Fact]) -> list[Fact]:
    """Facts in whose place no other stands, retractions aside, in the order in which they happened.

    Where several correct the same fact, the one of the greatest identity stands.
    """
    whole = {fact.identity: fact for fact in found}
    by_target: dict[str, str] = {}
    for identity, fact in whole.items():
        if fact.corrects is not None and fact.kind != "readings":
            by_target[fact.corrects] = max(identity, by_target.get(fact.corrects, ""))

    def chosen(fact: Fact | None) -> bool:
        while fact is not None and fact.corrects is not None and fact.kind != "readings":
            if by_target[fact.corrects] != fact.identity:
                return False
            fact = whole.get(fact.corrects)
        return True

    kept = [fact for identity, fact in whole.items() if identity not in by_target and chosen(fact)]
    return sorted((fact for fact in kept if fact.kind != "retraction"), key=lambda fact: (fact.happened, fact.identity))


def state_of(found: Iterable[Fact], until: str | None = None) -> State:
    """What facts come to, those that had happened by a moment where one is given."""
    kept = [fact for fact in standing(found) if until is None or fact.happened <= until]
    accepted, retired = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    tokens, flop, disbursed = Counter[str](), Counter[str](), dict[int, float]()
    money: dict[tuple[str, str], float] = defaultdict(float)
    for fact in kept:
        said: Mapping[str, Any] = fact.body
        if fact.kind == "racks":
            came = accepted if said["change"] == "accepted" else retired
            came[said["site"], said["platform"]] += said["racks_count"]
        elif fact.kind == "work":
            tokens[said["use_case"]] += said["served_tokens"]
            flop[said["use_case"]] += said["trained_flop"]
        elif fact.kind == "money":
            money[said["direction"], said["item"]] += said["amount_usd"]
        elif fact.kind == "disbursement":
            disbursed[said["milestone"]] = said["amount_usd"]
    return State(
        stages=tuple(_stages(kept)),
        racks={pair: accepted[pair] - retired[pair] for pair in sorted(accepted | retired)},
        accepted=dict(sorted(accepted.items())),
        served_tokens={name: value for name, value in sorted(tokens.items()) if value},
        trained_flop={name: value for name, value in sorted(flop.items()) if value},
        money_usd=dict(sorted(money.items())),
        disbursed_usd=dict(sorted(disbursed.items())),
    )


def _stages(kept: Iterable[Fact]) -> list[Stage]:
    """The last that was said of each stage of each site."""
    last: dict[tuple[str, str], Fact] = {}
    for fact in kept:
        if fact.kind == "site":
            last[fact.body["site"], fact.body["state"]] = fact
    ordered = sorted(last, key=lambda pair: (pair[0], STAGES.index(pair[1])))
    return [
        Stage(
            site=site,
            state=state,
            power_w=last[site, state].body["power_w"],
            basis=last[site, state].body["basis"],
            since=last[site, state].happened,
            source=last[site, state].source,
            fact=last[site, state].identity,
        )
        for site, state in ordered
    ]
