"""One long table of money: every line of a plan by quarter, site, use case and platform, so that totals are sums.

Joint costs (racks, network, shells, energy, operation) are shared between the use cases of a site by IT energy, here
and nowhere else. Lines that belong to no site or use case carry "programme" there.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import xarray as xr

from gigawatt.plan.plan import Plan
from gigawatt.programme import advances, money, opening
from gigawatt.programme.tranches import cash_at_start_usd
from gigawatt.scenario.schema import Scenario

PROGRAMME = "programme"
# Item of the table → statement that it belongs to.
KINDS = {
    "revenue": "operating",
    "non_compute": "operating",
    "energy": "operating",
    "opex": "operating",
    "rent": "operating",
    "racks": "investing",
    "network": "investing",
    "shells": "investing",
    "tax": "tax",
    "opening_cash": "financing",
    "upfront_equity": "financing",
    "tranches": "financing",
    "debt_drawn": "financing",
    "vendor_drawn": "financing",
    "vendor_repaid": "financing",
    "customer_paid": "financing",
    "customer_served": "financing",
    "interest": "financing",
    "distribution": "financing",
    "depreciation": "non_cash",
}
# Who advances money → what comes in, and what goes back without interest.
ADVANCES = {"vendor": ("vendor_drawn", "vendor_repaid"), "customer": ("customer_paid", "customer_served")}
DIMS = ("period", "site", "use_case", "platform")


def work_shares(plan: Plan) -> xr.DataArray:
    """Share of each platform's IT energy that each use case takes, dims (period, platform, use_case).

    Runs and experiments are use cases too; idle racks are borne in proportion to busy ones; where nothing is busy the
    programme bears all.
    """
    hours = plan.inputs.hours_frac
    parts = [
        (plan.data.work_count * hours).sum("block"),
        plan.data.train_count.rename(run="use_case"),
        (plan.data.research_count * hours).sum("block").rename(experiment="use_case"),
    ]
    busy = xr.concat(parts, dim="use_case").transpose("period", "platform", "use_case")
    total = busy.sum("use_case")
    nobody = xr.where(total > 0, 0.0, 1.0).expand_dims(use_case=[PROGRAMME])
    shares = busy / xr.where(total > 0, total, 1.0)
    return xr.concat([shares, nobody], dim="use_case").transpose("period", "platform", "use_case")


def table(scenario: Scenario, plan: Plan) -> xr.Dataset:
    """Every line with a value other than 0: usd[row] with coordinates period, site, use_case, platform, item, kind."""
    rows: dict[str, list[np.ndarray]] = {name: [] for name in (*DIMS, "item", "usd")}
    for item, line in _lines(scenario, plan):
        values = line.values
        at = np.nonzero(values)
        for name in DIMS:
            labels = line[name].values if name in line.dims else np.array([PROGRAMME])
            index = at[line.dims.index(name)] if name in line.dims else np.zeros(at[0].size, dtype=int)
            rows[name].append(labels[index].astype(str))
        rows["item"].append(np.full(at[0].size, item))
        rows["usd"].append(values[at])
    whole = {name: np.concatenate(parts) for name, parts in rows.items()}
    kinds = np.array([KINDS[item] for item in whole["item"]])
    coords = {name: ("row", whole[name]) for name in (*DIMS, "item")}
    return xr.Dataset({"usd": ("row", whole["usd"].astype(float))}, coords={**coords, "kind": ("row", kinds)})


def _lines(scenario: Scenario, plan: Plan) -> Iterator[tuple[str, xr.DataArray]]:
    lines = plan.lines
    shares = work_shares(plan)
    by_site = site_shares(plan, shares)
    for item in ("revenue", "non_compute"):
        line = lines[f"{item}_usd"]
        yield item, line * _where_served(by_site, plan).sel(use_case=line.use_case)
    for item in ("energy", "opex", "rent", "shells"):
        yield item, lines[f"{item}_usd"] * by_site
    for item in ("racks", "network"):
        yield item, lines[f"{item}_usd"] * shares
    yield "tax", lines.tax_usd
    yield "depreciation", -money.depreciation_usd(lines, plan.inputs, scenario.asked)
    yield from _financing(scenario, plan, -money.total(lines.racks_usd))


def site_shares(plan: Plan, shares: xr.DataArray) -> xr.DataArray:
    """Share of each site's IT energy that each use case takes, dims (period, site, use_case)."""
    power = money.mean_stock(plan.data.stock_count, opening.start_count(plan.inputs)) * plan.inputs.rack_it_w
    total = power.sum("platform")
    used = (power * shares).sum("platform") / xr.where(total > 0, total, 1.0)
    nobody = xr.where(total > 0, 0.0, 1.0) * (shares.use_case == PROGRAMME)
    return used + nobody


def _where_served(by_site: xr.DataArray, plan: Plan) -> xr.DataArray:
    """Share of each use case's IT energy that is spent at each site, dims (period, site, use_case)."""
    energy = by_site * money.mean_stock(plan.data.it_w, opening.start_it_w(plan.inputs))
    total = energy.sum("site")
    return energy / xr.where(total > 0, total, 1.0)


def _financing(scenario: Scenario, plan: Plan, racks_usd: xr.DataArray) -> Iterator[tuple[str, xr.DataArray]]:
    """Lines of financing; interest is that of debt, and of what vendor and customer advanced."""
    asked, data = scenario.asked, plan.data
    equity = asked.capital.upfront_equity_usd if asked.at_start.cash_usd is None else 0.0
    yield "opening_cash", opening.first(cash_at_start_usd(asked) - equity, data)
    yield "upfront_equity", opening.first(equity, data)
    yield "tranches", data.tranche_usd.sum("milestone")
    yield "debt_drawn", opening.change(data.debt_usd) - opening.first(asked.at_start.debt_usd, data)
    interest = data.interest_usd
    for name, one in advances.lines(racks_usd, asked).items():
        came, went = ADVANCES[name]
        yield came, interest.copy(data=one.drawn_usd)
        yield went, interest.copy(data=-one.repaid_usd)
        interest = interest + one.interest_usd
    yield "interest", -interest
    yield "distribution", -data.distribution_usd
