"""A whole training run: days, GPU-hours, energy and cost of all its tokens, first to last, with what they are made of.

Steps follow from the rate, interruptions from the goodput of the gang. What else a run spends (ramps of batch and
length, evaluation, slow nodes, work done again) is a share of its hours fitted to published runs, whose scatter widens
the band of the rate: deviations of the logarithms add in squares.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gigawatt.catalog import to_tokens
from gigawatt.catalog.records import Accelerator, RunCalibration, TrainingCalibration
from gigawatt.study.answer import copied
from gigawatt.study.note import Note
from gigawatt.study.predict.band import Band, log_normal
from gigawatt.study.predict.training_band import deviation_ratio
from gigawatt.study.predict.training_cases import TrainingCase
from gigawatt.tokens.model.blocks import Floats
from gigawatt.tokens.train.goodput import Synchronous, goodput_frac
from gigawatt.tokens.train.steps import TrainingStep, training_token_flop
from gigawatt.tokens.train.whole_runs import Holding, bare_package_hours_count, run_share_frac, training_run

CALIBRATION = "as-of-2026"
HOURS_PER_DAY = 24.0
# What is in a figure and what is not, in the words that stand beside it.
ENERGY_BASIS = "the facility's: {} for the whole run, and PUE {:g}"
USD_BASIS = "GPU-hours at the price stated{}"
RUN_BASIS = (
    "steps, interruptions, and what else a run spends from its first token to its last (ramps, evaluation, slow nodes, "
    "work done again), as {} published runs did"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """How a run is held: failures, their cost in time, the price of energy, and the building.

    Failures per package and hour are those of Llama 3 (419 in 54 days on 16,384); all others are assumed.
    power_w: IT power per package; None is that of the catalog.
    """

    failures_per_package_h: float = 1.97e-5
    checkpoint_s: float = 30.0
    restart_s: float = 600.0
    overhead_ratio: float = 1.2
    energy_usd_per_wh: float = 0.0
    power_w: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPrediction:
    """A whole run. None is what nobody asked for (a run without tokens or a budget has no end) or what is not known.

    run_days and gpu_h: from the first token to the last; step_days: of its steps alone; goodput_frac: share of the time
    that interruptions leave; run_share_frac: share of the hours that steps and interruptions explain. A cost is None
    where no price of a GPU-hour is stated.
    """

    run_days: Band | None
    run_basis: str | None
    run_tokens: float | None
    gpu_h: Band | None
    step_days: float | None
    goodput_frac: float
    run_share_frac: float | None
    energy_wh: Band | None
    energy_basis: str | None
    usd: Band | None
    usd_basis: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRate:
    """How fast a run goes: tokens per second and package, the deviation of its logarithm, and the goodput of a gang."""

    tokens_per_s: float
    deviation_ratio: float
    goodput_frac: float


def rate_of(case: TrainingCase, step: TrainingStep, calibration: TrainingCalibration, held: Conditions) -> RunRate:
    """How fast a case goes by its step, held so."""
    return RunRate(
        tokens_per_s=float(np.squeeze(step.tokens_per_s)),
        deviation_ratio=deviation_ratio(case, calibration),
        goodput_frac=goodput_of(case, held),
    )


def goodput_of(case: TrainingCase, held: Conditions) -> float:
    """Share of the time of a case that interruptions leave."""
    goodput = goodput_frac(
        Synchronous(checkpoint_s=held.checkpoint_s, restart_s=held.restart_s),
        packages_count=case.packages_count,
        failures_per_package_h=held.failures_per_package_h,
    )
    return float(goodput)


def bare_gpu_h(case: TrainingCase, rate: RunRate, run_tokens: float) -> float:
    """GPU-hours of the steps of a run and of its interruptions."""
    flop = float(training_token_flop(case.costs, case.sequence_tokens))
    hours = bare_package_hours_count(
        run_flop=run_tokens * flop, model_flops=rate.tokens_per_s * flop, goodput_frac=rate.goodput_frac
    )
    return float(hours)


def share_of(bare_h: float, calibration: RunCalibration) -> float:
    """Share of a run's GPU-hours that its bare ones are."""
    return float(run_share_frac(to_tokens.run_share(calibration), bare_h))


