"""What of a plan stands when a quarter begins, and the question that is left from then on.

A plan that is cut at a quarter and planned anew from what stands there has its own remainder as a lawful plan, and by
Bellman's principle as the best one [1]: to spend and to build differently from there on would have been better from the
start too. What is lost in the cut is the last year of cash flow that holds distributions back.

References
----------
[1] R. Bellman, *Dynamic Programming*, Princeton University Press, 1957, chapter 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from gigawatt import dollars
from gigawatt.errors import Fault, ScenarioError
from gigawatt.exact import exact
from gigawatt.ndarrays import Floats
from gigawatt.plan.plan import Plan
from gigawatt.programme import money, rents, unit_costs
from gigawatt.programme.tranches import drawn_frac, milestones
from gigawatt.quarters import SECONDS_PER_QUARTER, quarter_name, quarter_number
from gigawatt.scenario.load import reread, to_toml
from gigawatt.scenario.schema import Asked, Scenario

# A row of a table of a scenario, as one would write it there; and a table with its rows.
Row = dict[str, str | float]
Table = dict[str, str | float | list[Row]]

# Fewer racks, less power [W] or money [USD] than this are a solver's rounding.
LEAST_COUNT, LEAST_W, LEAST_USD = 1e-3, 100.0, 1.0
# Of a training run's volume.
ROUNDING_FRAC = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cut:
    """A plan and the place of the quarter before which it is cut."""

    asked: Asked
    plan: Plan
    quarters: Sequence[str]
    at: int


@exact()
def cut(scenario: Scenario, plan: Plan, quarter: str) -> Scenario:
    """The question that is left of a plan's when a quarter begins, with what stands of the plan by then.

    Power and supply come as the plan counted on them, late or not; training runs that are over are left out. Raises
    ScenarioError where the quarter is not after the first of the plan, or is after the last that is reported.
    """
    of = _cut(scenario, plan, quarter)
    given, rest = plan.inputs.isel(period=slice(of.at, None)), of.quarters[of.at :]
    ramps = {key: course(given.ramp_w.sel(site=key).values, rest, "W") for key in of.asked.sites}
    supply = {key: course(given.supply_count.sel(pool=key).values, rest, "") for key in of.asked.pools}
    overrides: dict[str, Any] = {"horizon.start": quarter, "opening": _opening(of)}
    for key, ramp in ramps.items():
        overrides |= {f"sites.{key}.ramp": ramp, f"sites.{key}.slip": 0, f"sites.{key}.sunk": "0 W"}
    overrides |= {f"pools.{key}.supply": figures for key, figures in supply.items()}
    return reread(scenario, overrides | dict(_runs(of)))


@exact()
def standing(scenario: Scenario, plan: Plan, quarter: str) -> str:
    """What stands of a plan when a quarter begins, as the table `[opening]` of a scenario's file, in TOML. Raises as
    `cut` does."""
    return to_toml({"opening": _opening(_cut(scenario, plan, quarter))}).strip() + "\n"


@exact()
def remainder_usd(scenario: Scenario, plan: Plan, quarter: str) -> float:
    """What a plan is worth from a quarter on, when that quarter begins [USD]: free cash flow less penalties, and what
    stands at the end."""
    of = _cut(scenario, plan, quarter)
    net = (money.free_cash_flow(plan.lines) - penalties_usd(plan)).values
    final = money.final_usd(plan.lines, plan.inputs, of.asked)
    return dollars.npv(net[of.at :], of.asked.finance.discount_per_year, final)


def penalties_usd(plan: Plan) -> xr.DataArray:
    """What falling short of soft limits costs in each quarter, not discounted [USD], dims (period)."""
    data, given = plan.data, plan.inputs
    served = money.mean_tokens_per_s(data.served_tokens_per_s, given)
    missing = (given.demand_tokens_per_s * given.floor_frac - served).clip(min=0) * SECONDS_PER_QUARTER
    total = (missing * given.floor_penalty_usd_per_mtok / 1e6).sum("use_case")
    if given.sizes["run"]:
        last = given.run_window.cumsum("period") == given.run_window.sum("period")
        ends = last & (given.run_window > 0)
        short = (1.0 - money.runs_done_frac(data, given)).clip(min=0) * given.run_penalty_usd
        total = total + (ends * short).sum("run")
    if given.sizes["experiment"]:
        wish, floor = given.experiment_wish_flop, given.experiment_floor_frac
        lacking = (1.0 - money.experiments_done_frac(data, given)).clip(min=0)
        under = (lacking - (1.0 - floor)).clip(min=0) * given.experiment_floor_penalty_usd_per_flop
        total = total + (wish * (lacking * given.experiment_worth_usd_per_flop + under)).sum("experiment")
    return total


def _cut(scenario: Scenario, plan: Plan, quarter: str) -> _Cut:
    quarters = scenario.quarters
    allowed = quarters[1 : scenario.reported_count]
    if quarter not in allowed:
        expected = f"a quarter from {allowed[0]} to {allowed[-1]}" if allowed else "a scenario of several quarters"
        raise ScenarioError([Fault(path="quarter", given=f'"{quarter[:80]}"', expected=expected, asked=True)])
    return _Cut(asked=scenario.asked, plan=plan, quarters=quarters, at=quarters.index(quarter))


def _opening(of: _Cut) -> Table:
    shells, paid = _shells(of)
    data, last = of.plan.data, of.at - 1
    amounts = {
        "cash": max(float(data.cash_usd[last]), of.asked.capital.minimum_cash_usd),
        "debt": float(data.debt_usd[last]),
        "losses": _losses_usd(of),
    }
    tables: Table = {
        "racks": list(_racks(of)),
        "shells": shells,
        "paid": paid,
        "begun": list(_begun(of)),
        "trained": list(_trained(of)),
    }
    if of.asked.capital.vendor is not None:
        tables["vendor_loans"] = list(_loans(of))
    # Every list, empty or not: what the plan's own opening state has in one does not stand any more.
    found: Table = {"grade": "derived", "begun_only": True, **tables}
    if of.asked.capital.tranches is not None:
        found |= {"gross": f"{float(data.gross_w[last])!r} W", "released": f"{_released_w(of)!r} W"}
    return found | {key: f"{amount!r} USD" for key, amount in amounts.items()}


def _racks(of: _Cut) -> Iterator[Row]:
    """Racks that serve on, those that stood before the plan with them."""
    oldest = of.at - of.asked.finance.rack_life_count
    start = quarter_number(of.quarters[0])
    for entry in of.asked.at_start.racks:
        if quarter_number(entry.installed_date) - start >= oldest:
            row: Row = {
                "site": entry.site,
                "platform": entry.platform,
                "installed": entry.installed_date,
                "racks": entry.racks_count,
            }
            yield row if entry.price_usd is None else row | {"price": f"{entry.price_usd!r} USD"}
    install = of.plan.data.install_count.transpose("period", "site", "platform")
    price = of.plan.inputs.rack_price_usd.transpose("period", "platform").values
    for at in np.argwhere(install.values[: of.at] >= LEAST_COUNT).tolist():
        period, site, platform = at
        if period >= oldest:
            yield {
                "site": str(install.site.values[site]),
                "platform": str(install.platform.values[platform]),
                "installed": of.quarters[period],
                "racks": float(install.values[tuple(at)]),
                "price": f"{float(price[period, platform])!r} USD",
            }


def _shells(of: _Cut) -> tuple[list[Row], list[Row]]:
    """Shells that stand, and money paid for those to come. What was paid first is what stands."""
    shells, paid_rows = list[Row | None](), list[Row]()
    given, before = of.plan.inputs, quarter_name(quarter_number(of.quarters[0]) - 1)
    paid = unit_costs.shells_usd(of.plan.data.energise_w, given).transpose("period", "site").values
    for n, key in enumerate(str(name) for name in given.site.values):
        cost, power = float(given.shell_usd_per_w[n]), float(of.plan.data.energise_w[: of.at, n].sum())
        began = of.quarters[0] if rents.grows(given) else before
        shells += [shell(key, began, of.asked.sites[key].sunk_w, 0.0)]
        shells += [_carried(entry) for entry in of.asked.at_start.shells if entry.site == key]
        if rents.grows(given):  # what a shell pays hangs on when it began to
            stand = zip(of.quarters[: of.at], of.plan.data.energise_w[:, n].values.tolist(), strict=False)
            shells += [shell(key, quarter, watts, 0.0) for quarter, watts in stand if cost == 0]
        elif cost == 0:
            shells += [shell(key, of.quarters[of.at - 1], power, 0.0)]
        if cost == 0:
            continue
        dated = [(entry.paid_date, entry.amount_usd) for entry in of.asked.at_start.paid if entry.site == key]
        dated = sorted(dated) + list(zip(of.quarters[: of.at], paid[:, n].tolist(), strict=False))
        owed = power * cost
        for quarter, amount in dated:
            stands = min(amount, owed)
            owed -= stands
            shells += [shell(key, quarter, stands / cost, cost)]
            if amount - stands >= LEAST_USD:
                paid_rows += [{"site": key, "paid": quarter, "amount": f"{amount - stands!r} USD"}]
    return [row for row in shells if row is not None], paid_rows


def _trained(of: _Cut) -> Iterator[Row]:
    """Runs of which a share is trained, and whose window is not over."""
    for key, share in _under_way(of).items():
        if share > ROUNDING_FRAC:
            yield {"run": key, "done": share}


def _loans(of: _Cut) -> Iterator[Row]:
    """What the vendor of racks has lent and is not repaid wholly."""
    use = of.asked.capital.vendor
    assert use is not None
    oldest = quarter_number(of.quarters[of.at]) - round(4 * use.term_years)
    racks = -money.total(of.plan.lines.racks_usd)
    lent = [(loan.lent_date, loan.amount_usd) for loan in of.asked.at_start.vendor_loans]
    lent += list(zip(of.quarters[: of.at], (use.share_frac * racks.values).tolist(), strict=False))
    for quarter, amount in lent:
        if quarter_number(quarter) >= oldest and amount >= LEAST_USD:
            yield {"lent": quarter, "amount": f"{amount!r} USD"}


def _begun(of: _Cut) -> Iterator[Row]:
    """Shells of which a part is paid when the quarter begins, by when the plan has them ready."""
    given, energise = of.plan.inputs, of.plan.data.energise_w.transpose("period", "site").values
    for n, key in enumerate(str(name) for name in given.site.values):
        for period in range(of.at, min(of.at + int(given.lead_count[n]) - 1, len(of.quarters))):
            power = float(energise[period, n])
            if power >= LEAST_W:
                yield {"site": key, "ready": of.quarters[period], "power": f"{power!r} W"}


def shell(site: str, quarter: str, power_w: float, cost_usd_per_w: float) -> Row | None:
    """Shells that were paid in a quarter, as a row of the table; None for a solver's rounding."""
    if power_w < LEAST_W:
        return None
    return {"site": site, "paid": quarter, "power": f"{power_w!r} W", "cost_facility": f"{cost_usd_per_w!r} USD/W"}


