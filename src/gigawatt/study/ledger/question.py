"""What can be asked of a ledger."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from gigawatt.study.question import names

FactKind = Literal["site", "racks", "test", "work", "price", "money", "retraction"]
FileKind = Literal[
    "sacct", "prometheus", "openmetrics", "meter", "focus", "opencost", "greenbutton", "entsoe", "sites", "records"
]
EveryKind = Literal[FactKind, "terms", "readings", "approval", "disbursement"]
DATABASE = "gigawatt.db"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerInitQuestion:
    """Which ledger is made, and for which programme."""

    scenario: str | None = field(default=None, metadata=names("scenario"))
    """A preset's name, a TOML file or the folder of a result, whose tranches are the terms; none: no terms yet."""
    test_hours_h: float | None = None
    """How long an acceptance test holds its throughput at least; 72 h where none is given."""
    test_rate: tuple[str, ...] = ()
    """What a rack has to do in its test: "gb300=50 ktokens/s"; others have to do something."""
    database: str = field(default=DATABASE, metadata=names("database"))
    """File of the ledger, or an address such as postgresql+psycopg://user@host/name."""
    as_: str | None = field(default=None, metadata=names("person"))
    """Name of who records it; that of the user of the machine where none is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordQuestion:
    """What happened, which no file carries."""

    kind: FactKind
    """What it is: site, racks, test, work, price, money or retraction."""
    fields: tuple[str, ...] = ()
    """What it says, FIELD=VALUE each, such as site=abilene platform=gb300 racks=40 at=2026-03-01."""
    source: str | None = field(default=None, metadata=names("document"))
    """The document that says so: a file, of which the digest is kept, an address or words."""
    corrects: str | None = None
    """Number or hash of the fact in whose place this one stands."""
    database: str = field(default=DATABASE, metadata=names("database"))
    """File of the ledger, or an address such as postgresql+psycopg://user@host/name; made where it is absent."""
    as_: str | None = field(default=None, metadata=names("person"))
    """Name of who records it; that of the user of the machine where none is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportQuestion:
    """Which file of an operator's tools is taken into a ledger, and what it does not say of itself."""

    file: str = field(metadata=names("file"))
    """What a meter, Prometheus, Slurm or a biller wrote; taken once, however often it is given."""
    kind: FileKind | None = None
    """What the file is; told from its head where that is certain and none is given."""
    utc_offset: str | None = None
    """Its clock's offset from UTC, such as "-6 h", "-06:00" or "UTC", for times that state none."""
    site: str | None = None
    """Where its readings are from, where it does not say so."""
    subject: str | None = None
    """What is measured, such as the name of a meter, where lines do not say so."""
    quantity: str | None = None
    """What a meter counts: facility_energy, which it is where none is given, or it_energy."""
    unit: str | None = None
    """Unit of its values, such as kWh, where it states none."""
    dry_run: bool = False
    """Try everything and keep nothing."""
    corrects: str | None = None
    """Number or hash of the batch of readings that this file may correct."""
    as_read: bool = False
    """Take readings that look like a slip of a unit, a thousand times the rest."""
    database: str = field(default=DATABASE, metadata=names("database"))
    """File of the ledger, or an address such as postgresql+psycopg://user@host/name; made where it is absent."""
    as_: str | None = field(default=None, metadata=names("person"))
    """Name of who records it; that of the user of the machine where none is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusQuestion:
    """As of when what stands is told."""

    as_of: str | None = None
    """What was known: facts recorded by the end of that day, or by a time with its offset; now where none is given."""
    at: str | None = None
    """What had happened by the end of that day, or by a time with its offset; all where none is given."""
    database: str = field(default=DATABASE, metadata=names("database"))
    """File of the ledger, or an address such as postgresql+psycopg://user@host/name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactsQuestion:
    """Which facts are listed."""

    kind: EveryKind | None = None
    """Of which kind; every kind where none is given."""
    site: str | None = None
    """Of which site; every site where none is given."""
    last_count: int = 50
    """How many at most, the last ones."""
    as_of: str | None = None
    """What was recorded by the end of that day, or by a time with its offset; now where none is given."""
    database: str = field(default=DATABASE, metadata=names("database"))
    """File of the ledger, or an address such as postgresql+psycopg://user@host/name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyQuestion:
    """Which ledger is proved to be what it was."""

    head: str | None = None
    """A head that was kept elsewhere, or its first 16 digits at least: every write prints one."""
    database: str = field(default=DATABASE, metadata=names("database"))
    """File of the ledger, or an address such as postgresql+psycopg://user@host/name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseQuestion:
    """Whose word it is, on which milestone."""

    milestone: str
    """Its power, such as "1 GW", or its number."""
    database: str = field(default=DATABASE, metadata=names("database"))
    """File of the ledger, or an address such as postgresql+psycopg://user@host/name."""
    as_: str | None = field(default=None, metadata=names("person"))
    """Name of who says so; that of the user of the machine where none is given."""
