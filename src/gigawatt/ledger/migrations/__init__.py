"""The layout of the database, step by step, by Alembic; a book that is older is brought to ours when it is written."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from gigawatt.errors import Fault, LedgerError

# The last step in versions/.
HEAD = "0001"
# Says in an SQLite file whose it is: "Giga".
_APPLICATION = 0x47696761


def version(book: Connection, place: str) -> str | None:
    """Which layout a database has; None: it is empty. Raises LedgerError where it is somebody else's, or newer."""
    tables = set(inspect(book).get_table_names())
    if not tables:
        return None
    ours = {"alembic_version", "facts", "chunks"} <= tables
    if ours and book.dialect.name == "sqlite":
        ours = book.exec_driver_sql("PRAGMA application_id").scalar() == _APPLICATION
    if not ours:
        given, expected = f"{place}, which holds other tables", "a ledger, or a database that is empty"
        raise LedgerError([Fault(path="database", given=given, expected=expected, asked=True)])
    found = str(book.execute(text("SELECT version_num FROM alembic_version")).scalar())
    if found > HEAD:
        given, expected = f"{place} in layout {found}", f"layout {HEAD} or before: a newer Gigawatt has written it"
        raise LedgerError([Fault(path="database", given=given, expected=expected, asked=True)])
    return found


def prepare(book: Connection, place: str) -> None:
    """Bring a database to our layout, within the transaction that is open. Raises LedgerError as `version` does."""
    if version(book, place) == HEAD:
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = book
    command.upgrade(config, "head")
    mark(book)


def mark(book: Connection) -> None:
    """Say in the file whose it is."""
    if book.dialect.name == "sqlite":
        book.exec_driver_sql(f"PRAGMA application_id = {_APPLICATION}")
