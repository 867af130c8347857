"""JSON Schema of what the server says of itself: records whose fields are told as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from importlib import import_module
from types import NoneType, UnionType
from typing import Any, ForwardRef, Literal, Union, get_args, get_origin, get_type_hints

from gigawatt.catalog.described import descriptions

# In the description of a route's answer: the record that it tells, "module:Class".
VIEW = "x-view"
COMPONENTS = "#/components/schemas/"
_PLAIN: Mapping[Any, str] = {str: "string", bool: "boolean", int: "integer", float: "number", NoneType: "null"}


def gives(cls: type[Any], status: int = 200) -> dict[int | str, dict[str, Any]]:
    """How the answer of a route is described that tells a record."""
    return {status: {"description": about(cls), VIEW: f"{cls.__module__}:{cls.__qualname__}"}}


def about(cls: type[Any]) -> str:
    """What a record is, in the words of its docstring."""
    return " ".join((cls.__doc__ or "").split())


def viewed(reference: str) -> type[Any]:
    """The record that a route tells."""
    module, _, name = reference.partition(":")
    return getattr(import_module(module), name)


def view_schema(cls: type[Any], made: dict[str, Any]) -> dict[str, Any]:
    """A reference to the schema of a record, which is made, and those of all records below it, by their names."""
    if cls.__name__ not in made:
        made[cls.__name__] = {}  # it is on its way
        hints, said = get_type_hints(cls), descriptions(cls)  # type: ignore[arg-type]
        properties = {
            entry.name: _described(_value(hints[entry.name], made), said.get(entry.name)) for entry in fields(cls)
        }
        made[cls.__name__] = {
            "description": about(cls),
            "type": "object",
            "properties": properties,
            "required": list(properties),
        }
    return {"$ref": f"{COMPONENTS}{cls.__name__}"}


def _described(schema: dict[str, Any], words: str | None) -> dict[str, Any]:
    return {"description": words, **schema} if words else schema


def _value(hint: Any, made: dict[str, Any]) -> dict[str, Any]:
    """The schema of a value by its type."""
    origin, given = get_origin(hint), get_args(hint)
    if hint is Any or isinstance(hint, ForwardRef):  # anything that JSON can hold
        return {}
    if isinstance(hint, type) and is_dataclass(hint):
        return view_schema(hint, made)
    if origin is Literal:
        return {"enum": list(given)}
    if origin in (Union, UnionType):
        return {"anyOf": [_value(one, made) for one in given]}
    if origin in (tuple, list, Sequence):
        return {"type": "array", "items": _value(given[0], made)}
    if origin in (dict, Mapping):
        return {"type": "object", "additionalProperties": _value(given[1], made)}
    return {"type": _PLAIN[hint]}
