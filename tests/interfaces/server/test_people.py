"""Who may ask, by what they are let in, and that nobody else is."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event, insert, select, update

from gigawatt.interfaces.server import audit, passwords, people, roster
from gigawatt.interfaces.server import store as stores
from gigawatt.interfaces.server.asked import ROLES, Caller, Refused
from gigawatt.interfaces.server.passwords import Guesses
from gigawatt.interfaces.server.settings import Settings
from gigawatt.interfaces.server.store import ServerStore
from gigawatt.interfaces.server.tables import PEOPLE, SESSIONS, TOKENS

PASSWORD = "correct horse battery"
HERE = "192.0.2.7"


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords cost little, as no test guesses any."""
    monkeypatch.setattr(passwords, "COST", (16, 8, 1))


def refused(why: str, path: str, do: Callable[..., Any], *places: Any, **values: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        do(*places, **values)
    assert (caught.value.why, caught.value.path) == (why, path)
    assert all(text.isprintable() for text in (caught.value.given, caught.value.expected))
    return caught.value


def let_in(store: ServerStore, secret: str) -> Caller:
    return people.by_token(store, secret, "http", HERE)


def caller(name: str, role: Any, token: str | None = None) -> Caller:
    return Caller(name=name, role=role, door="page", token=token, address=HERE)


def trail(store: ServerStore) -> list[tuple[str, str]]:
    return [(line.action, line.object) for line in reversed(audit.listed(store))]


def test_a_token_lets_its_person_in_with_its_role_until_it_is_revoked(each_store: ServerStore) -> None:
    people.add(each_store, "Ada", "approver")
    made = people.issue(each_store, "Ada", "editor", "nightly import")
    found = let_in(each_store, made.secret)
    assert found == Caller(name="Ada", role="editor", door="http", token=made.id, address=HERE)
    (shown,) = people.tokens(each_store, "ada")
    assert (shown.id, shown.label, shown.role, shown.expires) == (made.id, "nightly import", "editor", None)
    people.revoke(each_store, made.id)
    refused("unknown", "token", let_in, each_store, made.secret)
    assert people.tokens(each_store) == ()
    assert trail(each_store) == [
        ("person added", "Ada, approver"),
        ("token issued", f"{made.id} of Ada, editor"),
        ("token revoked", f"{made.id} of Ada"),
    ]


def test_nothing_of_a_secret_stands_in_the_database_or_in_a_text(store: ServerStore, settings: Settings) -> None:
    people.add(store, "ada", "owner", PASSWORD)
    made = people.issue(store, "ada", "owner")
    session = people.sign_in(store, "ada", PASSWORD, HERE)
    told = repr(made) + repr(session) + repr(people.tokens(store)) + repr(audit.listed(store))
    raw = b"".join(file.read_bytes() for file in settings.data.iterdir())
    for secret in (made.secret, session.secret, session.csrf, PASSWORD):
        assert secret not in told
        assert secret.encode() not in raw


HOSTILE = [
    "",
    " ",
    "gw_",
    "Bearer",
    "gw_" + "x" * 43,
    "gw_" + "x" * 1_000_000,
    "x" * 46,
    "\x00" * 46,
    "gw_" + "\x00" * 43,
    "gw_" + "а" * 43,
    "gw_" + "\ud800" * 43,
    "' OR 1=1 --",
    "gw_" + "%" * 43,
]


def test_what_is_no_token_lets_nobody_in(each_store: ServerStore) -> None:
    people.add(each_store, "ada", "owner")
    people.issue(each_store, "ada", "owner")
    for secret in HOSTILE:
        refused("unknown", "token", let_in, each_store, secret)
        refused("unknown", "session", people.by_session, each_store, secret, HERE)
        people.sign_out(each_store, secret)
    assert len(people.tokens(each_store)) == 1


def test_a_token_that_is_cut_extended_or_changed_in_case_lets_nobody_in(store: ServerStore) -> None:
    people.add(store, "ada", "viewer")
    secret = people.issue(store, "ada", "viewer").secret
    for other in (secret[:-1], secret + "A", secret[3:], secret.swapcase(), f" {secret}", secret + "\n", secret[::-1]):
        refused("unknown", "token", let_in, store, other)
    assert let_in(store, secret).name == "ada"


def test_a_token_of_another_server_lets_nobody_in(store: ServerStore, tmp_path: Any) -> None:
    other = ServerStore(Settings(database=str(tmp_path / "other.db"), data=tmp_path / "other"))
    people.add(other, "ada", "owner")
    secret = people.issue(other, "ada", "owner").secret
    other.close()
    people.add(store, "ada", "owner")
    refused("unknown", "token", let_in, store, secret)


def test_a_token_ends_when_it_says(each_store: ServerStore, monkeypatch: pytest.MonkeyPatch) -> None:
    people.add(each_store, "ada", "viewer")
    made = people.issue(each_store, "ada", "viewer", expires_s=60)
    assert made.expires is not None
    assert let_in(each_store, made.secret).name == "ada"
    true = stores.now
    monkeypatch.setattr(people, "now", lambda later_s=0.0: true(later_s + 61))
    refused("unknown", "token", let_in, each_store, made.secret)


@pytest.mark.parametrize("expires_s", [0, -1, float("nan"), float("inf"), 1e12, 0.01])
def test_a_token_lives_for_a_time_that_there_is(store: ServerStore, expires_s: float) -> None:
    people.add(store, "ada", "viewer")
    refused("wrong", "expires", people.issue, store, "ada", "viewer", expires_s=expires_s)


def test_a_token_allows_no_more_than_its_person_may_now(each_store: ServerStore) -> None:
    people.add(each_store, "root", "owner")
    people.add(each_store, "ada", "approver", PASSWORD)
    secret = people.issue(each_store, "ada", "approver").secret
    session = people.sign_in(each_store, "ada", PASSWORD, HERE)
    people.change(each_store, "ada", role="viewer")
    assert let_in(each_store, secret).role == "viewer"
    assert people.by_session(each_store, session.secret, HERE)[0].role == "viewer"
    people.change(each_store, "ada", role="owner")
    assert let_in(each_store, secret).role == "approver"
    assert people.by_session(each_store, session.secret, HERE)[0].role == "approver"
    refused("forbidden", "role", people.issue, each_store, "ada", "owner", by=caller("ada", "editor"))


def test_somebody_who_is_removed_is_out_at_once_whichever_process_removes_them(
    each_store: ServerStore, another: Callable[[], ServerStore]
) -> None:
    people.add(each_store, "root", "owner")
    people.add(each_store, "ada", "editor", PASSWORD)
    secret = people.issue(each_store, "ada", "editor").secret
    session = people.sign_in(each_store, "ada", PASSWORD, HERE).secret
    assert let_in(each_store, secret)
    assert people.by_session(each_store, session, HERE)
    people.remove(another(), "ADA")
    refused("unknown", "token", let_in, each_store, secret)
    refused("unknown", "session", people.by_session, each_store, session, HERE)
    refused("unknown", "name", people.sign_in, each_store, "ada", PASSWORD, HERE)
    refused("absent", "name", people.issue, each_store, "ada", "viewer")
    assert [one.name for one in people.listed(each_store)] == ["root"]


def test_somebody_who_comes_again_has_none_of_their_old_tokens(each_store: ServerStore) -> None:
    people.add(each_store, "root", "owner")
    people.add(each_store, "Ada", "owner", PASSWORD)
    secret = people.issue(each_store, "Ada", "owner").secret
    people.remove(each_store, "ada")
    assert people.add(each_store, "ada", "viewer").password is False
    refused("unknown", "token", let_in, each_store, secret)
    assert people.tokens(each_store, "Ada") == ()


def test_a_person_is_removed_while_their_token_is_in_use(each_store: ServerStore) -> None:
    people.add(each_store, "root", "owner")
    people.add(each_store, "ada", "viewer")
    secret = people.issue(each_store, "ada", "viewer").secret
    removed, late, failed = threading.Event(), list[Caller](), list[BaseException]()

    def use() -> None:
        for _ in range(200):
            gone = removed.is_set()
            try:
                found = let_in(each_store, secret)
                if gone:
                    late.append(found)
            except Refused:
                return
            except BaseException as error:
                failed.append(error)
                return

    users = [threading.Thread(target=use) for _ in range(4)]
    for one in users:
        one.start()
    people.remove(each_store, "ada")
    removed.set()
    for one in users:
        one.join()
    assert (late, failed) == ([], [])
    refused("unknown", "token", let_in, each_store, secret)


NAMES = [
    "",
    " ",
    "\u00a0",
    "x" * 81,
    "a\x00da",
    "a\nda",
    "a\x1b[31mda",
    "ada\u202e",
    "a\u200bda",
    "a\u200dda",
    "ada\ufe0f",
    "ada\u115f",
    "\u2800",
    "\ud800",
    "Аda",
    "Αda",
    "ada\u3164",
]


def test_a_name_is_seen_and_looks_like_no_other(each_store: ServerStore) -> None:
    for name in NAMES:
        refused("wrong", "name", people.add, each_store, name, "viewer")
    assert people.listed(each_store) == ()


LINES = ["'; DROP TABLE people; --", "<script>alert(1)</script>", "Ада Лавлейс", "李雷", "../x"]


def test_a_name_may_be_any_line_of_text_and_does_nothing(each_store: ServerStore) -> None:
    for name in LINES:
        people.add(each_store, name, "viewer")
        assert let_in(each_store, people.issue(each_store, name).secret).name == name
    assert sorted(one.name for one in people.listed(each_store)) == sorted(LINES)


def test_one_person_has_one_name_however_it_is_spelled(each_store: ServerStore) -> None:
    for name, others in {"Ada": ["ada", "ADA", " Ada ", "Ａda"], "\u00c5sa": ["A\u030asa", "\u212bSA"]}.items():
        people.add(each_store, name, "viewer")
        for other in others:
            refused("conflict", "name", people.add, each_store, other, "owner")
    assert [(one.name, one.role) for one in people.listed(each_store)] == [("Ada", "viewer"), ("\u00c5sa", "viewer")]


ADDS = """
import sys
from pathlib import Path
from gigawatt.interfaces.server import people
from gigawatt.interfaces.server.asked import Refused
from gigawatt.interfaces.server.settings import Settings
from gigawatt.interfaces.server.store import ServerStore
store = ServerStore(Settings(database=sys.argv[1], data=Path(sys.argv[2])))
print("ready", flush=True)
sys.stdin.readline()
try:
    people.add(store, sys.argv[3], "viewer")
    print("added")
except Refused as refused:
    print(refused.why)
"""


def test_of_two_processes_that_add_one_name_at_once_one_does(each_store: ServerStore, each_settings: Settings) -> None:
    where = [each_settings.database, str(each_settings.data)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    both = [subprocess.Popen([sys.executable, "-c", ADDS, *where, name], **pipes) for name in ("Ada", "ADA")]
    for one in both:
        assert one.stdout.readline() == "ready\n"
    for one in both:
        one.stdin.write("\n")
        one.stdin.flush()
    assert sorted(one.communicate(timeout=30)[0] for one in both) == ["added\n", "conflict\n"]
    assert len(people.listed(each_store)) == 1


@pytest.mark.parametrize("how", ["remove", "lower"])
def test_the_last_owner_stays(each_store: ServerStore, how: str) -> None:
    people.add(each_store, "ada", "owner")
    people.add(each_store, "ben", "owner")
    people.add(each_store, "cleo", "approver")
    gone = people.remove if how == "remove" else lambda store, name: people.change(store, name, role="approver")
    gone(each_store, "ada")
    refused("conflict", "name", gone, each_store, "ben")
    assert [one.name for one in people.listed(each_store) if one.role == "owner"] == ["ben"]


def test_of_two_owners_who_leave_at_once_one_stays(each_store: ServerStore) -> None:
    for name in ("ada", "ben"):
        people.add(each_store, name, "owner")
    left, stayed = list[str](), list[str]()

    def leave(name: str) -> None:
        try:
            people.remove(each_store, name)
            left.append(name)
        except Refused as told:
            stayed.append(told.why)

    both = [threading.Thread(target=leave, args=[name]) for name in ("ada", "ben")]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert (len(left), stayed) == (1, ["conflict"])
    assert len(people.listed(each_store)) == 1


@pytest.mark.parametrize("role", ROLES[:-1])
def test_only_an_owner_says_who_may_do_what(store: ServerStore, role: Any) -> None:
    people.add(store, "root", "owner")
    people.add(store, "ada", role, PASSWORD)
    theirs = people.issue(store, "root", "owner").id
    by = caller("ada", role)
    refused("forbidden", "role", people.add, store, "mallory", "viewer", by=by)
    refused("forbidden", "role", people.remove, store, "root", by=by)
    refused("forbidden", "role", people.change, store, "root", role="viewer", by=by)
    refused("forbidden", "role", people.change, store, "ada", role="owner", by=by)
    refused("forbidden", "role", people.change, store, "root", password="x" * 20, by=by)
    refused("forbidden", "role", people.issue, store, "root", "viewer", by=by)
    refused("forbidden", "role", people.issue, store, "ada", "owner", by=by)
    refused("absent", "id", people.revoke, store, theirs, by=by)
    assert [one.role for one in people.listed(store)] == [role, "owner"]
    refusals = [(line.action, line.outcome) for line in audit.listed(store) if line.who == "ada"]
    assert refusals.count(("person changed", "forbidden")) == 3
    assert refusals.count(("token issued", "forbidden")) == 2
    assert ("token revoked", "absent") in refusals


def test_anybody_has_their_own_tokens_and_password(store: ServerStore) -> None:
    people.add(store, "ada", "editor", PASSWORD)
    by = caller("ada", "editor")
    made = people.issue(store, "ADA", "viewer", by=by)
    people.revoke(store, made.id, by=by)
    people.change(store, "ada", password="another good one", by=by)
    assert people.sign_in(store, "ada", "another good one", HERE).caller.name == "ada"
    assert {line.who for line in audit.listed(store)} == {None, "ada"}


def test_by_a_token_nobody_gets_what_outlives_it(store: ServerStore) -> None:
    people.add(store, "ada", "editor", PASSWORD)
    old = people.issue(store, "ada", "editor", expires_s=3600)
    by = let_in(store, old.secret)
    assert people.issue(store, "ada", "viewer", by=by).expires == old.expires
    assert people.issue(store, "ada", expires_s=60, by=by).expires < old.expires  # type: ignore[operator]
    session = people.sign_in(store, "ada", old.secret, HERE)
    assert (session.expires, session.caller.token) == (old.expires, old.id)
    refused("forbidden", "password", people.change, store, "ada", password="x" * 20, by=by)


def test_a_session_that_a_token_opened_ends_with_it(each_store: ServerStore) -> None:
    people.add(each_store, "ada", "editor", PASSWORD)
    made = people.issue(each_store, "ada", "viewer")
    by_token = people.sign_in(each_store, "", made.secret, HERE)
    by_password = people.sign_in(each_store, "ada", PASSWORD, HERE)
    assert people.by_session(each_store, by_token.secret, HERE)[0].role == "viewer"
    people.revoke(each_store, made.id)
    refused("unknown", "session", people.by_session, each_store, by_token.secret, HERE)
    assert people.by_session(each_store, by_password.secret, HERE)[0].role == "editor"


def test_a_session_lasts_until_it_is_signed_out_of_or_half_a_day(
    each_store: ServerStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.add(each_store, "ada", "editor", PASSWORD)
    first, second = (people.sign_in(each_store, " ADA ", PASSWORD, HERE) for _ in range(2))
    assert first.caller == caller("ada", "editor")
    assert people.by_session(each_store, first.secret, HERE) == (first.caller, first.csrf)
    assert first.csrf != second.csrf
    people.sign_out(each_store, first.secret)
    refused("unknown", "session", people.by_session, each_store, first.secret, HERE)
    assert people.by_session(each_store, second.secret, HERE)
    true = stores.now
    monkeypatch.setattr(people, "now", lambda later_s=0.0: true(later_s + 12 * 3600 + 1))
    refused("unknown", "session", people.by_session, each_store, second.secret, HERE)


def test_another_password_ends_all_sessions(store: ServerStore) -> None:
    people.add(store, "ada", "editor", PASSWORD)
    session = people.sign_in(store, "ada", PASSWORD, HERE)
    people.change(store, "ada", password="another good one")
    refused("unknown", "session", people.by_session, store, session.secret, HERE)
    refused("unknown", "name", people.sign_in, store, "ada", PASSWORD, HERE)


def test_sessions_of_a_person_are_bounded_the_oldest_end(store: ServerStore) -> None:
    people.add(store, "ada", "editor", PASSWORD)
    opened = [people.sign_in(store, "ada", PASSWORD, HERE) for _ in range(people.MOST_SESSIONS_COUNT + 3)]
    with store.reading() as connection:
        assert len(connection.execute(select(SESSIONS)).all()) == people.MOST_SESSIONS_COUNT
    refused("unknown", "session", people.by_session, store, opened[0].secret, HERE)
    assert people.by_session(store, opened[-1].secret, HERE)


def test_tokens_of_a_person_are_bounded(store: ServerStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "MOST_TOKENS_COUNT", 2)
    people.add(store, "ada", "viewer")
    made = [people.issue(store, "ada", "viewer") for _ in range(2)]
    refused("limit", "token", people.issue, store, "ada", "viewer")
    people.revoke(store, made[0].id)
    assert people.issue(store, "ada", "viewer")


STRANGERS = ["nobody", "no password", "", "\x00", "\ud800", "x" * 1_000_000, "' OR 1=1 --"]
GUESSES = ["", "wrong", PASSWORD.upper(), PASSWORD + "\x00", "\x00", "\ud800" * 12, "x" * 1_000_000, "gw_" + "x" * 43]


def test_a_wrong_name_or_password_is_refused_in_the_same_words(each_store: ServerStore) -> None:
    people.add(each_store, "ada", "owner", PASSWORD)
    people.add(each_store, "no password", "owner")
    told = set()
    tries = [("ada", guess) for guess in GUESSES]
    tries += [(name, guess) for name in STRANGERS for guess in (PASSWORD, "\x00")]
    for at, (name, guess) in enumerate(tries):
        found = refused("unknown", "name", people.sign_in, each_store, name, guess, f"192.0.2.{at}")
        told.add((found.given, found.expected))
    assert len(told) == 1
    assert audit.listed(each_store)[0].outcome == "refused"


def test_a_name_beside_the_token_of_another_is_refused(store: ServerStore) -> None:
    for name in ("ada", "ben"):
        people.add(store, name, "viewer")
    secret = people.issue(store, "ada", "viewer").secret
    refused("unknown", "name", people.sign_in, store, "ben", secret, HERE)
    assert people.sign_in(store, "ADA", secret, HERE).caller.name == "ada"


def test_whoever_guesses_has_to_wait_and_others_do_not(store: ServerStore) -> None:
    people.add(store, "ada", "owner", PASSWORD)
    for _ in range(passwords.MOST_OF_NAME):
        refused("unknown", "name", people.sign_in, store, "ada", "a guess", HERE)
    refused("limit", "password", people.sign_in, store, "ADA", PASSWORD, HERE)
    assert people.sign_in(store, "ada", PASSWORD, "198.51.100.1").caller.name == "ada"
    refusals = [line for line in audit.listed(store) if line.outcome == "refused"]
    assert len(refusals) == passwords.MOST_OF_NAME


def test_one_address_guesses_no_more_by_trying_many_names(store: ServerStore) -> None:
    for number in range(passwords.MOST_OF_ADDRESS):
        refused("unknown", "name", people.sign_in, store, f"name {number}", "a guess", HERE)
    refused("limit", "password", people.sign_in, store, "another", "a guess", HERE)


def test_guesses_are_forgotten_in_time_and_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    guesses, clock = Guesses(), [0.0]
    monkeypatch.setattr(passwords.time, "monotonic", lambda: clock[0])
    assert [guesses.begun("ada", HERE) for _ in range(passwords.MOST_OF_NAME + 1)][-2:] == [True, False]
    clock[0] = passwords.FORGOTTEN_S + 1
    assert guesses.begun("ada", HERE)
    for number in range(20_000):
        guesses.begun("ada", str(number))
    assert len(guesses.failed) <= 10_000


def test_whoever_signs_in_well_is_never_made_to_wait(store: ServerStore) -> None:
    people.add(store, "ada", "owner", PASSWORD)
    for _ in range(passwords.MOST_OF_ADDRESS + 5):
        assert people.sign_in(store, "ada", PASSWORD, HERE)


def test_an_unknown_name_takes_as_long_as_a_known_one(store: ServerStore, monkeypatch: pytest.MonkeyPatch) -> None:
    worked: list[tuple[int, ...]] = []
    made = passwords._made
    monkeypatch.setattr(passwords, "_made", lambda word, salt, cost: worked.append(cost) or made(word, salt, cost))
    people.add(store, "ada", "owner", PASSWORD)
    people.add(store, "ben", "owner")
    worked.clear()
    for name in ("ada", "ben", "nobody"):
        refused("unknown", "name", people.sign_in, store, name, "a wrong password", HERE)
    assert worked == [passwords.COST] * 3


def test_a_password_is_kept_with_its_work_so_that_this_may_rise(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = passwords.kept(PASSWORD)
    monkeypatch.setattr(passwords, "COST", (32, 8, 2))
    assert passwords.matches(PASSWORD, kept)
    assert not passwords.matches(PASSWORD + "x", kept)
    assert kept != passwords.kept(PASSWORD)
    assert passwords.matches("pa\u0308sswords are", passwords.kept("p\u00e4sswords are"))


@pytest.mark.parametrize("password", ["", "short", "x" * 11, "x" * 1_001, "gw_" + "x" * 43])
def test_a_password_is_neither_short_nor_endless_nor_a_token(store: ServerStore, password: str) -> None:
    refused("wrong", "password", people.add, store, "ada", "viewer", password)
    assert people.listed(store) == ()


@pytest.mark.parametrize("role", ["", "root", "Owner", "viewer ", "x" * 1_000, "\x00"])
def test_a_role_is_one_of_four(store: ServerStore, role: str) -> None:
    refused("wrong", "role", people.add, store, "ada", role)
    people.add(store, "ada", "owner")
    refused("wrong", "role", people.change, store, "ada", role=role)
    refused("wrong", "role", people.issue, store, "ada", role)


@pytest.mark.parametrize("label", ["a\nb", "\x1b[31m", "x" * 81, "\u202e"])
def test_a_label_is_a_line(store: ServerStore, label: str) -> None:
    people.add(store, "ada", "viewer")
    refused("wrong", "label", people.issue, store, "ada", "viewer", label)


def test_an_id_that_is_none_revokes_nothing(each_store: ServerStore) -> None:
    people.add(each_store, "ada", "viewer")
    people.issue(each_store, "ada", "viewer")
    for id_ in ("", "0" * 16, "x" * 1_000, "\x00" * 16, "' OR 1=1 --    ", "é" * 16):
        refused("absent", "id", people.revoke, each_store, id_)
    assert len(people.tokens(each_store)) == 1


def written(store: ServerStore) -> list[str]:
    """Statements that change something, from now on."""
    found: list[str] = []

    @event.listens_for(store._engine, "before_cursor_execute")
    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        del connection, cursor, rest
        if statement.split()[0] in ("UPDATE", "INSERT", "DELETE"):
            found.append(statement)

    return found


def test_readers_write_once_a_minute_when_a_token_was_used(each_store: ServerStore) -> None:
    people.add(each_store, "ada", "viewer")
    made = people.issue(each_store, "ada", "viewer")
    assert people.tokens(each_store)[0].used is None
    found = written(each_store)
    for _ in range(20):
        let_in(each_store, made.secret)
    assert len(found) == 1
    assert people.tokens(each_store)[0].used is not None
    with each_store.writing() as connection:
        connection.execute(update(TOKENS).values(used=stores.now(-61)))
    people._remembered(each_store).marked.clear()
    let_in(each_store, made.secret)
    assert people.tokens(each_store)[0].used > stores.now(-5)


def test_a_database_that_takes_no_more_keeps_no_reader_out(store: ServerStore) -> None:
    people.add(store, "ada", "viewer")
    made = people.issue(store, "ada", "viewer")
    with store.writing() as connection:
        connection.exec_driver_sql("CREATE TRIGGER full BEFORE UPDATE ON tokens BEGIN SELECT RAISE(FAIL, 'full'); END")
    assert let_in(store, made.secret).name == "ada"
    assert people.tokens(store)[0].used is None


def test_a_change_and_its_line_of_the_trail_are_both_there_or_neither(
    each_store: ServerStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.add(each_store, "root", "owner")
    people.add(each_store, "ada", "owner", PASSWORD)
    made = people.issue(each_store, "ada", "owner")
    session = people.sign_in(each_store, "ada", PASSWORD, HERE)

    def fails(*_: Any, **__: Any) -> None:
        raise OSError("no room")

    monkeypatch.setattr(audit, "add", fails)
    for do in (
        lambda: people.add(each_store, "ben", "owner"),
        lambda: people.change(each_store, "ada", role="viewer"),
        lambda: people.change(each_store, "ada", password="another good one"),
        lambda: people.remove(each_store, "ada"),
        lambda: people.issue(each_store, "ada", "viewer"),
        lambda: people.revoke(each_store, made.id),
        lambda: people.sign_in(each_store, "ada", PASSWORD, HERE),
        lambda: people.sign_out(each_store, session.secret),
    ):
        with pytest.raises(OSError, match="no room"):
            do()
    assert [one.name for one in people.listed(each_store)] == ["ada", "root"]
    assert let_in(each_store, made.secret).role == "owner"
    assert people.by_session(each_store, session.secret, HERE)
    assert len(people.tokens(each_store)) == 1


def test_a_server_that_starts_has_an_owner(each_store: ServerStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people.getpass, "getuser", lambda: "site lead")
    first = people.start_token(each_store)
    assert let_in(each_store, first.secret).name == "site lead"
    assert let_in(each_store, first.secret).role == "owner"
    second = people.start_token(each_store)
    assert let_in(each_store, first.secret).name == let_in(each_store, second.secret).name
    people.add(each_store, "ben", "owner")
    people.remove(each_store, "site lead")
    assert people.start_token(each_store).person == "ben"
    refused("unknown", "token", let_in, each_store, first.secret)


@pytest.mark.parametrize("name", ["", "a\x1b[31mb", "x" * 200])
def test_a_machine_whose_user_has_no_name_starts_as_owner(
    store: ServerStore, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people.getpass, "getuser", lambda: name)
    assert people.start_token(store).person == "owner"


def test_tokens_of_former_starts_do_not_pile_up(store: ServerStore, monkeypatch: pytest.MonkeyPatch) -> None:
    people.start_token(store)
    true = stores.now
    monkeypatch.setattr(people, "now", lambda later_s=0.0: true(later_s + people.START_S + 1))
    people.start_token(store)
    assert len(people.tokens(store)) == 1


def test_a_server_that_starts_again_and_again_starts(store: ServerStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "MOST_TOKENS_COUNT", 2)
    monkeypatch.setattr(people, "MOST_STARTS_COUNT", 3)
    made = []
    for later_s in range(5):
        monkeypatch.setattr(roster, "now", lambda at_s=later_s: stores.now(at_s))
        monkeypatch.setattr(people, "now", lambda more_s=0.0, at_s=later_s: stores.now(at_s + more_s))
        made.append(people.start_token(store))
    assert {one.id for one in people.tokens(store)} == {one.id for one in made[-3:]}
    refused("unknown", "token", let_in, store, made[0].secret)
    assert ("token revoked", f"{made[0].id} of {made[0].person}") in trail(store)


def test_tokens_that_have_expired_are_forgotten_and_let_no_session_in(store: ServerStore) -> None:
    people.add(store, "ada", "editor")
    old = people.issue(store, "ada", expires_s=60.0)
    session = people.sign_in(store, "", old.secret, HERE)
    with store.writing() as connection:
        connection.execute(update(TOKENS).values(expires=stores.now(-1.0)))
    new = people.issue(store, "ada")
    assert [one.id for one in people.tokens(store)] == [new.id]
    refused("unknown", "session", people.by_session, store, session.secret, HERE)


def test_whoever_was_removed_while_their_password_was_tried_is_not_let_in(
    store: ServerStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.add(store, "root", "owner")
    people.add(store, "ada", "owner", PASSWORD)

    def slow(password: str, kept: str | None) -> bool:
        people.remove(store, "ada")
        return passwords.matches(password, kept)

    monkeypatch.setattr(people, "matches", slow)
    refused("unknown", "name", people.sign_in, store, "ada", PASSWORD, HERE)


def test_a_token_is_told_within_a_millisecond_or_two(store: ServerStore) -> None:
    with store.writing() as connection:
        rows = [{"name": f"p{at}", "role": "viewer", "added": stores.now()} for at in range(2_000)]
        connection.execute(insert(PEOPLE), rows)
    secret = people.issue(store, "p7", "viewer").secret
    let_in(store, secret)
    began = time.process_time()
    for _ in range(50):
        let_in(store, secret)
    assert (time.process_time() - began) / 50 < 0.01
