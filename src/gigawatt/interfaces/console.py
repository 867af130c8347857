"""What every command shares: the door that turns our exceptions into exit codes, progress, and JSON on stdout."""

from __future__ import annotations

import json as json_module
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

import typer

from gigawatt.errors import Fault
from gigawatt.interfaces.failing import INTERRUPTED, MISSED, failure
from gigawatt.interfaces.output import has_all


def _as_it_is(message: str, *given: object) -> str:
    """A message in the language of the code."""
    return message.format(*given) if given else message


@contextmanager
def door(
    json: bool, spelled: Callable[[Fault], Fault] = lambda fault: fault, say_in: Callable[..., str] = _as_it_is
) -> Iterator[None]:
    """What ends a command early leaves with one sentence and an exit code of its own; anything else is our bug.

    Bad input: 2. Infeasible: 3. A solver that fails: 70. A fault of the machine, which is no room on a disk or in
    memory, or an output that takes no more: 74. Ctrl-C: 130. spelled: a fault with the field of a question as this door
    calls it. say_in: what says a sentence in the language of whoever reads it; `--json` stays as it is.
    """
    try:
        yield
    except KeyboardInterrupt:
        print(say_in("interrupted; nothing was written"), file=sys.stderr)
        raise SystemExit(INTERRUPTED) from None
    except Exception as error:
        found = failure(error, spelled)
        if found is None:
            raise
        _say_error(json, found.kind, found.items, found.lines, say_in)
        raise SystemExit(found.code) from None


def _say_error(
    json: bool,
    kind: str,
    items: Sequence[Mapping[str, Any]],
    lines: Sequence[str],
    say_in: Callable[..., str] = _as_it_is,
) -> None:
    """On standard error: one JSON object, or a sentence each."""
    if json:
        print(_as_json({"error": {"kind": kind, "items": items}}, sys.stderr), file=sys.stderr)
        return
    told = [_fault(item, say_in) for item in items] if all("given" in item for item in items) else map(say_in, lines)
    for line in told:
        print(f"{say_in('error')}: {line}" if not line.startswith(" ") else line, file=sys.stderr)


def _fault(item: Mapping[str, Any], say_in: Callable[..., str]) -> str:
    """One thing wrong: what was given stays as it was, but where we said what was there instead."""
    given = item["given"]
    shown = say_in(given) if " " in given or given == "missing" else given
    return say_in("{} = {}: expected {}", item["path"], shown, say_in(item["expected"]))


def fall_short(lines: Sequence[str], say_in: Callable[..., str] = _as_it_is) -> None:
    """Leave with exit code 4 where a bar that was asked for is missed, one line each on standard error."""
    for line in lines:
        print(f"{say_in('missed')}: {say_in(line)}", file=sys.stderr)
    if lines:
        raise typer.Exit(MISSED)


def usage_fault(message: str) -> None:
    """What is wrong with the command itself, as JSON on standard error."""
    _say_error(True, "UsageError", [{"path": "command", "given": message, "expected": "see gigawatt --help"}], [])


@contextmanager
def progress(say_in: Callable[..., str] = _as_it_is) -> Iterator[Callable[[str, float | None], None]]:
    """A callable that says what is being done: a spinner with elapsed time on a terminal, plain lines elsewhere."""
    if not sys.stderr.isatty():
        yield lambda words, share_frac: print(
            f"{_with_share(say_in(words), share_frac)} …", file=sys.stderr, flush=True
        )
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(say_in("starting"))
        yield lambda words, share_frac: bar.update(task, description=_with_share(say_in(words), share_frac))


def _with_share(words: str, share_frac: float | None) -> str:
    return words if share_frac is None else f"{words} ({100 * share_frac:.0f} %)"


def say(value: Any) -> None:
    """One strict JSON object on standard output."""
    print(_as_json(value, sys.stdout))


def _as_json(value: Any, stream: TextIO) -> str:
    return json_module.dumps(value, allow_nan=False, ensure_ascii=not has_all(stream))
