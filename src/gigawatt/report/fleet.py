"""The fleet as it was lived through: energy, PUE, racks, failures and outages, in pictures, tables and words."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import xarray as xr

from gigawatt.report import charts, hours, names, tables, views, words
from gigawatt.report.charts import Series
from gigawatt.report.charts.marks import Frame
from gigawatt.report.document import Column, Table
from gigawatt.report.figures import AMBER, BLUE, GREY, HALF, RED, TEAL, Exhibit
from gigawatt.report.formats import PERCENT, Scale, cell, scale
from gigawatt.study.dates import quarter
from gigawatt.study.result import Result
from gigawatt.study.simulation.outages import longest_first

LISTED_COUNT = 15
HALF_HEIGHT, WHOLE_HEIGHT = 260.0, 320.0
DAY_HOURS = 24.0


def energy(result: Result) -> Exhibit:
    """Facility energy of each quarter."""
    found = views.lived(result)
    unit = scale("wh", found.energy_wh.values)
    shows = f"Facility energy of each quarter, as simulated, {unit.unit}"
    frame = Frame(slug="energy", title=shows, description=words.lived(result), width=HALF, height=HALF_HEIGHT)
    series = [Series(name="facility energy", values=_in(unit, found.energy_wh), colour=AMBER)]
    chart = charts.columns(frame, found.period.values.tolist(), series, unit.unit)
    return Exhibit(takeaway=words.lived(result), shows=shows, svg=chart, table=tables.energy(result), half=True)


def pue(result: Result, fleet: xr.Dataset) -> Exhibit:
    """Energy beyond that of IT over time."""
    shows = f"Facility energy beyond IT energy, share of IT energy, mean of each {hours.grain(result)}, %"
    takeaway = words.pue(result)
    frame = Frame(slug="pue", title=shows, description=takeaway, width=HALF, height=HALF_HEIGHT)
    overhead = Series(name="overhead", values=_in(PERCENT, fleet.pue_ratio - 1), colour=RED)
    chart = charts.lines(frame, fleet.when.values.tolist(), [overhead], "% over IT energy")
    return Exhibit(takeaway=takeaway, shows=shows, svg=chart, half=True)


def power_by_time(result: Result, fleet: xr.Dataset) -> Exhibit:
    """Facility power over a short window."""
    unit = scale("w", fleet.facility_w.values)
    shows = f"Facility power of the programme, mean of each {hours.grain(result)}, UTC, {unit.unit}"
    takeaway = words.lived(result)
    frame = Frame(slug="power", title=shows, description=takeaway, width=HALF, height=HALF_HEIGHT)
    line = Series(name="power", values=_in(unit, fleet.facility_w), colour=AMBER)
    chart = charts.lines(frame, fleet.when.values.tolist(), [line], unit.unit)
    return Exhibit(takeaway=takeaway, shows=shows, svg=chart, half=True)


def power(result: Result) -> Exhibit:
    """Hours of facility power in each quarter against what the shells can draw."""
    found = hours.power_span(result)
    unit = scale("w", found.shell_w.values)
    *spread, shells = (
        Series(name=name, values=_in(unit, found[key]), colour=colour)
        for key, name, colour in (
            ("p1_w", "1 % of hours below", AMBER),
            ("p50_w", "half of the hours below", RED),
            ("p99_w", "from 1 % to 99 % of the hours, with the median", AMBER),
            ("shell_w", "what the shells can draw, at the quarter's end", GREY),
        )
    )
    shows = f"Facility power of the programme in the hours of each quarter, {unit.unit}"
    takeaway = power_words(found)
    frame = Frame(slug="hours", title=shows, description=takeaway, height=WHOLE_HEIGHT)
    chart = charts.ranges(frame, found.period.values.tolist(), spread, shells, unit.unit)
    return Exhibit(takeaway=takeaway, shows=shows, svg=chart)


def power_words(found: xr.Dataset) -> str:
    """How near the busiest hours come to the shells."""
    at = int(np.argmax(found.p99_w.values))
    most, shell = float(found.p99_w[at]), float(found.shell_w[at])
    if shell <= 0:
        return "Nothing draws power."
    return (
        f"In {quarter(str(found.period.values[at]))} 99 % of the hours stay below {cell(most, 'w')}, "
        f"{cell(most / shell, 'frac')} of the {cell(shell, 'w')} that the shells can draw."
    )


def losses(result: Result, fleet: xr.Dataset) -> Exhibit:
    """Share of rack-hours lost over time, by platform."""
    shows = f"Rack-hours lost to failures and maintenance, mean of each {hours.grain(result)}, % of those in service"
    takeaway = losses_words(result)
    frame = Frame(slug="losses", title=shows, description=takeaway, height=HALF_HEIGHT)
    lost = 1 - fleet.availability_frac
    series = [
        Series(name=names.platform(result.scenario, str(key)), values=_in(PERCENT, lost.sel(platform=key)), colour=k)
        for k, key in enumerate(fleet.platform.values)
        if bool(lost.sel(platform=key).notnull().any())
    ]
    planned = 1 - result.scenario.asked.operations.availability_frac
    levels = [(f"plan: {planned:.0%}", planned / PERCENT.size)]
    chart = charts.lines(frame, fleet.when.values.tolist(), series, "%", levels=levels)
    return Exhibit(takeaway=takeaway, shows=shows, svg=chart, table=availability(result))


def losses_words(result: Result) -> str:
    """Availability against the plan's, and the platform with the least."""
    seen, planned = result.timeline.summary.availability_frac, result.scenario.asked.operations.availability_frac
    if seen is None:
        return "No rack is in service."
    found = hours.availability(result).availability_frac.dropna("platform")
    least = int(np.argmin(found.values))
    name = names.platform(result.scenario, str(found.platform.values[least]))
    worst = f"; least on {name}, {found.values[least]:.1%}" if found.size > 1 else ""
    return f"{seen:.1%} of rack-hours work, where the plan counts with {planned:.0%}{worst}.".replace("%", " %")


