"""What every page has: who reads it and in which language, the frame around it, its forms, and how faults are shown.

A page is a module here with a router, and a template that extends frame.html.j2. It asks verbs by the room as every
door does, and shows their documents by the same parts as a report; it has no arithmetic and no tables of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from hashlib import sha256
from importlib.resources import files
from typing import Annotated, Any
from urllib.parse import parse_qsl, quote, urlencode

from fastapi import Depends
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gigawatt import __version__
from gigawatt.errors import Fault, InputError
from gigawatt.interfaces.http import origin
from gigawatt.interfaces.http.cookies import SESSION
from gigawatt.interfaces.http.desk import FrontDesk, address_of, desk_of
from gigawatt.interfaces.http.pages import pressing
from gigawatt.interfaces.http.pages.pressing import Drawn
from gigawatt.interfaces.server import people, results, unsaid
from gigawatt.interfaces.server.asked import Caller, Json, Refused, Reply, Unanswered
from gigawatt.interfaces.server.results import ResultView
from gigawatt.report.charts.chart import style_sheet
from gigawatt.report.document import LANGUAGES, Language
from gigawatt.report.language import words
from gigawatt.report.writers import page as paper

FORM = "application/x-www-form-urlencoded"
# Of a form that anybody may send, and of one that somebody who has signed in sends.
OPEN_BYTES, OPEN_FIELDS_COUNT = 10_000, 8
MOST_FORM_BYTES, MOST_FIELDS_COUNT = 200_000, 2_000
# The cookie that remembers in which language somebody reads.
LANGUAGE = "gigawatt_language"
# The pages that a reader is led to, in this order: by which name a page calls itself, where it is, what it is called.
NAVIGATION: tuple[tuple[str, str, str], ...] = (
    ("programme", "/", "Programme"),
    ("scenario", "/scenario", "Scenario"),
    ("compute", "/compute", "Compute"),
    ("tokens", "/tokens", "Tokens"),
    ("fleet", "/fleet", "Fleet"),
    ("money", "/money", "Money"),
    ("compare", "/compare", "Compare"),
    ("claims", "/claims", "Claims"),
    ("ledger", "/ledger", "Ledger"),
    ("sources", "/sources", "Sources"),
    ("jobs", "/jobs", "Jobs"),
)
# What other programs read; whatever else there is, people do.
DATA_PLACES = ("/api", "/mcp", "/health", "/metrics", "/openapi.json", "/static")
KINDS = {".css": "text/css", ".svg": "image/svg+xml", ".js": "text/javascript"}
Items = Sequence[Mapping[str, str]]
Handler = Callable[[Request, Any], Coroutine[Any, Any, Response]]


class Unsigned(Exception):  # noqa: N818 (an answer, and no failure)
    """That nobody has signed in who wants to see a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """Whoever reads a page, having signed in."""

    caller: Caller
    """Who they are, and what they may do."""
    csrf: str
    """What their forms have to carry."""
    language: Language
    """In which language they read."""
    desk: FrontDesk
    """Where they ask."""
    place: str
    """Where they are: path and query."""
    zipped: bool = False
    """Whether their browser takes what is compressed."""

    @property
    def room(self) -> Any:
        """What they ask."""
        return self.desk.room

    def say(self, text: str, *given: object) -> str:
        """A text in their language, with what its holes hold."""
        return said(text, *given, language=self.language)

    async def do(self, function: Callable[..., Any], *given: Any, **named: Any) -> Any:
        """Call what takes a moment with the room's store."""
        return await self.desk.do(function, self.room.store, *given, **named)


async def guest(request: Request) -> Guest:
    """Who reads a page. Raises Unsigned."""
    found = await session(request)
    if found is None:
        raise Unsigned
    caller, csrf = found
    desk = desk_of(request)
    desk.expect()
    zipped = pressing.taken(request.headers.get("accept-encoding", ""))
    read = language(request)
    return Guest(caller=caller, csrf=csrf, language=read, desk=desk, place=_here(request), zipped=zipped)


Person = Annotated[Guest, Depends(guest)]


