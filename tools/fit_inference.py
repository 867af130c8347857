"""Fit the calibration of inference to measured rows and write its catalog file.

    python tools/fit_inference.py FOLDER            fit, write the file, print the errors
    python tools/fit_inference.py FOLDER --check    fit, and fail where the file says something else

FOLDER holds the measured rows: those of `FILES`, and of those of energy what they served. Physical efficiencies, family
offsets and the progress of software by engine and generation are fitted together by Gauss-Newton with reweighting: the
loss is quadratic in small errors of the logarithm and linear in large ones, every physical parameter has a prior in its
logarithm, and every offset is drawn to nothing by a normal prior (shrinkage). `NOISE` is far above the scatter of a
row, because rows of one campaign share their errors. Errors on rows that are left out (every sixth pair of model and
GPU, each model, each GPU, each source) come from fits that never saw them, linear in the logarithm about the whole one.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gigawatt import units
from gigawatt.catalog import records, to_tokens
from gigawatt.catalog.to_tokens import base_engine
from gigawatt.ndarrays import Floats
from gigawatt.readers.energy_rows import read_energy_rows
from gigawatt.readers.inference_rows import read_inference_rows
from gigawatt.study.predict.band import DECILE_RATIO
from gigawatt.study.validate.energy_cases import energy_cases
from gigawatt.study.validate.inference import CALIBRATION, age_years, predict
from gigawatt.study.validate.inference_cases import InferenceCase, cases_of, stacked

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / f"src/gigawatt/catalog/calibrations/inference/{CALIBRATION}.toml"

# Parameter → prior median and deviation of its logarithm.
PRIORS: dict[str, tuple[float, float]] = {
    "bf16_compute_frac": (0.7, 0.7),
    "fp8_compute_frac": (0.5, 0.7),
    "fp4_compute_frac": (0.4, 0.7),
    "unpacked_compute_frac": (0.5, 0.7),
    "expert_compute_ratio": (0.6, 0.4),
    "expert_memory_ratio": (0.8, 0.2),
    "tile_tokens": (16, 0.5),
    "half_width_count": (300, 0.7),
    "power_exponent_ratio": (0.3, 0.5),
    "attention_frac": (0.3, 0.7),
    "decode_attention_frac": (0.3, 0.7),
    "memory_frac": (0.9, 0.15),
    "four_bit_memory_ratio": (0.9, 0.1),
    "network_frac": (0.5, 0.7),
    "serial_frac": (0.1, 1.0),
    "activation_passes_ratio": (3, 0.7),
    "block_latency_s": (5e-5, 0.7),
    "expert_latency_s": (2e-5, 0.7),
    "collective_latency_s": (3e-6, 0.7),
    "hop_latency_s": (1e-6, 1.0),
    "request_overhead_s": (1e-5, 0.7),
    "admission_s": (1e-3, 1.0),
    "host_step_s": (3e-3, 0.5),
    "host_request_s": (2e-5, 0.7),
    "prefill_share_frac": (0.8, 0.2),
    "stall_frac": (0.3, 0.7),
    "reserve_frac": (0.3, 0.7),
    "tuned_compute_ratio": (1.3, 0.4),
    "tuned_overhead_ratio": (0.7, 0.7),
    "tpot_margin_frac": (0.8, 0.2),
    "ttft_margin_ratio": (1.0, 0.5),
    "server_frac": (0.93, 0.05),
    "yearly_time_ratio": (0.8, 0.05),
    # DeepSeek-V4-Flash keeps 77, 38 % of two drafted tokens on random prompts, or 70, 29 % (vllm PR 41044).
    "random_acceptance_frac": (0.74, 0.1),
    "random_kept_ratio": (0.62, 0.1),
    "handover_s": (0.1, 0.7),
    "surge_frac": (0.12, 0.5),
}
STEP_PRIOR = (0.5e-3, 0.7)
FAMILIES = {
    "architecture": 0.1,
    "structure": 0.1,
    "format": 0.1,
    "release": 0.1,
    "model": 0.1,
    "engine_architecture": 0.3,
    "engine_format": 0.3,
    "model_architecture": 0.2,
}
ENGINE_DEVIATION = 0.1
# Deviation of the logarithm of what a year brings to one engine on one generation, about what it brings to all.
STATE_DEVIATION = 0.15
FILES = ("inference.csv", "inference-2026.csv")
ENERGY_FILE = "energy-2026.csv"
BASE_DATE = "2026-09-01"
FOLDS_COUNT = 6
# Rounds of reweighting of a fit that is linear.
ROUNDS_COUNT = 12
NOISE = 0.4
KNEE = 0.1
STEP = 1e-3
MOST_STEPS = 15
# Smallest family that has an offset of its own.
LEAST_ROWS = 1


def start(cases: Sequence[InferenceCase]) -> records.InferenceCalibration:
    """The prior medians, with every family of the cases at a ratio of 1."""
    counts = Counter((family, name) for case in cases for family, name in named(case).items() if name)
    engines = Counter(case.row.engine for case in cases)
    return records.InferenceCalibration(
        id=CALIBRATION,
        **{name: median for name, (median, _) in PRIORS.items()},  # type: ignore[arg-type]
        usable_memory_frac=0.9,
        prefill_tokens=8192,
        output_spread_ratio=2,
        most_requests_count=2048,
        draft_acceptance_frac=0.82,
        draft_kept_ratio=0.84,
        base_date=BASE_DATE,
        unseen_time_ratio=1,
        extrapolation_ratio=0,
        left_out_model_mape_frac=0,
        left_out_gpu_mape_frac=0,
        parameters_count=0,
        rows_count=len(cases),
        engines=tuple(
            records.InferenceEngine(
                name=name,
                tuned=name != base_engine(name),
                step_overhead_s=STEP_PRIOR[0],
                time_ratio=1,
                rows_count=count,
            )
            for name, count in sorted(engines.items())
        ),
        offsets=tuple(
            records.FamilyOffset(family=family, name=name, time_ratio=1, rows_count=count)
            for (family, name), count in sorted(counts.items())
            if family in FAMILIES and count >= LEAST_ROWS
        ),
        states=_states(cases),
        spreads=(),
        left_out=(),
    )


def _states(cases: Sequence[InferenceCase]) -> tuple[records.SoftwareState, ...]:
    """Engines on generations whose rows say when they were measured."""
    dated: dict[str, list[str]] = defaultdict(list)
    for case in cases:
        if case.row.year is not None:
            dated[state_name(case)].append(f"{case.row.measured_date[:7]}-15")
    return tuple(
        records.SoftwareState(name=name, yearly_time_ratio=1, measured_date=max(days), rows_count=len(days))
        for name, days in sorted(dated.items())
    )


def state_name(case: InferenceCase) -> str:
    """The software state that a case is of."""
    return f"{base_engine(case.row.engine)} {case.accelerator.architecture}"


def named(case: InferenceCase) -> dict[str, str]:
    """The families of a case."""
    return to_tokens.families(
        case.accelerator, case.model, case.precision, engine=case.row.engine, release=case.row.release
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is fitted: a calibration to start from, the cases, and the design matrix of their offsets."""

    origin: records.InferenceCalibration
    cases: tuple[InferenceCase, ...]
    bases: tuple[str, ...]
    design: Floats
    predict: Callable[[Floats], Floats]

    @property
    def physical_count(self) -> int:
        """Physical parameters; the offsets follow them."""
        return len(PRIORS) + len(self.bases)


