"""A table of outcomes as figures that other programs read: quantiles of what is worth knowing.

Futures without a value are no part of a table here: `valued` leaves them out, and a note counts them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from gigawatt.errors import Fault, ScenarioError
from gigawatt.quarters import first_day
from gigawatt.study.futures.statistics import quantiles, valued
from gigawatt.study.note import Note

# Figures whose quantiles are told as they are.
TOLD = (
    "npv_usd",
    "terminal_value_usd",
    "value_usd",
    "installed_w",
    "served_tokens",
    "unserved_frac",
    "peak_debt_usd",
    "short_usd",
)


def with_value(tables: Mapping[str, xr.Dataset]) -> dict[str, xr.Dataset]:
    """The tables of the same futures without those in which any of them has no value.

    Raises ScenarioError where this leaves none.
    """
    some = valued(np.stack([table.value_usd.values for table in tables.values()]))
    if not some.any():
        expected = "quantities with which a plan has a value in some of them"
        raise ScenarioError([Fault(path="--draws", given=f"{some.size:,} futures without a value", expected=expected)])
    return {name: table.isel(draw=some) for name, table in tables.items()}


def left_out(asked_count: int, found_count: int) -> list[Note]:
    """That some futures have no value, and what they are no part of."""
    if found_count == asked_count:
        return []
    text = (
        f"{asked_count - found_count:,} of {asked_count:,} futures have no value and are left out: of quantiles, "
        "shares of variance, regret and what knowing is worth."
    )
    return [Note(code="no_value", path="--draws", text=text)]


def outcomes(table: xr.Dataset) -> dict[str, Any]:
    """P10, P50, P90 and mean of every figure; first_gw_date: null where not before the end; two probabilities."""
    periods = [str(period) for period in table.period.values]
    late = quantiles(table.first_gw_quarter_count.values)
    return {name: quantiles(table[name].values) for name in TOLD} | {
        "first_gw_date": {key: date(periods, count) for key, count in late.items() if key != "mean"},
        "p_cash_out_frac": float(table.cash_out_frac.mean()),
        "p_negative_frac": float(np.mean(table.value_usd.values < 0)),
    }


def date(periods: list[str], count: float) -> str | None:
    """First day of a quarter by its number; None for one that never comes."""
    return str(first_day(periods[int(count)])) if math.isfinite(count) else None


def courses(table: xr.Dataset) -> dict[str, dict[str, list[float]]]:
    """Quantiles by period of power [W] and debt [USD], for a fan."""
    shares = {"p10": 0.1, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p90": 0.9}
    return {
        name: {key: np.quantile(table[name].values, share, axis=0).tolist() for key, share in shares.items()}
        for name in ("power_w", "debt_usd")
    }
