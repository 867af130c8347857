"""What users who wait leave of a steady state: the SLO derating of each class on each platform, and its power.

Four factors stand between the steady state of a replica and the tokens that a plan counts on; none holds another's:
software (years), availability (racks that fail), `utilisation` (hours above the mean of their block, sites out of step,
racks out of rotation), and the SLO derating (bursts within minutes, and that 99 of 100 requests wait no longer than
stated for the first token and each of the others). Batch work waits for any hour and is not derated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from gigawatt import tokens
from gigawatt.catalog import to_tokens
from gigawatt.errors import CalibrationError, Fault
from gigawatt.scenario.schema import Scenario

# Code of notes on it, and the array of a plan's inputs that holds it.
SLO, FACTOR = "slo", "slo_derating_frac"
# How replicas of one kind, or two pools, serve a class on a platform; or what stands in the way.
Way = tokens.Serving | tokens.Disaggregated | CalibrationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What users accept of a class on a platform: its share of the steady state, and what the table does not speak of.

    kept_frac: tokens per second at which limits hold over those of the steady state; outside: coordinates beyond the
    table, in words.
    """

    kept_frac: float
    outside: tuple[str, ...] = ()


def accepted(
    scenario: Scenario, served: Mapping[tuple[str, str], Way], cases: Mapping[tuple[str, str], tokens.ServingCase]
) -> dict[tuple[str, str], Accepted | CalibrationError]:
    """The SLO derating of each class on each platform that serves it; whole where nobody asks for it.

    A limit on the first token that is below the time of a prompt alone, or limits that hold at no rate, stand in the
    way: a CalibrationError says what would be met.
    """
    operations, uses = scenario.asked.operations, scenario.asked.use_cases
    whole = Accepted(kept_frac=1.0)
    if not operations.slo_derating:
        return dict.fromkeys(served, whole)
    table = to_tokens.derating(scenario.records.derating)
    found: dict[tuple[str, str], Accepted | CalibrationError] = {}
    for place, way in served.items():
        use = uses[place[0]]
        if isinstance(way, CalibrationError) or use.load == "batch":
            found[place] = whole
            continue
        alone_s, tpot_s = prompt_alone_s(cases[place], way), _tpot_s(way)
        at = tokens.Acceptance(
            burstiness_ratio=use.burstiness_ratio,
            engines_count=operations.router_engines_count,
            prompt_ratio=use.input_tokens / use.output_tokens,
            ttft_ratio=float(table.ttft_ratio[-1]) if use.ttft_s is None else use.ttft_s / alone_s,
            tpot_ratio=use.tpot_s / tpot_s,
        )
        found[place] = _looked_up(table, at, alone_s)
    return found


def _looked_up(table: tokens.Derating, at: tokens.Acceptance, alone_s: float) -> Accepted | CalibrationError:
    if at.ttft_ratio < 1:
        expected = f"{1e3 * alone_s:.3g} ms or more, that of a prompt alone"
        return CalibrationError(
            [Fault(path="ttft", given=f"{1e3 * at.ttft_ratio * alone_s:.3g} ms", expected=expected)]
        )
    kept = tokens.derating_frac(table, at)
    if kept <= 0:
        loosest = f"more than {at.tpot_ratio:.3g} times that of its steady state, or less bursty requests"
        return CalibrationError([Fault(path="tpot", given="a limit that holds at no rate", expected=loosest)])
    return Accepted(kept_frac=kept, outside=tuple(tokens.outside(table, at)))


def prompt_alone_s(case: tokens.ServingCase, way: tokens.Serving | tokens.Disaggregated) -> float:
    """Time to the first token of a request alone on an idle replica [s]."""
    layout = way.layout if isinstance(way, tokens.Serving) else way.pools.prefill
    alone = replace(case, layouts=layout).deployment()
    return float(np.asarray(alone.state(alone.smallest_count()).ttft_s))


def _tpot_s(way: tokens.Serving | tokens.Disaggregated) -> float:
    return float(way.tpot_s if isinstance(way, tokens.Serving) else way.state.tpot_s)


def lines(scenario: Scenario, found: Mapping[tuple[str, str], Accepted | CalibrationError]) -> Iterator[str]:
    """What of the derating lies beyond its table, in words, with the classes and platforms for which it does."""
    places: dict[str, list[str]] = {}
    for (use, platform), one in found.items():
        for words in one.outside if isinstance(one, Accepted) else ():
            places.setdefault(words, []).append(f"{scenario.asked.use_cases[use].title} on {platform}")
    for words, names in places.items():
        yield f"The SLO derating was simulated for less: {words} ({', '.join(names)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class SloPower:
    """Facility power [W] of the racks that serve each class in the busy hours of a quarter, dims (use_case).

    with_w: as the plan has it; without_w: what would serve the same tokens in steady state, if nobody minded waiting.
    """

    with_w: xr.DataArray
    without_w: xr.DataArray

    @property
    def more_w(self) -> float:
        """What the SLO derating takes [W]."""
        return float((self.with_w - self.without_w).sum())


def derating(inputs: xr.Dataset) -> xr.DataArray | None:
    """The SLO derating of a plan, dims (platform, use_case); None where it counts on the whole steady state."""
    return None if bool((inputs[FACTOR] == 1).all()) else inputs[FACTOR]


def kept_frac(inputs: xr.Dataset, use_case: str, platform: str) -> float:
    """Share of the steady state of a class on a platform that a plan counts on, before `utilisation`."""
    return float(inputs[FACTOR].sel(platform=platform, use_case=use_case))


def slo_power(decisions: xr.Dataset, inputs: xr.Dataset, period: str) -> SloPower:
    """The power that serves a quarter's tokens in the peak block, with SLO derating and without it.

    Racks of a platform are where its stock is; a rack's power is that at the facility's meter in the warmest hours.
    """
    stock = decisions.stock_count.sel(period=period)
    total = stock.sum("site")
    pue = (stock * inputs.pue_peak_ratio).sum("site") / xr.where(total > 0, total, 1.0)
    racks = decisions.work_count.sel(period=period, block="peak")
    power = racks * inputs.rack_it_w * pue
    return SloPower(with_w=power.sum("platform"), without_w=(power * inputs[FACTOR]).sum("platform"))
