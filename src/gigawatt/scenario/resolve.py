"""Names → records: every name of a scenario looked up, with the evidence of the numbers that it leads to.

A scenario that is read again for a saved result is `like` that of the result: what it names as that one does is the
record that the result was made of, whatever the catalog says of it today.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from operator import attrgetter
from typing import Any

from gigawatt.catalog import load as catalog
from gigawatt.catalog.fitting import plain_of
from gigawatt.catalog.records import Evidence, Site
from gigawatt.catalog.tables import Reader
from gigawatt.errors import MOST_FAULTS_COUNT, CatalogError
from gigawatt.scenario.schema import OVER_SITE, Asked, Records, Scenario, SiteSeries, SiteUse
from gigawatt.scenario.series import digests, read_series

# Records of which a scenario names one: field of `Records` → kind in the catalog, and where it is named.
SINGLE = {
    "inference": ("inference_calibrations", "operations.inference_calibration"),
    "training": ("training_calibrations", "operations.training_calibration"),
    "runs": ("run_calibrations", "operations.run_calibration"),
    "derating": ("derating_calibrations", "operations.derating_calibration"),
    "reliability": ("reliability", "simulate.reliability"),
    "inference_curve": ("power_curves", "simulate.inference_curve"),
    "training_curve": ("power_curves", "simulate.training_curve"),
}
# Tables whose entries name a record: the key that does, and the record's kind.
NAMED = {
    "use_cases": ("model", "models"),
    "training_runs": ("model", "models"),
    "experiments": ("model", "models"),
    "platforms": ("accelerator", "accelerators"),
    "sites": ("site", "sites"),
}
# What the path of a record's number begins with, as evidence and notes have it.
CATALOG = "catalog."
# Keys of a site that name a file.
FILE_KEYS = ("weather_file", "price_file", "carbon_file")

LookUp = Callable[[str, str, str], Any]


def _looking(reader: Reader, known: Mapping[tuple[str, str], Any]) -> LookUp:
    """How a name is looked up, among what is known and then in the catalog: None and a fault where it is not there."""

    def look_up(kind: str, name: str, path: str) -> Any:
        if (kind, name) in known:
            return known[kind, name]
        if len(reader.faults) > MOST_FAULTS_COUNT:
            return None  # more than anybody is told, and to look for the nearest names takes its time
        try:
            return catalog.get(kind, name)
        except CatalogError as error:
            # A name that is not there is the scenario's fault; a broken file of the catalog is its own, said once.
            found = [replace(fault, path=path) if fault.path == kind else fault for fault in error.faults]
            reader.faults += [fault for fault in found if fault not in reader.faults]
            return None

    return look_up


def look_up_names(table: Mapping[str, Any], reader: Reader) -> None:
    """Look up the names in the tables of a scenario that is not whole, so that all of its faults are told at once."""
    look_up = _looking(reader, {})
    for group, (key, kind) in NAMED.items():
        entries = table.get(group)
        for name, use in entries.items() if isinstance(entries, Mapping) else ():
            given = use.get(key) if isinstance(use, Mapping) else None
            if isinstance(given, str):
                look_up(kind, given, f"{group}.{name}.{key}")


def resolve(asked: Asked, reader: Reader, like: Scenario | None = None) -> Records | None:
    """Look up every name as of the scenario's day.

    None and faults where some are not in the catalog, nor in the scenario that it is like.
    """
    with catalog.known_by(asked.as_of_date):
        return _resolved(asked, reader, like)


def _resolved(asked: Asked, reader: Reader, like: Scenario | None) -> Records | None:
    look_up = _looking(reader, {} if like is None else _known(like))
    single = {field: look_up(kind, attrgetter(path)(asked), path) for field, (kind, path) in SINGLE.items()}
    many = {"sites": _sites(asked, look_up, like), **_many(asked, look_up)}
    if None in (*single.values(), *(record for records in many.values() for record in records.values())):
        return None
    sites = many["sites"]
    cooling = {site.cooling: look_up("cooling", site.cooling, "cooling") for site in sites.values()}
    kept = {} if like is None else _same_series(asked, sites, like)
    others = replace(asked, sites={key: use for key, use in asked.sites.items() if key not in kept})
    return Records(cooling=cooling, series={**kept, **read_series(others, sites, reader)}, **single, **many)


def _known(like: Scenario) -> dict[tuple[str, str], Any]:
    """Records of a scenario by kind and name, but for its sites, which may not be as the catalog has them."""
    asked, records = like.asked, like.records
    found = {(kind, attrgetter(path)(asked)): getattr(records, field) for field, (kind, path) in SINGLE.items()}
    found |= {("accelerators", use.accelerator): records.accelerators[key] for key, use in asked.platforms.items()}
    by_name = {
        "models": records.models,
        "cooling": records.cooling,
        "onsite_power": records.storage,
        "history": records.history,
    }
    return found | {(kind, name): record for kind, members in by_name.items() for name, record in members.items()}


def _same_series(asked: Asked, sites: Mapping[str, Site], like: Scenario) -> dict[str, SiteSeries]:
    """Hours of the sites that name the same files in the same way, which need not be there any more."""
    texts = tomllib.loads(like.toml).get("sites", {})  # where the places of files are whole

    def is_same(key: str) -> bool:
        use, was, text = asked.sites.get(key), like.asked.sites[key], texts.get(key, {})
        return (
            use is not None
            and all(getattr(use, name) == text.get(name, "") for name in FILE_KEYS)
            and (use.files_offset_h, use.price_level) == (was.files_offset_h, was.price_level)
            and sites[key] == like.records.sites[key]
        )

    return {key: series for key, series in like.records.series.items() if is_same(key)}


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


def _sites(asked: Asked, look_up: LookUp, like: Scenario | None) -> dict[str, Site | None]:
    """The catalog's sites, or those of the scenario that it is like, with what the scenario sees differently."""
    found: dict[str, Site | None] = {}
    for key, use in asked.sites.items():
        was = None if like is None else like.asked.sites.get(key)
        if like is not None and was is not None and _is_within(was, use):
            site = like.records.sites[key]
        else:
            site = look_up("sites", use.site or key, f"sites.{key}.site" if use.site else f"sites.{key}")
        found[key] = None if site is None else replace(site, **seen(use))
    return found


