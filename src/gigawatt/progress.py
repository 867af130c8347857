"""What a long stage says of its progress, a sentence at a time, to whoever listens."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str], None]


def quiet(text: str) -> None:
    """Progress that nobody reads."""
