"""Fit the calibration of what users of servers wait for to measured closed loops; print errors on rows left out.

    python tools/fit_serving.py FILES [--check] [--leave-out]

Every run is simulated with prompts at a few speeds, and times in between are interpolated. Fitted are the time that
prompts take over what the calibration of throughput says, and the time in front of the engine, each with a factor for
every family of rows that is drawn to one by a normal prior of its logarithm. Minimised is the size of the errors of
both times, smoothed about nothing; engines and recipes are those of the file, which are published and not fitted.
`--leave-out` also fits without each model, GPU and source. `--check` writes nothing and fails where the file would
change.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from gigawatt import units
from gigawatt.catalog import load, records
from gigawatt.ndarrays import Floats
from gigawatt.study.predict.band import DECILE_RATIO
from gigawatt.study.validate.inference import CALIBRATION
from gigawatt.study.validate.serving import SERVING
from gigawatt.study.validate.serving_cases import LatencyCase, read_serving
from gigawatt.study.validate.serving_runs import LatencyRun, runs_of, simulated

Places = NDArray[np.intp]
ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / f"src/gigawatt/catalog/calibrations/serving/{SERVING}.toml"

# Speeds of prompts that are simulated: their time over that of the tables.
RATIOS = np.array([0.4, 0.6, 0.9, 1.3, 2.0, 3.0, 4.5, 7.0])
# Deviation of the logarithm of a family's factor: on the time of prompts, and in front of the engine.
PREFILL_PRIOR, FRONTEND_PRIOR = 0.4, 0.7
# Errors below this count by their square.
SMOOTH_FRAC = 0.15
FRONTEND_S = 0.012
SEED, FOLDS = 1, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Rows with what the simulator says of them at every speed of prompts [log s], and what was measured [log s].

    place: by row and kind of family, the number of its family; names: the families.
    """

    cases: tuple[LatencyCase, ...]
    runs: tuple[LatencyRun, ...]
    files: tuple[str, ...]
    ttft: Floats
    tpot: Floats
    measured_ttft: Floats
    measured_tpot: Floats
    ttft_limit_s: Floats
    place: Places
    names: tuple[tuple[str, str], ...]


def problem(paths: Sequence[Path], calibration: records.ServingCalibration) -> Problem:
    """The rows of files, simulated."""
    inference = load.load("inference_calibrations", CALIBRATION)
    cases, files = [], []
    for path in paths:
        _, found, _ = read_serving(path)
        cases += found
        files += [path.name] * len(found)
    asked = runs_of(cases, inference, calibration)
    held = [n for n, run in enumerate(asked) if run is not None]
    cases, files = [cases[n] for n in held], [files[n] for n in held]
    runs = [run for run in asked if run is not None]
    times = np.log([[simulated(run, ratio, calibration) for ratio in RATIOS] for run in runs])
    names: dict[tuple[str, str], int] = {}
    place = [[names.setdefault(pair, len(names)) for pair in run.families.items()] for run in runs]
    return Problem(
        cases=tuple(cases),
        runs=tuple(runs),
        files=tuple(files),
        ttft=times[:, :, 0],
        tpot=times[:, :, 1],
        measured_ttft=np.log([case.ttft_s for case in cases]),
        measured_tpot=np.log([case.tpot_s for case in cases]),
        ttft_limit_s=np.array([run.ttft_limit_s for run in runs]),
        place=np.array(place, dtype=np.intp),
        names=tuple(names),
    )


def fit(task: Problem, rows: NDArray[np.bool_]) -> Floats:
    """The fitted logarithms: factors of families on prompts, those in front of the engine, and the two of all rows."""
    count = len(task.names)
    start = np.zeros(2 * count + 2)
    start[-2:] = 0.2, np.log(FRONTEND_S)
    found = start
    for logarithmic in (True, False):
        found = minimize(
            lambda x, kind=logarithmic: _loss(task, rows, x, kind),
            found,
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": 400},
        ).x
    return np.asarray(found)


def predicted(task: Problem, values: Floats) -> tuple[Floats, Floats, tuple[Floats, Floats, Floats]]:
    """Logarithms of both times of every row, and their slopes: by prompts, by the front end, and TPOT by prompts."""
    count = len(task.names)
    at = values[-2] + values[:count][task.place].sum(axis=1)
    front_s = np.exp(values[-1] + values[count : 2 * count][task.place].sum(axis=1))
    ttft, ttft_slope = _between(task.ttft, at)
    tpot, tpot_slope = _between(task.tpot, at)
    whole_s = np.exp(ttft) + front_s
    free = whole_s < task.ttft_limit_s
    slopes = free * np.exp(ttft) / whole_s * ttft_slope, free * front_s / whole_s, tpot_slope
    return np.log(np.minimum(whole_s, task.ttft_limit_s)), tpot, slopes


