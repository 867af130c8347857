"""The datasets of a result as tidy CSV."""

from __future__ import annotations

from pathlib import Path

from gigawatt.study.result import Result


def write_csv(result: Result, place: Path) -> None:
    """Write every dataset of a result to a folder as tidy tables."""
    raise NotImplementedError
