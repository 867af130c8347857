"""The scenario that is lived through, and the plan of a result where one is named."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any, get_args

from gigawatt.errors import Fault, ScenarioError
from gigawatt.scenario.load import reread
from gigawatt.scenario.schema import Scenario
from gigawatt.study.opened import is_folder, scenario_of
from gigawatt.study.result import Result
from gigawatt.study.simulation.question import Mode, SimulationQuestion

# What may change when a saved plan is lived through again: the plan is made of none of it, or is put to the test by it.
NOT_PLANNED = re.compile(
    r"seed|implausible|simulate\..+|regions\..+|operations\.(package_failures|checkpoint|restart|idle_draw|busiest)"
    r"|sites\.[^.]+\.(weather_file|price_file|carbon_file|files_offset|price_level|price_ratios|curtailment(\..+)?)"
)


def opened(question: SimulationQuestion) -> tuple[Scenario, Result | None]:
    """The scenario that is lived through, with seed and mode settled, and the result whose plan is taken, if any."""
    if is_folder(question.scenario):
        _check_unplanned(question.set)
    scenario, saved = scenario_of(question.scenario, question.set)
    settled: dict[str, Any] = {"simulate.mode": question.mode or _stated_mode(scenario) or get_args(Mode)[0]}
    if question.seed is not None:
        settled["seed"] = question.seed
    return reread(scenario, settled), saved


def _check_unplanned(overrides: Mapping[str, Any]) -> None:
    """Refuse, of the scenario of a result, what its plan is made of."""
    expected = (
        "for a saved result only what its plan is not made of: seed, simulate, regions, how racks fail, files and "
        "contracts of sites; name a preset or file instead, and it is planned anew"
    )
    faults = [
        Fault(path=path, given=str(value), expected=expected)
        for path, value in overrides.items()
        if not NOT_PLANNED.fullmatch(path)
    ]
    if faults:
        raise ScenarioError(faults)


def _stated_mode(scenario: Scenario) -> str | None:
    """The mode that a scenario's file states, None where it leaves it open."""
    stated = tomllib.loads(scenario.toml).get("simulate", {}).get("mode")
    return None if stated is None else scenario.asked.simulate.mode
