"""What a reader has to know of an answer, as every verb has it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something the reader has to know: a code, the path it concerns, and a sentence."""

    code: str
    path: str
    text: str
