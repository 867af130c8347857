"""What NVIDIA puts up for PORTS-Pike: the guarantee against the value of the leases, and what it may cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

import numpy as np

from gigawatt import dollars, units
from gigawatt.catalog.records import Grade
from gigawatt.plan.inputs import Floats
from gigawatt.plan.landlords import growth_per_year
from gigawatt.quarters import arriving, quarter_name, quarter_number, quarter_range
from gigawatt.scenario.schema import Guarantee, Lease
from gigawatt.study.claims.campus import BEYOND_COUNT, key_of, load_ratio, record_of
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


def lease_of(cases: Cases) -> Lease:
    """The terms on which the campus is leased. Raises ScenarioError where the scenario states none."""
    key = key_of(cases)
    lease = cases.scenario.asked.sites[key].lease
    refuse([] if lease else [wrong(f"sites.{key}.lease", "no lease", "the terms on which the campus is leased")])
    assert lease is not None  # refused above
    return lease


def guarantee_of(cases: Cases) -> Guarantee:
    """The guarantee of the scenario. Raises ScenarioError where there is none."""
    guarantee = cases.scenario.asked.capital.guarantee
    refuse([] if guarantee else [wrong("capital.guarantee", "no guarantee", "the guarantee that is to be judged")])
    assert guarantee is not None  # refused above
    return guarantee


def yearly_rent_usd_per_w_it(cases: Cases, rate_per_year: float, shell_usd_per_w: float | None = None) -> float:
    """Rent of a year per watt of IT power [USD/W]: as the lease states it, or what the landlord's capital asks for.

    rate_per_year: what the landlord earns. shell_usd_per_w: cost of a shell per watt of facility power, the scenario's
    where none is given; with one, what the lease states does not count.
    """
    lease, finance = lease_of(cases), cases.scenario.asked.finance
    if lease.monthly_rent_usd_per_w_it is not None and shell_usd_per_w is None:
        return MONTHS * lease.monthly_rent_usd_per_w_it
    shell = shell_cost_usd_per_w(cases) if shell_usd_per_w is None else shell_usd_per_w
    return shell * load_ratio(cases) * dollars.recovery_frac(rate_per_year, finance.lease_life_years)


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
    id_, known, finance = "guarantee_covers_lease_value", pike_statements().figures, cases.scenario.asked.finance
    cap, covered = stated_value(id_, PORTS_PIKE), known.first_buildings_it_w
    usual, backed = finance.lease_rate_per_year, guarantee_of(cases).guaranteed_rate_per_year
    rents = {rate: yearly_rent_usd_per_w_it(cases, rate) for rate in (usual, backed)}
    values = {rate: _value_usd(cases, rent, rate) for rate, rent in rents.items()}
    total = _value_usd(cases, rents[usual], 0.0)
    cheap, dear = (_value_usd(cases, yearly_rent_usd_per_w_it(cases, usual, shell), usual) for shell in _shells(cases))
    implied = cap / covered / known.lease_years
    rows = [
        _of_rent("rent of a month per kW of IT", *rents.values()),
        _of_rent("rent of a month per kW of IT that adds up to the cap over the term", implied),
        row(
            f"value of the leases as they begin, at the landlord's {units.show(usual, 'per_year')}",
            "usd",
            values[usual],
        ),
        row(f"the same, with the guarantee's {units.show(backed, 'per_year')}", "usd", values[backed]),
        row("the same, shells at the low and the high end of their cost", "usd", cheap, dear, note=_told(cases, SHELL)),
        row("rent of the whole term, without discount", "usd", total),
        row("cost of the buildings", "usd", shell_cost_usd_per_w(cases) * load_ratio(cases) * covered),
        row("cap per watt of IT", "usd_per_w", cap / covered),
        row("years of rent that the cap pays", "years", cap / (rents[usual] * covered)),
    ]
    text = (
        f"a lease is worth its rent at present value, {units.show(values[usual], 'usd')} as it begins at a landlord's "
        f"{units.show(usual, 'per_year')}: paid over {known.lease_years:g} years and not discounted it is "
        f"{units.show(total, 'usd')}, and the cap is what {_monthly(implied):.0f} USD a kW and month come to"
    )
    readings = (*values.values(), cheap, dear, total)
    verdict = judge(reaches(cap, value) for value in readings)
    return make(id_, computed("usd", values[usual], *readings), verdict, text, rows, PORTS_PIKE)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class GuaranteePrice:
    """What a guarantee may cost its guarantor: on average, and at the worst [USD]."""

    expected_usd: float
    worst_usd: float


def price(cases: Cases, default_per_year: float, recovery_frac: float) -> GuaranteePrice:
    """Cost of the guarantee of the covered buildings, as their power is delivered, by one pair of assumptions."""
    guarantee, finance = guarantee_of(cases), cases.scenario.asked.finance
    values, start = _exposed_usd(cases, guarantee.guaranteed_rate_per_year)
    found = dollars.guarantee_cost(
        values,
        cap_usd=guarantee.cap_usd,
        guaranteed_frac=guarantee.guaranteed_frac,
        covered_frac=guarantee.covered_frac,
        default_per_year=default_per_year,
        rating_per_year=guarantee.rating_per_year,
        recovery_frac=recovery_frac,
        rate_per_year=finance.discount_per_year,
        start=start,
        term=round(4 * guarantee.term_years),
    )
    return GuaranteePrice(expected_usd=float(found.expected_usd), worst_usd=found.worst_usd)


def _exposed_usd(cases: Cases, rate_per_year: float) -> tuple[Floats, int]:
    """Value of the leases begun at the end of each quarter [USD], shape (quarters,), and the first quarter of any."""
    known, lease = pike_statements().figures, lease_of(cases)
    term = round(4 * known.lease_years)
    first, last = cases.scenario.quarters[0], cases.scenario.quarters[-1]
    quarters = quarter_range(first, quarter_name(quarter_number(last) + BEYOND_COUNT + term))
    slip = cases.scenario.asked.sites[key_of(cases)].slip_count
    power = arriving(record_of(cases).ramp_w, quarters, slip) / load_ratio(cases)
    begun = np.diff(np.minimum(power, known.first_buildings_it_w), prepend=0.0)
    starts = np.flatnonzero(begun > 0)
    inflation = cases.scenario.asked.finance.inflation_per_year
    rent = dollars.rent_ratio(term, escalator_per_year=lease.escalator_per_year, inflation_per_year=inflation)
    rent *= yearly_rent_usd_per_w_it(cases, rate_per_year) / 4
    rows = np.zeros((starts.size, len(quarters)))
    for line, start in zip(rows, starts, strict=True):
        line[start : start + term] = begun[start] * rent[: line.size - start]
    value = dollars.lease_liability_usd(rows, rate_per_year).sum(axis=0)
    return value, int(starts[0]) if starts.size else len(quarters)


def hundred_five_billion(cases: Cases) -> Claim:
    """What the guarantee may cost NVIDIA, on average and at the worst, beside what it was to invest."""
    id_, equity, guarantee = "hundred_five_billion", pike_statements().figures.equity_usd, guarantee_of(cases)
    defaults = _ends(cases, DEFAULT, guarantee.default_per_year)
    recoveries = _ends(cases, RECOVERY, guarantee.recovery_frac)
    middle = price(cases, guarantee.default_per_year, guarantee.recovery_frac)
    expected = [price(cases, *pair).expected_usd for pair in product(defaults, recoveries)]
    worst, saved = price(cases, guarantee.default_per_year, 0.0).worst_usd, _saved_usd(cases)
    fails = 1 - math.exp(-guarantee.default_per_year * pike_statements().figures.lease_years)
    rows = [
        row("cost on average, present value", "usd", middle.expected_usd),
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
    text = (
        f"the tenant fails when most is owed and nothing is relet: that is {units.show(worst + equity, 'usd')} with "
        f"the equity, {limit}, {units.show(guarantee.cap_usd, 'usd')}. On average the guarantee costs "
        f"{units.show(middle.expected_usd, 'usd')}, and it saves the tenant {units.show(saved, 'usd')} of rent; what "
        "the letter spoke of was cash for shares, and this is none until the tenant fails"
    )
    costs = [cost + equity for cost in (middle.expected_usd, *expected, worst)]
    verdict = judge(reaches(cost, stated_value(id_, PORTS_PIKE)) for cost in costs)
    return make(id_, computed("usd", costs[0], *costs), verdict, text, rows, PORTS_PIKE)


def _ends(cases: Cases, path: str, value: float) -> tuple[float, float]:
    """Low and high end of a figure of the scenario; its value where it states no range."""
    evidence = cases.scenario.evidence.get(path)
    low, high = (None, None) if evidence is None else (evidence.low, evidence.high)
    return value if low is None else low, value if high is None else high


def _saved_usd(cases: Cases) -> float:
    """Present value, as the leases begin, of the rent that a landlord's lower rate saves on the covered buildings."""
    finance, guarantee = cases.scenario.asked.finance, guarantee_of(cases)
    usual, backed = finance.lease_rate_per_year, guarantee.guaranteed_rate_per_year
    rents = [yearly_rent_usd_per_w_it(cases, rate) for rate in (usual, backed)]
    return _value_usd(cases, rents[0] - rents[1], finance.discount_per_year)
