"""A plan that is cut, and planned anew from what stands of it, goes on as it was."""

from __future__ import annotations

from typing import Any

import pytest

from gigawatt.errors import ScenarioError
from gigawatt.plan import plan
from gigawatt.plan.plan import Plan
from gigawatt.plan.verify import verify
from gigawatt.programme import book, opening
from gigawatt.programme.arrays import arrays
from gigawatt.scenario.load import load, loads
from gigawatt.scenario.schema import Scenario
from gigawatt.study.standing import cut, penalties_usd, remainder_usd, standing

SHORT = {"horizon.report_end": "2028Q4", "horizon.end": "2029Q1"}
SITE = "example-campus"
RUN = {
    "training_runs.early": {
        "title": "A run that is over",
        "model": "deepseek-v3",
        "precision": "fp8",
        "volume": "1e24 FLOP",
        "start": "2026Q4",
        "end": "2027Q1",
        "largest_gang": 3000,
        "penalty": "50 million USD",
    },
    "training_runs.late": {
        "title": "A run under way",
        "model": "deepseek-v3",
        "precision": "fp8",
        "volume": "3e25 FLOP",
        "start": "2027Q1",
        "end": "2027Q4",
        "largest_gang": 250,
        "penalty": "900 million USD",
    },
    "experiments.tries": {
        "title": "Experiments",
        "model": "deepseek-v3",
        "precision": "fp8",
        "gang": 100,
        "wish": "1e24 FLOP",
        "worth": "0.3 USD/EFLOP",
        "floor": "30 %",
        "floor_penalty": "3 USD/EFLOP",
    },
}
CASES: list[dict[str, Any]] = [
    {"finance.tax": 0.25},
    {"sites.example-campus.slip": 2, "finance.rack_life": "1 years"},
    RUN | {"sites.example-campus.sunk": "5 MW"},
    {
        "sites.example-campus.ramp": {"2026Q3": "40 MW", "2027Q3": "100 MW"},
        "opening": {
            "racks": [
                {"site": SITE, "platform": "gb300", "installed": "2025Q4", "racks": 30, "price": "3 million USD"}
            ],
            "shells": [{"site": SITE, "paid": "2025Q2", "power": "10 MW"}],
            "paid": [{"site": SITE, "paid": "2026Q2", "amount": "150 million USD"}],
            "debt": "50 million USD",
        },
    },
    {
        "sites.example-campus.ramp": {"2026Q3": "40 MW", "2027Q3": "100 MW"},
        "sites.example-campus.lease": {"escalator": "6 %/year"},
        "sites.example-campus.sunk": "5 MW",
        "finance.inflation": "2 %/year",
        "opening": {"shells": [{"site": SITE, "paid": "2025Q2", "power": "10 MW"}]},
    },
    {
        "capital.vendor": {"vendor": "NVIDIA", "share": "30 %", "rate": "6 %/year", "term": "1.5 years"},
        "capital.customer": {
            "customer": "A cloud",
            "amount": "60 million USD",
            "paid": "2026Q4",
            "rate": "4 %/year",
            "term": "2 years",
        },
    },
]
NAMES = [
    "taxed",
    "late, and racks that leave",
    "runs and sunk shells",
    "from an opening of its own",
    "leased for a rent that grows",
    "with credit and money paid ahead",
]


def planned(over: dict[str, Any]) -> tuple[Scenario, Plan]:
    scenario = load("one-campus", SHORT | over)
    return scenario, plan.make(scenario, with_worth=False)


@pytest.fixture(scope="module", params=CASES, ids=NAMES)
def whole(request: pytest.FixtureRequest) -> tuple[Scenario, Plan]:
    return planned(request.param)