def availability(result: Result) -> Table:
    """Availability of each platform."""
    found = hours.availability(result)
    rows = tuple(
        (names.platform(result.scenario, str(key)), f"{share:.1%}".replace("%", " %"))
        for key, share in zip(found.platform.values, found.availability_frac.values, strict=True)
        if math.isfinite(share)
    )
    columns = (Column(title="Platform"), Column(title="Rack-hours that work", suffix="frac"))
    return Table(title=f"Availability by platform, {words.window(result)}", columns=columns, rows=rows)


def racks(result: Result, fleet: xr.Dataset) -> Exhibit:
    """Racks that work whole, that work with a tray out, and that are out."""
    total = fleet.sum("platform")
    trays = xr.where(total.degraded_count < total.stock_count, total.degraded_count, total.stock_count)
    whole = (total.stock_count - total.down_count - trays).clip(min=0)
    unit = scale("count", total.stock_count.values)
    series = [
        Series(name=name, values=_in(unit, values), colour=colour)
        for name, values, colour in (
            ("working whole", whole, TEAL),
            ("with a tray out", trays, AMBER),
            ("out", total.down_count, RED),
        )
    ]
    label = unit.unit or "racks"
    shows = f"Racks in service, mean of each {hours.grain(result)}, {label}"
    last = f"{float(total.stock_count[-1]):,.0f} racks are in service"
    takeaway = (
        f"At the end {last}: {float(trays[-1]):,.0f} work with a tray out, {float(total.down_count[-1]):,.0f} are out."
    )
    frame = Frame(slug="racks", title=shows, description=takeaway, width=HALF, height=HALF_HEIGHT)
    chart = charts.columns(frame, fleet.when.values.tolist(), series, label)
    return Exhibit(takeaway=takeaway, shows=shows, svg=chart, half=True)


def failures(result: Result, fleet: xr.Dataset) -> Exhibit:
    """Faults a day by kind over time."""
    unit = Scale(size=1 / DAY_HOURS, unit="a day", digits=0)
    series = [
        Series(name=str(kind), values=_in(unit, fleet.failures_per_h.sel(kind=kind)), colour=colour)
        for kind, colour in zip(fleet.kind.values, (BLUE, AMBER, RED, TEAL, GREY), strict=False)
    ]
    shows = f"Faults of racks by kind, a day, mean of each {hours.grain(result)}"
    takeaway = failures_words(result)
    frame = Frame(slug="failures", title=shows, description=takeaway, width=HALF, height=HALF_HEIGHT)
    chart = charts.columns(frame, fleet.when.values.tolist(), series, unit.unit)
    return Exhibit(takeaway=takeaway, shows=shows, svg=chart, table=failures_by_kind(result), half=True)


def failures_words(result: Result) -> str:
    """How many faults there are, and what most of them are."""
    seen = result.timeline.summary.failures
    total = sum(seen.values())
    if not total:
        return "No rack fails."
    kind, most = max(seen.items(), key=lambda item: item[1])
    drawn = "" if hours.dated(result) else " on average"
    return (
        f"Racks fail {total:,.0f} times{drawn} {words.window(result)}; {cell(most / total, 'frac')} of the faults are "
        f'of the kind "{kind}".'
    )


def failures_by_kind(result: Result) -> Table:
    """Faults by kind."""
    seen = result.timeline.summary.failures
    total = sum(seen.values())
    rows = tuple((kind, f"{count:,.0f}", count / total if total else None) for kind, count in seen.items())
    columns = (
        Column(title="Kind"),
        Column(title="Faults", suffix="count"),
        Column(title="Share", suffix="frac"),
    )
    return Table(title=f"Faults of racks by kind, {words.window(result)}", columns=columns, rows=rows)


def outages(result: Result, most_count: int = LISTED_COUNT) -> Table | None:
    """The longest outages; None where failures are a rate."""
    if not result.timeline.outages.sizes["outage"]:
        return None
    rows = tuple(
        (
            row.moment.replace("T", " ").removesuffix("Z"),
            names.site(result.scenario, row.site),
            names.platform(result.scenario, row.platform),
            str(row.rack),
            row.kind,
            f"{row.outage_h / DAY_HOURS:,.1f}",
        )
        for row in longest_first(result.timeline.outages, most_count)
    )
    columns = (
        Column(title="Began, UTC"),
        Column(title="Site"),
        Column(title="Platform"),
        Column(title="Rack", suffix="count"),
        Column(title="Kind"),
        Column(title="Days", suffix="count"),
    )
    return Table(title=f"The longest outages that began {words.window(result)}", columns=columns, rows=rows)


def _in(unit: Scale, data: xr.DataArray) -> tuple[float, ...]:
    return tuple((np.asarray(data.values, dtype=float) / unit.size).tolist())


def exhibits(result: Result) -> Sequence[Exhibit]:
    """The fleet's pictures in the order of the page."""
    found = hours.fleet(result)
    return (losses(result, found), racks(result, found), failures(result, found))


def sites(result: Result) -> Sequence[Exhibit]:
    """The pictures of energy and power in the order of the page: by quarter, or over a window of weeks or hours."""
    found = hours.fleet(result)
    if hours.grain(result) in ("quarter", "month"):
        return (energy(result), pue(result, found), power(result))
    return (power_by_time(result, found), pue(result, found))