def problem(cases: Sequence[InferenceCase]) -> Problem:
    """The cases as a fit; parameters are logarithms over their priors, then log time ratios of engines and families."""
    origin = start(cases)
    bases = tuple(sorted({base_engine(engine.name) for engine in origin.engines}))
    arrays = stacked(cases)
    columns = [[float(case.row.engine == engine.name) for case in cases] for engine in origin.engines]
    families = [named(case) for case in cases]
    columns += [[float(own.get(offset.family) == offset.name) for own in families] for offset in origin.offsets]
    ages = [age_years(origin, case.row.year) for case in cases]
    for state in origin.states:
        least = to_tokens.years_between(state.measured_date, origin.base_date)
        own = [state_name(case) == state.name for case in cases]
        columns.append([-max(age, least) * mine for age, mine in zip(ages, own, strict=True)])

    def rates(values: Floats) -> Floats:
        return np.log(predict(cases, arrays, calibrated(origin, bases, values)))

    return Problem(origin=origin, cases=tuple(cases), bases=bases, design=np.array(columns).T, predict=rates)


def calibrated(
    origin: records.InferenceCalibration, bases: tuple[str, ...], values: Floats
) -> records.InferenceCalibration:
    """The calibration at a point of the fit."""
    physical = {
        name: median * float(np.exp(value)) for (name, (median, _)), value in zip(PRIORS.items(), values, strict=False)
    }
    steps = {
        base: STEP_PRIOR[0] * float(np.exp(value)) for base, value in zip(bases, values[len(PRIORS) :], strict=False)
    }
    ratios = np.exp(values[len(PRIORS) + len(bases) :])
    count = len(origin.engines)
    engines = tuple(
        replace(engine, step_overhead_s=steps[base_engine(engine.name)], time_ratio=float(ratio))
        for engine, ratio in zip(origin.engines, ratios, strict=False)
    )
    last = count + len(origin.offsets)
    offsets = tuple(
        replace(offset, time_ratio=float(ratio))
        for offset, ratio in zip(origin.offsets, ratios[count:last], strict=True)
    )
    states = tuple(
        replace(state, yearly_time_ratio=float(ratio))
        for state, ratio in zip(origin.states, ratios[last:], strict=True)
    )
    return replace(origin, **physical, engines=engines, offsets=offsets, states=states)  # type: ignore[arg-type]


