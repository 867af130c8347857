"""The text of a file of any length in pieces of whole lines, so that memory does not grow with it."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

from gigawatt.errors import CatalogError, Fault
from gigawatt.files import no_utf_8, opened

PIECE_BYTES = 1 << 19
# A line that is longer is none that a person or a tool has written into a table.
MOST_LINE_BYTES = 4 << 20


def pieces(file: Path, what: str, piece_bytes: int = PIECE_BYTES) -> Iterator[str]:
    r"""The text of a regular file in UTF-8, in pieces of about so many bytes that end with "\n"; "\r\n" is one as well.

    what: "CSV file", as an error calls it. Raises CatalogError where the file cannot be read, is no text in UTF-8, or
    has a line of more than `MOST_LINE_BYTES`.
    """
    with opened(file, what) as stream:
        if stream.read(3) != codecs.BOM_UTF8:
            stream.seek(0)
        rest = b""
        while data := stream.read(piece_bytes):
            whole, found, rest = (rest + data).rpartition(b"\n")
            if len(rest) > MOST_LINE_BYTES:
                raise _refusal(file, f"a line of more than {MOST_LINE_BYTES >> 20} MB", what)
            if found:
                yield _decoded(whole + found, file, what)
        if rest:
            yield _decoded(rest + b"\n", file, what)


def _decoded(data: bytes, file: Path, what: str) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise _refusal(file, no_utf_8(data), f"{what} in UTF-8") from None
    return text.replace("\r\n", "\n") if "\r" in text else text


def _refusal(file: Path, given: str, what: str) -> CatalogError:
    return CatalogError([Fault(path=str(file), given=given, expected=f"a readable {what}")])
