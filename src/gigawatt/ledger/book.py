"""The book: facts in SQLite or PostgreSQL, appended one writer at a time, never changed and never removed.

    with writing(address("gigawatt.db")) as book:
        append(book, [fact], who="ada")

A write is whole or not at all: whatever ends the block, an exception, a kill or a full disk, leaves the book as it was.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, Select, create_engine, event, func, insert, select
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, NoSuchModuleError

from gigawatt.errors import Fault, LedgerError
from gigawatt.ledger import facts
from gigawatt.ledger.facts import GENESIS, Fact, Recorded
from gigawatt.ledger.migrations import HEAD, prepare, version
from gigawatt.ledger.tables import CHUNKS, FACTS

DEFAULT = "gigawatt.db"
# How long one waits for another.
WAIT_S = 60.0
_DRIVERS = ("sqlite", "postgresql+psycopg")
# What writers of PostgreSQL take in turn: a number that no other program is likely to use.
_LOCK = 0x6769_6761_7761_7474
# Rows that are fetched and turned into facts at a time.
_PAGE_COUNT = 1_000
_EXPECTED = "a file, such as gigawatt.db, or an address such as postgresql+psycopg://user@host/name"


def address(database: str) -> URL:
    """Where a ledger is: a file's place, or an address of SQLite or PostgreSQL. Raises LedgerError for another."""
    if database.strip() in ("", ":memory:"):
        raise _refusal(f'"{database}", which keeps nothing', _EXPECTED)
    if "://" not in database:
        return URL.create("sqlite", database=database)
    try:
        url = make_url(database)
    except (ArgumentError, ValueError):
        raise _refusal("no address", _EXPECTED) from None
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername not in _DRIVERS or not url.database or url.database == ":memory:":
        raise _refusal(shown(url) if url.database else f"{url.drivername}, with no name", _EXPECTED)
    if url.drivername == "sqlite" and url.query:
        raise _refusal(f"{shown(url)} with options", "a file of SQLite without any")
    return url


def shown(url: URL) -> str:
    """A ledger's place as people may see it, without its password, which may stand among the options as well."""
    return str(url.database) if url.drivername == "sqlite" else url.set(query={}).render_as_string(hide_password=True)


def _refusal(given: str, expected: str) -> LedgerError:
    return LedgerError([Fault(path="database", given=given, expected=expected, asked=True)])


@contextlib.contextmanager
def writing(url: URL, make: bool = True, keep: bool = True) -> Iterator[Connection]:
    """The book for one write, alone until the block ends, made where it is absent and `make`.

    keep: whether what the block wrote is kept; without, everything is tried and nothing happens, to a book that is
    absent neither. Raises LedgerError for what is no ledger, OSError where the database cannot be reached or written.
    """
    absent = _has_no_file(url)
    if absent and not make:
        raise _absent(url)
    dry = absent and not keep
    with (
        _failures(url),
        _engine(URL.create("sqlite") if dry else url) as engine,
        engine.connect().execution_options(writing=True) as connection,
        connection.begin() as transaction,
    ):
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {1000 * WAIT_S:.0f}")
            connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        if not make and version(connection, shown(url)) is None:
            raise _absent(url)
        prepare(connection, shown(url))
        yield connection
        if not keep:
            transaction.rollback()


@contextlib.contextmanager
def reading(url: URL) -> Iterator[Connection]:
    """The book as it stands, the same to the end of the block. Raises LedgerError where there is none."""
    if _has_no_file(url):
        raise _absent(url)
    with _failures(url), _engine(url) as engine, engine.connect() as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        found = version(connection, shown(url))
        if found is None:
            raise _absent(url)
        if found == HEAD:
            yield connection
            return
    with writing(url, make=False):
        pass  # an older layout is brought to ours by whoever opens it for writing
    with reading(url) as connection:
        yield connection


def _has_no_file(url: URL) -> bool:
    """Whether a ledger of SQLite is yet to be made. Raises LedgerError where no file can be."""
    if url.drivername != "sqlite":
        return False
    place = Path(str(url.database))
    try:
        if place.is_dir():
            raise _refusal(f"{place}, which is a folder", _EXPECTED)
        if not place.exists() and not place.parent.is_dir():
            raise _refusal(f"{place}, in a folder that is not there", _EXPECTED)
        return not place.exists()
    except ValueError:
        raise _refusal(f"{place}, a name that no file can have", _EXPECTED) from None


