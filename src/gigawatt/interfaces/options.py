"""From the record of a question to the options of a command, and back from their texts to its keys."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, fields
from keyword import iskeyword
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import typer

from gigawatt import units
from gigawatt.catalog.described import descriptions
from gigawatt.errors import Fault, ScenarioError
from gigawatt.interfaces.completing import completion
from gigawatt.report import reports
from gigawatt.report.document import LANGUAGES, Language
from gigawatt.study.verbs import Verb

# What stands for a value in help, by the unit of its field.
METAVARS = {
    "w": "POWER",
    "s": "TIME",
    "h": "TIME",
    "years": "TIME",
    "tokens": "TOKENS",
    "flop": "FLOP",
    "frac": "SHARE",
    "ratio": "X",
    "count": "N",
    "per_year": "RATE",
    "usd_per_wh": "PRICE",
    "usd_per_mtok": "USD",
    "usd_per_gpu_hour": "USD",
}
PATH_VALUE = "PATH=VALUE"
# What a folder of an answer is for.
TOLD_IN = "Language of what is told: English, or Indonesian; figures as it writes them."
KEPT = "Write a page, a workbook, tables and charts there."


def command(verb: Verb, ended: Callable[[Verb, dict[str, Any]], None]) -> Callable[..., None]:
    """A function with an option for every field of a verb's question, which hands over what was given."""

    parameters = [*_of_question(verb), *_of_job(verb)]
    defaults = {one.name: one.default.default for one in parameters}

    def asked(**given: Any) -> None:
        # What stands at its default is not asked for: the record knows it to the last digit.
        asked_for = {key: value for key, value in given.items() if value not in (None, [], False, defaults[key])}
        ended(verb, {key.rstrip("_"): value for key, value in asked_for.items()})

    asked.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    asked.__annotations__ = {one.name: one.annotation for one in parameters}
    asked.__doc__ = verb.title
    return asked


def key_of(name: str) -> str:
    """The key of a field, as it stands in a file and on a command line."""
    return units.split(name)[0]


def tongue(given: str | None) -> Language:
    """The language of that code; English where none is given. Raises ScenarioError for one that is not spoken."""
    found = next((one for one in LANGUAGES if one == (given or LANGUAGES[0])), None)
    if found is None:
        known = " or ".join(f'"{one}"' for one in LANGUAGES)
        raise ScenarioError([Fault(path="--lang", given=str(given), expected=known)])
    return found


def _of_question(verb: Verb) -> Iterator[inspect.Parameter]:
    record: type[Any] = verb.question()
    hints, words = get_type_hints(record), descriptions(record)  # type: ignore[arg-type]
    for entry in sorted(fields(record), key=lambda entry: key_of(entry.name) not in verb.positional):
        key = key_of(entry.name)
        many = get_origin(hints[entry.name]) in (tuple, Mapping) or hints[entry.name] is dict
        default = _default(entry)
        metavar = "" if hints[entry.name] is bool else _metavar(key, entry, hints[entry.name], verb)
        # What is asked for by its place, typer marks itself.
        must = " [required]" if _required(entry) and key not in verb.positional else ""
        style: dict[str, Any] = {
            "help": _unmarked(words.get(entry.name, "") + must),
            "show_default": bool(default),
            "metavar": metavar,
            "autocompletion": completion(verb.name, key, _choices(hints[entry.name])),
        }
        if key in verb.positional:
            # One that has to be there is asked for by its place; options are, all at once, where the question is read.
            info: Any = typer.Argument(... if _required(entry) else default, **style)
        else:
            info = typer.Option(False if hints[entry.name] is bool else default, _option(key), **style)
        kind: Any = bool if hints[entry.name] is bool else list[str] | None if many else str | None
        name = f"{key}_" if iskeyword(key) else key
        yield inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=info, annotation=kind)


def _of_job(verb: Verb) -> Iterator[inspect.Parameter]:
    """Options that are none of the question: where the answer goes, and who works on it."""
    if verb.folder or reports.kept(verb):
        kept = " [default: gigawatt-runs/SCENARIO-HASH]" if verb.always_kept else ""
        yield _path("out", "DIR", (verb.folder or KEPT) + kept)
    if verb.name in reports.TABLES:
        yield _path("predictions", "OUT.csv", "Write every row with its prediction.")
    if verb.spreads:
        info = typer.Option(None, "--scheduler", metavar="ADDRESS", help='A Dask cluster, as "tcp://10.0.0.5:8786".')
        yield inspect.Parameter("scheduler", inspect.Parameter.KEYWORD_ONLY, default=info, annotation=str | None)
    if reports.told(verb):
        info = typer.Option(LANGUAGES[0], "--lang", metavar="|".join(LANGUAGES), show_default=False, help=TOLD_IN)
        yield inspect.Parameter("lang", inspect.Parameter.KEYWORD_ONLY, default=info, annotation=str)
    info = typer.Option(False, "--json", metavar="", help="Print one JSON object on standard output.")
    yield inspect.Parameter("json", inspect.Parameter.KEYWORD_ONLY, default=info, annotation=bool)


def _path(name: str, metavar: str, words: str) -> inspect.Parameter:
    info = typer.Option(None, f"--{name}", metavar=metavar, help=_unmarked(words))
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=info, annotation=Path | None)


def _option(key: str) -> str:
    return f"--{key.replace('_', '-')}"


def _unmarked(text: str) -> str:
    """Text whose brackets are no markup of the help that it stands in."""
    if "[" not in text:
        return text
    from rich.markup import escape

    return escape(text)


def _required(entry: Field[Any]) -> bool:
    return entry.default is MISSING and entry.default_factory is MISSING


def _choices(hint: Any) -> tuple[str, ...]:
    """What a field may be, where that is one of a few words."""
    words = next((get_args(arg) for arg in (hint, *get_args(hint)) if get_origin(arg) is Literal), ())
    return tuple(map(str, words))


def _metavar(key: str, entry: Field[Any], hint: Any, verb: Verb) -> str:
    if key == "set":
        return PATH_VALUE
    if key in verb.positional:
        return key.upper()
    if choices := _choices(hint):
        return "|".join(choices)
    return METAVARS.get(units.split(entry.name)[1] or key, "N" if int in (hint, *get_args(hint)) else "TEXT")


def _default(entry: Field[Any]) -> str | None:
    """A default as somebody would type it; None where there is none, or it is that nothing is asked for."""
    if entry.default in (MISSING, None, "", False, ()):
        return None
    suffix = units.split(entry.name)[1]
    return units.show(entry.default, suffix) if suffix else str(entry.default)


def spelled(fault: Fault, verb: Verb) -> Fault:
    """A fault of the question as a command line spells its fields: `--capacity`, or SCENARIO where it has a place."""
    if not fault.asked:
        return fault
    key, dot, rest = fault.path.partition(".")
    name = key.upper() if key in verb.positional else _option(key)
    return Fault(path=f"{name}{dot}{rest}", given=fault.given, expected=fault.expected)
