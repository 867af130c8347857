"""Two timelines, made once: the campus preset, and the same with a second site and research."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from lives import RESEARCH, Lived, live

from gigawatt.scenario.load import load, loads


@pytest.fixture(scope="session")
def campus() -> Lived:
    return live(load("one-campus"))


@pytest.fixture(scope="session")
def with_research() -> Lived:
    return live(loads(RESEARCH))


@pytest.fixture(scope="session", params=["campus", "with_research"])
def lived(request: pytest.FixtureRequest) -> Lived:
    found: Lived = request.getfixturevalue(request.param)
    return found
