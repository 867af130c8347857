"""A plan that builds nothing: what would have to change for something to be worth building."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gigawatt import units
from gigawatt.plan.break_even import price_ratio
from gigawatt.plan.plan import Plan
from gigawatt.plan.worth import Binding
from gigawatt.programme import opening
from gigawatt.scenario.schema import Scenario
from gigawatt.study.note import Note

NOTHING = "nothing_built"
# What prices would have to be, as a note says it and as it is read again.
_SELL = "tokens would have to sell for at least {} times what they do"
_SOLD = re.compile(_SELL.format(r"([\d.e+]+)"))


def built(plan: Plan) -> bool:
    """Whether a rack is bought in any quarter of the solved horizon."""
    return bool((plan.data.install_count > 0).any())


def note(scenario: Scenario, plan: Plan) -> Note:
    """That nothing is built: for want of which limit, or else from which prices on something would be worth it."""
    asked = scenario.asked
    best = next((item for item in plan.worth if item.value_usd > 0), None)
    if best is not None:
        gain = units.show(best.value_usd, "usd")
        text = f"Nothing is built for want of {best.limit}: {best.step} more would add {gain} today."
        return Note(code=NOTHING, path="", text=text)
    if opening.exists(plan.inputs):
        text = "Nothing is worth building beside what stands when the plan begins."
        return Note(code=NOTHING, path="", text=text)
    if asked.objective != "npv":
        return Note(code=NOTHING, path="objective", text=f"Nothing is worth building for {asked.objective}.")
    ratio = price_ratio(plan.inputs, asked, plan.objective)
    if ratio is None:
        text = "Nothing is worth building, and higher prices would not change that."
    else:
        text = f"Nothing is worth building: {_SELL.format(f'{ratio:.3g}')}, all else as it is."
    return Note(code=NOTHING, path="demand.price_scale", text=text)


def price_ratio_of(notes: Iterable[Note]) -> float | None:
    """By which factor on all prices something would be worth building, as a note says; None where none does."""
    found = (_SOLD.search(one.text) for one in notes if one.code == NOTHING)
    return next((float(match[1]) for match in found if match is not None), None)


def binds(plan: Plan) -> tuple[Binding, ...]:
    """The limits that bind, quarter by quarter.

    Where nothing is built and no step of a limit is worth anything, none does: what seems to bind is nought at a limit
    of nought.
    """
    return plan.binds if built(plan) or any(item.value_usd > 0 for item in plan.worth) else ()
