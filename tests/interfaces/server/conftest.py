"""The server's own database to test with: in SQLite, and where both are asked for in PostgreSQL as well."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from postgresql import DATABASES, execute
from sqlalchemy.engine import URL

from gigawatt.interfaces.server.settings import Settings
from gigawatt.interfaces.server.store import FILE, ServerStore

_NUMBERS = count()


@pytest.fixture(scope="session")
def _empty_server(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The server's own database of SQLite, with nobody in it, to copy from."""
    folder = tmp_path_factory.mktemp("server")
    ServerStore(Settings(data=folder)).close()
    return folder / FILE


@pytest.fixture(scope="session")
def _empty_server_database(postgres: URL, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The same in PostgreSQL."""
    execute(postgres, "CREATE DATABASE empty_server")
    url = postgres.set(database="empty_server").render_as_string(hide_password=False)
    ServerStore(Settings(database=url, data=tmp_path_factory.mktemp("server"))).close()
    return "empty_server"


@pytest.fixture
def settings(tmp_path: Path, _empty_server: Path) -> Settings:
    """A server in a folder of its own, with databases of SQLite."""
    (tmp_path / "server").mkdir()
    shutil.copy(_empty_server, tmp_path / "server")
    return Settings(database=str(tmp_path / "gigawatt.db"), data=tmp_path / "server")


@pytest.fixture
def store(settings: Settings) -> Iterator[ServerStore]:
    """Its own database, open."""
    opened = ServerStore(settings)
    yield opened
    opened.close()


@pytest.fixture(params=DATABASES)
def each_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """The same on SQLite, and again on a PostgreSQL server that the tests start and stop."""
    if request.param == "sqlite":
        yield request.getfixturevalue("settings")
        return
    server: URL = request.getfixturevalue("postgres")
    empty = request.getfixturevalue("_empty_server_database")
    name = f"server_{next(_NUMBERS)}"
    execute(server, f"CREATE DATABASE {name} TEMPLATE {empty}")
    url = server.set(database=name).render_as_string(hide_password=False)
    yield Settings(database=url, data=tmp_path / "server")
    execute(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def each_store(each_settings: Settings) -> Iterator[ServerStore]:
    """The server's own database of those, open."""
    opened = ServerStore(each_settings)
    yield opened
    opened.close()


@pytest.fixture
def another(each_settings: Settings, each_store: ServerStore) -> Iterator[Callable[[], ServerStore]]:
    """Opens the same database again, as a second process does."""
    del each_store
    opened: list[ServerStore] = []

    def again() -> ServerStore:
        opened.append(ServerStore(each_settings))
        return opened[-1]

    yield again
    for one in opened:
        one.close()
