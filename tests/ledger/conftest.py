"""Ledgers to test with, each on SQLite and on a PostgreSQL server that the tests start and stop."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.engine import URL

from gigawatt.ledger import book as books
from gigawatt.ledger import importing

# pytest's importlib mode puts no folder of tests on the path.
sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))
import plain_reader
from postgresql import DATABASES, execute

sys.modules["gigawatt.readers.plain"] = plain_reader
importing.READERS["plain"] = "plain"


@pytest.fixture(scope="session")
def _empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty ledger of SQLite to copy from."""
    file = tmp_path_factory.mktemp("ledger") / "empty.db"
    with books.writing(books.address(str(file))):
        pass
    return file


@pytest.fixture(scope="session")
def _empty_database(postgres: URL) -> str:
    """An empty ledger of PostgreSQL to copy from."""
    execute(postgres, "CREATE DATABASE empty_ledger")
    with books.writing(postgres.set(database="empty_ledger")):
        pass
    return "empty_ledger"


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
    empty_database = request.getfixturevalue("_empty_database")
    names: list[str] = []

    def make_database(bare: bool = False) -> URL:
        name = f"ledger_{next(_NUMBERS)}"
        names.append(name)
        execute(server, f"CREATE DATABASE {name} TEMPLATE {'template0' if bare else empty_database}")
        return server.set(database=name)

    yield make_database
    for name in names:
        execute(server, f"DROP DATABASE {name} WITH (FORCE)")


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
