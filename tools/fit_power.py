"""Fit the power of packages that serve to measured rows and write its catalog file.

    python tools/fit_power.py energy.csv            fit, write the file, print the errors
    python tools/fit_power.py energy.csv --check    fit, and fail where the file says something else

Utilisations are those at the measured rate, so that errors of throughput stay out of the fit. Shares are fitted by
ridge regression on relative errors: those of each architecture are drawn to a common mean, and the mean to a prior, and
none is below 0. Rows that the model has at the limit tell no more. `NOISE` is far above the scatter of a row, because
the rows of one model share their errors. The exponent of `EXPONENTS` has the least error on left-out models.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gigawatt import tokens, units
from gigawatt.catalog import load, records
from gigawatt.ndarrays import Floats
from gigawatt.readers.energy_rows import read_energy_rows
from gigawatt.study.predict.band import DECILE_RATIO
from gigawatt.study.validate.disaggregated_cases import best_entries
from gigawatt.study.validate.energy import POWER
from gigawatt.study.validate.energy_cases import (
    EnergyCase,
    energy_cases,
    own_rates,
    power_fracs,
    questions_of,
    utilisations,
)
from gigawatt.study.validate.inference import CALIBRATION

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / f"src/gigawatt/catalog/calibrations/power/{POWER}.toml"

# Share → prior middle and deviation of the mean, and deviation of an architecture from the mean.
PRIORS: dict[str, tuple[float, float, float]] = {
    "idle_frac": (0.15, 0.03, 0.02),
    "compute_ratio": (1.0, 0.7, 0.3),
    "memory_ratio": (0.5, 0.5, 0.2),
    "network_ratio": (0.3, 0.5, 0.2),
}
EXPONENTS = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4)
NOISE = 0.3
# Rounds after which rows at the limit no longer change.
ROUNDS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Cases with the utilisation of their parts at the measured rate, and their measured power over the limit."""

    cases: tuple[EnergyCase, ...]
    use: tokens.Utilisation
    measured: Floats

    def only(self, rows: NDArray[np.bool_]) -> Problem:
        """Some of the rows."""
        kept = np.flatnonzero(rows)
        return Problem(
            cases=tuple(self.cases[n] for n in kept), use=tokens.take(self.use, kept), measured=self.measured[kept]
        )


def problem(path: Path) -> Problem:
    """The rows of a file that tell a rate."""
    found, _ = energy_cases(read_energy_rows(path))
    cases = tuple(case for case in found if case.row.tokens_per_s)
    asked = questions_of(cases, load.load("inference_calibrations", CALIBRATION))
    rates = np.array([(case.row.tokens_per_s or 0.0) / case.row.packages_count for case in cases])
    limit_w = np.array([case.accelerator.tdp_w for case in cases], dtype=float)
    measured = np.array([case.measured for case in cases]) * rates / limit_w
    use = utilisations(asked, best_entries(own_rates(asked), asked.own, asked.first), rates)
    return Problem(cases=cases, use=use, measured=measured)


def architectures(cases: Sequence[EnergyCase]) -> list[str]:
    """The architectures of cases, sorted."""
    return sorted({case.accelerator.architecture for case in cases})


def fit(task: Problem, exponent: float) -> records.PowerCalibration:
    """The calibration of one exponent: shares of each architecture and their mean."""
    names, size = architectures(task.cases), len(PRIORS)
    parts = [np.asarray(getattr(task.use, f"{part}_frac"), dtype=float) for part in ("compute", "memory", "network")]
    plain = np.stack([np.ones(len(task.cases)), *(part**exponent for part in parts)], axis=1)
    which = np.array([names.index(case.accelerator.architecture) for case in task.cases])
    design = np.zeros((len(task.cases), size * (len(names) + 1)))
    for n in range(len(names)):
        design[which == n, size * (n + 1) : size * (n + 2)] = plain[which == n]
    left, right = _priors(len(names))
    within = np.ones(len(task.cases), dtype=bool)
    for _ in range(ROUNDS):
        scale = 1 / task.measured[within] / NOISE
        rows = design[within] * scale[:, None]
        values = _not_negative(np.vstack([rows, left]), np.concatenate([np.full(len(rows), 1 / NOISE), right]))
        within = design @ values < 1
    return _calibration(task, names, exponent, values.reshape(-1, size))


def _not_negative(left: Floats, right: Floats) -> Floats:
    """Least squares with values of at least 0: what comes out below, the lowest first, is held at 0."""
    free = np.ones(left.shape[1], dtype=bool)
    values = np.zeros(left.shape[1])
    while True:
        values[free] = np.linalg.lstsq(left[:, free], right, rcond=None)[0]
        if values.min() >= 0:
            return values
        free[int(np.argmin(values))] = False
        values[:] = 0.0


def _priors(count: int) -> tuple[Floats, Floats]:
    """What the priors add to the least squares: the mean to its middle, every architecture to the mean."""
    size = len(PRIORS)
    middle, wide, apart = (np.array(column) for column in zip(*PRIORS.values(), strict=True))
    left = np.zeros((size * (count + 1), size * (count + 1)))
    left[:size, :size] = np.diag(1 / wide)
    for n in range(1, count + 1):
        rows = slice(size * n, size * (n + 1))
        left[rows, :size], left[rows, rows] = -np.diag(1 / apart), np.diag(1 / apart)
    return left, np.concatenate([middle / wide, np.zeros(size * count)])


