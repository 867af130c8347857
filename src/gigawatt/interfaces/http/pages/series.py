"""Long series: any hours of a result over any window, drawn anew at the width of the screen, and as files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from gigawatt.interfaces.http.pages import pressing
from gigawatt.interfaces.http.pages.frame import Guest, Person, fragment, page
from gigawatt.interfaces.http.pages.pressing import Drawn
from gigawatt.interfaces.http.results import chosen
from gigawatt.interfaces.server import hourly
from gigawatt.interfaces.server.hourly import LEAST_STEPS, HourQuestion, Offers
from gigawatt.report import hourly as report
from gigawatt.report.charts.chart import WIDE
from gigawatt.report.document import Language
from gigawatt.report.hourly import WAYS, HourlyLines
from gigawatt.report.language import said
from gigawatt.report.writers import csv, web

PLACE = "/fleet"
# Pixels of a drawing.
LEAST_WIDTH, MOST_WIDTH = 280, 2_400
# Between a variable and what its lines are told apart by, where a form sends both as one.
APART = ":"

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesAsked:
    """Which hours an address asks for."""

    question: HourQuestion
    """Of which variable, and when."""
    width: int | None
    """Pixels of the drawing; None for one of each width that pages have."""

    @property
    def name(self) -> str:
        """What a file of it is called; only a variable that there is has files."""
        return self.question.variable.replace("_", "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step from one window to another."""

    name: str
    """What scripts call it."""
    sign: str
    """What stands on it."""
    words: str
    """What it does."""
    place: str
    """Where it leads."""


def series_asked(
    variable: str = "facility_w",
    by: str | None = None,
    only: Annotated[list[str] | None, Query()] = None,
    from_: Annotated[str, Query(alias="from")] = "",
    to: str = "",
    width: int | None = None,
) -> SeriesAsked:
    """The hours of an address. Raises Refused."""
    name, apart, way = variable.partition(APART)
    question = HourQuestion(
        variable=name,
        by=way if apart else by,
        only=chosen([one for one in only or () if one]),
        from_=from_,
        to=to,
    )
    wide = None if width is None else min(max(width, LEAST_WIDTH), MOST_WIDTH)
    return SeriesAsked(question=question, width=wide)


Asked = Annotated[SeriesAsked, Depends(series_asked)]


def usual() -> SeriesAsked:
    """The hours of an address that asks for none."""
    return SeriesAsked(question=HourQuestion(), width=None)


@router.get("/fleet/series")
async def series(reader: Person, asked: Asked, result: str) -> Response:
    """A window of a series, for a page that shows it already."""
    return page(reader, "series_part.html.j2", part=(await shown(reader, result, asked))["drawn"])


@router.get("/fleet/series.svg")
async def series_svg(reader: Person, asked: Asked, result: str) -> Response:
    """The drawing of a window as a file."""
    found = await _hours(reader, result, asked)
    (chart,) = said(report.document(found, report.chart(found)), reader.language).charts().values()
    text = await reader.desk.ask(lambda: chart.alone)
    return _file(text, "image/svg+xml", f"{asked.name}.svg")


@router.get("/fleet/series.csv")
async def series_csv(reader: Person, asked: Asked, result: str) -> Response:
    """Every step of a window as a file, in SI units."""
    found = await _hours(reader, result, asked)
    hourly.check_table(found)
    text = await reader.desk.ask(lambda: csv.text(report.csv_table(found)))
    return _file(text, "text/csv; charset=utf-8", f"{asked.name}.csv")


def _file(text: str, kind: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text.encode(), headers=headers, media_type=kind)


async def _hours(reader: Guest, result: str, asked: SeriesAsked) -> HourlyLines:
    room = reader.room
    found: HourlyLines = await reader.desk.ask(hourly.hours, room.settings, room.store, result, asked.question)
    return found


async def offered(reader: Guest, result: str) -> Offers:
    """What can be drawn of a result. Raises Refused."""
    found: Offers = await reader.desk.ask(hourly.offers, reader.room.settings, reader.room.store, result)
    return found


