"""Fit how much of a whole training run its steps explain; write catalog/calibrations/runs/as-of-2026.toml.

    python tools/fit_runs.py [FILE] [--check] [--out FILE]

FILE has the columns of `catalog/measurements/runs.csv` (default: that file). With y the logarithm of stated over bare
GPU-hours (steps and interruptions as `predict training` has them) and h that of the bare hours about their mean,

    y = a - k·h,    share of a run of middle size = exp(-a), and it grows with the power k of the hours

by penalised least squares, large residuals weighed down [1]: nine runs hold two numbers only together with a prior.
The scatter is that of runs that a refit had not seen, shrunk towards its prior, without the part that the band of the
rate of steps has already. It takes seconds, and has to be run after every change of the calibration of steps: `--check`
writes nothing, and ends with 1 where the file in the catalog is not what today's steps give.

References
----------
[1] P. J. Huber, "Robust estimation of a location parameter", 1964, doi:10.1214/aoms/1177703732, in its smooth form
    2·(sqrt(1 + r²) - 1).
[2] Student, "The probable error of a mean", Biometrika 6(1), 1908, doi:10.1093/biomet/6.1.1.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import t as student

from gigawatt.catalog.load import get
from gigawatt.catalog.records import RunCalibration
from gigawatt.ndarrays import Floats
from gigawatt.readers.whole_run_rows import read_whole_run_rows
from gigawatt.study.predict.band import DECILE_RATIO
from gigawatt.study.predict.training_whole_run import CALIBRATION, gpu_h_of
from gigawatt.study.validate.runs import MeasuredRun, read_measured
from gigawatt.study.validate.score import shipped

OUT = Path(__file__).parents[1] / f"src/gigawatt/catalog/calibrations/runs/{CALIBRATION}.toml"

# Loss in the middle, and the power of size: prior value and deviation. What operators tell of the time that their
# largest runs made good use of (90 % and more, without ramps and work done again) is the prior of the loss.
LOSS, GROWTH = (0.2, 0.3), (0.0, 0.1)
# Prior scatter of runs, which weighs as much as so many of them; and the residual from which a run weighs less.
SCATTER, SCATTER_COUNT = 0.3, 3.0
HIGH_FRAC = 0.9
ROUNDS = 50
DIGITS = 4
# What of the file may differ from a fit to today's steps.
TOLERANCE = 2e-3


@dataclass(frozen=True)
class Fit:
    """Loss and power, and what the bare hours of the fitted runs were: the middle, and the ends."""

    loss: float
    growth: float
    middle_h: float
    least_h: float
    most_h: float


def fit(runs: Sequence[MeasuredRun]) -> Fit:
    """Loss and power of least penalised error."""
    size = np.log([run.bare_h for run in runs])
    slopes = np.column_stack([np.ones(len(runs)), -(size - size.mean())])
    stated = np.log([run.row.package_hours_count for run in runs]) - size
    prior, deviations = np.array([LOSS, GROWTH]).T
    unknowns, weights = prior, np.ones(len(runs))
    for _ in range(ROUNDS):
        curvature = (slopes.T * weights) @ slopes / SCATTER**2 + np.diag(deviations**-2)
        unknowns = np.linalg.solve(curvature, slopes.T @ (weights * stated) / SCATTER**2 + prior / deviations**2)
        weights = 1 / np.sqrt(1 + ((stated - slopes @ unknowns) / SCATTER) ** 2)
    return Fit(
        loss=float(unknowns[0]),
        growth=max(float(unknowns[1]), 0.0),
        middle_h=float(np.exp(size.mean())),
        least_h=float(np.exp(size.min())),
        most_h=float(np.exp(size.max())),
    )


def calibration_of(found: Fit, deviation: float, left_out: Floats, inside: Floats) -> RunCalibration:
    """The calibration, to the digits of its file. left_out: logarithm of predicted over stated hours."""
    return RunCalibration(
        id=CALIBRATION,
        explained_frac=digits(min(np.exp(-found.loss), 1.0)),
        growth_ratio=digits(found.growth),
        middle_package_hours_count=digits(found.middle_h),
        least_package_hours_count=digits(found.least_h),
        most_package_hours_count=digits(found.most_h),
        deviation_ratio=digits(deviation),
        left_out_mape_frac=digits(float(np.mean(np.abs(np.expm1(left_out))))) if left_out.size else 0.0,
        left_out_median_ratio=digits(float(np.exp(np.median(left_out)))) if left_out.size else 1.0,
        left_out_band_frac=digits(float(np.mean(inside))) if inside.size else 1.0,
        parameters_count=3,
        rows_count=max(left_out.size, 1),
    )


def finished(runs: Sequence[MeasuredRun]) -> RunCalibration:
    """The calibration of all runs, with what each shows that is predicted from the others alone."""
    nothing = np.array([])
    others = [[other for other in runs if other is not run] for run in runs]
    plain = [calibration_of(fit(rest), 0.0, nothing, nothing) for rest in others]
    errors = np.array(
        [
            np.log(gpu_h_of(run.bare_h, 0.0, known).p50 / run.row.package_hours_count)
            for run, known in zip(runs, plain, strict=True)
        ]
    )
    deviation = scatter(runs, errors)
    whole = np.hypot(deviation, [run.deviation_ratio for run in runs])
    return calibration_of(fit(runs), deviation, errors, np.abs(errors) <= DECILE_RATIO * whole)


def scatter(runs: Sequence[MeasuredRun], errors: Floats) -> float:
    """Deviation of the share: that of the errors shrunk towards its prior, without that of the rate of steps.

    It is widened so that a log-normal band has the tenth and the ninetieth percentile of Student's distribution, which
    few runs call for [2].
    """
    squares = SCATTER_COUNT * SCATTER**2 + np.sum(errors**2)
    few = student.ppf(HIGH_FRAC, SCATTER_COUNT + len(runs) - 1) / DECILE_RATIO
    own = few**2 * squares / (SCATTER_COUNT + len(runs)) - np.mean([run.deviation_ratio**2 for run in runs])
    return float(np.sqrt(max(own, SCATTER**2 / SCATTER_COUNT)))


def digits(value: float) -> float:
    """A number with as many digits as the file has."""
    return float(f"{value:.{DIGITS}g}")


def render(found: RunCalibration, text: str) -> str:
    """The file with new numbers."""
    width = np.exp(DECILE_RATIO * found.deviation_ratio)
    low, high = digits(found.explained_frac / width), digits(min(found.explained_frac * width, 1.0))
    about = (
        f"{found.parameters_count} numbers fitted to the GPU-hours of {found.rows_count} published training runs "
        "(catalog/measurements/runs.csv) by tools/fit_runs.py."
    )
    values = {
        "description": f'"{about}"',
        "explained": f"{{ value = {found.explained_frac:g}, low = {low:g}, high = {high:g} }}",
        "growth": f"{found.growth_ratio:g}",
        "middle_package_hours": f"{found.middle_package_hours_count:g}",
        "least_package_hours": f"{found.least_package_hours_count:g}",
        "most_package_hours": f"{found.most_package_hours_count:g}",
        "deviation": f"{found.deviation_ratio:g}",
        "left_out_mape": f"{found.left_out_mape_frac:g}",
        "left_out_median": f"{found.left_out_median_ratio:g}",
        "left_out_band": f"{found.left_out_band_frac:g}",
        "parameters": f"{found.parameters_count}",
        "rows": f"{found.rows_count}",
    }
    for key, value in values.items():
        text, count = re.subn(rf"^{key} = .*$", lambda _, line=f"{key} = {value}": line, text, flags=re.MULTILINE)
        if count != 1:
            raise ValueError(f"{key} is {count} times in the file")
    return text


def differs(found: RunCalibration, known: RunCalibration) -> list[str]:
    """What of the file is not what today's steps give, in words."""
    names = [name for name in RunCalibration.__dataclass_fields__ if isinstance(getattr(found, name), float | int)]
    pairs = {name: (getattr(known, name), getattr(found, name)) for name in names}
    return [
        f"{name} is {then:g} in the file, {now:g} by a fit to today's steps"
        for name, (then, now) in pairs.items()
        if not np.isclose(then, now, rtol=TOLERANCE, atol=TOLERANCE)
    ]


