"""Who bears what: figures by hand on a toy, what holds in every future, and contracts that change nothing."""

from __future__ import annotations

from dataclasses import replace
from math import log, nan

import numpy as np
import pytest
import xarray as xr

from gigawatt import dollars
from gigawatt.account import contracts
from gigawatt.plan import plan
from gigawatt.plan.plan import Plan
from gigawatt.programme import advances
from gigawatt.scenario.load import load
from gigawatt.scenario.schema import CustomerFinancing, Guarantee, Lease, Scenario, VendorFinancing
from gigawatt.study.futures import burdens
from gigawatt.study.futures.burdens import PARTIES, PARTS, Lived, borne, failing, owners
from gigawatt.study.futures.draws import Future
from gigawatt.study.futures.evaluate import FutureOutcome, evaluate

PERIODS = ["2026Q3", "2026Q4", "2027Q1", "2027Q2", "2027Q3", "2027Q4"]
SITES = ["own", "let"]
# Figures of the toy are in millions, of USD and of W.
M = 1e6
# A tenant that fails in every second quarter; half of a lease's value comes back.
HALF = Guarantee(
    guarantor="Maker",
    cap_usd=1.0 * M,
    guaranteed_frac=1.0,
    term_years=5.0,
    default_per_year=4 * log(2),
    recovery_frac=0.5,
    guaranteed_rate_per_year=0.0,
)


def toy(guarantee: Guarantee | None = HALF, discount_per_year: float = 0.0, **capital: object) -> Scenario:
    """Money without interest: 1 MW of shell at 30 USD/W is let for a year, for 1 USD/W a quarter."""
    scenario = load("one-campus")
    asked, record = scenario.asked, scenario.records.sites["example-campus"]
    campus = asked.sites["example-campus"]
    use = {
        "upfront_equity_usd": 2.0 * M,
        "tranches": None,
        "debt_rate_per_year": 0.05,
        "guarantee": guarantee,
    } | capital
    finance = {"discount_per_year": discount_per_year, "lease_rate_per_year": 0.0, "lease_life_years": 15.0}
    let = replace(campus, shell_usd_per_w_facility=30.0, lease=Lease(term_years=1.0))
    asked = replace(
        asked,
        sites={"own": campus, "let": let},
        finance=replace(asked.finance, **finance),
        capital=replace(asked.capital, **use),
    )
    sites = {"own": replace(record, ownership="own"), "let": replace(record, ownership="lease")}
    return replace(scenario, asked=asked, records=replace(scenario.records, sites=sites))


def lived(
    scenario: Scenario,
    *,
    shell_w: tuple[float, ...] = (1.0,) * 6,
    racks_usd: float = 0.0,
    debt_usd: float = 0.0,
    yearly_usd_per_w: float = 4.0,
    ratio: float = 1.0,
) -> Lived:
    """The toy as it is lived through, in millions. shell_w: of the leased site at the end of each quarter."""
    inputs = xr.Dataset(
        {"yearly_rent_usd_per_w": ("site", [0.0, yearly_usd_per_w]), "pue_peak_ratio": ("site", [1.25, 1.25])},
        coords={"site": SITES, "period": PERIODS},
    )
    nothing, debt = np.zeros(6), np.full(6, debt_usd * M)
    racks = np.array([racks_usd, 0.0, 0.0, 0.0, 0.0, 0.0]) * M
    rent = np.array([0.5, 1.0, 1.0, 1.0, 0.5, 0.0]) * M
    owned = owners(scenario, inputs)
    life = scenario.asked.finance.rack_life_years
    return Lived(
        scenario=scenario,
        lines_usd={"racks_usd": -racks, "network_usd": nothing, "shells_usd": nothing, "rent_usd": -rent},
        receipts_usd=np.array([0.0, 3.0, 0.0, 0.0, 0.0, 0.0]) * M,
        book_usd=racks[0] * dollars.book_frac((np.arange(6) + 0.5) / 4, life),
        advanced=advances.lines(xr.DataArray(racks, dims="period", coords={"period": PERIODS}), scenario.asked),
        revolved=dollars.Revolved(cash_usd=debt, debt_usd=debt, short_usd=0.1 * debt),
        npv_usd=-7.0 * M,
        terminal_value_usd=2.0 * M,
        asked_ratio=ratio,
        owners=owned,
        let=owned["let"].letting.lets(np.array(shell_w) * M),
    )


