"""The claims of an announcement, each held against what can be computed of the scenario that plans it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from gigawatt.exact import exact
from gigawatt.programme.yardstick import Yardsticks
from gigawatt.study import changed, evidence
from gigawatt.study.answer import SPREAD, UNTOLD, Head, head_of
from gigawatt.study.claims import work
from gigawatt.study.claims.cases import Cases
from gigawatt.study.claims.claim import Became, Claim
from gigawatt.study.claims.question import LETTER, ClaimsQuestion
from gigawatt.study.claims.sets import ClaimSet, claim_set, wanted
from gigawatt.study.claims.statements import said, statements
from gigawatt.study.job import Job
from gigawatt.study.note import Note


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedClaims:
    """Every claim that was asked for, with its verdict, in the order of its set; `of` names the set.

    yardsticks: what all work takes and a gigawatt costs in the quarter that the claims look at, on each platform sold;
    None where nothing was looked up.
    """

    head: Head = field(metadata=SPREAD)
    of: str = LETTER
    title: str = field(default="The announcement, checked", metadata=UNTOLD)
    claims: tuple[Claim, ...]
    yardsticks: Yardsticks | None = None


def answer(question: ClaimsQuestion, job: Job) -> CheckedClaims:
    """The claims that are asked for. Raises ScenarioError for names of no set and of no claim, with the nearest."""
    found = claim_set(question.of)
    wanted(found, question.only, question.as_of_date)
    cases = Cases(found.base, progress=job.say, as_of_date=question.as_of_date)
    claims = check(cases, question.only, found.name)
    head = head_of(cases.scenario, notes(cases, found))
    return CheckedClaims(head=head, of=found.name, title=found.title, claims=claims, yardsticks=work.yardsticks(cases))


@exact()
def check(cases: Cases, only: Sequence[str] = (), of: str = LETTER) -> tuple[Claim, ...]:
    """Claims of a set for any scenario, whose plans are shared through `cases`; all of them where none is named.

    Names are ids, whatever stands between their words ("ten GW" is ten_gw).
    """
    checked, found = claim_set(of), []
    for id_ in wanted(checked, only, cases.as_of_date):
        cases.progress(f"checking {id_}")
        found.append(replace(checked.checks[id_](cases), became=_became(cases, checked.name, id_)))
    return tuple(found)


def _became(cases: Cases, of: str, id_: str) -> tuple[Became, ...]:
    """What has become of a claim, as far as it is known as of the day that is asked for."""
    known = said(of)
    return tuple(
        Became(known_date=one.known_date, text=one.text, sources=tuple(known.sources[name] for name in one.sources))
        for one in known.claims[id_].became
        if cases.knows(one.known_date)
    )


def notes(cases: Cases, found: ClaimSet) -> tuple[Note, ...]:
    """What a reader must know of every verdict."""
    scenario = cases.scenario
    scaled, notes = evidence.price_scale(scenario), list[tuple[str, str, str]]()
    if scenario.asked.capital.tranches is not None:
        notes.append(
            (
                "pro_rata",
                "capital.tranches.release",
                "The programme as asked is planned with its own tranches; what-ifs release them in proportion, so that "
                "each is optimal and they compare with each other.",
            )
        )
    equity = statements().sources["equity"]
    if found.name == LETTER and cases.knows(equity.date):
        notes.append(("superseded", "capital.tranches", f"{equity.title} ({equity.date}, {equity.url})."))
    told = tuple(Note(code=code, path=path, text=text) for code, path, text in notes)
    return (*(() if scaled is None else (scaled,)), *told, *changed.hindsight(scenario))
