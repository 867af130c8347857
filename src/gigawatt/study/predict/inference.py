"""What a GPU serves: tokens per second with their band, layout, times, energy, cost; and what a facility makes of it.

Energy follows a power model of utilisation: a package draws its idle power and, in proportion, what the busy part of
its time takes, most where matrix products run and least where it waits; the rack's other parts draw throughout.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from gigawatt import tokens, units
from gigawatt.catalog import load, records, to_tokens
from gigawatt.errors import CalibrationError, Fault, ScenarioError
from gigawatt.study import implausible
from gigawatt.study.answer import SPREAD, UNTOLD, Head, copied
from gigawatt.study.job import Job
from gigawatt.study.note import Note
from gigawatt.study.predict.band import Band, log_normal
from gigawatt.study.predict.faults import (
    MOST_LENGTH_TOKENS,
    MOST_PACKAGES_COUNT,
    MOST_USD_PER_H,
    MOST_WAIT_S,
    looked_up,
    out_of_range,
    told_of,
    unknown_engine,
    wrong_value,
)
from gigawatt.study.predict.question import InferenceQuestion
from gigawatt.study.question import refuse, wrong
from gigawatt.study.validate.inference import CALIBRATION, deviation_ratio

HOUR_S = 3600.0
TOKENS_PER_MTOK = 1e6
# Points of a Pareto front, and the slowest interactivity on it.
FRONT_COUNT = 24
SLOWEST_TPOT_S = 1.0
MONTH_H = 365.25 * 24 / 12
# Fields of a question that are above 0 where they are asked for, and the most that they may be.
RANGES = {
    "input_tokens": MOST_LENGTH_TOKENS,
    "output_tokens": MOST_LENGTH_TOKENS,
    **dict.fromkeys(("tpot_s", "ttft_s"), MOST_WAIT_S),
    **dict.fromkeys(("usd_per_mtok", "power_w"), math.inf),
    "usd_per_gpu_hour": MOST_USD_PER_H,
    **dict.fromkeys(("tp_count", "dp_count", "ep_count", "pp_count"), MOST_PACKAGES_COUNT),
}
# Accelerators beside the one that is asked for, as many as a chart tells apart.
MOST_BESIDE = 8
# What is in a figure and what is not, in the words that stand beside it.
HARDWARE_BASIS = (
    "hardware alone: the {} price over five years of hours, without network, building, energy, operation and cost of "
    "capital, which the total cost of a GPU-hour in `gigawatt run` has"
)
STATED_BASIS = "as stated"
ENERGY_BASIS = "per output token, its prompt included: IT power of {}, without PUE"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaLayout:
    """Packages of a replica by axis, and all of them."""

    tensor: int
    data: int
    expert: int
    pipeline: int
    packages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontPoint:
    """A point of a Pareto front: throughput of a GPU against the speed that a user sees, and what it costs."""

    tokens_per_s_per_gpu: float
    tokens_per_s_per_user: float
    tpot_s: float
    ttft_s: float
    usd_per_mtok: float | None
    batch_count: float
    layout: ReplicaLayout = field(metadata=SPREAD)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingFacility:
    """A prediction for as many packages as an IT power carries; users_count: requests in flight at a time."""

    it_power_w: float
    gpus_count: int
    replicas_count: int
    tokens_per_s: Band
    users_count: float
    monthly_usd: float | None
    monthly_energy_wh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class InferencePrediction:
    """What a GPU serves, in output tokens; what is not known is None, and so is what is not asked for.

    binds: what takes most of the time; limited_by: what keeps the batch where it is (tpot, ttft or capacity).
    extrapolated: whether no measured row is alike, which widens the band. facility: where a power is asked for; pareto:
    where a front is; beside: where other accelerators are.
    """

    head: Head = field(metadata=SPREAD)
    model: str
    gpu: str
    precision: str
    engine: str
    tokens_per_s_per_gpu: Band
    layout: ReplicaLayout
    batch_count: float
    tpot_s: float
    ttft_s: float
    binds: str
    limited_by: str
    memory_bytes: float
    package_power_w: float | None
    energy_j_per_token: float | None
    energy_basis: str | None
    usd_per_h: float | None
    usd_basis: str | None
    usd_per_mtok: float | None
    extrapolated: bool
    facility: ServingFacility | None = None
    pareto: tuple[FrontPoint, ...] | None = None
    beside: tuple[InferencePrediction, ...] | None = None
    asked: InferenceQuestion = field(metadata=UNTOLD)


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
class _Machinery:
    """The question with its names looked up."""

    asked: InferenceQuestion
    accelerator: records.Accelerator
    model: records.Model
    calibration: records.InferenceCalibration
    layouts: tokens.ServingLayout

    def case(self, tpot_s: float) -> tokens.ServingCase:
        """What is asked of the kernel at a limit on the time per token."""
        asked = self.asked
        return tokens.ServingCase(
            chip=to_tokens.chip(self.accelerator),
            transformer=to_tokens.transformer(self.model),
            efficiency=to_tokens.inference_efficiency(
                self.calibration, self.accelerator, self.model, asked.precision, engine=asked.engine
            ),
            precision=asked.precision,
            traffic=tokens.Traffic(
                input_tokens=asked.input_tokens,
                output_tokens=asked.output_tokens,
                tpot_s=tpot_s,
                ttft_s=math.inf if asked.ttft_s is None else asked.ttft_s,
                drafting=self.drafting,
            ),
            layouts=self.layouts,
        )

    def serve(self, *limits_s: float) -> list[tokens.Serving]:
        """The best layout and batch at each limit on the time per token, worked through together.

        Raises CalibrationError where there is none.
        """
        found = tokens.serve_each([self.case(limit) for limit in limits_s])
        for served in found:
            if isinstance(served, CalibrationError):
                raise served
        return [served for served in found if isinstance(served, tokens.Serving)]

    @property
    def drafting(self) -> tokens.Drafting:
        """Drafting; a drafted token costs what the model's draft blocks are of its blocks (one where it has none)."""
        blocks = sum(block.count for block in self.model.blocks)
        share = max(self.model.draft_blocks_count, 1) / blocks
        return tokens.Drafting(
            drafted_count=self.asked.draft_count, accepted_frac=self.asked.acceptance_frac, draft_cost_frac=share
        )

    @property
    def usd_per_h(self) -> float | None:
        """Price of a package-hour: as stated, else that of its hardware; None where neither is known."""
        stated = self.asked.usd_per_gpu_hour
        return hourly_usd(self.accelerator) if stated is None else stated


