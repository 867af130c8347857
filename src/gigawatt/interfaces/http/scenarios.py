"""Scenarios and strategies over HTTP: read, kept and removed by name, each version by its number.

A text is sent as TOML, or as the one member of a JSON object. Its tag is the digest of the text, so that whoever writes
over what they have not seen is told (If-Match, If-None-Match).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from gigawatt.interfaces.http.answers import expected, known, said, tag
from gigawatt.interfaces.http.desk import Editor, Viewer, Visit, values_of
from gigawatt.interfaces.http.errors import JSON
from gigawatt.interfaces.http.views import gives
from gigawatt.interfaces.server import scenarios
from gigawatt.interfaces.server.asked import Refused
from gigawatt.interfaces.server.scenarios import KeptText, Kind, VersionView

TOML = "application/toml"
TEXTS = (TOML, "text/plain")
_SENT: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The text, as TOML or as a member of a JSON object.",
        "content": {
            JSON: {
                "schema": {
                    "type": "object",
                    "properties": {"text": {"type": "string", "description": "The text, as TOML."}},
                    "required": ["text"],
                    "additionalProperties": False,
                },
                "example": {"text": 'extends = "one-campus"\ntitle = "Ours"\n'},
            },
            TOML: {"schema": {"type": "string"}, "example": 'extends = "one-campus"\ntitle = "Ours"\n'},
        },
    }
}
_IF: dict[str, Any] = {
    "parameters": [
        {
            "name": name,
            "in": "header",
            "required": False,
            "description": words,
            "schema": {"type": "string"},
        }
        for name, words in (
            ("If-Match", "The ETag of the version that was read: 409 where another stands now."),
            ("If-None-Match", "`*`: 409 where there is one already."),
        )
    ]
}
_SEEN: dict[int | str, dict[str, Any]] = {304: {"description": "What the reader has stands still."}}
Name = Annotated[str, Path(description="Name, as it is kept.")]
Count = Annotated[int, Query(ge=1, le=scenarios.MOST_LISTED, description="How many at most.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptTexts:
    """What is kept, a page of it by name, and what ships."""

    kept: tuple[VersionView, ...]
    """The last version of each."""
    shipped: tuple[str, ...]
    """Names that ship with Gigawatt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """Versions of a name, a page of them."""

    versions: tuple[VersionView, ...]
    """The first first, removals among them."""


def router(kind: Kind) -> APIRouter:
    """The routes of scenarios, or of strategies."""
    plural = {"scenario": "scenarios", "strategy": "strategies"}[kind]
    found = APIRouter(prefix=f"/{plural}", tags=[plural])

    @found.get("", name=plural, summary=f"The {plural} that are kept, and that ship.", responses=gives(KeptTexts))
    async def listed(
        at: Viewer,
        after: Annotated[str, Query(max_length=80, description="Names after this one.")] = "",
        count: Count = 100,
    ) -> Response:
        kept = await at.do(scenarios.listed, kind, after, count)
        return said(KeptTexts(kept=tuple(kept), shipped=tuple(scenarios.shipped(kind))))

    @found.get("/{name}", name=kind, summary=f"A {kind} as it stands.", responses=gives(KeptText) | _SEEN)
    async def one(at: Viewer, request: Request, name: Name) -> Response:
        return await _shown(at, request, kind, name, None)

    put_extra = _SENT | _IF

    @found.put(
        "/{name}",
        name=f"{kind}_put",
        summary=f"Keep a {kind}: a new version where there is one of the name.",
        responses=gives(VersionView),
        openapi_extra=put_extra,
    )
    async def put(at: Editor, request: Request, name: Name) -> Response:
        text, last = await _sent(request), expected(request)
        given = (at.room.settings, at.room.store, at.caller, kind, name, text, last)
        view: VersionView = await at.desk.ask(scenarios.put, *given)
        return said(view, headers=tag(view.digest or ""))

    @found.delete(
        "/{name}",
        name=f"{kind}_remove",
        summary=f"Remove a {kind}; its versions stay.",
        responses=gives(VersionView),
        openapi_extra=_IF,
    )
    async def remove(at: Editor, request: Request, name: Name) -> Response:
        return said(await at.do(scenarios.remove, at.caller, kind, name, expected(request)))

    @found.get(
        "/{name}/versions", name=f"{kind}_versions", summary=f"Every version of a {kind}.", responses=gives(Versions)
    )
    async def versions(
        at: Viewer,
        name: Name,
        after: Annotated[int, Query(ge=0, le=2**31 - 1, description="Versions after this one.")] = 0,
        count: Count = 100,
    ) -> Response:
        return said(Versions(versions=tuple(await at.do(scenarios.history, kind, name, after, count))))

    @found.get(
        "/{name}/versions/{version}",
        name=f"{kind}_version",
        summary=f"One version of a {kind}.",
        responses=gives(KeptText) | _SEEN,
    )
    async def version(
        at: Viewer, request: Request, name: Name, version: Annotated[int, Path(ge=1, le=2**31 - 1)]
    ) -> Response:
        return await _shown(at, request, kind, name, version)

    return found


async def _shown(at: Visit, request: Request, kind: Kind, name: str, version: int | None) -> Response:
    """A version with its text: as JSON, or the text alone for whoever accepts nothing but TOML."""
    kept = await at.do(scenarios.get, kind, name, version)
    digest = kept.version.digest or ""
    if seen := known(request, digest):
        return seen
    if request.headers.get("accept", "").partition(";")[0].strip() in TEXTS:
        return Response(kept.text, headers=tag(digest), media_type=TOML)
    return said(kept, headers=tag(digest))


async def _sent(request: Request) -> str:
    """The text in the body of a request. Raises Refused where there is none."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in TEXTS:
        values = await values_of(request, *TEXTS)
        text = values.get("text")
        if not isinstance(text, str) or len(values) > 1:
            raise Refused("wrong", "text", "nothing" if text is None else "no text, or more", 'one member, "text"')
        return text
    try:
        return (await request.body()).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused("wrong", "body", f"byte {error.start} that is no text", "text in UTF-8") from None
