"""From runs to figures: means over runs with their intervals, curves of waits, and a pod over time."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigawatt.study.replay.found import LatencyFigures, LatencyIntervals, PodSeries, WaitCurve
from gigawatt.study.replay.intervals import CONFIDENCE_FRAC, Span, of_draws, of_runs, weights
from gigawatt.study.replay.tally import SHARES, TIMES, WaitTally
from gigawatt.study.replay.working import Run
from gigawatt.tokens.serve.requests import PodTotals

Floats64 = NDArray[np.float64]
Ints64 = NDArray[np.int64]

# Points of a cumulative curve: so many over its middle, and more where few requests are.
_POINTS = np.unique(np.round([*np.linspace(0, 1, 101), 0.005, 0.985, 0.992, 0.995, 0.998, 0.999], 6))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sureness:
    """Runs of one question, and draws of the blocks of time of one that was recorded.

    drawn: how often each block counts, a row for each draw; None where several runs say how sure a figure is.
    """

    runs: Sequence[Run]
    drawn: Ints64 | None

    @property
    def basis(self) -> str:
        """What intervals come from, in words."""
        sure = f"{100 * CONFIDENCE_FRAC:.0f}"
        if len(self.runs) > 1:
            return f"{sure} % intervals of the mean of {len(self.runs)} runs with seeds of their own (Student's t)"
        if self.drawn is None or not len(self.drawn):
            return "no intervals: a single run of too few requests"
        count = self.drawn.shape[1]
        return f"{sure} % intervals by drawing {count} blocks of consecutive arrivals anew (block bootstrap)"

    def figure(self, value: Callable[[Run], float | None]) -> tuple[float | None, Span | None]:
        """A figure that each run has, as its mean over them, with its interval where there are several."""
        values = [math.nan if (found := value(one)) is None else found for one in self.runs]
        return _known(float(np.mean(values))), of_runs(values)

    def counted(self, value: Callable[[WaitTally, Ints64 | None], Floats64]) -> tuple[float | None, Span | None]:
        """A figure that blocks of a run have as well, with its interval. value: a row for each draw."""
        mean, span = self.figure(lambda one: float(value(one.tally, None)[0]))
        if span is None and self.drawn is not None and len(self.drawn):
            span = of_draws(value(self.runs[0].tally, self.drawn))
        return mean, span


def sureness(runs: Sequence[Run], *, is_recorded: bool, seed: int) -> Sureness:
    """How sure figures of runs are; is_recorded: whether the requests are those of a file."""
    drawn = weights(runs[0].tally.blocks_count, seed) if is_recorded and len(runs) == 1 else None
    return Sureness(runs=runs, drawn=drawn)


def latency(of: Sureness, name: str) -> tuple[LatencyFigures, LatencyIntervals]:
    """Mean and percentiles of a time, with their intervals."""
    keys = ("mean", *(f"p{100 * share:.0f}" for share in SHARES))
    drawn = None if of.drawn is None or not len(of.drawn) else of.runs[0].tally.figures_s(name, of.drawn)
    plain = np.array([one.tally.figures_s(name)[0] for one in of.runs])
    spans = [of_runs(column.tolist()) if drawn is None else of_draws(drawn[:, n]) for n, column in enumerate(plain.T)]
    means = [_known(float(value)) for value in plain.mean(axis=0)]
    return (
        LatencyFigures(**dict(zip(keys, means, strict=True))),
        LatencyIntervals(**dict(zip(keys, spans, strict=True))),
    )


def between_tokens(totals: Sequence[PodTotals]) -> LatencyFigures:
    """Time between one token and the next, over all tokens of all runs."""
    counts = np.sum([one.gap_count for one in totals], axis=0)
    if not counts.any():
        return LatencyFigures(mean=None, p50=None, p90=None, p99=None)
    edges = totals[0].gap_edges_s
    reached = np.concatenate([[0.0], np.cumsum(counts)]) / counts.sum()
    middle = float(np.dot(counts, np.sqrt(edges[1:] * edges[:-1])) / counts.sum())
    p50, p90, p99 = (float(np.interp(share, reached, edges)) for share in SHARES)
    return LatencyFigures(mean=middle, p50=p50, p90=p90, p99=p99)


def waits(one: Run) -> Mapping[str, WaitCurve]:
    """Every time that users wait for as a cumulative curve of few points, of a run."""
    return {name: _curve(one.tally, name) for name in TIMES}


def _curve(tally: WaitTally, name: str) -> WaitCurve:
    values, below = tally.curve(name)
    if not len(values):
        return WaitCurve(value_s=values, below_frac=below)
    return WaitCurve(value_s=np.interp(_POINTS, below, values), below_frac=_POINTS)


def series(one: PodTotals) -> PodSeries:
    """A pod over time."""
    return PodSeries(
        window_s=one.window_s,
        running_count=one.window_running_count,
        waiting_count=one.window_waiting_count,
        kv_frac=one.window_kv_frac,
    )


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
