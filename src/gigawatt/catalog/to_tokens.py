"""From catalog records to the small records that the kernels of tokens/ take: numbers only, sources left behind."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from itertools import product
from typing import Any, TypeVar

import numpy as np

from gigawatt import tokens
from gigawatt.catalog import records
from gigawatt.errors import CalibrationError, Fault
from gigawatt.quarters import DAYS_PER_YEAR
from gigawatt.tokens import Block, Chip, InferenceEfficiency, RunShare, TrainingEfficiency, Transformer
from gigawatt.tokens.model.roofline import power_ratio
from gigawatt.tokens.model.sizes import ModelCosts, costs
from gigawatt.tokens.serve.arrivals import Client, Gaps, OfferedLoad
from gigawatt.tokens.serve.lengths import Lengths
from gigawatt.tokens.serve.sessions import Sessions

T = TypeVar("T")

# No product reaches more of its peak, whatever its clocks.
MOST_COMPUTE_FRAC = 0.97

# Precisions whose weights have four bits, and those that unpack them before they multiply.
FOUR_BIT = ("fp4", "mxfp4", "int4")
FORMATS = {"mxfp4": "unpacked", "int4": "unpacked", "int8": "fp8"}


# What no kernel does without, and what it is called.
PUBLISHED = {
    "hbm_capacity_bytes": "memory",
    "hbm_bandwidth_bytes_per_s": "memory bandwidth",
    "scale_up_bandwidth_bytes_per_s": "bandwidth within its domain",
    "nic_bandwidth_bytes_per_s": "bandwidth beyond it",
}


def unpublished(accelerator: records.Accelerator) -> list[str]:
    """What nobody has published of a part and no kernel does without, in words; empty where all is known."""
    missing = [words for name, words in PUBLISHED.items() if getattr(accelerator, name) is None]
    peaks = (accelerator.bf16_flops, accelerator.fp8_flops, accelerator.int8_flops, accelerator.fp4_flops)
    return (["peaks"] if all(peak is None for peak in peaks) else []) + missing


def unpublished_fault(accelerator: records.Accelerator) -> Fault:
    """The fault of a part of which `unpublished` tells something, where its GPU was asked for."""
    lacks = ", ".join(unpublished(accelerator))
    expected = f"a part of which enough is published; of {accelerator.name} nobody has published: {lacks}"
    return Fault(path="gpu", given=f'"{accelerator.id}"', expected=expected)


def chip(accelerator: records.Accelerator) -> Chip:
    """One package of an accelerator. Raises CalibrationError where too little of it is published."""
    if unpublished(accelerator):
        raise CalibrationError([unpublished_fault(accelerator)])
    return _same(Chip, accelerator)


def transformer(model: records.Model) -> Transformer:
    """A model as a list of blocks."""
    return Transformer(
        name=model.name,
        hidden_count=model.hidden_count,
        vocabulary_count=model.vocabulary_count,
        tied_embeddings=model.tied_embeddings,
        lookup_params_count=model.lookup_params_count,
        blocks=tuple(_block(block) for block in model.blocks),
    )


def structure(model: records.Model) -> str:
    """What kind of network a model is: its attention, and whether tokens choose among experts ("mla-moe")."""
    attentions = {block.attention for block in model.blocks}
    attention = next(kind for kind in ("linear", "mla", "gqa", "none") if kind in attentions)
    routed = any(block.experts_count > 1 for block in model.blocks)
    return f"{attention}-{'moe' if routed else 'dense'}"


def engine_of(accelerator: records.Accelerator) -> str:
    """The engine that serves a part best where nobody says which: TensorRT-LLM on NVIDIA's, vLLM elsewhere."""
    return "trtllm" if accelerator.vendor == "NVIDIA" else "vllm"


