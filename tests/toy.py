"""A planner's toy: two sites, two platforms, one or two quarters' worth of decisions, figures that a hand can check."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from gigawatt.programme.arrays import BLOCKS
from gigawatt.programme.declared import INPUTS, check
from gigawatt.quarters import SECONDS_PER_QUARTER, quarter_range
from gigawatt.scenario.load import load
from gigawatt.scenario.schema import Asked

FREE = {
    "finance.discount": "0 %/year",
    "finance.network": 0.0,
    "finance.non_compute": 0.0,
    "finance.terminal_value": 0.0,
    "operations.yearly_opex_facility": "0 USD/W",
    "capital.opening_cash": "100 billion USD",
    "capital.minimum_cash": "0 USD",
    "capital.covenant": 0.0,
    "capital.debt_limit": "0 USD",
    "capital.tranches": False,
    "programme.target": "10 GW",
}


def asked(**overrides: Any) -> Asked:
    """The one-campus question without costs, debt or tranches, and with what the test changes."""
    return load("one-campus", FREE | {key.replace("__", "."): value for key, value in overrides.items()}).asked


def toy(quarters: int = 2, **changes: Any) -> xr.Dataset:
    """Racks of 1 MW at PUE 1 that serve 1 Gtoken/s per 1,000 racks and cost 1 million USD; revenue 10 USD per rack
    and second-long token stream is set so that a rack earns 2 million USD a quarter at full price.

    changes: name of an array → its new value, broadcast to its dimensions.
    """
    periods = quarter_range("2026Q3", "2035Q4")[:quarters]
    coords: dict[str, list[str]] = {
        "period": periods,
        "block": list(BLOCKS),
        "site": ["north", "south"],
        "platform": ["old", "new"],
        "pool": ["old", "new"],
        "use_case": ["chat"],
        "segment": ["segment_1"],
        "social_segment": ["social_1"],
        "run": [],
        "experiment": [],
        "before": [],
    }
    figures: dict[str, tuple[tuple[str, ...], Any]] = {
        "hours_frac": (("block",), [0.5, 0.5]),
        "ramp_w": (("period", "site"), 1e9),
        "pue_peak_ratio": (("site",), 1.0),
        "pue_mean_ratio": (("site",), 1.0),
        "energy_price_usd_per_wh": (("site",), 0.0),
        "shell_usd_per_w": (("site",), 0.0),
        "yearly_rent_usd_per_w": (("site",), 0.0),
        "sunk_w": (("site",), 0.0),
        "lead_count": (("site",), 1),
        "supply_count": (("period", "pool"), 100.0),
        "in_pool_count": (("platform", "pool"), [[1, 0], [0, 1]]),
        "rack_price_usd": (("period", "platform"), 1e6),
        "rack_it_w": (("platform",), 1e6),
        "packages_per_rack_count": (("platform",), 72),
        "dies_per_package_count": (("platform",), 2),
        "demand_tokens_per_s": (("period", "use_case"), 1e12),
        "price_usd_per_mtok": (("period", "use_case"), 2e6 / SECONDS_PER_QUARTER),
        "availability_frac": ((), 1.0),
        "rack_tokens_per_s": (("period", "platform", "use_case"), 1e6),
        "block_ratio": (("use_case", "block"), 1.0),
        "utilisation_frac": (("use_case",), 1.0),
        "interactive": (("use_case",), 1.0),
        "segment_frac": (("use_case", "segment"), 1.0),
        "segment_price_ratio": (("use_case", "segment"), 1.0),
        "social_weight_ratio": (("use_case",), 1.0),
        "floor_frac": (("use_case",), 0.0),
        "floor_penalty_usd_per_mtok": (("use_case",), 0.0),
        "hard": (("use_case",), 0.0),
        "social_frac": (("social_segment",), 1.0),
        "social_value_ratio": (("social_segment",), 1.0),
        "run_rack_flops": (("period", "platform", "run"), 0.0),
        "run_volume_flop": (("run",), 0.0),
        "run_window": (("period", "run"), 0.0),
        "run_gang_count": (("run",), 0.0),
        "run_penalty_usd": (("run",), 0.0),
        "run_hard": (("run",), 0.0),
        "experiment_rack_flops": (("period", "platform", "experiment"), 0.0),
        "experiment_floor_frac": (("experiment",), 0.0),
        "experiment_wish_flop": (("period", "experiment"), 0.0),
        "experiment_worth_usd_per_flop": (("period", "experiment"), 0.0),
        "experiment_floor_penalty_usd_per_flop": (("period", "experiment"), 0.0),
        "slo_derating_frac": (("platform", "use_case"), 1.0),
        "rent_growth_per_year": (("site",), 0.0),
        "minimum_take_frac": (("site",), 0.0),
        "lease_count": (("site",), 80),
        "delivered_w": (("period", "site"), changes.get("ramp_w", 1e9)),
        "opening_count": (("before", "site", "platform"), 0.0),
        "opening_rack_usd": (("before",), 0.0),
        "opening_shell_usd": (("before",), 0.0),
        "opening_shell_w": (("site",), 0.0),
        "opening_paid_usd": (("site",), 0.0),
        "opening_done_frac": (("run",), 0.0),
        "opening_rent_ratio": (("site",), 1.0),
    }
    for name, coordinate in changes.pop("coords", {}).items():
        coords[name] = coordinate
    unknown = set(changes) - set(figures)
    assert not unknown, unknown
    arrays = {}
    for name, (dims, value) in figures.items():
        shape = [len(coords[dim]) for dim in dims]
        arrays[name] = (dims, np.broadcast_to(np.asarray(changes.get(name, value), dtype=float), shape).copy())
    return check(
        xr.Dataset(arrays, coords={name: np.array(labels, dtype=str) for name, labels in coords.items()}), INPUTS
    )
