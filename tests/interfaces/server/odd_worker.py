"""A worker process that does what a test says, instead of answering verbs."""

import os
import signal
import sys
import time
from pathlib import Path

from gigawatt.errors import Conflict, Fault, Infeasible, ScenarioError, SolverFailure
from gigawatt.interfaces.server import performing
from gigawatt.interfaces.server.asked import Reply, WorkOrder
from gigawatt.study.job import Cancelled

ERRORS = {
    "input": lambda: ScenarioError([Fault(path="draws", given="0", expected="1 or more")]),
    "infeasible": lambda: Infeasible([Conflict(limit="debt", period="2027Q1", site="", short_by=1.0, unit="USD")]),
    "solver": lambda: SolverFailure("unknown"),
    "full": lambda: OSError(28, "no space", "/somewhere"),
    "memory": MemoryError,
    "bug": lambda: ValueError("not ours to say"),
}


def performed(order: WorkOrder, say: performing.Say, cancelled: performing.Callable[[], bool]) -> Reply:
    """odd: what to do. log: a file that gets a line for every start. gate: a file that is waited for."""
    if order.estimated:
        return PERFORMED(order, say, cancelled)
    values = order.values
    if "log" in values:
        with Path(values["log"]).open("a") as log:
            log.write(f"{values.get('name', order.verb)} {os.getpid()}\n")
    odd = values.get("odd")
    if odd == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if odd == "deaf":
        say("deaf", None)
        time.sleep(600)
    if odd in ERRORS:
        raise ERRORS[odd]()
    while "gate" in values and not Path(values["gate"]).exists():
        say("at the gate", 0.5)
        if cancelled():
            raise Cancelled
        time.sleep(0.02)
    time.sleep(values.get("pause_s", 0))
    body = performing.written({"scenario": "odd", "hash": "0" * 64, "values": dict(values)})
    if order.folder:
        Path(order.folder).mkdir(parents=True, exist_ok=True)
        (Path(order.folder) / performing.ANSWER).write_bytes(body)
        (Path(order.folder) / performing.WORDS).write_text("odd")
    return Reply(code=0, body=body)


PERFORMED = performing._performed
performing._performed = performed
performing._modules = lambda: iter(())

if __name__ == "__main__":
    sys.exit(performing.main())
