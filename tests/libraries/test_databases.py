"""What SQLAlchemy and Alembic do to money, times, JSON and migrations: why our tables hold integers and texts."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Engine,
    Integer,
    MetaData,
    Numeric,
    Table,
    Text,
    create_engine,
    insert,
    select,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import URL
from sqlalchemy.exc import DataError, OperationalError

CENTRAL = timezone(timedelta(hours=-6))


def one_column(kind: Any) -> tuple[Engine, Table]:
    engine, metadata = create_engine("sqlite://"), MetaData()
    table = Table("toy", metadata, Column("id", Integer, primary_key=True), Column("value", kind))
    metadata.create_all(engine)
    return engine, table


def kept(kind: Any, value: object) -> object:
    """What comes back of a value from a column of that kind in SQLite; any warning would be an error."""
    engine, table = one_column(kind)
    with engine.begin() as connection:
        connection.execute(insert(table).values(id=1, value=value))
        found = connection.execute(select(table.c.value)).scalar_one()
    engine.dispose()
    return found


def test_a_numeric_column_of_sqlite_loses_cents_and_does_not_warn() -> None:
    assert kept(Numeric(30, 2), Decimal("12345678901234567.89")) == Decimal("12345678901234568.00")


def test_integers_and_texts_of_sqlite_keep_every_cent() -> None:
    assert kept(BigInteger(), 1_234_567_890_123_456_789) == 1_234_567_890_123_456_789
    assert kept(Text(), "12345678901234567.89") == "12345678901234567.89"


def test_a_time_loses_its_offset_in_sqlite_and_becomes_another() -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=CENTRAL)
    found = kept(DateTime(timezone=True), noon)
    assert found == datetime(2026, 1, 1, 12)
    assert noon.astimezone(UTC).hour == 18


def rows_beside_a_nan(engine: Engine) -> None:
    """Ask for rows by what is within their JSON, once one row has a NaN in it."""
    metadata = MetaData()
    table = Table("toy", metadata, Column("id", Integer, primary_key=True), Column("value", JSON))
    with engine.begin() as connection:
        metadata.create_all(connection)
        connection.execute(insert(table).values(id=1, value={"count": 1}))
        found = select(table.c.id).where(table.c.value["count"].as_integer() == 1)
        assert connection.execute(found).scalar_one() == 1
        connection.execute(insert(table).values(id=2, value={"count": math.nan}))
        connection.execute(found).all()


def test_one_nan_in_json_breaks_every_question_into_that_json_in_sqlite() -> None:
    engine = create_engine("sqlite://")
    try:
        with pytest.raises(OperationalError, match="malformed JSON"):
            rows_beside_a_nan(engine)
    finally:
        engine.dispose()


@pytest.mark.postgres
def test_postgresql_refuses_a_row_with_a_nan_in_its_json(postgres: URL) -> None:
    engine = create_engine(postgres)
    try:
        with pytest.raises(DataError, match='Token "NaN" is invalid'):
            rows_beside_a_nan(engine)
    finally:
        engine.dispose()


def test_a_migration_made_on_sqlite_names_a_type_that_it_does_not_import() -> None:
    wanted = MetaData()
    Table("toy", wanted, Column("value", JSON().with_variant(postgresql.JSONB(), "postgresql")))
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        made = produce_migrations(context, wanted).upgrade_ops
        assert made is not None
        code = "\n".join(line.strip() for line in render_python_code(made, migration_context=context).splitlines())
        imported = {"op": Operations(context), "sa": sa, "postgresql": postgresql}
        with pytest.raises(NameError, match="Text"):
            exec(code, imported)
        exec(code, imported | {"Text": Text})
    engine.dispose()
