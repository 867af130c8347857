"""A route for every verb, made from its row in the table; what it asks and answers is not touched here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gigawatt.interfaces.http import errors
from gigawatt.interfaces.http.answers import said
from gigawatt.interfaces.http.desk import Approver, Editor, Viewer, Visit, values_of
from gigawatt.interfaces.http.openapi import answers
from gigawatt.interfaces.http.views import VIEW, gives
from gigawatt.interfaces.server.asked import Role
from gigawatt.interfaces.server.jobs import JobView
from gigawatt.interfaces.server.room import least
from gigawatt.study.verbs import VERBS, Verb

VISITS: dict[Role, Any] = {"viewer": Viewer, "editor": Editor, "approver": Approver}
# Named, and not imported: who reads no estimate need not load what makes one.
ESTIMATE = {"description": "What an answer will take.", VIEW: "gigawatt.study.estimate:Estimate"}
Endpoint = Callable[..., Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Askable:
    """What can be asked of a server."""

    name: str
    """As it is typed."""
    function: str
    """As it is called in Python, by the tools of assistants, and in the description of the routes."""
    group: str
    """Where it stands in help."""
    title: str
    """What it does, in a sentence."""
    long: bool
    """Whether it becomes a job."""
    changes: str
    """What it changes: nothing, the ledger, or what the ledger releases."""
    role: str
    """The least that whoever asks it must be."""
    path: str
    """Where it is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Askables:
    """Everything that can be asked."""

    verbs: tuple[Askable, ...]
    """In the order of a user's work."""


def path_of(verb: Verb) -> str:
    """Where a verb is asked, below /api."""
    return f"/verbs/{verb.name.replace(' ', '/')}"


def router() -> APIRouter:
    """The routes of all verbs, and the list of them."""
    found = APIRouter(tags=["verbs"])
    found.add_api_route("/verbs", verbs, responses=gives(Askables))
    for verb in VERBS:
        role = VISITS[least(verb)]
        given: dict[int | str, dict[str, Any]] = gives(JobView, 202) if verb.long else {200: answers()}
        found.add_api_route(
            path_of(verb),
            _taking(_start if verb.long else _ask, verb, role),
            methods=["POST"],
            name=verb.function,
            summary=verb.title,
            status_code=202 if verb.long else 200,
            responses=given,
        )
        found.add_api_route(
            f"{path_of(verb)}/estimate",
            _taking(_estimate, verb, role),
            methods=["POST"],
            name=f"{verb.function}_estimate",
            summary=f"What it takes to ask {verb.name}.",
            responses={200: ESTIMATE},
        )
    return found


def _taking(door: Callable[[Verb, Visit, Request], Awaitable[Response]], verb: Verb, role: Any) -> Endpoint:
    """The function of a route, whose caller has at least the role of the verb."""

    async def endpoint(at: Visit, request: Request) -> Response:
        return await door(verb, at, request)

    endpoint.__annotations__ = {"at": role, "request": Request, "return": Response}
    return endpoint


async def verbs(at: Viewer) -> Response:
    """What can be asked."""
    del at
    rows = [
        Askable(
            **{name: getattr(verb, name) for name in ("name", "function", "group", "title", "long", "changes")},
            role=least(verb),
            path=f"/api{path_of(verb)}",
        )
        for verb in VERBS
    ]
    return said(Askables(verbs=tuple(rows)))


async def _ask(verb: Verb, at: Visit, request: Request) -> Response:
    return errors.answered(await at.verb(verb.name, await values_of(request)))


async def _start(verb: Verb, at: Visit, request: Request) -> Response:
    job = await at.desk.ask(at.room.start, at.caller, verb.name, await values_of(request))
    return said(job, 202, {"Location": f"/api/jobs/{job.id}"})


async def _estimate(verb: Verb, at: Visit, request: Request) -> Response:
    return said(await at.desk.ask(at.room.estimate, at.caller, verb.name, await values_of(request)))
