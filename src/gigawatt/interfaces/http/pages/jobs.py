"""Jobs and their results: what this server does, what it has kept, and where a result is read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gigawatt.interfaces.http.pages.frame import Guest, Person, faults, form, kept, page
from gigawatt.interfaces.server import jobs as known
from gigawatt.interfaces.server import names, results
from gigawatt.interfaces.server.asked import Json, Refused
from gigawatt.interfaces.server.jobs import JobView
from gigawatt.interfaces.server.results import ResultView
from gigawatt.scenario.load import toml_value
from gigawatt.study.verbs import named
from gigawatt.units import show

RESULTS_COUNT, ENDED_COUNT = 50, 20
# The page of a result among its files, and its workbook.
REPORT, WORKBOOK = "report.html", "workbook.xlsx"
# Where the result of a verb is read, and how that page is called; of others the job's own page shows all.
PAGES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "run": (("/", "Programme"), ("/money", "Money"), ("/fleet", "Fleet"), ("/sources", "Sources")),
    "simulate": (("/fleet", "Fleet"), ("/", "Programme")),
    "track reforecast": (("/", "Programme"), ("/money", "Money"), ("/fleet", "Fleet")),
    "compare": (("/compare", "Compare"),),
    "sweep": (("/money", "Money"),),
    "claims": (("/claims", "Claims"),),
}
# Files of other programs that a plan becomes: verb, what the file is called, and for whom it is.
EXPORTS = (
    ("export kueue", "quotas-kueue.yaml", "Kueue"),
    ("export kai", "quotas-kai.yaml", "KAI Scheduler"),
    ("export slurm", "quotas-slurm.sh", "Slurm"),
    ("export focus", "costs-focus.csv", "FOCUS 1.4"),
)
WITH_PLAN = ("run", "simulate", "track reforecast")

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A result, as the list tells it."""

    id: str
    """That of its job."""
    title: str
    """What it is called."""
    verb: str
    """What was asked."""
    who: str
    """Who asked."""
    ended: str
    """When it was done, UTC."""
    place: str
    """Where its data are."""
    missed: bool
    """Whether a bar was missed."""


async def started(reader: Guest, verb: str, values: Mapping[str, Json]) -> Response:
    """Begin a job, and lead its reader to where it is seen.

    Raises Refused where they may not, or ask too much; Unanswered or ScenarioError for values that are wrong.
    """
    job: JobView = await reader.desk.ask(reader.room.start, reader.caller, verb, values)
    return RedirectResponse(f"/jobs/{job.id}", 303)


@router.get("/jobs")
async def jobs(reader: Person) -> Response:
    """What this server does, and what it has answered and kept."""
    live = await reader.do(known.listed, states=known.LIVE, count=RESULTS_COUNT)
    ended = await reader.do(known.listed, states=("failed", "cancelled"), count=ENDED_COUNT)
    found = await reader.do(results.listed, count=RESULTS_COUNT)
    asked = {one.id: scenario_of(await reader.do(known.asked, one.id)) for one in (*live, *ended)}
    given = {
        "live": [(one, spent(one)) for one in live],
        "asked": asked,
        "ended": ended,
        "rows": [_row(view) for view in found],
    }
    return page(reader, "jobs.html.j2", here="jobs", report=REPORT, moment=_moment, **given)


@router.get("/jobs/{id_}")
async def job(reader: Person, id_: str) -> Response:
    """How a job stands; when it is done, its result and where that is read."""
    view: JobView = await reader.do(known.found, id_)
    return await _shown(reader, view)


@router.get("/jobs/{id_}/cancel")
async def cancel_again(reader: Person, id_: str) -> Response:
    """Lead whoever reads on where a form was refused, in another language or anew, to the page that has it."""
    view: JobView = await reader.do(known.found, id_)
    return RedirectResponse(f"/jobs/{view.id}", 303)


@router.post("/jobs/{id_}/cancel")
async def cancel(request: Request, reader: Person, id_: str) -> Response:
    """Cancel a job of one's own, or, for an owner, anybody's."""
    await form(request, reader)
    try:
        await reader.desk.do(reader.room.cancel, reader.caller, id_)
    except Refused as error:
        if error.why != "forbidden":
            raise
        return await _shown(reader, await reader.do(known.found, id_), faults(error, reader), 403)
    return RedirectResponse(f"/jobs/{id_}", 303)


