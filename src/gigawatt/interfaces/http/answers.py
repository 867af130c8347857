"""Answers of the server itself as JSON: views of what it keeps, tags by which a reader knows that nothing changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from gigawatt.interfaces.http.errors import JSON
from gigawatt.interfaces.server.asked import Refused
from gigawatt.study.answer import plain


def said(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A view, or an object of views, as one strict JSON object."""
    return Response(as_json(value), status, dict(headers or {}), JSON)


def as_json(value: Any) -> bytes:
    """Strict JSON of a view."""
    return json.dumps(plain(value), allow_nan=False, ensure_ascii=False).encode("utf-8", "replace")


def nothing() -> Response:
    """That it was done, and nothing more is to be said."""
    return Response(status_code=204)


def tag(digest: str) -> dict[str, str]:
    """The header by which what has this digest is known again; caches of others keep nothing."""
    return {"ETag": f'"{digest}"', "Cache-Control": "private, no-cache"}


def known(request: Request, digest: str) -> Response | None:
    """The answer to a reader who has what has this digest already; None for any other."""
    tags = [part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")]
    if f'"{digest}"' in tags or tags == ["*"]:
        return Response(status_code=304, headers=tag(digest))
    return None


def expected(request: Request) -> str | None:
    """The digest of what a writer read and means to replace: "" for what must be new, None where they do not say.

    Raises Refused for headers that say neither.
    """
    match, none = request.headers.get("if-match"), request.headers.get("if-none-match")
    if none is not None:
        if none.strip() != "*" or match is not None:
            raise Refused("wrong", "If-None-Match", f'"{none[:80]}"', "*, and no If-Match beside it")
        return ""
    if match is None or match.strip() == "*":
        return None
    found = match.strip()
    if len(found) < 3 or found[0] != '"' or found[-1] != '"' or '"' in found[1:-1]:
        raise Refused("wrong", "If-Match", f'"{found[:80]}"', "the ETag that was read, in its quotes")
    return found[1:-1]
