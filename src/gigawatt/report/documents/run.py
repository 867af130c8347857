"""A run told: what gets built, the money, who is served, what stands in the way, and how the plan holds up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gigawatt.catalog.load import known_by
from gigawatt.catalog.records import Evidence
from gigawatt.programme.yardstick import Yardsticks
from gigawatt.report import calls, contracts, figures, fleet, hours, ladder, names, tables, unbuilt, views, where, words
from gigawatt.report import yardsticks as yardstick_tables
from gigawatt.report.document import Depth, Document, Exhibit, Facts, Paragraph, Part, Section, Table, Tile
from gigawatt.report.documents.sources import changes, data
from gigawatt.report.formats import cell
from gigawatt.report.views import View
from gigawatt.study import evidence, nothing
from gigawatt.study.changed import since_announced
from gigawatt.study.job import HASH_LENGTH
from gigawatt.study.numbers import CitedSource, cited
from gigawatt.study.result import Result
from gigawatt.study.run.answer import RunAnswer
from gigawatt.study.sources.answer import numbers

# Name in the headline, label, suffix; those without a figure are left out.
TILES = (
    ("installed_facility_w", "Facility power at the peak", "w"),
    ("first_gw_date", "First gigawatt by the end of", ""),
    ("target_date", "Target reached by the end of", ""),
    ("capex_usd", "Capital spending", "usd"),
    ("capex_usd_per_w_facility", "Capital per facility power", "usd_per_w"),
    ("tranche_released_usd", "Tranches released", "usd"),
    ("peak_debt_usd", "Peak debt", "usd"),
    ("npv_usd", "Net present value", "usd"),
    ("irr_frac", "Return of the programme", "frac"),
    ("revenue_usd_per_gw_year", "Revenue per GW-year", "usd"),
    ("tokens_per_day", "Output tokens a day", "tokens_per_day"),
    ("packages_count", "GPUs in service", "count"),
    ("unserved_frac", "Tokens not served", "frac"),
)
TILES_IN_A_ROW = 4
BINDS = "A limit binds where one unit more of it would be worth something to this plan."
WORTH = "Each limit loosened by a stated step, the milestones' dates held, and the plan made again."
DRAWN = "Racks fail, wait for crews and parts, and are mended; halls are taken out for maintenance once a year."
A_RATE = "Failures are a rate here, and no outage has a date; `gigawatt simulate` draws them one by one."


def document(answer: RunAnswer) -> Document:
    """What a run found."""
    result = answer.result
    v, day = views.view(result), result.scenario.asked.as_of_date
    with known_by(day):
        return _document(v, day, answer.yardsticks)


def _document(v: View, day: str | None, found: Yardsticks) -> Document:
    result = v.result
    return Document(
        title=v.asked.title,
        names=(v.scenario.name, v.scenario.hash[:HASH_LENGTH], *([f"as of {day}"] if day else [])),
        lead=words.headline(v),
        tiles=tiles(v),
        sections=tuple(sections(v, found)),
        notes=tuple(words.said(note.text) for note in result.notes if note.code != nothing.NOTHING),
        sources=sources(v),
        sources_depth=Depth.FULL,
        made=made(result),
    )


def section(slug: str, title: str, *found: Part | None, lead: str = "") -> Section:
    """A section of the parts that are there."""
    return Section(slug=slug, title=title, lead=lead, parts=tuple(part for part in found if part is not None))


def tiles(v: View) -> tuple[Tile, ...]:
    """The first figures, in whole rows; none where nothing is in service."""
    if not v.headline.peak_period:
        return ()
    known = {name: (label, note) for name, label, _, note in tables.headline_of(v)}
    if "first_gw_date" in known:
        del known["target_date"]  # one date has a tile
    found = []
    for name, label, suffix in TILES:
        if name in known and getattr(v.headline, name) is not None:
            shown = tables.headline_cell(v, name, suffix).removesuffix(" tokens/day").removeprefix("by the end of ")
            label = known[name][0] if name.endswith("_per_gw_year") else label
            found.append(Tile(label=label, value=shown, note=known[name][1], name=name))
    return tuple(found[: len(found) // TILES_IN_A_ROW * TILES_IN_A_ROW])


def sections(v: View, found: Yardsticks) -> Iterator[Section]:
    """From top to bottom; where nothing is in service, only why, what would change that, and what it rests on."""
    if not v.headline.peak_period:
        weighed = [] if nothing.built(v.result.plan) else [unbuilt.section(v)]
        limited = list(_scarce(v))
        yield from (limited + weighed) if v.result.plan.worth else (weighed + limited)
        yield _rests(v, data(numbers(v.scenario)))
        return
    yield _built(v)
    yield _capital(v)
    yield _served(v)
    yield _money(v, found)
    agreed = contracts.section(v)
    if agreed is not None:
        yield agreed
    yield from _scarce(v)
    yield from _lived(v)
    yield _rests(v, tables.headline(v), tables.headline_figures(v), data(numbers(v.scenario)))


def _built(v: View) -> Section:
    return section(
        "build-out",
        "What gets built",
        figures.platforms(v),
        figures.sites(v),
        where.sites(v),
        *(tables.yearly(v, name) for name in ("gpus", "racks", "racks-bought")),
        ladder.compute(v),
        *tables.quarterly(v),
        lead=f"Facility power in service, {v.span}.",
    )


def _capital(v: View) -> Section:
    steps = figures.milestones(v)
    lead = "Power first, then capital: a tranche is released after its power stands." if steps is not None else ""
    return section("capital", "Where the money comes from", steps, figures.capital(v), lead=lead)


def _served(v: View) -> Section:
    classes = figures.exhibit(tables.classes(v), words.served(v), "", depth=Depth.BRIEF)
    derated = tables.slo(v)
    waits = None if derated is None else figures.exhibit(derated, words.slo(v), "", depth=Depth.BRIEF)
    parts = (figures.served(v), figures.tokens(v), classes, waits, tables.research(v))
    return section("served", "Who is served", *parts)


def _money(v: View, found: Yardsticks) -> Section:
    year = "by calendar year"
    return section(
        "money",
        "What it earns and costs",
        figures.money(v),
        figures.per_gw_year(v),
        figures.token_costs(v),
        figures.gpu_hours(v),
        *_yardsticks(v, found),
        tables.statement(v, "income", f"Income statement {year}", tables.INCOME),
        tables.statement(v, "cash-flow", f"Cash flow and balances {year}", tables.CASH_FLOW),
        tables.statements(v),
        tables.lines_of_books(v),
    )


def _yardsticks(v: View, found: Yardsticks) -> Iterator[Part]:
    """What all work would take and a gigawatt costs, in the last quarter of each year."""
    ends = {max(period for period in v.shown if period[:4] == year) for year in v.years}
    rows = [row for row in found.rows if row.period in ends]
    if not rows:
        yield Paragraph(text=words.yardsticks(v, rows))
        return
    yield figures.exhibit(yardstick_tables.listed(rows, v.power), words.yardsticks(v, rows), "", depth=Depth.BRIEF)
    yield yardstick_tables.explained(found)


def _scarce(v: View) -> Iterator[Section]:
    """What stands in the way, and what one more is worth; without empty words where nothing pays."""
    binding, more = figures.binds(v), figures.worth(v)
    stands = bool(v.headline.peak_period)
    listed = tables.binds(v)
    if stands or binding is not None or any(not str(said).startswith("nothing") for _, said in listed.rows):
        says = figures.exhibit(listed, words.binds_first(v), "", depth=Depth.BRIEF)
        yield section("binds", "What stands in the way", says, binding, lead=BINDS if binding is not None else "")
    if stands or more is not None:
        nought = Paragraph(text=words.worth(v))
        yield section("worth", "What one more is worth", more or nought, lead=WORTH if more is not None else "")


def _lived(v: View) -> Iterator[Section]:
    result = v.result
    over_time = hours.fleet(result)
    against = figures.exhibit(tables.lived(v), words.lived(v), "", depth=Depth.BRIEF)
    told = tuple(("", words.said(text)) for text in result.timeline.notes)
    notes = Facts(name="lived-notes", title="", pairs=told, depth=Depth.FULL) if told else None
    pairs = tuple((tile.label, tile.value) for tile in fleet.first(result.timeline.summary))
    seen = Facts(name="lived-figures", title="", pairs=pairs, depth=Depth.FULL) if pairs else None
    lead = words.lived_how(v)
    yield section("lived", "Lived through", seen, against, *fleet.sites(v, over_time), notes, lead=lead)
    yield from called(v)
    listed = fleet.outages(v)
    parts: list[Exhibit | Table] = [*fleet.exhibits(v, over_time), *([listed] if listed is not None else [])]
    parts = [replace(part, depth=Depth.FULL) for part in parts]
    yield section("fleet", "The fleet", *parts, lead=DRAWN if listed is not None else A_RATE)


def called(v: View) -> Iterator[Section]:
    """Calls of the grid under contracts, where there are any."""
    asked = calls.sites(v)
    if asked is not None:
        given = figures.exhibit(asked, calls.cost(v), "", depth=Depth.BRIEF)
        yield section("calls", "Called by the grid", given, calls.lost(v))


def _rests(v: View, *listed: Table) -> Section:
    title = f"What became known since {v.asked.announced_date}, when this was announced"
    since = changes(since_announced(v.scenario), title, depth=Depth.FULL)
    return section("evidence", "What this rests on", figures.grades(evidence.grades(v.scenario)), *since, *listed)


def sources(v: View) -> tuple[CitedSource, ...]:
    """Where the numbers were read."""
    found = list(v.scenario.evidence.values())
    if names.of_gigawatts(v.scenario) and v.headline.peak_period:
        found.append(Evidence(source=views.historic_source(), grade="press"))
    return cited(found)


def made(result: Result) -> str:
    """What made this."""
    by, plan = result.provenance, result.plan
    gap_frac = cell(round(plan.gap_frac, 6), "frac")
    gap = f"proven gap {cell(plan.gap, 'usd')} ({gap_frac})" if plan.unit == "USD" else f"proven gap {gap_frac}"
    return (
        f"Gigawatt {by['gigawatt']} · scenario {by['scenario']} · hash {by['hash']} · seed {by['seed']} · "
        f"{by['solver']}, {plan.status}, {gap} · money in real USD of "
        f"{result.scenario.asked.dollar_year}; facility power at the peak PUE of each site"
    )
