"""The boundary: what a question names becomes a place of the server's own, or is refused; no text reaches the machine.

Names are looked up in the server's own tables, never on a disk, so that a refusal says nothing of what the machine has.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from gigawatt import units
from gigawatt.catalog.tables import keys_of
from gigawatt.errors import MOST_NAME, Fault, LedgerError, ScenarioError
from gigawatt.interfaces.server import names, results, scenarios, unsaid, uploads
from gigawatt.interfaces.server.asked import Caller, Json, Refused
from gigawatt.interfaces.server.settings import Settings
from gigawatt.interfaces.server.store import ServerStore
from gigawatt.interfaces.server.unsaid import LEDGER
from gigawatt.study.question import Named, named_in, refuse, wrong
from gigawatt.study.verbs import Verb

# The key of overrides of a scenario.
SET = "set"
# An empty folder below the server's, in which a worker stands, so that a relative path leads to nothing.
NOWHERE = "nowhere"
# Between strategies of one question: more of them nobody compares.
MOST_STRATEGIES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """A question on its way, and what is wrong with it."""

    settings: Settings
    store: ServerStore
    caller: Caller
    verb: Verb
    here: bool
    faults: list[Fault] = field(default_factory=list)


def placed(
    settings: Settings, store: ServerStore, caller: Caller, verb: Verb, values: Mapping[str, Any], *, here: bool = False
) -> dict[str, Json]:
    """The values of a question with everything that it names in a place of the server's own.

    What is left out is put in where it would be looked for on the machine: the ledger, who asks, how many work on it.
    here: files below the folder we are in may be named as well, as by the machine's own user. Raises ScenarioError
    with every fault, or OSError.
    """
    if scenarios.is_deep(values):
        refuse([wrong(verb.name, "values nested too deeply", f"at most {scenarios.MOST_DEPTH} within each other")])
    of = _Question(settings=settings, store=store, caller=caller, verb=verb, here=here)
    found = dict(values)
    for key, thing in named_in(verb.question()).items():
        value = _PLACES[thing](of, key, found.get(key))
        if value is None:
            found.pop(key, None)
        else:
            found[key] = value
    if isinstance(found.get(SET), Mapping):
        found[SET] = _overrides(of, found[SET])
    refuse(of.faults)
    return found


def nowhere(settings: Settings) -> Path:
    """The empty folder in which a worker stands, made where it is absent."""
    place = settings.data.absolute() / NOWHERE
    place.mkdir(parents=True, exist_ok=True)
    return place


def _text(of: _Question, key: str, value: Any) -> str | None:
    """A value that names something; None, with a fault, where it is no text."""
    if isinstance(value, str) and value.strip():
        return value
    if value is not None:
        of.faults.append(wrong(key, f"{value!r:.80}", "a name, as text"))
    return None


def _scenario(of: _Question, key: str, value: Any) -> str | None:
    text = _text(of, key, value)
    if text is None or text in scenarios.shipped("scenario"):
        return text
    if names.ID.fullmatch(text):
        return _kept(of, key, lambda: results.folder(of.settings, of.store, text, whole=True))
    return _written(of, key, text, "scenario")


def _written(of: _Question, key: str, text: str, kind: scenarios.Kind) -> str | None:
    """A kept text by its name, as a file."""
    split, local = names.split(text), _below(of, text)
    if local is not None and (split is None or split[0] not in scenarios.known(of.store, kind)):
        return local
    if split is None:
        also = ", or the id of a result" if kind == "scenario" else ""
        known = names.listed(scenarios.known(of.store, kind), text)
        of.faults.append(wrong(key, text[:MOST_NAME], f"one of {known}{also}"))
        return None
    return _kept(of, key, lambda: scenarios.laid(of.settings, of.store, kind, *split))


def _strategy(of: _Question, key: str, value: Any) -> list[str] | None:
    if value is None:
        return None
    if not isinstance(value, list | tuple) or len(value) > MOST_STRATEGIES:
        of.faults.append(wrong(key, f"{value!r:.80}", f"a list of at most {MOST_STRATEGIES} names"))
        return None
    shipped = scenarios.shipped("strategy")
    texts = [_text(of, key, item if item is not None else "") for item in value]
    found = [text if text in shipped else _written(of, key, text, "strategy") for text in texts if text is not None]
    return [one for one in found if one is not None]


def _result(of: _Question, key: str, value: Any) -> str | None:
    text = _text(of, key, value)
    local = None if text is None else _below(of, text)
    if text is None or local is not None:
        return local
    return _kept(of, key, lambda: results.folder(of.settings, of.store, text, whole=True))


def _file(of: _Question, key: str, value: Any) -> str | None:
    text = _text(of, key, value)
    local = None if text is None else _below(of, text)
    if text is None or local is not None:
        return local
    return _kept(of, key, lambda: uploads.laid(of.settings, uploads.find(of.store, text)))


def _document(of: _Question, key: str, value: Any) -> str | None:
    """A file that was sent, so that its digest is kept; else words, which are no path of the machine."""
    text = _text(of, key, value)
    local = None if text is None else _below(of, text)
    if text is None or local is not None:
        return local
    try:
        return str(uploads.laid(of.settings, uploads.find(of.store, text)))
    except Refused as error:
        if error.why != "absent":
            of.faults.append(wrong(key, error.given, error.expected))
            return None
    if _is_path(text):
        expected = "a file that was sent, an address, or words, and no path of the machine"
        of.faults.append(wrong(key, text[:MOST_NAME], expected))
        return None
    return text


def _is_path(text: str) -> bool:
    """Whether words would leave the folder that we are in, if they were taken for a path."""
    words = text.strip()
    windows = PureWindowsPath(words)
    return (
        PurePosixPath(words).is_absolute()
        or bool(windows.drive or windows.root)
        or ".." in windows.parts
        or words.startswith("~")
        or "\0" in words
    )


def _database(of: _Question, key: str, value: Any) -> str | None:
    """The server's ledger, and no other."""
    if value not in (None, LEDGER, _default(of.verb, key)):
        given = value[:MOST_NAME] if isinstance(value, str) else f"{value!r:.80}"
        of.faults.append(wrong(key, given, f'"{LEDGER}", or nothing: a server has one'))
        return None
    try:
        return unsaid.ledger(of.settings)
    except LedgerError as error:
        of.faults.extend(error.faults)
        return None


