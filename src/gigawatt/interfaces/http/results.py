"""Results over HTTP: the answer as it was given, its files, its tables in pages and its arrays thinned."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from gigawatt.interfaces.http.answers import known, nothing, said, tag
from gigawatt.interfaces.http.desk import Editor, Viewer, Visit
from gigawatt.interfaces.http.errors import JSON
from gigawatt.interfaces.http.headers import FILE_POLICY
from gigawatt.interfaces.http.openapi import answers
from gigawatt.interfaces.http.views import gives
from gigawatt.interfaces.server import names, thinning
from gigawatt.interfaces.server import results as kept
from gigawatt.interfaces.server.asked import Refused
from gigawatt.interfaces.server.jobs import folder_of
from gigawatt.interfaces.server.performing import ANSWER
from gigawatt.interfaces.server.results import FileView, ResultView, TableView
from gigawatt.interfaces.server.settings import Settings
from gigawatt.interfaces.server.store import ServerStore
from gigawatt.interfaces.server.thinning import ArrayLines, ArrayView

ANSWERED: dict[int | str, dict[str, Any]] = {200: answers()}
# Verbs by what their results are.
SWEEPS, CLAIMS = ("sweep", "compare"), ("claims",)
# What a browser may show within its window; the rest it saves.
SHOWN = (".html", ".svg", ".json", ".csv")
# Answers that are read again and again are kept in memory, so many of them.
MOST_KEPT = 16
_SEEN: dict[int | str, dict[str, Any]] = {304: {"description": "What the reader has is the same."}}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file.",
        "content": {kind.partition(";")[0]: {"schema": {"type": "string"}} for kind in kept.TYPES.values()},
    }
}
_NAME = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultViews:
    """Results, the last first, a page of them."""

    results: tuple[ResultView, ...]
    """One for each."""
    next: str | None
    """The result before which the next page begins; None where there may be none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileViews:
    """The files of a result."""

    files: tuple[FileView, ...]
    """By name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableViews:
    """The tables of a result."""

    tables: tuple[TableView, ...]
    """Each without its rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayViews:
    """The arrays of a result."""

    arrays: tuple[ArrayView, ...]
    """Each without its numbers."""


router = APIRouter(tags=["results"])
Scenario = Annotated[str | None, Query(max_length=80, description="Of this scenario alone.")]
Who = Annotated[str | None, Query(max_length=80, description="Of this person alone.")]
Before = Annotated[str | None, Query(max_length=32, description="Those before this result: the next page.")]
Count = Annotated[int, Query(ge=1, le=kept.MOST_LISTED, description="How many at most.")]
Id = Annotated[str, Path(description="Id of the result, which is that of its job.")]


@router.get("/results/{id}", responses=ANSWERED | _SEEN)
async def result(at: Viewer, request: Request, id: Id) -> Response:
    """The answer of a job that is done, as the same command prints it; its long lists cut where it is very long."""
    body, digest = await at.desk.do(_answer, at.room.settings, at.room.store, id)
    return known(request, digest) or Response(body, headers=tag(digest), media_type=JSON)


@router.get("/results", responses=gives(ResultViews))
async def results(
    at: Viewer,
    verb: Annotated[list[str] | None, Query(description="Of these verbs alone.")] = None,
    scenario: Scenario = None,
    who: Who = None,
    before: Before = None,
    count: Count = 100,
) -> Response:
    """Results, the last first."""
    return await _listed(at, tuple(verb or ()), scenario, who, before, count)


@router.get("/sweeps", responses=gives(ResultViews))
async def sweeps(
    at: Viewer, scenario: Scenario = None, who: Who = None, before: Before = None, count: Count = 100
) -> Response:
    """Results of sweeps and comparisons, the last first."""
    return await _listed(at, SWEEPS, scenario, who, before, count)


@router.get("/claims", responses=gives(ResultViews))
async def claims_results(at: Viewer, who: Who = None, before: Before = None, count: Count = 100) -> Response:
    """Results of claims, the last first."""
    return await _listed(at, CLAIMS, None, who, before, count)


async def _listed(
    at: Visit, verbs: Sequence[str], scenario: str | None, who: str | None, before: str | None, count: int
) -> Response:
    wanted = {"verbs": verbs, "scenario": scenario, "who": who, "before": before, "count": count}
    found = await at.do(kept.listed, **wanted)
    following = found[-1].id if len(found) == count else None
    return said(ResultViews(results=tuple(found), next=following))


