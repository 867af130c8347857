"""Responses that go compressed where a reader takes them so: what is the same for everybody, and nothing else.

How long a compressed text is tells whoever watches the wire what in it is alike. A page holds the token of its reader's
forms, and may repeat what a link made it say; so neither is compressed, nor with what is: a page is one stream of gzip
in which its own text stands as it is, and the parts that are drawn once for all readers are put in as they were packed
the first time. That takes no time for each reader either.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from markupsafe import Markup
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

# Shorter texts are sent as they are.
LEAST_BYTES = 1_000
MOST_KEPT = 64
# Head of a stream of gzip that tells no time, file name or system.
_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_RAW, _STORED, _BEST = -zlib.MAX_WBITS, 0, 9


Headers = Mapping[str, str]


class Common(Markup):
    """A part of a page that is the same for whoever reads it."""

    __slots__ = ()


class Packed(Response):
    """A response whose common parts go compressed to readers who take gzip."""

    def __init__(
        self,
        text: str,
        status: int = 200,
        *,
        common: Sequence[str],
        media_type: str,
        headers: Headers | None = None,
    ) -> None:
        """common: parts of the text that are the same for everybody, in their order."""
        super().__init__(text, status, headers, media_type)
        self._text, self._common = text, common
        self.headers["Vary"] = "Accept-Encoding"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        if any(len(part) >= LEAST_BYTES for part in self._common) and takes_gzip(scope):
            self.body = stream(self._text, self._common)
            self.headers["Content-Encoding"] = "gzip"
            self.headers["Content-Length"] = str(len(self.body))
        await super().__call__(scope, receive, send)


def takes_gzip(scope: Scope) -> bool:
    """Whether whoever asks takes gzip."""
    given = b",".join(value for name, value in scope["headers"] if name == b"accept-encoding").decode("latin-1")
    for coding in given.lower().split(","):
        name, _, weight = coding.replace(" ", "").partition(";q=")
        if name == "gzip":
            return weight.strip("0.") != "" or weight == ""
    return False


def stream(text: str, common: Sequence[str]) -> bytes:
    """A text as one stream of gzip, in which only the common parts are compressed."""
    found, check, size = [_HEAD], 0, 0
    for raw, coded in _pieces(text, common):
        found.append(coded)
        check, size = zlib.crc32(raw, check), size + len(raw)
    end = zlib.compressobj(_STORED, zlib.DEFLATED, _RAW).flush()
    return b"".join((*found, end, struct.pack("<II", check, size & 0xFFFFFFFF)))


def _pieces(text: str, common: Sequence[str]) -> Iterator[tuple[bytes, bytes]]:
    """Bytes of each piece of a text, and the same as a stream holds them."""
    for part in common:
        before, found, text = text.partition(part)
        yield _stored(before)
        if found:
            yield pack(part)
    yield _stored(text)


def _stored(text: str) -> tuple[bytes, bytes]:
    raw = text.encode()
    return raw, _blocks(raw, _STORED)


@lru_cache(maxsize=MOST_KEPT)
def pack(part: str) -> tuple[bytes, bytes]:
    """The bytes of a part, and the same compressed, to be put anywhere in a stream."""
    raw = part.encode()
    return raw, _blocks(raw, _BEST)


def _blocks(raw: bytes, level: int) -> bytes:
    """Blocks of deflate that end on a byte and know nothing of what stands before them."""
    packer = zlib.compressobj(level, zlib.DEFLATED, _RAW)
    return packer.compress(raw) + packer.flush(zlib.Z_FULL_FLUSH)
