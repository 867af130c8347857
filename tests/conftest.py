"""Where the data folder is, which no other place knows, and settings for tests that call parts of a question."""

import os
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of weather, trace and measurement files; tests that need it skip where it is absent."""
    default = Path(__file__).resolve().parents[1] / ".." / "shared"
    folder = Path(os.environ.get("GIGAWATT_DATA", default))
    if not folder.is_dir():
        pytest.skip(f"no data folder at {folder}: set GIGAWATT_DATA to one")
    return folder


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """A test, and whatever it sets up, has exact arrays, as the questions have whose parts it calls."""
    from gigawatt.plan.exact import exact

    with nullcontext() if item.get_closest_marker("as_found") else exact():
        return (yield)
