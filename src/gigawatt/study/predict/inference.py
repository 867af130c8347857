"""What a GPU serves: tokens per second with their band, layout, times, energy and cost, and a facility full of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from gigawatt import tokens, units
from gigawatt.catalog import load, records, to_tokens
from gigawatt.catalog.dated import is_day
from gigawatt.errors import CalibrationError, Fault, ScenarioError
from gigawatt.study import implausible
from gigawatt.study.answer import SPREAD, UNTOLD, Head, copied
from gigawatt.study.job import Job
from gigawatt.study.note import Note
from gigawatt.study.predict.band import Band, log_normal
from gigawatt.study.predict.cached import cached_faults, cached_notes
from gigawatt.study.predict.drafting import DraftingPrediction, drafting_notes, drafting_prediction
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
from gigawatt.study.predict.measured import MeasuredPoint, measured_near, measured_notes
from gigawatt.study.predict.pools import (
    PoolsPrediction,
    alone_faults,
    as_serving,
    choice,
    pools_notes,
    pools_prediction,
)
from gigawatt.study.predict.question import InferenceQuestion
from gigawatt.study.predict.serving_layout import ReplicaLayout, layout_of, layouts_asked, misfits
from gigawatt.study.predict.serving_power import (
    ServingEnergy,
    ServingFacility,
    energy_basis,
    facility,
    power_notes,
    serving_energy,
    users_per_mw,
)
from gigawatt.study.predict.serving_price import STATED_BASIS, hourly_usd, rent_figures, usd_basis
from gigawatt.study.question import refuse, wrong
from gigawatt.study.validate.inference import CALIBRATION, deviation_ratio
from gigawatt.units import HOUR_S

TOKENS_PER_MTOK = 1e6
# Points of a Pareto front, and the slowest interactivity on it.
FRONT_COUNT = 24
SLOWEST_TPOT_S = 1.0
# Fields of a question that are above 0 where they are asked for, and the most that they may be.
RANGES = {
    "input_tokens": MOST_LENGTH_TOKENS,
    "output_tokens": MOST_LENGTH_TOKENS,
    **dict.fromkeys(("tpot_s", "ttft_s"), MOST_WAIT_S),
    **dict.fromkeys(("usd_per_mtok", "power_w"), math.inf),
    "usd_per_gpu_hour": MOST_USD_PER_H,
    **dict.fromkeys(("tp_count", "dp_count", "ep_count", "pp_count"), MOST_PACKAGES_COUNT),
    **dict.fromkeys(("prefill_gpus_count", "decode_gpus_count"), MOST_PACKAGES_COUNT),
}
# Accelerators beside the one that is asked for, as many as a chart tells apart.
MOST_BESIDE = 8


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
class InferencePrediction:
    """What a GPU serves, in output tokens; what is not known is None, and so is what is not asked for.

    Rates are of a GPU that works: working_frac is their share of the scale-up domains that whole replicas fill,
    idle_packages_count the others of one domain, or of those that a replica wider than one takes. binds: what takes
    most of the time; limited_by: what keeps the batch where it is (tpot, ttft or capacity). rent: the newest quote of
    an hour of the part, which is in no other figure. extrapolated: whether no measured row is alike, which widens the
    band. drafting: where steps draft; disaggregated: where there are two pools, of which layout, batch and memory are
    those of the one that decodes. users_count_per_mw: requests in service at a time for a megawatt of IT as racks are
    rated, or of a facility at its peak PUE. facility: where a power is asked for; pareto: where a front is, and
    measured what lies near to it; beside: where other accelerators are.
    """

    head: Head = field(metadata=SPREAD)
    model: str
    gpu: str
    precision: str
    engine: str
    tokens_per_s_per_gpu: Band
    layout: ReplicaLayout
    working_frac: float
    idle_packages_count: int
    batch_count: float
    tpot_s: float
    ttft_s: float
    binds: str
    limited_by: str
    memory_bytes: float
    package_power_w: float | None
    energy_j_per_token: float | None
    energy_basis: str | None
    energy: ServingEnergy
    usd_per_h: float | None
    usd_basis: str | None
    usd_per_mtok: float | None
    rent_usd_per_h: float | None
    rent_date: str | None
    rent_basis: str | None
    extrapolated: bool
    software_date: str
    users_count_per_mw_it: float | None = None
    users_count_per_mw_facility: float | None = None
    drafting: DraftingPrediction | None = None
    disaggregated: PoolsPrediction | None = None
    facility: ServingFacility | None = None
    pareto: tuple[FrontPoint, ...] | None = None
    measured: tuple[MeasuredPoint, ...] | None = None
    beside: tuple[InferencePrediction, ...] | None = None
    asked: InferenceQuestion = field(metadata=UNTOLD)

    @property
    def unit(self) -> tuple[int, float]:
        """GPUs of the smallest whole that serves, a replica or two pools, and the requests that it holds at a time."""
        if self.disaggregated is None:
            return self.layout.packages, self.batch_count
        both = self.disaggregated
        waiting = both.requests_per_s * self.ttft_s
        return both.prefill.gpus_count + both.decode.gpus_count, both.decode.replicas_count * self.batch_count + waiting


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
                self.calibration,
                self.accelerator,
                self.model,
                asked.precision,
                engine=asked.engine,
                age_years=to_tokens.years_between(self.software_date, self.calibration.base_date),
            ),
            precision=asked.precision,
            traffic=tokens.Traffic(
                input_tokens=asked.input_tokens,
                output_tokens=asked.output_tokens,
                tpot_s=tpot_s,
                ttft_s=math.inf if asked.ttft_s is None else asked.ttft_s,
                drafting=self.drafting,
                cached_frac=asked.cached_frac,
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

    def room(self, served: tokens.Serving, pools: tokens.ServingPools | None) -> tuple[int, float]:
        """Packages of a scale-up domain that stand idle, and the share of all that works."""
        domain, replica = self.accelerator.scale_up_packages_count, float(served.layout.packages_count)
        if pools is None:
            return int(tokens.idle_count(domain, replica)), float(tokens.working_frac(domain, replica))
        share = float(tokens.pooled_working_frac(domain, pools))
        return round((1 - share) * domain), share

    def pools(self) -> tokens.Disaggregated:
        """The best two pools at the limits that are asked for. Raises CalibrationError where there are none."""
        chosen = choice(self.asked, self.layouts)
        return tokens.serve_disaggregated(self.case(self.asked.tpot_s), chosen, handover_s=self.calibration.handover_s)

    def otherwise(self, **change: Any) -> float | None:
        """What a GPU gives [tokens/s] where the question is changed, None where that cannot be served."""
        other = replace(self, asked=replace(self.asked, **change))
        try:
            found = other.pools().state if other.asked.disaggregated else other.serve(other.asked.tpot_s)[0]
        except CalibrationError:
            return None
        return float(found.tokens_per_s)

    @property
    def drafting(self) -> tokens.Drafting:
        """What each step drafts."""
        asked = self.asked
        return to_tokens.drafting(self.calibration, self.model, asked.draft_count, asked.acceptance_frac)

    @property
    def software_date(self) -> str:
        """Day of the software that serves: as asked, and no younger than what is measured of it."""
        return to_tokens.software_date(self.calibration, self.accelerator, self.asked.engine, self.asked.as_of_date)

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
    asked = _side_by_side(question)
    refuse(_unknown(asked, "gpu" if asked.gpu != question.gpu else "beside"))
    made = _answered(asked)
    return _with_others(made) if asked.beside else made


def _side_by_side(question: InferenceQuestion) -> InferenceQuestion:
    """A question of several accelerators as one of the first, with the others set beside it."""
    first, *others = (name.strip() for name in question.gpu.split(","))
    return replace(question, gpu=first, beside=(*others, *question.beside))


def _answered(question: InferenceQuestion) -> InferencePrediction:
    machinery = _look_up(question)
    with told_of(question):
        made = _pooled(machinery) if question.disaggregated else _prediction(machinery, _served(machinery))
        made = _drafted(machinery, made) if question.draft_count else made
        place = None if question.power_w is None else facility(made, machinery.accelerator, question.power_w)
        it, of_facility = users_per_mw(made, machinery.accelerator)
        measured = measured_near(question) if question.pareto else None
        told = (
            *made.head.notes,
            *power_notes(machinery.accelerator, place),
            *measured_notes(measured, question.cached_frac),
        )
        return replace(
            made,
            head=replace(made.head, notes=told),
            users_count_per_mw_it=it,
            users_count_per_mw_facility=of_facility,
            facility=place,
            pareto=_points(machinery) if question.pareto else None,
            measured=measured,
        )


def _served(machinery: _Machinery) -> tokens.Serving:
    """The best layout and batch as they are asked for: at a limit on the time per token, or under a cost."""
    ceiling = machinery.asked.usd_per_mtok
    return machinery.serve(machinery.asked.tpot_s)[0] if ceiling is None else _quickest(machinery, ceiling)


def _pooled(machinery: _Machinery) -> InferencePrediction:
    """The prediction of two pools, beside replicas that do both."""
    found = machinery.pools()
    pools = pools_prediction(found, machinery.otherwise(disaggregated=False))
    made = _prediction(machinery, as_serving(found), found.pools)
    notes = (*pools_notes(pools), *(note for note in made.head.notes if note.code != "queueing"))
    return replace(made, disaggregated=pools, head=replace(made.head, notes=notes))


def _drafted(machinery: _Machinery, made: InferencePrediction) -> InferencePrediction:
    """A prediction with what its drafting brings, at the same price where a cost is asked for."""
    plain = machinery.otherwise(draft_count=0, tpot_s=machinery.asked.tpot_s)
    found = drafting_prediction(machinery.asked, machinery.drafting, made.tokens_per_s_per_gpu.p50, plain)
    return replace(made, drafting=found, head=replace(made.head, notes=(*made.head.notes, *drafting_notes(found))))


def _unknown(question: InferenceQuestion, key: str) -> Iterator[Fault]:
    """Faults of accelerators that are set beside it, which are those of the key that named them."""
    if len(question.beside) > MOST_BESIDE:
        first = " beside the first" if key == "gpu" else ""
        yield wrong(key, len(question.beside), f"at most {MOST_BESIDE} accelerators{first}")
    for name in question.beside[:MOST_BESIDE]:
        faults = list[Fault]()
        looked_up(replace(question, gpu=name), {"gpu": "accelerators"}, faults)
        yield from (replace(fault, path=key) for fault in faults)


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
    deployment = machinery.case(math.inf).deployment()
    smallest = np.asarray(deployment.smallest_count(), dtype=float)
    fits = np.asarray(deployment.capacity_count()) >= smallest
    times = np.where(fits, deployment.state(smallest).tpot_s, whole.tpot_s)
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
    faults += [*alone_faults(asked), *cached_faults(asked.cached_frac, asked.input_tokens), *_undated(asked)]
    if not faults:
        faults += misfits(asked, accelerator, model)
    refuse(faults)
    return _Machinery(
        asked=asked,
        accelerator=accelerator,
        model=model,
        calibration=calibration,
        layouts=layouts_asked(asked, accelerator, model),
    )


def _undated(asked: InferenceQuestion) -> Iterator[Fault]:
    """Fault of a day that is none."""
    if asked.as_of_date is not None and not is_day(asked.as_of_date):
        yield wrong("as_of", asked.as_of_date, "a day, as 2026-03-01")


def _prediction(
    machinery: _Machinery, served: tokens.Serving, pools: tokens.ServingPools | None = None
) -> InferencePrediction:
    """A prediction from what is served, by replicas of one kind or by two pools."""
    asked, accelerator, model = machinery.asked, machinery.accelerator, machinery.model
    engine = asked.engine or to_tokens.engine_of(accelerator)
    deviation, unknown = deviation_ratio(machinery.calibration, accelerator, model, asked.precision, engine=engine)
    rate = served.tokens_per_s
    energy = serving_energy(accelerator, machinery.case(math.inf), served)
    price = machinery.usd_per_h
    idle, share = machinery.room(served, pools)
    return copied(
        InferencePrediction,
        served,
        head=Head(notes=_notes(machinery, served, (idle, share), unknown)),
        model=model.id,
        gpu=accelerator.id,
        precision=asked.precision,
        engine=engine,
        tokens_per_s_per_gpu=log_normal(rate, deviation),
        layout=layout_of(served.layout),
        working_frac=share,
        idle_packages_count=idle,
        package_power_w=energy.it_w,
        energy_j_per_token=None if energy.it_w is None else energy.it_w / rate,
        energy_basis=energy_basis(accelerator),
        energy=energy,
        usd_per_h=price,
        usd_basis=STATED_BASIS if asked.usd_per_gpu_hour is not None else usd_basis(accelerator),
        usd_per_mtok=None if price is None else _mtok_usd(price, served),
        **rent_figures(accelerator),
        extrapolated=bool(unknown),
        software_date=machinery.software_date,
        asked=asked,
    )


def _notes(
    machinery: _Machinery, served: tokens.Serving, room: tuple[int, float], unknown: list[str]
) -> tuple[Note, ...]:
    queue = "TTFT is a queueing approximation (random arrivals, M/M/1 for the prompts ahead)."
    notes = [Note(code="queueing", path="ttft_s", text=queue)]
    calibration, asked = machinery.calibration, machinery.asked
    state = to_tokens.state_text(calibration, machinery.accelerator, asked.engine, machinery.software_date)
    notes.append(Note(code="software", path="software_date", text=state))
    if unknown:
        longer = f"{calibration.unseen_time_ratio ** len(unknown) - 1:.0%}"
        text = (
            f"no measured row has {', '.join(unknown)}: the band is wider by that, and times are taken {longer} longer"
        )
        notes.append(Note(code="extrapolated", path="tokens_per_s_per_gpu", text=text))
    idle, share = room
    if idle:
        least = units.show(served.tokens_per_s * share, "tokens_per_s")
        text = f"whole replicas leave {idle} of every {idle / (1 - share):.0f} GPUs in scale-up domains idle"
        text += f": figures are of a GPU that works, and in the mean over all of them it is {least}"
        notes.append(Note(code="idle", path="layout", text=text))
    notes += cached_notes(asked.cached_frac)
    return (*notes, *implausible.of_catalog(accelerators=machinery.accelerator, models=machinery.model))
