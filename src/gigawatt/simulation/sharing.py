"""Who works on which racks in each step of a span.

Training runs keep their racks. The rest is shared tier by tier, the tier that slows last first:

1. The jobs of the tier take of the racks that the plan gave them what their promise needs: of an interactive class the
   share of demand that the plan serves in this block, times the demand of the hour; of a batch class or an experiment
   all of its racks, for any hour of the quarter will do.
2. What their promise still lacks they take of the racks that are left, dearest per rack-hour first, before the next
   tier takes its own.
3. When every tier has had its turn, what is still idle serves demand that the plan leaves, dearest first.

Whoever takes racks that are left takes the same share of those of every pair.
Shapes: h steps, p pairs of site and platform, j jobs (classes of inference, then experiments).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gigawatt.ndarrays import Floats
from gigawatt.quarters import SECONDS_PER_QUARTER

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """What racks may do beside training runs: tokens of a class of inference, or FLOP of experiments.

    rate_per_s: work of one working rack, (p, j). own_count: working racks that the plan gives, (h, p, j). asked_per_s,
    promised_per_s: demand, and what the plan serves of it, (h, j); where `flexible` (j), any hour will do and only
    their means count. value_usd_per_h: worth of a rack-hour, (j). tiers: the jobs of each tier (j), the one that is
    served first at first. weight (h): how much each step counts in a mean; None where all count alike.
    """

    rate_per_s: Floats
    own_count: Floats
    asked_per_s: Floats
    promised_per_s: Floats
    value_usd_per_h: Floats
    flexible: Mask
    tiers: tuple[Mask, ...]
    weight: Floats | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedWork:
    """The jobs of all quarters, for every pair: what `jobs` cuts its spans from; of many plans with these first.

    rate_per_s: (t, p, j); own_count: (t, block, p, j); demand_per_s, wish_per_s: mean demand of classes and wish of
    experiments, (t, class), (t, experiment); value_usd_per_h: (t, j); flexible, tiers: as in `Jobs`.
    """

    rate_per_s: Floats
    own_count: Floats
    demand_per_s: Floats
    wish_per_s: Floats
    value_usd_per_h: Floats
    flexible: Mask
    tiers: tuple[Mask, ...]


def work(
    decisions: xr.Dataset,
    data: xr.Dataset,
    stock_count: Floats,
    platform: NDArray[np.intp],
    availability: float,
    order: Sequence[str],
) -> SharedWork:
    """The jobs of a plan; those of a platform are spread over its pairs in proportion to their racks.

    stock_count: racks of each pair in service, (t, p); platform: index of each pair's platform (p); availability:
    working racks per rack in service, which the plan's racks include; order: names of tiers, the one that is
    served first at first.
    """
    rate = _rates(data)[..., platform, :]
    same = platform[:, None] == platform
    own = _planned_count(decisions)[..., platform, :] * availability
    own = own * ratio(stock_count, stock_count @ same)[..., None, :, None]
    flexible = np.concatenate([data.interactive.values == 0, np.ones(data.sizes["experiment"], dtype=bool)])
    research = np.arange(len(flexible)) >= data.sizes["use_case"]
    member = {"interactive": ~flexible, "batch": flexible & ~research, "experiments": research}
    return SharedWork(
        rate_per_s=rate,
        own_count=own,
        demand_per_s=data.demand_tokens_per_s.transpose(..., "period", "use_case").values,
        wish_per_s=data.experiment_wish_flop.transpose(..., "period", "experiment").values / SECONDS_PER_QUARTER,
        value_usd_per_h=_value_usd_per_h(data, rate, stock_count),
        flexible=flexible,
        tiers=tuple(member[name] for name in order if name in member),
    )


def jobs(of: SharedWork, period: int | slice, tide: Floats, peak: Mask, weight: Floats | None = None) -> Jobs:
    """The jobs of a span of one quarter; of several quarters with these before all that differs between them.

    tide: demand over its mean (h, class); peak: which steps are the peak block (h); weight: as in `Jobs`, of states in
    all of which demand is the same.
    """
    block = np.where(peak, 0, 1)
    rate, own = of.rate_per_s[period], of.own_count[period][..., block, :, :]
    asked = _beside(of.demand_per_s[period][..., None, :] * tide, of.wish_per_s[period][..., None, :])
    planned = np.einsum("...hpj,...pj->...hj", own, rate)
    means = [asked[..., at, :].mean(axis=-2) if at.any() else asked.mean(axis=-2) for at in (peak, ~peak)]
    share = ratio(planned, np.stack(means, axis=-2)[..., block, :])
    usual = planned.mean(axis=-2, keepdims=True)
    return Jobs(
        rate_per_s=rate,
        own_count=own,
        asked_per_s=asked,
        promised_per_s=np.where(of.flexible, usual, np.minimum(share, 1) * asked),
        value_usd_per_h=of.value_usd_per_h[period],
        flexible=of.flexible,
        tiers=of.tiers,
        weight=weight,
    )


def share(use: Jobs, free: Floats, barred: Mask | None = None) -> Floats:
    """Racks at work on each job, (h, p, j).

    free: working racks that no training run holds, (h, p); barred: where a job may not work, (h, p, j).
    """
    names = ("rate_per_s", "own_count", "asked_per_s", "promised_per_s", "value_usd_per_h")
    one = replace(use, **{name: getattr(use, name)[None] for name in names})
    return shares(one, free[None], None if barred is None else barred[None])[0]


def shares(use: Jobs, free: Floats, barred: Mask | None = None) -> Floats:
    """As `share` for many spans at once: shapes (n, h, p, j), and so of `use` with n spans before all that differs.

    Inside, jobs come first, for all that is done is done to whole jobs.
    """
    own_count, rate_per_s, asked, promised = (
        np.ascontiguousarray(np.moveaxis(values, -1, 0))
        for values in (use.own_count, use.rate_per_s, use.asked_per_s, use.promised_per_s)
    )
    open_to = None if barred is None else ~np.moveaxis(barred, -1, 0)
    own_count = own_count if open_to is None else own_count * open_to
    done, left = np.zeros_like(own_count), free.copy()
    capacity = (own_count @ rate_per_s[..., None])[..., 0]
    needed = np.where(use.flexible[:, None, None], 1.0, np.minimum(ratio(promised, capacity), 1))[..., None]
    order = np.argsort(-use.value_usd_per_h, axis=1, kind="stable")
    for tier in use.tiers:
        own = own_count[tier] * needed[tier]
        # The plan's racks exceed what is left by the solver's tolerance, by racks that are out, or by a higher tier's.
        own *= np.minimum(ratio(left, own.sum(axis=0)), 1)
        done[tier] = own
        left = np.maximum(left - own.sum(axis=0), 0)
        _fill(done, left, open_to, use, rate_per_s, promised, order[tier[order]].reshape(len(order), -1))
    _fill(done, left, open_to, use, rate_per_s, asked, order)
    return np.moveaxis(done, 0, -1)


def _fill(
    done: Floats,
    left: Floats,
    open_to: Mask | None,
    use: Jobs,
    rate_per_s: Floats,
    goal: Floats,
    order: NDArray[np.intp],
) -> None:
    """Give racks that are left to jobs that lack some of their goal; changes the fresh arrays of `shares`.

    order: the jobs of each span in their order, (n, jobs).
    """
    span = np.arange(len(left))
    for job in order.T:
        rate, so_far = rate_per_s[job, span][..., None], done[job, span]
        short = goal[job, span] - (so_far @ rate)[..., 0]
        here = left if open_to is None else left * open_to[job, span]
        possible = (here @ rate)[..., 0]
        any_hour = use.flexible[job]
        if any_hour.any():  # the shortfall is spread over the steps in proportion to what stands idle in each
            usual, lacking = (np.average(one, axis=1, weights=use.weight, keepdims=True) for one in (possible, short))
            short = np.where(any_hour[:, None], ratio(possible, usual) * lacking, short)
        part = np.minimum(ratio(np.maximum(short, 0), possible), 1)
        taken = here * part[..., None]
        done[job, span] = so_far + taken
        left -= taken


def ratio(over: Floats, under: Floats) -> Floats:
    """over / under, and 0 where there is nothing to divide by."""
    over, under = np.broadcast_arrays(over, under)
    return np.divide(over, under, out=np.zeros(over.shape), where=under > 0)


def _beside(one: Floats, other: Floats) -> Floats:
    """Arrays that differ in the last axis, one beside the other in it."""
    shape = np.broadcast_shapes(one.shape[:-1], other.shape[:-1])
    return np.concatenate([np.broadcast_to(part, (*shape, part.shape[-1])) for part in (one, other)], axis=-1)


def _rates(data: xr.Dataset) -> Floats:
    """Work per second of one working rack, (t, g, j)."""
    tokens = (data.rack_tokens_per_s * data.utilisation_frac).transpose(..., "period", "platform", "use_case").values
    return _beside(tokens, data.experiment_rack_flops.transpose(..., "period", "platform", "experiment").values)


def _planned_count(decisions: xr.Dataset) -> Floats:
    """Racks in service that the plan gives to each job, by block, (t, block, g, j)."""
    order = (..., "period", "block", "platform")
    work, research = decisions.work_count, decisions.research_count
    return _beside(work.transpose(*order, "use_case").values, research.transpose(*order, "experiment").values)


def _value_usd_per_h(data: xr.Dataset, rate: Floats, stock_count: Floats) -> Floats:
    """Worth of a rack-hour on each job [USD/h], (t, j), as a mean over all racks."""
    per_token = data.price_usd_per_mtok.transpose(..., "period", "use_case").values / 1e6
    worth = _beside(per_token, data.experiment_worth_usd_per_flop.transpose(..., "period", "experiment").values)
    racks = stock_count.sum(axis=-1, keepdims=True)
    rack_per_s = ratio(np.einsum("...pj,...p->...j", rate, stock_count), racks)
    return worth * rack_per_s * 3600.0
