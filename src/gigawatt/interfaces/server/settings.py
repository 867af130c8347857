"""What whoever starts a server may decide."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerLimits:
    """How much a server takes on, of one request and of one person."""

    body_bytes: int = 2_000_000
    """The most that the body of a request holds."""
    upload_bytes: int = 500_000_000
    """The most that a file sent to it holds."""
    answer_bytes: int = 4_000_000
    """The most that a response holds: what is longer is thinned, or told in pages."""
    header_s: float = 10.0
    """How long a client may take to say what it wants."""
    body_s: float = 60.0
    """How long a client may take to send a body, unless it goes on sending at a fair pace."""
    connections_count: int = 1_200
    """Connections at once; beyond them a request is answered with 503."""
    asking_count: int = 64
    """Requests that are being worked on, or wait for a worker, at once; beyond them 503."""
    short_s: float = 60.0
    """How long a short verb may take."""
    jobs_count: int = 20
    """Jobs of one person that wait or run."""
    job_cpu_s: float = 4 * 3600.0
    """The most that one job is estimated to take."""
    person_cpu_s: float = 24 * 3600.0
    """The most that the jobs of one person that wait or run are estimated to take together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where a server keeps what it keeps, where it listens, and how much it takes on."""

    database: str = "gigawatt.db"
    """The ledger: a file, or an address of SQLite or PostgreSQL; one of PostgreSQL holds all else as well."""
    data: Path = Path("gigawatt-server")
    """Folder of results, files that were sent, and, unless the database is PostgreSQL's, the server's own database."""
    host: str = "127.0.0.1"
    """Address to listen at; loopback unless somebody decides otherwise."""
    port: int = 8000
    """Port to listen at; 0 for any that is free."""
    hosts: tuple[str, ...] = ()
    """Names by which browsers may call it besides those of loopback, such as gigawatt.example.org."""
    workers_count: int = 1
    """Jobs at work at once."""
    limits: ServerLimits = field(default_factory=ServerLimits)
    """How much it takes on."""
