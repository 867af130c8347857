"""The chain finds any change of any stored value, and what is removed, added or put in another order."""

from __future__ import annotations

import shutil
import sqlite3
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plain_reader import hours, retraction, site, write
from sqlalchemy import Connection
from sqlalchemy.engine import URL

from gigawatt.errors import LedgerError
from gigawatt.ledger import book as books
from gigawatt.ledger import facts, importing
from gigawatt.ledger.proof import Proof, verify
from gigawatt.ledger.tables import CHUNKS, FACTS
from gigawatt.readers.readings import FileAsked

FACTS_COUNT, READINGS_COUNT = 6, 1_248
Raw = tuple[URL, sqlite3.Connection]
COLUMNS = [(table.name, column.name) for table in (FACTS, CHUNKS) for column in table.columns]
NUMBERS = {"number", "authenticated", "batch", "part", "first_ms", "last_ms", "until_ms", "span_ms", "count"} | {
    "replaces",
    "replaced_count",
}


def fill(book: Connection, folder: Path) -> None:
    """Facts with a correction, a retraction and a document; readings of two months with a correction, and jobs."""
    jobs = [("m2", start, end, value, n + 1) for n, (_, start, end, value) in enumerate(hours(24))]
    first = importing.source(write(folder / "a.csv", [*hours(1_200), *jobs]), "plain", FileAsked(site="abilene"))
    importing.take(book, first, "ada")
    wrong = books.identity_of(book, "1")
    again = importing.source(write(folder / "b.csv", hours(24, value=99.5)), "plain", FileAsked(site="abilene"))
    importing.take(book, again, "bob", corrects=wrong)
    books.append(book, [site(), site(2e8, 2), site(1e8, corrects=site().identity)], "ada", authenticated=True)
    books.append(book, [retraction(site(2e8, 2).identity)], "ada")


@pytest.fixture
def filled(ledger: URL, tmp_path: Path) -> URL:
    """A ledger with facts and readings."""
    with books.writing(ledger) as book:
        fill(book, tmp_path)
    return ledger


def proof_of(url: URL, head: str | None = None) -> Proof:
    with books.reading(url) as book:
        return verify(book, head)


def unguarded(book: Connection) -> Connection:
    """A book whose guards a hand has taken away."""
    if book.dialect.name == "sqlite":
        names = book.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all()
        for name in names:
            book.exec_driver_sql(f"DROP TRIGGER {name}")
    else:
        for table in ("facts", "chunks"):
            book.exec_driver_sql(f"DROP TRIGGER {table}_kept ON {table}")
    return book


@pytest.fixture
def hand(filled: URL) -> Iterator[Callable[..., Proof]]:
    """Does something to a filled ledger by hand, proves it, and undoes it."""
    with books.writing(filled) as book:
        unguarded(book)

        def change(*statements: str, head: str | None = None) -> Proof:
            with book.begin_nested() as before:
                for statement in statements:
                    book.exec_driver_sql(statement)
                found = verify(book, head)
                before.rollback()
            return found

        yield change


def test_a_ledger_that_nobody_touched_is_whole(filled: URL) -> None:
    found = proof_of(filled)
    assert (found.ok, found.reason, found.first_bad) == (True, "", None)
    assert (found.facts_count, found.readings_count) == (FACTS_COUNT, READINGS_COUNT)
    with books.reading(filled) as book:
        assert books.head(book) == (FACTS_COUNT, found.head)
    for digits in (64, 16):
        assert proof_of(filled, found.head[:digits].upper()).head_number == FACTS_COUNT


def _changed(column: str, sqlite: bool) -> str:
    """An assignment that makes a value of a column another."""
    if column == "authenticated" and not sqlite:
        return "authenticated = NOT authenticated"
    if column in NUMBERS:
        return f"{column} = {column} + 100"
    if column in ("total", "replaced_total"):
        return f"{column} = {column} + 1e-9"
    if column == "data":
        return "data = data || data"
    return f"{column} = COALESCE({column}, '') || 'y'" if sqlite else f"{column} = 'y'"


