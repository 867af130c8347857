"""What a GPU serves: tokens per second with their band, layout, times, energy, cost; and what a facility makes of it.

Energy follows a power model of utilisation: a package draws its idle power and, in proportion, what the busy part of
its time takes, most where matrix products run and least where it waits; the rack's other parts draw throughout.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gigawatt import tokens, units
from gigawatt.catalog import load, records, to_tokens
from gigawatt.errors import CalibrationError, Fault
from gigawatt.study import implausible
from gigawatt.study.validate.inference import CALIBRATION, DECILE_RATIO, deviation_ratio

HOUR_S = 3600.0
TOKENS_PER_MTOK = 1e6
# Points of a Pareto front, and the slowest interactivity on it.
FRONT_COUNT = 24
SLOWEST_TPOT_S = 1.0
MONTH_H = 365.25 * 24 / 12
# What is in a figure and what is not, in the words that stand beside it.
HARDWARE_BASIS = (
    "hardware alone: the {} price over five years of hours, without network, building, energy, operation and cost of "
    "capital, which the total cost of a GPU-hour in `gigawatt run` has"
)
STATED_BASIS = "as stated"
ENERGY_BASIS = "per output token, its prompt included: IT power of {}, without PUE"


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerModel:
    """Share of a package's nameplate power while idle, and added while each cause takes the time.

    Assumed, not fitted: idle accelerators draw a quarter to a third of their limit, and a served system of MLPerf
    (8 B200, 9.0 to 10.4 kW measured at the wall) lies between the memory- and the compute-bound figure.
    """

    idle_frac: float = 0.3
    compute_frac: float = 0.7
    memory_frac: float = 0.5
    network_frac: float = 0.3
    latency_frac: float = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class InferenceQuestion:
    """What is asked: names as a user writes them, lengths and limits of the traffic, and what is known otherwise.

    layout: packages by axis (tensor, data, expert, pipeline), searched where None; a price per package-hour is derived
    from the catalog where None; drafted_count tokens are drafted per step and hold with accepted_frac.
    """

    model: str
    gpu: str
    precision: tokens.Precision
    input_tokens: float
    output_tokens: float
    tpot_s: float
    ttft_s: float = float("inf")
    engine: str = ""
    layout: Mapping[str, int] | None = None
    drafted_count: int = 0
    accepted_frac: float = 0.0
    usd_per_h: float | None = None
    power_w: float | None = None
    calibration: str = CALIBRATION


@dataclass(frozen=True, slots=True, kw_only=True)
class _Machinery:
    """The question with its names looked up."""

    asked: InferenceQuestion
    accelerator: records.Accelerator
    model: records.Model
    calibration: records.InferenceCalibration
    layouts: tokens.ServingLayout

    def serve(self, tpot_s: float) -> tokens.Serving:
        """The best layout and batch at a limit on the time per token."""
        asked = self.asked
        return tokens.serve(
            to_tokens.chip(self.accelerator),
            to_tokens.transformer(self.model),
            to_tokens.inference_efficiency(
                self.calibration, self.accelerator, self.model, asked.precision, engine=asked.engine
            ),
            precision=asked.precision,
            input_tokens=asked.input_tokens,
            output_tokens=asked.output_tokens,
            tpot_s=tpot_s,
            ttft_s=asked.ttft_s,
            drafting=self.drafting,
            layouts=self.layouts,
        )

    @property
    def drafting(self) -> tokens.Drafting:
        """Drafting; a drafted token costs what the model's draft blocks are of its blocks (one where it has none)."""
        blocks = sum(block.count for block in self.model.blocks)
        share = max(self.model.draft_blocks_count, 1) / blocks
        return tokens.Drafting(
            drafted_count=self.asked.drafted_count, accepted_frac=self.asked.accepted_frac, draft_cost_frac=share
        )


def predict_inference(question: InferenceQuestion) -> dict[str, Any]:
    """The figures of design.md §7 for `predict inference`, strict JSON; what is not known is null.

    `facility` is there where a power is asked for. Raises CatalogError for unknown names, CalibrationError for what
    cannot be served, with the nearest value that can.
    """
    machinery = _look_up(question)
    return _figures(machinery, machinery.serve(question.tpot_s))


