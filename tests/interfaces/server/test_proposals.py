"""What is proposed is confirmed once, soon, by who proposed it, and as it was proposed."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from gigawatt.interfaces.server import proposals
from gigawatt.interfaces.server import store as stores
from gigawatt.interfaces.server.asked import Caller, Refused
from gigawatt.interfaces.server.passwords import digest
from gigawatt.interfaces.server.store import ServerStore

ASKED, OTHER = digest("run one-campus"), digest("run three-sites")


def caller(name: str, **values: Any) -> Caller:
    return Caller(**({"name": name, "role": "editor", "door": "mcp"} | values))


def refused(why: str, do: Any, *places: Any) -> None:
    with pytest.raises(Refused) as caught:
        do(*places)
    assert (caught.value.why, caught.value.path) == (why, "confirm")


def test_a_proposal_is_confirmed_once(each_store: ServerStore) -> None:
    secret = proposals.propose(each_store, caller("ada"), ASKED)
    proposals.confirm(each_store, caller("ada", token="0" * 16, door="http"), ASKED, secret)
    refused("conflict", proposals.confirm, each_store, caller("ada"), ASKED, secret)


def test_nobody_confirms_for_another_or_something_else(each_store: ServerStore) -> None:
    secret = proposals.propose(each_store, caller("ada"), ASKED)
    refused("conflict", proposals.confirm, each_store, caller("ben", role="owner"), ASKED, secret)
    refused("conflict", proposals.confirm, each_store, caller("ada"), OTHER, secret)
    for word in ("", secret[:-1], secret + "A", secret.swapcase(), "\x00" * 43, "\ud800", "x" * 1_000_000, "' OR 1=1"):
        refused("conflict", proposals.confirm, each_store, caller("ada"), ASKED, word)
    proposals.confirm(each_store, caller("ada"), ASKED, secret)


def test_a_proposal_is_forgotten_after_ten_minutes(each_store: ServerStore, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = proposals.propose(each_store, caller("ada"), ASKED)
    true = stores.now
    monkeypatch.setattr(proposals, "now", lambda later_s=0.0: true(later_s + proposals.LASTS_S + 1))
    refused("conflict", proposals.confirm, each_store, caller("ada"), ASKED, secret)


def test_of_many_who_confirm_at_once_one_does(each_store: ServerStore) -> None:
    secret = proposals.propose(each_store, caller("ada"), ASKED)
    found: list[str] = []

    def confirm() -> None:
        try:
            proposals.confirm(each_store, caller("ada"), ASKED, secret)
            found.append("done")
        except Refused as told:
            found.append(told.why)

    all_of_them = [threading.Thread(target=confirm) for _ in range(8)]
    for one in all_of_them:
        one.start()
    for one in all_of_them:
        one.join()
    assert sorted(found) == ["conflict"] * 7 + ["done"]


def test_proposals_of_a_person_are_bounded_and_make_room_as_they_end(
    store: ServerStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proposals, "MOST_COUNT", 2)
    secret, _ = (proposals.propose(store, caller("ada"), ASKED) for _ in range(2))
    refused("limit", proposals.propose, store, caller("ada"), ASKED)
    assert proposals.propose(store, caller("ben"), ASKED)
    proposals.confirm(store, caller("ada"), ASKED, secret)
    assert proposals.propose(store, caller("ada"), ASKED)
    true = stores.now
    monkeypatch.setattr(proposals, "now", lambda later_s=0.0: true(later_s + proposals.LASTS_S + 1))
    assert proposals.propose(store, caller("ada"), ASKED)
