"""What it takes that users do not wait: the SLO derating of a plan in words, and by how many gigawatts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gigawatt.account.accounts import Accounts
from gigawatt.plan.plan import Plan
from gigawatt.programme.slo import SLO, SloPower, derating, slo_power
from gigawatt.scenario.schema import Scenario
from gigawatt.study.dates import quarter
from gigawatt.study.note import Note
from gigawatt.units import show

PATH = "operations.slo_derating"
PERCENT = 100


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SloTaken:
    """What the SLO derating of a plan takes in its peak quarter, and who has it.

    period: the quarter; power: of each class with it and without; classes: keys of the classes that have it;
    least_frac, most_frac: share of the steady state over the platforms that serve a class there, in their order.
    """

    period: str
    power: SloPower
    classes: tuple[str, ...]
    least_frac: tuple[float, ...]
    most_frac: tuple[float, ...]


def taken(planned: Plan, accounts: Accounts) -> SloTaken | None:
    """What the derating of a plan takes; None where there is none, or nothing is in service."""
    factor, period = derating(planned.inputs), accounts.headline.peak_period
    if factor is None or not period:
        return None
    power = slo_power(planned.data, planned.inputs, str(period))
    racks = planned.data.work_count.sel(period=str(period)).sum("block")
    at_work = factor.where(racks > 0)
    classes = [str(key) for key in at_work.use_case.values if bool((at_work.sel(use_case=key) < 1).any())]
    shares = [at_work.sel(use_case=key).values for key in classes]
    return SloTaken(
        period=str(period),
        power=power,
        classes=tuple(classes),
        least_frac=tuple(float(np.nanmin(share)) for share in shares),
        most_frac=tuple(float(np.nanmax(share)) for share in shares),
    )


def said(scenario: Scenario, found: SloTaken) -> str:
    """By how much the plan differs from one that counts on the whole steady state, in a sentence."""
    share = f"{PERCENT * scenario.records.derating.quantile_frac:g} %"
    whole, without = (show(float(power.sum()), "w") for power in (found.power.with_w, found.power.without_w))
    more = show(found.power.more_w, "w")
    return (
        f"That {share} of requests have their first token and each of the others in time takes {more}: in "
        f"{quarter(found.period)} {whole} serve the tokens that {without} would serve in steady state."
    )


def notes(scenario: Scenario, planned: Plan, accounts: Accounts) -> Sequence[Note]:
    """What the SLO derating takes in all and of each class, and where its table does not speak."""
    found = taken(planned, accounts)
    if found is None:
        return ()
    spread = PERCENT * scenario.records.derating.spread_frac
    texts = [said(scenario, found)]
    if found.classes:
        rows = zip(found.classes, found.least_frac, found.most_frac, strict=True)
        shares = ", ".join(f"{scenario.asked.use_cases[key].title} {_span(low, high)}" for key, low, high in rows)
        texts.append(
            f"Of the steady state the SLO derating leaves: {shares}; simulated to within {spread:.0f} % (mean distance "
            "to the lowest and the highest of the deployments behind the table)."
        )
    texts += [f"{line}." for line in planned.inputs.attrs.get(SLO, "").splitlines()]
    return tuple(Note(code=SLO, path=PATH, text=text) for text in texts)


def _span(low: float, high: float) -> str:
    shown = [f"{PERCENT * value:.0f}" for value in (low, high)]
    return f"{shown[0]} %" if shown[0] == shown[1] else f"{shown[0]} to {shown[1]} %"