def gpu_h_of(bare_h: float, deviation_ratio: float, calibration: RunCalibration) -> Band:
    """GPU-hours of a whole run; deviation_ratio: of the logarithm of its rate."""
    whole = math.hypot(deviation_ratio, calibration.deviation_ratio)
    return log_normal(bare_h / share_of(bare_h, calibration), whole)


def whole_run(
    case: TrainingCase,
    rate: RunRate,
    held: Conditions,
    *,
    run_tokens: float | None,
    usd_per_gpu_hour: float | None,
    calibration: RunCalibration,
) -> RunPrediction:
    """Days, energy and cost of all tokens, each with the band of the whole run."""
    if run_tokens is None:
        nothing = dict.fromkeys(RunPrediction.__dataclass_fields__)
        return RunPrediction(**nothing | {"goodput_frac": rate.goodput_frac})  # type: ignore[arg-type]
    bare_h = bare_gpu_h(case, rate, run_tokens)
    gpu_h = gpu_h_of(bare_h, rate.deviation_ratio, calibration)
    share = share_of(bare_h, calibration)
    power_w, whose = _power(case.accelerator, held)
    # What is not paid for apart, energy, needs no power to be known.
    priced = usd_per_gpu_hour is not None and bool(power_w or not held.energy_usd_per_wh)
    price = usd_per_gpu_hour or 0.0
    holding = copied(Holding, held, case, spare_packages_count=0.0, it_w=power_w or 1.0, package_usd_per_h=price)
    flop = float(training_token_flop(case.costs, case.sequence_tokens))
    slower = np.array([gpu_h.p10, gpu_h.p50, gpu_h.p90]) / gpu_h.p50
    run = training_run(
        holding,
        run_flop=run_tokens * flop,
        model_flops=rate.tokens_per_s * flop / slower,
        goodput_frac=rate.goodput_frac,
        share_frac=share,
    )
    return RunPrediction(
        run_days=_amounts(run.days_count),
        run_basis=RUN_BASIS.format(calibration.rows_count),
        run_tokens=run_tokens,
        gpu_h=gpu_h,
        step_days=bare_h * rate.goodput_frac / case.packages_count / HOURS_PER_DAY,
        goodput_frac=rate.goodput_frac,
        run_share_frac=share,
        energy_wh=_amounts(run.facility_wh) if power_w else None,
        energy_basis=ENERGY_BASIS.format(whose, held.overhead_ratio) if power_w else None,
        usd=_amounts(run.usd) if priced else None,
        usd_basis=USD_BASIS.format(", and its energy" if held.energy_usd_per_wh else "") if priced else None,
    )


def _power(accelerator: Accelerator, held: Conditions) -> tuple[float | None, str]:
    """IT power of a package in training, and whose it is; None where the catalog has no power."""
    if held.power_w:
        return held.power_w, "stated power of all GPUs"
    if accelerator.rack_power_w:
        return accelerator.rack_power_w / accelerator.packages_per_rack_count, "rated rack power of all GPUs"
    return accelerator.tdp_w, "rated power of all GPUs alone, without their servers,"


def _amounts(amounts: Floats) -> Band:
    """What a run takes at the low, the middle and the high hours."""
    low, middle, high = (float(amount) for amount in np.ravel(amounts))
    return Band(p10=low, p50=middle, p90=high)


def run_notes(run: RunPrediction, calibration: RunCalibration) -> tuple[Note, ...]:
    """What a reader of the days has to know; nothing where no run was asked for."""
    if run.run_days is None or run.run_share_frac is None:
        return ()
    text = (
        f"A whole run is more than its steps: {100 * run.run_share_frac:.0f} % of its GPU-hours are steps and "
        f"interruptions, as in {calibration.rows_count} published runs. Days, energy and cost carry that share and its "
        f"scatter; predicted without a run of their own, those runs' hours were "
        f"{100 * calibration.left_out_mape_frac:.0f} % off in the mean."
    )
    return (Note(code="whole_run", path="run_days", text=text),)
