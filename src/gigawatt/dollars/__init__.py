"""Money: annuities, returns, tranches, taxes and prices. Pure functions of numbers and arrays."""

from gigawatt.dollars.annuity import (
    book_frac,
    discount_ratio,
    mid_quarters_years,
    quarter_rate_ratio,
    recovery_frac,
    unamortised_frac,
)
from gigawatt.dollars.distributions import completed, covered, paid_out_usd
from gigawatt.dollars.prices import subscription_usd_per_mtok, trend
from gigawatt.dollars.returns import Return, irr, npv, roots
from gigawatt.dollars.revolver import Revolved, revolve
from gigawatt.dollars.taxes import tax_usd
from gigawatt.dollars.tranches import receipts_usd, released_frac

__all__ = [
    "Return",
    "Revolved",
    "book_frac",
    "completed",
    "covered",
    "discount_ratio",
    "irr",
    "mid_quarters_years",
    "npv",
    "paid_out_usd",
    "quarter_rate_ratio",
    "receipts_usd",
    "recovery_frac",
    "released_frac",
    "revolve",
    "roots",
    "subscription_usd_per_mtok",
    "tax_usd",
    "trend",
    "unamortised_frac",
]
