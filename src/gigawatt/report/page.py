"""One self-contained HTML page: it needs no network, no script and no font but those of the reader's machine."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gigawatt.report import calls, event, figures, fleet, ladder, listings, names, tables, views, words
from gigawatt.report.figures import Exhibit
from gigawatt.report.scale import cell
from gigawatt.report.tables import Table
from gigawatt.study import evidence
from gigawatt.study.dates import spoken
from gigawatt.study.numbers import CitedSource, cited
from gigawatt.study.result import Result

# Name in the headline, label, suffix, and what it is; those without a figure are left out.
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
_UNIT = re.compile(
    r"(?<=\d) (?=(?:%|[kMGTPE]?Wh?\b|(?:million|billion|trillion)\b|USD|t\b|[kMGTPE]?tokens))|(?<=lion) (?=USD)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the page. slug: its address on it."""

    slug: str
    title: str
    lead: str = ""
    exhibits: tuple[Exhibit, ...] = ()
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()
    grades: tuple[dict[str, Any], ...] = ()
    sources: tuple[CitedSource, ...] = ()


def render(result: Result) -> str:
    """The report of a result as HTML."""
    from jinja2 import Environment, PackageLoader

    place = Environment(
        loader=PackageLoader("gigawatt.report"), autoescape=True, trim_blocks=True, keep_trailing_newline=True
    )
    place.filters |= {"whole": whole, "rows": rows}
    asked = result.scenario.asked
    return place.get_template("report.html.j2").render(
        title=asked.title,
        headline=words.headline(result),
        tiles=tiles(result),
        sections=list(sections(result)),
        provenance=result.provenance,
        footer=footer(result),
        css=place.get_template("report.css").render(),
    )


def whole(text: str) -> str:
    """Text whose figures stay on one line with their units."""
    return _UNIT.sub("\N{NO-BREAK SPACE}", text)


def rows(exhibits: Sequence[Exhibit]) -> list[list[Exhibit]]:
    """Exhibits in rows: two halves share one."""
    found: list[list[Exhibit]] = []
    for one in exhibits:
        if one.half and found and len(found[-1]) == 1 and found[-1][0].half:
            found[-1].append(one)
        else:
            found.append([one])
    return found


