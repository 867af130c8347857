"""What leases, a guarantee and money that others advance come to, in sentences that a reader needs beside the plan."""

from __future__ import annotations

from collections.abc import Iterator

from gigawatt.account.accounts import Accounts
from gigawatt.account.contracts import Contracts, contracts
from gigawatt.plan.plan import Plan
from gigawatt.scenario.schema import Guarantee, Scenario
from gigawatt.study.dates import quarter
from gigawatt.study.note import Note
from gigawatt.units import show

# Terms of a guarantee that nobody publishes → what they are called.
TERMS = {
    "guaranteed_frac": "the guaranteed share of the lease value",
    "default_per_year": "the hazard of the tenant's failure",
    "rating_per_year": "the hazard of a rating that ends it",
    "recovery_frac": "what reletting brings",
    "guaranteed_rate_per_year": "what the owner earns under it",
}


def notes(scenario: Scenario, planned: Plan, accounts: Accounts) -> tuple[Note, ...]:
    """What of the contracts is owed, what is contingent, and what is assumed; nothing where there are none."""
    found = contracts(scenario, planned)
    if found is None:
        return ()
    return (*_leases(scenario, found, accounts), *_guarantee(scenario, found), *_advances(found))


def _leases(scenario: Scenario, found: Contracts, accounts: Accounts) -> Iterator[Note]:
    if not found.leases:
        return
    at, books = scenario.reported_count - 1, accounts.statements
    owed = sum(one.termination_usd for one in found.leases)
    committed, liability = (float(books[name][at]) for name in ("rent_committed", "lease_liability"))
    left = (
        f"a tenant that left then would owe {show(owed, 'usd')}"
        if owed > 0
        else "no lease states a minimum, so that a tenant that left then is taken to owe nothing"
    )
    text = (
        f"As {quarter(scenario.quarters[at])} ends, {show(committed, 'usd')} of rent is still to come, undiscounted. "
        f"The balance sheet holds the present value of what has begun, {show(liability, 'usd')} at the lease rate; "
        f"{left}."
    )
    yield Note(code="leases", path="sites", text=text)


def _guarantee(scenario: Scenario, found: Contracts) -> Iterator[Note]:
    use, one = scenario.asked.capital.guarantee, found.guarantee
    if use is None or one is None:
        return
    text = (
        f"The guarantee of {one.guarantor} is contingent and on no balance sheet here: it costs nothing unless the "
        f"tenant fails. For this plan {show(one.expected_usd, 'usd')} is expected to be paid, as present value, and at "
        f"most {show(one.worst_usd, 'usd')} in any quarter, of a cap of {show(one.cap_usd, 'usd')}."
    )
    yield Note(code="guarantee", path="capital.guarantee", text=text)
    assumed = [f"{words} ({_value(use, name)})" for name, words in TERMS.items() if _is_assumed(scenario, name)]
    if assumed:
        text = f"Of the guarantee {_listed(assumed)} {'is' if len(assumed) == 1 else 'are'} assumed, not published."
        yield Note(code="guarantee_assumed", path="capital.guarantee", text=text)


def _advances(found: Contracts) -> Iterator[Note]:
    if found.vendor is not None and found.vendor.most_owed_usd > 0:
        text = (
            f"{found.vendor.who} lends up to {show(found.vendor.most_owed_usd, 'usd')} on the racks that it sells; "
            "this stands beside the debt, whose covenant and limit do not count it."
        )
        yield Note(code="vendor_credit", path="capital.vendor", text=text)
    if found.customer is not None and found.customer.owed_usd > 0:
        text = (
            f"At the end of the solved horizon {found.customer.who} is still owed service for "
            f"{show(found.customer.owed_usd, 'usd')} that it paid ahead."
        )
        yield Note(code="customer_owed", path="capital.customer", text=text)


def _is_assumed(scenario: Scenario, name: str) -> bool:
    known = scenario.evidence.get(f"capital.guarantee.{name}")
    return known is None or known.grade == "assumed"


def _value(use: Guarantee, name: str) -> str:
    return show(getattr(use, name), "per_year" if name.endswith("per_year") else "frac")


def _listed(items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
