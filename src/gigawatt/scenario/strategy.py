"""Strategies: small files of overrides that are laid over one and the same scenario, so that they compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

from gigawatt.catalog.tables import Reader, check_plain, read_toml
from gigawatt.errors import Fault, InputError, ScenarioError, near
from gigawatt.scenario.check import NAME
from gigawatt.scenario.load import locate_files, reread
from gigawatt.scenario.schema import Scenario

# The key of a question that names strategies.
ARGUMENT = "strategies"
# What a strategy may not touch: it decides what is done, not what is asked, or what the future may bring.
WORLD = ("extends", "name", "dollar_year", "seed", "horizon", "opening", "uncertainty", "correlations")


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """A way to go about a scenario: a file of overrides, laid over it."""

    name: str
    """Name of the strategy, that of its file."""
    title: str
    """What the strategy is, in one line."""
    description: str
    """What it does, and why."""
    made_for: tuple[str, ...] = ()
    """Scenarios over which it lies unless others are named; left out: those that have no strategies of their own."""
    scenario: Scenario
    """The scenario with the overrides of the strategy."""


def shipped() -> list[str]:
    """Names of the strategies that ship with Gigawatt."""
    return sorted(file.stem for file in _folder().glob("*.toml"))


def shipped_for(scenario: str) -> list[str]:
    """Names of those that lie over a scenario where none is named: the ones made for it, else those made for any."""
    made_for = {name: read_toml(_file(name))[0].get("made_for", []) for name in shipped()}
    own = [name for name, scenarios in made_for.items() if scenario in scenarios]
    return own or [name for name, scenarios in made_for.items() if not scenarios]


def load_strategies(given: Sequence[str], base: Scenario) -> list[Strategy]:
    """Strategies by name or file, laid over a scenario; those that ship for it where none is given.

    Raises ScenarioError with every fault that was found, each with the strategy that it is of.
    """
    found, faults = [], []
    for name in given or shipped_for(base.name):
        try:
            found.append(_strategy(_file(name), base))
        except InputError as error:
            faults += [_named(fault, Path(name).stem) for fault in error.faults]
    names = [strategy.name for strategy in found]
    for name in sorted({name for name in names if names.count(name) > 1}):
        faults.append(Fault(path=ARGUMENT, given=f'"{name}" twice', expected="files of different names", asked=True))
    if faults:
        raise ScenarioError(faults)
    return found


def _named(fault: Fault, strategy: str) -> Fault:
    return fault if fault.path == ARGUMENT else replace(fault, path=f"{strategy}: {fault.path}")


def _folder() -> Path:
    return Path(str(files("gigawatt.scenario"))) / "strategies"


def _file(name: str) -> Path:
    if name in shipped():
        return _folder() / f"{name}.toml"
    if name.endswith(".toml"):
        return Path(name)
    expected = f"a TOML file, or one of {', '.join(shipped())}{near(name, shipped())}"
    raise ScenarioError([Fault(path=ARGUMENT, given=f'"{name[:80]}"', expected=expected, asked=True)])


def _strategy(file: Path, base: Scenario) -> Strategy:
    table, faults = read_toml(file)
    faults += [
        Fault(path=key, given="in a strategy", expected="overrides of what is decided; the scenario says the rest")
        for key in table
        if key.partition(".")[0] in WORLD
    ]
    if not NAME.fullmatch(file.stem):
        faults.append(
            Fault(path=ARGUMENT, given=f'"{file.stem[:80]}"', expected="letters, digits, dots, dashes", asked=True)
        )
    reader = Reader(faults=faults)
    for key in ("title", "description"):
        check_plain(table.get(key, ""), key, key == "description", reader)
    made_for = table.pop("made_for", [])
    if not isinstance(made_for, list) or not all(isinstance(name, str) for name in made_for):
        faults.append(Fault(path="made_for", given=str(made_for)[:80], expected="a list of names of scenarios"))
    if reader.faults:
        raise ScenarioError(reader.faults)
    words = {key: " ".join(str(table.pop(key, "")).split()) for key in ("title", "description")}
    locate_files(table, lambda name: str(file.parent / name))
    return Strategy(name=file.stem, made_for=tuple(made_for), scenario=reread(base, table), **words)
