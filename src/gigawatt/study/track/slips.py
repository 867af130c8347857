"""How late each site is, step by step of its plan: power, racks and acceptance tests, and what is believed of the rest.

A step is what the plan adds at a site in a quarter. Half of it is due in the middle of that quarter, and its slip is
how much later half of it was there. A step that is due and not there yet is late by at least the time since, and that
is what counts as observed. The prior is the plan itself, no slip beyond what the scenario states; its width is that of
the scenario's `uncertainty.power_slip` or `chip_slip`, or a quarter where it states none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot, sqrt
from typing import Literal

import numpy as np
import xarray as xr

from gigawatt.ledger import milestones
from gigawatt.ledger.facts import milliseconds
from gigawatt.ledger.kinds import EVIDENCE
from gigawatt.ledger.milestones import TrancheMark, TrancheTerms
from gigawatt.ndarrays import Floats
from gigawatt.programme import opening
from gigawatt.programme.site_mix import basis_ratio
from gigawatt.programme.tranches import milestones as milestones_of
from gigawatt.quarters import quarter_name, quarter_number, quarter_of
from gigawatt.scenario.schema import Asked
from gigawatt.study.futures.draws import quantile
from gigawatt.study.result import Result
from gigawatt.study.track.known import LedgerKnown, edge_ms
from gigawatt.study.track.shrink import Shrunk, leaning, pooled

Stream = Literal["power", "racks", "tests"]

# The site of what all sites share.
ALL = ""
# What has to be there, with the uncertain quantity of a scenario that says how late it may be.
STREAMS: dict[Stream, str] = {"power": "power_slip", "racks": "chip_slip", "tests": "chip_slip"}
# By how much steps of one site differ, in quarters, before any were seen: a plan knows no finer date than a quarter,
# which alone is a deviation of 0.3. It counts as much as so many steps.
NOISE_COUNT, NOISE_STEPS = 0.5, 2
# Width of the prior where the scenario states none: a quarter.
WIDTH_COUNT = 1.0
# Less of a plan than this share of its most is the solver's rounding.
ROUNDING_FRAC = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """How late a site is beside its plan, in quarters."""

    site: str
    """Where; nothing for what all sites share, which is the prior of each."""
    stream: Stream
    """Power that is energised, racks that are accepted, or racks that passed their test."""
    noise_count: float
    """Deviation of one step from the mean of its site."""
    slip_quarters: Shrunk
    """Before and after what was observed; observations are steps of the plan that are due."""
    open_count: int
    """Steps that are due and not there yet."""


@dataclass(frozen=True, slots=True)
class PowerRise:
    """Power of a site over time, on the basis of the terms: as planned by the end of each quarter, from the start of
    the plan on, and as it came, a level from each moment on [quarters since the start]."""

    planned_w: Floats
    moments: Floats
    levels_w: Floats

    def planned_at(self, time: Floats) -> Floats:
        """The plan at moments, linear within a quarter, held after its end."""
        return np.interp(time, np.arange(len(self.planned_w)), self.planned_w)

    def now_w(self) -> float:
        """What is there."""
        return float(self.levels_w[-1]) if len(self.levels_w) else 0.0

    def due(self) -> list[tuple[float, float]]:
        """When half of each step is due, and the level that is half of it."""
        rises = np.diff(self.planned_w)
        steps = np.flatnonzero(rises > ROUNDING_FRAC * max(self.planned_w.max(), 1.0))
        return [(n + 0.5, float(self.planned_w[n] + rises[n] / 2)) for n in steps]

    def slips(self, now: float) -> tuple[list[float], int]:
        """How late each step is that is due, at least, and how many of them are not there yet."""
        found, waiting = [], 0
        for due, level in self.due():
            if due > now:
                break
            reached = np.flatnonzero(self.levels_w >= level * (1 - ROUNDING_FRAC))
            waiting += not reached.size
            found.append((float(self.moments[reached[0]]) if reached.size else now) - due)
        return found, waiting

    def behind(self, now: float) -> float:
        """How late the next step is at least, for half of it is not there yet; minus infinity where none is left."""
        left = (due for due, level in self.due() if self.now_w() < level * (1 - ROUNDING_FRAC))
        return now - next(left, np.inf)

    def coming_w(self, time: Floats, slips: Floats, now: float) -> Floats:
        """What is there at moments from now on if the rest of the plan is so much later, (slips, moments).

        What is missing of a step that mostly stands comes within a quarter.
        """
        missing = np.maximum(self.planned_at(now - slips) - self.now_w(), 0.0)[:, None]
        still = missing * np.maximum(1.0 - (time - now), 0.0)[None, :]
        return np.maximum(self.planned_at(time[None, :] - slips[:, None]) - still, self.now_w())


def time_of(at: str, start: str) -> float:
    """Quarters from the start of a plan to a moment."""
    first, number = quarter_number(start), quarter_number(quarter_of(at))
    begin, end = (edge_ms(quarter_name(n)) for n in (number, number + 1))
    return number - first + (milliseconds(at) - begin) / (end - begin)


def terms_of(known: LedgerKnown, result: Result) -> tuple[TrancheTerms, bool]:
    """The terms that the ledger holds, or those of the plan's scenario where it holds none, and whether it does."""
    if known.terms is not None:
        return known.terms, True
    asked, inputs = result.scenario.asked, result.plan.inputs
    tranches = asked.capital.tranches
    made = TrancheTerms(
        scenario=result.scenario.name,
        scenario_hash=result.scenario.hash,
        power_basis=tranches.power_basis if tranches else "facility",
        milestones=tuple(
            TrancheMark(milestone_w=step.power_w, amount_usd=step.amount_usd) for step in milestones_of(asked)
        ),
        rack_it_w=_by_name(inputs.rack_it_w),
        pue_ratio=_by_name(inputs.pue_peak_ratio),
        test_h=0.0,
        test_tokens_per_s={},
    )
    return made, False