def _absent(url: URL) -> LedgerError:
    return _refusal(f"no ledger at {shown(url)}", "one that `gigawatt ledger init` has made")


@contextlib.contextmanager
def _engine(url: URL) -> Iterator[Engine]:
    try:
        engine = create_engine(url, **_options(url))
    except (ModuleNotFoundError, NoSuchModuleError):
        raise _refusal(shown(url), "the driver of PostgreSQL: pip install 'gigawatt[postgres]'") from None
    if url.drivername == "sqlite":
        event.listen(engine, "connect", _connected)
        event.listen(engine, "begin", _begun)
    try:
        yield engine
    finally:
        engine.dispose()


def _options(url: URL) -> dict[str, Any]:
    if url.drivername == "sqlite":
        return {"connect_args": {"timeout": WAIT_S}}
    # Who waited for another writer has to see what it wrote, whatever the server's own default is.
    return {"connect_args": {"connect_timeout": 15}, "isolation_level": "READ COMMITTED"}


def _connected(raw: sqlite3.Connection, record: object) -> None:
    """Transactions are begun by us: Python's own begin too late to keep a second writer out."""
    del record
    raw.isolation_level = None
    try:
        raw.execute("PRAGMA synchronous = FULL")
        raw.execute("PRAGMA cache_size = -32000")
    except UnicodeDecodeError:
        # What SQLite says of a layout that was overwritten quotes it, and is then no text.
        raise sqlite3.DatabaseError("database disk image is malformed") from None