def tiles(result: Result) -> list[dict[str, str]]:
    """The first figures: label, value, what it is."""
    if not result.accounts.headline.peak_period:
        return []
    known = {name: (label, note) for name, label, _, note in tables.headline_of(result)}
    if "first_gw_date" in known:
        del known["target_date"]  # one date has a tile
    found = []
    for name, label, suffix in TILES:
        if name in known and tables.headline_value(result, name) is not None:
            shown = tables.headline_cell(result, name, suffix).removesuffix(" tokens/day")
            shown = shown.removeprefix("by the end of ")
            label = known[name][0] if name.endswith("_per_gw_year") else label
            found.append({"label": label, "value": shown, "note": known[name][1]})
    return found[: len(found) // 4 * 4]


def sections(result: Result) -> Iterator[Section]:
    """The page from top to bottom; where nothing is in service, only why, and what that rests on."""
    if not result.accounts.headline.peak_period:
        yield from _scarce(result)
        yield from _rests(result)
        return
    yield from _built(result)
    yield from _paid(result)
    yield from _scarce(result)
    yield from _lived(result)
    yield from _rests(result)


def _built(result: Result) -> Iterator[Section]:
    compute = ladder.exhibit(result)
    yield Section(
        slug="build-out",
        title="What gets built",
        lead=f"Facility power in service, {figures.span(result)}.",
        exhibits=(figures.platforms(result), figures.sites(result), *((compute,) if compute is not None else ())),
    )
    steps = figures.milestones(result)
    yield Section(
        slug="capital",
        title="Where the money comes from",
        lead="Power first, then capital: a tranche is released after its power stands.",
        exhibits=(steps, figures.capital(result)),
        tables=(steps.table,) if steps.table is not None else (),
    )
    work = tables.research(result)
    yield Section(
        slug="served",
        title="Who is served",
        exhibits=(figures.served(result), figures.tokens(result)),
        tables=(tables.classes(result), *((work,) if work is not None else ())),
    )


def _paid(result: Result) -> Iterator[Section]:
    yield Section(
        slug="money",
        title="What it earns and costs",
        exhibits=(
            figures.money(result),
            figures.per_gw_year(result),
            figures.token_costs(result),
            figures.gpu_hours(result),
        ),
        tables=(
            tables.statement(result, "Income statement by calendar year", tables.INCOME),
            tables.statement(result, "Cash flow and balances by calendar year", tables.CASH_FLOW),
        ),
    )


def _scarce(result: Result) -> Iterator[Section]:
    binds, worth = figures.binds(result), figures.worth(result)
    yield Section(
        slug="binds",
        title="What stands in the way",
        lead="A limit binds where one unit more of it would be worth something to this plan."
        if binds is not None
        else words.binds_first(result),
        exhibits=(binds,) if binds is not None else (),
        tables=(tables.binds(result),),
    )
    yield Section(
        slug="worth",
        title="What one more is worth",
        lead="Each limit loosened by a stated step, the milestones' dates held, and the plan made again."
        if worth is not None
        else words.worth(result),
        exhibits=(worth,) if worth is not None else (),
    )


def _lived(result: Result) -> Iterator[Section]:
    yield Section(
        slug="lived",
        title="Lived through",
        lead=words.lived_how(result),
        exhibits=tuple(fleet.sites(result)),
        tables=(tables.lived(result), tables.energy(result)),
        notes=tuple(spoken(text) for text in result.timeline.notes),
    )
    called, lost = calls.sites(result), calls.lost(result)
    if called is not None:
        yield Section(
            slug="calls",
            title="Called by the grid",
            lead=calls.cost(result),
            tables=(called, *((lost,) if lost is not None else ())),
        )
    found = result.outcome
    if found is not None:
        yield Section(
            slug="event",
            title="What the event cost",
            lead=f"{words.joined(found.events)}. {event.cost(result, found)}",
            exhibits=(event.power(result, found),),
            tables=(event.cut(result, found), event.phases(result, found)),
        )
    listed = fleet.outages(result)
    yield Section(
        slug="fleet",
        title="The fleet",
        lead="Racks fail, wait for crews and parts, and are mended; halls are taken out for maintenance once a year."
        if listed is not None
        else "Failures are a rate here, and no outage has a date; `gigawatt simulate` draws them one by one.",
        exhibits=tuple(fleet.exhibits(result)),
        tables=(listed,) if listed is not None else (),
    )


def _rests(result: Result) -> Iterator[Section]:
    counts = evidence.grades(result.scenario)
    colours = {"measured": 2, "vendor": 0, "press": 6, "derived": 3, "assumed": 1}
    yield Section(
        slug="evidence",
        title="What this rests on",
        lead=words.evidence(counts),
        notes=tuple(spoken(note.text) for note in result.notes),
        grades=tuple(
            {"name": name, "count": count, "meaning": listings.GRADES[name], "colour": colours[name]}
            for name, count in counts.items()
        ),
        tables=(tables.headline(result),),
    )
    found = cited(result.scenario.evidence.values())
    if names.of_gigawatts(result.scenario):
        past = views.historic_source()
        found = (*found, CitedSource(title=past.title, url=past.url, date=past.date, numbers_count=1))
    yield Section(
        slug="sources",
        title="Sources",
        lead="Where the numbers were read; `gigawatt sources` lists each number with its own.",
        sources=found,
    )


def footer(result: Result) -> str:
    """What made this page."""
    made, plan = result.provenance, result.plan
    gap = f"proven gap {cell(plan.gap, 'usd')}" if plan.unit == "USD" else f"proven gap {cell(plan.gap_frac, 'frac')}"
    return (
        f"Gigawatt {made['gigawatt']} · scenario {made['scenario']} · hash {made['hash']} · seed {made['seed']} · "
        f"{made['solver']}, {plan.status}, {gap} ({cell(plan.gap_frac, 'frac')}) · money in real USD of "
        f"{result.scenario.asked.dollar_year}; facility power at the peak PUE of each site"
    )
