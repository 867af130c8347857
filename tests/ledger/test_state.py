"""What facts come to, in whatever order and however often they were told."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plain_reader import hours, write
from programme import TERMS, acceptance, power, racks, withdrawn
from sqlalchemy.engine import URL

from gigawatt.errors import LedgerError
from gigawatt.ledger import book as books
from gigawatt.ledger import importing, milestones, readings
from gigawatt.ledger.facts import Fact
from gigawatt.ledger.milestones import agree
from gigawatt.ledger.state import standing, state_of
from gigawatt.readers.readings import FileAsked


def money(amount_usd: float, day: int = 1, direction: str = "out", item: str = "racks") -> Fact:
    body = {"direction": direction, "item": item, "amount_usd": amount_usd, "site": ""}
    return Fact(kind="money", happened=f"2025-03-{day:02}T00:00:00.000Z", body=body, source="bill")


def work(tokens: float, flop: float = 0.0, day: int = 1) -> Fact:
    body = {"use_case": "chat", "served_tokens": tokens, "trained_flop": flop, "site": ""}
    return Fact(kind="work", happened=f"2025-03-{day:02}T00:00:00.000Z", body=body, source="log")


def test_the_last_word_on_a_stage_holds_and_the_rest_adds_up() -> None:
    found = [power(1e6, 5), power(5e5, 1), racks(10), racks(4, day=3, change="retired"), work(5.0), work(7.0, 1e20, 2)]
    state = state_of([*found, money(3.0), money(0.1), money(0.2, day=2), money(9.0, direction="in", item="debt")])
    stage = state.power("abilene", "energised")
    assert stage is not None
    assert (stage.power_w, stage.since[:10]) == (1e6, "2025-03-05")
    assert state.power("abilene", "it_loaded") is None
    assert (state.racks, state.accepted) == ({("abilene", "nvl72"): 6}, {("abilene", "nvl72"): 10})
    assert (state.served_tokens, state.trained_flop) == ({"chat": 12.0}, {"chat": 1e20})
    assert state.money_usd == pytest.approx({("in", "debt"): 9.0, ("out", "racks"): 3.3})


def test_what_had_not_happened_by_a_moment_is_not_counted() -> None:
    state = state_of([power(5e5, 1), power(1e6, 5)], until="2025-03-04T00:00:00.000Z")
    stage = state.power("abilene", "energised")
    assert stage is not None
    assert stage.power_w == 5e5


def test_what_was_corrected_is_not_counted_at_its_old_time_either() -> None:
    wrong = racks(10, day=2)
    right = racks(8, day=6, corrects=wrong.identity)
    assert state_of([wrong, right], until="2025-03-04T00:00:00.000Z").accepted == {}
    assert state_of([wrong, right]).accepted == {("abilene", "nvl72"): 8}


def test_of_a_chain_of_corrections_the_last_stands_and_what_is_withdrawn_leaves_nothing() -> None:
    first = racks(10)
    second = racks(9, corrects=first.identity)
    third = racks(8, corrects=second.identity)
    assert standing([third, first, second]) == [third]
    assert standing([third, first, withdrawn(third), second]) == []


def test_what_holds_after_all_stands_in_the_place_of_its_retraction() -> None:
    first = racks(10)
    gone = withdrawn(first)
    after_all = racks(10, corrects=gone.identity)
    assert standing([first, gone, after_all]) == [after_all]


def test_of_two_corrections_of_one_fact_one_stands_with_what_follows_from_it() -> None:
    first = racks(10)
    rivals = sorted((racks(9, corrects=first.identity), racks(8, corrects=first.identity)), key=lambda f: f.identity)
    heirs = [racks(5 + n, corrects=rival.identity) for n, rival in enumerate(rivals)]
    for order in ([first, *rivals, *heirs], [*heirs, *rivals[::-1], first]):
        assert standing(order) == [heirs[1]]


@st.composite
def histories(draw: st.DrawFn) -> list[Fact]:
    """Facts, each of which may correct or withdraw one before it that stands."""
    found: list[Fact] = []
    for _ in range(draw(st.integers(1, 12))):
        day, size = draw(st.integers(1, 5)), draw(st.integers(1, 30))
        target = draw(st.none() | st.sampled_from(found)) if found else None
        taken = {fact.corrects for fact in found}
        if target is not None and target.identity not in taken and target.kind != "retraction":
            make = {"site": power, "racks": racks, "test": acceptance}[target.kind]
            new = make(size, day=day, corrects=target.identity) if draw(st.booleans()) else withdrawn(target, day)
        else:
            new = draw(st.sampled_from([power(size * 1e5, day=day), racks(size, day=day), acceptance(size, day=day)]))
        found.append(new)
    return found


@given(histories(), st.randoms(use_true_random=False), st.integers(0, 6))
@settings(max_examples=100, deadline=None)
def test_any_order_and_any_duplication_of_facts_is_the_same_state(
    found: list[Fact], mixed: random.Random, more: int
) -> None:
    again = found + [mixed.choice(found) for _ in range(more)]
    mixed.shuffle(again)
    assert state_of(again) == state_of(found)
    assert milestones.counted(TERMS, standing(again)) == milestones.counted(TERMS, standing(found))


def _recorded(url: URL, found: list[Fact]) -> tuple[object, ...]:
    """What facts come to, recorded one after another in an order in which each follows what it corrects."""
    with books.writing(url, keep=False) as book:
        agree(book, TERMS, "toy.toml", None, "ada")
        waiting = list(found)
        while waiting:
            fact = waiting.pop(0)
            try:
                books.append(book, [fact], "ada")
            except LedgerError:
                waiting.append(fact)
        kept = list(books.read(book))
        rows = milestones.milestones(kept)
        return state_of(entry.fact for entry in kept if entry.fact.kind != "terms"), rows


@given(histories(), st.randoms(use_true_random=False), st.integers(0, 4))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_and_any_duplication_of_recording_is_the_same_state_and_the_same_milestones(
    ledger: URL, found: list[Fact], mixed: random.Random, more: int
) -> None:
    again = found + [mixed.choice(found) for _ in range(more)]
    mixed.shuffle(again)
    assert _recorded(ledger, again) == _recorded(ledger, found)


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 50)), min_size=1, max_size=4),
    st.randoms(use_true_random=False),
)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_files_that_overlap_come_to_the_same_in_any_order_and_however_often(
    ledger: URL,
    tmp_path_factory: pytest.TempPathFactory,
    spans: list[tuple[int, int]],
    mixed: random.Random,
) -> None:
    folder = tmp_path_factory.mktemp("files")
    meters = [row for first, count in spans for row in hours(count, first=first)]
    rows = [(name, start, end, 100.0 + start % 7) for name, start, end, _ in meters]
    files, at = [], 0
    for n, (_, count) in enumerate(spans):
        part = rows[at : at + count]
        mixed.shuffle(part)
        files.append(write(folder / f"{n}.csv", part))
        at += count
    whole = {row[1]: row[3] for row in rows}
    shuffled = [*files, mixed.choice(files)]
    mixed.shuffle(shuffled)
    for order in (files, shuffled):
        with books.writing(ledger, keep=False) as book:
            for file in order:
                importing.take(book, importing.source(file, "plain", FileAsked()), "ada")
            totals = readings.totals(book)
        assert sum(one.count for one in totals) == len(whole)
        assert sum(one.total for one in totals) == pytest.approx(sum(whole.values()))


def test_a_state_of_nothing_is_empty(fresh: Callable[..., URL]) -> None:
    with books.reading(fresh()) as book:
        state = state_of(entry.fact for entry in books.read(book))
    assert (state.stages, state.racks, state.money_usd, state.disbursed_usd) == ((), {}, {}, {})
