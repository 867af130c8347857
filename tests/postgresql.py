"""A PostgreSQL server of the tests' own on loopback, for as long as they run."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL

DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
_STARTS_IN_S = 60


def _program(name: str) -> str | None:
    """A program of PostgreSQL: on the path, or where Debian keeps the newest."""
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda place: int(place.parts[-3]))
    return shutil.which(name) or (str(places[-1]) if places else None)


def _user() -> dict[str, str | int]:
    """As whom the server runs: it refuses to be root. Skips where root has nobody to run it as."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            found = pwd.getpwnam(name)
            return {"user": found.pw_uid, "group": found.pw_gid}
    pytest.skip("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")


def _free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


@contextlib.contextmanager
def server(folder: Path) -> Iterator[URL]:
    """A server that runs until the block ends. Skips where none is installed."""
    initdb, postgres = _program("initdb"), _program("postgres")
    if initdb is None or postgres is None:
        pytest.skip("no PostgreSQL on this machine: neither on the path nor in /usr/lib/postgresql")
    who = _user()
    if who:
        os.chown(folder, int(who["user"]), int(who["group"]))
    data, port, log = folder / "data", _free_port(), (folder / "log").open("wb")
    made = [initdb, "-D", str(data), "-A", "trust", "-U", "tester", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    subprocess.run(made, stdout=log, stderr=log, check=True, cwd=folder, **who)
    # Another order of text and another isolation than ours: a server may have either.
    settings = ["fsync=off", "listen_addresses=127.0.0.1", "default_transaction_isolation=serializable"]
    options = [part for setting in settings for part in ("-c", setting)]
    started = [postgres, "-D", str(data), "-k", str(folder), "-p", str(port), *options]
    process = subprocess.Popen(started, stdout=log, stderr=log, cwd=folder, **who)
    url = URL.create("postgresql+psycopg", "tester", host="127.0.0.1", port=port, database="postgres")
    try:
        _wait(url, process, folder)
        yield url
    finally:
        process.send_signal(signal.SIGQUIT)  # nothing of it is to be kept
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()


def _wait(url: URL, process: subprocess.Popen[bytes], folder: Path) -> None:
    until = time.monotonic() + _STARTS_IN_S
    while True:
        try:
            execute(url, "SELECT 1")
            return
        except Exception as error:
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError((folder / "log").read_text()) from error
            time.sleep(0.05)


def execute(url: URL, statement: str) -> None:
    """Have a server do something outside of any transaction."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(statement))
    finally:
        engine.dispose()
