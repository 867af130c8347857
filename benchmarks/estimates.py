"""How far estimates are from what answers take: every case in a process of its own, by its CPU and its memory.

    python benchmarks/estimates.py [--only WORD …] [--fit] [--keep FILE] [--json]

Time is user and system time of a process and of all that it starts, so that others on the machine matter little.
--fit prints paces that fit the cases best, as study/paces.toml has them; --keep keeps what was measured, and takes from
there what it holds already.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gigawatt.study import verbs
from gigawatt.study.estimate import counted, estimate, paces
from gigawatt.study.question import read

LOI, CAMPUS, THREE, EQUITY = "loi-2025-09", "one-campus", "three-sites", "equity-2026-02"
PRO_RATA = {"capital.tranches.release": "pro_rata"}
LONGER = {"horizon.end": "2041Q2"}
SHORTER = {"horizon.end": "2032Q2", "horizon.report_end": "2032Q2", "training_runs.run_2032": False}
READINGS = (20_000, 400_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A question, and what its verb writes."""

    verb: str
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The question as one says it."""
        said = " ".join(f"{key}={value}" for key, value in self.values.items())
        return f"{self.verb} {said}".strip()

    def command(self, folder: Path) -> list[str]:
        """The command line that asks it, which is also what a server's job does."""
        words = [sys.executable, "-m", "gigawatt", *self.verb.split(), "--json"]
        for key, value in self.values.items():
            words += _option(key, value)
        return words + (["--out", str(folder / "result")] if verbs.named(self.verb).folder else [])


def _option(key: str, value: Any) -> list[str]:
    name = "--" + key.replace("_", "-")
    if isinstance(value, bool):
        return [name] if value else []
    if key == "set":
        return [word for path, item in value.items() for word in ("--set", f"{path}={json.dumps(item)}")]
    if key in ("scenario", "strategies", "file"):
        return [value] if isinstance(value, str) else list(value)
    if isinstance(value, list):
        return [word for item in value for word in (name, str(item))]
    return [name, str(value)]


def cases(folder: Path) -> list[Case]:
    """What is measured: verbs of every kind of work, on several presets and sizes."""
    futures = [(CAMPUS, 20), (CAMPUS, 200), (THREE, 60), (LOI, 40)]
    return [
        *(Case(verb="run", values={"scenario": name}) for name in (CAMPUS, THREE, EQUITY, LOI)),
        *(Case(verb="run", values={"scenario": LOI, "set": over}) for over in (PRO_RATA, SHORTER, LONGER)),
        Case(verb="run", values={"scenario": CAMPUS, "set": {"horizon.end": "2045Q4"}}),
        Case(verb="run", values={"scenario": CAMPUS, "set": {"simulate.mode": "stochastic"}}),
        *(Case(verb="simulate", values={"scenario": name}) for name in (CAMPUS, THREE, LOI)),
        Case(verb="simulate", values={"scenario": LOI, "mode": "expected"}),
        *(
            Case(verb="simulate", values={"scenario": name, "mode": "expected", "latency": True})
            for name in (CAMPUS, LOI)
        ),
        Case(verb="simulate", values={"scenario": LOI, "from": "2028Q1", "to": "2028Q2", "step": "15min"}),
        *(Case(verb="sweep", values={"scenario": name, "draws": count, "workers": 2}) for name, count in futures),
        Case(verb="sweep", values={"scenario": CAMPUS, "draws": 20, "workers": 1}),
        Case(verb="sweep", values={"scenario": CAMPUS, "draws": 20, "replan": True, "workers": 2}),
        Case(verb="sweep", values={"scenario": LOI, "draws": 8, "replan": True, "workers": 2}),
        Case(verb="compare", values={"futures": 20, "workers": 2}),
        *(Case(verb="hedge", values={"scenario": CAMPUS, "futures": count}) for count in (3, 12)),
        Case(verb="hedge", values={"scenario": LOI, "futures": 4}),
        Case(verb="flywheel", values={"backtest": True}),
        Case(verb="flywheel"),
        Case(verb="claims"),
        Case(verb="claims", values={"only": ["billion_times", "largest"]}),
        Case(verb="claims", values={"only": ["only_nvidia"]}),
        *(Case(verb=f"validate {kind}") for kind in ("inference", "training", "facility")),
        *_ledgers(folder),
    ]