def test_a_change_of_any_column_of_any_row_is_found(hand: Callable[..., Proof], filled: URL) -> None:
    rows = {"facts": ("number", FACTS_COUNT), "chunks": ("batch", 2)}
    for table, column in COLUMNS:
        key, count = rows[table]
        for number in range(1, count + 1):
            change = _changed(column, filled.drivername == "sqlite")
            found = hand(f"UPDATE {table} SET {change} WHERE {key} = {number}")
            assert not found.ok, (table, column, number)
            assert found.reason


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM facts WHERE number = 3",
        "DELETE FROM facts WHERE number = 1",
        "DELETE FROM chunks WHERE batch = 1 AND part = 0",
        "DELETE FROM chunks WHERE batch = 1 AND part = 1",
        "DELETE FROM chunks WHERE batch = 1",
        "DELETE FROM facts WHERE kind = 'readings'",
        "UPDATE chunks SET batch = 9 WHERE batch = 2",
        "UPDATE facts SET number = 9 WHERE number = 6",
    ],
)
def test_what_is_removed_or_moved_is_missed(hand: Callable[..., Proof], change: str) -> None:
    assert not hand(change).ok


def test_facts_in_another_order_or_between_others_are_found(hand: Callable[..., Proof]) -> None:
    swap = [
        "UPDATE facts SET number = -number WHERE number IN (3, 4)",
        "UPDATE facts SET number = 7 + number WHERE number < 0",
    ]
    found = hand(*swap)
    assert (found.ok, found.first_bad) == (False, 3)
    later = [
        "UPDATE facts SET number = -number WHERE number > 3",
        "UPDATE facts SET number = 1 - number WHERE number < 0",
    ]
    names = ", ".join(column.name for column in FACTS.columns if column.name not in ("number", "key"))
    again = f"INSERT INTO facts (number, key, {names}) SELECT 4, 'new', {names} FROM facts WHERE number = 3"
    assert not hand(*later, again).ok


def test_readings_that_are_added_are_found(hand: Callable[..., Proof]) -> None:
    names = ", ".join(column.name for column in CHUNKS.columns if column.name not in ("batch", "part"))
    for batch, part in ((1, 3), (2, 1), (3, 0), (77, 0)):
        more = f"INSERT INTO chunks (batch, part, {names}) SELECT {batch}, {part}, {names} FROM chunks LIMIT 1"
        assert not hand(more).ok, (batch, part)


def test_what_is_cut_off_the_end_is_missed_by_a_head_that_was_kept_elsewhere(hand: Callable[..., Proof]) -> None:
    kept = hand().head
    assert hand("DELETE FROM facts WHERE number > 4").ok
    found = hand("DELETE FROM facts WHERE number > 4", head=kept)
    assert (found.ok, found.first_bad, found.head_number) == (False, None, None)
    assert "no longer there" in found.reason
    assert not hand("DELETE FROM facts", "DELETE FROM chunks", head=kept).ok


def test_a_history_that_is_written_anew_is_found_by_a_head_that_was_kept_elsewhere(
    fresh: Callable[..., URL], filled: URL, tmp_path: Path
) -> None:
    other = fresh()
    with books.writing(other) as book:
        fill(book, tmp_path)
    # The same content at another time is another chain.
    assert proof_of(other).ok
    assert not proof_of(other, proof_of(filled).head).ok


def test_facts_behind_a_head_are_no_harm_to_it(filled: URL) -> None:
    kept = proof_of(filled).head
    with books.writing(filled) as book:
        books.append(book, [site(day=9)], "ada")
    found = proof_of(filled, kept)
    assert (found.ok, found.head_number, found.facts_count) == (True, FACTS_COUNT, FACTS_COUNT + 1)


@pytest.mark.parametrize("head", ["", "abc", "f" * 15, "f" * 65, "g" * 64, "12 34"])
def test_a_head_that_is_no_hash_is_refused(book: Connection, head: str) -> None:
    with pytest.raises(LedgerError, match="at least 16"):
        verify(book, head)


