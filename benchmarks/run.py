"""How fast Gigawatt is: one object of named figures, each measured in a process of its own.

    python benchmarks/run.py --json [--only NAME …] [--repeat N]

Seconds are wall time unless a name says `cpu`; with --repeat the median is given. The machine matters: compare ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

Figures = dict[str, float]
BINDING = {"capital.covenant": "40 %"}


def help_() -> Figures:
    """`gigawatt --help`, from start to exit."""
    command = [sys.executable, "-m", "gigawatt", "--help"]
    subprocess.run(command, capture_output=True, check=True)  # the first run writes the byte code
    started = time.perf_counter()
    subprocess.run(command, capture_output=True, check=True)
    return {"help_wall_s": time.perf_counter() - started}


def run_loi() -> Figures:
    """`gigawatt run` with report, workbook and data, from start to exit."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "gigawatt", "run", "--json", "--out", str(Path(folder) / "result")]
        started = time.perf_counter()
        subprocess.run(command, capture_output=True, check=True)
        wall = time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "run_loi_wall_s": wall,
        "run_loi_cpu_s": used.ru_utime + used.ru_stime,
        "run_loi_peak_bytes": float(used.ru_maxrss * 1024),
    }


def run_loi_write() -> Figures:
    """Document and folder of the same run, from its answer: page, workbook, tables, charts and data."""
    from gigawatt.report import reports
    from gigawatt.study import verbs
    from gigawatt.study.job import Job
    from gigawatt.study.run.question import RunQuestion

    verb = verbs.named("run")
    answer = verb.answer(RunQuestion(), Job())
    with tempfile.TemporaryDirectory() as folder:
        started = time.process_time()
        reports.write(verb, answer, reports.document(verb, answer), {"folder": Path(folder) / "result"})
        return {"run_loi_write_cpu_s": time.process_time() - started}


def _plan(prefix: str, overrides: dict[str, Any]) -> Figures:
    from gigawatt.plan import plan
    from gigawatt.scenario.load import load

    scenario = load("loi-2025-09", overrides)
    started = time.perf_counter()
    found = plan.make(scenario, with_worth=False)
    wall = time.perf_counter() - started
    return {f"{prefix}_wall_s": wall, f"{prefix}_gap_frac": found.gap_frac, f"{prefix}_gap_usd": found.gap}


def plan_loi() -> Figures:
    """The preset as shipped: scenario in memory → Plan with its financing, without "what one more is worth"."""
    return _plan("plan_loi", {})


def plan_loi_binding() -> Figures:
    """The same with debt of at most 40 % of net book: capital binds, and whole tranches hurt most."""
    return _plan("plan_loi_binding", BINDING)


def _quarters(end: str) -> Callable[[], Figures]:
    def measure() -> Figures:
        runs = {f"training_runs.run_{year}": False for year in (2027, 2028, 2029, 2031, 2032) if year >= int(end[:4])}
        over = {"horizon.end": end, "horizon.report_end": min(end, "2033Q4"), **runs}
        count = 4 * int(end[:4]) + int(end[-1]) - (4 * 2026 + 3) + 1
        return _plan(f"plan_{count}q", over)

    return measure


CASES_COUNT = 200_000
CALLS_COUNT = 5


def inference_configs() -> Figures:
    """Steady state, times and memory check of random cases (model × part × precision × layout × lengths × batch)."""
    import numpy as np

    from gigawatt import tokens
    from gigawatt.catalog import load, to_tokens

    draws = np.random.default_rng(0)
    models = [load.get("models", name) for name in ("llama-3.1-70b", "deepseek-r1", "gpt-oss-120b", "qwen3-235b-a22b")]
    parts = [(load.get("accelerators", name), form) for name in ("h100", "b200", "gb300") for form in ("bf16", "fp8")]
    calibration = load.get("inference_calibrations", "as-of-2026")
    part, model = draws.integers(0, len(parts), CASES_COUNT), draws.integers(0, len(models), CASES_COUNT)
    each = [to_tokens.inference_efficiency(calibration, *one) for one in _pairs(parts, models)]
    tensor, data = np.exp2(draws.integers(0, 4, (2, CASES_COUNT)))
    deployment = tokens.Deployment(
        machine=tokens.take(tokens.stack([tokens.machine(to_tokens.chip(one), form) for one, form in parts]), part),
        model=tokens.take(tokens.stack([tokens.costs(to_tokens.transformer(one)) for one in models]), model),
        efficiency=tokens.take(tokens.stack(each), part * len(models) + model),
        layout=tokens.ServingLayout(
            tensor_count=tensor, data_count=data, expert_count=tensor * data, pipeline_count=np.ones(CASES_COUNT)
        ),
        traffic=tokens.Traffic(
            input_tokens=draws.uniform(100, 8000, CASES_COUNT), output_tokens=draws.uniform(100, 2000, CASES_COUNT)
        ),
    )
    batch = draws.uniform(1, 500, CASES_COUNT)
    return {"inference_configs_per_cpu_s": CASES_COUNT / _cpu_s(lambda: tokens.evaluate(deployment, batch))}