def cheapest_front(question: InferenceQuestion, usd_per_mtok: float) -> dict[str, Any]:
    """The best interactivity whose cost per million output tokens is no higher than a ceiling.

    Raises CalibrationError where no interactivity is that cheap, naming the lowest cost.
    """
    machinery = _look_up(question)
    points = [(answer, _figures(machinery, answer)) for answer in _front(machinery)]
    priced = [figures for _, figures in points if figures["usd_per_mtok"] is not None]
    if not priced:
        raise CalibrationError(
            [Fault(path="usd_per_gpu_hour", given="nothing", expected="a price, for the catalog has none of this part")]
        )
    cheap = [figures for figures in priced if figures["usd_per_mtok"] <= usd_per_mtok]
    if not cheap:
        least = min(figures["usd_per_mtok"] for figures in priced)
        given, expected = f"{usd_per_mtok:.4g} USD/Mtoken", f"{least:.4g} USD/Mtoken or more"
        raise CalibrationError([Fault(path="usd_per_mtok", given=given, expected=expected)])
    return min(cheap, key=lambda figures: figures["tpot_s"])


def pareto_front(question: InferenceQuestion) -> list[dict[str, float]]:
    """Throughput per GPU against interactivity: points of which none is better than another in both."""
    rows: list[dict[str, float]] = []
    for answer in _front(_look_up(question)):
        point = {
            "tokens_per_s_per_gpu": answer.tokens_per_s,
            "tokens_per_s_per_user": 1 / answer.tpot_s,
            "tpot_s": answer.tpot_s,
            "batch_count": answer.batch_count,
            **layout_of(answer.layout),
        }
        if not rows or point["tokens_per_s_per_gpu"] > rows[-1]["tokens_per_s_per_gpu"]:
            rows.append(point)
    return rows


def _front(machinery: _Machinery) -> list[tokens.Serving]:
    """Best answers from the tightest limit that can be met to the slowest that anybody would ask for."""
    fastest = _shortest_tpot_s(machinery)
    slowest = max(SLOWEST_TPOT_S, 2 * fastest)
    return [machinery.serve(float(limit)) for limit in np.geomspace(fastest, slowest, FRONT_COUNT)]


def _shortest_tpot_s(machinery: _Machinery) -> float:
    """The shortest time per token of a layout that holds a request, a hair above."""
    asked = machinery.asked
    whole = machinery.serve(float("inf"))
    question = tokens.ServingQuestion(
        machine=tokens.machine(to_tokens.chip(machinery.accelerator), asked.precision),
        model=tokens.costs(to_tokens.transformer(machinery.model)),
        efficiency=to_tokens.inference_efficiency(
            machinery.calibration, machinery.accelerator, machinery.model, asked.precision, engine=asked.engine
        ),
        layout=machinery.layouts,
        traffic=tokens.Traffic(
            input_tokens=asked.input_tokens, output_tokens=asked.output_tokens, drafting=machinery.drafting
        ),
    )
    smallest = np.asarray(question.smallest_count(), dtype=float)
    fits = np.asarray(question.capacity_count()) >= smallest
    times = np.where(fits, question.state(smallest).tpot_s, whole.tpot_s)
    return float(np.min(times)) * (1 + float(np.finfo(np.float32).eps))


def _look_up(asked: InferenceQuestion) -> _Machinery:
    accelerator, model = load.get("accelerators", asked.gpu), load.get("models", asked.model)
    _check(asked)
    chip, transformer = to_tokens.chip(accelerator), to_tokens.transformer(model)
    layouts = tokens.serving_layouts(chip, transformer) if asked.layout is None else _stated(asked.layout, accelerator)
    return _Machinery(
        asked=asked,
        accelerator=accelerator,
        model=model,
        calibration=load.load("inference_calibrations", asked.calibration),
        layouts=layouts,
    )


