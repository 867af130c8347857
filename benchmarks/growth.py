"""How cost grows with a question: with quarters, sites, platforms, classes and futures, one at a time.

    python benchmarks/growth.py [--only WORD …] [--json]

Each case is a process of its own: CPU time, user and system, of its stages, and the most memory that it ever held. All
but the futures are of the default scenario, with copies of its sites, platforms or classes beside them and its demand
shared out among classes; its target stays, so that what grows is the question and not the programme.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gigawatt.scenario.load import load, preset_text
from gigawatt.scenario.schema import Scenario

LOI, CAMPUS = "loi-2025-09", "one-campus"
# By what grows: how many of it there are. The default scenario has 38 quarters, 10 sites, 5 platforms and 7 classes.
CASES = {
    "quarters": (24, 40, 60),
    "sites": (10, 30, 100),
    "platforms": (5, 15),
    "classes": (7, 20),
    "futures": (100, 1_000, 10_000, 100_000),
}
LAST = {24: "2032Q2", 40: "2036Q2", 60: "2041Q2"}
RAMP_FRAC = {"2026Q4": 0.1, "2028Q1": 0.3, "2029Q3": 0.6, "2031Q1": 1.0}
FUTURES_COUNT = 100
# By how much each copy of a platform is dearer: what is alike would be decided by nothing.
DEARER_FRAC = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown:
    """What a case took: CPU time of its stages [s], None where it has none; its most memory, and its store."""

    what: str
    count: int
    arrays_cpu_s: float | None = None
    plan_cpu_s: float | None = None
    timeline_cpu_s: float | None = None
    futures_cpu_s: float | None = None
    memory_bytes: float = 0.0
    store_bytes: float | None = None


def grown(what: str, count: int) -> Scenario:
    """The default scenario with so many of something."""
    table = tomllib.loads(preset_text(LOI))
    if what == "quarters":
        last = LAST[count]
        runs = {"training_runs.run_2032": False} if count == min(LAST) else {}
        return load(LOI, {"horizon.end": last, "horizon.report_end": min(last, "2033Q4"), **runs})
    key = {"sites": "sites", "platforms": "platforms", "classes": "use_cases"}[what]
    more = {f"{key}.{name}_{n}": copied(key, n, name, one) for n, name, one in beside(table[key], count)}
    if what == "sites":
        paths = (*more, *(f"sites.{name}" for name in table["sites"]))
        more |= {f"{path}.ramp": ramp(count, n) for n, path in enumerate(paths)}
    scale = len(table["use_cases"]) / count if what == "classes" else 1.0
    return load(LOI, more | {"demand.volume_scale": scale * table["demand"]["volume_scale"]})


def beside(table: dict[str, Any], count: int) -> list[tuple[int, str, dict[str, Any]]]:
    """The tables that are copied, in turn, until there are so many."""
    names = list(table)
    return [(n, names[n % len(names)], table[names[n % len(names)]]) for n in range(len(names), count)]


def ramp(count: int, n: int) -> dict[str, str]:
    """Power of one of so many sites by quarter, which make 11 GW together, none as much as another."""
    most_mw = 11_000 / count * (0.9 + 0.2 * (n + 0.5) / count)
    return {quarter: f"{share * most_mw:.3f} MW" for quarter, share in RAMP_FRAC.items()}


def copied(key: str, n: int, name: str, one: dict[str, Any]) -> dict[str, Any]:
    """A table that stands beside its original: a site says of which it is, a platform is a little dearer."""
    if key == "platforms":
        listed = load(LOI).records.accelerators[name].rack_price_usd or 0.0
        return {**one, "rack_price": f"{listed * (1 + DEARER_FRAC * n):.0f} USD"}
    return {"site": name, **one} if key == "sites" else one


def measured(what: str, count: int) -> Grown:
    """A case, in this process."""
    return swept(count) if what == "futures" else staged(what, count)


def staged(what: str, count: int) -> Grown:
    """Stages of a scenario, each after the ones before it."""
    from gigawatt.plan import plan
    from gigawatt.programme.arrays import arrays
    from gigawatt.simulation.timeline import simulate
    from gigawatt.study.futures.batches import PlannedCase, live
    from gigawatt.study.futures.draws import drawing

    scenario, clock = grown(what, count), [time.process_time()]

    def lap() -> float:
        clock.append(time.process_time())
        return clock[-1] - clock[-2]

    arrays(scenario)
    making = lap()
    made = plan.make(scenario, with_worth=False)
    planning = lap()
    simulate(scenario, made)
    living = lap()
    future = drawing(scenario, scenario.asked.seed)
    live(PlannedCase(scenario=scenario, plan=made), [future(number) for number in range(FUTURES_COUNT)])
    return Grown(
        what=what,
        count=count,
        arrays_cpu_s=making,
        plan_cpu_s=planning,
        timeline_cpu_s=living,
        futures_cpu_s=lap(),
        memory_bytes=most_bytes(),
    )


def swept(count: int) -> Grown:
    """Futures of one campus, kept in a folder, by one worker."""
    from gigawatt.study.futures.question import SweepQuestion
    from gigawatt.study.futures.sweep import sweep
    from gigawatt.study.job import Job

    with tempfile.TemporaryDirectory() as folder:
        started, place = time.process_time(), Path(folder) / "sweep"
        sweep(load(CAMPUS), SweepQuestion(draws_count=count, workers_count=1), Job(folder=place))
        cpu_s = time.process_time() - started
        store = sum(file.stat().st_size for file in place.rglob("*") if file.is_file())
    return Grown(what="futures", count=count, futures_cpu_s=cpu_s, memory_bytes=most_bytes(), store_bytes=store)


def most_bytes() -> float:
    """The most memory that this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def told(found: Grown) -> str:
    """A case as a line of a table."""
    times = (found.arrays_cpu_s, found.plan_cpu_s, found.timeline_cpu_s, found.futures_cpu_s)
    cells = [found.what, f"{found.count:,}", *("" if one is None else f"{one:.2f}" for one in times)]
    store = "" if found.store_bytes is None else f"{found.store_bytes / 1e6:.1f}"
    return "| " + " | ".join([*cells, f"{found.memory_bytes / 1e6:.0f}", store]) + " |"


HEAD = (
    "| grows | to | arrays | plan | timeline | futures | memory | store |\n"
    "|---|---|---|---|---|---|---|---|\n"
    f"| | | CPU-s | CPU-s | CPU-s | CPU-s ({FUTURES_COUNT}, or so many) | MB | MB |"
)


def main() -> None:
    """Every case that is asked for, in turn."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", default=list(CASES), choices=CASES)
    parser.add_argument("--most", type=int, default=max(map(max, CASES.values())), help="no case larger than this")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--case", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.case:
        print(json.dumps(asdict(measured(asked.case[0], int(asked.case[1])))))
        return
    if not asked.json:
        print(HEAD)
    for what in asked.only:
        for count in (count for count in CASES[what] if count <= asked.most):
            command = [sys.executable, __file__, "--case", what, str(count)]
            done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ)
            print(done.stdout.strip() if asked.json else told(Grown(**json.loads(done.stdout))), flush=True)


if __name__ == "__main__":
    main()
