"""From the names of a question to a pod of engines: layouts, their tables of times and their caches, what they draw."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

from gigawatt import tokens
from gigawatt.catalog import load, records, to_power, to_tokens
from gigawatt.catalog.dated import is_day
from gigawatt.errors import CalibrationError, Fault
from gigawatt.study import implausible
from gigawatt.study.note import Note
from gigawatt.study.predict.faults import (
    MOST_PACKAGES_COUNT,
    MOST_USD_PER_H,
    MOST_WAIT_S,
    looked_up,
    out_of_range,
    told_of,
    unknown_engine,
)
from gigawatt.study.predict.question import InferenceQuestion
from gigawatt.study.predict.serving_layout import layouts_asked, misfits
from gigawatt.study.predict.serving_power import CALIBRATION as POWER_CALIBRATION
from gigawatt.study.predict.serving_price import STATED_BASIS, hourly_usd, usd_basis
from gigawatt.study.question import refuse, wrong
from gigawatt.study.replay.question import ReplayQuestion
from gigawatt.study.validate.inference import CALIBRATION
from gigawatt.tokens.serve.pods import Engine, Pod
from gigawatt.tokens.serve.requests import engine
from gigawatt.tokens.serve.step_times import PackagePower

T = TypeVar("T")

# Fields that are above 0 where they are asked for, and the most that they may be.
MOST_REPLICAS_COUNT, MOST_REQUESTS_COUNT = 100_000, 10**9
RANGES = {
    **dict.fromkeys(("replicas_count", "prefill_replicas_count"), MOST_REPLICAS_COUNT),
    **dict.fromkeys(("tp_count", "dp_count", "ep_count", "pp_count"), MOST_PACKAGES_COUNT),
    **dict.fromkeys(("ttft_s", "tpot_s", "shed_after_s"), MOST_WAIT_S),
    **dict.fromkeys(("most_requests_count", "budget_tokens"), 1e6),
    **dict.fromkeys(("requests_count", "most_waiting_count"), MOST_REQUESTS_COUNT),
    "rate_scale_ratio": 1e6,
    "replications_count": 1000,
    "usd_per_gpu_hour": MOST_USD_PER_H,
}
# A slower trace lasts longer than instants are exact; no engine drafts as many tokens in a step.
LEAST_RATE_SCALE, MOST_DRAFT_COUNT = 1e-6, 64
# The limit at which `predict inference` chooses a layout where nobody states one.
USUAL_TPOT_S: float = InferenceQuestion(model="", gpu="", input_tokens=1, output_tokens=1).tpot_s
ALONE_BASIS = "IT power of the GPUs alone, without their servers, idle or not; no PUE"
SHARED_BASIS = "IT power of the GPUs with their share of the rack's other parts, idle or not; no PUE"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanRequest:
    """Tokens of the mean request, of its prompt and its answer, and the most of both together in one."""

    input_tokens: float
    output_tokens: float
    most_tokens: float


@dataclass(frozen=True, kw_only=True)
class ModelReplicas:
    """What serves: part, model and software of a question, the layout of a replica, and engines of it.

    layout: of a replica, where two pools serve of one that writes answers; prefill_layout: of one that reads prompts,
    None where every replica does both.
    """

    asked: ReplayQuestion
    accelerator: records.Accelerator
    model: records.Model
    calibration: records.InferenceCalibration
    lengths: MeanRequest
    layout: tokens.ServingLayout
    prefill_layout: tokens.ServingLayout | None = None

    def deployment(self, layout: tokens.ServingLayout) -> tokens.Deployment:
        """One replica of a layout, with the mean request."""
        return replace(case(self, math.inf, math.inf), layouts=layout).deployment()

    @cached_property
    def engine(self) -> Engine:
        """A replica that decodes, and reads prompts where no other pool does."""
        return self._engine(self.layout)

    @cached_property
    def prefill_engine(self) -> Engine | None:
        """A replica of the pool that reads prompts."""
        return None if self.prefill_layout is None else self._engine(self.prefill_layout)

    def _engine(self, layout: tokens.ServingLayout) -> Engine:
        asked = self.asked
        return engine(
            self.deployment(layout),
            most_requests_count=asked.most_requests_count,
            most_context_tokens=self.lengths.most_tokens,
            budget_tokens=None if asked.budget_tokens is None else int(asked.budget_tokens),
            chunked=not asked.whole_prompts,
            prefix_cached=asked.prefix_cache,
            power=self.power,
        )

    def pod(self, replicas_count: int, prefill_replicas_count: int = 0) -> Pod:
        """So many replicas behind a router."""
        asked = self.asked
        moved = self.moved_s(replicas_count, prefill_replicas_count)
        bounds: dict[str, Any] = {"most_waiting_count": asked.most_waiting_count, "shed_after_s": asked.shed_after_s}
        return Pod(
            engine=self.engine,
            engines_count=replicas_count,
            routing=asked.routing,
            prefill=self.prefill_engine,
            prefill_engines_count=prefill_replicas_count,
            handover_s=moved[0],
            transfer_s_per_token=moved[1],
            **{name: value for name, value in bounds.items() if value is not None},
        )

    def moved_s(self, replicas_count: int, prefill_replicas_count: int) -> tuple[float, float]:
        """Time to hand a request over between two pools, and for each token of its prompt [s]; 0 of one pool."""
        if self.prefill_layout is None:
            return 0.0, 0.0
        one = self.deployment(self.layout)
        handover_s = float(self.calibration.handover_s)
        pools = tokens.ServingPools(
            machine=one.machine,
            model=one.model,
            efficiency=one.efficiency,
            prefill=self.prefill_layout,
            decode=self.layout,
            prefill_count=float(prefill_replicas_count),
            decode_count=float(replicas_count),
            handover_s=handover_s,
            surge_frac=0.0,
            traffic=one.traffic,
        )
        return handover_s, (float(pools.transfer_s()) - handover_s) / self.lengths.input_tokens

    def gpus_count(self, replicas_count: int, prefill_replicas_count: int = 0) -> int:
        """GPUs of so many replicas."""
        readers = 0 if self.prefill_layout is None else int(self.prefill_layout.packages_count)
        return replicas_count * int(self.layout.packages_count) + prefill_replicas_count * readers

    @property
    def power(self) -> PackagePower | None:
        """What a package draws by how busy it is; None where the catalog does not know its limit."""
        if self.accelerator.tdp_w is None:
            return None
        known: records.PowerCalibration = load.load("power_calibrations", POWER_CALIBRATION)
        shares = to_power.power_shares(known, self.accelerator.architecture)
        return PackagePower(limit_w=self.accelerator.tdp_w, shares=shares)

    @property
    def others_w(self) -> float | None:
        """A package's share of what the rack's other parts draw [W]; None where that is not known."""
        known: records.PowerCalibration = load.load("power_calibrations", POWER_CALIBRATION)
        return to_power.others_w(known, self.accelerator)

    @property
    def energy_basis(self) -> str | None:
        """Whose energy is told; None where no power is known."""
        if self.accelerator.tdp_w is None:
            return None
        return ALONE_BASIS if self.others_w is None else SHARED_BASIS

    @property
    def usd_per_gpu_hour(self) -> float | None:
        """Price of a GPU-hour: as stated, else that of its hardware; None where neither is known."""
        stated = self.asked.usd_per_gpu_hour
        return hourly_usd(self.accelerator) if stated is None else stated

    @property
    def hour_basis(self) -> str | None:
        """What is in the price of a GPU-hour."""
        return usd_basis(self.accelerator) if self.asked.usd_per_gpu_hour is None else STATED_BASIS

    @property
    def notes(self) -> tuple[Note, ...]:
        """What a reader has to know of part, model and software."""
        day = to_tokens.software_date(self.calibration, self.accelerator, self.asked.engine, self.asked.as_of_date)
        state = to_tokens.state_text(self.calibration, self.accelerator, self.asked.engine, day)
        return (
            Note(code="software", path="engine", text=state),
            *implausible.of_catalog(accelerators=self.accelerator, models=self.model),
        )


def case(of: ModelReplicas, tpot_s: float, ttft_s: float) -> tokens.ServingCase:
    """What the planner is asked of the mean request, at limits on the mean times."""
    asked = of.asked
    day = to_tokens.software_date(of.calibration, of.accelerator, asked.engine, asked.as_of_date)
    return tokens.ServingCase(
        chip=to_tokens.chip(of.accelerator),
        transformer=to_tokens.transformer(of.model),
        efficiency=to_tokens.inference_efficiency(
            of.calibration,
            of.accelerator,
            of.model,
            asked.precision,
            engine=asked.engine,
            age_years=to_tokens.years_between(day, of.calibration.base_date),
        ),
        precision=asked.precision,
        traffic=tokens.Traffic(
            input_tokens=of.lengths.input_tokens,
            output_tokens=of.lengths.output_tokens,
            tpot_s=tpot_s,
            ttft_s=ttft_s,
            drafting=to_tokens.drafting(of.calibration, of.model, asked.draft_count, asked.acceptance_frac),
        ),
        layouts=of.layout,
    )


def check(asked: ReplayQuestion) -> None:
    """Refuse what nobody can mean, before any file is read. Raises ScenarioError with every fault."""
    faults = list(out_of_range(asked, RANGES))
    if not asked.rate_scale_ratio >= LEAST_RATE_SCALE:
        faults.append(wrong("rate_scale", f"{asked.rate_scale_ratio:g}", f"at least {LEAST_RATE_SCALE:g}"))
    if not 0 <= asked.draft_count <= MOST_DRAFT_COUNT:
        faults.append(wrong("draft", f"{asked.draft_count:,}", f"0 to {MOST_DRAFT_COUNT} tokens"))
    if not 0 <= asked.seed < 2**63:
        faults.append(wrong("seed", f"{asked.seed}", "a whole number from 0 to 2^63 - 1"))
    looked_up(asked, {"gpu": "accelerators", "model": "models"}, faults)
    known = load.load("inference_calibrations", CALIBRATION)
    faults += unknown_engine(asked.engine, [entry.name for entry in known.engines])
    refuse([*faults, *_together(asked)])


def _together(asked: ReplayQuestion) -> Iterator[Fault]:
    """Faults of what does not go together."""
    if asked.replicas_count is None and not asked.pods:
        yield wrong("replicas", "nothing", "how many serve, unless pods are asked for")
    if (asked.find_capacity or asked.pods) and asked.ttft_s is None and asked.tpot_s is None:
        what = "pods" if asked.pods else "find_capacity"
        yield wrong(what, "no limit", "a limit on ttft or on tpot, which P99 is to hold")
    if asked.as_of_date is not None and not is_day(asked.as_of_date):
        yield wrong("as_of", asked.as_of_date, "a day, as 2026-03-01")
    if asked.prefill_replicas_count is not None and asked.replicas_count is None:
        yield wrong("prefill_replicas", asked.prefill_replicas_count, "replicas beside it, of the pool that decodes")


def deployed(asked: ReplayQuestion, lengths: MeanRequest) -> ModelReplicas:
    """What serves, in the layout that is stated or else in the planner's best for the mean request.

    Raises ScenarioError for a layout that no engine starts, CalibrationError for a model that does not fit.
    """
    faults = list[Fault]()
    accelerator, model = looked_up(asked, {"gpu": "accelerators", "model": "models"}, faults)
    refuse(faults)
    planned = _as_planned(asked, lengths)
    refuse(misfits(planned, accelerator, model))
    first = ModelReplicas(
        asked=asked,
        accelerator=accelerator,
        model=model,
        calibration=load.load("inference_calibrations", CALIBRATION),
        lengths=lengths,
        layout=layouts_asked(planned, accelerator, model),
    )
    with told_of(asked):
        return _pooled(first) if asked.prefill_replicas_count else replace(first, layout=_best(first, _one_kind).layout)


def _as_planned(asked: ReplayQuestion, lengths: MeanRequest) -> InferenceQuestion:
    """The question that `predict inference` would be asked of the same layout."""
    return InferenceQuestion(
        model=asked.model,
        gpu=asked.gpu,
        input_tokens=lengths.input_tokens,
        output_tokens=lengths.output_tokens,
        precision=asked.precision,
        tp_count=asked.tp_count,
        dp_count=asked.dp_count,
        ep_count=asked.ep_count,
        pp_count=asked.pp_count,
    )


def _is_stated(asked: ReplayQuestion) -> bool:
    """Whether a layout is."""
    return any((asked.tp_count, asked.dp_count, asked.ep_count, asked.pp_count))


def _limits_s(asked: ReplayQuestion) -> Iterator[tuple[float, float]]:
    """Limits that a layout is chosen at: as stated, or as `predict inference` has them; then none, for what no layout
    reaches is told by the replay."""
    if not _is_stated(asked):
        yield asked.tpot_s or USUAL_TPOT_S, asked.ttft_s or math.inf
    yield math.inf, math.inf


def _best(of: ModelReplicas, answer: Callable[[tokens.ServingCase], T]) -> T:
    """What the planner answers at the first limits that it can meet. Raises CalibrationError where there are none."""
    *tried, last = _limits_s(of.asked)
    for limits_s in tried:
        with suppress(CalibrationError):
            return answer(case(of, *limits_s))
    return answer(case(of, *last))


def _one_kind(asked: tokens.ServingCase) -> tokens.Serving:
    """Replicas that do both. Raises CalibrationError where the model does not fit, or limits cannot be met."""
    (found,) = tokens.serve_each([asked])
    if isinstance(found, CalibrationError):
        raise found
    return found


def _pooled(of: ModelReplicas) -> ModelReplicas:
    """Layouts of two pools: that which is stated for both, or the planner's best for each."""
    if _is_stated(of.asked):
        layout = _best(of, _one_kind).layout
        return replace(of, layout=layout, prefill_layout=layout)
    choice, handover_s = tokens.PoolChoice(), float(of.calibration.handover_s)
    found = _best(of, lambda one: tokens.serve_disaggregated(one, choice, handover_s=handover_s)).pools
    return replace(of, layout=found.decode, prefill_layout=found.prefill)
