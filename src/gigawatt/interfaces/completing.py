"""What a shell may complete: choices, and names that ship with Gigawatt or stand in the user's own catalog."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module

from gigawatt.errors import InputError


def completion(verb: str, key: str, choices: Sequence[str]) -> Callable[[str], list[str]] | None:
    """A function from what is typed so far to the words that begin so; None for a field that may hold anything.

    choices: the words that the field may hold, where these are a few.
    """
    known = (lambda: choices) if choices else _OF_VERB.get((verb, key), _NAMES.get(key))
    if known is None:
        return None

    def completed(incomplete: str) -> list[str]:
        try:
            return [name for name in known() if name.startswith(incomplete)]
        except InputError:  # a broken file of the user's own catalog, of which the command itself tells
            return []

    return completed


def _of(module: str, *names: str) -> Callable[[], Sequence[str]]:
    """Words that functions of a module give, or that it has; it is loaded when they are wanted, and not before."""

    def words() -> Sequence[str]:
        found = [getattr(import_module(f"gigawatt.{module}"), name) for name in names]
        return [word for some in found for word in (some() if callable(some) else some)]

    return words


def _of_catalog(kind: str) -> Callable[[], Sequence[str]]:
    def ids() -> Sequence[str]:
        from gigawatt.catalog import load

        return load.ids(kind)

    return ids


def _engines(kind: str) -> Callable[[], Sequence[str]]:
    def engines() -> Sequence[str]:
        from gigawatt.catalog import load

        known = [entry.name for id_ in load.ids(kind) for entry in load.load(kind, id_).engines]
        return list(dict.fromkeys(known))

    return engines


def _things() -> Sequence[str]:
    from gigawatt.catalog import load

    return [id_ for kind in load.KINDS for id_ in load.ids(kind)]


def _schemas() -> Sequence[str]:
    from gigawatt.study.schema.record import FILES
    from gigawatt.study.verbs import VERBS

    return [*FILES, *(verb.function for verb in VERBS)]


# Keys of the questions that hold a name → the names there are.
_NAMES: dict[str, Callable[[], Sequence[str]]] = {
    "scenario": _of("scenario.load", "presets"),
    "strategies": _of("scenario.strategy", "shipped"),
    "model": _of_catalog("models"),
    "gpu": _of_catalog("accelerators"),
    "site": _of_catalog("sites"),
    "kind": _of("study.catalog.listing", "KINDS"),
    "thing": _things,
    "only": _of("study.claims.sets", "IDS"),
    "of": _schemas,
}
# The same where verbs differ.
_OF_VERB: dict[tuple[str, str], Callable[[], Sequence[str]]] = {
    ("claims", "of"): _of("study.claims.question", "NAMES"),
    ("allocate", "scenario"): _of("scenario.load", "presets", "allocation_presets"),
    ("predict inference", "engine"): _engines("inference_calibrations"),
    ("predict training", "engine"): _engines("training_calibrations"),
    ("predict gigawatt", "engine"): _engines("inference_calibrations"),
}
