"""The flywheel as a document: what it says, its tables, its charts."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest

from gigawatt.report.documents.flywheel import document, loop_words
from gigawatt.report.writers import terminal
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


def said(answer: FlywheelAnswer) -> str:
    """What is printed, as one line; no line of it is wider than a terminal."""
    out = terminal.console(80)
    out.file = io.StringIO()
    terminal.show(document(answer), {}, out)
    text = out.file.getvalue()
    assert all("https://" in line for line in text.splitlines() if len(line) > 80)
    return " ".join(text.split())


def test_the_past_on_a_terminal(past: FlywheelAnswer) -> None:
    text = said(past)
    for words in (
        "Set on 6 figures of 2023 to 2024 alone",
        "error −5.3 %",
        "derived",
        "200 %/year",
        "cannot be told from a trend",
    ):
        assert words in text
    assert "2024-12-31 0.60 0.60 set – –" in text
    assert "Turn by turn" not in text


def test_the_loop_on_a_terminal(turned: FlywheelAnswer) -> None:
    text = said(turned)
    assert "comes to rest (2 from 0.5 and 1 from 1 times the scenario's demand, in turns) at one fixed point" in text
    assert "0.97 times the scenario's, 30 MW at the peak instead of 32 MW" in text
    assert "After a turn 30 % of a difference in demand is left: it dies out" in text
    assert "0.5 1 30.0 −1,200 0.500" in text
    assert "2027 30.0 0.04 90.0 0.400 – 0.970 500 900" in text


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"same_from_every_start": None}, "does not come to rest"),
        ({"same_from_every_start": False}, "where it starts decides whether it stalls or takes off"),
        ({"gain_ratio": 1.4}, "it grows, and the wheel takes off or stalls"),
    ],
)
def test_what_is_said_of_the_loop(turned: FlywheelAnswer, changes: dict[str, Any], says: str) -> None:
    assert says in loop_words(replace(POINT, **changes), turned.iterations)


def test_every_figure_is_a_dot_of_a_chart(turned: FlywheelAnswer) -> None:
    found = document(turned)
    for name in ("compute", "yearly-revenue", "weekly-users"):
        rows = found.tables()[name].rows
        told = "".join(ElementTree.fromstring(found.charts()[name].narrow).itertext())
        assert all(f"{row[0]}\npublished: " in told for row in rows)
    turns = ElementTree.fromstring(found.charts()["turns"].wide)
    assert sum("rim" in str(one.get("class")) for one in turns.iter()) == len(turned.iterations)


def test_figures_are_in_si_units(past: FlywheelAnswer) -> None:
    rows = document(past).tables()["weekly-users"].rows
    assert rows[0][:3] == ("2023-11-06", 1e8, pytest.approx(1e8))


def test_what_another_setting_says_is_a_line_and_a_table(past: FlywheelAnswer) -> None:
    found = document(past)
    told = "".join(ElementTree.fromstring(found.charts()["weekly-users"].narrow).itertext())
    assert "if set on 2023 to 2025" in told
    rows = found.tables()["settings-weekly-users"].rows
    assert [row[:2] for row in rows] == [
        ("2023 to 2024", "2026-02-27"),
        ("2023 to 2024", "2026-08-06"),
        ("2023 to 2025", "2026-02-27"),
        ("2023 to 2025", "2026-08-06"),
    ]
    assert rows[-1][2:] == (
        1e9,
        pytest.approx(1.73e9, rel=0.002),
        *(pytest.approx(e, abs=0.002) for e in (0.73, 1.046)),
    )


def test_set_to_a_later_day_the_first_setting_is_the_other() -> None:
    """Lead and lines are of the day that is asked; a day within a year is told with its months."""
    later = verbs.flywheel(backtest=True, fitted_until="2025-12-31")
    made = document(later)
    assert made.lead.startswith(
        "Set on 12 figures of 2023 to 2025 alone, the wheel predicts 36.1 billion USD of yearly revenue"
    )
    told = "".join(ElementTree.fromstring(made.charts()["compute"].narrow).itertext())
    assert "if set on 2023 to 2024" in told
    assert "if set on 2023 to 2025" not in told
    within = verbs.flywheel(backtest=True, fitted_until="2026-03-01")
    assert document(within).lead.startswith("Set on 14 figures of November 2023 to February 2026 alone")


def test_one_setting_alone_has_no_section(past: FlywheelAnswer) -> None:
    made = document(replace(past, settings=past.settings[:1]))
    assert not [name for name in made.tables() if name.startswith("settings")]
