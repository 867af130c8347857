"""An allocation as a document: what it says, its tables in SI units, its charts."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest

from gigawatt.report.document import Document
from gigawatt.report.documents.allocation import UNLIMITED, document
from gigawatt.report.writers import terminal
from gigawatt.study import verbs
from gigawatt.study.allocation.answer import AllocationAnswer


def divided(scenario: str = "six-classes", **asked: Any) -> AllocationAnswer:
    found: AllocationAnswer = verbs.allocate(scenario, **asked)
    return found


@pytest.fixture(scope="module")
def six() -> AllocationAnswer:
    return divided(capacity="10 GW")


@pytest.fixture(scope="module")
def campus() -> AllocationAnswer:
    return divided("one-campus")


def said(found: Document) -> str:
    """What is printed, as one line; no line of it is wider than a terminal."""
    out = terminal.console(80)
    out.file = io.StringIO()
    terminal.show(found, {}, out)
    text = out.file.getvalue()
    assert max(map(len, text.splitlines())) <= 80
    return " ".join(text.split())


def drawn(found: Document, name: str) -> str:
    """All words of a chart, wide and narrow; both are well-formed, and lie at finite places."""
    chart = found.charts()[name]
    assert "nan" not in chart.wide + chart.narrow
    assert "inf" not in chart.wide + chart.narrow
    return " ".join(" ".join(ElementTree.fromstring(text).itertext()) for text in (chart.wide, chart.narrow))


def test_a_person_reads_it(six: AllocationAnswer) -> None:
    text = said(document(six))
    assert "one gigawatt more is worth 0.497 value units a year" in text
    assert "From 16 GW on, nobody has to choose" in text
    assert "up to 9.97 GW (economic abundance); 10 GW is more than that" in text
    assert "Cancer research gets 77 % of what it asks for, Images and video 29 %." in text
    assert "For 10,000 tutor-hours more of Tutoring, Cancer research gives up 2 candidate screens" in text


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"capacity": "16 GW", "fairness": "log"}, "one less would cost 0.7 value units"),
        ({"capacity": "20 GW"}, "would go to nobody"),
        ({"set": {"allocation.cost": "9 /GW"}}, "none is worth that"),
        ({"set": {"allocation.cost": False}}, "physical abundance). Who gets"),
        ({"set": {"allocation.classes.media.tier": 2}}, "Class Tier"),
        ({"fairness": "alpha=2"}, "without limit"),
    ],
)
def test_what_it_says(asked: dict[str, Any], says: str) -> None:
    assert says in said(document(divided(**asked)))


def test_a_campus_is_told_by_the_megawatt(campus: AllocationAnswer) -> None:
    """users 16."""
    found = document(campus)
    text = said(found)
    assert "With 100 MW, one megawatt more is worth 32.4 million USD a year" in text
    assert re.search(
        r"The next 10 MW would add [0-9.]+ million USD a year and go to Documents read overnight \(100 %\)", text
    )
    assert "A megawatt costs 9.66 million USD a year" in text
    words = drawn(found, "value") + drawn(found, "served")
    for name in ("What the next megawatt is worth in a year", "million USD per MW", "capacity, MW", "a MW more"):
        assert name in words
    for told in (text.partition("To keep in mind")[0], words):
        assert "gigawatt" not in told
        assert "GW" not in told


def test_tables_are_in_si_units(six: AllocationAnswer) -> None:
    found = document(six).tables()
    assert [row[1] for row in found["shares"].rows] == [row.power_w for row in six.allocation]
    assert [column.suffix for column in found["shares"].columns] == ["", "w", "w", "frac", "frac", "ratio"]
    assert found["exchange"].texts()[0] == ["1 Consumer chat", "–", "0.75", "1.20", "0.86", "1.50", "3.00"]
    assert len(found["value"].rows) == len(found["served"].rows) == len(six.curve)
    priceless = document(divided(fairness="alpha=2")).tables()["value"]
    assert priceless.rows[0][1] == UNLIMITED


@pytest.mark.parametrize("rule", ["quadratic", "log", "max-min"])
def test_the_charts(rule: str) -> None:
    found = document(divided(fairness=rule))
    words = drawn(found, "value")
    for name in ("economic abundance", "physical abundance, 16 GW", "cost", "value units per GW"):
        assert name in words
    assert "Cancer research" in drawn(found, "served")


def test_every_point_answers_to_a_pointer(six: AllocationAnswer) -> None:
    chart = document(six).charts()["value"]
    shown = [one for one in ElementTree.fromstring(chart.wide).iter() if one.get("class") == "hit"]
    assert len(shown) > len(six.curve) / 2
    assert all("value units" in "".join(one.itertext()) for one in shown)


def test_of_many_classes_those_with_most_power_are_drawn(six: AllocationAnswer) -> None:
    power_w, value = {f"c{n}": 0.02e9 for n in range(40)}, {f"c{n}": 0.1 for n in range(40)}
    (first, *rest), step = six.allocation, replace(six.next, power_w=power_w, gained_value=value)
    many = (first, *rest, *(replace(first, use_case=f"c{n}", title=f"Class {n}", power_w=n) for n in range(40)))
    curve = tuple(
        replace(p, served_frac={row.use_case: p.served_frac[first.use_case] for row in many}) for p in six.curve
    )
    found = document(replace(six, allocation=many, curve=curve, next=step, exchange=()))
    legend = drawn(found, "served")
    assert legend.count("Agents at work") >= 2
    assert "Class 1 " not in legend
    assert len(found.tables()["served"].columns) == 1 + len(many)
    assert "Class 9 (3 %), Class 8 (3 %)" in found.lead
    assert "37 more" in found.lead


def test_more_power_is_told_by_who_gains_from_it(six: AllocationAnswer) -> None:
    table = document(six).tables()["gains"]
    worths = [row[1] for row in table.rows]
    assert worths == sorted(worths, reverse=True)
    assert sum(worths) == pytest.approx(six.next.added_value)
    chat = next(row for row in table.rows if row[0] == "Consumer chat")
    assert chat[2] == six.next.power_w["chat"]
    assert chat[3] == "497,000,000,000 answers"
    assert "Consumer chat would gain most: 0.113 value units a year" in shown(document(six), "gains")


def shown(found: Document, name: str) -> str:
    """What an exhibit says, and that it is drawn."""
    assert drawn(found, name)
    return next(part.says for part in found.parts() if getattr(part, "name", "") == name)


def test_abundance_is_told_in_plain_words(six: AllocationAnswer) -> None:
    pairs = dict(document(six).tables()["plainly"].rows)
    assert pairs["Economic abundance"].startswith("9.97 GW: the last gigawatt is worth just what it costs.")
    assert pairs["Physical abundance"].startswith("16 GW: all that is asked for is served")
    free = dict(document(replace(six, economic_abundance_w=None)).tables()["plainly"].rows)
    assert list(free) == ["Value at the margin, λ", "Physical abundance"]


def test_where_nobody_would_gain_nothing_is_drawn_of_it() -> None:
    found = document(divided(capacity="17 GW"))
    assert "gains" not in found.tables()
    assert "plainly" in found.tables()