def answer(question: InferenceQuestion, job: Job) -> InferencePrediction:
    """What a GPU serves as it is asked.

    Raises ScenarioError for a question that cannot be asked, CalibrationError for what cannot be served, with the
    nearest value that can.
    """
    del job  # it takes a moment
    refuse(_unknown(question))
    made = _answered(question)
    return _with_others(made) if question.beside else made


def _answered(question: InferenceQuestion) -> InferencePrediction:
    machinery = _look_up(question)
    with told_of(question):
        ceiling = question.usd_per_mtok
        served = machinery.serve(question.tpot_s)[0] if ceiling is None else _quickest(machinery, ceiling)
        made = _prediction(machinery, served)
        place = None if question.power_w is None else facility(made, question.power_w)
        return replace(made, facility=place, pareto=_points(machinery) if question.pareto else None)


def _unknown(question: InferenceQuestion) -> Iterator[Fault]:
    """Faults of accelerators that are set beside it."""
    if len(question.beside) > MOST_BESIDE:
        yield wrong("beside", len(question.beside), f"at most {MOST_BESIDE} accelerators")
    for name in question.beside[:MOST_BESIDE]:
        faults = list[Fault]()
        looked_up(replace(question, gpu=name), {"gpu": "accelerators"}, faults)
        yield from (replace(fault, path="beside") for fault in faults)


def _with_others(made: InferencePrediction) -> InferencePrediction:
    """A prediction with those of the accelerators beside it; of one that cannot do it, a note says why."""
    found, notes = dict[str, InferencePrediction](), list[Note]()
    for name in made.asked.beside:
        try:
            other = _answered(replace(made.asked, gpu=name, beside=()))
        except (CalibrationError, ScenarioError) as error:
            text = f"{name} cannot be set beside it: {error.faults[0]}"
            notes.append(Note(code="unable", path="beside", text=text))
        else:
            found[other.gpu] = other
    found.pop(made.gpu, None)
    return replace(made, beside=tuple(found.values()), head=replace(made.head, notes=(*made.head.notes, *notes)))


