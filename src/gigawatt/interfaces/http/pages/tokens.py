"""Tokens: what accelerators serve, several side by side, and in a second part what a training run takes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gigawatt.catalog.records import Precision
from gigawatt.errors import InputError
from gigawatt.interfaces.http.pages.frame import Guest, Items, Person, bare, faults, page, told
from gigawatt.interfaces.server.asked import Json, Refused, Unanswered
from gigawatt.study.predict.question import Trained

WRONG = 422
Wrong = (Refused, InputError, Unanswered)
Pairs = Sequence[tuple[str, str]]

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of the page: its verb; by which name in the query it is; what it begins with; units of bare numbers."""

    name: str
    verb: str
    begins: Mapping[str, str]
    units: Mapping[str, str]
    precisions: tuple[str, ...]


SERVING = Part(
    name="serving",
    verb="predict inference",
    begins={"model": "deepseek-r1", "input": "1000", "output": "1000", "precision": "fp8", "tpot": "50"},
    units={"tpot": "ms", "ttft": "ms", "power": "MW"},
    precisions=get_args(Precision),
)
TRAINING = Part(
    name="training",
    verb="predict training",
    begins={"model": "llama-3.1-405b", "gpus": "16384", "tokens": "15T", "precision": "bf16"},
    units={},
    precisions=get_args(Trained),
)
PARTS = {part.name: part for part in (SERVING, TRAINING)}
# Accelerators with which a part begins.
GPUS = {"serving": ["gb300-nvl72", "b200", "h200"], "training": ["h100"]}
# Fields of a question that a part has, besides accelerators.
FIELDS = {
    "serving": ("model", "input", "output", "precision", "tpot", "ttft", "engine", "usd_per_gpu_hour", "power"),
    "training": ("model", "gpus", "tokens", "precision", "sequence", "batch", "engine", "usd_per_gpu_hour"),
}


@router.get("/tokens")
async def tokens(request: Request, reader: Person) -> Response:
    """What is asked of one part, and its answer; the answer alone where only that is asked for (`part`)."""
    query = request.query_params
    part = PARTS.get(query.get("of", ""), SERVING)
    asked = {name: query.get(name, part.begins.get(name, "")) for name in FIELDS[part.name]}
    gpus = [name for name in query.getlist("gpu") if name] or GPUS[part.name]
    document: Mapping[str, Any] = {}
    items: Items = ()
    try:
        _, document = await told(reader, part.verb, _values(part, asked, gpus))
    except Wrong as error:
        items = faults(error, reader)
    status = WRONG if items else 200
    if "part" in query:
        template = "wrong.html.j2" if items else "tokens_part.html.j2"
        return bare(template, reader.language, status, document=document, items=items)
    known = await _known(reader, gpus)
    precisions = [(name, name) for name in part.precisions]
    given = {"precisions": precisions, "asked": asked, "gpus": gpus, "document": document, "items": items, "part": part}
    return page(reader, "tokens.html.j2", here="tokens", status=status, wrong=_by_field(items), **known, **given)


def _values(part: Part, asked: Mapping[str, str], gpus: Sequence[str]) -> dict[str, Json]:
    """The question that a query asks; bare numbers have the unit that their field shows."""
    units = part.units
    found: dict[str, Json] = {
        name: f"{text} {units[name]}" if name in units else text for name, text in asked.items() if text
    }
    found["gpu"] = gpus[0]
    if part is SERVING:
        found |= {"pareto": True, "beside": list(gpus[1:])}
    return found


def _by_field(items: Items) -> dict[str, Items]:
    """Faults by the field that they are of."""
    fields = {"beside": "gpu"}
    found: dict[str, list[Mapping[str, str]]] = {}
    for item in items:
        found.setdefault(fields.get(item["path"], item["path"]), []).append(item)
    return {name: tuple(some) for name, some in found.items()}


async def _known(reader: Guest, gpus: Sequence[str]) -> dict[str, Pairs]:
    """Names of models and accelerators by id: those that are chosen in their order, then all others by name."""
    reply, _ = await told(reader, "catalog list", {})
    listed = json.loads(reply.body)["catalog"]
    found = {kind: [(one["id"], one["name"]) for one in listed[kind]] for kind in ("models", "accelerators")}
    place = {id_: n for n, id_ in enumerate(gpus)}

    def order(pair: tuple[str, str]) -> tuple[int, str]:
        return place.get(pair[0], len(gpus)), pair[1].lower()

    return {kind: sorted(pairs, key=order) for kind, pairs in found.items()}