async def session(request: Request) -> tuple[Caller, str] | None:
    """Who has signed in, and the token of their forms; None for nobody."""
    secret = request.cookies.get(SESSION)
    if secret is None:
        return None
    desk = desk_of(request)
    try:
        return await desk.do(people.by_session, desk.room.store, secret, address_of(request))
    except Refused:
        return None


def language(request: Request) -> Language:
    """In which language somebody reads: as the address says, as they chose, as their browser asks, or English."""
    wanted = [request.query_params.get("lang"), request.cookies.get(LANGUAGE)]
    wanted += [part.strip()[:2].lower() for part in request.headers.get("accept-language", "").split(",")]
    return next((one for given in wanted for one in LANGUAGES if one == given), "en")


def said(text: str, *given: object, language: Language) -> str:
    """A text in a language, with what its holes hold."""
    return words(language)(text, *given)


async def told(reader: Guest, verb: str, values: Mapping[str, Json]) -> tuple[Reply, Mapping[str, Any]]:
    """What a short verb answers, and its document in the reader's language.

    Raises Refused, ScenarioError, or Unanswered where the reply is no answer.
    """
    ask = partial(reader.room.ask, language=reader.language)
    reply = await reader.desk.ask(ask, reader.caller, verb, values)
    if not reply.document:
        raise Unanswered(reply)
    return reply, json.loads(reply.document)


async def kept(reader: Guest, id_: str) -> Mapping[str, Any]:
    """The document of a result in the reader's language. Raises Refused."""
    store, settings = reader.room.store, reader.room.settings
    found = await reader.desk.ask(results.document, settings, store, id_, reader.language)
    return marked(found, id_)


def marked(document: Mapping[str, Any], id_: str) -> Mapping[str, Any]:
    """A document whose parts say of which kept result they are, so that their files are found."""
    sections = [{**one, "parts": [{**part, "of": id_} for part in one["parts"]]} for one in document["sections"]]
    return {**document, "sections": sections}


