"""What users of a class wait for in an hour: figures of pods with their confidence intervals, as answers keep them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Hour = Literal["busiest", "mean"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimated:
    """A mean over replications with its 95 % confidence interval, in the unit of its name."""

    low: float
    mid: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class UserWait:
    """What users of a class wait for in its busiest or a mean hour, on the platform that serves most of it.

    moment: when the hour begins, UTC; empty of a mean one. share_frac: of the tokens of the class that the platform
    serves. racks_count, engines_count: at hand in the fleet; pod_engines_count: in the pod that stands for them.
    load_frac: of the whole steady state; planned_load_frac: that the plan counts on at most, slo_kept_frac for what
    users accept in it. served_frac: tokens that the pod serves over those that the fleet does. ttft, tpot: of requests,
    by percentile; goodput_frac: requests within the limits. waiting_count: mean queue of an engine. requests_count:
    that count, of all replications.
    """

    use_case: str
    hour: Hour
    moment: str
    platform: str
    share_frac: float
    racks_count: float
    engines_count: float
    pod_engines_count: int
    load_frac: float
    planned_load_frac: float
    slo_kept_frac: float
    served_frac: Estimated | None
    ttft_p50_s: Estimated | None
    ttft_p99_s: Estimated | None
    tpot_p50_s: Estimated | None
    tpot_p99_s: Estimated | None
    goodput_frac: Estimated | None
    waiting_count: Estimated | None
    requests_count: int
    replications_count: int