def deviations(task: Problem) -> Floats:
    """Prior deviation of every parameter."""
    physical = [deviation for _, deviation in PRIORS.values()] + [STEP_PRIOR[1]] * len(task.bases)
    offsets = [ENGINE_DEVIATION] * len(task.origin.engines)
    families = [FAMILIES[offset.family] for offset in task.origin.offsets]
    return np.array(physical + offsets + families + [STATE_DEVIATION] * len(task.origin.states))


def fit(task: Problem, train: NDArray[np.bool_], values: Floats | None = None, steps: int = MOST_STEPS) -> Floats:
    """Parameters that fit the rows in `train`, from the priors or from given values."""
    target = np.log([case.measured for case in task.cases])
    prior = deviations(task)
    point = np.zeros(len(prior)) if values is None else values
    rate = task.predict(point)
    cost, damping = _cost(rate - target, point / prior, train), STEP
    for _ in range(steps):
        slopes = np.hstack([_slopes(task, point, rate), -task.design])[train]
        residual = (rate - target)[train]
        weight = 1 / np.sqrt(1 + (residual / KNEE) ** 2) / NOISE**2
        normal = (slopes * weight[:, None]).T @ slopes + np.diag(1 / prior**2)
        gradient = (slopes * weight[:, None]).T @ residual + point / prior**2
        for _ in range(steps):
            trial = point - np.linalg.solve(normal + damping * np.diag(np.diag(normal)), gradient)
            moved = task.predict(trial)
            worse = _cost(moved - target, trial / prior, train)
            if worse < cost:
                break
            damping *= 4
        else:
            break
        done = cost - worse < STEP * cost
        point, rate, cost, damping = trial, moved, worse, damping / 4
        if done:
            break
    return point


def _cost(residual: Floats, scaled: Floats, train: NDArray[np.bool_]) -> float:
    loss = 2 * KNEE**2 * (np.sqrt(1 + (residual[train] / KNEE) ** 2) - 1)
    return float(np.sum(loss) / NOISE**2 + np.sum(scaled**2))


