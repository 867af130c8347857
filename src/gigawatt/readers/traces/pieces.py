"""The bytes of a trace, plain or gzipped, in pieces of whole lines, so that memory does not grow with the file."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NoReturn, cast

from gigawatt.errors import CatalogError, Fault
from gigawatt.files import no_utf_8, opened

WHAT = "trace"
PIECE_BYTES = 1 << 20
# A line that is longer is none that a person or a tool has written into a trace.
MOST_LINE_BYTES = 4 << 20
EXPECTED = "lines of CSV or JSON in UTF-8, perhaps gzipped"
_GZIP = b"\x1f\x8b"
# What else people keep traces in, by the bytes that it begins with.
_OTHERS = {
    b"PAR1": "a Parquet file",
    b"PK\x03\x04": "a zip archive",
    b"\x28\xb5\x2f\xfd": "a file packed with zstd",
    b"BZh": "a file packed with bzip2",
    b"\xfd7zXZ": "a file packed with xz",
    b"version https://git-lfs": "a pointer of Git LFS in place of the file that it stands for",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePiece:
    """Whole lines of a file: their bytes, each ended by a line feed, and where they stand.

    data: the bytes; first_line: the number of the first line; read_bytes: of the file as it lies, up to here.
    """

    data: bytes
    first_line: int
    read_bytes: int

    @property
    def lines_count(self) -> int:
        return self.data.count(b"\n")


def line_pieces(file: Path, piece_bytes: int = PIECE_BYTES) -> Iterator[LinePiece]:
    r"""The lines of a regular file in UTF-8, in pieces of about so many bytes; "\r\n" ends a line as well.

    Raises CatalogError where the file cannot be read, is no text in UTF-8, is packed in a way that is not known or cut
    off, or has a line of more than `MOST_LINE_BYTES`.
    """
    with opened(file, WHAT) as raw:
        stream = _unpacked(raw)
        line, rest = 1, b""
        while data := _read(file, stream, piece_bytes, line):
            if line == 1 and not rest:
                data = data.removeprefix(codecs.BOM_UTF8)
                _check_magic(file, data)
            whole, found, rest = (rest + data).rpartition(b"\n")
            if len(rest) > MOST_LINE_BYTES:
                _refuse(file, f"a line {line} that is longer than {MOST_LINE_BYTES >> 20} MB")
            if found:
                piece = _piece(file, whole + found, line, raw.tell())
                yield piece
                line += piece.lines_count
        if rest:
            yield _piece(file, rest + b"\n", line, raw.tell())


def _unpacked(raw: IO[bytes]) -> IO[bytes]:
    packed = raw.read(len(_GZIP)) == _GZIP
    raw.seek(0)
    return cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if packed else raw


def _read(file: Path, stream: IO[bytes], size_bytes: int, line: int) -> bytes:
    try:
        return stream.read(size_bytes)
    except EOFError:
        _refuse(file, f"a gzipped file that is cut off after line {line - 1}", "a whole file")
    except (gzip.BadGzipFile, zlib.error) as error:
        _refuse(file, f"a gzipped file that is broken after line {line - 1} ({error})", "a whole file")


def _check_magic(file: Path, data: bytes) -> None:
    for magic, name in _OTHERS.items():
        if data.startswith(magic):
            _refuse(file, name)


def _piece(file: Path, data: bytes, line: int, read_bytes: int) -> LinePiece:
    if b"\0" in data:
        _refuse(file, no_utf_8(data))
    if not data.isascii():
        try:
            data.decode()
        except UnicodeDecodeError:
            _refuse(file, no_utf_8(data))
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
    return LinePiece(data=data, first_line=line, read_bytes=read_bytes)


def _refuse(file: Path, given: str, expected: str = EXPECTED) -> NoReturn:
    raise CatalogError([Fault(path=str(file), given=given, expected=expected)])
