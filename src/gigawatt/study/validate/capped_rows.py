"""Rows of machines that ran under a power cap: where a row says so, and what share of their throughput is left.

A cap is read from what a row calls its machine and its GPU ("Power Cap 1000 W", "750W", Max-Q), and holds where it is
below the part's own limit. It takes from a part what it draws above the cap: how much that costs depends on how much of
the time matrix units bind (`watts.mixed_performance`), both by the model of inference and that of power.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from gigawatt import tokens, watts
from gigawatt.catalog import load, records, to_power, to_watts
from gigawatt.ndarrays import Floats
from gigawatt.readers.inference_rows import InferenceRow
from gigawatt.study.validate.inference_cases import InferenceCase, Stacked

POWER = "as-of-2026"
_WATTS = re.compile(r"(?<![\d.])(\d{2,4}) ?W\b", re.IGNORECASE)
_KILOWATTS = re.compile(r"(?<![\d.])(\d\.\d+) ?kW\b", re.IGNORECASE)
_MAX_Q = re.compile(r"max-?q", re.IGNORECASE)
# Limit of a GPU in Max-Q rows of MLPerf over its own: 500 of 700 W for Llama 2 70B on H200, taken for other parts too.
MAX_Q_FRAC = 500 / 700
# A cap this near to the limit is the limit, rounded.
NEAR_FRAC = 0.97


def cap_w(row: InferenceRow, accelerator: records.Accelerator) -> float | None:
    """The power cap of a row's packages [W], where it is below the limit of the part; None where it has none."""
    limit = accelerator.tdp_w
    if limit is None:
        return None
    text = f"{row.cells.get('system', '')} {row.gpu}".replace("_", " ")
    stated = [float(found) for found in _WATTS.findall(text)]
    stated += [1e3 * float(found) for found in _KILOWATTS.findall(text)]
    if not stated and _MAX_Q.search(text) and not _MAX_Q.search(f"{accelerator.id} {accelerator.name}"):
        stated = [MAX_Q_FRAC * limit]
    return min((cap for cap in stated if cap < NEAR_FRAC * limit), default=None)


def cap_frac(case: InferenceCase) -> float:
    """The power cap of a case over the limit of its part; 1 where it has none."""
    cap = cap_w(case.row, case.accelerator)
    return 1.0 if cap is None else cap / (case.accelerator.tdp_w or cap)


def throughput_shares(
    cases: Sequence[InferenceCase], arrays: Stacked, question: tokens.Deployment, batch_count: Floats
) -> Floats:
    """What a cap leaves of the throughput of every entry of stacked cases at its batch; 1 where there is none."""
    caps = np.array([cap_frac(case) for case in cases])[arrays.own]
    shares = np.ones(len(caps))
    capped = np.flatnonzero((caps < 1) & (batch_count > 0))
    if capped.size:
        parts = [cases[n].accelerator for n in arrays.own[capped]]
        shares[capped] = capped_shares(parts, tokens.take(question, capped), batch_count[capped], caps[capped])
    return shares


def capped_shares(
    parts: Sequence[records.Accelerator], question: tokens.Deployment, batch_count: Floats, caps_frac: Floats
) -> Floats:
    """Throughput under a cap over that without one, by entry; 1 where no more is drawn than the cap.

    parts: the accelerator of each entry; caps_frac: the cap over its limit.
    """
    known: records.PowerCalibration = load.load("power_calibrations", POWER)
    phases = question.state(batch_count).phases
    use = tokens.utilisation(question, batch_count, phases.total_s)
    drawn = tokens.power_frac(tokens.stack([to_power.power_shares(known, part.architecture) for part in parts]), use)
    moving, computing = (_curves(load.load("power_curves", name), parts) for name in ("inference", "training"))
    computes = np.broadcast_to(phases.compute_s / phases.total_s, caps_frac.shape)
    return watts.mixed_performance(moving, computing, np.minimum(1.0, caps_frac / drawn), computes)


def _curves(record: records.PowerCurve, parts: Sequence[records.Accelerator]) -> watts.PowerCurve:
    """The curve of each part, as one of arrays."""
    found = [to_watts.power_curve_of(record, part.id, part.architecture) for part in parts]
    return watts.PowerCurve(
        loss_ratio=np.array([curve.loss_ratio for curve in found]),
        exponent_ratio=np.array([curve.exponent_ratio for curve in found]),
        least_frac=record.least_frac,
    )
