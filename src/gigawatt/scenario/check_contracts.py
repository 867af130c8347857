"""Do leases, the guarantee and the credit of vendors and customers make sense together with the sites and the money?"""

from __future__ import annotations

import math

from gigawatt import units
from gigawatt.catalog.tables import Reader
from gigawatt.errors import near
from gigawatt.quarters import QUARTER
from gigawatt.scenario.schema import Asked, CustomerFinancing, Finance, Guarantee, Lease, Records

# What rounding lets through of a whole number of quarters.
ROUNDING_QUARTERS = 1e-9


def check_contracts(asked: Asked, records: Records | None, reader: Reader) -> None:
    """Add every fault of leases, guarantee, vendor and customer financing to the reader."""
    capital = asked.capital
    for key, use in asked.sites.items():
        if use.lease is not None:
            if use.ownership == "own":
                reader.fault(f"sites.{key}.ownership", "own", '"lease", or no ownership, because a lease is stated')
            _lease(f"sites.{key}.lease", use.lease, asked.finance, reader)
    if capital.guarantee is not None:
        _guarantee(capital.guarantee, asked, records, reader)
    if capital.vendor is not None:
        _quarters("capital.vendor.term", capital.vendor.term_years, reader)
    _loans(asked, reader)
    if capital.customer is not None:
        _customer(capital.customer, asked, reader)


def _lease(path: str, use: Lease, finance: Finance, reader: Reader) -> None:
    term_years = finance.lease_life_years if use.term_years is None else use.term_years
    _quarters(f"{path}.term", term_years, reader)
    if use.termination_years is not None and use.termination_years > term_years:
        most = f"at most the term of {units.show(term_years, 'years')}"
        reader.fault(f"{path}.termination", units.show(use.termination_years, "years"), most)


def _guarantee(use: Guarantee, asked: Asked, records: Records | None, reader: Reader) -> None:
    path = "capital.guarantee"
    _quarters(f"{path}.term", use.term_years, reader)
    rate, most = use.guaranteed_rate_per_year, asked.finance.lease_rate_per_year
    if rate > most:
        expected = f"at most the lease_rate of finance, {units.show(most, 'per_year')}"
        reader.fault(f"{path}.guaranteed_rate", units.show(rate, "per_year"), expected)
    for n, name in enumerate(use.sites):
        where = f"{path}.sites[{n}]"
        if name not in asked.sites:
            known = list(asked.sites)
            reader.fault(where, name, f"one of {', '.join(known) or 'none'}{near(name, known)}")
        elif name in use.sites[:n]:
            reader.fault(where, name, "each site once")
        elif records is not None and records.sites[name].ownership != "lease":
            reader.fault(where, name, 'a site that is leased: give it a lease, or ownership = "lease"')
    if records is not None and not any(site.ownership == "lease" for site in records.sites.values()):
        reader.remark(path, "no leased site", "at least one leased site, whose owner it could cover")


def _loans(asked: Asked, reader: Reader) -> None:
    loans, start = asked.at_start.vendor_loans, asked.horizon.start_date
    if loans and asked.capital.vendor is None:
        reader.remark("opening.vendor_loans", f"{len(loans)} loans", "a [capital.vendor] with their rate and term")
    for n, loan in enumerate(loans):
        if not QUARTER.fullmatch(loan.lent_date) or (QUARTER.fullmatch(start) and loan.lent_date >= start):
            expected = f"a quarter before {start}, where the horizon begins"
            reader.fault(f"opening.vendor_loans[{n}].lent", loan.lent_date, expected)


def _customer(use: CustomerFinancing, asked: Asked, reader: Reader) -> None:
    path, horizon = "capital.customer", asked.horizon
    _quarters(f"{path}.term", use.term_years, reader)
    if not QUARTER.fullmatch(use.paid_date):
        reader.fault(f"{path}.paid", use.paid_date, 'a quarter such as "2026Q3"')
        return
    if QUARTER.fullmatch(horizon.end_date) and use.paid_date > horizon.end_date:
        reader.fault(f"{path}.paid", use.paid_date, f"a quarter not after {horizon.end_date}")
    if asked.opening is None and QUARTER.fullmatch(horizon.start_date) and use.paid_date < horizon.start_date:
        expected = f"a quarter not before {horizon.start_date}, unless an opening state holds what was paid"
        reader.fault(f"{path}.paid", use.paid_date, expected)


def _quarters(path: str, years: float, reader: Reader) -> None:
    if math.isfinite(years) and years >= 0.25 and abs(years * 4 - round(years * 4)) > ROUNDING_QUARTERS:
        reader.fault(path, f"{years:g} years", "a whole number of quarters")
