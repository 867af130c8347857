"""Contracts to curtail: what they ask, what is given, what it costs, in hours by date and in representative weeks."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from lives import Lived, quarters, stochastic

from gigawatt.plan import plan
from gigawatt.plan.plan import Plan
from gigawatt.programme import money
from gigawatt.scenario.load import load
from gigawatt.scenario.schema import Curtailment, Scenario
from gigawatt.simulation import Timeline, calendar, contracts, simulate
from gigawatt.simulation.outdoors import outdoors, site_years
from gigawatt.simulation.timeline import Window

SITE = "example-campus"
SHORT = {"horizon.report_end": "2028Q4", "horizon.end": "2029Q2"}
TERMS = {"hours": "1 %", "depth": "40 %", "longest": "4 h", "grade": "assumed"}
YEAR = ("2028Q1", "2028Q4")
# Expected and stochastic mode agree on what calls take and cost within this: failures are drawn in one of them.
AGREE_FRAC = 0.05


@pytest.fixture(scope="module")
def planned() -> Plan:
    return plan.make(load("one-campus", SHORT), with_worth=False)


def asked(terms: dict[str, Any] | None, **changes: Any) -> Scenario:
    given = {} if terms is None else {f"sites.{SITE}.curtailment": TERMS | terms}
    return load("one-campus", {**SHORT, **given, **changes})


def live(planned: Plan, scenario: Scenario, mode: str, first: str = YEAR[0], last: str = YEAR[1]) -> Timeline:
    """The quarters from one to another, lived through in a mode."""
    edges, names = calendar.edges_h(scenario.quarters), scenario.quarters
    window = Window(first_h=float(edges[names.index(first)]), last_h=float(edges[names.index(last) + 1]))
    simulation = replace(scenario.asked.simulate, mode=mode)
    return simulate(replace(scenario, asked=replace(scenario.asked, simulate=simulation)), planned, window=window)


def drawn_w(timeline: Timeline) -> np.ndarray:
    return np.asarray(timeline.data.facility_w.sel(site=SITE).values, dtype=float)


def called(scenario: Scenario, quarter: str) -> np.ndarray:
    """Hours of a quarter in which the grid calls."""
    at = scenario.quarters.index(quarter)
    edges, years = calendar.edges_h(scenario.quarters), site_years(scenario)
    span = calendar.spans(scenario.quarters, edges[at], edges[at + 1], 1.0)[0]
    air = outdoors(years, span, scenario.quarters, False)
    return contracts.states(scenario, span, years, air, False).called[:, 0]


class TestDepth:
    def test_of_the_draw_every_call_takes_its_share(self, planned: Plan) -> None:
        """users 3: a contract whose depth is less than the connection's head-room takes it all the same."""
        scenario = asked({"depth": "20 %"})
        base, found = (live(planned, one, "stochastic", "2028Q3", "2028Q3") for one in (asked(None), scenario))
        now = called(scenario, "2028Q3")
        assert now.any()
        assert drawn_w(found)[now] == pytest.approx(0.8 * drawn_w(base)[now], rel=1e-3)
        assert np.all(drawn_w(found)[~now] >= drawn_w(base)[~now] * (1 - 1e-6))
        seen = found.summary.calls
        assert seen is not None
        weight = float(found.data.weight_h[0])
        assert seen.sites[0].called_h == pytest.approx(now.sum() * weight)
        assert seen.sites[0].unasked_h == 0
        assert seen.sites[0].asked_wh == pytest.approx(0.2 * drawn_w(base)[now].sum() * weight, rel=1e-4)
        assert seen.sites[0].slowed_wh == pytest.approx(seen.sites[0].asked_wh, rel=1e-3)
        assert found.summary.curtailed_wh == pytest.approx(seen.sites[0].slowed_wh, rel=1e-6)

    def test_of_the_connection_it_may_ask_for_nothing(self, planned: Plan) -> None:
        """users 3: sites draw about 75 % of their connection, so that a depth of 10 % of it is no less."""
        base = live(planned, asked(None), "stochastic", "2028Q3", "2028Q3")
        found = live(planned, asked({"depth": "10 %", "depth_of": "connection"}), "stochastic", "2028Q3", "2028Q3")
        assert found.data.equals(base.data)
        seen = found.summary.calls
        assert seen is not None
        assert seen.sites[0].unasked_h == seen.sites[0].called_h > 0
        assert (seen.sites[0].asked_wh, seen.lost, seen.usd, seen.usd_per_wh) == (0, (), 0, None)

    def test_of_the_connection_it_binds_where_it_is_deep(self, planned: Plan) -> None:
        scenario = asked({"depth": "60 %", "depth_of": "connection"})
        found, now = live(planned, scenario, "stochastic", "2028Q3", "2028Q3"), called(scenario, "2028Q3")
        most = 0.4 * float(planned.data.shell_w.sel(site=SITE, period="2028Q3"))
        assert np.all(drawn_w(found)[now] <= most * 1.001)
        assert drawn_w(found)[~now].min() > most

    def test_no_contract_is_no_calls(self, planned: Plan) -> None:
        assert live(planned, asked(None), "expected").summary.calls is None
        none = live(planned, asked({"hours": "0 %"}), "expected")
        assert none.summary.calls is None
        assert none.data.equals(live(planned, asked(None), "expected").data)


