"""Gigawatt: planner and digital twin of multi-gigawatt AI factories, from watts to tokens to dollars.

>>> import gigawatt as gw
>>> result = gw.run("one-campus", {"programme.target": "50 MW"})  # doctest: +SKIP
>>> result.headline["installed_facility_w"]  # doctest: +SKIP
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from gigawatt.errors import CalibrationError, CatalogError, Infeasible, OutputError, ScenarioError, SolverFailure

if TYPE_CHECKING:
    from gigawatt.scenario.load import load as load_scenario
    from gigawatt.study import verbs
    from gigawatt.study.result import Result
    from gigawatt.study.result import load as load_result
    from gigawatt.study.run.stages import run

try:
    __version__ = version("gigawatt")
except PackageNotFoundError:  # a source tree that is not installed
    __version__ = "0+unknown"

__all__ = [
    "CalibrationError",
    "CatalogError",
    "Infeasible",
    "OutputError",
    "Result",
    "ScenarioError",
    "SolverFailure",
    "load_result",
    "load_scenario",
    "run",
    "verbs",
]

_LAZY = {
    "Result": ("gigawatt.study.result", "Result"),
    "load_result": ("gigawatt.study.result", "load"),
    "load_scenario": ("gigawatt.scenario.load", "load"),
    "run": ("gigawatt.study.run.stages", "run"),
    "verbs": ("gigawatt.study.verbs", ""),
}


def __getattr__(name: str) -> Any:
    """Import the heavy half of the public names when one is first used."""
    if name not in _LAZY:
        raise AttributeError(f"module 'gigawatt' has no attribute {name!r}")
    from importlib import import_module

    module, attribute = _LAZY[name]
    found = import_module(module)
    return getattr(found, attribute) if attribute else found


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
