"""The command line: parse, call one verb of study, print or write a report. No arithmetic here."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from gigawatt import __version__
from gigawatt.errors import Fault, ScenarioError
from gigawatt.interfaces import output
from gigawatt.interfaces.allocating import allocate
from gigawatt.interfaces.console import BAD_INPUT, door, progress, say, usage_fault
from gigawatt.interfaces.flywheel import flywheel
from gigawatt.interfaces.hedging import hedge
from gigawatt.interfaces.predicting import predict_app, validate_app
from gigawatt.interfaces.simulating import simulate
from gigawatt.interfaces.sweeping import compare, sweep
from gigawatt.units import is_quantity

app = typer.Typer(
    name="gigawatt",
    help="Plan, simulate and account for multi-gigawatt AI factories: from watts to tokens to dollars.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
catalog_app = typer.Typer(
    help="What is known: accelerators, models, sites, each number with its source.", no_args_is_help=True
)
app.add_typer(catalog_app, name="catalog")
app.add_typer(predict_app, name="predict")
app.add_typer(validate_app, name="validate")
app.command()(allocate)
app.command()(simulate)
app.command()(flywheel)
app.command()(compare)
app.command()(sweep)
app.command()(hedge)

ScenarioName = Annotated[
    str, typer.Argument(metavar="SCENARIO", help="A preset's name, a TOML file, or a saved result.")
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help='Override one value, such as --set programme.target="2 GW".'),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Folder for the result.", show_default="gigawatt-runs/SCENARIO-HASH"),
]
DEFAULT = "loi-2025-09"
# The parent of all mistakes in a command; typer shows only its children to the public.
USAGE_ERROR: Any = typer.BadParameter.__bases__[0]


def _version(wanted: bool) -> None:
    if wanted:
        print(f"gigawatt {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
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


@app.command()
def run(scenario: ScenarioName = DEFAULT, set_: Set = None, out: Out = None, json: Json = False) -> None:
    """Plan a programme, live through it, keep its books, and write a report."""
    with door(json):
        from gigawatt.report import folder, terminal
        from gigawatt.study.opened import scenario_of
        from gigawatt.study.result import check_out
        from gigawatt.study.run import run as study

        question, _ = scenario_of(scenario, _overrides(set_))
        where = out or folder.default(question)
        check_out(where)
        with progress() as step:
            result = study(question, progress=step)
            step("writing the report")
            files = folder.write(result, where)
        if json:
            from gigawatt.study.summary import summary

            say(summary(result) | {"files": files})
        else:
            terminal.show(result, files)


@app.command()
def check(scenario: ScenarioName = DEFAULT, set_: Set = None, json: Json = False) -> None:
    """Read a scenario, report every fault at once, and show what it asks without solving it."""
    with door(json):
        from gigawatt.report import terminal
        from gigawatt.study.check import outline
        from gigawatt.study.opened import scenario_of

        found = outline(scenario_of(scenario, _overrides(set_))[0])
        say(found) if json else terminal.show_outline(found)


@app.command()
def claims(
    json: Json = False, only: Annotated[list[str] | None, typer.Option(help="Check only this claim.")] = None
) -> None:
    """Hold the announcement of September 2025 against what can be computed."""
    with door(json):
        from gigawatt.report import terminal
        from gigawatt.study import claims as study

        with progress() as step:
            found = study.claims(only or None, step)
        say(study.summary(found)) if json else terminal.show_claims(found)


@app.command()
def sources(scenario: ScenarioName = DEFAULT, set_: Set = None, json: Json = False) -> None:
    """List the numbers that a scenario uses, with grade and source, and what its value rests on."""
    with door(json):
        from gigawatt.report import terminal
        from gigawatt.study import bibliography
        from gigawatt.study.opened import scenario_of

        found = bibliography.numbers(scenario_of(scenario, _overrides(set_))[0])
        say(found) if json else terminal.show_sources(found)


@catalog_app.command("list")
def catalog_list(
    kind: Annotated[str | None, typer.Argument(help="accelerators, models, sites, …", show_default="all")] = None,
    json: Json = False,
) -> None:
    """List what the catalog knows."""
    with door(json):
        from gigawatt.report import terminal
        from gigawatt.study import bibliography

        found = bibliography.listing(kind)
        say(found) if json else terminal.show_listing(found)


@catalog_app.command("show")
def catalog_show(
    name: Annotated[str, typer.Argument(help="An id or any of its names in the wild.")], json: Json = False
) -> None:
    """Show one thing: every number with unit, range, grade and source."""
    with door(json):
        from gigawatt.report import terminal
        from gigawatt.study import bibliography

        found = bibliography.entry(name)
        say(found) if json else terminal.show_entry(found)


@catalog_app.command("import-model")
def catalog_import_model(
    config: Annotated[Path, typer.Argument(metavar="CONFIG.json", help="A public Hugging Face config.json.")],
    name: Annotated[
        str | None, typer.Option(help="Name of the model.", show_default="the file's folder or stem")
    ] = None,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the model file.")] = Path(),
    json: Json = False,
) -> None:
    """Make a model file of the catalog from a public Hugging Face config.json."""
    with door(json):
        from gigawatt.study.importing import import_model

        found = import_model(config, name=name, folder=out)
        if json:
            say({"gigawatt": __version__, "scenario": None, "hash": None, "notes": []} | found)
        else:
            print(f"{found['path']}: {found['name']}, {found['total']} parameters, {found['active']} active")


def _overrides(pairs: list[str] | None) -> dict[str, Any]:
    from gigawatt.scenario.load import parse_overrides

    return parse_overrides(pairs or [])


def main() -> None:
    """The console script."""
    # The last digits of sums depend on how many threads share them, and where memory is short OpenBLAS waits for ever
    # for more than one.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    signal.signal(signal.SIGTERM, _terminated)
    output.install()
    json = "--json" in sys.argv
    with door(json):
        try:
            app() if not json else _answered_in_json()
        finally:
            sys.stdout.flush()  # while a failure can still be told


def _answered_in_json() -> None:
    try:
        code = app(standalone_mode=False)
    except USAGE_ERROR as error:
        usage_fault(error.format_message())
        code = BAD_INPUT
    sys.exit(code or 0)


def _terminated(number: int, frame: object) -> None:
    """A polite kill unwinds as Ctrl-C does, so that nothing half-written stays."""
    del frame
    raise SystemExit(128 + number)
