"""How an answer is worked out, as far as its question does not say: for whom, where, and by how many."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

HASH_LENGTH = 8


class Cancelled(Exception):  # noqa: N818 (what somebody asked for, and no error)
    """Whoever asked has no more use for the answer."""


def _unheard(words: str, share_frac: float | None) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Who hears of progress and may cancel, the workers, and the folder in which an answer is kept."""

    progress: Callable[[str, float | None], None] = _unheard
    """Called with what is being done in words, and the share that is done where that is known."""
    cancelled: Callable[[], bool] = lambda: False
    """Asked at every step whether to go on."""
    executor: Executor | None = None
    """Where futures are lived through; None: processes of this machine."""
    workers_count: int | None = None
    """Workers of the executor; None: what the question says."""
    folder: Path | None = None
    """Where the answer is kept; None: nowhere, or a folder of its own in `runs`."""
    runs: Path | None = None
    """Where answers that nobody gave a folder get one, named by scenario and hash; None: nowhere."""
    who: str | None = None
    """Name of who asks, where the door has made sure of it; None: whoever the question says."""

    def say(self, words: str, share_frac: float | None = None) -> None:
        """Say what is being done. Raises Cancelled where nobody waits for it any more."""
        if self.cancelled():
            raise Cancelled
        self.progress(words, share_frac)

    def kept_in(self, scenario: str, hash_: str) -> Path | None:
        """The folder in which the answer to a scenario is kept, None for none."""
        if self.folder is None and self.runs is not None:
            return self.runs / f"{scenario}-{hash_[:HASH_LENGTH]}"
        return self.folder
