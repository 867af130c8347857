"""Measured times to the first token and per token as cases for the request simulator: what was sent, and how it ran.

Closed loops of InferenceX hold a number of requests in flight from a burst at the start until ten times as many are
done, with lengths drawn evenly between 0.8 of the stated ones and all of them [1]; others come from tools that ask for
equal lengths [2]. How an engine is set up for them is in the calibration's recipes, as the benchmarks publish it.

References
----------
[1] github.com/SemiAnalysisAI/InferenceX, utils/bench_serving/benchmark_serving.py and .github/workflows.
[2] github.com/ai-dynamo/aiconfigurator, generator/config/backend_templates/benchmark/bench_run.sh.j2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gigawatt import tokens
from gigawatt.catalog import records, to_tokens
from gigawatt.errors import CatalogError, Fault
from gigawatt.readers.csv_rows import number
from gigawatt.readers.inference_rows import InferenceRow, read_inference_rows
from gigawatt.study.validate.disaggregated_cases import DISAGGREGATED, best_entries, disaggregated
from gigawatt.study.validate.inference import efficiencies, question_of
from gigawatt.study.validate.inference_cases import CLOSED, SERVERS, InferenceCase, cases_of, stacked
from gigawatt.study.validate.score import Skipped
from gigawatt.tokens.model.blocks import Floats

# What a row measured beside its throughput.
# Column → field of a row and the most that is simulated.
SIZES = {
    "input_tokens": ("input_tokens", 500_000),
    "output_tokens": ("output_tokens", 500_000),
    "concurrency_or_batch": ("batch_count", 65_536),
}
MEASURED = ("ttft_measured_s", "tpot_measured_s")
# Lengths of InferenceX, and what its protocol and that of others are called in recipes.
INFERENCEX_TOKENS = (1024.0, 8192.0)
INFERENCEX, OTHERS, MLPERF = "inferencex", "aiperf", "mlperf"
# Requests under way from which on engines look more seldom for new ones.
MANY_COUNT = 16
# Tokens that a budget leaves beside a whole prompt and all answers.
SPARE_TOKENS = 64
# Requests that a rank of a server runs at most, and share of what the planner says that it serves at its limits up to
# which the rate of a row is taken: beyond it, the wait is the error of the rate.
SERVER_REQUESTS_COUNT, SUSTAINED_FRAC = 2048, 0.95

Places = NDArray[np.intp]
Statistic = Literal["mean", "median", "p99"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What a benchmark sends, and how the engine is set up for it.

    concurrency_count: requests in flight, 0 where they come at random; rate_per_s: how many come then; requests_count:
    sent in all; shortest_frac: shortest over longest length; budget_tokens, most_requests_count: of a rank; look_count:
    decode steps between looks for new requests; gather_count: iterations that prompts are held back; first_pass_s: what
    the first requests wait once; prompts_known_count: different prompts that the engine knows again, 0 where it does
    not look.
    """

    concurrency_count: int
    rate_per_s: float
    requests_count: int
    shortest_frac: float
    budget_tokens: int
    most_requests_count: int
    look_count: int
    gather_count: int
    first_pass_s: float
    prompts_known_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyCase:
    """A row that can be answered: what it is as a row of inference, its times [s], and whether those are means or
    medians."""

    line: int
    served: InferenceCase
    ttft_s: float
    tpot_s: float
    statistic: Statistic

    @property
    def pooled(self) -> bool:
        """Whether one pool reads prompts and another writes answers."""
        return self.served.row.scenario in DISAGGREGATED

    @property
    def protocol(self) -> str:
        """Whose requests they are: those of servers MLPerf's, others by their lengths."""
        if self.statistic == "p99":
            return MLPERF
        lengths = self.served.input_tokens, self.served.output_tokens
        return INFERENCEX if all(each in INFERENCEX_TOKENS for each in lengths) else OTHERS


def read_serving(path: Path) -> tuple[list[InferenceRow], list[LatencyCase], list[Skipped]]:
    """The rows of a file, those that can be answered, and why the others cannot.

    Raises CatalogError where the file is not one of measured rows, or a time is no number above 0.
    """
    rows = read_inference_rows(path)
    _check_sizes(rows, path.name)
    times = _times(rows, path.name)
    told = [line for line, (ttft_s, tpot_s) in enumerate(times) if ttft_s and tpot_s and _answered(rows[line])]
    skipped = [
        Skipped(line=line, reason=_why(row, times[line]), eligible=False)
        for line, row in enumerate(rows)
        if line not in set(told)
    ]
    cases, refused = cases_of([rows[line] for line in told])
    skipped += [Skipped(line=told[one.line], reason=one.reason, eligible=True) for one in refused]
    found = []
    for case in cases:
        ttft_s, tpot_s = times[told[case.line]]
        found.append(
            LatencyCase(
                line=told[case.line],
                served=case,
                ttft_s=ttft_s or 0.0,
                tpot_s=tpot_s or 0.0,
                statistic=_statistic(case.row),
            )
        )
    return rows, found, skipped


