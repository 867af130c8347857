"""`gigawatt users`: who may ask a server, told on its machine."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import URL

from gigawatt.interfaces import cli
from gigawatt.interfaces.server import passwords, people
from gigawatt.interfaces.server.settings import Settings
from gigawatt.interfaces.server.store import ServerStore

Call = Callable[..., Any]


@pytest.fixture
def users(gigawatt: Call, settings: Settings) -> Call:
    """`gigawatt users` of the server of the test."""
    return lambda *words: gigawatt("users", *words, "--database", settings.database, "--data", settings.data)


def test_people_are_added_listed_and_removed(users: Call, store: ServerStore) -> None:
    assert users("list").out == "nobody yet\n"
    assert users("add", "Ada", "--role", "owner").out == "Ada is an owner now\n"
    assert users("add", "ben", "--json").answer["role"] == "viewer"
    shown = users("list", "--json").answer["people"]
    assert [(row["name"], row["role"], row["password"]) for row in shown] == [
        ("Ada", "owner", False),
        ("ben", "viewer", False),
    ]
    assert users("list").out.startswith("Ada  owner  20")
    assert users("remove", "BEN", "--json").answer == {"removed": "BEN"}
    assert [one.name for one in people.listed(store)] == ["Ada"]


def test_a_token_is_printed_once_and_lets_in_until_it_is_revoked(users: Call, store: ServerStore) -> None:
    users("add", "ada", "--role", "approver")
    secret = users("token", "ada").out.strip()
    assert people.by_token(store, secret, "http", "").role == "approver"
    made = users("token", "ada", "--role", "viewer", "--label", "grafana", "--days", "30", "--json").answer
    assert people.by_token(store, made["secret"], "http", "").role == "viewer"
    assert (made["person"], made["label"], made["expires"] is None) == ("ada", "grafana", False)
    listed = users("list", "ada", "--json").answer["tokens"]
    assert {row["label"] for row in listed} == {"grafana", ""}
    assert secret not in users("list", "ada").out
    assert users("revoke", made["id"], "--json").answer == {"revoked": made["id"]}
    with pytest.raises(Exception, match="neither expired nor revoked"):
        people.by_token(store, made["secret"], "http", "")


def test_a_password_is_read_from_a_pipe_and_never_typed_as_an_option(
    users: Call, store: ServerStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "COST", (16, 8, 1))
    monkeypatch.setattr(sys, "stdin", io.StringIO("correct horse battery\n"))
    assert users("add", "ada", "--password", "--json").answer["password"] is True
    assert people.sign_in(store, "ada", "correct horse battery", "").caller.name == "ada"


WRONG = [
    (["add", ""], "NAME"),
    (["add", "a\x1b[31mb"], "NAME"),
    (["add", "x" * 81], "NAME"),
    (["add", "ADA"], "NAME"),
    (["add", "ben", "--role", "boss"], "--role"),
    (["add", "ben", "--password"], "--password"),
    (["remove", "nobody"], "NAME"),
    (["remove", "ada"], "NAME"),
    (["token", "nobody"], "NAME"),
    (["token", "ada", "--role", "root"], "--role"),
    (["token", "ada", "--days", "0"], "--days"),
    (["token", "ada", "--days", "nan"], "--days"),
    (["token", "ada", "--label", "a\nb"], "--label"),
    (["list", "nobody"], "NAME"),
    (["revoke", "0" * 16], "ID"),
]


def test_bad_input_is_one_fault_and_exit_code_2(users: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    users("add", "ada", "--role", "owner")
    for words, path in WRONG:
        monkeypatch.setattr(sys, "stdin", io.StringIO("short\n"))
        ended = users(*words, "--json")
        assert (ended.code, list(ended.faults), ended.out) == (2, [path], ""), words
        monkeypatch.setattr(sys, "stdin", io.StringIO("short\n"))
        told = users(*words).told.removesuffix("\n")
        assert told.startswith(f"error: {path} = "), words
        assert told.isprintable(), words


def test_a_mistaken_command_is_exit_code_2(users: Call) -> None:
    for words in (["lst"], ["add"], ["token", "ada", "--days", "soon"], ["add", "a", "--admin"]):
        assert users(*words, "--json").code == 2, words


def test_a_place_that_holds_no_database_is_told(gigawatt: Call, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    ended = gigawatt("users", "list", "--data", tmp_path / "file", "--json")
    assert ended.code == 74
    (tmp_path / "server.db").write_bytes(b"no database" * 1_000)
    ended = gigawatt("users", "list", "--data", tmp_path, "--json")
    assert (ended.code, "not a database" in ended.told) == (74, True)
    ended = gigawatt("users", "list", "--database", "mysql://host/name", "--data", tmp_path / "new", "--json")
    assert (ended.code, list(ended.faults)) == (2, ["--database"])


@pytest.mark.postgres
def test_people_of_a_server_on_postgresql(gigawatt: Call, each_settings: Settings) -> None:
    where = ["--database", each_settings.database, "--data", each_settings.data]
    assert gigawatt("users", "add", "ada", *where).code == 0
    assert [row["name"] for row in gigawatt("users", "list", "--json", *where).answer["people"]] == ["ada"]


def test_a_server_that_does_not_answer_is_a_fault_of_the_machine(gigawatt: Call, tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    url = URL.create("postgresql", "nobody", host="127.0.0.1", port=1, database="x").render_as_string()
    ended = gigawatt("users", "list", "--database", url, "--data", tmp_path, "--json")
    assert (ended.code, "Traceback" in ended.told) == (74, False)


def test_help_says_what_there_is_and_loads_no_database(gigawatt: Call) -> None:
    text = gigawatt("users", "--help").out
    assert all(word in text for word in ("list", "add", "remove", "token", "revoke"))
    assert "users" in gigawatt("--help").out
    assert cli.opened(["users", "add"]) == ["users"]
    assert cli.opened(["run", "users"]) == []
    code = (
        "import sys; sys.argv = ['gigawatt', 'users', '--help']\n"
        "import gigawatt.interfaces.cli as cli\n"
        "try: cli.main()\nexcept SystemExit: pass\n"
        "print(json.dumps([name for name in ('sqlalchemy', 'fastapi', 'dbos', 'numpy') if name in sys.modules]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", "import json\n" + code], capture_output=True, text=True, check=True, env=os.environ
    )
    assert json.loads(done.stdout.splitlines()[-1]) == []
