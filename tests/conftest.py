"""What tests of every folder use: the data folder, a server of PostgreSQL, the settings of arrays."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

# pytest's importlib mode puts no folder of tests on the path.
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of weather, trace and measurement files; tests that need it skip where it is absent."""
    default = Path(__file__).resolve().parents[1] / ".." / "shared"
    folder = Path(os.environ.get("GIGAWATT_DATA", default))
    if not folder.is_dir():
        pytest.skip(f"no data folder at {folder}: set GIGAWATT_DATA to one")
    return folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[URL]:
    """A PostgreSQL server of our own on loopback; tests that need it skip where none is installed."""
    pytest.importorskip("psycopg", reason="no driver of PostgreSQL: pip install 'gigawatt[postgres]'")
    from postgresql import server

    folder = Path(tempfile.mkdtemp(prefix="gigawatt-pg-"))
    try:
        with server(folder) as url:
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """A test, and whatever it sets up, has exact arrays, as the questions have whose parts it calls."""
    from gigawatt.exact import exact

    with nullcontext() if item.get_closest_marker("as_found") else exact():
        return (yield)