def _check(asked: InferenceQuestion) -> None:
    faults = []
    if not 0 <= asked.accepted_frac <= 1:
        faults.append(Fault(path="acceptance", given=f"{asked.accepted_frac:g}", expected="a share from 0 to 1"))
    if asked.drafted_count < 0:
        faults.append(Fault(path="draft", given=f"{asked.drafted_count}", expected="0 or more tokens"))
    for name, value, unit in (("power", asked.power_w, "w"), ("usd_per_gpu_hour", asked.usd_per_h, "usd_per_h")):
        if value is not None and not 0 < value < float("inf"):
            faults.append(Fault(path=name, given=f"{value:g}", expected=f"more than 0: {units.SUFFIXES[unit].example}"))
    if faults:
        raise CalibrationError(faults)


def _stated(layout: Mapping[str, int], accelerator: records.Accelerator) -> tokens.ServingLayout:
    """A layout as the user states it. Raises CalibrationError where a count is below 1 or does not go together."""
    faults = [
        Fault(path=name, given=f"{count}", expected="a whole number of packages, 1 or more")
        for name, count in layout.items()
        if count < 1
    ]
    stage = layout.get("tensor", 1) * layout.get("data", 1)
    if not faults and layout.get("tensor", 1) > accelerator.scale_up_packages_count:
        expected = f"at most {accelerator.scale_up_packages_count}, the scale-up domain of {accelerator.name}"
        faults.append(Fault(path="tensor", given=f"{layout['tensor']}", expected=expected))
    if not faults and layout.get("expert", 1) > stage:
        expected = f"at most tensor × data = {stage} packages"
        faults.append(Fault(path="expert", given=f"{layout['expert']}", expected=expected))
    if faults:
        raise CalibrationError(faults)
    counts = {name: np.array([float(layout.get(name, 1))]) for name in ("tensor", "data", "expert", "pipeline")}
    return tokens.ServingLayout(
        tensor_count=counts["tensor"],
        data_count=counts["data"],
        expert_count=counts["expert"],
        pipeline_count=counts["pipeline"],
    )


def layout_of(layout: tokens.ServingLayout) -> dict[str, int]:
    """Packages by axis, and of the replica."""
    return {
        "tensor": int(layout.tensor_count),
        "data": int(layout.data_count),
        "expert": int(layout.expert_count),
        "pipeline": int(layout.pipeline_count),
        "packages": int(layout.packages_count),
    }


def _figures(machinery: _Machinery, answer: tokens.Serving) -> dict[str, Any]:
    asked = machinery.asked
    engine = asked.engine or to_tokens.engine_of(machinery.accelerator)
    deviation, unknown = deviation_ratio(
        machinery.calibration, machinery.accelerator, machinery.model, asked.precision, engine=engine
    )
    factor = float(np.exp(DECILE_RATIO * deviation))
    rate = answer.tokens_per_s
    power = package_power_w(machinery.accelerator, answer.phases)
    price = asked.usd_per_h if asked.usd_per_h is not None else hourly_usd(machinery.accelerator)
    figures = {
        "model": machinery.model.id,
        "gpu": machinery.accelerator.id,
        "precision": asked.precision,
        "engine": engine,
        "tokens_per_s_per_gpu": {"p10": rate / factor, "p50": rate, "p90": rate * factor},
        "layout": layout_of(answer.layout),
        "batch_count": answer.batch_count,
        "tpot_s": answer.tpot_s,
        "ttft_s": answer.ttft_s,
        "binds": answer.binds,
        "limited_by": answer.limited_by,
        "memory_bytes": answer.memory_bytes,
        "package_power_w": power,
        "energy_j_per_token": None if power is None else power / rate,
        "energy_basis": energy_basis(machinery.accelerator),
        "usd_per_h": price,
        "usd_basis": STATED_BASIS if asked.usd_per_h is not None else usd_basis(machinery.accelerator),
        "usd_per_mtok": None if price is None else price / HOUR_S / rate * TOKENS_PER_MTOK,
        "extrapolated": bool(unknown),
        "notes": [
            *_notes(unknown),
            *implausible.of_catalog(accelerators=machinery.accelerator, models=machinery.model),
        ],
    }
    if asked.power_w is not None:
        figures["facility"] = facility(figures, asked.power_w)
    return figures


