"""What a trace of requests is like, and the load that draws requests like it.

Rates are counted in windows, gaps in expected requests (each over its window's rate, so that they have a mean of 1),
and fitted by likelihood: exponential, Gamma or Weibull, each alone or with pauses of a Gamma distribution among them,
by expectation and maximisation [1]; the least BIC [2] names the family. The coefficient of variation is then that of
the trace itself, which is what waits grow with, and lengths have its mean and mean square.

References
----------
[1] A. P. Dempster, N. M. Laird and D. B. Rubin, J. R. Stat. Soc. B 39(1), 1977.
[2] G. Schwarz, "Estimating the dimension of a model", Ann. Stat. 6(2), 1978.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gigawatt.errors import Fault, ScenarioError
from gigawatt.tokens.serve.arrivals import WINDOW_S, Client, GapFamily, Gaps, OfferedLoad
from gigawatt.tokens.serve.lengths import Lengths, fitted_lengths

Floats64 = NDArray[np.float64]

LEAST_REQUESTS_COUNT = 100
# Spans over which counts are held against each other: index of dispersion.
DISPERSED_S = (1.0, 10.0, 60.0)
# Gaps below this part of the mean are what a clock cannot tell apart.
TICK_RATIO = 1e-5
MOST_ROUNDS_COUNT, ENOUGH_RATIO = 100, 1e-7
SHAPES_COUNT = 40  # steps of the search for a shape, each of which narrows it to 0.62 of what it was
LEAST_SHAPE, MOST_SHAPE = 0.02, 100.0
LEAST_PAUSE_RATIO = 3.0  # a pause is so many times as long as an ordinary gap, in the mean


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamFigures:
    """What a stream of requests is like.

    gap_cv_ratio: deviation of gaps over their mean; window_gap_cv_ratio: the same in each window with ten gaps;
    peak_ratio: rate of the busiest whole window over the mean of whole ones, NaN where there are fewer than two;
    dispersion_ratio: variance over mean of counts in spans of DISPERSED_S; lengths: means, and percentiles 50 and 99.
    """

    requests_count: int
    span_s: float
    rate_per_s: float
    gap_cv_ratio: float
    window_gap_cv_ratio: tuple[float, ...]
    peak_ratio: float
    dispersion_ratio: tuple[float, ...]
    input_tokens: float
    input_p50_tokens: float
    input_p99_tokens: float
    output_tokens: float
    output_p50_tokens: float
    output_p99_tokens: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mixture:
    """Gaps of mean 1 as they are fitted: log-likelihood, its parameters, and the laws themselves."""

    gaps: Gaps
    log_likelihood_ratio: float
    parameters_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Law:
    """One distribution: family, mean and shape."""

    family: GapFamily
    mean_ratio: float
    shape_ratio: float

    @property
    def cv_ratio(self) -> float:
        """Deviation over mean."""
        if self.family == "weibull":
            first, second = (math.lgamma(1 + n / self.shape_ratio) for n in (1, 2))
            return math.sqrt(max(math.expm1(second - 2 * first), 0.0))
        return self.shape_ratio**-0.5

    def log_density(self, gaps: Floats64, logs: Floats64) -> Floats64:
        """Logarithm of the density at gaps, whose logarithms are given too."""
        shape = self.shape_ratio
        if self.family == "weibull":
            scale = math.log(self.mean_ratio) - math.lgamma(1 + 1 / shape)
            scaled = shape * (logs - scale)
            return math.log(shape) + scaled - logs - np.exp(np.minimum(scaled, 700.0))
        rate = shape / self.mean_ratio
        return shape * math.log(rate) - math.lgamma(shape) + (shape - 1) * logs - rate * gaps


def stream_figures(
    arrival_s: ArrayLike, input_tokens: ArrayLike, output_tokens: ArrayLike, *, window_s: float = WINDOW_S
) -> StreamFigures:
    """What a stream of requests is like; arrival_s: sorted. Raises ScenarioError for one that cannot be measured."""
    times, inputs, outputs = _checked(arrival_s, input_tokens, output_tokens, window_s)
    passed, gaps = times - times[0], np.diff(times)
    span_s = float(passed[-1])
    whole = int(span_s // window_s)
    counts = np.bincount((passed // window_s).astype(np.int64))[:whole]
    window = (passed[:-1] // window_s).astype(np.int64)
    per_window = [gaps[window == n] for n in np.unique(window)]
    return StreamFigures(
        requests_count=len(times),
        span_s=span_s,
        rate_per_s=len(times) / span_s,
        gap_cv_ratio=float(gaps.std() / gaps.mean()),
        window_gap_cv_ratio=tuple(float(part.std() / part.mean()) for part in per_window if len(part) >= 10),
        peak_ratio=float(counts.max() / counts.mean()) if whole >= 2 else math.nan,
        dispersion_ratio=tuple(_dispersion(passed, width_s) for width_s in DISPERSED_S),
        **{f"{name}_tokens": float(values.mean()) for name, values in (("input", inputs), ("output", outputs))},
        **{
            f"{name}_p{percent}_tokens": float(np.percentile(values, percent))
            for name, values in (("input", inputs), ("output", outputs))
            for percent in (50, 99)
        },
    )


def fit(
    arrival_s: ArrayLike,
    input_tokens: ArrayLike,
    output_tokens: ArrayLike,
    *,
    name: str = "all",
    window_s: float = WINDOW_S,
) -> OfferedLoad:
    """The load of one client whose requests are like those of a trace.

    arrival_s: sorted; from the first of them, the trace is taken to begin. Raises ScenarioError for a trace that is too
    short, unsorted, without time or of lengths below 1.
    """
    times, inputs, outputs = _checked(arrival_s, input_tokens, output_tokens, window_s)
    passed = times - times[0]
    rates, span_s = _window_rates(passed, window_s), float(passed[-1])
    rate_per_s = float(np.mean(rates))
    profile = tuple(float(rate) for rate in rates / rate_per_s) if len(rates) > 1 else ()
    client = Client(
        name=name,
        rate_per_s=rate_per_s,
        gaps=fitted_gaps(_unit_gaps_of(passed, rates, window_s)),
        lengths=_lengths(inputs, outputs),
        profile_ratio=profile,
    )
    return OfferedLoad(clients=(client,), window_s=window_s, span_s=span_s)


def fitted_gaps(gaps: ArrayLike) -> Gaps:
    """The family of least BIC of gaps, with their own coefficient of variation; only their shape matters.

    Raises ScenarioError where they are too few, or all alike.
    """
    plain = np.asarray(gaps, dtype=np.float64)
    if len(plain) < LEAST_REQUESTS_COUNT - 1 or not plain.mean() > 0:
        expected = f"at least {LEAST_REQUESTS_COUNT} requests, not all at one instant"
        raise ScenarioError([Fault(path="arrival", given=f"{len(plain):,} gaps", expected=expected)])
    unit = plain / plain.mean()
    cv_ratio = float(unit.std())
    if cv_ratio < LEAST_PAUSE_RATIO * TICK_RATIO:
        raise ScenarioError([Fault(path="arrival", given="equal gaps", expected="gaps that vary")])
    floored = np.maximum(unit, TICK_RATIO)
    families = get_args(GapFamily)
    found = [_single(floored, family) for family in families] + [_paused(floored, family) for family in families[1:]]
    best = min(found, key=lambda one: one.parameters_count * math.log(len(unit)) - 2 * one.log_likelihood_ratio)
    return _with_cv(best.gaps, cv_ratio)


def _checked(
    arrival_s: ArrayLike, input_tokens: ArrayLike, output_tokens: ArrayLike, window_s: float
) -> tuple[Floats64, Floats64, Floats64]:
    columns = [np.asarray(values, dtype=np.float64) for values in (arrival_s, input_tokens, output_tokens)]
    faults = list(_column_faults(columns))
    if not 0 < window_s < math.inf:
        faults.append(Fault(path="window", given=f"{window_s:g} s", expected="a time above 0"))
    if faults:
        raise ScenarioError(faults)
    return columns[0], columns[1], columns[2]


def _column_faults(columns: list[Floats64]) -> list[Fault]:
    times, *lengths = columns
    sizes = {len(values) for values in columns}
    if len(sizes) > 1 or times.ndim != 1:
        given = ", ".join(str(len(values)) for values in columns)
        return [Fault(path="arrival", given=given, expected="as many arrivals as prompts and answers")]
    if len(times) < LEAST_REQUESTS_COUNT:
        expected = f"at least {LEAST_REQUESTS_COUNT}, so that something can be said of them"
        return [Fault(path="arrival", given=f"{len(times):,} requests", expected=expected)]
    if not np.all(np.isfinite(times)) or np.any(np.diff(times) < 0) or not times[-1] > times[0]:
        return [Fault(path="arrival", given="times out of order", expected="instants in order, not all the same")]
    return [
        Fault(path=name, given=f"{values.min():g} tokens", expected="at least 1 token in every request")
        for name, values in zip(("input", "output"), lengths, strict=True)
        if not (values.min() >= 1 and np.all(np.isfinite(values)))
    ]


def _dispersion(passed: Floats64, width_s: float) -> float:
    """Variance over mean of the counts in whole spans; NaN where there are fewer than ten."""
    whole = int(passed[-1] // width_s)
    if whole < 10:
        return math.nan
    counts = np.bincount((passed // width_s).astype(np.int64))[:whole]
    return float(counts.var() / counts.mean())


def _window_rates(passed: Floats64, window_s: float) -> Floats64:
    """Requests per second of each window that the trace covers; the last one may be covered in part.

    A last part of less than a tenth of a window is counted with the window before it.
    """
    parts = passed[-1] / window_s
    windows = max(int(parts) if parts % 1 < 0.1 else math.ceil(parts), 1)
    place = np.minimum((passed // window_s).astype(np.int64), windows - 1)
    covered_s = np.full(windows, window_s)
    covered_s[-1] = passed[-1] - (windows - 1) * window_s
    return np.bincount(place, minlength=windows) / covered_s


def _unit_gaps_of(passed: Floats64, rates: Floats64, window_s: float) -> Floats64:
    """Gaps in expected requests, whose mean is 1."""
    edges_s = np.arange(len(rates) + 1) * window_s
    edges_s[-1] = max(edges_s[-1], passed[-1])
    sums = np.concatenate(([0.0], np.cumsum(rates * np.diff(edges_s))))
    return np.diff(np.interp(passed, edges_s, sums))


def _lengths(inputs: Floats64, outputs: Floats64) -> Lengths:
    fitted = [
        fitted_lengths(float(values.mean()), float(np.mean(values**2)), int(values.max()))
        for values in (inputs, outputs)
    ]
    return Lengths(
        input_tokens=fitted[0][0],
        input_deviation_ratio=fitted[0][1],
        most_input_tokens=int(inputs.max()),
        output_tokens=fitted[1][0],
        output_deviation_ratio=fitted[1][1],
        most_output_tokens=int(outputs.max()),
        correlation_ratio=_rank_correlation(inputs, outputs),
    )


def _rank_correlation(inputs: Floats64, outputs: Floats64) -> float:
    """Correlation of normal scores that gives a trace's correlation of ranks, 2·sin(π·ρ/6); 0 where one varies not."""
    first, second = _ranks(inputs), _ranks(outputs)
    if min(first.std(), second.std()) == 0:
        return 0.0
    return float(np.clip(2 * math.sin(math.pi / 6 * float(np.corrcoef(first, second)[0, 1])), -0.99, 0.99))


