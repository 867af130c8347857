"""The server's own database to test with: in SQLite, and where both are asked for in PostgreSQL as well."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from postgresql import DATABASES, execute
from sqlalchemy.engine import URL

from gigawatt.interfaces.server.settings import Settings
from gigawatt.interfaces.server.store import Store

_NUMBERS = count()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A server in a folder of its own, with databases of SQLite."""
    return Settings(database=str(tmp_path / "gigawatt.db"), data=tmp_path / "server")


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """Its own database, open."""
    opened = Store(settings)
    yield opened
    opened.close()


@pytest.fixture(params=DATABASES)
def each_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """The same on SQLite, and again on a PostgreSQL server that the tests start and stop."""
    if request.param == "sqlite":
        yield request.getfixturevalue("settings")
        return
    server: URL = request.getfixturevalue("postgres")
    name = f"server_{next(_NUMBERS)}"
    execute(server, f"CREATE DATABASE {name} TEMPLATE template0")
    url = server.set(database=name).render_as_string(hide_password=False)
    yield Settings(database=url, data=tmp_path / "server")
    execute(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def each_store(each_settings: Settings) -> Iterator[Store]:
    """The server's own database of those, open."""
    opened = Store(each_settings)
    yield opened
    opened.close()


@pytest.fixture
def another(each_settings: Settings, each_store: Store) -> Iterator[Callable[[], Store]]:
    """Opens the same database again, as a second process does."""
    del each_store
    opened: list[Store] = []

    def again() -> Store:
        opened.append(Store(each_settings))
        return opened[-1]

    yield again
    for one in opened:
        one.close()