def _quickest(machinery: _Machinery, usd_per_mtok: float) -> tokens.Serving:
    """The best interactivity whose cost per million output tokens is no higher than a ceiling.

    Raises CalibrationError where no interactivity is that cheap, naming the lowest cost.
    """
    price = machinery.usd_per_h
    if price is None:
        expected = "a price, for the catalog has none of this part"
        raise CalibrationError([Fault(path="usd_per_gpu_hour", given="nothing", expected=expected, asked=True)])
    costs = [(_mtok_usd(price, served), served) for served in _front(machinery)]
    cheap = [served for cost, served in costs if cost <= usd_per_mtok]
    if not cheap:
        least = units.show(min(cost for cost, _ in costs), "usd_per_mtok")
        raise CalibrationError([wrong_value("usd_per_mtok", usd_per_mtok, "usd_per_mtok", f"{least} or more")])
    return min(cheap, key=lambda served: served.tpot_s)


def _mtok_usd(usd_per_h: float, served: tokens.Serving) -> float:
    """What a million output tokens cost [USD] at the price of a package-hour."""
    return usd_per_h / HOUR_S / served.tokens_per_s * TOKENS_PER_MTOK


def pareto_front(question: InferenceQuestion) -> tuple[FrontPoint, ...]:
    """Throughput per GPU against interactivity: points of which none is better than another in both."""
    with told_of(question):
        return _points(_look_up(question))


def _points(machinery: _Machinery) -> tuple[FrontPoint, ...]:
    points, price = list[FrontPoint](), machinery.usd_per_h
    for served in _front(machinery):
        if not points or served.tokens_per_s > points[-1].tokens_per_s_per_gpu:
            point = copied(
                FrontPoint,
                served,
                tokens_per_s_per_gpu=served.tokens_per_s,
                tokens_per_s_per_user=1 / served.tpot_s,
                usd_per_mtok=None if price is None else _mtok_usd(price, served),
                layout=layout_of(served.layout),
            )
            points.append(point)
    return tuple(points)


def _front(machinery: _Machinery) -> list[tokens.Serving]:
    """Best answers from the tightest limit that can be met to the slowest that anybody would ask for."""
    fastest = _shortest_tpot_s(machinery)
    slowest = max(SLOWEST_TPOT_S, 2 * fastest)
    return machinery.serve(*np.geomspace(fastest, slowest, FRONT_COUNT).tolist())


def _shortest_tpot_s(machinery: _Machinery) -> float:
    """The shortest time per token of a layout that holds a request, a hair above."""
    (whole,) = machinery.serve(math.inf)
    question = machinery.case(math.inf).question()
    smallest = np.asarray(question.smallest_count(), dtype=float)
    fits = np.asarray(question.capacity_count()) >= smallest
    times = np.where(fits, question.state(smallest).tpot_s, whole.tpot_s)
    return float(np.min(times)) * (1 + float(np.finfo(np.float32).eps))


def _look_up(asked: InferenceQuestion) -> _Machinery:
    """The records that a question names. Raises ScenarioError with everything that is wrong with it."""
    faults = list(out_of_range(asked, RANGES))
    calibration = load.load("inference_calibrations", CALIBRATION)
    accelerator, model = looked_up(asked, {"gpu": "accelerators", "model": "models"}, faults)
    faults += unknown_engine(asked.engine, [entry.name for entry in calibration.engines])
    if asked.draft_count > asked.output_tokens:
        expected = f"at most {asked.output_tokens:g}, the tokens of an answer"
        faults.append(wrong("draft", asked.draft_count, expected))
    if not faults:
        faults += _misfits(asked, accelerator, model)
    refuse(faults)
    return _Machinery(
        asked=asked,
        accelerator=accelerator,
        model=model,
        calibration=calibration,
        layouts=_layouts(asked, accelerator, model),
    )


def _misfits(asked: InferenceQuestion, accelerator: records.Accelerator, model: records.Model) -> Iterator[Fault]:
    """Faults of a layout that the part or the model does not have."""
    blocks, stage = sum(block.count for block in model.blocks), (asked.tp_count or 1) * (asked.dp_count or 1)
    domain = accelerator.scale_up_packages_count
    limits = {
        "tp": (asked.tp_count, domain, f"the scale-up domain of {accelerator.name}"),
        "ep": (asked.ep_count, stage, "tensor × data packages"),
        "pp": (asked.pp_count, blocks, f"the blocks of {model.name}"),
    }
    for key, (count, most, what) in limits.items():
        if count is not None and count > most:
            yield wrong(key, count, f"at most {most}, {what}")


