"""What a shell may complete: names that ship with Gigawatt, or stand in the user's own catalog."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def completion(key: str) -> Callable[[str], list[str]] | None:
    """A function from what is typed so far to the names that begin so, for keys that hold names."""
    known = _NAMES.get(key)
    if known is None:
        return None
    return lambda incomplete: [name for name in known() if name.startswith(incomplete)]


def _scenarios() -> list[str]:
    from gigawatt.scenario.load import allocation_presets, presets

    return [*presets(), *allocation_presets()]


def _strategies() -> list[str]:
    from gigawatt.scenario.strategy import shipped

    return [*shipped()]


def _of_catalog(kind: str) -> Callable[[], list[str]]:
    def ids() -> list[str]:
        from gigawatt.catalog import load

        return list(load.ids(kind))

    return ids


def _kinds() -> list[str]:
    from gigawatt.study.catalog.listing import KINDS

    return list(KINDS)


def _things() -> list[str]:
    from gigawatt.catalog import load

    return [id_ for kind in load.KINDS for id_ in load.ids(kind)]


def _claims() -> list[str]:
    from gigawatt.study.claims.statements import statements

    return list(statements().claims)


_NAMES: dict[str, Callable[[], Any]] = {
    "scenario": _scenarios,
    "strategies": _strategies,
    "model": _of_catalog("models"),
    "gpu": _of_catalog("accelerators"),
    "site": _of_catalog("sites"),
    "kind": _kinds,
    "thing": _things,
    "only": _claims,
}