def families(
    accelerator: records.Accelerator, model: records.Model, precision: str, *, engine: str, release: str = ""
) -> dict[str, str]:
    """The name of each family that a case belongs to, for `FamilyOffset`."""
    part, kind = accelerator.architecture, structure(model)
    return {
        "architecture": part,
        "structure": kind,
        "format": f"{part} {precision}",
        "architecture_structure": f"{part} {kind}",
        "engine_architecture": f"{engine} {part}",
        "engine_structure": f"{engine} {kind}",
        "engine_format": f"{engine} {part} {precision}",
        "model_architecture": f"{model.id} {part}",
        "release": release,
        "model": model.id,
    }


# Families of which a calibration has seen every member of its rows: a new one is an extrapolation.
TOLD = ("architecture", "structure", "format", "engine_architecture")


def unseen(
    calibration: records.InferenceCalibration,
    accelerator: records.Accelerator,
    model: records.Model,
    precision: str,
    *,
    engine: str,
) -> list[str]:
    """What of a case no fitted row has, as "format rubin fp8"; of an engine on a generation by either way to run it."""
    fitted = {(offset.family, offset.name) for offset in calibration.offsets}
    ways = {("engine_architecture", state.name) for state in calibration.states}
    named = families(accelerator, model, precision, engine=base_engine(engine))
    return [f"{family} {named[family]}" for family in TOLD if (family, named[family]) not in fitted | ways]


def base_engine(engine: str) -> str:
    """The engine whose software it is, however it is run: "vllm" for "mlperf-vllm"."""
    return engine.removeprefix("mlperf-").removesuffix("-table")


def state_of(
    calibration: records.InferenceCalibration, accelerator: records.Accelerator, engine: str
) -> records.SoftwareState | None:
    """The state of an engine on a generation of parts; None where no row has it."""
    name = f"{base_engine(engine)} {accelerator.architecture}"
    return next((state for state in calibration.states if state.name == name), None)


def years_between(earlier: str, later: str) -> float:
    """Years from one ISO date to another."""
    return (date.fromisoformat(later) - date.fromisoformat(earlier)).days / DAYS_PER_YEAR


def software_date(
    calibration: records.InferenceCalibration, accelerator: records.Accelerator, engine: str, day: str | None = None
) -> str:
    """Day of the software that serves on a day (None: today): that day, or the newest that is measured of its state."""
    state = state_of(calibration, accelerator, engine or engine_of(accelerator))
    newest = calibration.base_date if state is None else state.measured_date
    return min(day or newest, newest)


def state_text(
    calibration: records.InferenceCalibration, accelerator: records.Accelerator, engine: str, day: str
) -> str:
    """Which state of software figures of a day count on, in words."""
    name = engine or engine_of(accelerator)
    state = state_of(calibration, accelerator, name)
    if state is None:
        return f"no measured row has {name} on {accelerator.architecture}: software as engines have it on other parts"
    yearly = 1 - calibration.yearly_time_ratio * state.yearly_time_ratio
    less = f"{abs(yearly):.0%} {'less' if yearly >= 0 else 'more'} time"
    return (
        f"software is {base_engine(name)} on {accelerator.architecture} as of {day[:7]}, by {state.rows_count:,} rows "
        f"up to {state.measured_date[:7]}; a year younger, it takes {less}"
    )


def _progress_ratio(
    calibration: records.InferenceCalibration, state: records.SoftwareState | None, age_years: float
) -> float:
    """Factor on times of software so much older than the base date, no younger than what is measured of it."""
    if state is None:
        return calibration.yearly_time_ratio**-age_years
    least_years = years_between(state.measured_date, calibration.base_date)
    return (calibration.yearly_time_ratio * state.yearly_time_ratio) ** -max(age_years, least_years)