def training_layouts() -> Figures:
    """Steps of many layouts of Llama 3.1 405B on 16,384 H100 with their memory, and the search for the fastest."""
    from dataclasses import fields

    import numpy as np

    from gigawatt import tokens
    from gigawatt.catalog import load, to_tokens

    part, model = load.get("accelerators", "h100"), load.get("models", "llama-3.1-405b")
    calibration = load.get("training_calibrations", "as-of-2026")
    efficiency = to_tokens.training_efficiency(calibration, accelerator=part, model=model)
    chip, transformer, count = to_tokens.chip(part), to_tokens.transformer(model), 16384
    few = tokens.training_layouts(chip, transformer, count, efficiency)
    size = np.size(few.tensor_count)
    times = max(CASES_COUNT // size, 1)
    columns = {entry.name: np.broadcast_to(getattr(few, entry.name), size) for entry in fields(few)}
    many = tokens.Layout(**{name: np.tile(values, times) for name, values in columns.items()})
    kinds = {"sequence_tokens": efficiency.sequence_tokens, "global_batch_tokens": efficiency.global_batch_tokens}
    steps = _cpu_s(
        lambda: tokens.step(chip, transformer, many, efficiency, precision="bf16", packages_count=count, **kinds)
    )
    search = _cpu_s(lambda: tokens.best_training(chip, transformer, efficiency, precision="bf16", packages_count=count))
    return {"training_layouts_per_cpu_s": size * times / steps, "search_405b_16384_cpu_s": search}


def _pairs(parts: list[tuple[Any, str]], models: list[Any]) -> list[tuple[Any, Any, str]]:
    return [(part, model, form) for part, form in parts for model in models]


def _cpu_s(call: Callable[[], object]) -> float:
    """Median CPU time of a call, the first one left out."""
    spent = []
    for _ in range(CALLS_COUNT + 1):
        started = time.process_time()
        call()
        spent.append(time.process_time() - started)
    return statistics.median(spent[1:])


FLEET_RACKS, FLEET_SITES, FLEET_H = 50_000, 10, 43_830
NAIVE_RACKS, NAIVE_H = 2_000, 4_000


def fleet_rack_hours() -> Figures:
    """Failures, mending, counting by the hour and one gang at each site: 50,000 racks on ten sites through five years.

    Beside it the naive loop over racks and hours, which has the same failures and repairs and no gangs.
    """
    import numpy as np

    sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "simulation"))
    import naive

    from gigawatt.scenario.load import load
    from gigawatt.simulation import fleet

    scenario = load("loi-2025-09")
    kinds = scenario.records.reliability.classes
    rate_per_h = 72 * scenario.asked.operations.package_failures_per_h
    naive_s = _cpu_s(
        lambda: naive.simulate(
            hours_count=NAIVE_H,
            entered_h=np.zeros(NAIVE_RACKS, dtype=np.int64),
            rate_per_h=np.array([rate_per_h]),
            share_frac=np.array([kind.share_frac for kind in kinds]),
            repair_median_h=np.array([kind.repair_median_h for kind in kinds]),
            repair_mean_h=np.array([kind.repair_h for kind in kinds]),
            crews_count=None,
            random=np.random.default_rng(0),
        )
    )
    fleet.compile_kernels()
    spent = _cpu_s(lambda: [_fleet_site(site, scenario) for site in range(FLEET_SITES)])
    return {
        "fleet_rack_hours_per_cpu_s": FLEET_RACKS * FLEET_H / spent,
        "fleet_naive_rack_hours_per_cpu_s": NAIVE_RACKS * NAIVE_H / naive_s,
    }


def _fleet_site(site: int, scenario: Any) -> None:
    import numpy as np

    from gigawatt.simulation import fleet, gangs
    from gigawatt.simulation.failures import Cohort

    racks = FLEET_RACKS // FLEET_SITES
    life = {"online_h": np.zeros(racks), "leaves_h": np.full(racks, float(FLEET_H))}
    cohort = Cohort(key=(site,), pair=0, packages_count=72.0, **life)
    record = scenario.records.reliability
    yard = fleet.yard([cohort], record)
    outages = fleet.outages_of(scenario, [cohort], yard, float(FLEET_H))
    counts = fleet.counted(yard, outages, record, (0.0, 1.0, FLEET_H))
    gangs.walk(
        event_h=outages.time_h,
        draw_frac=np.random.default_rng(site).random(len(outages.time_h)),
        working_count=np.full(FLEET_H, racks / 2),
        up_count=racks - counts.down_count[0],
        speed_ratio=np.ones(FLEET_H),
        interval_h=0.05,
        checkpoint_h=2 / 3600,
        restart_h=1 / 60,
        starts_cold=True,
    )


