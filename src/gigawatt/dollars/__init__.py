"""Money: annuities, returns, tranches, leases, guarantees, advances, taxes and prices.

Pure functions of numbers and arrays.
"""

from gigawatt.dollars.advances import advance_flows, advance_owed_usd
from gigawatt.dollars.annuity import (
    book_frac,
    discount_ratio,
    mid_quarters_years,
    quarter_rate_ratio,
    recovery_frac,
    unamortised_frac,
)
from gigawatt.dollars.distributions import completed, covered, paid_out_usd
from gigawatt.dollars.guarantees import (
    GuaranteeCost,
    blended_rate_per_year,
    covered_loss_frac,
    default_in_future_per_year,
    guarantee_cost,
    recovery_in_future_frac,
)
from gigawatt.dollars.leases import (
    exit_cost_usd,
    lease_liability_usd,
    lease_value_usd,
    level_rent_value_usd,
    rent_ratio,
    right_of_use_usd,
)
from gigawatt.dollars.prices import subscription_usd_per_mtok, trend
from gigawatt.dollars.returns import Return, irr, npv, roots
from gigawatt.dollars.revolver import Revolved, revolve
from gigawatt.dollars.taxes import tax_usd
from gigawatt.dollars.tranches import receipts_usd, released_frac

__all__ = [
    "GuaranteeCost",
    "Return",
    "Revolved",
    "advance_flows",
    "advance_owed_usd",
    "blended_rate_per_year",
    "book_frac",
    "completed",
    "covered",
    "covered_loss_frac",
    "default_in_future_per_year",
    "discount_ratio",
    "exit_cost_usd",
    "guarantee_cost",
    "irr",
    "lease_liability_usd",
    "lease_value_usd",
    "level_rent_value_usd",
    "mid_quarters_years",
    "npv",
    "paid_out_usd",
    "quarter_rate_ratio",
    "receipts_usd",
    "recovery_frac",
    "recovery_in_future_frac",
    "released_frac",
    "rent_ratio",
    "revolve",
    "right_of_use_usd",
    "roots",
    "subscription_usd_per_mtok",
    "tax_usd",
    "trend",
    "unamortised_frac",
]