def _between(table: Floats, at: Floats) -> tuple[Floats, Floats]:
    """A table's values between its speeds, and their slopes."""
    knots = np.log(RATIOS)
    low = np.clip(np.searchsorted(knots, at) - 1, 0, len(knots) - 2)
    row = np.arange(len(at))
    slope = (table[row, low + 1] - table[row, low]) / (knots[low + 1] - knots[low])
    return table[row, low] + slope * (at - knots[low]), slope


def _loss(task: Problem, rows: NDArray[np.bool_], values: Floats, logarithmic: bool) -> tuple[float, Floats]:
    """What is minimised, and its slope."""
    count = len(task.names)
    ttft, tpot, (by_prompt, by_front, tpot_by_prompt) = predicted(task, values)
    first, first_slope = _size(ttft - task.measured_ttft, logarithmic)
    each, each_slope = _size(tpot - task.measured_tpot, logarithmic)
    prompts = rows * (first_slope * by_prompt + each_slope * tpot_by_prompt)
    fronts = rows * first_slope * by_front
    slope = np.concatenate(
        [
            values[:count] / PREFILL_PRIOR**2,
            values[count : 2 * count] / FRONTEND_PRIOR**2,
            [prompts.sum(), fronts.sum()],
        ]
    )
    for kind in range(task.place.shape[1]):
        slope[:count] += np.bincount(task.place[:, kind], prompts, count)
        slope[count : 2 * count] += np.bincount(task.place[:, kind], fronts, count)
    drawn = np.sum((values[:count] / PREFILL_PRIOR) ** 2) + np.sum((values[count : 2 * count] / FRONTEND_PRIOR) ** 2)
    return float((rows * (first + each)).sum() + drawn / 2), slope


def _size(off: Floats, logarithmic: bool) -> tuple[Floats, Floats]:
    """Size of errors, as shares or as logarithms, and its slope by the logarithm."""
    error = off if logarithmic else np.expm1(off)
    size = np.sqrt(error**2 + SMOOTH_FRAC**2)
    return size - SMOOTH_FRAC, error / size * (1.0 if logarithmic else np.exp(off))


def left_out(task: Problem, groups: Sequence[object]) -> tuple[Floats, Floats]:
    """Log errors of both times of every row, by fits that have not seen its group."""
    number = np.unique([str(group) for group in groups], return_inverse=True)[1]
    found = np.empty((2, len(groups)))
    for group in range(int(number.max()) + 1):
        test = number == group
        found[:, test] = _errors(task, fit(task, ~test))[:, test]
    return found[0], found[1]


def _errors(task: Problem, values: Floats) -> Floats:
    ttft, tpot, _ = predicted(task, values)
    return np.stack([ttft - task.measured_ttft, tpot - task.measured_tpot])


def folds(task: Problem, count: int) -> list[int]:
    """A random part of each row; the same measurement twice is in the same part."""
    drawn = np.random.default_rng(SEED)
    part: dict[tuple[object, ...], int] = {}
    found = []
    for case in task.cases:
        key = case.served.row.gpu, case.served.row.engine, case.ttft_s, case.tpot_s
        found.append(part.setdefault(key, int(drawn.integers(count))))
    return found


def finished(task: Problem, shipped: records.ServingCalibration, *, whole: bool) -> records.ServingCalibration:
    """The calibration with the errors on what a fit had not seen; prints them. whole: and without models, GPUs, …"""
    values = fit(task, np.ones(len(task.cases), dtype=bool))
    own = _errors(task, values)
    tests = {"nothing": own, "a fifth of the rows": left_out(task, folds(task, FOLDS))}
    tests["half of the rows"] = left_out(task, folds(task, 2))
    tests["models"] = left_out(task, [case.served.model.id for case in task.cases])
    if whole:
        tests["GPUs"] = left_out(task, [case.served.accelerator.id for case in task.cases])
        tests["sources"] = left_out(task, [re.split(" via | @|@", case.served.row.source)[0] for case in task.cases])
        tests["engines"] = left_out(task, [case.served.row.engine for case in task.cases])
    for name, (first, each) in tests.items():
        print(f"{name} left out: TTFT {shape(first)}; TPOT {shape(each)}")
    near, far = tests["a fifth of the rows"][0], tests["models"][0]
    kept = [one for one in shipped.left_out if not whole and one.name.split(", ")[0] not in tests]
    closed = np.array([case.statistic != "p99" for case in task.cases])
    figures = [
        _left_out(f"{name}, {what}{of}", off[rows])
        for name, both in tests.items()
        for of, rows in (("", np.ones_like(closed)), (" of closed loops", closed))
        for what, off in zip(("TTFT", "TPOT"), both, strict=True)
    ]
    return replace(
        shipped,
        prefill_ratio=float(np.exp(values[-2])),
        frontend_s=float(np.exp(values[-1])),
        extrapolation_ratio=float(np.sqrt(max(_deviation(far) ** 2 - _deviation(near) ** 2, 0.0))),
        parameters_count=values.size,
        rows_count=len(task.cases),
        offsets=_offsets(task, values),
        spreads=_spreads(task, near),
        left_out=(*figures, *kept),
    )


