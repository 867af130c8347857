"""What a ledger says of every whole quarter: power, racks, energy, tokens and money, by site where it knows one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr

from gigawatt.ledger import facts
from gigawatt.ledger.facts import Fact
from gigawatt.ndarrays import Floats
from gigawatt.quarters import quarter_name, quarter_number, quarter_of
from gigawatt.study.track.known import LedgerKnown, edge_ms
from gigawatt.study.track.planned import FLOWS

MONTHS_PER_QUARTER = 3
# States of a site that are power which racks may draw.
ENERGISED = ("energised", "it_loaded")


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What there is, in the plan first and then in the ledger alone."""

    sites: tuple[str, ...]
    platforms: tuple[str, ...]
    use_cases: tuple[str, ...]


@dataclass(slots=True)
class Rises:
    """A quantity that changes at moments: by how much, when."""

    at_ms: list[int] = field(default_factory=list)
    by: list[float] = field(default_factory=list)

    def add(self, at_ms: int, by: float) -> None:
        """A change."""
        self.at_ms.append(at_ms)
        self.by.append(by)

    def ends(self, edges_ms: Floats) -> Floats:
        """What it is just before each edge."""
        return (np.array(self.at_ms)[None, :] < edges_ms[:, None]) @ np.array(self.by) if self.by else 0.0 * edges_ms

    def means(self, edges_ms: Floats) -> Floats:
        """Its mean over the time between each edge and the next."""
        if not self.by:
            return np.zeros(len(edges_ms) - 1)
        held = np.maximum(edges_ms[:, None] - np.array(self.at_ms)[None, :], 0.0) @ np.array(self.by)
        return np.diff(held) / np.diff(edges_ms)


def names(plan: xr.Dataset, known: LedgerKnown) -> Names:
    """Sites, platforms and classes of a plan and of a ledger."""
    bodies = [fact.body for fact in known.facts if fact.kind in ("site", "racks", "work", "money")]
    sites = {body["site"] for body in bodies if body.get("site")} | {one.series.site for one in known.totals}
    platforms = {body["platform"] for body in bodies if body.get("platform")}
    classes = {fact.body["use_case"] for fact in known.facts if fact.kind == "work" and fact.body["served_tokens"]}
    classes |= {one.series.use_case for one in known.totals if one.series.quantity == "tokens_out"}
    return Names(
        sites=_joined(plan.site.values, sites),
        platforms=_joined(plan.platform.values, platforms),
        use_cases=_joined(plan.use_case.values, classes),
    )


def _joined(first: Iterable[str], rest: set[str]) -> tuple[str, ...]:
    known = tuple(map(str, first))
    return (*known, *sorted(rest - {*known, ""}))


def whole_quarters(periods: Sequence[str], at: str) -> tuple[str, ...]:
    """Those quarters that had ended by a moment."""
    until = facts.milliseconds(at) + 1
    return tuple(str(one) for one in periods if edge_ms(quarter_name(quarter_number(str(one)) + 1)) <= until)


def actual(known: LedgerKnown, periods: Sequence[str], there: Names, pue_ratio: Mapping[str, float]) -> xr.Dataset:
    """Every whole quarter of a ledger.

    energised_w, energised_mean_w (period, site): facility power; racks_count, racks_mean_count, accepted_count
    (period, site, platform); facility_wh, it_wh, pue_ratio, metered_count: months with a meter (period, site); tokens
    (period, place, use_case), where a place is a site or "" for the whole programme; flow_usd (period, place, flow).
    What nobody recorded is NaN. pue_ratio: by which IT power of a site's state is counted at its facility.
    """
    edges_ms = np.array([edge_ms(one) for one in (*periods, quarter_name(quarter_number(periods[-1]) + 1))], float)
    power, racks = energised(known.facts, pue_ratio), standing(known.facts)
    accepted = standing(fact for fact in known.facts if fact.kind == "racks" and fact.body["change"] == "accepted")
    pairs = ("period", "site", "platform")
    data = xr.Dataset(
        {
            "energised_w": (pairs[:2], _columns(power, there.sites, lambda one: one.ends(edges_ms[1:]))),
            "energised_mean_w": (pairs[:2], _columns(power, there.sites, lambda one: one.means(edges_ms))),
        },
        coords={"period": list(periods), "site": list(there.sites), "platform": list(there.platforms)},
    )
    keys = [(site, platform) for site in there.sites for platform in there.platforms]
    shape = (len(periods), len(there.sites), len(there.platforms))
    data["racks_count"] = (pairs, _columns(racks, keys, lambda one: one.ends(edges_ms[1:])).reshape(shape))
    data["racks_mean_count"] = (pairs, _columns(racks, keys, lambda one: one.means(edges_ms)).reshape(shape))
    bought = _columns(accepted, keys, lambda one: np.diff(one.ends(edges_ms)))
    data["accepted_count"] = (pairs, bought.reshape(shape))
    places = ("", *there.sites)
    data = data.assign_coords(
        place=list(places), use_case=list(there.use_cases), flow=[" ".join(pair) for pair in FLOWS]
    )
    data = data.merge(metered(known, periods, there.sites))
    data["tokens"] = (("period", "place", "use_case"), tokens(known, periods, places, there.use_cases))
    data["flow_usd"] = (("period", "place", "flow"), money(known, periods, places))
    return data


def _columns(found: Mapping[Any, Rises], keys: Sequence[Any], of: Callable[[Rises], Floats]) -> Floats:
    """What is asked of each key's rises, a column each."""
    return np.stack([of(found.get(key, Rises())) for key in keys], axis=1)


