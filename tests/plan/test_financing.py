"""Stage two by hand: what is borrowed, and what is paid out once it may be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from toy import asked

from gigawatt.plan.financing import finance
from gigawatt.quarters import quarter_range

OPEN: dict[str, Any] = {"capital__lock_up": 0.0, "capital__distribution_cover": 0.0}


def financed(flows: list[float], power: list[float], opening: str, **terms: Any) -> xr.Dataset:
    """Million USD and MW a quarter; no interest, no minimum of cash."""
    periods = quarter_range("2026Q3", "2035Q4")[: len(flows)]

    def line(values: list[float]) -> xr.DataArray:
        return xr.DataArray(1e6 * np.array(values), dims="period", coords={"period": periods})

    question = asked(capital__opening_cash=opening, capital__debt_rate="0 %/year", **terms)
    return finance(line(flows), line([0.0] * len(flows)), line(power), question) / 1e6


def test_equity_waits_for_completion() -> None:
    """users 9: 100 at hand and 6 to be spent: 94 left in the first quarter, when nothing stood."""
    flows, power = [-1.0, -2.0, -3.0, 10.0, 10.0, 10.0], [0.0, 0.0, 50.0, 100.0, 100.0, 100.0]
    at_once = financed(flows, power, "100 million USD", **OPEN)
    # Without any lock a year that burns cash pays nothing either.
    assert at_once.distribution_usd.values == pytest.approx([0, 0, 0, 104, 10, 10])
    locked = financed(flows, power, "100 million USD")
    assert locked.distribution_usd.values == pytest.approx([0, 0, 0, 0, 114, 10])
    assert locked.cash_usd.values == pytest.approx([99, 97, 94, 104, 0, 0])
    half = financed(flows, power, "100 million USD", capital__lock_up="50 %", capital__distribution_cover=0.0)
    assert half.distribution_usd.values == pytest.approx([0, 0, 0, 104, 10, 10])


def test_equity_waits_until_a_year_has_covered_the_debt() -> None:
    """users 9: 100 borrowed and repaid; the third quarter's 20 wait, for its year earned a fifth of its service."""
    flows, power = [-100.0, 60.0, 60.0, 60.0, 60.0], [100.0] * 5
    found = financed(flows, power, "0 million USD")
    assert found.debt_usd.values == pytest.approx([100, 40, 0, 0, 0], abs=1e-3)
    assert found.distribution_usd.values == pytest.approx([0, 0, 0, 0, 140], abs=1e-3)
    early = financed(flows, power, "0 million USD", **OPEN)
    assert early.distribution_usd.values == pytest.approx([0, 0, 20, 60, 60], abs=1e-3)


def test_what_is_needed_later_stays() -> None:
    """Racks are renewed in the fourth quarter: 30 of the 50 of the first year are kept for it."""
    found = financed([50.0, 0.0, 0.0, -30.0], [100.0] * 4, "0 million USD", **OPEN)
    assert found.distribution_usd.values == pytest.approx([20, 0, 0, 0])
    assert found.cash_usd.values == pytest.approx([30, 30, 30, 0])


def test_nothing_is_paid_out_where_it_is_kept() -> None:
    found = financed([50.0, 50.0], [100.0] * 2, "0 million USD", capital__distribution="none", **OPEN)
    assert found.distribution_usd.values.tolist() == [0, 0]
    assert found.cash_usd.values == pytest.approx([50, 100])
