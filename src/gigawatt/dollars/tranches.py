"""Capital that is released as gigawatts are deployed."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gigawatt.ndarrays import Floats


def released_frac(gross_w: ArrayLike, milestones_w: ArrayLike, lag_count: int, *, step: bool) -> Floats:
    """Share of each tranche that is lawfully released by the end of each quarter, shape (..., milestones, quarters).

    A milestone stands when cumulative gross installed power reaches it; its tranche follows `lag_count` quarters
    later. `step`: all at once when the whole milestone stands; otherwise in proportion to the power installed
    between the milestone before and this one.

    gross_w: cumulative gross installed power at the end of each quarter, rising, shape (..., quarters).
    milestones_w: cumulative power of each milestone, rising, shape (milestones,).
    """
    gross = np.asarray(gross_w, dtype=float)
    upper = np.asarray(milestones_w, dtype=float)
    lower = np.concatenate([[0.0], upper[:-1]])
    count = gross.shape[-1]
    none = np.zeros((*gross.shape[:-1], min(lag_count, count)))
    seen = np.concatenate([none, gross], axis=-1)[..., None, :count]
    share = np.clip((seen - lower[:, None]) / (upper - lower)[:, None], 0.0, 1.0)
    # One part in a billion covers a solver's rounding, not a missing rack.
    return np.where(share >= 1 - 1e-9, 1.0, 0.0) if step else share


def receipts_usd(released: ArrayLike, amounts_usd: ArrayLike) -> Floats:
    """Money received in each quarter [USD], shape (..., milestones, quarters), from shares released by its end."""
    shares = np.asarray(released, dtype=float)
    return np.diff(shares, axis=-1, prepend=0.0) * np.asarray(amounts_usd, dtype=float)[:, None]
