"""The numbers of a scenario: how many carry which grade, each with its value, grade and source."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from gigawatt.report import charts, names
from gigawatt.report.document import Depth, Document, Exhibit, Section, Table, quoting, table
from gigawatt.report.formats import cell, si
from gigawatt.study.changed import ChangedNumber, Shown
from gigawatt.study.dates import quarter
from gigawatt.study.job import HASH_LENGTH
from gigawatt.study.numbers import GradedNumber
from gigawatt.study.sources.answer import ScenarioSources
from gigawatt.units import split

CATALOG = "catalog."
# What hangs on the numbers of each kind of thing, in words that follow "On these hangs".
HANGS = {
    "scenario": "what is asked: when what may be built, who wants how much of it, and at which prices",
    "sites": "how much power there is and when, and what cooling and energy take",
    "cooling": "power usage and water at every hour, and so how many racks a site's power feeds",
    "accelerators": "what a rack draws, costs and computes, and so capital, power and tokens",
    "models": "how much a token takes to serve or to train, and so throughput and cost of every class",
    "calibrations": "how far predicted throughput is from measured, and the bands around it",
    "reliability": "how many racks work at any time, what mending costs, and how far training gets",
    "onsite_power": "what batteries and turbines on a site can carry, and what that costs",
    "history": "what a gigawatt has earned before, against which revenue is held",
    "power_curves": "what capping the power of racks costs in tokens",
}
MOST_POINTS = 7  # of a course that is told whole
SINCE = "What became known since the announcement"
# A note that says where the numbers are listed, which is here.
LISTED_HERE = "assumed_numbers"


def document(found: ScenarioSources) -> Document:
    """What a scenario rests on."""
    head = found.head
    return Document(
        title="What this scenario rests on",
        names=(head.scenario or "", (head.hash or "")[:HASH_LENGTH]),
        sections=(
            Section(slug="grades", title="Grades", parts=(_grades(found),)),
            *(Section(slug="changes", title=SINCE, lead=_since(found), parts=(one,)) for one in changes(found.changes)),
            *_by_thing(found.numbers),
            Section(slug="data", title="Data", parts=(data(found.numbers),)),
        ),
        notes=tuple(note.text for note in head.notes if note.code != LISTED_HERE),
        sources=found.sources,
        made=f"Gigawatt {head.gigawatt}",
    )


def _grades(found: ScenarioSources) -> Exhibit:
    """How many numbers carry each grade."""
    rows = [(grade, count, names.GRADES[grade]) for grade, count in found.grades.items()]
    listed = table("grades", "Grades", {"Grade": "", "Numbers": "count", "Which is": ""}, rows)
    says = f"{cell(found.assumed_frac, 'frac')} of {len(found.numbers):,} numbers are our assumptions."
    about = charts.About(name="grades", title="Numbers by grade", description=says)
    bars = [charts.Bar(label=grade, value=count, text=f"{count:,}", colour=0) for grade, count in found.grades.items()]
    return Exhibit(name="grades", says=says, shows="Numbers by grade", table=listed, chart=charts.bars(about, bars))


def _since(found: ScenarioSources) -> str:
    return f"{len(found.changes):,} numbers are others than when it was announced."


def _by_thing(found: Sequence[GradedNumber]) -> list[Section]:
    """A section for the scenario's own numbers, and one for each kind of thing of the catalog."""
    groups: dict[str, list[Table]] = {}
    for one in numbers(found):
        kind = one.title.split(".")[1] if one.title.startswith(CATALOG) else "scenario"
        groups.setdefault(kind, []).append(one)
    return [
        Section(slug=slug(kind), title=kind.replace("_", " ").capitalize(), lead=_hangs(kind), parts=tuple(tables))
        for kind, tables in groups.items()
    ]


def _hangs(kind: str) -> str:
    return f"On these hangs {HANGS[kind]}." if kind in HANGS else ""


