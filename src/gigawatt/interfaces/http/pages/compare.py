"""Compare: strategies in the same futures, with regret and what breaks each, and any two results side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gigawatt.errors import InputError
from gigawatt.interfaces.http.pages import pressing
from gigawatt.interfaces.http.pages.choosing import begin, choice
from gigawatt.interfaces.http.pages.drawn import SHELF, drawn
from gigawatt.interfaces.http.pages.frame import Guest, Items, Person, faults, form, fragment, page, told
from gigawatt.interfaces.http.pages.pressing import Drawn
from gigawatt.interfaces.server import results, scenarios
from gigawatt.interfaces.server.asked import Refused, Unanswered
from gigawatt.interfaces.server.results import ResultView
from gigawatt.scenario.load import DEFAULT

# Verbs whose results have a plan, so that two of them can be set side by side.
PLANNED = ("run", "simulate", "track reforecast")
# Results of them among which a reader chooses.
PLANS_COUNT = 60
# Futures of a comparison that somebody begins here, unless they say otherwise.
FUTURES_COUNT = "20"
# What the name of a strategy's field in a form begins with.
STRATEGY = "strategy:"
SIDES = "compare_sides.html.j2"

router = APIRouter(include_in_schema=False)


@router.get("/compare")
async def compare(reader: Person, result: str = "", a: str = "", b: str = "") -> Response:
    """Two results where both are named; a comparison of strategies, of the last where none is named."""
    return await _shown(reader, result, a, b, {})


@router.post("/compare")
async def strategies(request: Request, reader: Person) -> Response:
    """Live through strategies in the same futures, as a job."""
    fields = await form(request, reader)
    asked = {"scenario": fields.get("scenario", ""), "futures": fields.get("futures", "").strip() or FUTURES_COUNT}
    chosen = [name.removeprefix(STRATEGY) for name in fields if name.startswith(STRATEGY)]
    found = await begin(reader, "compare", {**asked, "strategies": chosen})
    return found if isinstance(found, Response) else await _shown(reader, "", "", "", fields, found)


async def _shown(reader: Guest, result: str, a: str, b: str, fields: Mapping[str, str], items: Items = ()) -> Response:
    plans = await reader.do(results.listed, verbs=PLANNED, count=PLANS_COUNT)
    found = await choice(reader, result, "compare")
    body = sides = None
    wrong: Items = ()
    if a or b:
        sides, wrong = await _sides(reader, a, b)
    elif found.shown is not None:
        body = await drawn(reader, found.shown.id, "compare_strategies.html.j2", lambda _: {})
    known = {kind: await reader.do(scenarios.known, kind) for kind in ("scenario", "strategy")}
    given: dict[str, Any] = {"choice": found, "body": body, "sides": sides, "wrong": wrong, "items": items}
    given |= {"plans": plans, "a": a or _id(plans, 1), "b": b or _id(plans, 0), "asked": bool(a or b)}
    given |= {"known": known, "fields": {"scenario": DEFAULT, "futures": FUTURES_COUNT, **fields}}
    status = 422 if items or wrong else 200
    return page(reader, "compare.html.j2", here="compare", status=status, marker=STRATEGY, **given)


def _id(plans: list[ResultView], at: int) -> str:
    return plans[at].id if at < len(plans) else ""


async def _sides(reader: Guest, a: str, b: str) -> tuple[Drawn | None, Items]:
    """Two results side by side, drawn once; or what is wrong with what was asked."""
    key = (str(reader.room.settings.data), f"{a} {b}", SIDES, reader.language)
    try:
        for id_ in (a, b):
            await reader.do(results.get, id_)
        kept = SHELF.get(key)
        if kept is None:
            _, document = await told(reader, "difference", {"a": a, "b": b})
            kept = pressing.drawn(fragment(SIDES, reader.language, document=document))
            SHELF.put(key, kept)
    except (InputError, Refused, Unanswered) as error:
        return None, faults(error, reader)
    return kept, ()