def _by_name(values: xr.DataArray) -> dict[str, float]:
    return dict(zip(values[values.dims[0]].values.tolist(), values.values.tolist(), strict=True))


def curves(
    result: Result, known: LedgerKnown, terms: TrancheTerms, sites: Sequence[str]
) -> dict[tuple[str, Stream], PowerRise]:
    """Planned and actual power by site and what has to be there, on the basis of the terms."""
    start = result.scenario.quarters[0]
    planned = _planned(result, terms)
    moments = sorted({fact.happened for fact in known.facts if fact.kind in EVIDENCE})
    seen = [{one.site: one for one in milestones.counted(terms, known.facts, moment)} for moment in moments]
    times = np.array([time_of(moment, start) for moment in moments])
    fields: dict[Stream, str] = {"power": "energised_w", "racks": "accepted_w", "tests": "tested_w"}
    none = np.zeros(len(result.scenario.quarters) + 1)
    return {
        (site, stream): PowerRise(
            planned.get((site, stream), none),
            times,
            np.array([getattr(there[site], name) if site in there else 0.0 for there in seen]),
        )
        for site in sites
        for stream, name in fields.items()
    }


def _planned(result: Result, terms: TrancheTerms) -> dict[tuple[str, Stream], Floats]:
    """What the plan has by the start and the end of each quarter, by site: shells, and gross power of racks for both
    acceptance and tests."""
    data, inputs = result.plan.data, result.plan.inputs
    of_it = basis_ratio(inputs, terms.power_basis)
    start = opening.start_it_w(inputs) * of_it
    gross = start + (data.install_count * inputs.rack_it_w).sum("platform").cumsum("period") * of_it
    both = (data.shell_w, opening.shells_at_start_w(inputs))
    shells, stood = (values * of_it / inputs.pue_peak_ratio for values in both)
    found: dict[tuple[str, Stream], Floats] = {}
    for site in inputs.site.values.tolist():
        racks = np.concatenate([[float(start.sel(site=site))], gross.sel(site=site).transpose("period").values])
        found[site, "racks"] = found[site, "tests"] = racks
        found[site, "power"] = np.concatenate([[float(stood.sel(site=site))], shells.sel(site=site).values])
    return found


def width_count(asked: Asked, stream: Stream) -> float:
    """Width of the prior of a slip, in quarters: the deviation of what the scenario holds possible."""
    spread = asked.uncertainty.get(STREAMS[stream])
    if spread is None:
        return WIDTH_COUNT
    values = np.array([quantile(spread, (n + 0.5) / 200) for n in range(200)])
    return float(values.std()) or WIDTH_COUNT


def slips(found: Mapping[tuple[str, Stream], PowerRise], asked: Asked, now: float) -> dict[tuple[str, Stream], Slip]:
    """What is believed of the slips of every site whose plan has any power."""
    believed: dict[tuple[str, Stream], Slip] = {}
    for stream in STREAMS:
        mine = {site: curve for (site, of), curve in found.items() if of == stream and curve.planned_w.max() > 0}
        seen = {site: curve.slips(now) for site, curve in mine.items()}
        late = {site: steps for site, (steps, _) in seen.items()}
        noise = noise_count(list(late.values()))
        shared, by_site = pooled((0.0, width_count(asked, stream)), late, noise)
        for site, one in {ALL: shared, **by_site}.items():
            waiting = seen[site][1] if site else sum(count for _, count in seen.values())
            believed[site, stream] = Slip(
                site=site, stream=stream, noise_count=noise, slip_quarters=one, open_count=waiting
            )
    return believed


def noise_count(observed: Sequence[Sequence[float]]) -> float:
    """By how much steps of one site differ from their mean, in quarters: what was assumed, and what was seen."""
    seen = [np.array(steps) for steps in observed if len(steps)]
    squares = sum(float(((steps - steps.mean()) ** 2).sum()) for steps in seen)
    free = sum(len(steps) - 1 for steps in seen)
    return sqrt((NOISE_STEPS * NOISE_COUNT**2 + squares) / (NOISE_STEPS + free))


def common(believed: Mapping[tuple[str, Stream], Slip], site: str, stream: Stream) -> float:
    """Deviation of a site's slip that it has from what all share, as far as it leans on that, in quarters."""
    one, shared = (believed.get((place, stream)) for place in (site, ALL))
    return leaning(one.slip_quarters, shared.slip_quarters) if one is not None and shared is not None else 0.0


def spread_count(one: Slip) -> float:
    """Deviation of the slip of the steps to come: what is not known of the site, and what steps differ by."""
    return hypot(one.slip_quarters.deviation_value, one.noise_count)
