"""Many training runs at once: what each asks, the layouts that it can take, and the time of a step of the fastest.

What a run does not say follows a stated recipe. Software, format, sequence and batch: the software that its source
names, the narrowest format that was trained in on that part, the recipe of the calibration. A layout that is not given
is the fastest of those that fit; recomputation is the least with which a layout fits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from gigawatt.catalog import to_tokens, to_watts
from gigawatt.catalog.load import get
from gigawatt.catalog.records import Accelerator, Model, TrainingCalibration, TrainingEngine
from gigawatt.errors import CatalogError, Fault
from gigawatt.ndarrays import Floats
from gigawatt.readers.training_rows import TrainingRow
from gigawatt.tokens.model.roofline import Machine
from gigawatt.tokens.model.sizes import ModelCosts, stack, take
from gigawatt.tokens.train.layouts import layout_grid
from gigawatt.tokens.train.memory import least_recompute_frac, memory_bytes
from gigawatt.tokens.train.records import (
    Layout,
    TrainingEfficiency,
    TrainingPrecision,
    TrainingRun,
    training_machine,
    training_peak_flops,
)
from gigawatt.tokens.train.steps import step_parts
from gigawatt.watts.capping import performance

# Cases that are worked out together: their arrays stay in the cache.
CHUNK_COUNT = 8192
# How much longer a layout that does not fit counts as, so that it is taken only where none fits.
UNFIT_RATIO = 1e6
# From this release of MLPerf Training on, NVIDIA's parts train in four bits where a row does not say.
FOUR_BIT_RELEASE = (5, 1)
# Habits that differ between parts, software and models.
OWN = ("time_ratio", "uneven_ratio", "context_waste_ratio")
RECOMPUTE = {"full": 1.0, "none": 0.0, "selective": 0.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingCase:
    """One run: its part, model, software ("" is unknown) and recipe; `stated` is what is known of its layout.

    clock_ratio: rate of its matrix products over that of a part whose power is not capped.
    """

    accelerator: Accelerator
    model: Model
    costs: ModelCosts
    engine: str
    precision: TrainingPrecision
    packages_count: float
    sequence_tokens: float
    global_batch_tokens: float
    stated: Mapping[str, float]
    age_years: float = 0.0
    clock_ratio: float = 1.0

    @property
    def peak_flops(self) -> float:
        """Dense peak of a package; raises CalibrationError where the part lacks the precision."""
        return training_peak_flops(to_tokens.chip(self.accelerator), self.precision)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseTable:
    """Cases side by side. Of case i: its costs are entry models[i] of `costs`, its efficiencies those of kinds[i].

    layouts holds the layouts of all cases, one after another; those of case i begin at starts[i].
    """

    cases: tuple[TrainingCase, ...]
    costs: ModelCosts
    models: NDArray[np.intp]
    examples: tuple[TrainingCase, ...]
    kinds: NDArray[np.intp]
    sequence_tokens: Floats
    global_batch_tokens: Floats
    packages_count: Floats
    layouts: Layout
    owners: NDArray[np.intp]
    starts: NDArray[np.intp]
    counts: NDArray[np.intp]


def case_of(row: TrainingRow, calibration: TrainingCalibration) -> TrainingCase:
    """The run of a measured row. Raises CatalogError where its part, model or format is not known."""
    accelerator, model = _as_told(get("accelerators", row.gpu), row.conditions), get("models", row.model)
    engine = next((entry for entry in calibration.engines if row.source.startswith(entry.sources)), None)
    usual_tokens = engine.sequence_tokens if engine else calibration.sequence_tokens
    sequence_tokens = row.sequence_tokens or usual_tokens
    batch_tokens = calibration.package_batch_tokens * row.packages_count
    if row.global_batch_count is not None:
        batch_tokens = row.global_batch_count * sequence_tokens
    return TrainingCase(
        accelerator=accelerator,
        model=model,
        costs=to_tokens.training_costs(model, drafts="w/o MTP" not in row.model),
        engine=engine.name if engine else "",
        precision=precision_of(row, accelerator),
        packages_count=row.packages_count,
        sequence_tokens=sequence_tokens,
        global_batch_tokens=max(batch_tokens, sequence_tokens),
        stated=_stated(row, model, engine),
        age_years=_age_years(row.source, engine, calibration.base_date),
        clock_ratio=_clock_ratio(accelerator, row.conditions),
    )


def _as_told(accelerator: Accelerator, conditions: Mapping[str, float]) -> Accelerator:
    """A part with the memory and the network that a row tells of."""
    told: dict[str, float] = {name: value for name, value in conditions.items() if hasattr(accelerator, name)}
    if "node_network_bytes_per_s" in conditions:
        each = conditions["node_network_bytes_per_s"] / accelerator.scale_up_packages_count
        told["nic_bandwidth_bytes_per_s"] = each
    return replace(accelerator, **told)  # type: ignore[arg-type]


def _clock_ratio(accelerator: Accelerator, conditions: Mapping[str, float]) -> float:
    """What a limit on power leaves of the rate of matrix products, by the curve of training in the catalog."""
    limit_w = conditions.get("power_limit_w")
    if limit_w is None or accelerator.tdp_w is None:
        return 1.0
    curve = to_watts.power_curve_of(get("power_curves", "training"))
    return float(performance(curve, min(limit_w / accelerator.tdp_w, 1.0)))


def precision_of(row: TrainingRow, accelerator: Accelerator) -> TrainingPrecision:
    """The format of a row; where it does not say, the narrowest that was trained in on such a part.

    A part without eight-bit units computes FP8 in 16 bits.
    """
    text = row.precision.lower()
    if not text:
        release = re.search(r"v(\d+)\.(\d+)", row.source)
        late = release is not None and tuple(map(int, release.groups())) >= FOUR_BIT_RELEASE
        if late and accelerator.vendor == "NVIDIA" and accelerator.fp4_flops:
            return "fp4"
        return "fp8" if accelerator.fp8_flops and accelerator.architecture != "tpu" else "bf16"
    if "fp4" in text:
        return "fp4"
    if "fp8" in text and accelerator.fp8_flops is None:
        return "bf16"
    if "fp8" in text:
        return "mxfp8" if "mx" in text else "fp8"
    if text in ("bf16", "fp16", "bf16-mixed", "16-bit"):
        return "bf16"
    raise CatalogError([Fault(path="precision", given=f'"{row.precision}"', expected="BF16, FP8, MXFP8 or NVFP4")])


def _stated(row: TrainingRow, model: Model, engine: TrainingEngine | None) -> dict[str, float]:
    """What is known of the layout of a row: what it says; one rank where it names others; the engine's habit."""
    named = ("tensor_count", "pipeline_count", "context_count", "expert_count", "chunk_count", "micro_batch_count")
    stated = {name: float(value) for name in named if (value := getattr(row, name)) is not None}
    if "tensor_count" in stated:
        stated = {"expert_count": 1.0, "sharded_frac": 0.0, **stated}
    elif engine is not None and engine.spreads_weights:
        stated |= {"pipeline_count": 1.0, "context_count": 1.0, "sharded_frac": 1.0}
    if to_tokens.training_structure(model) == "dense":
        stated["expert_count"] = 1.0
    if stated.get("pipeline_count") == 1 or not (engine is None or engine.interleaves):
        stated.setdefault("chunk_count", 1.0)
    if row.shards_count is not None:
        stated["sharded_frac"] = float(row.shards_count > 0)
    if row.recompute:
        stated["recompute_frac"] = RECOMPUTE.get(re.split(r"\W", row.recompute.lower())[0], 0.0)
    return stated


