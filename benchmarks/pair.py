"""This source and that of an earlier commit in turn, on one machine: what a run, a plan, futures and a simulation take.

    python benchmarks/pair.py COMMIT [--only NAME …] [--repeat N] [--futures N] [--json]

Each figure is measured in a process of its own, `--repeat` times for either source in turn, after one that compiles
kernels and byte code; medians of both are given and their ratio. CPU-seconds are user and system time. Each source
takes its own presets. Needs git and Linux.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
RUN = "from gigawatt.interfaces.cli import main; main()"
WRITING = "writing the report"
FEW = 10
Figures = dict[str, float]

# What is run in a process of its own: prints its figures as JSON. Rooms and functions were named otherwise earlier.
PLAN = """
import json, time
from gigawatt.plan import plan
from gigawatt.scenario.load import load
make = getattr(plan, "make", None) or plan.plan
scenario = load("loi-2025-09")
started = time.process_time()
found = make(scenario, with_worth=False)
print(json.dumps({"cpu_s": time.process_time() - started, "gap_frac": found.gap_frac}))
"""
SIMULATION = """
import importlib, json, time
from gigawatt.plan import plan
from gigawatt.scenario.load import load
make = getattr(plan, "make", None) or plan.plan
try:
    import gigawatt.simulation as room
except ImportError:
    import gigawatt.simulate as room
fleet, calendar, timeline = (
    importlib.import_module(f"{room.__name__}.{name}") for name in ("fleet", "calendar", "timeline")
)
scenario = load("loi-2025-09", {"simulate.mode": "stochastic"})
made = make(load("loi-2025-09"), with_worth=False)
edges, quarters = calendar.edges_h(scenario.quarters), scenario.quarters
window = timeline.Window(first_h=edges[quarters.index("2028Q1")], last_h=edges[quarters.index("2033Q1")])
fleet.compile_kernels()
started = time.process_time()
room.simulate(scenario, made, window=window)
print(json.dumps({"cpu_s": time.process_time() - started}))
"""


def whole(source: Path, *words: str) -> Figures:
    """A command from start to exit: CPU-seconds, of its writing too, which begins where it says so, and peak memory."""
    with tempfile.TemporaryDirectory() as place:
        command = [sys.executable, "-c", RUN, *words, "--json", "--out", str(Path(place) / "result")]
        process = subprocess.Popen(
            command, env=_place(source), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        before_s = 0.0
        for line in process.stderr or ():
            if line.startswith(WRITING):
                before_s = _cpu_s(process.pid)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{source}: {' '.join(words)}: exit code {process.returncode}")
    whole_s = used.ru_utime + used.ru_stime
    return {"cpu_s": whole_s, "write_cpu_s": whole_s - before_s, "peak_bytes": used.ru_maxrss * 1024.0}


def futures(source: Path, count: int, *words: str) -> Figures:
    """A sweep on one worker, what a future more takes: between one of a few futures and one of so many more."""
    few, many = (
        whole(source, "sweep", *words, "--draws", str(number), "--workers", "1") for number in (FEW, FEW + count)
    )
    return {"cpu_s_per_future": (many["cpu_s"] - few["cpu_s"]) / count, "peak_bytes": many["peak_bytes"]}


def inside(source: Path, code: str) -> Figures:
    """What a piece of code measures of itself."""
    done = subprocess.run([sys.executable, "-c", code], env=_place(source), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{source}: {done.stderr}")
    return dict(json.loads(done.stdout))


def _place(source: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPATH": str(source), "NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def figures(count: int) -> dict[str, Callable[[Path], Figures]]:
    """Every figure by name; count: futures of a held plan, a tenth of which are planned anew."""
    anew = max(count // 10, 1)
    return {
        "run_loi": lambda source: whole(source, "run"),
        "run_one_campus": lambda source: whole(source, "run", "one-campus"),
        "plan_loi": lambda source: inside(source, PLAN),
        "futures_loi": lambda source: futures(source, count),
        "futures_replanned_loi": lambda source: futures(source, anew, "--replan"),
        "simulate_5y_loi": lambda source: inside(source, SIMULATION),
    }


def pair(commit: str, names: Sequence[str], repeat: int, count: int) -> dict[str, dict[str, Figures]]:
    """By figure: medians of both sources, and this one over the other."""
    with tempfile.TemporaryDirectory() as place:
        earlier = Path(place) / "earlier"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--detach", str(earlier), commit], check=True, capture_output=True)
        try:
            sources = {"earlier": earlier / "src", "this": ROOT / "src"}
            measures = figures(count)
            return {name: _in_turn(measures[name], sources, repeat) for name in names or measures}
        finally:
            subprocess.run([*git, "remove", "--force", str(earlier)], check=False, capture_output=True)
            shutil.rmtree(earlier, ignore_errors=True)


def _in_turn(measure: Callable[[Path], Figures], sources: dict[str, Path], repeat: int) -> dict[str, Figures]:
    for source in sources.values():
        measure(source)  # compiles kernels and byte code
    runs: dict[str, list[Figures]] = {name: [] for name in sources}
    for _ in range(repeat):
        for name, source in sources.items():
            runs[name].append(measure(source))
    found = {name: {key: statistics.median(one[key] for one in some) for key in some[0]} for name, some in runs.items()}
    both = found["this"].items()
    return found | {"ratio": {key: value / found["earlier"][key] for key, value in both if found["earlier"][key]}}


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commit")
    parser.add_argument("--only", nargs="+", default=[], choices=figures(1), metavar="NAME")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--futures", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    found = pair(asked.commit, asked.only, asked.repeat, asked.futures)
    if asked.json:
        print(json.dumps(found))
        return
    for name, both in found.items():
        print(name)
        for source, measured in both.items():
            print(f"  {source:8}", "  ".join(f"{key} {value:,.4g}" for key, value in measured.items()))


if __name__ == "__main__":
    main()
