"""Credit of who sells racks and money that customers pay ahead: as the equations, stage two and the books take them.

Neither is in the unlevered value: they are financing, which brings money early and takes it later. Both stand beside
the debt, its covenant and its limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gigawatt import dollars
from gigawatt.ndarrays import Floats
from gigawatt.quarters import quarter_number
from gigawatt.scenario.schema import Asked


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Advanced:
    """Money that one lender or customer advances [USD], by quarter of the horizon, (quarters,).

    drawn_usd: comes in. repaid_usd: goes back, without interest. interest_usd: on what was owed a quarter before.
    owed_usd: still to go back at the end of each quarter; start_usd: before the first.
    """

    drawn_usd: Floats
    repaid_usd: Floats
    interest_usd: Floats
    owed_usd: Floats
    start_usd: float

    @property
    def net_usd(self) -> Floats:
        """What comes in less what goes back [USD]."""
        return self.drawn_usd - self.repaid_usd - self.interest_usd

    @property
    def service_usd(self) -> Floats:
        """What goes back, with interest [USD]."""
        return self.repaid_usd + self.interest_usd


def vendor(racks_usd: xr.DataArray, asked: Asked) -> Advanced | None:
    """What the vendor of racks lends; None where it lends nothing.

    racks_usd: price of the racks that are paid in each quarter, without their network, dims (period).
    """
    use = asked.capital.vendor
    if use is None:
        return None
    start, loans = quarter_number(str(racks_usd.period.values[0])), asked.at_start.vendor_loans
    before = max((start - quarter_number(loan.lent_date) for loan in loans), default=0)
    drawn = np.concatenate([np.zeros(before), use.share_frac * np.asarray(racks_usd.values, dtype=float)])
    for loan in loans:
        drawn[quarter_number(loan.lent_date) - start + before] += loan.amount_usd
    return _advanced(drawn, use.rate_per_year, use.term_years, before)


def customer(asked: Asked, periods: NDArray[np.str_]) -> Advanced | None:
    """What a customer pays ahead; None where none does. periods: the quarters of the horizon."""
    use = asked.capital.customer
    if use is None:
        return None
    start = quarter_number(str(periods[0]))
    paid = quarter_number(use.paid_date)
    before = max(start - paid, 0)
    drawn = np.zeros(before + len(periods))
    drawn[paid - start + before] = use.amount_usd
    return _advanced(drawn, use.rate_per_year, use.term_years, before)


def _advanced(drawn_usd: Floats, rate_per_year: float, term_years: float, before: int) -> Advanced:
    """The lines of what is drawn; the first `before` quarters of it lie before the horizon."""
    owed = dollars.advance_owed_usd(drawn_usd, rate_per_year, term_years)
    interest = dollars.quarter_rate_ratio(rate_per_year) * np.concatenate([[0.0], owed[:-1]])
    repaid = drawn_usd - dollars.advance_flows(drawn_usd, rate_per_year, term_years) - interest
    return Advanced(
        drawn_usd=drawn_usd[before:],
        repaid_usd=repaid[before:],
        interest_usd=interest[before:],
        owed_usd=owed[before:],
        start_usd=float(owed[before - 1]) if before else 0.0,
    )


def lines(racks_usd: xr.DataArray, asked: Asked) -> dict[str, Advanced]:
    """What is advanced by whom, "vendor" and "customer", as far as a scenario states it; racks_usd as in `vendor`."""
    found = {"vendor": vendor(racks_usd, asked), "customer": customer(asked, racks_usd.period.values)}
    return {name: one for name, one in found.items() if one is not None}


def net_usd(found: Mapping[str, Advanced], count: int) -> Floats:
    """What all advances bring less what they take in each quarter [USD], (quarters,)."""
    return sum((one.net_usd for one in found.values()), start=np.zeros(count))


def service_usd(found: Mapping[str, Advanced], count: int) -> Floats:
    """What goes back to all who advanced money in each quarter, with interest [USD], (quarters,)."""
    return sum((one.service_usd for one in found.values()), start=np.zeros(count))


def vendor_table(data: xr.Dataset, asked: Asked) -> xr.DataArray:
    """What a dollar of racks with network brings from the vendor less what it takes [1], dims (period, bought)."""
    use, count, names = asked.capital.vendor, data.sizes["period"], data.period.values
    table = np.zeros((count, count))
    if use is not None:
        share = use.share_frac / (1 + asked.finance.network_frac)
        table = share * dollars.advance_flows(np.eye(count), use.rate_per_year, use.term_years).T
    return xr.DataArray(table, dims=("period", "bought"), coords={"period": names, "bought": names})


def fixed_usd(data: xr.Dataset, asked: Asked) -> xr.DataArray | None:
    """What advances bring less what they take whatever is decided [USD], dims (period); None where there are none."""
    nothing = xr.DataArray(np.zeros(data.sizes["period"]), dims="period", coords={"period": data.period.values})
    found = lines(nothing, asked)
    return nothing + net_usd(found, nothing.size) if found else None