def _left_out(name: str, off: Floats) -> records.LeftOut:
    size = np.abs(np.expm1(off))
    return records.LeftOut(
        name=name, mape_frac=float(np.mean(size)), median_frac=float(np.median(size)), rows_count=len(size)
    )


def _offsets(task: Problem, values: Floats) -> tuple[records.ServingOffset, ...]:
    count = len(task.names)
    rows = np.bincount(task.place.ravel(), minlength=count)
    return tuple(
        records.ServingOffset(
            family=family,
            name=name,
            prefill_ratio=float(np.exp(values[n])),
            frontend_ratio=float(np.exp(values[count + n])),
            rows_count=int(rows[n]),
        )
        for n, (family, name) in sorted(enumerate(task.names), key=lambda item: item[1])
    )


def _spreads(task: Problem, off: Floats) -> tuple[records.Spread, ...]:
    """Deviations by engine with more than a few rows, and of all."""
    engines = np.array([case.served.row.engine for case in task.cases])
    found = [records.Spread(name="all", deviation_ratio=_deviation(off), rows_count=len(off))]
    for name in sorted(set(engines)):
        own = off[engines == name]
        if len(own) > 10 * FOLDS:
            found.append(records.Spread(name=name, deviation_ratio=_deviation(own), rows_count=len(own)))
    return tuple(found)


def _deviation(off: Floats) -> float:
    """The deviation of a normal law whose middle four fifths hold four fifths of the errors."""
    return float(np.quantile(np.abs(off), 0.8)) / DECILE_RATIO


def shape(off: Floats) -> str:
    """Mean and median error, and bias, of log errors in words."""
    plain = np.expm1(off)
    size = np.abs(plain)
    return f"mean {np.mean(size):.1%}, median {np.median(size):.1%}, bias {np.mean(plain):+.1%} of {len(size)} rows"


DESCRIPTION = (
    "From the request simulator to what clients of {rows} measured closed loops and servers waited: the time that "
    "prompts take and that in front of the engine, with factors of families drawn to one by a normal prior. Recipes "
    "are how benchmarks say that they ran engines, and are not fitted."
)
LISTS = ("engines", "recipes", "offsets", "spreads", "left_out")


def text_of(calibration: records.ServingCalibration, kept: str) -> str:
    """The calibration as a catalog file, figures to four digits; kept: what of the file is not fitted, as it stands."""
    lines = [f'description = "{DESCRIPTION.format(rows=f"{calibration.rows_count:,}")}"', "", 'grade = "derived"']
    lines += ['source = "rows"', ""]
    for name in ("prefill_ratio", "frontend_s", "extrapolation_ratio", "parameters_count", "rows_count"):
        lines.append(_line(name, getattr(calibration, name)))
    lines += ["", kept.strip(), ""]
    for name in ("offsets", "spreads", "left_out"):
        for record in getattr(calibration, name):
            lines += [f"[[{name}]]", *(_line(entry.name, getattr(record, entry.name)) for entry in fields(record)), ""]
    return "\n".join(lines).rstrip() + "\n"


def _line(name: str, value: object) -> str:
    key, suffix = units.split(name)
    if isinstance(value, str):
        return f'{key} = "{value}"'
    return (
        f'{key} = "{value:.4g} s"'
        if suffix == "s"
        else f"{key} = {value:.4g}"
        if isinstance(value, float)
        else f"{key} = {value}"
    )


KEPT = re.compile(r"^# What is published and assumed\n.*?(?=^\[\[offsets\]\])", re.DOTALL | re.MULTILINE)


def main(arguments: Sequence[str]) -> int:
    """Fit, print the errors, write or check the file."""
    paths = [Path(each) for each in arguments if not each.startswith("--")]
    shipped: records.ServingCalibration = load.load("serving_calibrations", SERVING)
    found = KEPT.search(TARGET.read_text(encoding="utf-8"))
    kept = found.group() if found else ""
    text = text_of(finished(problem(paths, shipped), shipped, whole="--leave-out" in arguments), kept)
    if "--check" in arguments:
        return int(TARGET.read_text(encoding="utf-8") != text)
    TARGET.write_text(text, encoding="utf-8")
    print(f"wrote {TARGET.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