def inference_efficiency(
    calibration: records.InferenceCalibration,
    accelerator: records.Accelerator,
    model: records.Model,
    precision: str,
    *,
    engine: str = "",
    release: str = "",
    age_years: float = 0.0,
) -> InferenceEfficiency:
    """Efficiencies of inference of a model on a part, with one engine; age_years: older than the base date.

    Without an engine it is `engine_of`; one that was not fitted has the mean overhead and a ratio of 1. What no fitted
    row has makes all times longer by `unseen_time_ratio`, each.
    """
    name = engine or engine_of(accelerator)
    known = next((entry for entry in calibration.engines if entry.name == name), None)
    tuned = known is not None and known.tuned
    named = families(accelerator, model, precision, engine=name, release=release)
    ratio = known.time_ratio if known else 1.0
    for offset in calibration.offsets:
        if named.get(offset.family) == offset.name:
            ratio *= offset.time_ratio
    ratio *= calibration.unseen_time_ratio ** len(unseen(calibration, accelerator, model, precision, engine=name))
    ratio *= _progress_ratio(calibration, state_of(calibration, accelerator, name), age_years)
    steps = [entry.step_overhead_s for entry in calibration.engines]
    four_bit = calibration.four_bit_memory_ratio if precision in FOUR_BIT else 1.0
    unpacked = precision == "fp8" and accelerator.fp8_flops is None
    kind = "unpacked" if unpacked else FORMATS.get(precision, precision)
    compute = getattr(calibration, f"{kind}_compute_frac")
    overhead = calibration.tuned_overhead_ratio if tuned else 1.0
    plain = {
        entry.name: getattr(calibration, entry.name)
        for entry in fields(InferenceEfficiency)
        if hasattr(calibration, entry.name)
    }
    compute *= power_ratio(chip(accelerator), calibration.power_exponent_ratio)
    return InferenceEfficiency(
        **plain
        | {
            "compute_frac": min(compute * (calibration.tuned_compute_ratio if tuned else 1.0), MOST_COMPUTE_FRAC),
            "memory_frac": calibration.memory_frac * four_bit,
            "step_overhead_s": known.step_overhead_s if known else sum(steps) / len(steps),
            "request_overhead_s": calibration.request_overhead_s * overhead,
            "admission_s": calibration.admission_s * overhead,
            "time_ratio": ratio,
        }
    )


def training_efficiency(
    calibration: records.TrainingCalibration,
    *,
    accelerator: records.Accelerator | None = None,
    model: records.Model | None = None,
    engine: str | None = None,
    precision: str = "",
) -> TrainingEfficiency:
    """Efficiencies of training: of a part, a model and a software where they are given (the one that plans assume)."""
    name = calibration.plan_engine if engine is None else engine
    known = next((entry for entry in calibration.engines if entry.name == name), None)
    member = {"architecture": accelerator.architecture if accelerator else "", "structure": training_structure(model)}
    member["engine_structure"] = f"{name} {member['structure']}"
    member["format"] = f"{member['architecture']} {precision}"
    ratio = known.time_ratio if known else 1.0
    for offset in calibration.offsets:
        if member.get(offset.family) == offset.name:
            ratio *= offset.time_ratio
    own = {
        "time_ratio": ratio,
        "attention_frac": calibration.attention_frac * (known.attention_ratio if known else 1),
        "uneven_ratio": 0.0 if known and known.even_experts else calibration.uneven_ratio,
        "context_waste_ratio": calibration.context_waste_ratio if known is None or known.even_context else 1.0,
    }
    same = [entry.name for entry in fields(TrainingEfficiency) if entry.name not in own]
    return TrainingEfficiency(**own, **{field: getattr(calibration, field) for field in same})


def training_structure(model: records.Model | None) -> str:
    """What kind of network trains: "hybrid" with linear attention, else "moe" with routed experts, else "dense"."""
    blocks = model.blocks if model else ()
    if any(block.attention == "linear" for block in blocks):
        return "hybrid"
    return "moe" if any(block.experts_count > 1 for block in blocks) else "dense" if blocks else ""


