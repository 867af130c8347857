"""One byte or one value of a shipped file changed is an answer or a clear error, never a traceback."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gigawatt.catalog import load as catalog
from gigawatt.errors import InputError
from gigawatt.scenario import load, strategy

SHORT = ("--set", "horizon.report_end=2027Q2", "--set", "horizon.end=2027Q4")
SCENARIOS = sorted(load._folder().rglob("*.toml"))
STRATEGIES = sorted(strategy._folder().glob("*.toml"))
CATALOG = [(kind, catalog._files(kind)[id_]) for kind in catalog.KINDS for id_ in catalog.ids(kind)]
VALUE = re.compile(r"(?<==) ?(\"[^\"\n]*\"|[^\s\",{}\[\]#]+)")
NUMBER = re.compile(r"[0-9][0-9.]*")
# What somebody may write by mistake or in malice in the place of any value.
OTHERS = (
    "",
    '""',
    "0",
    "-1",
    "1e300",
    "1e-300",
    "nan",
    "inf",
    "true",
    "false",
    "[]",
    "{}",
    '"x"',
    "[[1, 2]]",
    "{ value = 0 }",
    '{ 2026Q3 = "1" }',
    "2026-07-01",
    '"2026Q3"',
    '"9999Q4"',
    '"1000 years"',
    '"0 W"',
    '"1e15 W"',
    '"100 %"',
    '"1e300 USD"',
    '"\\u001b[31m"',
    '"\\u202e"',
    f"0x{'f' * 5000}",
    f'"{"9" * 5000}"',
)


@st.composite
def changes(draw: st.DrawFn) -> Callable[[bytes], bytes]:
    """A change of one byte, of one number's size or of one value, at a place drawn."""
    sort = draw(st.sampled_from(("byte", "number", "value")))
    place = draw(st.floats(0, 1, exclude_max=True))
    if sort == "byte":
        byte = draw(st.integers(0, 255))
        return lambda data: data[: (at := int(place * len(data)))] + bytes([byte]) + data[at + 1 :]
    pattern = NUMBER if sort == "number" else VALUE
    factor = draw(st.sampled_from(("0", "1e-9", "1e-3", "1e3", "1e9", "-1")))
    other = draw(st.sampled_from(OTHERS))

    def changed(data: bytes) -> bytes:
        text = data.decode()
        found = list(pattern.finditer(text))
        match = found[int(place * len(found))]
        new = other if sort == "value" else _scaled(match[0], factor)
        return (text[: match.start()] + new + text[match.end() :]).encode()

    return changed


def _scaled(number: str, factor: str) -> str:
    try:
        return f"{float(number) * float(factor):g}"
    except ValueError:
        return factor


Gigawatt = Callable[..., Any]


def check_end(gigawatt: Gigawatt, *words: str) -> None:
    """A command ends with 0, 2 or 3; whatever else it ends with is raised."""
    run = gigawatt(*words)
    assert run.code in (0, 2, 3), run.told
    assert run.code == 0 or "error: " in run.told


def forget() -> None:
    for cached in (catalog._loaded, catalog.later_days, catalog._names, catalog._files):
        cached.cache_clear()


def check_scenario(gigawatt: Gigawatt, change: Callable[[bytes], bytes], file: Path, *words: str) -> None:
    """A command on a scenario's file that was changed, in a folder of its own."""
    with TemporaryDirectory() as folder:
        changed = Path(folder) / file.name
        changed.write_bytes(change(file.read_bytes()))
        out = ("--out", f"{folder}/out") if words[0] == "run" else ()
        check_end(gigawatt, words[0], str(changed), *words[1:], *out)


def check_catalog(gigawatt: Gigawatt, change: Callable[[bytes], bytes], kind: str, file: Path, *words: str) -> None:
    """A command with a file of the catalog that was changed, in the place of the shipped one."""
    with TemporaryDirectory() as folder:
        place = Path(folder) / catalog._FOLDERS.get(kind, kind)
        place.mkdir(parents=True)
        (place / file.name).write_bytes(change(file.read_bytes()))
        try:
            catalog.read_file(catalog.KINDS[kind], place / file.name)
        except InputError:
            return  # what a command says of it is exit code 2 and these faults
        os.environ[catalog.OWN_FOLDER] = folder
        forget()
        try:
            out = ("--out", f"{folder}/out") if words[0] == "run" else ()
            check_end(gigawatt, *words, *out)
        finally:
            del os.environ[catalog.OWN_FOLDER]
            forget()


def check_strategy(change: Callable[[bytes], bytes], file: Path, base: str) -> None:
    """A strategy that was changed is read over a scenario, or refused."""
    with TemporaryDirectory() as folder:
        changed = Path(folder) / file.name
        changed.write_bytes(change(file.read_bytes()))
        with suppress(InputError):
            strategy.load_strategies([str(changed)], load.load(base))


def bounded(examples_count: int) -> Callable[..., settings]:
    return settings(
        max_examples=examples_count,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


FEW, MANY = 8, 300


def check_any(gigawatt: Gigawatt, change: Callable[[bytes], bytes], pick: float) -> None:
    """`check` of whichever shipped file is picked, with one change."""
    files = len(SCENARIOS) + len(CATALOG) + len(STRATEGIES)
    n = int(pick * files)
    if n < len(SCENARIOS):
        check_scenario(gigawatt, change, SCENARIOS[n], "check")
    elif n < len(SCENARIOS) + len(CATALOG):
        kind, file = CATALOG[n - len(SCENARIOS)]
        check_catalog(gigawatt, change, kind, file, "check", "one-campus")
    else:
        check_strategy(change, STRATEGIES[n - len(SCENARIOS) - len(CATALOG)], "loi-2025-09")


@bounded(FEW)
@given(changes(), st.floats(0, 1, exclude_max=True))
def test_a_changed_file_is_checked_or_refused(
    gigawatt: Gigawatt, change: Callable[[bytes], bytes], pick: float
) -> None:
    check_any(gigawatt, change, pick)


@bounded(FEW)
@given(changes())
def test_a_changed_scenario_is_checked_or_refused(gigawatt: Gigawatt, change: Callable[[bytes], bytes]) -> None:
    check_scenario(gigawatt, change, load._folder() / "one-campus.toml", "check")


@pytest.mark.slow
@bounded(MANY)
@given(changes(), st.floats(0, 1, exclude_max=True))
def test_many_changed_files_are_checked_or_refused(
    gigawatt: Gigawatt, change: Callable[[bytes], bytes], pick: float
) -> None:
    check_any(gigawatt, change, pick)


@pytest.mark.slow
@bounded(12)
@given(changes())
def test_a_changed_scenario_runs_or_is_refused(gigawatt: Gigawatt, change: Callable[[bytes], bytes]) -> None:
    check_scenario(gigawatt, change, load._folder() / "one-campus.toml", "run", *SHORT)


USED = [(kind, file) for kind, file in CATALOG if file.stem in (
    "example-campus", "gb300-nvl72", "vera-rubin-nvl72-max-p", "deepseek-r1", "dry_cooler", "liquid-racks-2026",
    "as-of-2026", "inference", "training",
)]  # fmt: skip


@pytest.mark.slow
@bounded(12)
@given(changes(), st.sampled_from(USED))
def test_a_changed_part_of_the_catalog_runs_or_is_refused(
    gigawatt: Gigawatt, change: Callable[[bytes], bytes], used: tuple[str, Path]
) -> None:
    check_catalog(gigawatt, change, *used, "run", "one-campus", *SHORT)
