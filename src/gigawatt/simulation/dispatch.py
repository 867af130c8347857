"""When a battery charges and when it gives: the cheapest dispatch at a grid connection, as a linear programme.

Variables by hour: charge, discharge, stored and grid; by month: peak. Power is in units of the connection's limit and
money in units of the dearest hour at that limit, so that numbers are near 1.

A linear programme may charge and discharge at once, which wastes energy; that pays where a price is negative or where a
ramp binds. Hours in which it does are solved again with a choice of one or the other, until there is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gigawatt import watts
from gigawatt.errors import Conflict, Infeasible
from gigawatt.exact import equations
from gigawatt.ndarrays import Floats
from gigawatt.solver import NOISE, NoPlan, Program

if TYPE_CHECKING:
    import linopy

Mask = NDArray[np.bool_]

MIP_GAP, MIP_NODES = 1e-6, 10_000  # the gap in units of the objective
# What is said where the limits can be kept only by wasting energy, which a battery cannot do.
WASTES = Conflict(limit="grid ramp, without wasting energy", period="", site="", short_by=np.nan, unit="W")


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursAhead:
    """What a battery faces, hour by hour, arrays of one shape.

    `available_w`: what may be drawn. `months`: a number for each hour's month. The battery
    holds `start_wh` before the first hour and after the last. `wear_usd_per_wh`: what giving a Wh costs the battery.
    """

    load_w: Floats
    price_usd_per_wh: Floats
    available_w: Floats
    months: NDArray[np.int64]
    start_wh: float
    wear_usd_per_wh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """The cheapest dispatch, by hour: grid = load + charge − discharge. Costs are over the horizon."""

    charge_w: Floats
    discharge_w: Floats
    stored_wh: Floats
    grid_w: Floats
    energy_usd: float
    demand_usd: float
    wear_usd: float

    @property
    def cost_usd(self) -> float:
        return self.energy_usd + self.demand_usd + self.wear_usd


@equations()
def dispatch(battery: watts.Battery, connection: watts.Connection, horizon: HoursAhead) -> Dispatch:
    """The dispatch of least cost: energy, the charge on monthly peaks, and wear.

    Raises Infeasible with the limit that binds (connection, curtailment or ramp), the hour and the power that is short;
    ValueError where arrays differ in shape or hold what is not finite.
    """
    _check(battery, horizon)
    exclusive = np.zeros(horizon.load_w.size, dtype=bool)
    while True:
        charge, discharge = _solve(battery, connection, horizon, exclusive)
        both = np.minimum(charge, discharge)
        if battery.round_trip_frac == 1:  # nothing is lost by doing both at once, so their difference is the same
            return _result(battery, connection, horizon, charge - both, discharge - both)
        wasting = (both > NOISE * connection.limit_w) & ~exclusive
        if not wasting.any():
            return _result(battery, connection, horizon, charge, discharge)
        exclusive |= wasting


def _check(battery: watts.Battery, horizon: HoursAhead) -> None:
    shape = horizon.load_w.shape
    for name in ("load_w", "price_usd_per_wh", "available_w", "months"):
        values = getattr(horizon, name)
        if values.shape != shape:
            raise ValueError(f"{name} of shape {values.shape}: expected {shape}, as load_w")
        if not np.isfinite(values).all():
            raise ValueError(f"{name} holds a value that is not finite: expected numbers only")
    if not 0 <= horizon.start_wh <= battery.energy_wh:
        raise ValueError(f"start_wh = {horizon.start_wh:g}: expected from 0 to {battery.energy_wh:g}")


def _solve(
    battery: watts.Battery, connection: watts.Connection, horizon: HoursAhead, exclusive: Mask
) -> tuple[Floats, Floats]:
    """Charge and discharge [W] of least cost, with a choice of one or the other in exclusive hours."""
    model = _model(battery, connection, horizon, excess=0.0)
    _add_choice(model, battery, connection, exclusive)
    _add_cost(model, connection, horizon)
    program = Program(model)
    try:
        program.solve_lp()
    except NoPlan as error:
        raise Infeasible(_conflicts(battery, connection, horizon)) from error
    if exclusive.any():
        try:
            program.solve_mip(program.values, MIP_GAP, MIP_NODES)
        except NoPlan as error:
            raise Infeasible([WASTES]) from error
    found = [np.maximum(program.value(name).values, 0.0) * connection.limit_w for name in ("charge", "discharge")]
    return found[0], found[1]


def _model(battery: watts.Battery, connection: watts.Connection, horizon: HoursAhead, *, excess: float) -> linopy.Model:
    """Variables and limits without an objective; the connection and the ramp may be exceeded by at most `excess`."""
    from linopy import Model

    model, unit = Model(), connection.limit_w
    load = _by_hour(horizon.load_w / unit)
    hour = load.indexes["hour"]
    most, eta = battery.power_w / unit, battery.one_way_frac
    charge = model.add_variables(lower=0, upper=most, coords=[hour], name="charge")
    discharge = model.add_variables(lower=0, upper=most, coords=[hour], name="discharge")
    last = load.hour == hour[-1]
    held = xr.where(last, horizon.start_wh / unit, battery.energy_wh / unit)
    stored = model.add_variables(lower=xr.where(last, held, 0.0), upper=held, coords=[hour], name="stored")
    grid = model.add_variables(lower=0, coords=[hour], name="grid")
    begin = xr.where(load.hour == hour[0], horizon.start_wh / unit, 0.0)
    model.add_constraints(stored - _before(stored) - eta * charge + discharge / eta == begin, name="store")
    model.add_constraints(grid - charge + discharge == load, name="balance")
    over = model.add_variables(lower=0, upper=excess, coords=[hour], name="over")
    steep = model.add_variables(lower=0, upper=excess, coords=[hour], name="steep")
    model.add_constraints(grid - over <= _by_hour(horizon.available_w / unit), name="limit")
    ramp = connection.hourly_ramp_w / unit
    if ramp < 1:
        step = grid - _before(grid)
        model.add_constraints(step - steep <= ramp, name="ramp_up", mask=load.hour > hour[0])
        model.add_constraints(step + steep >= -ramp, name="ramp_down", mask=load.hour > hour[0])
    return model


def _add_choice(model: linopy.Model, battery: watts.Battery, connection: watts.Connection, exclusive: Mask) -> None:
    """In exclusive hours, either charge or discharge."""
    if not exclusive.any():
        return
    hours, most = _by_hour(exclusive), battery.power_w / connection.limit_w
    charging = model.add_variables(binary=True, coords=[hours.indexes["hour"]], name="charging", mask=hours)
    model.add_constraints(model.variables["charge"] - most * charging <= 0, name="charge_or", mask=hours)
    model.add_constraints(model.variables["discharge"] + most * charging <= most, name="discharge_or", mask=hours)


def _add_cost(model: linopy.Model, connection: watts.Connection, horizon: HoursAhead) -> None:
    rates = [*np.abs(horizon.price_usd_per_wh), connection.monthly_demand_usd_per_w, horizon.wear_usd_per_wh]
    unit = max(rates) or 1.0
    variables = model.variables
    price = _by_hour(horizon.price_usd_per_wh / unit)
    cost = (variables["grid"] * price).sum() + (horizon.wear_usd_per_wh / unit) * variables["discharge"].sum()
    if connection.monthly_demand_usd_per_w > 0:
        months, place = np.unique(horizon.months, return_inverse=True)
        belongs = xr.DataArray(
            (place[:, None] == np.arange(months.size)).astype(float),
            dims=("hour", "month"),
            coords={"hour": price.hour, "month": months},
        )
        peak = model.add_variables(lower=0, coords=[belongs.indexes["month"]], name="peak")
        model.add_constraints(variables["grid"] - (peak * belongs).sum("month") <= 0, name="monthly_peak")
        cost = cost + (connection.monthly_demand_usd_per_w / unit) * peak.sum()
    model.add_objective(cost, sense="min")


def _conflicts(battery: watts.Battery, connection: watts.Connection, horizon: HoursAhead) -> list[Conflict]:
    """The limits that must give way for the load to be carried, with the least power that they must give in all."""
    model = _model(battery, connection, horizon, excess=np.inf)
    model.add_objective(model.variables["over"].sum() + model.variables["steep"].sum(), sense="min")
    program = Program(model)
    program.solve_lp()
    found = []
    for name in ("over", "steep"):
        short = program.value(name).values * connection.limit_w
        hour = int(np.argmax(short))
        if short[hour] > NOISE * connection.limit_w:
            called = horizon.available_w[hour] < connection.limit_w
            limit = "grid ramp" if name == "steep" else "curtailment call" if called else "connection limit"
            found.append(Conflict(limit=limit, period=f"hour {hour}", site="", short_by=float(short[hour]), unit="W"))
    return found


def _result(
    battery: watts.Battery, connection: watts.Connection, horizon: HoursAhead, charge: Floats, discharge: Floats
) -> Dispatch:
    """Everything that follows from charge and discharge, by the kernels."""
    grid = horizon.load_w + charge - discharge
    return Dispatch(
        charge_w=charge,
        discharge_w=discharge,
        stored_wh=watts.stored(battery, horizon.start_wh, charge, discharge),
        grid_w=grid,
        energy_usd=float(grid @ horizon.price_usd_per_wh),
        demand_usd=watts.demand_charge(connection, grid, horizon.months),
        wear_usd=horizon.wear_usd_per_wh * float(discharge.sum()),
    )


def _by_hour(values: NDArray[np.generic]) -> xr.DataArray:
    return xr.DataArray(values, dims="hour", coords={"hour": np.arange(values.size)})


def _before(variable: linopy.Variable) -> linopy.LinearExpression:
    """A variable an hour earlier, nothing before the first."""
    return variable.shift(hour=1).fillna(0)
