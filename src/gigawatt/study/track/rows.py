"""Plan and actual on the same names, as rows: a site, a platform, a class or a line of money in a quarter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gigawatt.study.track.causes import STEPS, Deviation, caused, deviation, money, together

# Lines of money whose sum is what the programme's work brings, before tax and whatever finances it.
OPERATING = ("in revenue", "out racks", "out shells", "out energy", "out operation")


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteQuarter:
    """A site in a whole quarter. Power and racks at its end, energy, tokens and revenue over it."""

    site: str
    period: str
    planned_energised_w: float
    energised_w: float
    planned_racks_count: float
    racks_count: float
    it_w: Deviation
    energy_wh: Deviation
    """Facility energy; the actual is None where no meter was read."""
    tokens: Deviation
    revenue_usd: Deviation
    planned_pue_ratio: float | None
    pue_ratio: float | None
    """Facility over IT energy of the months in which both were metered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RackQuarter:
    """Racks of a platform at a site at the end of a quarter."""

    site: str
    period: str
    platform: str
    planned_count: float
    racks_count: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassQuarter:
    """A class of work in a quarter, and what a token of it was to earn."""

    use_case: str
    period: str
    tokens: Deviation
    planned_usd_per_mtok: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyQuarter:
    """A line of money in a quarter, as it adds to cash: what comes in is positive, what goes out negative."""

    direction: str
    item: str
    period: str
    usd: Deviation


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackBridge:
    """From plan to actual over all whole quarters of which there is a record; None where there is none."""

    it_w: Deviation | None
    """At the end of the last whole quarter."""
    energy_wh: Deviation | None
    tokens: Deviation | None
    revenue_usd: Deviation | None
    cash_usd: Deviation | None
    """Revenue less what is paid for racks, shells, energy and operation, of the lines with a record."""


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """A plan held against what was seen: both by quarter, the quantities as each cause leaves them, and the money."""

    plan: xr.Dataset
    seen: xr.Dataset
    steps: xr.Dataset
    money: Mapping[str, list[Deviation]]


def held(plan: xr.Dataset, seen: xr.Dataset) -> Held:
    """A plan against what was seen, on the same quarters, sites, platforms and classes."""
    steps = caused(plan, seen)
    return Held(plan, seen, steps, money(plan, seen, steps))


def _tables(steps: xr.Dataset, name: str, *dims: str) -> NDArray[np.float64]:
    """One quantity as each cause leaves it, summed over what is not asked for, (steps, *dims)."""
    names = [f"{name}_{step}" for step in STEPS]
    found = [steps[one] if one in steps else steps[f"{name}_done"] for one in names]
    over = [dim for dim in found[0].dims if dim not in dims]
    return np.stack([one.sum(over, skipna=False).transpose(*dims).values for one in found])


def _causes(of: NDArray[np.float64]) -> Deviation:
    """The causes of one quantity at one place and time, from what each leaves of it."""
    due, powered, racked, done, paid = of.tolist()
    return deviation(due, powered - due, racked - powered, actual=paid, per_rack=done - racked, price=paid - done)


def sites(of: Held) -> Iterator[SiteQuarter]:
    """Every site in every quarter."""
    dims = ("period", "site")
    it, energy, tokens, revenue = (_tables(of.steps, name, *dims) for name in ("it", "energy", "tokens", "revenue"))
    power, racks = (
        [data.transpose(*dims).values for data in pair]
        for pair in (
            (of.plan.shell_w, of.seen.energised_w),
            (of.plan.stock_count.sum("platform"), of.seen.racks_count.sum("platform")),
        )
    )
    pue = [data.transpose(*dims).values for data in (of.plan.facility_wh / of.plan.it_wh, of.seen.pue_ratio)]
    for at in np.ndindex(power[0].shape):
        here = (slice(None), *at)
        yield SiteQuarter(
            site=str(of.plan.site.values[at[1]]),
            period=str(of.plan.period.values[at[0]]),
            planned_energised_w=float(power[0][at]),
            energised_w=float(power[1][at]),
            planned_racks_count=float(racks[0][at]),
            racks_count=float(racks[1][at]),
            it_w=_causes(it[here]),
            energy_wh=_causes(energy[here]),
            tokens=_causes(tokens[here]),
            revenue_usd=_causes(revenue[here]),
            planned_pue_ratio=_known(pue[0][at]),
            pue_ratio=_known(pue[1][at]),
        )


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def racks(of: Held) -> Iterator[RackQuarter]:
    """Racks of every platform at every site at the end of every quarter, where there are any or should be."""
    due, there = (data.transpose("period", "site", "platform") for data in (of.plan.stock_count, of.seen.racks_count))
    for period, site, platform in zip(*np.nonzero((due.values > 0) | (there.values != 0)), strict=True):
        yield RackQuarter(
            site=str(due.site.values[site]),
            period=str(due.period.values[period]),
            platform=str(due.platform.values[platform]),
            planned_count=float(due.values[period, site, platform]),
            racks_count=float(there.values[period, site, platform]),
        )


def classes(of: Held) -> Iterator[ClassQuarter]:
    """Every class of inference in every quarter, of which there are tokens or should be."""
    dims = ("period", "use_case")
    tokens, price = _tables(of.steps, "tokens", *dims), of.plan.usd_per_token.transpose(*dims).values
    for at in np.ndindex(price.shape):
        found = _causes(tokens[(slice(None), *at)])
        if found.planned or found.actual:
            yield ClassQuarter(
                use_case=str(of.plan.use_case.values[at[1]]),
                period=str(of.plan.period.values[at[0]]),
                tokens=found,
                planned_usd_per_mtok=float(price[at]) * 1e6,
            )


def lines(of: Held) -> Iterator[MoneyQuarter]:
    """Every line of money in every quarter, those that are nowhere left out."""
    for flow, found in of.money.items():
        direction, item = flow.split(" ")
        if any(one.planned or one.actual for one in found):
            for period, one in zip(of.plan.period.values.tolist(), found, strict=True):
                yield MoneyQuarter(direction=direction, item=item, period=period, usd=one)


def bridge(of: Held) -> TrackBridge:
    """From plan to actual over all quarters."""
    found = list(sites(of))
    last = [one for one in found if one.period == found[-1].period]
    return TrackBridge(
        it_w=together(one.it_w for one in last),
        energy_wh=together(one.energy_wh for one in found),
        tokens=together(one.tokens for one in found),
        revenue_usd=together(one.revenue_usd for one in found),
        cash_usd=together(one for flow in OPERATING for one in of.money[flow]),
    )
