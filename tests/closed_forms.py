"""What is known in closed form, for kernels and optimisers to be held to.

References
----------
1. W. A. Braff, J. M. Mueller, J. E. Trancik, "Value of storage technologies for wind and solar energy", Nature Climate
   Change 6, 2016, doi:10.1038/nclimate3045: arbitrage between ordered prices.
2. D. V. Lindley, "The theory of queues with a single server", Proc. Cambridge Phil. Soc. 48(2), 1952: a sum that may
   not fall below zero is its distance from the lowest sum so far.
3. J. T. Daly, "A higher order estimate of the optimum checkpoint interval for restart dumps", Future Generation
   Computer Systems 22, 2006, doi:10.1016/j.future.2004.11.016: the renewal between checkpoints.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gigawatt import watts

Floats = float | NDArray[np.float64]

_BISECTIONS = 60
_NONE = 1e-9  # of the energy of a battery, what counts as empty or full


def arbitrage(battery: watts.Battery, price_usd_per_wh: ArrayLike) -> float:
    """What one cycle earns [USD]: charge in the cheapest hours, discharge in the dearest, as deep as it pays [1].

    In order of price, an hour charges P η of the store and another empties P / η of it; a further Wh held is worth
    η × dear − cheap / η, which falls with depth. The cycle ends where that is nothing or the battery is full.

    It is the optimum of a day whose cheap hours come before its dear ones, and an upper bound of one cycle otherwise.
    """
    price = np.asarray(price_usd_per_wh, dtype=float)
    eta, power = battery.one_way_frac, battery.power_w
    cheap, dear = np.sort(price), np.sort(price)[::-1]
    deepest = min(battery.energy_wh, price.size * power / (eta + 1 / eta))  # no hour does both
    hours = np.arange(price.size + 1)
    depths = np.unique(np.minimum(np.concatenate([hours * power * eta, hours * power / eta]), deepest))
    middle = (depths[1:] + depths[:-1]) / 2
    buying, selling = (middle / (power * eta)).astype(int), (middle * eta / power).astype(int)
    worth = eta * dear[selling] - cheap[buying] / eta
    return float(np.sum(np.maximum(worth, 0.0) * np.diff(depths)))


def least_peak(battery: watts.Battery, load_w: ArrayLike) -> float:
    """The lowest constant limit [W] under which a battery that begins and ends full carries a load.

    Under a limit L it gives load − L above and takes what L leaves below; what it lacks is a sum that may not fall
    below zero [2]. L is enough where the lack never exceeds the battery and is nothing at the end; bisection finds the
    least. With one peak this is water-filling: Σ max(load − L, 0) = η E, unless the power binds first.
    """
    load = np.asarray(load_w, dtype=float)
    low, high = max(0.0, float(load.max()) - battery.power_w), float(load.max())
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (low, middle) if _carries(battery, load, middle) else (middle, high)
    return high


def _carries(battery: watts.Battery, load: NDArray[np.float64], limit: float) -> bool:
    eta, spare = battery.one_way_frac, limit - load
    used = np.where(spare < 0, -spare / eta, -eta * np.minimum(spare, battery.power_w))
    total = np.cumsum(used)
    lack = total - np.minimum(np.minimum.accumulate(total), 0.0)
    slack = _NONE * battery.energy_wh
    return bool(lack.max() <= battery.energy_wh + slack and lack[-1] <= slack)


def segment_s(rate_per_s: Floats, interval_s: Floats, checkpoint_s: float, restart_s: float) -> Floats:
    """Expected time to complete one interval of work and its checkpoint, E[T] = e^{λR} (e^{λ(τ + C)} − 1) / λ [3] [s].

    τ + C at rate 0, and infinite where no segment is ever completed.
    """
    rate = np.asarray(rate_per_s, dtype=float)
    span = np.asarray(interval_s, dtype=float) + checkpoint_s
    product = rate * span
    safe = np.where(product > 0, product, 1.0)
    with np.errstate(over="ignore"):
        growth = np.where(product > 0, np.expm1(safe) / safe, 1.0)
        return np.asarray(np.exp(rate * restart_s) * span * growth)
