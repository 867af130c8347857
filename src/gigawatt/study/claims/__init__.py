"""The announcement, checked: each claim with what was stated, what is computed, and the assumption between them.

>>> from gigawatt.study import claims
>>> found = claims.claims(["billion_times"])  # doctest: +SKIP
>>> claims.summary(found)["claims"][0]["verdict"]  # doctest: +SKIP
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from gigawatt.errors import Fault, ScenarioError
from gigawatt.plan.exact import exact
from gigawatt.plan.plan import quiet
from gigawatt.scenario.load import load
from gigawatt.scenario.schema import Scenario
from gigawatt.study.claims import hardware, programme, work
from gigawatt.study.claims.cases import Cases, Progress
from gigawatt.study.claims.claim import Claim, Computed, Row, Stated
from gigawatt.study.claims.hardware import Rung, ladder
from gigawatt.study.claims.statements import statements

__all__ = ["IDS", "Claim", "Computed", "Row", "Rung", "Stated", "check", "claims", "ladder", "summary"]

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


def claims(only: Sequence[str] | None = None, progress: Progress = quiet) -> list[Claim]:
    """Check the claims of the announcement on the default scenario, in the order of `IDS`.

    only: ids, or None for all. Raises ScenarioError for an id that is none, with the nearest.
    """
    return check(Cases(progress=progress), only)


@exact()
def check(cases: Cases, only: Sequence[str] | None = None) -> list[Claim]:
    """Check claims on any scenario; plans are shared through `cases`."""
    wanted = set(IDS if only is None else only)
    faults = [_unknown(id_) for id_ in sorted(wanted - set(IDS))]
    if faults:
        raise ScenarioError(faults)
    found = []
    for id_, look in _CHECKS.items():
        if id_ in wanted:
            cases.progress(f"checking {id_}")
            found.append(look(cases))
    return found


def _unknown(id_: str) -> Fault:
    close = difflib.get_close_matches(id_, IDS, n=1, cutoff=0.4)
    near = f'; did you mean "{close[0]}"?' if close else ""
    return Fault(path="--only", given=f'"{id_}"', expected=f"one of {', '.join(IDS)}{near}")


def summary(found: Sequence[Claim]) -> dict[str, Any]:
    """The fields of `gigawatt claims --json`; each claim also has its speaker and the rows behind it."""
    scenario = load()
    return {
        "gigawatt": version("gigawatt"),
        "scenario": scenario.name,
        "hash": scenario.hash,
        "claims": [_plain(claim) for claim in found],
        "notes": _notes(scenario),
    }


def _plain(claim: Claim) -> dict[str, Any]:
    return asdict(claim) | {
        "sources": [asdict(source) for source in claim.sources],
        "rows": list(map(asdict, claim.rows)),
    }


def _notes(scenario: Scenario) -> list[dict[str, str]]:
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
    return [{"code": code, "path": path, "text": text} for code, path, text in notes]
