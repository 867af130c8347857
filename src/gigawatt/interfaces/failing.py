"""What ends a question early, as every door tells it: an exit code, a kind, and one item for each thing wrong."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gigawatt.errors import Fault, Infeasible, InputError, SolverFailure
from gigawatt.interfaces.output import OutputLost
from gigawatt.interfaces.server.asked import Refused

BAD_INPUT, INFEASIBLE, MISSED, SOLVER, MACHINE, INTERRUPTED = 2, 3, 4, 70, 74, 130
# What is said where there is no memory left: by a loader for a library, and by Python for an error of its own.
NO_MEMORY = (
    "failed to map segment",
    "cannot allocate memory",
    "memory allocation failed",
    "can't start new thread",
    "without exception set",
    "without setting an exception",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why there is no answer."""

    code: int
    """The exit code of a command that ends so."""
    kind: str
    """Of which kind, in a word that programs know."""
    items: tuple[Mapping[str, Any], ...]
    """What is wrong, one by one."""
    lines: tuple[str, ...]
    """The same in sentences for a person."""

    def data(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {"error": {"kind": self.kind, "items": list(self.items)}}


def failure(error: BaseException, spelled: Callable[[Fault], Fault] = lambda fault: fault) -> Failure | None:
    """What an exception is to whoever asked; None for one that is our bug, or an interruption.

    Bad input, and what a server refuses: 2. Infeasible: 3. A solver that fails: 70. A fault of the machine, which is no
    room on a disk or in memory, or an output that takes no more: 74. spelled: a fault with the field of a question as a
    door calls it.
    """
    if isinstance(error, InputError):
        return faulty(type(error).__name__, BAD_INPUT, *(spelled(fault) for fault in error.faults))
    if isinstance(error, Refused):
        fault = Fault(path=error.path, given=error.given, expected=error.expected, asked=True)
        return faulty("Refused", BAD_INPUT, spelled(fault))
    if isinstance(error, Infeasible):
        rows = tuple(
            {"limit": c.limit, "period": c.period, "site": c.site, "short_by": _finite(c.short_by), "unit": c.unit}
            for c in error.conflicts
        )
        lines = ("no plan meets every hard limit:", *(f"  {conflict}" for conflict in error.conflicts))
        return Failure(code=INFEASIBLE, kind="Infeasible", items=rows, lines=lines)
    if isinstance(error, SolverFailure):
        fault = Fault(path="solver", given=error.what, expected="a plan, or a proof that there is none")
        return faulty("SolverFailure", SOLVER, fault)
    if isinstance(error, OSError | MemoryError | OutputLost | ImportError | RuntimeError | SystemError):
        found = _machine_fault(error)
        return None if found is None else faulty("MachineFault", MACHINE, spelled(found))
    return None


def faulty(kind: str, code: int, *faults: Fault) -> Failure:
    """A failure that is told by faults."""
    items = tuple({"path": fault.path, "given": fault.given, "expected": fault.expected} for fault in faults)
    return Failure(code=code, kind=kind, items=items, lines=tuple(str(fault) for fault in faults))


def _machine_fault(error: Exception) -> Fault | None:
    """What the machine could not do; None where the error is another's."""
    if isinstance(error, OutputLost):
        return Fault(path="standard output", given=str(error), expected="a reader, or room, for all of it")
    if isinstance(error, MemoryError) or any(word in str(error).lower() for word in NO_MEMORY):
        given = str(error) or "not enough"
        return Fault(path="memory", given=given, expected="more of it, fewer workers, or a smaller question")
    if isinstance(error, ChildProcessError):
        return Fault(path="workers", given=str(error), expected="batches that end: more memory, or fewer workers")
    if isinstance(error, OSError):
        given = os.strerror(error.errno).lower() if error.errno else str(error)
        path = str(error.filename2 or error.filename or "files")
        return Fault(path=path, given=given, expected="a place that can be read and written, with room")
    return None


def _finite(value: float) -> float | None:
    return value if value == value else None
