"""The command line within this process, which spares every test the imports of a process of its own."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from gigawatt.interfaces import cli


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    told: str
    """What it said on standard error."""

    @property
    def answer(self) -> Any:
        """The one JSON object on standard output."""
        assert self.code in (0, 4), self.told
        return json.loads(self.out)

    @property
    def faults(self) -> dict[str, Any]:
        """What the JSON on standard error says is wrong, by path."""
        items = json.loads(self.told.splitlines()[-1])["error"]["items"]
        return {item["path"]: item for item in items}


@pytest.fixture
def gigawatt(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ended]:
    """Call a command: its words, without the name of the program."""

    def called(*words: object) -> Ended:
        streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2)]
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["gigawatt", *map(str, words)])
            patch.setattr(sys, "stdout", streams[0])
            patch.setattr(sys, "stderr", streams[1])
            patch.setattr(cli.signal, "signal", lambda *_: None)  # not of this process, which runs other tests
            code: Any = 0
            try:
                cli.main()
            except SystemExit as ended:
                code = ended.code or 0
        for stream in streams:
            stream.seek(0)
        return Ended(code=int(code), out=streams[0].read(), told=streams[1].read())

    return called
