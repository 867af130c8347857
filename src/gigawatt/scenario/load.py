"""Read a scenario: preset or file, what it extends, overrides; names resolved; every fault in one go."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path as FilePath
from typing import Any

from gigawatt.catalog import dated
from gigawatt.catalog.load import day_asked
from gigawatt.catalog.plausible import refused
from gigawatt.catalog.tables import Reader, is_named, read_record, read_sources, read_toml
from gigawatt.errors import MOST_NAME, CatalogError, Fault, ScenarioError, near
from gigawatt.files import parse_toml
from gigawatt.scenario.allocation import PATH as ALLOCATION
from gigawatt.scenario.allocation import PowerAsked, PowerScenario, check_alone, stands_alone
from gigawatt.scenario.check import check
from gigawatt.scenario.implausible import unlisted, unmeant
from gigawatt.scenario.resolve import FILE_KEYS, all_evidence, digest, groups, look_up_names, resolve, resolved
from gigawatt.scenario.schema import Asked, Scenario

DEFAULT = "loi-2025-09"
MAX_DEPTH = 8
# The key of the day as of which a scenario, and the catalog behind it, is read.
AS_OF = "as_of"
# Names, and parts of a path, beyond which nobody reads or means them.
MOST_SHOWN, MOST_PARTS = 40, 200


def presets() -> list[str]:
    """Names of the scenarios that ship with Gigawatt."""
    return sorted(file.stem for file in _folder().glob("*.toml"))


def allocation_presets() -> list[str]:
    """Names of the allocations of power that ship with Gigawatt, without a programme around them."""
    return sorted(file.stem for file in (_folder() / "allocations").glob("*.toml"))


def preset_text(name: str) -> str:
    """The TOML of what ships under a name. Raises KeyError where nothing does."""
    file = _shipped(name)
    if file is None:
        raise KeyError(name)
    return file.read_text(encoding="utf-8")


def load(name: str = DEFAULT, overrides: Mapping[str, Any] | None = None) -> Scenario:
    """The scenario of a preset's name or of a file, with overrides ("programme.target" → "2 GW").

    Raises ScenarioError with every fault that was found.
    """
    return _read(*_asked(lambda day: _extended(_find(name), day), overrides))


def load_asked(name: str, overrides: Mapping[str, Any] | None = None) -> Asked:
    """What a preset or file asks, without the records that it names: of these nothing is read, nor checked.

    Raises ScenarioError with every fault that was found.
    """
    table, reader = _asked(lambda day: _extended(_find(name), day), overrides)
    reader.sources = read_sources(table.pop("sources", {}), reader)
    asked = read_record(Asked, table, "", reader)
    if reader.faults or asked is None:
        raise ScenarioError(reader.faults)
    return asked


def load_allocation(name: str = DEFAULT, overrides: Mapping[str, Any] | None = None) -> Scenario | PowerScenario:
    """What an allocation is asked of: an allocation by itself where the preset or file is one, else a whole scenario.

    Raises ScenarioError with every fault that was found.
    """
    file = _find(name, [*allocation_presets(), *presets()])
    table, reader = _asked(lambda day: _extended(file, day), overrides)
    return _read_allocation(table, reader) if stands_alone(table) else _read(table, reader)


def loads(text: str, overrides: Mapping[str, Any] | None = None, like: Scenario | None = None) -> Scenario:
    """The scenario of a TOML text, as `load` reads a file. like: whose records stand before those of the catalog."""
    try:
        table = parse_toml(text, "scenario")
    except CatalogError as error:
        raise ScenarioError(error.faults) from None
    return _read(*_asked(lambda day: _as_of(_chain(table, FilePath(), 0), day), overrides), like)


def reread(scenario: Scenario, overrides: Mapping[str, Any]) -> Scenario:
    """A scenario with overrides. What it names already is what it was made of; what is named anew is in the catalog."""
    return loads(scenario.toml, overrides, like=scenario)


def parse_overrides(pairs: Iterable[str]) -> dict[str, Any]:
    """Every "path=value" of a command line. Raises ScenarioError with all that are none, or name a path again."""
    found: dict[str, Any] = {}
    within: dict[str, str] = {}  # each path to a path that was found → that
    faults: list[Fault] = []
    for pair in pairs:
        try:
            path, value = parse_override(pair)
        except ScenarioError as error:
            faults += error.faults
            continue
        if path in found:
            faults.append(Fault(path="set", given=f"{path} twice", expected="each path once", asked=True))
        elif path in within:
            faults.append(_beside(path, within[path]))
        around = list(_around(path))
        faults += [_beside(path, other) for other in around if other in found and _states(found[other], path, other)]
        found[path] = value
        within |= dict.fromkeys(around, path)
    if faults:
        raise ScenarioError(faults)
    return found


def _around(path: str) -> Iterator[str]:
    """The paths that a path is within, of as many parts as anybody is told of."""
    parts = path.split(".", MOST_PARTS)[:-1]
    return (".".join(parts[: n + 1]) for n in range(len(parts)))


def _states(whole: Any, path: str, other: str) -> bool:
    """Whether the value of another path that this one is within holds already what this one is to hold."""
    for key in path[len(other) + 1 :].split("."):
        if not isinstance(whole, Mapping):
            return True
        if key not in whole:
            return False
        whole = whole[key]
    return True


def _beside(path: str, other: str) -> Fault:
    """Of two paths the one within the other: which of the two holds would hang on their order."""
    return Fault(path="set", given=f"{path} beside {other}", expected="a path, or a part of it, not both", asked=True)


def parse_override(text: str) -> tuple[str, Any]:
    """ "path=value" as given on a command line; the value is TOML where it reads as TOML, else text."""
    path, sign, value = text.partition("=")
    if not sign or not path.strip():
        raise ScenarioError([Fault(path="set", given=f'"{text[:80]}"', expected="PATH=VALUE", asked=True)])
    try:
        table = parse_toml(f"value = {value.strip()}", path)
    except CatalogError:
        table = {}
    return path.strip(), table["value"] if set(table) == {"value"} else value.strip()


def _folder() -> FilePath:
    return FilePath(str(files("gigawatt.scenario"))) / "presets"


def _find(name: str, known: Sequence[str] | None = None) -> FilePath:
    """The file behind a name. known: the presets to speak of where there is none; None: those with a programme."""
    file = _shipped(name) or FilePath(name)
    if os.path.exists(file):  # False, not an error, of a name that no file could have
        return file
    names = presets() if known is None else known
    expected = f"a file, or one of the presets {', '.join(names)}{near(name, names)}"
    shown = name if len(name) <= 80 else name[:77] + "..."
    raise ScenarioError([Fault(path="scenario", given=f'"{shown}"', expected=expected, asked=True)])


def _shipped(name: str) -> FilePath | None:
    if name in presets():
        return _folder() / f"{name}.toml"
    return _folder() / "allocations" / f"{name}.toml" if name in allocation_presets() else None


def _extended(file: FilePath, day: str | None) -> dict[str, Any]:
    """The table of a file over all that it extends, as of a day; None: of the day that the file asks for, or today."""
    return _as_of(_chain(_read_file(file), file, 0), day)


def _read_file(file: FilePath) -> dict[str, Any]:
    table, faults = read_toml(file)
    if faults:
        raise ScenarioError(faults)
    table.setdefault("name", file.stem)
    locate_files(table, lambda name: str(file.parent / name))
    return table


def locate_files(table: Mapping[str, Any], place: Callable[[str], str]) -> None:
    """Put the place of every file that the sites of a scenario or a strategy name in that of its name."""
    sites = table.get("sites")
    for use in sites.values() if isinstance(sites, Mapping) else ():
        for key in FILE_KEYS if isinstance(use, dict) else ():
            if isinstance(use.get(key), str) and use[key]:
                use[key] = place(use[key])


def _chain(table: dict[str, Any], file: FilePath, depth: int) -> list[dict[str, Any]]:
    """The table of a file, after those of the scenarios that it `extends`: the first extends nothing.

    A base that is a file is named from the folder of the file that extends it.
    """
    base = table.pop("extends", "")
    if not base:
        return [table]
    path = f"{file}: extends" if file.name else "extends"
    if not isinstance(base, str) or depth >= MAX_DEPTH:
        expected = "a preset or file, and no circle"
        given = f'"{base[:MOST_NAME]}"' if isinstance(base, str) else "no name"
        raise ScenarioError([Fault(path=path, given=given, expected=expected)])
    found = _shipped(base) or file.parent / base
    if not os.path.exists(found):
        expected = f"a preset, or a file in the folder {file.parent.absolute()}{near(base, presets())}"
        raise ScenarioError([Fault(path=path, given=f'"{base[:MOST_NAME]}"', expected=expected)])
    return [*_chain(_read_file(found), found, depth + 1), table]


def _as_of(tables: Sequence[dict[str, Any]], day: str | None) -> dict[str, Any]:
    """Tables laid over one another as of a day: the one that is asked, or that the last table states, if any does."""
    reader = Reader()
    if day is not None and day_asked() not in (None, day):
        raise ScenarioError([Fault(path=AS_OF, given=f"{day_asked()} beside {day}", expected="one day", asked=True)])
    stated = [table[AS_OF] for table in tables if AS_OF in table]
    asked = day or day_asked() or (stated[-1] if stated else None)
    if asked is not None and not dated.is_day(asked):
        raise ScenarioError([Fault(path=AS_OF, given=f'"{asked}"', expected=dated.EXPECTED_DAY)])
    whole: dict[str, Any] = {}
    for table in tables:
        whole = dated.merge(whole, dated.as_of(table, Asked, asked, reader), Asked)
    if reader.faults:
        raise ScenarioError(reader.faults)
    return whole if asked is None else {**whole, AS_OF: asked}


def _asked(
    table_of: Callable[[str | None], dict[str, Any]], overrides: Mapping[str, Any] | None
) -> tuple[dict[str, Any], Reader]:
    """The table of a scenario with its overrides, of which a day decides what the others are laid over."""
    changes = dict(overrides or {})
    return _changed(table_of(changes.get(AS_OF)), changes)


def _changed(table: dict[str, Any], overrides: Mapping[str, Any]) -> tuple[dict[str, Any], Reader]:
    """The table with its overrides, and a reader with what is wrong with these."""
    reader = Reader()
    for path, value in overrides.items():
        _override(table, path, deepcopy(value), reader)
    return table, reader


def _override(table: dict[str, Any], path: str, value: Any, reader: Reader) -> None:
    if path == "extends":
        reader.fault(path, value, "a key of a scenario file only: name the base scenario instead")
        return
    *parents, last = path.split(".")
    here: Any = table
    hint: Any = Asked
    # Quantities and classes of work that are named again there need not have been: their names are checked later.
    elsewhere = parents[:1] == ["uncertainty"] or (parents[:1] == [ALLOCATION] and not stands_alone(table))
    for n, key in enumerate(parents):
        if is_named(hint) and not elsewhere and key not in here:
            reader.remark(".".join(parents[: n + 1]), "a name that is not there", _named(here, parents[: n + 1]))
            return
        here, hint = here.setdefault(key, {}), dated.entry_type(hint, key)
        if not isinstance(here, dict):
            reader.fault(path, value, "a path to a value, such as programme.target")
            return
    dated.lay(here, last, value, hint)


def _named(there: Mapping[str, Any], names: Sequence[str]) -> str:
    """Which names an override may go into. A new one is set whole, so that no slip of the pen adds a thing."""
    known = list(there)[:MOST_SHOWN]
    hint = near(names[-1], known) or f"; to add it, set {'.'.join(names)[:MOST_NAME]} to a table"
    return f"one of {', '.join(known) or 'none'}{hint}"


def _read(table: dict[str, Any], reader: Reader, like: Scenario | None = None) -> Scenario:
    if stands_alone(table):
        name = table["name"] if isinstance(table.get("name"), str) else ""
        given, expected = f'"{name}", an allocation of power', "a scenario with a programme"
        expected += f"; this one is for `gigawatt allocate {name}`"
        raise ScenarioError([Fault(path="scenario", given=given, expected=expected, asked=True)])
    sources_table = table.pop("sources", {})
    reader.sources = read_sources(sources_table, reader)
    asked = read_record(Asked, table, "", reader)
    if asked is None:
        look_up_names(table, reader)
        raise ScenarioError(reader.faults)
    records = resolve(asked, reader, like)
    check(asked, records, reader)
    if reader.faults or records is None:
        raise ScenarioError(reader.faults)
    evidence = all_evidence(reader.evidence, records)
    locate_files(table, os.path.abspath)  # so that what is saved can be read from any folder
    toml = to_toml({**table, "sources": sources_table} if sources_table else table)
    return Scenario(
        asked=asked,
        records=records,
        evidence=evidence,
        implausible=unmeant(asked, groups(records)),
        toml=toml,
        hash=digest(resolved(asked, records)),
    )


def _read_allocation(table: dict[str, Any], reader: Reader) -> PowerScenario:
    reader.sources = read_sources(table.pop("sources", {}), reader)
    asked = read_record(PowerAsked, table, "", reader)
    if asked is not None:
        reader.faults += refused(asked)
        check_alone(asked.allocation, reader)
    if reader.faults or asked is None:
        raise ScenarioError(reader.faults)
    values = asdict(asked)
    del values["implausible"]
    return PowerScenario(asked=asked, implausible=unlisted(asked, asked.implausible), hash=digest(values))


def to_toml(table: Mapping[str, Any], prefix: str = "") -> str:
    """A table as TOML text that reads back to the same; values first, then tables."""
    plain = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
    tables = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    lines = [f"{_key(key)} = {toml_value(value)}" for key, value in plain.items()]
    for key, value in tables.items():
        name = f"{prefix}{_key(key)}"
        lines += ["", f"[{name}]", to_toml(value, f"{name}.")]
    return "\n".join(lines)


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else json.dumps(key)


def toml_value(value: Any) -> str:
    """A value as TOML on one line, tables inline."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {toml_value(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, int | float) else str(value)