def _layouts(asked: InferenceQuestion, accelerator: records.Accelerator, model: records.Model) -> tokens.ServingLayout:
    """The layout as it is stated, 1 where an axis is not; all that there are where nothing is."""
    stated = (asked.tp_count, asked.dp_count, asked.ep_count, asked.pp_count)
    if not any(stated):
        return tokens.serving_layouts(to_tokens.chip(accelerator), to_tokens.transformer(model))
    tensor, data, expert, pipeline = (np.array([float(count or 1)]) for count in stated)
    return tokens.ServingLayout(tensor_count=tensor, data_count=data, expert_count=expert, pipeline_count=pipeline)


def layout_of(layout: tokens.ServingLayout) -> ReplicaLayout:
    """Packages by axis, and of the replica."""
    return ReplicaLayout(
        tensor=int(layout.tensor_count),
        data=int(layout.data_count),
        expert=int(layout.expert_count),
        pipeline=int(layout.pipeline_count),
        packages=int(layout.packages_count),
    )


def _prediction(machinery: _Machinery, served: tokens.Serving) -> InferencePrediction:
    asked, accelerator, model = machinery.asked, machinery.accelerator, machinery.model
    engine = asked.engine or to_tokens.engine_of(accelerator)
    deviation, unknown = deviation_ratio(machinery.calibration, accelerator, model, asked.precision, engine=engine)
    rate = served.tokens_per_s
    power = package_power_w(accelerator, served.phases)
    price = machinery.usd_per_h
    return copied(
        InferencePrediction,
        served,
        head=Head(notes=_notes(machinery, unknown)),
        model=model.id,
        gpu=accelerator.id,
        precision=asked.precision,
        engine=engine,
        tokens_per_s_per_gpu=log_normal(rate, deviation),
        layout=layout_of(served.layout),
        package_power_w=power,
        energy_j_per_token=None if power is None else power / rate,
        energy_basis=energy_basis(accelerator),
        usd_per_h=price,
        usd_basis=STATED_BASIS if asked.usd_per_gpu_hour is not None else usd_basis(accelerator),
        usd_per_mtok=None if price is None else _mtok_usd(price, served),
        extrapolated=bool(unknown),
        asked=asked,
    )


def _notes(machinery: _Machinery, unknown: list[str]) -> tuple[Note, ...]:
    queue = "TTFT is a queueing approximation (random arrivals, M/M/1 for the prompts ahead)."
    notes = [Note(code="queueing", path="ttft_s", text=queue)]
    if unknown:
        text = f"no measured row has {', '.join(unknown)}: the band is wider by that"
        notes.append(Note(code="extrapolated", path="tokens_per_s_per_gpu", text=text))
    return (*notes, *implausible.of_catalog(accelerators=machinery.accelerator, models=machinery.model))


def package_power_w(
    accelerator: records.Accelerator, phases: tokens.Phases, model: PowerModel | None = None
) -> float | None:
    """Mean power of a package with its share of the rack [W] while it serves; None where the catalog has no power.

    Nameplate power (the rack's over its packages, else the package's limit) × (idle + Σ added share × share of time).
    """
    rack_w, nameplate = accelerator.rack_power_w, accelerator.tdp_w
    if rack_w is not None:
        nameplate = rack_w / accelerator.packages_per_rack_count
    if nameplate is None:
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


def facility(one: InferencePrediction, power_w: float) -> ServingFacility:
    """The same prediction for as many packages as an IT power carries.

    Raises CalibrationError where the part's power is not known or not even one replica fits.
    """
    each, replica = one.package_power_w, one.layout.packages
    if each is None:
        raise CalibrationError([wrong("gpu", one.gpu, "a part whose power the catalog knows, where a power is given")])
    replicas = int(power_w / each // replica)
    if replicas < 1:
        least = units.show(each * replica, "w")
        raise CalibrationError([wrong_value("power", power_w, "w", f"{least} for one replica")])
    count = replicas * replica
    return ServingFacility(
        it_power_w=power_w,
        gpus_count=count,
        replicas_count=replicas,
        tokens_per_s=one.tokens_per_s_per_gpu.times(count),
        users_count=replicas * one.batch_count,
        monthly_usd=None if one.usd_per_h is None else one.usd_per_h * count * MONTH_H,
        monthly_energy_wh=each * count * MONTH_H,
    )
