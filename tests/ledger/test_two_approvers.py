"""Whatever people do, in whatever order and at once: no more money is released than the milestones allow."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from programme import TERMS, acceptance, enough, power, racks, withdrawn
from sqlalchemy import Connection
from sqlalchemy.engine import URL

from gigawatt.errors import LedgerError
from gigawatt.ledger import book as books
from gigawatt.ledger import milestones
from gigawatt.ledger.facts import Fact, Recorded
from gigawatt.ledger.milestones import KINDS, agree, approve, disburse, same_name
from gigawatt.ledger.proof import verify

AMOUNTS_USD = [mark.amount_usd for mark in TERMS.milestones]
PEOPLE = ("ada", "Ada ", "bob", "carol")


def allowed(found: list[Recorded]) -> None:
    """Every payment is of a milestone that was met and approved by two when it was made, in turn, once, in full."""
    paid: list[int] = []
    for at, entry in enumerate(found):
        if entry.fact.kind != "disbursement":
            continue
        number = entry.fact.body["milestone"]
        row = milestones.milestones(found[:at])[number - 1]
        assert row.met
        assert len({same_name(name) for name in row.approved_by}) >= 2
        assert entry.fact.body["amount_usd"] == AMOUNTS_USD[number - 1]
        paid.append(number)
    assert paid == list(range(1, len(paid) + 1))


def released_usd(found: list[Recorded]) -> float:
    return sum(entry.fact.body["amount_usd"] for entry in found if entry.fact.kind == "disbursement")


STEPS = st.one_of(
    st.tuples(st.just("racks"), st.integers(1, 12), st.integers(1, 3)),
    st.tuples(st.just("energised"), st.integers(0, 25), st.integers(1, 5)),
    st.tuples(st.just("correct"), st.integers(0, 20), st.integers(0, 25)),
    st.tuples(st.just("withdraw"), st.integers(0, 20), st.just(0)),
    st.tuples(st.just("approve"), st.integers(1, 2), st.integers(0, 3)),
    st.tuples(st.just("disburse"), st.integers(1, 2), st.integers(0, 3)),
)


def step(book: Connection, what: str, one: int, other: int) -> None:
    """One thing that somebody does, whether or not the ledger takes it."""
    evidence = [entry.fact for entry in books.read(book, kinds=("site", "racks", "test", "approval"))]
    with contextlib.suppress(LedgerError):
        if what == "racks":
            books.append(book, [racks(one, day=other), acceptance(one, day=other + 1)], "ada")
        elif what == "energised":
            books.append(book, [power(one * 1e5, day=other)], "ada")
        elif what == "correct" and evidence:
            books.append(book, [_correction(evidence[one % len(evidence)], other)], "bob")
        elif what == "withdraw" and evidence:
            books.append(book, [withdrawn(evidence[one % len(evidence)])], "bob")
        elif what == "approve":
            approve(book, str(one), PEOPLE[other])
        elif what == "disburse":
            disburse(book, str(one), PEOPLE[other])


def _correction(of: Fact, size: int) -> Fact:
    make: dict[str, Callable[..., Fact]] = {"racks": racks, "test": acceptance}
    if of.kind in make:
        return make[of.kind](max(size, 1), corrects=of.identity)
    return power(size * 1e5, corrects=of.identity)


@given(st.lists(STEPS, max_size=25))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_money_released_never_exceeds_what_the_milestones_allow(ledger: URL, steps: list[tuple[str, int, int]]) -> None:
    with books.writing(ledger, keep=False) as book:
        agree(book, TERMS, "toy.toml", None, "ada")
        books.append(book, enough(11), "ada")
        for what, one, other in steps:
            step(book, what, one, other)
        found = list(books.read(book, kinds=KINDS))
    allowed(found)
    assert released_usd(found) <= sum(AMOUNTS_USD)


def test_the_steps_of_a_payment_do_release_it(ledger: URL) -> None:
    with books.writing(ledger) as book:
        agree(book, TERMS, "toy.toml", None, "ada")
        books.append(book, enough(11), "ada")
        for one, other in ((1, 0), (1, 1), (1, 2)):
            step(book, "approve", one, other)
        step(book, "disburse", 1, 3)
        found = list(books.read(book))
    allowed(found)
    assert released_usd(found) == 1e9


def _act(url: URL, start: threading.Barrier, name: str, told: list[str]) -> None:
    """Approve and disburse both milestones, again and again, each in a write of its own."""
    start.wait()
    for number in ("1", "2"):
        for act in (approve, disburse, disburse):
            try:
                with books.writing(url) as book:
                    made, _ = act(book, number, name)
                told.append(f"{act.__name__} {number} {'made' if made else 'before'}")
            except LedgerError:
                told.append(f"{act.__name__} {number} refused")


def test_of_two_who_pay_at_once_one_wins_and_the_other_is_told(ledger: URL) -> None:
    with books.writing(ledger) as book:
        agree(book, TERMS, "toy.toml", None, "ada")
        books.append(book, enough(20), "ada")
    told: list[str] = []
    start = threading.Barrier(3)
    threads = [threading.Thread(target=_act, args=(ledger, start, name, told)) for name in ("ada", "bob", "carol")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with books.reading(ledger) as book:
        found = list(books.read(book))
        assert verify(book).ok
    allowed(found)
    assert len(told) == 18
    assert released_usd(found) == sum(AMOUNTS_USD)
    assert [told.count(f"disburse {number} made") for number in (1, 2)] == [1, 1]
    assert all(one.hash == other.previous for one, other in pairwise(found))


def test_writers_at_once_leave_one_chain_without_a_gap(ledger: URL) -> None:
    start = threading.Barrier(4)

    def write(name: str) -> None:
        start.wait()
        for day in (1, 2, 3):
            with books.writing(ledger) as book:
                # The same fact of all, and one of each.
                books.append(book, [power(1e6, day=day), power(1e6, day=day, where=name)], name)

    threads = [threading.Thread(target=write, args=(name,)) for name in ("a", "b", "c", "d")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with books.reading(ledger) as book:
        assert verify(book).ok
        assert books.head(book)[0] == 15