def report(runs: Sequence[MeasuredRun], found: RunCalibration) -> None:
    """The numbers, and every run as it is predicted with them."""
    print(
        f"a run of {found.middle_package_hours_count:.3g} GPU-hours: {found.explained_frac:.3f} of it steps and "
        f"interruptions, growing by the power {found.growth_ratio:.3f}; deviation {found.deviation_ratio:.3f}"
    )
    for run in runs:
        hours = gpu_h_of(run.bare_h, run.deviation_ratio, found)
        stated = run.row.package_hours_count
        print(
            f"  {run.case.model.id:16s} {hours.p50 / 1e6:7.3f} million GPU-hours (P10 {hours.p10 / 1e6:.3f}, P90 "
            f"{hours.p90 / 1e6:.3f}), stated {stated / 1e6:7.3f}: {hours.p50 / stated:.2f}, "
            f"bare {run.bare_h / stated:.2f}"
        )
    print(
        f"left out one at a time: mean error {found.left_out_mape_frac:.3f}, predicted over stated "
        f"{found.left_out_median_ratio:.2f} in the median, {found.left_out_band_frac:.2f} in the band"
    )


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("file", nargs="?", type=Path, default=shipped("runs"))
    parser.add_argument("--check", action="store_true", help="write nothing; 1 where the catalog's file is another")
    parser.add_argument("--out", type=Path, default=OUT)
    asked = parser.parse_args()
    runs, skipped = read_measured(read_whole_run_rows(asked.file))
    for row in skipped:
        print(f"row {row.line + 2} is not answered: {row.reason}")
    found = finished(runs)
    report(runs, found)
    if asked.check:
        faults = differs(found, get("run_calibrations", CALIBRATION))
        print("\n".join(faults) or "the file in the catalog is this one")
        return int(bool(faults))
    asked.out.write_text(render(found, OUT.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