def _slopes(task: Problem, point: Floats, rate: Floats) -> Floats:
    columns = []
    for place in range(task.physical_count):
        shifted = point.copy()
        shifted[place] += STEP
        columns.append((task.predict(shifted) - rate) / STEP)
    return np.array(columns).T


@dataclass(frozen=True, slots=True, kw_only=True)
class Linear:
    """A fit about its best point: log rates there, and what each parameter does to them."""

    task: Problem
    values: Floats
    rates: Floats
    slopes: Floats

    def left_out(self, groups: Sequence[str]) -> Floats:
        """Log rates of every case by a fit that has not seen its group."""
        names = np.array(groups)
        found = np.empty(len(names))
        for name in sorted(set(groups)):
            test = names == name
            found[test] = self._refitted(~test)[test]
        return found

    def _refitted(self, train: NDArray[np.bool_]) -> Floats:
        """Log rates of all cases by a fit to some, from a point where nothing is known of families."""
        target = np.log([case.measured for case in self.task.cases])
        prior = deviations(self.task)
        point = self.values * (np.arange(len(prior)) < self.task.physical_count)
        for _ in range(ROUNDS_COUNT):
            residual = (self.rates + self.slopes @ (point - self.values) - target)[train]
            weight = 1 / np.sqrt(1 + (residual / KNEE) ** 2) / NOISE**2
            own = self.slopes[train]
            normal = (own * weight[:, None]).T @ own + np.diag(1 / prior**2)
            point = point - np.linalg.solve(normal, (own * weight[:, None]).T @ residual + point / prior**2)
        return np.asarray(self.rates + self.slopes @ (point - self.values))


def linear(task: Problem, values: Floats) -> Linear:
    """A fit, linear about its best point."""
    rates = task.predict(values)
    return Linear(task=task, values=values, rates=rates, slopes=np.hstack([_slopes(task, values, rates), -task.design]))


def unseen_counts(task: Problem, groups: Sequence[str]) -> Floats:
    """How many things of each case no row of another group has."""
    told = [{(family, name) for family, name in _told(case).items()} for case in task.cases]
    names = np.array(groups)
    found = np.zeros(len(names))
    for name in set(groups):
        seen = {one for one, other in zip(told, names, strict=True) if other != name for one in one}
        for place in np.flatnonzero(names == name):
            found[place] = len(told[place] - seen)
    return found


def _told(case: InferenceCase) -> dict[str, str]:
    own = to_tokens.families(case.accelerator, case.model, case.precision, engine=base_engine(case.row.engine))
    return {family: own[family] for family in to_tokens.TOLD}


def finished(task: Problem, values: Floats, errors: Mapping[str, Floats]) -> records.InferenceCalibration:
    """The calibration with its bands: spread by engine, between that of fitted rows and of left-out pairs, for rows to
    come are neither like the one nor the other; and what a left-out GPU or source adds for each thing that is new.

    errors: of log rates, by what is left out. What no row has is slower by half of the bias that left-out GPUs and
    sources show for each such thing, as shrinkage has it.
    """
    models, gpus = (errors[name] for name in ("models", "GPUs"))
    seen, inside = np.abs(errors["nothing"]), np.abs(errors["pairs"])
    engines = np.array([case.row.engine for case in task.cases])
    kinds = [("all", np.ones(len(inside), dtype=bool))] + [(name, engines == name) for name in sorted(set(engines))]
    counts = np.concatenate([unseen_counts(task, groups_of(task)[name]) for name in ("GPUs", "sources")])
    new = counts > 0
    unseen = np.concatenate([gpus, errors["sources"]])[new]
    bias = float(np.median(unseen / counts[new]))
    beyond = _deviation(np.abs(unseen - bias * counts[new])) ** 2 - _deviation(seen) ** 2
    added = max(beyond, 0.0) / float(np.mean(counts[new]))
    return replace(
        calibrated(task.origin, task.bases, values),
        parameters_count=len(values),
        extrapolation_ratio=float(np.sqrt(added)),
        unseen_time_ratio=float(np.exp(max(bias, 0.0) / 2)),
        left_out_model_mape_frac=float(np.mean(np.abs(np.expm1(models)))),
        left_out_gpu_mape_frac=float(np.mean(np.abs(np.expm1(gpus)))),
        spreads=tuple(
            records.Spread(
                name=name,
                deviation_ratio=float(np.sqrt(_deviation(inside[rows]) * _deviation(seen[rows]))),
                rows_count=int(np.sum(rows)),
            )
            for name, rows in kinds
        ),
    )


