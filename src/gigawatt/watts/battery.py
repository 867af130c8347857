"""A battery hour by hour: what it holds, what it can still do, how it wears, and three dispatches without a solver.

Time runs in hours, so that the energy of an hour [Wh] is its mean power [W]. Losses are shared evenly between charging
and discharging: each way η = √(round trip).

References
----------
1. W. A. Braff, J. M. Mueller, J. E. Trancik, "Value of storage technologies for wind and solar energy", Nature Climate
   Change 6, 2016, doi:10.1038/nclimate3045: arbitrage between ordered prices.
2. D. V. Lindley, "The theory of queues with a single server", Proc. Cambridge Phil. Soc. 48(2), 1952: a sum that may
   not fall below zero is its distance from the lowest sum so far.
3. B. Xu et al., "Modeling of lithium-ion battery degradation for cell life assessment", IEEE Trans. Smart Grid 9(2),
   2018, doi:10.1109/TSG.2016.2578950: capacity lost about in proportion to full cycles.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gigawatt.watts.air import Array, check

_BISECTIONS = 60
_NONE = 1e-9  # of the energy of a battery, what counts as empty or full


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """A battery at its terminals.

    `power_w`: the most that it takes or gives. `energy_wh`: the most that it holds. `round_trip_frac`: energy given
    over energy taken, above 0. `fade_frac`: share of its energy that a full cycle costs it [3].
    """

    power_w: float
    energy_wh: float
    round_trip_frac: float
    fade_frac: float

    @property
    def one_way_frac(self) -> float:
        """Efficiency of charging, and of discharging: η = √(round trip)."""
        return float(np.sqrt(self.round_trip_frac))


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What a battery takes and gives in each step, and what it holds at its end."""

    charge_w: Array
    discharge_w: Array
    stored_wh: Array


def stored(battery: Battery, start_wh: float, charge_w: ArrayLike, discharge_w: ArrayLike) -> Array:
    """Energy held at the end of each hour [Wh]: s(t) = s(t − 1) + η c(t) − d(t) / η. Limits are not applied."""
    eta = battery.one_way_frac
    change = eta * np.asarray(charge_w, dtype=float) - np.asarray(discharge_w, dtype=float) / eta
    return start_wh + np.cumsum(change)


def arbitrage(battery: Battery, price_usd_per_wh: ArrayLike) -> float:
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


def ride_through(battery: Battery, excess_w: ArrayLike, room_w: ArrayLike, start_wh: float, step_h: float) -> Schedule:
    """Give what a load lacks, as far as the battery can, and fill up again as soon as there is room.

    Step by step, d = min(excess, P, s η / h) where there is an excess, else c = min(room, P, (E − s) / (η h)), and
    s rises by h (η c − d / η). It looks at no later step.

    excess_w: what the load would draw above its limit, by step; room_w: what it leaves below, which counts where there
    is no excess. start_wh: held before the first step. step_h: length of a step.
    """
    excess = check("excess_w", excess_w, (0.0, np.inf))
    room = check("room_w", room_w, (0.0, np.inf))
    held = float(check("start_wh", start_wh, (0.0, battery.energy_wh)))
    eta, most, full = battery.one_way_frac, battery.power_w, battery.energy_wh
    given, taken, kept = (np.zeros(excess.size) for _ in range(3))
    for step, (lack, spare) in enumerate(zip(excess.tolist(), room.tolist(), strict=True)):
        if lack > 0:
            given[step] = min(lack, most, held * eta / step_h)
        else:
            taken[step] = min(spare, most, (full - held) / (eta * step_h))
        held = min(max(held + step_h * (eta * taken[step] - given[step] / eta), 0.0), full)
        kept[step] = held
    return Schedule(charge_w=taken, discharge_w=given, stored_wh=kept)


def least_peak(battery: Battery, load_w: ArrayLike) -> float:
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


def _carries(battery: Battery, load: Array, limit: float) -> bool:
    eta, spare = battery.one_way_frac, limit - load
    used = np.where(spare < 0, -spare / eta, -eta * np.minimum(spare, battery.power_w))
    total = np.cumsum(used)
    lack = total - np.minimum(np.minimum.accumulate(total), 0.0)
    slack = _NONE * battery.energy_wh
    return bool(lack.max() <= battery.energy_wh + slack and lack[-1] <= slack)
