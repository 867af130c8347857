"""Measured rows of inference as cases for the kernel: names looked up, layouts stated or searched, arrays stacked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, product

import numpy as np
from numpy.typing import NDArray

from gigawatt import tokens
from gigawatt.catalog import load, records, to_tokens
from gigawatt.errors import CalibrationError, CatalogError
from gigawatt.ndarrays import Floats
from gigawatt.readers.inference_rows import InferenceRow
from gigawatt.study.validate.disaggregated_cases import (
    DISAGGREGATED,
    DRAFTED_COUNTS,
    StackedPools,
    drafted_counts,
    stacked_pools,
)
from gigawatt.study.validate.score import Skipped
from gigawatt.tokens.serve.drafting import NO_BLOCKS

CLOSED = ("closed loop agg", "closed loop agg mtp")
SERVERS = ("Server", "Interactive")
OFFLINE = ("Offline", "offline max load")
LAYOUT = re.compile(r"tp(\d+)(?: dp(\d+))?(?: moe_tp(\d+))?(?: ep(\d+))?(?: pp(\d+))?")
# Widest replica that is searched where a row does not say its layout.
WIDEST_COUNT = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class InferenceCase:
    """A row with its names looked up. `layouts` are (tensor, data, expert, pipeline) packages to choose from."""

    line: int
    row: InferenceRow
    accelerator: records.Accelerator
    model: records.Model
    precision: str
    input_tokens: float
    output_tokens: float
    measured: float
    layouts: tuple[tuple[int, int, int, int], ...]


def cases_of(rows: Sequence[InferenceRow]) -> tuple[list[InferenceCase], list[Skipped]]:
    """The rows that the model can answer, and why it cannot answer the others."""
    cases, skipped = [], []
    for line, row in enumerate(rows):
        try:
            case = _case(line, row)
        except (CatalogError, CalibrationError) as error:
            case = error.faults[0].path + ": " + error.faults[0].given
        if isinstance(case, str):
            skipped.append(Skipped(line=line, reason=case, eligible=row.tokens_per_s is not None))
        else:
            cases.append(case)
    return cases, skipped


def _case(line: int, row: InferenceRow) -> InferenceCase | str:
    """A case, or the reason why there is none."""
    if row.scenario not in (*CLOSED, *DISAGGREGATED, *SERVERS, *OFFLINE):
        return f'scenario "{row.scenario}"'
    counted = row.packages_count is not None or row.scenario in DISAGGREGATED
    if row.tokens_per_s is None or row.output_tokens is None or not counted:
        return "no throughput, output length or count of GPUs"
    if row.scenario in (*CLOSED, *DISAGGREGATED) and row.batch_count is None:
        return "closed loop without a concurrency"
    accelerator, model = load.get("accelerators", row.gpu), load.get("models", row.model)
    precision = precision_of(row.precision, accelerator, model)
    tokens.machine(to_tokens.chip(accelerator), precision)
    prompt = row.input_tokens or _benchmark_input_tokens(row, model)
    if prompt is None:
        return "no input length, and no workload of that benchmark in the catalog"
    return InferenceCase(
        line=line,
        row=row,
        accelerator=accelerator,
        model=model,
        precision=precision,
        input_tokens=prompt,
        output_tokens=row.output_tokens,
        measured=row.tokens_per_s,
        layouts=_layouts(row, accelerator, model),
    )


def precision_of(text: str, accelerator: records.Accelerator, model: records.Model) -> tokens.Precision:
    """The format of a row: as published, "fp8" where nothing is said and the part has it, MXFP4 where the checkpoint
    or the part leaves no other reading of four bits."""
    name = re.sub(r"[^a-z0-9]", "", text.lower())
    known = {"": "fp8", "mxfp8": "fp8", "int8": "fp8", "nvfp4": "fp4", "uint4": "int4", "fp16": "bf16", "w4a16": "int4"}
    name = known.get(name, name)
    if name == "fp8" and accelerator.fp8_flops is None:
        return {"": "bf16", "int8": "int8"}.get(text.lower(), "fp8")  # type: ignore[return-value]
    if name == "fp4" and (model.id.startswith("gpt-oss") or accelerator.fp4_flops is None):
        return "mxfp4"
    return name  # type: ignore[return-value]


def _benchmark_input_tokens(row: InferenceRow, model: records.Model) -> float | None:
    workloads = [load.load("workloads", id_) for id_ in load.ids("workloads")]
    mean = [work.input_tokens for work in workloads if work.model == model.id and row.source.startswith("MLPerf")]
    return mean[0] if mean else None


def _layouts(
    row: InferenceRow, accelerator: records.Accelerator, model: records.Model
) -> tuple[tuple[int, int, int, int], ...]:
    """The layout that a row states, or those it may have used: tensor groups of 1, 2, 4 and 8 of its packages, and
    copies of attention over as many as share a scale-up domain.

    Where a width is stated for a model with experts and nothing else, attention may be split or copied.
    """
    routed = any(block.experts_count > 1 for block in model.blocks)
    found = LAYOUT.match(row.parallel)
    if found:
        tensor, data, _, expert, pipeline = (int(part or 1) for part in found.groups())
        if not routed or found[4]:
            return ((tensor, data, expert, pipeline),)
        return tuple(dict.fromkeys(((tensor, data, tensor, pipeline), (1, tensor, tensor, pipeline))))
    widest = min(accelerator.scale_up_packages_count, int(row.packages_count or 1))
    widths = [2**power for power in range(widest.bit_length()) if 2**power <= widest]
    plain = [(width, 1, width if routed else 1, 1) for width in widths if width <= WIDEST_COUNT]
    copies = [(1, width, width, 1) for width in widths[1:]] if routed else []
    return tuple(chain(plain, copies))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stacked:
    """Cases side by side, one entry for each layout of each: `own` is the case of an entry, `first` its first entry."""

    machine: tokens.Machine
    model: tokens.ModelCosts
    layout: tokens.ServingLayout
    input_tokens: Floats
    output_tokens: Floats
    batch_count: Floats
    tpot_limit_s: Floats
    ttft_limit_s: Floats
    drafting: tokens.Drafting
    closed: NDArray[np.bool_]
    server: NDArray[np.bool_]
    spread: NDArray[np.bool_]
    own: NDArray[np.intp]
    first: NDArray[np.intp]
    pools: StackedPools | None


def stacked(cases: Sequence[InferenceCase]) -> Stacked:
    """The arrays of many cases."""
    read = [(n, *one) for n, case in enumerate(cases) for one in product(case.layouts, _drafted_counts(case))]
    own = np.array([n for n, *_ in read], dtype=np.intp)
    rows = [case.row for case in cases]
    names = sorted({case.model.id for case in cases})
    costs = tokens.stack([tokens.costs(to_tokens.transformer(load.load("models", name))) for name in names])
    parts = [(case.accelerator, case.precision) for case in cases]
    machines = tokens.stack([tokens.machine(to_tokens.chip(part), precision) for part, precision in parts])  # type: ignore[arg-type]
    place = np.array([names.index(case.model.id) for case in cases], dtype=np.intp)
    sizes = np.array([layout for _, layout, _ in read], dtype=float).T
    return Stacked(
        machine=tokens.take(machines, own),
        model=tokens.take(costs, place[own]),
        layout=tokens.ServingLayout(
            tensor_count=sizes[0], data_count=sizes[1], expert_count=sizes[2], pipeline_count=sizes[3]
        ),
        input_tokens=np.array([case.input_tokens for case in cases])[own],
        output_tokens=np.array([case.output_tokens for case in cases])[own],
        batch_count=np.array([row.batch_count or 0.0 for row in rows])[own],
        tpot_limit_s=np.array([row.tpot_limit_s or np.inf for row in rows])[own],
        ttft_limit_s=np.array([row.ttft_limit_s or np.inf for row in rows])[own],
        drafting=_drafting(cases, own, [drafted for *_, drafted in read]),
        closed=np.array([row.scenario in (*CLOSED, *DISAGGREGATED) for row in rows])[own],
        server=np.array([row.scenario in SERVERS for row in rows])[own],
        spread=np.array([row.source.startswith("MLPerf") for row in rows])[own],
        own=own,
        first=np.searchsorted(own, np.arange(len(cases))),
        pools=stacked_pools(cases),
    )


def _drafted_counts(case: InferenceCase) -> tuple[int, ...]:
    """Tokens that a row may have drafted in a step: a benchmark's server may, with the blocks that a model brings."""
    if case.row.scenario in SERVERS and case.model.draft_blocks_count:
        return (0, *DRAFTED_COUNTS)
    return drafted_counts(case.row.scenario)


def _drafting(cases: Sequence[InferenceCase], own: NDArray[np.intp], drafted: Sequence[int]) -> tokens.Drafting:
    """What each entry drafts; how much of it holds, a calibration says."""
    each = [
        tokens.Drafting(
            drafted_count=count,
            accepted_frac=0.0,
            model=to_tokens.draft_costs(cases[n].model) if count else NO_BLOCKS,
        )
        for n, count in zip(own, drafted, strict=True)
    ]
    return tokens.stack(each)
