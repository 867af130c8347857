"""What a fact is known by, and how moments are read."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigawatt.ledger import facts
from gigawatt.ledger.facts import GENESIS, Fact, Recorded

FACT = Fact(kind="site", happened="2026-03-01T00:00:00.000Z", body={"site": "abilene", "power_w": 1.0}, source="a.pdf")
KEPT = Recorded(
    fact=FACT, number=1, recorded="2026-03-02T00:00:00.000Z", who="ada", authenticated=False, previous=GENESIS
)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "racks"},
        {"happened": "2026-03-01T00:00:00.001Z"},
        {"body": {}},
        {"source": "b"},
        {"corrects": "0" * 64},
    ],
)
def test_another_content_is_another_fact(change: dict[str, object]) -> None:
    assert replace(FACT, **change).identity != FACT.identity


def test_a_document_under_another_name_says_the_same() -> None:
    one, other = (replace(FACT, source=name, source_sha256="ab" * 32) for name in ("a.pdf", "copy of a.pdf"))
    assert one.identity == other.identity
    assert replace(one, source_sha256="cd" * 32).identity != one.identity


@pytest.mark.parametrize(
    "change",
    [
        {"number": 2},
        {"recorded": "2026-03-02T00:00:00.001Z"},
        {"who": "Ada"},
        {"authenticated": True},
        {"previous": "1" * 64},
        {"fact": replace(FACT, source="b.pdf")},
        {"fact": replace(FACT, source="b.pdf", source_sha256="ab" * 32)},
    ],
)
def test_the_hash_is_over_all_that_is_kept(change: dict[str, object]) -> None:
    assert replace(KEPT, **change).hash != KEPT.hash


def test_numbers_that_are_none_are_in_no_fact() -> None:
    with pytest.raises(ValueError, match="JSON"):
        facts.canonical({"power_w": float("nan")})


@given(st.integers(-60_000_000_000_000, 5_000_000_000_000))
def test_a_moment_reads_back_and_sorts_as_time_does(at_ms: int) -> None:
    assert facts.milliseconds(facts.moment(at_ms)) == at_ms
    assert len(facts.moment(at_ms)) == 24
    assert facts.moment(at_ms) < facts.moment(at_ms + 1)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01", "2026-03-01T00:00:00.000Z"),
        (" 2026-03-01T12:00Z ", "2026-03-01T12:00:00.000Z"),
        ("2026-03-01T02:00+05:30", "2026-02-28T20:30:00.000Z"),
        ("2026-03-01 02:00:00.5-06:00", "2026-03-01T08:00:00.500Z"),
    ],
)
def test_days_and_times_with_an_offset_are_read(text: str, moment: str) -> None:
    assert facts.parse_moment(text) == moment


def test_a_day_ends_with_its_last_millisecond() -> None:
    assert facts.parse_moment("2026-03-01", end=True) == "2026-03-01T23:59:59.999Z"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2026-03-01T12:00", "says no offset"),
        ("1. March 2026", "a day such as"),
        ("", "a day such as"),
        ("2026-02-30", "a day such as"),
        ("0001-01-01", "a year from 1990"),
        ("9999-12-31", "a year from 1990"),
        ("1970-01-20T12:00Z", "a year from 1990"),
        ("20260301T12", "says no offset"),
    ],
)
def test_a_time_that_nobody_can_place_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        facts.parse_moment(text)