def stakes(found: Lived) -> dict[str, dict[str, float]]:
    """What each party bears, by party and figure, in millions."""
    rows = (borne(found).stakes_usd / M).tolist()
    return {party: dict(zip(PARTS, row, strict=True)) for party, row in zip(PARTIES, rows, strict=True)}


def told(puts_in: float, gets: float, may_lose: float, expected: float) -> object:
    return pytest.approx(dict(zip(PARTS, (puts_in, gets, may_lose, expected), strict=True)), nan_ok=True)


def test_who_bears_what_by_hand() -> None:
    """A failure costs half of 3.5, 2.5, 1.5 and 0.5 USD, of which the guarantor pays 1 USD at the most; it comes with
    odds of 1/2, 1/4, 1/8 and 1/16. Of 2 USD up front and 3 in the second quarter all is lost."""
    found = stakes(lived(toy(), debt_usd=10.0))
    guaranteed = 1 / 2 + 1 / 4 + 0.75 / 8 + 0.25 / 16
    whole = 1.75 / 2 + 1.25 / 4 + 0.75 / 8 + 0.25 / 16
    equity = 2 / 2 + 5 * (1 / 2 - 1 / 64)
    assert found["supplier"] == told(5.0, 0.0, 6.0, guaranteed + equity)
    assert found["landlords"] == told(30.0, 4.0, 0.75, whole - guaranteed)
    interest = 5 * 10.0 * (1.05**0.25 - 1)  # nothing is owed before the first quarter
    assert found["lenders"] == told(10.0, interest, 1.0, nan)
    assert found["programme"] == told(0.0, -5.0, 5.0, nan)
    assert found["customers"] == told(0.0, 0.0, 0.0, nan)


def test_a_guarantee_covers_what_came_first() -> None:
    """Of 0.8 MW of IT in the first quarter and as much in the third 1 MW is covered: the failure of the third quarter
    costs half of 1.5 and of a quarter of 3.5."""
    scenario = toy(replace(HALF, covered_power_w=1.0 * M, cap_usd=100 * M))
    of = lived(scenario, shell_w=(1.0, 1.0, 2.0, 2.0, 2.0, 2.0))
    found = failing(of)
    assert found.paid.exposure_usd[:4] / M == pytest.approx([1.75, 1.25, (1.5 + 3.5 / 4) / 2, (0.5 + 2.5 / 4) / 2])
    assert found.whole.exposure_usd[2] / M == pytest.approx((1.5 + 3.5) / 2)
    assert found.left_usd[2] / M == pytest.approx(3.5 * 3 / 4 / 2)


def test_vendors_and_customers_get_back_what_they_advance() -> None:
    """Of racks of 100 USD 40 are lent for half a year; 8 USD are paid ahead and served in four quarters."""
    vendor = VendorFinancing(vendor="Maker", share_frac=0.4, rate_per_year=0.0, term_years=0.5)
    ahead = {"customer": "Lab", "amount_usd": 8.0 * M, "rate_per_year": 0.0, "term_years": 1.0}
    customer = CustomerFinancing(paid_date="2026Q4", **ahead)
    found = stakes(lived(toy(None, vendor=vendor, customer=customer), racks_usd=100.0))
    # 2 of equity and 40 of loans are open first; 3 more of equity come as half of the loans goes back.
    assert found["supplier"] == told(5.0 + 40.0, 100.0 + 40.0, 42.0, nan)
    assert found["customers"] == told(8.0, 8.0, 8.0, nan)


