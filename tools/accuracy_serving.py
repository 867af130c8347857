"""The accuracy page's part about what users of servers wait for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from gigawatt.catalog import records
from gigawatt.study.validate.score import ErrorFigures, Validation

Bar = tuple[str, float, Callable[[float], bool], str]

TEXT = """
Every row is a run of the request simulator with the step times of the model of inference: the benchmark's own requests
(a burst at the start, then a new one whenever one is done, ten rounds in all, lengths drawn as the tool draws them),
and the engine set up as the benchmark publishes it (`catalog/calibrations/serving/`). What lies between the simulator
and a client is fitted: the time that prompts take over what the model of inference says ({prefill:.2f} times as long),
and the time in front of the engine ({front:.0f} ms), each with a factor for every family of rows, drawn to one by a
prior. Time per token is a by-product, and nothing of it is fitted here.

Closed loops are held against the mean, articles against the median where they tell it, servers of MLPerf against the
slowest of a hundred requests. A server's requests come at random at the row's rate, or at what the model of inference
says that it sustains where that is less, and wait no longer than the limits that a valid result keeps; the rows tell
mean lengths only, so that lengths are as spread as an exponential.

What of it is seen in the rows and told by nobody: SGLang on B200 with NVFP4 on 2025-11-10 waits 70 s once, when the
first pass is full, and TensorRT-LLM with Llama 3.1 8B runs one request fewer than are sent. The rows of gpt-oss-120b on
H100 at 512 were sent 512 at a time to an engine set to 4 to 64, by a slip of that week's script.

What is missed, and why: caches within a few percent of full (whether the last request waits for a whole answer turns
on it: 26 s measured, 0.2 s predicted), low concurrency over several decode workers with a slot each (a request waits
for a whole answer where two meet), two pools in all (30 to 40 %), and models and engines that no fitted row has: how
fast an engine reads prompts differs by more than any part of physics.
"""


def bars(files: Sequence[Validation], calibration: records.ServingCalibration) -> list[Bar]:
    """What was asked, over all files, and whether it is reached."""
    first = np.concatenate([_errors(found, closed=True) for found in files])
    told = {one.name: one for one in calibration.left_out}
    unseen, each = (told[f"a fifth of the rows, {name} of closed loops"] for name in ("TTFT", "TPOT"))
    return [
        ("closed loops: mean error of TTFT", float(np.mean(first)), _most(0.25), "≤ 25 %"),
        ("closed loops: median error of TTFT", float(np.median(first)), _most(0.15), "≤ 15 %"),
        (
            "closed loops: mean error of TPOT",
            _mean([found.also["tpot_closed"] for found in files], files),
            _most(0.15),
            "≤ 15 %",
        ),
        ("closed loops, a fifth of all rows left out: mean error of TTFT", unseen.mape_frac, _most(0.25), "≤ 25 %"),
        ("closed loops, a fifth of all rows left out: median error of TTFT", unseen.median_frac, _most(0.15), "≤ 15 %"),
        ("closed loops, a fifth of all rows left out: mean error of TPOT", each.mape_frac, _most(0.15), "≤ 15 %"),
    ]


def text(calibration: records.ServingCalibration) -> str:
    """What the page says of it."""
    return TEXT.format(prefill=calibration.prefill_ratio, front=1e3 * calibration.frontend_s)


def _errors(found: Validation, *, closed: bool) -> np.ndarray:
    """Sizes of the errors of closed loops, or of servers."""
    rows = [row for row in found.scored if row.stratum.startswith("closed loop") == closed]
    return np.array([abs(row.error_frac(row.p50)) for row in rows])


def _mean(figures: Sequence[ErrorFigures | None], files: Sequence[Validation]) -> float:
    """The mean error over files, each by its closed loops."""
    counts = [len(_errors(found, closed=True)) for found in files]
    means = [0.0 if each is None else each.mape_frac for each in figures]
    return float(np.average(means, weights=counts))


def _most(frac: float) -> Callable[[float], bool]:
    return lambda value: value <= frac
