"""What stands when the horizon begins works, is paid, and leaves in its time; what was drawn does not come again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from toy import asked, toy

from gigawatt import dollars
from gigawatt.account.accounts import account
from gigawatt.plan import plan, search
from gigawatt.plan.plan import Plan, plan_inputs
from gigawatt.plan.verify import verify
from gigawatt.programme import money, opening, tranches
from gigawatt.programme.arrays import arrays
from gigawatt.progress import quiet
from gigawatt.scenario.load import load
from gigawatt.scenario.schema import Asked, Opening, Scenario
from gigawatt.solver import Program

SITE = "example-campus"
SHORT = {"horizon.report_end": "2027Q4", "horizon.end": "2028Q1"}
RAMP = {f"sites.{SITE}.ramp": {"2026Q3": "60 MW", "2027Q3": "100 MW"}}
STANDS: dict[str, Any] = {
    "racks": [
        {"site": SITE, "platform": "gb300", "installed": "2025Q4", "racks": 100},
        {"site": SITE, "platform": "gb300", "installed": "2022Q1", "racks": 20},
    ],
    "shells": [{"site": SITE, "paid": "2025Q2", "power": "30 MW"}],
    "gross": "40 MW",
    "released": "30 MW",
    "cash": "100 million USD",
    "debt": "150 million USD",
}


def with_opening(data: xr.Dataset, counts: dict[tuple[int, str, str], float], **more: Any) -> xr.Dataset:
    """A toy in which racks stand. counts: by quarters of age, site and platform; more: other arrays of the opening."""
    ages = max((age for age, _, _ in counts), default=1)
    coords = {"before": [f"age {age}" for age in range(ages, 0, -1)], "site": data.site.values}
    coords["platform"] = data.platform.values
    count = xr.DataArray(np.zeros([len(keys) for keys in coords.values()]), dims=tuple(coords), coords=coords)
    for (age, site, platform), racks in counts.items():
        count.loc[{"before": f"age {age}", "site": site, "platform": platform}] = racks
    nothing = xr.zeros_like(count.sum(["site", "platform"]))
    figures = {
        "opening_count": count,
        "opening_rack_usd": nothing,
        "opening_shell_usd": nothing,
        "opening_shell_w": xr.full_like(data.sunk_w, 1e9),
        "opening_paid_usd": xr.zeros_like(data.sunk_w),
        "opening_done_frac": xr.zeros_like(data.run_volume_flop),
    }
    return data.drop_dims("before").assign(figures | more)


def made(data: xr.Dataset, question: Asked) -> Plan:
    return plan_inputs(data, question, quiet, with_worth=False)


@pytest.fixture(scope="module")
def under_way() -> Scenario:
    return load("one-campus", SHORT | RAMP | {"opening": STANDS})


@pytest.fixture(scope="module")
def planned(under_way: Scenario) -> Plan:
    return plan.make(under_way, with_worth=False)


def test_an_opening_of_nothing_states_the_same_programme() -> None:
    plain, empty = (load("one-campus", SHORT | over) for over in ({}, {"opening": {}}))
    one, other = (search.state(arrays(scenario), scenario.asked).matrices for scenario in (plain, empty))
    for name in ("costs", "lower", "upper", "starts", "columns", "entries", "low", "high"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
    assert plain.hash != empty.hash


def test_a_fleet_that_stands_earns_from_the_first_day_until_its_life_is_over() -> None:
    """Racks of 19 quarters of age and a life of 20 work one quarter, and leave evenly through the next."""
    data = with_opening(toy(4, supply_count=0.0), {(19, "north", "old"): 60.0, (1, "south", "new"): 10.0})
    found = made(data, asked())
    assert found.data.stock_count.sum(["site", "platform"]).values == pytest.approx([70, 10, 10, 10])
    assert found.data.stock_count.sel(site="south", platform="new").values == pytest.approx([10] * 4)
    assert found.data.install_count.sum() == 0
    # A rack earns 2 million USD a quarter: 70, then half of 70 and 10, then 10.
    revenue = money.lines(found.data, data, asked()).revenue_usd.sum("use_case")
    assert revenue.values == pytest.approx([140e6, 80e6, 20e6, 20e6])
    assert found.objective == pytest.approx(260e6)


def test_what_stands_takes_its_power_until_it_leaves() -> None:
    """At 50 racks of room, 40 that stand leave 10 places; from the quarter in which they leave there are 50."""
    room = toy(3, ramp_w=[[50e6, 0.0]] * 3, supply_count=100.0, rack_price_usd=0.1e6)
    data = with_opening(room, {(19, "north", "old"): 40.0}, opening_shell_w=xr.zeros_like(room.sunk_w))
    data["opening_shell_w"] = xr.DataArray([50e6, 0.0], coords=data.sunk_w.coords)
    found = made(data, asked())
    assert found.data.install_count.sum(["site", "platform"]).values == pytest.approx([10, 40, 0])


def test_racks_stand_where_they_are_said_to_stand() -> None:
    """Sites of different PUE: what stands stays at its own, and new racks fill what is left of each."""
    data = toy(2, ramp_w=[[30e6, 60e6]] * 2, pue_peak_ratio=[1.0, 1.2], rack_price_usd=0.1e6)
    shells = xr.DataArray([30e6, 60e6], coords=data.sunk_w.coords)
    data = with_opening(data, {(2, "north", "old"): 20.0, (3, "south", "new"): 50.0}, opening_shell_w=shells)
    found = made(data, asked())
    new = found.data.install_count
    assert new.sel(site="north").sum() == pytest.approx(10)
    assert new.sel(site="south").sum() == pytest.approx(0, abs=1e-6)
    assert found.data.it_w.isel(period=1).values == pytest.approx([30e6, 50e6])


def test_debt_is_owed_with_its_interest_and_paid_back() -> None:
    question = asked(
        capital__debt_rate="8 %/year",
        capital__debt_limit="1 billion USD",
        capital__covenant=1.0,
        capital__distribution="none",
        opening={"cash": "10 million USD", "debt": "30 million USD"},
    )
    data = with_opening(toy(3, supply_count=0.0), {(1, "north", "old"): 10.0})
    found = made(data.assign(opening_rack_usd=data.opening_rack_usd + 100e6), question)
    rate = dollars.quarter_rate_ratio(0.08)
    owed = 30e6 * (1 + rate) - 10e6 - 20e6  # what stands earns 20 million USD a quarter
    assert found.data.interest_usd.values[:2] == pytest.approx(
        [30e6 * rate, max(owed, 0.0) * rate], rel=1e-3, abs=600.0
    )
    assert found.data.debt_usd.values == pytest.approx([owed, 0, 0], abs=600.0)
    assert found.data.cash_usd.values[-1] == pytest.approx(10e6 + 60e6 - 30e6 * (1 + rate), abs=1e5)


TRANCHES = {
    "power_basis": "facility",
    "release": "step",
    "lag": 1,
    **dict.fromkeys(("every", "amount", "most"), False),
    "milestones": [
        {"power": "40 MW", "amount": "10 million USD"},
        {"power": "60 MW", "amount": "10 million USD"},
        {"power": "90 MW", "amount": "10 million USD"},
    ],
}


@pytest.mark.parametrize("release", ["step", "pro_rata"])
def test_a_tranche_that_was_drawn_does_not_come_again(release: str) -> None:
    """Of 40, 60 and 90 MW the first was paid and the second is reached before the horizon: it comes at once."""
    question = asked(capital__tranches=TRANCHES | {"release": release}, opening={"gross": "60 MW", "released": "40 MW"})
    data = with_opening(toy(3, supply_count=0.0), {(1, "north", "old"): 10.0, (3, "north", "old"): 5.0})
    found = made(data, question)
    assert found.data.tranche_usd.sum("period").values == pytest.approx([0, 10e6, 0])
    assert float(found.data.tranche_usd.isel(period=0).sum()) == pytest.approx(10e6)


def test_a_lag_reaches_back_before_the_horizon() -> None:
    """Two quarters from power to money: 10 MW of the last quarter release in the second, the 50 before at once."""
    marks = [{"power": "45 MW", "amount": "10 million USD"}, {"power": "60 MW", "amount": "10 million USD"}]
    released = TRANCHES | {"lag": 2, "milestones": marks}
    question = asked(capital__tranches=released, opening={"gross": "60 MW"})
    data = with_opening(toy(3, supply_count=0.0), {(1, "north", "old"): 10.0})
    assert tranches.gross_before_w(data, question, 2) == pytest.approx([50e6, 60e6])
    found = made(data, question)
    assert found.data.tranche_usd.transpose("milestone", "period").values == pytest.approx(
        np.array([[10e6, 0, 0], [0, 10e6, 0]])
    )


def test_shells_that_were_paid_cost_no_more() -> None:
    base = toy(3, shell_usd_per_w=1.0, lead_count=3, rack_price_usd=0.1e6, ramp_w=[[40e6, 0.0]] * 3)
    none = xr.zeros_like(base.sunk_w)
    paid = xr.DataArray([30e6, 0.0], coords=base.sunk_w.coords)
    found = [
        made(with_opening(base, {}, opening_shell_w=none, opening_paid_usd=amount), asked()) for amount in (none, paid)
    ]
    spent = [-money.lines(one.data, one.inputs, asked()).shells_usd.sum("site").values for one in found]
    assert spent[0] == pytest.approx([40e6, 0, 0])
    assert spent[1] == pytest.approx([10e6, 0, 0])
    assert found[1].objective - found[0].objective == pytest.approx(30e6)


def test_money_paid_for_shells_that_are_never_built_buys_nothing_else() -> None:
    base = toy(2, shell_usd_per_w=1.0, supply_count=0.0)
    paid = xr.DataArray([30e6, 0.0], coords=base.sunk_w.coords)
    found = made(with_opening(base, {}, opening_shell_w=xr.zeros_like(paid), opening_paid_usd=paid), asked())
    assert found.objective == pytest.approx(0, abs=1.0)


def test_losses_carried_forward_are_set_off_first() -> None:
    question = asked(finance__tax=0.5, opening={"losses": "30 million USD"})
    data = with_opening(toy(2, supply_count=0.0), {(1, "north", "old"): 10.0})
    found = made(data, question)
    # 20 million USD of income a quarter: 10 of the second quarter's are above the losses.
    assert -money.lines(found.data, data, question).tax_usd.values == pytest.approx([0, 5e6])
    assert found.objective == pytest.approx(35e6)


def test_what_is_trained_need_not_be_trained_again() -> None:
    """Of a run that takes ten racks through two quarters six tenths are done: four tenths of the racks are left."""
    run = {
        "coords": {"run": ["run"]},
        "run_rack_flops": 1e18,
        "run_volume_flop": 10 * 2 * 1e18 * 7889400.0,
        "run_window": 1.0,
        "run_gang_count": 1e9,
        "run_penalty_usd": 1e12,
        "run_hard": 1.0,
    }
    data = with_opening(toy(2, supply_count=0.0, **run), {(1, "north", "old"): 30.0})
    busy = []
    for done in (0.0, 0.6):
        found = made(data.assign(opening_done_frac=xr.full_like(data.run_volume_flop, done)), asked())
        busy.append(float(found.data.train_count.sum()))
        assert money.runs_done_frac(found.data, found.inputs).values == pytest.approx([1.0])
    assert busy == pytest.approx([20, 8], rel=1e-3)


def test_book_value_of_what_stands_secures_debt() -> None:
    """Nothing is bought without capital; with half of what stands lent on, there is."""
    question = asked(
        capital__opening_cash="0 USD",
        capital__debt_rate="0 %/year",
        capital__debt_limit="1 billion USD",
        capital__covenant=0.5,
        opening={},
    )
    data = with_opening(toy(8, rack_price_usd=4e6), {})
    poor, rich = (made(data.assign(opening_rack_usd=data.opening_rack_usd + cost), question) for cost in (0.0, 20e6))
    assert float(poor.data.install_count.sum()) == pytest.approx(0, abs=1e-6)
    # x racks cost 4x and earn x in their first quarter: 3x is at most half of 20 × (1 − 1.5/20) and 4x × (1 − 0.5/20).
    assert float(rich.data.install_count[0].sum()) == pytest.approx(0.5 * 18.5 / (3 - 0.5 * 3.9), rel=1e-6)


def test_a_plan_from_what_stands_is_lawful_and_worth_what_the_books_say(under_way: Scenario, planned: Plan) -> None:
    assert verify(under_way, planned) == []
    valued = account(under_way, planned).values
    assert valued.npv_usd + valued.terminal_value_usd - valued.penalties_usd == pytest.approx(planned.objective)


def test_the_books_begin_with_what_stands(under_way: Scenario, planned: Plan) -> None:
    books = account(under_way, planned).statements
    assert books.cash.values == pytest.approx(planned.data.cash_usd.values, abs=1.0)
    assert books.debt.values == pytest.approx(planned.data.debt_usd.values, abs=1.0)
    assert float(books.upfront_equity.sum()) == 0
    assert float(books.opening_cash.sum()) == pytest.approx(100e6)
    start = opening.start_book_usd(planned.inputs, under_way.asked)
    assert start > 0
    written = np.concatenate([[start], books.book.values])
    spent = -books.investing_cash.values
    assert np.diff(written) == pytest.approx(spent + books.depreciation.values, abs=1.0)


def test_the_cost_of_a_watt_is_that_of_what_is_bought(under_way: Scenario, planned: Plan) -> None:
    head = account(under_way, planned).headline
    bought = planned.data.install_count * planned.inputs.rack_it_w
    at = planned.data.period.values.tolist().index(head.peak_period)
    capex = -account(under_way, planned).statements.investing_cash.values[: at + 1].sum()
    assert head.capex_usd_per_w_it == pytest.approx(capex / float(bought[: at + 1].sum()))
    assert head.racks_count == pytest.approx(float(planned.data.stock_count[at].sum()))
    assert head.racks_count > float(planned.data.install_count.sum())


@pytest.mark.parametrize(
    ("name", "share", "limit"),
    [
        ("opening_count", 1.5, "power within shells"),
        ("opening_count", 0.0, "racks in service"),
        ("opening_shell_w", 0.1, "shells are paid for over their lead time"),
    ],
)
def test_a_plan_that_counts_on_what_does_not_stand_is_found_out(
    under_way: Scenario, planned: Plan, name: str, share: float, limit: str
) -> None:
    other = planned.inputs.assign({name: planned.inputs[name] * share})
    broken = type(planned)(**{key: getattr(planned, key) for key in planned.__slots__} | {"inputs": other})
    assert limit in {item.limit for item in verify(under_way, broken)}


def test_a_tranche_paid_twice_is_found_out(under_way: Scenario, planned: Plan) -> None:
    again = planned.data.tranche_usd.copy()
    again[0, 0] = 300e6
    data = planned.data.assign(tranche_usd=again)
    broken = type(planned)(**{key: getattr(planned, key) for key in planned.__slots__} | {"data": data})
    assert "tranche of 0.03 GW before its power" in {item.limit for item in verify(under_way, broken)}


@pytest.mark.parametrize("more", [{"cash": "400 million USD"}, {"debt": "50 million USD"}, {"losses": "1 billion USD"}])
def test_to_start_with_more_is_never_worse(more: dict[str, str]) -> None:
    def value(over: dict[str, str]) -> float:
        scenario = load("one-campus", SHORT | RAMP | {"finance.tax": 0.2, "opening": STANDS | over})
        return Program(search.state(arrays(scenario), scenario.asked)).solve_lp()

    assert value(more) >= value({}) - 1e-7


def test_an_opening_that_leaves_everything_out_is_nothing() -> None:
    assert Opening() == load("one-campus", {"opening": {}}).asked.opening
    assert not opening.exists(arrays(load("one-campus")))
    assert opening.terminal_usd(toy(), asked()) == 0
