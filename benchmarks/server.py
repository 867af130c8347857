"""A server on loopback and what it costs: figures of benchmarks/run.py.

Load comes from `ab` of Apache's httpd (Debian: apache2-utils; Apache-2.0; kept with httpd, 2.4.71): percentiles as CSV,
one small program. hey and wrk have had no release for years, and locust brings gevent and a web server of its own to
make requests dearer than those that are measured. Where `ab` is absent, what needs it is left out and said so.
"""

from __future__ import annotations

import csv
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

Figures = dict[str, float]
START_S, JOB_S, LOAD_S = 60.0, 600.0, 60
ASKED_COUNT, READERS_COUNT, READS_COUNT, JOBS_COUNT = 40, 100, 2_000, 20
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, kw_only=True)
class Served:
    """A server that runs: where, by which token, and its process."""

    url: str
    token: str
    pid: int

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """What it answers. Raises SystemExit where it refuses."""
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=JOB_S)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        found = answer.read()
        if answer.status >= 400:
            raise SystemExit(f"{method} {path}: {answer.status} {found[:500]!r}")
        return json.loads(found)

    def processes(self) -> list[int]:
        """Its process and all that it started."""
        found = [self.pid]
        for pid in found:
            for thread in Path(f"/proc/{pid}/task").glob("*/children"):
                found += [int(child) for child in thread.read_text().split()]
        return found

    def cpu_s(self) -> float:
        """CPU time of all of them so far, of those that ended as well."""
        return sum(sum(map(int, _stat(pid)[11:15])) for pid in self.processes()) / TICKS_PER_S

    def settle(self) -> None:
        """Wait until what it loads while nobody asks is loaded."""
        before = -1.0
        while self.cpu_s() - before > 0.1:
            before = self.cpu_s()
            time.sleep(1.0)

    def memory_bytes(self) -> float:
        """Memory that they hold."""
        pages = (int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in self.processes())
        return float(sum(pages) * resource.getpagesize())


def _stat(pid: int) -> list[str]:
    """Fields of a process's state behind its name, from the third on."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


@contextmanager
def served(kept: Path | None = None) -> Iterator[tuple[Served, float]]:
    """A new server of a folder, its own where none is given, and how long it took until it answered /health."""
    with tempfile.TemporaryDirectory() as own:
        folder = kept or own
        command = [sys.executable, "-m", "gigawatt", "serve", "--port", "0", "--json", "--data", f"{folder}/data"]
        started = time.perf_counter()
        process = subprocess.Popen(
            [*command, "--database", f"{folder}/gigawatt.db"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        try:
            assert process.stdout is not None
            found = json.loads(process.stdout.readline())
            server = Served(url=found["url"], token=found["token"], pid=process.pid)
            server.ask("GET", "/health")
            yield server, time.perf_counter() - started
        finally:
            process.terminate()
            process.wait(START_S)


def session(server: Served) -> tuple[str, str]:
    """Name and value of the cookie of a session that is begun by the form."""
    connection = HTTPConnection(urlsplit(server.url).netloc)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/sign-in", urlencode({"name": "", "secret": server.token, "then": "/"}), headers)
    name, _, rest = (connection.getresponse().getheader("Set-Cookie") or "").partition("=")
    return name, rest.partition(";")[0]


def serve() -> Figures:
    """Start; memory before anybody came, and with workers that stand by; CPU of server and workers against the same in
    this process, of a verb that works something out, and of one that only looks it up; waits."""
    with served() as (server, health_s):
        asked = {"capacity": "8 GW", "scenario": "six-classes"}
        while server.ask("GET", "/health")["status"] != "ok":
            time.sleep(0.1)
        memory = server.memory_bytes()
        server.ask("POST", "/api/verbs/allocate", asked)
        standing = server.memory_bytes()
        ratio = _cpu_ratio(server, "allocate", asked)
        quick = _cpu_ratio(server, "catalog show", {"thing": "gb300"})
        waits = [_wait_s(server, {**asked, "capacity": f"{4 + n / 10:g} GW"}) for n in range(ASKED_COUNT)]
    return {
        "serve_health_s": health_s,
        "serve_idle_bytes": memory,
        "serve_standing_bytes": standing,
        "serve_short_verb_cpu_ratio": ratio,
        "serve_quick_verb_cpu_ratio": quick,
        "serve_allocate_s": statistics.median(waits),
        "serve_allocate_p99_s": sorted(waits)[-1 - len(waits) // 100],
    }


def _wait_s(server: Served, asked: dict[str, Any]) -> float:
    started = time.perf_counter()
    server.ask("POST", "/api/verbs/allocate", asked)
    return time.perf_counter() - started


def _cpu_ratio(server: Served, name: str, values: dict[str, Any]) -> float:
    """CPU of a verb over HTTP, warm, over that of the verb and its JSON in this process."""
    from gigawatt.report import reports
    from gigawatt.study import verbs

    def here() -> None:
        json.dumps(reports.data(verbs.named(name), verbs.ask(name, **values)))

    path = f"/api/verbs/{name.replace(' ', '/')}"
    here()
    server.ask("POST", path, values)
    server.settle()
    started = time.process_time()
    for _ in range(ASKED_COUNT):
        here()
    alone_s, before_s = time.process_time() - started, server.cpu_s()
    for _ in range(ASKED_COUNT):
        server.ask("POST", path, values)
    return (server.cpu_s() - before_s) / alone_s


def serve_reads() -> Figures:
    """A hundred readers of a finished default result at once; one reader while jobs wait and run, and while none do."""
    if shutil.which("ab") is None:
        print("serve_read: left out, for `ab` (Debian: apache2-utils) is not installed", file=sys.stderr)
        return {}
    with served() as (server, _):
        job = server.ask("POST", "/api/verbs/run", {})["id"]
        finished(server, job)
        path = f"/api/results/{job}"
        many = percentile_s(server, path, readers=READERS_COUNT, share=99)
        alone = percentile_s(server, path, readers=1, share=50)
        for _ in range(JOBS_COUNT):
            server.ask("POST", "/api/verbs/run", {"scenario": "one-campus"})
        busy = percentile_s(server, path, readers=1, share=50)
    return {"serve_read_p99_s": many, "serve_read_slowdown_ratio": busy / alone}


def finished(server: Served, job: str) -> None:
    """Wait until a job is done. Raises SystemExit where it fails."""
    until = time.monotonic() + JOB_S
    while (state := server.ask("GET", f"/api/jobs/{job}")["state"]) != "done":
        if state in ("failed", "cancelled") or time.monotonic() > until:
            raise SystemExit(f"the job is {state}")
        time.sleep(0.5)


def percentile_s(server: Served, path: str, *, readers: int, share: int, headers: Sequence[str] = ()) -> float:
    """Time within which a share of reads is answered, in percent, by `ab`, bounded in number and time.

    headers: what readers send; the token where none is given."""
    with tempfile.NamedTemporaryFile(suffix=".csv") as table:
        load = ["ab", "-q", "-k", "-t", str(LOAD_S), "-n", str(READS_COUNT), "-c", str(readers), "-e", table.name]
        said = [part for one in headers or [f"Authorization: Bearer {server.token}"] for part in ("-H", one)]
        found = subprocess.run([*load, *said, server.url + path], capture_output=True, text=True, check=True)
        if "Non-2xx responses" in found.stdout:
            raise SystemExit(f"{path} was refused:\n{found.stdout}")
        rows = list(csv.reader(Path(table.name).read_text().splitlines()))[1:]
    return float(rows[share][1]) / 1000
