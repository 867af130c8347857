"""Read a scenario: preset or file, what it extends, overrides; names resolved; every fault in one go."""

from __future__ import annotations

import difflib
import hashlib
import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from importlib.resources import files
from operator import attrgetter
from pathlib import Path as FilePath
from typing import Any

from gigawatt.catalog import load as catalog
from gigawatt.catalog.plausible import refused
from gigawatt.catalog.records import Evidence, Site
from gigawatt.catalog.tables import Reader, read_record, read_sources, read_toml
from gigawatt.errors import CatalogError, Fault, ScenarioError
from gigawatt.scenario.allocation import PowerAsked, PowerScenario, check_alone, stands_alone
from gigawatt.scenario.check import check
from gigawatt.scenario.implausible import unlisted, unmeant
from gigawatt.scenario.schema import OVER_SITE, Asked, Records, Scenario, SiteUse
from gigawatt.scenario.series import digests, read_series

DEFAULT = "loi-2025-09"
MAX_DEPTH = 8
# Records of which a scenario names one: field of `Records` → kind in the catalog, and where it is named.
SINGLE = {
    "inference": ("inference_calibrations", "operations.inference_calibration"),
    "training": ("training_calibrations", "operations.training_calibration"),
    "reliability": ("reliability", "simulate.reliability"),
    "inference_curve": ("power_curves", "simulate.inference_curve"),
    "training_curve": ("power_curves", "simulate.training_curve"),
}

LookUp = Callable[[str, str, str], Any]


def presets() -> list[str]:
    """Names of the scenarios that ship with Gigawatt."""
    return sorted(file.stem for file in _folder().glob("*.toml"))


def allocation_presets() -> list[str]:
    """Names of the allocations of power that ship with Gigawatt, without a programme around them."""
    return sorted(file.stem for file in (_folder() / "allocations").glob("*.toml"))


def load(name: str = DEFAULT, overrides: Mapping[str, Any] | None = None) -> Scenario:
    """The scenario of a preset's name or of a file, with overrides ("programme.target" → "2 GW").

    Raises ScenarioError with every fault that was found.
    """
    return _overridden(_extended(_find(name), 0), overrides or {})


def load_allocation(name: str = DEFAULT, overrides: Mapping[str, Any] | None = None) -> Scenario | PowerScenario:
    """What an allocation is asked of: an allocation by itself where the preset or file is one, else a whole scenario.

    Raises ScenarioError with every fault that was found.
    """
    table, reader = _changed(_extended(_find(name, [*allocation_presets(), *presets()]), 0), overrides or {})
    return _read_allocation(table, reader) if stands_alone(table) else _read(table, reader)


def loads(text: str, overrides: Mapping[str, Any] | None = None) -> Scenario:
    """The scenario of a TOML text, as `load` reads a file."""
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ScenarioError([Fault(path="scenario", given=str(error), expected="valid TOML")]) from None
    return _overridden(_over_base(table, 0), overrides or {})


def parse_override(text: str) -> tuple[str, Any]:
    """ "path=value" as given on a command line; the value is TOML where it reads as TOML, else text."""
    path, sign, value = text.partition("=")
    if not sign or not path.strip():
        raise ScenarioError([Fault(path="--set", given=f'"{text}"', expected="PATH=VALUE")])
    try:
        parsed = tomllib.loads(f"value = {value.strip()}")["value"]
    except tomllib.TOMLDecodeError:
        parsed = value.strip()
    return path.strip(), parsed


def _folder() -> FilePath:
    return FilePath(str(files("gigawatt.scenario"))) / "presets"


def _find(name: str, known: Sequence[str] | None = None) -> FilePath:
    """The file behind a name. known: the presets to speak of where there is none; None: those with a programme."""
    known = presets() if known is None else known
    if name in presets():
        return _folder() / f"{name}.toml"
    if name in allocation_presets():
        return _folder() / "allocations" / f"{name}.toml"
    file = FilePath(name)
    try:
        if file.exists():
            return file
    except (OSError, ValueError):
        pass  # no name that a file could have
    close = difflib.get_close_matches(name, known, n=1)
    near = f'; did you mean "{close[0]}"?' if close else ""
    expected = f"a file, or one of the presets {', '.join(known)}{near}"
    shown = name if len(name) <= 80 else name[:77] + "..."
    raise ScenarioError([Fault(path="SCENARIO", given=f'"{shown}"', expected=expected)])


