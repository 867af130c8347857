"""Scenario + Plan → Accounts: the long table, statements, and figures a board would ask for."""

from __future__ import annotations

from dataclasses import dataclass

import xarray as xr

from gigawatt.account import contracts, costs, declared, metrics, statements
from gigawatt.exact import exact
from gigawatt.plan.plan import Plan
from gigawatt.programme.declared import check
from gigawatt.scenario.schema import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """The programme's books over the solved horizon; the reported window is a view of them.

    table: see `costs.table`. statements: by quarter, see `statements.statements`, and
    `contracts.balances` where a scenario states contracts. values: the numbers of the
    valuation. headline: the figures that are asked for first. classes: by class of inference, dims (use_case).
    platforms: dims (platform).
    """

    table: xr.Dataset
    statements: xr.Dataset
    values: metrics.Values
    headline: metrics.Headline
    classes: xr.Dataset
    platforms: xr.Dataset


@exact()
def account(scenario: Scenario, plan: Plan) -> Accounts:
    """Keep the books of a plan. Money follows the plan's quantities; what the simulation saw differently stands
    beside them in the report (`Timeline.plan_vs_sim`)."""
    table = costs.table(scenario, plan)
    books = statements.statements(table, plan)
    if contracts.stated(scenario.asked):
        books = books.assign(contracts.balances(scenario, plan))
    values = metrics.values(scenario, plan, books)
    return Accounts(
        table=check(table, declared.TABLE),
        statements=check(books, declared.STATEMENTS, declared.OF_CONTRACTS),
        values=values,
        headline=metrics.headline(scenario, plan, books, values),
        classes=check(metrics.classes(scenario, plan, table), declared.CLASSES),
        platforms=check(metrics.platforms(scenario, plan), declared.PLATFORMS),
    )
