"""Milestones and the tranches that they release: by which power, when at the earliest, and what was drawn before."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gigawatt import dollars
from gigawatt.ndarrays import Floats
from gigawatt.programme import opening
from gigawatt.programme.site_mix import basis_ratio
from gigawatt.scenario.schema import Asked, Milestone

# Share of a milestone that is missing at most where it is met.
WHOLE = 1e-6


def milestones(asked: Asked) -> tuple[Milestone, ...]:
    """The tranches' milestones up to the programme's target, in cumulative power; none where there are no tranches."""
    use = asked.capital.tranches
    if use is None:
        return ()
    if use.milestones:
        return use.milestones
    assert use.every_w is not None and use.amount_usd is not None and use.most_usd is not None  # noqa: PT018
    count = min(int(use.most_usd / use.amount_usd + 1e-9), int(asked.programme.target_w / use.every_w + 1e-9))
    return tuple(Milestone(power_w=use.every_w * (n + 1), amount_usd=use.amount_usd) for n in range(count))


def milestone_name(step: Milestone) -> str:
    """A milestone as a coordinate: "3 GW"."""
    return f"{step.power_w / 1e9:g} GW"


def gross_ratio(data: xr.Dataset, asked: Asked) -> xr.DataArray:
    """Power on the tranches' basis per IT power, dims (site)."""
    use = asked.capital.tranches
    return basis_ratio(data, "facility" if use is None else use.power_basis)


def cash_at_start_usd(asked: Asked) -> float:
    """Money at hand when the horizon starts [USD]."""
    stated = asked.at_start.cash_usd
    return asked.capital.opening_cash_usd + asked.capital.upfront_equity_usd if stated is None else stated


def drawn_frac(asked: Asked) -> Floats:
    """Share of each tranche that was paid before the horizon, (milestones,)."""
    marks = np.array([step.power_w for step in milestones(asked)])
    sizes = np.diff(marks, prepend=0.0)
    shares = np.clip((asked.at_start.released_w - (marks - sizes)) / sizes, 0.0, 1.0)
    # A milestone that is met to a part in a million is met: the solver's rounding, or that of a number as text.
    return np.where(shares > 1 - WHOLE, 1.0, shares)


def gross_at_start_w(data: xr.Dataset, asked: Asked) -> float:
    """Power ever installed before the horizon, on the tranches' basis [W]."""
    stated = asked.at_start.gross_w
    return float((opening.start_it_w(data) * gross_ratio(data, asked)).sum()) if stated is None else stated


def gross_w(placed_w: xr.DataArray, data: xr.Dataset, asked: Asked) -> xr.DataArray:
    """Power ever installed at the end of each quarter, on the tranches' basis [W], dims (period).

    placed_w: IT power that starts in each quarter, dims (period, site).
    """
    return (placed_w * gross_ratio(data, asked)).sum("site").cumsum("period") + gross_at_start_w(data, asked)


def gross_before_w(data: xr.Dataset, asked: Asked, count: int) -> Floats:
    """Power ever installed at the end of each of so many quarters before the horizon [W], at least what was paid for.

    What was installed since follows from the racks that stand.
    """
    start = gross_at_start_w(data, asked)
    power = opening.cohorts_count(data) * data.rack_it_w * gross_ratio(data, asked)
    last = power.transpose("before", "site", "platform").values.sum(axis=(1, 2))[::-1]
    since = np.concatenate([[0.0], np.cumsum(last), np.full(count, last.sum())])[:count][::-1]
    return np.maximum(start - since, asked.at_start.released_w)


def lawful_frac(gross_w: Floats, asked: Asked, data: xr.Dataset | None, *, step: bool) -> Floats:
    """Share of each tranche that is lawfully released by the end of each quarter, (..., milestones, quarters).

    gross_w: power ever installed at the end of each quarter, (..., quarters). data: the inputs; None where nothing
    stood before.
    """
    use = asked.capital.tranches
    assert use is not None
    powers = [one.power_w for one in milestones(asked)]
    before = np.zeros(0) if data is None else gross_before_w(data, asked, use.lag_count)
    seen = np.concatenate([np.broadcast_to(before, (*gross_w.shape[:-1], before.size)), gross_w], axis=-1)
    shares = dollars.released_frac(seen, powers, use.lag_count, step=step)
    return np.maximum(shares[..., before.size :], drawn_frac(asked)[:, None])


def reachable(data: xr.Dataset, asked: Asked, powers_w: Sequence[float] | Floats) -> NDArray[np.bool_]:
    """Whether a milestone can have been released by the end of a quarter, shape (milestones, quarters)."""
    use = asked.capital.tranches
    lag = use.lag_count if use is not None else 1
    gross = buildable_w(data, asked)
    most = np.concatenate([gross_before_w(data, asked, lag), gross])[: gross.size]
    return np.asarray(powers_w)[:, None] <= most[None, :] * (1 + 1e-9)


def buildable_w(data: xr.Dataset, asked: Asked) -> Floats:
    """Most gross facility power by the end of each quarter [W], (quarters,): all supply bought, all ramps filled.

    What was installed before the horizon counts, and takes its room on the ramps for as long as it stands. Ramps limit
    what is in service, so they bound gross power within one rack life only.
    """
    in_pool = (data.in_pool_count * data.rack_it_w).max("platform")
    supply = (data.supply_count * in_pool).sum("pool").cumsum("period").values * float(data.pue_peak_ratio.max())
    life = asked.finance.rack_life_count
    stands = (opening.standing_count(data, life) * data.rack_it_w * data.pue_peak_ratio).sum(["site", "platform"])
    room = np.maximum((data.ramp_w.sum("site") - stands).values, 0.0)
    ramp = np.where(np.arange(supply.size) < life, room, np.inf)
    return gross_at_start_w(data, asked) + np.minimum(supply, np.maximum.accumulate(ramp))
