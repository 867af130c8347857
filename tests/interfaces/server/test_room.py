"""The room: who may ask what, short verbs at once and long ones as jobs, and a trail of every change."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

sys.path.insert(0, str(Path(__file__).parent))
from odd_server import path, waited

from gigawatt.errors import ScenarioError
from gigawatt.interfaces.server import audit, people, workers
from gigawatt.interfaces.server.asked import ROLES, Caller, Refused, Reply, Role, Unanswered
from gigawatt.interfaces.server.room import Room, lasts, least, named
from gigawatt.interfaces.server.settings import ServerLimits, Settings
from gigawatt.interfaces.server.tables import JOBS
from gigawatt.study.verbs import VERBS, Verb


def caller(role: Role = "owner", name: str = "ada") -> Caller:
    return Caller(name=name, role=role, door="http", token="t1", address="192.0.2.1")


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """A room with odd workers, for all tests of this file."""
    folder = tmp_path_factory.mktemp("room")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workers, "MODULE", "odd_worker")
        patch.setenv("PYTHONPATH", path())
        settings = Settings(database=str(folder / "l.db"), data=folder / "data", limits=ServerLimits(asking_count=2))
        with Room(settings) as found:
            people.add(found.store, "ada", "owner")
            yield found


def trail(room: Room) -> list[tuple[str | None, str, str]]:
    return [(line.who, line.action, line.outcome) for line in audit.listed(room.store)]


def test_what_changes_more_asks_for_a_higher_role() -> None:
    found = {verb.name: least(verb) for verb in VERBS}
    assert [found[name] for name in ("check", "allocate", "ledger status", "export kueue")] == ["viewer"] * 4
    assert [found[name] for name in ("run", "sweep", "ledger record", "ledger import")] == ["editor"] * 4
    assert [found[name] for name in ("ledger approve", "ledger disburse")] == ["approver"] * 2
    assert not [verb.name for verb in VERBS if lasts(verb) and found[verb.name] == "viewer"]


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_whoever_may_less_is_refused_before_anything_is_looked_at(room: Room, verb: Verb) -> None:
    for role in ROLES[: ROLES.index(least(verb))]:
        for ask in (room.ask, room.start, room.estimate):
            with pytest.raises(Refused, match=f"a role of {least(verb)} or more") as caught:
                ask(caller(role), verb.name, {"scenario": "nowhere", "no such key": 1})
            assert caught.value.why == "forbidden"
    if verb.changes != "nothing":
        assert trail(room)[0] == ("ada", verb.name, "forbidden")


def test_a_verb_that_is_none_is_absent(room: Room) -> None:
    with pytest.raises(Refused) as caught:
        room.ask(caller(), "sweeep", {})
    assert caught.value.why == "absent"


def test_a_short_verb_is_answered_at_once_and_leaves_no_trail(room: Room) -> None:
    before = trail(room)
    reply = room.ask(caller("viewer"), "catalog_list", {})
    assert reply.code == 0
    assert json.loads(reply.body)["values"] == {}
    assert trail(room) == before


def test_a_change_leaves_a_trail_with_who_and_what_came_of_it(room: Room) -> None:
    reply = room.ask(caller("editor"), "ledger record", {"kind": "racks", "source": "note"})
    assert reply.code == 0
    assert trail(room)[0] == ("ada", "ledger record", "done")


def test_a_worker_is_told_who_asks_and_where_the_ledger_is(room: Room) -> None:
    reply = room.ask(caller("editor"), "ledger status", {})
    assert json.loads(reply.body)["values"]["database"] == room.settings.database


def test_what_is_kept_of_a_job_holds_no_address_of_a_database(room: Room) -> None:
    order = room._order(caller(), named("ledger verify"), {})
    view = room.queue.put("ada", order, {}, 0.0)
    found = json.loads(room.queue.reply(view.id).body)
    assert found["values"]["database"] == room.settings.database  # which its worker was told
    with room.store.reading() as connection:
        orders = list(connection.execute(select(JOBS.c.order)).scalars())
    assert orders
    assert not [text for text in orders if room.settings.database in text]


def test_a_short_verb_that_keeps_files_waits_for_no_job(room: Room, tmp_path: Path) -> None:
    order = room._order(caller(), named("hedge"), {"scenario": "one-campus"})
    gate = replace(order, values={"gate": str(tmp_path / "gate")})
    first = room.queue.put("ada", gate, {}, 0.0)
    waited(lambda: room.job(first.id).state == "running")
    reply = room.ask(caller("editor"), "ledger example", {})
    assert reply.code == 0
    assert room.job(first.id).state == "running"
    (view,) = room.jobs(count=1)
    assert (view.verb, view.state) == ("ledger example", "done")
    assert trail(room)[0] == ("ada", "ledger example", "done")
    (tmp_path / "gate").touch()
    assert room.wait(first.id, 30.0).state == "done"


def test_more_questions_at_once_than_the_limit_are_told_that_it_is_busy(room: Room) -> None:
    verb = VERBS[0]
    with room._seat(verb), room._seat(verb), pytest.raises(Refused) as caught:
        room.ask(caller(), "catalog list", {})
    assert caught.value.why == "busy"
    assert room.ask(caller(), "catalog list", {}).code == 0


def test_a_long_verb_is_a_job_of_whoever_asked_and_only_they_or_an_owner_cancel_it(room: Room) -> None:
    view = room.start(caller("editor", "ben"), "hedge", {"scenario": "one-campus"})
    assert (view.verb, view.who, view.state) == ("hedge", "ben", "waiting")
    with pytest.raises(Refused) as caught:
        room.cancel(caller("approver", "cleo"), view.id)
    assert caught.value.why == "forbidden"
    assert room.cancel(caller("owner", "dan"), view.id).id == view.id
    assert room.wait(view.id, 30.0).state in ("cancelled", "done")
    kept = [("dan", "job cancelled", "done"), ("cleo", "job cancelled", "forbidden"), ("ben", "hedge", "done")]
    assert trail(room)[:3] == kept
    assert room.cancel(caller("owner", "dan"), view.id).state in ("cancelled", "done")
    assert trail(room)[:3] == kept  # what has ended is not cancelled


@pytest.mark.parametrize("values", [{"scenario": "nowhere"}, {"scenario": "one-campus", "draws": "none"}, {"x": 1}])
def test_a_question_that_cannot_be_read_is_no_job(room: Room, values: dict[str, Any]) -> None:
    before = room.jobs()
    for ask in (room.start, room.estimate):
        with pytest.raises((ScenarioError, Unanswered)):
            ask(caller("editor"), "sweep", values)
    assert room.jobs() == before


def test_many_threads_ask_one_room(room: Room) -> None:
    room._asking = threading.BoundedSemaphore(16)
    replies: list[Reply] = []
    threads = [
        threading.Thread(target=lambda: replies.append(room.ask(caller(), "catalog list", {}))) for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [reply.code for reply in replies] == [0] * 16
