"""What the verbs of a ledger are given: which database, by whom, from which document; all faults at once."""

from __future__ import annotations

import getpass
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias, TypeVar

from sqlalchemy.engine import URL

from gigawatt.errors import MOST_NAME, Fault, InputError, LedgerError, near, plain
from gigawatt.ledger.book import address
from gigawatt.ledger.facts import parse_moment
from gigawatt.ledger.milestones import TrancheTerms, same_name
from gigawatt.study.answer import Head
from gigawatt.study.note import Note
from gigawatt.study.question import wrong

T = TypeVar("T")

# What a fact says, by its fields: numbers in SI, lists and tables of them in facts that commands make.
Body: TypeAlias = Mapping[str, str | float | Sequence[str] | Mapping[str, str | float | None] | None]

# Characters of a source, or of what a field says, beyond which it is no line of a book.
MOST_TEXT = 2_000


@dataclass(slots=True)
class Gathered:
    """Faults of a question that are told together."""

    found: list[Fault] = field(default_factory=list)

    def of(self, read: Callable[[], T]) -> T | None:
        """What is read; None where it is faulty, of which is told later."""
        try:
            return read()
        except InputError as error:
            self.found += error.faults
            return None

    @contextmanager
    def told(self) -> Iterator[None]:
        """A last step, which is not gone where anything before was faulty. Raises LedgerError with every fault."""
        if self.found:
            raise LedgerError(self.found)
        yield


def database(text: str) -> URL:
    """The address of a ledger. Raises LedgerError for what can be none."""
    url = address(text)
    if url.drivername == "sqlite":
        place = Path(str(url.database))
        try:
            given = "a folder" if place.is_dir() else "" if place.parent.is_dir() else "in no folder that exists"
        except (OSError, ValueError):
            given = "a name that no file can have"
        if given:
            raise LedgerError([wrong("database", f"{text[:MOST_NAME]}, {given}", "a file in a folder that exists")])
    return url


def absent(url: URL) -> bool:
    """Whether a ledger's file is not there yet."""
    return url.drivername == "sqlite" and not Path(str(url.database)).exists()


def who(name: str | None, sure: str | None) -> str:
    """Who records: whom the door has made sure of, else a name as it is given, or the user of the machine.

    Raises LedgerError where there is none, or where another is named than whom the door has made sure of.
    """
    if sure is not None:
        if name is not None and same_name(name) != same_name(sure):
            expected = f"{sure}, who asks, or no name: nobody speaks for another"
            raise LedgerError([wrong("as", name[:MOST_NAME], expected)])
        return sure
    if name is None:
        try:
            return plain(getpass.getuser())[:MOST_NAME]
        except (OSError, KeyError, ImportError):
            raise LedgerError([missing("as", "a name: this machine knows no user")]) from None
    words = " ".join(name.split())
    if not words or len(words) > MOST_NAME:
        raise LedgerError([wrong("as", name[:MOST_NAME], f"a name of at most {MOST_NAME} characters")])
    return words


def moment(field_: str, text: str | None) -> str | None:
    """A moment that a field states, a day by its end; None where it states none. Raises LedgerError."""
    if text is None:
        return None
    try:
        return parse_moment(text, end=True)
    except ValueError as error:
        raise LedgerError([wrong(field_, text[:MOST_NAME], str(error))]) from None


def missing(key: str, expected: str) -> Fault:
    """That a field is needed and was not given."""
    return Fault(path=key, given="missing", expected=expected, asked=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedDocument:
    """What says so: its name, and its digest where it was at hand."""

    name: str
    sha256: str | None


def document(text: str) -> NamedDocument:
    """A document by its file, address or words. Raises LedgerError where it is nothing, or too long for a line."""
    words = text.strip()
    if not words or len(words) > MOST_TEXT:
        expected = f"a file, an address or words, at most {MOST_TEXT} characters"
        raise LedgerError([wrong("source", words[:MOST_NAME], expected)])
    try:
        file = Path(words)
        if not file.is_file():
            return NamedDocument(name=words, sha256=None)
    except (OSError, ValueError):
        return NamedDocument(name=words, sha256=None)
    with file.open("rb") as stream:
        return NamedDocument(name=file.name, sha256=hashlib.file_digest(stream, "sha256").hexdigest())


def not_at_hand(found: NamedDocument) -> list[Note]:
    """That no digest of a document is kept."""
    if found.sha256 is not None:
        return []
    text = f"No file of the name {found.name[:MOST_NAME]} is at hand: it is kept as words, without a digest."
    return [Note(code="source_not_at_hand", path="source", text=text)]


def made_anew(place: str, made: bool) -> list[Note]:
    """That there was no ledger, where one was made on the way."""
    text = f"There was no ledger at {place}; one was made."
    return [Note(code="ledger_made", path="database", text=text)] if made else []


def unauthenticated(name: str) -> Note:
    """That a name is what a command line was given."""
    text = f"{name} is recorded as unauthenticated: a command line takes the name that it is given."
    return Note(code="unauthenticated", path="as", text=text)


def strangers(terms: TrancheTerms | None, site: str, platform: str) -> list[Note]:
    """Names that the terms of a ledger do not know, with the nearest that they do."""
    if terms is None:
        return []
    pairs = (("site", site, list(terms.pue_ratio)), ("platform", platform, list(terms.rack_it_w)))
    counts = {"site": "Its power is taken as it is, at a PUE of 1", "platform": "Its racks count for no milestone"}
    return [
        Note(
            code=f"unknown_{key}",
            path=key,
            text=f"The terms know no {key} {name}{near(name, known) or '.'} {counts[key]}.",
        )
        for key, name, known in pairs
        if name and name not in known
    ]


def head_of(terms: TrancheTerms | None, notes: Iterable[Note] = ()) -> Head:
    """The head of an answer about a ledger, of the programme whose terms stand in it."""
    found = (terms.scenario, terms.scenario_hash) if terms else (None, None)
    return Head(scenario=found[0], hash=found[1], notes=tuple(notes))
