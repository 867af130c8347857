"""The opening state in a scenario's file: what it may say, and every fault of what it may not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gigawatt.errors import ScenarioError
from gigawatt.programme.arrays import arrays
from gigawatt.scenario import kept
from gigawatt.scenario.load import load, loads
from gigawatt.scenario.resolve import resolved
from gigawatt.scenario.schema import Scenario

SITE = "example-campus"
RACKS = {"site": SITE, "platform": "gb300", "installed": "2026Q1", "racks": 50}
SHELLS = {"site": SITE, "paid": "2025Q3", "power": "20 MW"}
PAID = {"site": SITE, "paid": "2026Q2", "amount": "10 million USD"}
BEGUN = {"site": SITE, "ready": "2026Q4", "power": "10 MW"}
RAMP = {f"sites.{SITE}.ramp": {"2026Q3": "40 MW", "2027Q3": "100 MW"}}
RUN = {
    "training_runs.run": {
        "title": "A run",
        "model": "deepseek-v3",
        "precision": "fp8",
        "volume": "1e24 FLOP",
        "start": "2026Q3",
        "end": "2027Q2",
        "largest_gang": 1000,
        "penalty": "1 million USD",
    }
}


def under_way(over: dict[str, Any] | None = None, **opening: Any) -> Scenario:
    whole = {"racks": [RACKS], "shells": [SHELLS], "paid": [PAID], "begun": [BEGUN]} | opening
    return load("one-campus", RAMP | {"opening": whole} | (over or {}))


def faults(over: dict[str, Any] | None = None, **opening: Any) -> dict[str, str]:
    with pytest.raises(ScenarioError) as caught:
        under_way(over, **opening)
    return {fault.path: str(fault) for fault in caught.value.faults}


def test_a_scenario_without_an_opening_is_the_question_that_it_was() -> None:
    plain = load("one-campus")
    assert plain.asked.opening is None
    assert "opening" not in resolved(plain.asked, plain.records)["asked"]
    assert under_way().hash not in (plain.hash, load("one-campus", RAMP).hash)


def test_what_stands_is_read_in_si_by_quarter_site_and_platform() -> None:
    data = arrays(under_way())
    assert list(data.before.values) == ["2025Q3", "2025Q4", "2026Q1", "2026Q2"]
    assert float(data.opening_count.sel(before="2026Q1", site=SITE, platform="gb300")) == 50
    assert float(data.opening_count.sum()) == 50
    price = 3.7e6  # the price of its base quarter holds before it
    assert data.opening_rack_usd.values == pytest.approx([0, 0, 50 * price * 1.12, 0])
    assert data.opening_shell_usd.values == pytest.approx([20e6 * 12.5, 0, 0, 10e6])
    assert data.opening_shell_w.values == pytest.approx([20e6])
    assert data.opening_paid_usd.values == pytest.approx([10e6])


def test_what_was_paid_may_be_stated() -> None:
    data = arrays(under_way(racks=[RACKS | {"price": "1 million USD"}], shells=[SHELLS | {"cost_facility": "2 USD/W"}]))
    assert float(data.opening_rack_usd.sum()) == pytest.approx(50 * 1e6 * 1.12)
    assert float(data.opening_shell_usd.sum()) == pytest.approx(20e6 * 2 + 10e6)


def test_only_what_is_begun_is_ready_within_the_lead_time_where_that_is_said() -> None:
    lead = arrays(under_way()).lead_count.values[0]
    assert lead == 4
    open_, shut = (arrays(under_way(begun_only=only)).ramp_w.values[:4, 0] for only in (False, True))
    assert open_[0] == 40e6
    assert shut[:3] == pytest.approx([20e6, 30e6, 30e6])
    assert shut[3] == open_[3]


def test_an_opening_state_survives_the_file_of_a_result_and_its_own_text() -> None:
    scenario = under_way(cash="90 million USD", debt="20 million USD", gross="30 MW", released="30 MW")
    values = json.loads(json.dumps(kept.plain(scenario)))
    assert kept.restored(values, kept.hours(scenario), scenario.toml).asked.opening == scenario.asked.opening
    assert loads(scenario.toml).hash == scenario.hash


@pytest.mark.parametrize(
    ("opening", "path", "expected"),
    [
        ({"racks": [RACKS | {"site": "nowhere"}]}, "opening.racks[0].site", "example-campus"),
        ({"racks": [RACKS | {"platform": "gb30"}]}, "opening.racks[0].platform", "gb300"),
        ({"racks": [RACKS | {"installed": "2026Q3"}]}, "opening.racks[0].installed", "before 2026Q3"),
        ({"racks": [RACKS | {"installed": "spring"}]}, "opening.racks[0].installed", "before 2026Q3"),
        ({"racks": [RACKS | {"installed": "2021Q2"}]}, "opening.racks[0].installed", "20 quarters of rack_life"),
        ({"racks": [RACKS | {"racks": -1}]}, "opening.racks[0].racks", ""),
        ({"racks": [RACKS | {"racks": 500}]}, "opening.racks", "20 MW of its shells"),
        ({"shells": [SHELLS | {"power": "60 MW"}]}, "opening.shells", "40 MW energised at the start"),
        ({"shells": [SHELLS | {"paid": "2027Q1"}]}, "opening.shells[0].paid", "before 2026Q3"),
        ({"shells": [SHELLS | {"site": "nowhere"}]}, "opening.shells[0].site", "example-campus"),
        ({"paid": [PAID | {"paid": "2026Q3"}]}, "opening.paid[0].paid", "before 2026Q3"),
        ({"paid": [PAID | {"amount": "-1 USD"}]}, "opening.paid[0].amount", ""),
        ({"begun": [BEGUN | {"ready": "2026Q2"}]}, "opening.begun[0].ready", "not before 2026Q3"),
        ({"begun": [BEGUN | {"site": "nowhere"}]}, "opening.begun[0].site", "example-campus"),
        ({"debt": "-1 USD"}, "opening.debt", ""),
        ({"debt": "4 billion USD"}, "opening.debt", "debt limit of 3 billion USD"),
        ({"cash": "10 million USD"}, "opening.cash", "minimum cash of 50 million USD"),
        ({"losses": "-5 USD"}, "opening.losses", ""),
        ({"gross": "1 MW"}, "opening.gross", "racks that stand"),
        ({"gross": "100 MW", "released": "90 MW"}, "opening.released", "last milestone, 60 MW"),
        ({"gross": "100 MW", "released": "20 MW"}, "opening.released", "the power of a milestone"),
        ({"gross": "40 MW", "released": "60 MW"}, "opening.released", "ever installed, 40 MW"),
        ({"released": "30 MW"}, "opening.released", "or a gross power beside it"),
        ({"trained": [{"run": "run", "done": 0.5}]}, "opening.trained[0].run", "one of none"),
        ({"rack": []}, "opening.rack", "racks"),
    ],
    ids=str,
)
def test_what_cannot_stand_is_one_fault_with_its_path(opening: dict[str, Any], path: str, expected: str) -> None:
    found = faults(**opening)
    assert list(found) == [path]
    assert expected in found[path]


@pytest.mark.parametrize(
    ("over", "opening", "path"),
    [
        ({"programme.target": "5 MW", "capital.tranches": False}, {}, "opening.racks"),
        (RUN, {"trained": [{"run": "run", "done": "100 %"}]}, "opening.trained[0].done"),
        (RUN, {"trained": [{"run": "run", "done": "10 %"}] * 2}, "opening.trained[1].run"),
        ({"horizon.start": "soon"}, {}, "horizon.start"),
        ({"capital.debt_rate": False}, {"debt": "1 million USD"}, "capital.debt_rate"),
    ],
    ids=str,
)
def test_what_contradicts_the_rest_of_the_scenario_is_a_fault(
    over: dict[str, Any], opening: dict[str, Any], path: str
) -> None:
    assert path in faults(over, **opening)


def test_tranches_that_were_drawn_matter_to_nobody_where_none_are_to_come() -> None:
    """A strategy may do without them, whatever came before."""
    assert under_way({"capital.tranches": False}, released="30 MW", gross="40 MW").asked.opening is not None


def test_all_faults_are_told_at_once() -> None:
    found = faults(
        racks=[RACKS | {"site": "x", "platform": "y"}], paid=[PAID | {"paid": "2030Q1"}], debt="9 billion USD"
    )
    assert set(found) == {"opening.racks[0].site", "opening.racks[0].platform", "opening.paid[0].paid", "opening.debt"}


def test_a_numbers_range_is_that_of_an_opening_too() -> None:
    found = load("one-campus", RAMP | {"opening": {"racks": [RACKS | {"price": "5 thousand USD"}], "shells": [SHELLS]}})
    assert [fault.path for fault in found.implausible] == ["opening.racks[0].price"]
