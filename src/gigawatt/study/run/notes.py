"""What a reader has to know of a plan before he trusts its figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gigawatt.account.accounts import Accounts
from gigawatt.plan.plan import Plan
from gigawatt.plan.search import ENDED
from gigawatt.plan.verify import Violation, verify
from gigawatt.programme import money
from gigawatt.programme.rates import IDLE, STATES, UNABLE, WAYS
from gigawatt.scenario.schema import Scenario
from gigawatt.study import changed, evidence, implausible, nothing
from gigawatt.study.note import Note
from gigawatt.study.run import contracts, slo
from gigawatt.units import show

# Share of a run's volume from which on it counts as done.
DONE_FRAC = 0.995
# Share of a class's demand below which it counts as not served.
STARVED_FRAC = 0.01


def _price_scale(scenario: Scenario, even_ratio: float | None) -> list[Note]:
    """How prices are scaled, with the factor at which the plan is worth nothing and what the scenario notes of it."""
    level = scenario.asked.demand.price_scale_ratio * (even_ratio or 0.0)
    worth = "" if even_ratio is None else f"; at {level:.3g} this very plan would be worth nothing"
    scaled, grade = evidence.price_scale(scenario, worth), scenario.evidence.get("demand.price_scale_ratio")
    if scaled is None or grade is None:
        return []
    return [replace(scaled, text=f"{scaled.text} They are {grade.note}.") if grade.note else scaled]


def plan_notes(scenario: Scenario, planned: Plan, accounts: Accounts) -> tuple[Note, ...]:
    """What a reader must know before trusting the headline."""
    something = nothing.built(planned)
    found = [] if something else [nothing.note(scenario, planned)]
    found += _price_scale(scenario, accounts.values.break_even_price_ratio)
    share = evidence.assumed_revenue_frac(scenario, planned)
    for what, frac in share.items():
        if frac > 0:
            text = f"{100 * frac:.0f} % of the present value of revenue rests on {what} graded assumed."
            found.append(Note(code="assumed_share", path=what, text=text))
    assumed_sites = [key for key, site in scenario.records.sites.items() if _is_assumed(site.evidence)]
    if assumed_sites and something:
        power = show(float(planned.data.facility_w.sel(site=assumed_sites).sum("site").max()), "w")
        names = ", ".join(scenario.records.sites[key].name for key in assumed_sites)
        text = f"{names}: power that is assumed, not announced; up to {power} of the plan stands there."
        found.append(Note(code="assumed_sites", path="sites", text=text))
    if planned.ended is not None:
        path, why = ENDED[planned.ended]
        proven = f"proven to {planned.gap:,.3g} {planned.unit} ({100 * planned.gap_frac:.2g} %)"
        found.append(Note(code=planned.ended, path=path, text=f"The search ended {why}. Its plan is {proven}."))
    for code in (UNABLE, IDLE, WAYS, STATES):
        lines = planned.inputs.attrs.get(code, "").splitlines()
        found += [Note(code=code, path="platforms", text=f"{line}.") for line in lines]
    found += slo.notes(scenario, planned, accounts)
    found += contracts.notes(scenario, planned, accounts)
    found += [*implausible.notes(scenario.implausible), *changed.hindsight(scenario)]
    found += unlawful(scenario, planned)
    starved = _starved(scenario, accounts) if something else []
    return (*found, *_returns(scenario, accounts), *starved, *_missed(scenario, planned))


def unlawful(scenario: Scenario, planned: Plan) -> list[Note]:
    """A note where an independent look finds that a plan exceeds a limit: which ones, where most, and by how much."""
    worst: dict[str, Violation] = {}
    for found in verify(scenario, planned):
        if found.limit not in worst or found.excess_ratio > worst[found.limit].excess_ratio:
            worst[found.limit] = found
    if not worst:
        return []
    limits = ", ".join(f"{one.limit} in {one.period} by {100 * one.excess_ratio:.2g} %" for one in worst.values())
    text = f"The plan exceeds limits beyond rounding: {limits}. Its figures are not to be relied on."
    return [Note(code="plan_not_feasible", path="plan", text=text)]


def _is_assumed(record: Mapping[str, Any]) -> bool:
    grade = record.get("announced_power_w")
    return grade is not None and grade.grade == "assumed"


def _returns(scenario: Scenario, accounts: Accounts) -> list[Note]:
    """Returns that do not exist, and those beside which other rates make the same flows worth nothing."""
    discount = f"{100 * scenario.asked.finance.discount_per_year:.4g} %"
    found = []
    for of, name, yielded in (
        ("the programme", "irr_frac", accounts.values.programme),
        ("equity", "equity_irr_frac", accounts.values.equity),
    ):
        roots = ", ".join(f"{100 * rate:.1f} %" for rate in yielded.roots_frac).replace("-", "−")
        if yielded.rate_frac is None:
            beside = f" (it is nought at {roots})" if roots else ""
            text = f"Return of {of}: none, for {yielded.reason}{beside}."
            found.append(Note(code="no_return", path=f"headline.{name}", text=text))
        elif len(yielded.roots_frac) > 1:
            meant = f"{100 * yielded.rate_frac:.1f} %".replace("-", "−")
            text = (
                f"Return of {of}: the flows change sign more than once and are worth nothing at {roots}. The return is "
                f"{meant}, where their value falls through nought beside the discount of {discount}."
            )
            found.append(Note(code="several_returns", path=f"headline.{name}", text=text))
    return found


def _starved(scenario: Scenario, accounts: Accounts) -> list[Note]:
    """Classes that the plan serves next to nothing of."""
    classes = accounts.classes
    asked_for = classes.demand_tokens.where(classes.demand_tokens > 0)
    share = (classes.served_tokens / asked_for).dropna("use_case")
    starved = [str(key) for key in share.use_case.values[share.values < STARVED_FRAC]]
    if not starved:
        return []
    names = " and ".join(scenario.asked.use_cases[key].title for key in starved)
    other = "" if scenario.asked.objective == "welfare" else '; objective = "welfare" shows the other choice'
    text = f"{names}: next to nothing is served, because the objective is {scenario.asked.objective}{other}."
    return [Note(code="starved", path="objective", text=text)]


def _missed(scenario: Scenario, planned: Plan) -> list[Note]:
    """Runs that the plan leaves undone."""
    done = money.runs_done_frac(planned.data, planned.inputs)
    return [
        Note(
            code="run_short",
            path=f"training_runs.{run}.volume",
            text=f"{scenario.asked.training_runs[str(run)].title}: {100 * float(share):.0f} % of its volume trained.",
        )
        for run, share in zip(done.run.values, done.values, strict=True)
        if share < DONE_FRAC
    ]
