"""What to order now for several futures at once: what it comes to, what knowing is worth, and how it is told."""

from __future__ import annotations

from typing import Any

import pytest

from gigawatt.errors import ScenarioError
from gigawatt.report.documents.hedging import document
from gigawatt.report.writers import terminal
from gigawatt.study import verbs
from gigawatt.study.answer import plain
from gigawatt.study.futures.hedging import Hedging
from gigawatt.study.job import Job


@pytest.fixture(scope="module")
def said() -> list[str]:
    return []


@pytest.fixture(scope="module")
def hedged(brief_set: dict[str, str], said: list[str]) -> Hedging:
    job = Job(progress=lambda words, _: said.append(words))
    found: Hedging = verbs.ask("hedge", "one-campus", futures=2, decided=2, tail_weight="50 %", set=brief_set, job=job)
    return found


def test_knowing_and_planning_are_worth_something(hedged: Hedging) -> None:
    value, worst = hedged.value_usd, hedged.worst_usd
    assert value["wait_and_see"] >= value["common"] - 1e3
    assert value["common"] >= value["mean_future_plan"] - 1e3
    assert value["common"] >= value["guarded"] - 1e3
    assert worst["guarded"] >= worst["common"] - 1e3
    assert hedged.evpi_usd == pytest.approx(value["wait_and_see"] - value["common"])
    assert hedged.vss_usd == pytest.approx(value["common"] - value["mean_future_plan"])


def test_orders_are_those_of_the_decided_quarters(hedged: Hedging) -> None:
    for plan in ("common", "guarded", "mean_future_plan"):
        orders = hedged.orders[plan] or ()
        assert [order.period for order in orders] == ["2026Q3", "2026Q4"]
        assert set(orders[0].racks_count) == {"gb300", "vr230"}
    assert len(hedged.futures) == 2
    assert {note.code for note in hedged.head.notes} >= {"cancelled", "rescue", "value"}


def test_means_are_those_of_the_futures(hedged: Hedging) -> None:
    for key, plan in (("known_usd", "wait_and_see"), ("common_usd", "common"), ("guarded_usd", "guarded")):
        each = [getattr(future, key) for future in hedged.futures]
        assert hedged.value_usd[plan] == pytest.approx(sum(each) / 2)
    units = {quantity.name: quantity.unit for quantity in hedged.futures[0].quantities}
    assert (units["demand"], units["chip_slip"]) == ("ratio", "quarters")


def test_the_data_of_a_hedge(hedged: Hedging) -> None:
    told = plain(hedged)
    assert set(told) == {
        *("gigawatt", "scenario", "hash", "notes", "value_usd", "worst_usd", "evpi_usd", "vss_usd", "orders", "futures")
    }
    assert set(told["value_usd"]) == {"wait_and_see", "common", "mean_future_plan", "guarded"}
    assert set(told["orders"]["common"][0]) == {"period", "racks_count", "power_w"}


def test_it_says_what_to_order(hedged: Hedging, capsys: pytest.CaptureFixture[str]) -> None:
    terminal.show(document(hedged), {})
    shown = capsys.readouterr().out
    for text in ("Racks to order", "GB300 NVL72", "With weight on the worst", "If the future were known", "Q3 2026"):
        assert text in shown
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.usefixtures("hedged")
def test_it_says_what_it_does(said: list[str]) -> None:
    assert said[1:] == [
        "planning for each of 2 futures as if it were known",
        "planning for the mean future, and holding to its orders in every future",
        "planning for all futures at once",
        "planning for all futures, with weight on the worst",
    ]


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ({"futures": 1}, "futures"),
        ({"futures": 1000}, "futures"),
        ({"decided": 0}, "decided"),
        ({"decided": 99}, "decided"),
        ({"tail_weight": "1"}, "tail_weight"),
        ({"tail": "0"}, "tail"),
        ({"seed": -1}, "seed"),
        ({"set": {"uncertainty": False, "correlations": False}}, "uncertainty"),
    ],
)
def test_a_mistake_is_named(asked: dict[str, Any], path: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        verbs.ask("hedge", "one-campus", **asked)
    assert [fault.path for fault in caught.value.faults] == [path]
