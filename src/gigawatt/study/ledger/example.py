"""A year of a programme of three sites, generated, in the files that such a programme has: nothing of it happened.

The programme is the preset `three-sites`. Its year runs from October 2025 to September 2026: the first site comes in
time, racks of the second late, power of the third later, and racks do a little less than was planned.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gigawatt.ndarrays import Floats
from gigawatt.study.answer import SPREAD, Head
from gigawatt.study.files import check_writable, refused
from gigawatt.study.job import Job
from gigawatt.study.workshop import whole_folder

SCENARIO = "three-sites"
FIRST, END = np.datetime64("2025-10-01T00", "h"), np.datetime64("2026-10-01T00", "h")
SEED = 2026
LABEL = "generated example: nothing of it happened"

# Day, site, what its power has come to, MW at the facility's meter.
STAGES = (
    ("2025-10-01", "example-campus", "under_construction", 60.0),
    ("2025-10-01", "example-river", "under_construction", 50.0),
    ("2025-10-01", "example-coast", "contracted", 40.0),
    ("2025-11-18", "example-campus", "energised", 15.0),
    ("2025-12-10", "example-campus", "it_loaded", 10.2),
    ("2026-01-15", "example-coast", "under_construction", 40.0),
    ("2026-02-09", "example-river", "energised", 15.0),
    ("2026-04-20", "example-river", "it_loaded", 14.7),
    ("2026-05-20", "example-campus", "energised", 25.0),
    ("2026-07-08", "example-campus", "it_loaded", 24.2),
    ("2026-08-05", "example-coast", "energised", 8.0),
    ("2026-08-25", "example-coast", "it_loaded", 4.0),
)
# Day of acceptance, site, racks, hours of their test, tokens/s of each in it.
DELIVERIES = (
    ("2025-12-10", "example-campus", 32, 96, 118_000),
    ("2025-12-22", "example-campus", 28, 80, 117_000),
    ("2026-02-25", "example-river", 40, 74, 115_000),
    ("2026-03-12", "example-campus", 12, 90, 118_000),
    ("2026-04-20", "example-river", 48, 76, 116_000),
    ("2026-06-11", "example-campus", 40, 84, 117_000),
    ("2026-07-08", "example-campus", 30, 75, 117_000),
    ("2026-08-25", "example-coast", 24, 73, 114_000),
    ("2026-09-22", "example-coast", 26, 0, 0),  # the test is still to come
)
PLATFORM, USE_CASE = "gb300", "assistant"
# What a rack draws with all that stands beside it, as the preset has it, and how much of that it draws on average.
RACK_KW, LOAD_FRAC = 151.1, 0.80
# Output tokens per second of a rack at work as the year begins, how much better software makes that in a year, price of
# a million of them, price of a rack with its network.
RACK_TOKENS_PER_S, GAIN_FRAC, USD_PER_MTOK, RACK_USD = 98_000.0, 0.22, 1.42, 3_770_000.0
# Running costs: a share of revenue, and so much a year for each watt of racks.
RUNNING_FRAC, RUNNING_USD_PER_W = 0.16, 0.40
# Site: PUE in the mean and how far it swings over the year, warmest day, price of energy.
PLACES = {
    "example-campus": (1.086, 0.030, 201, 67.0),
    "example-river": (1.078, 0.028, 201, 61.0),
    "example-coast": (1.128, 0.006, 135, 84.0),
}
# Day, in or out, for what, million USD, site.
MONEY = (
    ("2025-10-02", "in", "equity", 900.0, ""),
    ("2025-10-15", "out", "shells", 226.0, "example-campus"),
    ("2025-10-15", "out", "shells", 141.0, "example-river"),
    ("2025-10-15", "out", "shells", 53.0, "example-coast"),
    ("2026-01-20", "out", "shells", 48.0, "example-campus"),
    ("2026-01-20", "out", "shells", 47.0, "example-river"),
    ("2026-01-20", "out", "shells", 41.0, "example-coast"),
    ("2026-02-18", "in", "debt", 230.0, ""),
    ("2026-04-14", "in", "debt", 240.0, ""),
    ("2026-04-20", "out", "shells", 42.0, "example-campus"),
    ("2026-04-20", "out", "shells", 55.0, "example-river"),
    ("2026-04-20", "out", "shells", 44.0, "example-coast"),
    ("2026-07-15", "in", "debt", 300.0, ""),  # bridges the tranches, which are paid later
    ("2026-07-20", "out", "shells", 109.0, "example-river"),
    ("2026-07-20", "out", "shells", 31.0, "example-coast"),
    ("2026-08-28", "out", "debt", 90.0, ""),
    ("2026-09-25", "out", "interest", 22.0, ""),
)
# File → what it is, and the kind as which it is imported.
WHAT = {
    "sites.csv": ("how far each site had come, and when", "sites"),
    "records.csv": ("deliveries, acceptance tests and money", "records"),
    "facility-meter.csv": ("the utility's meters, hour by hour", "meter"),
    "it-meter.csv": ("meters before the racks, hour by hour", "meter, of it_energy"),
    **{f"serving-{site.removeprefix('example-')}.json": (f"tokens served at {site}", "prometheus") for site in PLACES},
    "jobs.psv": ("experiments at example-campus, as Slurm keeps them", "sacct"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleQuestion:
    """Where the example goes is none of the question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """The files of the example."""

    head: Head = field(metadata=SPREAD)
    folder: Path
    written: tuple[str, ...]
    label: str = LABEL


