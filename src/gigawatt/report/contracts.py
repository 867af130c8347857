"""Leases, the guarantee and money that others advance, as a report tells of them: tables, a chart and words."""

from __future__ import annotations

from functools import partial

import numpy as np

from gigawatt.account import contracts
from gigawatt.account.contracts import Contracts
from gigawatt.report import charts, figures, names, tables, words
from gigawatt.report.document import Depth, Exhibit, Facts, Section, Table, Unit, table
from gigawatt.report.formats import Scale, cell, scale
from gigawatt.report.views import View
from gigawatt.study.dates import quarter
from gigawatt.units import show

TITLE = "Leases and guarantees"
PER_KW = Scale(size=1e-3, unit="USD/kW", digits=0)
# Lines of the books that contracts have → what a reader calls them.
LINES = {
    "lease_liability": "Lease liability (on the balance sheet)",
    "right_of_use": "Right to use leased shells (on the balance sheet)",
    "rent_committed": "Rent still to come, undiscounted",
    "guaranteed": "Promised by the guarantor (contingent, off the balance sheet)",
    "vendor_owed": "Owed to the vendor of racks",
    "customer_owed": "Owed to a customer as service",
}
# Of these what a chart draws, in fewer words.
DRAWN = {
    "lease_liability": "Lease liability",
    "right_of_use": "Right to use leased shells",
    "rent_committed": "Rent still to come, undiscounted",
    "guaranteed": "Promised by the guarantor",
}


def section(v: View) -> Section | None:
    """What the contracts of a plan come to; None where it has none."""
    found = contracts.contracts(v.scenario, v.result.plan)
    if found is None:
        return None
    parts = (_leases(v, found), _books(v), _guarantee(v, found), _advances(found))
    return Section(
        slug="contracts", title=TITLE, lead=lead(v, found), parts=tuple(part for part in parts if part is not None)
    )


def lead(v: View, found: Contracts) -> str:
    """What contracts there are, in a sentence."""
    said = []
    if found.leases:
        sites = "one site" if len(found.leases) == 1 else f"{len(found.leases)} sites"
        said.append(f"shells of {sites} are leased")
    if found.guarantee is not None:
        said.append(f"{found.guarantee.guarantor} guarantees their value")
    if found.vendor is not None:
        said.append(f"{found.vendor.who} lends on racks")
    if found.customer is not None:
        said.append(f"{found.customer.who} pays ahead")
    return f"Here {'; '.join(said)}. Money in real USD of {v.asked.dollar_year}." if said else ""


def _leases(v: View, found: Contracts) -> Exhibit | None:
    """Every lease as the reported window ends."""
    if not found.leases:
        return None
    rows: list[tuple[str | float | None, ...]] = [
        (
            names.site(v.scenario, one.site),
            one.delivered_w_it,
            one.monthly_rent_usd_per_w_it,
            one.value_usd,
            one.termination_usd,
        )
        for one in found.leases
    ]
    money = scale("usd", [value for one in found.leases for value in (one.value_usd, one.termination_usd)])
    power = scale("w", [one.delivered_w_it for one in found.leases])
    heads: dict[str, Unit] = {
        "Site": "",
        f"IT power delivered, {power.unit}": ("w", power),
        f"Rent a month, {PER_KW.unit} of IT": ("usd_per_w", PER_KW),
        f"Rent still to come, present value, {money.unit}": ("usd", money),
        f"Owed if the tenant left, {money.unit}": ("usd", money),
    }
    end = quarter(v.periods[v.reported - 1])
    shown = table("leases", f"Leases as {end} ends", heads, rows)
    return figures.exhibit(shown, leases(v, found), "", depth=Depth.BRIEF)


def leases(v: View, found: Contracts) -> str:
    """What is still to be paid for what is leased, and what leaving would cost."""
    value = sum(one.value_usd for one in found.leases)
    owed = sum(one.termination_usd for one in found.leases)
    end = quarter(v.periods[v.reported - 1])
    leaving = (
        f"a tenant that left then would owe {cell(owed, 'usd')}"
        if owed > 0
        else "no minimum binds, so that a tenant that left then would owe nothing"
    )
    return f"As {end} ends, rent still to come is worth {cell(value, 'usd')}; {leaving}."


