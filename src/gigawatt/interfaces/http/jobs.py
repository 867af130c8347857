"""Jobs over HTTP: how they stand, and the stream of how they go on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from starlette.responses import Response, StreamingResponse

from gigawatt.interfaces.http.answers import as_json, said
from gigawatt.interfaces.http.desk import Editor, Viewer, Visit
from gigawatt.interfaces.http.views import gives
from gigawatt.interfaces.server.jobs import MOST_LISTED, MOST_OFFSET, JobView, State

LOOK_S = 0.5
# A line is sent at least this often, so that whoever is between does not think that nobody is there.
BEAT_S = 15.0
BEAT = b": still here\n\n"
_EVENTS: dict[str, Any] = {
    "description": "Server-sent events `job`, the data of each how the job stands; the last says how it ended.",
    "content": {"text/event-stream": {"schema": {"type": "string"}}},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobViews:
    """Jobs, the newest first."""

    jobs: tuple[JobView, ...]
    """How each stands."""


router = APIRouter(tags=["jobs"])


@router.get("/jobs", responses=gives(JobViews))
async def jobs(
    at: Viewer,
    who: Annotated[str | None, Query(max_length=80, description="Of this person alone.")] = None,
    state: Annotated[list[State] | None, Query(description="In these states alone.")] = None,
    count: Annotated[int, Query(ge=1, le=MOST_LISTED, description="How many at most.")] = 100,
    offset: Annotated[int, Query(ge=0, le=MOST_OFFSET, description="How many come before those that are told.")] = 0,
) -> Response:
    """How the jobs stand, the newest first."""
    found = await at.desk.do(at.room.jobs, who=who, states=tuple(state or ()), count=count, offset=offset)
    return said(JobViews(jobs=tuple(found)))


@router.get("/jobs/{id}", responses=gives(JobView))
async def job(at: Viewer, id: str) -> Response:
    """How a job stands."""
    return said(await at.desk.do(at.room.job, id))


@router.delete("/jobs/{id}", responses=gives(JobView))
async def job_cancel(at: Editor, id: str) -> Response:
    """Cancel a job: one of one's own, or, for an owner, anybody's. What it was doing ends at the next step."""
    return said(await at.desk.do(at.room.cancel, at.caller, id))


@router.get("/jobs/{id}/events", responses={200: _EVENTS})
async def job_events(
    at: Viewer,
    id: str,
    last: Annotated[str, Header(alias="Last-Event-ID", max_length=80, description="The last that was seen.")] = "",
) -> Response:
    """How a job goes on, until it has ended: first how it stands, unless that is what was seen last."""
    view = await at.desk.do(at.room.job, id)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(at, view, last), headers=headers, media_type="text/event-stream")


async def _events(at: Visit, view: JobView, last: str) -> AsyncIterator[bytes]:
    """A state of a job is known by the digest of how it is told: whoever comes back is told what they have not seen,
    by whichever server they ask."""
    quiet_s = 0.0
    while True:
        data = as_json(view)
        digest = sha256(data).hexdigest()[:16]
        if digest != last:
            yield b"event: job\nid: %s\ndata: %s\n\n" % (digest.encode(), data)
            last, quiet_s = digest, 0.0
        elif quiet_s >= BEAT_S:
            yield BEAT
            quiet_s = 0.0
        if not view.live or at.desk.leaving():
            return
        await asyncio.sleep(LOOK_S)
        quiet_s += LOOK_S
        view = await at.desk.do(at.room.job, view.id)