def _answered(row: InferenceRow) -> bool:
    return row.scenario in (*CLOSED, *DISAGGREGATED, *SERVERS)


def _statistic(row: InferenceRow) -> Statistic:
    """What of its requests' times a row tells: of servers of MLPerf the ninety-ninth of a hundred."""
    if row.scenario in SERVERS:
        return "p99"
    return "median" if "median" in row.cells.get("counts", "") else "mean"


def _why(row: InferenceRow, times: tuple[float | None, float | None]) -> str:
    if not all(times):
        return "no measured time to the first token, or per token"
    return f'scenario "{row.scenario}"'


def _check_sizes(rows: Sequence[InferenceRow], name: str) -> None:
    """Raises CatalogError for lengths and concurrencies that nobody measures, which a simulation would work on."""
    faults = [
        Fault(path=f"{name} row {n} column {column}", given=f"{value:g}", expected=f"1 to {most:,}")
        for n, row in enumerate(rows, start=1)
        for column, (field, most) in SIZES.items()
        if (value := getattr(row, field)) is not None and not 1 <= value <= most
    ]
    if faults:
        raise CatalogError(faults[:20])


def _times(rows: Sequence[InferenceRow], name: str) -> list[tuple[float | None, float | None]]:
    """Both measured times of every row, None for an empty cell."""
    lacking = [column for column in MEASURED if rows and column not in rows[0].cells]
    if lacking:
        given, expected = f"no column {', '.join(lacking)}", f"columns {', '.join(MEASURED)}"
        raise CatalogError([Fault(path=name, given=given, expected=expected)])
    faults: list[Fault] = []
    found = []
    for n, row in enumerate(rows, start=1):
        pair = []
        for column in MEASURED:
            text = row.cells[column].strip()
            value = number(text) if text else None
            if value is not None and not 0 < value < np.inf:
                place = f"{name} row {n} column {column}"
                faults.append(Fault(path=place, given=f'"{text}"', expected="a time above 0, or nothing"))
            pair.append(value)
        found.append((pair[0], pair[1]))
    if faults:
        raise CatalogError(faults[:20])
    return found


def sending(
    case: LatencyCase,
    layout: tokens.ServingLayout,
    rate_per_s: float,
    calibration: records.ServingCalibration,
) -> Sending:
    """What is sent for a case, and how its engine is set up, by all recipes that match it; rate_per_s: requests that
    come to a server."""
    engine, protocol = engine_of(calibration, case.served.row.engine), case.protocol
    server = protocol == MLPERF
    asked = SERVER_REQUESTS_COUNT if server else int(case.served.row.batch_count or 1)
    most = settings(case, layout, calibration)
    runs = min(asked, most.most_requests_count or asked)
    prompt_tokens = asked * case.served.input_tokens
    whole = most.prompts_count * case.served.input_tokens + (asked + SPARE_TOKENS if most.prompts_count == 1 else 0)
    return Sending(
        concurrency_count=0 if server else asked,
        rate_per_s=rate_per_s,
        requests_count=calibration.server_requests_count if server else calibration.rounds_count * runs,
        shortest_frac=calibration.shortest_frac if protocol == INFERENCEX else engine.shortest_frac,
        budget_tokens=int(max(most.budget_tokens, whole)),
        most_requests_count=max(runs - most.short_count, 1),
        look_count=max(most.many_look_count if asked >= MANY_COUNT else most.few_look_count, 1),
        gather_count=most.gather_count,
        first_pass_s=most.first_pass_s if not server and prompt_tokens > most.budget_tokens else 0.0,
        prompts_known_count=engine.prompts_known_count if protocol == OTHERS else 0,
    )


def engine_of(calibration: records.ServingCalibration, name: str) -> records.ServingEngine:
    """How an engine packs requests; one that is not known, as the first of the calibration does."""
    plain = to_tokens.base_engine(name)
    return next((engine for engine in calibration.engines if engine.name == plain), calibration.engines[0])


