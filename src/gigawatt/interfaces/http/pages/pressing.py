"""Parts of pages that are the same for every reader, compressed once; a page is sent with them as they are.

What is a reader's own is not compressed: how long a page gets by what is typed into it then says nothing of the token
of its forms, which stands beside it.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

# A gzip file of nothing known: no name, no time.
_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
_BEST, _STORED = 9, 0
_GZIP = re.compile(r"\s*(?:gzip|\*)\s*(?:;\s*q=(?!0(?:\.0*)?\s*$).*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A part of a page, plain and compressed; a template shows the mark where it belongs."""

    mark: str
    """What stands for it until the page is sent: a comment, which no text of anybody's can be."""
    body: bytes
    """What is shown."""
    pressed: bytes
    """The same as blocks of a deflate stream, which refer to nothing before them."""

    def __html__(self) -> str:
        return self.mark


def drawn(text: str) -> Drawn:
    """A part with its compressed form."""
    body = text.encode()
    return Drawn(mark=f"<!--{sha256(body).hexdigest()}-->", body=body, pressed=_pressed(body, _BEST))


def taken(accept_encoding: str) -> bool:
    """Whether a browser that says so takes gzip."""
    return any(_GZIP.fullmatch(one) for one in accept_encoding.split(","))


def filled(page: str, parts: Iterable[Drawn]) -> list[Drawn | bytes]:
    """A page with its parts in place of their marks, piece by piece."""
    found: list[Drawn | bytes] = []
    rest = page
    for part in sorted(parts, key=lambda part: page.find(part.mark)):
        before, mark, after = rest.partition(part.mark)
        if mark:
            found += [before.encode(), part]
            rest = after
    return [*found, rest.encode()]


def plain(pieces: Iterable[Drawn | bytes]) -> bytes:
    """A page as it is."""
    return b"".join(_body(piece) for piece in pieces)


def gzipped(pieces: Iterable[Drawn | bytes]) -> bytes:
    """A page as a gzip file: its parts as they were compressed, the rest stored."""
    blocks, check, size = [_HEAD], 0, 0
    for piece in pieces:
        body = _body(piece)
        check, size = zlib.crc32(body, check), size + len(body)
        blocks.append(piece.pressed if isinstance(piece, Drawn) else _pressed(piece, _STORED))
    end = _pressed(b"", _STORED, zlib.Z_FINISH) + struct.pack("<LL", check, size & 0xFFFFFFFF)
    return b"".join((*blocks, end))


def _body(piece: Drawn | bytes) -> bytes:
    return piece.body if isinstance(piece, Drawn) else piece


def _pressed(body: bytes, level: int, end: int = zlib.Z_FULL_FLUSH) -> bytes:
    stream = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    return stream.compress(body) + stream.flush(end)
