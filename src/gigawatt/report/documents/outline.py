"""What a scenario asks, before it is solved: its question, sites, platforms, demand and research."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gigawatt.report import names
from gigawatt.report.document import Column, Document, Facts, Section, Table, Value
from gigawatt.report.formats import WHOLE, Scale, cell, scale
from gigawatt.study.check.answer import Outline, OutlinedCapital, OutlinedResearch, OutlinedSite, OutlinedUseCase
from gigawatt.study.check.opening import OutlinedOpening
from gigawatt.study.dates import when
from gigawatt.study.job import HASH_LENGTH

MILLION = Scale(size=1e6, unit="million USD", digits=1)


def document(found: Outline) -> Document:
    """What a scenario asks."""
    tables = [_sites(found.sites), _platforms(found), _classes(found.use_cases)]
    tables += [_research(found.research)] if found.research else []
    question = _question(found)
    stands = [] if found.opening is None else _standing(found.opening)
    return Document(
        title=found.title,
        names=(found.head.scenario or "", (found.head.hash or "")[:HASH_LENGTH]),
        lead=" ".join(found.description.split()),
        sections=(
            Section(slug=question.name, title="What is asked", parts=(question,)),
            *([Section(slug="opening", title="What stands already", parts=tuple(stands))] if stands else []),
            *(Section(slug=table.name, title=table.name.capitalize(), parts=(table,)) for table in tables),
        ),
        notes=tuple(note.text for note in found.head.notes),
        made=f"Gigawatt {found.head.gigawatt}",
    )


def _question(found: Outline) -> Facts:
    horizon, programme, capital = found.horizon, found.programme, found.capital
    # What stands already has the cash of the start, where it is told.
    begins = (
        ("Opening cash", cell(capital.opening_cash_usd, "usd")),
        ("Equity up front", cell(capital.upfront_equity_usd, "usd")),
    )
    pairs = (
        ("Reported", f"{when(horizon.start_period)} to {when(horizon.report_end_period)}"),
        ("Solved", f"to {when(horizon.end_period)}, {horizon.solved_count} quarters"),
        ("Target", f"{cell(programme.target_w, 'w')} of {programme.power_basis} power in service"),
        ("Objective", found.objective),
        ("Money", f"real USD of {found.dollar_year}"),
        *(begins if found.opening is None else ()),
        ("Debt", _debt(capital)),
        ("Tranches", _tranches(capital)),
        ("Paid out", _paid_out(capital)),
        ("Numbers", ", ".join(f"{count} {grade}" for grade, count in found.grades.items())),
    )
    return Facts(name="question", title="The question", pairs=pairs)


def _debt(capital: OutlinedCapital) -> str:
    if capital.debt_rate_per_year is None:
        return "none"
    limits = f"{cell(capital.covenant_frac, 'frac')} of book value and {cell(capital.debt_limit_usd, 'usd')}"
    return f"{cell(capital.debt_rate_per_year, 'per_year')}, up to {limits}"


def _tranches(capital: OutlinedCapital) -> str:
    amount = cell(sum(step.amount_usd for step in capital.tranches), "usd")
    return f"{len(capital.tranches)}, {amount} in all, {capital.release}" if capital.tranches else "none"


def _paid_out(capital: OutlinedCapital) -> str:
    if capital.distribution == "none":
        return "nothing"
    stands = f"once {cell(capital.lock_up_frac, 'frac')} of the most power stands"
    return f"what is not needed, {stands} and a year earns {capital.distribution_cover_ratio:g} times its debt service"


def _standing(opening: OutlinedOpening) -> list[Facts | Table]:
    """The opening state: totals, racks by site and platform, shells by site."""
    pairs = (
        ("Racks", f"{cell(opening.racks_count, 'count')}, {cell(opening.it_w, 'w')} of IT power"),
        ("Facility power", f"{cell(opening.facility_w, 'w')} in service, shells for {cell(opening.shell_w, 'w')}"),
        ("Ever installed", cell(opening.gross_w, "w")),
        ("Tranches paid", f"up to {cell(opening.released_w, 'w')}" if opening.released_w else "none"),
        ("Book value", cell(opening.book_usd, "usd")),
        ("Cash", cell(opening.cash_usd, "usd")),
        ("Debt", cell(opening.debt_usd, "usd")),
        ("Losses carried forward", cell(opening.losses_usd, "usd")),
        ("Other shells", "take their lead time" if opening.begun_only else "can be had at once"),
    )
    found: list[Facts | Table] = [Facts(name="opening", title="At the start", pairs=pairs)]
    if opening.racks:
        rows = [
            (r.site, r.name, r.racks_count, r.it_w, when(r.first_period), when(r.last_period)) for r in opening.racks
        ]
        titles = {"Site": "", "Platform": "", "Racks": "count", "IT power": "w", "First": "", "Last": ""}
        found.append(_table("standing_racks", "Racks that stand, and when they came", titles, rows))
    if opening.shells:
        held = [(s.name, s.standing_w, s.begun_w, s.paid_usd) for s in opening.shells]
        titles = {"Site": "", "Standing": "w", "Being built": "w", "Paid for": "usd"}
        found.append(_table("standing_shells", "Shells that stand, and those to come", titles, held))
    return found


def _sites(sites: Sequence[OutlinedSite]) -> Table:
    rows = [(s.name, s.first_w, s.last_w, s.slip_count, s.power_price_usd_per_wh) for s in sites]
    total = ("Total", sum(s.first_w for s in sites), sum(s.last_w for s in sites), "", "")
    titles = {"Site": "", "First": "w", "Last": "w", "Slip, quarters": "count", "Power price": "usd_per_wh"}
    title = "Sites: facility power energised, first and last reported quarter"
    return replace(_table("sites", title, titles, [*rows, total]), strong=(len(rows),))


def _platforms(found: Outline) -> Table:
    pools = {pool.pool: pool for pool in found.pools}
    rows = []
    for use in found.platforms:
        pool = pools[use.pool]
        ships = f"{when(pool.first_period)}–{when(pool.last_period)}" if pool.first_period else "never"
        rows.append((use.name, names.pool(use.pool), pool.supply_count, ships, use.rack_power_w, use.rack_price_usd))
    titles = {"Platform": "", "Pool": "", "Racks in it": "count", "Ships": "", "Rack power": "w", "Rack price": "usd"}
    table = _table("platforms", "Platforms, and the pools that they share", titles, rows)
    *others, price = table.columns
    million = replace(price, title=f"Rack price, {MILLION.unit}", scale=MILLION)
    return replace(table, columns=(*others, million))


def _classes(uses: Sequence[OutlinedUseCase]) -> Table:
    keys = ("title", "first_tokens_per_s", "last_tokens_per_s", "first_usd_per_mtok", "last_usd_per_mtok", "floor_frac")
    rows = [tuple(getattr(use, key) for key in keys) for use in uses]
    titles = {"Class": "", "First": "tokens_per_s", "Last": "tokens_per_s"}
    titles |= {"Price first": "usd_per_mtok", "Price last": "usd_per_mtok", "Floor": "frac"}
    return _table("demand", "Demand, first and last reported quarter", titles, rows)


def _research(uses: Sequence[OutlinedResearch]) -> Table:
    rows = [(one.title, cell(one.volume_flop, "flop"), when(one.start_period), when(one.end_period)) for one in uses]
    titles = {"Research": "", "Operations": "flop", "From": "", "To": ""}
    return _table("research", "Training runs, and experiments of the last quarter", titles, rows)


def _table(name: str, title: str, titles: Mapping[str, str], rows: Sequence[tuple[Value, ...]]) -> Table:
    """A table with one unit for all columns of a suffix; titles: each column's suffix."""
    values: dict[str, list[float | None]] = {}
    for suffix, column in zip(titles.values(), zip(*rows, strict=True), strict=False):
        values.setdefault(suffix, []).extend(value for value in column if not isinstance(value, str))
    units = {suffix: WHOLE if suffix == "count" else scale(suffix, found) for suffix, found in values.items() if suffix}
    columns = tuple(_column(text, suffix, units.get(suffix)) for text, suffix in titles.items())
    return Table(name=name, title=title, columns=columns, rows=tuple(rows))


def _column(title: str, suffix: str, unit: Scale | None) -> Column:
    return Column(title=f"{title}, {unit.unit}" if unit and unit.unit else title, suffix=suffix, scale=unit)
