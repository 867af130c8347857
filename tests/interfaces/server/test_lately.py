"""What was found is remembered, and forgotten at once when anybody, of whichever process, has written."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from gigawatt.interfaces.server import people, results
from gigawatt.interfaces.server import store as stores
from gigawatt.interfaces.server.asked import Caller, Refused
from gigawatt.interfaces.server.settings import Settings
from gigawatt.interfaces.server.store import FILE, ServerStore

HERE = "192.0.2.7"
# What another process does to a database: one statement.
WRITES = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.execute(sys.argv[2]); db.commit()"


def by_token(store: ServerStore, secret: str) -> Caller:
    return people.by_token(store, secret, "http", HERE)


def by_session(store: ServerStore, secret: str) -> Caller:
    return people.by_session(store, secret, HERE)[0]


def admitted(store: ServerStore) -> list[tuple[Callable[[ServerStore, str], Caller], str]]:
    """Ada's token and session, both of which have let her in and are remembered."""
    people.add(store, "ada", "editor")
    token = people.issue(store, "ada", "editor").secret
    session = people.sign_in(store, "", token, HERE).secret
    found: list[tuple[Callable[[ServerStore, str], Caller], str]] = [(by_token, token), (by_session, session)]
    for _ in range(2):  # the first use of a token is written down
        assert all(enter(store, secret).role == "editor" for enter, secret in found)
    return found


def reads(store: ServerStore) -> list[str]:
    """Statements that are asked of the database, from now on."""
    asked: list[str] = []

    @event.listens_for(store._engine, "before_cursor_execute")
    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        del connection, cursor, rest
        asked.append(statement)

    return asked


def test_whoever_was_found_is_not_looked_up_again(store: ServerStore) -> None:
    found = admitted(store)
    asked = reads(store)
    assert [enter(store, secret).name for enter, secret in found] == ["ada", "ada"]
    assert asked == []


CHANGES = {
    "token revoked": "UPDATE tokens SET revoked = '2025-09-01T00:00:00.000Z'",
    "person removed": "UPDATE people SET removed = '2025-09-01T00:00:00.000Z'",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_another_process_shuts_the_door_before_the_next_request(
    store: ServerStore, settings: Settings, change: str
) -> None:
    found = admitted(store)
    subprocess.run([sys.executable, "-c", WRITES, str(settings.data / FILE), change], check=True)
    for enter, secret in found:
        with pytest.raises(Refused):
            enter(store, secret)


@pytest.mark.parametrize("how", ["revoked", "removed", "lowered"])
def test_another_server_of_the_same_database_is_heard_at_once(
    each_store: ServerStore, another: Callable[[], ServerStore], how: str
) -> None:
    found, other = admitted(each_store), another()
    if how == "revoked":
        people.revoke(other, people.tokens(other)[0].id)
    elif how == "removed":
        people.add(other, "bob", "owner")
        people.remove(other, "ada")
    else:
        people.change(other, "ada", "viewer")
    for enter, secret in found:
        if how == "lowered":
            assert enter(each_store, secret).role == "viewer"
        else:
            with pytest.raises(Refused):
                enter(each_store, secret)


def test_what_is_remembered_ends_by_the_clock_where_nobody_writes(
    store: ServerStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = admitted(store)
    monkeypatch.setattr(people, "now", lambda *_: "2999-01-01T00:00:00.000Z")
    assert by_token(store, found[0][1]).name == "ada"  # of a token that never ends
    with pytest.raises(Refused):
        by_session(store, found[1][1])


def test_neither_passes_for_the_other_once_both_are_remembered(store: ServerStore) -> None:
    (_, token), (_, session) = admitted(store)
    for enter, secret in ((by_token, session), (by_session, token)):
        with pytest.raises(Refused):
            enter(store, secret)


def test_what_is_found_while_somebody_writes_is_not_believed_twice(store: ServerStore, settings: Settings) -> None:
    """The write comes between the look and its being kept."""
    raw, found = sqlite3.connect(settings.data / FILE), iter(["before", "after"])

    def look(connection: Connection) -> str:
        connection.execute(text("SELECT 1"))
        raw.execute("INSERT INTO texts VALUES (hex(randomblob(8)), '')")
        raw.commit()
        return next(found)

    assert store.lately("key", look) == "before"
    assert store.lately("key", look) == "after"
    raw.close()


def test_what_is_not_there_is_looked_for_again(store: ServerStore) -> None:
    found = iter([None, "there by now"])
    assert store.lately("key", lambda _: next(found)) is None
    assert store.lately("key", lambda _: next(found)) == "there by now"


def test_memory_holds_so_many_and_no_secret(store: ServerStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "MOST_KEPT", 2)
    people.add(store, "ada", "owner")
    secrets = [people.issue(store, "ada", "viewer").secret for _ in range(5)]
    for secret in [*secrets, *secrets]:
        assert by_token(store, secret).name == "ada"
    held = store._lately[1]
    assert 0 < len(held) <= 2
    assert not any(secret in str(held) for secret in secrets)


def test_a_result_that_is_removed_by_another_process_is_gone_at_once(store: ServerStore, settings: Settings) -> None:
    id_, database = "ab" * 16, str(settings.data / FILE)
    columns = f"'{id_}', 'run', '{{}}', '{{}}', 'ada', 'done', '2025', '2025', '2025', '', 1, 0, 1, 0"
    asked = f"INSERT INTO jobs VALUES ({columns}, NULL, NULL, NULL, 0, NULL)"
    subprocess.run([sys.executable, "-c", WRITES, database, asked], check=True)
    assert [view.id for view in results.listed(store)] == [results.get(store, id_).id] == [id_]
    gone = "UPDATE jobs SET removed = '2025-09-01T00:00:00.000Z'"
    subprocess.run([sys.executable, "-c", WRITES, database, gone], check=True)
    assert results.listed(store) == []
    with pytest.raises(Refused):
        results.get(store, id_)


def test_a_version_changes_with_every_write_and_with_no_read(store: ServerStore) -> None:
    before = store.version()
    people.listed(store)
    assert store.version() == before
    people.add(store, "ada", "owner")
    assert store.version() != before


def test_a_store_that_is_closed_has_no_version_and_lets_go_of_its_file(tmp_path: Path) -> None:
    closed = ServerStore(Settings(database=str(tmp_path / "gigawatt.db"), data=tmp_path))
    closed.close()
    assert closed.version() is None
    assert not (tmp_path / f"{FILE}-wal").exists()
