"""Capital that follows milestones: when the power of each stands, and when its money comes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gigawatt.programme.tranches import drawn_frac, milestones
from gigawatt.study.result import Result

# Power that is short of a milestone by less than this share of it meets it.
ROUNDING_FRAC = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Tranche:
    """A milestone of gross installed power, and the capital that it releases."""

    milestone_w: float
    """Power that releases it."""
    energised_period: str | None
    """The quarter at whose end that power stands; None where it never does."""
    released_period: str | None
    """The quarter in which the money comes; None where it never does."""
    amount_usd: float
    """What comes."""


def tranches(result: Result) -> tuple[Tranche, ...]:
    """Each tranche of a result's plan that was not paid before it, in the order of the milestones."""
    plan, periods = result.plan, result.plan.data.period.values
    found = []
    paid = drawn_frac(result.scenario.asked) >= 1
    for n, step in enumerate(milestones(result.scenario.asked)):
        if paid[n]:
            continue
        stands = np.flatnonzero(plan.data.gross_w.values >= step.power_w * (1 - ROUNDING_FRAC))
        money = plan.data.tranche_usd.values[n]
        released = np.flatnonzero(money > 0)
        found.append(
            Tranche(
                milestone_w=step.power_w,
                energised_period=str(periods[stands[0]]) if stands.size else None,
                released_period=str(periods[released[-1]]) if released.size else None,
                amount_usd=float(money.sum()),
            )
        )
    return tuple(found)