def _age_years(source: str, engine: TrainingEngine | None, base_date: str) -> float:
    release = re.search(r"\b(\d\d)\.(\d\d)\b", source)
    if engine is None or not engine.dated or release is None:
        return 0.0
    base = date.fromisoformat(base_date)
    year, month = (int(part) for part in release.groups())
    return base.year - (2000 + year) + (base.month - month) / 12


def possible_layouts(case: TrainingCase) -> Layout:
    """Every layout that a case can take, as arrays; empty where there is none."""
    return layout_grid(
        to_tokens.transformer(case.model),
        domain_count=case.accelerator.scale_up_packages_count,
        packages_count=case.packages_count,
        global_batch_count=case.global_batch_tokens / case.sequence_tokens,
        sequence_tokens=case.sequence_tokens,
        stated=case.stated,
    ).listed()


def table_of(cases: Sequence[TrainingCase], layouts: Sequence[Layout]) -> CaseTable:
    """Cases and the layouts of each, side by side."""
    models: dict[tuple[str, float], int] = {}
    kinds: dict[tuple[object, ...], int] = {}
    which_model = [models.setdefault((case.model.id, float(case.costs.layers_count)), len(models)) for case in cases]
    which_kind = [kinds.setdefault(_kind(case), len(kinds)) for case in cases]
    counts = np.array([np.size(layout.data_count) for layout in layouts], dtype=np.intp)
    return CaseTable(
        cases=tuple(cases),
        costs=stack([cases[which_model.index(place)].costs for place in range(len(models))]),
        models=np.array(which_model, dtype=np.intp),
        examples=tuple(cases[which_kind.index(place)] for place in range(len(kinds))),
        kinds=np.array(which_kind, dtype=np.intp),
        sequence_tokens=np.array([case.sequence_tokens for case in cases]),
        global_batch_tokens=np.array([case.global_batch_tokens for case in cases]),
        packages_count=np.array([case.packages_count for case in cases]),
        layouts=_each(lambda name: np.concatenate([np.atleast_1d(getattr(layout, name)) for layout in layouts])),
        owners=np.repeat(np.arange(len(cases)), counts),
        starts=np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.intp),
        counts=counts,
    )


