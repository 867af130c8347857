"""The command line: a loop over the table of verbs. It parses, asks, and prints or reports; no arithmetic here."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from gigawatt import __version__
from gigawatt.errors import Fault, ScenarioError
from gigawatt.interfaces import output
from gigawatt.interfaces.console import door, fall_short, progress, say, usage_fault
from gigawatt.interfaces.failing import BAD_INPUT, INTERRUPTED
from gigawatt.study.job import Cancelled
from gigawatt.study.verbs import GROUPS, VERBS, Verb
from gigawatt.units import is_quantity

NOUNS = {
    "ledger": "What really happened, in a book that is only appended to; what is due for it.",
    "track": "A plan against what really happened, and the plan of what is left.",
    "predict": "What a GPU serves and trains, what a gigawatt of it earns; power on site until the grid comes.",
    "validate": "Hold the models against measurements; the error is shown.",
    "export": "A saved plan as the quotas of a scheduler, or its books as rows of cost.",
    "catalog": "What is known: accelerators, models, sites, each number with its source.",
}
# Doors, which are commands and no verbs: the function, or the group, of each is loaded where it is named.
DOORS = {
    "serve": ("http.serving:serve", "Serve a team and its assistants over HTTP, with durable jobs."),
    "mcp": ("mcp.command:command", "Serve the assistant of this machine's user: the verbs as tools, over stdio."),
    "users": ("users:GROUP", "Who may ask a server, and for what: people, their roles, their tokens."),
}
SERVING = "Serve: for a team and its assistants"
# As it is typed, whatever way it was started; shells ask for completions by that name.
PROGRAM = "gigawatt"
RUNS = Path("gigawatt-runs")
# Where shells leave the words of a command that is to be completed.
COMPLETED = ("_TYPER_COMPLETE_ARGS", "COMP_WORDS")
# New objects after which those that hold each other are looked for.
CIRCLES_COUNT = 300_000
# The parent of all mistakes in a command; typer shows only its children to the public.
USAGE_ERROR: Any = typer.BadParameter.__bases__[0]


def application(verbs: Sequence[Verb], opened: Sequence[str] = ()) -> typer.Typer:
    """The command line, with the options of these verbs, and of these doors; of the others it knows name and title,
    which cost nothing.
    """
    app = typer.Typer(
        name=PROGRAM,
        cls=InOrder,
        no_args_is_help=True,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    nouns = {noun: typer.Typer(help=words, no_args_is_help=True) for noun, words in NOUNS.items()}
    for noun, group in nouns.items():
        panel = next(GROUPS[verb.group] for verb in VERBS if verb.name.startswith(f"{noun} "))
        app.add_typer(group, name=noun, rich_help_panel=panel)
    for verb in VERBS:
        noun, _, word = verb.name.rpartition(" ")
        command = (nouns[noun] if noun else app).command(
            word,
            help=verb.title,
            epilog=f"Example: [bold]{verb.example}[/bold]",
            rich_help_panel=None if noun else GROUPS[verb.group],
        )
        command(_command(verb) if verb in verbs else _unasked)
    for name in DOORS:
        _add_door(app, name, opened=name in opened)
    return app


class InOrder(TyperGroup):
    """Commands in the order of a user's work, which is that of the table."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names."""
        del ctx
        return [*dict.fromkeys(verb.name.split()[0] for verb in VERBS), *DOORS]


def _command(verb: Verb) -> Any:
    from gigawatt.interfaces.options import command

    return command(verb, _answer)


def _add_door(app: typer.Typer, name: str, *, opened: bool) -> None:
    place, title = DOORS[name]
    module, _, function = place.partition(":")
    found = getattr(import_module(f"gigawatt.interfaces.{module}"), function) if opened else _unasked
    if isinstance(found, typer.Typer):
        app.add_typer(found, name=name, help=title, no_args_is_help=True, rich_help_panel=SERVING)
    else:
        app.command(name, help=title, rich_help_panel=SERVING)(found)


def _unasked() -> None:
    """Stands for a verb that this command line does not name."""


def _version(wanted: bool) -> None:
    if wanted:
        print(f"gigawatt {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, metavar="", help="Show the version and exit.")
    ] = False,
) -> None:
    """Plan, simulate and account for multi-gigawatt AI factories: from watts to tokens to dollars."""
    del version  # its callback has answered
    with door("--json" in sys.argv):
        _refuse_unquoted(sys.argv)


def _refuse_unquoted(words: Sequence[str]) -> None:
    """A unit that the shell parted from its number, as in `--set programme.target=300 MW`, is no word of its own."""
    for option, pair, unit in zip(words, words[1:], words[2:], strict=False):
        path, _, number = pair.partition("=")
        if option == "--set" and number[-1:].isdigit() and is_quantity(f"{number} {unit}"):
            expected = f'the two in quotes: --set {path}="{number} {unit}"'
            raise ScenarioError([Fault(path=path, given=f"{number}, and {unit} apart from it", expected=expected)])


