"""The server's own tables. Times are UTC text of ISO 8601 that ends in Z; secrets stand as their digests only."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Integer, MetaData, String, Table, Text

METADATA = MetaData()

# Whoever may sign in. `removed`: since when they may not.
PEOPLE = Table(
    "people",
    METADATA,
    Column("name", String(80), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("password", Text),
    Column("added", String(32), nullable=False),
    Column("removed", String(32)),
)

# `role`: the most that whoever holds the token may do, and no more than the person may.
TOKENS = Table(
    "tokens",
    METADATA,
    Column("id", String(16), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("person", String(80), nullable=False),
    Column("role", String(16), nullable=False),
    Column("label", Text, nullable=False),
    Column("added", String(32), nullable=False),
    Column("expires", String(32)),
    Column("used", String(32)),
    Column("revoked", String(32)),
)

# `token`: by which it was opened, and with which it ends; none for a password.
SESSIONS = Table(
    "sessions",
    METADATA,
    Column("digest", String(64), primary_key=True),
    Column("person", String(80), nullable=False),
    Column("role", String(16), nullable=False),
    Column("token", String(16)),
    Column("added", String(32), nullable=False),
    Column("expires", String(32), nullable=False),
)

# Texts of scenarios and strategies, each once, by its digest.
TEXTS = Table(
    "texts",
    METADATA,
    Column("digest", String(64), primary_key=True),
    Column("text", Text, nullable=False),
)

# Every version of every scenario and strategy; one without a digest says that it was removed.
VERSIONS = Table(
    "versions",
    METADATA,
    Column("kind", String(16), primary_key=True),
    Column("name", String(80), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("digest", String(64)),
    Column("hash", String(64)),
    Column("title", Text, nullable=False),
    Column("at", String(32), nullable=False),
    Column("who", String(80), nullable=False),
)

# Files that were sent, by the digest of what is in them, which is their name on the disk.
UPLOADS = Table(
    "uploads",
    METADATA,
    Column("digest", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("at", String(32), nullable=False),
    Column("who", String(80), nullable=False),
)

# `question`: JSON of what was asked, by key, as it was asked; `order`: JSON of what the worker is told, with the places
# of things as they were when it was asked. `state`: waiting, running, done, failed, cancelled.
JOBS = Table(
    "jobs",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("verb", String(40), nullable=False),
    Column("question", Text, nullable=False),
    Column("order", Text, nullable=False),
    Column("who", String(80), nullable=False),
    Column("state", String(16), nullable=False),
    Column("created", String(32), nullable=False),
    Column("started", String(32)),
    Column("ended", String(32)),
    Column("words", Text, nullable=False, default=""),
    Column("share_frac", Float(53)),
    Column("estimate_cpu_s", Float(53), nullable=False),
    Column("starts", Integer, nullable=False, default=0),
    Column("code", Integer),
    Column("error", Text),
    Column("scenario", Text),
    Column("hash", String(64)),
    Column("cancel", Boolean, nullable=False, default=False),
    Column("removed", String(32)),
)

# What somebody proposed and has yet to confirm; `digest` is that of the secret, `asked` that of verb and question.
PROPOSALS = Table(
    "proposals",
    METADATA,
    Column("digest", String(64), primary_key=True),
    Column("person", String(80), nullable=False),
    Column("asked", String(64), nullable=False),
    Column("expires", String(32), nullable=False),
    Column("used", String(32)),
)

# Every change, and every refusal of one, by whom and from where.
AUDIT = Table(
    "audit",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("at", String(32), nullable=False),
    Column("who", String(80)),
    Column("token", String(16)),
    Column("door", String(16), nullable=False),
    Column("address", String(64), nullable=False),
    Column("action", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("outcome", Text, nullable=False),
)