def _ranks(values: Floats64) -> Floats64:
    """Ranks, equal ones in their middle."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[place]


def _single(gaps: Floats64, family: GapFamily) -> _Mixture:
    law = _most_likely(gaps, np.log(gaps), np.ones(len(gaps)), family)
    likelihood = float(np.sum(law.log_density(gaps, np.log(gaps))))
    cv_ratio = 1.0 if family == "poisson" else law.cv_ratio
    count = 1 if family == "poisson" else 2
    return _Mixture(
        gaps=Gaps(family=family, cv_ratio=cv_ratio), log_likelihood_ratio=likelihood, parameters_count=count
    )


def _paused(gaps: Floats64, family: GapFamily) -> _Mixture:
    """Ordinary gaps of a family, and Gamma pauses, by expectation and maximisation from the longest hundredth on."""
    logs = np.log(gaps)
    weight = (gaps > np.quantile(gaps, 0.99)).astype(np.float64)
    before = -math.inf
    for _ in range(MOST_ROUNDS_COUNT):
        share = float(weight.mean())
        laws = _most_likely(gaps, logs, 1 - weight, family), _most_likely(gaps, logs, weight, "gamma")
        if not 1 / len(gaps) < share < 0.5 or laws[1].mean_ratio < LEAST_PAUSE_RATIO * laws[0].mean_ratio:
            break
        ordinary = math.log1p(-share) + laws[0].log_density(gaps, logs)
        pauses = math.log(share) + laws[1].log_density(gaps, logs)
        both = np.logaddexp(ordinary, pauses)
        likelihood = float(both.sum())
        weight = np.exp(pauses - both)
        if likelihood - before < ENOUGH_RATIO * abs(likelihood):
            found = Gaps(
                family=family,
                cv_ratio=laws[0].cv_ratio,
                pause_frac=share,
                paused_frac=share * laws[1].mean_ratio,
                pause_cv_ratio=laws[1].cv_ratio,
            )
            return _Mixture(gaps=found, log_likelihood_ratio=likelihood, parameters_count=5)
        before = likelihood
    return _Mixture(gaps=Gaps(family=family), log_likelihood_ratio=-math.inf, parameters_count=5)


def _with_cv(gaps: Gaps, cv_ratio: float) -> Gaps:
    """The same with the coefficient of variation of the trace: by its pauses where it has any."""
    if not gaps.pause_frac:
        return gaps if gaps.family == "poisson" else Gaps(family=gaps.family, cv_ratio=cv_ratio)
    ordinary = (1 - gaps.paused_frac) / (1 - gaps.pause_frac)
    rest = 1 + cv_ratio**2 - (1 - gaps.pause_frac) * ordinary**2 * (1 + gaps.cv_ratio**2)
    square = rest * gaps.pause_frac / gaps.paused_frac**2 - 1
    return Gaps(
        family=gaps.family,
        cv_ratio=gaps.cv_ratio,
        pause_frac=gaps.pause_frac,
        paused_frac=gaps.paused_frac,
        pause_cv_ratio=math.sqrt(square) if square > 0 else gaps.pause_cv_ratio,
    )


def _most_likely(gaps: Floats64, logs: Floats64, weight: Floats64, family: GapFamily) -> _Law:
    """The law of a family that weighted gaps are likeliest under."""
    total = max(float(weight.sum()), 1e-9)
    mean = float(weight @ gaps) / total
    mean_log = float(weight @ logs) / total
    if family == "poisson":
        return _Law(family=family, mean_ratio=mean, shape_ratio=1.0)
    if family == "gamma":
        spread = mean_log - math.log(mean)
        shape = _best_shape(lambda k: k * math.log(k) - math.lgamma(k) + k * spread - k)
        return _Law(family=family, mean_ratio=mean, shape_ratio=shape)

    def log_scale(k: float) -> float:
        """Logarithm of the likeliest scale, times k."""
        powers = np.exp(np.minimum(k * logs, 700.0))
        return math.log(float(weight @ powers) / total)

    shape = _best_shape(lambda k: math.log(k) + (k - 1) * mean_log - log_scale(k) - 1)
    scaled = math.exp(log_scale(shape) / shape + math.lgamma(1 + 1 / shape))
    return _Law(family=family, mean_ratio=scaled, shape_ratio=shape)


def _best_shape(likelihood: Callable[[float], float]) -> float:
    """Shape of greatest likelihood, which has one maximum in it, by golden section."""
    golden = (math.sqrt(5) - 1) / 2
    low, high = math.log(LEAST_SHAPE), math.log(MOST_SHAPE)
    left, right = high - golden * (high - low), low + golden * (high - low)
    at_left, at_right = likelihood(math.exp(left)), likelihood(math.exp(right))
    for _ in range(SHAPES_COUNT):
        if at_left > at_right:
            high, right, at_right = right, left, at_left
            left = high - golden * (high - low)
            at_left = likelihood(math.exp(left))
        else:
            low, left, at_left = left, right, at_right
            right = low + golden * (high - low)
            at_right = likelihood(math.exp(right))
    return math.exp((low + high) / 2)
