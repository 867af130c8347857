"""What every command shares: the door that turns our exceptions into exit codes, progress, and JSON on stdout."""

from __future__ import annotations

import json as json_module
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import typer

from gigawatt.errors import Infeasible, InputError

BAD_INPUT, INFEASIBLE, MISSED, INTERRUPTED = 2, 3, 4, 130


@contextmanager
def door(json: bool) -> Iterator[None]:
    """Bad input leaves with exit code 2, an infeasible scenario with 3, Ctrl-C with 130; anything else is our bug."""
    try:
        yield
    except InputError as error:
        items = [{"path": f.path, "given": f.given, "expected": f.expected} for f in error.faults]
        _leave(json, error, items, [str(fault) for fault in error.faults], BAD_INPUT)
    except Infeasible as error:
        rows = [
            {"limit": c.limit, "period": c.period, "site": c.site, "short_by": _finite(c.short_by), "unit": c.unit}
            for c in error.conflicts
        ]
        lines = ["no plan meets every hard limit:", *(f"  {conflict}" for conflict in error.conflicts)]
        _leave(json, error, rows, lines, INFEASIBLE)
    except KeyboardInterrupt:
        print("interrupted; nothing was written", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None


def _finite(value: float) -> float | None:
    return value if value == value else None


def _leave(json: bool, error: Exception, items: list[dict[str, Any]], lines: list[str], code: int) -> None:
    if json:
        payload = {"error": {"kind": type(error).__name__, "items": items}}
        print(json_module.dumps(payload, allow_nan=False, ensure_ascii=False), file=sys.stderr)
    else:
        for line in lines:
            print(f"error: {line}" if not line.startswith(" ") else line, file=sys.stderr)
    raise typer.Exit(code) from None


def fall_short(lines: Sequence[str]) -> None:
    """Leave with exit code 4 where a bar that was asked for is missed, one line each on standard error."""
    for line in lines:
        print(f"missed: {line}", file=sys.stderr)
    if lines:
        raise typer.Exit(MISSED)


def usage_fault(message: str) -> None:
    """What is wrong with the command itself, as JSON on standard error."""
    items = [{"path": "command", "given": message, "expected": "see gigawatt --help"}]
    print(json_module.dumps({"error": {"kind": "UsageError", "items": items}}, ensure_ascii=False), file=sys.stderr)


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """A callable that says what is being done: a spinner with elapsed time on a terminal, plain lines elsewhere."""
    if not sys.stderr.isatty():
        yield lambda text: print(f"{text} …", file=sys.stderr, flush=True)
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting")
        yield lambda text: bar.update(task, description=text)


def say(value: Any) -> None:
    """One strict JSON object on standard output."""
    print(json_module.dumps(value, allow_nan=False, ensure_ascii=False))
