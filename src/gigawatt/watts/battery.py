"""A battery hour by hour: what it holds, what it can still do, how it wears, and a dispatch without a solver.

Time runs in hours, so that the energy of an hour [Wh] is its mean power [W]. Losses are shared evenly between charging
and discharging: each way η = √(round trip).

References
----------
1. B. Xu et al., "Modeling of lithium-ion battery degradation for cell life assessment", IEEE Trans. Smart Grid 9(2),
   2018, doi:10.1109/TSG.2016.2578950: capacity lost about in proportion to full cycles.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gigawatt.watts.air import Array, check


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """A battery at its terminals.

    `power_w`: the most that it takes or gives. `energy_wh`: the most that it holds. `round_trip_frac`: energy given
    over energy taken, above 0. `fade_frac`: share of its energy that a full cycle costs it [1].
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