def _ledgers(folder: Path) -> list[Case]:
    """Files of readings that are taken into ledgers, which are then proved."""
    found = []
    for count in READINGS:
        file, database = folder / f"meter-{count}.csv", str(folder / f"{count}.db")
        with file.open("w") as stream:
            stream.write("start,end,meter,energy_kwh\n")
            stream.writelines(f"{_at(n)},{_at(n + 1)},m1,{1000 + n % 700}\n" for n in range(count))
        asked = {"file": str(file), "kind": "meter", "site": "abilene", "database": database}
        found += [Case(verb="ledger import", values=asked), Case(verb="ledger verify", values={"database": database})]
    return found


def _at(minute: int) -> str:
    """A minute of the years from 2025 on, in UTC."""
    from datetime import UTC, datetime, timedelta

    return (datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%MZ")


def measured(case: Case) -> dict[str, Any]:
    """What a case takes and what was told of it: CPU time and memory, and its work by kind."""
    verb = verbs.named(case.verb)
    question = read(verb.question(), case.values)
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "errors").open("w+") as errors:
        process = subprocess.Popen(case.command(Path(folder)), stdout=subprocess.DEVNULL, stderr=errors)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            raise SystemExit(f"{case.name} exited {process.returncode}:\n{errors.read()[-2000:]}")
    return {
        "cpu_s": used.ru_utime + used.ru_stime,
        "memory_bytes": used.ru_maxrss * 1024.0,  # of the largest process
        "counts": dict(counted(verb, question).counts),
        "told": asdict(estimate(verb, question)),
    }


def fitted(rows: list[dict[str, Any]]) -> dict[str, float]:
    """CPU time a unit of each kind of work, from 0 on, that makes the relative errors of all cases least."""
    import numpy as np
    from scipy.optimize import nnls

    kinds = sorted({kind for row in rows for kind in row["counts"]})
    table = np.array([[row["counts"].get(kind, 0.0) / row["cpu_s"] for kind in kinds] for row in rows])
    sizes = np.maximum(table.max(axis=0), 1e-300)
    found, _ = nnls(table / sizes, np.ones(len(rows)))
    return dict(zip(kinds, (found / sizes).tolist(), strict=True))


def main() -> None:
    """Measure, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[], metavar="WORD", help="measure cases that hold one of these")
    parser.add_argument("--fit", action="store_true", help="print the paces that fit best")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="keep what was measured, and go on from there")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    kept = json.loads(given.keep.read_text()) if given.keep and given.keep.exists() else {}
    rows: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for case in cases(Path(folder)):
            label = case.name.replace(folder, "")
            if given.only and not any(word in label for word in given.only):
                continue
            rows[label] = _known(case, kept, label) or measured(case)
            if given.keep:
                given.keep.write_text(json.dumps(kept | rows))
            if not given.json:
                print(_line(label, rows[label]), flush=True)
    worst = max(_ratio(row) for row in rows.values())
    print(json.dumps(rows) if given.json else f"at most a factor of {worst:.2g} apart; told: {paces().within_ratio:g}")
    if given.fit:
        for kind, cpu_s in fitted(list(rows.values())).items():
            print(f"{kind} = {cpu_s:.3g}")


def _known(case: Case, kept: dict[str, Any], label: str) -> dict[str, Any] | None:
    """What was measured of a case before, with what is told of it today; nothing of ledgers, which are made anew."""
    if label not in kept or case.verb.startswith("ledger"):
        return None
    verb = verbs.named(case.verb)
    question = read(verb.question(), case.values)
    return kept[label] | {"counts": dict(counted(verb, question).counts), "told": asdict(estimate(verb, question))}


def _ratio(row: dict[str, Any]) -> float:
    told = row["told"]["cpu_s"]
    return max(told / row["cpu_s"], row["cpu_s"] / told)


def _line(name: str, row: dict[str, Any]) -> str:
    told = row["told"]
    cpu = f"{row['cpu_s']:8.2f} s, told {told['cpu_s']:8.2f} s, a factor of {_ratio(row):5.2f}"
    return f"{name[:90]:90} {cpu}; {row['memory_bytes'] / 1e6:6.0f} MB, told {told['memory_bytes'] / 1e6:6.0f} MB"


if __name__ == "__main__":
    main()
