"""Leases: what rent grows to, what is still to come of it, what leaving costs, and how it stands in a lessee's books.

Rent is paid in the middle of each quarter, stocks are counted at its end. Arrays of rent run over the whole term, which
may be longer than a horizon, with nothing before the lease begins; each part that begins on a day of its own is a row.
A rate and the rent that it discounts are of one kind: both real or both nominal.

References
----------
[1] IFRS 16 *Leases*, paragraphs 22–26 (a liability is the present value of the payments to come at the rate of the
    lease, from the day on which it begins), 31–32 (the right of use is written off straight over the term), 36 (the
    liability grows by interest and falls by what is paid) and 59 (b) (leases agreed and not begun are disclosed only).
    ASC 842-20 measures the liability of either kind of lease, and the right of use of a finance lease, in the same way.
[2] Brealey, Myers, Allen, *Principles of Corporate Finance*, ch. 2 (growing annuities).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gigawatt.dollars.annuity import discount_ratio, mid_quarters_years
from gigawatt.ndarrays import Floats


def rent_ratio(count: int, *, escalator_per_year: float, inflation_per_year: float) -> Floats:
    """Real rent of each quarter over that of the first, ((1+e) / (1+i))^(k/4), shape (count,).

    escalator_per_year: growth of the nominal rent that a contract states.
    """
    growth = np.log1p(escalator_per_year) - np.log1p(inflation_per_year)
    return np.exp(np.arange(count) / 4 * growth)


def lease_value_usd(rent_usd: ArrayLike, rate_per_year: float) -> Floats:
    """Present value [USD] at the end of each quarter of the rent that is still to come.

    rent_usd: of each quarter of the whole term, shape (..., quarters), as the value; nothing is left after the last.
    """
    rent = np.asarray(rent_usd, dtype=float)
    count = rent.shape[-1]
    today = rent * discount_ratio(rate_per_year, mid_quarters_years(count))
    later = np.zeros_like(today)
    later[..., :-1] = np.cumsum(today[..., :0:-1], axis=-1)[..., ::-1]
    return later / discount_ratio(rate_per_year, (np.arange(count) + 1) / 4)


def level_rent_value_usd(yearly_usd: float, term_years: float, rate_per_year: float, growth_per_year: float) -> float:
    """Present value [USD] of a rent at the day on which it begins, the growing annuity [2] in mid-quarter payments.

    yearly_usd: four times the rent of the first quarter; rent grows from quarter to quarter at growth_per_year. With
    q = (1+g)/(1+r) over a quarter and n quarters: first rent × (1+r)^(−1/8) × (1 − q^n) / (1 − q), or n where q = 1.
    """
    step = (np.log1p(growth_per_year) - np.log1p(rate_per_year)) / 4
    count = 4 * term_years
    payments = count if step == 0 else np.expm1(count * step) / np.expm1(step)
    return float(yearly_usd / 4 * discount_ratio(rate_per_year, 1 / 8) * payments)


def lease_liability_usd(rent_usd: ArrayLike, rate_per_year: float) -> Floats:
    """What a lessee owes of leases begun [USD] at the end of each quarter [1], shape of rent_usd (..., quarters).

    From the first quarter with rent on, the present value of the rent still to come: it grows by interest at the rate
    and falls by the rent. Before, the lease is a commitment and no liability.
    """
    rent = np.asarray(rent_usd, dtype=float)
    return np.where(_begun(rent), lease_value_usd(rent, rate_per_year), 0.0)


def right_of_use_usd(rent_usd: ArrayLike, rate_per_year: float) -> Floats:
    """Book value of the right to use what is leased [USD] at the end of each quarter [1], shape of rent_usd.

    The liability of the day on which the lease begins, written off straight from the first quarter with rent to the
    last. Interest on the liability and this depreciation together come to the rent over the term, more of it early.
    """
    rent = np.asarray(rent_usd, dtype=float)
    begun, runs = _begun(rent), np.flip(_begun(np.flip(rent, axis=-1)), axis=-1)
    first = begun & (np.cumsum(begun, axis=-1) == 1)
    half, whole = (float(discount_ratio(rate_per_year, years)) for years in (1 / 8, 1 / 4))
    opening = half * rent + whole * lease_value_usd(rent, rate_per_year)
    cost = np.sum(np.where(first, opening, 0.0), axis=-1, keepdims=True)
    life = np.sum(begun & runs, axis=-1, keepdims=True)
    left = np.maximum(life - np.cumsum(begun, axis=-1), 0)
    return np.where(begun, cost * left / np.maximum(life, 1), 0.0)


def exit_cost_usd(minimum_usd: ArrayLike, termination_years: float, rate_per_year: float) -> Floats:
    """Cheapest way out of a minimum [USD] at the end of each quarter, shape of minimum_usd (..., quarters).

    The less of two: to pay the minimum to its end, at its present value; or to leave at once for the minimum of the
    `termination_years` that follow, to the nearest quarter, paid in one sum without discount. Where a minimum grows at
    a steady rate and the discount rate is not below 0, no later day to leave is cheaper than the cheaper of the two.
    """
    minimum = np.asarray(minimum_usd, dtype=float)
    after = np.arange(minimum.shape[-1])[:, None] - np.arange(minimum.shape[-1])
    charge = minimum @ ((after > 0) & (after <= np.rint(4 * termination_years))).astype(float)
    return np.minimum(lease_value_usd(minimum, rate_per_year), charge)


def _begun(rent: Floats) -> NDArray[np.bool_]:
    """Quarters from the first with rent on, along the last axis."""
    return np.logical_or.accumulate(rent != 0, axis=-1)
