"""The one place that knows where the data folder is."""

import os
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
