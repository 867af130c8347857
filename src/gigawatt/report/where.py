"""Where a plan stands: its sites on a map, with what the grid gives, what is in service, and when the grid binds."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from gigawatt.report import charts, words
from gigawatt.report.charts import Place
from gigawatt.report.document import Exhibit, in_units, table
from gigawatt.report.figures import exhibit
from gigawatt.report.formats import cell
from gigawatt.report.views import View
from gigawatt.study.dates import quarter


def sites(v: View) -> Exhibit | None:
    """Every site that has power by the end of the reported quarters; None for a single one, which needs no map."""
    last = v.reported - 1
    given_w = v.result.plan.inputs.ramp_w.transpose("period", "site").values[last]
    keys = [str(key) for key in v.result.plan.data.site.values]
    places = [
        _place(v, key, name, float(given), float(stands))
        for key, name, given, stands in zip(keys, v.sites, given_w, v.site_w[last], strict=True)
        if given > 0
    ]
    if len(places) < 2:
        return None
    day = quarter(v.periods[last])
    rows = [
        (place.name, "announced" if place.real else "assumed", place.value_w, place.now_w, place.binds or "never")
        for place in places
    ]
    heads = {"Site": "", "Is": "", "Grid power": "w", "In service": "w", "Grid power binds": ""}
    says = _says(places)
    shows = f"Facility power in service of what the grid gives by the end of {day}; below it, when grid power binds"
    found = in_units(table("sites", f"Sites by the end of {day}", heads, rows))
    return exhibit(found, says, shows, partial(charts.sites_map, places=places))


def _says(places: Sequence[Place]) -> str:
    """Where the grid is in the way, and what stays empty."""
    bound = [place.name for place in places if place.binds]
    empty = [place.name for place in places if not place.now_w]
    says = f"Grid power is what {words.joined(bound)} {'wait' if len(bound) > 1 else 'waits'} for at some time"
    if not bound:
        says = "Grid power never is in the way"
    if not empty:
        return f"{says}."
    return f"{says}; {words.joined(empty)} {'carry' if len(empty) > 1 else 'carries'} nothing."


def _place(v: View, key: str, name: str, given_w: float, stands_w: float) -> Place:
    record = v.scenario.records.sites[key]
    evidence = v.scenario.evidence.get(f"catalog.sites.{key}.ramp_w")
    binds = _binds(v, key)
    told = f"{name}: {cell(stands_w, 'w')} in service of {cell(given_w, 'w')}"
    return Place(
        name=name,
        lon_deg=record.longitude_deg,
        lat_deg=record.latitude_deg,
        value_w=given_w,
        now_w=stands_w,
        binds=binds,
        real=evidence is None or evidence.grade != "assumed",
        tip=f"{told}; grid power binds {binds}" if binds else told,
    )


def _binds(v: View, key: str) -> str:
    """Years in which the grid power of a site binds, "2027–2029" or "2027 and 2033"; nothing where it never does."""
    years = sorted({int(row.period[:4]) for row in v.binds if row.site == key and row.period in v.shown})
    if len(years) > 2 and years[-1] - years[0] == len(years) - 1:
        return f"{years[0]}–{years[-1]}"
    return words.joined([str(year) for year in years]) if years else ""
