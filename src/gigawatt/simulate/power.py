"""From racks at work to power: IT power by hour and site, PUE in that hour's weather, water.

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
from gigawatt.plan.flows import mean_stock
from gigawatt.scenario.schema import Asked
from gigawatt.simulate.expected import Fleet
from gigawatt.simulate.weeks import SiteWeather, season

Floats = NDArray[np.float64]

EXTREME_QUANTILE = 0.99


def note(asked: Asked) -> str:
    """What the draw of racks assumes, in words."""
    idle = asked.operations.idle_draw_frac
    return f"An idle rack draws {idle:.0%} of one at full use, and one that is down nothing."


@dataclass(frozen=True, slots=True, kw_only=True)
class Facility:
    """The facility around the IT power in every hour of the weeks, shapes (period, hour, site).

    loss_w: what the site takes beside its IT, IT × (PUE − 1). planned_ratio: PUE in the same weather at the load that
    the planner counts with, its load factor. water_l: litres in the hour.
    """

    pue_ratio: Floats
    loss_w: Floats
    planned_ratio: Floats
    water_l: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Extremes:
    """What a representative week cannot hold, from every hour of the quarters' weather.

    pue_ratio: PUE of each hour at the site's mean load in the quarter; weight_wh: IT energy that it stands for. One
    array (hour, site) for each period. warmest_w (period, site): the largest IT power of the week in the hour of the
    largest PUE.
    """

    pue_ratio: tuple[Floats, ...]
    weight_wh: tuple[Floats, ...]
    warmest_w: Floats

    def pue_p99(self, window: slice) -> float | None:
        """PUE that 1 % of the IT energy exceeds; None where nothing runs."""
        values = np.concatenate([array.ravel() for array in self.pue_ratio[window]])
        weights = np.concatenate([array.ravel() for array in self.weight_wh[window]])
        if not weights.sum() > 0:
            return None
        order = np.argsort(values)
        reached = np.cumsum(weights[order])
        return float(values[order][np.searchsorted(reached, EXTREME_QUANTILE * reached[-1])])


def it_power(fleet: Fleet, busy_frac: Floats, rack_w: Floats, idle_frac: float) -> Floats:
    """IT power [W], (period, hour, site): a platform's racks are equally busy at all of its sites.

    busy_frac: share of a platform's working racks that work on something, (period, hour, platform); rack_w: IT power
    of a rack at full use, (platform).
    """
    return np.einsum("tsg,thg->ths", fleet.up_count * rack_w, draw_frac(busy_frac, idle_frac))


def draw_frac(busy_frac: Floats, idle_frac: float) -> Floats:
    """Power of a platform's working racks over that at full use; an idle rack draws `idle_frac`."""
    return busy_frac + idle_frac * (1 - busy_frac)


def design_power(decisions: xr.Dataset, data: xr.Dataset) -> Floats:
    """IT power [W] that the shells standing in a quarter are built for, (period, site); PUE rises where it is idle."""
    design = mean_stock(decisions.shell_w / data.pue_peak_ratio).transpose("period", "site").values
    return np.maximum(design, mean_stock(decisions.it_w).transpose("period", "site").values)


def facility_power(
    it_w: Floats,
    load_frac: Floats,
    weather: Sequence[SiteWeather],
    plants: Sequence[watts.Cooling],
    at: NDArray[np.intp],
    planned_frac: float,
) -> Facility:
    """PUE, losses and water in the weather of each quarter's representative week.

    load_frac: IT power over the shells' design; weather, plants: of each site; at: which quarter of the year each
    period is; planned_frac: the load factor that the planner counts with.
    """
    pue, planned, water = (np.empty_like(it_w) for _ in range(3))
    for site, (air, plant) in enumerate(zip(weather, plants, strict=True)):
        dry, wet = air.dry_bulb_degc[at], air.wet_bulb_degc[at]
        pue[:, :, site] = watts.pue(plant, dry, wet, load_frac[:, :, site])
        planned[:, :, site] = watts.pue(plant, air.dry_bulb_degc, air.wet_bulb_degc, planned_frac)[at]
        water[:, :, site] = watts.water_use(plant, dry, wet, load_frac[:, :, site]) * it_w[:, :, site]
    return Facility(pue_ratio=pue, loss_w=it_w * (pue - 1), planned_ratio=planned, water_l=water)


def extremes(
    it_w: Floats,
    design_w: Floats,
    weather: Sequence[SiteWeather],
    plants: Sequence[watts.Cooling],
    quarters: Sequence[str],
    quarter_h: float,
) -> Extremes:
    """Every hour of the quarters' weather, at the mean and at the largest load of the week."""
    mean, largest = it_w.mean(axis=1), it_w.max(axis=1)
    usual, full = load(mean, design_w), load(largest, design_w)
    found: list[Floats] = []
    warmest = np.empty_like(mean)
    for period, at in enumerate(season(quarters)):
        columns = []
        for site, (air, plant) in enumerate(zip(weather, plants, strict=True)):
            dry, wet = air.quarters[at]
            columns.append(watts.pue(plant, dry, wet, usual[period, site]))
            hour = columns[-1].argmax()
            warmest[period, site] = largest[period, site] * watts.pue(plant, dry[hour], wet[hour], full[period, site])
        found.append(np.stack(columns, axis=1))
    weights = [
        np.broadcast_to(row * quarter_h / len(hours), hours.shape) for row, hours in zip(mean, found, strict=True)
    ]
    return Extremes(pue_ratio=tuple(found), weight_wh=tuple(weights), warmest_w=warmest)


def load(it_w: Floats, design_w: Floats) -> Floats:
    """IT power over the site's design, at most 1; a site where nothing runs counts as full, for its PUE is moot."""
    design = np.broadcast_to(design_w, it_w.shape)
    share = np.divide(it_w, design, out=np.ones(it_w.shape), where=(it_w > 0) & (design > 0))
    return np.minimum(share, 1)
