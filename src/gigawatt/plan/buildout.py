"""What to build: racks, power at sites, shells, and the money that this takes. Equations of the physical plan.

Variables, in solver units (`solve.UNITS`); periods are quarters, stocks stand at the end of one:

- install[period, platform]: racks delivered and paid; stock: racks in service, each for its whole book life.
- placed[period, site]: IT power that starts at a site; it: IT power in service there. What is placed at a site stays,
  so that nothing moves between sites, and Σ_site it = Σ_platform stock × power of a rack.
- energise[period, site], shell[period, site]: facility power of shells that start, and in service.
- facility[period]: facility power of the racks in service, Σ_site it × PUE at peak.
- rack_capex, shell_capex, running[period]: the money.
"""

from __future__ import annotations

import linopy
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gigawatt import dollars
from gigawatt.plan.inputs import HOURS_PER_QUARTER
from gigawatt.plan.solve import UNITS
from gigawatt.scenario.schema import Asked

Floats = NDArray[np.float64]


def add_buildout(model: linopy.Model, data: xr.Dataset, asked: Asked) -> None:
    """Racks, power and shells, with their limits: supply, ramp, target."""
    period, platform, site = data.indexes["period"], data.indexes["platform"], data.indexes["site"]
    life = round(4 * asked.finance.rack_life_years)
    install = model.add_variables(lower=0, coords=[period, platform], name="install")
    stock = model.add_variables(lower=0, coords=[period, platform], name="stock")
    placed = model.add_variables(lower=0, coords=[period, site], name="placed")
    it = model.add_variables(lower=0, coords=[period, site], name="it")
    model.add_constraints(change(stock) == install - before(install, life), name="stock_balance")
    model.add_constraints(change(it) == placed - before(placed, life), name="it_balance")

    rack_gw = data.rack_it_w * UNITS["racks"] / UNITS["w"]
    model.add_constraints((install * rack_gw).sum("platform") == placed.sum("site"), name="racks_have_power")
    in_pool = (install * data.in_pool_count).sum("platform")
    model.add_constraints(in_pool <= data.supply_count / UNITS["racks"], name="supply")

    energise = model.add_variables(lower=0, coords=[period, site], name="energise")
    shell = model.add_variables(lower=0, coords=[period, site], name="shell")
    standing = (data.sunk_w / UNITS["w"]).expand_dims(period=data.period).where(data.period == period[0], 0.0)
    model.add_constraints(change(shell) - energise == standing, name="shell_balance")
    model.add_constraints(shell <= data.ramp_w / UNITS["w"], name="ramp")
    model.add_constraints(it * data.pue_peak_ratio - shell <= 0, name="power_has_shell")
    facility = model.add_variables(lower=0, coords=[period], name="facility")
    model.add_constraints((it * data.pue_peak_ratio).sum("site") - facility == 0, name="facility_power")
    counted = facility if asked.programme.power_basis == "facility" else it.sum("site")
    model.add_constraints(counted <= asked.programme.target_w / UNITS["w"], name="target")
    _add_money(model, data, asked)


def _add_money(model: linopy.Model, data: xr.Dataset, asked: Asked) -> None:
    period = data.indexes["period"]
    variables = model.variables
    rack_capex = model.add_variables(lower=0, coords=[period], name="rack_capex")
    shell_capex = model.add_variables(lower=0, coords=[period], name="shell_capex")
    running = model.add_variables(lower=0, coords=[period], name="running")
    price = rack_cost_usd(data, asked) * UNITS["racks"] / UNITS["usd"]
    model.add_constraints(rack_capex == (variables["install"] * price).sum("platform"), name="rack_capex")

    spend = shell_spending(data) * UNITS["w"] / UNITS["usd"]
    energise = variables["energise"].rename(period="energised")
    model.add_constraints(shell_capex == (energise * spend).sum(["energised", "site"]), name="shell_capex")

    serviced = running_cost_usd_per_w(data, asked) * UNITS["w"] / UNITS["usd"]
    rent = data.yearly_rent_usd_per_w / 4 * UNITS["w"] / UNITS["usd"]
    costs = (mean(variables["it"]) * serviced).sum("site") + (mean(variables["shell"]) * rent).sum("site")
    model.add_constraints(running == costs, name="running")


