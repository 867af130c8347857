"""What a hostile caller, a full disk or a strange file does: refused in one object, nothing told, nothing lost."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gigawatt.errors import Fault
from gigawatt.interfaces.server import audit, jobs, unsaid
from gigawatt.interfaces.server.performing import perform, written
from gigawatt.interfaces.server.settings import Settings
from gigawatt.interfaces.server.store import ServerStore, alive

Ask = Callable[..., Any]
IMPORTS = ("sacct", "prometheus", "openmetrics", "meter", "focus", "opencost", "greenbutton", "entsoe", "sites")


class Trap:
    """Makes a file where somebody unpickles it."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return Path.touch, (self.mark,)


def outcome(as_: Ask, server: Any, verb: str, values: Any) -> str:
    """What comes of a verb that is no more than bad input, at once or as a job."""
    found = as_("editor", "POST", f"/api/verbs/{verb}", json=values)
    if found.status_code == 202:
        id_ = found.json()["id"]
        order, _ = jobs.begin(server.store, id_)
        reply = perform(order)
        jobs.finish(server.store, id_, "failed", reply)
        assert reply.code == 2, (verb, values, reply.body)
        return as_("editor", "GET", f"/api/jobs/{id_}").text
    assert found.status_code == 422, (verb, values, found.text)
    return found.text


def test_answers_and_faults_name_no_place_of_the_server(as_: Ask, server: Any) -> None:
    places = (str(server.settings.data), str(server.settings.data.parent))
    absent = as_("viewer", "GET", "/api/ledger/status")
    assert "no ledger at ledger" in absent.json()["error"]["items"][0]["given"]
    digest = as_("editor", "POST", "/api/uploads", params={"name": "odd.csv"}, content=b"\x00\xff,1\n").json()["digest"]
    made = as_("editor", "POST", "/api/verbs/ledger/init", json={"scenario": "one-campus"})
    assert made.json()["database"] == "ledger"
    answers = [outcome(as_, server, "ledger/import", {"file": digest, "kind": kind}) for kind in IMPORTS]
    assert any("odd.csv" in text for text in answers)
    for text in (absent.text, made.text, *answers):
        assert not [place for place in places if place in text], text


def test_a_place_is_told_by_its_name_wherever_it_stands(tmp_path: Path) -> None:
    data = tmp_path / 'a "folder" of März'
    places = unsaid.places(Settings(data=data, database=str(tmp_path / "books.db")))
    fault = Fault(path=f"{data}/jobs/x", given=f"no file in {data}", expected=f"one beside {tmp_path / 'books.db'}")
    told = unsaid.spelled(places)(fault)
    assert (told.path, told.given, told.expected) == ("jobs/x", "no file in the server's folder", "one beside ledger")
    assert unsaid.words(f"{data}/x", places) == "x"
    assert unsaid.body(written({"a": f"{data}/x"}), places) == b'{"a":"x"}'


def test_a_kind_of_the_catalog_is_no_folder(as_: Ask) -> None:
    for kind in ("a" * 300, "study", "measurements", "__pycache__"):
        assert as_("viewer", "GET", f"/api/catalog/{kind}/x").status_code == 404


def test_a_full_database_is_the_machines_fault_and_nothing_is_lost(tmp_path: Path) -> None:
    store = ServerStore(Settings(data=tmp_path))

    def fill() -> None:
        with store.writing() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 1")  # as many as there are
            for _ in range(1_000):
                audit.add(connection, None, action="x" * 500, object="", outcome="")

    with pytest.raises(OSError, match="the server's database: database or disk is full"):
        fill()
    store.close()
    again = ServerStore(Settings(data=tmp_path))
    assert audit.listed(again) == ()
    again.close()


