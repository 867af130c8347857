"""What the example of a verb asks, by key: its command line as the fields of a question."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, get_args, get_origin, get_type_hints

from gigawatt.catalog.tables import keys_of
from gigawatt.interfaces.server.asked import Json
from gigawatt.study.question import named_in
from gigawatt.study.verbs import Verb

# What a server keeps goes by ids and digests, and not by the places that an example names; a document that is a file of
# nobody's is words.
KEPT: Mapping[str, str] = {"result": "0" * 32, "file": "0" * 64}
# What a server decides itself.
DECIDED = ("database", "person", "workers")


def values(verb: Verb) -> dict[str, Json]:
    """The values by key of a question that works as it stands, but for what it names of a server's own."""
    keys, named = _hints(verb), named_in(verb.question())
    found: dict[str, Any] = {}
    for key, text in _pairs(verb, keys):
        hint = keys[key]
        if get_origin(hint) is tuple:
            found.setdefault(key, []).append(text)
        elif key == "set":
            path, _, value = text.partition("=")
            found.setdefault(key, {})[path] = value
        else:
            number = text.isdigit() and str not in (hint, *get_args(hint))
            found[key] = True if hint is bool else int(text) if number else text
    return {key: KEPT.get(named.get(key, ""), value) for key, value in found.items() if named.get(key) not in DECIDED}


def _hints(verb: Verb) -> dict[str, Any]:
    record = verb.question()
    hints = get_type_hints(record)
    stated = {entry.name for entry in fields(record)}
    return {key: hints[name] for key, name in keys_of(record).items() if name in stated}


def _pairs(verb: Verb, keys: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The words of a command line, each with its key; those that are none of the question's are left out."""
    words = shlex.split(verb.example.partition(" > ")[0])[1 + len(verb.name.split()) :]
    places = list(verb.positional)
    while words:
        word = words.pop(0)
        if not word.startswith("--"):
            yield places[0], word
            if len(places) > 1 or get_origin(keys[places[0]]) is not tuple:
                places.pop(0)
            continue
        key = word.removeprefix("--").replace("-", "_")
        text = "" if keys.get(key) is bool else words.pop(0)
        if key in keys:
            yield key, text
