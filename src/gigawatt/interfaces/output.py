"""Standard output and standard error as they are met: closed, full, or of an encoding that lacks what we write."""

from __future__ import annotations

import codecs
import os
import sys
import unicodedata
from contextlib import suppress
from typing import Any, TextIO, cast

PLAIN = "gigawatt-plain"
# What is said instead where an encoding lacks one of our characters; a minus is never lost.
INSTEAD = (
    dict.fromkeys("−–—─━╌═╴╶", "-")
    | dict.fromkeys("│┃║", "|")
    | dict.fromkeys("╭╮╰╯┌┐└┘├┤┬┴┼╞╡╪", "+")
    | dict.fromkeys("‘’′", "'")
    | dict.fromkeys("“”„″", '"')
    | dict.fromkeys("·⋅", ".")
    | {"•": "*", "×": "x", "÷": "/", "≤": "<=", "≥": ">=", "≈": "~", "→": "->", "°": " deg", "√": "sqrt"}
    | {"α": "alpha", "λ": "lambda", "μ": "u", "σ": "sigma", "η": "eta", "Δ": "Delta", "Σ": "Sum"}
)


class OutputLost(Exception):  # noqa: N818 (what happened, in the words that a user reads)
    """Standard output takes no more. No OSError, for libraries between here and the door catch those."""


class Stream:
    """A standard stream. A loud one raises OutputLost where it fails; another loses what is written, in silence."""

    def __init__(self, stream: TextIO | None, *, loud: bool) -> None:
        # Where there is none, a file that cannot be written.
        self._stream = cast("Any", stream) or os.fdopen(os.open(os.devnull, os.O_RDONLY))
        self._loud = loud
        self._stream.reconfigure(errors=PLAIN)

    def write(self, text: str) -> int:
        return self._tried("write", text) or 0

    def flush(self) -> None:
        self._tried("flush")

    def _tried(self, method: str, *arguments: str) -> Any:
        try:
            return getattr(self._stream, method)(*arguments)
        except OSError as error:
            self._give_up()
            if self._loud:
                raise OutputLost(os.strerror(error.errno).lower() if error.errno else "closed") from None
            return None

    def _give_up(self) -> None:
        """What is left goes nowhere, so that the end of the process does not try again."""
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def install() -> None:
    """Make the standard streams of this process ours."""
    codecs.register_error(PLAIN, plain)
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # or the next file that is opened would be taken for it
    sys.stdout = cast("TextIO", Stream(sys.stdout, loud=True))
    sys.stderr = cast("TextIO", Stream(sys.stderr, loud=False))


def plain(error: UnicodeError) -> tuple[str, int]:
    """What an encoding lacks, in ASCII: the same sign otherwise drawn, a letter without its accent, or "?"."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_plain, error.object[error.start : error.end])), error.end


def _plain(character: str) -> str:
    bare = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return INSTEAD.get(character) or bare or "?"


def has_all(stream: TextIO) -> bool:
    """Whether a stream's encoding has every character there is."""
    return codecs.lookup(getattr(stream, "encoding", None) or "ascii").name.startswith("utf")
