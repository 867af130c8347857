"""What to build: racks, power at sites, shells, and the money that this takes. Equations of the physical plan.

Variables, in solver units (`solver.UNITS`); periods are quarters, stocks stand at the end of one:

- install[period, platform]: racks delivered and paid; stock: racks in service, each for its whole book life.
- placed[period, site]: IT power that starts at a site; it: IT power in service there. What is placed at a site stays,
  so that nothing moves between sites, and Σ_site it = Σ_platform stock × power of a rack.
- energise[period, site], shell[period, site]: facility power of shells that start, and in service.
- prepaid[period, site]: what shells cost in a quarter that was paid before the horizon; only where something was.
- facility[period]: facility power of the racks in service, Σ_site it × PUE at peak.
- rent[period, site]: rent of leased shells; only where a lease asks for a minimum, above which it is what shells pay.
- rack_capex, shell_capex, running[period]: the money.

What stands when the horizon begins (`plan.opening`) is a number in the rows: it serves out its life beside what is
decided, and works from the first day on.
"""

from __future__ import annotations

import xarray as xr

from gigawatt.plan.rows import Form, LinearModel, add_rows, add_variables, before, change, form, mean
from gigawatt.programme import opening, rents, unit_costs
from gigawatt.scenario.schema import Asked
from gigawatt.solver import UNITS


def add_buildout(model: LinearModel, data: xr.Dataset, asked: Asked) -> None:
    """Racks, power and shells, with their limits: supply, ramp, target."""
    period, platform, site = data.indexes["period"], data.indexes["platform"], data.indexes["site"]
    life = asked.finance.rack_life_count
    install = add_variables(model, "install", [period, platform])
    stock = add_variables(model, "stock", [period, platform], there=can_stand(data, life))
    placed = add_variables(model, "placed", [period, site])
    it = add_variables(model, "it", [period, site])
    there = opening.standing_count(data, life)
    racks = opening.change(there.sum("site")) / UNITS["racks"]
    power = opening.change((there * data.rack_it_w).sum("platform")) / UNITS["w"]
    balance = change(stock) - form(install) + before(install, life)
    add_rows(model, "stock_balance", [period, platform], balance, "=", racks)
    add_rows(model, "it_balance", [period, site], change(it) - form(placed) + before(placed, life), "=", power)

    rack_gw = data.rack_it_w * UNITS["racks"] / UNITS["w"]
    add_rows(model, "racks_have_power", [period], form(install) * rack_gw - form(placed), "=")
    supply = data.supply_count / UNITS["racks"]
    add_rows(model, "supply", [period, data.indexes["pool"]], form(install) * data.in_pool_count, "<=", supply)

    energise = add_variables(model, "energise", [period, site])
    shell = add_variables(model, "shell", [period, site])
    standing = opening.first(opening.shells_at_start_w(data) / UNITS["w"], data)
    add_rows(model, "shell_balance", [period, site], change(shell) - form(energise), "=", standing)
    add_rows(model, "ramp", [period, site], form(shell), "<=", data.ramp_w / UNITS["w"])
    drawn = form(it) * data.pue_peak_ratio
    add_rows(model, "power_has_shell", [period, site], drawn - form(shell), "<=")
    facility = add_variables(model, "facility", [period])
    add_rows(model, "facility_power", [period], drawn - form(facility), "=")
    counted = form(facility if asked.programme.power_basis == "facility" else it)
    add_rows(model, "target", [period], counted, "<=", asked.programme.target_w / UNITS["w"])
    _add_money(model, data, asked)


def can_stand(data: xr.Dataset, life_count: int) -> xr.DataArray:
    """Whether a rack can be in service at the end of a quarter, dims (period, platform): of the opening state, or sold
    within its life. What cannot be need not be looked at: it makes the programme a fifth smaller."""
    sold = (data.supply_count * data.in_pool_count).sum("pool").cumsum("period")
    lately = sold > sold.shift(period=life_count, fill_value=0.0)
    return lately | (opening.standing_count(data, life_count).sum("site") > 0)


def can_work(data: xr.Dataset, life_count: int) -> xr.DataArray:
    """Whether a rack can be in service in a quarter, from its beginning or until its end, dims (period, platform)."""
    at_end = can_stand(data, life_count)
    at_start = opening.first(opening.start_count(data).sum("site"), data) > 0
    return at_end | at_end.shift(period=1, fill_value=False) | at_start


def _add_money(model: LinearModel, data: xr.Dataset, asked: Asked) -> None:
    period = data.indexes["period"]
    variables = model.variables
    rack_capex = add_variables(model, "rack_capex", [period])
    shell_capex = add_variables(model, "shell_capex", [period])
    running = add_variables(model, "running", [period])
    price = unit_costs.rack_cost_usd(data, asked) * UNITS["racks"] / UNITS["usd"]
    add_rows(model, "rack_capex", [period], form(rack_capex) - form(variables["install"]) * price, "=")

    spend = unit_costs.shell_spending(data) * UNITS["w"] / UNITS["usd"]
    spent = form(variables["energise"], period="energised") * spend
    balance = form(shell_capex) - spent
    paid = opening.paid_usd(data) / UNITS["usd"]
    if float(paid.sum()) > 0:
        balance = balance + _prepaid(model, data, spent, paid)
    add_rows(model, "shell_capex", [period], balance, "=")

    serviced = unit_costs.running_cost_usd_per_w(data, asked) * UNITS["w"] / UNITS["usd"]
    rent, stands = _rent(model, data)
    costs = mean(variables["it"]) * serviced + rent
    half = 0.5 * (opening.start_it_w(data) * serviced).sum("site") / UNITS["w"]
    fixed = opening.first(half, data) + stands.sum("site")
    add_rows(model, "running", [period], form(running) - costs, "=", fixed)


def _rent(model: LinearModel, data: xr.Dataset) -> tuple[Form, xr.DataArray]:
    """Rent of leased shells, billion USD, dims (period, site): what is decided, and what is paid whatever is."""
    variables = model.variables
    rent = data.yearly_rent_usd_per_w / 4 * UNITS["w"] / UNITS["usd"]
    if rents.grows(data):
        decided = form(variables["energise"], period="energised") * (rents.weights(data) * rent)
        stands = rents.standing_usd(data) / UNITS["usd"]
    else:
        decided = mean(variables["shell"]) * rent
        stands = opening.first(0.5 * opening.start_shell_w(data) * rent / UNITS["w"], data)
    if not rents.has_minimum(data):
        return decided, stands
    axes = [data.indexes["period"], data.indexes["site"]]
    paid = add_variables(model, "rent", axes)
    add_rows(model, "rent_of_shells", axes, form(paid) - decided, ">=", stands)
    add_rows(model, "minimum_rent", axes, form(paid), ">=", rents.minimum_usd(data) / UNITS["usd"])
    return form(paid), xr.zeros_like(stands)


def _prepaid(model: LinearModel, data: xr.Dataset, spent: Form, paid: xr.DataArray) -> Form:
    """What is paid already of shells, billion USD, dims (period, site): as much as each site's next shells cost."""
    period, site = data.indexes["period"], data.indexes["site"]
    prepaid = add_variables(model, "prepaid", [period, site])
    add_rows(model, "prepaid_is_spent", [period, site], form(prepaid) - spent, "<=")
    add_rows(model, "prepaid_was_paid", [site], form(prepaid), "<=", paid)
    return form(prepaid)
