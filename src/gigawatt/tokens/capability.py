"""From training compute to how much is asked for: effective compute, orders of magnitude of it, users.

Algorithms do the same with less compute every year [1], so F operations t years after a base are worth

    E = F · (1 + a)^t,    c = log10(E / E0)        [effective operations; orders of magnitude since the base]

at the algorithms of the base. c is an index of compute: it says nothing of intelligence. What follows capability is
multiplied by a factor for each order of magnitude, g^c; the share of people who are users grows logistically [2],

    U / (N − U) = U0 / (N − U0) · o^c

with o the factor of the odds: few users grow as o^c, and never beyond the N people that there are.

References
----------
[1] A. Ho et al., "Algorithmic progress in language models", 2024, arXiv:2403.05812: 2.8 times a year, 1.8 to 5.3.
[2] Z. Griliches, "Hybrid corn: an exploration in the economics of technological change", Econometrica 25, 1957.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gigawatt.tokens.model.blocks import Floats


def effective_flop(physical_flop: Floats, since_base_years: Floats, progress_per_year: Floats) -> NDArray[np.float64]:
    """E = F · (1 + a)^t: operations that the algorithms of the base would need for the same.

    progress_per_year: 2.0 where algorithms need a third of the operations after a year.
    """
    return np.asarray(physical_flop * np.power(1 + np.asarray(progress_per_year), since_base_years))


def orders_count(effective: Floats, base: Floats) -> NDArray[np.float64]:
    """c = log10(E / E0): orders of magnitude of effective compute over a base; any unit, the same for both."""
    return np.asarray(np.log10(np.asarray(effective, dtype=float) / base))


def grown_ratio(order_ratio: Floats, orders_count: Floats) -> NDArray[np.float64]:
    """g^c: what a quantity is multiplied by that grows by the factor g with each order of magnitude."""
    return np.power(np.asarray(order_ratio, dtype=float), orders_count)


def users_ratio(base_share_frac: Floats, order_odds_ratio: Floats, orders_count: Floats) -> NDArray[np.float64]:
    """U / U0 = k / (1 + s0·(k − 1)),  k = o^c: users over those of the base, who are the share s0 of all people.

    The odds s / (1 − s) are multiplied by o for each order of magnitude; with s0 = 0 nothing limits users.
    """
    odds = grown_ratio(order_odds_ratio, orders_count)
    return np.asarray(odds / (1 + np.asarray(base_share_frac) * (odds - 1)))