def _books(v: View) -> Exhibit | None:
    """What stands in the books of contracts, year by year, and quarter by quarter as a picture."""
    there = {name: v.books[name] for name in LINES if name in v.books}
    if not there:
        return None
    lines = [(LINES[name], v.year_end(line)) for name, line in there.items()]
    if "lease_liability" in there:
        lines = [("Rent of the year", -v.yearly(v.books["rent"])), *lines]
    shown = tables.by_year(v, "contracts", "Contracts in the books, at the end of each year", lines, "usd")
    drawn = {name: line[: v.reported] for name, line in there.items() if name in DRAWN}
    draw, shows = None, ""
    if drawn:
        values = np.array(list(drawn.values()))
        unit = scale("usd", values.ravel().tolist())
        called = [DRAWN[name] for name in drawn]
        shows = f"At the end of each quarter, {unit.unit}"
        draw = partial(charts.lines, periods=v.shown, series=figures.series(called, values, unit), unit=unit.unit)
    return figures.exhibit(shown, books(v), shows, draw, depth=Depth.BRIEF)


def books(v: View) -> str:
    """How much of what is owed is on the balance sheet and how much is not."""
    at = v.reported - 1
    if "lease_liability" not in v.books:
        return "What is still owed on advances, at the end of each year."
    on, committed = float(v.books["lease_liability"][at]), float(v.books["rent_committed"][at])
    text = (
        f"As {quarter(v.periods[at])} ends, {cell(committed, 'usd')} of rent is still to come; the balance sheet holds "
        f"{cell(on, 'usd')} of it, the present value of what has begun"
    )
    if "guaranteed" in v.books:
        return f"{text}, and nothing of the {cell(float(v.books['guaranteed'][at]), 'usd')} that is guaranteed."
    return f"{text}."


def _guarantee(v: View, found: Contracts) -> Facts | None:
    """The guarantee: what it covers, costs and saves."""
    one, use = found.guarantee, v.asked.capital.guarantee
    if one is None or use is None:
        return None
    rate = f"{show(use.guaranteed_rate_per_year, 'per_year')} in place of "
    rate += show(v.asked.finance.lease_rate_per_year, "per_year")
    pairs = (
        ("Guarantor", one.guarantor),
        ("Most that it ever pays", cell(one.cap_usd, "usd")),
        (f"Covers as {quarter(v.periods[v.reported - 1])} ends", f"{cell(one.covered_w, 'w')} of IT power"),
        ("Promises at most, of the value of what it covers", cell(one.promised_usd, "usd")),
        ("Expected to pay, present value", cell(one.expected_usd, "usd")),
        (
            "Would pay at most",
            f"{cell(one.worst_usd, 'usd')}, if the tenant failed in the worst quarter and reletting brought "
            f"{show(use.recovery_frac, 'frac')}",
        ),
        ("Saves the tenant, present value of rent", _saved(v, one.saved_usd)),
        ("Owner's return on what is covered", rate),
        (
            "Rests on",
            f"failure of the tenant at {show(use.default_per_year, 'per_year')}, reletting for "
            f"{show(use.recovery_frac, 'frac')} of the lease value, of which {show(use.guaranteed_frac, 'frac')} is "
            "guaranteed; one failure at most, and this plan as it stands",
        ),
    )
    return Facts(name="guarantee", title=f"Guarantee of {one.guarantor}", pairs=pairs)


def _saved(v: View, saved_usd: float) -> str:
    """What a guarantee saves, and where a rent that is stated is taken as it is."""
    fixed = [
        names.site(v.scenario, key)
        for key, use in v.asked.sites.items()
        if use.lease is not None and use.lease.monthly_rent_usd_per_w_it is not None
    ]
    return cell(saved_usd, "usd") + (f"; the rent of {words.joined(fixed)} is taken as stated" if fixed else "")


def _advances(found: Contracts) -> Table | None:
    """What a vendor lends and a customer pays ahead."""
    given = [one for one in (found.vendor, found.customer) if one is not None]
    if not given:
        return None
    rows = [(one.who, one.drawn_usd, one.interest_usd, one.most_owed_usd, one.owed_usd) for one in given]
    unit = scale("usd", [value for _, *values in rows for value in values])
    heads: dict[str, Unit] = {"Who": ""}
    for title in ("Comes in", "Interest", "Owed at most", "Owed when the solved horizon ends"):
        heads[f"{title}, {unit.unit}"] = ("usd", unit)
    return table("advances", "Money that others advance, over the solved horizon", heads, rows)
