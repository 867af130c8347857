"""The walk through a day of a server: its commands run as they stand, in their order, and print what it says."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

# pytest's importlib mode puts no folder of tests on the path.
sys.path.insert(0, str(Path(__file__).parent))
from pages import Ran, run

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "server.md").read_text(encoding="utf-8")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> list[Ran]:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = str(door.getsockname()[1])
    return run(PAGE.replace("8000", port), tmp_path_factory.mktemp("day"), 600)


def test_every_command_prints_what_the_page_says(ran: list[Ran]) -> None:
    others = [one for one in ran if not one.agrees]
    assert not others, "\n\n".join(f"{one.code}\n{one.expected}\n-- but --\n{one.printed}" for one in others)


def test_the_page_says_of_most_commands_what_they_print(ran: list[Ran]) -> None:
    assert sum(one.expected is not None for one in ran) >= len(ran) - 2
