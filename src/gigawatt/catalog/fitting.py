"""Records from plain data that fits their types as it stands, which nearly all data does.

pydantic checks the same and more, and says what is wrong; to load it and to prepare it for every record takes longer
than all else that loading a scenario does. So what fits is made here, and it is asked about the rest only.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints


@cache
def annotations_of(cls: Any) -> dict[str, Any]:
    """The types of a record's fields by their names, with what is annotated beside them."""
    return get_type_hints(cls, include_extras=True)


@cache
def hints_of(cls: Any) -> dict[str, Any]:
    """The types of a record's fields by their names, without what is annotated beside them."""
    return {name: hint.__origin__ if _is_annotated(hint) else hint for name, hint in annotations_of(cls).items()}


def plain_of(value: Any, *, evidence: bool = True) -> Any:
    """Records as tables and tables of tables, as `dataclasses.asdict` has them, with or without their evidence.

    What is neither is the same object, and no copy, which takes a third of the time.
    """
    if is_dataclass(value):
        kind: Any = type(value)
        names = _names_of(kind)
        kept = names if evidence else [name for name in names if name != "evidence"]
        return {name: plain_of(getattr(value, name), evidence=evidence) for name in kept}
    if isinstance(value, Mapping):
        return {key: plain_of(item, evidence=evidence) for key, item in value.items()}
    return tuple(plain_of(item, evidence=evidence) for item in value) if isinstance(value, tuple) else value


@cache
def _names_of(cls: Any) -> tuple[str, ...]:
    return tuple(entry.name for entry in fields(cls))


def _is_annotated(hint: Any) -> bool:
    return get_origin(hint) is Annotated


@cache
def maker(hint: Any) -> Callable[[Any], Any]:
    """What makes a value of a type from plain data, as `dataclasses.asdict` gives it.

    A whole number is taken for a float, as pydantic takes it. What is made raises TypeError, ValueError, KeyError or
    OverflowError where the data does not fit, or the type is none that records are made of.
    """
    origin, args = get_origin(hint), get_args(hint)
    if is_dataclass(hint):
        return _record(hint)  # type: ignore[arg-type]
    if origin in (Union, types.UnionType):
        if {int, float} <= set(args):
            raise ValueError("of two kinds of number pydantic knows the better")
        return _choice([maker(arg) for arg in sorted(args, key=lambda arg: arg is not type(None))])
    if origin is tuple:
        return _rows(args)
    if origin in (dict, Mapping):
        make_key, make_item = maker(args[0]), maker(args[1])
        return lambda value: {make_key(key): make_item(item) for key, item in _of(Mapping, value).items()}
    if origin is Literal:
        return lambda value: args[args.index(_of(type(args[0]), value))]
    return _float if hint is float else lambda value: _exactly(hint, value)


def _record(cls: type) -> Callable[[Any], Any]:
    def make(value: Any) -> Any:
        if type(value) is cls:
            return value
        hints = hints_of(cls)
        return cls(**{name: maker(hints[name])(item) for name, item in _of(Mapping, value).items()})

    return make


def _choice(makers: Sequence[Callable[[Any], Any]]) -> Callable[[Any], Any]:
    """What makes a value of the first type that it fits."""

    def make(value: Any) -> Any:
        for one in makers:
            with suppress(TypeError, ValueError, KeyError, OverflowError):
                return one(value)
        raise TypeError

    return make


def _rows(args: tuple[Any, ...]) -> Callable[[Any], Any]:
    if args[-1] is Ellipsis:
        make = maker(args[0])
        return lambda value: tuple(make(item) for item in _of(tuple | list, value))
    makers = [maker(arg) for arg in args]
    return lambda value: tuple(make(item) for make, item in zip(makers, _of(tuple | list, value), strict=True))


def _of(kind: Any, value: Any) -> Any:
    if not isinstance(value, kind):
        raise TypeError
    return value


def _exactly(kind: Any, value: Any) -> Any:
    """A value whose type is this and no other: True is no whole number."""
    if type(value) is not kind:
        raise TypeError
    return value


def _float(value: Any) -> float:
    return float(value) if type(value) is int else _exactly(float, value)
