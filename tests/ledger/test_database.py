"""Databases that are none, are somebody else's, newer, locked, full or out of reach: a word, and nothing is lost."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from plain_reader import hours, site, write
from sqlalchemy.engine import URL

from gigawatt.errors import LedgerError
from gigawatt.ledger import book as books
from gigawatt.ledger.proof import verify
from gigawatt.ledger.tables import METADATA

SECRET = "hunter2"


def test_the_layout_is_what_the_tables_say(ledger: URL) -> None:
    with books.writing(ledger) as book:
        assert not compare_metadata(MigrationContext.configure(book), METADATA)


def test_a_ledger_is_made_once_and_opened_again(nothing: URL) -> None:
    for _ in range(2):
        with books.writing(nothing) as book:
            assert books.head(book)[0] == 0
    with books.reading(nothing) as book:
        assert verify(book).ok


def test_where_there_is_no_ledger_none_is_made_by_reading_or_for_who_wants_none(nothing: URL) -> None:
    for _ in range(2):
        with pytest.raises(LedgerError, match="no ledger at"), books.reading(nothing):
            pass
        with pytest.raises(LedgerError, match="no ledger at"), books.writing(nothing, make=False):
            pass


def test_an_empty_file_becomes_a_ledger(tmp_path: Path) -> None:
    file = tmp_path / "gigawatt.db"
    file.touch()
    url = books.address(str(file))
    with pytest.raises(LedgerError, match="no ledger at"), books.reading(url):
        pass
    with books.writing(url) as book:
        assert books.head(book)[0] == 0


@pytest.mark.parametrize("how", [books.reading, books.writing])
def test_what_is_no_database_is_refused(tmp_path: Path, how: object) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("x" * 5_000)
    nowhere = tmp_path / "nowhere" / "gigawatt.db"
    for place, word in ((text, "no database"), (tmp_path, "a folder"), (nowhere, "folder that is not there")):
        with pytest.raises(LedgerError, match=word), how(books.address(str(place))):  # type: ignore[operator]
            pass
    assert text.read_text() == "x" * 5_000
    assert not nowhere.parent.exists()


@pytest.mark.parametrize("how", [books.reading, books.writing])
def test_a_database_of_another_program_is_refused_and_left_alone(nothing: URL, how: object) -> None:
    with books._engine(nothing) as engine, engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("CREATE TABLE facts (number integer)")
    with pytest.raises(LedgerError, match="holds other tables"), how(nothing):  # type: ignore[operator]
        pass


def test_tables_of_our_names_in_a_file_that_is_not_marked_as_ours_are_not_ours(tmp_path: Path) -> None:
    file = tmp_path / "other.db"
    with sqlite3.connect(file) as raw:
        for table in ("alembic_version", "facts", "chunks"):
            raw.execute(f"CREATE TABLE {table} (version_num text)")
    with pytest.raises(LedgerError, match="holds other tables"), books.reading(books.address(str(file))):
        pass


@pytest.mark.parametrize("how", [books.reading, books.writing])
@pytest.mark.parametrize("found", ["9999", ""])
def test_a_newer_layout_is_refused(ledger: URL, how: object, found: str) -> None:
    with books.writing(ledger) as book:
        book.exec_driver_sql(
            f"UPDATE alembic_version SET version_num = '{found}'" if found else "DELETE FROM alembic_version"
        )
    with pytest.raises(LedgerError, match="a newer Gigawatt has written it"), how(ledger):  # type: ignore[operator]
        pass


def test_a_writer_waits_for_another_and_says_so_when_it_takes_too_long(
    ledger: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    with books.writing(ledger) as book:
        books.head(book)
        monkeypatch.setattr(books, "WAIT_S", 0.3)
        with pytest.raises(OSError, match=r"somebody else has been at it for 0\.3 s"), books.writing(ledger):
            pass
    with books.writing(ledger) as book:
        assert books.head(book)[0] == 0


def test_a_reader_sees_the_book_as_it_stood_while_another_writes(ledger: URL) -> None:
    with books.writing(ledger) as book:
        books.append(book, [site()], "ada")
    with books.reading(ledger) as reader:
        assert books.head(reader)[0] == 1
        if reader.dialect.name == "postgresql":
            with books.writing(ledger) as book:
                books.append(book, [site(day=2)], "ada")
        assert books.head(reader)[0] == 1


@pytest.mark.parametrize(
    "database",
    [
        "mysql://ada:hunter2@host/name",
        "postgresql://host",
        "postgresql://",
        "sqlite://",
        "sqlite:///:memory:",
        "://",
        "postgresql://ada:hunter2@host:port/name",
        "x://ada:hunter2@h/n?password=hunter2",
        "oracle+x://ada:hunter2@h",
        "postgresql+asyncpg://ada:hunter2@host/name?password=hunter2",
    ],
)
def test_an_address_of_no_ledger_is_refused_without_its_password(database: str) -> None:
    with pytest.raises(LedgerError) as caught:
        books.address(database)
    assert SECRET not in str(caught.value)
    assert [fault.path for fault in caught.value.faults] == ["database"]


@pytest.mark.parametrize("word", ["postgres", "postgresql", "postgresql+psycopg"])
def test_a_server_that_is_not_there_is_told_without_the_password(word: str) -> None:
    url = books.address(f"{word}://ada:{SECRET}@127.0.0.1:1/gigawatt?password={SECRET}&connect_timeout=5")
    for how in (books.reading, books.writing):
        with pytest.raises(OSError, match=r"the ledger at postgresql.*refused") as caught, how(url):
            pass
        assert SECRET not in str(caught.value)
        assert "\n" not in str(caught.value)
    assert SECRET not in books.shown(url)


@pytest.mark.postgres
def test_a_database_that_is_not_on_the_server_is_told(postgres: URL) -> None:
    nowhere = postgres.set(database="nowhere", password=SECRET)
    with pytest.raises(OSError, match='database "nowhere" does not exist'), books.writing(nowhere):
        pass


def test_without_the_driver_of_postgresql_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    url = books.address(f"postgresql://ada:{SECRET}@host/name")
    with pytest.raises(LedgerError, match=r"pip install 'gigawatt\[postgres\]'") as caught, books.reading(url):
        pass
    assert SECRET not in str(caught.value)


@contextlib.contextmanager
def _as_nobody() -> Iterator[None]:
    """As a user who may do what everybody may, and no more; root may do all."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_ledger_that_may_not_be_read_or_written_is_told() -> None:
    with tempfile.TemporaryDirectory(prefix="gigawatt-ledger-") as name:
        folder, file = Path(name), Path(name) / "gigawatt.db"
        url = books.address(str(file))
        with books.writing(url) as book:
            books.head(book)
        folder.chmod(0o555)
        file.chmod(0o444)
        with _as_nobody():
            with books.reading(url) as book:
                assert books.head(book)[0] == 0
            with pytest.raises(OSError, match="readonly database"), books.writing(url) as book:
                books.append(book, [site()], "ada")
            with pytest.raises(OSError, match="unable to open"), books.writing(books.address(str(folder / "new.db"))):
                pass
        file.chmod(0)
        for how in (books.reading, books.writing):
            with _as_nobody(), pytest.raises(OSError, match="unable to open database file"), how(url):
                pass
        folder.chmod(0o755)


