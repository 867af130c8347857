"""What the importers make of files that operators' tools write: readings in blocks, events, refusals, remarks.

A reader is `read(file, asked) -> Iterator[Block | Event | Rejected | Remark]`. It streams, keeps no more than a few
thousand lines, guesses neither clock nor unit, and raises CatalogError only where nothing of the file can be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Readings of a block, at most, so that memory does not grow with a file.
MOST_BLOCK_COUNT = 65_536
# What jobs take, of which files say more or less: whose, and on which cluster.
OF_JOBS = ("gpu_time", "job_energy")
# quantity → (unit, whether readings add up). Others are gauges in the unit that they come with.
QUANTITIES: dict[str, tuple[str, bool]] = {
    "facility_energy": ("Wh", True),  # what a utility's meter counts
    "energy_returned": ("Wh", True),  # what flows back through it
    "it_energy": ("Wh", True),  # what reaches racks
    "gpu_energy": ("Wh", True),  # counted by the boards of GPUs
    "gpu_energy_sampled": ("Wh", True),  # the power of boards over time, for want of a counter
    "gpu_power": ("W", False),
    "gpu_time": ("h", True),  # GPUs × hours of an allocation
    "job_energy": ("Wh", True),  # what Slurm measures of a job's nodes
    "gpu_errors": ("count", True),
    "tokens": ("tokens", True),  # of a bill that does not say which way
    "tokens_in": ("tokens", True),
    "tokens_out": ("tokens", True),
    "requests": ("count", True),
    "ttft": ("s", False),
    "tpot": ("s", False),
    "cost": ("USD", True),
    "price": ("", False),
}


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ReadingSeries:
    """What is measured, in which unit, where, and of what."""

    quantity: str
    """One of `QUANTITIES`, or another name for a gauge."""
    unit: str
    """In which values are: Wh, W, h, tokens, USD, count, s, or as in "EUR/MWh"."""
    site: str = ""
    """Where; "" where neither file nor question says so."""
    subject: str = ""
    """Of what: a meter, a GPU by its UUID, an account, a bidding zone."""
    platform: str = ""
    """Which kind of GPU or rack, as the file calls it."""
    use_case: str = ""
    """Which class of work, or which model is served."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingBlock:
    """Readings of one series in the order of the file, arrays of one shape (readings,).

    A reading is known by series, start and key: `keys` tell apart things that start at once (jobs, billed rows), and
    are 0 for a meter. `ends_ms` equal `starts_ms` for a gauge. Times are milliseconds of UTC since 1970.
    """

    series: ReadingSeries
    lines: NDArray[np.int64]
    starts_ms: NDArray[np.int64]
    ends_ms: NDArray[np.int64]
    values: NDArray[np.float64]
    keys: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEvent:
    """Something that a line says has happened, which is a fact of its own and no reading."""

    line: int
    kind: str
    """A kind of the ledger's facts, as "site"."""
    happened_ms: int
    values: dict[str, Any]
    """By key of that kind, texts with units as somebody would type them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A line that is not taken, and why."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """What a reader of the file has to know: that it lacks something, or what was passed over on purpose."""

    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAsked:
    """What a file does not say of itself."""

    site: str = ""
    """Where its readings are from."""
    utc_offset_s: float | None = None
    """Its clock's offset from UTC, for times that state none; None: such times are refused."""
    subject: str = ""
    """What is measured, where lines do not say so."""
    quantity: str = ""
    """What a meter counts: "facility_energy" or "it_energy"; "": the first."""
    unit: str = ""
    """The unit of values, where neither head nor lines state it."""


def key_of(*words: str) -> int:
    """A number that stands for what tells one thing from others (a job, a billed row), the same on every machine."""
    import hashlib

    digest = hashlib.blake2b("\x1f".join(words).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def subject_of(cluster: str, account: str) -> str:
    """Of what the time and the energy of jobs are: "cluster/account", of which a file may know one or none.

    >>> subject_of("c1", "lab"), subject_of("", "lab"), subject_of("c1", "")
    ('c1/lab', 'lab', 'c1/')
    """
    return f"{cluster}/{account}" if cluster else account


def may_be_one(subject: str, other: str) -> bool:
    """Whether two of these may be the same, as one that lacks a word and one that has it.

    >>> may_be_one("c1/lab", "lab"), may_be_one("c1/lab", ""), may_be_one("c1/lab", "c2/lab")
    (True, True, False)
    """
    pairs = zip(subject.rpartition("/")[::2], other.rpartition("/")[::2], strict=True)
    return all(one == another or not one or not another for one, another in pairs)
