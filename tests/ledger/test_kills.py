"""Processes that write at once or are killed at any moment: the book is whole, and nothing counts twice."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from plain_reader import hours, write
from programme import TERMS, enough
from sqlalchemy.engine import URL

from gigawatt.ledger import book as books
from gigawatt.ledger import importing, milestones, readings
from gigawatt.ledger.proof import verify
from gigawatt.readers.readings import FileAsked

pytestmark = pytest.mark.slow  # a process of its own for every try
CHILD = Path(__file__).with_name("child.py")
READINGS_COUNT = 12_000


def start(what: str, url: URL, argument: str) -> subprocess.Popen[str]:
    """A child that is about to write."""
    place = url.render_as_string(hide_password=False) if url.drivername != "sqlite" else str(url.database)
    child = subprocess.Popen([sys.executable, str(CHILD), what, place, argument], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


def ended(child: subprocess.Popen[str]) -> bool:
    """Whether a child came to its end, and not to that of a signal."""
    said = child.communicate(timeout=60)[0]
    return said == "done\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of readings that is written in a dozen pieces."""
    rows = [row for name in "abcdef" for row in hours(READINGS_COUNT // 6, subject=name)]
    return write(tmp_path / "many.csv", rows)


def kills(url: URL, what: str, argument: str) -> int:
    """Kill a child later and later until one comes to its end; how many were killed."""
    delay_s, count = 0.0, 0
    while True:
        child = start(what, url, argument)
        time.sleep(delay_s)
        child.kill()
        if ended(child):
            return count
        count += 1
        delay_s = 0.02 + delay_s * 1.3
        with books.reading(url) as book:
            found = verify(book)
            assert found.ok, found.reason
            assert found.readings_count in (0, READINGS_COUNT)


def test_an_import_that_is_killed_leaves_nothing_and_the_next_brings_the_whole(ledger: URL, file: Path) -> None:
    assert kills(ledger, "import", str(file)) >= 1
    with books.writing(ledger) as book:
        tally, _ = importing.take(book, importing.source(file, "plain", FileAsked()), "ada")
        assert (tally.added, tally.duplicates) == (0, READINGS_COUNT)
        assert verify(book).readings_count == READINGS_COUNT
        assert sum(one.total for one in readings.totals(book)) == 100.0 * READINGS_COUNT


def test_approvals_and_a_payment_that_are_killed_are_made_once_in_the_end(ledger: URL) -> None:
    with books.writing(ledger) as book:
        milestones.agree(book, TERMS, "toy.toml", None, "ada")
        books.append(book, enough(10), "ada")
    kills(ledger, "approve", "ada,bob")
    with books.reading(ledger) as book:
        found = [entry.fact.kind for entry in books.read(book, kinds=("approval", "disbursement"))]
        assert sorted(found) == ["approval", "approval", "disbursement"]
        assert verify(book).ok


def test_processes_that_import_at_once_count_every_reading_once(ledger: URL, file: Path, tmp_path: Path) -> None:
    half = write(tmp_path / "half.csv", hours(READINGS_COUNT // 12, subject="a"))
    children = [start("import", ledger, str(name)) for name in (file, half, file)]
    ends = [ended(child) for child in children]
    assert all(ends)
    with books.reading(ledger) as book:
        proof = verify(book)
        assert (proof.ok, proof.readings_count) == (True, READINGS_COUNT)
        assert sum(one.count for one in readings.totals(book)) == READINGS_COUNT