@router.get("/results/{id_}")
async def result(reader: Person, id_: str) -> Response:
    """Lead to the page that shows a result of its kind."""
    view: ResultView = await reader.do(results.get, id_)
    places = PAGES.get(view.verb)
    return RedirectResponse(f"/jobs/{id_}" if places is None else f"{places[0][0]}?result={id_}", 303)


@router.get("/jobs/{id_}/export/{name}")
async def export(reader: Person, id_: str, name: str, period: str = "") -> Response:
    """A plan as the file of another program."""
    verb = next((verb for verb, file, _ in EXPORTS if file == name), None)
    if verb is None:
        raise Refused("absent", "file", f'"{name[:80]}"', f"one of {', '.join(file for _, file, _ in EXPORTS)}")
    values = {"result": id_} | ({"period": period.strip()} if period.strip() else {})
    reply = await reader.desk.ask(reader.room.ask, reader.caller, verb, values)
    found = json.loads(reply.body)
    if reply.code:
        view = await reader.do(known.found, id_)
        return await _shown(reader, view, found["error"]["items"], 422, period)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(found["text"], headers=headers, media_type="text/plain; charset=utf-8")


async def _shown(reader: Guest, view: JobView, items: Any = (), status: int = 200, period: str = "") -> Response:
    done = view.state == "done"
    document = await _document(reader, view) if done and view.verb not in PAGES else None
    files = {file.name for file in await reader.desk.ask(_files, reader, view.id)} if done else set()
    values = await reader.do(known.asked, view.id)
    given = {
        "document": document,
        "places": [(f"{place}?result={view.id}", title) for place, title in PAGES.get(view.verb, ())] if done else [],
        "files": [name for name in (REPORT, WORKBOOK) if name in files],
        "exports": EXPORTS if done and view.verb in WITH_PLAN else (),
        "back": asked_at(view.verb, values),
        "items": items or (() if view.error is None else view.error["items"]),
        "mine": view.who == reader.caller.name or reader.caller.may("owner"),
    }
    about = {"name": view.scenario or scenario_of(values) or view.verb, "title": named(view.verb).title}
    about |= {"estimate": show(view.estimate["cpu_s"], "s"), "spent": spent(view)}
    return page(
        reader, "job.html.j2", here="jobs", status=status, job=view, moment=_moment, period=period, **about, **given
    )


async def _document(reader: Guest, view: JobView) -> Mapping[str, Any] | None:
    try:
        return await kept(reader, view.id)
    except Refused:  # an answer without a document, or one whose files are gone
        return None


def _files(reader: Guest, id_: str) -> list[results.FileView]:
    try:
        return results.files(reader.room.settings, reader.room.store, id_)
    except Refused:
        return []


def scenario_of(values: Mapping[str, Json]) -> str | None:
    """The name of the scenario that a job was asked with; None where that is none, or the id of a result."""
    name = values.get("scenario")
    return name if isinstance(name, str) and not names.ID.fullmatch(name) else None


def asked_at(verb: str, values: Mapping[str, Json]) -> str | None:
    """The form in which a plan was asked for, with what was changed there; None for what has another form."""
    name, changes = scenario_of(values), values.get("set", {})
    if verb != "run" or name is None or not isinstance(changes, Mapping):
        return None
    texts = {path: value if isinstance(value, str) else toml_value(value) for path, value in changes.items()}
    query = urlencode({f"set.{path}": text for path, text in texts.items()})
    return f"/scenario/{quote(name, safe='')}" + (f"?{query}" if query else "")


def spent(view: JobView) -> str:
    """For how long a job has waited or run, or did."""
    begun = datetime.fromisoformat(view.started or view.created)
    until = datetime.now(UTC) if view.ended is None else datetime.fromisoformat(view.ended)
    return show(max(round((until - begun).total_seconds()), 0), "s")


def _moment(text: str) -> str:
    """A moment as people read it, to the minute."""
    return text[:16].replace("T", " ")


def _row(view: ResultView) -> Row:
    return Row(
        id=view.id,
        title=view.scenario or view.verb,
        verb=view.verb,
        who=view.who,
        ended=_moment(view.ended),
        place=f"/api/results/{view.id}",
        missed=view.code != 0,
    )
