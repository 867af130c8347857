"""The campus, planned once for all tests of a worker, and ledgers of it in files."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from gigawatt.ledger import book as books
from gigawatt.ledger.facts import Fact
from gigawatt.study.result import Result
from gigawatt.study.run.stages import run

sys.path.insert(0, str(Path(__file__).parent))

from campus_ledgers import SET, Kept


@pytest.fixture(scope="session")
def result() -> Result:
    return run("one-campus", SET)


@pytest.fixture(scope="session")
def saved(result: Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return result.save(tmp_path_factory.mktemp("track") / "plan")


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    """Keep facts in a ledger of their own; its place."""

    def keep(found: Sequence[Fact], name: str = "ledger.db") -> str:
        place = str(tmp_path / name)
        with books.writing(books.address(place)) as book:
            books.append(book, found, who="ada")
        return place

    return keep
