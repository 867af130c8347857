"""The tutorial, followed step by step: files are written, commands and programs run, in the order of the page."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gigawatt.catalog import load
from gigawatt.interfaces.cli import application, named

PAGE = Path(__file__).parents[2] / "docs" / "tutorial.md"
FENCE = re.compile(r"^```(\S+)( fails)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BAD_INPUT = 2


@dataclass(frozen=True)
class Block:
    """A fenced block of the page: its language, its text, and whether its commands must fail."""

    kind: str
    text: str
    fails: bool


def blocks() -> list[Block]:
    found = FENCE.findall(PAGE.read_text(encoding="utf-8"))
    return [Block(kind=kind, text=text, fails=bool(fails)) for kind, fails, text in found]


def forget() -> None:
    """As if each command were a process of its own."""
    for cached in (load._loaded, load.later_days, load._names, load._files):
        cached.cache_clear()


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(load.OWN_FOLDER, raising=False)
    yield Reader(monkeypatch)
    monkeypatch.undo()
    forget()


class Reader:
    """Someone who follows the page in an empty folder."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch
        self.names: dict[str, Any] = {}
        self.said = ""

    def follow(self, block: Block) -> None:
        forget()
        if block.kind == "toml":
            file = Path(block.text.splitlines()[0].removeprefix("# "))
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
        elif block.kind == "sh":
            for line in block.text.splitlines():
                self.type(line, fails=block.fails)
        elif block.kind == "python":
            exec(compile(block.text, str(PAGE), "exec"), self.names)
        else:
            assert block.kind == "text"
            assert block.text in self.said

    def type(self, line: str, *, fails: bool) -> None:
        program, *words = shlex.split(line)
        if program == "export":
            self.monkeypatch.setenv(*words[0].split("=", 1))
            return
        assert program == "gigawatt"
        done = CliRunner().invoke(application(named(words)), words)
        self.said = done.output
        assert done.exit_code == (BAD_INPUT if fails else 0), (line, done.output[-500:], done.exception)


def test_the_tutorial_works(reader: Reader, capsys: pytest.CaptureFixture[str]) -> None:
    kinds = []
    for block in blocks():
        reader.follow(block)
        kinds.append(block.kind)
    assert {"toml", "sh", "python", "text"} == set(kinds)
    folder = Path("first")
    named = re.findall(r"`([\w.]+\.(?:html|xlsx|json|toml|nc))`", PAGE.read_text(encoding="utf-8").split("## 2")[0])
    assert len(named) == 16
    assert all((folder / name).is_file() for name in named), named
    assert (folder / "csv").is_dir()
    use_cases = reader.names["served"].index
    assert "translation" in use_cases
    platforms = reader.names["result"].accounts.platforms
    assert platforms.racks_count.sel(platform="x1") > 0, "the reader's own part is bought"
    assert float(reader.names["result"].plan.data.facility_w.sel(site="quiet-valley").max()) > 0
    assert "MW" in capsys.readouterr().out
