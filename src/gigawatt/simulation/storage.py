"""Batteries of sites, hour by hour, and the charge on the highest hour of a month.

Where an event or a call leaves a site less than it would draw, its battery gives first, and work slows only for what is
still missing. It fills up again as soon as the connection has room. Where prices differ by the hour, peaks are charged
or ramps are limited, what it does is the cheapest dispatch of the span instead, with the same limits on the draw: that
of one who knows the hours ahead, so an upper bound of what a battery earns.

A battery begins every span full, and a dispatch leaves it full. It stands idle in representative weeks, which have no
events. Its wear counts in the dispatch, its fading and its price nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gigawatt import watts
from gigawatt.catalog import to_watts
from gigawatt.errors import Infeasible
from gigawatt.ndarrays import Floats
from gigawatt.quarters import HOURS_PER_YEAR
from gigawatt.scenario.schema import Connection, Scenario
from gigawatt.simulation.calendar import DAY_HOURS, Span
from gigawatt.simulation.curtailment import Limits
from gigawatt.simulation.dispatch import HoursAhead, dispatch

MONTH_HOURS = HOURS_PER_YEAR / 12
# Above a draw that is covered in full, so that rounding is no limit.
ROUNDING_FRAC = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a site has, and owes, at its connection.

    battery: None where there is none; wear_usd_per_wh: what giving a Wh costs it. minute_ramp_w, infinite where the
    draw may change at will, and monthly_demand_usd_per_w as of `watts.Connection`.
    """

    battery: watts.Battery | None
    wear_usd_per_wh: float
    minute_ramp_w: float
    monthly_demand_usd_per_w: float

    def connection(self, limit_w: float, demand_frac: float) -> watts.Connection:
        """The connection with a limit, and with a share of the charge of a month."""
        return watts.Connection(
            limit_w=limit_w,
            minute_ramp_w=self.minute_ramp_w,
            monthly_demand_usd_per_w=self.monthly_demand_usd_per_w * demand_frac,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Flows:
    """What the batteries of all sites take and give in every step, and hold at its end: (h, s), 0 without a battery."""

    charge_w: Floats
    discharge_w: Floats
    stored_wh: Floats

    def grid_w(self, facility_w: Floats) -> Floats:
        """What is drawn from the grid, (h, s)."""
        return facility_w + self.charge_w - self.discharge_w


def terms(scenario: Scenario, weekly: bool) -> list[Terms]:
    """The terms of every site, in the scenario's order; without batteries in representative weeks."""
    found = []
    for use in scenario.asked.sites.values():
        battery, wear = None, 0.0
        if use.battery is not None and not weekly:
            record = scenario.records.storage[use.battery.source]
            battery = replace(to_watts.battery_of(record, use.battery.power_w), energy_wh=use.battery.energy_wh)
            # A Wh given is so much of a full cycle, which takes its share of the energy, at the price of storage.
            wear = record.storage_price_usd_per_wh * battery.fade_frac / battery.one_way_frac
        grid = use.connection or Connection()
        found.append(
            Terms(
                battery=battery,
                wear_usd_per_wh=wear,
                minute_ramp_w=np.inf if grid.minute_ramp_w is None else grid.minute_ramp_w,
                monthly_demand_usd_per_w=grid.monthly_demand_usd_per_w,
            )
        )
    return found


def notes(scenario: Scenario, weekly: bool) -> list[str]:
    """What is assumed of batteries, in words; nothing where there are none."""
    sites = [key for key, use in scenario.asked.sites.items() if use.battery is not None]
    if not sites:
        return []
    where = f"The price of the batteries ({', '.join(sites)}) is not in the plan's costs. "
    if weekly:
        return [f"{where}They stand idle in representative weeks, which have no events: simulate every hour instead."]
    return [f"{where}They begin every quarter full and know its prices and events ahead; their fading is left out."]


def ceilings(bounds: Limits, wanted_w: Floats) -> Floats:
    """The most that each site may draw, (h, s), infinite where nothing limits it. wanted_w: without limits, (h, s)."""
    less = np.where(bounds.reduced, np.maximum(wanted_w * bounds.kept_frac - bounds.less_w, 0.0), np.inf)
    return np.minimum(bounds.most_w, less)


def ride(of: Sequence[Terms], span: Span, load_w: Floats, ceiling_w: Floats, shell_w: Floats) -> Flows:
    """What batteries do if they only give what a load lacks; shell_w: the connections, (h, s)."""
    flows = _none(load_w)
    for site, one in enumerate(of):
        if one.battery is not None and shell_w[:, site].any():
            _put(flows, site, _ride(one.battery, span, load_w[:, site], ceiling_w[:, site], shell_w[:, site]))
    return flows


def relieved(
    of: Sequence[Terms], span: Span, bounds: Limits, wanted_w: Floats, ceiling_w: Floats, shell_w: Floats
) -> Limits:
    """The limits that are left to the work of sites when batteries give first.

    Where a battery gives all that is missing, the draw stays what it was: work of other sites does not move in.
    """
    given_w = ride(of, span, wanted_w, ceiling_w, shell_w).discharge_w
    if not given_w.any():
        return bounds
    excess = wanted_w - ceiling_w
    covered = (excess > 0) & (given_w >= excess)
    return replace(
        bounds,
        most_w=np.where(covered, wanted_w * (1 + ROUNDING_FRAC), ceiling_w + given_w),
        less_w=np.zeros_like(given_w),
        kept_frac=np.ones_like(given_w),
    )


def schedule(
    of: Sequence[Terms],
    span: Span,
    quarters: Sequence[str],
    load_w: Floats,
    ceiling_w: Floats,
    shell_w: Floats,
    price_usd_per_wh: Floats,
) -> Flows:
    """What batteries do under a load that keeps its limits with their help: the cheapest, or what `ride` says where
    nothing is to be earned, steps are shorter than an hour, or no dispatch leaves the battery full."""
    flows = ride(of, span, load_w, ceiling_w, shell_w)
    drawn_w = flows.grid_w(load_w)
    months, share = _months(span, quarters)
    for site, one in enumerate(of):
        grid_w = drawn_w[:, site]
        if one.battery is None or not _earns(one, span, grid_w, price_usd_per_wh[:, site]):
            continue
        # What is drawn when riding through is lawful, even where it is more than the shells are built for.
        available_w = np.maximum(np.minimum(ceiling_w[:, site], shell_w[:, site]), grid_w)
        horizon = HoursAhead(
            load_w=load_w[:, site],
            price_usd_per_wh=price_usd_per_wh[:, site],
            available_w=available_w,
            months=months,
            start_wh=one.battery.energy_wh,
            wear_usd_per_wh=one.wear_usd_per_wh,
        )
        found = _cheapest(one.battery, one.connection(available_w.max(), share / span.weight_h), horizon)
        if found is not None:
            _put(flows, site, found)
    return flows


def demand_usd(of: Sequence[Terms], span: Span, quarters: Sequence[str], grid_w: Floats) -> Floats:
    """The charge on the highest hour of every month of a span, by site [USD].

    Months are those of UTC, so that quarters cut none; a span of a part of a month owes that share of its charge.
    """
    owed = np.zeros(len(of))
    if not any(one.monthly_demand_usd_per_w for one in of):
        return owed
    months, share = _months(span, quarters)
    hourly_w = grid_w.reshape(span.days * DAY_HOURS, -1, len(of)).mean(axis=1)
    for site, one in enumerate(of):
        power_w = hourly_w[:, site]
        owed[site] = watts.demand_charge(one.connection(power_w.max(), share), power_w, months)
    return owed


def _none(load_w: Floats) -> Flows:
    charge, discharge, held = (np.zeros_like(load_w) for _ in range(3))
    return Flows(charge_w=charge, discharge_w=discharge, stored_wh=held)


def _put(flows: Flows, site: int, found: watts.Schedule) -> None:
    flows.charge_w[:, site] = found.charge_w
    flows.discharge_w[:, site] = found.discharge_w
    flows.stored_wh[:, site] = found.stored_wh


def _ride(battery: watts.Battery, span: Span, load_w: Floats, ceiling_w: Floats, shell_w: Floats) -> watts.Schedule:
    excess = np.maximum(load_w - ceiling_w, 0.0)
    room = np.maximum(np.minimum(ceiling_w, shell_w) - load_w, 0.0)
    return watts.ride_through(battery, excess, room, battery.energy_wh, span.step_h)


def _earns(one: Terms, span: Span, grid_w: Floats, price_usd_per_wh: Floats) -> bool:
    """Whether a dispatch can be cheaper than riding through, or gentler."""
    if span.step_h != 1 or not grid_w.any():
        return False
    steep = watts.ramp_breach(one.connection(grid_w.max(), 1.0), grid_w) > 0
    return bool(np.ptp(price_usd_per_wh) > 0 or one.monthly_demand_usd_per_w > 0 or steep)


def _cheapest(battery: watts.Battery, connection: watts.Connection, horizon: HoursAhead) -> watts.Schedule | None:
    """The cheapest dispatch within the ramp, else without a limit on it, else none."""
    for allowed in (connection, replace(connection, minute_ramp_w=np.inf)):
        try:
            found = dispatch(battery, allowed, horizon)
        except Infeasible:
            continue
        held = np.clip(found.stored_wh, 0.0, battery.energy_wh)
        return watts.Schedule(charge_w=found.charge_w, discharge_w=found.discharge_w, stored_wh=held)
    return None


def _months(span: Span, quarters: Sequence[str]) -> tuple[NDArray[np.int64], float]:
    """A number for each hour's month, and how much of those months the span stands for."""
    hours = np.arange(span.days * DAY_HOURS).astype("timedelta64[h]")
    months = watts.month_numbers(span.when(quarters)[0] + hours, 0.0)
    return months, span.count * span.weight_h / (MONTH_HOURS * len(np.unique(months)))
