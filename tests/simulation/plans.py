"""Plans that say only which racks come where and when: all that the fleet reads of one."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import xarray as xr

from gigawatt.catalog.records import Reliability
from gigawatt.scenario.load import load
from gigawatt.scenario.schema import Scenario

PLATFORMS = {"gb300": 72.0, "vr230": 72.0}
STOCHASTIC = {"simulate.mode": "stochastic"}

Installs = Mapping[tuple[str, str], Sequence[float]]


def plan_of(installs: Installs, quarters_count: int) -> Any:
    """Racks delivered by quarter, for each site and platform; later quarters bring none, and none ever leaves."""
    sites = sorted({site for site, _ in installs})
    count = xr.DataArray(
        np.zeros((quarters_count, len(sites), len(PLATFORMS))),
        dims=("period", "site", "platform"),
        coords={"site": sites, "platform": list(PLATFORMS)},
    )
    for (site, platform), racks in installs.items():
        count.loc[{"site": site, "platform": platform}][: len(racks)] = racks
    inputs = xr.Dataset(
        {
            "packages_per_rack_count": ("platform", list(PLATFORMS.values())),
            "opening_count": (("before", "site", "platform"), np.zeros((0, *count.shape[1:]))),
        },
        coords={**count.coords, "before": np.zeros(0, dtype=str)},
    )
    data = xr.Dataset({"install_count": count, "stock_count": count.cumsum("period")})
    return SimpleNamespace(data=data, inputs=inputs)


def campus(record: Reliability | None = None, **changes: Any) -> Scenario:
    """The campus preset, every hour of it, with another record of reliability or changes to its own."""
    scenario = load("one-campus", STOCHASTIC)
    given = replace(record or scenario.records.reliability, **changes)
    return replace(scenario, records=replace(scenario.records, reliability=given))