def _extended(file: FilePath, depth: int) -> dict[str, Any]:
    table, faults = read_toml(file)
    if faults:
        raise ScenarioError(faults)
    table.setdefault("name", file.stem)
    return _over_base(table, depth)


def _over_base(table: dict[str, Any], depth: int) -> dict[str, Any]:
    """The table laid over the scenario that it `extends`, if it does: whole, and extending nothing any more."""
    base = table.pop("extends", "")
    if not base:
        return table
    if not isinstance(base, str) or depth >= MAX_DEPTH:
        raise ScenarioError([Fault(path="extends", given=str(base), expected="a preset or file, and no circle")])
    return _merge(_extended(_find(base), depth + 1), table)


def _merge(base: dict[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Tables merge key by key; anything else, an annotated value or a path over time replaces what was there.

    `key = false` takes an entry of the base away, unless that is itself true or false.
    """
    merged = dict(base)
    for key, value in over.items():
        if value is False and not isinstance(base.get(key, False), bool):
            merged.pop(key)
        elif isinstance(value, dict) and isinstance(base.get(key), dict) and not _is_leaf(value):
            merged[key] = _merge(base[key], value)
        else:
            merged[key] = value
    return merged


def _is_leaf(table: Mapping[str, Any]) -> bool:
    return "value" in table or any(key[:4].isdigit() for key in table)


def _overridden(table: dict[str, Any], overrides: Mapping[str, Any]) -> Scenario:
    return _read(*_changed(table, overrides))


def _changed(table: dict[str, Any], overrides: Mapping[str, Any]) -> tuple[dict[str, Any], Reader]:
    """The table with its overrides, and a reader with what is wrong with these."""
    reader = Reader()
    for path, value in overrides.items():
        _override(table, path, value, reader)
    return table, reader


def _override(table: dict[str, Any], path: str, value: Any, reader: Reader) -> None:
    if path == "extends":
        reader.fault(path, value, "a key of a scenario file only: name the base scenario instead")
        return
    *parents, last = path.split(".")
    here: Any = table
    for key in parents:
        here = here.setdefault(key, {}) if isinstance(here, dict) else None
    if not isinstance(here, dict):
        reader.fault(path, value, "a path to a value, such as programme.target")
        return
    if value is False and not isinstance(here.get(last, False), bool):
        here.pop(last)
    elif isinstance(value, dict) and isinstance(here.get(last), dict) and not _is_leaf(value):
        here[last] = _merge(here[last], value)
    else:
        here[last] = value


def _read(table: dict[str, Any], reader: Reader) -> Scenario:
    if stands_alone(table):
        given = f'"{table.get("name", "")}", an allocation of power'
        expected = f"a scenario with a programme; this one is for `gigawatt allocate {table.get('name', '')}`"
        raise ScenarioError([Fault(path="SCENARIO", given=given, expected=expected)])
    sources_table = table.pop("sources", {})
    reader.sources = read_sources(sources_table, reader)
    asked = read_record(Asked, table, "", reader)
    if asked is None:
        raise ScenarioError(reader.faults)
    records = _resolve(asked, reader)
    check(asked, records, reader)
    if reader.faults or records is None:
        raise ScenarioError(reader.faults)
    evidence = _all_evidence(reader.evidence, records)
    toml = to_toml({**table, "sources": sources_table} if sources_table else table)
    return Scenario(
        asked=asked,
        records=records,
        evidence=evidence,
        implausible=unmeant(asked, groups(records)),
        toml=toml,
        hash=_hash(asked, records),
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
    return PowerScenario(asked=asked, implausible=unlisted(asked, asked.implausible), hash=_digest(values))


def _resolve(asked: Asked, reader: Reader) -> Records | None:
    """Look up every name; faults for those that are not in the catalog."""

    def look_up(kind: str, name: str, path: str) -> Any:
        try:
            return catalog.get(kind, name)
        except CatalogError as error:
            # A name that is not there is the scenario's fault; a broken file of the catalog is its own, said once.
            found = [replace(fault, path=path) if fault.path == kind else fault for fault in error.faults]
            reader.faults += [fault for fault in found if fault not in reader.faults]
            return None

    single = {field: look_up(kind, attrgetter(path)(asked), path) for field, (kind, path) in SINGLE.items()}
    many = _many(asked, look_up)
    if None in (*single.values(), *(record for records in many.values() for record in records.values())):
        return None
    sites = many["sites"]
    cooling = {site.cooling: look_up("cooling", site.cooling, "cooling") for site in sites.values()}
    return Records(cooling=cooling, series=read_series(asked, sites, reader), **single, **many)


def _many(asked: Asked, look_up: LookUp) -> dict[str, Any]:
    """The records of which a scenario names several, by their field in `Records` and then by key or name."""
    work = {
        f"{group}.{key}": use
        for group in ("use_cases", "training_runs", "experiments")
        for key, use in getattr(asked, group).items()
    }
    batteries = {key: use.battery.source for key, use in asked.sites.items() if use.battery is not None}
    wheel = asked.flywheel
    return {
        "sites": {key: _site(key, use, look_up) for key, use in asked.sites.items()},
        "accelerators": {
            key: look_up("accelerators", use.accelerator, f"platforms.{key}.accelerator")
            for key, use in asked.platforms.items()
        },
        "models": {use.model: look_up("models", use.model, f"{path}.model") for path, use in work.items()},
        "storage": {
            name: look_up("onsite_power", name, f"sites.{key}.battery.source") for key, name in batteries.items()
        },
        "history": {} if wheel is None else {wheel.history: look_up("history", wheel.history, "flywheel.history")},
    }


def _site(key: str, use: SiteUse, look_up: LookUp) -> Site | None:
    """The catalog's site with what the scenario sees differently."""
    site = look_up("sites", use.site or key, f"sites.{key}.site" if use.site else f"sites.{key}")
    seen = {name: getattr(use, name) for name in OVER_SITE if getattr(use, name) is not None}
    return replace(site, **seen) if site is not None else None


def _all_evidence(asked: Mapping[str, Evidence], records: Records) -> dict[str, Evidence]:
    """Evidence of the scenario's own numbers and of every record used, by dotted path."""
    found = dict(asked)
    for group, members in groups(records).items():
        for key, record in members.items():
            found |= {f"catalog.{group}.{key}.{path}": evidence for path, evidence in record.evidence.items()}
    return found


def groups(records: Records) -> dict[str, Mapping[str, Any]]:
    """The records of a scenario by kind and key, as the paths of their numbers name them."""
    return {
        "sites": records.sites,
        "cooling": records.cooling,
        "accelerators": records.accelerators,
        "models": records.models,
        "calibrations": {"inference": records.inference, "training": records.training},
        "reliability": {records.reliability.id: records.reliability},
        "onsite_power": records.storage,
        "history": records.history,
        "power_curves": {"inference": records.inference_curve, "training": records.training_curve},
    }


def resolved(asked: Asked, records: Records) -> dict[str, Any]:
    """Every value of the question as plain data, without evidence: what the identity is taken from."""
    data = {"asked": asdict(asked), "records": asdict(records)}
    del data["asked"]["solver"], data["asked"]["implausible"]
    data["records"]["series"] = {key: digests(series) for key, series in records.series.items()}
    for group in data["records"].values():
        for record in [group, *group.values()]:
            if isinstance(record, dict):
                record.pop("evidence", None)
    return data


def _hash(asked: Asked, records: Records) -> str:
    return _digest(resolved(asked, records))


def _digest(values: Mapping[str, Any]) -> str:
    text = json.dumps(values, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def to_toml(table: Mapping[str, Any], prefix: str = "") -> str:
    """A table as TOML text that reads back to the same; values first, then tables."""
    plain = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
    tables = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    lines = [f"{_key(key)} = {_toml_value(value)}" for key, value in plain.items()]
    for key, value in tables.items():
        name = f"{prefix}{_key(key)}"
        lines += ["", f"[{name}]", to_toml(value, f"{name}.")]
    return "\n".join(lines)


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else json.dumps(key)


def _toml_value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_toml_value(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml_value(item) for item in value) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, int | float) else str(value)