def groups_of(task: Problem) -> dict[str, list[str]]:
    """The group of each case, by what is left out."""
    pairs = [f"{case.model.id} {case.accelerator.id}" for case in task.cases]
    order = {pair: str(place % FOLDS_COUNT) for place, pair in enumerate(sorted(set(pairs)))}
    return {
        "pairs": [order[pair] for pair in pairs],
        "models": [case.model.id for case in task.cases],
        "GPUs": [case.accelerator.id for case in task.cases],
        "sources": [case.row.source for case in task.cases],
    }


def _deviation(errors: Floats) -> float:
    """The deviation of a normal law whose middle four fifths hold four fifths of the errors."""
    return float(np.quantile(errors, 0.8)) / DECILE_RATIO


def shape(errors: Floats) -> str:
    """Mean and median error of log rates, in words."""
    size = np.abs(np.expm1(errors))
    return f"mean {np.mean(size):.1%}, median {np.median(size):.1%} of {len(size)} rows"


def text_of(calibration: records.InferenceCalibration, cases: Sequence[InferenceCase]) -> str:
    """The calibration as a catalog file, figures to four digits."""
    sources = sorted({(case.row.source, case.row.cells.get("url", "")) for case in cases})
    benchmarks = sorted({source.split(" closed ")[0].split("@")[0].split(" via ")[0] for source, _ in sources})
    lines = [
        f'description = """{DESCRIPTION.format(rows=len(cases))} Rows: {"; ".join(benchmarks)}."""',
        "",
        'grade = "derived"',
        'source = "rows"',
        "",
    ]
    for entry in fields(calibration):
        value = getattr(calibration, entry.name)
        if isinstance(value, int | float):
            lines.append(f"{units.split(entry.name)[0]} = {_quantity(entry.name, value)}")
    lines += [f'base = "{calibration.base_date}"', ""]
    for key in ("engines", "offsets", "states", "spreads", "left_out"):
        for record in getattr(calibration, key):
            lines += [f"[[{key}]]", *(_line(entry.name, getattr(record, entry.name)) for entry in fields(record)), ""]
    lines += [
        "[sources.rows]",
        'url = "https://github.com/mlcommons/inference_results_v5.1"',
        'date = "2025-09-09"',
        'title = "MLPerf Inference v5.1 closed, with the other sources that the description names"',
        "",
        "[sources.drafts]",
        f'url = "{BLOGS}/blog1_Pushing_Latency_Boundaries_Optimizing_DeepSeek-R1_Performance_on_NVIDIA_B200_GPUs.md"',
        'date = "2025-05-16"',
        'title = "TensorRT-LLM, Pushing latency boundaries: DeepSeek-R1 on B200, table of MTP depth and acceptance"',
    ]
    return "\n".join(lines) + "\n"