def _carried(entry: Any) -> Row:
    """A shell that stood before the plan, as it was stated."""
    stated = entry.cost_usd_per_w_facility
    cost = {} if stated is None else {"cost_facility": f"{stated!r} USD/W"}
    return {"site": entry.site, "paid": entry.paid_date, "power": f"{entry.power_w!r} W"} | cost


def _released_w(of: _Cut) -> float:
    """Power up to which tranches have been paid [W]."""
    steps = milestones(of.asked)
    paid = of.plan.data.tranche_usd.transpose("milestone", "period").values[:, : of.at].sum(axis=1)
    amounts = np.array([step.amount_usd for step in steps])
    shares = np.divide(paid, amounts, out=np.zeros(len(steps)), where=amounts > 0) + drawn_frac(of.asked)
    return float(np.diff([step.power_w for step in steps], prepend=0.0) @ np.minimum(shares, 1.0))


def _losses_usd(of: _Cut) -> float:
    """Losses that are yet to be set off: by how much cumulative income is below its highest."""
    lines = of.plan.lines
    income = money.operating_usd(lines) - money.depreciation_usd(lines, of.plan.inputs, of.asked)
    to_date = np.cumsum(np.concatenate([[-of.asked.at_start.losses_usd], income.values[: of.at]]))
    return float(max(to_date.max(), 0.0) - to_date[-1])


