"""What a training run takes: tokens per second with their band, layout, memory, days, energy and cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from gigawatt.catalog import load, to_tokens
from gigawatt.catalog.records import Accelerator, Model, TrainingCalibration
from gigawatt.errors import CalibrationError, Fault
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
from gigawatt.tokens.goodput import HOUR_S, Synchronous, goodput_frac
from gigawatt.tokens.roofline import GIGABYTE_BYTES
from gigawatt.tokens.runs import Holding, training_run
from gigawatt.tokens.training import TrainingStep, pick, step_of, training_token_flop
from gigawatt.tokens.training_layouts import LAYOUT_NAMES
from gigawatt.tokens.training_memory import memory_bytes
from gigawatt.tokens.training_run import TRAINING_PRECISIONS, Layout, TrainingPrecision, TrainingRun

CALIBRATION = "as-of-2026"
DAY_H = 24
# How often packages are doubled in search of a gang that holds the model.
LARGER_COUNT = 20
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
    """How a run is held: failures, their cost in time, price of a package's hour and of energy, and the building.

    Failures per package and hour are those of Llama 3 (419 in 54 days on 16,384); all others are assumed.
    power_w: IT power per package; None is the rack's nameplate over its packages. package_usd_per_h: None is unknown.
    """

    failures_per_package_h: float = 1.97e-5
    checkpoint_s: float = 30.0
    restart_s: float = 600.0
    overhead_ratio: float = 1.2
    energy_usd_per_wh: float = 0.0
    power_w: float | None = None
    package_usd_per_h: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingQuestion:
    """What is asked: names as a user writes them; `tokens` in all, or a budget of operations instead.

    layout: counts and shares by field of `tokens.Layout`, the rest is searched; sequence and batch: None is the
    recipe of the calibration (a batch never more than the run's tokens).
    """

    model: str
    gpu: str
    precision: TrainingPrecision
    packages_count: float
    run_tokens: float | None = None
    budget_flop: float | None = None
    sequence_tokens: float | None = None
    global_batch_tokens: float | None = None
    layout: Mapping[str, float] | None = None
    engine: str | None = None
    conditions: Conditions = Conditions()
    calibration: str = CALIBRATION


def predict_training(question: TrainingQuestion) -> dict[str, Any]:
    """The figures of `predict training`, strict JSON; what is not known is null.

    Raises CatalogError for unknown names, CalibrationError for what cannot be trained: a precision that the part lacks,
    a layout that is impossible, a model that does not fit (with the packages that would do), no tokens.
    """
    calibration = load.get("training_calibrations", question.calibration)
    accelerator, model = load.get("accelerators", question.gpu), load.get("models", question.model)
    _check(question, model)
    case = _case(question, accelerator, model, calibration)
    peak = case.peak_flops
    run = _fastest(case, calibration)
    step = step_of(run, peak)
    return _figures(question, case, calibration, run, step)


def _check(question: TrainingQuestion, model: Model) -> None:
    faults = []
    if question.precision not in TRAINING_PRECISIONS:
        expected = f"one of {', '.join(TRAINING_PRECISIONS)}"
        faults.append(Fault(path="precision", given=f'"{question.precision}"', expected=expected))
    if not (question.packages_count >= 1 and np.isfinite(question.packages_count)):
        faults.append(Fault(path="packages", given=f"{question.packages_count:g}", expected="1 or more"))
    if (question.run_tokens is None) == (question.budget_flop is None):
        faults.append(Fault(path="tokens", given="both or neither", expected="either tokens or a budget in FLOP"))
    positive = ("run_tokens", "budget_flop", "sequence_tokens", "global_batch_tokens")
    for name in positive:
        value = getattr(question, name)
        if value is not None and not (value > 0 and np.isfinite(value)):
            faults.append(Fault(path=name.rpartition("_")[0], given=f"{value:g}", expected="a number above 0"))
    faults += _layout_faults(question, model)
    if faults:
        raise CalibrationError(faults)


def _layout_faults(question: TrainingQuestion, model: Model) -> list[Fault]:
    """What is wrong with a layout that was given."""
    given = dict(question.layout or {})
    faults = [
        Fault(path=f"layout.{name}", given=f"{value:g}", expected=f"one of {', '.join(LAYOUT_NAMES)}, 1 or more")
        for name, value in given.items()
        if name not in LAYOUT_NAMES or not (value >= 1 or (name in ("recompute_frac", "sharded_frac") and value >= 0))
    ]
    heads = max(block.heads_count for block in model.blocks)
    layers = sum(block.count for block in model.blocks)
    limits = {"tensor_count": (max(heads, 1), "heads"), "pipeline_count": (layers, "blocks")}
    limits["expert_count"] = (max(max(block.experts_count for block in model.blocks), 1), "experts")
    for name, (most, what) in limits.items():
        if given.get(name, 1) > most:
            expected = f"at most {most}, the {what} of {model.name}"
            faults.append(Fault(path=f"layout.{name}", given=f"{given[name]:g}", expected=expected))
    cut = float(np.prod([given.get(name, 1) for name in ("tensor_count", "pipeline_count", "context_count")]))
    copies = given.get("data_count", question.packages_count / cut)
    uneven = not faults and (cut * copies != question.packages_count or (given and copies % 1))
    if uneven:
        expected = f"a divisor of {question.packages_count:g} packages (with data: exactly that)"
        product = cut * given.get("data_count", 1)
        given_text = f"tensor × pipeline × context × data = {product:g}"
        faults.append(Fault(path="layout", given=given_text, expected=expected))
    return faults


def _case(
    question: TrainingQuestion, accelerator: Accelerator, model: Model, calibration: TrainingCalibration
) -> TrainingCase:
    sequence = question.sequence_tokens or calibration.sequence_tokens
    batch = question.global_batch_tokens or calibration.global_batch_tokens
    stated = {name: float(value) for name, value in (question.layout or {}).items() if name != "data_count"}
    if to_tokens.training_structure(model) == "dense":
        stated["expert_count"] = 1.0
    return TrainingCase(
        accelerator=accelerator,
        model=model,
        costs=to_tokens.training_costs(model),
        engine=calibration.plan_engine if question.engine is None else question.engine,
        precision=question.precision,
        packages_count=question.packages_count,
        sequence_tokens=sequence,
        global_batch_tokens=max(min(batch, question.run_tokens or batch), sequence),
        stated=stated,
    )


def _fastest(case: TrainingCase, calibration: TrainingCalibration) -> TrainingRun:
    """The case in its fastest layout that fits; raises CalibrationError where there is none."""
    layouts = possible_layouts(case)
    if not np.size(layouts.data_count):
        given = f"{case.global_batch_tokens / case.sequence_tokens:g} sequences on {case.packages_count:g} packages"
        expected = "a batch of at least one micro-batch per copy of the model, and a layout of these packages"
        raise CalibrationError([Fault(path="global_batch", given=given, expected=expected)])
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
        return Fault(path="packages", given=given, expected=f"at most {room}: another layout")
    larger = case
    for _ in range(LARGER_COUNT):
        larger = replace(larger, packages_count=2 * larger.packages_count)
        more = possible_layouts(larger)
        if not np.size(more.data_count):
            break
        if _memory(larger, calibration, more)[0] <= usable:
            enough = f"{larger.packages_count:g} packages do"
            return Fault(path="packages", given=given, expected=f"at most {room}: {enough}")
    return Fault(path="packages", given=given, expected=f"at most {room}: more packages, or a smaller model")


def _memory(case: TrainingCase, calibration: TrainingCalibration, layouts: Layout) -> tuple[float, float]:
    """Memory of the layout that takes the least, everything recomputed, and what is usable [bytes]."""
    found = table_of([case], [layouts])
    stated = "recompute_frac" in case.stated
    full = layouts if stated else replace(layouts, recompute_frac=np.ones_like(layouts.data_count))
    run = run_of(found, reached(found, calibration), found.owners, full)
    usable = run.habits.usable_memory_frac * case.accelerator.hbm_capacity_bytes
    return float(np.min(memory_bytes(run))), float(usable)


def _figures(
    question: TrainingQuestion,
    case: TrainingCase,
    calibration: TrainingCalibration,
    run: TrainingRun,
    step: TrainingStep,
) -> dict[str, Any]:
    rate = float(np.squeeze(step.tokens_per_s))
    low, high = band(rate, case, calibration)
    token_flop = float(training_token_flop(case.costs, case.sequence_tokens))
    notes = extrapolations(case, calibration)
    parts = ("compute", "network", "bubble", "optimizer")
    shares = {name: float(np.squeeze(getattr(step, f"{name}_s") / step.step_s)) for name in parts}
    single = pick(run.layout, 0)
    layout = {entry.name: float(getattr(single, entry.name)) for entry in fields(single)}
    binds = max(shares, key=lambda name: shares[name])
    return {
        "tokens_per_s_per_gpu": {"p10": low, "p50": rate, "p90": high},
        "mfu_frac": float(np.squeeze(step.mfu_frac)),
        "mfu_basis": MFU_BASIS.format(PEAKS.get(case.precision, case.precision).upper()),
        "step_s": float(np.squeeze(step.step_s)),
        "memory_bytes": float(np.squeeze(step.memory_bytes)),
        "memory_fits": bool(np.all(fits(run))),
        "layout": layout,
        "binds": "memory" if layout["recompute_frac"] > shares["network"] + shares["bubble"] else binds,
        "shares": shares,
        "extrapolated": bool(notes),
        "notes": notes,
        **_whole_run(question, case, rate, token_flop),
    }


def _whole_run(
    question: TrainingQuestion, case: TrainingCase, rate_tokens_per_s: float, token_flop: float
) -> dict[str, Any]:
    """Days, goodput, energy and cost of all tokens; a cost is null where neither price is known."""
    held, tokens = question.conditions, question.run_tokens
    flop = tokens * token_flop if tokens is not None else question.budget_flop
    rack_w = case.accelerator.rack_power_w
    power_w = held.power_w or (rack_w / case.accelerator.packages_per_rack_count if rack_w else None)
    whose = "stated" if held.power_w else "rated rack"
    # What is not paid for apart, energy, needs no power to be known.
    priced = held.package_usd_per_h is not None and bool(power_w or not held.energy_usd_per_wh)
    goodput = goodput_frac(
        Synchronous(checkpoint_s=held.checkpoint_s, restart_s=held.restart_s),
        packages_count=case.packages_count,
        failures_per_package_h=held.failures_per_package_h,
    )
    holding = Holding(
        packages_count=case.packages_count,
        spare_packages_count=0.0,
        failures_per_package_h=held.failures_per_package_h,
        it_w=power_w or 1.0,
        overhead_ratio=held.overhead_ratio,
        energy_usd_per_wh=held.energy_usd_per_wh,
        package_usd_per_h=held.package_usd_per_h or 0.0,
    )
    run = training_run(holding, run_flop=flop or 0.0, model_flops=rate_tokens_per_s * token_flop, goodput_frac=goodput)
    return {
        "days": float(run.wall_s) / HOUR_S / DAY_H,
        "goodput_frac": float(goodput),
        "tokens": (flop or 0.0) / token_flop,
        "energy_wh": float(run.facility_wh) if power_w else None,
        "energy_basis": ENERGY_BASIS.format(whose, held.overhead_ratio) if power_w else None,
        "usd": float(run.usd) if priced else None,
        "usd_basis": USD_BASIS.format(", and its energy" if held.energy_usd_per_wh else "") if priced else None,
    }
