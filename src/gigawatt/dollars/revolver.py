"""A revolving line of credit: what is borrowed and repaid in each quarter, when cash must not fall below a minimum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gigawatt.ndarrays import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Revolved:
    """At the end of each quarter [USD], shape (quarters,): cash, debt, and by how much it exceeds what is lent."""

    cash_usd: Floats
    debt_usd: Floats
    short_usd: Floats


def revolve(
    flows_usd: ArrayLike,
    limits_usd: ArrayLike,
    *,
    opening_usd: float,
    minimum_usd: float,
    quarter_rate_ratio: float,
    opening_debt_usd: float = 0.0,
) -> Revolved:
    """Borrow what is missing to the minimum of cash, repay as soon as there is more.

    flows_usd: of each quarter, before interest; limits_usd: the most that is lent at its end. opening_usd,
    opening_debt_usd: cash and debt before the first. Interest is paid on the debt at the end of the quarter before. No
    other way to borrow has less debt in any quarter. Where the limit is passed the money is taken to be found all the
    same, and `short_usd` says how much.
    """
    flows, limits = np.asarray(flows_usd, dtype=float), np.asarray(limits_usd, dtype=float)
    cash, debt = np.empty_like(flows), np.empty_like(flows)
    held, owed = opening_usd, opening_debt_usd
    for quarter, flow in enumerate(flows.tolist()):
        spare = held + flow - quarter_rate_ratio * owed - minimum_usd
        owed_before = owed
        owed = max(owed_before - spare, 0.0)
        held = minimum_usd + spare + owed - owed_before
        cash[quarter], debt[quarter] = held, owed
    return Revolved(cash_usd=cash, debt_usd=debt, short_usd=np.maximum(debt - limits, 0.0))
