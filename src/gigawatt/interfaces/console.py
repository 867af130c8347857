"""What every command shares: the door that turns our exceptions into exit codes, progress, and JSON on stdout."""

from __future__ import annotations

import json as json_module
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn, TextIO

import typer

from gigawatt.errors import Fault, Infeasible, InputError, SolverFailure
from gigawatt.interfaces.output import OutputLost, has_all

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


@contextmanager
def door(json: bool, spelled: Callable[[Fault], Fault] = lambda fault: fault) -> Iterator[None]:
    """What ends a command early leaves with one sentence and an exit code of its own; anything else is our bug.

    Bad input: 2. Infeasible: 3. A solver that fails: 70. A fault of the machine, which is no room on a disk or in
    memory, or an output that takes no more: 74. Ctrl-C: 130. spelled: a fault with the field of a question as this door
    calls it.
    """
    try:
        yield
    except InputError as error:
        _leave(json, type(error).__name__, [spelled(fault) for fault in error.faults], BAD_INPUT)
    except Infeasible as error:
        rows = [
            {"limit": c.limit, "period": c.period, "site": c.site, "short_by": _finite(c.short_by), "unit": c.unit}
            for c in error.conflicts
        ]
        lines = ["no plan meets every hard limit:", *(f"  {conflict}" for conflict in error.conflicts)]
        _say_error(json, "Infeasible", rows, lines)
        raise SystemExit(INFEASIBLE) from None
    except SolverFailure as error:
        fault = Fault(path="solver", given=error.what, expected="a plan, or a proof that there is none")
        _leave(json, "SolverFailure", [fault], SOLVER)
    except (OSError, MemoryError, OutputLost, ImportError, RuntimeError, SystemError) as error:
        found = _machine_fault(error)
        if found is None:
            raise
        _leave(json, "MachineFault", [found], MACHINE)
    except KeyboardInterrupt:
        print("interrupted; nothing was written", file=sys.stderr)
        raise SystemExit(INTERRUPTED) from None


def _machine_fault(error: Exception) -> Fault | None:
    """What the machine could not do; None where the error is another's."""
    if isinstance(error, OutputLost):
        return Fault(path="standard output", given=str(error), expected="a reader, or room, for all of it")
    if isinstance(error, MemoryError) or any(word in str(error).lower() for word in NO_MEMORY):
        given = str(error) or "not enough"
        return Fault(path="memory", given=given, expected="more of it, fewer --workers, or a smaller question")
    if isinstance(error, ChildProcessError):
        return Fault(path="workers", given=str(error), expected="batches that end: more memory, or fewer --workers")
    if isinstance(error, OSError):
        given = os.strerror(error.errno).lower() if error.errno else str(error)
        path = str(error.filename2 or error.filename or "files")
        return Fault(path=path, given=given, expected="a place that can be read and written, with room")
    return None


def _finite(value: float) -> float | None:
    return value if value == value else None


def _leave(json: bool, kind: str, faults: Sequence[Fault], code: int) -> NoReturn:
    items = [{"path": fault.path, "given": fault.given, "expected": fault.expected} for fault in faults]
    _say_error(json, kind, items, [str(fault) for fault in faults])
    raise SystemExit(code) from None


def _say_error(json: bool, kind: str, items: Sequence[Mapping[str, Any]], lines: Sequence[str]) -> None:
    """On standard error: one JSON object, or a sentence each."""
    if json:
        print(_as_json({"error": {"kind": kind, "items": items}}, sys.stderr), file=sys.stderr)
        return
    for line in lines:
        print(f"error: {line}" if not line.startswith(" ") else line, file=sys.stderr)


def fall_short(lines: Sequence[str]) -> None:
    """Leave with exit code 4 where a bar that was asked for is missed, one line each on standard error."""
    for line in lines:
        print(f"missed: {line}", file=sys.stderr)
    if lines:
        raise typer.Exit(MISSED)


def usage_fault(message: str) -> None:
    """What is wrong with the command itself, as JSON on standard error."""
    _say_error(True, "UsageError", [{"path": "command", "given": message, "expected": "see gigawatt --help"}], [])


@contextmanager
def progress() -> Iterator[Callable[[str, float | None], None]]:
    """A callable that says what is being done: a spinner with elapsed time on a terminal, plain lines elsewhere."""
    if not sys.stderr.isatty():
        yield lambda words, share_frac: print(f"{_with_share(words, share_frac)} …", file=sys.stderr, flush=True)
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting")
        yield lambda words, share_frac: bar.update(task, description=_with_share(words, share_frac))


def _with_share(words: str, share_frac: float | None) -> str:
    return words if share_frac is None else f"{words} ({100 * share_frac:.0f} %)"


def say(value: Any) -> None:
    """One strict JSON object on standard output."""
    print(_as_json(value, sys.stdout))


def _as_json(value: Any, stream: TextIO) -> str:
    return json_module.dumps(value, allow_nan=False, ensure_ascii=not has_all(stream))
