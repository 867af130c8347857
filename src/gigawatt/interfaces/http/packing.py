"""Responses that go compressed where a reader takes them so: what is the same for everybody, and nothing else.

How long a compressed text is tells whoever watches the wire what in it is alike. A page holds the token of its reader's
forms, and may repeat what a link made it say; so neither is compressed, nor with what is: a page is one stream of gzip
in which its own text stands as it is, and the parts that are drawn once for all readers are put in as they were packed
the first time. That takes no time for each reader either.
"""

from __future__ import annotations

import re
import secrets
import struct
import zlib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import count
from weakref import WeakValueDictionary

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

# Shorter parts are sent as they are.
LEAST_BYTES = 1_000
MOST_KEPT = 64
# Head of a stream of gzip that tells no time, file name or system; its last block, which holds nothing.
_HEAD, _END = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", b"\x03\x00"
_STORED, _GOOD = 0, 6
# A mark, which nobody can write who does not know what it begins with.
_OURS = secrets.token_hex(16)
_MARK = re.compile(f"(\0{_OURS}:[0-9]+\0)")
_NUMBERS = count()
_MARKED = WeakValueDictionary[str, "Common"]()


class Common(str):
    """A part of a page that is the same for whoever reads it. A template writes its mark, so that nothing copies it."""

    mark: str

    def __new__(cls, text: str = "") -> Common:
        """text: as it stands in a page."""
        made = super().__new__(cls, text)
        made.mark = f"\0{_OURS}:{next(_NUMBERS)}\0"
        _MARKED[made.mark] = made
        return made

    def __html__(self) -> str:
        return self.mark


class Packed(Response):
    """A text in which common parts stand by their marks; they go compressed to readers who take gzip."""

    def __init__(self, text: str, status: int = 200, *, type_: str, headers: Mapping[str, str] | None = None) -> None:
        self._pieces = pieces(text)
        super().__init__(None, status, headers, type_)
        self.headers["Vary"] = "Accept-Encoding"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        worth = any(isinstance(piece, Common) and len(piece) >= LEAST_BYTES for piece in self._pieces)
        if worth and takes_gzip(scope):
            self.body = stream(self._pieces)
            self.headers["Content-Encoding"] = "gzip"
        else:
            self.body = "".join(self._pieces).encode()
        self.headers["Content-Length"] = str(len(self.body))
        await super().__call__(scope, receive, send)


def pieces(text: str) -> list[str]:
    """A text in pieces: what is its own, and the common parts whose marks stand in it."""
    return [_MARKED.get(piece, piece) for piece in _MARK.split(text) if piece]


def takes_gzip(scope: Scope) -> bool:
    """Whether whoever asks takes gzip."""
    given = b",".join(value for name, value in scope["headers"] if name == b"accept-encoding").decode("latin-1")
    for coding in given.lower().split(","):
        name, _, weight = coding.replace(" ", "").partition(";q=")
        if name == "gzip":
            return weight == "" or weight.strip("0.") != ""
    return False


def stream(found: Iterable[str]) -> bytes:
    """Pieces of a text as one stream of gzip, in which only the common parts are compressed."""
    coded, check, size = [_HEAD], 0, 0
    for piece in found:
        raw, blocks = pack(piece) if isinstance(piece, Common) else _coded(piece, _STORED)
        coded.append(blocks)
        check, size = zlib.crc32(raw, check), size + len(raw)
    return b"".join((*coded, _END, struct.pack("<II", check, size & 0xFFFFFFFF)))


@lru_cache(maxsize=MOST_KEPT)
def pack(part: Common) -> tuple[bytes, bytes]:
    """The bytes of a part, and the same compressed, to be put anywhere in a stream."""
    return _coded(part, _GOOD)


def _coded(text: str, level: int) -> tuple[bytes, bytes]:
    """Bytes, and blocks of deflate that end on a byte and know nothing of what stands before them."""
    raw, packer = text.encode(), zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    return raw, packer.compress(raw) + packer.flush(zlib.Z_FULL_FLUSH)
