"""From racks at work to power: IT power by step and pair, PUE in that step's weather, water.

A working rack at full use draws the scenario's load factor times its IT power, an idle one `idle_draw` of that, one
that is down nothing. The planner counts load factor × IT power for every rack in service, so that the simulated energy
is the planner's × availability × (busy share + idle_draw × idle share) × the hours' PUE over the mean PUE; with all
racks up and busy the two agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from gigawatt import watts
from gigawatt.ndarrays import Floats
from gigawatt.programme import opening
from gigawatt.scenario.schema import Asked
from gigawatt.simulation.calendar import Span
from gigawatt.simulation.outdoors import Outdoors

EXTREME_QUANTILE = 0.99
# Bins in which a quantile is looked for before anything is put in order.
_BINS_COUNT = 4096


def note(asked: Asked) -> str:
    """What the draw of racks assumes, in words."""
    idle = asked.operations.idle_draw_frac
    return f"An idle rack draws {idle:.0%} of one at full use, and one that is down nothing."


@dataclass(frozen=True, slots=True, kw_only=True)
class FacilityPower:
    """The facility around the IT power in every step of a span, shapes (step, site).

    loss_w: what the site takes beside its IT, IT × (PUE − 1). planned_ratio: PUE in the same weather at the load that
    the planner counts with, its load factor. water_l_per_h: litres in an hour.
    """

    pue_ratio: Floats
    loss_w: Floats
    planned_ratio: Floats
    water_l_per_h: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Extremes:
    """What a representative week cannot hold, from every hour of a quarter's weather, by site.

    pue_ratio (hour, site): PUE of each hour at the site's mean load in the span; weight_wh: IT energy that it stands
    for. warmest_w (site): the largest IT power of the span in the hour of the largest PUE.
    """

    pue_ratio: Floats
    weight_wh: Floats
    warmest_w: Floats


def pue_p99(extremes: Sequence[Extremes]) -> float | None:
    """PUE that 1 % of the IT energy exceeds; None where nothing runs."""
    values = np.concatenate([one.pue_ratio.ravel() for one in extremes])
    weights = np.concatenate([one.weight_wh.ravel() for one in extremes])
    return quantile(values, weights, EXTREME_QUANTILE) if weights.any() else None


def quantile(values: Floats, weights: Floats, share_frac: float) -> float:
    """The least of the values such that those up to it have a share of the weights, of which one is above 0.

    What is put in order are the values of one narrow bin: the hours of all sites and quarters are a million.
    """
    low, high = values.min(), values.max()
    bins = ((values - low) * ((_BINS_COUNT - 1) / (high - low))).astype(np.intp) if high > low else np.zeros(1, np.intp)
    bins = np.broadcast_to(bins, values.shape)
    reached = np.cumsum(np.bincount(bins, weights))
    aim = share_frac * reached[-1]
    at = int(np.searchsorted(reached, aim))
    near = np.flatnonzero((bins == at) & (weights > 0))
    near = near[np.argsort(values[near])]
    passed = (reached[at - 1] if at else 0.0) + np.cumsum(weights[near])
    return float(values[near[min(np.searchsorted(passed, aim), len(near) - 1)]])


def design_power(decisions: xr.Dataset, data: xr.Dataset) -> Floats:
    """IT power [W] that the shells are built for at the end of each quarter, (period, site): at least what stands
    there; PUE rises where it is idle."""
    design = (decisions.shell_w / data.pue_peak_ratio).transpose("period", "site").values
    return np.maximum(design, decisions.it_w.transpose("period", "site").values)


def start_power(data: xr.Dataset) -> Floats:
    """IT power [W] that the shells which stand before the first quarter are built for, (site,), as `design_power`."""
    design = opening.start_shell_w(data) / data.pue_peak_ratio
    return np.maximum(design.values, opening.start_it_w(data).values)


def during(closing: Floats, span: Span, quarters: Sequence[str], weekly: bool, start: Floats | None = None) -> Floats:
    """A stock at the end of each step of a span, (step, …), from that at the ends of quarters, (period, …).

    It grows evenly through its quarter, and a representative week has its mean. start: what the first quarter opens
    with; None is nothing.
    """
    before = np.zeros_like(closing[0]) if start is None else start
    begun = closing[span.period - 1] if span.period else before
    share = span.passed_frac(quarters) if not weekly else np.full(span.count, 0.5)
    return begun + share[:, None] * (closing[span.period] - begun)


def facility_power(
    it_w: Floats, design_w: Floats, outdoors: Sequence[Outdoors], plants: Sequence[watts.Cooling], planned_frac: float
) -> FacilityPower:
    """PUE, losses and water in the weather of the span's steps.

    it_w, design_w: (…, step, site); outdoors, plants: of each site; planned_frac: the planner's load factor.
    """
    share = load(it_w, design_w)
    dry = np.stack([air.dry_bulb_degc for air in outdoors], axis=1)
    wet = np.stack([air.wet_bulb_degc for air in outdoors], axis=1)
    pue, water, planned = np.empty_like(share), np.empty_like(share), np.empty_like(dry)
    for plant, at in alike(plants):
        pue[..., at] = watts.pue(plant, dry[:, at], wet[:, at], share[..., at])
        planned[:, at] = watts.pue(plant, dry[:, at], wet[:, at], planned_frac)
        water[..., at] = watts.water_use(plant, dry[:, at], wet[:, at], share[..., at]) * it_w[..., at]
    return FacilityPower(pue_ratio=pue, loss_w=it_w * (pue - 1), planned_ratio=planned, water_l_per_h=water)


def extremes(
    it_w: Floats, design_w: Floats, outdoors: Sequence[Outdoors], plants: Sequence[watts.Cooling], weight_h: float
) -> Extremes:
    """Every hour of the quarter's weather, at the mean and at the largest load of the span.

    it_w, design_w: (step, site); weight_h: hours that the span stands for.
    """
    mean, largest = it_w.mean(axis=0), it_w.max(axis=0)
    usual, full = load(mean, design_w.mean(axis=0)), load(largest, design_w.max(axis=0))
    dry = np.stack([air.quarter_dry_degc for air in outdoors], axis=1)
    wet = np.stack([air.quarter_wet_degc for air in outdoors], axis=1)
    found, warmest = np.empty_like(dry), np.empty_like(mean)
    for plant, at in alike(plants):
        found[:, at] = watts.pue(plant, dry[:, at], wet[:, at], usual[at])
        hour = found[:, at].argmax(axis=0), at
        warmest[at] = largest[at] * watts.pue(plant, dry[hour], wet[hour], full[at])
    return Extremes(
        pue_ratio=found, weight_wh=np.broadcast_to(mean * weight_h / len(found), found.shape), warmest_w=warmest
    )


def alike(plants: Sequence[watts.Cooling]) -> list[tuple[watts.Cooling, list[int]]]:
    """Every cooling plant that there is, with the places of the sites that have it."""
    return [(plant, [site for site, one in enumerate(plants) if one == plant]) for plant in dict.fromkeys(plants)]


def load(it_w: Floats, design_w: Floats) -> Floats:
    """IT power over the site's design, at most 1; a site where nothing runs counts as full, for its PUE is moot."""
    design = np.broadcast_to(design_w, it_w.shape)
    share = np.divide(it_w, design, out=np.ones(it_w.shape), where=(it_w > 0) & (design > 0))
    return np.minimum(share, 1)
