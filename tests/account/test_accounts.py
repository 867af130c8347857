"""The books: every total is a sum over one table, statements close, figures follow their definitions."""

from __future__ import annotations

import itertools
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from gigawatt import dollars
from gigawatt.account.accounts import Accounts, account
from gigawatt.account.costs import KINDS, PROGRAMME, work_shares
from gigawatt.plan import plan
from gigawatt.plan.plan import Plan
from gigawatt.programme import gigawatt_year, money
from gigawatt.programme.gigawatt_year import NEEDED_AT_DISCOUNT, OWNED_AT_CAPITAL_COST
from gigawatt.quarters import HOURS_PER_YEAR
from gigawatt.scenario.load import load
from gigawatt.scenario.schema import Scenario
from gigawatt.study.run.notes import plan_notes


@pytest.fixture(scope="module")
def kept() -> tuple[Scenario, Plan, Accounts]:
    scenario = load("one-campus", {"finance.tax": 0.2})
    planned = plan.make(scenario, with_worth=False)
    return scenario, planned, account(scenario, planned)


def test_the_table_sums_to_the_plan(kept: tuple[Scenario, Plan, Accounts]) -> None:
    _, planned, accounts = kept
    for line in money.LINES:
        item = line.removesuffix("_usd")
        total = accounts.table.usd.values[accounts.table.item.values == item].sum()
        assert total == pytest.approx(float(planned.lines[line].sum()), rel=1e-9, abs=1e-3), item


def test_a_plan_carries_the_lines_of_its_decisions(kept: tuple[Scenario, Plan, Accounts]) -> None:
    scenario, planned, _ = kept
    xr.testing.assert_identical(planned.lines, money.lines(planned.data, planned.inputs, scenario.asked))


def test_shares_of_joint_costs_sum_to_one(kept: tuple[Scenario, Plan, Accounts]) -> None:
    shares = work_shares(kept[1])
    xr.testing.assert_allclose(shares.sum("use_case"), xr.ones_like(shares.sum("use_case")))
    assert float(shares.min()) >= 0


def test_only_known_items_and_programme_wide_lines(kept: tuple[Scenario, Plan, Accounts]) -> None:
    table = kept[2].table
    assert set(table.item.values) <= set(KINDS)
    for item in ("interest", "tax", "tranches"):
        mine = table.item.values == item
        assert set(table.site.values[mine]) <= {PROGRAMME}
    racks = table.item.values == "racks"
    assert PROGRAMME not in set(table.platform.values[racks])


def test_statements_close(kept: tuple[Scenario, Plan, Accounts]) -> None:
    _, planned, accounts = kept
    books = accounts.statements
    np.testing.assert_allclose(books.cash, planned.data.cash_usd, atol=1e3)
    np.testing.assert_allclose(books.debt, planned.data.debt_usd, atol=1e3)
    change = books.free_cash_flow + books.financing_cash
    np.testing.assert_allclose(np.diff(books.cash, prepend=0.0), change, atol=1e-3)
    # Assets − debt = equity paid in + what was earned − what was paid out.
    paid = (books.opening_cash + books.upfront_equity + books.tranches + books.distribution).cumsum("period")
    equity = books.cash + books.book - books.debt
    np.testing.assert_allclose(equity, paid + books.net_income.cumsum("period"), atol=1e4)


def test_irr_makes_the_programme_worth_nothing(kept: tuple[Scenario, Plan, Accounts]) -> None:
    scenario, planned, accounts = kept
    rate = accounts.values.programme.rate_frac
    assert rate is not None
    final = float(money.terminal_usd(planned.lines, scenario.asked).sum())
    flow = accounts.statements.free_cash_flow.values
    assert dollars.npv(flow, rate, final) == pytest.approx(0, abs=1e-3 * np.abs(flow).sum())


def test_break_even_price_makes_this_plan_worth_nothing() -> None:
    scenario = load("one-campus", {"finance.tax": 0.0})
    planned = plan.make(scenario, with_worth=False)
    values = account(scenario, planned).values
    even = values.break_even_price_ratio
    assert even is not None
    income = values.npv_usd + values.terminal_value_usd
    revenue = planned.lines.revenue_usd.sum("use_case")
    kept_frac = 1 - scenario.asked.finance.non_compute_frac
    present = dollars.npv(revenue.values, scenario.asked.finance.discount_per_year) * kept_frac
    assert income + (even - 1) * present == pytest.approx(0, abs=1e-6 * present)


def test_debt_costs_equity() -> None:
    """A higher debt rate never raises equity value, the plan held."""
    worths = []
    for rate in (0.0, 0.07, 0.20):
        scenario = load("one-campus", {"capital.debt_rate": f"{100 * rate} %/year"})
        worths.append(account(scenario, plan.make(scenario, with_worth=False)).values.equity_value_usd)
    assert all(later <= earlier + 1e6 for earlier, later in itertools.pairwise(worths)), worths


