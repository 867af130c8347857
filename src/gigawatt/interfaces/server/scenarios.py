"""Scenarios and strategies that people keep: every version of each, by the digest of its text; nothing is ever lost.

A text is read whole before it is kept. What it names is what the server keeps: it `extends` a preset or another kept
scenario, and its files of hours are files that were sent. No text of a scenario is ever taken for a place.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, Row, Select, func, insert, select
from sqlalchemy.exc import IntegrityError

from gigawatt.catalog.tables import KEY, KEY_RULE
from gigawatt.errors import CatalogError, Fault, InputError, ScenarioError
from gigawatt.files import parse_toml
from gigawatt.interfaces.server import audit, names, uploads
from gigawatt.interfaces.server.asked import Caller, Refused
from gigawatt.interfaces.server.settings import Settings
from gigawatt.interfaces.server.store import ServerStore, now
from gigawatt.interfaces.server.tables import TEXTS, VERSIONS
from gigawatt.scenario.load import MAX_DEPTH, allocation_presets, load, load_allocation, presets, to_toml
from gigawatt.scenario.resolve import FILE_KEYS
from gigawatt.scenario.schema import Scenario
from gigawatt.scenario.strategy import load_strategies
from gigawatt.scenario.strategy import shipped as shipped_strategies
from gigawatt.study.files import sha256
from gigawatt.study.workshop import NEW, workshop

Kind = Literal["scenario", "strategy"]
# Below the server's folder: texts as files, with what they extend, each set of them once.
FOLDER = "texts"
# What nobody writes by hand: longer texts, and tables within so many others.
MOST_BYTES, MOST_DEPTH = 300_000, 40
MOST_LISTED = 200
# Characters of a path in a fault.
MOST_PATH = 160
# Kept scenarios over which a new strategy is tried, the last ones.
MOST_TRIED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionView:
    """A version of a kept text."""

    kind: Kind
    """A scenario or a strategy."""
    name: str
    """What it is kept by."""
    version: int
    """Its number, from 1."""
    digest: str | None
    """SHA-256 of its text; None for the version that says it was removed."""
    hash: str | None
    """Identity of the scenario that the text came to when it was kept; None for a strategy."""
    title: str
    """What it is, in a line."""
    at: str
    """When it was kept."""
    who: str
    """Who kept it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptText:
    """A version with its text."""

    version: VersionView
    """Which it is."""
    text: str
    """What was sent, to the letter."""


def put(
    settings: Settings,
    store: ServerStore,
    caller: Caller,
    kind: Kind,
    name: str,
    text: str,
    expected: str | None = None,
) -> VersionView:
    """Keep a text as the next version of a name.

    expected: digest of the version that this one follows, "" where there is to be none yet, None for any. A text that
    is the last already is no new version. Raises ScenarioError with every fault of the text, and Refused.
    """
    with audit.refusals(store, caller, action=f"{kind} kept", object=name):
        title, identity = check(settings, store, caller, kind, name, text, expected)
        view = VersionView(
            kind=kind,
            name=name,
            version=1,
            digest=sha256(text.encode()),
            hash=identity,
            title=title,
            at=now(),
            who=caller.name,
        )
        return _written(store, caller, view, text, expected)


def check(
    settings: Settings,
    store: ServerStore,
    caller: Caller,
    kind: Kind,
    name: str,
    text: str,
    expected: str | None = None,
) -> tuple[str, str | None]:
    """Title and hash of a text that can be kept. Raises what `put` raises, and keeps nothing."""
    names.need(caller, "editor", kind)
    _check_name(kind, name)
    with store.reading() as connection:
        _stands(connection, kind, name, expected)
    return _read(settings, store, kind, name, text)


def check_removal(
    store: ServerStore, caller: Caller, kind: Kind, name: str, expected: str | None = None
) -> VersionView:
    """The version that would be removed. Raises what `remove` raises, and removes nothing."""
    names.need(caller, "editor", kind)
    with store.reading() as connection:
        _stands(connection, kind, name, expected)
    return get(store, kind, name).version


def remove(store: ServerStore, caller: Caller, kind: Kind, name: str, expected: str | None = None) -> VersionView:
    """Remove a text: its versions stay, and the results that were made of it. Raises Refused as `put` does."""
    with audit.refusals(store, caller, action=f"{kind} removed", object=name):
        last = check_removal(store, caller, kind, name, expected)
        gone = replace(last, digest=None, hash=None, at=now(), who=caller.name)
        return _written(store, caller, gone, "", expected)


