"""Questions as a user types them: texts with units to numbers, every mistake named by its option."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from gigawatt import tokens, units
from gigawatt.errors import CalibrationError, Fault
from gigawatt.study.predict.inference import InferenceQuestion
from gigawatt.study.predict.training import Conditions, TrainingQuestion
from gigawatt.tokens.training_run import TRAINING_PRECISIONS

# Option → suffix of the field that it sets.
SUFFIXES = {
    "input": "tokens",
    "output": "tokens",
    "tpot": "s",
    "ttft": "s",
    "power": "w",
    "tokens": "tokens",
    "sequence": "tokens",
    "batch": "tokens",
    "budget": "flop",
}


def inference_question(
    names: Mapping[str, str],
    texts: Mapping[str, str | None],
    *,
    layout: Mapping[str, int | None],
    drafting: tuple[int, float],
    usd_per_gpu_hour: float | None,
) -> InferenceQuestion:
    """A question of serving. Raises CalibrationError with every text that is no such quantity."""
    numbers = _numbers(texts)
    _one_of("precision", names["precision"], get_args(tokens.Precision))
    stated = {axis: count for axis, count in layout.items() if count is not None}
    return InferenceQuestion(
        model=names["model"],
        gpu=names["gpu"],
        precision=names["precision"],  # type: ignore[arg-type]
        engine=names["engine"],
        input_tokens=numbers["input"] or 0.0,
        output_tokens=numbers["output"] or 0.0,
        tpot_s=numbers["tpot"] or 0.0,
        ttft_s=float("inf") if numbers["ttft"] is None else numbers["ttft"],
        layout=stated or None,
        drafted_count=drafting[0],
        accepted_frac=drafting[1],
        usd_per_h=usd_per_gpu_hour,
        power_w=numbers["power"],
    )


def training_question(
    names: Mapping[str, str | None],
    texts: Mapping[str, str | None],
    *,
    packages_count: int,
    usd_per_gpu_hour: float | None,
) -> TrainingQuestion:
    """A question of training. Raises CalibrationError with every text that is no such quantity."""
    numbers = _numbers(texts)
    _one_of("precision", names["precision"] or "", TRAINING_PRECISIONS)
    return TrainingQuestion(
        model=names["model"] or "",
        gpu=names["gpu"] or "",
        precision=names["precision"],  # type: ignore[arg-type]
        engine=names["engine"],
        packages_count=packages_count,
        run_tokens=numbers["tokens"],
        budget_flop=numbers["budget"],
        sequence_tokens=numbers["sequence"],
        global_batch_tokens=numbers["batch"],
        conditions=Conditions(package_usd_per_h=usd_per_gpu_hour),
    )


def _one_of(path: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise CalibrationError([Fault(path=path, given=f'"{value}"', expected=f"one of {', '.join(allowed)}")])


def _numbers(texts: Mapping[str, str | None]) -> dict[str, float | None]:
    """Quantities in SI by option; tokens may be a bare number."""
    found: dict[str, float | None] = {}
    faults = []
    for name, text in texts.items():
        suffix = SUFFIXES[name]
        try:
            found[name] = None if text is None else _number(text, suffix)
            wrong = found[name] is not None and not found[name] > 0  # type: ignore[operator]
        except ValueError:
            wrong = True
        if wrong:
            faults.append(Fault(path=name, given=f'"{text}"', expected=f"{units.SUFFIXES[suffix].example}, above 0"))
    if faults:
        raise CalibrationError(faults)
    return found


def _number(text: str, suffix: str) -> float:
    if suffix == "tokens":
        try:
            return float(text)
        except ValueError:
            pass
    return float(units.parse(text, suffix))
