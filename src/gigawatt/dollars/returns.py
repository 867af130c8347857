"""What a stream of quarterly flows is worth and what it yields."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gigawatt.dollars.annuity import discount_ratio, mid_quarters_years


def npv(flows_usd: ArrayLike, rate_per_year: float, final_usd: float = 0.0) -> float:
    """Net present value [USD] at the start of the horizon.

    flows_usd: one flow in the middle of each quarter, shape (quarters,). final_usd: received at the horizon's end.
    """
    flows = np.asarray(flows_usd, dtype=float)
    value = flows @ discount_ratio(rate_per_year, mid_quarters_years(flows.size))
    return float(value + final_usd * discount_ratio(rate_per_year, flows.size / 4))


def irr(flows_usd: ArrayLike, final_usd: float = 0.0) -> float | None:
    """Internal rate of return [per year] of the flows that `npv` values; None where no rate makes them break even.

    Where the flows change sign more than once the lowest such rate above −99 % is given.
    """
    flows = np.asarray(flows_usd, dtype=float)
    if flows.size == 0 or not (np.any(flows < 0) and (np.any(flows > 0) or final_usd > 0)):
        return None
    rates = np.concatenate([np.linspace(-0.99, 1.0, 400), np.geomspace(1.001, 100.0, 100)])
    values = np.array([npv(flows, rate, final_usd) for rate in rates])
    crossings = np.flatnonzero(np.sign(values[:-1]) * np.sign(values[1:]) < 0)
    if crossings.size == 0:
        return None
    low, high = rates[crossings[0]], rates[crossings[0] + 1]
    rising = values[crossings[0]] < 0
    for _ in range(60):  # bisection: 2^-60 of the bracket
        middle = (low + high) / 2
        low, high = (middle, high) if (npv(flows, middle, final_usd) < 0) == rising else (low, middle)
    return float((low + high) / 2)
