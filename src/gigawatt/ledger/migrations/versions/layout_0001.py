"""Facts and chunks of readings, which a database refuses to change or to remove."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_REFUSED = "the ledger is only appended to: correct a fact by another"


def upgrade() -> None:
    """Make both tables, and what guards them."""
    op.create_table(
        "facts",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(40), nullable=False, index=True),
        sa.Column("happened", sa.String(24), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("source_sha256", sa.String(64)),
        sa.Column("corrects", sa.String(64), index=True),
        sa.Column("identity", sa.String(64), nullable=False, index=True),
        sa.Column("key", sa.String(80), nullable=False, unique=True),
        sa.Column("recorded", sa.String(24), nullable=False, index=True),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("authenticated", sa.Boolean, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False, index=True),
    )
    op.create_table(
        "chunks",
        sa.Column("batch", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("part", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("series", sa.String(64), nullable=False),
        sa.Column("quantity", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("platform", sa.Text, nullable=False),
        sa.Column("use_case", sa.Text, nullable=False),
        sa.Column("month", sa.String(7), nullable=False, index=True),
        sa.Column("first_ms", sa.BigInteger, nullable=False),
        sa.Column("last_ms", sa.BigInteger, nullable=False),
        sa.Column("until_ms", sa.BigInteger, nullable=False),
        sa.Column("span_ms", sa.BigInteger, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("total", sa.Float(53), nullable=False),
        sa.Column("replaces", sa.Integer, nullable=False),
        sa.Column("replaced_count", sa.Integer, nullable=False),
        sa.Column("replaced_total", sa.Float(53), nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
    )
    op.create_index("chunks_by_series", "chunks", ["series", "first_ms"])
    next_fact = "NEW.number IS NOT (SELECT COALESCE(MAX(number), 0) + 1 FROM facts)"
    _guard("facts", f"{next_fact} OR EXISTS (SELECT 1 FROM facts WHERE key = NEW.key)")
    _guard("chunks", "EXISTS (SELECT 1 FROM chunks WHERE batch = NEW.batch AND part = NEW.part)")


def _guard(table: str, there: str) -> None:
    """Refuse what changes or removes rows; there: whether a new row would take the place of another."""
    if op.get_bind().dialect.name == "sqlite":
        # INSERT OR REPLACE removes rows without a word to the triggers of DELETE.
        op.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {there} "
            f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
        )
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
            )
        return
    op.execute(
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REFUSED}'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
