"""The fleet as it was lived through: energy, PUE, racks, failures and outages, in pictures, tables and words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import xarray as xr

from gigawatt.ndarrays import Floats
from gigawatt.report import charts, formats, hours, names, tables, words
from gigawatt.report.document import Depth, Exhibit, Table, Tile, in_units, table
from gigawatt.report.figures import AMBER, BLUE, GREY, RED, TEAL, exhibit, series
from gigawatt.report.formats import PERCENT, Scale, cell, scale
from gigawatt.report.tables import over_time
from gigawatt.report.views import View, starts
from gigawatt.simulation.summary import Summary
from gigawatt.study.dates import quarter
from gigawatt.study.simulation.outages import longest_first

LISTED_COUNT, BRIEF_COUNT = 15, 5
HALF_HEIGHT = 260.0
BOXES = "from 1 % to 99 % of the hours, with the median"
DAY_HOURS = 24.0
A_DAY = Scale(size=1 / DAY_HOURS, unit="a day", digits=0)


def first(seen: Summary) -> tuple[Tile, ...]:
    """The first figures of what was lived through; none where nothing runs."""
    if seen.pue_mean is None:
        return ()
    count = sum(seen.failures.values())
    given = cell(count, "count") if count < 1e4 else f"{count:,.0f}"
    found = (
        ("Energy", cell(seen.energy_wh, "wh"), "of all facilities"),
        ("Energy bill", cell(seen.energy_usd, "usd"), "at the price of each hour"),
        ("PUE", formats.pue(seen.pue_mean), "facility energy over that of IT"),
        ("Rack-hours that work", cell(seen.availability_frac, "frac"), "of those in service"),
        ("Faults of racks", given, "of all kinds"),
        ("Energy given up", cell(seen.curtailed_wh, "wh"), "to limits and calls of the grid"),
        ("Water", cell(seen.water_l, "l"), "drawn"),
        ("Carbon dioxide", cell(seen.carbon_kg, "kg"), "of the energy drawn from the grid"),
    )
    return tuple(Tile(label=label, value=value, note=note) for label, value, note in found)


def energy(v: View) -> Exhibit:
    """Facility energy of each quarter, with energy, water and carbon by year."""
    periods = hours.quarters(v.result)
    rows = [v.result.timeline.periods[period] for period in periods]
    used = np.array([row.energy_wh for row in rows])
    unit = scale("wh", used.tolist())
    sums = [
        np.add.reduceat(values, starts(periods)).tolist()
        for values in (used, np.array([row.water_l for row in rows]), np.array([row.carbon_kg for row in rows]))
    ]
    years = [periods[at][:4] for at in starts(periods)]
    heads = {"Year": "", "Energy": "wh", "Water": "l", "Carbon dioxide": "kg"}
    title = "Energy, water and carbon by calendar year, as simulated"
    found = in_units(table("energy", title, heads, list(zip(years, *sums, strict=True))))
    most = int(np.argmax(used))
    says = f"Facilities use most energy in {quarter(periods[most])}: {cell(float(used[most]), 'wh')}."
    shows = f"Facility energy of each quarter, as simulated, {unit.unit}"
    shown = series(["facility energy"], used[None], unit, [AMBER])
    draw = partial(charts.columns, periods=periods, series=shown, unit=unit.unit)
    return exhibit(found, says, shows, draw, height=HALF_HEIGHT, half=True)


def pue(v: View, fleet: xr.Dataset) -> Exhibit:
    """Energy beyond that of IT over time."""
    shows = f"Facility energy beyond IT energy, share of IT energy, mean of each {hours.grain(v.result)}, %"
    moments, found = fleet.when.values.tolist(), fleet.pue_ratio.values
    overhead = series(["overhead"], found[None] - 1, PERCENT, [RED])
    draw = partial(charts.lines, periods=moments, series=overhead, unit="% over IT energy")
    listed = over_time("pue", "PUE over time, as simulated", moments, {"PUE": found}, "ratio")
    return exhibit(listed, words.pue(v), shows, draw, height=HALF_HEIGHT, half=True)


def power_by_time(v: View, fleet: xr.Dataset) -> Exhibit:
    """Facility power over a short window."""
    moments, found = fleet.when.values.tolist(), fleet.facility_w.values
    unit = scale("w", found.tolist())
    shows = f"Facility power of the programme, mean of each {hours.grain(v.result)}, UTC, {unit.unit}"
    says = f"Facilities draw between {cell(float(found.min()), 'w')} and {cell(float(found.max()), 'w')}."
    line = series(["power"], found[None], unit, [AMBER])
    draw = partial(charts.lines, periods=moments, series=line, unit=unit.unit)
    listed = over_time("power", "Facility power of the programme, UTC", moments, {"Power": found}, "w")
    return exhibit(listed, says, shows, draw, height=HALF_HEIGHT, half=True)


def power(v: View) -> Exhibit:
    """Hours of facility power in each quarter against what the shells can draw."""
    found = hours.power_span(v.result)
    lines = {name: values.values for name, values in found.items()}
    unit = scale("w", lines["shell_w"].tolist())
    labels = {
        "p1_w": "1 % of hours below",
        "p50_w": "half of the hours below",
        "p99_w": "99 % of hours below",
        "shell_w": "what the shells can draw, at the quarter's end",
    }
    figures = np.array([lines[name] for name in labels])
    *spread, shells = series(list(labels.values()), figures, unit, (AMBER, RED, AMBER, GREY))
    periods = found.period.values.tolist()
    shows = f"Facility power of the programme in the hours of each quarter, {unit.unit}"
    draw = partial(charts.ranges, periods=periods, spread=spread, level=shells, unit=unit.unit, name=BOXES)
    heads = ("1 % of hours below", "Half below", "99 % below", "Shells can draw")
    listed = over_time("hours", "Hours of facility power", periods, dict(zip(heads, figures, strict=True)), "w")
    return exhibit(listed, power_words(periods, lines["p99_w"], lines["shell_w"]), shows, draw)


def power_words(periods: Sequence[str], busy_w: Floats, shell_w: Floats) -> str:
    """How near the busiest hours come to the shells."""
    at = int(np.argmax(busy_w))
    most, shell = float(busy_w[at]), float(shell_w[at])
    if shell <= 0:
        return "Nothing draws power."
    return (
        f"In {quarter(periods[at])}, 99 % of the hours stay below {cell(most, 'w')}, {cell(most / shell, 'frac')} of "
        f"the {cell(shell, 'w')} that the shells can draw."
    )


def losses(v: View, fleet: xr.Dataset) -> Exhibit:
    """Share of rack-hours lost over time, by platform, with the availability of each."""
    shows = f"Rack-hours lost to failures and maintenance, mean of each {hours.grain(v.result)}, % of those in service"
    lost = 1 - fleet.availability_frac.transpose("platform", "when").values
    labels = [names.platform(v.scenario, str(key)) for key in fleet.platform.values]
    kept = np.flatnonzero(np.isfinite(lost).any(axis=1))
    shown = series([labels[n] for n in kept], lost[kept], PERCENT, kept.tolist())
    planned = v.asked.operations.availability_frac
    levels = [(f"plan: {cell(1 - planned, 'frac')}", (1 - planned) / PERCENT.size)]
    draw = partial(charts.lines, periods=fleet.when.values.tolist(), series=shown, unit="%", levels=levels)
    found = hours.availability(v.result).availability_frac
    rows = [
        (label, share) for label, share in zip(labels, tables.plain(found.values), strict=True) if share is not None
    ]
    heads = {"Platform": "", "Rack-hours that work": "frac"}
    listed = table("availability", f"Availability by platform, {words.window(v)}", heads, rows)
    says = losses_words(v.result.timeline.summary.availability_frac, planned, rows)
    return exhibit(listed, says, shows, draw, height=HALF_HEIGHT, depth=Depth.BRIEF)


def losses_words(seen_frac: float | None, planned_frac: float, rows: Sequence[tuple[str, float]]) -> str:
    """Availability against the plan's, and the platform with the least."""
    if seen_frac is None:
        return "No rack is in service."
    name, least = min(rows, key=lambda row: row[1])
    worst = f"; least on {name}, {cell(least, 'frac')}" if len(rows) > 1 else ""
    plan = cell(planned_frac, "frac")
    return f"{cell(seen_frac, 'frac')} of rack-hours work, where the plan counts with {plan}{worst}."


