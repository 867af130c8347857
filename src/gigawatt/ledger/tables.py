"""The ledger's two tables: facts, and the readings of batches in chunks of one series and one month."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Integer, LargeBinary, MetaData, String, Table, Text

METADATA = MetaData()

FACTS = Table(
    "facts",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(40), nullable=False, index=True),
    Column("happened", String(24), nullable=False),
    Column("body", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("source_sha256", String(64)),
    Column("corrects", String(64)),
    Column("identity", String(64), nullable=False),
    Column("key", String(80), nullable=False, unique=True),
    Column("recorded", String(24), nullable=False, index=True),
    Column("who", Text, nullable=False),
    Column("authenticated", Boolean, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)

# `batch` is the number of the fact that stands for all chunks of a file; values of a gauge are counted, not summed.
CHUNKS = Table(
    "chunks",
    METADATA,
    Column("batch", Integer, primary_key=True, autoincrement=False),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("quantity", String(80), nullable=False),
    Column("unit", String(40), nullable=False),
    Column("site", String(80), nullable=False),
    Column("subject", Text, nullable=False),
    Column("platform", Text, nullable=False),
    Column("use_case", Text, nullable=False),
    Column("month", String(7), nullable=False, index=True),
    Column("first_ms", BigInteger, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
    Column("total", Float(53), nullable=False),
    Column("replaced_count", Integer, nullable=False),
    Column("replaced_total", Float(53), nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("digest", String(64), nullable=False),
)
