"""People, their tokens and sessions, and the trail of what was changed, over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from gigawatt.interfaces.http.answers import nothing, said
from gigawatt.interfaces.http.cookies import SESSION
from gigawatt.interfaces.http.desk import Owner, Viewer, address_of, desk_of, values_of
from gigawatt.interfaces.http.views import gives
from gigawatt.interfaces.server import audit, people, roster
from gigawatt.interfaces.server.asked import Role
from gigawatt.interfaces.server.audit import AuditLine
from gigawatt.interfaces.server.people import IssuedToken, SignedIn, TokenView
from gigawatt.interfaces.server.roster import PersonView
from gigawatt.study.question import read

Q = TypeVar("Q")


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonAsked:
    """Somebody who shall be let in."""

    name: str
    """What they are called."""
    role: Role
    """The most that they may do."""
    password: str | None = None
    """By which they sign in; none where they do so by token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonChanged:
    """What shall be different of somebody."""

    role: Role | None = None
    """The most that they may do."""
    password: str | None = None
    """By which they sign in; all their sessions end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenAsked:
    """A token that shall be made."""

    role: Role
    """The most that it allows."""
    label: str = ""
    """What it is for."""
    person: str | None = None
    """Whose it is; one's own where nobody is named."""
    expires_s: float | None = None
    """After how long it ends, such as "90 days"; never where none is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionAsked:
    """Who wants to sign in."""

    secret: str
    """A password, or a token."""
    name: str = ""
    """Whose password it is; a token needs none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """Who asks, as the server knows them."""

    name: str
    """Name of the person."""
    role: Role
    """The most that they may do by this token or session."""
    csrf: str | None = None
    """What every change of this session has to carry in X-CSRF-Token; None for a token."""
    expires: str | None = None
    """When the session that was just begun ends; None for any other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonViews:
    """Everybody who may ask."""

    people: tuple[PersonView, ...]
    """By name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenViews:
    """Tokens that are not revoked."""

    tokens: tuple[TokenView, ...]
    """The newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLines:
    """The last lines of the trail."""

    lines: tuple[AuditLine, ...]
    """The newest first."""
    next: int | None
    """The number before which the next page begins; None where there is none."""


# What is sent to each operation that takes an object, by its id.
ASKED: Mapping[str, type[Any]] = {
    "person_add": PersonAsked,
    "person_change": PersonChanged,
    "token_issue": TokenAsked,
    "session_begin": SessionAsked,
}
router = APIRouter(tags=["people"])


@router.get("/me", responses=gives(Me))
async def me(at: Viewer) -> Response:
    """Who asks."""
    return said(Me(name=at.caller.name, role=at.caller.role, csrf=at.csrf))


@router.get("/people", responses=gives(PersonViews))
async def people_list(at: Owner) -> Response:
    """Everybody who may ask."""
    return said(PersonViews(people=await at.do(roster.listed)))


@router.post("/people", status_code=201, responses=gives(PersonView, 201))
async def person_add(at: Owner, request: Request) -> Response:
    """Let somebody in."""
    asked = await _asked(PersonAsked, request)
    view = await at.do(roster.add, asked.name, asked.role, asked.password, by=at.caller)
    return said(view, 201)


@router.patch("/people/{name}", responses=gives(PersonView))
async def person_change(at: Viewer, request: Request, name: str) -> Response:
    """Give somebody another role, or another password, which anybody may give themselves."""
    asked = await _asked(PersonChanged, request)
    return said(await at.do(roster.change, name, asked.role, asked.password, by=at.caller))


@router.delete("/people/{name}", status_code=204, response_class=Response)
async def person_remove(at: Owner, name: str) -> Response:
    """Let somebody in no more, from this moment on."""
    await at.do(roster.remove, name, by=at.caller)
    return nothing()


@router.get("/tokens", responses=gives(TokenViews))
async def tokens(
    at: Viewer,
    person: Annotated[str | None, Query(max_length=80, description="Whose; an owner's choice.")] = None,
    everybody: Annotated[bool, Query(description="Of everybody, for an owner.")] = False,
) -> Response:
    """One's own tokens, or, for an owner, anybody's."""
    if everybody or person not in (None, at.caller.name):
        roster.may_decide(at.caller)
    found = await at.do(people.tokens, None if everybody else person or at.caller.name)
    return said(TokenViews(tokens=found))


@router.post("/tokens", status_code=201, responses=gives(IssuedToken, 201))
async def token_issue(at: Viewer, request: Request) -> Response:
    """Make a token; its secret is told this once."""
    asked = await _asked(TokenAsked, request)
    given = (asked.person or at.caller.name, asked.role, asked.label, asked.expires_s)
    return said(await at.do(people.issue, *given, by=at.caller), 201)


@router.delete("/tokens/{id}", status_code=204, response_class=Response)
async def token_revoke(at: Viewer, id: str) -> Response:
    """End a token of one's own, or, for an owner, anybody's."""
    await at.do(people.revoke, id, by=at.caller)
    return nothing()


@router.get("/audit", responses=gives(AuditLines))
async def audit_trail(
    at: Owner,
    before: Annotated[int | None, Query(ge=0, le=2**31 - 1, description="Lines before this number.")] = None,
    count: Annotated[int, Query(ge=1, le=audit.MOST_LINES_COUNT, description="How many at most.")] = 100,
) -> Response:
    """Every change, and every refusal of one: by whom, from where, what became of it."""
    found = await at.do(audit.listed, before, count)
    return said(AuditLines(lines=found, next=found[-1].number if len(found) == count else None))


@router.get("/session", responses=gives(Me))
async def session(at: Viewer) -> Response:
    """Whose session it is, and what its changes have to carry."""
    return said(Me(name=at.caller.name, role=at.caller.role, csrf=at.csrf))


@router.post("/session", status_code=201, responses=gives(Me, 201))
async def session_begin(request: Request) -> Response:
    """Sign in by name and password, or by a token; the session's secret goes into a cookie that no script can read."""
    asked = await _asked(SessionAsked, request)
    desk = desk_of(request)
    # Passwords take their time.
    signed = await desk.ask(people.sign_in, desk.room.store, asked.name, asked.secret, address_of(request))
    told = Me(name=signed.caller.name, role=signed.caller.role, csrf=signed.csrf, expires=signed.expires)
    return signed_in(said(told, 201), signed, request)


@router.delete("/session", status_code=204, response_class=Response)
async def session_end(at: Viewer, request: Request) -> Response:
    """Sign out."""
    await at.do(people.sign_out, request.cookies.get(SESSION, ""))
    return signed_out(nothing(), request)


def signed_in(response: Response, signed: SignedIn, request: Request) -> Response:
    """A response that gives a browser its session."""
    secure = request.url.scheme == "https"
    response.set_cookie(SESSION, signed.secret, path="/", httponly=True, samesite="strict", secure=secure)
    return response


def signed_out(response: Response, request: Request) -> Response:
    """A response that takes a browser its session."""
    secure = request.url.scheme == "https"
    response.delete_cookie(SESSION, path="/", httponly=True, samesite="strict", secure=secure)
    return response


async def _asked(cls: type[Q], request: Request) -> Q:
    """What a request asks, read as questions are."""
    return read(cls, await values_of(request))
