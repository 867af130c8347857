"""Servers without a door whose workers are odd, for tests: in a process of their own, or here."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gigawatt.interfaces.server import workers
from gigawatt.interfaces.server.asked import WorkOrder
from gigawatt.interfaces.server.queue import Queue
from gigawatt.interfaces.server.settings import Settings
from gigawatt.interfaces.server.store import ServerStore

HERE = Path(__file__).parent
PATIENCE_S = 120.0


def waited(for_what: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
    until = time.monotonic() + patience_s
    while not for_what():
        assert time.monotonic() < until
        time.sleep(0.02)


def is_gone(pid: int) -> bool:
    try:
        return ") Z" in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True


def path() -> str:
    """Where Python finds the odd ones."""
    return os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")])


def lines(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []


def odd(**values: object) -> WorkOrder:
    return WorkOrder(verb="hedge", values={key: str(v) if isinstance(v, Path) else v for key, v in values.items()})  # type: ignore[misc]


@contextmanager
def opened(settings: Settings) -> Iterator[Queue]:
    """A queue that is open in this process."""
    store, crew = ServerStore(settings), workers.Workers()
    queue = Queue(settings, store, crew)
    queue.open()
    try:
        yield queue
    finally:
        queue.close()
        store.close()


@contextmanager
def server(settings: Settings, how: str = "odd") -> Iterator[subprocess.Popen[bytes]]:
    """A server that is a process of its own, ended politely unless it is dead already."""
    command = [sys.executable, str(HERE / "odd_server.py"), settings.database, str(settings.data), how]
    environment = {**os.environ, "PYTHONPATH": path()}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, env=environment, **pipes) as process:  # type: ignore[call-overload]
        try:
            yield process
        finally:
            process.stdin.close()
            process.wait(PATIENCE_S)


def is_open(process: subprocess.Popen[bytes]) -> bool:
    """Waits for a server to say so."""
    assert process.stdout is not None
    return process.stdout.readline() == b"open\n"


if __name__ == "__main__":
    database, data, how = sys.argv[1:]
    if how == "odd":
        workers.MODULE = "odd_worker"
    with opened(Settings(database=database, data=Path(data))):
        print("open", flush=True)
        sys.stdin.read()
