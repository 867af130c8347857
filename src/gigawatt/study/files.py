"""One file that a user asked for, written whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from gigawatt.errors import Fault, ScenarioError


def write_whole(path: Path, text: str, option: str) -> None:
    """Text beside its place, then renamed. Raises ScenarioError, naming the option, where that cannot be."""
    part = path.parent / f".{path.name}.{os.getpid()}.part"
    try:
        part.write_text(text, encoding="utf-8", newline="")
        os.replace(part, path)
    except OSError as error:
        given = f"{path}: {error.strerror}"
        raise ScenarioError([Fault(path=option, given=given, expected="a file in a folder that exists")]) from error
    finally:
        with suppress(OSError):
            part.unlink()
