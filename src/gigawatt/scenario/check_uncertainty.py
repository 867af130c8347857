"""Does what is declared uncertain make sense? Names, distributions, walks, and correlations that can hold together."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gigawatt.catalog.tables import Reader
from gigawatt.errors import near
from gigawatt.scenario.schema import Asked, Uncertainty

# What may be uncertain: factors that may move from quarter to quarter, slips in quarters, and factors that hold.
FACTORS = ("demand", "price", "throughput", "rack_price", "energy_price")
SLIPS = ("chip_slip", "power_slip")
RATES = ("failure_rate", "capital_cost")
QUANTITIES = (*FACTORS, *SLIPS, *RATES)
MOST_RATIO, MOST_SLIP_COUNT = 100.0, 40.0
# Which keys each distribution is stated by.
STATED = {
    "lognormal": ("p10_ratio", "p90_ratio"),
    "triangular": ("low_ratio", "mode_ratio", "high_ratio"),
    "discrete": ("values", "weights"),
}


def check_uncertainty(asked: Asked, reader: Reader) -> None:
    """Add every fault to the reader."""
    for name, spread in asked.uncertainty.items():
        path = f"uncertainty.{name}"
        if name not in QUANTITIES:
            reader.remark(path, "a quantity that is not known", _named(name, QUANTITIES))
        elif spread.distribution == "discrete":
            _discrete(path, name, spread, reader)
        else:
            _continuous(path, spread, reader)
        _stray(path, spread, reader)
        _walk(path, name, spread, reader)
    _correlations(asked, reader)


def _named(name: str, known: Sequence[str]) -> str:
    return f"one of {', '.join(known)}{near(name, known, 0.5)}"


def _continuous(path: str, spread: Uncertainty, reader: Reader) -> None:
    names = STATED[spread.distribution]
    keys = [name.removesuffix("_ratio") for name in names]
    ratios = [getattr(spread, name) for name in names]
    if any(math.isnan(ratio) for ratio in ratios):
        return  # the reader has said so
    given = ", ".join(f"{key} {ratio:g}" for key, ratio in zip(keys, ratios, strict=True))
    if ratios != sorted(ratios):
        reader.remark(path, given, " ≤ ".join(keys))


def _discrete(path: str, name: str, spread: Uncertainty, reader: Reader) -> None:
    values, weights = spread.values, spread.weights
    if not values or len(values) != len(weights):
        given = f"{len(values)} values, {len(weights)} weights"
        reader.remark(path, given, "values and as many weights, at least one")
        return
    least, most = (0.0, MOST_SLIP_COUNT) if name in SLIPS else (math.ulp(0.0), MOST_RATIO)
    if not all(least <= value <= most for value in values):
        allowed = f"quarters from 0 to {most:g}" if name in SLIPS else f"numbers above 0 and at most {most:g}"
        reader.remark(f"{path}.values", _list(values), allowed)
    elif list(values) != sorted(values):
        reader.remark(f"{path}.values", _list(values), "values in rising order")
    if not (all(0 <= weight < math.inf for weight in weights) and sum(weights) > 0):
        reader.remark(f"{path}.weights", _list(weights), "numbers not below 0 whose sum is above 0")


def _list(values: Sequence[float]) -> str:
    return ", ".join(f"{value:g}" for value in values)


def _stray(path: str, spread: Uncertainty, reader: Reader) -> None:
    """Keys of another distribution are a misunderstanding, for they would change nothing."""
    plain = Uncertainty(distribution=spread.distribution)
    for other, names in STATED.items():
        for name in names if other != spread.distribution else ():
            if getattr(spread, name) != getattr(plain, name):
                expected = f"no such key of a {spread.distribution} distribution: it belongs to {other}"
                reader.remark(f"{path}.{name.removesuffix('_ratio')}", str(getattr(spread, name)), expected)


def _walk(path: str, name: str, spread: Uncertainty, reader: Reader) -> None:
    if spread.walk_ratio > 0 and name not in FACTORS:
        reader.fault(f"{path}.walk", spread.walk_ratio, f"no walk, which {', '.join(FACTORS)} can take")


def _correlations(asked: Asked, reader: Reader) -> None:
    names, seen, sound = list(asked.uncertainty), set(), True
    for n, (first, second, rho) in enumerate(asked.correlations):
        path, pair = f"correlations[{n}]", frozenset((first, second))
        for name in pair - set(names):
            reader.fault(path, name, _named(name, names) if names else "a quantity of [uncertainty]")
        if len(pair) == 1 or pair in seen:
            reader.fault(path, f"{first}, {second}", "two different quantities, each pair once")
        if not -1 < rho < 1:
            reader.fault(path, rho, "a correlation above -1 and below 1")
        sound &= pair <= set(names) and len(pair) == 2 and pair not in seen and -1 < rho < 1
        seen.add(pair)
    if sound and not _definite(correlation(asked, names)):
        first, second, rho = max(asked.correlations, key=lambda item: abs(item[2]))
        given = f"not positive definite; the largest is {first}, {second} with {rho:g}"
        reader.remark("correlations", given, "correlations that can hold together: smaller ones, or more pairs")


def _definite(matrix: NDArray[np.float64]) -> bool:
    try:
        np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return False
    return True


def correlation(asked: Asked, names: Sequence[str]) -> NDArray[np.float64]:
    """The correlation matrix of the normals behind all uncertain quantities, in the order of names."""
    matrix = np.eye(len(names))
    for first, second, rho in asked.correlations:
        one, other = names.index(first), names.index(second)
        matrix[one, other] = matrix[other, one] = rho
    return matrix
