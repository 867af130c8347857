"""Lengths of prompts and answers: log-normal, rounded to whole tokens, from 1 to what an endpoint takes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from gigawatt.errors import Fault

Ints64 = NDArray[np.int64]

MOST_DEVIATION_RATIO = 6.0
MOST_LENGTH_TOKENS = 1e9
# Lengths that are summed one by one; beyond them a sum over whole tokens is an integral.
SUMMED_COUNT = 64
ALIKE_RATIO = 1e-9  # variance over squared mean of lengths that are all alike
BISECTIONS_COUNT = 44  # of a width of some hundreds at most, to a part in a thousand million


@dataclass(frozen=True, slots=True, kw_only=True)
class Lengths:
    """Lengths of prompts and answers.

    input_tokens, output_tokens: means of what is drawn, after rounding and clipping; input_deviation_ratio,
    output_deviation_ratio: deviation of the natural logarithm before clipping, 0 for lengths that are all alike;
    most_input_tokens, most_output_tokens: the longest; correlation_ratio: of the logarithms of the two.
    """

    input_tokens: float
    input_deviation_ratio: float
    most_input_tokens: int
    output_tokens: float
    output_deviation_ratio: float
    most_output_tokens: int
    correlation_ratio: float = 0.0


def length_faults(path: str, lengths: Lengths) -> Iterator[Fault]:
    """What of lengths is not lawful; path: of the record that they stand in."""
    for name in ("input", "output"):
        mean, most = getattr(lengths, f"{name}_tokens"), getattr(lengths, f"most_{name}_tokens")
        deviation = getattr(lengths, f"{name}_deviation_ratio")
        if not 1 <= most <= MOST_LENGTH_TOKENS:
            expected = f"1 to {MOST_LENGTH_TOKENS:g} tokens"
            yield Fault(path=f"{path}.most_{name}", given=f"{most:g} tokens", expected=expected)
        elif not (mean == most == 1 or 1 < mean < most or (deviation == 0 and 1 <= mean <= most)):
            expected = f"a mean between 1 and the most, {most:,} tokens"
            yield Fault(path=f"{path}.{name}", given=f"{mean:g} tokens", expected=expected)
        if not 0 <= deviation <= MOST_DEVIATION_RATIO:
            expected = f"0 to {MOST_DEVIATION_RATIO:g}"
            yield Fault(path=f"{path}.{name}_deviation", given=f"{deviation:g}", expected=expected)
    if not -1 < lengths.correlation_ratio < 1:
        given = f"{lengths.correlation_ratio:g}"
        yield Fault(path=f"{path}.correlation", given=given, expected="between -1 and 1")


def drawn_lengths(lengths: Lengths, draw: np.random.Generator, count: int) -> tuple[Ints64, Ints64]:
    """Prompts and answers of so many requests; the next call goes on where this one ends."""
    normal = draw.standard_normal((count, 2))
    inputs, outputs = normal[:, 0], normal[:, 1]
    if lengths.correlation_ratio:
        outputs = lengths.correlation_ratio * inputs + math.sqrt(1 - lengths.correlation_ratio**2) * outputs
    return (
        _tokens(inputs, lengths.input_tokens, lengths.input_deviation_ratio, lengths.most_input_tokens),
        _tokens(outputs, lengths.output_tokens, lengths.output_deviation_ratio, lengths.most_output_tokens),
    )


def _tokens(normal: NDArray[np.float64], mean_tokens: float, deviation_ratio: float, most_tokens: int) -> Ints64:
    values = np.exp(normal * deviation_ratio + log_median(mean_tokens, deviation_ratio, most_tokens))
    return np.rint(np.clip(values, 1.0, most_tokens)).astype(np.int64)


@lru_cache(maxsize=4096)
def log_median(mean_tokens: float, deviation_ratio: float, most_tokens: int) -> float:
    """Logarithm of the median of the log-normal length whose mean is mean_tokens once it is rounded and clipped."""
    if deviation_ratio == 0:
        return math.log(mean_tokens)
    wide = 40 * deviation_ratio + 1
    low, high = -wide, math.log(most_tokens) + wide
    for _ in range(BISECTIONS_COUNT):
        middle = (low + high) / 2
        if clipped_moments(middle, deviation_ratio, most_tokens)[0] < mean_tokens:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def clipped_moments(log_median_ratio: float, deviation_ratio: float, most_tokens: int) -> tuple[float, float]:
    """Mean and mean square of a log-normal length that is rounded and clipped to 1 … most_tokens.

    They are sums over k of P(length > k) and of (2k + 1)·P(length > k): the first one by one, the rest by the integral
    of the tail, of which whole tokens are the midpoint rule.
    """

    def above(tokens: float) -> float:
        return 0.5 * math.erfc((math.log(tokens) - log_median_ratio) / (deviation_ratio * math.sqrt(2)))

    summed = min(SUMMED_COUNT, most_tokens)
    tails = [above(k + 0.5) for k in range(1, summed)]
    first = 1 + sum(tails)
    second = 1 + sum((2 * k + 1) * tail for k, tail in enumerate(tails, 1))
    if summed < most_tokens:
        low, high = summed, most_tokens
        first += _tail(log_median_ratio, deviation_ratio, low, high, 1)
        second += 2 * _tail(log_median_ratio, deviation_ratio, low, high, 2)
    return first, second


def _tail(log_median_ratio: float, deviation_ratio: float, low: float, high: float, power: int) -> float:
    """Integral of x^(power - 1)·P(X > x) from low to high, of a log-normal X, for a power of 1 or 2.

    By parts it is ([x^power·P(X > x)] + E[X^power; low < X < high]) / power.
    """

    def below(tokens: float, shift: int) -> float:
        score = (math.log(tokens) - log_median_ratio) / deviation_ratio - shift * deviation_ratio
        return 0.5 * math.erfc(-score / math.sqrt(2))

    ends = high**power * (1 - below(high, 0)) - low**power * (1 - below(low, 0))
    part = below(high, power) - below(low, power)
    moment = math.exp(power * log_median_ratio + (power * deviation_ratio) ** 2 / 2) * part if part > 0 else 0.0
    return (ends + moment) / power


def fitted_lengths(mean_tokens: float, square_tokens: float, most_tokens: int) -> tuple[float, float]:
    """Mean and deviation of logarithms of the log-normal length with a mean and a mean square, once it is clipped.

    The first two moments are what waits depend on [1], so they are met, whatever becomes of the percentiles.

    References
    ----------
    [1] F. Pollaczek, 1930, and A. Khinchin, 1932: the mean wait of M/G/1 is λ·E[S²] / 2(1 - ρ).
    """
    if square_tokens <= mean_tokens**2 * (1 + ALIKE_RATIO):
        return mean_tokens, 0.0
    low, high = 0.0, MOST_DEVIATION_RATIO
    for _ in range(BISECTIONS_COUNT):
        middle = (low + high) / 2
        square = clipped_moments(log_median(mean_tokens, middle, most_tokens), middle, most_tokens)[1]
        if square < square_tokens:
            low = middle
        else:
            high = middle
    return mean_tokens, (low + high) / 2