def get(store: ServerStore, kind: Kind, name: str, version: int | None = None) -> KeptText:
    """A version of a text, the last where none is named. Raises Refused where there is none, or it was removed."""
    query = _of(kind, name).order_by(VERSIONS.c.version.desc()).limit(1)
    if version is not None:
        query = query.where(VERSIONS.c.version == version)
    with store.reading() as connection:
        lawful = KEY.fullmatch(name) and (version is None or 0 < version <= names.MOST_VERSION)
        row = connection.execute(query).first() if lawful else None
        if row is not None and row.digest is not None:
            text = connection.execute(select(TEXTS.c.text).where(TEXTS.c.digest == row.digest)).scalar_one()
            return KeptText(version=_view(row), text=text)
    raise _absent(store, kind, name if version is None else f"{name}{names.AT}{version}", row is not None)


def listed(store: ServerStore, kind: Kind, after: str = "", count: int = MOST_LISTED) -> list[VersionView]:
    """The last version of each text that is not removed, by name, those after one, a page of them."""
    query = _last().where(
        VERSIONS.c.kind == kind, VERSIONS.c.digest.is_not(None), VERSIONS.c.name > names.sayable(after)
    )
    with store.reading() as connection:
        found = connection.execute(query.order_by(VERSIONS.c.name).limit(max(0, min(count, MOST_LISTED))))
        return [_view(row) for row in found]


def history(store: ServerStore, kind: Kind, name: str, after: int = 0, count: int = MOST_LISTED) -> list[VersionView]:
    """Versions of a name, removals among them, the first first, those after one, a page of them.

    Raises Refused where there never was one.
    """
    query = _of(kind, name).order_by(VERSIONS.c.version).limit(max(0, min(count, MOST_LISTED)))
    with store.reading() as connection:
        if KEY.fullmatch(name) and _stands(connection, kind, name, None) is not None:
            later = query.where(VERSIONS.c.version > max(0, min(after, names.MOST_VERSION)))
            return [_view(row) for row in connection.execute(later)]
    raise _absent(store, kind, name)


def known(store: ServerStore, kind: Kind) -> list[str]:
    """Every name that may be asked for: those that ship, and those that are kept."""
    query = _last().with_only_columns(VERSIONS.c.name).where(VERSIONS.c.kind == kind, VERSIONS.c.digest.is_not(None))
    with store.reading() as connection:
        return [*shipped(kind), *connection.execute(query.order_by(VERSIONS.c.name)).scalars()]


def shipped(kind: Kind) -> list[str]:
    """Names that ship with Gigawatt."""
    return list(_shipped(kind))


@cache
def _shipped(kind: Kind) -> tuple[str, ...]:
    return (*presets(), *allocation_presets()) if kind == "scenario" else tuple(shipped_strategies())


def laid(settings: Settings, store: ServerStore, kind: Kind, name: str, version: int | None = None) -> Path:
    """A kept text as a file for a verb, with what it extends and the files that it names beside it.

    Raises Refused where there is none, ScenarioError where what it names is gone.
    """
    kept = get(store, kind, name, version)
    stem = name if version is None or kind == "scenario" else f"{name}.{version}"
    contents = _contents(settings, store, kind, (name, stem), kept.text)
    parent = settings.data.absolute() / FOLDER
    folder = parent / hashlib.sha256(json.dumps(contents).encode()).hexdigest()
    if not folder.is_dir():
        parent.mkdir(parents=True, exist_ok=True)
        with workshop(parent) as place:
            _fill(place / NEW, contents)
            try:
                (place / NEW).rename(folder)
            except OSError:
                if not folder.is_dir():  # else another has laid the same there in this moment
                    raise
    return folder / f"{stem}.toml"


