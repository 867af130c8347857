"""What users wait for in the hours of a timeline: the load of the racks at hand, and a pod at that load.

At hand to a class are the racks that are at work on it, and those that the plan gives it and that nobody else works on:
they stand ready, and requests are spread over them. The load of an hour is what is served over what these racks serve
in steady state at the largest batch, so that it stays below the share of it that the plan counts on. Each class is told
in its busiest hour and in a mean one (sums over all hours), on the platform that serves most of it then.

Software that has become faster since the base date makes all times shorter in the same proportion.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gigawatt.ndarrays import Floats
from gigawatt.plan.plan import Plan
from gigawatt.programme import rates, slo
from gigawatt.programme.arrays import software_ratio
from gigawatt.scenario.schema import Scenario, UseCase
from gigawatt.simulation import hours, pod, racks, sharing, tide
from gigawatt.simulation.pod import PodRun, PodTraffic
from gigawatt.simulation.user_wait import Estimated, Hour, UserWait

# A class and a platform.
Place = tuple[str, str]

# Loads that differ by less are as high: hours of single-precision timelines.
ROUNDING_FRAC = 1e-5
DAY_HOURS = 24


def _unheard(words: str, share_frac: float | None) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HourLoad:
    """A class on a platform in an hour.

    moment: when it begins, "" of a mean hour; racks_count: at hand; served_tokens_per_s: by these racks; load_frac:
    of their steady state; share_frac: of all tokens of the class then; software_ratio: work over that of the base date.
    """

    use_case: str
    hour: Hour
    moment: str
    platform: str
    racks_count: float
    served_tokens_per_s: float
    load_frac: float
    share_frac: float
    software_ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AtHand:
    """Racks at hand, what they serve in steady state, and what they do serve: (step, pair, use_case).

    racks_count; full_tokens_per_s, served_tokens_per_s: of these racks.
    """

    racks_count: Floats
    full_tokens_per_s: Floats
    served_tokens_per_s: Floats


def at_hand(scenario: Scenario, plan: Plan, data: xr.Dataset, rack_tokens_per_s: Floats) -> AtHand:
    """Of every step of a timeline (module docstring).

    rack_tokens_per_s: of a working rack in steady state with the software of each quarter, (period, pair, use_case).
    """
    at, asked = racks.pairs(plan), scenario.asked
    work = hours.shared_work(scenario, plan, at)
    uses = plan.inputs.sizes["use_case"]
    _, peak = tide.tide(plan.inputs, asked)
    period = np.searchsorted(np.asarray(scenario.quarters), data.quarter.values)
    served = data.served_tokens_per_s.transpose("time", "pair", "use_case").values.astype(float)
    working = sharing.ratio(served, work.rate_per_s[period][..., :uses])
    own = work.own_count[period, np.where(peak[_hour_of_day(data)], 0, 1)][..., :uses]
    idle = np.maximum(data.up_count.values.astype(float) - data.busy_count.values, 0.0)
    spare = np.maximum(own - working, 0.0)
    count = working + spare * np.minimum(sharing.ratio(idle, spare.sum(axis=2)), 1.0)[..., None]
    return AtHand(
        racks_count=count,
        full_tokens_per_s=count * rack_tokens_per_s[period],
        served_tokens_per_s=served,
    )


def _hour_of_day(data: xr.Dataset) -> NDArray[np.intp]:
    """UTC hour of each step; those of representative weeks have no date."""
    moments = data.time.values.astype(str)
    if len(moments) and "T" in moments[0]:
        return moments.astype("datetime64[h]").astype(np.intp) % DAY_HOURS
    return np.asarray(data.step_count.values, dtype=np.intp) % DAY_HOURS


def loads(scenario: Scenario, plan: Plan, data: xr.Dataset, rack_tokens_per_s: Mapping[Place, float]) -> list[HourLoad]:
    """The busiest and a mean hour of every class that is served at all.

    rack_tokens_per_s: of a working rack in steady state at the base date's software, by class and platform.
    """
    told = scenario.asked.operations
    software = software_ratio(scenario.asked, scenario.quarters, told.software_gain_per_year, told.software_cap_ratio)
    of_pair = data.pair_platform.values.tolist()
    platforms = list(dict.fromkeys(of_pair))
    uses = [str(use) for use in data.use_case.values]
    bare = np.array([[rack_tokens_per_s.get((use, one), 0.0) for use in uses] for one in of_pair])
    bare = bare.reshape(len(of_pair), len(uses))
    found = at_hand(scenario, plan, data, software[:, None, None] * bare)
    member = np.array([[float(one == platform) for platform in platforms] for one in of_pair])
    member = member.reshape(len(of_pair), len(platforms))
    lived = []
    for n, use in enumerate(uses):
        columns = {name: getattr(found, name)[..., n] @ member for name in AtHand.__slots__}
        if columns["served_tokens_per_s"].any():
            based = found.racks_count[..., n] @ (bare[:, n, None] * member)
            lived += _of_class(use, platforms, data, AtHand(**columns), based)
    return lived


def _of_class(
    use: str, platforms: list[str], data: xr.Dataset, by: AtHand, based_tokens_per_s: Floats
) -> list[HourLoad]:
    """The two hours of a class; arrays are (step, platform). based_tokens_per_s: full_tokens_per_s at the base date."""
    served, full = by.served_tokens_per_s.sum(axis=1), by.full_tokens_per_s.sum(axis=1)
    load = sharing.ratio(served, full)
    high = load >= load.max() * (1 - ROUNDING_FRAC)
    at = int(np.argmax(np.where(high, served, -1.0)))
    weight = data.weight_h.values / data.weight_h.values.sum()
    hours_ = {"busiest": (_moment(str(data.time.values[at])), at), "mean": ("", None)}
    found = []
    for hour, (moment, step) in hours_.items():
        count, most, done, based = (
            weight @ column if step is None else column[step]
            for column in (by.racks_count, by.full_tokens_per_s, by.served_tokens_per_s, based_tokens_per_s)
        )
        one = int(np.argmax(done))
        found.append(
            HourLoad(
                use_case=use,
                hour=hour,  # type: ignore[arg-type]
                moment=moment,
                platform=platforms[one],
                racks_count=float(count[one]),
                served_tokens_per_s=float(done[one]),
                load_frac=float(done[one] / most[one]),
                share_frac=float(done[one] / done.sum()),
                software_ratio=float(most[one] / based[one]),
            )
        )
    return found


def _moment(text: str) -> str:
    """A step's time as text that ends in Z; of a representative week its quarter."""
    return f"{text}Z" if "T" in text else text.partition(" ")[0]


