"""Strict JSON: one object in UTF-8 whose numbers, names and texts mean the same to everybody, or a fault with its path.

Python's own reading takes NaN, 1e999, the last of two members of one name and integers without end. Here each is
refused, at the path where it stands; what it costs to find out is bounded before anything is made of the text.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gigawatt.errors import plain
from gigawatt.interfaces.server.asked import Refused

MOST_DEPTH = 32
# Texts, lists and objects, and whatever commas part.
MOST_PARTS_COUNT = 100_000
# Characters of a number; those of a float need 24.
MOST_DIGITS = 100
LARGEST = 2**63 - 1
TOP = "body"
_SEEN, _LONGEST_PATH = 60, 160
# A text that does not end reaches to the end, so that no character is looked at twice.
_MARKS = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{},]', re.DOTALL)
_UNWRITTEN = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wrong:
    """Stands where a number is none of ours until the path of its place is known."""

    given: str
    expected: str


class _Members(list[tuple[str, Any]]):
    """The members of an object as they were written, of one name or not."""


def read(body: bytes) -> dict[str, Any]:
    """The object that a body holds; Refused, with the JSON path, where it is not strict."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _refused(TOP, f"byte {error.start}, 0x{body[error.start]:02x}", "text in UTF-8") from None
    _measure(text)
    try:
        found = json.loads(
            text, object_pairs_hook=_Members, parse_int=_integer, parse_float=_real, parse_constant=_no_number
        )
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise _refused(TOP, where, f"JSON ({error.msg[0].lower()}{error.msg[1:]})") from None
    if not isinstance(found, _Members):
        raise _refused(TOP, _clipped(text), "one JSON object")
    return _settled(found, "")


def _measure(text: str) -> None:
    """Refuse what is too deep or of too many parts, in one pass and before anything is made of it."""
    depth = 0
    for count, mark in enumerate(_MARKS.finditer(text)):
        sign = mark[0]
        depth += (sign in "[{") - (sign in "]}")
        if depth > MOST_DEPTH:
            raise _refused(TOP, f"more than {MOST_DEPTH} levels", f"at most {MOST_DEPTH} of lists and objects")
        if count >= MOST_PARTS_COUNT:
            raise _refused(TOP, f"more than {MOST_PARTS_COUNT} parts", "fewer members, texts and lists")


def _integer(digits: str) -> int | _Wrong:
    if len(digits) <= MOST_DIGITS and -LARGEST - 1 <= (value := int(digits)) <= LARGEST:
        return value
    return _Wrong(given=_clipped(digits), expected=f"a whole number from {-LARGEST - 1} to {LARGEST}")


def _real(digits: str) -> float | _Wrong:
    if len(digits) <= MOST_DIGITS and math.isfinite(value := float(digits)):
        return value
    return _Wrong(given=_clipped(digits), expected=f"a finite number of at most {MOST_DIGITS} characters")


def _no_number(name: str) -> _Wrong:
    return _Wrong(given=name, expected="a finite number, or null")


def _settled(value: Any, path: str) -> Any:
    """The value with dicts for members, or the first fault in it."""
    if isinstance(value, _Members):
        return dict(_named(value, path))
    if isinstance(value, list):
        return [_settled(one, _short(f"{path}[{position}]")) for position, one in enumerate(value)]
    if isinstance(value, _Wrong):
        raise _refused(path, value.given, value.expected)
    if isinstance(value, str):
        _check_text(value, path)
    return value


def _named(members: Sequence[tuple[str, Any]], path: str) -> Iterator[tuple[str, Any]]:
    seen = set()
    for name, value in members:
        _check_text(name, path)
        below = _short(f"{path}.{name}" if path else name)
        if name in seen:
            raise _refused(below, "the same name twice", "each name once")
        seen.add(name)
        yield name, _settled(value, below)


def _check_text(text: str, path: str) -> None:
    """NUL is refused too: PostgreSQL keeps no text with one, and no file has one in its name."""
    found = not text.isalnum() and _UNWRITTEN.search(text)
    if found:
        raise _refused(path, f"U+{ord(found[0]):04X}", "text without NUL and without half a surrogate pair")


def _clipped(text: str) -> str:
    return text if len(text) <= _SEEN else f"{text[:_SEEN]}..."


def _short(path: str) -> str:
    """A path as far as somebody reads it, so that a long name costs its length once and not at every place below it."""
    return path if len(path) <= _LONGEST_PATH else f"{path[: _LONGEST_PATH - 3]}..."


def _refused(path: str, given: str, expected: str) -> Refused:
    return Refused("wrong", path=plain(path or TOP), given=plain(given), expected=expected)
