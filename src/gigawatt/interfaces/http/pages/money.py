"""Money: what a plan earns and costs, how its capital arrives, and what that hangs on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gigawatt.interfaces.http.pages.choosing import begin, beside, choice
from gigawatt.interfaces.http.pages.drawn import drawn
from gigawatt.interfaces.http.pages.frame import Guest, Items, Person, chosen, form, only, page

# Figures of a plan that are money, by their names in its headline.
TILES = (
    "capex_usd",
    "capex_usd_per_w_facility",
    "tranche_released_usd",
    "peak_debt_usd",
    "npv_usd",
    "irr_frac",
    "revenue_usd_per_gw_year",
    "installed_facility_w",
)
# Futures of a sweep that somebody begins here, unless they say otherwise.
DRAWS_COUNT = 100
SWEPT = ("outcomes", "hangs-on", "quarters")

router = APIRouter(include_in_schema=False)


@router.get("/money")
async def money(reader: Person, result: str = "") -> Response:
    """The money of a result; of the last plan where none is named."""
    return await _shown(reader, result)


@router.post("/money")
async def sweep(request: Request, reader: Person) -> Response:
    """Live through the plan of a result in many futures, as a job."""
    fields = await form(request, reader)
    result, draws = fields.get("result", ""), fields.get("draws", "").strip() or str(DRAWS_COUNT)
    found = await begin(reader, "sweep", {"scenario": result, "draws": draws})
    return found if isinstance(found, Response) else await _shown(reader, result, draws, found)


async def _shown(reader: Guest, result: str, draws: str = str(DRAWS_COUNT), items: Items = ()) -> Response:
    found = await choice(reader, result, "run")
    body = futures = swept = None
    if found.shown is not None:
        body = await drawn(reader, found.shown.id, "money_plan.html.j2", books)
        swept = await beside(reader, found.shown, "sweep")
    if swept is not None:
        futures = await drawn(reader, swept.id, "money_futures.html.j2", hangs)
    given = {"choice": found, "body": body, "swept": swept, "futures": futures, "draws": draws, "items": items}
    return page(reader, "money.html.j2", here="money", status=422 if items else 200, **given)


def books(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The money of a plan: its first figures, its statements and contracts, and how capital arrives."""
    tiles = {tile.get("name"): tile for tile in document["tiles"]}
    capital = [only(section, "tranches", "capital") for section in chosen(document, "capital")]
    sections = [*chosen(document, "money", "contracts"), *capital] or document["sections"]
    return {"tiles": [tiles[name] for name in TILES if name in tiles], "sections": sections}


def hangs(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the value of a plan hangs on: its outcomes, a tornado, and its course in all futures."""
    return {"tiles": document["tiles"], "sections": chosen(document, *SWEPT)}
