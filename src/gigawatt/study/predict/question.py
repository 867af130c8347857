"""Questions as a user types them: texts with units to numbers, every mistake named by its option."""

from __future__ import annotations

import difflib
import math
import sys
from collections.abc import Mapping
from typing import Any, get_args

from gigawatt import tokens, units
from gigawatt.catalog import load
from gigawatt.errors import CalibrationError, Fault
from gigawatt.study import implausible
from gigawatt.study.predict.inference import InferenceQuestion
from gigawatt.study.predict.training import Conditions, TrainingQuestion, predict_training
from gigawatt.study.validate.inference import CALIBRATION
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
# Lengths beyond it are slips, and no number of a computer would hold what follows from them.
MOST_LENGTH_TOKENS = 1e9
LENGTHS = ("input", "output", "sequence")


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
    _known_engine(names["engine"])
    stated = {axis: count for axis, count in layout.items() if count is not None}
    blocks = sum(block.count for block in load.get("models", names["model"]).blocks)
    _at_most("pipeline", stated.get("pipeline", 1), blocks, f"the blocks of {names['model']}")
    _at_most("draft", drafting[0], numbers["output"] or 0, "the tokens of an answer")
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
    if usd_per_gpu_hour is not None:
        positive("usd_per_gpu_hour", usd_per_gpu_hour, "usd_per_h")
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


def training_figures(question: TrainingQuestion) -> dict[str, Any]:
    """`predict_training` with the names of what was asked, and notes as every command has them."""
    found = predict_training(question)
    model, part = load.get("models", question.model), load.get("accelerators", question.gpu)
    return {
        "model": model.id,
        "gpu": part.id,
        "gpus_count": int(question.packages_count),
        "precision": question.precision,
        **found,
        "notes": [
            {"code": "extrapolated", "path": "tokens_per_s_per_gpu", "text": f"{text}: the band is wider by that"}
            for text in found["notes"]
        ]
        + implausible.of_catalog(accelerators=part, models=model),
    }


def positive(path: str, value: float, suffix: str) -> None:
    """Raises CalibrationError where a number is not above 0 and finite."""
    if not 0 < value < math.inf:
        expected = f"more than 0: {units.SUFFIXES[suffix].example}"
        raise CalibrationError([Fault(path=path, given=f"{value:g}", expected=expected)])


def _known_engine(name: str) -> None:
    known = [entry.name for entry in load.load("inference_calibrations", CALIBRATION).engines]
    if name and name not in known:
        near = difflib.get_close_matches(name.lower(), known) or known
        raise CalibrationError([Fault(path="engine", given=f'"{name}"', expected=f"one of {', '.join(near)}")])


def _at_most(path: str, value: float, most: float, what: str) -> None:
    if value > most:
        raise CalibrationError([Fault(path=path, given=f"{value:g}", expected=f"at most {most:g}, {what}")])


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
            value = 1.0 if text is None else _number(text, suffix)
        except ValueError:
            value = math.nan
        most = MOST_LENGTH_TOKENS if name in LENGTHS else sys.float_info.max
        if not 0 < value <= most:
            bounds = f"above 0 and at most {most:g}" if name in LENGTHS else "above 0"
            faults.append(Fault(path=name, given=f'"{text}"', expected=f"{units.SUFFIXES[suffix].example}, {bounds}"))
        found[name] = None if text is None else value
    if faults:
        raise CalibrationError(faults)
    return found


def _number(text: str, suffix: str) -> float:
    if suffix == "tokens":
        try:
            return units.parse(text, "count")
        except ValueError:
            pass
    return float(units.parse(text, suffix))
