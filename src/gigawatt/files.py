"""The one door from a file that a user names to its text: whatever cannot be read is a fault, never a traceback."""

from __future__ import annotations

import csv
import io
import json
import re
import stat
import tomllib
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

from gigawatt.errors import CatalogError, Fault

MOST_TABLE_BYTES, MOST_DATA_BYTES = 4_000_000, 200_000_000
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
# A number with a unit behind it that is not in quotes, and the line on which the parser gave up.
_UNQUOTED = re.compile(r"=\s*([-+]?[0-9][0-9_.]*\s*[A-Za-z%][A-Za-z%/ ]*)")
_MOST_PARTS_COUNT = 200
# Texts that are asked for again, as a file of the catalog is for every day of its past, are parsed once: so many, of at
# most so many characters.
_MOST_KEPT_COUNT, _MOST_KEPT_CHARS = 256, 65_536
_BETWEEN_KEYS = re.compile(r"[,={}\[\]]")
_LINE = re.compile(r"at line ([0-9]+)")


def read_bytes(file: Path, what: str, most_bytes: int = MOST_DATA_BYTES) -> bytes:
    """The bytes of a regular file; what: "CSV file", as an error calls it.

    Raises CatalogError where there is no such file, where it is a folder, a pipe or a device, cannot be read or is
    larger than most_bytes.
    """
    with opened(file, what) as stream:
        try:
            data = stream.read(most_bytes + 1)
        except OSError as error:
            raise _unreadable(file, error.strerror or str(error), what) from None
    if len(data) <= most_bytes:
        return data
    megabytes = most_bytes // 1_000_000
    raise _unreadable(file, f"more than {megabytes} MB", f"{what} of at most {megabytes} MB")


def check_file(file: Path, what: str) -> None:
    """Refuse what is no regular file, or cannot be opened. Raises CatalogError; what: "CSV file"."""
    opened(file, what).close()


def opened(file: Path, what: str) -> BinaryIO:
    """A regular file, open for its bytes; what: "CSV file", as an error calls it.

    Raises CatalogError where there is no such file, or where it is a folder, a pipe or a device or cannot be read.
    """
    try:
        mode = file.stat().st_mode
        if stat.S_ISREG(mode):
            return file.open("rb")
        given = "a folder" if stat.S_ISDIR(mode) else "a pipe or a device"
    except OSError as error:
        given = error.strerror or str(error)
    except ValueError:
        given = "a name that no file can have"
    raise _unreadable(file, given, what)


def _unreadable(file: Path, given: str, what: str) -> CatalogError:
    expected = f"a {what}" if " of at most " in what else f"a readable {what}"
    return CatalogError([Fault(path=str(file), given=given, expected=expected)])


def read_text(file: Path, what: str, most_bytes: int = MOST_DATA_BYTES) -> str:
    """The text of a file in UTF-8, with or without a byte-order mark. Raises CatalogError as `read_bytes` does."""
    data = read_bytes(file, what, most_bytes)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        fault = Fault(path=str(file), given=no_utf_8(data), expected=f"a {what} in UTF-8")
        raise CatalogError([fault]) from None


def no_utf_8(data: bytes) -> str:
    """What a file is that is no text in UTF-8, in words, by the bytes that it begins with."""
    return "text in UTF-16" if data.startswith(UTF_16) else "binary data"


def parse_toml(text: str, path: str) -> dict[str, Any]:
    """The table of a TOML text. Raises CatalogError at `path` where it is none; missing quotes are pointed at."""
    try:
        if not _has_long_key(text):
            return _dates_as_text(_parsed(text) if len(text) <= _MOST_KEPT_CHARS else tomllib.loads(text))
        given, hint = f"a key of more than {_MOST_PARTS_COUNT} parts", ""
    except ValueError as error:  # TOMLDecodeError, and what int() says of a number of thousands of digits
        given, hint = str(error), _unquoted(text, str(error))
    except RecursionError:
        given, hint = "tables nested too deeply", ""
    raise CatalogError([Fault(path=path, given=given[:160], expected=f"valid TOML{hint}")])


@lru_cache(maxsize=_MOST_KEPT_COUNT)
def _parsed(text: str) -> dict[str, Any]:
    return tomllib.loads(text)


def _dates_as_text(table: dict[str, Any]) -> dict[str, Any]:
    """A new table whose bare days (`known = 2026-07-01`) are the text that they would be in quotes."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return _dates_as_text(value)
        if isinstance(value, list):
            return [plain(item) for item in value]
        return value.isoformat() if type(value) is date else value  # a moment is a date too, and stays what it is

    return {key: plain(value) for key, value in table.items()}


def _has_long_key(text: str) -> bool:
    """Whether a line chains very many words by full stops: as a key they take the parser their number squared."""
    for line in text.split("\n"):
        if line.count(".") > _MOST_PARTS_COUNT:
            runs = _BETWEEN_KEYS.split(line)
            if max(run.count(".") for run in runs) > _MOST_PARTS_COUNT:
                return True
    return False


def _unquoted(text: str, message: str) -> str:
    place = _LINE.search(message)
    line = text.split("\n")[int(place[1]) - 1] if place else ""
    quantity = _UNQUOTED.search(line[:1000])
    return f', in which a quantity stands in quotes: "{quantity[1].strip()}"' if quantity else ""


def read_json(file: Path, most_bytes: int = MOST_DATA_BYTES) -> Any:
    """What a JSON file says. Raises CatalogError as `read_text`, or where it is no JSON or has a key twice."""
    text = read_text(file, "JSON file", most_bytes)
    try:
        return json.loads(text, object_pairs_hook=_each_once)
    except RecursionError:
        given = "lists nested too deeply"
    except ValueError as error:  # JSONDecodeError, and what int() says of a number of thousands of digits
        given = str(error)
    raise CatalogError([Fault(path=str(file), given=given[:160], expected="a JSON file in UTF-8")])


def read_csv(file: Path) -> list[list[str]]:
    """The rows of a CSV file in UTF-8, empty ones as well. Raises CatalogError as `read_text`, or for loose quotes."""
    try:
        return list(csv.reader(io.StringIO(read_text(file, "CSV file"), newline=""), strict=True))
    except csv.Error as error:
        raise CatalogError(
            [Fault(path=str(file), given=str(error), expected="a readable CSV file in UTF-8")]
        ) from error


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f'the key "{twice[:80]}" twice')
    return table