def _notes(unknown: list[str]) -> list[dict[str, str]]:
    queue = "TTFT is a queueing approximation (random arrivals, M/M/1 for the prompts ahead)"
    notes = [{"code": "queueing", "path": "ttft_s", "text": queue}]
    if unknown:
        text = f"no measured row has {', '.join(unknown)}: the band is wider by that"
        notes.append({"code": "extrapolated", "path": "tokens_per_s_per_gpu", "text": text})
    return notes


def package_power_w(
    accelerator: records.Accelerator, phases: tokens.Phases, model: PowerModel | None = None
) -> float | None:
    """Mean power of a package with its share of the rack [W] while it serves; None where the catalog has no power.

    Nameplate power (the rack's over its packages, else the package's limit) × (idle + Σ added share × share of time).
    """
    if accelerator.rack_power_w is not None:
        nameplate = accelerator.rack_power_w / accelerator.packages_per_rack_count
    elif accelerator.tdp_w is not None:
        nameplate = accelerator.tdp_w
    else:
        return None
    used = model or PowerModel()
    causes = ("compute", "memory", "network", "latency")
    busy = sum(getattr(used, f"{cause}_frac") * getattr(phases, f"{cause}_s") for cause in causes)
    return float(nameplate * (used.idle_frac + busy / phases.total_s))


def hourly_usd(accelerator: records.Accelerator) -> float | None:
    """What a package costs an hour: its share of the rack's price over five years of hours; None without a price.

    A floor, without power, building and capital cost: a scenario's accounts have those.
    """
    years = 5
    hours = years * 365.25 * 24
    if accelerator.rack_price_usd is not None:
        return accelerator.rack_price_usd / accelerator.packages_per_rack_count / hours
    return None if accelerator.package_price_usd is None else accelerator.package_price_usd / hours


def energy_basis(accelerator: records.Accelerator) -> str | None:
    """Whose power `package_power_w` is; None where the catalog has none."""
    if accelerator.rack_power_w is not None:
        return ENERGY_BASIS.format("a GPU with its share of the rack's other parts")
    return None if accelerator.tdp_w is None else ENERGY_BASIS.format("the GPU alone, without its server")


def usd_basis(accelerator: records.Accelerator) -> str | None:
    """What `hourly_usd` is made of; None where the catalog has no price."""
    if accelerator.rack_price_usd is not None:
        return HARDWARE_BASIS.format("rack's")
    return None if accelerator.package_price_usd is None else HARDWARE_BASIS.format("GPU's")


def facility(figures: Mapping[str, Any], power_w: float) -> dict[str, Any]:
    """The same prediction for as many packages as an IT power carries.

    Raises CalibrationError where the part's power is not known or not even one replica fits.
    """
    each, replica = figures["package_power_w"], figures["layout"]["packages"]
    if each is None:
        expected = "a part whose power the catalog knows"
        raise CalibrationError([Fault(path="power", given=figures["gpu"], expected=expected)])
    replicas = int(power_w / each // replica)
    if replicas < 1:
        least = units.show(each * replica, "w")
        raise CalibrationError(
            [Fault(path="power", given=units.show(power_w, "w"), expected=f"{least} for one replica")]
        )
    count = replicas * replica
    rate = {name: value * count for name, value in figures["tokens_per_s_per_gpu"].items()}
    price = figures["usd_per_h"]
    return {
        "it_power_w": power_w,
        "gpus_count": count,
        "replicas_count": replicas,
        "tokens_per_s": rate,
        "users_count": replicas * figures["batch_count"],
        "usd_per_month": None if price is None else price * count * MONTH_H,
        "energy_wh_per_month": each * count * MONTH_H,
    }


def with_limit(question: InferenceQuestion, tpot_s: float) -> InferenceQuestion:
    """The same question at another limit on the time per token."""
    return replace(question, tpot_s=tpot_s)