@router.delete("/results/{id}", status_code=204, response_class=Response)
async def result_remove(at: Editor, id: Id) -> Response:
    """Take a result away, files and all: one of one's own, or, for an owner, anybody's."""
    await at.desk.do(kept.remove, at.room.settings, at.room.store, at.caller, id)
    return nothing()


@router.get("/results/{id}/tables", responses=gives(TableViews))
async def result_tables(at: Viewer, id: Id) -> Response:
    """The tables of a result, without their rows."""
    return said(TableViews(tables=tuple(await _of(at, kept.tables, id))))


@router.get("/results/{id}/tables/{name}", responses=gives(TableView))
async def result_table(
    at: Viewer,
    id: Id,
    name: str,
    offset: Annotated[int, Query(ge=0, le=2**53, description="How many rows come before those that are told.")] = 0,
    count: Annotated[int, Query(ge=1, le=kept.MOST_ROWS, description="How many at most.")] = 100,
) -> Response:
    """Rows of a table, from an offset on."""
    return said(await _of(at, kept.table, id, name, offset, count))


@router.get("/results/{id}/arrays", responses=gives(ArrayViews))
async def result_arrays(at: Viewer, id: Id) -> Response:
    """The arrays of a result with a plan, without their numbers."""
    return said(ArrayViews(arrays=tuple(await _of(at, thinning.arrays, id))))


@router.get("/results/{id}/arrays/{stage}/{variable}", responses=gives(ArrayLines))
async def result_array(
    at: Viewer,
    id: Id,
    stage: str,
    variable: str,
    points: Annotated[int, Query(ge=1, le=thinning.MOST_POINTS, description="How many points at most.")] = 500,
    only: Annotated[list[str] | None, Query(description="DIMENSION=NAME: of that one alone.")] = None,
) -> Response:
    """An array along time or quarters, at so many points: mean, least and most of what each stands for."""
    return said(await _of(at, thinning.array, id, stage, variable, points, chosen(only or ())))


@router.get("/results/{id}/files", responses=gives(FileViews))
async def result_files(at: Viewer, id: Id) -> Response:
    """The files of a result: its report, workbook, tables, charts and data."""
    return said(FileViews(files=tuple(await _of(at, kept.files, id))))


@router.get("/results/{id}/files/{name:path}", responses=_FILE, response_class=Response)
async def result_file(at: Viewer, id: Id, name: str) -> Response:
    """A file of a result by its name there. A page in it may run its own script, and nothing else."""
    view, place = await at.desk.do(kept.file, at.room.settings, at.room.store, id, name)
    return sent(place, view.type, view.name)


def sent(place: FilePath, kind: str, name: str) -> FileResponse:
    """A file as it is: shown, or saved where a browser has nothing to show; a page in it has none of our rights."""
    plain = _NAME.sub("-", name.rpartition("/")[2]) or "file"
    shown = "inline" if place.suffix in SHOWN else "attachment"
    headers = {
        "Content-Disposition": f'{shown}; filename="{plain}"',
        "Content-Security-Policy": FILE_POLICY,
        "Cache-Control": "private, no-cache",
    }
    return FileResponse(place, headers=headers, media_type=kind)


async def _of(at: Visit, function: Any, *given: Any) -> Any:
    """What a function finds in a result, whatever time it takes to read its files."""
    return await at.desk.ask(function, at.room.settings, at.room.store, *given)


def chosen(only: Sequence[str]) -> dict[str, str]:
    """Names by dimension of what is asked for alone. Raises Refused."""
    found = {}
    for text in only:
        dim, sign, name = text.partition("=")
        if not sign or dim in found:
            raise Refused("wrong", "only", f'"{text[:80]}"', "DIMENSION=NAME, once for a dimension")
        found[dim] = name
    return found


def _answer(settings: Settings, store: ServerStore, id_: str) -> tuple[bytes, str]:
    """The answer of a result and its digest. Whoever removes a result removes its file, whichever server does it."""
    try:
        if not names.ID.fullmatch(id_):
            raise FileNotFoundError
        state = (folder_of(settings, id_) / ANSWER).stat()
    except FileNotFoundError:
        return _read.__wrapped__(settings, store, id_, 0, 0)
    return _read(settings, store, id_, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=MOST_KEPT)
def _read(settings: Settings, store: ServerStore, id_: str, changed: int, size: int) -> tuple[bytes, str]:
    """Raises Refused for what is no result, or none yet."""
    del changed, size  # they say whether it is still what was read
    body = kept.answer(settings, store, id_)
    return body, sha256(body).hexdigest()