def racks(v: View, fleet: xr.Dataset) -> Exhibit:
    """Racks that work whole, that work with a tray out, and that are out."""
    stock, down, degraded = (
        fleet[name].sum("platform").values for name in ("stock_count", "down_count", "degraded_count")
    )
    trays = np.minimum(degraded, stock)
    lines = {"working whole": np.maximum(stock - down - trays, 0.0), "with a tray out": trays, "out": down}
    figures, unit = np.array(list(lines.values())), scale("count", stock.tolist())
    label, moments = unit.unit or "racks", fleet.when.values.tolist()
    shows = f"Racks in service, mean of each {hours.grain(v.result)}, {label}"
    says = (
        f"At the end {stock[-1]:,.0f} racks are in service: {trays[-1]:,.0f} work with a tray out, {down[-1]:,.0f} are "
        "out."
    )
    shown = series(list(lines), figures, unit, (TEAL, AMBER, RED))
    draw = partial(charts.columns, periods=moments, series=shown, unit=label)
    columns = {name.capitalize(): values for name, values in lines.items()}
    listed = over_time("racks-lived", "Racks in service over time, as simulated", moments, columns, "count")
    return exhibit(listed, says, shows, draw, height=HALF_HEIGHT, half=True)


def failures(v: View, fleet: xr.Dataset) -> Exhibit:
    """Faults a day by kind over time, with how many there are of each."""
    rates = fleet.failures_per_h.transpose("kind", "when").values
    shown = series(fleet.kind.values.tolist(), rates, A_DAY, (BLUE, AMBER, RED, TEAL, GREY))
    shows = f"Faults of racks by kind, a day, mean of each {hours.grain(v.result)}"
    draw = partial(charts.columns, periods=fleet.when.values.tolist(), series=shown, unit=A_DAY.unit)
    seen = v.result.timeline.summary.failures
    listed, says = failures_by_kind(v, seen), failures_words(v, seen)
    return exhibit(listed, says, shows, draw, height=HALF_HEIGHT, half=True, depth=Depth.BRIEF)