def rack_cost_usd(data: xr.Dataset, asked: Asked) -> xr.DataArray:
    """Cost of one rack with its network and storage [USD], dims (period, platform)."""
    return data.rack_price_usd * (1 + asked.finance.network_frac)


def running_cost_usd_per_w(data: xr.Dataset, asked: Asked) -> xr.DataArray:
    """Operation and energy of one watt of IT power for a quarter [USD/W], dims (site)."""
    return opex_usd_per_w(data, asked) + energy_wh_per_w(data, asked) * data.energy_price_usd_per_wh


def opex_usd_per_w(data: xr.Dataset, asked: Asked) -> xr.DataArray:
    """Operation without energy of one watt of IT power for a quarter [USD/W], dims (site)."""
    return asked.operations.yearly_opex_usd_per_w_facility / 4 * data.pue_peak_ratio


def energy_wh_per_w(data: xr.Dataset, asked: Asked) -> xr.DataArray:
    """Facility energy of one watt of IT power for a quarter [Wh/W], dims (site): load × mean PUE × hours."""
    return asked.operations.load_factor_frac * HOURS_PER_QUARTER * data.pue_mean_ratio


def shell_spending(data: xr.Dataset) -> xr.DataArray:
    """What a watt of shell costs in each quarter [USD/W], dims (period, energised, site).

    Spending is even over the lead time up to the quarter of energisation. What lies before the horizon is charged to
    its first quarter; shells that a site declares sunk (`sunk_w`) stand from the start and cost nothing.
    """
    count = data.sizes["period"]
    shares = np.stack([_spread(count, int(lead)) for lead in data.lead_count.values], axis=2)
    spread = xr.DataArray(
        shares,
        dims=("period", "energised", "site"),
        coords={"period": data.period.values, "energised": data.period.values, "site": data.site.values},
    )
    return spread * data.shell_usd_per_w


def _spread(count: int, lead_count: int) -> Floats:
    """Share of a shell energised in column t that is paid in row τ, shape (count, count)."""
    shares = np.zeros((count, count))
    steps = max(lead_count, 1)
    for energised in range(count):
        for paid in range(energised - steps + 1, energised + 1):
            shares[max(paid, 0), energised] += 1 / steps
    return shares


def terminal_frac(data: xr.Dataset, asked: Asked, life_years: float) -> xr.DataArray:
    """Value at the end of the horizon of a dollar of capex spent in each quarter [1], dims (period)."""
    count = data.sizes["period"]
    ages = count / 4 - dollars.mid_quarters_years(count)
    left = dollars.unamortised_frac(ages, life_years, asked.finance.discount_per_year)
    return xr.DataArray(asked.finance.terminal_value_frac * left, dims="period", coords={"period": data.period.values})


def book_table(data: xr.Dataset, life_years: float) -> xr.DataArray:
    """Share of capex spent in one quarter (`bought`) that stands in the books at the end of another (`period`)."""
    count = data.sizes["period"]
    ends = np.arange(1, count + 1)[:, None] / 4
    ages = ends - dollars.mid_quarters_years(count)[None, :]
    shares = np.where(ages > 0, dollars.book_frac(ages, life_years), 0.0)
    names = data.period.values
    return xr.DataArray(shares, dims=("period", "bought"), coords={"period": names, "bought": names})


def before(variable: linopy.Variable, quarters: int = 1) -> linopy.LinearExpression:
    """A variable some quarters earlier; nothing stood before the horizon."""
    return variable.shift(period=quarters).fillna(0)


def change(variable: linopy.Variable) -> linopy.LinearExpression:
    """A stock less what it was a quarter earlier."""
    return variable - before(variable)


def mean(variable: linopy.Variable) -> linopy.LinearExpression:
    """A stock's mean over a quarter, half of opening and closing: what starts in a quarter works half of it."""
    return 0.5 * variable + 0.5 * before(variable)
