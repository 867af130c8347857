"""How a refusal, a fault or a failure is told over HTTP: a status, and one object {"error": {"kind", "items"}}."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from gigawatt.errors import Fault, InputError
from gigawatt.interfaces.server import unsaid
from gigawatt.interfaces.server.asked import Refused, Reply, Unanswered, Why

log = logging.getLogger("gigawatt.http")

JSON = "application/json"
# Why a server refuses → the status, and what the refusal calls itself.
REFUSALS: Mapping[Why, tuple[int, str]] = {
    "unknown": (401, "Unauthenticated"),
    "forbidden": (403, "Forbidden"),
    "absent": (404, "NotFound"),
    "conflict": (409, "Conflict"),
    "long": (413, "TooLong"),
    "wrong": (422, "WrongRequest"),
    "limit": (429, "LimitReached"),
    "busy": (503, "Busy"),
}
# The exit code of a command → the status of its reply: an answer, also one that misses a bar; what was asked cannot be,
# or has no plan; it was cancelled; a solver failed; the machine could not.
STATUSES: Mapping[int, int] = {0: 200, 4: 200, 2: 422, 3: 422, 130: 409, 70: 500, 74: 503}
# What HTTP itself refuses.
KINDS: Mapping[int, str] = {404: "NotFound", 405: "MethodNotAllowed", 413: "TooLong", 415: "WrongRequest"}
# Seconds after which a client may ask again where too many ask.
LATER_S = 2


def body(kind: str, faults: Sequence[Fault | Refused]) -> bytes:
    """One strict JSON object that says what is wrong."""
    items = [{"path": one.path, "given": one.given, "expected": one.expected} for one in faults]
    return json.dumps({"error": {"kind": kind, "items": items}}, ensure_ascii=False).encode("utf-8", "replace")


def refused(error: Refused) -> Response:
    """What is answered where a server refuses."""
    status, kind = REFUSALS[error.why]
    headers = {}
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="gigawatt"'
    if status in (429, 503):
        headers["Retry-After"] = str(LATER_S)
    return Response(body(kind, [error]), status, headers, JSON)


def faulty(error: InputError, spelled: Callable[[Fault], Fault]) -> Response:
    """What is answered to bad input: every fault by its path. spelled: a fault as callers are told it."""
    return Response(body(type(error).__name__, [spelled(fault) for fault in error.faults]), 422, media_type=JSON)


def answered(reply: Reply) -> Response:
    """A worker's reply as it stands; the exit code of the same command goes in a header."""
    status = STATUSES.get(reply.code, 500)
    headers = {"Gigawatt-Code": str(reply.code)}
    if status == 503:
        headers["Retry-After"] = str(LATER_S)
    return Response(reply.body, status, headers, JSON)


def handlers() -> dict[int | type[Exception], Callable[[Request, Any], Coroutine[Any, Any, Response]]]:
    """What is answered to each exception that a route may end with."""
    from fastapi.exceptions import RequestValidationError

    async def invalid(request: Request, error: RequestValidationError) -> Response:
        del request
        faults = [
            Fault(path=_place(one["loc"]), given=_seen(one), expected=_said(one["msg"])) for one in error.errors()
        ]
        return Response(body("WrongRequest", faults), 422, media_type=JSON)

    async def refusal(request: Request, error: Refused) -> Response:
        del request
        return refused(error)

    async def bad_input(request: Request, error: InputError) -> Response:
        places = unsaid.places(request.app.state.desk.room.settings)
        return faulty(error, unsaid.spelled(places))

    async def unanswered(request: Request, error: Unanswered) -> Response:
        del request
        return answered(error.reply)

    return {
        Refused: refusal,
        Unanswered: unanswered,
        InputError: bad_input,
        RequestValidationError: invalid,
        HTTPException: _of_http,
        OSError: _of_machine,
        MemoryError: _of_machine,
        Exception: _bug,
    }


async def _of_http(request: Request, error: HTTPException) -> Response:
    """No such place, or no such method there."""
    kind = KINDS.get(error.status_code, "WrongRequest")
    fault = Fault(path=request.method, given=request.url.path[:160], expected="one of the routes of /openapi.json")
    return Response(body(kind, [fault]), error.status_code, error.headers, JSON)


async def _of_machine(request: Request, error: OSError | MemoryError) -> Response:
    """No room on a disk or in memory, or a file that cannot be read: told without its place, which is nobody's
    business."""
    log.error("%s %s: %s: %s", request.method, request.url.path, type(error).__name__, error)
    given = (getattr(error, "strerror", None) or "").lower() or str(error) or "not enough memory"
    fault = Fault(path="server", given=given, expected="room to write, and files that can be read")
    fault = unsaid.spelled(unsaid.places(request.app.state.desk.room.settings))(fault)
    return Response(body("MachineFault", [fault]), 503, {"Retry-After": str(LATER_S)}, JSON)


async def _bug(request: Request, error: Exception) -> Response:
    """A bug of ours: the log has it all, the client that there is one."""
    del error  # starlette raises it again, for the log
    fault = Fault(
        path="server", given=f"a failure in {request.method}", expected="an answer: the server's log has more"
    )
    return Response(body("Bug", [fault]), 500, media_type=JSON)


def _place(steps: Sequence[str | int]) -> str:
    """The name of a parameter, without where it stands."""
    return ".".join(str(step) for step in steps[1:]) or str(steps[0])


def _seen(error: Mapping[str, Any]) -> str:
    given = error.get("input")
    return "nothing" if given is None else f'"{str(given)[:80]}"'


def _said(message: str) -> str:
    return message.removeprefix("Input should be ").lower() if message.startswith("Input should be ") else message
