"""How late power comes beside what its owner told, in quarters, by how far the site had come on the day it was told.

A promise is kept until the end of the last quarter that was promised, and is late by the quarters after it. Where a
milestone came, that is one number. Where it has not come, its owner's latest date stands for it: it may come in any
quarter of that date which is not over, all alike. A milestone that was withdrawn, or is overdue without a new date, is
late by at least what has passed (censored). The distribution is the product-limit estimate [1] of these, every promise
with the weight 1; what is left after its longest is put there [2]. It falls short of the truth as long as owners move
their dates again. Two readings bound what the dates themselves leave open: `least` takes the first quarter of every
latest date, and `last` the last one.

References
----------
[1] E. L. Kaplan, P. Meier, "Nonparametric estimation from incomplete observations", 1958, doi:10.2307/2281868.
[2] B. Efron, "The two sample problem with censored data", 1967, Fifth Berkeley Symposium 4, 831-853.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from gigawatt.catalog.records import PromisedDate, PromisedMilestone, SiteSchedules, SiteStage
from gigawatt.quarters import QUARTERS_PER_YEAR, quarter_name, quarter_number, quarter_of

Reading = Literal["even", "least", "last"]

STAGES: tuple[SiteStage, ...] = get_args(SiteStage)
ANNOUNCED: SiteStage = "announced"
# Fewer promises than this of one stage say nothing of their own.
LEAST_COUNT = 3
LOW_FRAC, MEDIAN_FRAC, HIGH_FRAC = 0.1, 0.5, 0.9
ROUNDING_FRAC = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Lateness:
    """One promise and what is known of how late it comes.

    path: of the promise in its record. lead_count: quarters from the one in which it was told to the last that was
    promised. late_counts: quarters that it may turn out to be late, rising, all alike; where `is_censored` the one by
    which it is late at least; none where nothing is known. why: what that rests on, in words.
    """

    path: str
    milestone: PromisedMilestone
    told: PromisedDate
    lead_count: int
    late_counts: tuple[int, ...]
    is_censored: bool
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SlipCurve:
    """Quarters late, rising, with the share of promises that come then (they sum to 1), and of how many promises."""

    late_counts: tuple[int, ...]
    shares_frac: tuple[float, ...]
    promises_count: int

    def within_count(self, share_frac: float) -> int:
        """The least quarters late within which a share of the promises comes."""
        passed = np.cumsum(self.shares_frac)
        return self.late_counts[int(np.argmax(passed >= share_frac - ROUNDING_FRAC))]


def promises(record: SiteSchedules, day: str | None = None) -> tuple[Lateness, ...]:
    """Every promise of a record, judged by what was known on a day; left out: on the day it was last looked at."""
    seen = record.seen_date if day is None else min(day, record.seen_date)
    found = []
    for n, milestone in enumerate(record.milestones):
        told = [each for each in milestone.told if each.said_date <= seen]
        found += [_lateness(f"milestones.{n}.told.{k}", milestone, told, k, seen) for k in range(len(told))]
    return tuple(found)


def _lateness(path: str, milestone: PromisedMilestone, told: Sequence[PromisedDate], k: int, seen: str) -> Lateness:
    """The promise `k` of those that were told of a milestone by a day."""
    last, now = _last(told[k]), quarter_number(quarter_of(seen))
    came, latest = milestone.delivered, told[-1]
    still = range(max(quarter_number(latest.quarter), now), _last(latest) + 1)
    late: tuple[int, ...] = (now - last,)
    censored = True
    if came is not None and quarter_number(came.quarter) <= now:
        late, censored, why = (quarter_number(came.quarter) - last,), False, f"came in {came.quarter}"
    elif "" < milestone.withdrawn_date <= seen:
        why = f"withdrawn on {milestone.withdrawn_date}"
    elif k < len(told) - 1 and still:
        late, censored, why = tuple(quarter - last for quarter in still), False, f"now {period(latest)}"
    else:
        why = "overdue, and no later date is told" if late[0] > 0 else f"not due by {seen}, and no later date is told"
    known = not censored or late[0] > 0
    return Lateness(
        path=path,
        milestone=milestone,
        told=told[k],
        lead_count=last - quarter_number(quarter_of(told[k].said_date)),
        late_counts=late if known else (),
        is_censored=censored and known,
        why=why,
    )


def _last(told: PromisedDate) -> int:
    """The last quarter that was promised, as a number."""
    return quarter_number(told.quarter) + told.span_count - 1


def period(told: PromisedDate) -> str:
    """What was promised as people write it: "2026Q4", "2026H2", "2028"."""
    first, count = quarter_number(told.quarter), told.span_count
    year, place = divmod(first, QUARTERS_PER_YEAR)
    if count == 1:
        return told.quarter
    if count == QUARTERS_PER_YEAR and place == 0:
        return f"{year}"
    half = QUARTERS_PER_YEAR // 2
    return f"{year}H{place // half + 1}" if count == half and place % half == 0 else _span(first, count)


def _span(first: int, count: int) -> str:
    return f"{quarter_name(first)} to {quarter_name(first + count - 1)}"


def alike(found: Sequence[Lateness], stage: SiteStage) -> tuple[Lateness, ...]:
    """The judged promises that speak for a stage: its own where they are enough, else those on its side of a contract.

    Where those are too few as well, all of them.
    """
    judged = tuple(each for each in found if each.late_counts)
    own = tuple(each for each in judged if each.told.stage == stage)
    side = tuple(each for each in judged if (each.told.stage == ANNOUNCED) == (stage == ANNOUNCED))
    return next((part for part in (own, side) if len(part) >= LEAST_COUNT), judged)


def slip_curve(found: Sequence[Lateness], reading: Reading = "even") -> SlipCurve | None:
    """The product-limit distribution of how late promises come; None of no judged promise."""
    events, censored = dict[int, float](), dict[int, float]()
    for each in found:
        late = {"even": each.late_counts, "least": each.late_counts[:1], "last": each.late_counts[-1:]}[reading]
        into = censored if each.is_censored and reading != "least" else events
        for quarters in late:
            into[quarters] = into.get(quarters, 0.0) + 1 / len(late)
    times = sorted({*events, *censored})
    if not times:
        return None
    left, shares = 1.0, []
    for time in times:
        waiting = sum(weight for part in (events, censored) for late_, weight in part.items() if late_ >= time)
        shares.append(left * events.get(time, 0.0) / waiting)
        left -= shares[-1]
    shares[-1] += left
    return SlipCurve(
        late_counts=tuple(times),
        shares_frac=tuple(shares),
        promises_count=sum(bool(each.late_counts) for each in found),
    )


def default_slips(found: Sequence[Lateness]) -> Mapping[SiteStage, int]:
    """Quarters by which a plan takes power of each stage to be late: the median, and 0 where nothing is known.

    Never below 0: who plans on a date plans on no earlier one.
    """
    curves = {stage: slip_curve(alike(found, stage)) for stage in STAGES}
    return {stage: max(0, curve.within_count(MEDIAN_FRAC)) if curve else 0 for stage, curve in curves.items()}


def slips_beyond(found: Sequence[Lateness]) -> Mapping[int, float]:
    """What power may be late on top of the default slip of its stage, in quarters, with the share of each.

    Each stage counts with its judged promises. What comes before the default slip is no gain to who planned on it.
    """
    slips, shares = default_slips(found), dict[int, float]()
    judged = [each for each in found if each.late_counts]
    for each in judged:
        curve = slip_curve(alike(found, each.told.stage))
        for late, share in zip(curve.late_counts, curve.shares_frac, strict=True) if curve else ():
            beyond = max(0, late - slips[each.told.stage])
            shares[beyond] = shares.get(beyond, 0.0) + share / len(judged)
    return dict(sorted(shares.items()))


def stages(record: SiteSchedules, day: str | None = None) -> Mapping[str, SiteStage]:
    """How far each site of a record had come by a day: the stage of what was told of it last."""
    told = [(each.told.said_date, STAGES.index(each.told.stage), each) for each in promises(record, day)]
    return {each.milestone.site: each.told.stage for *_, each in sorted(told, key=lambda item: item[:2])}
