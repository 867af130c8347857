"""A table of outcomes as figures that other programs read: quantiles of what is worth knowing.

Futures without a value are no part of a table here: `with_value` leaves them out, and a note counts them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gigawatt.errors import Fault, ScenarioError
from gigawatt.quarters import first_day
from gigawatt.study.futures.evaluate import FIGURES
from gigawatt.study.futures.statistics import SHARES_FRAC, Quantiles, quantiles, valued
from gigawatt.study.note import Note


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantileDates:
    """First days of quarters; None where it is not before the end."""

    p10: str | None
    p50: str | None
    p90: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FutureOutcomes:
    """What may come of a plan: its figures over futures, see `FutureOutcome`, and two probabilities."""

    npv_usd: Quantiles
    terminal_value_usd: Quantiles
    value_usd: Quantiles
    installed_w: Quantiles
    served_tokens: Quantiles
    unserved_frac: Quantiles
    peak_debt_usd: Quantiles
    short_usd: Quantiles
    first_gw_date: QuantileDates
    p_cash_out_frac: float
    """How often cash runs out."""
    p_negative_frac: float
    """How often it is worth less than nothing."""


def with_value(tables: Mapping[str, xr.Dataset], counted: str) -> dict[str, xr.Dataset]:
    """The tables of the same futures without those in which any of them has no value.

    counted: the key of the question that says how many there are. Raises ScenarioError where this leaves none.
    """
    some = valued(np.stack([table.value_usd.values for table in tables.values()]))
    if not some.any():
        given = f"{some.size:,} futures without a value"
        expected = "quantities with which a plan has a value in some of them"
        raise ScenarioError([Fault(path=counted, given=given, expected=expected, asked=True)])
    return {name: table.isel(draw=some) for name, table in tables.items()}


def left_out(asked_count: int, found_count: int, counted: str) -> list[Note]:
    """That some futures have no value, and what they are no part of; counted: as in `with_value`."""
    if found_count == asked_count:
        return []
    text = (
        f"{asked_count - found_count:,} of {asked_count:,} futures have no value and are left out: of quantiles, "
        "shares of variance, regret and what knowing is worth."
    )
    return [Note(code="no_value", path=counted, text=text)]


def outcomes(table: xr.Dataset) -> FutureOutcomes:
    """P10, P50, P90 and mean of every figure of a table."""
    told = [entry.name for entry in fields(FutureOutcomes) if entry.name in FIGURES]
    return FutureOutcomes(
        **{name: quantiles(table[name].values) for name in told},
        first_gw_date=dates(table, table.first_gw_quarter_count.values),
        p_cash_out_frac=float(table.cash_out_frac.mean()),
        p_negative_frac=float(np.mean(table.value_usd.values < 0)),
    )


def dates(table: xr.Dataset, quarter_count: NDArray[np.float64]) -> QuantileDates:
    """Quantiles of a date from the quarters to it in each future of a table, NaN where it never comes."""
    periods, late = [str(period) for period in table.period.values], quantiles(quarter_count)
    return QuantileDates(**{name: date(periods, getattr(late, name)) for name in SHARES_FRAC})


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
