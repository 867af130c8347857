"""`gigawatt serve`: what it says first, how it stops, and what it refuses to begin with."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from gigawatt.interfaces.http import serving
from gigawatt.interfaces.server.settings import Settings

LIGHT = ("fastapi", "uvicorn", "dbos", "mcp", "filelock", "starlette", "sqlalchemy")
HEAVY = ("xarray", "pandas", "linopy", "numba", "h5py", "highspy", "mcp")


@contextmanager
def started(folder: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A server of its own, which is killed where a test leaves it."""
    command = [sys.executable, "-m", "gigawatt", "serve", "--port", "0", *words]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def asked(url: str, token: str = "", **given: Any) -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with urlopen(Request(url, headers=headers, **given), timeout=30) as found:
        return json.load(found)


def test_a_server_says_where_it_is_answers_and_stops(tmp_path: Path) -> None:
    with started(tmp_path, "--json") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = json.loads(process.stdout.readline())
        assert set(first) == {"url", "token"}
        assert asked(f"{first['url']}/health")["status"] in ("starting", "ok")
        assert asked(f"{first['url']}/api/me", first["token"])["role"] == "owner"
        assert asked(f"{first['url']}/health")["status"] == "ok"
        rss_kb = next(line for line in Path(f"/proc/{process.pid}/status").read_text().splitlines() if "VmRSS" in line)
        assert int(rss_kb.split()[1]) < 250_000
        process.send_signal(signal.SIGTERM)
        begun = time.monotonic()
        out, told = process.communicate(timeout=20)
        assert time.monotonic() - begun < 10
        assert (process.returncode, out, told) == (0, "", "stopped\n")


@pytest.mark.slow
def test_a_server_tells_people_how_to_reach_and_stop_it(tmp_path: Path) -> None:
    with started(tmp_path) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(4)]
        assert [line.split()[0] for line in lines] == ["Gigawatt", "token", "data", "stop"]
        assert lines[0].split()[-1].startswith("http://127.0.0.1:")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


@pytest.mark.slow
def test_a_server_that_is_stopped_lets_go_of_whoever_listens(tmp_path: Path) -> None:
    """A job that lasts, its events open, an idle connection: it stops within seconds all the same."""
    with started(tmp_path, "--json") as process:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        body = json.dumps({"scenario": "one-campus", "draws": 200}).encode()
        headers = {"Authorization": f"Bearer {first['token']}", "Content-Type": "application/json"}
        with urlopen(Request(f"{first['url']}/api/verbs/sweep", data=body, headers=headers), timeout=30) as found:
            job = json.load(found)["id"]
        listening = urlopen(Request(f"{first['url']}/api/jobs/{job}/events", headers=headers), timeout=30)
        assert listening.readline() == b"event: job\n"
        host, port = first["url"].removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))):
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        listening.close()


def test_a_port_in_use_is_one_fault(gigawatt: Callable[..., Any], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = gigawatt("serve", "--port", port, "--data", tmp_path / "server", "--json")
    assert ended.code == 2
    assert "address already in use" in ended.faults["--port"]["given"]
    assert not (tmp_path / "server").exists()


@pytest.mark.parametrize(
    ("words", "path"),
    [
        (["--port", "99999"], "--port"),
        (["--port", "-1"], "--port"),
        (["--workers", "0"], "--workers"),
        (["--port", "0", "--host", "no.such.host.invalid"], "--host"),
        (["--port", "0", "--host", "a" * 300], "--host"),
    ],
)
def test_what_cannot_be_begun_with_is_one_fault(
    gigawatt: Callable[..., Any], tmp_path: Path, words: list[str], path: str
) -> None:
    ended = gigawatt("serve", "--data", tmp_path / "server", *words, "--json")
    assert ended.code == 2
    assert list(ended.faults) == [path]


def test_a_server_that_nobody_owns_and_whose_user_may_less_is_one_fault(
    gigawatt: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "ada")
    data = tmp_path / "server"
    assert gigawatt("users", "add", "ada", "--data", data).code == 0
    ended = gigawatt("serve", "--port", "0", "--data", data, "--json")
    assert (ended.code, list(ended.faults)) == (2, ["name"])


def test_a_folder_that_cannot_be_made_is_told(gigawatt: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ended = gigawatt("serve", "--port", "0", "--data", tmp_path / "file" / "server", "--json")
    assert ended.code == 74
    assert list(ended.faults) == [str(tmp_path / "file" / "server")]


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_folder_that_cannot_be_written_is_told(gigawatt: Callable[..., Any], tmp_path: Path) -> None:
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    ended = gigawatt("serve", "--port", "0", "--data", tmp_path / "server", "--json")
    tmp_path.chmod(stat.S_IRWXU)
    assert ended.code == 74


def test_a_database_of_a_newer_gigawatt_is_one_fault(gigawatt: Callable[..., Any], tmp_path: Path) -> None:
    from gigawatt.interfaces.server.store import FILE, ServerStore

    ServerStore(Settings(data=tmp_path)).close()
    with sqlite3.connect(tmp_path / FILE) as connection:
        (table,) = connection.execute("SELECT name FROM sqlite_master WHERE name LIKE '%version'").fetchone()
        connection.execute(f"UPDATE {table} SET version_num = 's9999'")
    connection.close()
    ended = gigawatt("serve", "--port", "0", "--data", tmp_path, "--json")
    assert ended.code == 2
    assert len(ended.faults) == 1


def test_a_machine_without_the_packages_is_told_how_to_get_them(
    gigawatt: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(serving, "find_spec", lambda name: None if name in ("fastapi", "uvicorn") else name)
    ended = gigawatt("serve", "--data", tmp_path / "server", "--json")
    assert ended.code == 2
    assert ended.faults["serve"] == {
        "path": "serve",
        "given": "no fastapi, no uvicorn",
        "expected": "pip install 'gigawatt[server]'",
    }


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::", "http://[::1]:80"),
        ("::1", "http://[::1]:80"),
        ("gw.example.org", "http://gw.example.org:80"),
    ],
)
def test_the_address_is_one_that_a_browser_can_open(host: str, url: str) -> None:
    assert serving.url_of(host, 80) == url


@pytest.mark.parametrize(
    ("host", "warned"), [("127.0.0.1", False), ("localhost", False), ("::1", False), ("0.0.0.0", True)]
)
def test_who_listens_beyond_the_machine_is_warned(capsys: pytest.CaptureFixture[str], host: str, warned: bool) -> None:
    serving._say("http://127.0.0.1:80", "gw_x", Settings(host=host), json=True)
    told = capsys.readouterr()
    assert json.loads(told.out) == {"url": "http://127.0.0.1:80", "token": "gw_x"}
    assert ("TLS" in told.err) is warned


def loaded(code: str, names: tuple[str, ...]) -> str:
    run = subprocess.run(
        [sys.executable, "-c", f"import sys; {code}; print([name for name in {names!r} if name in sys.modules])"],
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout.strip().splitlines()[-1]


def test_the_command_line_loads_nothing_of_the_server() -> None:
    assert loaded("from gigawatt.interfaces import cli; cli.application([], ['serve'])", LIGHT) == "[]"


def test_an_idle_server_has_loaded_nothing_that_only_verbs_need() -> None:
    assert loaded("import gigawatt.interfaces.http.app", HEAVY) == "[]"


def test_what_listens_loads_nothing_of_what_answers() -> None:
    assert loaded("from gigawatt.interfaces.http import limits, serving", ("fastapi", "sqlalchemy", "dbos")) == "[]"
