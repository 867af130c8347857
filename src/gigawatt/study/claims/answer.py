"""The claims of the announcement, each held against what can be computed of the default scenario."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gigawatt.catalog.load import normalise
from gigawatt.plan.exact import exact
from gigawatt.scenario.schema import Scenario
from gigawatt.study.answer import SPREAD, Head, head_of
from gigawatt.study.claims import hardware, programme, work
from gigawatt.study.claims.cases import Cases
from gigawatt.study.claims.claim import Claim
from gigawatt.study.claims.question import ClaimsQuestion
from gigawatt.study.claims.statements import statements
from gigawatt.study.job import Job
from gigawatt.study.note import Note
from gigawatt.study.question import refuse, unknown

_CHECKS: dict[str, Callable[[Cases], Claim]] = {
    "ten_gw": programme.ten_gw,
    "million_gpus": hardware.million_gpus,
    "four_to_five_million": hardware.four_to_five_million,
    "hundred_billion": programme.hundred_billion,
    "first_gw_2026h2": programme.first_gw_2026h2,
    "tokens_per_day_first_gw": work.tokens_per_day_first_gw,
    "weekly_users_power": work.weekly_users_power,
    "billion_times": hardware.billion_times,
    "compute_as_fuel": work.compute_as_fuel,
    "cancer_or_education": work.cancer_or_education,
    "only_nvidia": programme.only_nvidia,
    "largest": programme.largest,
    "first_of_more": programme.first_of_more,
}
IDS = tuple(_CHECKS)
# The plans that statements need, by the labels of `Cases`; the others need none.
AS_ASKED = "as asked"
PLANS: dict[str, tuple[str, ...]] = {
    "ten_gw": (AS_ASKED, "announced sites only", "pro rata", "prices of the past"),
    "hundred_billion": (AS_ASKED, "pro rata", "prices of the past", "no tranches"),
    "first_gw_2026h2": (AS_ASKED, "as announced", "late"),
    "compute_as_fuel": ("pro rata", "one gigawatt more"),
    "cancer_or_education": ("pro rata", "welfare"),
    "only_nvidia": ("pro rata", "AMD alone"),
    "first_of_more": ("pro rata", "second", "third", "third, with sites for it"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedClaims:
    """Every claim that was asked for, with its verdict, in the order of `IDS`."""

    head: Head = field(metadata=SPREAD)
    claims: tuple[Claim, ...]


def answer(question: ClaimsQuestion, job: Job) -> CheckedClaims:
    """The claims that are asked for. Raises ScenarioError for ids that are none, each with the nearest."""
    cases = Cases(progress=job.say)
    found = check(cases, question.only)
    return CheckedClaims(head=head_of(cases.scenario, notes(cases.scenario)), claims=found)


@exact()
def check(cases: Cases, only: Sequence[str] = ()) -> tuple[Claim, ...]:
    """Claims of any scenario, whose plans are shared through `cases`; all of them where none is named.

    Names are ids, whatever stands between their words ("ten GW" is ten_gw).
    """
    found = []
    for id_ in wanted(only):
        cases.progress(f"checking {id_}")
        found.append(_CHECKS[id_](cases))
    return tuple(found)


def wanted(only: Sequence[str]) -> tuple[str, ...]:
    """Ids of the claims that are asked for, in their order. Raises ScenarioError for names of none."""
    ids = {normalise(id_): id_ for id_ in IDS}
    named = {normalise(name): name for name in only}
    refuse(unknown("only", name, IDS) for key, name in named.items() if key not in ids)
    return tuple(id_ for key, id_ in ids.items() if not named or key in named)


def notes(scenario: Scenario) -> tuple[Note, ...]:
    """What a reader must know of every verdict."""
    scale = scenario.asked.demand.price_scale_ratio
    equity = statements().sources["equity"]
    notes = [
        (
            "assumed_price_scale",
            "demand.price_scale",
            f"Prices are scaled by {scale:g}, an assumption of the scenario: what is built and earned follows from it.",
        ),
        (
            "pro_rata",
            "capital.tranches.release",
            "The programme as asked is planned with its own tranches; what-ifs release them in proportion, so that "
            "each is optimal and they compare with each other.",
        ),
        ("superseded", "capital.tranches", f"{equity.title} ({equity.date}, {equity.url})."),
    ]
    return tuple(Note(code=code, path=path, text=text) for code, path, text in notes)
