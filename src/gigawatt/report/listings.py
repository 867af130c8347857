"""Outlines, grades and the catalog as plain tables, from their JSON-ready objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gigawatt.report import names
from gigawatt.report.scale import cell, scale
from gigawatt.report.tables import Column, Table, united
from gigawatt.study.check.answer import Outline, OutlinedCapital, OutlinedResearch, OutlinedSite, OutlinedUseCase
from gigawatt.study.dates import by_end, quarter
from gigawatt.units import split

GRADES = {
    "measured": "measured by someone who says how",
    "vendor": "the vendor's own figure",
    "press": "reported by the press or an analyst",
    "derived": "worked out from published figures",
    "assumed": "our assumption",
}


def outline(found: Outline) -> list[Table]:
    """What a scenario asks, as tables."""
    tables = [_question(found), _sites(found.sites), _platforms(found), _classes(found.use_cases)]
    return [*tables, _research(found.research)] if found.research else tables


def _question(found: Outline) -> Table:
    horizon, programme, capital = found.horizon, found.programme, found.capital
    released = capital.tranches
    amount = sum(step.amount_usd for step in released)
    tranches = f"{len(released)}, {cell(amount, 'usd')} in all, {capital.release}" if released else "none"
    debt = (
        f"{cell(capital.debt_rate_per_year, 'per_year')}, up to {cell(capital.covenant_frac, 'frac')} of book "
        f"value and {cell(capital.debt_limit_usd, 'usd')}"
        if capital.debt_rate_per_year is not None
        else "none"
    )
    rows = (
        ("Reported", f"{horizon.start_period} to {horizon.report_end_period}"),
        ("Solved", f"to {horizon.end_period}, {horizon.solved_count} quarters"),
        ("Target", f"{cell(programme.target_w, 'w')} of {programme.power_basis} power in service"),
        ("Objective", found.objective),
        ("Money", f"real USD of {found.dollar_year}"),
        ("Opening cash", cell(capital.opening_cash_usd, "usd")),
        ("Equity up front", cell(capital.upfront_equity_usd, "usd")),
        ("Debt", debt),
        ("Tranches", tranches),
        ("Paid out", _paid_out(capital)),
        ("Numbers", ", ".join(f"{count} {grade}" for grade, count in found.grades.items())),
    )
    return Table(title="The question", columns=(Column(title="What"), Column(title="Asked")), rows=rows)


def _paid_out(capital: OutlinedCapital) -> str:
    if capital.distribution == "none":
        return "nothing"
    stands = f"once {cell(capital.lock_up_frac, 'frac')} of the most power stands"
    return f"what is not needed, {stands} and a year earns {capital.distribution_cover_ratio:g} times its debt service"


def _sites(sites: Sequence[OutlinedSite]) -> Table:
    rows = tuple((s.name, s.first_w, s.last_w, str(s.slip_count), s.power_price_usd_per_wh) for s in sites)
    total = ("Total", sum(s.first_w for s in sites), sum(s.last_w for s in sites), "", "")
    columns = (
        Column(title="Site"),
        Column(title="First", suffix="w"),
        Column(title="Last", suffix="w"),
        Column(title="Slip, quarters"),
        Column(title="Power price", suffix="usd_per_wh"),
    )
    return Table(
        title="Sites: facility power energised, first and last reported quarter",
        columns=united(columns, (*rows, total)),
        rows=(*rows, total),
        strong=(len(rows),),
    )


def _platforms(found: Outline) -> Table:
    pools = {pool.pool: pool for pool in found.pools}
    rows = []
    for use in found.platforms:
        pool = pools[use.pool]
        ships = f"{pool.first_period}–{pool.last_period}" if pool.first_period else "never"
        power, price = use.rack_power_w, use.rack_price_usd
        rows.append((use.name, names.pool(use.pool), pool.supply_count, ships, power, price))
    columns = (
        Column(title="Platform"),
        Column(title="Pool"),
        Column(title="Racks in it", suffix="count"),
        Column(title="Ships"),
        Column(title="Rack power", suffix="w"),
        Column(title="Rack price", suffix="usd"),
    )
    return Table(title="Platforms, and the pools that they share", columns=columns, rows=tuple(rows))


def _classes(uses: Sequence[OutlinedUseCase]) -> Table:
    keys = ("title", "first_tokens_per_s", "last_tokens_per_s", "first_usd_per_mtok", "last_usd_per_mtok", "floor_frac")
    rows = tuple(tuple(getattr(use, key) for key in keys) for use in uses)
    columns = (
        Column(title="Class"),
        Column(title="First", suffix="tokens_per_s"),
        Column(title="Last", suffix="tokens_per_s"),
        Column(title="Price first", suffix="usd_per_mtok"),
        Column(title="Price last", suffix="usd_per_mtok"),
        Column(title="Floor", suffix="frac"),
    )
    return Table(title="Demand, first and last reported quarter", columns=united(columns, rows), rows=rows)


def _research(uses: Sequence[OutlinedResearch]) -> Table:
    rows = tuple((use.title, cell(use.volume_flop, "flop"), use.start_period, use.end_period) for use in uses)
    columns = (
        Column(title="Research"),
        Column(title="Operations", suffix="flop"),
        Column(title="From"),
        Column(title="To"),
    )
    return Table(title="Training runs, and experiments of the last quarter", columns=columns, rows=rows)


def grades(found: Mapping[str, Any]) -> Table:
    """How many numbers carry each grade."""
    rows = tuple((grade, float(count), GRADES[grade]) for grade, count in found["grades"].items())
    columns = (Column(title="Grade"), Column(title="Numbers", suffix="count"), Column(title="Which is"))
    return Table(title="Grades", columns=columns, rows=rows)


def numbers(found: Mapping[str, Any]) -> list[Table]:
    """Every number with its range, grade, and note or source; one table for each thing that numbers belong to."""
    groups: dict[str, list[tuple[str, ...]]] = {}
    for row in found["numbers"]:
        thing = row.get("thing", "")
        name = ".".join(split(word)[0] for word in row["path"].removeprefix(f"{thing}.").split("."))
        groups.setdefault(thing, []).append((name, value(row), row["grade"], _why(row)))
    columns = (Column(title="Number"), Column(title="Value"), Column(title="Grade"), Column(title="Note or source"))
    return [Table(title=thing or "Numbers", columns=columns, rows=tuple(rows)) for thing, rows in groups.items()]


def value(row: Mapping[str, Any]) -> str:
    """A number of `bibliography.numbers` as a person writes it: its first and last point where it is a course."""
    shown, suffix = row["value"], row["unit"] or "count"
    if isinstance(shown, Mapping):
        points = [p for p in shown.items() if isinstance(p[1], int | float)]
        shown = f"{cell(points[0][1], suffix)} {points[0][0]}" if points else "–"
        last = f" to {cell(points[-1][1], suffix)} {points[-1][0]}" if len(points) > 1 else ""
        return shown + last
    if isinstance(shown, bool) or not isinstance(shown, int | float):
        return "–" if shown is None else str(shown)
    low, high = row["low"], row["high"]
    span = f" ({cell(low, suffix)} to {cell(high, suffix)})" if low is not None and high is not None else ""
    return cell(float(shown), suffix) + span


def _why(row: Mapping[str, Any]) -> str:
    source = row["source"]
    return str(row["note"] or (source["title"] or source["url"] if source else ""))


def listing(found: Mapping[str, Any]) -> list[Table]:
    """`bibliography.listing` as a table a kind."""
    columns = (
        Column(title="Id"),
        Column(title="Name"),
        Column(title="By"),
        Column(title="Numbers", suffix="count"),
        Column(title="Assumed", suffix="count"),
    )
    return [
        Table(
            title=kind.replace("_", " ").capitalize(),
            columns=columns,
            rows=tuple(
                (row["id"], row["name"], row["by"], float(row["numbers_count"]), float(row["assumed_count"]))
                for row in rows
            ),
        )
        for kind, rows in found["catalog"].items()
    ]


VERDICTS = {"holds": "holds", "holds_if": "holds if", "fails": "fails"}


def claims(found: Sequence[Mapping[str, Any]]) -> Table:
    """Every claim on one line: what is stated, what is computed, the verdict."""
    columns = ("Claim", "Stated", "Computed", "Verdict")
    rows = tuple(
        (
            claim["id"],
            with_unit(claim["stated"]["value"], claim["stated"]["unit"]),
            span(claim["computed"]),
            VERDICTS[claim["verdict"]],
        )
        for claim in found
    )
    return Table(title="The announcement, checked", columns=tuple(Column(title=name) for name in columns), rows=rows)


def span(computed: Mapping[str, Any]) -> str:
    """ "4 to 5 (4.4)" with its unit: low, high and the middle; one figure where they agree."""
    low, mid, high = (computed.get(name) for name in ("low", "mid", "high"))
    unit = str(computed.get("unit") or "")
    if unit == "date" and low is not None and high is None:
        return f"{with_unit(low, unit)} or never"
    if low is None or high is None or low == high:
        return with_unit(mid if mid is not None else low, unit)
    middle = f", {_further(mid, unit)} in the middle" if mid is not None else ""
    return f"{with_unit(low, unit)} to {_further(high, unit)}{middle}"


def _further(value: float | str, unit: str) -> str:
    """A figure of a range whose first one has said what a date is."""
    return quarter(str(value)) if unit == "date" else with_unit(value, unit)


def with_unit(value: float | str | None, unit: str) -> str:
    """A figure of a claim: its unit is a suffix of units.SUFFIXES or written out."""
    from gigawatt.units import BARE, SUFFIXES

    if value is None or isinstance(value, str):
        return by_end(value) if value and unit == "date" else value or "–"
    if unit in BARE and abs(value) >= 1e6:
        whole = scale("count", [value])
        return f"{cell(value / whole.size, 'count')} {whole.unit}"
    return cell(value, unit) if unit in SUFFIXES else f"{cell(value, 'count')} {unit}".strip()
