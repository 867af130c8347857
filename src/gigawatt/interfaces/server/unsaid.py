"""Where a server keeps what it keeps is nobody's business: callers are told names and not places of the machine."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from gigawatt.errors import Fault, plain
from gigawatt.interfaces.server.asked import WorkOrder
from gigawatt.interfaces.server.settings import Settings
from gigawatt.study.question import named_in
from gigawatt.study.verbs import named

# What a question calls the only ledger that there is.
LEDGER = "ledger"
_HERE = "the server's folder"


def places(settings: Settings) -> dict[str, str]:
    """Places of a server, each with what it is called instead, those within others before them.

    Raises LedgerError for a ledger's address that can be none.
    """
    data = str(settings.data.absolute())
    return {ledger(settings): LEDGER, f"{data}/": "", data: _HERE}


def kept(order: WorkOrder) -> WorkOrder:
    """An order as it may be kept: the address of a ledger may hold a password, which stands in no table."""
    return _with_ledger(order, LEDGER, {})


def told(order: WorkOrder, settings: Settings) -> WorkOrder:
    """An order that was kept, as a worker is told it."""
    return _with_ledger(order, ledger(settings), places(settings))


def _with_ledger(order: WorkOrder, place: str, unsaid: Mapping[str, str]) -> WorkOrder:
    things = named_in(named(order.verb).question())
    found = {key: place if things.get(key) == "database" else value for key, value in order.values.items()}
    return replace(order, values=found, unsaid=unsaid)


def ledger(settings: Settings) -> str:
    """The ledger of a server as its workers open it. Raises LedgerError for an address that can be none."""
    from gigawatt.ledger.book import address  # workers, which open none by themselves, start without it

    url = address(settings.database)
    return str(Path(str(url.database)).absolute()) if url.drivername == "sqlite" else settings.database


def spelled(found: Mapping[str, str]) -> Callable[[Fault], Fault]:
    """How a fault is told: by names."""
    known = {plain(place): name for place, name in found.items()}

    def told(fault: Fault) -> Fault:
        path, given, expected = (words(said, known) for said in (fault.path, fault.given, fault.expected))
        return replace(fault, path=path, given=given, expected=expected)

    return told


def words(text: str, found: Mapping[str, str]) -> str:
    """How a text for people is told: by names."""
    for place, name in found.items():
        text = text.replace(place, name)
    return text


def body(data: bytes, found: Mapping[str, str]) -> bytes:
    """How an answer in JSON is told: by names."""
    for place, name in found.items():
        data = data.replace(_within(place), _within(name))
    return data


def _within(text: str) -> bytes:
    """A text within a text of JSON."""
    return json.dumps(text, ensure_ascii=False)[1:-1].encode(errors="replace")
