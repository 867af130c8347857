"""The ledger: what stands and what is due for it, plan against actual, who approves, and forms that record facts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

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

# Facts that are listed at most, the last ones.
FACTS_COUNT = "30"
# What a form does, and the verb that does it; those that take long are jobs.
SHORT = {
    "init": "ledger init",
    "record": "ledger record",
    "approve": "ledger approve",
    "disburse": "ledger disburse",
}
LONG = {"import": "ledger import", "verify": "ledger verify"}
IMPORTED = ("file", "kind", "utc_offset", "site", "subject", "quantity", "unit", "corrects")
# The views of the page, and what each is called; the one that a form of each kind is shown in, where it is another
# than the first.
VIEWS = {"stands": "What stands", "against": "Plan against actual", "facts": "Facts and proof", "record": "Record"}
OF_FORMS = {"verify": "facts", "record": "record", "import": "record"}

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerAsked:
    """What the query of the page asks."""

    view: str = "stands"
    """Which of the views."""
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
    reader: Person,
    view: str = "stands",
    as_of: str = "",
    at: str = "",
    result: str = "",
    of: str = "",
    kind: str = "site",
) -> Response:
    """The ledger as it stands, or as it was known on a day."""
    asked = LedgerAsked(
        view=view if view in VIEWS else "stands",
        as_of=as_of,
        at=at,
        result=result,
        of=of,
        kind=kind if kind in forms.KINDS else "site",
    )
    return await _shown(reader, asked, Done(fields={}))


@router.post("/ledger")
async def change(request: Request, reader: Person) -> Response:
    """Do what a form of the page says: make a ledger, record, approve, say that it was paid, take in a file, prove."""
    fields = await form(request, reader)
    doing = fields.pop("do", "")
    kind = fields.get("kind") if doing == "record" else None
    asked = LedgerAsked(view=OF_FORMS.get(doing, "stands"), kind=kind if kind in forms.KINDS else "site")
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
    data, status, wrong = await _tried(reader, "ledger status", asked.moment)
    given: dict[str, Any] = {
        "views": VIEWS,
        "asked": asked,
        "done": done,
        "standing": status,
        "data": data,
        "wrong": wrong,
    }
    if status is None:
        absent = any(item["path"] == "database" for item in wrong)
        given |= {"absent": absent, "presets": await reader.do(scenarios.known, "scenario")}
        given["plans"] = await _plans(reader)
        code = 200 if absent and not done.items else 422
        return page(reader, "ledger_empty.html.j2", here="ledger", status=code, **given)
    given |= await _VIEWED[asked.view](reader, asked, data)
    return page(reader, f"ledger_{asked.view}.html.j2", here="ledger", status=422 if done.items else 200, **given)


async def _stands(reader: Guest, asked: LedgerAsked, data: Mapping[str, Any]) -> dict[str, Any]:
    """What the first view shows besides what stands: who has to say what, or the terms that are missing."""
    found = {"releases": forms.releases(data["milestones"], reader.caller, today=not asked.moment)}
    if data["terms"]:
        return found
    return {**found, "plans": await _plans(reader), "presets": await reader.do(scenarios.known, "scenario")}


async def _against(reader: Guest, asked: LedgerAsked, data: Mapping[str, Any]) -> dict[str, Any]:
    """Plan against actual, of the plan that is asked for, or the last of the ledger's programme."""
    plans = await _plans(reader)
    shown = asked.result or _of(plans, data)
    document, items = None, cast("Items", ())
    if shown:
        _, document, items = await _tried(reader, "track reconcile", {"result": shown, **asked.moment})
    return {"plans": plans, "shown": shown, "against": document, "items": items}


async def _facts(reader: Guest, asked: LedgerAsked, data: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of a kind, and when they were proven."""
    del data
    listed = {"last": FACTS_COUNT, **({"kind": asked.of} if asked.of else {})}
    listed |= {key: text for key, text in asked.moment.items() if key == "as_of"}
    _, facts, items = await _tried(reader, "ledger facts", listed)
    proof = await latest(reader, "ledger verify")
    proven = None if proof is None else await kept(reader, proof.id)
    return {"facts": facts, "items": items, "proof": proof, "proven": proven, "kinds": forms.EVERY_KIND}


async def _record(reader: Guest, asked: LedgerAsked, data: Mapping[str, Any]) -> dict[str, Any]:
    """What the forms need: the fields of the kind of fact, and names that are known."""
    terms = data["terms"] or {}
    known = {"site": list(terms.get("pue_ratio", ())), "platform": list(terms.get("rack_it_w", ()))}
    sent = await reader.do(uploads.listed)
    found = {"kinds": forms.KINDS, "file_kinds": forms.FILE_KINDS, "fields": forms.facts_of(asked.kind)}
    return {**found, "field": forms.FIELD, "sent": sent, "known": known}


_VIEWED = {"stands": _stands, "against": _against, "facts": _facts, "record": _record}


async def _plans(reader: Guest) -> list[ResultView]:
    found: list[ResultView] = await reader.do(results.listed, verbs=PLANNED, count=PLANS_COUNT)
    return found


def _of(plans: list[ResultView], data: Mapping[str, Any]) -> str:
    """The last plan of the ledger's very scenario, else of its name; "" for none."""
    named = [view for view in plans if view.scenario == data["scenario"] is not None]
    return next((view.id for view in named if view.hash == data["hash"]), named[0].id if named else "")