def test_classes_bear_every_cost_of_their_window(kept: tuple[Scenario, Plan, Accounts]) -> None:
    classes = kept[2].classes
    assert float(classes.cost_usd.min()) >= 0
    served = classes.served_tokens > 0
    assert np.all(classes.served_tokens <= classes.demand_tokens * (1 + 1e-9))
    np.testing.assert_allclose(
        (classes.cost_usd_per_mtok * classes.served_tokens / 1e6).where(served, drop=True),
        classes.cost_usd.where(served, drop=True),
    )


def test_what_a_plan_needs_for_a_gigawatt_year_is_what_a_gigawatt_bought_then_needs(
    kept: tuple[Scenario, Plan, Accounts],
) -> None:
    """Of racks of one quarter and platform, with shells paid in that quarter, within one life."""
    scenario, planned, _ = kept
    inputs = planned.inputs.assign(lead_count=0 * planned.inputs.lead_count)
    decided, quarter, platform = planned.data, scenario.quarters[2], "vr230"
    bought = 1e3 * (inputs.period == quarter) * (inputs.platform == platform) + 0 * decided.install_count
    stock = bought.cumsum("period")
    it = (stock * inputs.rack_it_w).sum("platform")
    shell = it * inputs.pue_peak_ratio
    data = decided.assign(
        install_count=bought.transpose(*decided.install_count.dims),
        stock_count=stock.transpose(*decided.stock_count.dims),
        it_w=it.transpose(*decided.it_w.dims),
        facility_w=shell.transpose(*decided.facility_w.dims),
        shell_w=shell.transpose(*decided.shell_w.dims),
        energise_w=(bought * inputs.rack_it_w * inputs.pue_peak_ratio)
        .sum("platform")
        .transpose(*decided.energise_w.dims),
    )
    lines = money.lines(data, inputs, scenario.asked)
    books = account(scenario, replace(planned, data=data, inputs=inputs, lines=lines))
    expected = gigawatt_year.of_quarter_usd_per_w(inputs, scenario.asked, NEEDED_AT_DISCOUNT, "facility")
    assert books.headline.revenue_needed_usd_per_gw_year == pytest.approx(
        float(expected.sel(period=quarter, platform=platform)) * 1e9, rel=1e-9
    )
    owned = gigawatt_year.of_quarter_usd_per_w(inputs, scenario.asked, OWNED_AT_CAPITAL_COST, "it")
    rack_usd = float((owned * inputs.rack_it_w).sel(period=quarter, platform=platform))
    hour = rack_usd / HOURS_PER_YEAR / float(inputs.packages_per_rack_count.sel(platform=platform))
    assert float(books.platforms.tco_usd_per_package_h.sel(platform=platform)) == pytest.approx(hour)


def test_headline_has_the_fields_that_programs_rely_on(kept: tuple[Scenario, Plan, Accounts]) -> None:
    promised = {
        "npv_usd irr_frac capex_usd capex_usd_per_w_it capex_usd_per_w_facility installed_facility_w installed_it_w "
        "packages_count dies_count racks_count first_gw_date tokens_per_day tranche_released_usd "
        "tranche_share_of_capex_frac peak_debt_usd unserved_frac terminal_value_usd penalties_usd social_value_usd"
    }
    assert set(next(iter(promised)).split()) <= {entry.name for entry in fields(kept[2].headline)}


def test_doubling_prices_doubles_cost(kept: tuple[Scenario, Plan, Accounts]) -> None:
    scenario, planned, _ = kept
    names = {"racks_usd": "rack_price_usd", "energy_usd": "energy_price_usd_per_wh", "shells_usd": "shell_usd_per_w"}
    before = planned.lines
    dear = planned.inputs.assign({name: planned.inputs[name] * 2 for name in names.values()})
    after = money.lines(planned.data, dear, scenario.asked)
    for line in names:
        assert float(after[line].sum()) == pytest.approx(2 * float(before[line].sum())), line
        assert float(before[line].sum()) < 0, line


def test_a_leased_campus_whose_racks_end_before_the_rent(data_dir: Path) -> None:
    """reports 8: flows change sign twice; beside a positive value at 10 % the return is 96.7 %, and both are said
    (86.7 % at the rates that a rack was thought to have when it was reported)."""
    scenario = load(str(data_dir / "cases" / "reports" / "irr-tail.toml"))
    planned = plan.make(scenario, with_worth=False)
    accounts = account(scenario, planned)
    values = accounts.values
    assert values.npv_usd > 1e9
    assert accounts.headline.irr_frac == pytest.approx(0.967, abs=5e-4)
    assert values.programme.roots_frac == pytest.approx((-0.126, 0.967), abs=5e-4)
    (note,) = (note for note in plan_notes(scenario, planned, accounts) if note.path == "headline.irr_frac")
    assert note.code == "several_returns"
    assert "−12.6 %, 96.7 %" in note.text
