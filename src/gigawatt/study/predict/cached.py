"""Prompts of which a share is in a prefix cache: what may be asked of them, and what an answer leaves out."""

from __future__ import annotations

from collections.abc import Iterator

from gigawatt.errors import Fault
from gigawatt.study.note import Note
from gigawatt.study.question import wrong


def cached_faults(cached_frac: float, input_tokens: float) -> Iterator[Fault]:
    """Fault of a share that is none, or that leaves less than a token to read, which no engine does."""
    if not 0 <= cached_frac < 1:
        yield wrong("cached", f"{cached_frac:g}", "a share from 0 to less than 1: what is not found is read")
    elif cached_frac and input_tokens * (1 - cached_frac) < 1:
        yield wrong("cached", f"{cached_frac:.6%}", f"at least 1 token to be read of a prompt of {input_tokens:g}")


def cached_notes(cached_frac: float) -> Iterator[Note]:
    """What is taken of the prompts that a cache holds, and what is not counted."""
    if cached_frac:
        text = (
            f"{cached_frac:.1%} of the tokens of each prompt are taken to be in a prefix cache: they are not read "
            "again, but answers attend to them and each request in service holds them. Not counted: memory for what "
            "waits between the turns of a session, fetching it from elsewhere, and prefixes that many requests share"
        )
        yield Note(code="cached", path="cached", text=text)
