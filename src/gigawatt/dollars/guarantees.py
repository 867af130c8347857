"""Guarantees of a residual value: what they cost who gives them, and what they save who leases.

A tenant fails at most once. What the guarantor then pays is the shortfall of what reletting or a sale recovers, below a
guaranteed minimum of the lease's value, up to a cap: exposure times loss, as for any credit risk [1], [2].

In the guarantor's books a guarantee has two sides [3]: an obligation to stand ready, at its fair value on the first
day, and a contingent one, for which the expected cost measures the credit loss. The largest payment is disclosed.

References
----------
[1] P. J. Schönbucher, *Credit Derivatives Pricing Models*, Wiley 2003, ch. 3 (payment at default, survival from a
    hazard rate).
[2] Basel Committee on Banking Supervision, *An Explanatory Note on the Basel II IRB Risk Weight Functions*, July 2005
    (expected loss = probability of default × loss given default × exposure).
[3] ASC 460-10-25 and 35 (recognition and release), 460-10-50-4 (the most that may have to be paid, undiscounted),
    326-20 (expected credit losses). IFRS 9, 4.2.1 (c), has the higher of the two sides for a guarantor under IFRS.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gigawatt.dollars.annuity import discount_ratio, mid_quarters_years
from gigawatt.ndarrays import Floats

# Hazard below which shares of expected losses no longer change.
LEAST_HAZARD_PER_YEAR = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class GuaranteeCost:
    """What a guarantee costs its guarantor.

    expected_usd: present value at the start of the horizon of what is paid on average, shape (...).
    worst_usd: the largest payment of any quarter and future, not discounted.
    expected_by_quarter_usd: paid on average in the middle of each quarter, not discounted, shape (..., quarters).
    exposure_usd: what a failure in each quarter would cost, shape (..., quarters).
    """

    expected_usd: Floats
    worst_usd: float
    expected_by_quarter_usd: Floats
    exposure_usd: Floats


def guarantee_cost(
    value_usd: ArrayLike,
    *,
    cap_usd: float,
    guaranteed_frac: float,
    covered_frac: float,
    default_per_year: ArrayLike,
    rating_per_year: float,
    recovery_frac: ArrayLike,
    rate_per_year: float,
    start: int,
    term: int,
) -> GuaranteeCost:
    """What is paid under a guarantee that is in force for `term` quarters from quarter `start` on.

    value_usd: lease value of the covered part at the end of each quarter, shape (..., quarters). A failure in a quarter
    costs min(cap, covered × max(0, guaranteed − recovery) × value). default_per_year, recovery_frac: shape (...), one
    for each future. The tenant fails in a quarter with probability 1 − e^(−h/4), if it stood before; where it stands,
    its rating ends the guarantee at the quarter's end with 1 − e^(−ρ/4). Both count from `start`, or from the first
    quarter where the guarantee is older: a tenant that fails before it begins leaves nothing to guarantee.
    """
    default, recovery = (np.asarray(each, dtype=float)[..., None] for each in (default_per_year, recovery_frac))
    value = np.asarray(value_usd, dtype=float)
    quarters = np.arange(value.shape[-1])
    in_force = (quarters >= start) & (quarters < start + term)
    shortfall = np.maximum(guaranteed_frac * value - recovery * value, 0.0)
    exposure = np.where(in_force, np.minimum(covered_frac * shortfall, cap_usd), 0.0)
    # A power of what one quarter leaves, for a hazard without bound would make nought times infinity of the exponent.
    stands = np.exp(-(default + rating_per_year) / 4) ** np.maximum(quarters - max(start, 0), 0)
    expected = -np.expm1(-default / 4) * stands * exposure
    return GuaranteeCost(
        expected_usd=np.asarray(expected @ discount_ratio(rate_per_year, mid_quarters_years(quarters.size))),
        worst_usd=float(np.max(exposure, initial=0.0)),
        expected_by_quarter_usd=expected,
        exposure_usd=np.broadcast_to(exposure, expected.shape),
    )


def default_in_future_per_year(default_per_year: float, demand_ratio: ArrayLike, elasticity_ratio: float) -> Floats:
    """Hazard of failure where demand is other than expected, h × demand^(−elasticity), shape of demand_ratio.

    demand_ratio: demand over what is expected. elasticity_ratio: at 0 the hazard is the same in all futures.
    """
    demand = np.asarray(demand_ratio, dtype=float)
    if default_per_year == 0:
        return np.zeros_like(demand)
    with np.errstate(divide="ignore", over="ignore"):
        return default_per_year * demand**-elasticity_ratio


def recovery_in_future_frac(recovery_frac: float, demand_ratio: ArrayLike, elasticity_ratio: float) -> Floats:
    """Share of a lease's value that reletting brings where demand is other than expected, shape of demand_ratio.

    Share × demand^elasticity, and never more than all of it.
    """
    return np.minimum(recovery_frac * np.asarray(demand_ratio, dtype=float) ** elasticity_ratio, 1.0)


def covered_loss_frac(
    value_usd: ArrayLike,
    *,
    cap_usd: float,
    guaranteed_frac: float,
    covered_frac: float,
    default_per_year: float,
    rating_per_year: float,
    recovery_frac: float,
    rate_per_year: float,
    term: int,
) -> float:
    """Share of what a tenant's failure costs a landlord on average that a guarantee pays, from 0 to 1.

    value_usd: lease value at the end of each quarter from its beginning, shape (quarters,). The landlord's loss is what
    reletting leaves of all of it, until the tenant's rating is good; without any loss nothing is covered. A hazard of
    nothing is taken as its limit.
    """
    hazard = max(default_per_year, LEAST_HAZARD_PER_YEAR)
    count = np.asarray(value_usd).shape[-1]

    def cost_usd(cap_usd: float, guaranteed_frac: float, covered_frac: float, term: int) -> float:
        found = guarantee_cost(
            value_usd,
            cap_usd=cap_usd,
            guaranteed_frac=guaranteed_frac,
            covered_frac=covered_frac,
            default_per_year=hazard,
            rating_per_year=rating_per_year,
            recovery_frac=recovery_frac,
            rate_per_year=rate_per_year,
            start=0,
            term=term,
        )
        return float(found.expected_usd)

    whole = cost_usd(np.inf, 1.0, 1.0, count)
    return cost_usd(cap_usd, guaranteed_frac, covered_frac, term) / whole if whole > 0 else 0.0


def blended_rate_per_year(covered_frac: ArrayLike, guaranteed_rate_per_year: float, rate_per_year: float) -> Floats:
    """What capital asks for where a share of it is guaranteed: both rates by their shares, shape of covered_frac."""
    covered = np.asarray(covered_frac, dtype=float)
    return covered * guaranteed_rate_per_year + (1 - covered) * rate_per_year
