"""The ledger's two tables: facts, and the readings of batches in chunks of one series and one month."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, LargeBinary, MetaData, String, Table, Text

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
    Column("corrects", String(64), index=True),
    Column("identity", String(64), nullable=False, index=True),
    Column("key", String(80), nullable=False, unique=True),
    Column("recorded", String(24), nullable=False, index=True),
    Column("who", Text, nullable=False),
    Column("authenticated", Boolean, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False, index=True),
)

# `batch` is the number of the fact that stands for all chunks of a file, `series` the digest of the six words behind
# it, `replaces` the batch whose readings these stand in for, 0 for none. What queries ask for stands before `data`, so
# that none of them reads that.
CHUNKS = Table(
    "chunks",
    METADATA,
    Column("batch", Integer, primary_key=True, autoincrement=False),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("series", String(64), nullable=False),
    Column("quantity", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("site", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("platform", Text, nullable=False),
    Column("use_case", Text, nullable=False),
    Column("month", String(7), nullable=False, index=True),
    Column("first_ms", BigInteger, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
    Column("span_ms", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
    Column("total", Float(53), nullable=False),
    Column("replaces", Integer, nullable=False),
    Column("replaced_count", Integer, nullable=False),
    Column("replaced_total", Float(53), nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("digest", String(64), nullable=False),
    Index("chunks_by_series", "series", "first_ms"),
)
