"""From people to tokens per second, and how a load is spread over the hours of a day."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gigawatt.errors import CalibrationError, Fault
from gigawatt.tokens.model.blocks import Floats
from gigawatt.units import DAY_S

DAY_HOURS_COUNT = 24


def people_tokens_per_s(
    users_count: Floats, daily_messages_count: Floats, message_tokens: Floats, served_elsewhere_frac: Floats
) -> NDArray[np.float64]:
    """Mean output tokens per second of a population: users × messages a day × tokens a message × (1 - elsewhere).

    message_tokens include the hidden ones (reasoning); served_elsewhere_frac is the part that another fleet serves.
    """
    daily = np.asarray(users_count) * daily_messages_count * message_tokens
    return np.asarray(daily * (1 - np.asarray(served_elsewhere_frac)) / DAY_S)


def block_ratios(peak_to_mean_ratio: float, peak_share_frac: float) -> tuple[float, float]:
    """Load in the peak block and off it over the mean; weighted by their shares of the hours they average to 1 exactly.

    peak_to_mean_ratio: mean load in the peak block over the mean; peak_share_frac: the block's share of the hours.
    off = (1 - ratio · share) / (1 - share). Raises CalibrationError where ratio · share > 1 (the peak block would
    hold more than everything), ratio < 1, or share is not inside (0, 1).
    """
    _check_shape(peak_to_mean_ratio, peak_share_frac)
    return peak_to_mean_ratio, (1 - peak_to_mean_ratio * peak_share_frac) / (1 - peak_share_frac)


def daily_profile_ratio(
    peak_to_mean_ratio: float, peak_hours_count: int, peak_centre_h: float, utc_offset_h: float
) -> NDArray[np.float64]:
    """Load by UTC hour over its mean, shape (24,): mean 1, and the busiest `peak_hours_count` average the given ratio.

    The shape is a raised cosine centred on local time `peak_centre_h`, sampled in the middle of each hour and stretched
    until the peak block's mean is met; where a single cosine cannot reach the ratio without going below zero, it
    is sharpened by a power. Mixes of regions are weighted sums of profiles with their own `utc_offset_h`.
    """
    _check_shape(peak_to_mean_ratio, peak_hours_count / DAY_HOURS_COUNT)
    hours = np.arange(DAY_HOURS_COUNT) + 1 / 2
    phase = np.cos(2 * np.pi * (hours + utc_offset_h - peak_centre_h) / DAY_HOURS_COUNT)
    raised = (1 + phase) / 2
    # Busiest first; ties are broken by the hour so that the profile is the same everywhere.
    busiest = np.argsort(-raised.round(9), kind="stable")[:peak_hours_count]
    power = _sharpness(raised, busiest, peak_to_mean_ratio)
    shape = raised**power / np.mean(raised**power)
    reach = float(np.mean(shape[busiest])) - 1
    return np.asarray(1 + (shape - 1) * (peak_to_mean_ratio - 1) / reach if reach > 0 else np.ones(DAY_HOURS_COUNT))


def _sharpness(raised: NDArray[np.float64], busiest: NDArray[np.intp], ratio: float) -> float:
    """The smallest power of two that lets the raised cosine reach `ratio` in its busiest hours."""
    power = 1.0
    while power < DAY_HOURS_COUNT**2:
        shape = raised**power
        if np.mean(shape[busiest]) >= ratio * np.mean(shape):
            return power
        power *= 2
    largest = np.mean(raised[busiest] ** power) / np.mean(raised**power)
    expected = f"at most {largest:.3g} for a peak block of {len(busiest)} hours"
    raise CalibrationError([Fault(path="peak_to_mean", given=f"{ratio:g}", expected=expected)])


def _check_shape(ratio: float, share_frac: float) -> None:
    faults = []
    if not 0 < share_frac < 1:
        faults.append(Fault(path="peak_share", given=f"{share_frac:g}", expected="a share of the hours inside (0, 1)"))
    elif not ratio * share_frac <= 1:
        expected = f"at most {1 / share_frac:.4g}, the inverse of the peak block's share of hours"
        faults.append(Fault(path="peak_to_mean", given=f"{ratio:g}", expected=expected))
    if not ratio >= 1:
        faults.append(Fault(path="peak_to_mean", given=f"{ratio:g}", expected="a ratio of 1 or more"))
    if faults:
        raise CalibrationError(faults)
