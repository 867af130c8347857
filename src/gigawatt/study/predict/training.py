"""What a training run takes: tokens per second with their band, layout, memory, days, energy and cost."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from gigawatt.catalog import load, to_tokens
from gigawatt.catalog.records import Accelerator, Model, TrainingCalibration
from gigawatt.errors import CalibrationError, Fault
from gigawatt.study import implausible
from gigawatt.study.answer import SPREAD, Head, copied
from gigawatt.study.job import Job
from gigawatt.study.note import Note
from gigawatt.study.predict.band import Band
from gigawatt.study.predict.faults import (
    MOST_LENGTH_TOKENS,
    MOST_PACKAGES_COUNT,
    MOST_RUN_TOKENS,
    MOST_USD_PER_H,
    looked_up,
    out_of_range,
    told_of,
    unknown_engine,
)
from gigawatt.study.predict.question import TrainingQuestion
from gigawatt.study.predict.training_band import band, extrapolations
from gigawatt.study.predict.training_cases import (
    TrainingCase,
    fastest_layouts,
    fits,
    possible_layouts,
    reached,
    run_of,
    table_of,
)
from gigawatt.study.question import refuse, wrong
from gigawatt.tokens.blocks import Floats
from gigawatt.tokens.goodput import Synchronous, goodput_frac
from gigawatt.tokens.roofline import GIGABYTE_BYTES
from gigawatt.tokens.runs import Holding, training_run
from gigawatt.tokens.training import TrainingStep, pick, step_of, training_token_flop
from gigawatt.tokens.training_memory import memory_bytes
from gigawatt.tokens.training_run import Layout, TrainingRun

CALIBRATION = "as-of-2026"
# How often packages are doubled in search of a gang that holds the model.
LARGER_COUNT = 20
# Fields of a question that are above 0 where they are asked for, and the most that they may be.
RANGES = {
    **dict.fromkeys(("gpus_count", "tp_count", "pp_count", "cp_count", "ep_count"), MOST_PACKAGES_COUNT),
    **dict.fromkeys(("tokens", "batch_tokens"), MOST_RUN_TOKENS),
    "budget_flop": math.inf,
    "usd_per_gpu_hour": MOST_USD_PER_H,
    "sequence_tokens": MOST_LENGTH_TOKENS,
}
# The peak by which a format is measured, where it is not its own.
PEAKS = {"mxfp8": "fp8"}
# What is in a figure and what is not, in the words that stand beside it.
MFU_BASIS = (
    "FLOP of the model (6 a token and active parameter, and causal attention; nothing for what is computed again) per "
    "dense {} peak"
)
ENERGY_BASIS = "the facility's: {} power of all GPUs for the whole run, and PUE {:g}"
USD_BASIS = "GPU-hours at the price stated{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """How a run is held: failures, their cost in time, the price of energy, and the building.

    Failures per package and hour are those of Llama 3 (419 in 54 days on 16,384); all others are assumed.
    power_w: IT power per package; None is the rack's nameplate over its packages.
    """

    failures_per_package_h: float = 1.97e-5
    checkpoint_s: float = 30.0
    restart_s: float = 600.0
    overhead_ratio: float = 1.2
    energy_usd_per_wh: float = 0.0
    power_w: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPrediction:
    """A whole run, its interruptions included. A cost is None where no price of a GPU-hour is stated."""

    run_days: Band
    run_tokens: float
    goodput_frac: float
    energy_wh: Band | None
    energy_basis: str | None
    usd: Band | None
    usd_basis: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPrediction:
    """What a training run takes; what is not known is None.

    step_frac: share of a step by what takes it. binds: what takes the most, or memory where that makes much be computed
    again. extrapolated: whether no fitted row is alike, which widens the band.
    """

    head: Head = field(metadata=SPREAD)
    model: str
    gpu: str
    gpus_count: int
    precision: str
    engine: str
    tokens_per_s_per_gpu: Band
    mfu_frac: float
    mfu_basis: str
    step_s: float
    memory_bytes: float
    memory_fits: bool
    layout: Layout
    binds: str
    step_frac: Mapping[str, float]
    extrapolated: bool
    run: RunPrediction = field(metadata=SPREAD)


def answer(question: TrainingQuestion, job: Job) -> TrainingPrediction:
    """What the training run that is asked for takes. Raises what `predict_training` does."""
    del job  # it takes a moment
    return predict_training(question)


def predict_training(question: TrainingQuestion, held: Conditions | None = None) -> TrainingPrediction:
    """What a training run takes, held as Llama 3 was where nothing else is said.

    Raises ScenarioError for a question that cannot be asked, CalibrationError for what cannot be trained: a precision
    that the part lacks, a batch that is too small, a model that does not fit (with the packages that would do).
    """
    faults = list(_wrong(question))
    calibration = load.get("training_calibrations", CALIBRATION)
    accelerator, model = looked_up(question, {"gpu": "accelerators", "model": "models"}, faults)
    faults += unknown_engine(question.engine, [entry.name for entry in calibration.engines])
    if not faults:
        faults += _misfits(question, model)
    refuse(faults)
    case = _case(question, accelerator, model, calibration)
    with told_of(question):
        step = step_of(run := _fastest(case, calibration), case.peak_flops)
    return _prediction(question, case, calibration, run, step, held or Conditions())


def _wrong(question: TrainingQuestion) -> Iterator[Fault]:
    yield from out_of_range(question, RANGES)
    if (question.tokens is None) == (question.budget_flop is None):
        given = "neither it nor a budget" if question.tokens is None else "both it and a budget"
        yield Fault(path="tokens", given=given, expected="either tokens or a budget in FLOP", asked=True)


def _misfits(question: TrainingQuestion, model: Model) -> Iterator[Fault]:
    """Faults of a layout that the model or the gang does not have."""
    heads = max(max(block.heads_count for block in model.blocks), 1)
    experts = max(max(block.experts_count for block in model.blocks), 1)
    blocks = sum(block.count for block in model.blocks)
    limits = {
        "tp": (question.tp_count, heads, "heads"),
        "pp": (question.pp_count, blocks, "blocks"),
        "ep": (question.ep_count, experts, "experts"),
    }
    high = [key for key, (count, most, _) in limits.items() if count is not None and count > most]
    for key in high:
        count, most, what = limits[key]
        yield wrong(key, count or 0, f"at most {most}, the {what} of {model.name}")
    stated = {key: getattr(question, f"{key}_count") for key in ("tp", "pp", "cp")}
    cut = math.prod(count or 1 for count in stated.values())
    if not high and question.gpus_count % cut:
        key = next(key for key, count in stated.items() if count is not None)
        given = f"tensor × pipeline × context = {cut}"
        expected = f"a divisor of {question.gpus_count} packages"
        yield Fault(path=key, given=given, expected=expected, asked=True)


def _case(
    question: TrainingQuestion, accelerator: Accelerator, model: Model, calibration: TrainingCalibration
) -> TrainingCase:
    sequence = question.sequence_tokens or calibration.sequence_tokens
    batch = question.batch_tokens or calibration.global_batch_tokens
    axes = {"tensor": question.tp_count, "pipeline": question.pp_count, "context": question.cp_count}
    axes["expert"] = 1 if to_tokens.training_structure(model) == "dense" else question.ep_count
    return TrainingCase(
        accelerator=accelerator,
        model=model,
        costs=to_tokens.training_costs(model),
        engine=question.engine or calibration.plan_engine,
        precision=question.precision,
        packages_count=question.gpus_count,
        sequence_tokens=sequence,
        global_batch_tokens=max(min(batch, question.tokens or batch), sequence),
        stated={f"{axis}_count": float(count) for axis, count in axes.items() if count is not None},
    )


def _fastest(case: TrainingCase, calibration: TrainingCalibration) -> TrainingRun:
    """The case in its fastest layout that fits; raises CalibrationError where there is none."""
    layouts = possible_layouts(case)
    if not np.size(layouts.data_count):
        given = f"{case.global_batch_tokens / case.sequence_tokens:g} sequences on {case.packages_count:g} packages"
        expected = "a batch of at least one micro-batch per copy of the model, and a layout of these packages"
        raise CalibrationError([Fault(path="batch", given=given, expected=expected)])
    found = table_of([case], [layouts])
    layout, enough = fastest_layouts(found, calibration)
    run = run_of(found, reached(found, calibration), np.array([0]), layout)
    if not enough[0]:
        raise CalibrationError([_too_large(case, calibration, layouts)])
    return run


def _too_large(case: TrainingCase, calibration: TrainingCalibration, layouts: Layout) -> Fault:
    """The memory of the smallest layout, and how many packages would do."""
    least, usable = _memory(case, calibration, layouts)
    given = f"{case.packages_count:g}: {least / GIGABYTE_BYTES:.4g} GB per package for {case.model.name}"
    room = f"{usable / GIGABYTE_BYTES:.4g} GB usable on {case.accelerator.name}"
    if case.stated.keys() - {"expert_count"}:
        return Fault(path="gpus", given=given, expected=f"at most {room}: another layout")
    larger = case
    for _ in range(LARGER_COUNT):
        larger = replace(larger, packages_count=2 * larger.packages_count)
        more = possible_layouts(larger)
        if not np.size(more.data_count):
            break
        if _memory(larger, calibration, more)[0] <= usable:
            enough = f"{larger.packages_count:g} packages do"
            return Fault(path="gpus", given=given, expected=f"at most {room}: {enough}")
    return Fault(path="gpus", given=given, expected=f"at most {room}: more packages, or a smaller model")


def _memory(case: TrainingCase, calibration: TrainingCalibration, layouts: Layout) -> tuple[float, float]:
    """Memory of the layout that takes the least, everything recomputed, and what is usable [bytes]."""
    found = table_of([case], [layouts])
    full = replace(layouts, recompute_frac=np.ones_like(layouts.data_count))
    run = run_of(found, reached(found, calibration), found.owners, full)
    usable = run.habits.usable_memory_frac * case.accelerator.hbm_capacity_bytes
    return float(np.min(memory_bytes(run))), float(usable)


def _prediction(
    question: TrainingQuestion,
    case: TrainingCase,
    calibration: TrainingCalibration,
    run: TrainingRun,
    step: TrainingStep,
    held: Conditions,
) -> TrainingPrediction:
    rate = band(float(np.squeeze(step.tokens_per_s)), case, calibration)
    unlike = extrapolations(case, calibration)
    taken = {name: getattr(step, f"{name}_s") for name in ("compute", "network", "bubble", "optimizer")}
    shares = {name: float(np.squeeze(seconds / step.step_s)) for name, seconds in taken.items()}
    layout = Layout(**{name: float(size) for name, size in asdict(pick(run.layout, 0)).items()})
    return TrainingPrediction(
        head=Head(notes=_notes(case, unlike)),
        model=case.model.id,
        gpu=case.accelerator.id,
        gpus_count=question.gpus_count,
        precision=question.precision,
        engine=case.engine,
        tokens_per_s_per_gpu=rate,
        mfu_frac=float(np.squeeze(step.mfu_frac)),
        mfu_basis=MFU_BASIS.format(PEAKS.get(case.precision, case.precision).upper()),
        step_s=float(np.squeeze(step.step_s)),
        memory_bytes=float(np.squeeze(step.memory_bytes)),
        memory_fits=bool(np.all(fits(run))),
        layout=layout,
        binds=_binds(shares, layout),
        step_frac=shares,
        extrapolated=bool(unlike),
        run=_whole_run(question, case, rate, held),
    )


def _binds(shares: Mapping[str, float], layout: Layout) -> str:
    if layout.recompute_frac > shares["network"] + shares["bubble"]:
        return "memory"
    return max(shares, key=lambda name: shares[name])


def _notes(case: TrainingCase, unlike: list[str]) -> tuple[Note, ...]:
    wider = (
        Note(code="extrapolated", path="tokens_per_s_per_gpu", text=f"{text}: the band is wider by that")
        for text in unlike
    )
    return (*wider, *implausible.of_catalog(accelerators=case.accelerator, models=case.model))


def _whole_run(question: TrainingQuestion, case: TrainingCase, rate: Band, held: Conditions) -> RunPrediction:
    """Days, goodput, energy and cost of all tokens, each with the band of the rate."""
    token_flop = float(training_token_flop(case.costs, case.sequence_tokens))
    run_flop = question.budget_flop if question.tokens is None else question.tokens * token_flop
    rack_w, price = case.accelerator.rack_power_w, question.usd_per_gpu_hour
    power_w = held.power_w or (rack_w / case.accelerator.packages_per_rack_count if rack_w else None)
    # What is not paid for apart, energy, needs no power to be known.
    priced = price is not None and bool(power_w or not held.energy_usd_per_wh)
    goodput = goodput_frac(
        Synchronous(checkpoint_s=held.checkpoint_s, restart_s=held.restart_s),
        packages_count=case.packages_count,
        failures_per_package_h=held.failures_per_package_h,
    )
    holding = copied(Holding, held, case, spare_packages_count=0.0, it_w=power_w or 1.0, package_usd_per_h=price or 0.0)
    rates_flops = np.array([rate.p90, rate.p50, rate.p10]) * token_flop
    run = training_run(holding, run_flop=run_flop or 0.0, model_flops=rates_flops, goodput_frac=goodput)
    basis = ENERGY_BASIS.format("stated" if held.power_w else "rated rack", held.overhead_ratio)
    return RunPrediction(
        run_days=_amounts(run.days_count),
        run_tokens=(run_flop or 0.0) / token_flop,
        goodput_frac=float(goodput),
        energy_wh=_amounts(run.facility_wh) if power_w else None,
        energy_basis=basis if power_w else None,
        usd=_amounts(run.usd) if priced else None,
        usd_basis=USD_BASIS.format(", and its energy" if held.energy_usd_per_wh else "") if priced else None,
    )


def _amounts(amounts: Floats) -> Band:
    """What a run takes at the high, the middle and the low rate."""
    low, middle, high = (float(amount) for amount in np.ravel(amounts))
    return Band(p10=low, p50=middle, p90=high)