def test_less_that_is_asked_for_is_lost_more_often_and_brings_less() -> None:
    rare = toy(replace(HALF, default_per_year=0.05))
    few, as_stated, many = (stakes(lived(rare, ratio=ratio)) for ratio in (0.5, 1.0, 1.6))
    for party in ("supplier", "landlords"):
        losses = [found[party]["expected_loss_usd"] for found in (few, as_stated, many)]
        assert losses == sorted(losses, reverse=True)
        assert losses[0] > losses[-1]


def test_the_cost_of_capital_by_hand() -> None:
    """10 USD of debt at 5 % and a shell of 30 USD whose rent is an annuity at 8 % over its year: 7.25 %."""
    rent = 30 * dollars.recovery_frac(0.08, 1.0)
    found = borne(lived(toy(), debt_usd=10.0, yearly_usd_per_w=rent)).cost_of_capital_per_year
    assert found == pytest.approx((10 * 0.05 + 30 * 0.08) / 40)


def test_equity_costs_what_the_discount_rate_says() -> None:
    scenario, no_shells = toy(discount_per_year=0.11), (0.0,) * 6
    found = borne(lived(scenario, shell_w=no_shells, racks_usd=50.0)).cost_of_capital_per_year
    assert found == pytest.approx(0.11)
    assert np.isnan(borne(lived(scenario, shell_w=no_shells)).cost_of_capital_per_year)


@pytest.mark.parametrize("cap_usd", [0.0, 0.3 * M, 1.0 * M, 100.0 * M])
def test_what_a_guarantor_pays_landlords_do_not_bear(cap_usd: float) -> None:
    scenario = toy(replace(HALF, cap_usd=cap_usd))
    of = lived(scenario)
    found, left = failing(of), stakes(of)["landlords"]
    expected, whole = float(found.paid.expected_usd), float(found.whole.expected_usd)
    assert left["expected_loss_usd"] == pytest.approx((whole - expected) / M)
    assert expected <= found.paid.worst_usd <= cap_usd
    assert expected <= whole
    assert (expected > 0) == (cap_usd > 0)


GUARANTEED = {
    "sites.example-campus.ownership": "lease",
    "capital.guarantee.guarantor": "Maker",
    "capital.guarantee.cap": "300 million USD",
    "capital.guarantee.guaranteed": "100 %",
    "capital.guarantee.term": "15 years",
    "capital.guarantee.default": "5 %/year",
    "capital.guarantee.rating": "5 %/year",
    "capital.guarantee.recovery": "50 %",
    "capital.guarantee.guaranteed_rate": "6 %/year",
}
FUTURES = (
    {},
    {"demand": 0.5, "price": 0.6},
    {"demand": 0.9, "power_slip": 3.0, "capital_cost": 1.3},
    {"demand": 1.6, "price": 1.3},
)


@pytest.fixture(scope="module")
def let(brief_set: dict[str, str]) -> Scenario:
    """The brief programme in leased shells that are guaranteed."""
    return load("one-campus", brief_set | GUARANTEED)


@pytest.fixture(scope="module")
def let_plan(let: Scenario) -> Plan:
    return plan.make(let, with_worth=False)


def live(scenario: Scenario, made: Plan, value: dict[str, float]) -> FutureOutcome:
    return evaluate(scenario, made, Future(number=0, value=value, course={}))


def with_guarantee(scenario: Scenario, guarantee: Guarantee | None) -> Scenario:
    """The same question with another guarantee, of a plan that is made already."""
    asked = scenario.asked
    return replace(scenario, asked=replace(asked, capital=replace(asked.capital, guarantee=guarantee)))


def stake(outcome: FutureOutcome, party: str, part: str) -> float:
    return float(outcome.stakes_usd[PARTIES.index(party), PARTS.index(part)])


