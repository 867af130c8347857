"""The catalog and the ledger by their addresses: short verbs that change nothing, asked by GET."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from gigawatt.catalog import load
from gigawatt.errors import MOST_NAME, CatalogError
from gigawatt.interfaces.http import errors
from gigawatt.interfaces.http.desk import Viewer
from gigawatt.interfaces.http.openapi import answers
from gigawatt.interfaces.server.asked import Json, Refused

AsOf = Annotated[str | None, Query(max_length=40, description="As it was known by the end of that day.")]
HappenedBy = Annotated[
    str | None, Query(alias="at", max_length=40, description="What had happened by the end of that day.")
]
ANSWERED: dict[int | str, dict[str, Any]] = {200: answers()}
router = APIRouter(tags=["catalog", "ledger"])


@router.get("/catalog", responses=ANSWERED)
async def catalog(at: Viewer) -> Response:
    """What the catalog knows, and the scenarios and strategies that ship."""
    return errors.answered(await at.verb("catalog list", {}))


@router.get("/catalog/{kind}", responses=ANSWERED)
async def catalog_kind(at: Viewer, kind: str) -> Response:
    """What the catalog knows of a kind."""
    return errors.answered(await at.verb("catalog list", {"kind": kind}))


@router.get("/catalog/{kind}/{name}", responses=ANSWERED)
async def catalog_thing(at: Viewer, kind: str, name: str) -> Response:
    """One thing: every number with unit, range, grade and source."""
    return errors.answered(await at.verb("catalog show", {"thing": await at.desk.do(_thing, kind, name)}))


@router.get("/ledger/status", responses=ANSWERED)
async def ledger(at: Viewer, as_of: AsOf = None, happened_by: HappenedBy = None) -> Response:
    """What stands, which milestone is met, which tranche is due."""
    return errors.answered(await at.verb("ledger status", _given(as_of=as_of, at=happened_by)))


@router.get("/ledger/facts", responses=ANSWERED)
async def facts(
    at: Viewer,
    kind: Annotated[str | None, Query(max_length=40, description="Of this kind alone.")] = None,
    site: Annotated[str | None, Query(max_length=80, description="Of this site alone.")] = None,
    last: Annotated[int | None, Query(ge=1, le=10_000, description="How many at most, the last ones.")] = None,
    as_of: AsOf = None,
) -> Response:
    """Facts, with the numbers by which they are corrected."""
    return errors.answered(await at.verb("ledger facts", _given(kind=kind, site=site, last=last, as_of=as_of)))


def _given(**values: Json) -> dict[str, Json]:
    return {key: value for key, value in values.items() if value is not None}


def _thing(kind: str, name: str) -> str:
    """The id of a thing of a kind. Raises Refused where there is none."""
    try:
        if kind not in load.KINDS:  # which is no folder to look into
            raise KeyError(kind)
        found: str = load.get(kind, name).id
    except (CatalogError, KeyError):
        given = f'"{name[:MOST_NAME]}"'
        raise Refused(
            "absent", kind[:MOST_NAME], given, f"a name in the catalog, below one of {', '.join(load.KINDS)}"
        ) from None
    return found
