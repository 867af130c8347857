"""The stages of a run in their order: plan, live through the plan, keep its books."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from gigawatt.account.accounts import account
from gigawatt.exact import exact
from gigawatt.plan import plan
from gigawatt.progress import Progress, quiet
from gigawatt.scenario.load import DEFAULT
from gigawatt.scenario.schema import Scenario
from gigawatt.simulation import simulate
from gigawatt.study import drift
from gigawatt.study.opened import scenario_of
from gigawatt.study.result import Result
from gigawatt.study.run.notes import plan_notes
from gigawatt.study.site_notes import call_notes, file_notes


@exact()
def run(
    scenario: str | Scenario = DEFAULT, overrides: Mapping[str, Any] | None = None, progress: Progress = quiet
) -> Result:
    """Plan, simulate and account for a scenario.

    scenario: a preset, a file, the folder of a result (see `opened.scenario_of`), or a Scenario. overrides: dotted path
    → value, {"programme.target": "2 GW"}.
    Raises ScenarioError, CatalogError or CalibrationError for bad input, Infeasible where hard limits conflict.
    """
    question = scenario_of(scenario, overrides)[0] if isinstance(scenario, str) else scenario
    planned = plan.make(question, progress)
    timeline = simulate(question, planned, progress)
    progress("keeping the books")
    accounts = account(question, planned)
    return Result(
        scenario=question,
        plan=planned,
        timeline=timeline,
        accounts=accounts,
        notes=(
            *plan_notes(question, planned, accounts),
            *file_notes(question),
            *call_notes(question, timeline),
            *drift.notes(question),
        ),
        provenance=provenance(question),
    )


def provenance(scenario: Scenario) -> dict[str, str]:
    """What makes a result: version, identity of the question, seed and solver."""
    return {
        "gigawatt": version("gigawatt"),
        "scenario": scenario.name,
        "hash": scenario.hash,
        "seed": str(scenario.asked.seed),
        "solver": f"HiGHS {version('highspy')}",
    }
