"""The request simulator beside vllm-sr-sim (PyPI), on the case that the latter brings: lengths of Azure's trace of
2023, 200 requests a second, a P99 TTFT of 500 ms, Llama 3 70B on A100.

    python -m venv peer && peer/bin/pip install vllm-sr-sim==0.1.0.dev20260713123629
    python benchmarks/peers.py --vllm-sr-sim peer/bin/python [--requests N] [--json]

Each row is a fleet of least cost and what it took to simulate it. A "GPU" of vllm-sr-sim has the iteration times and
the cache of a node of eight A100 (findings/vllm-sr-sim-node-price.sh), so its GPUs are counted as nodes here.
CPU-seconds are of one core and have the drawing of the requests in them, which `optimize` of vllm-sr-sim does in its
loop.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import serving

from gigawatt.tokens.serve.pods import Engine, Pod, Requests
from gigawatt.tokens.serve.step_times import StepTimes

RATE_PER_S, TTFT_S, GPUS_PER_NODE, MOST_NODES = 200.0, 0.5, 8, 128
# Run by the other Python. Its `optimize` checks fleets with a loop over slots, two pools of n and n / 5 requests to
# warm up; its `simulate` has instances and a router. Prints one object.
PEER = """
import json, sys, time
from dataclasses import asdict
from importlib.metadata import version
from importlib.resources import files
from fleet_sim.core.fleet import Fleet, FleetConfig, PoolConfig
from fleet_sim.gpu_profiles.profiles import A100_80GB as gpu
from fleet_sim.optimizer import FleetOptimizer
from fleet_sim.workload.synthetic import CdfWorkload, PoissonWorkload

rate, slo_ms, count, tries, short = float(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), 3, 6144
lengths = [tuple(row) for row in json.loads((files("fleet_sim") / "data" / "azure_cdf.json").read_text())]
optimizer = FleetOptimizer(B_short=short, t_slo_ms=slo_ms)
spent = []
for checked in (0, tries):
    started = time.process_time()
    report = optimizer.optimize(lengths, rate, n_sim_requests=count, verify_top_n=checked, verbose=False)
    spent.append(time.process_time() - started)