def fleet_loi() -> Figures:
    """The preset's plan through the five years from 2028 on, hour by hour, all sites, failures drawn: after compiling.

    The plan is made in another process, so that the memory is that of the simulation.
    """
    import pickle

    from gigawatt.scenario.load import load
    from gigawatt.simulation import calendar, fleet, simulate
    from gigawatt.simulation.timeline import Window

    scenario = load("loi-2025-09", {"simulate.mode": "stochastic"})
    code = (
        "import pickle, sys; from gigawatt.plan import plan; from gigawatt.scenario.load import load; "
        "sys.stdout.buffer.write(pickle.dumps(plan.make(load('loi-2025-09'), with_worth=False)))"
    )
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    plan = pickle.loads(made.stdout)
    edges, quarters = calendar.edges_h(scenario.quarters), scenario.quarters
    window = Window(first_h=edges[quarters.index("2028Q1")], last_h=edges[quarters.index("2033Q1")])
    fleet.compile_kernels()
    started = time.process_time()
    simulate(scenario, plan, window=window)
    spent = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"fleet_loi_5y_cpu_s": spent, "fleet_loi_5y_peak_bytes": float(peak)}


FUTURES_COUNT = 1000


def evaluate_1000_futures() -> Figures:
    """A thousand futures of the preset's plan on one worker a core: starting the workers included, planning not."""
    from gigawatt.plan import plan
    from gigawatt.scenario.load import load
    from gigawatt.study.futures.batches import Group, PlannedCase, run
    from gigawatt.study.futures.draws import drawing
    from gigawatt.study.job import Job

    scenario = load("loi-2025-09")
    cases = {"loi": PlannedCase(scenario=scenario, plan=plan.make(scenario, with_worth=False))}
    future = drawing(scenario, scenario.asked.seed)
    group = Group(name="draws", case="loi", numbers=range(FUTURES_COUNT), future=future)
    started = time.perf_counter()
    run(cases, [group], lambda _, __: None, Job(), os.cpu_count() or 1)
    return {"evaluate_1000_futures_wall_s": time.perf_counter() - started}


def serve() -> Figures:
    """A server on loopback: start, memory, short verbs."""
    import server

    return server.serve()


def serve_read() -> Figures:
    """Readers of a finished result on loopback, with `ab`."""
    import server

    return server.serve_reads()


def dashboard_() -> Figures:
    """Pages of a server on loopback, in Chromium and with `ab`."""
    import dashboard

    return dashboard.dashboard()


def serving_requests() -> Figures:
    """Requests through the simulator with plain continuous batching."""
    import serving

    return serving.requests()


def serving_full() -> Figures:
    """The same with chunked prefill, a cache of prefixes, and requests set back."""
    import serving

    return serving.full()


def serving_token_events() -> Figures:
    """Tokens of long answers through it."""
    import serving

    return serving.token_events()


def azure_conv_64() -> Figures:
    """Ten thousand conversations of a trace on 64 replicas."""
    import serving

    return serving.azure()


def _serving_memory(name: str, count: int) -> Callable[[], Figures]:
    def measure() -> Figures:
        import serving

        return serving.memory(f"{name}_peak_bytes", count)

    return measure


READINGS_COUNT, METERS_COUNT = 1_000_000, 4
# The same through pandas: read, times to UTC, one table.
THROUGH_PANDAS = """
import sys, pandas, sqlalchemy
rows = pandas.read_csv(sys.argv[1], parse_dates=["start", "end"])
with sqlalchemy.create_engine(sys.argv[2]).begin() as connection:
    rows.to_sql("readings", connection, index=False)
"""


