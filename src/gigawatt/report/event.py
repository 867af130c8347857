"""An event of the grid: what it took from a site, and what it cost; in a picture, tables and words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import numpy as np

from gigawatt.report import charts, hours, names, words
from gigawatt.report.document import Depth, Exhibit, Table, Value, table
from gigawatt.report.figures import BLUE, GREY, exhibit, series
from gigawatt.report.formats import PERCENT, cell, scale
from gigawatt.report.tables import over_time
from gigawatt.report.views import View
from gigawatt.study.simulation.event import Cut, EventOutcome, Means
from gigawatt.units import show

HEIGHT = 300.0
# What is shown of a site: label, field of Means, suffix.
SITE_FIELDS = (
    ("Facility power", "facility_w", "w"),
    ("IT power", "it_w", "w"),
    ("PUE", "pue_mean", "ratio"),
    ("Racks that work", "availability_frac", "frac"),
)


def power(v: View, found: EventOutcome) -> Exhibit:
    """Facility power of the event's sites around it, with and without it."""
    around = hours.event_power(v.result)
    lines = {"Without the event": around.without_w.values, "With it": around.lived_w.values}
    figures, moments = np.array(list(lines.values())), around.when.values.tolist()
    unit = scale("w", figures[0].tolist())
    shows = f"Facility power at {_where(v, found)} around the event, UTC, {unit.unit}"
    shown = series([name.lower() for name in lines], figures, unit, (GREY, BLUE))
    draw = partial(charts.lines, periods=moments, series=shown, unit=unit.unit)
    listed = over_time("event-power", "Facility power around the event, UTC", moments, lines, "w")
    least, without = (cell(float(values.min()), "w") for values in (lines["With it"], lines["Without the event"]))
    says = f"Power falls to {least}; without the event it would not fall below {without}."
    return exhibit(listed, says, shows, draw, height=HEIGHT)


def taken(v: View, found: EventOutcome) -> str:
    """How much power sites give up, for how long, and how much energy that is."""
    given_w = sum(means.curtailed_w for means in found.during.sites.values())
    had_w = sum(means.facility_w for means in found.without.sites.values())
    hours = found.during.hours_h
    return (
        f"{_where(v, found)} gives up {cell(given_w, 'w')} of {cell(had_w, 'w')} for {show(hours, 'h')}, "
        f"{cell(given_w * hours, 'wh')} in all."
    )


def cost(v: View, found: EventOutcome) -> str:
    """Who loses most to the event, and what all lose."""
    classes = [row for row in found.cut if row.tokens is not None and row.usd is not None]
    total = math.fsum(row.usd for row in classes if row.usd is not None)
    research = [row for row in found.cut if row.tokens is None and (row.flop or 0) > 0]
    if not found.cut:
        return "Nobody loses anything: what the sites give up stood idle, or is made up for elsewhere and later."
    said = "No tokens are lost"
    if classes:
        most = max(classes, key=lambda row: row.usd or 0.0)
        said = (
            f"Tokens worth {cell(total, 'usd')} are not served, most of that in "
            f"{names.use_case(v.scenario, most.use_case)}"
        )
    if not research:
        return f"{said}."
    behind = words.joined([names.use_case(v.scenario, row.use_case) for row in research])
    return f"{said}; behind by what the event cost: {behind}."


def cut(v: View, found: EventOutcome) -> Exhibit:
    """What each kind of work loses, while the event lasts and in the end."""
    rows = [
        (
            names.use_case(v.scenario, row.use_case),
            _share(row.event_frac),
            _amount(row),
            "no price" if row.usd is None else row.usd,
        )
        for row in found.cut
    ]
    heads = {"Work": "", "Lost while it lasts": "frac", "Lost in the end": "count", "Worth": "usd"}
    title = f"What the event costs, against the same hours without it, {words.window(v)}"
    return exhibit(table("event-cost", title, heads, rows), cost(v, found), "", depth=Depth.BRIEF)


def _amount(row: Cut) -> str:
    """Tokens or FLOP that are lost in the end."""
    if not (row.tokens or row.flop):
        return "nothing"
    return cell(row.tokens, "tokens") if row.tokens is not None else cell(row.flop, "flop")


def _share(value: float | None) -> float | None:
    """A share to a tenth of a percent, so that next to nothing is a plain 0."""
    return None if value is None else round(value, 3) + 0.0


def phases(v: View, found: EventOutcome) -> Table:
    """Means before, during, without and after the event: its sites, the programme, and every kind of work."""
    states = (found.before, found.during, found.without, found.after)
    programme = [None if state is None else state.programme for state in states]
    rows: list[tuple[Value, ...]] = []
    for site in found.sites:
        here = [None if state is None else state.sites[site] for state in states]
        rows += [_line(f"{label}, {names.site(v.scenario, site)}", here, *field) for label, *field in SITE_FIELDS]
    rows.append(_line("Facility power, programme", programme, "facility_w", "w"))
    for key in found.during.programme.tokens_per_s:
        rates = [None if means is None else means.tokens_per_s[key] for means in programme]
        if any(rates):
            rows.append(_row(names.use_case(v.scenario, key), rates, "tokens_per_s"))
    for label, field in (("Training runs", "train_flops"), ("Experiments", "research_flops")):
        if any(getattr(means, field) for means in programme if means is not None):
            rows.append(_line(label, programme, field, "flops"))
    heads = {"Mean": ""} | dict.fromkeys(("Before", "During", "Without it", "After"), "count")
    length = show(found.during.hours_h, "h")
    title = f"Before, during, in the same hours without the event, and after: means of {length}"
    return table("event-phases", title, heads, rows)


def _line(label: str, states: Sequence[Means | None], field: str, suffix: str) -> tuple[Value, ...]:
    return _row(label, [None if state is None else getattr(state, field) for state in states], suffix)


def _row(label: str, values: Sequence[float | None], suffix: str) -> tuple[Value, ...]:
    """Figures in one unit, which the label names."""
    unit = PERCENT if suffix == "frac" else scale(suffix, values)
    return (f"{label}, {unit.unit}" if unit.unit else label, *(unit.text(value) for value in values))


def _where(v: View, found: EventOutcome) -> str:
    return words.joined([names.site(v.scenario, site) for site in found.sites])