FULL = textwrap.dedent(
    """
    import resource, signal, sys
    from pathlib import Path
    sys.path.insert(0, {tests!r})
    import conftest
    from gigawatt.ledger import book as books, importing
    from gigawatt.readers.readings import FileAsked
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, {most}))
    try:
        with books.writing(books.address({place!r})) as book:
            importing.take(book, importing.source(Path({file!r}), "plain", FileAsked()), "ada")
        print("kept")
    except OSError as error:
        print("OSError", error)
    """
)


@pytest.mark.parametrize("room", [0, 40_000, 400_000])
def test_a_disk_that_is_full_keeps_nothing_of_a_file_and_all_before_it(tmp_path: Path, room: int) -> None:
    place = tmp_path / "gigawatt.db"
    with books.writing(books.address(str(place))) as book:
        books.append(book, [site()], "ada")
    # Values that do not compress to one, on many months and meters, are more than there is room for.
    rows = [(name, start, end, n + 0.5) for name in "abcdef" for n, (_, start, end, _) in enumerate(hours(5_000))]
    file = write(tmp_path / "many.csv", rows)
    most = place.stat().st_size + room
    code = FULL.format(tests=str(Path(__file__).parent), most=most, place=str(place), file=str(file))
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert said.stdout.startswith("OSError the ledger at"), said.stderr
    assert len(said.stdout.splitlines()) == 1
    with books.reading(books.address(str(place))) as book:
        proof = verify(book)
        assert (proof.ok, proof.facts_count, proof.readings_count) == (True, 1, 0)


def test_pages_that_run_out_keep_nothing_of_a_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = books.address(str(tmp_path / "gigawatt.db"))
    with books.writing(url) as book:
        books.append(book, [site()], "ada")
    whole = books._connected

    def few(raw: sqlite3.Connection, record: object) -> None:
        whole(raw, record)
        raw.execute("PRAGMA max_page_count = 30")

    monkeypatch.setattr(books, "_connected", few)
    with pytest.raises(OSError, match="disk is full") as caught, books.writing(url) as book:
        books.append(book, [site(float(n), source="x" * 500) for n in range(200)], "ada")
    assert "\n" not in str(caught.value)
    with books.reading(url) as book:
        assert books.head(book)[0] == 1
        assert verify(book).ok
