"""What documents of the ledger share: moments, names and notes as people read them, and what every write ends with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gigawatt.report.document import Document, Facts, Part, Section
from gigawatt.study.answer import Head
from gigawatt.study.job import HASH_LENGTH

# Digits of a hash that a table has room for; they are enough to find the fact by.
HASH_DIGITS = 12
STATES = {"it_loaded": "IT-loaded"}
# A day is meant by its end, to the millisecond.
END_OF_DAY = "23:59:59.999"
UNNAMED = "(no site named)"


def moment(text: str | None) -> str:
    """A moment as people read it: "2026-03-01", with the minute where it is neither midnight nor the end of the day."""
    if text is None:
        return "–"
    day, time = text[:10], text[11:16]
    return day if time == "00:00" or text[11:].startswith(END_OF_DAY) else f"{day} {time} UTC"


def state(name: str) -> str:
    """A stage of a site: "under construction"."""
    return STATES.get(name, name.replace("_", " "))


def place(site: str) -> str:
    """A site by its name, or that there is none."""
    return site or UNNAMED


def names(head: Head, *more: str) -> tuple[str, ...]:
    """What stands below a title: the programme, where there is one, and more."""
    programme = f"{head.scenario} · {(head.hash or '')[:HASH_LENGTH]}" if head.scenario else ""
    return tuple(name for name in (programme, *more) if name)


def kept(database: str, last: str) -> Facts:
    """Where the ledger is, and its head, which belongs into a letter or another system."""
    pairs = (("ledger", database), ("head, to be kept elsewhere", last))
    return Facts(name="head", title="", pairs=pairs)


def told(
    title: str, head: Head, lead: str, parts: Sequence[Part], tail: Iterable[Section] = (), done: str = "What was done"
) -> Document:
    """The document of one thing done. done: title of its parts."""
    return Document(
        title=title,
        names=names(head),
        lead=lead,
        sections=(Section(slug="done", title=done, parts=tuple(parts)), *tail),
        notes=tuple(note.text for note in head.notes),
        made=f"Gigawatt {head.gigawatt}",
    )
