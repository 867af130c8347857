"""A result, an outline, claims, sources and the catalog on a terminal: short tables that can be read aloud.

Plain text where standard output is no terminal, and never wider than the terminal (80 columns where there is none).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from gigawatt.plan.exact import exact
from gigawatt.report import listings
from gigawatt.study.job import HASH_LENGTH

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from gigawatt.catalog.records import Source
    from gigawatt.report.tables import Table
    from gigawatt.study.catalog.entry import CatalogEntry
    from gigawatt.study.catalog.importing import ImportedModel
    from gigawatt.study.catalog.listing import CatalogListing
    from gigawatt.study.check.answer import Outline
    from gigawatt.study.claims.answer import CheckedClaims
    from gigawatt.study.claims.claim import Claim
    from gigawatt.study.note import Note
    from gigawatt.study.numbers import CitedSource, GradedNumber
    from gigawatt.study.result import Result
    from gigawatt.study.run.answer import RunAnswer
    from gigawatt.study.simulation.answer import SimulationAnswer
    from gigawatt.study.sources.answer import ScenarioSources

YEARS_AT_80 = 8
WORTH_ROWS = 6
OUTAGES_SHOWN = 5
FIGURE_WIDTH = 12
GAP = 3
# Notes of a result that are about what was lived through, or count for that as well.
LIVED = ("mode", "saved_plan", "part_of_quarter", "dark_site", "implausible", "plan_not_feasible")


def console(width: int | None = None) -> Console:
    """Standard output; `width` columns where given."""
    import sys

    from rich.console import Console

    if width is None and not sys.stdout.isatty():
        width = 80
    return Console(width=width, highlight=False, emoji=False, markup=False, soft_wrap=False)


@exact()
def show(answer: RunAnswer, files: Mapping[str, str], out: Console | None = None) -> None:
    """The summary of a run: what is built, its money, who is served, what binds, and where the report lies."""
    from gigawatt.report import calls, tables, words
    from gigawatt.study.dates import spoken
    from gigawatt.study.nothing import NOTHING

    out, result = out or console(), answer.result
    _heading(out, result.scenario.asked.title, result.scenario.name, result.scenario.hash[:HASH_LENGTH])
    _paragraph(out, words.headline(result))
    if answer.headline.peak_period:
        _show_built(answer, out)
    _section(out, tables.binds(result), words.binds_first(result))
    _section(out, tables.worth(result, WORTH_ROWS), words.worth(result))
    if answer.headline.peak_period:
        _section(out, tables.lived(result, with_cause=False), words.lived(result))
        _section(out, calls.sites(result), calls.cost(result))
        _section(out, calls.lost(result), "")
    _list(out, "To keep in mind", [spoken(note.text) for note in result.notes if note.code != NOTHING])
    _pairs(out, "Files", [(name, path) for name, path in files.items() if name in ("report", "workbook", "folder")])


def _show_built(answer: RunAnswer, out: Console) -> None:
    """What is in service, its money, and who is served."""
    from gigawatt.report import tables, words

    result = answer.result
    years = YEARS_AT_80 if out.width < 100 else 2 * YEARS_AT_80
    _section(out, tables.thinned(tables.power_by_platform(result), years), words.build_out(result))
    if answer.tranches:
        _section(out, tables.milestones(result), words.capital(result))
    else:
        _paragraph(out, words.capital(result))
    _section(out, tables.thinned(tables.money(result), years), words.per_gw_year(result))
    _section(out, tables.classes(result).only(0, 1, 3, 4, 5), words.served(result))
    _section(out, tables.research(result), "")


@exact()
def show_simulation(answer: SimulationAnswer, files: Mapping[str, str], out: Console | None = None) -> None:
    """What happened to a plan: an event and its cost where there was one, plan against simulation, and the fleet."""
    from gigawatt.report import calls, event, fleet, tables, words
    from gigawatt.study.dates import spoken

    out, result, found = out or console(), answer.result, answer.outcome
    _heading(out, result.scenario.asked.title, result.scenario.name, result.scenario.hash[:HASH_LENGTH])
    _paragraph(out, words.lived(result))
    if result.timeline.summary.pue_mean is not None:
        _paragraph(out, f"{words.pue(result)} {words.goodput(result)}".strip())
    if found is not None:
        _paragraph(out, f"{words.joined(found.events)}: {event.taken(result, found)}")
        _section(out, event.cut(result, found), event.cost(result, found))
        _section(out, event.phases(result, found), "")
    _section(out, calls.sites(result), calls.cost(result))
    _section(out, calls.lost(result), "")
    _section(out, tables.lived(result, with_cause=False), "")
    _pairs(out, "Why they differ", tables.causes(result))
    _section(out, fleet.availability(result), fleet.losses_words(result))
    _section(out, fleet.failures_by_kind(result), fleet.failures_words(result))
    _section(out, fleet.outages(result, OUTAGES_SHOWN), "")
    known = [*(note.text for note in simulated(result)), *result.timeline.notes]
    _list(out, "To keep in mind", [spoken(text) for text in known])
    _pairs(out, "Files", [(name, path) for name, path in files.items() if name in ("report", "workbook", "folder")])


def simulated(result: Result) -> list[Note]:
    """The notes of a result that are about what was lived through, not about its plan."""
    from gigawatt.study import drift, site_notes

    return [note for note in result.notes if note.code in (*LIVED, *site_notes.CODES, drift.CODE)]


def show_outline(found: Outline, files: Mapping[str, str], out: Console | None = None) -> None:
    """What a scenario asks, before it is solved."""
    del files  # it writes none
    out = out or console()
    _heading(out, found.title, str(found.head.scenario), str(found.head.hash)[:HASH_LENGTH])
    for table in listings.outline(found):
        _section(out, table, "")
    _list(out, "To keep in mind", [note.text for note in found.head.notes])


def show_claims(found: CheckedClaims, files: Mapping[str, str], out: Console | None = None) -> None:
    """The announcement, checked: all claims in a table, then each with what it hangs on and where it comes from."""
    del files  # it writes none
    out = out or console()
    if len(found.claims) > 1:
        _section(out, listings.claims(found.claims), "")
    for claim in found.claims:
        _claim(out, claim)


def show_sources(found: ScenarioSources, files: Mapping[str, str], out: Console | None = None) -> None:
    """The numbers of a scenario with grade and source."""
    del files  # it writes none
    out = out or console()
    _heading(out, "What this scenario rests on", str(found.head.scenario), str(found.head.hash)[:HASH_LENGTH])
    _section(out, listings.grades(found.grades), "")
    _numbers(out, found.numbers, found.sources)


def show_listing(found: CatalogListing, files: Mapping[str, str], out: Console | None = None) -> None:
    """What there is to ask about."""
    del files  # it writes none
    out = out or console()
    for table in listings.listing(found):
        _section(out, table, "")


def show_entry(found: CatalogEntry, files: Mapping[str, str], out: Console | None = None) -> None:
    """One thing of the catalog."""
    del files  # it writes none
    out = out or console()
    _heading(out, found.name, found.kind, found.id)
    if found.description:
        _paragraph(out, found.description)
    if found.aliases:
        _paragraph(out, f"Also known as {', '.join(found.aliases)}.")
    _numbers(out, found.numbers, found.sources)


def show_imported(found: ImportedModel, files: Mapping[str, str], out: Console | None = None) -> None:
    """The model file that was written."""
    del files  # it is the answer
    total, active = (f"{count / 1e9:.4g} billion" for count in (found.total_params_count, found.active_params_count))
    # On one line, however long, so that the path can be copied.
    line = f"{found.path}: {found.name}, {total} parameters, {active} active"
    (out or console()).print(_text(line), soft_wrap=True)


def _numbers(out: Console, numbers: Sequence[GradedNumber], sources: Sequence[CitedSource]) -> None:
    for table in listings.numbers(numbers):
        _section(out, table, "")
    _pairs(out, "Sources", [(source.date, _cited(source)) for source in sources])


def _cited(source: CitedSource | Source) -> str:
    return f"{source.title} {source.url}".strip()


def _heading(out: Console, title: str, *names: str) -> None:
    from rich.text import Text

    out.print()
    out.print(Text(title, style="bold"))
    out.print(Text(" · ".join(names), style="dim"))


def _paragraph(out: Console, text: str) -> None:
    from rich.text import Text

    out.print()
    out.print(Text(text))


def _section(out: Console, table: Table | None, takeaway: str) -> None:
    """A titled table under its takeaway; nothing where there is no table."""
    if table is None or not (table.rows or takeaway):
        return
    from rich.text import Text

    out.print()
    out.print(Text(table.title, style="bold"))
    if takeaway:
        out.print(Text(takeaway))
    if table.rows:
        out.print(_rich(table, out.width))


def _rich(table: Table, width: int) -> Any:
    """The table in rich's form: words to the left, figures to the right and whole, the rest wrapped to the width."""
    from rich import box
    from rich.table import Table as RichTable

    texts = table.texts()
    longest = [max(len(text) for text in column) for column in zip(*texts, strict=True)]
    words = [max(map(len, column.title.split()), default=0) for column in table.columns]
    least = [max(cells, word) for cells, word in zip(longest, words, strict=True)]
    room = width - sum(least[1:]) - GAP * (len(least) - 1)
    shown = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1), header_style="bold")
    for n, column in enumerate(table.columns):
        figures = bool(column.suffix) and n > 0
        side: Literal["left", "right"] = "right" if figures else "left"
        whole = least[n] if figures and least[n] <= FIGURE_WIDTH else None
        one_line = n == 0 and least[0] <= room
        shown.add_column(_text(column.title), justify=side, overflow="fold", no_wrap=one_line, min_width=whole)
    for n, row in enumerate(texts):
        shown.add_row(*(_text(text) for text in row), style="bold" if n in table.strong else None)
    return shown