def _begun(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextlib.contextmanager
def _failures(url: URL) -> Iterator[None]:
    """What a database refuses, in our words: a file that is none is bad input, all else the machine's."""
    try:
        yield
    except DBAPIError as error:
        words = " ".join(str(error.orig).split())
        if isinstance(error, DatabaseError) and "not a database" in words:
            raise _refusal(f"{shown(url)}, which is no database", _EXPECTED) from None
        if "is locked" in words or "lock timeout" in words:
            words = f"somebody else has been at it for {WAIT_S:g} s"
        raise OSError(f"the ledger at {shown(url)}: {words}") from error


def append(book: Connection, found: Iterable[Fact], who: str, authenticated: bool = False) -> list[Recorded | None]:
    """Record facts, in their order; None stands for each that was recorded before.

    Raises LedgerError for a fact of the future, or one that corrects what is not there or was corrected already: then
    none of them is recorded.
    """
    _named("who", who)
    number, hash_, _ = _last(book)
    at = clock(book)
    made: list[Recorded | None] = []
    for fact in found:
        _named("source", fact.source)
        known = book.execute(select(FACTS.c.number).where(FACTS.c.key == fact.key)).scalar()
        if known is not None:
            made.append(None)
            continue
        _check(book, fact, at)
        number += 1
        entry = Recorded(fact=fact, number=number, recorded=at, who=who, authenticated=authenticated, previous=hash_)
        hash_ = entry.hash
        book.execute(insert(FACTS).values(_row(entry)))
        made.append(entry)
    return made


def clock(book: Connection) -> str:
    """This moment: a clock that was set back makes nothing earlier than what was recorded before."""
    return max(facts.now(), _last(book)[2])


def _named(path: str, text: str) -> None:
    if not text.strip() or not text.isprintable():
        expected = "a line of text without control characters"
        raise LedgerError([Fault(path=path, given=f'"{text[:80]}"', expected=expected)])


def _check(book: Connection, fact: Fact, at: str) -> None:
    if facts.milliseconds(fact.happened) > facts.latest_ms(at):
        raise LedgerError([Fault(path="at", given=fact.happened, expected=f"what has happened; it is {at} now")])
    if fact.corrects is None:
        return
    target = book.execute(select(FACTS.c.number, FACTS.c.kind).where(FACTS.c.identity == fact.corrects)).first()
    if target is None:
        raise LedgerError(
            [Fault(path="corrects", given=fact.corrects[:16], expected="a fact of this ledger", asked=True)]
        )
    if expected := _unfit(fact.kind, target.kind):
        given = f"{fact.kind} in place of fact {target.number}"
        raise LedgerError([Fault(path="kind", given=given, expected=expected)])
    later = select(FACTS.c.number).where(FACTS.c.corrects == fact.corrects)
    if target.kind == "readings":
        # Batches of readings may be corrected in parts, by several files, and are withdrawn but once.
        later = later.where(FACTS.c.kind == "retraction")
    if (number := book.execute(later).scalar()) is not None:
        expected = f"the fact that stands in its place, which is {number}"
        raise LedgerError([Fault(path="corrects", given=f"fact {target.number}", expected=expected, asked=True)])


def _unfit(kind: str, target: str) -> str:
    """What may correct a fact of a kind, where this does not; "" where it does."""
    if target == "disbursement":
        return "no correction: a tranche is paid once, and money that came back is a fact of its own"
    if target == "retraction":
        return "" if kind not in ("retraction", "readings") else "what holds after all, recorded in its place"
    return "" if kind in (target, "retraction") else f"a fact of the kind {target}, or a retraction"


def _last(book: Connection) -> tuple[int, str, str]:
    last = book.execute(
        select(FACTS.c.number, FACTS.c.hash, FACTS.c.recorded).order_by(FACTS.c.number.desc()).limit(1)
    ).first()
    return (last.number, last.hash, last.recorded) if last else (0, GENESIS, "")


def head(book: Connection) -> tuple[int, str]:
    """Number and hash of the last fact; 0 and the hash that stands before the first where there is none."""
    return _last(book)[:2]


def size(book: Connection) -> tuple[int, int]:
    """How many facts there are, and how many readings behind them."""
    return _last(book)[0], int(book.execute(select(func.coalesce(func.sum(CHUNKS.c.count), 0))).scalar_one())


def identity_of(book: Connection, name: str) -> str:
    """The identity of a fact by its number or by the first digits, at least eight, of its identity or hash.

    Raises LedgerError where there is none, or more than one.
    """
    if name.isascii() and name.isdigit() and len(name) < 10:
        chosen = FACTS.c.number == int(name)
    else:
        text = name.lower() if len(name) >= 8 and name.isalnum() else "none"
        chosen = FACTS.c.identity.startswith(text) | FACTS.c.hash.startswith(text)
    found = book.execute(select(FACTS.c.identity).where(chosen).limit(2)).scalars().all()
    if len(found) == 1:
        return found[0]
    expected = "the number of a fact, or the first digits of its hash, as `gigawatt ledger facts` prints them"
    given = f'"{name[:80]}", which is {"no fact" if not found else "more than one"}'
    raise LedgerError([Fault(path="corrects", given=given, expected=expected, asked=True)])


def read(book: Connection, as_of: str | None = None, kinds: Iterable[str] = ()) -> Iterator[Recorded]:
    """Facts in their order, what was recorded by a moment where one is given, of some kinds where any is named."""
    asked = select(FACTS).order_by(FACTS.c.number)
    if as_of is not None:
        asked = asked.where(FACTS.c.recorded <= as_of)
    if kinds := tuple(kinds):
        asked = asked.where(FACTS.c.kind.in_(kinds))
    for row in paged(book, asked, _PAGE_COUNT):
        yield recorded(row)


def paged(book: Connection, asked: Select[Any], count: int) -> Iterator[Row[Any]]:
    """Rows of a question, fetched so many at a time, and the server's cursor closed wherever one stops to read."""
    with book.execute(asked, execution_options={"yield_per": count}) as rows:
        yield from rows


def recorded(row: Row[Any]) -> Recorded:
    """A row of the table as a fact. Raises ValueError where its body is no JSON."""
    fact = Fact(
        kind=row.kind,
        happened=row.happened,
        body=json.loads(row.body),
        source=row.source,
        source_sha256=row.source_sha256,
        corrects=row.corrects,
    )
    return Recorded(
        fact=fact,
        number=row.number,
        recorded=row.recorded,
        who=row.who,
        authenticated=bool(row.authenticated),
        previous=row.previous,
    )


def _row(entry: Recorded) -> dict[str, Any]:
    fact = entry.fact
    return {
        "number": entry.number,
        "kind": fact.kind,
        "happened": fact.happened,
        "body": facts.canonical(fact.body),
        "source": fact.source,
        "source_sha256": fact.source_sha256,
        "corrects": fact.corrects,
        "identity": fact.identity,
        "key": fact.key,
        "recorded": entry.recorded,
        "who": entry.who,
        "authenticated": entry.authenticated,
        "previous": entry.previous,
        "hash": entry.hash,
    }
