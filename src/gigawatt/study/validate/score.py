"""How well predictions meet measurements: errors by group, rank correlation, share inside of the band; and bars.

An error is |predicted − measured| / measured; a bias is its signed mean. Rows that a command cannot be about (another
kind of work) are outside; rows that it should answer and cannot lower the coverage.

References
----------
[1] C. Spearman, "The proof and measurement of association between two things", 1904, doi:10.2307/1412159.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import Literal

import numpy as np

from gigawatt.ndarrays import Floats
from gigawatt.study.answer import SPREAD, UNTOLD, Head
from gigawatt.study.validate.question import ValidationQuestion

# Quantile of the errors that is reported beside their mean and median.
HIGH_FRAC = 0.9
# Fewer rows than this have no order to speak of.
STRATUM_LEAST_COUNT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A row that was answered: `line` is its place among the rows read, from 0; figures in the row's own unit.

    `baseline` is what a simple rule would say, None where it has no word; rows of one `stratum` are ranked together
    (empty: not ranked); `groups` names the row's gpu, model, engine, source. `scale` is what an error is a share of
    where nothing was measured, which no error can be a share of.
    """

    line: int
    measured: float
    p10: float
    p50: float
    p90: float
    baseline: float | None = None
    stratum: str = ""
    groups: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    scale: float | None = None

    def error_frac(self, predicted: float) -> float:
        """Signed error of a prediction, as a share of what was measured, or of `scale`."""
        return (predicted - self.measured) / (self.measured if self.scale is None else self.scale)


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A row without an answer: why, and whether it should have had one (`eligible`, which lowers the coverage)."""

    line: int
    reason: str
    eligible: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupScore:
    """Errors of the rows of one name, such as one GPU; the baseline's are over the rows for which it has a word."""

    name: str
    rows: int
    mape_frac: float | None
    median_frac: float | None
    bias_frac: float | None
    baseline_mape_frac: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedReason:
    """Why rows were not answered, how many, and whether they should have been."""

    reason: str
    count: int
    eligible: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """The figures of a validation; what does not exist is None.

    rows: rows read; evaluated: rows answered. p90_frac: the ninetieth percentile of the errors. band_coverage_frac:
    share of the rows between P10 and P90. by: errors by group, None for a group that these rows do not have.
    overhead_mape_frac: of facilities, the mean error of what is beyond the 1 of the IT itself, PUE − 1.
    """

    rows: int
    evaluated: int
    coverage_frac: float | None
    mape_frac: float | None
    median_frac: float | None
    p90_frac: float | None
    bias_frac: float | None
    baseline_mape_frac: float | None
    rank_correlation: float | None
    band_coverage_frac: float | None
    parameters_fitted: int
    by: Mapping[str, tuple[GroupScore, ...] | None]
    skipped: tuple[SkippedReason, ...]
    overhead_mape_frac: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorFigures:
    """Mean, median and signed mean error of rows predicted in another way."""

    mape_frac: float
    median_frac: float
    bias_frac: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """The figures over a file of measured rows; its rows as read, and the answers and refusals by row.

    also: errors that one kind of rows has besides, such as those of energy at the measured rate, by name.
    """

    head: Head = field(default_factory=Head, metadata=SPREAD)
    scores: Scores = field(metadata=SPREAD)
    also: Mapping[str, ErrorFigures | None] = field(default_factory=dict, metadata=SPREAD)
    what: Literal["inference", "training", "energy", "facility", "runs", "serving", "schedules"] = field(
        metadata=UNTOLD
    )
    cells: tuple[Mapping[str, str], ...] = field(metadata=UNTOLD)
    scored: tuple[Scored, ...] = field(metadata=UNTOLD)
    skipped: tuple[Skipped, ...] = field(metadata=UNTOLD)


def shipped(name: str) -> Path:
    """A file of measured points that comes with the package."""
    return Path(str(files("gigawatt.catalog"))) / "measurements" / f"{name}.csv"


def score(
    scored: Sequence[Scored],
    skipped: Sequence[Skipped],
    *,
    groups: Sequence[str],
    parameters_count: int,
    no_groups: Sequence[str] = (),
) -> Scores:
    """The figures of rows that were answered and of those that were not; no_groups: groups that they do not have."""
    eligible = len(scored) + sum(row.eligible for row in skipped)
    errors = _errors(scored)
    inside = [row.p10 <= row.measured <= row.p90 for row in scored]
    return Scores(
        rows=len(scored) + len(skipped),
        evaluated=len(scored),
        coverage_frac=len(scored) / eligible if eligible else None,
        **_summary(scored),
        p90_frac=float(np.quantile(np.abs(errors), HIGH_FRAC)) if scored else None,
        rank_correlation=rank_correlation(scored),
        band_coverage_frac=float(np.mean(inside)) if scored else None,
        parameters_fitted=parameters_count,
        by=dict.fromkeys(no_groups) | {group: errors_by(scored, group) for group in groups},
        skipped=_reasons(skipped),
    )


