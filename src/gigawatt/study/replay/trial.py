"""One question under trial: runs of it with so many replicas, at so many times the rate, and what users wait for."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gigawatt.study.job import Cancelled, Job
from gigawatt.study.replay.deployed import ModelReplicas
from gigawatt.study.replay.found import CapacityPoint
from gigawatt.study.replay.question import ReplayQuestion
from gigawatt.study.replay.source import RequestSource
from gigawatt.study.replay.tally import WaitLimits
from gigawatt.study.replay.working import Run, run


@dataclass(frozen=True, slots=True, kw_only=True)
class PodSize:
    """How many replicas serve, and how many there are in a pool of their own that reads prompts."""

    replicas_count: int
    prefill_replicas_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A question with its requests, the replicas that may serve them, and who waits for the answer."""

    asked: ReplayQuestion
    job: Job
    source: RequestSource
    replicas: ModelReplicas
    limits: WaitLimits

    def run(self, size: PodSize, seed: int, *, words: str = "") -> Run:
        """The run that is asked for, with so many replicas. words: what progress says of it."""
        return self._run(size, seed, 1.0, words=words, unfinished=self.asked.unfinished)

    def measured(self, size: PodSize, seed: int, *, ratio: float = 1.0, least_s: float = 0.0) -> CapacityPoint:
        """What users wait for at times the rate that is asked for, of requests that come again and again for so long.

        Raises Cancelled where nobody waits for the answer any more.
        """
        return point(self._run(size, seed, ratio, least_s=least_s))

    def alone(self, seed: int) -> Run:
        """The run in which each request comes when the one before is done."""
        readers = int(self.asked.prefill_replicas_count is not None)
        return self._run(PodSize(replicas_count=1, prefill_replicas_count=readers), seed, 1.0, alone=True)

    def _run(
        self,
        size: PodSize,
        seed: int,
        ratio: float,
        *,
        least_s: float = 0.0,
        words: str = "",
        unfinished: bool = False,
        alone: bool = False,
    ) -> Run:
        pod = self.replicas.pod(size.replicas_count, size.prefill_replicas_count)
        most_tokens = pod.engine.blocks_count * pod.engine.block_tokens
        chunks = self.source.chunks(seed, self.asked.rate_scale_ratio * ratio, most_tokens, least_s)
        return run(pod, chunks, self.limits, self.job, words=words, unfinished=unfinished, alone=alone)


def point(of: Run) -> CapacityPoint:
    """P99 of all requests of a run, and its rate. Raises Cancelled where it was interrupted."""
    if of.partial:
        raise Cancelled
    limits, (ttft_s, tpot_s) = of.tally.limits, (of.tally.p99_s(name) for name in ("ttft", "tpot"))
    return CapacityPoint(
        requests_per_s=of.arrivals_per_s or math.inf,
        ttft_p99_s=ttft_s if math.isfinite(ttft_s) else None,
        tpot_p99_s=tpot_s if math.isfinite(tpot_s) else None,
        goodput_frac=float(of.tally.good_frac()[0]),
        is_within=not ttft_s > limits.ttft_s and not tpot_s > limits.tpot_s,
    )