def test_an_empty_ledger_is_whole_and_holds_no_head(book: Connection) -> None:
    assert verify(book).ok
    assert not verify(book, "f" * 64).ok


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Raw]:
    """A filled ledger of SQLite without its guards, open to a hand and to us."""
    folder = tmp_path_factory.mktemp("hand")
    url = books.address(str(folder / "gigawatt.db"))
    with books.writing(url) as book:
        fill(book, folder)
        unguarded(book)
    door = sqlite3.connect(folder / "gigawatt.db", isolation_level=None)
    yield url, door
    door.close()


def _flipped(value: Any, place: int, mask: int) -> Any:
    """A value with one byte another: of a text or bytes in their place, of numbers in their eight bytes."""
    if isinstance(value, str):
        data = bytearray(value.encode() or b" ")
        data[place % len(data)] ^= mask
        return data.decode(errors="surrogateescape").encode(errors="surrogateescape")
    if isinstance(value, bytes):
        data = bytearray(value)
        data[place % len(data)] ^= mask
        return bytes(data)
    if value is None:
        return chr(mask)
    form = "<q" if isinstance(value, int) else "<d"
    data = bytearray(struct.pack(form, value))
    data[place % 8] ^= mask
    return struct.unpack(form, bytes(data))[0]


@given(st.sampled_from(COLUMNS), st.integers(0, 5), st.integers(0, 2**20), st.integers(1, 255))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_single_byte_that_is_another_is_found(raw: Raw, at: tuple[str, str], row: int, place: int, mask: int) -> None:
    url, door = raw
    table, column = at
    rows = door.execute(f"SELECT rowid, {column} FROM {table} ORDER BY rowid").fetchall()
    rowid, before = rows[row % len(rows)]
    after = _flipped(before, place, mask)
    value = "CAST(? AS TEXT)" if isinstance(before, str) else "?"
    try:
        door.execute(f"UPDATE {table} SET {column} = {value} WHERE rowid = ?", (after, rowid))
    except sqlite3.IntegrityError:
        return  # the database itself refuses two of one number
    now = after if column == "number" else rowid
    try:
        # SQLite keeps no sign of a zero: then nothing has changed.
        assert after == before == 0 or not proof_of(url).ok, (at, before, after)
    finally:
        door.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (before, now))


@pytest.mark.parametrize("value", ["'text'", "x'00ff'", "1.5", "NULL", "x'c328'", "'{'", "1e999", "'9e99'"])
def test_a_value_of_another_type_is_found_and_no_crash(raw: Raw, value: str) -> None:
    for table, column in COLUMNS:
        _of_another_type(*raw, table, column, value)


def _of_another_type(url: URL, door: sqlite3.Connection, table: str, column: str, value: str) -> None:
    rowid, before = door.execute(f"SELECT rowid, {column} FROM {table} ORDER BY rowid").fetchone()
    try:
        door.execute(f"UPDATE {table} SET {column} = {value} WHERE rowid = {rowid}")
    except sqlite3.IntegrityError:
        return  # the database itself refuses it
    if before is None and value == "NULL":
        return
    at = value if column == "number" else rowid
    try:
        assert not proof_of(url).ok, (table, column, value)
    finally:
        door.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = {at}", (before,))


def test_a_file_with_bytes_overwritten_is_never_proved_and_never_a_crash(raw: Raw, tmp_path: Path) -> None:
    url = raw[0]
    whole = Path(str(url.database)).read_bytes()
    sound = proof_of(url)
    places = range(100, len(whole), max(len(whole) // 40, 1))
    for place in places:
        file = tmp_path / "overwritten.db"
        shutil.copy(str(url.database), file)
        with file.open("r+b") as stream:
            stream.seek(place)
            stream.write(bytes([whole[place] ^ 0xFF]))
        try:
            found = proof_of(books.address(str(file)))
        except (OSError, LedgerError):
            continue
        # Bytes that no value stands in, or an index, may be another: then all values are what they were.
        assert not found.ok or found == sound


def test_what_is_recorded_is_by_this_clock(book: Connection) -> None:
    before = facts.now()
    entry = books.append(book, [site()], "ada")[0]
    assert entry is not None
    assert before <= entry.recorded <= facts.now()
