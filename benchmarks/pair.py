"""This source and that of an earlier commit in turn, on one machine: `gigawatt run` of the default scenario.

    python benchmarks/pair.py COMMIT [--repeat N] [--json]

Medians of CPU-seconds (user and system) of the whole process and of its writing, and of peak memory, of both, and the
ratios of the medians. Writing begins where the command says so. Needs git and Linux.
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
from pathlib import Path

ROOT = Path(__file__).parents[1]
RUN = "from gigawatt.interfaces.cli import main; main()"
WRITING = "writing the report"
Figures = dict[str, float]


def measured(source: Path, folder: Path) -> Figures:
    """One run of a source tree."""
    words = [sys.executable, "-c", RUN, "run", "--json", "--out", str(folder)]
    place = os.environ | {"PYTHONPATH": str(source)}
    process = subprocess.Popen(words, env=place, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    before_s = 0.0
    for line in process.stderr or ():
        if line.startswith(WRITING):
            before_s = _cpu_s(process.pid)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{source}: exit code {process.returncode}")
    whole_s = used.ru_utime + used.ru_stime
    return {"cpu_s": whole_s, "write_cpu_s": whole_s - before_s, "peak_bytes": used.ru_maxrss * 1024.0}


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def pair(commit: str, repeat: int) -> dict[str, Figures]:
    """Medians of both, and this source over the other."""
    with tempfile.TemporaryDirectory() as place:
        earlier, folder = Path(place) / "earlier", Path(place) / "result"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--detach", str(earlier), commit], check=True, capture_output=True)
        try:
            sources = {"earlier": earlier / "src", "this": ROOT / "src"}
            for source in sources.values():
                measured(source, folder)  # compiles kernels and byte code
                shutil.rmtree(folder)
            runs: dict[str, list[Figures]] = {name: [] for name in sources}
            for _ in range(repeat):
                for name, source in sources.items():
                    runs[name].append(measured(source, folder))
                    shutil.rmtree(folder)
        finally:
            subprocess.run([*git, "remove", "--force", str(earlier)], check=True, capture_output=True)
    found = {name: {key: statistics.median(one[key] for one in some) for key in some[0]} for name, some in runs.items()}
    return found | {"ratio": {key: value / found["earlier"][key] for key, value in found["this"].items()}}


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commit")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    found = pair(asked.commit, asked.repeat)
    if asked.json:
        print(json.dumps(found))
        return
    for name, figures in found.items():
        print(f"{name:8}", "  ".join(f"{key} {value:,.4g}" for key, value in figures.items()))


if __name__ == "__main__":
    main()
