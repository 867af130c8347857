"""The ledger: what stands and what is due for it, plan against actual, who approves, and forms that record facts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gigawatt.errors import InputError
from gigawatt.interfaces.http.pages import ledger_forms as forms
from gigawatt.interfaces.http.pages.choosing import begin
from gigawatt.interfaces.http.pages.compare import PLANNED, PLANS_COUNT
from gigawatt.interfaces.http.pages.frame import Guest, Items, Person, faults, form, kept, latest, page, told
from gigawatt.interfaces.server import results, scenarios, uploads
from gigawatt.interfaces.server.asked import Refused, Unanswered
from gigawatt.interfaces.server.results import ResultView

# Facts that are listed at most, the last ones, and the address of the query that asks for all of them.
FACTS_COUNT = "50"
# What a form does, and the verb that does it; those that take long are jobs.
SHORT = {
    "init": "ledger init",
    "record": "ledger record",
    "approve": "ledger approve",
    "disburse": "ledger disburse",
}
LONG = {"import": "ledger import", "verify": "ledger verify"}
IMPORTED = ("file", "kind", "utc_offset", "site", "subject", "quantity", "unit", "corrects")
# Slugs of sections that speak of the plan, and not of the ledger alone.
AGAINST = "against-"

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerAsked:
    """What the query of the page asks."""

    as_of: str = ""
    """Take what was recorded by then."""
    at: str = ""
    """Take what had happened by then."""
    result: str = ""
    """Whose plan is held against it."""
    of: str = ""
    """Facts of this kind alone."""
    kind: str = "site"
    """The kind of fact that the form records."""

    @property
    def moment(self) -> dict[str, str]:
        """As of when, as the verbs of a ledger are asked."""
        return {name: text.strip() for name, text in (("as_of", self.as_of), ("at", self.at)) if text.strip()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of a form: what is told of it, or what is wrong with it."""

    form: str = ""
    """Which form it was; "" for none."""
    fields: Mapping[str, str]
    """What was filled in."""
    document: Mapping[str, Any] | None = None
    items: Items = ()


@router.get("/ledger")
async def ledger(
    reader: Person, as_of: str = "", at: str = "", result: str = "", of: str = "", kind: str = "site"
) -> Response:
    """The ledger as it stands, or as it was known on a day."""
    asked = LedgerAsked(as_of=as_of, at=at, result=result, of=of, kind=kind)
    return await _shown(reader, asked, Done(fields={}))


@router.post("/ledger")
async def change(request: Request, reader: Person) -> Response:
    """Do what a form of the page says: make a ledger, record, approve, say that it was paid, take in a file, prove."""
    fields = await form(request, reader)
    doing = fields.pop("do", "")
    asked = LedgerAsked(kind=fields.get("kind", "site") if doing == "record" else "site")
    if doing in LONG:
        values = {"head": fields.get("head", "").strip()} if doing == "verify" else _import(fields)
        found = await begin(reader, LONG[doing], {key: value for key, value in values.items() if value})
        if isinstance(found, Response):
            return found
        return await _shown(reader, asked, Done(form=doing, fields=fields, items=found))
    if doing not in SHORT:
        raise Refused("wrong", "do", f'"{doing[:80]}"', f"one of {', '.join((*SHORT, *LONG))}")
    _, document, items = await _tried(reader, SHORT[doing], _values(doing, fields))
    return await _shown(reader, asked, Done(form=doing, fields=fields, document=document, items=items))


def _import(fields: Mapping[str, str]) -> dict[str, Any]:
    return {**forms.given(fields, *IMPORTED), "dry_run": bool(fields.get("dry_run"))}


def _values(doing: str, fields: Mapping[str, str]) -> dict[str, Any]:
    if doing == "record":
        return forms.recorded(fields)
    return forms.given(fields, "scenario", "test_hours") if doing == "init" else forms.given(fields, "milestone")


async def _tried(
    reader: Guest, verb: str, values: Mapping[str, Any]
) -> tuple[dict[str, Any], Mapping[str, Any] | None, Items]:
    """The answer of a short verb as data and as a document; what is wrong with it, where something is."""
    try:
        reply, document = await told(reader, verb, values)
    except (InputError, Unanswered, Refused) as error:
        return {}, None, faults(error, reader)
    return json.loads(reply.body), document, ()


async def _shown(reader: Guest, asked: LedgerAsked, done: Done) -> Response:
    asked = asked if asked.kind in forms.KINDS else LedgerAsked(kind="site")
    data, status, wrong = await _tried(reader, "ledger status", asked.moment)
    given: dict[str, Any] = {"asked": asked, "done": done, "standing": status, "data": data, "wrong": wrong}
    if status is None:
        absent = any(item["path"] == "database" for item in wrong)
        given |= {"absent": absent, "presets": await reader.do(scenarios.known, "scenario")}
        given["plans"] = await _plans(reader)
        code = 200 if absent and not done.items else 422
        return page(reader, "ledger_empty.html.j2", here="ledger", status=code, **given)
    given |= await _standing(reader, asked, data)
    code = 422 if done.items else 200
    return page(reader, "ledger.html.j2", here="ledger", status=code, **given)


async def _standing(reader: Guest, asked: LedgerAsked, data: Mapping[str, Any]) -> dict[str, Any]:
    """All that the page shows of a ledger that is there."""
    plans = await _plans(reader)
    shown = asked.result or _of(plans, data)
    _, against, wrong = ({}, None, ()) if not shown else await _against(reader, asked, shown)
    listed = {"last": FACTS_COUNT, **({"kind": asked.of} if asked.of else {})}
    listed |= {key: text for key, text in asked.moment.items() if key == "as_of"}
    _, facts, unlisted = await _tried(reader, "ledger facts", listed)
    proof = await latest(reader, "ledger verify")
    terms = data["terms"] or {}
    return {
        "plans": plans,
        "shown": shown,
        "against": against,
        "against_items": wrong,
        "facts": facts,
        "facts_items": unlisted,
        "proof": proof,
        "proven": None if proof is None else await kept(reader, proof.id),
        "releases": forms.releases(data["milestones"], reader.caller, today=not asked.moment),
        "fact_kinds": forms.KINDS,
        "all_kinds": (*forms.KINDS, "terms", "readings", "approval", "disbursement"),
        "file_kinds": forms.FILE_KINDS,
        "fields": forms.facts_of(asked.kind),
        "field": forms.FIELD,
        "sent": await reader.do(uploads.listed),
        "presets": await reader.do(scenarios.known, "scenario"),
        "known": {"site": list(terms.get("pue_ratio", ())), "platform": list(terms.get("rack_it_w", ()))},
    }


async def _against(
    reader: Guest, asked: LedgerAsked, result: str
) -> tuple[dict[str, Any], Mapping[str, Any] | None, Items]:
    """Plan against actual; its sections have names of their own beside those of the ledger."""
    data, document, items = await _tried(reader, "track reconcile", {"result": result, **asked.moment})
    if document is not None:
        sections = [{**one, "slug": AGAINST + one["slug"]} for one in document["sections"] if one["slug"] != "ledger"]
        document = {**document, "sections": sections}
    return data, document, items


async def _plans(reader: Guest) -> list[ResultView]:
    found: list[ResultView] = await reader.do(results.listed, verbs=PLANNED, count=PLANS_COUNT)
    return found


def _of(plans: list[ResultView], data: Mapping[str, Any]) -> str:
    """The last plan of the ledger's very scenario, else of its name; "" for none."""
    named = [view for view in plans if view.scenario == data["scenario"] is not None]
    return next((view.id for view in named if view.hash == data["hash"]), named[0].id if named else "")
