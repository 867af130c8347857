"""Outages of a timeline, one by one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from gigawatt.simulation.racks import longest

DIGITS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedOutage:
    """An outage of a rack, or of a part of it.

    moment: when it began, UTC, as text that ends in Z. rack: its number at the site. wait_h: of outage_h, what it
    waits for a crew and parts.
    """

    moment: str
    site: str
    platform: str
    rack: int
    kind: str
    wait_h: float
    outage_h: float


def longest_first(listed: xr.Dataset, most_count: int) -> tuple[ListedOutage, ...]:
    """The longest outages of a timeline, longest first."""
    shown = listed.isel(outage=longest(listed.outage_h.values, most_count))
    pairs = [str(shown.pair_name.values[pair]).split("/") for pair in shown.pair.values]
    return tuple(
        ListedOutage(
            moment=f"{np.datetime_as_string(shown.moment.values[n], unit='m')}Z",
            site=site,
            platform=platform,
            rack=int(shown.rack[n]),
            kind=str(shown.kind_name.values[shown.kind.values[n]]),
            wait_h=round(float(shown.wait_h[n]), DIGITS),
            outage_h=round(float(shown.outage_h[n]), DIGITS),
        )
        for n, (site, platform) in enumerate(pairs)
    )
