"""`gigawatt hedge`: one JSON object, a page that can be read, and a clear error for each mistake."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from gigawatt.interfaces.cli import app

SHORT = ("--set", "horizon.report_end=2027Q2", "--set", "horizon.end=2027Q4")
FEW = ("one-campus", *SHORT, "--futures", "2", "--decided", "2")


def run(*words: str) -> Any:
    return CliRunner().invoke(app, ["hedge", *words])


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    done = run(*FEW, "--tail-weight", "0.5", "--json")
    assert done.exit_code == 0, done.output[-500:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_knowing_and_planning_are_worth_something(told: dict[str, Any]) -> None:
    value = told["value_usd"]
    assert value["wait_and_see"] >= value["common"] - 1e3
    assert value["common"] >= value["mean_future_plan"] - 1e3
    assert value["common"] >= value["guarded"] - 1e3
    assert told["worst_usd"]["guarded"] >= told["worst_usd"]["common"] - 1e3
    assert told["evpi_usd"] == pytest.approx(value["wait_and_see"] - value["common"])
    assert told["vss_usd"] == pytest.approx(value["common"] - value["mean_future_plan"])


def test_orders_are_those_of_the_decided_quarters(told: dict[str, Any]) -> None:
    for plan in ("common", "guarded", "mean_future_plan"):
        assert [quarter["period"] for quarter in told["orders"][plan]] == ["2026Q3", "2026Q4"]
        assert set(told["orders"][plan][0]["racks_count"]) == {"gb300", "vr230"}
    assert len(told["futures"]) == 2
    assert {note["code"] for note in told["notes"]} >= {"cancelled", "rescue", "value"}


@pytest.mark.slow
def test_the_page_says_what_to_order() -> None:
    done = run(*FEW)
    assert done.exit_code == 0, done.output[-500:]
    assert "Racks to order" in done.stdout
    assert "GB300 NVL72" in done.stdout


@pytest.mark.parametrize(
    ("words", "path"),
    [
        (("--futures", "1"), "--futures"),
        (("--futures", "1000"), "--futures"),
        (("--decided", "0"), "--decided"),
        (("--decided", "99"), "--decided"),
        (("--tail-weight", "1"), "--tail-weight"),
        (("--tail", "0"), "--tail"),
        (("--seed", "-1"), "--seed"),
        (("--set", "uncertainty=false", "--set", "correlations=false"), "uncertainty"),
    ],
)
def test_a_mistake_is_named(words: tuple[str, ...], path: str) -> None:
    done = run("one-campus", *words, "--json")
    assert done.exit_code == 2
    assert path in [item["path"] for item in json.loads(done.stderr.splitlines()[-1])["error"]["items"]]