def training_costs(model: records.Model, *, drafts: bool = True) -> ModelCosts:
    """A model as it is trained: with its draft blocks and their passes of the output embedding, unless without."""
    plain = costs(transformer(model))
    added = model.draft_blocks_count if drafts else 0
    last = replace(plain.blocks[-1], count=plain.blocks[-1].count + added)
    return replace(
        plain,
        blocks=(*plain.blocks[:-1], last),
        layers_count=plain.layers_count + added,
        head_params_count=plain.head_params_count * (1 + added),
    )


def drafting(
    calibration: records.InferenceCalibration,
    model: records.Model,
    drafted_count: int,
    acceptance_frac: float | None = None,
) -> tokens.Drafting:
    """Drafting so many tokens a step; what of them holds is as published, or alike at every position where stated."""
    if not drafted_count:
        return tokens.Drafting(drafted_count=0, accepted_frac=0)
    known = acceptance_frac is None
    return tokens.Drafting(
        drafted_count=drafted_count,
        accepted_frac=calibration.draft_acceptance_frac if acceptance_frac is None else acceptance_frac,
        kept_ratio=calibration.draft_kept_ratio if known else 1.0,
        model=draft_costs(model),
    )


def draft_costs(model: records.Model) -> ModelCosts:
    """What drafts for a model: its own draft blocks, or one like its last where it has none."""
    return tokens.draft_costs(costs(transformer(model)), model.draft_blocks_count)


def offered_load(record: records.Arrivals) -> OfferedLoad:
    """The load that draws requests like those of a trace."""
    clients = tuple(_client(client) for client in record.clients)
    return OfferedLoad(clients=clients, window_s=record.window_s, span_s=record.span_s)


def _client(client: records.ArrivalClient) -> Client:
    gaps = Gaps(
        family=client.family,
        cv_ratio=client.gap_cv_ratio,
        pause_frac=client.pause_frac,
        paused_frac=client.paused_frac,
        pause_cv_ratio=client.pause_cv_ratio,
    )
    return Client(
        name=client.name,
        rate_per_s=client.rate_per_s,
        gaps=gaps,
        lengths=_same(Lengths, client),
        profile_ratio=client.profile_ratio,
        sessions=None if client.sessions is None else _same(Sessions, client.sessions),
    )


def run_share(calibration: records.RunCalibration) -> RunShare:
    """How much of a whole run its steps explain."""
    return _same(RunShare, calibration)


def derating(calibration: records.ServingDerating) -> tokens.Derating:
    """What bursts and limits on waiting leave of a steady state, as a table with an axis for each coordinate."""
    names = ("burstiness_ratio", "engines_count", "prompt_ratio")
    rows = {tuple(getattr(entry, name) for name in names): entry.kept_fracs for entry in calibration.tables}
    knots = [sorted(set(values)) for values in zip(*rows, strict=True)]
    whole = [rows[place] for place in product(*knots)]
    sizes = [len(values) for values in knots]
    return tokens.Derating(
        **{name: np.array(values, dtype=float) for name, values in zip(names, knots, strict=True)},
        ttft_ratio=np.array(calibration.ttft_ratios, dtype=float),
        tpot_ratio=np.array(calibration.tpot_ratios, dtype=float),
        kept_frac=np.array(whole, dtype=float).reshape(
            *sizes, len(calibration.ttft_ratios), len(calibration.tpot_ratios)
        ),
    )


def _block(block: records.ModelBlock) -> Block:
    """What a model file leaves out is 0, and the values of attention are as wide as its keys."""
    stated = {entry.name: getattr(block, entry.name) for entry in fields(Block)}
    values: dict[str, Any] = {name: 0 if value is None else value for name, value in stated.items()}
    return Block(**values | {"value_dim_count": block.value_dim_count or block.head_dim_count})


def _same(cls: type[T], record: Any) -> T:
    """The kernel's record from the fields of the same name."""
    return cls(**{entry.name: getattr(record, entry.name) for entry in fields(cls)})  # type: ignore[arg-type]
