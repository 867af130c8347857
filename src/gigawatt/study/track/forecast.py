"""When the next milestones will be met: what is left of the plan, late as its sites are late, never in the past.

Each site's power, racks and tests follow the plan from where they are, shifted by a slip that is drawn from what is
believed of it and of steps to come. A step that is not there by now is late by at least so much, so that a slip is
drawn from what is left of its distribution. What makes a site late makes all three late: they share its draw. What is
not known of the slip that all sites share has a draw of its own, for it moves them together, and a sum of sites that
were drawn apart would have too narrow a band. What counts at a site is the least of the three, and a milestone is met
when the sum over sites reaches it. Streams of chance [1] are keyed by the seed and the site.

References
----------
[1] J. K. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011, doi:10.1145/2063384.2063405: Philox.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import NormalDist
from zlib import crc32

import numpy as np

from gigawatt.ledger.milestones import MilestoneState
from gigawatt.ndarrays import Floats
from gigawatt.quarters import quarter_name, quarter_number
from gigawatt.study.track.known import edge_ms
from gigawatt.study.track.slips import ALL, PowerRise, Slip, Stream, common, spread_count

DRAWS_COUNT = 1_000
# Steps of time in a quarter, about a week each, and quarters beyond the plan that are looked at.
STEPS_COUNT, BEYOND_COUNT = 13, 12
# Of a milestone: what may be missing by rounding.
ROUNDING_FRAC = 1e-6
QUANTILES = (0.1, 0.5, 0.9)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastMilestone:
    """When a milestone will be met; a date is None where it is not within the plan and three years beyond it."""

    number: int
    milestone_w: float
    amount_usd: float
    short_by_w: float
    planned_date: str | None
    p10_date: str | None
    """One outcome in ten is before this day."""
    p50_date: str | None
    p90_date: str | None
    """One outcome in ten is after this day."""
    waits_for: Stream | None
    """What is mostly the last to be there."""
    reached_frac: float
    """Share of outcomes in which it is met at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastPower:
    """Power that counts for milestones at the end of a quarter."""

    period: str
    planned_w: float
    p10_w: float
    p50_w: float
    p90_w: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What is to come of milestones, as the plan and what was observed have it."""

    seed: int
    draws: int
    power_basis: str
    milestones: tuple[ForecastMilestone, ...]
    """Those that are not met, in their order."""
    power: tuple[ForecastPower, ...]
    slips: tuple[Slip, ...]


def forecast(
    found: Mapping[tuple[str, Stream], PowerRise],
    believed: Mapping[tuple[str, Stream], Slip],
    marks: Sequence[MilestoneState],
    now: float,
    start: str,
    seed: int,
    basis: str,
) -> Forecast:
    """Dates of the milestones that are not met. now: quarters since the start of the plan."""
    last = max(len(next(iter(found.values())).planned_w) - 1, int(np.ceil(now)) + 1)
    ends = np.arange(int(np.floor(now)) + 1, last + BEYOND_COUNT + 1, dtype=float)
    time = np.unique(np.concatenate([now + np.arange(0, (ends[-1] - now) * STEPS_COUNT) / STEPS_COUNT, ends]))
    total, least = _counted(found, believed, time, now, seed)
    planned = _planned(found, np.concatenate([[0.0], np.arange(0, last, 1 / STEPS_COUNT), [last]]))
    rows = [_milestone(row, time, total, least, planned, start) for row in marks if not row.met]
    shown = ends[ends <= last]
    at = np.searchsorted(time, shown)
    bands = np.quantile(total[:, at], QUANTILES, axis=0, method="inverted_cdf")
    of_plan = _planned(found, shown)[1]
    return Forecast(
        seed=seed,
        draws=DRAWS_COUNT,
        power_basis=basis,
        milestones=tuple(rows),
        power=tuple(
            ForecastPower(
                period=quarter_name(quarter_number(start) + int(end) - 1),
                planned_w=float(of_plan[n]),
                p10_w=float(bands[0, n]),
                p50_w=float(bands[1, n]),
                p90_w=float(bands[2, n]),
            )
            for n, end in enumerate(shown)
        ),
        slips=tuple(believed.values()),
    )


def _planned(found: Mapping[tuple[str, Stream], PowerRise], time: Floats) -> tuple[Floats, Floats]:
    """What counts at moments if all comes as planned."""
    sites = dict.fromkeys(site for site, _ in found)
    per_site = [
        np.min([curve.planned_at(time) for (of, _), curve in found.items() if of == site], axis=0) for site in sites
    ]
    return time, np.sum(per_site, axis=0)


def _counted(
    found: Mapping[tuple[str, Stream], PowerRise],
    believed: Mapping[tuple[str, Stream], Slip],
    time: Floats,
    now: float,
    seed: int,
) -> tuple[Floats, dict[Stream, Floats]]:
    """What counts at every moment in every draw, (draws, moments), and of all sites what each stream alone has."""
    total = np.zeros((DRAWS_COUNT, len(time)))
    least: dict[Stream, Floats] = {}
    shared = chances(ALL, seed)
    for site in dict.fromkeys(site for site, _ in found):
        levels, own = [], chances(site, seed)
        for stream, curve in ((of, curve) for (where, of), curve in found.items() if where == site):
            common_count = common(believed, site, stream)
            slip = drawn(believed.get((site, stream)), common_count, curve.behind(now), (shared, own))
            levels.append(curve.coming_w(time, slip, now))
            least[stream] = least.get(stream, np.zeros_like(total)) + levels[-1]
        total += np.min(levels, axis=0)
    return total, least


def chances(site: str, seed: int) -> Floats:
    """Of a site, or of what all share, in each draw: a standard normal deviate."""
    key = np.random.SeedSequence(seed, spawn_key=(crc32(site.encode()),))
    return np.random.Generator(np.random.Philox(key)).standard_normal(DRAWS_COUNT)


def drawn(one: Slip | None, common_count: float, behind: float, chance: tuple[Floats, Floats]) -> Floats:
    """Slips of a site, no less than it is late already.

    common_count: the part of their deviation that all sites share; chance: deviates of that part and of the rest.
    """
    if one is None:
        return np.zeros(DRAWS_COUNT)
    mean, width = one.slip_quarters.posterior_value, spread_count(one)
    normal, part = NormalDist(), common_count / width
    deviates = part * chance[0] + np.sqrt(1 - part**2) * chance[1]
    below = normal.cdf((behind - mean) / width)
    tiny = float(np.finfo(float).eps)
    shares = np.array([normal.cdf(deviate) for deviate in deviates.tolist()])
    shares = np.clip(below + shares * (1 - below), tiny, 1 - tiny)
    return np.maximum([mean + width * normal.inv_cdf(share) for share in shares.tolist()], behind)


def _milestone(
    row: MilestoneState,
    time: Floats,
    total: Floats,
    least: Mapping[Stream, Floats],
    planned: tuple[Floats, Floats],
    start: str,
) -> ForecastMilestone:
    enough_w = row.milestone_w * (1 - ROUNDING_FRAC)
    met = _first(time, total, enough_w)
    alone = {stream: _first(time, power, enough_w) for stream, power in least.items()}
    last = np.argmax(np.stack(list(alone.values())), axis=0)
    mostly = list(alone)[int(np.bincount(last).argmax())] if np.isfinite(met).any() else None
    p10, p50, p90 = (_day(float(at), start) for at in np.quantile(met, QUANTILES, method="inverted_cdf"))
    (due,) = _first(planned[0], planned[1][None, :], enough_w)
    return ForecastMilestone(
        number=row.number,
        milestone_w=row.milestone_w,
        amount_usd=row.amount_usd,
        short_by_w=row.short_by_w,
        planned_date=_day(float(due), start),
        p10_date=p10,
        p50_date=p50,
        p90_date=p90,
        waits_for=mostly,
        reached_frac=float(np.isfinite(met).mean()),
    )


def _first(time: Floats, power: Floats, enough_w: float) -> Floats:
    """The first moment of each draw at which there is enough; infinite where there is none."""
    enough = power >= enough_w
    return np.where(enough.any(axis=1), time[enough.argmax(axis=1)], np.inf)


def _day(at: float, start: str) -> str | None:
    """The day of a moment in quarters since the start of the plan."""
    if not np.isfinite(at):
        return None
    whole = int(np.floor(at))
    first = quarter_number(start) + whole
    begin, end = edge_ms(quarter_name(first)), edge_ms(quarter_name(first + 1))
    moment = datetime.fromtimestamp((begin + (at - whole) * (end - begin)) / 1000, UTC)
    return moment.date().isoformat()