def _text(text: str) -> Any:
    from rich.text import Text

    return Text(text)


def _list(out: Console, title: str, lines: Iterable[str]) -> None:
    _pairs(out, title, [("–", line) for line in lines])


def _pairs(out: Console, title: str, pairs: Sequence[tuple[str, str]]) -> None:
    """Terms and what they stand for, the second hanging beside the first."""
    if not pairs:
        return
    from rich.table import Table as RichTable

    out.print()
    out.print(_text(title), style="bold")
    grid = RichTable.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for term, text in pairs:
        grid.add_row(_text(term), _text(text))
    out.print(grid)


_STYLES = {"holds": "green", "holds_if": "yellow", "fails": "red"}


def _claim(out: Console, claim: Claim) -> None:
    from rich.text import Text

    from gigawatt.study.dates import spoken

    word, style = listings.VERDICTS[claim.verdict], _STYLES[claim.verdict]
    out.print()
    _hanging(out, Text(word, style=f"bold {style}"), Text(claim.claim, style="bold"))
    lines = [("", claim.speaker), ("stated", listings.with_unit(claim.stated.value, claim.stated.unit))]
    lines += [("computed", listings.span(claim.computed)), ("if", claim.assumption)]
    lines += [("", f"{row.label}: {listings.span(row)}") for row in claim.rows]
    for term, text in lines:
        if text:
            _hanging(out, Text(term, style="dim"), Text(spoken(text)))
    for source in claim.sources:
        _hanging(out, Text(), Text(_cited(source), style="dim"))


def _hanging(out: Console, term: Text, text: Text) -> None:
    """A term, and beside it text that wraps in its own column."""
    from rich.table import Table as RichTable

    grid = RichTable.grid(padding=(0, 1))
    grid.add_column(width=8, no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(term, text)
    out.print(grid)