@pytest.mark.parametrize("value", FUTURES)
def test_a_guarantee_never_costs_more_than_its_cap(let: Scenario, let_plan: Plan, value: dict[str, float]) -> None:
    found = live(let, let_plan, value)
    tranches = stake(live(with_guarantee(let, None), let_plan, value), "supplier", "may_lose_usd")
    worst = stake(found, "supplier", "may_lose_usd") - tranches
    assert 0 <= worst <= 300e6 * (1 + 1e-12)
    assert (worst > 0) == (value.get("demand", 1.0) < 1.5)  # where reletting does not bring all of it back
    assert 0 < stake(found, "supplier", "expected_loss_usd") < stake(found, "supplier", "may_lose_usd")


def test_as_stated_it_is_the_guarantee_of_the_books(let: Scenario, let_plan: Plan) -> None:
    """cross-route: what a run says of its guarantee, and what is lived through where all is as stated."""
    told = contracts.contracts(let, let_plan)
    assert told is not None
    assert told.guarantee is not None
    found = live(let, let_plan, {})
    none = live(with_guarantee(let, replace(let.asked.capital.guarantee, cap_usd=0.0)), let_plan, {})
    more = stake(found, "supplier", "expected_loss_usd") - stake(none, "supplier", "expected_loss_usd")
    assert more == pytest.approx(told.guarantee.expected_usd)


def test_a_guarantee_of_nothing_is_none(let: Scenario, let_plan: Plan) -> None:
    """What a failure may cost landlords is not known where nobody states its odds; all else is the same."""
    guarantee = let.asked.capital.guarantee
    assert guarantee is not None
    nought = live(with_guarantee(let, replace(guarantee, cap_usd=0.0)), let_plan, FUTURES[1])
    none = live(with_guarantee(let, None), let_plan, FUTURES[1])
    assert nought.value_usd == none.value_usd
    assert nought.cost_of_capital_per_year == none.cost_of_capital_per_year
    assert nought.stakes_usd[:, :2].tolist() == none.stakes_usd[:, :2].tolist()
    assert stake(nought, "supplier", "may_lose_usd") == stake(none, "supplier", "may_lose_usd")
    assert np.isnan(stake(none, "landlords", "expected_loss_usd"))
    assert stake(none, "landlords", "may_lose_usd") > stake(nought, "landlords", "may_lose_usd") > 0


def test_a_guarantee_makes_capital_cheaper(let: Scenario, let_plan: Plan, brief_set: dict[str, str]) -> None:
    without = load("one-campus", brief_set | GUARANTEED | {"capital.guarantee.cap": "0 USD"})
    costs = [
        live(scenario, made, {}).cost_of_capital_per_year
        for scenario, made in ((let, let_plan), (without, plan.make(without, with_worth=False)))
    ]
    assert 0.06 < costs[0] < costs[1] < 0.10


def test_the_target_stands_when_its_power_does(let: Scenario, let_plan: Plan) -> None:
    power = live(let, let_plan, {}).power_w
    for target_w, expected in ((float(power[2]), 2.0), (2 * float(power.max()), nan)):
        asked = replace(let.asked, programme=replace(let.asked.programme, target_w=target_w))
        found = live(replace(let, asked=asked), let_plan, {}).target_quarter_count
        assert found == pytest.approx(expected, nan_ok=True)


def test_quantiles_and_the_worst_of_each_party() -> None:
    """The worst of what is lost is the most, and of what comes back the least; who has no part is not told of."""
    values = np.zeros((5, len(PARTIES), len(PARTS)))
    values[:, PARTIES.index("supplier")] = np.arange(5.0)[:, None] + np.array([10.0, 20.0, 30.0, 40.0])
    values[:, PARTIES.index("lenders")] = [1.0, 1.0, 0.0, nan]
    table = xr.Dataset(
        {"stakes_usd": (("draw", "party", "part"), values)}, coords={"party": list(PARTIES), "part": list(PARTS)}
    )
    supplier, lenders = burdens.burdens(table)
    assert (supplier.party, lenders.party) == ("supplier", "lenders")
    assert (supplier.may_lose_usd.p50, supplier.may_lose_usd.worst) == (32.0, 34.0)
    assert (supplier.gets_usd.p50, supplier.gets_usd.worst) == (22.0, 20.0)
    assert lenders.expected_loss_usd is None