def assert_goes_on(scenario: Scenario, old: Plan, quarter: str) -> None:
    """The plan from what stands is lawful, and its value and gigawatts are those of the old plan's remainder."""
    rest = cut(scenario, old, quarter)
    new = plan.make(rest, with_worth=False)
    assert verify(rest, new) == []
    left = remainder_usd(scenario, old, quarter)
    gap = max(0.005 * abs(left), new.gap, old.gap)
    assert new.objective == pytest.approx(left, abs=gap)
    power = [one.data.facility_w.sum("site").sel(period=new.data.period).values for one in (old, new)]
    assert power[1] == pytest.approx(power[0], abs=0.005 * power[0].max())


def test_a_plan_cut_and_planned_anew_is_its_own_remainder(whole: tuple[Scenario, Plan]) -> None:
    assert_goes_on(*whole, "2027Q3")


def test_nothing_of_what_stands_is_lost_in_the_cut(whole: tuple[Scenario, Plan]) -> None:
    """Racks, power, book value, cash, debt and all limits at the cut are those of the plan."""
    scenario, old = whole
    rest = cut(scenario, old, "2027Q3")
    data, asked, last = arrays(rest), rest.asked, old.data.period.values.tolist().index("2027Q2")
    assert asked.opening is not None
    assert opening.start_count(data).values == pytest.approx(old.data.stock_count[last].values, abs=2e-3)
    shells = opening.start_shell_w(data).values + data.sunk_w.values
    assert shells == pytest.approx(old.data.shell_w[last].values, abs=200)
    assert opening.start_book_usd(data, asked) == pytest.approx(float(old.data.book_usd[last]), rel=1e-6)
    assert asked.opening.debt_usd == pytest.approx(float(old.data.debt_usd[last]))
    assert asked.opening.gross_w == pytest.approx(float(old.data.gross_w[last]))
    for name in ("supply_count", "demand_tokens_per_s", "price_usd_per_mtok", "rack_price_usd", "rack_tokens_per_s"):
        assert data[name].values == pytest.approx(old.inputs[name].sel(period=data.period).values), name
    assert (data.ramp_w.values <= old.inputs.ramp_w.sel(period=data.period).values + 1.0).all()


def test_runs_go_on_from_where_they_are() -> None:
    scenario, old = planned(RUN)
    rest = cut(scenario, old, "2027Q3")
    assert set(rest.asked.training_runs) == {"late"}
    assert rest.asked.training_runs["late"].start_date == "2027Q3"
    assert rest.asked.opening is not None
    (run,) = rest.asked.opening.trained
    assert 0 < run.done_frac < 1


def test_penalties_by_quarter_are_those_of_the_objective(whole: tuple[Scenario, Plan]) -> None:
    scenario, old = whole
    total = float((penalties_usd(old) * book.discounts(old.inputs, scenario.asked)).sum())
    assert total == pytest.approx(old.penalties_usd, rel=1e-6, abs=1.0)


def test_what_stands_is_text_that_another_scenario_may_hold() -> None:
    """Beside it a scenario needs the quarter at which it begins, and the power that has come by then."""
    scenario, old = planned({})
    text = 'extends = "one-campus"\n' + standing(scenario, old, "2027Q3")
    begun_later = SHORT | {"horizon.start": "2027Q3", f"sites.{SITE}.ramp": "100 MW"}
    other = loads(text, begun_later)
    assert other.asked.opening == cut(scenario, old, "2027Q3").asked.opening


@pytest.mark.parametrize("quarter", ["2026Q3", "2029Q1", "2020Q1", "soon"])
def test_a_quarter_that_cuts_nothing_off_is_a_fault(whole: tuple[Scenario, Plan], quarter: str) -> None:
    with pytest.raises(ScenarioError, match="2026Q4 to 2028Q4"):
        cut(*whole, quarter)


@pytest.mark.slow
@pytest.mark.parametrize("quarter", ["2027Q1", "2028Q1", "2031Q2"])
def test_the_letter_of_intent_cut_and_planned_anew_is_its_own_remainder(quarter: str) -> None:
    scenario = load("loi-2025-09")
    assert_goes_on(scenario, plan.make(scenario, with_worth=False), quarter)
