"""Milestones are computed from facts, approved by two people and paid once; a correction voids what stood on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest
from programme import TERMS, acceptance, enough, power, racks, withdrawn
from sqlalchemy import Connection

from gigawatt.errors import LedgerError
from gigawatt.ledger import book as books
from gigawatt.ledger import facts, milestones
from gigawatt.ledger.facts import Fact
from gigawatt.ledger.milestones import KINDS, MilestoneState, agree, approve, chosen, disburse, same_name


@pytest.fixture
def agreed(book: Connection) -> Connection:
    """A ledger with the terms of a programme."""
    agree(book, TERMS, "toy.toml", None, "ada")
    return book


def rows(book: Connection, until: str = "9999") -> tuple[MilestoneState, ...]:
    return milestones.milestones(books.read(book, kinds=KINDS), until)


def record(book: Connection, *found: Fact) -> None:
    assert None not in books.append(book, found, "ada")


@pytest.mark.parametrize(
    ("found", "counted_w"),
    [
        ([], 0.0),
        (enough(10), 1e6),
        ([power(1e6), racks(10)], 0.0),
        ([power(1e6), acceptance(10)], 0.0),
        ([power(4e5), racks(10), acceptance(10)], 4e5),
        ([power(1e6, basis="facility"), racks(10), acceptance(10)], 8e5),
        ([power(1e6), racks(10), acceptance(10, held_h=71.9)], 0.0),
        ([power(1e6), racks(10), acceptance(10, tokens_per_s=999.0)], 0.0),
        ([power(1e6), racks(10), acceptance(6), acceptance(4, day=4)], 1e6),
        ([power(1e6), racks(6), racks(4, day=3), acceptance(30)], 1e6),
        ([*enough(10), racks(10, day=5, change="retired")], 1e6),
        ([*enough(10), power(3e5, day=6)], 3e5),
        ([power(1e6, where="elsewhere"), racks(10), acceptance(10)], 0.0),
    ],
)
def test_what_counts_is_the_least_of_power_racks_and_tests(
    agreed: Connection, found: list[Fact], counted_w: float
) -> None:
    record(agreed, *found)
    first, second = rows(agreed)
    assert first.counted_w == pytest.approx(counted_w)
    assert (first.met, second.met) == (counted_w >= 1e6, False)
    assert first.short_by_w == pytest.approx(max(0.0, 1e6 - counted_w))


def test_racks_of_a_platform_that_the_terms_do_not_know_count_for_nothing(agreed: Connection) -> None:
    record(agreed, *(replace(fact, body={**fact.body, "platform": "nvl144"}) for fact in enough(10)[1:]), power(1e6))
    assert rows(agreed)[0].counted_w == 0.0


def test_a_milestone_is_met_when_the_last_of_its_evidence_happened(agreed: Connection) -> None:
    record(agreed, *enough(10))
    assert rows(agreed)[0].met_at == "2025-03-03T00:00:00.000Z"
    assert not rows(agreed, until="2025-03-02T12:00:00.000Z")[0].met


def test_a_sum_of_racks_that_misses_a_round_number_by_its_last_digit_meets_it(book: Connection) -> None:
    third = replace(TERMS, rack_it_w={"nvl72": 1e6 / 3})
    agree(book, third, "toy.toml", None, "ada")
    record(book, power(1e6), *(fact for day in (2, 3, 4) for fact in (racks(1, day=day), acceptance(1, day=day))))
    assert rows(book)[0].met


def test_without_terms_there_are_no_milestones(book: Connection) -> None:
    assert rows(book) == ()
    with pytest.raises(LedgerError, match="gigawatt ledger init"):
        approve(book, "1", "ada")


def test_two_people_approve_and_the_tranche_is_paid_once(agreed: Connection) -> None:
    record(agreed, *enough(10))
    assert approve(agreed, "1 MW", "Ada Lovelace")[0] is not None
    assert approve(agreed, "1", " ada  LOVELACE")[0] is None
    with pytest.raises(LedgerError, match="the approval of 2 people"):
        disburse(agreed, "1", "ada")
    _, row = approve(agreed, "1", "Bob")
    assert (row.due, row.approved_by) == (True, ("Ada Lovelace", "Bob"))
    made, row = disburse(agreed, "1", "carol")
    assert made is not None
    assert (row.due, row.disbursed_usd, row.disbursed_by) == (False, 1e9, "carol")
    again, row = disburse(agreed, "1 MW", "dave")
    assert (again, row.disbursed_by) == (None, "carol")


@pytest.mark.parametrize("act", [approve, disburse])
def test_what_is_not_met_is_neither_approved_nor_paid(agreed: Connection, act: Callable[..., object]) -> None:
    record(agreed, *enough(9))
    with pytest.raises(LedgerError, match="900 kW of 1 MW counts"):
        act(agreed, "1", "ada")


def test_tranches_are_paid_in_their_order(agreed: Connection) -> None:
    record(agreed, *enough(20))
    for number in ("1", "2"):
        for who in ("ada", "bob"):
            approve(agreed, number, who)
    with pytest.raises(LedgerError, match="milestone 1 first"):
        disburse(agreed, "2", "carol")
    for number in ("1", "2"):
        assert disburse(agreed, number, "carol")[0] is not None


def corrected_evidence() -> Iterable[Fact]:
    first = enough(12)
    return [power(11e5, corrects=first[0].identity), racks(11, corrects=first[1].identity), withdrawn(first[2])]


@pytest.mark.parametrize("change", corrected_evidence(), ids=lambda fact: fact.kind)
def test_evidence_that_is_corrected_voids_the_approvals_that_stood_on_it(agreed: Connection, change: Fact) -> None:
    record(agreed, *enough(12))
    for who in ("ada", "bob"):
        approve(agreed, "1", who)
    record(agreed, change)
    row = rows(agreed)[0]
    assert (row.approved_by, row.void_approvals, row.due) == ((), ("ada", "bob"), False)
    with pytest.raises(LedgerError, match=r"approved what was corrected since|counts"):
        disburse(agreed, "1", "carol")
    if row.met:
        approve(agreed, "1", "ada")
        assert approve(agreed, "1", "bob")[1].due


def test_new_evidence_voids_nothing_but_what_falls_short_is_not_due(agreed: Connection) -> None:
    record(agreed, *enough(10))
    for who in ("ada", "bob"):
        approve(agreed, "1", who)
    record(agreed, racks(5, day=7))
    assert rows(agreed)[0].due
    record(agreed, power(2e5, day=8))
    row = rows(agreed)[0]
    assert (row.met, row.due, row.approved_by) == (False, False, ("ada", "bob"))


def test_new_terms_void_approvals_and_the_old_ones_are_told_once(agreed: Connection) -> None:
    record(agreed, *enough(10))
    for who in ("ada", "bob"):
        approve(agreed, "1", who)
    assert agree(agreed, TERMS, "toy.toml", None, "ada") is None
    assert agree(agreed, replace(TERMS, test_h=24.0), "toy.toml", None, "ada") is not None
    assert rows(agreed)[0].void_approvals == ("ada", "bob")
    assert agree(agreed, TERMS, "toy.toml", None, "ada") is not None
    assert rows(agreed)[0].approved_by == ()


def test_terms_that_are_agreed_while_the_clock_is_set_back_hold_all_the_same(
    book: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day, hours in ((2, 72.0), (1, 24.0), (1, 12.0)):
        monkeypatch.setattr(facts, "now", lambda day=day: f"2025-06-{day:02}T00:00:00.000Z")
        agree(book, replace(TERMS, test_h=hours), "toy.toml", None, "ada")
        found = milestones.terms_of(entry.fact for entry in books.read(book))
        assert found is not None
        assert found.test_h == hours


def test_an_approval_may_be_withdrawn_and_given_again(agreed: Connection) -> None:
    record(agreed, *enough(10))
    made, _ = approve(agreed, "1", "ada")
    approve(agreed, "1", "bob")
    assert made is not None
    record(agreed, withdrawn(made.fact))
    assert rows(agreed)[0].approved_by == ("bob",)
    with pytest.raises(LedgerError, match="2 people"):
        disburse(agreed, "1", "carol")


def test_a_payment_stands_whatever_becomes_of_its_evidence(agreed: Connection) -> None:
    record(agreed, *enough(10))
    for who in ("ada", "bob"):
        approve(agreed, "1", who)
    disburse(agreed, "1", "carol")
    record(agreed, withdrawn(enough(10)[0]))
    row = rows(agreed)[0]
    assert (row.met, row.disbursed_usd, row.due) == (False, 1e9, False)
    assert disburse(agreed, "1", "carol")[0] is None


@pytest.mark.parametrize("name", ["3", "0", "1.5 MW", "1 GWh", "", "²"])
def test_a_milestone_that_is_none_is_refused_with_those_that_are(agreed: Connection, name: str) -> None:
    with pytest.raises(LedgerError, match=r"1 \(1 MW\), 2 \(2 MW\)"):
        chosen(rows(agreed), name)


@pytest.mark.parametrize("unseen", ["\u034f", "\u3164", "\ufe0f", "\U000e0100", "\u2800"])
def test_a_name_with_a_character_that_shows_nothing_is_the_same_name(unseen: str) -> None:
    assert same_name(f"a{unseen}da{unseen}") == same_name("ada")
