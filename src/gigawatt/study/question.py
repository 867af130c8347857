"""Questions are read as scenarios are: keys without units, text to SI, nearest names, all faults at once.

A question is a frozen record; a key is its field's name without the unit (`capacity = "10 GW"` is `capacity_w`).
Lengths in tokens, and prices of a million tokens in USD, may be bare numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import PurePath
from typing import Any, Literal, TypeVar

from gigawatt import units
from gigawatt.catalog.tables import Reader, keys_of, read_record
from gigawatt.errors import MOST_NAME, Fault, ScenarioError, near

Q = TypeVar("Q")

# What a text of a question may name, where it is more than a value: a scenario's name, file or result; files of
# strategies; a result's folder; a file that is read; a document, of which the digest is kept where it is a file; a
# ledger; the person who asks; how many processes work on it. A door that keeps things itself puts its own there.
Named = Literal["scenario", "strategy", "result", "file", "document", "database", "person", "workers"]

# Units of quantities that may be bare numbers in a question.
BARE_UNITS = {"tokens": "tokens", "usd_per_mtok": "USD/Mtoken"}
# Characters of what was given that a fault shows.
MOST_SHOWN = 160
_BARE = re.compile(r"[0-9][0-9_]*\.?[0-9]*(?:[eE][-+]?[0-9]+)?[kMGT]?")


def read(cls: type[Q], values: Mapping[str, Any]) -> Q:
    """The question that values by key ask. Raises ScenarioError with every fault, each of its field."""
    reader = Reader()
    known = keys_of(cls)
    table = {key: _as_text(known.get(key, key), value) for key, value in values.items()}
    made = read_record(cls, table, "", reader)
    if reader.faults or made is None:
        raise ScenarioError(replace(fault, asked=True) for fault in reader.faults)
    return made


def _as_text(name: str, value: Any) -> Any:
    """A value as a file would state it: a bare number of tokens, or price of them, with its unit, the place of a file
    as text."""
    unit = BARE_UNITS.get(name if name == "tokens" else units.split(name)[1])
    if unit and not isinstance(value, bool) and _BARE.fullmatch(str(value).strip()):
        return f"{value} {unit}"
    return str(value) if isinstance(value, PurePath) else value


def names(thing: Named) -> Mapping[str, Named]:
    """Metadata of a field of a question: what its text names."""
    return {"names": thing}


def named_in(cls: type) -> dict[str, Named]:
    """What the fields of a question name, by key, for those that name anything."""
    keys = {name: key for key, name in keys_of(cls).items()}
    return {keys[entry.name]: entry.metadata["names"] for entry in fields(cls) if "names" in entry.metadata}


def wrong(field: str, given: object, expected: str) -> Fault:
    """A fault of a question's field, by its key."""
    seen = f'"{_short(given)}"' if isinstance(given, str) else str(given)
    return Fault(path=field, given=seen, expected=expected, asked=True)


def _short(text: str) -> str:
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 3]}..."


def unknown(field: str, given: str, known: Sequence[str]) -> Fault:
    """A fault of a field whose value is none of the names that are known, with the nearest of them."""
    return wrong(field, given[:MOST_NAME], f"one of {', '.join(known)}{near(given, known, 0.4)}")


def refuse(faults: Iterable[Fault]) -> None:
    """Raises ScenarioError where there is any fault."""
    found = tuple(faults)
    if found:
        raise ScenarioError(found)