def only(section: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """A section with some of its parts, by name, in this order, those that it has."""
    found = {part["name"]: part for part in section["parts"] if "name" in part}
    return {**section, "parts": [found[name] for name in names if name in found]}


async def latest(reader: Guest, *verbs: str, scenario: str | None = None) -> ResultView | None:
    """The last result of some verbs; None for none."""
    found = await reader.do(results.listed, verbs=verbs, scenario=scenario, count=1)
    return found[0] if found else None


def chosen(document: Mapping[str, Any], *slugs: str) -> list[Mapping[str, Any]]:
    """Sections of a document by their slugs, in this order, those that it has."""
    found = {section["slug"]: section for section in document["sections"]}
    return [found[slug] for slug in slugs if slug in found and (found[slug]["parts"] or found[slug]["lead"])]


async def form(request: Request, reader: Guest) -> dict[str, str]:
    """The fields of a form that one of our own pages sent. Raises Refused for what is none."""
    fields = await posted(request, MOST_FORM_BYTES, MOST_FIELDS_COUNT)
    origin.check_csrf(fields.pop(origin.CSRF_FIELD, None), reader.csrf)
    return fields


async def posted(
    request: Request, most_bytes: int = OPEN_BYTES, most_fields_count: int = OPEN_FIELDS_COUNT
) -> dict[str, str]:
    """The fields of a form. Raises Refused for what is none."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await request.body()
    try:
        if kind != FORM or len(body) > most_bytes:
            raise ValueError
        text = body.decode("ascii")
        fields = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=most_fields_count)
    except ValueError:
        expected = f"{FORM}, of at most {most_bytes} bytes"
        raise Refused("wrong", "body", f'"{kind[:80]}", {len(body)} bytes', expected) from None
    return dict(fields)


def faults(error: Refused | InputError | Unanswered, reader: Guest) -> Items:
    """What is wrong, each fault as path, given and expected."""
    if isinstance(error, Unanswered):
        return json.loads(error.reply.body).get("error", {}).get("items", [])
    if isinstance(error, Refused):
        return [{"path": error.path, "given": error.given, "expected": error.expected}]
    spelled = unsaid.spelled(unsaid.places(reader.room.settings))
    return [_item(spelled(fault)) for fault in error.faults]


def _item(fault: Fault) -> Mapping[str, str]:
    return {"path": fault.path, "given": fault.given, "expected": fault.expected}


def page(reader: Guest, template: str, *, here: str = "", status: int = 200, **given: Any) -> Response:
    """A page with its frame; parts among what is given that were drawn before are sent compressed. here: the page's
    name in NAVIGATION."""
    found = bare(template, reader.language, status, guest=reader, here=here, navigation=NAVIGATION, **given)
    parts = [value for value in given.values() if isinstance(value, Drawn)]
    if not parts:
        return found
    pieces = pressing.filled(bytes(found.body).decode(), parts)
    body = pressing.gzipped(pieces) if reader.zipped else pressing.plain(pieces)
    headers = {"Vary": "Accept-Encoding"} | ({"Content-Encoding": "gzip"} if reader.zipped else {})
    return Response(body, status, headers=headers, media_type=found.media_type)


def fragment(template: str, spoken: Language, **given: Any) -> Markup:
    """A part of a page that has nothing of its reader's but the language."""
    say = partial(said, language=spoken)
    return Markup(_templates().get_template(template).render(language=spoken, say=say, **given))


def bare(template: str, spoken: Language, status: int = 200, **given: Any) -> Response:
    """A page whoever reads it, signed in or not."""
    say = partial(said, language=spoken)
    body = _templates().get_template(template).render(version=__version__, language=spoken, say=say, **given)
    return Response(body, status, media_type="text/html; charset=utf-8")


def handlers(given: Mapping[Any, Handler]) -> dict[Any, Handler]:
    """What is answered to each exception: to programs as `given` has it, to people as a page."""
    return {kind: _shown(handler) for kind, handler in given.items()} | {Unsigned: _unsigned}


def _shown(handler: Handler) -> Handler:
    async def shown(request: Request, error: Any) -> Response:
        response = await handler(request, error)
        path = request.url.path
        if any(path == place or path.startswith(f"{place}/") for place in DATA_PLACES):
            return response
        items = json.loads(bytes(response.body))["error"]["items"]
        headers = {name: value for name, value in response.headers.items() if name == "retry-after"}
        found = bare("fault.html.j2", language(request), response.status_code, items=items)
        found.headers.update(headers)
        return found

    return shown


async def _unsigned(request: Request, error: Unsigned) -> Response:
    del error
    place = _here(request) if request.method in origin.SAFE else "/"
    return RedirectResponse("/sign-in" if place == "/" else f"/sign-in?then={quote(place, safe='/')}", 303)


def _here(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


@cache
def _templates() -> Any:
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    loaders = [PackageLoader("gigawatt.interfaces.http"), PackageLoader("gigawatt.report.writers")]
    place = Environment(loader=ChoiceLoader(loaders), autoescape=True, trim_blocks=True, undefined=StrictUndefined)
    paper.equip(place)
    place.globals |= {"static": _static, "saving": place.get_template("saving.html.j2").module}
    return place


def _static(name: str) -> str:
    """Where a file that pages need is, by what is in it: a browser keeps it until it changes."""
    return f"/static/{name}?{urlencode({'v': statics()[name][2][:8]})}"


@cache
def statics() -> Mapping[str, tuple[bytes, str, str]]:
    """Name → body, kind and digest of each file that pages need."""
    own = files("gigawatt.interfaces.http").joinpath("static")
    texts = {one.name: one.read_text(encoding="utf-8") for one in own.iterdir() if _kind(one.name)}
    texts["site.css"] = style_sheet() + paper.template("page.css") + texts["site.css"]
    texts["readout.js"] = paper.template("readout.js")
    return {
        name: (text.encode(), KINDS[_kind(name)], sha256(text.encode()).hexdigest())
        for name, text in sorted(texts.items())
    }


def _kind(name: str) -> str:
    return next((kind for kind in KINDS if name.endswith(kind)), "")
