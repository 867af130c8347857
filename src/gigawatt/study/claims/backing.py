"""What NVIDIA puts up for PORTS-Pike: the guarantee against the value of the leases, and what it may cost."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

from gigawatt import dollars, units
from gigawatt.account import contracts
from gigawatt.catalog.records import Grade
from gigawatt.dollars import GuaranteeCost
from gigawatt.programme.landlords import asked_for_per_year, growth_per_year
from gigawatt.scenario.schema import Guarantee
from gigawatt.study.claims.campus import key_of, load_ratio
from gigawatt.study.claims.cases import Cases
from gigawatt.study.claims.claim import Claim, ClaimRow, computed, judge, make, reaches, row, stated_value
from gigawatt.study.claims.question import PORTS_PIKE
from gigawatt.study.claims.statements import pike_statements
from gigawatt.study.question import refuse, wrong

DEFAULT, RECOVERY = "capital.guarantee.default_per_year", "capital.guarantee.recovery_frac"
SHELL = "finance.shell_usd_per_w_facility"
GRADES: dict[Grade, str] = {
    "measured": "Measured.",
    "vendor": "As its vendor states it.",
    "press": "From the press.",
    "derived": "Derived from other figures.",
    "assumed": "Assumed by the scenario.",
}
# Months of a year, and watts of the kilowatt by which rent is quoted.
MONTHS, KILOWATT_W = 12, 1e3


def guarantee_of(cases: Cases) -> Guarantee:
    """The guarantee of the scenario. Raises ScenarioError where there is none."""
    guarantee = cases.scenario.asked.capital.guarantee
    refuse([] if guarantee else [wrong("capital.guarantee", "no guarantee", "the guarantee that is to be judged")])
    assert guarantee is not None  # refused above
    return guarantee


def planned_rent_usd_per_w_it(cases: Cases) -> float:
    """Rent of a year per watt of IT power [USD/W] as the plan pays it, with what the guarantee takes off."""
    return float(cases.inputs.yearly_rent_usd_per_w.sel(site=key_of(cases))) * load_ratio(cases)


def asked_rent_usd_per_w_it(cases: Cases, shell_usd_per_w: float) -> float:
    """Rent of a year per watt of IT power [USD/W] that a landlord asks for whom nobody guarantees anything.

    shell_usd_per_w: cost of a shell per watt of facility power.
    """
    asked = cases.scenario.asked
    yearly_frac = asked_for_per_year(asked, key_of(cases), asked.finance.lease_rate_per_year)
    return shell_usd_per_w * load_ratio(cases) * yearly_frac


def shell_cost_usd_per_w(cases: Cases) -> float:
    """Cost of the campus's shells per watt of facility power [USD/W]."""
    own = cases.scenario.asked.sites[key_of(cases)].shell_usd_per_w_facility
    return cases.scenario.asked.finance.shell_usd_per_w_facility if own is None else own


def _value_usd(cases: Cases, rent_usd_per_w: float, rate_per_year: float) -> float:
    """Value of the leases of the covered buildings on the day on which they begin, all taken to begin at once [USD]."""
    known = pike_statements().figures
    growth = growth_per_year(cases.scenario.asked, key_of(cases))
    yearly = rent_usd_per_w * known.first_buildings_it_w
    return dollars.level_rent_value_usd(yearly, known.lease_years, rate_per_year, growth)


def guarantee_covers_lease_value(cases: Cases) -> Claim:
    """The cap against the rent of the term: at present value by the landlord's rates and costs, and as it is paid."""
    id_, known = "guarantee_covers_lease_value", pike_statements().figures
    cap, rate = stated_value(id_, PORTS_PIKE), cases.scenario.asked.finance.lease_rate_per_year
    paid, asked = planned_rent_usd_per_w_it(cases), asked_rent_usd_per_w_it(cases, shell_cost_usd_per_w(cases))
    cheap, dear = (asked_rent_usd_per_w_it(cases, shell) for shell in _shells(cases))
    values = [_value_usd(cases, rent, rate) for rent in (paid, asked, cheap, dear)]
    total, implied = _value_usd(cases, paid, 0.0), cap / known.first_buildings_it_w / known.lease_years
    at = f"at the landlord's {units.show(rate, 'per_year')}"
    rows = [
        _of_rent("rent of a month per kW of IT, as planned", paid),
        _of_rent("rent of a month per kW of IT, as a landlord without a guarantee asks for it", asked),
        _of_rent("rent of a month per kW of IT that adds up to the cap over the term", implied),
        row(f"value of the leases as they begin, {at}", "usd", values[0]),
        row("the same, of the rent that a landlord without a guarantee asks for", "usd", values[1]),
        row("the same, shells at the low and the high end of their cost", "usd", *values[2:], note=_told(cases, SHELL)),
        row("rent of the whole term, not discounted", "usd", total),
        *_of_buildings(cases, cap, paid),
    ]
    text = (
        f"a lease is worth its rent at present value, {units.show(values[0], 'usd')} as it begins {at}: paid over "
        f"{known.lease_years:g} years and not discounted it is {units.show(total, 'usd')}, and the cap is what "
        f"{_monthly(implied):.0f} USD a kW and month come to"
    )
    readings = (*values, total)
    verdict = judge(reaches(cap, value) for value in readings)
    return make(id_, computed("usd", values[0], *readings), verdict, text, rows, PORTS_PIKE)


