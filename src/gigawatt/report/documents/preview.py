"""A quick plan told: its first figures beside those without the overrides, power over time, and what binds."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from itertools import groupby

from gigawatt.report import charts, figures, names, tables
from gigawatt.report.charts import Series
from gigawatt.report.document import Document, Exhibit, Section, Table, Tile, in_units, table
from gigawatt.report.formats import cell, scale, signed
from gigawatt.study.dates import by_end, quarter
from gigawatt.study.job import HASH_LENGTH
from gigawatt.study.preview.answer import PreviewAnswer
from gigawatt.units import show

# Of the headline, what changes first; the dates are told where they exist.
FIGURES = (
    "installed_facility_w",
    "first_gw_date",
    "target_date",
    "racks_count",
    "tokens_per_day",
    "unserved_frac",
    "capex_usd",
    "peak_debt_usd",
    "npv_usd",
    "irr_frac",
    "break_even_price_ratio",
)
TILES = ("installed_facility_w", "capex_usd", "npv_usd", "irr_frac")
# Fewer of a share than this is the rounding of a solver.
SAME_FRAC = 5e-4


def document(found: PreviewAnswer) -> Document:
    """What a quick plan found."""
    return Document(
        title=found.scenario.asked.title,
        names=(found.scenario.name, found.scenario.hash[:HASH_LENGTH]),
        lead=_lead(found),
        tiles=_tiles(found),
        sections=(
            Section(slug="figures", title="First figures", parts=(_figures(found),)),
            Section(slug="power", title="Power in service", parts=(_power(found),)),
            Section(slug="binds", title="What stands in the way", parts=(_binds(found),)),
        ),
        notes=tuple(note.text for note in found.head.notes),
        made=f"Gigawatt {found.head.gigawatt}",
    )


def _lead(found: PreviewAnswer) -> str:
    worth, bound = (_worth(found, value) for value in (found.solver.objective, found.solver.bound))
    proven = f"A quick plan, worth {worth}; a full plan is worth that or more, and no plan more than {bound}."
    if found.before is None:
        return proven
    changed = [_said(found, name) for name in TILES if _differs(found, name)]
    if not changed:
        return f"{proven} The first figures stay as they are."
    return f"{proven} With the changes: {'; '.join(changed)}."


def _worth(found: PreviewAnswer, value: float) -> str:
    return cell(value, "usd" if found.solver.unit == "USD" else "tokens")


def _said(found: PreviewAnswer, name: str) -> str:
    label = {row[0]: row[1] for row in tables.HEADLINE}[name]
    return f"{label} {_text(found.before, name)} → {_text(found.headline, name)}"


def _differs(found: PreviewAnswer, name: str) -> bool:
    now, before = getattr(found.headline, name), getattr(found.before, name)
    if isinstance(now, float) and isinstance(before, float):
        return abs(now - before) > SAME_FRAC * max(abs(now), abs(before))
    return bool(now != before)


def _text(headline: object, name: str) -> str:
    value = getattr(headline, name)
    suffix = {row[0]: row[2] for row in tables.HEADLINE}[name]
    return by_end(value) if isinstance(value, str) else cell(value, suffix)


def _tiles(found: PreviewAnswer) -> tuple[Tile, ...]:
    """The first figures, each with what it was."""
    labels = {row[0]: row[1] for row in tables.HEADLINE}
    return tuple(
        Tile(
            label=labels[name],
            value=_text(found.headline, name),
            note="" if found.before is None else f"without the changes {_text(found.before, name)}",
        )
        for name in TILES
        if getattr(found.headline, name) is not None
    )


def _figures(found: PreviewAnswer) -> Table:
    of_gigawatts = names.of_gigawatts(found.scenario)
    shown = [row for row in tables.HEADLINE if row[0] in FIGURES and (of_gigawatts or row[0] != "first_gw_date")]
    if found.before is None:
        rows: list[tuple[str, ...]] = [(label, _text(found.headline, name), note) for name, label, _, note in shown]
        return table("figures", "First figures", dict.fromkeys(("Figure", "Is", "What it is"), ""), rows)
    heads = ("Figure", "As it stands", "With the changes", "Change", "What it is")
    rows = [
        (label, _text(found.before, name), _text(found.headline, name), _change(found, name), note)
        for name, label, _, note in shown
    ]
    return table("figures", "First figures", dict.fromkeys(heads, ""), rows, brief_columns=(0, 1, 2, 3))


def _change(found: PreviewAnswer, name: str) -> str:
    now, before = getattr(found.headline, name), getattr(found.before, name)
    if not _differs(found, name):
        return "none"
    if name.endswith("_frac") and now is not None and before is not None:
        return f"{100 * (now - before):+.1f} points".replace("-", "−")
    return signed(now / before - 1) if isinstance(now, float) and isinstance(before, float) and before > 0 else "–"


def _power(found: PreviewAnswer) -> Exhibit:
    """Facility power in service by quarter, with the changes and without."""
    lines = {"With the changes": [one.facility_w for one in found.power]}
    if found.before is None:
        lines = {"Facility power": lines["With the changes"]}
    else:
        lines["As it stands"] = [one.before_facility_w or 0.0 for one in found.power]
    unit = scale("w", [value for row in lines.values() for value in row])
    periods = tuple(one.period for one in found.power)
    series = [
        Series(name=name, values=tuple(value / unit.size for value in values), colour=colour)
        for (name, values), colour in zip(lines.items(), (figures.BLUE, figures.GREY), strict=False)
    ]
    rows = [(quarter(period), *values) for period, *values in zip(periods, *lines.values(), strict=True)]
    listed = in_units(table("power", "Power in service", {"Quarter": ""} | dict.fromkeys(lines, "w"), rows))
    shows = f"Facility power in service, end of each quarter, {unit.unit}"
    draw = partial(charts.lines, periods=periods, series=series, unit=unit.unit)
    return figures.exhibit(listed, _stands(found), shows, draw, height=260)


def _stands(found: PreviewAnswer) -> str:
    if not found.headline.peak_period:
        return "Nothing is in service."
    power = show(found.headline.installed_facility_w, "w")
    return f"{power} of facility power are in service {by_end(found.headline.peak_period)}."


def _binds(found: PreviewAnswer) -> Table:
    """Each limit, and the reported quarters in which it binds."""
    shown = [one.period for one in found.power]
    when: dict[str, set[str]] = {}
    for item in found.binds:
        if item.period in shown:
            limit = f"{item.limit} at {item.site}" if item.site else item.limit
            when.setdefault(names.limit(found.scenario, limit), set()).add(item.period)
    rows = [(limit, ", ".join(_spans([one in periods for one in shown], shown))) for limit, periods in when.items()]
    return table("binds", "What binds, and when", {"Limit": "", "Binds": ""}, rows or [("nothing", "–")])


def _spans(binding: Iterable[bool], periods: list[str]) -> list[str]:
    """Runs of quarters in which a limit binds."""
    found = []
    for binds, run in groupby(zip(binding, periods, strict=True), key=lambda pair: pair[0]):
        quarters = [quarter(period) for _, period in run]
        if binds:
            found.append(quarters[0] if len(quarters) == 1 else f"{quarters[0]} to {quarters[-1]}")
    return found
