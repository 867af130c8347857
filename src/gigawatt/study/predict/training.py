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
from gigawatt.study.answer import SPREAD, Head
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
from gigawatt.study.predict.training_whole_run import CALIBRATION as RUN_CALIBRATION
from gigawatt.study.predict.training_whole_run import (
    Conditions,
    RunPrediction,
    rate_of,
    run_notes,
    whole_run,
)
from gigawatt.study.question import refuse
from gigawatt.tokens.model.roofline import GIGABYTE_BYTES
from gigawatt.tokens.train.lawful import AXES, layout_faults
from gigawatt.tokens.train.memory import TrainingMemory, memory_bytes, training_memory
from gigawatt.tokens.train.records import Layout, TrainingRun
from gigawatt.tokens.train.steps import SCORES_RATIO, Convention, TrainingStep, step_of, training_token_flop

CALIBRATION = "as-of-2026"
# How often packages are doubled in search of a gang that holds the model.
LARGER_COUNT = 20
COUNTS = ("gpus_count", *(f"{key}_count" for key in AXES.values()))
# Fields of a question that are above 0 where they are asked for, and the most that they may be.
RANGES = {
    **dict.fromkeys(COUNTS, MOST_PACKAGES_COUNT),
    **dict.fromkeys(("tokens", "batch_tokens"), MOST_RUN_TOKENS),
    "budget_flop": math.inf,
    "usd_per_gpu_hour": MOST_USD_PER_H,
    "sequence_tokens": MOST_LENGTH_TOKENS,
}
# The peak by which a format is measured, where it is not its own.
PEAKS = {"mxfp8": "fp8"}
# What is in a figure and what is not, in the words that stand beside it.
MFU_CONVENTION: Convention = "causal"
MFU_BASIS = (
    "FLOP of the model (6 a token and active parameter, and causal attention; nothing for what is computed again) per "
    "dense {} peak"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPrediction:
    """What a training run takes; what is not known is None.

    step_frac: share of a step by what takes it. binds: what takes the most, or memory where that makes much be computed
    again. extrapolated: whether no fitted row is alike, which widens the band. mfu_by_frac: the utilisation by each
    convention: with attention as causal masks leave it, as if there were none (full), or parameters alone.
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
    mfu_convention: Convention
    mfu_by_frac: Mapping[str, float]
    step_s: float
    memory_bytes: float
    memory_parts_bytes: Mapping[str, float]
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
    calibration = load.get("training_calibrations", CALIBRATION)
    case, run, step = stepped(question, calibration)
    return _prediction(question, case, calibration, run, step, held or Conditions())


def stepped(
    question: TrainingQuestion, calibration: TrainingCalibration
) -> tuple[TrainingCase, TrainingRun, TrainingStep]:
    """What is asked for as a case, in the fastest layout that fits, and a step of it. Raises as `predict_training`."""
    faults = list(_wrong(question))
    accelerator, model = looked_up(question, {"gpu": "accelerators", "model": "models"}, faults)
    faults += unknown_engine(question.engine, [entry.name for entry in calibration.engines])
    if not faults:
        faults += _misfits(question, model, question.sequence_tokens or calibration.sequence_tokens)
    refuse(faults)
    case = _case(question, accelerator, model, calibration)
    with told_of(question):
        run = _fastest(case, calibration)
        return case, run, step_of(run, case.peak_flops)


def _wrong(question: TrainingQuestion) -> Iterator[Fault]:
    yield from out_of_range(question, RANGES)
    if question.tokens is not None and question.budget_flop is not None:
        yield Fault(
            path="tokens", given="both it and a budget", expected="either tokens or a budget in FLOP", asked=True
        )


def _misfits(question: TrainingQuestion, model: Model, sequence_tokens: float) -> list[Fault]:
    """Faults of a layout that no software starts on the model and the gang."""
    batch_count = (question.batch_tokens or math.nan) / sequence_tokens
    return layout_faults(
        to_tokens.transformer(model),
        stated_layout(question),
        packages_count=question.gpus_count,
        sequence_tokens=sequence_tokens,
        # A batch that is no whole number of sequences was told roundly, and divides nothing.
        global_batch_count=batch_count if batch_count.is_integer() else None,
        drafts_count=model.draft_blocks_count,
    )


def stated_layout(question: TrainingQuestion) -> dict[str, float]:
    """What a question says of the layout, by field of `Layout`."""
    sizes = {name: getattr(question, f"{key}_count") for name, key in AXES.items()}
    return {name: float(size) for name, size in sizes.items() if size is not None}


def _case(
    question: TrainingQuestion, accelerator: Accelerator, model: Model, calibration: TrainingCalibration
) -> TrainingCase:
    sequence = question.sequence_tokens or calibration.sequence_tokens
    batch = question.batch_tokens or calibration.global_batch_tokens
    dense = {"expert_count": 1.0} if to_tokens.training_structure(model) == "dense" else {}
    return TrainingCase(
        accelerator=accelerator,
        model=model,
        costs=to_tokens.training_costs(model),
        engine=question.engine or calibration.plan_engine,
        precision=question.precision,
        packages_count=question.gpus_count,
        sequence_tokens=sequence,
        global_batch_tokens=max(min(batch, question.tokens or batch), sequence),
        stated=stated_layout(question) | dense,
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
    usable = run.habits.usable_memory_frac * to_tokens.chip(case.accelerator).hbm_capacity_bytes
    return float(np.min(memory_bytes(run))), float(usable)


def _prediction(
    question: TrainingQuestion,
    case: TrainingCase,
    calibration: TrainingCalibration,
    run: TrainingRun,
    step: TrainingStep,
    held: Conditions,
) -> TrainingPrediction:
    known = load.get("run_calibrations", RUN_CALIBRATION)
    rate = rate_of(case, step, calibration, held)
    token_flop = float(training_token_flop(case.costs, case.sequence_tokens))
    budget = question.budget_flop
    whole = whole_run(
        case,
        rate,
        held,
        run_tokens=question.tokens if budget is None else budget / token_flop,
        usd_per_gpu_hour=question.usd_per_gpu_hour,
        calibration=known,
    )
    unlike = extrapolations(case, calibration)
    shares = _step_shares(step)
    layout = Layout(**{name: float(size[0]) for name, size in asdict(run.layout).items()})
    return TrainingPrediction(
        head=Head(notes=(*run_notes(whole, known), *_notes(case, unlike))),
        model=case.model.id,
        gpu=case.accelerator.id,
        gpus_count=question.gpus_count,
        precision=question.precision,
        engine=case.engine,
        tokens_per_s_per_gpu=band(rate.tokens_per_s, case, calibration),
        mfu_frac=float(np.squeeze(step.mfu_frac)),
        mfu_basis=MFU_BASIS.format(PEAKS.get(case.precision, case.precision).upper()),
        mfu_convention=MFU_CONVENTION,
        mfu_by_frac=_mfu_by_frac(case, rate.tokens_per_s),
        step_s=float(np.squeeze(step.step_s)),
        memory_bytes=float(np.squeeze(step.memory_bytes)),
        memory_parts_bytes=_memory_parts(training_memory(run)),
        memory_fits=bool(np.all(fits(run))),
        layout=layout,
        binds=_binds(shares, layout),
        step_frac=shares,
        extrapolated=bool(unlike),
        run=whole,
    )


def _step_shares(step: TrainingStep) -> dict[str, float]:
    """Share of a step by what takes it."""
    taken = {name: getattr(step, f"{name}_s") for name in ("compute", "network", "bubble", "optimizer")}
    return {name: float(np.squeeze(seconds / step.step_s)) for name, seconds in taken.items()}


def _mfu_by_frac(case: TrainingCase, rate_tokens_per_s: float) -> dict[str, float]:
    """Utilisation of the peak by each convention of what counts as FLOP of the model."""
    return {
        name: float(training_token_flop(case.costs, case.sequence_tokens, name)) * rate_tokens_per_s / case.peak_flops
        for name in SCORES_RATIO
    }


def _memory_parts(memory: TrainingMemory) -> dict[str, float]:
    """Memory of a package by its parts."""
    return {
        name.removesuffix("_bytes"): float(np.squeeze(getattr(memory, name)))
        for name in TrainingMemory.__dataclass_fields__
    }


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
