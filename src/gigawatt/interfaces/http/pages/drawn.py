"""What is the same for whoever reads it, drawn once: parts of pages about kept results, which do not change.

A part is a template without its reader: it holds nothing of theirs but the language. It is kept in memory, so many
bytes of all parts together, those longest unread given up first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any, cast

from gigawatt.interfaces.http.packing import Common, pack
from gigawatt.interfaces.http.pages.frame import Guest, fragment, marked
from gigawatt.interfaces.server import results

MOST_BYTES = 48_000_000
# What a template of a part is given, of the document that it shows.
Choose = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class Shelf:
    """Texts by key, of so many bytes at most. One for all threads."""

    def __init__(self, most_bytes: int) -> None:
        """most_bytes: of all of them together; a longer one is not kept."""
        self._most_bytes, self._bytes = most_bytes, 0
        self._lock, self._kept = Lock(), OrderedDict[tuple[str, ...], Common]()

    def get(self, key: tuple[str, ...]) -> Common | None:
        """The text of a key, which is now the last that was read."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: tuple[str, ...], text: Common) -> None:
        """Keep a text, and give up as many others as that takes."""
        with self._lock:
            self._bytes += _size(text) - _size(self._kept.pop(key, Common()))
            self._kept[key] = text
            while self._bytes > self._most_bytes:
                self._bytes -= _size(self._kept.popitem(last=False)[1])

    def texts(self) -> list[Common]:
        """Every text, those longest unread first."""
        with self._lock:
            return list(self._kept.values())

    def clear(self) -> None:
        """Give up every text."""
        with self._lock:
            self._kept.clear()
            self._bytes = 0


SHELF = Shelf(MOST_BYTES)
# Many readers who come at once wait for the first one's drawing.
_DRAWING = Lock()


async def drawn(reader: Guest, id_: str, template: str, choose: Choose) -> Common:
    """A part of a page about a kept result that is there. choose: what its template shows of the document.

    Raises Refused where the result has no document.
    """
    room, language = reader.room, reader.language
    key = (str(room.settings.data), id_, template, language)

    def draw() -> Common:
        with _DRAWING:
            if (kept := SHELF.get(key)) is not None:
                return kept
            told = cast("Mapping[str, Any]", results.document(room.settings, room.store, id_, language))
            document = marked(told, id_)
            found = Common(fragment(template, language, document=document, **choose(document)))
            pack(found)
            SHELF.put(key, found)
            return found

    found = SHELF.get(key)
    return await reader.desk.do(draw) if found is None else found


def _size(text: str) -> int:
    """Bytes that a text takes, about."""
    return len(text) * (1 if text.isascii() else 2)
