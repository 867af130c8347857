"""What the arrays of the books are: the long table, statements by quarter, classes of work and platforms."""

from __future__ import annotations

from gigawatt.programme.declared import Declarations, declared


def _by_quarter(**meanings: str) -> Declarations:
    return declared(**{name: ("period", "USD", meaning) for name, meaning in meanings.items()})


TABLE = declared(usd=("row", "USD", "income positive, cost negative; what it is of stands beside it"))
STATEMENTS = _by_quarter(
    revenue="what is sold",
    non_compute="share of revenue that pays for all but compute",
    energy="electric energy of racks in service",
    opex="operation without energy",
    rent="rent of leased shells",
    racks="racks that are delivered",
    network="network and storage of racks",
    shells="shells, over their lead time",
    tax="tax on income, unlevered",
    opening_cash="cash when the horizon begins",
    upfront_equity="equity that is paid in at the start",
    tranches="money that milestones release",
    debt_drawn="debt drawn, less what is repaid",
    interest="interest on debt and advances",
    distribution="cash that is paid out",
    depreciation="what is written off of racks and shells",
    ebitda="sum of the operating items",
    ebit="ebitda less what is written off",
    net_income="ebit less interest and tax",
    operating_cash="ebitda less tax paid",
    investing_cash="sum of the investing items",
    financing_cash="sum of the financing items",
    free_cash_flow="operating and investing cash together",
    cash="cash at the end of the quarter",
    debt="debt at the end of the quarter",
    book="net book value of racks and shells",
)
# Columns of contracts, of those that a scenario states.
OF_CONTRACTS = _by_quarter(
    vendor_drawn="lent by the vendor of racks",
    vendor_repaid="repaid to the vendor of racks",
    customer_paid="paid ahead by a customer",
    customer_served="advance that a customer is served for",
    lease_liability="present value of rent of leases that have begun",
    right_of_use="right to use what is leased, as an asset",
    rent_committed="rent that is still to come",
    guaranteed="lease value that a guarantor has promised",
    vendor_owed="still owed to the vendor of racks",
    customer_owed="still owed to a customer",
)
CLASSES = declared(
    demand_tokens=("use_case", "tokens", "output tokens asked for over the solved horizon"),
    served_tokens=("use_case", "tokens", "output tokens served over the solved horizon"),
    revenue_usd=("use_case", "USD", "what the class pays over the solved horizon"),
    cost_usd=("use_case", "USD", "what it costs, capital over its life"),
    cost_usd_per_mtok=("use_case", "USD/Mtoken", "cost of what is served"),
    revenue_usd_per_mtok=("use_case", "USD/Mtoken", "revenue of what is served"),
)
PLATFORMS = declared(
    racks_count=("platform", "racks", "racks that are bought"),
    capex_usd_per_w_facility=("platform", "USD/W", "racks, network and shell per W of facility power"),
    tco_usd_per_package_h=("platform", "USD/h", "total cost of owning a package for an hour"),
)