def error_figures(errors_frac: Floats) -> ErrorFigures | None:
    """The figures of signed errors; None of no rows."""
    if not errors_frac.size:
        return None
    size = np.abs(errors_frac)
    return ErrorFigures(
        mape_frac=float(np.mean(size)), median_frac=float(np.median(size)), bias_frac=float(np.mean(errors_frac))
    )


def _errors(scored: Sequence[Scored]) -> Floats:
    return np.array([row.error_frac(row.p50) for row in scored], dtype=float)


def _summary(scored: Sequence[Scored]) -> dict[str, float | None]:
    """Mean, median and signed mean error, and the mean error of the baseline on those rows for which it has a word."""
    errors = _errors(scored)
    size = np.abs(errors)
    plain = [abs(row.error_frac(row.baseline)) for row in scored if row.baseline is not None]
    return {
        "mape_frac": float(np.mean(size)) if scored else None,
        "median_frac": float(np.median(size)) if scored else None,
        "bias_frac": float(np.mean(errors)) if scored else None,
        "baseline_mape_frac": float(np.mean(plain)) if plain else None,
    }


def errors_by(scored: Sequence[Scored], group: str) -> tuple[GroupScore, ...]:
    """Errors of the rows of each name in a group, such as of each GPU."""
    names = sorted({row.groups.get(group, "") for row in scored})
    rows = {name: [row for row in scored if row.groups.get(group, "") == name] for name in names}
    return tuple(GroupScore(name=name, rows=len(part), **_summary(part)) for name, part in rows.items())


def _reasons(skipped: Sequence[Skipped]) -> tuple[SkippedReason, ...]:
    """Reasons with their counts, the most frequent first."""
    counts = Counter((row.reason, row.eligible) for row in skipped)
    order = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(SkippedReason(reason=reason, count=count, eligible=eligible) for (reason, eligible), count in order)


def rank_correlation(scored: Iterable[Scored]) -> float | None:
    """Spearman's coefficient [1] within each stratum, as a mean weighted by rows.

    Strata of fewer than three rows, and those in which all rows are equal, have no order and are left out.
    """
    strata: dict[str, list[Scored]] = {}
    for row in scored:
        strata.setdefault(row.stratum, []).append(row)
    values, weights = [], []
    for name, rows in strata.items():
        value = _spearman(rows) if name and len(rows) >= STRATUM_LEAST_COUNT else None
        if value is not None:
            values.append(value)
            weights.append(len(rows))
    return float(np.average(values, weights=weights)) if values else None


def _spearman(rows: Sequence[Scored]) -> float | None:
    first, second = (
        _ranks(np.array(values)) for values in zip(*((row.measured, row.p50) for row in rows), strict=True)
    )
    first, second = first - np.mean(first), second - np.mean(second)
    size = float(np.sqrt(np.sum(first * first) * np.sum(second * second)))
    return float(np.sum(first * second)) / size if size > 0 else None


def _ranks(values: Floats) -> Floats:
    """Ranks from 0; equal values share their mean rank."""
    below = np.sum(values[:, None] > values[None, :], axis=1)
    equal = np.sum(values[:, None] == values[None, :], axis=1)
    return below + (equal - 1) / 2


def judged(found: Validation, question: ValidationQuestion) -> Validation:
    """A validation with the bars that it misses; a figure that does not exist reaches none."""
    return replace(found, head=replace(found.head, missed=tuple(_missed(found.scores, question))))


def _missed(scores: Scores, question: ValidationQuestion) -> Iterator[str]:
    most, least = question.max_mape_ratio, question.min_coverage_frac
    if most is not None and not (scores.mape_frac is not None and scores.mape_frac <= most):
        yield f"max_mape = {_shown(most)}: the mean error is {_shown(scores.mape_frac)}"
    if least is not None and not (scores.coverage_frac is not None and scores.coverage_frac >= least):
        yield f"min_coverage = {_shown(least)}: the coverage is {_shown(scores.coverage_frac)}"


def _shown(share_frac: float | None) -> str:
    return "none" if share_frac is None else f"{100 * share_frac:.2f} %"