async def shown(reader: Guest, result: str, asked: SeriesAsked) -> dict[str, Any]:
    """A window: the part of a page that draws it, and its first moment and last. Raises Refused."""
    found = await _hours(reader, result, asked)
    query = _query(result, asked.question, found)
    first, last = found.first, found.first + len(found.moments)
    whole = (first, last) == (0, found.count)
    edges = ("", "") if whole else (str(found.moments[0]), str(found.moments[-1]))
    address = urlencode([*query, *_edges(*edges)])
    given = {
        "name": asked.name,
        "first": first,
        "last": last,
        "count": found.count,
        "place": f"{PLACE}?{address}",
        "from_": edges[0],
        "to": edges[1],
        "steps": _steps(reader, query, first, last, found.count),
        "files": address,
    }

    def draw() -> Drawn:
        part = _part(found, asked.width, reader.language)
        return pressing.drawn(fragment("series.html.j2", reader.language, series=given, part=part))

    return {**given, "drawn": await reader.desk.ask(draw)}


def _part(found: HourlyLines, width: int | None, language: Language) -> Mapping[str, Any]:
    """The exhibit of a window, drawn once for a width that is known, and else for those that pages have."""
    (chart,) = said(report.document(found, report.chart(found, width or WIDE)), language).charts().values()
    told = said(report.document(found, None, width or WIDE), language)
    (part,) = web.plain(told)["sections"][0]["parts"]
    drawings = {"wide": chart.wide, "narrow": chart.narrow} if width is None else {"sized": chart.at(width)}
    return {**part, "chart": drawings}


def _query(result: str, question: HourQuestion, found: HourlyLines) -> list[tuple[str, str]]:
    """All of an address but its window."""
    only = [("only", f"{way}={key}") for way, key in question.only.items()]
    return [("result", result), ("variable", question.variable), ("by", found.by), *only]


def _edges(from_: str, to: str) -> list[tuple[str, str]]:
    return [(key, value) for key, value in (("from", from_), ("to", to)) if value]


def _steps(reader: Guest, query: Sequence[tuple[str, str]], first: int, last: int, count: int) -> list[Step]:
    """Nearer, farther, earlier, later and all, as addresses that need no script."""
    say, length = reader.say, last - first
    half, quarter = max(length // 2, 1), max(length // 4, 1)
    least = min(LEAST_STEPS, count)
    near = max(length - 2 * quarter, least)
    windows = {
        "in": (first + (length - near) // 2, first + (length - near) // 2 + near),
        "out": (max(first - half, 0), min(last + half, count)),
        "earlier": (max(first - half, 0), max(first - half, 0) + length),
        "later": (min(last + half, count) - length, min(last + half, count)),
        "all": (0, count),
    }
    words = {
        "in": ("+", say("Nearer")),
        "out": ("\N{MINUS SIGN}", say("Farther")),
        "earlier": ("\N{LEFTWARDS ARROW}", say("Earlier")),
        "later": ("\N{RIGHTWARDS ARROW}", say("Later")),
        "all": ("0", say("All of it")),
    }
    places = {
        name: urlencode([*query, *([] if edges == (0, count) else _edges(*(f"step:{edge}" for edge in edges)))])
        for name, edges in windows.items()
    }
    return [
        Step(name=name, sign=sign, words=text, place=f"{PLACE}?{places[name]}#hours")
        for name, (sign, text) in words.items()
    ]


def choices(
    reader: Guest, offers: Offers, asked: SeriesAsked, found: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What the form of a series offers, and what of it is chosen. found: the window, where it was one."""
    groups: dict[str, list[tuple[str, str]]] = {}
    usual = {offer.variable: offer.ways[0] for offer in offers.variables}
    for offer in offers.variables:
        title = reader.say(offer.what.title)
        for way in offer.ways:
            named = f"{title}, {reader.say(WAYS[way])}" if way else title
            groups.setdefault(offer.what.group, []).append((f"{offer.variable}{APART}{way}", named))
    question = asked.question
    by = usual.get(question.variable, "") if question.by is None else question.by
    only = next(iter(f"{way}={key}" for way, key in question.only.items()), "")
    labels = {way: [(f"{way}={key}", name) for key, name in keys.items()] for way, keys in offers.labels.items()}
    return {
        "groups": groups,
        "labels": {way: pairs for way, pairs in labels.items() if len(pairs) > 1},
        "variable": f"{question.variable}{APART}{by}",
        "only": only,
        "edges": (question.from_, question.to) if found is None else (found["from_"], found["to"]),
        "moments": offers.moments,
        "dated": "T" in offers.moments[0],
    }