def numbers(found: Sequence[GradedNumber]) -> list[Table]:
    """Every number with its range, grade, and note or source; one table for each thing that numbers belong to."""
    groups: dict[str, list[tuple[str, ...]]] = {}
    for row in found:
        groups.setdefault(row.thing or "", []).append((_name(row), _value(row), row.grade, _why(row)))
    heads = dict.fromkeys(("Number", "Value", "Grade", "Note or source"), "")
    found_tables = (table(slug(thing or "values"), thing or "Numbers", heads, rows) for thing, rows in groups.items())
    return [quoting(one, "Number", "Note or source") for one in found_tables]


def data(found: Sequence[GradedNumber]) -> Table:
    """The same in SI units, for files: a row a number, and a row a quarter where it is a course."""
    titles = ("Thing", "Number", "Quarter", "Value", "Low", "High", "Unit", "Grade", "Note", "Source", "Address")
    figures = ("Value", "Low", "High")
    rows = tuple(
        (row.thing, _name(row), period, value, row.low, row.high, si(row.unit), row.grade, row.note)
        + ((row.source.title, row.source.url) if row.source else ("", ""))
        for row in found
        for period, value in (row.value.items() if isinstance(row.value, Mapping) else (("", row.value),))
    )
    heads = {title: "ratio" if title in figures else "" for title in titles}
    listed = table("numbers", "Numbers", heads, rows, depth=Depth.DATA)
    return quoting(listed, "Thing", "Number", "Note", "Source", "Address")


def changes(
    found: Sequence[ChangedNumber], title: str = "What became known", *, depth: Depth = Depth.BRIEF
) -> list[Table]:
    """What became known on which day, and what stood there before; nothing where nothing did."""
    if not found:
        return []
    heads = dict.fromkeys(("Number", "Known from", "Was", "Is", "Grade", "Note or source"), "")
    rows = [
        (_path(row), row.known_date, _whole(row.was, row.unit), _whole(row.value, row.unit), row.grade, _why(row))
        for row in found
    ]
    listed = table("changes", title, heads, rows, depth=depth)
    return [quoting(listed, "Number", "Known from", "Note or source")]


def _path(row: ChangedNumber) -> str:
    """The path of a number as it is written in files, without the catalog's own."""
    return ".".join(split(word)[0] for word in row.path.removeprefix(CATALOG).split("."))


def slug(text: str) -> str:
    """A name for files and addresses."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _name(row: GradedNumber) -> str:
    """A number's path within its thing, as it is written in a file."""
    return ".".join(split(word)[0] for word in row.path.removeprefix(f"{row.thing or ''}.").split("."))


def _value(row: GradedNumber) -> str:
    """A number as a person writes it: its first and last point where it is a course."""
    shown, suffix = row.value, row.unit or "count"
    if isinstance(shown, Mapping) or shown is None:
        return _told(shown, suffix)
    ranged = row.low is not None and row.high is not None
    return cell(float(shown), suffix) + (f" ({cell(row.low, suffix)} to {cell(row.high, suffix)})" if ranged else "")


def _whole(shown: Shown, unit: str) -> str:
    """A number as a person writes it, a short course by each of its points."""
    if not isinstance(shown, Mapping) or len(shown) > MOST_POINTS:
        return _told(shown, unit)
    return ", ".join(f"{cell(figure, unit or 'count')} {quarter(period)}" for period, figure in shown.items())


def _told(shown: Shown, unit: str) -> str:
    if shown is None:
        return "–"
    if not isinstance(shown, Mapping):
        return cell(float(shown), unit or "count")
    points = [f"{cell(figure, unit or 'count')} {quarter(period)}" for period, figure in shown.items()]
    return " to ".join((points[0], *points[1:][-1:]))


def _why(row: GradedNumber | ChangedNumber) -> str:
    return row.note or (row.source.title or row.source.url if row.source else "")
