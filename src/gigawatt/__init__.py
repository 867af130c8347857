"""Gigawatt: planner and digital twin of multi-gigawatt AI factories, from watts to tokens to dollars.

Every verb of the command line is a function here, and every answer shows itself in a notebook.

>>> import gigawatt as gw
>>> result = gw.run("one-campus", {"programme.target": "50 MW"})  # doctest: +SKIP
>>> result.headline["installed_facility_w"], result.frame("money"), result.chart("power-by-platform")  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from gigawatt.errors import (
    CalibrationError,
    CatalogError,
    Infeasible,
    LedgerError,
    OutputError,
    ScenarioError,
    SolverFailure,
)

if TYPE_CHECKING:
    from gigawatt.interfaces.python import Answered, load_result
    from gigawatt.scenario.load import load as load_scenario
    from gigawatt.study import verbs
    from gigawatt.study.result import Result

    _Asked = Callable[..., Answered]
    allocate: _Asked
    catalog_import_model: _Asked
    catalog_list: _Asked
    catalog_show: _Asked
    check: _Asked
    claims: _Asked
    compare: _Asked
    difference: _Asked
    export_focus: _Asked
    export_kai: _Asked
    export_kueue: _Asked
    export_slurm: _Asked
    flywheel: _Asked
    hedge: _Asked
    ledger_approve: _Asked
    ledger_disburse: _Asked
    ledger_example: _Asked
    ledger_facts: _Asked
    ledger_import: _Asked
    ledger_init: _Asked
    ledger_record: _Asked
    ledger_status: _Asked
    ledger_verify: _Asked
    predict_bridge: _Asked
    predict_gigawatt: _Asked
    predict_inference: _Asked
    predict_training: _Asked
    preview: _Asked
    replay: _Asked
    run: _Asked
    schema: _Asked
    simulate: _Asked
    sources: _Asked
    sweep: _Asked
    track_reconcile: _Asked
    track_reforecast: _Asked
    validate_energy: _Asked
    validate_facility: _Asked
    validate_inference: _Asked
    validate_runs: _Asked
    validate_schedules: _Asked
    validate_serving: _Asked
    validate_training: _Asked

try:
    __version__ = version("gigawatt")
except PackageNotFoundError:  # a source tree that is not installed
    __version__ = "0+unknown"

__all__ = [
    "Answered",
    "CalibrationError",
    "CatalogError",
    "Infeasible",
    "LedgerError",
    "OutputError",
    "Result",
    "ScenarioError",
    "SolverFailure",
    "allocate",
    "catalog_import_model",
    "catalog_list",
    "catalog_show",
    "check",
    "claims",
    "compare",
    "difference",
    "export_focus",
    "export_kai",
    "export_kueue",
    "export_slurm",
    "flywheel",
    "hedge",
    "ledger_approve",
    "ledger_disburse",
    "ledger_example",
    "ledger_facts",
    "ledger_import",
    "ledger_init",
    "ledger_record",
    "ledger_status",
    "ledger_verify",
    "load_result",
    "load_scenario",
    "predict_bridge",
    "predict_gigawatt",
    "predict_inference",
    "predict_training",
    "preview",
    "replay",
    "run",
    "schema",
    "simulate",
    "sources",
    "sweep",
    "track_reconcile",
    "track_reforecast",
    "validate_energy",
    "validate_facility",
    "validate_inference",
    "validate_runs",
    "validate_schedules",
    "validate_serving",
    "validate_training",
    "verbs",
]

_LAZY = {
    "Answered": ("gigawatt.interfaces.python", "Answered"),
    "Result": ("gigawatt.study.result", "Result"),
    "load_result": ("gigawatt.interfaces.python", "load_result"),
    "load_scenario": ("gigawatt.scenario.load", "load"),
    "verbs": ("gigawatt.study.verbs", ""),
}


def __getattr__(name: str) -> Any:
    """Import the heavy half of the public names when one is first used."""
    if name not in __all__:
        raise AttributeError(f"module 'gigawatt' has no attribute {name!r}")
    from importlib import import_module

    if name in _LAZY:
        module, attribute = _LAZY[name]
        found = import_module(module)
        return getattr(found, attribute) if attribute else found
    return import_module("gigawatt.interfaces.python").function(name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
