"""A timeline made by hand, of a year and more, and the names of what is in it."""

from __future__ import annotations

import numpy as np
import xarray as xr

COUNT = 24 * 400
SITES = [f"s{n}" for n in range(10)]
CALLED = {"s0": "Abilene (Stargate I)", "s1": "Milam"}
# What a result keeps of its scenario, as far as names are in it.
NAMES = {
    "records": {
        "sites": {key: {"name": CALLED.get(key, key)} for key in SITES},
        "accelerators": {"gb300": {"name": "NVIDIA GB300 NVL72", "vendor": "NVIDIA"}},
    },
    "asked": {"use_cases": {"chat": {"title": "Chat"}}, "training_runs": {}, "experiments": {}},
}


def timeline(*, weeks: bool = False) -> xr.Dataset:
    """Ten sites of n gigawatts, two pairs of racks at the first two sites, two classes."""
    start = np.datetime64("2027-01-01T00:00", "m")
    time = np.datetime_as_string(start + 60 * np.arange(COUNT)).astype(str)
    if weeks:
        time = np.array([f"{2027 + n // 4}Q{n % 4 + 1} {hour:03d}" for n in range(58) for hour in range(168)])[:COUNT]
    ones = np.ones((COUNT, 1), dtype=np.float32)
    watts = ones * np.arange(10, dtype=np.float32) * 1e9
    served = np.ones((COUNT, 2, 2), dtype=np.float32) * np.array([[1, 2], [3, 4]], dtype=np.float32)
    lines = {
        "facility_w": (("time", "site"), 1.2 * watts),
        "it_w": (("time", "site"), watts),
        "price_usd_per_wh": (("time", "site"), ones * np.arange(1, 11, dtype=np.float32) * 1e-5),
        "stock_count": (("time", "pair"), ones * np.array([[10, 30]], dtype=np.float32)),
        "up_count": (("time", "pair"), ones * np.array([[9, 30]], dtype=np.float32)),
        "failures_count": (("time", "kind"), ones * np.array([[1, 0]], dtype=np.float32)),
        "served_tokens_per_s": (("time", "pair", "use_case"), served),
        "train_flops": (("time", "run"), np.zeros((COUNT, 0), dtype=np.float32)),
    }
    coords = {
        "time": time,
        "site": SITES,
        "pair": ["s0 gb300", "s1 vr"],
        "pair_site": ("pair", ["s0", "s1"]),
        "pair_platform": ("pair", ["gb300", "vr"]),
        "use_case": ["chat", "media"],
        "kind": ["tray", "rack"],
        "weight_h": ("time", np.ones(COUNT)),
    }
    return xr.Dataset(lines, coords=coords)