def _is_within(was: SiteUse, use: SiteUse) -> bool:
    """Whether both name one site, and what the first sees differently the second does as well."""
    return was.site == use.site and set(seen(was)) <= set(seen(use))


def seen(use: SiteUse) -> dict[str, Any]:
    """What a scenario sees differently of a site; one with a lease is leased."""
    leased = {} if use.lease is None else {"ownership": "lease"}
    return leased | {name: getattr(use, name) for name in OVER_SITE if getattr(use, name) is not None}


def all_evidence(asked: Mapping[str, Evidence], records: Records) -> dict[str, Evidence]:
    """Evidence of the scenario's own numbers and of every record used, by dotted path."""
    found = dict(asked)
    for group, members in groups(records).items():
        for key, record in members.items():
            found |= {f"{CATALOG}{group}.{key}.{path}": evidence for path, evidence in record.evidence.items()}
    return found


def groups(records: Records) -> dict[str, Mapping[str, Any]]:
    """The records of a scenario by kind and key, as the paths of their numbers name them."""
    return {
        "sites": records.sites,
        "cooling": records.cooling,
        "accelerators": records.accelerators,
        "models": records.models,
        "calibrations": {
            "inference": records.inference,
            "training": records.training,
            "runs": records.runs,
            "derating": records.derating,
        },
        "reliability": {records.reliability.id: records.reliability},
        "onsite_power": records.storage,
        "history": records.history,
        "power_curves": {"inference": records.inference_curve, "training": records.training_curve},
    }


def resolved(asked: Asked, records: Records) -> dict[str, Any]:
    """Every value of the question as plain data, without evidence: what the identity is taken from."""
    data = {"asked": plain_of(asked), "records": plain_of(replace(records, series={}), evidence=False)}
    del data["asked"]["solver"], data["asked"]["implausible"]
    _drop_unstated(data)
    for site in data["asked"]["sites"].values():
        site |= dict.fromkeys(FILE_KEYS, "")  # their hours count, in `series`, and not where they lie
    data["records"]["series"] = {key: digests(series) for key, series in records.series.items()}
    return data


def _drop_unstated(data: dict[str, Any]) -> None:
    """Take out what is stated nowhere, so that a question without it is what it was before it could be stated."""
    asked = data["asked"]
    optional = [(asked, name) for name in ("opening", "announced_date", "as_of_date")]
    optional += [(asked["capital"], name) for name in ("guarantee", "vendor", "customer")]
    optional += [(site, "lease") for site in asked["sites"].values()]
    optional += [(site, "provisioned_ratio") for site in data["records"]["sites"].values()]
    for table, name in optional:
        if table[name] is None:
            del table[name]
    for table, name in ((asked["finance"], "inflation_per_year"), (asked.get("opening", {}), "vendor_loans")):
        if not table.get(name, True):
            del table[name]


def digest(values: Mapping[str, Any]) -> str:
    """The identity of plain data."""
    text = json.dumps(values, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
