"""Outages of a timeline, one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr


def longest(listed: xr.Dataset, most_count: int) -> list[dict[str, Any]]:
    """The longest outages, longest first: when they began (UTC), where, of which kind, how long [h]."""
    order = np.argsort(-listed.outage_h.values, kind="stable")[:most_count]
    rows = listed.isel(outage=order)
    pairs = [str(rows.pair_name.values[pair]).split("/") for pair in rows.pair.values]
    return [
        {
            "moment": f"{np.datetime_as_string(moment, unit='m')}Z",
            "site": site,
            "platform": platform,
            "rack": int(rack),
            "kind": str(rows.kind_name.values[kind]),
            "wait_h": round(float(wait), 3),
            "outage_h": round(float(length), 3),
        }
        for moment, (site, platform), rack, kind, wait, length in zip(
            rows.moment.values,
            pairs,
            rows.rack.values,
            rows.kind.values,
            rows.wait_h.values,
            rows.outage_h.values,
            strict=True,
        )
    ]
