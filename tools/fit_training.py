"""Fit the efficiencies of training to measured runs and write catalog/calibrations/training/as-of-2026.toml.

    python tools/fit_training.py [FILE …] [--leave-out] [--out FILE]

A FILE has the columns of `measurements/training.csv` (default: the two of the data folder). Least squares of the
logarithm of tokens per second, by Gauss-Newton with damping: efficiencies as logarithms about a prior, families
(software, architecture, structure) as random effects whose prior deviation shrinks them, large residuals weighed down
[1]. A layout that a row does not give is searched anew between rounds. `--leave-out` predicts every model, part and
source from a fit to all others, offsets and all, and prints the errors of each file; it writes nothing.

References
----------
[1] P. J. Huber, "Robust estimation of a location parameter", 1964, doi:10.1214/aoms/1177703732, in its smooth form
    2·(sqrt(1 + r²) - 1).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gigawatt import units
from gigawatt.catalog import to_tokens
from gigawatt.catalog.load import get
from gigawatt.catalog.records import ConstantUse, FamilyOffset, Spread, TrainingCalibration, TrainingEngine
from gigawatt.ndarrays import Floats
from gigawatt.readers.training_rows import read_training_rows
from gigawatt.study.predict.band import DECILE_RATIO
from gigawatt.study.predict.training_band import baseline_names
from gigawatt.study.predict.training_cases import CaseTable, fastest_layouts, tokens_per_s
from gigawatt.study.validate.training import Measured, read_measured, table
from gigawatt.tokens.train.records import Layout

DATA = Path(os.environ.get("GIGAWATT_DATA", "../shared")) / "measurements"
FILES = (DATA / "training.csv", DATA / "training-2026.csv")
CALIBRATION = "as-of-2026"
OUT = Path(__file__).parents[1] / f"src/gigawatt/catalog/calibrations/training/{CALIBRATION}.toml"

# Efficiency → prior value and prior deviation of its logarithm (of its logit for a share that may near 1).
PRIORS = {
    "gemm_frac": (0.6, 0.15),
    "fp8_gemm_frac": (0.6, 0.2),
    "mxfp8_gemm_frac": (0.55, 0.2),
    "fp4_gemm_frac": (0.4, 0.3),
    "power_exponent_ratio": (0.15, 0.7),
    "half_width_count": (1000.0, 1.0),
    "tile_count": (100.0, 0.7),
    "uneven_ratio": (0.1, 1.0),
    "attention_frac": (0.5, 0.3),
    "attention_exponent_ratio": (0.8, 0.25),
    "context_waste_ratio": (0.1, 0.7),
    "network_frac": (0.7, 0.3),
    "congestion_ratio": (0.05, 1.0),
    "hop_latency_s": (1e-5, 0.7),
    "gradient_bytes": (2.8, 0.25),
    "overlap_frac": (0.6, 1.0),
    "activation_passes_ratio": (10.0, 0.5),
    "expert_passes_ratio": (10.0, 0.5),
    "block_latency_s": (2e-4, 0.5),
    "expert_latency_s": (5e-4, 1.0),
    "step_latency_s": (3e-2, 0.5),
    "latency_growth_per_year": (1.0, 1.0),
}
LOGITS = ("overlap_frac",)
# Prior deviation of what a family multiplies times by, and of what a software multiplies attention by.
FAMILY_DEVIATION = 0.1
ATTENTION_DEVIATION = 0.6
# Residual beyond which a row weighs less.
SCALE = 0.05
# Power with which the weight of a row falls with the number of those that are like it.
WEIGHT_POWER = 0.5
ROUNDS, STEPS, TRIES = 3, 12, 8
DIFFERENCE = 1e-4
# Share of rows that lie between P10 and P90.
BAND_FRAC = 0.8
SPREAD_LEAST_COUNT = 6
DIGITS = 5


@dataclass(frozen=True)
class Problem:
    """Measured rows side by side; members (row, family) is 1 where a row belongs to a family."""

    rows: tuple[Measured, ...]
    table: CaseTable
    families: tuple[tuple[str, str], ...]
    members: Floats
    engines: tuple[str, ...]
    measured: Floats
    weights: Floats
    files: tuple[str, ...]


def problem(rows: Sequence[Measured], table: CaseTable, files: Sequence[str]) -> Problem:
    """The rows with their families; rows of one software, model and part share a weight that grows as their root."""
    alike = [(row.case.engine or row.row.source, row.case.model.id, row.case.accelerator.id) for row in rows]
    counts = Counter(alike)
    names = sorted({pair for row in rows for pair in families(row)})
    return Problem(
        rows=tuple(rows),
        table=table,
        families=tuple(names),
        members=np.array([[float(pair in families(row)) for pair in names] for row in rows]),
        engines=tuple(sorted({row.case.engine for row in rows if row.case.engine})),
        measured=np.array([row.tokens_per_s for row in rows]),
        weights=np.array([counts[one] ** -WEIGHT_POWER for one in alike]),
        files=tuple(files),
    )


def families(row: Measured) -> list[tuple[str, str]]:
    """The families of a row whose times have something in common."""
    case = row.case
    return [
        *([("engine", case.engine)] if case.engine else []),
        ("architecture", case.accelerator.architecture),
        ("structure", network := to_tokens.training_structure(case.model)),
        ("format", f"{case.accelerator.architecture} {case.precision}"),
        *([("engine_structure", f"{case.engine} {network}")] if case.engine else []),
    ]


def start(found: Problem) -> tuple[Floats, Floats]:
    """Prior values of all unknowns, transformed, and their prior deviations; attention and families follow the rest."""
    values = [np.log(value / (1 - value)) if name in LOGITS else np.log(value) for name, (value, _) in PRIORS.items()]
    deviations = [deviation for _, deviation in PRIORS.values()]
    values += [0.0] * (len(found.engines) + len(found.families))
    deviations += [ATTENTION_DEVIATION] * len(found.engines) + [FAMILY_DEVIATION] * len(found.families)
    return np.array(values), np.array(deviations)


def calibration_of(found: Problem, unknowns: Floats, base: TrainingCalibration) -> TrainingCalibration:
    """The calibration that the unknowns stand for."""
    plain = dict(zip(PRIORS, unknowns[: len(PRIORS)], strict=True))
    values = {name: float(1 / (1 + np.exp(-x)) if name in LOGITS else np.exp(x)) for name, x in plain.items()}
    attention = dict(zip(found.engines, np.exp(unknowns[len(PRIORS) :]), strict=False))
    ratios = dict(zip(found.families, np.exp(unknowns[len(PRIORS) + len(found.engines) :]), strict=True))
    counts = dict(zip(found.families, found.members.sum(axis=0).astype(int), strict=True))

    def engine(entry: TrainingEngine) -> TrainingEngine:
        family = ("engine", entry.name)
        return replace(
            entry,
            attention_ratio=float(attention.get(entry.name, 1.0)),
            time_ratio=float(ratios.get(family, 1.0)),
            rows_count=int(counts.get(family, 0)),
        )

    offsets = [
        FamilyOffset(family=family, name=name, time_ratio=float(ratio), rows_count=int(counts[family, name]))
        for (family, name), ratio in ratios.items()
        if family != "engine"
    ]
    return replace(base, **values, engines=tuple(engine(entry) for entry in base.engines), offsets=tuple(offsets))


def fit(found: Problem, keep: NDArray[np.bool_], base: TrainingCalibration, begin: Floats | None = None) -> Floats:
    """Unknowns of least penalised error over the rows to keep."""
    prior, deviations = start(found)
    unknowns = prior if begin is None else begin
    for _ in range(ROUNDS if begin is None else 1):
        layout, _ = fastest_layouts(found.table, calibration_of(found, unknowns, base))

        def errors(values: Floats, layout: Layout = layout) -> Floats:
            rates = tokens_per_s(found.table, calibration_of(found, values, base), layout)
            return np.asarray(np.log(rates / found.measured) / SCALE)[keep]

        start_at = Prior(prior, deviations)
        unknowns = descend(errors, unknowns, start_at, found.members[keep] / SCALE, found.weights[keep])
    return unknowns


@dataclass(frozen=True)
class Prior:
    """Values that unknowns have without data, and how far they are believed to lie from them."""

    values: Floats
    deviations: Floats


def descend(
    errors: Callable[[Floats], Floats], unknowns: Floats, prior: Prior, members: Floats, row_weights: Floats
) -> Floats:
    """Damped Gauss-Newton steps on the smooth absolute error and the penalty; families enter the error linearly."""

    def cost(values: Floats, error: Floats) -> float:
        loss = 2 * np.sum(row_weights * (np.sqrt(1 + error**2) - 1))
        return float(loss + np.sum(((values - prior.values) / prior.deviations) ** 2))

    error = errors(unknowns)
    now, damping = cost(unknowns, error), 1e-3
    for _ in range(STEPS):
        slopes = _slopes(errors, unknowns, error, members)
        weights = row_weights / np.sqrt(1 + error**2)
        gradient = slopes.T @ (weights * error) + (unknowns - prior.values) / prior.deviations**2
        curvature = slopes.T @ (weights[:, None] * slopes) + np.diag(prior.deviations**-2)
        for _ in range(TRIES):
            move = np.linalg.solve(curvature + damping * np.diag(np.diag(curvature)), gradient)
            trial = unknowns - move
            trial_error = errors(trial)
            then = cost(trial, trial_error)
            if then < now:
                break
            damping *= 4
        else:
            break
        done = now - then < 1e-5 * now
        unknowns, error, now, damping = trial, trial_error, then, damping / 4
        if done:
            break
    return unknowns


def _slopes(errors: Callable[[Floats], Floats], unknowns: Floats, error: Floats, members: Floats) -> Floats:
    """Derivatives of the errors: by differences, but for the families, which a row is slower by as it stands."""
    slopes = np.empty((error.size, unknowns.size))
    bent = unknowns.size - members.shape[1]
    for place in range(bent):
        moved = unknowns.copy()
        moved[place] += DIFFERENCE
        slopes[:, place] = (errors(moved) - error) / DIFFERENCE
    slopes[:, bent:] = -members
    return slopes


def finished(found: Problem, unknowns: Floats, base: TrainingCalibration) -> TrainingCalibration:
    """The calibration with what follows from the fitted rows: scatter by family, baseline, and how far they reach."""
    fitted = rounded(calibration_of(found, unknowns, base))
    layout, _ = fastest_layouts(found.table, fitted)
    error = np.abs(np.log(tokens_per_s(found.table, fitted, layout) / found.measured))
    cases = [row.case for row in found.rows]
    networks = [to_tokens.training_structure(case.model) for case in cases]
    names = [[f"{case.engine} {network}", network, "all"] for case, network in zip(cases, networks, strict=True)]
    uses = [row.tokens_per_s * row.token_flop / row.case.peak_flops for row in found.rows]
    formats = [baseline_names(case) for case in cases]
    return replace(
        fitted,
        most_packages_count=max(case.packages_count for case in cases),
        most_params_count=digits(max(case.model.total_params_count for case in cases)),
        parameters_count=unknowns.size,
        rows_count=len(cases),
        spreads=tuple(
            Spread(
                name=name,
                deviation_ratio=digits(float(np.quantile(error[place], BAND_FRAC)) / DECILE_RATIO),
                rows_count=len(place),
            )
            for name, place in grouped(names).items()
            if len(place) >= SPREAD_LEAST_COUNT and name.strip() == name
        ),
        baselines=tuple(
            ConstantUse(name=name, mfu_frac=digits(float(np.median(np.array(uses)[place]))), rows_count=len(place))
            for name, place in grouped(formats).items()
        ),
    )


def grouped(names: Sequence[Sequence[str]]) -> dict[str, list[int]]:
    """Name → places of the rows that bear it, by name."""
    places: dict[str, list[int]] = {}
    for place, several in enumerate(names):
        for name in dict.fromkeys(several):
            places.setdefault(name, []).append(place)
    return dict(sorted(places.items()))


def digits(value: float) -> float:
    """A number with as many digits as the file has."""
    return float(f"{value:.{DIGITS}g}")


def rounded(fitted: TrainingCalibration) -> TrainingCalibration:
    """The calibration as the file will tell it."""
    plain = {name: digits(getattr(fitted, name)) for name in PRIORS}
    engines = [
        replace(entry, attention_ratio=digits(entry.attention_ratio), time_ratio=digits(entry.time_ratio))
        for entry in fitted.engines
    ]
    offsets = [replace(entry, time_ratio=digits(entry.time_ratio)) for entry in fitted.offsets]
    return replace(fitted, **plain, engines=tuple(engines), offsets=tuple(offsets))


def render(fitted: TrainingCalibration, text: str, sources: Counter[str]) -> str:
    """The file: its head with the new numbers, then the tables of families, then its sources as they are."""
    head, _, rest = text.partition("\n[[engines]]")
    marks = "\n[sources."
    for name in PRIORS:
        key, suffix = units.split(name)
        unit = {"s": " s", "per_year": " /year", "bytes": " B"}.get(suffix, "")
        value = f"{getattr(fitted, name):.{DIGITS}g}"
        head = replaced(head, key, f'"{value}{unit}"' if unit else value)
    for name in ("most_packages_count", "most_params_count", "parameters_count", "rows_count"):
        head = replaced(head, units.split(name)[0], f"{getattr(fitted, name):g}")
    rows = ", ".join(f"{count} of {name}" for name, count in sorted(sources.items()))
    about = f"{fitted.parameters_count} numbers fitted to {fitted.rows_count} measured runs ({rows})"
    head = replaced(head, "description", f'"{about} by tools/fit_training.py."')
    tables = [
        *[("engines", entry) for entry in fitted.engines],
        *[("offsets", entry) for entry in fitted.offsets],
        *[("spreads", entry) for entry in fitted.spreads],
        *[("baselines", entry) for entry in fitted.baselines],
    ]
    body = "\n".join(f"[[{name}]]\n{pairs(entry)}" for name, entry in tables)
    return f"{head}\n{body}{marks}{rest.partition(marks)[2]}"


def replaced(text: str, key: str, value: str) -> str:
    """The text with one key set anew."""
    changed, count = re.subn(rf"^{key} = .*$", lambda _: f"{key} = {value}", text, flags=re.MULTILINE)
    if count != 1:
        raise ValueError(f"{key} is {count} times in the file")
    return changed


def pairs(entry: object) -> str:
    """A record as keys and values; what is at its default is left out."""
    lines = []
    for item in fields(entry):  # type: ignore[arg-type]
        value, (key, suffix) = getattr(entry, item.name), units.split(item.name)
        if value == item.default:
            continue
        if isinstance(value, bool):
            text = str(value).lower()
        elif isinstance(value, tuple):
            text = json.dumps(list(value))
        elif isinstance(value, str):
            text = json.dumps(value)
        else:
            text = f'"{value:g} tokens"' if suffix == "tokens" else f"{value:g}"
        lines.append(f"{key} = {text}")
    return "\n".join(lines) + "\n"


def leave_out(found: Problem, best: Floats, base: TrainingCalibration, name: Callable[[Measured], str]) -> Floats:
    """Errors of every row, predicted by a fit to the rows of all other models (or parts)."""
    names = [name(row) for row in found.rows]
    errors = np.zeros(len(names))
    for one in sorted(set(names)):
        own = np.array([other == one for other in names])
        fitted = calibration_of(found, fit(found, ~own, base, best), base)
        layout, _ = fastest_layouts(found.table, fitted)
        errors[own] = (tokens_per_s(found.table, fitted, layout) / found.measured - 1)[own]
    return errors


def report(title: str, names: Sequence[str], errors: Floats) -> None:
    """Mean errors, and those of each name."""
    print(f"{title}: MAPE {np.mean(np.abs(errors)):.4f}, median {np.median(np.abs(errors)):.4f}, {errors.size} rows")
    for name, place in grouped([[name] for name in names]).items():
        part = errors[place]
        print(f"  {name:32s} {len(place):4d} rows  mean {np.mean(np.abs(part)):.3f}  bias {np.mean(part):+.3f}")


def load(paths: Sequence[Path]) -> tuple[Problem, TrainingCalibration]:
    """The rows of files that can be answered and are of steps, and the calibration as it is."""
    base = get("training_calibrations", CALIBRATION)
    rows: list[Measured] = []
    files: list[str] = []
    for path in paths:
        answered, _ = read_measured(read_training_rows(path), base)
        of_steps = [row for row in answered if not row.whole_run]
        rows += of_steps
        files += [path.name] * len(of_steps)
    return problem(rows, table(rows), files), base


def report_left_out(found: Problem, best: Floats, base: TrainingCalibration) -> None:
    """Errors of every file with each model, part and source left out."""
    own: dict[str, Callable[[Measured], str]] = {
        "model": lambda row: row.case.model.id,
        "gpu": lambda row: row.case.accelerator.id,
        "source": lambda row: row.case.engine or row.row.source,
    }
    for what, name in own.items():
        errors = leave_out(found, best, base, name)
        for file in dict.fromkeys(found.files):
            place = np.array([other == file for other in found.files])
            names = [name(row) for row, here in zip(found.rows, place, strict=True) if here]
            report(f"{file}, each {what} left out", names, errors[place])


def main(arguments: Sequence[str]) -> int:
    """Fit, report and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, default=FILES)
    parser.add_argument("--leave-out", action="store_true")
    parser.add_argument("--out", type=Path, default=OUT)
    asked = parser.parse_args(arguments)
    found, base = load(asked.files)
    best = fit(found, np.ones(len(found.rows), dtype=bool), base)
    new = finished(found, best, base)
    layout, _ = fastest_layouts(found.table, new)
    errors = tokens_per_s(found.table, new, layout) / found.measured - 1
    kinds = [f"{row.case.engine} {to_tokens.training_structure(row.case.model)}" for row in found.rows]
    for file in dict.fromkeys(found.files):
        place = np.array([other == file for other in found.files])
        report(f"{file}, fitted", [kind for kind, here in zip(kinds, place, strict=True) if here], errors[place])
    if asked.leave_out:
        report_left_out(found, best, base)
        return 0
    sources = Counter(row.case.engine or row.row.source for row in found.rows)
    asked.out.write_text(render(new, OUT.read_text(encoding="utf-8"), sources), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
