"""The layout of the server's own tables, step by step, by Alembic; an older one is brought to ours when opened."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.schema import CreateSchema

from gigawatt.errors import Fault, LedgerError

# The last step in versions/.
HEAD = "s0001"
VERSION = "server_version"


def version(connection: Connection, schema: str | None) -> str | None:
    """Which layout a database has; None: none yet."""
    if VERSION not in inspect(connection).get_table_names(schema=schema):
        return None
    table = f"{schema}.{VERSION}" if schema else VERSION
    return connection.execute(text(f"SELECT version_num FROM {table}")).scalar()


def prepare(connection: Connection, schema: str | None) -> None:
    """Bring the tables to our layout, within the transaction that is open; schema: where they stand in PostgreSQL.

    Raises LedgerError where a newer Gigawatt has written them.
    """
    if schema:
        # Of two servers that start at once, the second waits for what the first makes.
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7451602349857213)")
        connection.execute(CreateSchema(schema, if_not_exists=True))
    found = version(connection, schema)
    if found == HEAD:
        return
    if found is not None and found > HEAD:
        given, expected = (
            f"the server's tables in layout {found}",
            f"layout {HEAD} or before: a newer Gigawatt wrote it",
        )
        raise LedgerError([Fault(path="database", given=given, expected=expected, asked=True)])
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"], config.attributes["schema"] = connection, schema
    command.upgrade(config, "head")