def _answer(verb: Verb, given: dict[str, Any]) -> None:
    """Ask a verb what the command line says, and print the answer, or say where it was written."""
    from gigawatt.interfaces.options import spelled, tongue
    from gigawatt.report.language import words

    json = bool(given.pop("json", False))
    with door(json):
        language = tongue(given.pop("lang", None))
        say_in = words(language)
    with door(json, lambda fault: spelled(fault, verb), say_in):
        from gigawatt.interfaces.answering import answered, asked
        from gigawatt.report import reports
        from gigawatt.study.job import Job

        kinds = {"out": "folder", "predictions": "table"}
        places: dict[str, Path] = {kind: given.pop(name) for name, kind in kinds.items() if name in given}
        scheduler = given.pop("scheduler", None)
        question = asked(verb, _values(given), places)
        runs = RUNS if verb.always_kept else None
        with (
            _kept(verb, places),
            _stopping(verb) as stopped,
            progress(say_in) as tell,
            _workers(scheduler) as (executor, workers_count),
        ):
            workers = {"executor": executor, "workers_count": workers_count}
            job = Job(progress=tell, cancelled=stopped, folder=places.get("folder"), runs=runs, **workers)
            found = answered(verb, question, places, job, shown=not json, language=language)
        if json:
            say(found.data(verb))
        else:
            reports.show(verb, found.answer, found.document, found.files)
        if getattr(found.answer, "partial", False):
            raise typer.Exit(INTERRUPTED)
        fall_short(found.missed, say_in)


def _values(given: Mapping[str, Any]) -> dict[str, Any]:
    """Texts by key, overrides as a table."""
    if "set" not in given:
        return dict(given)
    from gigawatt.scenario.load import parse_overrides

    return {**given, "set": parse_overrides(given["set"])}


@contextmanager
def _kept(verb: Verb, places: Mapping[str, Path]) -> Iterator[None]:
    """Say, where a verb with a folder to go on from is interrupted, that nothing whole is lost."""
    try:
        yield
    except KeyboardInterrupt:
        if not verb.resumes or "folder" not in places:
            raise
        kept = places["folder"]
        print(f"interrupted; what was lived through is kept in {kept}: the same command goes on", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None


@contextmanager
def _stopping(verb: Verb) -> Iterator[Callable[[], bool]]:
    """Whether to stop now: where a verb tells what was done until then, the first Ctrl-C asks it to, once; any other
    ends the command."""
    stops = list[int]()
    if not verb.stops:
        yield lambda: False
        return

    def stop(number: int, frame: object) -> None:
        del frame
        stops.append(number)
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield lambda: bool(stops and stops.pop())
    except Cancelled:
        raise KeyboardInterrupt from None  # before there was anything to tell
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _workers(scheduler: str | None) -> Iterator[tuple[Any, int | None]]:
    """The executor and its workers: those of a cluster, or none, which is processes of this machine."""
    if scheduler is None:
        yield None, None
        return
    from gigawatt.study.futures.cluster import connected

    with connected(scheduler) as cluster:
        yield cluster.executor, cluster.workers_count


def opened(words: Sequence[str]) -> list[str]:
    """The door that the words of a command line name, if any."""
    return [word for word in words[:1] if word in DOORS]


def named(words: Sequence[str]) -> list[Verb]:
    """The verb that the words of a command line name, if any."""
    plain = [word for word in words if not word.startswith("-")]
    found = [verb for verb in VERBS if plain[: len(verb.name.split())] == verb.name.split()]
    return found[:1]


def main() -> None:
    """The console script."""
    # The last digits of sums depend on how many threads share them, and where memory is short OpenBLAS waits for ever
    # for more than one.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Of the many objects of a plan few hang together in circles: to look for those as often as usual takes a
    # twentieth of a run, and once more at its end, when all goes anyway, another.
    gc.set_threshold(CIRCLES_COUNT)
    atexit.register(gc.freeze)
    signal.signal(signal.SIGTERM, _terminated)
    output.install()
    json = "--json" in sys.argv
    with door(json):
        completed = next((os.environ[name].split()[1:] for name in COMPLETED if name in os.environ), None)
        words = sys.argv[1:] if completed is None else completed
        app = application(named(words), opened(words))
        try:
            app(prog_name=PROGRAM) if not json else _answered_in_json(app)
        finally:
            sys.stdout.flush()  # while a failure can still be told


def _answered_in_json(app: typer.Typer) -> None:
    try:
        code = app(prog_name=PROGRAM, standalone_mode=False)
    except USAGE_ERROR as error:
        usage_fault(error.format_message())
        code = BAD_INPUT
    sys.exit(code or 0)


def _terminated(number: int, frame: object) -> None:
    """A polite kill unwinds as Ctrl-C does, so that nothing half-written stays."""
    del frame
    raise SystemExit(128 + number)