def _of_buildings(cases: Cases, cap_usd: float, rent_usd_per_w: float) -> list[ClaimRow]:
    """The cap against what the covered buildings cost, and against their yearly rent."""
    covered = pike_statements().figures.first_buildings_it_w
    return [
        row("cost of the buildings", "usd", shell_cost_usd_per_w(cases) * load_ratio(cases) * covered),
        row("cap per watt of IT", "usd_per_w", cap_usd / covered),
        row("years of rent that the cap pays", "years", cap_usd / (rent_usd_per_w * covered)),
    ]


def _of_rent(label: str, *yearly_usd_per_w: float) -> ClaimRow:
    return row(label, "usd", *(_monthly(rent) for rent in yearly_usd_per_w))


def _monthly(yearly_usd_per_w: float) -> float:
    """Rent of a month per kilowatt [USD]."""
    return yearly_usd_per_w / MONTHS * KILOWATT_W


def _told(cases: Cases, path: str) -> str:
    """How a figure of the scenario is known, as a note; nothing where that is not stated."""
    evidence = cases.scenario.evidence.get(path)
    return "" if evidence is None else GRADES[evidence.grade]


def _shells(cases: Cases) -> tuple[float, float]:
    """Low and high end of what shells cost per watt of facility power [USD/W]."""
    own = f"sites.{key_of(cases)}.shell_usd_per_w_facility"
    return _ends(cases, own if own in cases.scenario.evidence else SHELL, shell_cost_usd_per_w(cases))


def cost(cases: Cases, default_per_year: float, recovery_frac: float) -> GuaranteeCost:
    """What the guarantee costs its guarantor for the programme as asked, by one pair of assumptions."""
    use = replace(guarantee_of(cases), default_per_year=default_per_year, recovery_frac=recovery_frac)
    return contracts.guarantee_cost(cases.asked.scenario, cases.asked.plan, use)


def hundred_five_billion(cases: Cases) -> Claim:
    """What the guarantee may cost NVIDIA, on average and at the worst, beside what it was to invest."""
    id_, equity, guarantee = "hundred_five_billion", pike_statements().figures.equity_usd, guarantee_of(cases)
    defaults = _ends(cases, DEFAULT, guarantee.default_per_year)
    recoveries = _ends(cases, RECOVERY, guarantee.recovery_frac)
    middle = cost(cases, guarantee.default_per_year, guarantee.recovery_frac)
    average = float(middle.expected_usd)
    expected = [float(cost(cases, *pair).expected_usd) for pair in product(defaults, recoveries)]
    worst, saved = cost(cases, guarantee.default_per_year, 0.0).worst_usd, _saved_usd(cases)
    fails = 1 - math.exp(-guarantee.default_per_year * pike_statements().figures.lease_years)
    rows = [
        row("cost on average, present value", "usd", average),
        row("cost on average, from the kindest to the harshest assumption", "usd", *expected),
        row("cost of a failure in the worst quarter", "usd", middle.worst_usd),
        row("the same, if nothing is relet", "usd", worst),
        row("equity in the landlord, paid", "usd", equity),
        row("rent that the tenant saves by the landlord's lower rate, present value", "usd", saved),
        row("hazard of the tenant's failure", "per_year", *defaults, note=_told(cases, DEFAULT)),
        row("chance that it fails within the term", "frac", fails),
        row("share of the lease value that reletting brings", "frac", *recoveries, note=_told(cases, RECOVERY)),
    ]
    capped = reaches(worst, guarantee.cap_usd)
    limit = "all that the cap allows" if capped else "all that the leases are worth, and less than the cap"
    costs = [usd + equity for usd in (average, *expected, worst)]
    verdict = judge(reaches(usd, stated_value(id_, PORTS_PIKE)) for usd in costs)
    when = "the tenant fails when most is owed and nothing is relet"
    even = "even if the tenant fails when most is owed and nothing is relet"
    text = (
        f"{even if verdict == 'fails' else when}: that is {units.show(worst + equity, 'usd')} with "
        f"the equity, {limit}, {units.show(guarantee.cap_usd, 'usd')}. On average the guarantee costs "
        f"{units.show(average, 'usd')}, and it saves the tenant {units.show(saved, 'usd')} of rent; what "
        "the letter spoke of was cash for shares, and this is none until the tenant fails"
    )
    return make(id_, computed("usd", costs[0], *costs), verdict, text, rows, PORTS_PIKE)


def _ends(cases: Cases, path: str, value: float) -> tuple[float, float]:
    """Low and high end of a figure of the scenario; its value where it states no range."""
    evidence = cases.scenario.evidence.get(path)
    low, high = (None, None) if evidence is None else (evidence.low, evidence.high)
    return value if low is None else low, value if high is None else high


def _saved_usd(cases: Cases) -> float:
    """Present value of the rent that the guarantee saves the tenant, for the programme as asked."""
    found = contracts.contracts(cases.asked.scenario, cases.asked.plan)
    return 0.0 if found is None or found.guarantee is None else found.guarantee.saved_usd
