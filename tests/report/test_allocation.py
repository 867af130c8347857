"""An allocation as a person reads it and as it is drawn."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

from gigawatt.report import allocation
from gigawatt.report.allocation_chart import chart
from gigawatt.study import verbs
from gigawatt.study.allocation.answer import AllocationAnswer


def divided(scenario: str = "six-classes", **asked: Any) -> AllocationAnswer:
    found: AllocationAnswer = verbs.allocate(scenario, **asked)
    return found


@pytest.fixture(scope="module")
def campus() -> AllocationAnswer:
    return divided("one-campus")


def said(answer: AllocationAnswer, capsys: pytest.CaptureFixture[str], **files: str) -> str:
    """What is printed, as one line; no line of it is wider than a terminal."""
    allocation.show(answer, files)
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    return " ".join(out.split())


def test_a_person_reads_it(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(divided(capacity="10 GW"), capsys)
    assert "one gigawatt more is worth 0.497 value units a year" in text
    assert "From 16 GW on, nobody has to choose" in text
    assert "up to 9.97 GW (economic abundance); 10 GW is more than that" in text
    assert "10,000 tutor-hours more of Tutoring cost 2 candidate screens of Cancer research" in text
    assert "Drawn in" not in text


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"capacity": "16 GW", "fairness": "log"}, "one less would cost 0.7 value units"),
        ({"capacity": "20 GW"}, "would go to nobody"),
        ({"set": {"allocation.cost": "9 /GW"}}, "none is worth that"),
        ({"set": {"allocation.cost": False}}, "physical abundance). Who gets"),
        ({"set": {"allocation.classes.media.tier": 2}}, "class tier power"),
        ({"fairness": "alpha=2"}, "without limit"),
    ],
)
def test_what_it_says(asked: dict[str, Any], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert says in said(divided(**asked), capsys)


def test_a_campus_is_told_by_the_megawatt(campus: AllocationAnswer, capsys: pytest.CaptureFixture[str]) -> None:
    """users 16."""
    text = said(campus, capsys, chart="who.svg")
    assert "With 100 MW, one megawatt more is worth 32.5 million USD a year" in text
    assert "The next 10 MW would go to Documents read overnight (100%)" in text
    assert "A megawatt costs 9.66 million USD a year" in text
    assert "a MW more" in text
    assert "gigawatt" not in text.partition("To keep in mind")[0]
    assert text.endswith("Drawn in who.svg")


@pytest.mark.parametrize("rule", ["quadratic", "log", "max-min"])
def test_the_drawing(rule: str) -> None:
    text = chart(divided(fairness=rule))
    words = "".join(ElementTree.fromstring(text).itertext())
    for name in ("economic abundance", "physical abundance: 16 GW", "Cancer research", "cost", "value units per GW"):
        assert name in words
    assert "nan" not in text
    assert "inf" not in text


def test_the_drawing_of_a_campus_speaks_of_megawatts(campus: AllocationAnswer) -> None:
    """users 16."""
    words = "".join(ElementTree.fromstring(chart(campus)).itertext())
    for name in (
        "What the next megawatt is worth in a year",
        "million USD per MW",
        "capacity, MW",
        "per MW at the margin",
    ):
        assert name in words
    assert "GW" not in words
    assert "gigawatt" not in words
