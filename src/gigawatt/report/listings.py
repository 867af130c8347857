"""Outlines, numbers with their grades, the catalog and claims as plain tables, from the answers that hold them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gigawatt.report import names
from gigawatt.report.document import Column, Table, united
from gigawatt.report.formats import cell, scale
from gigawatt.study.catalog.listing import SHIPPED, CatalogListing
from gigawatt.study.check.answer import Outline, OutlinedCapital, OutlinedResearch, OutlinedSite, OutlinedUseCase
from gigawatt.study.claims.claim import Claim, ClaimRow, Computed
from gigawatt.study.dates import by_end, quarter
from gigawatt.study.numbers import GradedNumber
from gigawatt.units import BARE, SUFFIXES, split

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


def grades(found: Mapping[str, int]) -> Table:
    """How many numbers carry each grade."""
    rows = tuple((grade, float(count), GRADES[grade]) for grade, count in found.items())
    columns = (Column(title="Grade"), Column(title="Numbers", suffix="count"), Column(title="Which is"))
    return Table(title="Grades", columns=columns, rows=rows)


def numbers(found: Sequence[GradedNumber]) -> list[Table]:
    """Every number with its range, grade, and note or source; one table for each thing that numbers belong to."""
    groups: dict[str, list[tuple[str, ...]]] = {}
    for row in found:
        thing = row.thing or ""
        name = ".".join(split(word)[0] for word in row.path.removeprefix(f"{thing}.").split("."))
        groups.setdefault(thing, []).append((name, value(row), row.grade, _why(row)))
    columns = (Column(title="Number"), Column(title="Value"), Column(title="Grade"), Column(title="Note or source"))
    return [Table(title=thing or "Numbers", columns=columns, rows=tuple(rows)) for thing, rows in groups.items()]


def value(row: GradedNumber) -> str:
    """A number as a person writes it: its first and last point where it is a course."""
    shown, suffix = row.value, row.unit or "count"
    if isinstance(shown, Mapping):
        points = [f"{cell(figure, suffix)} {quarter}" for quarter, figure in shown.items()]
        return " to ".join((points[0], *points[1:][-1:]))
    if shown is None:
        return "–"
    ranged = row.low is not None and row.high is not None
    return cell(float(shown), suffix) + (f" ({cell(row.low, suffix)} to {cell(row.high, suffix)})" if ranged else "")


def _why(row: GradedNumber) -> str:
    return row.note or (row.source.title or row.source.url if row.source else "")


def listing(found: CatalogListing) -> list[Table]:
    """A table a kind; of files that ship, no more than their names."""
    columns = (
        Column(title="Id"),
        Column(title="Name"),
        Column(title="By"),
        Column(title="Numbers", suffix="count"),
        Column(title="Assumed", suffix="count"),
    )
    tables = []
    for kind, things in found.catalog.items():
        rows = tuple((row.id, row.name, row.by, row.numbers_count, row.assumed_count) for row in things)
        table = Table(title=kind.replace("_", " ").capitalize(), columns=columns, rows=rows)
        tables.append(table.only(0, 1) if kind in SHIPPED else table)
    return tables


VERDICTS = {"holds": "holds", "holds_if": "holds if", "fails": "fails"}


def claims(found: Sequence[Claim]) -> Table:
    """Every claim on one line: what is stated, what is computed, the verdict."""
    columns = ("Claim", "Stated", "Computed", "Verdict")
    rows = tuple(
        (claim.id, with_unit(claim.stated.value, claim.stated.unit), span(claim.computed), VERDICTS[claim.verdict])
        for claim in found
    )
    return Table(title="The announcement, checked", columns=tuple(Column(title=name) for name in columns), rows=rows)


def span(found: Computed | ClaimRow) -> str:
    """ "4 to 5 (4.4)" with its unit: low, high and the middle; one figure where they agree."""
    low, high, unit = found.low, found.high, found.unit
    mid = found.mid if isinstance(found, Computed) else None
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
    if value is None or isinstance(value, str):
        return by_end(value) if value and unit == "date" else value or "–"
    if unit in BARE and abs(value) >= 1e6:
        whole = scale("count", [value])
        return f"{cell(value / whole.size, 'count')} {whole.unit}"
    return cell(value, unit) if unit in SUFFIXES else f"{cell(value, 'count')} {unit}".strip()
