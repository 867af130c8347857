"""What is left of the steady state where users wait no longer than they accept, looked up in a simulated table.

In steady state a replica holds its largest batch all the time. Requests that come when they come leave it short of
that, or wait: the SLO-capacity is the highest rate at which 99 of 100 requests still have their first token and the
tokens after it in time. Its ratio to the rate of the steady state depends on

    c    burstiness: standard deviation over mean of the gaps between the requests that reach one router
    n    engines behind that router, which share its bursts
    p    tokens of a prompt over those of its answer: prompts hold up the answers beside them
    w    limit on the time to the first token, over that of a prompt alone on an idle engine
    d    limit on the time per token, over that of the steady state

and is taken as linear between the knots of a table in ln c, ln n, ln p, ln w and ln d [1]; beyond the outermost
knots it stays.

References
----------
[1] A. M. Lee and P. A. Longton, "Queueing processes associated with airline passenger check-in", OR Quarterly 10(1),
    1959: waits grow with the square of the gaps' coefficient of variation and fall with the number of servers.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Floats64 = NDArray[np.float64]

# Ratios that differ from a knot by less are that knot: the batch of a steady state is found by bisection.
_ROUNDING_FRAC = 1e-3
# A coordinate in words, and whether more of it is easier to meet: beyond the last knot of such nothing changes.
_COORDINATES = {
    "burstiness_ratio": ("burstiness", False),
    "engines_count": ("number of engines behind a router", True),
    "prompt_ratio": ("prompt over its answer", False),
    "ttft_ratio": ("limit on the first token over the time of a prompt alone", True),
    "tpot_ratio": ("limit on the time per token over that of the steady state", True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """How requests come and what their users accept: c, n, p, w and d as the module has them, in this order."""

    burstiness_ratio: float
    engines_count: float
    prompt_ratio: float
    ttft_ratio: float
    tpot_ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Derating:
    """A table of SLO-capacity over steady state.

    Knots rise along each axis: burstiness_ratio, engines_count, prompt_ratio, ttft_ratio, tpot_ratio as in
    `Acceptance`. kept_frac: the ratio at every combination, one dimension for each of them in that order.
    """

    burstiness_ratio: Floats64
    engines_count: Floats64
    prompt_ratio: Floats64
    ttft_ratio: Floats64
    tpot_ratio: Floats64
    kept_frac: Floats64


def derating_frac(table: Derating, at: Acceptance) -> float:
    """SLO-capacity over the rate of the steady state, linear between knots in the logarithm of each coordinate."""
    left = table.kept_frac
    for entry in fields(Acceptance):
        low, share = _between(np.asarray(getattr(table, entry.name)), getattr(at, entry.name))
        first, second = left[low], left[min(low + 1, len(left) - 1)]
        left = first + share * (second - first)
    return float(left)


def outside(table: Derating, at: Acceptance) -> list[str]:
    """Coordinates beyond the knots on the side where it would be harder, in words, with what they count as.

    What is easier than the easiest knot is left out: the ratio is then on the safe side.
    """
    found = []
    for name, (words, eases) in _COORDINATES.items():
        knots, value = getattr(table, name), getattr(at, name)
        held = float(knots[0] if eases else knots[-1])
        if (held / value if eases else value / held) > 1 + _ROUNDING_FRAC:
            found.append(f"a {words} of {value:.3g} counts as {held:.3g}")
    return found


def _between(knots: Floats64, value: float) -> tuple[int, float]:
    """The knot at or below a value, and how far it is from there to the next one in the logarithm, 0 to 1."""
    held = float(np.clip(value, knots[0], knots[-1]))
    low = int(np.clip(np.searchsorted(knots, held, side="right") - 1, 0, max(len(knots) - 2, 0)))
    return (low, float(np.log(held / knots[low]) / np.log(knots[low + 1] / knots[low]))) if len(knots) > 1 else (0, 0.0)
