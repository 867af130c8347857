"""The exceptions that Gigawatt raises on purpose; anything else but a fault of the machine is our bug.

Each is made of what it carries, so that it crosses from a worker process whole.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from math import inf, isfinite, log

MOST_FAULTS_COUNT = 100
# Characters of a name beyond which nobody reads or means it.
MOST_NAME = 80
# A word or a number of a name: "gb200-nvl72" has four.
_WORD = re.compile(r"[a-z]+|[0-9]+(?:\.[0-9]+)?")


def plain(text: str) -> str:
    r"""Text that may go to a terminal: whatever is not printed, or turns the line round, as its escape.

    >>> plain("a\x1b[31mb")
    'a\\x1b[31mb'
    """
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def near(name: str, known: Sequence[str], cutoff: float = 0.6) -> str:
    """The nearest of the names that are known, as the end of what is expected; nothing where none is near.

    cutoff: how alike it has to be, from 0 to 1.

    >>> near("one-campsu", ["one-campus", "loi-2025-09"])
    '; did you mean "one-campus"?'
    """
    close = difflib.get_close_matches(name[:MOST_NAME], known, n=1, cutoff=cutoff)
    return f'; did you mean "{close[0]}"?' if close else ""


def nearest(name: str, called: Mapping[str, Sequence[str]], *, count: int = 3, cutoff: float = 0.4) -> list[str]:
    """The things that a name may mean, likeliest first; nothing where none is near.

    Of one kind are those whose names begin with the same words, the nearest number first; where there is none, those
    that are spelt alike count. called: thing → the names that it has; cutoff: how alike they are spelt, from 0 to 1.

    >>> nearest("gb400", {"b300": ["B300"], "gb200-nvl72": ["GB200"], "gb300-nvl72": ["GB300"]})
    ['gb300-nvl72', 'gb200-nvl72']
    """
    asked = name[:MOST_NAME].lower()
    told = {thing: max(_likeness(asked, other.lower()) for other in names) for thing, names in called.items() if names}
    kin = [thing for thing, (shared, _, _) in told.items() if shared]
    alike = kin or [thing for thing, (_, _, spelling) in told.items() if spelling >= cutoff]
    return sorted(alike, key=lambda thing: told[thing], reverse=True)[:count]


def _likeness(name: str, other: str) -> tuple[int, float, float]:
    """How many words two names begin with alike, how near the numbers after them are, and how alike they are spelt."""
    one, two = _WORD.findall(name), _WORD.findall(other)
    shared = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(one, two, strict=False))))
    beyond = [words[shared] if len(words) > shared else "" for words in (one, two)]
    numbers = [float(word) if word[:1].isdigit() else 0.0 for word in beyond]
    apart = abs(log(numbers[0] / numbers[1])) if all(numbers) else inf
    return shared, -apart, difflib.SequenceMatcher(None, name, other).ratio()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong with an input: where, what was seen, what is allowed; all of it fit for a terminal.

    asked: `path` is a field of the question itself, which every door spells in its own way.
    """

    path: str
    given: str
    expected: str
    asked: bool = False

    def __post_init__(self) -> None:
        for name in ("path", "given", "expected"):
            object.__setattr__(self, name, plain(getattr(self, name)))

    def __str__(self) -> str:
        return f"{self.path} = {self.given}: expected {self.expected}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """One limit that cannot be met, and by how much."""

    limit: str
    period: str
    site: str
    short_by: float
    unit: str

    def __str__(self) -> str:
        where = " at ".join(part for part in (self.period, self.site) if part)
        short = (
            f"short by {self.short_by:,.4g} {self.unit}"
            if isfinite(self.short_by)
            else "short, by how much is not known"
        )
        return f"{self.limit} ({where}): {short}" if where else f"{self.limit}: {short}"


class InputError(Exception):
    """Bad input: every fault that was found, reported together, up to as many as somebody reads.

    Raises ValueError where there is no fault to report, for then nobody would know what is wrong.
    """

    def __init__(self, faults: Iterable[Fault]) -> None:
        found = tuple(faults)
        if not found:
            raise ValueError("an input error without a fault")
        self.faults, rest = found[:MOST_FAULTS_COUNT], len(found) - MOST_FAULTS_COUNT
        if rest > 0:
            given, expected = f"{rest:,} faults more", f"these {MOST_FAULTS_COUNT} mended first"
            self.faults += (Fault(path="and", given=given, expected=expected),)
        super().__init__(found)

    def __str__(self) -> str:
        return "\n".join(str(fault) for fault in self.faults)


class ScenarioError(InputError):
    """A scenario, or an override of one, that cannot be read or makes no sense."""


class CatalogError(InputError):
    """A catalog record that is missing, incomplete or without a source."""


class CalibrationError(InputError):
    """A prediction asked of a kernel outside of what it can answer."""


class LedgerError(InputError):
    """A fact that the ledger does not take, or a database that is no ledger."""


class OutputError(InputError):
    """A place for what is written that holds something else, or where nothing of its kind can be."""


class Infeasible(Exception):  # noqa: N818 (the field's own word, and not an error of the program)
    """No plan meets every hard limit; names the limits in conflict and their slack."""

    def __init__(self, conflicts: Iterable[Conflict]) -> None:
        self.conflicts = tuple(conflicts)
        super().__init__(self.conflicts)

    def __str__(self) -> str:
        return "\n".join(str(conflict) for conflict in self.conflicts)


class SolverFailure(RuntimeError):  # noqa: N818 (our bug or the solver's, never the user's)
    """The solver neither solved a problem nor proved that it cannot be solved; what: in its own words."""

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(what)
