"""A scenario as the folder of a result keeps it: whole, so that no catalog and no file of hours is needed to open it.

Everything but hours is plain data for JSON, each record with the evidence of its numbers; hours are arrays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gigawatt.catalog import load as catalog
from gigawatt.catalog.fitting import plain_of
from gigawatt.catalog.records import Evidence
from gigawatt.catalog.tables import record_of
from gigawatt.errors import Fault, ScenarioError
from gigawatt.scenario.drift import KIND_OF, with_evidence
from gigawatt.scenario.load import reread
from gigawatt.scenario.resolve import CATALOG, all_evidence
from gigawatt.scenario.schema import Asked, Records, Scenario, SiteSeries
from gigawatt.scenario.series import digests
from gigawatt.watts import Weather
from gigawatt.watts.weather import YEAR_H

WEATHER = tuple(entry.name for entry in fields(Weather))
# Kinds of records that gain numbers as kernels learn more.
CALIBRATIONS = ("inference_calibrations", "training_calibrations", "run_calibrations", "derating_calibrations")
# Records that results of earlier versions kept none of: what those versions counted.
BEFORE = {
    "runs": {"id": "as-of-2026", "explained_frac": 1.0, "growth_ratio": 0.0},
    "derating": {"id": "as-of-2026"},
}
PAID, CARBON = "price_usd_per_wh", "carbon_kg_per_wh"


def plain(scenario: Scenario) -> dict[str, Any]:
    """All of a scenario but its TOML text and its hours, ready for JSON; `restored` reads it back."""
    own = {path: item for path, item in scenario.evidence.items() if not path.startswith(CATALOG)}
    series = scenario.records.series
    return {
        "asked": plain_of(scenario.asked),
        "records": plain_of(replace(scenario.records, series={})),
        "series": {key: {"weather_offset_h": one.weather_offset_h, "notes": one.notes} for key, one in series.items()},
        "evidence": plain_of(own),
        "implausible": plain_of(scenario.implausible),
        "hash": scenario.hash,
    }


def hours(scenario: Scenario) -> xr.Dataset:
    """Hours of a year from the files of sites, dims (site, hour); NaN where a site names none of that kind."""
    series = scenario.records.series
    none = np.full(YEAR_H, np.nan)

    def rows(name: str) -> NDArray[np.float64]:
        holders = (one.weather if name in WEATHER else one for one in series.values())
        found = [getattr(holder, name, None) for holder in holders]
        return np.array([none if row is None else row for row in found]).reshape(len(series), YEAR_H)

    lines = {name: (("site", "hour"), rows(name)) for name in (*WEATHER, PAID, CARBON)}
    return xr.Dataset(lines, coords={"site": np.array(list(series), dtype=str)})


def restored(values: Mapping[str, Any], data: xr.Dataset, toml: str) -> Scenario:
    """A scenario from what `plain` and `hours` gave. Raises ValueError where it is none of this version."""
    series = {key: _series(one, data.sel(site=key)) for key, one in values["series"].items()}
    records = replace(_records(values["records"]), series=series)
    own = record_of(dict[str, Evidence], values["evidence"])
    return Scenario(
        asked=record_of(Asked, values["asked"]),
        records=records,
        evidence=all_evidence(own, records),
        implausible=record_of(tuple[Fault, ...], values["implausible"]),
        toml=toml,
        hash=values["hash"],
    )


def _records(values: Mapping[str, Any]) -> Records:
    """Records from plain data, without hours."""
    hints = get_type_hints(Records)
    del hints["series"]
    kept = BEFORE | dict(values)
    whole = {name: _whole(KIND_OF.get(hint, ""), kept[name]) for name, hint in hints.items()}
    return Records(series={}, **{name: record_of(hint, whole[name]) for name, hint in hints.items()})


def _whole(kind: str, values: Any) -> Any:
    """Plain data of a calibration with the numbers that it lacks, for it is of an earlier version: as ours are today.

    No figure that is kept follows from these; what is planned anew counts them as today.
    """
    today = _ours(kind, values["id"]) if kind in CALIBRATIONS else {}
    return {**today, **values} if today else values


@cache
def _ours(kind: str, id_: str) -> Mapping[str, Any]:
    """Numbers of a record as this version ships it; none where it ships none of the name."""
    file = Path(str(files("gigawatt.catalog"))) / catalog.folder_of(kind) / f"{id_}.toml"
    if not file.is_file():
        return {}
    record = asdict(catalog.read_file(catalog.KINDS[kind], file))
    return {name: item for name, item in record.items() if name != "evidence"}


def _series(values: Mapping[str, Any], data: xr.Dataset) -> SiteSeries:
    lines = {str(name): line.values for name, line in data.data_vars.items() if not np.isnan(line.values).any()}
    return SiteSeries(
        weather=Weather(**{name: lines[name] for name in WEATHER}) if WEATHER[0] in lines else None,
        weather_offset_h=values["weather_offset_h"],
        price_usd_per_wh=lines.get(PAID),
        carbon_kg_per_wh=lines.get(CARBON),
        notes=tuple((key, text) for key, text in values["notes"]),
    )


def revived(values: Mapping[str, Any], toml: str, identity: str) -> Scenario:
    """A scenario of the first layout of a result's folder, which kept every value, but no evidence and no hours.

    Numbers that the catalog still has carry its evidence, and hours are read again from their files. Raises
    ScenarioError where a file has gone, or holds other hours.
    """
    asked = record_of(Asked, values["asked"])
    records = with_evidence(asked, _records(values["records"]))
    like = Scenario(asked=asked, records=records, evidence={}, implausible=(), toml=toml, hash=identity)
    found = reread(like, {})
    known = values["records"]["series"]
    others = [key for key, series in found.records.series.items() if digests(series) != known.get(key)]
    if others:
        expected = "the files that the result was made of, which keeps none of their hours"
        raise ScenarioError([Fault(path=f"sites.{key}", given="other hours", expected=expected) for key in others])
    return replace(found, hash=identity)
