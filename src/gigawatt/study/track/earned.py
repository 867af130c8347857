"""Earned value: what was to stand by now, what stands, both at the plan's cost, and what was paid for it [1, 2].

Planned value is the plan's cost of what it has by a moment, earned value the plan's cost of what stands, actual cost
the money that went out for it. Racks are valued in the order in which the plan buys them, so that the hundredth rack
has the price of the plan's hundredth. Shells are paid before they stand: what is energised at a site has earned what
the plan had paid for shells there when it had as much. The schedule index in money says little at the end of a
programme, when all is earned; the earned schedule is the moment at which the plan has what is earned now.

References
----------
[1] ISO 21508:2018, "Earned value management in project and programme management".
[2] W. Lipke, "Schedule is different", The Measurable News, summer 2003: earned schedule.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from gigawatt.ndarrays import Floats

# Money that is the same but for rounding.
ROUNDING_FRAC = 1e-9
# Quarters that are the same but for rounding.
SAME_COUNT = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class EarnedQuarter:
    """Capital by the end of a quarter."""

    period: str
    planned_usd: float
    """The plan's cost of what it has by then."""
    earned_usd: float
    """The plan's cost of what stands by then, or has stood."""
    actual_usd: float | None
    """What was paid for racks and shells by then; None where nobody recorded any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EarnedValue:
    """How a programme stands against its plan, in money and in time; None where there is nothing to divide by."""

    planned_usd: float
    earned_usd: float
    actual_usd: float | None
    schedule_usd: float
    """What is earned above what was planned."""
    cost_usd: float | None
    """What is earned above what was paid, on the lines of which somebody recorded money."""
    spi_ratio: float | None
    """Earned over planned value."""
    cpi_ratio: float | None
    """Earned value over actual cost, on the lines of which somebody recorded money."""
    elapsed_years: float
    """Time since the plan began."""
    earned_schedule_years: float | None
    """Time by which the plan has what is earned."""
    behind_years: float | None
    """Time by which the programme is behind its plan; less than nothing is ahead."""
    spi_time_ratio: float | None
    """Earned schedule over the time that has passed."""
    paid_for: tuple[str, ...]
    """Lines of which somebody recorded money: racks, shells."""
    quarters: tuple[EarnedQuarter, ...]


def value(plan: xr.Dataset, seen: xr.Dataset) -> EarnedValue:
    """Earned value by the end of the last whole quarter. plan: all its quarters; seen: those that are over."""
    over = seen.sizes["period"]
    due = {
        "racks": _racks_due_usd(plan),
        "shells": plan.shell_spent_usd.sum("site").cumsum("period").values,
    }
    earned = {"racks": _racks_earned_usd(plan, seen), "shells": _shells_earned_usd(plan, seen)}
    spent = seen.flow_usd.sum("place", skipna=False).cumsum("period", skipna=False)
    paid = {line: spent.sel(flow=f"out {line}").values for line in due}
    told = tuple(line for line, usd in paid.items() if over and np.isfinite(usd).all())
    curve = sum(due.values(), start=np.zeros(plan.sizes["period"]))
    gained = sum(earned.values(), start=np.zeros(over))
    cost = sum((paid[line] for line in told), start=np.zeros(over)) if told else None
    for_it = sum((earned[line] for line in told), start=np.zeros(over))
    planned_usd, earned_usd = float(curve[over - 1]), float(gained[-1])
    actual_usd = None if cost is None else float(cost[-1])
    schedule = earned_schedule_count(curve, over, earned_usd) if planned_usd > 0 or earned_usd > 0 else None
    return EarnedValue(
        planned_usd=planned_usd,
        earned_usd=earned_usd,
        actual_usd=actual_usd,
        schedule_usd=earned_usd - planned_usd,
        cost_usd=None if actual_usd is None else float(for_it[-1]) - actual_usd,
        spi_ratio=_over(earned_usd, planned_usd),
        cpi_ratio=None if actual_usd is None else _over(float(for_it[-1]), actual_usd),
        elapsed_years=over / 4,
        earned_schedule_years=None if schedule is None else schedule / 4,
        behind_years=None if schedule is None else (over - schedule) / 4,
        spi_time_ratio=None if schedule is None else schedule / over,
        paid_for=told,
        quarters=tuple(
            EarnedQuarter(
                period=str(period),
                planned_usd=float(curve[n]),
                earned_usd=float(gained[n]),
                actual_usd=None if cost is None else float(cost[n]),
            )
            for n, period in enumerate(seen.period.values)
        ),
    )


def _over(above: float, below: float) -> float | None:
    return above / below if below > 0 else None


def _racks_due_usd(plan: xr.Dataset) -> Floats:
    bought = plan.bought_count.sum("site")
    return np.asarray((bought * plan.rack_usd).sum("platform").cumsum("period").values)


def _racks_earned_usd(plan: xr.Dataset, seen: xr.Dataset) -> Floats:
    """The plan's cost of all racks accepted so far: at its last price of more than it ever has, at the price of the
    quarter of a platform that it never buys."""
    bought = plan.bought_count.sum("site")
    accepted = seen.accepted_count.sum("site").cumsum("period")
    total = np.zeros(seen.sizes["period"])
    for platform in seen.platform.values:
        count = np.concatenate([[0.0], bought.sel(platform=platform).cumsum("period").values])
        price = plan.rack_usd.sel(platform=platform).values
        cost = np.concatenate([[0.0], np.cumsum(np.diff(count) * price)])
        here = accepted.sel(platform=platform).values
        if count[-1] > 0:
            last = price[np.flatnonzero(np.diff(count))[-1]]
            total += np.interp(here, count, cost) + np.maximum(here - count[-1], 0.0) * last
        else:
            total += np.cumsum(np.diff(here, prepend=0.0) * price[: len(here)])
    return total


def _shells_earned_usd(plan: xr.Dataset, seen: xr.Dataset) -> Floats:
    """What the plan had paid for shells when it had energised as much; beyond the plan, the cost of a shell."""
    total = np.zeros(seen.sizes["period"])
    for site in seen.site.values:
        here = {"site": site}
        power = (plan.shell_w - plan.start_shell_w).sel(here).values
        paid = np.concatenate([[0.0], plan.shell_spent_usd.sel(here).cumsum("period").values])
        there = (seen.energised_w - plan.start_shell_w).sel(here).clip(min=0.0).values
        when = [earned_schedule_count(power, n + 1, level) for n, level in enumerate(there.tolist())]
        beyond = np.maximum(there - power.max(), 0.0) * float(plan.shell_usd_per_w.sel(here))
        total += np.interp(when, np.arange(len(paid)), paid) + beyond
    return total


def earned_schedule_count(curve: Floats, over_count: int, earned: float) -> float:
    """Quarters from the plan's begin until it has what is earned, linear within a quarter.

    curve: what the plan has by the end of each quarter, in the unit of `earned`. Where all that is due by the end of
    the quarters that are over is earned, the programme is not behind, however long the plan has rested.
    """
    rising = np.concatenate([[0.0], curve])
    at = int(np.searchsorted(rising, min(earned, rising[-1]) * (1 - ROUNDING_FRAC), side="left"))
    before = max(at - 1, 0)
    step = rising[at] - rising[before]
    first = before + ((min(earned, rising[-1]) - rising[before]) / step if step > 0 else 0.0)
    if abs(first - over_count) < SAME_COUNT:
        return float(over_count)
    return max(first, float(over_count)) if earned >= rising[over_count] * (1 - ROUNDING_FRAC) else first