def failures_words(v: View, seen: Mapping[str, float]) -> str:
    """How many faults there are, and what most of them are."""
    total = sum(seen.values())
    if not total:
        return "No rack fails."
    kind, most = max(seen.items(), key=lambda item: item[1])
    fail = "Racks fail" if hours.dated(v.result) else "Racks are expected to fail"
    return (
        f"{fail} {total:,.0f} times {words.window(v)}; {cell(most / total, 'frac')} of the faults are "
        f'of the kind "{kind}".'
    )


def failures_by_kind(v: View, seen: Mapping[str, float]) -> Table:
    """Faults by kind."""
    total = sum(seen.values())
    rows = [(kind, count, count / total if total else None) for kind, count in seen.items()]
    heads = {"Kind": "", "Faults": "count", "Share": "frac"}
    return table("faults", f"Faults of racks by kind, {words.window(v)}", heads, rows)


def outages(v: View) -> Table | None:
    """The longest outages; None where failures are a rate."""
    listed = v.result.timeline.outages
    if not listed.sizes["outage"]:
        return None
    rows = [
        (
            row.moment.replace("T", " ").removesuffix("Z"),
            names.site(v.scenario, row.site),
            names.platform(v.scenario, row.platform),
            str(row.rack),
            row.kind,
            row.outage_h / DAY_HOURS,
        )
        for row in longest_first(listed, LISTED_COUNT)
    ]
    heads = {"Began, UTC": "", "Site": "", "Platform": "", "Rack": "count", "Kind": "", "Days": "days"}
    title = f"The longest outages that began {words.window(v)}"
    found = table("outages", title, heads, rows, brief_rows=BRIEF_COUNT)
    *others, days = found.columns
    unit = scale(days.suffix, [float(row[-1]) for row in rows])
    return replace(found, columns=(*others, replace(days, scale=unit)))


def exhibits(v: View, fleet: xr.Dataset) -> tuple[Exhibit, ...]:
    """The fleet's pictures in the order of the page."""
    return losses(v, fleet), racks(v, fleet), failures(v, fleet)


def sites(v: View, fleet: xr.Dataset) -> tuple[Exhibit, ...]:
    """The pictures of energy and power in the order of the page: by quarter, or over a window of weeks or hours."""
    if hours.grain(v.result) in ("quarter", "month"):
        return energy(v), pue(v, fleet), power(v)
    return power_by_time(v, fleet), pue(v, fleet)