def energised(found: Iterable[Fact], pue_ratio: Mapping[str, float]) -> dict[str, Rises]:
    """Facility power that is energised, by site: what it is loaded with counts as energised."""
    levels: dict[str, dict[str, float]] = defaultdict(dict)
    rises: dict[str, Rises] = defaultdict(Rises)
    for fact in found:
        said = fact.body
        if fact.kind == "site" and said["state"] in ENERGISED:
            site = said["site"]
            ratio = pue_ratio.get(site, 1.0) if said["basis"] == "it" else 1.0
            before = max(levels[site].values(), default=0.0)
            levels[site][said["state"]] = said["power_w"] * ratio
            rises[site].add(facts.milliseconds(fact.happened), max(levels[site].values()) - before)
    return rises


def standing(found: Iterable[Fact]) -> dict[tuple[str, str], Rises]:
    """Racks that stand, by site and platform: accepted less retired."""
    rises: dict[tuple[str, str], Rises] = defaultdict(Rises)
    for fact in found:
        if fact.kind == "racks":
            sign = 1 if fact.body["change"] == "accepted" else -1
            pair = fact.body["site"], fact.body["platform"]
            rises[pair].add(facts.milliseconds(fact.happened), sign * float(fact.body["racks_count"]))
    return rises


def ended_in(fact: Fact) -> str:
    """The quarter in which the time of a fact ends: what ends with a quarter is of that quarter."""
    return quarter_of(facts.moment(facts.milliseconds(fact.happened) - 1))


def _months(known: LedgerKnown, periods: Sequence[str]) -> Iterator[tuple[int, int, str, str, float, str]]:
    """Sums of readings within the quarters: quarter, month in it, quantity, site, sum and class."""
    at = {period: n for n, period in enumerate(periods)}
    for one in known.totals:
        period, month = at.get(quarter_of(one.month)), int(one.month[5:7]) - 1
        if period is not None:
            series = one.series
            yield period, month % MONTHS_PER_QUARTER, series.quantity, series.site, one.total, series.use_case


def metered(known: LedgerKnown, periods: Sequence[str], sites: Sequence[str]) -> xr.Dataset:
    """Energy by quarter and site, NaN where no month was metered; readings without a site are of the only one."""
    names = ("facility_energy", "energy_returned", "it_energy")
    sums = np.full((len(names), len(periods), MONTHS_PER_QUARTER, len(sites)), np.nan)
    for period, month, quantity, site, total, _ in _months(known, periods):
        place = site or (sites[0] if len(sites) == 1 else "")
        if quantity in names and place in sites:
            where = names.index(quantity), period, month, sites.index(place)
            sums[where] = np.nan_to_num(sums[where]) + total
    facility, it = sums[0] - np.nan_to_num(sums[1]), sums[2]
    both = np.isfinite(facility) & np.isfinite(it)
    over, under = (np.where(both, values, 0.0).sum(axis=1) for values in (facility, it))
    ratio = np.divide(over, under, out=np.full(over.shape, np.nan), where=under > 0)
    count = np.isfinite(facility).sum(axis=1)
    dims = ("period", "site")
    return xr.Dataset(
        {
            "facility_wh": (dims, np.where(count > 0, np.nansum(facility, axis=1), np.nan)),
            "it_wh": (dims, np.where(np.isfinite(it).any(axis=1), np.nansum(it, axis=1), np.nan)),
            "pue_ratio": (dims, ratio),
            "metered_count": (dims, count.astype(float)),
        },
        coords={"period": list(periods), "site": list(sites)},
    )


def tokens(known: LedgerKnown, periods: Sequence[str], places: Sequence[str], use_cases: Sequence[str]) -> Floats:
    """Output tokens by quarter, place and class, NaN in quarters of which nobody recorded any.

    A fact of work counts in the quarter in which its time ends. Where facts speak of a class in a quarter, readings of
    the same are left aside, for they would count twice.
    """
    shape = (len(periods), len(places), len(use_cases))
    said, read = np.zeros(shape), np.zeros(shape)
    at = {period: n for n, period in enumerate(periods)}
    for fact in known.facts:
        if fact.kind == "work" and fact.body["served_tokens"] > 0:
            period = at.get(ended_in(fact))
            if period is not None:
                where = period, places.index(fact.body["site"]), use_cases.index(fact.body["use_case"])
                said[where] += fact.body["served_tokens"]
    for period, _, quantity, site, total, use_case in _months(known, periods):
        if quantity == "tokens_out" and use_case in use_cases:
            read[period, places.index(site), use_cases.index(use_case)] += total
    found = np.where(said.sum(axis=1, keepdims=True) > 0, said, read)
    return np.where(found.sum(axis=(1, 2), keepdims=True) > 0, found, np.nan)


def money(known: LedgerKnown, periods: Sequence[str], places: Sequence[str]) -> Floats:
    """Money by quarter, place and flow, NaN for lines of which the ledger never tells.

    Tranches are a line; where terms are agreed, that none is disbursed is known.
    """
    at, lines = {period: n for n, period in enumerate(periods)}, {pair: n for n, pair in enumerate(FLOWS)}
    sums = np.zeros((len(periods), len(places), len(FLOWS)))
    told = np.zeros(len(FLOWS), bool)
    told[lines["in", "tranches"]] = known.terms is not None
    for fact in known.facts:
        if fact.kind not in ("money", "disbursement"):
            continue
        said = fact.body
        pair = (said["direction"], said["item"]) if fact.kind == "money" else ("in", "tranches")
        told[lines[pair]] = True
        period = at.get(quarter_of(fact.happened))
        if period is not None:
            sums[period, places.index(said.get("site", "")), lines[pair]] += said["amount_usd"]
    return np.where(told, sums, np.nan)