def _kind(case: TrainingCase) -> tuple[object, ...]:
    part, network = case.accelerator, to_tokens.training_structure(case.model)
    told = part.nic_bandwidth_bytes_per_s, part.hbm_bandwidth_bytes_per_s, part.hbm_capacity_bytes, case.clock_ratio
    return part.id, case.precision, case.engine, network, *told


def _each(value: object) -> Layout:
    """A layout from a function of the names of its fields."""
    return Layout(**{entry.name: value(entry.name) for entry in fields(Layout)})  # type: ignore[operator]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """What the cases of a table reach under a calibration: a machine and habits, arrays with one entry per case."""

    machine: Machine
    habits: TrainingEfficiency


def reached(table: CaseTable, calibration: TrainingCalibration) -> Reached:
    """Efficiencies of every case of a table."""
    each = [
        to_tokens.training_efficiency(
            calibration,
            accelerator=case.accelerator,
            model=case.model,
            engine=case.engine,
            precision=case.precision,
        )
        for case in table.examples
    ]
    machines = [
        training_machine(to_tokens.chip(case.accelerator), case.precision, efficiency)
        for case, efficiency in zip(table.examples, each, strict=True)
    ]
    slowed = [
        replace(machine, matrix_flops=machine.matrix_flops * case.clock_ratio)
        for case, machine in zip(table.examples, machines, strict=True)
    ]
    ages = np.array([case.age_years for case in table.cases])
    slower = np.exp(calibration.latency_growth_per_year * ages)
    own = {name: np.array([getattr(efficiency, name) for efficiency in each])[table.kinds] for name in OWN}
    habits = replace(each[0], **own, expert_latency_s=calibration.expert_latency_s * slower)
    return Reached(machine=take(stack(slowed), table.kinds), habits=habits)


def run_of(table: CaseTable, known: Reached, places: NDArray[np.intp], layout: Layout) -> TrainingRun:
    """The cases at `places`, each with the layout of the same place."""
    own = {name: np.asarray(getattr(known.habits, name))[places] for name in (*OWN, "expert_latency_s")}
    habits = replace(known.habits, **own)
    return TrainingRun(
        machine=take(known.machine, places),
        model=take(table.costs, table.models[places]),
        layout=layout,
        habits=habits,
        sequence_tokens=table.sequence_tokens[places],
        global_batch_tokens=table.global_batch_tokens[places],
    )


def fastest_layouts(table: CaseTable, calibration: TrainingCalibration) -> tuple[Layout, NDArray[np.bool_]]:
    """The fastest layout of every case that fits, and whether it fits (the fastest of all where none does)."""
    known = reached(table, calibration)
    time = np.empty(len(table.owners))
    again = np.array(table.layouts.recompute_frac, dtype=float)
    free = np.array(["recompute_frac" not in case.stated for case in table.cases])
    for begin in range(0, len(table.owners), CHUNK_COUNT):
        part = slice(begin, begin + CHUNK_COUNT)
        places = table.owners[part]
        run = run_of(table, known, places, _each(lambda name, part=part: getattr(table.layouts, name)[part]))
        again[part] = np.where(free[places], least_recompute_frac(run), run.layout.recompute_frac)
        run = replace(run, layout=replace(run.layout, recompute_frac=again[part]))
        time[part] = np.asarray(sum(step_parts(run))) * np.where(fits(run), 1.0, UNFIT_RATIO)
    ends = table.starts + table.counts
    best = np.array([begin + np.argmin(time[begin:end]) for begin, end in zip(table.starts, ends, strict=True)])
    layout = _each(lambda name: (again if name == "recompute_frac" else getattr(table.layouts, name))[best])
    return layout, np.asarray(fits(run_of(table, known, np.arange(len(table.cases)), layout)))


def fits(run: TrainingRun) -> NDArray[np.bool_]:
    """Whether the memory of a run's packages is enough; rounding is forgiven."""
    usable = run.habits.usable_memory_frac * run.machine.hbm_capacity_bytes
    return np.asarray(memory_bytes(run) <= usable * (1 + np.finfo(np.float32).eps))


def tokens_per_s(table: CaseTable, calibration: TrainingCalibration, layout: Layout) -> Floats:
    """Tokens per second and package of every case in a given layout."""
    run = run_of(table, reached(table, calibration), np.arange(len(table.cases)), layout)
    return np.asarray(table.global_batch_tokens / table.packages_count / sum(step_parts(run)))
