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
from numpy.typing import NDArray

from gigawatt import watts
from gigawatt.programme import opening
from gigawatt.scenario.schema import Asked
from gigawatt.simulate.calendar import Span
from gigawatt.simulate.outdoors import Outdoors

Floats = NDArray[np.float64]

EXTREME_QUANTILE = 0.99


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
    running = [one.weight_wh > 0 for one in extremes]
    values = np.concatenate([one.pue_ratio[some] for one, some in zip(extremes, running, strict=True)])
    weights = np.concatenate([one.weight_wh[some] for one, some in zip(extremes, running, strict=True)])
    if not weights.size:
        return None
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    return float(values[order[np.searchsorted(reached, EXTREME_QUANTILE * reached[-1])]])


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

    it_w, design_w: (step, site); outdoors, plants: of each site; planned_frac: the planner's load factor.
    """
    share = load(it_w, design_w)
    pue, planned, water = (np.empty_like(it_w) for _ in range(3))
    for site, (air, plant) in enumerate(zip(outdoors, plants, strict=True)):
        dry, wet = air.dry_bulb_degc, air.wet_bulb_degc
        pue[:, site] = watts.pue(plant, dry, wet, share[:, site])
        planned[:, site] = watts.pue(plant, dry, wet, planned_frac)
        water[:, site] = watts.water_use(plant, dry, wet, share[:, site]) * it_w[:, site]
    return FacilityPower(pue_ratio=pue, loss_w=it_w * (pue - 1), planned_ratio=planned, water_l_per_h=water)


def extremes(
    it_w: Floats, design_w: Floats, outdoors: Sequence[Outdoors], plants: Sequence[watts.Cooling], weight_h: float
) -> Extremes:
    """Every hour of the quarter's weather, at the mean and at the largest load of the span.

    it_w, design_w: (step, site); weight_h: hours that the span stands for.
    """
    mean, largest = it_w.mean(axis=0), it_w.max(axis=0)
    usual, full = load(mean, design_w.mean(axis=0)), load(largest, design_w.max(axis=0))
    columns, warmest = [], np.empty_like(mean)
    for site, (air, plant) in enumerate(zip(outdoors, plants, strict=True)):
        dry, wet = air.quarter_dry_degc, air.quarter_wet_degc
        columns.append(watts.pue(plant, dry, wet, usual[site]))
        hour = columns[-1].argmax()
        warmest[site] = largest[site] * watts.pue(plant, dry[hour], wet[hour], full[site])
    found = np.stack(columns, axis=1)
    return Extremes(
        pue_ratio=found, weight_wh=np.broadcast_to(mean * weight_h / len(found), found.shape), warmest_w=warmest
    )


def load(it_w: Floats, design_w: Floats) -> Floats:
    """IT power over the site's design, at most 1; a site where nothing runs counts as full, for its PUE is moot."""
    design = np.broadcast_to(design_w, it_w.shape)
    share = np.divide(it_w, design, out=np.ones(it_w.shape), where=(it_w > 0) & (design > 0))
    return np.minimum(share, 1)