def parsed(text: str) -> dict[str, Any]:
    """The table of a text. Raises ScenarioError where it is no TOML, too long, or nested too deeply."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise _fault("text", "half a character", "text in UTF-8") from None
    if size > MOST_BYTES:
        raise _fault("text", f"{size:,} bytes", f"at most {MOST_BYTES:,}")
    try:
        table = parse_toml(text, "text")
    except CatalogError as error:
        raise ScenarioError(error.faults) from None
    if is_deep(table):
        raise _fault("text", "tables nested too deeply", f"tables within at most {MOST_DEPTH} others")
    return table


def is_deep(value: object) -> bool:
    """Whether tables and lists stand within more of them than anybody means."""
    level = [value]
    for _ in range(MOST_DEPTH):
        level = [inner for item in level for inner in _inner(item)]
        if not level:
            return False
    return True


def _inner(item: object) -> Iterator[object]:
    if isinstance(item, Mapping):
        yield from item.values()
    elif isinstance(item, list | tuple):
        yield from item


def with_files(table: Any, path: str, faults: list[Fault], place: Callable[[str], str]) -> Any:
    """A table of a scenario, of a strategy or of overrides, in which every file that is named is in its place.

    A key may be a path, such as "sites.abilene.weather_file": its last part says what it is. place: from a name to a
    place; raises Refused.
    """
    if isinstance(table, list | tuple):
        return [with_files(item, f"{path}[{n}]", faults, place) for n, item in enumerate(table)]
    if not isinstance(table, Mapping):
        return table
    found = dict(table)
    for key, value in table.items():
        here = f"{path}.{key}" if path else key
        if isinstance(value, str) and value and key.rpartition(".")[2] in FILE_KEYS:
            try:
                found[key] = place(value)
            except Refused as error:
                faults.append(Fault(path=here[:MOST_PATH], given=error.given, expected=error.expected))
        else:
            found[key] = with_files(value, here, faults, place)
    return found


def sent(settings: Settings, store: ServerStore) -> Callable[[str], str]:
    """From the digest or label of a file that was sent to its place."""
    return lambda text: str(uploads.laid(settings, uploads.find(store, text)))


def _contents(settings: Settings, store: ServerStore, kind: Kind, named: tuple[str, str], text: str) -> dict[str, str]:
    """A text and those that it extends, by the names of their files; named: what it is kept by, and its own file.

    One that names nothing that is kept here stays as it was written.
    """
    name, stem = named
    found, faults = dict[str, str](), list[Fault]()
    while True:
        written = parsed(text)
        table = with_files(written, "", faults, sent(settings, store))
        base = table.get("extends") if kind == "scenario" else None
        kept = None
        if isinstance(base, str) and base and base not in shipped("scenario"):
            kept = _base(store, base, name, found)
            table["extends"] = f"{_stem(kept)}.toml"
        found[f"{stem}.toml"] = text if table == written else to_toml(table)
        if kept is None:
            break
        stem, text = _stem(kept), kept.text
    if faults:
        raise ScenarioError(faults)
    return found


def _base(store: ServerStore, base: str, name: str, found: Mapping[str, str]) -> KeptText:
    """The kept scenario that another extends. Raises ScenarioError where there is none, or it leads back."""
    split = names.split(base)
    if split == (name, None) or len(found) >= MAX_DEPTH:
        raise _fault("extends", names.quoted(base), "another scenario, and no circle")
    try:
        if split is None:
            raise _absent(store, "scenario", base)
        kept = get(store, "scenario", *split)
    except Refused as error:
        raise _fault("extends", error.given, error.expected) from None
    if f"{_stem(kept)}.toml" in found:
        raise _fault("extends", names.quoted(base), "another scenario, and no circle")
    return kept


def _stem(kept: KeptText) -> str:
    """The name of a file that no other version, and no other name, has: names have no full stops."""
    return f"{kept.version.name}.{kept.version.version}"


def _fill(folder: Path, contents: Mapping[str, str]) -> None:
    folder.mkdir()
    for name, text in contents.items():
        (folder / name).write_text(text, encoding="utf-8")


def _read(settings: Settings, store: ServerStore, kind: Kind, name: str, text: str) -> tuple[str, str | None]:
    """Title and hash of a text that is read as a verb would read it. Raises ScenarioError with every fault."""
    table = parsed(text)
    if kind == "scenario" and table.get("name", name) != name:
        raise _fault("name", names.quoted(str(table["name"])), f'"{name}", by which it is kept, or no name')
    contents = _contents(settings, store, kind, (name, name), text)
    parent = settings.data.absolute() / FOLDER
    parent.mkdir(parents=True, exist_ok=True)
    with workshop(parent) as place:
        _fill(place / NEW, contents)
        file = place / NEW / f"{name}.toml"
        try:
            if kind == "strategy":
                return _fitting(settings, store, file), None
            found = load_allocation(str(file))
        except InputError as error:
            raise ScenarioError(_unplaced(fault, settings, file) for fault in error.faults) from None
    return found.asked.title, found.hash


def _unplaced(fault: Fault, settings: Settings, file: Path) -> Fault:
    """A fault without the places of the server."""

    def bare(text: str) -> str:
        for part in (f"{file}: ", f"{file.parent}/", f"{settings.data.absolute()}/"):
            text = text.replace(part, "")
        return text

    return replace(fault, path=bare(fault.path), given=bare(fault.given), expected=bare(fault.expected))


def _fitting(settings: Settings, store: ServerStore, file: Path) -> str:
    """The title of a strategy that fits a preset, or one of the last kept scenarios. Raises the InputError of that one
    which it fits best."""
    failed: InputError | None = None
    for base in _bases(settings, store):
        try:
            return load_strategies([str(file)], base)[0].title
        except InputError as error:
            failed = error if failed is None or len(error.faults) < len(failed.faults) else failed
    assert failed is not None
    raise failed


def _bases(settings: Settings, store: ServerStore) -> Iterator[Scenario]:
    yield from map(_preset, presets())
    query = _last().where(VERSIONS.c.kind == "scenario", VERSIONS.c.digest.is_not(None))
    with store.reading() as connection:
        rows = connection.execute(query.order_by(VERSIONS.c.at.desc()).limit(MOST_TRIED)).all()
    for row in rows:
        with suppress(InputError, Refused):
            yield load(str(laid(settings, store, "scenario", row.name)))


@cache
def _preset(name: str) -> Scenario:
    return load(name)


def _written(store: ServerStore, caller: Caller, view: VersionView, text: str, expected: str | None) -> VersionView:
    """The next version of a name, after the one that was expected. Raises Refused."""
    for tried in range(uploads.TRIES):
        try:
            with store.writing() as connection:
                return _append(connection, caller, view, text, expected)
        except IntegrityError:  # another wrote the same version, or the same text, in this moment
            if tried == uploads.TRIES - 1:
                raise
    raise AssertionError("the last try returns or raises")


def _append(connection: Connection, caller: Caller, view: VersionView, text: str, expected: str | None) -> VersionView:
    last = _stands(connection, view.kind, view.name, expected)
    if last is not None and (view.digest or "") == (last.digest or ""):
        return _view(last)
    if view.digest and not connection.execute(select(TEXTS.c.digest).where(TEXTS.c.digest == view.digest)).first():
        connection.execute(insert(TEXTS).values(digest=view.digest, text=text))
    new = replace(view, version=1 if last is None else last.version + 1)
    connection.execute(insert(VERSIONS).values({name: getattr(new, name) for name in VersionView.__slots__}))
    done = "kept" if new.digest else "removed"
    audit.add(connection, caller, action=f"{new.kind} {done}", object=f"{new.name}{names.AT}{new.version}")
    return new


def _stands(connection: Connection, kind: Kind, name: str, expected: str | None) -> Row[Any] | None:
    """The last version of a name, which has to be the one that was expected. Raises Refused("conflict")."""
    last = connection.execute(_of(kind, name).order_by(VERSIONS.c.version.desc()).limit(1)).first()
    stands = "" if last is None else last.digest or ""
    if expected is not None and expected != stands:
        told = f"the digest of the version that stands, {stands}; read it again" if stands else "none: nothing stands"
        raise names.refused("conflict", kind, expected or "nothing", told)
    return last


def _of(kind: Kind, name: str) -> Select[Any]:
    return select(VERSIONS).where(VERSIONS.c.kind == kind, VERSIONS.c.name == name)


def _last() -> Select[Any]:
    """The last version of each name."""
    other = VERSIONS.alias()
    newest = select(func.max(other.c.version)).where(other.c.kind == VERSIONS.c.kind, other.c.name == VERSIONS.c.name)
    return select(VERSIONS).where(VERSIONS.c.version == newest.scalar_subquery())


def _view(row: Row[Any]) -> VersionView:
    return VersionView(**{name: getattr(row, name) for name in VersionView.__slots__})


def _check_name(kind: Kind, name: str) -> None:
    if not KEY.fullmatch(name):
        raise names.refused("wrong", "name", name, KEY_RULE)
    if name in shipped(kind) or names.ID.fullmatch(name):
        raise names.refused("wrong", "name", name, f"a name that no {kind} has that ships, and no result")


def _absent(store: ServerStore, kind: Kind, name: str, removed: bool = False) -> Refused:
    if name in shipped(kind) and not removed:
        ours = [one for one in known(store, kind) if one not in shipped(kind)]
        expected = f"one that is kept here, of {names.listed(ours, name)}; {name} ships with Gigawatt"
        return names.refused("absent", kind, name, expected)
    was = "; it was removed, and its versions are kept" if removed else ""
    return names.refused("absent", kind, name, f"one of {names.listed(known(store, kind), name)}{was}")


def _fault(path: str, given: str, expected: str) -> ScenarioError:
    return ScenarioError([Fault(path=path, given=given, expected=expected)])
