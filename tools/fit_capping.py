"""Fit the curves of performance under a power cap to the published points of the catalog.

    python tools/fit_capping.py          print every curve beside the one of its file, and fail where they differ

References
----------
1. D. R. Hunter, K. Lange, "A tutorial on MM algorithms", The American Statistician 58(1), 2004,
   doi:10.1198/0003130042836: least squares to ranges instead of points.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from gigawatt import watts
from gigawatt.catalog import load, records, to_watts
from gigawatt.watts import air

# Exponents that are tried; at least 1, so that a curve is concave.
EXPONENTS = np.arange(1.0, 4.005, 0.01)
# Deviation of the logarithms of a part's loss and exponent from the common ones.
APART_RATIO = 0.3
# Logarithms of a part's loss over the common one that are tried.
APART = np.arange(-1.0, 1.005, 0.01)
# Scatter of published points of one part about its curve.
POINT_NOISE_FRAC = 0.02
# By how much a loss in a file may be off: it has so many digits.
ROUNDED_RATIO = 5e-4
_PASSES = 500


def fit_curve(
    power_frac: ArrayLike, low_frac: ArrayLike, high_frac: ArrayLike, weight_ratio: ArrayLike, *, least_frac: float
) -> watts.PowerCurve:
    """The curve of least squared distance to published ranges of performance, weighted; exponents of `EXPONENTS`.

    For each exponent the loss is found by replacing every range with its point next to the curve and solving the
    least squares in closed form, until nothing moves [1].

    power_frac: power of each point, below 1. low_frac, high_frac: its published performance, equal for a single value.
    """
    saved = (1 - air.check("power_frac", power_frac, air.SHARE)) ** EXPONENTS[:, None]
    low, high = air.check("low_frac", low_frac, air.SHARE), air.check("high_frac", high_frac, air.SHARE)
    weight = np.asarray(weight_ratio, dtype=float)
    scale = (weight * saved**2).sum(axis=1)
    target = np.broadcast_to((low + high) / 2, saved.shape)
    loss = np.zeros_like(EXPONENTS)
    for _ in range(_PASSES):
        loss = (weight * saved * (1 - target)).sum(axis=1) / scale
        target = np.clip(1 - loss[:, None] * saved, low, high)
    error = (weight * (1 - loss[:, None] * saved - target) ** 2).sum(axis=1)
    best = int(np.argmin(error))
    return watts.PowerCurve(loss_ratio=float(loss[best]), exponent_ratio=float(EXPONENTS[best]), least_frac=least_frac)


def fit_curve_near(
    common: watts.PowerCurve, power_frac: ArrayLike, low_frac: ArrayLike, high_frac: ArrayLike, *, noise_frac: float
) -> watts.PowerCurve:
    """The curve of one kind of part, drawn to a common one: squares of distances over `noise_frac`, and of logarithms.

    The logarithms of loss and exponent leave those of the common curve with deviations of `APART_RATIO`; the best of a
    grid is taken. power_frac, low_frac, high_frac: the points of the part as in `fit_curve`.
    """
    power = air.check("power_frac", power_frac, air.SHARE)
    low, high = air.check("low_frac", low_frac, air.SHARE), air.check("high_frac", high_frac, air.SHARE)
    steps, exponents = APART[:, None, None], EXPONENTS[None, :, None]
    losses = common.loss_ratio * np.exp(steps)
    left = 1 - losses * (1 - power) ** exponents
    error = (((left - np.clip(left, low, high)) / noise_frac) ** 2).sum(axis=-1)
    away = (steps[..., 0] ** 2 + np.log(exponents[..., 0] / common.exponent_ratio) ** 2) / APART_RATIO**2
    lawful = losses[..., 0] * (1 - common.least_frac) ** exponents[..., 0] <= 1
    first, second = np.unravel_index(int(np.argmin(np.where(lawful, error + away, np.inf))), error.shape)
    return watts.PowerCurve(
        loss_ratio=float(losses[first, 0, 0]),
        exponent_ratio=float(EXPONENTS[second]),
        least_frac=common.least_frac,
    )


def refit_power_curve(record: records.PowerCurve) -> watts.PowerCurve:
    """The curve through the points of a record that are marked as fitted; every source counts alike.

    A published range is met by any value in it.
    """
    points = [(point, record.evidence[f"points.{n}.performance_frac"]) for n, point in enumerate(record.points)]
    fitted = [(point, evidence) for point, evidence in points if point.fitted]
    sources = [evidence.source for _, evidence in fitted]
    shared = Counter(sources)
    return fit_curve(
        [point.power_frac for point, _ in fitted],
        [point.performance_frac if evidence.low is None else evidence.low for point, evidence in fitted],
        [point.performance_frac if evidence.high is None else evidence.high for point, evidence in fitted],
        [1 / shared[source] for source in sources],
        least_frac=record.least_frac,
    )


def refit_part_curves(record: records.PowerCurve) -> dict[str, watts.PowerCurve]:
    """The curve of every part with fitted points, drawn to the common one of the record."""
    points = [(point, record.evidence[f"points.{n}.performance_frac"]) for n, point in enumerate(record.points)]
    fitted = [(point, evidence) for point, evidence in points if point.fitted and point.part]
    found = {}
    for part in sorted({point.part for point, _ in fitted}):
        own = [(point, evidence) for point, evidence in fitted if point.part == part]
        found[part] = fit_curve_near(
            to_watts.power_curve_of(record),
            [point.power_frac for point, _ in own],
            [point.performance_frac if evidence.low is None else evidence.low for point, evidence in own],
            [point.performance_frac if evidence.high is None else evidence.high for point, evidence in own],
            noise_frac=POINT_NOISE_FRAC,
        )
    return found


def curves(name: str) -> Iterator[tuple[str, watts.PowerCurve, watts.PowerCurve]]:
    """The common curve of a class of work and those of parts, by name: as fitted, and as the file has it."""
    record = load.load("power_curves", name)
    yield name, refit_power_curve(record), to_watts.power_curve_of(record)
    for part, found in refit_part_curves(record).items():
        yield f"{name} {part}", found, to_watts.power_curve_of(record, part)


def same(found: watts.PowerCurve, stated: watts.PowerCurve) -> bool:
    """Whether a file has a curve as it is fitted, to the digits of the file."""
    return bool(
        np.isclose(found.exponent_ratio, stated.exponent_ratio)
        and abs(found.loss_ratio - stated.loss_ratio) <= ROUNDED_RATIO
    )


def main() -> int:
    """0 where every file has what its points give."""
    every = [entry for name in load.ids("power_curves") for entry in curves(name)]
    for name, found, stated in every:
        said = "" if same(found, stated) else f", but the file {stated.loss_ratio:.3f} and {stated.exponent_ratio:.2f}"
        print(f"{name}: loss {found.loss_ratio:.3f}, exponent {found.exponent_ratio:.2f}{said}")
    return int(not all(same(found, stated) for _, found, stated in every))


if __name__ == "__main__":
    sys.exit(main())
