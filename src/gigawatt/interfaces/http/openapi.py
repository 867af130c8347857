"""The description of the whole door in OpenAPI 3.1: what FastAPI knows of the routes, and the questions of the verbs.

A question's schema is the one that `schema` prints and the reader reads by; here it stands under its class, and its
quantities beside it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from gigawatt import __version__
from gigawatt.interfaces.http.errors import JSON
from gigawatt.interfaces.http.examples import values
from gigawatt.interfaces.http.views import COMPONENTS, VIEW, view_schema, viewed
from gigawatt.study.schema.record import keys, schema_of
from gigawatt.study.verbs import VERBS

VERSION = "3.1.0"
TITLE = "Gigawatt"
ABOUT = (
    "Plan, simulate and account for multi-gigawatt AI factories. Each verb is asked at `/api/verbs/…` with its "
    "question by key, as in a file: quantities are text with a unit. A short verb is answered at once; a long one "
    "becomes a job."
)
_REFUSED = "Refused"
# What may be refused anywhere, in words.
_WHY = {
    401: "Nobody knows who asks: no token or session, or one that is not known, or no longer.",
    403: "Whoever asks may not.",
    404: "There is none of that name.",
    409: "It is not as it was when it was read, or it cannot be done as things are.",
    413: "What was sent is too long.",
    422: "What was sent makes no sense, or no plan meets every limit: each fault with its path.",
    429: "Whoever asks has asked as much as one may.",
    503: "Too many ask, or the machine cannot: another try in a moment.",
}
_ERROR = {
    "type": "object",
    "description": "What was refused, and why.",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["kind", "items"],
            "properties": {
                "kind": {"type": "string", "description": "Of which kind it is."},
                "items": {
                    "type": "array",
                    "description": "One for each fault {path, given, expected}; of what has no plan, for each limit.",
                    "items": {"type": "object"},
                },
            },
        }
    },
}
_ANSWER = {
    "type": "object",
    "description": "What the verb answers: what the same command prints as JSON.",
    "properties": {
        "gigawatt": {"type": "string", "description": "Version that answered."},
        "scenario": {"type": ["string", "null"], "description": "Scenario that it is about."},
        "hash": {"type": ["string", "null"], "description": "Hash of that scenario."},
        "notes": {"type": "array", "items": {"type": "object"}, "description": "What a reader has to know."},
    },
}


def document(app: FastAPI, asked: Mapping[str, type[Any]]) -> dict[str, Any]:
    """The description of an application's routes. asked: the records that operations beside the verbs are asked by."""
    made = get_openapi(title=TITLE, version=__version__, openapi_version=VERSION, description=ABOUT, routes=app.routes)
    schemas: dict[str, Any] = made.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas |= {_REFUSED: _ERROR, "Answer": _ANSWER}
    questions = {verb.function: verb.question() for verb in VERBS} | dict(asked)
    for cls in {cls.__name__: cls for cls in questions.values()}.values():
        schemas |= _question(cls)
    operations = {one["operationId"]: one for path in made["paths"].values() for one in path.values()}
    for name, operation in operations.items():
        for told in operation["responses"].values():
            if VIEW in told:
                told["content"] = {JSON: {"schema": view_schema(viewed(told.pop(VIEW)), schemas)}}
        if operation.get("security") or name in questions:
            operation["responses"] |= {str(status): _refusal(status) for status in _WHY}
    for name, cls in questions.items():
        operations[name]["requestBody"] = _body(cls)
    for verb in VERBS:
        operations[verb.function]["requestBody"]["content"][JSON]["example"] = values(verb)
        operations[f"{verb.function}_estimate"]["requestBody"] = operations[verb.function]["requestBody"]
    return made


def _refusal(status: int) -> dict[str, Any]:
    return {"description": _WHY[status], "content": {JSON: {"schema": {"$ref": f"{COMPONENTS}{_REFUSED}"}}}}


def _question(cls: type[Any]) -> dict[str, Any]:
    """The schemas of a question and of its quantities, by name."""
    text = json.dumps(schema_of(cls)).replace("#/$defs/", f"{COMPONENTS}quantity_")
    schema = json.loads(text)
    del schema["$schema"]
    quantities = {f"quantity_{name}": made for name, made in schema.pop("$defs").items()}
    return {cls.__name__: schema, **quantities}


def _body(cls: type[Any]) -> dict[str, Any]:
    """What an operation is asked by: a question, which may be left out where none of it is required."""
    content = {"schema": {"$ref": f"{COMPONENTS}{cls.__name__}"}}
    return {"required": any(key.required for key in keys(cls)), "content": {JSON: content}}


def answers() -> dict[str, Any]:
    """How a verb's answer is described."""
    return {"description": "The answer.", "content": {JSON: {"schema": {"$ref": COMPONENTS + "Answer"}}}}
