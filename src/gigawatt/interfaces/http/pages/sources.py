"""Sources: every number of a scenario, where it was read and how far it is to be trusted, and what hangs on it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from weakref import WeakValueDictionary

from fastapi import APIRouter, Query
from starlette.responses import Response

from gigawatt.errors import InputError
from gigawatt.interfaces.http.pages import pressing
from gigawatt.interfaces.http.pages.choosing import beside
from gigawatt.interfaces.http.pages.drawn import drawn, shelved
from gigawatt.interfaces.http.pages.frame import Guest, Person, chosen, faults, fragment, latest, only, page, told
from gigawatt.interfaces.http.pages.pressing import Drawn
from gigawatt.interfaces.server import names, results, scenarios
from gigawatt.interfaces.server.asked import Unanswered
from gigawatt.scenario.load import DEFAULT

# Numbers on a page.
ROWS_COUNT = 120
# Of a number's row: which column says its grade.
GRADE = 2
# Sections of the document that hold no numbers to look through.
BESIDE = ("grades", "data")
# What is shown of the numbers that were found.
FOUND = "sources_found.html.j2"
# Documents that are read again and again, the last ones.
MOST_KEPT = 4
_KEPT: dict[tuple[str, str, str], Numbers] = {}
# Held while a document is asked for; nobody's any more, it is gone.
_ASKING: WeakValueDictionary[tuple[str, str, str], asyncio.Lock] = WeakValueDictionary()

router = APIRouter(include_in_schema=False)
Section = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """The numbers of a scenario, as they are told."""

    document: Mapping[str, Any]
    """In the reader's language."""
    grades: Mapping[str, str]
    """Word for each grade, by its name, those of most numbers first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which numbers a reader looks for."""

    grade: str
    """Name of a grade; "" for every one."""
    text: str
    """What stands in its name, its value, its note or source, whatever the case; "" for anything."""
    start: int
    """How many that fit come before those that are shown."""


@router.get("/sources")
async def sources(
    reader: Person,
    scenario: str = "",
    grade: str = "",
    text: Annotated[str, Query(max_length=200)] = "",
    start: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> Response:
    """The numbers of a scenario, or of the plan of a result; of the last plan where none is named."""
    wanted = Filter(grade=grade, text=text.strip(), start=start)
    last = None if scenario else await latest(reader, "run")
    asked = scenario or (last.id if last else DEFAULT)
    given: dict[str, Any] = {"scenario": asked, "wanted": wanted, "scenarios": await _scenarios(reader, asked)}
    try:
        numbers = await _numbers(reader, asked)
    except (InputError, Unanswered) as error:
        return page(reader, "sources.html.j2", here="sources", status=422, items=faults(error, reader), **given)

    def found() -> Mapping[str, Any]:
        return _found(numbers, asked, wanted)

    plain = not (wanted.grade or wanted.text or wanted.start)
    given |= {"grades": numbers.grades, "swings": await _swings(reader, asked) if plain else None}
    # What somebody types is soon looked for no more, and scenarios of people change.
    if wanted.text or wanted.start or grade not in ("", *numbers.grades) or not _lasts(asked):
        body = await reader.desk.do(lambda: pressing.drawn(fragment(FOUND, reader.language, **found())))
    else:
        body = await shelved(reader, FOUND, found, asked, grade)
    return page(reader, "sources.html.j2", here="sources", items=(), body=body, **given)


def _found(numbers: Numbers, asked: str, wanted: Filter) -> Mapping[str, Any]:
    """What is shown of the numbers that a reader looks for."""
    sections = [section for section in numbers.document["sections"] if section["slug"] not in BESIDE]
    fitting = list(_fitting(sections, numbers.grades.get(wanted.grade, wanted.grade), wanted.text))
    shown = list(_window(fitting, wanted.start, ROWS_COUNT))
    total = sum(len(part["rows"]) for section in fitting for part in section["parts"])
    given: dict[str, Any] = {"scenario": asked, "wanted": wanted, "shown": shown, "total": total, "most": ROWS_COUNT}
    first = chosen(numbers.document, "grades")
    return {"document": numbers.document, "first": first, "of_result": names.ID.fullmatch(asked) is not None, **given}


def _lasts(asked: str) -> bool:
    """Whether what is asked about does not change: the plan of a result, and what ships."""
    return names.ID.fullmatch(asked) is not None or asked in scenarios.shipped("scenario")


async def _scenarios(reader: Guest, asked: str) -> Sequence[tuple[str, str]]:
    """What a reader chooses among: scenarios, and the plan that is shown."""
    found = [(name, name) for name in await reader.do(scenarios.known, "scenario")]
    if not names.ID.fullmatch(asked):
        return found
    view = await reader.do(results.get, asked)
    return [(asked, f"{view.scenario or view.verb} · {view.ended[:16].replace('T', ' ')} UTC"), *found]


async def _numbers(reader: Guest, asked: str) -> Numbers:
    """Every number; those of a result and of what ships do not change, and are kept. Of many readers who come at once
    the first asks."""
    key = (str(reader.room.settings.data), asked, reader.language)
    async with _ASKING.setdefault(key, asyncio.Lock()):
        if key in _KEPT:
            return _KEPT[key]
        reply, document = await told(reader, "sources", {"scenario": asked})
        words = [row[0] for row in chosen(document, "grades")[0]["parts"][0]["table"]["texts"]]
        found = Numbers(document=document, grades=dict(zip(json.loads(reply.body)["grades"], words, strict=True)))
        if _lasts(asked):
            while len(_KEPT) >= MOST_KEPT:
                del _KEPT[next(iter(_KEPT))]
            _KEPT[key] = found
        return found


async def _swings(reader: Guest, asked: str) -> Drawn | None:
    """What the value of the plan hangs on, where it has been lived through in other futures."""
    if not names.ID.fullmatch(asked):
        return None
    swept = await beside(reader, await reader.do(results.get, asked), "sweep")
    return None if swept is None else await drawn(reader, swept.id, "sources_swings.html.j2", _tornado)


def _tornado(document: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"swings": [only(section, "tornado") for section in chosen(document, "hangs-on")]}


def _fitting(sections: Sequence[Section], grade: str, text: str) -> Iterator[Section]:
    """Sections with the numbers that a reader looks for, those that have any."""
    words = text.casefold()
    for section in sections:
        parts = [
            _kept_rows(part, [n for n, row in enumerate(part["texts"]) if _fits(part, row, grade, words)])
            for part in section["parts"]
        ]
        if any(part["rows"] for part in parts):
            yield {**section, "parts": [part for part in parts if part["rows"]]}


def _fits(part: Mapping[str, Any], row: Sequence[str], grade: str, words: str) -> bool:
    return (not grade or row[GRADE] == grade) and (not words or words in " ".join((part["title"], *row)).casefold())


def _window(sections: Sequence[Section], start: int, count: int) -> Iterator[Section]:
    """So many numbers of all sections, from one on."""
    at = 0
    for section in sections:
        parts = []
        for part in section["parts"]:
            rows = range(len(part["rows"]))[max(start - at, 0) : max(start + count - at, 0)]
            at += len(part["rows"])
            parts += [_kept_rows(part, rows)] if rows else []
        if parts:
            yield {**section, "parts": parts}


def _kept_rows(part: Mapping[str, Any], rows: Sequence[int]) -> Mapping[str, Any]:
    """A table with some of its rows."""
    return {**part, "rows": [part["rows"][n] for n in rows], "texts": [part["texts"][n] for n in rows], "strong": []}