def answer(question: ExampleQuestion, job: Job) -> Example:
    """Write the files into the job's folder, which is made: all of them, or none. Raises OutputError where it is not
    empty."""
    del question
    folder = job.folder or Path("example-year")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise refused("out", folder, "a folder that is empty, or none of that name")
    check_writable(folder.resolve().parent)
    found = files()
    with whole_folder(folder) as new:
        for name, text in found.items():
            (new / name).write_text(text, encoding="utf-8")
        if folder.exists():
            folder.rmdir()
    return Example(head=Head(scenario=SCENARIO), folder=folder, written=tuple(found))


def files() -> dict[str, str]:
    """Every file of the example by its name."""
    return {
        "sites.csv": _sites(),
        "records.csv": _records(),
        "facility-meter.csv": _meter(),
        "it-meter.csv": _meter(it=True),
        **{f"serving-{site.removeprefix('example-')}.json": _serving(site) for site in PLACES},
        "jobs.psv": _jobs(),
    }


def _table(head: Sequence[str], rows: Iterator[Sequence[object]]) -> str:
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerows([head, *rows])
    return stream.getvalue()


def _sites() -> str:
    rows = ((site, day, state, f"{power} MW", "facility", LABEL) for day, site, state, power in STAGES)
    return _table(("site", "date", "state", "power", "basis", "source"), rows)


def _draws(*keys: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=SEED, counter=[0, 0, *keys]))


def _hours() -> NDArray[np.datetime64]:
    return np.arange(FIRST, END)


def _racks(site: str) -> Floats:
    """Racks at work in each hour: those accepted, a week later, less what is being mended."""
    hours, racks = _hours(), np.zeros(len(_hours()))
    for day, where, count, _, _ in DELIVERIES:
        if where == site:
            racks[hours >= np.datetime64(day, "h") + np.timedelta64(7 * 24, "h")] += count
    return racks * 0.965


def _it_kwh(site: str) -> Floats:
    """Energy that reaches racks in each hour."""
    hour = np.arange(len(_hours())) % 24
    swing = 1 + 0.06 * np.cos(2 * np.pi * (hour - 20) / 24)
    noise = 1 + 0.01 * _draws(1, list(PLACES).index(site)).standard_normal(len(hour))
    return _racks(site) * RACK_KW * LOAD_FRAC * swing * noise


def _pue(site: str) -> Floats:
    mean, swing, warmest, _ = PLACES[site]
    day = (_hours().astype("datetime64[D]") - np.datetime64("2025-01-01")).astype(int)
    hour = np.arange(len(day)) % 24
    return mean + swing * np.cos(2 * np.pi * (day - warmest) / 365) + 0.008 * np.cos(2 * np.pi * (hour - 20) / 24)


def _meter(it: bool = False) -> str:
    """Hourly readings of a meter at each site, with what real files have: a line twice, a line below nought, and one
    in which somebody took kWh for MWh."""
    rows: list[tuple[object, ...]] = []
    for site in PLACES:
        energy = _it_kwh(site) if it else _it_kwh(site) * _pue(site)
        meter = f"{site.removeprefix('example-')}-{'it' if it else 'main'}"
        hours = np.flatnonzero(energy > 0)
        times = np.datetime_as_string(_hours()[hours].astype("datetime64[s]"), timezone="UTC")
        rows += [(f"{at}", meter, site, f"{energy[n]:.1f}") for n, at in zip(hours, times, strict=True)]
    if not it:
        rows.insert(4_001, rows[4_000])
        rows[5_000] = (*rows[5_000][:3], f"{1_000 * float(str(rows[5_000][3])):.1f}")
        rows.append(("2025-12-01T00:00:00Z", "campus-main", "example-campus", "-12.0"))
    return _table(("timestamp", "meter", "site", "kwh"), iter(rows))


def _tokens_by_day(site: str) -> tuple[NDArray[np.datetime64], Floats]:
    """Output tokens of each day."""
    racks = _racks(site).reshape(-1, 24).mean(axis=1)
    noise = 1 + 0.03 * _draws(2, list(PLACES).index(site)).standard_normal(len(racks))
    gain = (1 + GAIN_FRAC) ** (np.arange(len(racks)) / 365)
    return _hours()[::24].astype("datetime64[D]"), racks * RACK_TOKENS_PER_S * gain * 86_400 * noise


