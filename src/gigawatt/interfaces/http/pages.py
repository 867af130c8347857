"""Pages for people: where they sign in, and the first they see. They need no script, and send their forms as forms.

They look as the pages of results do, by the same style sheet, which is sent as a file: under the policy of the server
nothing stands within a page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gigawatt import __version__
from gigawatt.interfaces.http import errors, origin
from gigawatt.interfaces.http.answers import known, tag
from gigawatt.interfaces.http.cookies import SESSION
from gigawatt.interfaces.http.desk import address_of, desk_of
from gigawatt.interfaces.http.people import signed_in, signed_out
from gigawatt.interfaces.server import people, results
from gigawatt.interfaces.server.asked import Caller, Refused
from gigawatt.interfaces.server.results import ResultView
from gigawatt.report.charts.chart import style_sheet

FORM = "application/x-www-form-urlencoded"
MOST_FORM_BYTES, MOST_FIELDS_COUNT = 10_000, 8
RESULTS_COUNT = 50
# The page of a result among its files.
REPORT = "report.html"
_PLACE = re.compile(r"/(?![/\\])[^\\\s]{0,500}")

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A result, as the first page tells it."""

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


@router.get("/")
async def first(request: Request) -> Response:
    """The first page of whoever has signed in; anybody else signs in before."""
    session = await _session(request)
    if session is None:
        return RedirectResponse("/sign-in", 303)
    caller, csrf = session
    desk = desk_of(request)
    found = await desk.do(results.listed, desk.room.store, count=RESULTS_COUNT)
    return _page("first.html.j2", caller=caller, csrf=csrf, rows=[_row(view) for view in found])


@router.get("/sign-in")
async def sign_in_page(request: Request) -> Response:
    """Where people sign in."""
    return _page("sign_in.html.j2", then=_place(request.query_params.get("then", "/")))


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Sign in by what the form holds, and go on to where somebody wanted to."""
    form = await _form(request)
    name, then, desk = form.get("name", "").strip(), _place(form.get("then", "/")), desk_of(request)
    try:
        signed = await desk.ask(people.sign_in, desk.room.store, name, form.get("secret", ""), address_of(request))
    except Refused as error:
        status, _ = errors.REFUSALS[error.why]
        return _page("sign_in.html.j2", status, then=then, name=name, fault=_words(error))
    return signed_in(RedirectResponse(then, 303), signed, request)


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """End a session by the form that only its own pages hold."""
    session = await _session(request)
    found = RedirectResponse("/sign-in", 303)
    if session is not None:
        origin.check_csrf((await _form(request)).get(origin.CSRF_FIELD), session[1])
        desk = desk_of(request)
        await desk.do(people.sign_out, desk.room.store, request.cookies[SESSION])
        signed_out(found, request)
    return found


@router.get("/static/{name}")
async def static(request: Request, name: str) -> Response:
    """A file that pages need; there are no others, on no disk."""
    found = _statics().get(name)
    if found is None:
        raise Refused("absent", "name", f'"{name[:80]}"', f"one of {', '.join(_statics())}")
    body, kind, digest = found
    return known(request, digest) or Response(body, headers=tag(digest), media_type=kind)


async def _session(request: Request) -> tuple[Caller, str] | None:
    """Who has signed in, and the token of their forms; None for nobody."""
    secret = request.cookies.get(SESSION)
    if secret is None:
        return None
    desk = desk_of(request)
    try:
        return await desk.do(people.by_session, desk.room.store, secret, address_of(request))
    except Refused:
        return None


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form. Raises Refused for what is none."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await request.body()
    try:
        if kind != FORM or len(body) > MOST_FORM_BYTES:
            raise ValueError
        text = body.decode("ascii")
        fields = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS_COUNT)
    except ValueError:
        expected = f"{FORM}, of at most {MOST_FORM_BYTES} bytes"
        raise Refused("wrong", "body", f'"{kind[:80]}", {len(body)} bytes', expected) from None
    return dict(fields)


def _place(asked: str) -> str:
    """Where somebody goes on to: a page of ours, whatever is asked."""
    return asked if _PLACE.fullmatch(asked) and asked.isprintable() else "/"


def _words(error: Refused) -> str:
    """Why nobody came in, in words for people."""
    if error.why == "unknown":
        return "Nobody has this name with this password, and no valid token reads so."
    if error.why in ("limit", "busy"):
        return "Too many tries. Wait a few minutes, then try again."
    return f"That cannot be: expected {error.expected}."


def _row(view: ResultView) -> Row:
    return Row(
        title=view.scenario or view.verb,
        verb=view.verb,
        who=view.who,
        ended=view.ended[:16].replace("T", " "),
        place=f"/api/results/{view.id}",
        missed=view.code != 0,
    )


def _page(template: str, status: int = 200, **given: Any) -> Response:
    body = _templates().get_template(template).render(version=__version__, report=REPORT, **given)
    return Response(body, status, media_type="text/html; charset=utf-8")


@cache
def _templates() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    place = Environment(
        loader=PackageLoader("gigawatt.interfaces.http"), autoescape=True, trim_blocks=True, undefined=StrictUndefined
    )
    place.globals["style"] = f"/static/site.css?{urlencode({'v': _statics()['site.css'][2][:8]})}"
    return place


@cache
def _statics() -> Mapping[str, tuple[bytes, str, str]]:
    """Name → body, kind and digest of each file that pages need."""
    report = files("gigawatt.report.writers").joinpath("templates", "page.css").read_text(encoding="utf-8")
    own = files("gigawatt.interfaces.http").joinpath("static")
    sheet = style_sheet() + report + own.joinpath("site.css").read_text(encoding="utf-8")
    icon = own.joinpath("icon.svg").read_text(encoding="utf-8")
    texts = {"site.css": (sheet, "text/css"), "icon.svg": (icon, "image/svg+xml")}
    return {name: (text.encode(), kind, sha256(text.encode()).hexdigest()) for name, (text, kind) in texts.items()}
