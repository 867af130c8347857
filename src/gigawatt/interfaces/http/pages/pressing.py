"""Parts of pages that are the same for every reader, compressed once; a page is sent with them as they are.

What is a reader's own is not compressed: how long a page gets by what is typed into it then says nothing of the token
of its forms, which stands beside it.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from markupsafe import Markup

# A gzip file of nothing known: no name, no time.
_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
_BEST, _STORED = 9, 0
_GZIP = re.compile(r"\s*(?:gzip|\*)\s*(?:;\s*q=(?!0(?:\.0*)?\s*$).*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A part of a page, as text and compressed."""

    text: Markup
    """What a template shows."""
    pressed: bytes
    """The same as blocks of a deflate stream, which refer to nothing before them."""

    def __html__(self) -> str:
        return self.text


def drawn(text: Markup) -> Drawn:
    """A part with its compressed form."""
    return Drawn(text=text, pressed=_pressed(text.encode(), _BEST))


def taken(accept_encoding: str) -> bool:
    """Whether a browser that says so takes gzip."""
    return any(_GZIP.fullmatch(one) for one in accept_encoding.split(","))


def gzipped(page: str, parts: Iterable[Drawn]) -> bytes:
    """A page as a gzip file: the parts that are found in it as they were compressed, the rest stored."""
    body = page.encode()
    blocks = b"".join(_blocks(page, sorted(parts, key=lambda part: page.find(part.text))))
    last = _pressed(b"", _STORED, zlib.Z_FINISH)
    return _HEAD + blocks + last + struct.pack("<LL", zlib.crc32(body), len(body) & 0xFFFFFFFF)


def _blocks(page: str, parts: Iterable[Drawn]) -> Iterator[bytes]:
    at = 0
    for part in parts:
        found = page.find(part.text, at)
        if found >= 0:
            yield _pressed(page[at:found].encode(), _STORED)
            yield part.pressed
            at = found + len(part.text)
    yield _pressed(page[at:].encode(), _STORED)


def _pressed(body: bytes, level: int, end: int = zlib.Z_FULL_FLUSH) -> bytes:
    stream = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    return stream.compress(body) + stream.flush(end)
