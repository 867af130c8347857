"""What bounds the power of sites hour by hour: events, calls under contracts, prices beyond which work stops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from gigawatt import watts
from gigawatt.ndarrays import Floats
from gigawatt.scenario.schema import Curtailment, Scenario
from gigawatt.simulation.calendar import Span
from gigawatt.simulation.curtailment import Limits
from gigawatt.simulation.outdoors import Outdoors, SiteYear

HOUR = np.timedelta64(1, "h")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A time in which the grid gives a site less: start_h to end_h, hours from the start of the plan.

    less_w, less_frac: power given up, of what would be drawn, and share of it; most_w: the most that may be drawn.
    """

    site: str
    start_h: float
    end_h: float
    less_w: float = 0.0
    less_frac: float = 0.0
    most_w: float = np.inf


def limits(
    scenario: Scenario,
    span: Span,
    outdoors: Sequence[Outdoors],
    shell_w: Floats,
    called: NDArray[np.bool_],
    events: Sequence[Event],
    weekly: bool,
) -> Limits:
    """The limits of a span; representative weeks have no dates, so that events do not count in them.

    shell_w: connection of each site in each step, called: whether the grid calls its contract, (h, s).
    """
    sites, tiers = list(scenario.records.sites), scenario.asked.simulate.tiers
    most = np.full((span.count, len(sites)), np.inf)
    less, kept = np.zeros_like(most), np.ones_like(most)
    price = np.stack([one.price_usd_per_wh for one in outdoors], axis=1)
    ceiling = np.array([np.inf if tier.price_usd_per_wh is None else tier.price_usd_per_wh for tier in tiers])
    for site, key in enumerate(sites):
        contract, now = scenario.asked.sites[key].curtailment, called[:, site]
        if contract is not None and contract.depth_of == "connection":
            most[now, site] = shell_w[now, site] * (1 - contract.depth_frac)
        elif contract is not None:
            kept[now, site] = 1 - contract.depth_frac
    if not weekly:
        hour = span.first_h + np.arange(span.count) * span.step_h
        for event in events:
            during, site = (hour >= event.start_h) & (hour < event.end_h), sites.index(event.site)
            most[during, site] = np.minimum(most[during, site], event.most_w)
            less[during, site] += event.less_w
            kept[during, site] *= 1 - event.less_frac
    return Limits(most_w=most, less_w=less, kept_frac=kept, stopped=price[..., None] > ceiling)


def calls(scenario: Scenario, key: str, contract: Curtailment, year: SiteYear, span: Span) -> NDArray[np.bool_]:
    """Steps of a span in which the grid calls a contract: in the dearest hours of its calendar year, or at random where
    the price is the same all year."""
    when = span.when(scenario.quarters)
    january = when[0].astype("datetime64[Y]")
    hours = np.arange(january.astype("datetime64[h]"), (january + 1).astype("datetime64[h]"), HOUR)
    price = watts.by_hour(year.price_usd_per_wh, hours, year.price_offset_h)
    terms = watts.Curtailment(
        hours_frac=contract.hours_frac, depth_frac=contract.depth_frac, longest_h=contract.longest_h
    )
    if np.ptp(price) > 0:
        called = watts.dearest_calls(terms, price)
    else:
        number = int(january.astype(int))
        called = watts.drawn_calls(terms, len(hours), (scenario.asked.seed, crc32(key.encode()), number))
    return np.asarray(called[((when - hours[0]) / HOUR).astype(int)])
