"""Simulate what bursts and waiting leave of the steady state; write catalog/calibrations/derating/as-of-2026.toml.

    python tools/fit_derating.py [--check] [--out FILE]

Each of DEPLOYMENTS (the model and the limit on time per token of a class of a preset, on a platform), with each of
LENGTHS and the layout and the batch that the planner finds for them, is served request by request, in pods of ENGINES
behind a router that sends each request where fewest are. Gaps between requests are gamma distributed with a coefficient
of variation of BURSTS, lengths of prompts and answers log-normal about their means with one of LENGTH_CV. Loads are
LOADS of the rate of the planner's steady state, with the same draws at every load, stretched in time. The 99th
percentiles of the time to the first token and of the time per token after it (of each request, its mean) grow with the
load; the load at which a limit is reached is found between two of them, linear in the logarithm of the time.
SLO-capacity under both limits is the smaller of the two, and at most the steady state. The table holds the median over
the deployments, and what is left of its noise is taken away: bursts never help, and a larger pod never hurts.

Batches are capped at that of the steady state: an engine never runs more. It takes minutes, and has to be run after
every change of the simulator or of the calibration of inference: `--check` writes nothing, and ends with 1 where the
file in the catalog is not what is simulated today.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import gamma

from gigawatt import tokens
from gigawatt.catalog.load import get
from gigawatt.catalog.records import DeratingTable, ServingDerating
from gigawatt.ndarrays import Floats
from gigawatt.programme.rates import serving_case
from gigawatt.programme.slo import prompt_alone_s
from gigawatt.scenario.load import load
from gigawatt.tokens.serve import requests as simulator
from gigawatt.tokens.serve.pods import Engine, Pod, Requests

CALIBRATION = "as-of-2026"
OUT = Path(__file__).parents[1] / f"src/gigawatt/catalog/calibrations/derating/{CALIBRATION}.toml"

# Classes of the letter of intent on platforms: two sizes of model, four ranks, two and three.
PRESET = "loi-2025-09"
DEPLOYMENTS = (("chat", "vr230"), ("enterprise", "vr230"), ("api_agents", "gb300"))
# Mean tokens of prompts and answers: those that reason, those that talk, those that read.
LENGTHS = ((2000, 8000), (2100, 700), (8000, 1000))
BURSTS = (1.0, 2.0, 4.0, 13.0)
ENGINES = (1, 8, 32)
TTFT_RATIOS = (3.0, 4.0, 5.0, 6.0, 8.0, 12.0, 25.0, 100.0)
TPOT_RATIOS = (1.0, 1.1, 1.25, 1.5, 2.0, 4.0)
# Shares of the rate of the steady state.
LOADS = (0.1, 0.25, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
QUANTILE = 0.99
LENGTH_CV = 1.0
# Longest prompt and answer over their mean.
LONGEST_RATIO = 16.0
SEED = 17
# Requests of a simulation, at least, and batches of the whole pod that they fill; the part of them that is counted,
# after a pod that starts empty has filled and before it empties.
REQUESTS, FILLS = 30_000, 6
COUNTED = (0.4, 0.9)
DIGITS = 3
# What of the file may differ from what is simulated today.
TOLERANCE = 5e-3


@dataclass(frozen=True)
class Served:
    """A class on a platform as the planner serves it: its case, how it is best served, and its prompt alone [s]."""

    case: tokens.ServingCase
    way: tokens.Serving
    alone_s: float

    @property
    def engine(self) -> Engine:
        """One replica whose ranks run no more requests than in the steady state."""
        deployment = replace(self.case, layouts=self.way.layout).deployment()
        most = max(round(self.way.batch_count / float(self.way.layout.data_count)), 1)
        whole = float(self.case.traffic.input_tokens) + float(self.case.traffic.output_tokens)
        return simulator.engine(deployment, most_requests_count=most, most_context_tokens=LONGEST_RATIO * whole)

    @property
    def rate_per_s(self) -> float:
        """Requests per second of a replica in steady state."""
        per_package = self.way.tokens_per_s / float(self.case.traffic.output_tokens)
        return float(per_package * self.way.layout.packages_count)


def served(use: str, platform: str, input_tokens: float, output_tokens: float) -> Served:
    """How a class of the preset is best served on a platform, with prompts and answers of these means."""
    plain = serving_case(load(PRESET), use, platform)
    case = replace(plain, traffic=replace(plain.traffic, input_tokens=input_tokens, output_tokens=output_tokens))
    (way,) = tokens.serve_each([case])
    if not isinstance(way, tokens.Serving):
        raise way
    return Served(case=case, way=way, alone_s=prompt_alone_s(case, way))


def draws(of: Served, burst: float, engines: int) -> Requests:
    """Requests at the rate of the steady state of a pod."""
    count = max(REQUESTS, int(FILLS * of.way.batch_count * engines))
    rng = np.random.default_rng(SEED)
    gaps = gamma.ppf(rng.random(count), burst**-2)
    sigma = np.sqrt(np.log1p(LENGTH_CV**2))

    def lengths(mean: float) -> NDArray[np.int64]:
        drawn = rng.lognormal(np.log(mean) - sigma**2 / 2, sigma, count)
        return np.clip(np.rint(drawn), 1, LONGEST_RATIO * mean).astype(np.int64)

    traffic = of.case.traffic
    return Requests(
        arrival_s=np.cumsum(gaps) * count / gaps.sum() / (of.rate_per_s * engines),
        input_tokens=lengths(float(traffic.input_tokens)),
        output_tokens=lengths(float(traffic.output_tokens)),
    )


def waits(engine: Engine, engines: int, asked: Requests) -> tuple[float, float]:
    """The 99th percentiles of the time to the first token and per token after it, of requests in the middle [s].

    A request that is never served has waited for ever.
    """
    state = simulator.start(Pod(engine=engine, engines_count=engines))
    parts = [simulator.serve(state, asked), simulator.finish(state)]
    index = np.concatenate([part.index for part in parts])
    first, later = (np.full(len(asked), np.inf) for _ in range(2))
    whole = np.concatenate([part.status == 0 for part in parts])
    first[index[whole]] = np.concatenate([part.ttft_s for part in parts])[whole]
    later[index[whole]] = np.concatenate([part.tpot_s for part in parts])[whole]
    counted = slice(*(int(share * len(asked)) for share in COUNTED))
    high = [float(np.quantile(times[counted], QUANTILE, method="higher")) for times in (first, later)]
    return high[0], high[1]


def capacity(loads: Sequence[float], times: Sequence[float], limit: float) -> float:
    """The highest load at which a time that grows with it is within a limit; 0 where none is.

    Noise that lets a time fall is taken away: no load is better than a lower one.
    """
    grown = np.maximum.accumulate(np.asarray(times, dtype=float))
    within = int(np.searchsorted(grown, limit, side="right"))
    if within == 0:
        return 0.0
    if within == len(loads) or not np.isfinite(grown[within]):
        return float(loads[within - 1])
    low, high = np.log(grown[within - 1]), np.log(grown[within])
    share = (np.log(limit) - low) / (high - low)
    return float(loads[within - 1] + share * (loads[within] - loads[within - 1]))


def kept(of: Served, burst: float, engines: int) -> Floats:
    """SLO-capacity over steady state, a row for each of TTFT_RATIOS and a column for each of TPOT_RATIOS."""
    engine, asked = of.engine, draws(of, burst, engines)
    times: list[tuple[float, float]] = []
    for share in LOADS:
        times.append(waits(engine, engines, replace(asked, arrival_s=asked.arrival_s / share)))
        if times[-1][0] > TTFT_RATIOS[-1] * of.alone_s:
            break  # more load only lets them wait longer
    loads = LOADS[: len(times)]
    first = [capacity(loads, [time for time, _ in times], ratio * of.alone_s) for ratio in TTFT_RATIOS]
    later = [capacity(loads, [time for _, time in times], ratio * of.way.tpot_s) for ratio in TPOT_RATIOS]
    return np.minimum(np.array(first)[:, None], np.array(later)[None, :])


def simulated() -> ServingDerating:
    """The table, the median over deployments, and how far they lie apart."""
    middles, apart = [], []
    for lengths in LENGTHS:
        deployments = [served(*place, *lengths) for place in DEPLOYMENTS]
        for burst, engines in product(BURSTS, ENGINES):
            each = np.array([kept(of, burst, engines) for of in deployments])
            middles.append(np.median(each, axis=0))
            apart.append(np.max(np.abs(each - middles[-1]), axis=0))
            print(lengths, burst, engines, middles[-1][-1].round(3), middles[-1][:, -1].round(3), flush=True)
    shape = len(LENGTHS), len(BURSTS), len(ENGINES), len(TTFT_RATIOS), len(TPOT_RATIOS)
    whole = np.maximum.accumulate(np.minimum.accumulate(np.reshape(middles, shape), axis=1), axis=2)
    tables = [
        DeratingTable(
            burstiness_ratio=BURSTS[burst],
            engines_count=ENGINES[engines],
            prompt_ratio=LENGTHS[lengths][0] / LENGTHS[lengths][1],
            kept_fracs=tuple(tuple(digits(value) for value in row) for row in whole[lengths, burst, engines]),
        )
        for lengths, burst, engines in np.ndindex(*shape[:3])
    ]
    return ServingDerating(
        id=CALIBRATION,
        quantile_frac=QUANTILE,
        ttft_ratios=TTFT_RATIOS,
        tpot_ratios=TPOT_RATIOS,
        tables=tuple(tables),
        spread_frac=digits(float(np.mean(apart))),
        deployments_count=len(DEPLOYMENTS),
        requests_count=REQUESTS,
    )


def digits(value: float) -> float:
    """A share with as many decimals as the file has."""
    return round(value, DIGITS)


def render(found: ServingDerating) -> str:
    """The file."""
    about = (
        "SLO-capacity over the rate of the steady state, simulated request by request by tools/fit_derating.py: the "
        f"median over {found.deployments_count} models and platforms of loi-2025-09, {found.requests_count:,} requests "
        "each or more, log-normal lengths with a coefficient of variation of 1, batches capped at that of the steady "
        "state. Rows of kept_fracs are limits on the first token (ttft_ratios), columns on each token after it "
        "(tpot_ratios)."
    )
    lines = [
        f'description = "{about}"',
        "",
        'grade = "derived"',
        "",
        f"quantile = {found.quantile_frac:g}",
        f"ttft_ratios = {list(found.ttft_ratios)}",
        f"tpot_ratios = {list(found.tpot_ratios)}",
        f"spread = {found.spread_frac:g}",
        f"deployments = {found.deployments_count}",
        f"requests = {found.requests_count}",
    ]
    for one in found.tables:
        rows = [f"    [{', '.join(f'{share:g}' for share in row)}]," for row in one.kept_fracs]
        head = ["", "[[tables]]", f"burstiness = {one.burstiness_ratio:g}"]
        head += [f"engines = {one.engines_count}", f"prompt = {one.prompt_ratio:g}"]
        lines += [*head, "kept_fracs = [", *rows, "]"]
    return "\n".join(lines) + "\n"


def differs(found: ServingDerating, known: ServingDerating) -> list[str]:
    """What of the file is not what is simulated today, in words."""
    axes = ("quantile_frac", "ttft_ratios", "tpot_ratios", "deployments_count", "requests_count")
    faults = [
        f"{name} is {getattr(known, name)} in the file" for name in axes if getattr(known, name) != getattr(found, name)
    ]
    before = {_place(one): one.kept_fracs for one in known.tables}
    for one in found.tables:
        place = _place(one)
        if place not in before or np.shape(before[place]) != np.shape(one.kept_fracs):
            faults.append(f"{place} is not in the file as it is here")
            continue
        most = float(np.max(np.abs(np.subtract(before[place], one.kept_fracs))))
        if most > TOLERANCE:
            faults.append(f"{place}: shares differ by up to {most:.3f}")
    return faults


def _place(one: DeratingTable) -> str:
    """Where a table stands among the others, in words."""
    return f"burstiness {one.burstiness_ratio:g}, {one.engines_count} engines, prompts of {one.prompt_ratio:g} answers"


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--check", action="store_true", help="write nothing; 1 where the catalog's file is another")
    parser.add_argument("--out", type=Path, default=OUT)
    asked = parser.parse_args()
    found = simulated()
    print(f"deployments lie {found.spread_frac:.3f} from the table, in the mean")
    if asked.check:
        faults = differs(found, get("derating_calibrations", CALIBRATION))
        print("\n".join(faults) or "the file in the catalog is this one")
        return int(bool(faults))
    asked.out.write_text(render(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
