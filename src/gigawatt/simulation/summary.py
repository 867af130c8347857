"""A window of the timeline in a few figures, and where it differs from the plan, with the cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gigawatt.simulation.power import Extremes, pue_p99
from gigawatt.simulation.sums import Sums
from gigawatt.units import show

# Below this share of a figure, plan and simulation are said to agree.
SAME_FRAC = 5e-4
# Below this share of what is done, a loss is rounding.
ROUNDING_FRAC = 1e-9
MEGA, GIGA = 1e6, 1e9
SHORT = "in its busiest hours the tide is above the mean of its block, and too few racks stand idle"
DISPLACED = (
    "interactive classes take racks from it in their busiest hours, and those that they leave idle in quiet ones are "
    "too few or of platforms that suit it less"
)

SMALLER = "gangs that one site can hold are smaller than the largest allowed, and lose less to failures"
WAITED = "gangs wait for racks, restart, or lose more to failures than the plan counts with"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One figure as planned and as simulated, and why they differ."""

    item: str
    plan: float | None
    simulated: float | None
    unit: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteCalls:
    """What the grid's calls under the contract of a site ask and get.

    calls_count: that begin; called_h: hours of them; unasked_h: of these, in which the site draws no more than it may,
    so that they ask for nothing. asked_wh: facility energy to give up; slowed_wh: given by work that slows, more than
    that where a gang stops for lack of racks; battery_wh: by the site's battery.
    """

    site: str
    calls_count: float
    called_h: float
    unasked_h: float
    asked_wh: float
    slowed_wh: float
    battery_wh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CalledWork:
    """What a kind of work loses to calls, less what it makes up for in the same quarter; less than nothing is a gain.

    tokens: None where the work has none; flop: likewise. usd: at what a token of the class earns in the quarter, or an
    operation of experiments is worth; None for training runs, which earn nothing by themselves.
    """

    use_case: str
    tokens: float | None
    flop: float | None
    usd: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """All calls of a window: sites that are called, work that is lost, what that earns, and that over what is given up.

    usd_per_wh: None where nothing is given up. What the energy that is not drawn would have cost is not taken off.
    """

    sites: tuple[SiteCalls, ...]
    lost: tuple[CalledWork, ...]
    usd: float
    usd_per_wh: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A window of quarters.

    availability_frac: rack-hours worked over rack-hours in service. pue_mean: facility over IT energy. pue_p99: the PUE
    that 1 % of the IT energy exceeds, over every hour of the weather and not only the representative weeks.
    energy_usd: what is drawn from the grid at the price of its hour, with demand_usd, the charges on highest hours;
    carbon_kg: of the same. discharged_wh: given by batteries. failures: faults of racks by kind. goodput_frac: progress
    of training gangs over the racks that they hold. curtailed_wh: facility energy given up to limits; calls: of the
    grid under contracts, None where there are none. served, unserved: tokens by class. residual_frac: facility energy
    less IT energy counted rack by rack less losses, over facility energy. plan_vs_sim: of a window, empty for a single
    quarter of it. None where nothing runs.
    """

    availability_frac: float | None
    pue_mean: float | None
    pue_p99: float | None
    it_wh: float
    energy_wh: float
    water_l: float
    carbon_kg: float
    energy_usd: float
    demand_usd: float
    discharged_wh: float
    failures: Mapping[str, float]
    goodput_frac: float | None
    curtailed_wh: float
    served: Mapping[str, float]
    unserved: Mapping[str, float]
    residual_frac: float
    calls: Called | None = None
    plan_vs_sim: tuple[Difference, ...] = ()


def summarise(
    lived: Sums, asked_for: Sums, extremes: Sequence[Extremes], availability_frac: float, window: slice
) -> Summary:
    """The figures of a window of quarters, and what differs from the plan, from `totals.combine` and `totals.planned`.

    availability_frac: what the plan counts with.
    """
    sim, plan = lived.part(window), asked_for.part(window)
    differences = (
        *_racks(sim, plan, availability_frac),
        _energy(sim, plan),
        _pue(sim, plan),
        _bill(sim, plan),
        *_tokens(sim, plan),
        *_runs(sim, plan),
        *_research(sim, plan),
        *_peaks(sim, plan),
        *_swings(sim, plan),
        *_ramps(sim, plan),
    )
    return replace(figures(sim, extremes[window]), plan_vs_sim=differences)


def figures(sim: Sums, extremes: Sequence[Extremes]) -> Summary:
    """The figures of all quarters of `sim`, without what was planned."""
    energy = sim.total("facility_wh")
    balance = energy - sim.total("by_rack_wh") - sim.total("loss_wh")
    return Summary(
        availability_frac=_over(sim.total("up_h"), sim.total("stock_h")),
        pue_mean=_over(energy, sim.total("it_wh")),
        pue_p99=pue_p99(extremes),
        failures=sim.by_name("failures_count"),
        goodput_frac=_over(sim.total("gang_useful_h"), sim.total("gang_held_h")),
        served=sim.by_name("served_tokens"),
        unserved=sim.by_name("unserved_tokens"),
        residual_frac=abs(balance) / energy if energy > 0 else 0.0,
        energy_wh=energy,
        it_wh=sim.total("it_wh"),
        water_l=sim.total("water_l"),
        carbon_kg=sim.total("carbon_kg"),
        energy_usd=sim.total("energy_usd"),
        demand_usd=sim.total("demand_usd"),
        discharged_wh=sim.total("discharge_wh"),
        curtailed_wh=sim.total("curtailed_wh"),
        calls=called(sim),
    )


def called(sim: Sums) -> Called | None:
    """What calls ask, get and cost in all quarters of `sim`; None where there are none."""
    if not sim.total("called_h") > 0:
        return None
    names = ("calls_count", "called_h", "unasked_h", "called_wh", "slowed_wh", "battery_wh")
    sums = {name: sim.by_name(name) for name in names}
    sites = tuple(
        SiteCalls(
            site=site,
            calls_count=sums["calls_count"][site],
            called_h=hours,
            unasked_h=sums["unasked_h"][site],
            asked_wh=sums["called_wh"][site],
            slowed_wh=sums["slowed_wh"][site],
            battery_wh=sums["battery_wh"][site],
        )
        for site, hours in sums["called_h"].items()
        if hours > 0
    )
    lost = (*_lost(sim, "use_case"), *_lost(sim, "run"), *_lost(sim, "experiment"))
    usd, given_wh = sum(work.usd or 0.0 for work in lost), sum(site.slowed_wh + site.battery_wh for site in sites)
    return Called(sites=sites, lost=lost, usd=usd, usd_per_wh=_over(usd, given_wh))


# Of each kind of work: what it loses, what that is worth, and all that was done.
_LOSSES = {
    "use_case": ("lost_tokens", "lost_usd", "served_tokens"),
    "experiment": ("lost_flop", "lost_research_usd", "research_flop"),
    "run": ("lost_train_flop", "", "train_flop"),
}


def _lost(sim: Sums, dim: str) -> list[CalledWork]:
    """What each kind of work loses, of those that lose or gain."""
    lost, worth, done = _LOSSES[dim]
    amounts, whole = sim.by_name(lost), sim.by_name(done)
    usd = sim.by_name(worth) if worth else {}
    return [
        CalledWork(
            use_case=name,
            tokens=amount if dim == "use_case" else None,
            flop=None if dim == "use_case" else amount,
            usd=usd.get(name),
        )
        for name, amount in amounts.items()
        if abs(amount) > ROUNDING_FRAC * whole[name]
    ]


def _over(over: float, under: float) -> float | None:
    return over / under if under > 0 else None


def _change(over: float, under: float) -> str:
    """A ratio as a signed change, for a cause."""
    # Adding zero makes a rounded -0 a plain 0.
    return f"{round(over / under - 1, 3) + 0.0:+.1%}" if under > 0 else "none"


def _racks(sim: Sums, plan: Sums, availability_frac: float) -> list[Difference]:
    """Racks in service and at work, as means over the window."""
    hours = sim.total("hours_h")
    stock, up, down = (sim.total(name) for name in ("stock_h", "up_h", "down_h"))
    planned = float((plan["stock_count"] * sim["hours_h"]).sum()) / hours
    late = f"deliveries late by what their slip says, and racks counted whole ({_change(stock / hours, planned)})"
    lost = "no rack in service"
    if stock > 0:
        trays = (stock - down - up) / stock
        lost = f"racks wholly out {down / stock:.1%}, maintenance among them; trays out {trays:.1%}"
    return [
        Difference(item="racks in service", plan=planned, simulated=stock / hours, unit="racks", cause=late),
        Difference(item="availability", plan=availability_frac, simulated=_over(up, stock), unit="share", cause=lost),
    ]


def _bill(sim: Sums, plan: Sums) -> Difference:
    cost, budget = sim.total("energy_usd"), plan.total("energy_usd")
    used = _change(sim.total("facility_wh"), plan.total("facility_wh"))
    paid, counted = (
        f"{1e6 * data.total('energy_usd') / wh:.2f}" if (wh := data.total("facility_wh")) > 0 else "no"
        for data in (sim, plan)
    )
    cause = (
        f"energy used ({used}), and its price in the hours in which it is used ({paid} USD/MWh instead of {counted})"
    )
    given, charged = sim.total("discharge_wh"), sim.total("demand_usd")
    if given > 0:
        moved, lost = sim.total("moved_usd"), float((sim["grid_wh"] - sim["facility_wh"]).sum())
        cause += (
            f"; batteries give {given / GIGA:,.1f} GWh and lose {lost / GIGA:,.1f} GWh, which changes the price of "
            f"energy by {moved / MEGA:+,.2f} million USD"
        )
    if charged > 0:
        cause += f"; charges on the highest hour of each month, not in the plan: {charged / MEGA:,.2f} million USD"
    return Difference(item="energy bill", plan=budget, simulated=cost, unit="USD", cause=cause)


def _runs(sim: Sums, plan: Sums) -> list[Difference]:
    """Useful operations of every training run that the window touches."""
    rows = []
    planned, lived = plan.by_name("train_flop"), sim.by_name("train_flop")
    for name, budget in planned.items():
        done = lived[name]
        if budget or done:
            cause = _cause(done, budget, WAITED)
            cause = SMALLER if done > budget * (1 + SAME_FRAC) else cause
            rows.append(Difference(item=f"training: {name}", plan=budget, simulated=done, unit="FLOP", cause=cause))
    return rows


def _energy(sim: Sums, plan: Sums) -> Difference:
    full, counted, it = sim.total("full_use_wh"), plan.total("it_wh"), sim.total("it_wh")
    energy, budget = sim.total("facility_wh"), plan.total("facility_wh")
    pue = _change(energy * counted, it * budget)
    cause = (
        f"racks that are late or down draw nothing ({_change(full, counted)}), "
        f"idle ones draw less ({_change(it, full)}), mean PUE ({pue})"
    )
    given = sim.total("curtailed_wh")
    if given > 0:
        cause += f"; limits and calls of the grid take {show(given, 'wh')} of it"
    return Difference(item="facility energy", plan=budget, simulated=energy, unit="Wh", cause=cause)


def _pue(sim: Sums, plan: Sums) -> Difference:
    it, counted = sim.total("it_wh"), plan.total("it_wh")
    simulated = _over(sim.total("facility_wh"), it)
    mean = _over(plan.total("facility_wh"), counted)
    as_loaded = _over(sim.total("planned_load_wh"), it)
    cause = "nothing runs"
    if simulated is not None and as_loaded is not None and mean is not None:
        cause = (
            f"weather of the hours lived through instead of the year's mean ({_moved(mean, as_loaded)}), "
            f"shells filled to what stands there instead of the load factor ({_moved(as_loaded, simulated)})"
        )
    return Difference(item="mean PUE", plan=mean, simulated=simulated, unit="1", cause=cause)


def _moved(before: float, after: float) -> str:
    """A signed difference of PUE, for a cause."""
    # Adding zero makes a rounded -0 a plain 0.
    return f"{round(after - before, 4) + 0.0:+.4f}"


def _tokens(sim: Sums, plan: Sums) -> list[Difference]:
    rows = []
    planned, lived, taken = plan.by_name("served_tokens"), sim.by_name("served_tokens"), sim.by_name("lost_tokens")
    for (name, budget), interactive in zip(planned.items(), plan["interactive"], strict=True):
        served, lost = lived[name], taken[name]
        cause = _cause(served, budget, SHORT if interactive > 0 else DISPLACED)
        if lost > SAME_FRAC * max(served, budget):
            cause += f"; calls of the grid take {lost / max(served, budget):.1%}"
        rows.append(
            Difference(item=f"tokens served: {name}", plan=budget, simulated=served, unit="tokens", cause=cause)
        )
    return rows


def _research(sim: Sums, plan: Sums) -> list[Difference]:
    rows = []
    planned, lived = plan.by_name("research_flop"), sim.by_name("research_flop")
    for name, budget in planned.items():
        done = lived[name]
        cause = _cause(done, budget, DISPLACED)
        rows.append(Difference(item=f"experiments: {name}", plan=budget, simulated=done, unit="FLOP", cause=cause))
    return rows


def _cause(done: float, budget: float, short: str) -> str:
    if not budget and not done:
        return "not in the plan, and nothing is left for it"
    if abs(done - budget) <= SAME_FRAC * max(budget, done):
        return "as planned: the tide within a block evens out over its hours"
    return short if done < budget else "racks that the plan leaves idle, or the tide does, serve demand beyond the plan"


def _peaks(sim: Sums, plan: Sums) -> list[Difference]:
    """Largest power of the programme against that of its shells in the same quarter, and site by site."""
    connection = plan["connection_w"].sum(axis=1)
    quarter = int(sim["programme_peak_w"].argmax())
    largest = Difference(
        item="peak facility power",
        plan=float(connection[quarter]),
        simulated=float(sim["programme_peak_w"][quarter]),
        unit="W",
        cause=f"{sim.names['period'][quarter]}; shells are sized for every rack at its full IT power in the "
        f"design hour, racks draw the load factor of it and some are down; {_worst(sim, 'peak_w', plan)}",
    )
    quarter = int(sim["warmest_w"].sum(axis=1).argmax())
    warmest = Difference(
        item="facility power in the warmest hours",
        plan=float(connection[quarter]),
        simulated=float(sim["warmest_w"][quarter].sum()),
        unit="W",
        cause=f"{sim.names['period'][quarter]}; as if every site had its warmest hour in its busiest one; "
        f"{_worst(sim, 'warmest_w', plan)}",
    )
    return [largest, warmest]


def _swings(sim: Sums, plan: Sums) -> list[Difference]:
    """Largest power while all training gangs compute at once, against the shells; nothing where none trains."""
    if not sim.total("gang_held_h") > 0:
        return []
    quarter = int(sim["programme_swung_w"].argmax())
    swing, part = float(plan["gang_swing_frac"]), float(plan["gang_smoothing_frac"])
    smoothed = float(sim["programme_smoothed_w"].max())
    cause = (
        f"{sim.names['period'][quarter]}; as if the racks of all gangs computed at once, {swing:.0%} above their mean; "
        f"{_worst(sim, 'swung_w', plan)}; storage in the racks that takes {part:.0%} of the swing leaves "
        f"{smoothed / GIGA:,.3f} GW, {_worst(sim, 'smoothed_w', plan)}"
    )
    return [
        Difference(
            item="peak with training swings",
            plan=float(plan["connection_w"][quarter].sum()),
            simulated=float(sim["programme_swung_w"][quarter]),
            unit="W",
            cause=cause,
        )
    ]


def _ramps(sim: Sums, plan: Sums) -> list[Difference]:
    """The steepest change of what is drawn within an hour, where it is nearest to what the grid allows or beyond."""
    steepest, allowed = sim["steepest_w"].max(axis=0), plan["ramp_w"]
    share = steepest / allowed
    if not share.max() > 0:
        return []
    site = int(share.argmax())
    cause = f"{sim.names['site'][site]}; between two steps, calls and events among them, at the same rate for an hour"
    return [
        Difference(
            item="steepest ramp", plan=float(allowed[site]), simulated=float(steepest[site]), unit="W", cause=cause
        )
    ]


def _worst(sim: Sums, name: str, plan: Sums) -> str:
    """The site and quarter whose power is nearest to its shells', or furthest above them."""
    power_w, connection_w = sim[name], plan["connection_w"]
    share = np.divide(power_w, connection_w, out=np.zeros_like(power_w), where=power_w > 0)
    period, site = np.unravel_index(share.argmax(), share.shape)
    most = share[period, site]
    place = f"{sim.names['site'][site]} in {sim.names['period'][period]}"
    if most > 1:
        above = power_w[period, site] - connection_w[period, site]
        return f"exceeds the shells by {above / 1e6:,.1f} MW at {place}"
    return f"at most {most:.1%} of a site's shells, at {place}"
