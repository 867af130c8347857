"""Where people come in, and go: signing in and out, the language that they read, and the files that pages need."""

from __future__ import annotations

import re

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gigawatt.interfaces.http import errors, origin
from gigawatt.interfaces.http.answers import known, tag
from gigawatt.interfaces.http.cookies import SESSION
from gigawatt.interfaces.http.desk import address_of, desk_of
from gigawatt.interfaces.http.pages.frame import LANGUAGE, Person, bare, form, language, posted, session, statics
from gigawatt.interfaces.http.people import signed_in, signed_out
from gigawatt.interfaces.server import people
from gigawatt.interfaces.server.asked import Refused
from gigawatt.report.document import LANGUAGES

_PLACE = re.compile(r"/(?![/\\])[^\\\s]{0,500}")
_YEAR_S = 365 * 86_400

router = APIRouter(include_in_schema=False)


@router.get("/sign-in")
async def sign_in_page(request: Request) -> Response:
    """Where people sign in."""
    return bare("sign_in.html.j2", language(request), then=_place(request.query_params.get("then", "/")))


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Sign in by what the form holds, and go on to where somebody wanted to."""
    fields = await posted(request)
    name, then, desk = fields.get("name", "").strip(), _place(fields.get("then", "/")), desk_of(request)
    try:
        signed = await desk.ask(people.sign_in, desk.room.store, name, fields.get("secret", ""), address_of(request))
    except Refused as error:
        status, _ = errors.REFUSALS[error.why]
        return bare("sign_in.html.j2", language(request), status, then=then, name=name, error=error)
    return signed_in(RedirectResponse(then, 303), signed, request)


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """End a session by the form that only its own pages hold."""
    found = RedirectResponse("/sign-in", 303)
    here = await session(request)
    if here is not None:
        origin.check_csrf((await posted(request)).get(origin.CSRF_FIELD), here[1])
        desk = desk_of(request)
        await desk.do(people.sign_out, desk.room.store, request.cookies[SESSION])
        signed_out(found, request)
    return found


@router.post("/language")
async def choose_language(request: Request, reader: Person) -> Response:
    """Read on in another language."""
    fields = await form(request, reader)
    found = RedirectResponse(_place(fields.get("then", "/")), 303)
    if fields.get("language") in LANGUAGES:
        secure = request.url.scheme == "https"
        found.set_cookie(LANGUAGE, fields["language"], _YEAR_S, secure=secure, httponly=True, samesite="lax")
    return found


@router.get("/static/{name}")
async def static(request: Request, name: str) -> Response:
    """A file that pages need; there are no others, on no disk."""
    found = statics().get(name)
    if found is None:
        raise Refused("absent", "name", f'"{name[:80]}"', f"one of {', '.join(statics())}")
    body, kind, digest = found
    if request.query_params.get("v") == digest[:8]:
        return Response(body, headers={"Cache-Control": "private, max-age=31536000, immutable"}, media_type=kind)
    return known(request, digest) or Response(body, headers=tag(digest), media_type=kind)


def _place(asked: str) -> str:
    """Where somebody goes on to: a page of ours, whatever is asked."""
    return asked if _PLACE.fullmatch(asked) and asked.isprintable() else "/"
