"""People, tokens and sessions; scenarios, files that were sent, jobs; what is proposed, and what was changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "s0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    schema = context.config.attributes["schema"]

    def table(name: str, *columns: sa.Column[object]) -> None:
        op.create_table(name, *columns, schema=schema)

    def index(name: str, of: str, *columns: str, unique: bool = False) -> None:
        op.create_index(name, of, list(columns), unique=unique, schema=schema)

    moment, name = sa.String(32), sa.String(80)
    table(
        "people",
        sa.Column("name", name, primary_key=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("password", sa.Text),
        sa.Column("added", moment, nullable=False),
        sa.Column("removed", moment),
    )
    table(
        "tokens",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
        sa.Column("person", name, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("added", moment, nullable=False),
        sa.Column("expires", moment),
        sa.Column("used", moment),
        sa.Column("revoked", moment),
    )
    index("tokens_by_person", "tokens", "person")
    table(
        "sessions",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("person", name, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("token", sa.String(16)),
        sa.Column("added", moment, nullable=False),
        sa.Column("expires", moment, nullable=False),
    )
    index("sessions_by_person", "sessions", "person")
    table("texts", sa.Column("digest", sa.String(64), primary_key=True), sa.Column("text", sa.Text, nullable=False))
    table(
        "versions",
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("name", name, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("digest", sa.String(64)),
        sa.Column("hash", sa.String(64)),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("who", name, nullable=False),
    )
    table(
        "uploads",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("who", name, nullable=False),
    )
    table(
        "jobs",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("verb", sa.String(40), nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("order", sa.Text, nullable=False),
        sa.Column("who", name, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created", moment, nullable=False),
        sa.Column("started", moment),
        sa.Column("ended", moment),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("share_frac", sa.Float(53)),
        sa.Column("estimate_cpu_s", sa.Float(53), nullable=False),
        sa.Column("starts", sa.Integer, nullable=False),
        sa.Column("code", sa.Integer),
        sa.Column("error", sa.Text),
        sa.Column("scenario", sa.Text),
        sa.Column("hash", sa.String(64)),
        sa.Column("cancel", sa.Boolean, nullable=False),
        sa.Column("removed", moment),
    )
    index("jobs_by_state", "jobs", "state", "created", "id")
    index("jobs_by_time", "jobs", "created", "id")
    table(
        "proposals",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("person", name, nullable=False),
        sa.Column("asked", sa.String(64), nullable=False),
        sa.Column("expires", moment, nullable=False),
        sa.Column("used", moment),
    )
    table(
        "audit",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", moment, nullable=False),
        sa.Column("who", name),
        sa.Column("token", sa.String(16)),
        sa.Column("door", sa.String(16), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("object", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
    )