def user_waits(
    scenario: Scenario, plan: Plan, data: xr.Dataset, progress: Callable[[str, float | None], None] = _unheard
) -> tuple[UserWait, ...]:
    """What users of every class wait for, by request-level pods; data: the steps of a timeline."""
    ways = rates.steady(scenario)
    rate_per_s = {place: way.rack_tokens_per_s for place, way in ways.items()}
    asked_for = loads(scenario, plan, data, rate_per_s)
    found = []
    for n, one in enumerate(asked_for):
        title = scenario.asked.use_cases[one.use_case].title
        progress(f"requests of {title} in the {one.hour} hour", n / len(asked_for))
        kept_frac = slo.kept_frac(plan.inputs, one.use_case, one.platform)
        found.append(wait_of(scenario, one, ways[one.use_case, one.platform], kept_frac))
    return tuple(found)


def wait_of(scenario: Scenario, one: HourLoad, way: rates.Steady, kept_frac: float = 1.0) -> UserWait:
    """A pod at the load of an hour; kept_frac: the SLO derating that the plan has.

    It stands for no more engines than share a router, and is asked its part of the requests that reach one.
    """
    use, router_count = scenario.asked.use_cases[one.use_case], scenario.asked.operations.router_engines_count
    serving, traffic = pod.unit(way.case, way.way), traffic_of(scenario, use, one.software_ratio)
    units = one.racks_count * way.rack_tokens_per_s / (serving.most_per_s * traffic.output_tokens)
    told, count = pod.pod_of(serving, one.load_frac, min(units, router_count))
    traffic = replace(traffic, burstiness_ratio=thinned_ratio(traffic.burstiness_ratio, count / router_count))
    key = crc32(one.use_case.encode()), crc32(one.platform.encode())
    seed, most = scenario.asked.seed, float(count)
    runs = list(pod.replications(serving, traffic, one.load_frac, seed=seed, key=key, units_count=most))
    fleet_tokens_per_s = one.load_frac * count * serving.most_per_s * traffic.output_tokens
    return UserWait(
        use_case=one.use_case,
        hour=one.hour,
        moment=one.moment,
        platform=one.platform,
        share_frac=one.share_frac,
        racks_count=one.racks_count,
        engines_count=units * serving.pod.engines_count,
        pod_engines_count=told.engines_count,
        load_frac=one.load_frac,
        planned_load_frac=use.utilisation_frac * kept_frac,
        slo_kept_frac=kept_frac,
        **_figures(runs, fleet_tokens_per_s, one.software_ratio),
        requests_count=sum(run.requests_count for run in runs),
        replications_count=len(runs),
    )


def traffic_of(scenario: Scenario, use: UseCase, software_ratio: float = 1.0) -> PodTraffic:
    """What a class asks of a pod of the base date's software, whose times are so much longer."""
    return PodTraffic(
        input_tokens=use.input_tokens,
        output_tokens=use.output_tokens,
        spread_ratio=float(scenario.records.inference.output_spread_ratio),
        tpot_s=use.tpot_s * software_ratio,
        ttft_s=math.inf if use.ttft_s is None else use.ttft_s * software_ratio,
        burstiness_ratio=use.burstiness_ratio,
    )


def thinned_ratio(burstiness_ratio: float, kept_frac: float) -> float:
    """Burstiness of a part of the requests that reach a router, each of which is in it by chance."""
    return math.sqrt(1 + min(kept_frac, 1.0) * (burstiness_ratio**2 - 1))


def _figures(runs: list[PodRun], fleet_tokens_per_s: float, software_ratio: float) -> dict[str, Estimated | None]:
    """Every figure of a pod with its interval; times with the software of the hour."""
    values = {
        "served_frac": [run.served_tokens_per_s / fleet_tokens_per_s for run in runs],
        "ttft_p50_s": [run.ttft_s[0] / software_ratio for run in runs],
        "ttft_p99_s": [run.ttft_s[1] / software_ratio for run in runs],
        "tpot_p50_s": [run.tpot_s[0] / software_ratio for run in runs],
        "tpot_p99_s": [run.tpot_s[1] / software_ratio for run in runs],
        "goodput_frac": [run.goodput_frac for run in runs],
        "waiting_count": [run.waiting_count for run in runs],
    }
    return {name: pod.estimated(found) for name, found in values.items()}