MODES = ("expected", "stochastic")


@pytest.fixture(scope="module")
def dear(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Prices that are high on the evenings of some days, when the grid calls; a flat price leaves it to chance."""
    draws = np.random.Generator(np.random.Philox(1)).lognormal(0.0, 0.8, 365)
    times = [datetime(2027, 1, 1) + timedelta(hours=n) for n in range(8760)]
    prices = [20 + 60 * draws[n // 24] * (1 + np.cos((time.hour - 1) * np.pi / 12)) for n, time in enumerate(times)]
    file = tmp_path_factory.mktemp("prices") / "dear.csv"
    rows = (f"{time}Z,{price:.2f}" for time, price in zip(times, prices, strict=True))
    file.write_text("\n".join(["time,usd_mwh", *rows]), encoding="utf-8")
    return {f"sites.{SITE}.price_file": str(file)}


@pytest.mark.parametrize("by_price", [False, True], ids=["at random", "when dear"])
@pytest.mark.parametrize("depth", ["20 %", "60 %"])
def test_both_modes_price_a_contract_alike(planned: Plan, dear: dict[str, Any], by_price: bool, depth: str) -> None:
    """users 3: expected mode ignored contracts. Calls and hours are the same, energy within 5 %, cost within 10 %."""
    scenario = asked({"depth": depth}, **(dear if by_price else {}))
    mean, drawn = (live(planned, scenario, mode).summary.calls for mode in MODES)
    assert mean is not None
    assert drawn is not None
    one, other = mean.sites[0], drawn.sites[0]
    assert (one.calls_count, one.called_h) == (other.calls_count, pytest.approx(other.called_h))
    assert one.called_h == pytest.approx(0.01 * 8766, rel=0.01)
    assert one.slowed_wh == pytest.approx(other.slowed_wh, rel=AGREE_FRAC)
    assert mean.usd == pytest.approx(drawn.usd, rel=2 * AGREE_FRAC)
    assert mean.usd > 0


@pytest.mark.parametrize("mode", MODES)
def test_what_is_lost_is_what_is_served_less(planned: Plan, mode: str) -> None:
    """users 3: tokens against the same window without the contract, and at what a token earns."""
    base, found = (live(planned, asked(terms), mode, "2028Q3", "2028Q3").summary for terms in (None, {}))
    earned = money.earned_usd_per_token(planned.data.served_tokens_per_s, planned.inputs).sel(period="2028Q3")
    assert found.calls is not None
    for row in found.calls.lost:
        assert row.tokens is not None
        assert row.tokens == pytest.approx(base.served[row.use_case] - found.served[row.use_case], rel=1e-6)
        assert row.usd == pytest.approx(row.tokens * float(earned.sel(use_case=row.use_case)))
    given_wh = found.calls.sites[0].slowed_wh
    assert found.energy_wh < base.energy_wh
    assert base.energy_wh - found.energy_wh <= given_wh * (1 + 1e-6)  # batch work is made up for at other hours
    assert found.calls.usd_per_wh == pytest.approx(found.calls.usd / given_wh)
    assert found.residual_frac < 1e-9


def test_a_battery_gives_what_the_work_need_not(planned: Plan) -> None:
    large = {f"sites.{SITE}.battery": {"power": "40 MW", "energy": "160 MWh", "grade": "assumed"}}
    found = live(planned, asked({}, **large), "stochastic", "2028Q3", "2028Q3").summary
    assert found.calls is not None
    assert found.calls.sites[0].slowed_wh == 0
    assert found.calls.sites[0].battery_wh == pytest.approx(found.calls.sites[0].asked_wh, rel=1e-6)
    assert found.calls.usd == 0


def test_the_states_of_a_week_are_its_mean(dear: dict[str, Any]) -> None:
    """Shares of every hour sum to one, and prices to those of the week."""
    scenario = asked({"hours": "5 %"}, **dear)
    years, at = site_years(scenario), scenario.quarters.index("2028Q2")
    span = calendar.weeks(scenario.quarters)[at]
    air = outdoors(years[:1], span, scenario.quarters, True)
    found = contracts.states(scenario, span, years, air, True)
    assert found.weight.shape == (2, 168)
    assert found.weight.sum(axis=0) == pytest.approx(np.ones(168))
    assert found.mean(found.air[0].price_usd_per_wh) == pytest.approx(air[0].price_usd_per_wh)
    now = called(scenario, "2028Q2")
    assert found.mean(found.called.astype(float)).sum() / 168 == pytest.approx(now.mean())
    edges = calendar.edges_h(scenario.quarters)
    dated = calendar.spans(scenario.quarters, edges[at], edges[at + 1], 1.0)[0]
    price = outdoors(years[:1], dated, scenario.quarters, False)[0].price_usd_per_wh
    week = found.air[0].price_usd_per_wh.reshape(2, 168)[1]
    assert (week * found.weight[1]).sum() / found.weight[1].sum() == pytest.approx(price[now].mean(), rel=1e-9)


@pytest.fixture(scope="module")
def two(with_research: Lived) -> Scenario:
    """Two campuses under contracts of their own, with training and experiments."""
    sites = dict(with_research.scenario.asked.sites)
    for n, key in enumerate(sites):
        contract = Curtailment(hours_frac=0.05, depth_frac=0.7 + 0.1 * n, longest_h=3 + n)
        sites[key] = replace(sites[key], curtailment=contract)
    return replace(with_research.scenario, asked=replace(with_research.scenario.asked, sites=sites))


def test_sites_are_called_apart_and_together(with_research: Lived, two: Scenario) -> None:
    """In each mode; what training and experiments lose is told, and training has no price."""
    window = quarters(with_research, 16, 18)
    mean, drawn = (simulate(one, with_research.plan, window=window).summary for one in (two, stochastic(two)))
    for summary in (mean, drawn):
        assert summary.calls is not None
        assert [site.site for site in summary.calls.sites] == list(two.asked.sites)
        assert summary.residual_frac < 1e-9
        lost = {row.use_case: row for row in summary.calls.lost}
        assert lost["small"].usd is None
        assert (lost["small"].flop or 0) > 0
    assert mean.calls is not None
    assert drawn.calls is not None
    for one, other in zip(mean.calls.sites, drawn.calls.sites, strict=True):
        assert one.called_h == pytest.approx(other.called_h)
        assert one.slowed_wh == pytest.approx(other.slowed_wh, rel=2 * AGREE_FRAC)


def test_calls_are_kept_with_a_timeline(planned: Plan) -> None:
    found = live(planned, asked({}), "expected", "2028Q3", "2028Q3")
    again = Timeline.restore(found.data, found.outages, found.stored())
    assert again.summary == found.summary
    assert again.periods == found.periods
