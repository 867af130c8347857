"""A ledger of the small programme, in a folder of its own, asked by its verbs."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from gigawatt.ledger import importing
from gigawatt.readers.readings import FileAsked, FileEvent, ReadingBlock, ReadingSeries, Rejected, Remark
from gigawatt.study import verbs

Ask = Callable[..., Any]
SITE = ["site=example-campus"]
HOUR_MS = 3_600_000
START_MS = 1_767_225_600_000  # 2026-01-01T00:00Z


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Ask a verb of the ledger in a folder of its own, as ada where nobody else is named."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOGNAME", "ada")

    def asked(word: str, *places: Any, **values: Any) -> Any:
        return verbs.ask(f"ledger {word}", *places, **values)

    return asked


@pytest.fixture(scope="session")
def met_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger in which the first milestone, of 30 MW, is met and nobody has approved it."""
    place = tmp_path_factory.mktemp("met") / "gigawatt.db"
    where = {"database": str(place), "as_": "ada"}
    verbs.ask("ledger init", "one-campus", **where)
    stage = [*SITE, "state=energised", "power=40 MW", "basis=facility", "at=2026-03-01"]
    racks = [*SITE, "platform=gb300", "racks=200", "at=2026-03-02"]
    test = [*SITE, "platform=gb300", "racks=200", "throughput=10 Mtokens/s", "held=80 h", "at=2026-03-10"]
    for kind, said in (("site", stage), ("racks", racks), ("test", test)):
        verbs.ask("ledger record", kind, said, source="letter", **where)
    return place


@pytest.fixture
def met(ask: Ask, met_file: Path) -> Ask:
    """The same as `ask`, in the folder of a copy of that ledger."""
    shutil.copy(met_file, "gigawatt.db")
    return ask


def block(values: Sequence[float], series: ReadingSeries) -> ReadingBlock:
    """Readings of an hour each, from the first of January 2026 on."""
    starts = START_MS + HOUR_MS * np.arange(len(values), dtype=np.int64)
    return ReadingBlock(
        series=series,
        lines=np.arange(2, len(values) + 2, dtype=np.int64),
        starts_ms=starts,
        ends_ms=starts + HOUR_MS,
        values=np.array(values, dtype=float),
        keys=np.zeros(len(values), np.int64),
    )


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have the kind "meter" read what is named here, whatever the file."""

    def set_up(*entries: ReadingBlock | FileEvent | Rejected | Remark) -> None:
        def read(file: Path, asked: FileAsked) -> Iterator[ReadingBlock | FileEvent | Rejected | Remark]:
            del file, asked
            yield from entries

        module = ModuleType("gigawatt.readers.made_up")
        module.read = read  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "gigawatt.readers.made_up", module)
        monkeypatch.setitem(importing.READERS, "meter", "made_up")

    return set_up