def _default(verb: Verb, key: str) -> object:
    name = keys_of(verb.question())[key]
    return next(entry.default for entry in fields(verb.question()) if entry.name == name)


def _person(of: _Question, key: str, value: Any) -> str:
    if value not in (None, of.caller.name):
        given = value[:MOST_NAME] if isinstance(value, str) else f"{value!r:.80}"
        of.faults.append(wrong(key, given, f'"{of.caller.name}", who asks, or nothing'))
    return of.caller.name


def _workers(of: _Question, key: str, value: Any) -> Any:
    """As many as asked for, up to this job's share of the cores; what is no number is left to the question."""
    del key
    most = max(1, (os.cpu_count() or 1) // max(1, of.settings.workers_count))
    if value is None:
        return most
    try:
        return int(min(units.parse(value, "count"), most))
    except (ValueError, TypeError, OverflowError):
        return value


_PLACES: Mapping[Named, Callable[[_Question, str, Any], Any]] = {
    "scenario": _scenario,
    "strategy": _strategy,
    "result": _result,
    "file": _file,
    "document": _document,
    "database": _database,
    "person": _person,
    "workers": _workers,
}


def _overrides(of: _Question, overrides: Mapping[str, Any]) -> Any:
    """Overrides whose files are those that were sent."""

    def place(text: str) -> str:
        return _below(of, text) or scenarios.sent(of.settings, of.store)(text)

    return scenarios.with_files(overrides, SET, of.faults, place)


def _kept(of: _Question, key: str, place: Callable[[], Path]) -> str | None:
    """A place of the server's; None, with its faults, where there is none."""
    try:
        return str(place())
    except Refused as error:
        of.faults.append(Fault(path=key, given=error.given, expected=error.expected, asked=True))
    except ScenarioError as error:
        of.faults.extend(error.faults)
    return None


def _below(of: _Question, text: str) -> str | None:
    """A path below the folder that we are in, whole, where such paths may be named and something is there."""
    if not of.here:
        return None
    try:
        place = Path(text).resolve()
        return str(place) if place.is_relative_to(Path.cwd().resolve()) and place.exists() else None
    except (OSError, ValueError, RuntimeError):
        return None
