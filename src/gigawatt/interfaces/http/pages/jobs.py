"""Jobs and their results: what this server does, and what it has kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from gigawatt.interfaces.http.pages.frame import Guest, Person, page
from gigawatt.interfaces.server import results
from gigawatt.interfaces.server.asked import Json
from gigawatt.interfaces.server.jobs import JobView
from gigawatt.interfaces.server.results import ResultView

RESULTS_COUNT = 50
# The page of a result among its files.
REPORT = "report.html"

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A result, as the list tells it."""

    title: str
    """What it is called."""
    verb: str
    """What was asked."""
    who: str
    """Who asked."""
    ended: str
    """When it was done, UTC."""
    place: str
    """Where it is."""
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
    """What this server has answered and kept."""
    found = await reader.do(results.listed, count=RESULTS_COUNT)
    return page(reader, "jobs.html.j2", here="jobs", report=REPORT, rows=[_row(view) for view in found])


def _row(view: ResultView) -> Row:
    return Row(
        title=view.scenario or view.verb,
        verb=view.verb,
        who=view.who,
        ended=view.ended[:16].replace("T", " "),
        place=f"/api/results/{view.id}",
        missed=view.code != 0,
    )