DESCRIPTION = (
    "Efficiencies, scheduler times and family offsets fitted together to {rows} measured rows, offsets drawn to "
    "nothing by a normal prior. Engine, model mix and age of the software are confounded. See the accuracy page."
)
BLOGS = "https://github.com/NVIDIA/TensorRT-LLM/blob/main/docs/source/blogs/tech_blog"
DRAFTS = (
    "DeepSeek-R1 adds 1.92, 2.58, 2.82 tokens a step with 1 to 3 drafted (source); DeepSeek-V3 keeps 85-90 % of second "
    "tokens (arXiv:2412.19437); on coding (SemiAnalysisAI/InferenceX golden_al_distribution) DeepSeek-V4-Pro adds 2.49 "
    "with 3, MiniMax-M3 with EAGLE-3 1.78, 2.38, 2.83; GPT-OSS with EAGLE-3 keeps 62, 36, 20 % (vllm PR 42764)"
)
GRADES = dict.fromkeys(("draft_acceptance_frac", "draft_kept_ratio"), "press")
ASSUMED = {
    "usable_memory_frac": 'low = 0.85, high = 0.92, note = "0.9 of the memory, as engines are configured"',
    "prefill_tokens": 'note = "a usual limit of tokens per pass"',
    "output_spread_ratio": 'low = 1, high = 3, note = "answers as spread as an exponential; 1 where lengths are fixed"',
    "most_requests_count": 'note = "usual limit of requests per engine"',
    "draft_acceptance_frac": f'low = 0.62, high = 0.92, source = "drafts", note = "{DRAFTS}"',
    "draft_kept_ratio": 'low = 0.7, high = 0.95, source = "drafts", note = "as above, at later positions"',
}


def _line(name: str, value: object) -> str:
    key = units.split(name)[0]
    if isinstance(value, bool):
        return f"{key} = {str(value).lower()}"
    return f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {_quantity(name, value)}"


def _quantity(name: str, value: object) -> str:
    """A figure as the catalog reads it: bare where its suffix has no unit, as text with its unit elsewhere."""
    text = f"{value:.4g}"
    suffix = units.split(name)[1]
    plain = text if suffix in ("frac", "ratio", "count") else f'"{text} {suffix}"'
    grade = GRADES.get(name, "assumed")
    return f'{{ value = {plain}, grade = "{grade}", {ASSUMED[name]} }}' if name in ASSUMED else plain


def read(folder: Path) -> dict[str, list[InferenceCase]]:
    """The cases of every file; of rows of energy what they served."""
    found: dict[str, list[InferenceCase]] = {}
    for name in FILES:
        cases, skipped = cases_of(read_inference_rows(folder / name))
        found[name] = cases
        print(f"{name}: {len(found[name])} rows, {len(skipped)} without an answer")
    found[ENERGY_FILE] = [case.served for case in energy_cases(read_energy_rows(folder / ENERGY_FILE))[0]]
    return found


def main(arguments: Sequence[str]) -> int:
    """Fit, print the errors, write or check the file."""
    files = read(Path(arguments[0]))
    cases = [case for group in files.values() for case in group]
    origin = np.array([name for name, group in files.items() for _ in group])
    task = problem(cases)
    target = np.log([case.measured for case in cases])
    values = fit(task, np.ones(len(cases), dtype=bool))
    about = linear(task, values)
    errors = {"nothing": about.rates - target}
    errors |= {name: about.left_out(groups) - target for name, groups in groups_of(task).items()}
    print(f"{len(values)} parameters")
    for name, error in errors.items():
        print(f"left out {name}:", "; ".join(f"{file} {shape(error[origin == file])}" for file in files), flush=True)
    told = tuple(
        records.LeftOut(
            name=f"{name}, {file}",
            mape_frac=float(np.mean(np.abs(np.expm1(error[origin == file])))),
            median_frac=float(np.median(np.abs(np.expm1(error[origin == file])))),
            rows_count=int(np.sum(origin == file)),
        )
        for name, error in errors.items()
        for file in files
    )
    text = text_of(replace(finished(task, values, errors), left_out=told), cases)
    if "--check" in arguments:
        return int(TARGET.read_text(encoding="utf-8") != text)
    TARGET.write_text(text, encoding="utf-8")
    print(f"wrote {TARGET.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
