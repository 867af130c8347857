"""Fit the calibration of inference to measured rows and write its catalog file.

    python tools/fit_inference.py inference.csv            fit, write the file, print the errors
    python tools/fit_inference.py inference.csv --check    fit, and fail where the file says something else

Physical efficiencies and family offsets are fitted together by Gauss-Newton with reweighting: the loss is quadratic in
small errors of the logarithm and linear in large ones, every physical parameter has a prior in its logarithm, and every
offset is drawn to nothing by a normal prior (shrinkage). `NOISE` is far above the scatter of a row, because rows of one
campaign share their errors. Errors on left-out models and GPUs come from fits that never saw them.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gigawatt import units
from gigawatt.catalog import records, to_tokens
from gigawatt.readers.inference_rows import read_inference_rows
from gigawatt.study.predict.band import DECILE_RATIO
from gigawatt.study.validate.inference import CALIBRATION, age_years, predict
from gigawatt.study.validate.inference_cases import InferenceCase, cases_of, stacked

Floats = NDArray[np.float64]
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
    "draft_acceptance_frac": (0.82, 0.1),
    "draft_kept_ratio": (0.84, 0.1),
    "handover_s": (0.1, 0.7),
    "surge_frac": (0.12, 0.5),
}
STEP_PRIOR = (0.5e-3, 0.7)
FAMILIES = {"architecture": 0.1, "structure": 0.1, "format": 0.1, "release": 0.1, "model": 0.1}
ENGINE_DEVIATION = 0.1
NOISE = 0.4
KNEE = 0.1
STEP = 1e-3
MOST_STEPS = 15
REFIT_STEPS = 4
# Smallest family that has an offset of its own.
LEAST_ROWS = 1


def base_of(engine: str) -> str:
    """The engine whose scheduler it is: "vllm" for "mlperf-vllm"."""
    return engine.removeprefix("mlperf-").removesuffix("-table")


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
        base_date="2025-10-01",
        extrapolation_ratio=0,
        left_out_model_mape_frac=0,
        left_out_gpu_mape_frac=0,
        parameters_count=0,
        rows_count=len(cases),
        engines=tuple(
            records.InferenceEngine(
                name=name,
                tuned=name != base_of(name),
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
        spreads=(),
    )


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
    bases = tuple(sorted({base_of(engine.name) for engine in origin.engines}))
    arrays = stacked(cases)
    columns = [[float(case.row.engine == engine.name) for case in cases] for engine in origin.engines]
    families = [named(case) for case in cases]
    ages = [-age_years(origin, case.row.year) for case in cases]
    columns += [
        [
            float(own.get(offset.family) == offset.name) * (age if offset.family == "trend" else 1)
            for own, age in zip(families, ages, strict=True)
        ]
        for offset in origin.offsets
    ]

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
        replace(engine, step_overhead_s=steps[base_of(engine.name)], time_ratio=float(ratio))
        for engine, ratio in zip(origin.engines, ratios, strict=False)
    )
    offsets = tuple(
        replace(offset, time_ratio=float(ratio)) for offset, ratio in zip(origin.offsets, ratios[count:], strict=True)
    )
    return replace(origin, **physical, engines=engines, offsets=offsets)  # type: ignore[arg-type]


def deviations(task: Problem) -> Floats:
    """Prior deviation of every parameter."""
    physical = [deviation for _, deviation in PRIORS.values()] + [STEP_PRIOR[1]] * len(task.bases)
    offsets = [ENGINE_DEVIATION] * len(task.origin.engines)
    return np.array(physical + offsets + [FAMILIES[offset.family] for offset in task.origin.offsets])


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


def left_out(task: Problem, values: Floats, groups: Sequence[str]) -> Floats:
    """Log rates of every case by a fit that has not seen its group."""
    names = np.array(groups)
    found = np.empty(len(names))
    for name in sorted(set(groups)):
        test = names == name
        own = fit(task, ~test, _without(task, values, test), REFIT_STEPS)
        found[test] = task.predict(_without(task, own, test))[test]
    return found


def _without(task: Problem, values: Floats, test: NDArray[np.bool_]) -> Floats:
    """The values, with nothing known of the families that only left-out rows have."""
    only = ~np.any(task.design[~test] != 0, axis=0)
    clean = values.copy()
    clean[task.physical_count :][only] = 0
    return clean


def finished(task: Problem, values: Floats, models: Floats, gpus: Floats) -> records.InferenceCalibration:
    """The calibration with its bands: in-sample spread by engine, and what a left-out model adds (log rates given)."""
    target = np.log([case.measured for case in task.cases])
    inside = np.abs(task.predict(values) - target)
    engines = np.array([case.row.engine for case in task.cases])
    kinds = [("all", np.ones(len(target), dtype=bool))] + [(name, engines == name) for name in sorted(set(engines))]
    added = max(_deviation(np.abs(models - target)) ** 2 - _deviation(inside) ** 2, 0.0)
    return replace(
        calibrated(task.origin, task.bases, values),
        parameters_count=len(values),
        extrapolation_ratio=float(np.sqrt(added)),
        left_out_model_mape_frac=float(np.mean(np.abs(np.expm1(models - target)))),
        left_out_gpu_mape_frac=float(np.mean(np.abs(np.expm1(gpus - target)))),
        spreads=tuple(
            records.Spread(name=name, deviation_ratio=_deviation(inside[rows]), rows_count=int(np.sum(rows)))
            for name, rows in kinds
        ),
    )


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
    for key in ("engines", "offsets", "spreads"):
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
    "surge_frac": 'low = 0.05, high = 0.3, note = "half of the first wave of ten, and what stays together after it"',
    "handover_s": 'low = "0.03 s", high = "0.3 s", note = "router, hosts and first token of two pools"',
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


def main(arguments: Sequence[str]) -> int:
    """Fit, print the errors, write or check the file."""
    cases, skipped = cases_of(read_inference_rows(Path(arguments[0])))
    print(f"{len(cases)} rows, {len(skipped)} without an answer")
    task = problem(cases)
    target = np.log([case.measured for case in cases])
    values = fit(task, np.ones(len(cases), dtype=bool))
    print("fitted:", shape(task.predict(values) - target), f"with {len(values)} parameters", flush=True)
    models = left_out(task, values, [case.model.id for case in cases])
    print("left-out models:", shape(models - target), flush=True)
    gpus = left_out(task, values, [case.accelerator.id for case in cases])
    print("left-out GPUs:", shape(gpus - target), flush=True)
    text = text_of(finished(task, values, models, gpus), cases)
    if "--check" in arguments:
        return int(TARGET.read_text(encoding="utf-8") != text)
    TARGET.write_text(text, encoding="utf-8")
    print(f"wrote {TARGET.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
