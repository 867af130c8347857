"""What is the same for whoever reads it, drawn once: parts of pages about kept results, which do not change.

A part is a template without its reader: it holds nothing of theirs but the language. It is kept in memory, so many
bytes of all parts together, those longest unread given up first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any

from gigawatt.interfaces.http.pages import pressing
from gigawatt.interfaces.http.pages.frame import Guest, fragment, marked
from gigawatt.interfaces.http.pages.pressing import Drawn
from gigawatt.interfaces.server import results

MOST_BYTES = 48_000_000
# What a template of a part is given, of the document that it shows.
Choose = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class Shelf:
    """Parts by key, of so many bytes at most. One for all threads."""

    def __init__(self, most_bytes: int) -> None:
        """most_bytes: of all of them together; a longer one is not kept."""
        self._most_bytes, self._bytes = most_bytes, 0
        self._lock, self._kept = Lock(), OrderedDict[tuple[str, ...], Drawn]()

    def get(self, key: tuple[str, ...]) -> Drawn | None:
        """The part of a key, which is now the last that was read."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: tuple[str, ...], part: Drawn) -> None:
        """Keep a part, and give up as many others as that takes."""
        with self._lock:
            last = self._kept.pop(key, None)
            self._bytes += size(part) - (0 if last is None else size(last))
            self._kept[key] = part
            while self._bytes > self._most_bytes:
                self._bytes -= size(self._kept.popitem(last=False)[1])

    def parts(self) -> list[Drawn]:
        """Every part, those longest unread first."""
        with self._lock:
            return list(self._kept.values())

    def clear(self) -> None:
        """Give up every part."""
        with self._lock:
            self._kept.clear()
            self._bytes = 0


SHELF = Shelf(MOST_BYTES)
# Many readers who come at once wait for the first one's drawing.
_DRAWING = Lock()


async def drawn(reader: Guest, id_: str, template: str, choose: Choose) -> Drawn:
    """A part of a page about a kept result that is there. choose: what its template shows of the document.

    Raises Refused where the result has no document.
    """
    room, language = reader.room, reader.language

    def given() -> Mapping[str, Any]:
        document = marked(results.document(room.settings, room.store, id_, language), id_)
        return {"document": document, **choose(document)}

    return await shelved(reader, template, given, id_)


async def shelved(reader: Guest, template: str, given: Callable[[], Mapping[str, Any]], *of: str) -> Drawn:
    """A part of a page by what it is of, which says all that it depends on beside template and language. given: makes
    what the template shows."""
    key = (str(reader.room.settings.data), template, reader.language, *of)

    def draw() -> Drawn:
        with _DRAWING:
            found = SHELF.get(key)
            if found is None:
                found = pressing.drawn(fragment(template, reader.language, **given()))
                SHELF.put(key, found)
            return found

    found = SHELF.get(key)
    return await reader.desk.do(draw) if found is None else found


def size(part: Drawn) -> int:
    """Bytes that a part takes."""
    return len(part.body) + len(part.pressed)