def test_a_full_database_is_told_in_its_own_words(as_: Ask, server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: object) -> None:
        raise OSError(f"the server's database at {server.settings.data}/server.db: database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(ServerStore, "writing", full)
        found = as_("editor", "PUT", "/api/scenarios/big", json={"text": 'extends = "one-campus"\n'})
        assert as_("viewer", "GET", "/api/me").status_code == 200
    assert (found.status_code, found.json()["error"]["kind"]) == (503, "MachineFault")
    assert found.json()["error"]["items"][0]["given"] == "the server's database at server.db: database or disk is full"
    assert as_("viewer", "GET", "/api/scenarios/big").status_code == 404


def test_a_full_disk_keeps_no_part_of_a_file(as_: Ask, server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from gigawatt.interfaces.server import uploads

    before = sorted((server.settings.data / "uploads").glob("*"))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", str(server.settings.data))

    with monkeypatch.context() as patch:
        patch.setattr(uploads.os, "fsync", full)
        found = as_("editor", "POST", "/api/uploads", params={"name": "full.csv"}, content=b"a,b\n")
    assert (found.status_code, found.json()["error"]["kind"]) == (503, "MachineFault")
    assert str(server.settings.data) not in found.text
    assert sorted((server.settings.data / "uploads").glob("*")) == before


def test_a_database_that_is_none_is_not_alive(tmp_path: Path) -> None:
    store = ServerStore(Settings(data=tmp_path))
    assert alive(store)
    store.close()
    for file in tmp_path.glob("server.db*"):
        file.write_bytes(b"no database" * 1_000)
    assert not alive(store)
    with pytest.raises(OSError, match="not a database"), store.reading():
        pass


@pytest.mark.parametrize("name", ["x.npy", "x.pkl", "x.csv", "x.parquet", "x.yaml", "x.json"])
def test_no_file_that_is_sent_is_unpickled(as_: Ask, server: Any, tmp_path: Path, name: str) -> None:
    mark = tmp_path / "unpickled"
    held = io.BytesIO()
    np.save(held, np.array([Trap(mark)], dtype=object), allow_pickle=True)
    yaml = f"!!python/object/apply:os.mkdir [{mark}]".encode()
    content = {"x.npy": held.getvalue(), "x.yaml": yaml}.get(name, pickle.dumps(Trap(mark)))
    digest = as_("editor", "POST", "/api/uploads", params={"name": name}, content=content).json()["digest"]
    for kind in IMPORTS:
        assert "error" in outcome(as_, server, "ledger/import", {"file": digest, "kind": kind})
    for verb in ("catalog/import-model", "validate/inference", "validate/facility"):
        assert "error" in outcome(as_, server, verb, {"file": digest})
    assert not mark.exists()


def test_an_address_in_a_scenario_is_not_fetched(as_: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def asked(*_: object, **__: object) -> None:
        raise AssertionError("somebody was called")

    with monkeypatch.context() as patch:
        patch.setattr(socket.socket, "connect", asked)
        patch.setattr(socket, "getaddrinfo", asked)
        for line in (
            'extends = "http://127.0.0.1:9/x.toml"',
            'extends = "one-campus"\n[sites.example-campus]\nprice_file = "http://127.0.0.1:9/x.csv"',
            'extends = "one-campus"\n[sites.example-campus]\nweather_file = "file:///etc/passwd"',
        ):
            found = as_("editor", "PUT", "/api/scenarios/far", json={"text": line})
            assert found.status_code == 422, found.text


@pytest.mark.parametrize("title", ["</script><script>x</script>", "=1+1", "@x", "+cmd|' /C calc'!A0", "-2+3"])
def test_a_hostile_title_is_text(as_: Ask, title: str) -> None:
    text = f'extends = "one-campus"\ntitle = """{title}"""\n'
    assert as_("editor", "PUT", "/api/scenarios/hostile", json={"text": text}).status_code == 200
    found = as_("viewer", "POST", "/api/verbs/check", json={"scenario": "hostile"})
    assert found.json()["title"] == title
    assert found.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("title", ["\u202egnp", "\x1b[31mred", "a\u0000b", "\u2066x"])
def test_a_title_that_deceives_the_eye_is_refused(as_: Ask, title: str) -> None:
    escaped = "".join(f"\\u{ord(sign):04x}" for sign in title)
    text = f'extends = "one-campus"\ntitle = "{escaped}"\n'
    found = as_("editor", "PUT", "/api/scenarios/deceiving", json={"text": text})
    assert found.status_code == 422
    assert not {"\u202e", "\x1b", "\u2066"} & set(found.text)


@pytest.mark.parametrize(
    ("verb", "values"),
    [
        ("sweep", {"scenario": "one-campus", "draws": 10**12}),
        ("run", {"scenario": "one-campus", "set": {"horizon.end": "12026Q4"}}),
        ("run", {"scenario": "one-campus", "set": {"horizon.end": "9999Q4"}}),
    ],
)
def test_what_nobody_can_mean_is_refused_before_it_begins(as_: Ask, verb: str, values: Any) -> None:
    for path in (f"/api/verbs/{verb}", f"/api/verbs/{verb}/estimate"):
        found = as_("editor", "POST", path, json=values)
        assert found.status_code == 422, found.text
