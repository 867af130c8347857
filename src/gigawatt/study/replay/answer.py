"""The verb `replay`: requests on a pod, one by one, with what users wait for, what holds the limits, what it costs."""

from __future__ import annotations

import math

from gigawatt.study.job import Cancelled, Job
from gigawatt.study.question import refuse, wrong
from gigawatt.study.replay import capacity as capacities
from gigawatt.study.replay.capacity import Capacity
from gigawatt.study.replay.deployed import MOST_REPLICAS_COUNT, check, deployed
from gigawatt.study.replay.found import CapacityPoint, PodsFound, ReplayAnswer
from gigawatt.study.replay.question import ReplayQuestion
from gigawatt.study.replay.source import REPLICATIONS_COUNT, opened
from gigawatt.study.replay.tally import WaitLimits
from gigawatt.study.replay.telling import ReplayFound, told
from gigawatt.study.replay.trial import PodSize, Trial, point
from gigawatt.study.replay.working import make_ready

# At each rate of a search requests come for so many times as long as one takes, again and again where they are few.
LASTING_RATIO = 20.0


def answer(question: ReplayQuestion, job: Job) -> ReplayAnswer:
    """What becomes of the requests of a trace; where the job is cancelled what was done until then, marked as partial.

    Raises ScenarioError for a question that cannot be asked, and for requests that no replica holds; CatalogError for a
    trace that cannot be read; CalibrationError for a model that does not fit, and for limits that nothing holds.
    Raises Cancelled where that comes before any request was replayed.
    """
    check(question)
    job.say("reading the first requests", None)
    source = opened(question)
    stated = {name: value for name in ("ttft_s", "tpot_s") if (value := getattr(question, name)) is not None}
    trial = Trial(
        asked=question,
        job=job,
        source=source,
        replicas=deployed(question, source.mean_request(question.seed)),
        limits=WaitLimits(**stated),
    )
    found = ReplayFound(size=_size(question))
    try:
        _work(trial, found)
    except Cancelled:
        found.partial = True
    if not found.runs:
        raise Cancelled
    return told(trial, found)


def _size(asked: ReplayQuestion) -> PodSize:
    """Replicas as they are stated."""
    readers = asked.prefill_replicas_count or 0
    return PodSize(replicas_count=asked.replicas_count or 1, prefill_replicas_count=readers)


def _work(trial: Trial, found: ReplayFound) -> None:
    """Do all that is asked for. Raises Cancelled where somebody interrupts, with what is done by then in `found`."""
    asked, seed, least_s = trial.asked, trial.asked.seed, 0.0
    trial.job.say("making the simulator ready, which takes longer the first time", None)
    make_ready(trial.replicas.pod(1, int(asked.prefill_replicas_count is not None)))
    if asked.pods or asked.find_capacity:
        least_s = LASTING_RATIO * _alone_s(trial)
    if asked.pods:
        trial.job.say("looking for the fewest replicas", None)
        found.pods = _pods(trial, found.size)
        if asked.replicas_count is None:
            found.size = PodSize(replicas_count=found.pods.least_replicas_count)
    seeds = range(seed, seed + _replications_count(trial))
    for number, each in enumerate(seeds, 1):
        several = f" {number} of {len(seeds)}" if len(seeds) > 1 else ""
        made = trial.run(found.size, each, words=f"replaying{several}")
        if not made.partial or not found.runs:
            found.runs.append(made)
        if made.partial:
            raise Cancelled
    for number, each in enumerate(seeds if asked.find_capacity else ()):
        trial.job.say("looking for the highest rate", number / len(seeds))
        found.capacities.append(_capacity(trial, found, each, least_s))


def _alone_s(trial: Trial) -> float:
    """Mean time that requests take which are alone in the pod.

    Raises CalibrationError where they miss the limits, ScenarioError where a rate is asked for and they have none.
    """
    trial.job.say("replaying requests that are alone", None)
    alone = trial.alone(trial.asked.seed)
    capacities.check_alone(point(alone), trial.limits)
    if trial.asked.find_capacity and alone.arrivals_per_s is None:
        refuse([wrong("find_capacity", "requests that arrive at one instant", "requests that arrive one by one")])
    return float(alone.tally.figures_s("e2e")[0][0])


def _replications_count(trial: Trial) -> int:
    if trial.source.is_recorded:
        return 1
    return int(trial.asked.replications_count or REPLICATIONS_COUNT)


def _capacity(trial: Trial, found: ReplayFound, seed: int, least_s: float) -> Capacity:
    """The highest rate within the limits; what is beside it only of the first seed, whose curve is shown."""

    def measured(ratio: float) -> CapacityPoint:
        return trial.measured(found.size, seed, ratio=ratio, least_s=least_s)

    return capacities.capacity(measured, curve=seed == trial.asked.seed)


def _pods(trial: Trial, size: PodSize) -> PodsFound:
    """The fewest replicas; where two pools serve, with as many that read prompts for each that decodes as are asked."""
    each = size.prefill_replicas_count / size.replicas_count

    def sized(count: int) -> PodSize:
        return PodSize(replicas_count=count, prefill_replicas_count=math.ceil(each * count))

    least, tried = capacities.fewest(lambda count: trial.measured(sized(count), trial.asked.seed), MOST_REPLICAS_COUNT)
    readers = sized(least).prefill_replicas_count
    gpus, usd_per_h = trial.replicas.gpus_count(least, readers), trial.replicas.usd_per_gpu_hour
    return PodsFound(
        least_replicas_count=least,
        least_prefill_replicas_count=readers,
        least_gpus_count=gpus,
        least_usd_per_h=None if usd_per_h is None else gpus * usd_per_h,
        with_=tried[least],
        without=tried.get(least - 1),
    )