def _serving(site: str) -> str:
    """A range query of Prometheus: the counter of tokens that engines at a site have made, restarted once."""
    days, tokens = _tokens_by_day(site)
    at = np.concatenate([days, [days[-1] + 1]]).astype("datetime64[s]").astype(int)
    total, restart = np.concatenate([[0.0], np.cumsum(tokens)]), len(days) * 3 // 4
    total[restart:] -= total[restart - 1]
    live = np.concatenate([[tokens[0] > 0], tokens > 0])
    metric = {"__name__": "vllm:generation_tokens_total", "model_name": USE_CASE, "job": "vllm"}
    values = [[int(a), f"{value:.0f}"] for a, value, on in zip(at, total, live, strict=True) if on]
    answered = {"resultType": "matrix", "result": [{"metric": metric, "values": values}]}
    return json.dumps({"status": "success", "data": answered}, indent=None) + "\n"


def _records() -> str:
    head = ("kind", "at", "site", "platform", "racks", "throughput", "held", "direction", "item", "amount", "source")
    rows = sorted((*_deliveries(), *_money()), key=lambda row: (row["at"], row["kind"]))
    return _table(head, ([row.get(name, "") for name in head] for row in rows))


def _deliveries() -> Iterator[dict[str, Any]]:
    """Racks, their tests, and what was paid for them."""
    for number, (day, site, racks, hours, rate) in enumerate(DELIVERIES, 1):
        note = f"delivery note {number:03d}, {LABEL}"
        yield {"kind": "racks", "at": day, "site": site, "platform": PLATFORM, "racks": racks, "source": note}
        if hours:
            ended = str(np.datetime64(day, "D") + np.timedelta64(-(-hours // 24) + 1, "D"))
            test = {"racks": racks, "throughput": f"{racks * rate} tokens/s", "held": f"{hours} h"}
            document = f"acceptance test {number:03d}, {LABEL}"
            yield {"kind": "test", "at": ended, "site": site, "platform": PLATFORM, **test, "source": document}
        paid = f"{racks * RACK_USD:.0f} USD"
        yield _payment(day, "out", "racks", paid, site, f"invoice of delivery note {number:03d}, {LABEL}")


def _money() -> Iterator[dict[str, Any]]:
    for day, direction, item, amount, site in MONEY:
        yield _payment(day, direction, item, f"{amount} million USD", site, f"bank statement, {LABEL}")
    months = _hours().astype("datetime64[M]")
    for month in np.unique(months):
        last = str(np.datetime64(month + 1, "D") - np.timedelta64(1, "D"))
        for site, (_, _, _, usd_per_mwh) in PLACES.items():
            mwh = float((_it_kwh(site) * _pue(site))[months == month].sum()) / 1_000
            days, tokens = _tokens_by_day(site)
            mtok = float(tokens[days.astype("datetime64[M]") == month].sum()) / 1e6
            income_usd = mtok * USD_PER_MTOK
            standing_w = float(_racks(site)[months == month].mean()) * RACK_KW * 1_000
            running_usd = RUNNING_FRAC * income_usd + RUNNING_USD_PER_W / 12 * standing_w
            amounts = (
                ("out", "energy", mwh * usd_per_mwh),
                ("in", "revenue", income_usd),
                ("out", "operation", running_usd),
            )
            for direction, item, amount_usd in amounts if mwh > 0 else ():
                yield _payment(last, direction, item, f"{amount_usd:.0f} USD", site, f"{item} of {month}, {LABEL}")


def _payment(day: str, direction: str, item: str, amount: str, site: str, source: str) -> dict[str, Any]:
    said = {"direction": direction, "item": item, "amount": amount, "site": site, "source": source}
    return {"kind": "money", "at": day, **said}


def _jobs() -> str:
    """What Slurm keeps of experiments at the first site in July 2026, with the runs that were requeued."""
    head = "JobID|JobIDRaw|JobName|User|Account|Partition|Submit|Start|End|ElapsedRaw|Suspended|State|AllocTRES"
    draws = _draws(3, 0)
    begin = int(np.datetime64("2026-07-01T00:00:00", "s").astype(int))
    lines = [head]
    for number in range(1, 121):
        gpus = int(draws.choice([8, 16, 32, 64]))
        submit = begin + int(draws.integers(0, 30 * 86_400))
        start = submit + int(draws.integers(1, 900))
        spans = [int(draws.integers(600, 36_000)) for _ in range(2 if number % 12 == 0 else 1)]
        for at, seconds in enumerate(spans):
            end = start + seconds
            state = "COMPLETED" if at == len(spans) - 1 else "REQUEUED"
            tres = f"billing={gpus},cpu={gpus * 8},gres/gpu:gb300={gpus},gres/gpu={gpus},node={gpus // 4}"
            account = ("research", "evaluation")[number % 2]
            told = (number, number, "experiment", "ada", account, "gpu", submit, start, end, seconds, "00:00:00")
            lines.append("|".join(map(str, (*told, state, tres))))
            start = end + 120
    return "\n".join(lines) + "\n"
