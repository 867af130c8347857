"""Outages of a timeline, one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from gigawatt.simulate.racks import longest


def longest_first(listed: xr.Dataset, most_count: int) -> list[dict[str, Any]]:
    """The longest outages, longest first: when they began (UTC), where, of which kind, how long [h]."""
    shown = listed.isel(outage=longest(listed.outage_h.values, most_count))
    pairs = [str(shown.pair_name.values[pair]).split("/") for pair in shown.pair.values]
    return [
        {
            "moment": f"{np.datetime_as_string(moment, unit='m')}Z",
            "site": site,
            "platform": platform,
            "rack": int(rack),
            "kind": str(shown.kind_name.values[kind]),
            "wait_h": round(float(wait), 3),
            "outage_h": round(float(length), 3),
        }
        for moment, (site, platform), rack, kind, wait, length in zip(
            shown.moment.values,
            pairs,
            shown.rack.values,
            shown.kind.values,
            shown.wait_h.values,
            shown.outage_h.values,
            strict=True,
        )
    ]