def settings(
    case: LatencyCase, layout: tokens.ServingLayout, calibration: records.ServingCalibration
) -> records.ServingRecipe:
    """What all recipes that match a case say together; layout: of what decodes."""
    named = {
        "engine": engine_of(calibration, case.served.row.engine).name,
        "architecture": case.served.accelerator.architecture,
        "model": case.served.model.id,
        "precision": case.served.precision,
        "protocol": case.protocol,
        "measured": case.served.row.measured_date,
        "attention": spread_of(case, layout),
    }
    count = int(case.served.row.batch_count or 0)
    said: dict[str, float] = {}
    for recipe in calibration.recipes:
        alike = all(getattr(recipe, name) in ("", value) for name, value in named.items())
        if alike and recipe.concurrency_count in (0, count):
            said |= {entry.name: value for entry in fields(recipe) if _told(value := getattr(recipe, entry.name))}
    return records.ServingRecipe(engine=named["engine"], **said)  # type: ignore[arg-type]


def spread_of(case: LatencyCase, layout: tokens.ServingLayout) -> str:
    """How attention is spread: over two pools, copied, or split."""
    return "pools" if case.pooled else "copied" if layout.data_count > 1 else "split"


def _told(value: object) -> bool:
    return isinstance(value, int | float) and value > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedForm:
    """A case in the best of its layouts, as the planner has it, and what its closed form says: numbers, not arrays."""

    deployment: tokens.Deployment | tokens.ServingPools
    ttft_s: float
    rate_per_s: float


def deployments(cases: Sequence[LatencyCase], inference: records.InferenceCalibration) -> list[ClosedForm | None]:
    """Every case as the planner has it; None for a server of which no layout holds the model within its limits."""
    served = [case.served for case in cases]
    arrays = stacked(served)
    question = question_of(served, arrays, inference)
    batch = np.where(arrays.closed, arrays.batch_count, 0.0)
    free = np.flatnonzero(~arrays.closed)
    if free.size:
        batch[free] = tokens.best_batch_count(tokens.take(question, free), inference.most_requests_count)
    state = question.state(np.where(batch > 0, batch, question.smallest_count()))
    rates = np.where(batch > 0, state.tokens_per_s, 0.0)
    found: list[ClosedForm | None] = []
    for case, (entry, ttft_s) in zip(served, _best(rates, state.ttft_s, arrays.own, arrays.first), strict=True):
        one = tokens.take(question, entry)  # type: ignore[arg-type]
        sustained = min(case.measured, SUSTAINED_FRAC * inference.server_frac * float(rates[entry]))
        rate_per_s = sustained * float(one.layout.packages_count) / case.output_tokens
        known = ClosedForm(deployment=one, ttft_s=ttft_s, rate_per_s=rate_per_s)
        found.append(known if batch[entry] > 0 else None)
    pooled = arrays.pools
    if pooled is not None:
        pools, both = disaggregated(pooled, efficiencies(pooled.cases, pooled, inference), inference)
        best = _best(both.tokens_per_s, both.ttft_s, pooled.own, pooled.first)
        for place, (entry, ttft_s) in zip(pooled.place, best, strict=True):
            both_pools = tokens.take(pools, entry)  # type: ignore[arg-type]
            found[place] = ClosedForm(deployment=both_pools, ttft_s=ttft_s, rate_per_s=0.0)
    return found


def _best(rates: Floats, ttft_s: Floats, own: Places, first: Places) -> list[tuple[int, float]]:
    """Of every case its fastest entry, and the time to the first token there."""
    rate, time_s = (np.broadcast_to(np.asarray(each, dtype=float), own.shape) for each in (rates, ttft_s))
    return [(int(entry), float(time_s[entry])) for entry in best_entries(rate, own, first)]


def families(case: LatencyCase, layout: tokens.ServingLayout) -> dict[str, str]:
    """The name of each family that a case belongs to, for `ServingOffset`."""
    row, model = case.served.row, case.served.model
    part, kind, engine = case.served.accelerator.architecture, to_tokens.structure(model), row.engine
    limits = (row.scenario,) if case.protocol == MLPERF else ()
    return {
        "engine": engine,
        "engine_structure": f"{engine} {kind}",
        "engine_architecture": f"{engine} {part}",
        "engine_format": f"{engine} {part} {case.served.precision}",
        "engine_model": f"{engine} {model.id}",
        "engine_attention": f"{engine} {spread_of(case, layout)}",
        "release": row.release or f"{engine} untold",
        "campaign": " ".join((row.release or engine, part, model.id, case.served.precision, *limits)),
    }