def _under_way(of: _Cut) -> dict[str, float]:
    """Share of its volume that is trained, of every run whose window is not over."""
    given, first = of.plan.inputs, of.quarters[of.at]
    if not given.sizes["run"]:
        return {}
    past = of.plan.data.assign(train_count=of.plan.data.train_count.where(given.period < first, 0.0))
    done = money.runs_done_frac(past, given)
    return {key: float(done.sel(run=key)) for key, run in of.asked.training_runs.items() if run.end_date >= first}


def _runs(of: _Cut) -> Iterator[tuple[str, Any]]:
    """Overrides of the training runs: those that are over or done are gone, those that have begun go on."""
    first, under_way = of.quarters[of.at], _under_way(of)
    for key, run in of.asked.training_runs.items():
        if under_way.get(key, 1.0) >= 1.0 - ROUNDING_FRAC:
            yield f"training_runs.{key}", False
            if key in of.asked.allocation.classes:
                yield f"allocation.classes.{key}", False
        elif run.start_date < first:
            yield f"training_runs.{key}.start", first


def course(values: Floats, quarters: Sequence[str], unit: str) -> Row:
    """A course through values of successive quarters that nothing holds up where it falls."""
    figures = dict(zip(quarters, values.tolist(), strict=True))
    if values.min() < values[-1]:
        # What stands at the start of a course is kept as far as its last point: this one keeps nothing.
        figures[quarter_name(quarter_number(quarters[-1]) + 1)] = 0.0
    points: Row = {quarter: f"{value!r} {unit}" if unit else value for quarter, value in figures.items()}
    return points | {"grade": "derived"}
