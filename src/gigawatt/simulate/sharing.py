"""Who works on which racks in each hour.

Training runs keep their racks. The rest is shared in this order:

1. Interactive classes take of the racks that the plan gave them what their promised demand needs in this hour: the
   share of demand that the plan serves in this block, times the demand of the hour.
2. Where the tide asks for more, they take what is idle, dearest per rack-hour first, before batch work and experiments.
3. Batch classes and experiments use the racks that the plan gave them, as far as these are left, then idle ones, until
   they have what the plan promised them for the quarter.
4. What is still idle serves demand that the plan leaves, dearest per rack-hour first.

Whoever takes idle racks takes the same share of those of every platform.
Shapes: t periods, h hours of the week, g platforms, j jobs (classes of inference, then experiments).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gigawatt.plan.inputs import SECONDS_PER_QUARTER

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """What racks may do beside training runs: tokens of a class of inference, or FLOP of experiments.

    rate_per_s: work of one working rack, (t, g, j). own_count: working racks that the plan gives, (t, h, g, j).
    asked_per_s, promised_per_s: demand, and what the plan serves of it, (t, h, j); where `flexible` (j), any hour of
    the quarter will do and only their means count. value_usd_per_h: worth of a rack-hour, (t, j).
    """

    rate_per_s: Floats
    own_count: Floats
    asked_per_s: Floats
    promised_per_s: Floats
    value_usd_per_h: Floats
    flexible: NDArray[np.bool_]


def jobs(
    decisions: xr.Dataset, data: xr.Dataset, tide: Floats, peak: NDArray[np.bool_], up: Floats, availability: float
) -> Jobs:
    """The jobs of a plan.

    tide: demand over its mean (h, use_case); peak: which hours are the peak block (h); up: working racks (t, g);
    availability: working racks per rack in service, which the plan's rates and racks include.
    """
    block = np.where(peak, 0, 1)
    rate = ratio(_rates(data), np.array(availability))
    own = _planned_count(decisions, data)[:, block] * availability
    demand = data.demand_tokens_per_s.transpose("period", "use_case").values[:, None, :] * tide
    wish = _wish_per_s(data)
    asked = np.concatenate([demand, np.broadcast_to(wish[:, None, :], (*demand.shape[:2], wish.shape[1]))], axis=2)
    planned = np.einsum("thgj,tgj->thj", own, rate)
    in_block = [asked[:, peak].mean(axis=1), asked[:, ~peak].mean(axis=1)]
    share = ratio(planned, np.stack(in_block, axis=1)[:, block])
    flexible = np.concatenate([data.interactive.values == 0, np.ones(wish.shape[1], dtype=bool)])
    promised = np.where(flexible, planned.mean(axis=1, keepdims=True), np.minimum(share, 1) * asked)
    return Jobs(
        rate_per_s=rate,
        own_count=own,
        asked_per_s=asked,
        promised_per_s=promised,
        value_usd_per_h=_value_usd_per_h(data, rate, up),
        flexible=flexible,
    )


def share(use: Jobs, free: Floats) -> Floats:
    """Racks at work on each job, (t, h, g, j). free: working racks that no training run holds, (t, h, g)."""
    interactive = np.where(use.flexible, 0.0, use.own_count)
    capacity = np.einsum("thgj,tgj->thj", interactive, use.rate_per_s)
    interactive = interactive * np.minimum(ratio(use.promised_per_s, capacity), 1)[:, :, None, :]
    # The plan's racks exceed what is free by the solver's tolerance at most.
    work = interactive * np.minimum(ratio(free, interactive.sum(axis=3)), 1)[..., None]
    left = np.maximum(free - work.sum(axis=3), 0)
    _fill(work, left, use, use.promised_per_s, ~use.flexible)
    flexible = np.where(use.flexible, use.own_count, 0.0)
    flexible *= np.minimum(ratio(left, flexible.sum(axis=3)), 1)[..., None]
    work += flexible
    left = np.maximum(left - flexible.sum(axis=3), 0)
    _fill(work, left, use, use.promised_per_s, use.flexible)
    _fill(work, left, use, use.asked_per_s, np.ones_like(use.flexible))
    return work


def _fill(work: Floats, left: Floats, use: Jobs, goal: Floats, allowed: NDArray[np.bool_]) -> None:
    """Give idle racks to the jobs that lack some of their goal, dearest first; changes the fresh arrays of `share`."""
    order = np.argsort(-use.value_usd_per_h, axis=1, kind="stable")
    period = np.arange(len(order))
    for job in order.T:
        rate = use.rate_per_s[period, :, job]
        done = np.einsum("thg,tg->th", work[period, :, :, job], rate)
        possible = np.einsum("thg,tg->th", left, rate)
        short = goal[period, :, job] - done
        # A quarter's shortfall is spread over its hours in proportion to what stands idle in each.
        spread = ratio(possible, possible.mean(axis=1, keepdims=True)) * short.mean(axis=1, keepdims=True)
        short = np.maximum(np.where(use.flexible[job, None], spread, short), 0)
        taken = left * (np.minimum(ratio(short, possible), 1) * allowed[job, None])[..., None]
        work[period, :, :, job] += taken
        left -= taken


def ratio(over: Floats, under: Floats) -> Floats:
    """over / under, and 0 where there is nothing to divide by."""
    over, under = np.broadcast_arrays(over, under)
    return np.divide(over, under, out=np.zeros(over.shape), where=under > 0)


def _rates(data: xr.Dataset) -> Floats:
    """Work per second of one rack in service, (t, g, j)."""
    tokens = (data.rack_tokens_per_s * data.utilisation_frac).transpose("period", "platform", "use_case").values
    flops = data.experiment_rack_flops.transpose("period", "platform", "experiment").values
    return np.concatenate([tokens, flops], axis=2)


def _planned_count(decisions: xr.Dataset, data: xr.Dataset) -> Floats:
    """Racks in service that the plan gives to each job, by block, (t, block, g, j)."""
    order = ("period", "block", "platform")
    work = decisions.work_count.transpose(*order, "use_case").values
    if not data.sizes["experiment"]:
        return work
    return np.concatenate([work, decisions.research_count.transpose(*order, "experiment").values], axis=3)


def _wish_per_s(data: xr.Dataset) -> Floats:
    """Operations per second that experiments wish for, (t, experiment)."""
    return data.experiment_wish_flop.transpose("period", "experiment").values / SECONDS_PER_QUARTER


def _value_usd_per_h(data: xr.Dataset, rate: Floats, up: Floats) -> Floats:
    """Worth of a rack-hour on each job [USD/h], (t, j), as a mean over the working racks of all platforms."""
    per_token = data.price_usd_per_mtok.transpose("period", "use_case").values / 1e6
    per_flop = data.experiment_worth_usd_per_flop.transpose("period", "experiment").values
    worth = np.concatenate([per_token, per_flop], axis=1)
    rack_per_s = ratio(np.einsum("tgj,tg->tj", rate, up), up.sum(axis=1, keepdims=True))
    return worth * rack_per_s * 3600.0
