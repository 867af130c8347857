"""The flywheel as a person reads it and as it is drawn."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest

from gigawatt.report import flywheel
from gigawatt.study import verbs
from gigawatt.study.flywheel.answer import FixedPoint, FlywheelAnswer, TurnedYear
from gigawatt.study.flywheel.loop import Turn

YEAR = TurnedYear(
    year="2027",
    power_w=3e7,
    research_flop=4e25,
    research_of_asked_ratio=0.9,
    orders_count=0.4,
    weekly_users_count=None,
    demand_ratio=0.97,
    revenue_usd=5e8,
    capex_usd=9e8,
)
POINT = FixedPoint(
    same_from_every_start=True,
    gain_ratio=0.3,
    demand_ratio=0.97,
    peak_w=3e7,
    npv_usd=1.1e9,
    first_peak_w=3.2e7,
    first_npv_usd=1.2e9,
    chain=(YEAR,),
)


def turn(start_ratio: float, number: int, demand_ratio: float) -> Turn:
    return Turn(
        start_ratio=start_ratio,
        number=number,
        peak_w=3e7,
        npv_usd=-1.2e9,
        demand_ratio=demand_ratio,
        response_ratio=0.97,
        change_frac=0.005,
    )


@pytest.fixture(scope="module")
def past() -> FlywheelAnswer:
    found: FlywheelAnswer = verbs.flywheel(backtest=True)
    return found


@pytest.fixture(scope="module")
def turned(past: FlywheelAnswer) -> FlywheelAnswer:
    """The same with three turns, as a loop would make them."""
    turns = (turn(0.5, 1, 0.5), turn(0.5, 2, 0.96), turn(1.0, 1, 1.0))
    return replace(past, iterations=turns, converged=True, fixed_point=POINT)


def test_the_past_on_a_terminal_fits_eighty_columns(past: FlywheelAnswer, capsys: pytest.CaptureFixture[str]) -> None:
    flywheel.show(past, {})
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    for words in ("Set on 2023 to 2024 alone", "−5.3%", "set", "derived", "cannot be told from a trend"):
        assert words in out
    for words in ("Turn by turn", "Drawn in"):
        assert words not in out


def test_the_loop_on_a_terminal(turned: FlywheelAnswer, capsys: pytest.CaptureFixture[str]) -> None:
    flywheel.show(turned, {"chart": "wheel.svg"})
    out = capsys.readouterr().out
    text = " ".join(out.split())
    assert max(map(len, out.splitlines())) <= 80
    assert "comes to rest (2 from 0.5 and 1 from 1 times the scenario's demand, in turns) at one fixed point" in text
    assert "0.97 times the scenario's, 30 MW at the peak instead of 32 MW" in text
    assert "After a turn 30% of a difference in demand is left: it dies out" in text
    assert "peak, MW NPV, million USD" in text
    assert "0.5 1 30 −1,200.0 0.500" in text
    assert "2027 30 4e+25 90.0% 0.40 – 0.970 500 900" in text
    assert text.endswith("Drawn in wheel.svg")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"same_from_every_start": None}, "does not come to rest"),
        ({"same_from_every_start": False}, "where it starts decides whether it stalls or takes off"),
        ({"gain_ratio": 1.4}, "it grows, and the wheel takes off or stalls"),
    ],
)
def test_what_is_said_of_the_loop(turned: FlywheelAnswer, changes: dict[str, Any], says: str) -> None:
    assert says in flywheel.loop_words(replace(POINT, **changes), turned.iterations)


def test_every_figure_is_a_dot_of_the_drawing(past: FlywheelAnswer, turned: FlywheelAnswer) -> None:
    def dots(answer: FlywheelAnswer) -> int:
        return sum(node.tag.endswith("circle") for node in ElementTree.fromstring(flywheel.chart(answer)).iter())

    legend = 3
    assert dots(past) == legend + len(past.backtest)
    assert dots(turned) == legend + len(past.backtest) + len(turned.iterations)
