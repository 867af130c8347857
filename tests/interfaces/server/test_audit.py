"""The trail of what was changed: in order, whole, and fit for a terminal whatever was asked."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from gigawatt.interfaces.server import audit
from gigawatt.interfaces.server.asked import Caller
from gigawatt.interfaces.server.store import ServerStore

ADA = Caller(name="ada", role="owner", door="mcp", token="0123456789abcdef", address="192.0.2.7")


def noted(store: ServerStore, object_: str, caller: Caller | None = ADA, **values: Any) -> None:
    said = {"action": "scenario kept", "outcome": "done"} | values
    audit.write(store, caller, object=object_, **said)


def test_a_line_says_who_what_whence_and_what_came_of_it(each_store: ServerStore) -> None:
    noted(each_store, "three-sites")
    noted(each_store, "two-sites", None, outcome="forbidden")
    second, first = audit.listed(each_store)
    assert (first.who, first.token, first.door, first.address) == ("ada", ADA.token, "mcp", "192.0.2.7")
    assert (first.action, first.object, first.outcome) == ("scenario kept", "three-sites", "done")
    assert (second.who, second.token, second.outcome) == (None, None, "forbidden")
    assert first.number < second.number
    assert first.at <= second.at


def test_a_line_within_a_change_is_there_only_with_it(each_store: ServerStore) -> None:
    with suppress(OSError), each_store.writing() as connection:
        audit.add(connection, ADA, action="scenario kept", object="a")
        raise OSError("no room")
    assert audit.listed(each_store) == ()
    with each_store.writing() as connection:
        audit.add(connection, ADA, action="scenario kept", object="a")
    (line,) = audit.listed(each_store)
    assert (line.door, line.address, line.outcome) == ("mcp", "192.0.2.7", "done")


def test_the_trail_is_told_in_pages_the_newest_first(store: ServerStore) -> None:
    for number in range(25):
        noted(store, str(number))
    first = audit.listed(store, count=10)
    then = audit.listed(store, before=first[-1].number, count=10)
    assert [line.object for line in (*first, *then)] == [str(number) for number in range(24, 4, -1)]
    assert len(audit.listed(store)) == 25


@pytest.mark.parametrize("before", [0, -1, -(10**30), 10**30])
@pytest.mark.parametrize("count", [0, -1, 10**30])
def test_any_whole_numbers_ask_for_some_page(store: ServerStore, before: int, count: int) -> None:
    noted(store, "a")
    assert len(audit.listed(store, before, count)) == (before > 1)


HOSTILE = ["\x00", "a\nb", "\x1b[31mred", "\u202etxt.exe", "\ud800", "x" * 1_000_000, "'; DROP TABLE audit; --", ""]


def test_whatever_is_asked_becomes_one_line_that_may_go_to_a_terminal(each_store: ServerStore) -> None:
    for text in HOSTILE:
        noted(each_store, text, replace(ADA, address=text), action=text, outcome=text)
    for line in audit.listed(each_store):
        for text in (line.action, line.object, line.outcome):
            assert text.isprintable()
            assert len(text) <= audit.MOST_TEXT
        assert len(line.address) <= 64
    assert len(audit.listed(each_store)) == len(HOSTILE)


def test_many_at_once_lose_no_line(each_store: ServerStore) -> None:
    writers = [threading.Thread(target=noted, args=[each_store, str(number)]) for number in range(20)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    assert {line.object for line in audit.listed(each_store)} == {str(number) for number in range(20)}
