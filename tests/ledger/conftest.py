"""Ledgers to test with, each on SQLite and on a PostgreSQL server that the tests start and stop."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL

from gigawatt.ledger import book as books
from gigawatt.ledger import importing

# pytest's importlib mode puts no folder of tests on the path.
sys.path.insert(0, str(Path(__file__).parent))
import plain_reader

sys.modules["gigawatt.readers.plain"] = plain_reader
importing.READERS["plain"] = "plain"

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
def _server(folder: Path) -> Iterator[URL]:
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
    server = subprocess.Popen(started, stdout=log, stderr=log, cwd=folder, **who)
    url = URL.create("postgresql+psycopg", "tester", host="127.0.0.1", port=port, database="postgres")
    try:
        _wait(url, server, folder)
        yield url
    finally:
        server.send_signal(signal.SIGQUIT)  # nothing of it is to be kept
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        log.close()


def _wait(url: URL, server: subprocess.Popen[bytes], folder: Path) -> None:
    until = time.monotonic() + _STARTS_IN_S
    while True:
        try:
            _execute(url, "SELECT 1")
            return
        except Exception as error:
            if server.poll() is not None or time.monotonic() > until:
                raise RuntimeError((folder / "log").read_text()) from error
            time.sleep(0.05)


def _execute(url: URL, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(statement))
    finally:
        engine.dispose()


@pytest.fixture(scope="session")
def postgres() -> Iterator[URL]:
    """A PostgreSQL server of our own on loopback, with a ledger that is empty to copy from."""
    pytest.importorskip("psycopg", reason="no driver of PostgreSQL: pip install 'gigawatt[postgres]'")
    folder = Path(tempfile.mkdtemp(prefix="gigawatt-pg-"))
    try:
        with _server(folder) as url:
            _execute(url, "CREATE DATABASE empty_ledger")
            with books.writing(url.set(database="empty_ledger")):
                pass
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def _empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty ledger of SQLite to copy from."""
    file = tmp_path_factory.mktemp("ledger") / "empty.db"
    with books.writing(books.address(str(file))):
        pass
    return file


_NUMBERS = count()


@pytest.fixture(params=DATABASES)
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., URL]]:
    """Makes an empty ledger, or where `bare` a database without one, as often as it is called."""
    if request.param == "sqlite":
        empty = request.getfixturevalue("_empty")

        def make(bare: bool = False) -> URL:
            file = tmp_path / f"ledger-{next(_NUMBERS)}.db"
            if not bare:
                shutil.copy(empty, file)
            return books.address(str(file))

        yield make
        return
    server: URL = request.getfixturevalue("postgres")

    names: list[str] = []

    def make_database(bare: bool = False) -> URL:
        name = f"ledger_{next(_NUMBERS)}"
        names.append(name)
        _execute(server, f"CREATE DATABASE {name} TEMPLATE {'template0' if bare else 'empty_ledger'}")
        return server.set(database=name)

    yield make_database
    for name in names:
        _execute(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def ledger(fresh: Callable[..., URL]) -> URL:
    """The address of an empty ledger."""
    return fresh()


@pytest.fixture
def nothing(fresh: Callable[..., URL]) -> URL:
    """The address of a database that is yet to become a ledger."""
    return fresh(bare=True)


@pytest.fixture
def book(ledger: URL) -> Iterator[Connection]:
    """An empty ledger that is open for writing."""
    with books.writing(ledger) as connection:
        yield connection
