"""A Result as one JSON object, as design.md §7 promises to other programs."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import numpy as np

from gigawatt.plan.exact import exact
from gigawatt.plan.milestones import milestones
from gigawatt.study import nothing
from gigawatt.study.result import Result
from gigawatt.study.run import objective_vs_accounts_rel, plan_is_feasible


@exact()
def summary(result: Result) -> dict[str, Any]:
    """The fields of `gigawatt run --json`, files aside; what does not exist is null."""
    plan, calls = result.plan, result.timeline.summary.calls
    return strict(
        {
            "gigawatt": result.provenance["gigawatt"],
            "scenario": result.scenario.name,
            "hash": result.scenario.hash,
            "headline": headline(result),
            "solver": {
                "status": plan.status,
                "objective": plan.objective,
                "bound": plan.bound,
                "gap_frac": plan.gap_frac,
                "gap_usd": plan.gap if plan.unit == "USD" else None,
                "wall_s": plan.wall_s,
                "unit": plan.unit,
            },
            "worth": [asdict(item) for item in plan.worth],
            "binds": [asdict(item) for item in nothing.binds(result.plan)],
            "tranches": tranches(result),
            "checks": {
                "objective_vs_accounts_rel": objective_vs_accounts_rel(result),
                "plan_feasible": plan_is_feasible(result),
            },
            "calls": None if calls is None else asdict(calls),
            "notes": [asdict(note) for note in result.notes],
        }
    )


def headline(result: Result) -> dict[str, Any]:
    """The headline with every root beside each return."""
    values = result.accounts.values
    roots = {"irr_roots_frac": values.programme.roots_frac, "equity_irr_roots_frac": values.equity.roots_frac}
    return result.headline | roots


def tranches(result: Result) -> list[dict[str, Any]]:
    """Each tranche: its milestone, when its power stood, when it was released, and how much; null where never."""
    plan, periods = result.plan, result.plan.data.period.values
    found = []
    for n, step in enumerate(milestones(result.scenario.asked)):
        stands = np.flatnonzero(plan.data.gross_w.values >= step.power_w * (1 - 1e-6))
        money = plan.data.tranche_usd.values[n]
        released = np.flatnonzero(money > 0)
        found.append(
            {
                "milestone_w": step.power_w,
                "energised_period": str(periods[stands[0]]) if stands.size else None,
                "released_period": str(periods[released[-1]]) if released.size else None,
                "amount_usd": float(money.sum()),
            }
        )
    return found


def strict(value: Any) -> Any:
    """Plain JSON data: numpy scalars become Python's, and what is not finite becomes null."""
    if isinstance(value, dict):
        return {key: strict(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [strict(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