rows = sorted((row for row in report.analytical if row.slo_met), key=lambda row: row.gamma)
best = report.best_simulated
arrivals = PoissonWorkload(rate, CdfWorkload(lengths), n_requests=count // 10).generate()
pools = [PoolConfig("short", gpu, best.n_s, short), PoolConfig("long", gpu, best.n_l, 65536)]
how = {"router_type": "CompressAndRouteRouter", "router_kwargs": {"B_short": short, "gamma": best.gamma}}
started = time.process_time()
ran = Fleet(FleetConfig(pools=pools, **how)).run(arrivals)
routed_s = time.process_time() - started
print(json.dumps({
    "version": version("vllm-sr-sim"), "lengths": lengths, "best": asdict(best),
    "whole": asdict(rows[0]), "slots_per_cpu_s": tries * 2 * 1.2 * count / (spent[1] - spent[0]),
    "routed_per_cpu_s": len(arrivals) / routed_s, "routed_ttft_s": ran.p99_ttft_ms() / 1e3,
    "gpu": {name: getattr(gpu, name) for name in ("W", "H", "calibration_ctx", "total_kv_blks", "blk_size")},
    "slots": gpu.n_slots(short),
}))
"""
TOLD = """What differs in detail:
  vllm-sr-sim, optimize: a queue for slots. A request holds one for a time known when it starts, that of all slots taken
    (iterations of its prompt and answer); TTFT is its wait for a slot and the iterations of its prompt alone. Two pools
    by length; with gamma over 1, longer prompts are cut so that they fit the short pool.
  vllm-sr-sim, simulate: the same with instances and a router; a slot is free long before its request ends
    (findings/vllm-sr-sim-slots.sh), so that its waits are none.
  gigawatt: every iteration of every replica: who decodes and whose prompt is read in it, cache by the block, growth of
    contexts, preemption. One pool, no prompt cut. "their times" has the iteration times of vllm-sr-sim, and whole
    prompts read along with a decode step; "our times" those of the planner (Llama 3.1 70B on eight A100, BF16), by
    which the longest prompts alone take longer than 500 ms to read: its fleet is that for twice as long."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One simulator's fleet of least cost on the case."""

    name: str
    nodes_count: int
    ttft_s: float
    per_cpu_s: float | None


def peer(python: Path, count: int) -> dict[str, Any]:
    """What vllm-sr-sim finds, and how fast."""
    command = [str(python), "-c", PEER, str(RATE_PER_S), str(1e3 * TTFT_S), str(count)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        raise SystemExit(f"{python} cannot run vllm-sr-sim:\n{run.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return found


def asked(lengths: list[list[float]], count: int) -> Requests:
    """Its requests: a total uniform between the thresholds of its table, four fifths of it the prompt."""
    random = np.random.default_rng(42)
    threshold, part = np.array(lengths).T
    at = np.searchsorted(part, random.random(count))
    total = random.integers(
        np.concatenate([[1], threshold[:-1]])[at].astype(np.int64), threshold[at].astype(np.int64) + 1
    )
    prompt = np.maximum((0.8 * total).astype(np.int64), 1)
    arrival_s = np.cumsum(random.exponential(1.0 / RATE_PER_S, count))
    return Requests(arrival_s=arrival_s, input_tokens=prompt, output_tokens=np.maximum(total - prompt, 1))


def their_engine(gpu: dict[str, float], slots: int) -> Engine:
    """A replica with the iteration times of vllm-sr-sim: W + H · requests · context / calibration context. Prompts are
    read in an iteration that would be there anyway where anything decodes, and add nothing to it."""
    batch, context = np.array([1.0, slots]), np.array([1.0, 65536.0])
    grows_s = gpu["H"] * context / gpu["calibration_ctx"]
    decode_s = (gpu["W"] + batch[:, None] * grows_s)[None]
    times = StepTimes(
        batch_count=batch,
        ranks_ratio=np.array([1.0]),
        context_tokens=context,
        chunk_tokens=np.array([1.0, 8192.0]),
        decode_s=decode_s,
        decode_j=np.zeros_like(decode_s),
        prefill_s=np.array([[gpu["W"] + grows_s] * 2]),
        prefill_j=np.zeros((1, 2, 2)),
        mixed_frac=0.0,
        admission_s=0.0,
        tokens_per_step_ratio=1.0,
        idle_w=0.0,
    )
    return Engine(
        times=times,
        ranks_count=1,
        blocks_count=int(gpu["total_kv_blks"]),
        block_tokens=int(gpu["blk_size"]),
        most_requests_count=slots,
        budget_tokens=8192,
    )


def run(engine: Engine, nodes: int, lengths: list[list[float]], count: int) -> tuple[float, float]:
    """P99 TTFT [s] and requests per CPU-second of so many nodes."""
    started = time.process_time()
    requests = asked(lengths, count)
    drawn_s = time.process_time() - started
    spent, done = serving.simulate(Pod(engine=engine, engines_count=nodes), [requests])
    return float(np.quantile(np.concatenate([each.ttft_s for each in done]), 0.99)), count / (drawn_s + spent.cpu_s)


def least(name: str, engine: Engine, lengths: list[list[float]], count: int, ttft_s: float) -> Row:
    """The fewest nodes whose P99 TTFT is no longer, by bisection; the median of five for the speed."""
    serving.warm(Pod(engine=engine, engines_count=1))
    low, high = 0, MOST_NODES
    if run(engine, high, lengths, count)[0] > ttft_s:
        raise SystemExit(f"{name}: {high} nodes do not reach a P99 TTFT of {ttft_s} s")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if run(engine, middle, lengths, count)[0] <= ttft_s else (middle, high)
    again = [run(engine, high, lengths, count) for _ in range(5)]
    return Row(name=name, nodes_count=high, ttft_s=again[0][0], per_cpu_s=statistics.median(each[1] for each in again))


def rows(found: dict[str, Any], count: int) -> list[Row]:
    """All of the table."""
    best, whole, lengths = found["best"], found["whole"], found["lengths"]
    theirs = their_engine(found["gpu"], found["slots"])
    ours = serving.engine("llama-3.1-70b", "a100", tensor=GPUS_PER_NODE)
    slots = Row(
        name=f"vllm-sr-sim optimize, prompts cut (gamma {best['gamma']})",
        nodes_count=best["total_gpus"],
        ttft_s=max(best["p99_ttft_short_ms"], best["p99_ttft_long_ms"]) / 1e3,
        per_cpu_s=found["slots_per_cpu_s"],
    )
    return [
        replace(
            slots,
            name="vllm-sr-sim optimize, whole prompts (by formula)",
            nodes_count=whole["total_gpus"],
            ttft_s=max(whole["p99_ttft_short_ms"], whole["p99_ttft_long_ms"]) / 1e3,
            per_cpu_s=None,
        ),
        slots,
        replace(
            slots, name="vllm-sr-sim simulate, same", ttft_s=found["routed_ttft_s"], per_cpu_s=found["routed_per_cpu_s"]
        ),
        least("gigawatt, their times", theirs, lengths, count, TTFT_S),
        least("gigawatt, our times (P99 TTFT 1 s)", ours, lengths, count, 2 * TTFT_S),
    ]


def main() -> None:
    """Run both, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vllm-sr-sim", type=Path, required=True, metavar="PYTHON", help="a Python that has it")
    parser.add_argument("--requests", type=int, default=200_000, metavar="N", help="requests of each simulation")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    found = peer(given.vllm_sr_sim, given.requests)
    table = rows(found, given.requests)
    fastest = max(row.per_cpu_s for row in table if row.name.startswith("vllm") and row.per_cpu_s)
    if given.json:
        ratio = {row.name: row.per_cpu_s / fastest for row in table if row.per_cpu_s}
        print(json.dumps({"version": found["version"], "rows": [asdict(row) for row in table], "ratio": ratio}))
        return
    print(f"vllm-sr-sim {found['version']}; {given.requests:,} requests at {RATE_PER_S:.0f}/s")
    print(f"{'':52}{'nodes':>6}{'GPUs':>6}{'P99 TTFT':>10}{'requests/CPU-s':>16}{'ratio':>7}")
    for row in table:
        speed = f"{row.per_cpu_s:16,.0f}{row.per_cpu_s / fastest:7.2f}" if row.per_cpu_s else ""
        print(f"{row.name:52}{row.nodes_count:6}{GPUS_PER_NODE * row.nodes_count:6}{1e3 * row.ttft_s:7.0f} ms{speed}")
    print(TOLD)


if __name__ == "__main__":
    main()
