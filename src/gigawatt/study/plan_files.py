"""A plan in parts and whole again: its arrays, and every other figure as plain data.

What keeps a plan on disk, a result's folder or a sweep's store, takes it apart and puts it together here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from gigawatt.catalog.tables import record_of
from gigawatt.plan.plan import Plan
from gigawatt.plan.worth import Binding, Worth

if TYPE_CHECKING:
    import xarray as xr

# A figure of a plan in JSON: one, or a list of records.
Figure = float | str | bool | list[dict[str, float | str | None]]
# The fields of a plan that are arrays.
PARTS = ("data", "inputs", "lines")
# Figures that are lists of records; a store of an earlier version has none of them.
_LISTED: dict[str, Any] = {"worth": tuple[Worth, ...], "binds": tuple[Binding, ...]}


def parts(plan: Plan) -> dict[str, xr.Dataset]:
    """The arrays of a plan, by its fields."""
    return {name: getattr(plan, name) for name in PARTS}


def figures(plan: Plan) -> dict[str, Figure]:
    """All of a plan but its arrays, ready for JSON."""
    plain: dict[str, Any] = {entry.name: getattr(plan, entry.name) for entry in fields(plan) if entry.name not in PARTS}
    return plain | {name: [asdict(item) for item in plain[name]] for name in _LISTED}


def whole(parts: Mapping[str, xr.Dataset], figures: Mapping[str, Any]) -> Plan:
    """A plan of what `parts` and `figures` gave. Raises TypeError where one is not there."""
    made: dict[str, Any] = {name: parts[name] for name in PARTS if name in parts} | dict(figures)
    return Plan(**made | {name: record_of(kind, figures.get(name, [])) for name, kind in _LISTED.items()})