def _calibration(task: Problem, names: Sequence[str], exponent: float, values: Floats) -> records.PowerCalibration:
    counts = [sum(case.accelerator.architecture == name for case in task.cases) for name in names]
    shares = [dict(zip(PRIORS, map(float, row), strict=True)) for row in values]
    return records.PowerCalibration(
        id=POWER,
        exponent_ratio=exponent,
        **shares[0],
        others_frac=0.4,
        deviation_ratio=1.0,
        extrapolation_ratio=0.0,
        left_out_model_mape_frac=0.0,
        left_out_gpu_mape_frac=0.0,
        parameters_count=values.size + 1,
        rows_count=len(task.cases),
        architectures=tuple(
            records.ArchitecturePower(architecture=name, rows_count=count, **own)
            for name, count, own in zip(names, counts, shares[1:], strict=True)
        ),
    )


def log_errors(task: Problem, calibration: records.PowerCalibration) -> Floats:
    """Logarithm of modelled over measured power."""
    found: Floats = np.log(power_fracs(task.cases, task.use, calibration)[0] / task.measured)
    return found


def left_out(task: Problem, groups: Sequence[str], exponent: float) -> Floats:
    """Log errors of every row by a fit that has not seen its group."""
    names, found = np.array(groups), np.empty(len(groups))
    for name in sorted(set(groups)):
        test = names == name
        found[test] = log_errors(task.only(test), fit(task.only(~test), exponent))
    return found


def finished(task: Problem) -> records.PowerCalibration:
    """The calibration of the best exponent, with the errors on what a refit had not seen; prints all of them."""
    models = [case.model.id for case in task.cases]
    by_exponent = {exponent: left_out(task, models, exponent) for exponent in EXPONENTS}
    for exponent, errors in by_exponent.items():
        print(f"exponent {exponent}: left-out models {shape(errors)}")
    best = min(EXPONENTS, key=lambda exponent: _mape(by_exponent[exponent]))
    found, gpus = fit(task, best), left_out(task, [case.accelerator.id for case in task.cases], best)
    print(f"fitted with exponent {best}: {shape(log_errors(task, found))}")
    for name in architectures(task.cases):
        own = np.array([case.accelerator.architecture == name for case in task.cases])
        print(f"  {name}: left-out models {shape(by_exponent[best][own])}, left-out GPU {shape(gpus[own])}")
    print(f"left-out models: {shape(by_exponent[best])}\nleft-out GPUs: {shape(gpus)}")
    near, far = _deviation(by_exponent[best]), _deviation(gpus)
    return replace(
        found,
        deviation_ratio=near,
        extrapolation_ratio=float(np.sqrt(max(far**2 - near**2, 0.0))),
        left_out_model_mape_frac=_mape(by_exponent[best]),
        left_out_gpu_mape_frac=_mape(gpus),
    )


def _mape(errors: Floats) -> float:
    return float(np.mean(np.abs(np.expm1(errors))))


def _deviation(errors: Floats) -> float:
    """The deviation of a normal law whose middle four fifths hold four fifths of the errors."""
    return float(np.quantile(np.abs(errors), 0.8)) / DECILE_RATIO


def shape(errors: Floats) -> str:
    """Mean and median error, and bias, of log errors in words."""
    plain = np.expm1(errors)
    size = np.abs(plain)
    return f"mean {np.mean(size):.1%}, median {np.median(size):.1%}, bias {np.mean(plain):+.1%} of {len(size)} rows"


DESCRIPTION = (
    "Shares of the power limit that packages draw while they serve, fitted to {rows} measured rows by ridge regression "
    "with shrinkage between architectures. Power is of the packages alone (NVML), utilisation at the measured rate."
)
OTHERS = (
    'others = { value = 0.4, low = 0.25, high = 0.45, grade = "derived", source = "mlperf", note = "servers of eight '
    "B200 draw 9.0, 9.4 and 10.4 kW at the wall under MLPerf Inference, of which the packages have 6.5, 6.8 and 8.0 kW "
    'by this model: 0.38 to 0.42 of the rest of 14.3 kW; 0.25 with Llama 3.1 405B" }'
)


def text_of(calibration: records.PowerCalibration) -> str:
    """The calibration as a catalog file, figures to three digits."""
    lines = [f'description = "{DESCRIPTION.format(rows=calibration.rows_count)}"', "", 'grade = "derived"']
    lines += ['source = "rows"', ""]
    for entry in fields(calibration):
        value = getattr(calibration, entry.name)
        if isinstance(value, int | float):
            lines.append(OTHERS if entry.name == "others_frac" else _line(entry.name, value))
    lines.append("")
    for record in calibration.architectures:
        own = [_line(entry.name, getattr(record, entry.name)) for entry in fields(record)]
        lines += ["[[architectures]]", *own, ""]
    lines += [
        "[sources.rows]",
        'url = "https://github.com/ml-energy/leaderboard/tree/0cd52da"',
        'date = "2025-12"',
        'title = "ML.ENERGY Leaderboard v3: vLLM in steady state on H100 and B200"',
        "",
        "[sources.mlperf]",
        'url = "https://github.com/mlcommons/inference_results_v5.1"',
        'date = "2025-09-09"',
        'title = "MLPerf Inference v5.1 closed, power results of Lenovo: SR680a and SR780a V3 with eight B200"',
    ]
    return "\n".join(lines) + "\n"


def _line(name: str, value: object) -> str:
    return f'{units.split(name)[0]} = "{value}"' if isinstance(value, str) else f"{units.split(name)[0]} = {value:.3g}"


def main(arguments: Sequence[str]) -> int:
    """Fit, print the errors, write or check the file."""
    text = text_of(finished(problem(Path(arguments[0]))))
    if "--check" in arguments:
        return int(TARGET.read_text(encoding="utf-8") != text)
    TARGET.write_text(text, encoding="utf-8")
    print(f"wrote {TARGET.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
