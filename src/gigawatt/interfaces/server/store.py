"""The server's own database: short transactions over the tables of tables.py, in SQLite or PostgreSQL."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.engine import URL, Engine
from sqlalchemy.exc import DatabaseError, DataError, IntegrityError, ProgrammingError

from gigawatt.interfaces.server.migrations import prepare
from gigawatt.interfaces.server.settings import Settings
from gigawatt.ledger.book import address

T = TypeVar("T")

FILE = "server.db"
# In PostgreSQL the ledger's tables stand in the schema that is the database's own; the server's stand in this one.
SCHEMA = "gigawatt_server"
# How long one waits for another.
WAIT_S = 30.0
# Looks whose findings are remembered.
MOST_KEPT = 10_000


def place(settings: Settings) -> URL:
    """Where the server's own database is. Raises LedgerError for an address that can be none."""
    url = address(settings.database)
    if url.drivername == "sqlite":
        return URL.create("sqlite", database=str(settings.data / FILE))
    return url


class ServerStore:
    """The server's own database, open. One object for all threads of a process."""

    def __init__(self, settings: Settings) -> None:
        """Open it, made or brought to our layout where need be. Raises LedgerError, or OSError."""
        settings.data.mkdir(parents=True, exist_ok=True)
        self.url = place(settings)
        self._engine = _engine(self.url)
        with self.writing() as connection:
            prepare(connection, None if self.url.drivername == "sqlite" else SCHEMA)
        self._watch = _watch(self.url)
        self._watching = threading.Lock()
        self._lately: tuple[int, dict[Hashable, Any]] = (-1, {})

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent look."""
        with _failures(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One change, whole or not at all; writers of SQLite take turns."""
        with _failures(), self._engine.connect().execution_options(writing=True) as connection, connection.begin():
            yield connection

    def version(self) -> int | None:
        """A number that is another after every change, whoever made it; None where that takes as long as looking.

        It takes microseconds: SQLite counts what all others than the one that asks have written, and that one writes
        nothing.
        """
        if self._watch is None:
            return None
        with self._watching, suppress(sqlite3.Error):
            return int(self._watch.execute("PRAGMA data_version").fetchone()[0])
        return None

    def lately(self, key: Hashable, look: Callable[[Connection], T]) -> T:
        """What a look finds, which is not asked again until somebody, of whichever process, writes; None always is.

        key: what is looked for. What is found is given to all who ask, so it must not be changed.
        """
        # The version comes first: what is written while we look makes what we find void.
        version = self.version()
        at, found = self._lately
        if at == version and (kept := found.get(key)) is not None:
            return kept
        with self.reading() as connection:
            seen = look(connection)
        if version is not None and seen is not None:
            self._keep(version, key, seen)
        return seen

    def _keep(self, version: int, key: Hashable, seen: object) -> None:
        at, found = self._lately
        if at == version and len(found) < MOST_KEPT:
            found[key] = seen
        else:
            self._lately = (version, {key: seen})

    def close(self) -> None:
        """Let go of every connection."""
        with self._watching:
            if self._watch is not None:
                self._watch.close()
        self._engine.dispose()


def now(later_s: float = 0.0) -> str:
    """This moment, or one so much later, as the tables state it."""
    at = datetime.now(UTC) + timedelta(seconds=later_s)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@contextmanager
def _failures() -> Iterator[None]:
    """What a database cannot do is the machine's, in its own words: a full disk, a file that is damaged or gone."""
    try:
        yield
    except DatabaseError as error:
        if isinstance(error, DataError | IntegrityError | ProgrammingError):  # what we asked of it is ours
            raise
        raise OSError(f"the server's database: {' '.join(str(error.orig).split())}") from error


def _engine(url: URL) -> Engine:
    if url.drivername != "sqlite":
        # Who waited for another writer has to see what it wrote, whatever the server's own default is.
        options: dict[str, Any] = {"isolation_level": "READ COMMITTED", "connect_args": _waits()}
        engine = create_engine(url, pool_size=10, max_overflow=10, pool_pre_ping=True, **options)
        return engine.execution_options(schema_translate_map={None: SCHEMA})
    engine = create_engine(url, connect_args={"timeout": WAIT_S}, pool_size=10, max_overflow=20)
    event.listen(engine, "connect", _connected)
    event.listen(engine, "begin", _begun)
    return engine


def _watch(url: URL) -> sqlite3.Connection | None:
    """A connection that reads nothing but whether others have written, and waits for nobody."""
    if url.drivername != "sqlite":
        return None
    return sqlite3.connect(url.database or "", timeout=0.0, isolation_level=None, check_same_thread=False)


def _waits() -> dict[str, Any]:
    return {"connect_timeout": 15}


def _connected(raw: sqlite3.Connection, record: object) -> None:
    """Transactions are begun by us: Python's own begin too late to keep a second writer out."""
    del record
    raw.isolation_level = None
    raw.execute("PRAGMA journal_mode = WAL")
    raw.execute("PRAGMA synchronous = NORMAL")
    raw.execute("PRAGMA foreign_keys = ON")


def _begun(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def alive(store: ServerStore) -> bool:
    """Whether the database answers."""
    with suppress(OSError), store.reading() as connection:
        return connection.execute(text("SELECT 1")).scalar() == 1
    return False