def ledger() -> Figures:
    """A million readings of four meters, by the minute, into a new ledger of SQLite by `gigawatt ledger import`, from
    start to exit, and beside it through pandas and to_sql; then what stood as of a moment."""
    from gigawatt.study import verbs
    from gigawatt.study.job import Job
    from gigawatt.study.ledger.question import StatusQuestion

    with tempfile.TemporaryDirectory() as folder:
        file, database = Path(folder) / "meter.csv", Path(folder) / "gigawatt.db"
        _write_readings(file)
        command = ["-m", "gigawatt", "ledger", "import", str(file), "--kind", "meter", "--site", "abilene"]
        import_s, peak_bytes = _python([*command, "--database", str(database), "--json"])
        pandas_s, _ = _python(["-c", THROUGH_PANDAS, str(file), f"sqlite:///{folder}/pandas.db"])
        verb = verbs.named("ledger status")
        question = StatusQuestion(database=str(database), as_of=datetime.now(UTC).date().isoformat())
        spent = []
        for _ in range(CALLS_COUNT + 1):
            started = time.perf_counter()
            verb.answer(question, Job())
            spent.append(time.perf_counter() - started)
    return {
        "ledger_import_1m_wall_s": import_s,
        "ledger_import_1m_peak_bytes": peak_bytes,
        "ledger_import_1m_pandas_ratio": pandas_s / import_s,
        "ledger_as_of_s": statistics.median(spent[1:]),
    }


def _write_readings(file: Path) -> None:
    import numpy as np

    of_each = READINGS_COUNT // METERS_COUNT
    starts = np.datetime64("2025-01-01T00:00") + np.arange(of_each + 1).astype("timedelta64[m]")
    times = np.datetime_as_string(starts, unit="m").tolist()
    energy_kwh = np.random.default_rng(0).uniform(1_000.0, 1_700.0, (METERS_COUNT, of_each)).round(3).tolist()
    with file.open("w") as stream:
        stream.write("start,end,meter,energy_kwh\n")
        for at, (start, end) in enumerate(pairwise(times)):
            stream.writelines(f"{start}Z,{end}Z,m{meter},{energy_kwh[meter][at]}\n" for meter in range(METERS_COUNT))


def _python(arguments: list[str]) -> tuple[float, float]:
    """Wall time and peak memory of a process of its own."""
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{arguments[:4]} exited {process.returncode}")
    return time.perf_counter() - started, float(used.ru_maxrss * 1024)


GROUPS: dict[str, Callable[[], Figures]] = {
    "fleet_rack_hours": fleet_rack_hours,
    "fleet_naive_rack_hours": fleet_rack_hours,
    "fleet_loi": fleet_loi,
    "evaluate_1000_futures": evaluate_1000_futures,
    "serving_requests": serving_requests,
    "serving_full": serving_full,
    "serving_token_events": serving_token_events,
    "serving_1m": _serving_memory("serving_1m", 1_000_000),
    "serving_10m": _serving_memory("serving_10m", 10_000_000),
    "azure_conv_64": azure_conv_64,
    "ledger": ledger,
    "serve": serve,
    "serve_read": serve_read,
    "dashboard": dashboard_,
    "help": help_,
    "run_loi": run_loi,
    "run_loi_write": run_loi_write,
    "inference_configs": inference_configs,
    "training_layouts": training_layouts,
    "search_405b_16384": training_layouts,
    "plan_loi": plan_loi,
    "plan_loi_binding": plan_loi_binding,
    "plan_24q": _quarters("2032Q2"),
    "plan_40q": _quarters("2036Q2"),
    "plan_60q": _quarters("2041Q2"),
}


def wanted(only: list[str]) -> list[str]:
    """Groups that measure one of the names; all where none is named. Raises SystemExit for a name of no group."""
    chosen = []
    for name in only:
        fitting = [group for group in GROUPS if name == group or name.startswith(f"{group}_")]
        if not fitting:
            raise SystemExit(f"--only {name}: expected one of {', '.join(GROUPS)}, or a figure of theirs")
        chosen.append(max(fitting, key=len))
    return list(dict.fromkeys(chosen)) or list(GROUPS)


def apart(group: str) -> Figures:
    """Measure a group in a process of its own, so that memory and imports are its own too."""
    run = subprocess.run([sys.executable, __file__, "--group", group], capture_output=True, text=True, check=False)
    if run.returncode:
        raise SystemExit(f"{group} failed:\n{run.stderr[-2000:]}")
    print(run.stderr, end="", file=sys.stderr)
    return json.loads(run.stdout)


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME", help="measure only these")
    parser.add_argument("--repeat", type=int, default=1, metavar="N", help="take the median of N measurements")
    parser.add_argument("--group", choices=GROUPS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.group:
        print(json.dumps(GROUPS[given.group]()))
        return
    figures: Figures = {}
    for group in wanted(given.only):
        print(f"measuring {group} …", file=sys.stderr, flush=True)
        rows = [apart(group) for _ in range(max(given.repeat, 1))]
        figures |= {name: statistics.median(row[name] for row in rows) for name in rows[0]}
    if given.json:
        print(json.dumps(figures))
        return
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    for name, value in figures.items():
        print(f"{name:32} {value:12.4g}")


if __name__ == "__main__":
    main()
