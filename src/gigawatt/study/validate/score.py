"""How well predictions meet measurements: errors by group, rank correlation, share inside of the band; and their file.

An error is |predicted − measured| / measured; a bias is its signed mean. Rows that a command cannot be about (another
kind of work) are outside; rows that it should answer and cannot lower the coverage.

References
----------
[1] C. Spearman, "The proof and measurement of association between two things", 1904, doi:10.2307/1412159.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gigawatt.errors import Fault, ScenarioError
from gigawatt.study.files import check_file, write_whole

# Quantile of the errors that is reported beside their mean and median.
HIGH_FRAC = 0.9
# Fewer rows than this have no order to speak of.
STRATUM_LEAST_COUNT = 3
COLUMNS = ("measured", "p10", "p50", "p90", "baseline", "error_frac", "note")

Floats = NDArray[np.float64]


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


def score(
    scored: Sequence[Scored], skipped: Sequence[Skipped], *, groups: Sequence[str], parameters_count: int
) -> dict[str, Any]:
    """The figures of a validation, as strict JSON: what does not exist is null; `by` has a list for each group."""
    eligible = len(scored) + sum(row.eligible for row in skipped)
    errors = _errors(scored)
    inside = [row.p10 <= row.measured <= row.p90 for row in scored]
    return {
        "rows": len(scored) + len(skipped),
        "evaluated": len(scored),
        "coverage_frac": len(scored) / eligible if eligible else None,
        **_summary(scored),
        "p90_frac": float(np.quantile(np.abs(errors), HIGH_FRAC)) if scored else None,
        "rank_correlation": rank_correlation(scored),
        "band_coverage_frac": float(np.mean(inside)) if scored else None,
        "parameters_fitted": parameters_count,
        "by": {group: _by(scored, group) for group in groups},
        "skipped": _reasons(skipped),
    }


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


def _by(scored: Sequence[Scored], group: str) -> list[dict[str, Any]]:
    names = sorted({row.groups.get(group, "") for row in scored})
    rows = {name: [row for row in scored if row.groups.get(group, "") == name] for name in names}
    return [{"name": name, "rows": len(part), **_summary(part)} for name, part in rows.items()]


def _reasons(skipped: Sequence[Skipped]) -> list[dict[str, Any]]:
    """Reasons with their counts, the most frequent first."""
    counts = Counter((row.reason, row.eligible) for row in skipped)
    order = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [{"reason": reason, "count": count, "eligible": eligible} for (reason, eligible), count in order]


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


def read_bars(texts: Mapping[str, str | None]) -> dict[str, float]:
    """Bars as typed, by option: a share such as 0.13 or "13%". Raises ScenarioError with every one that is not."""
    bars, faults = {}, []
    for name, text in texts.items():
        if text is None:
            continue
        try:
            value = float(text.rstrip("% ")) / (100 if text.rstrip().endswith("%") else 1)
        except ValueError:
            value = np.nan
        if not 0 <= value < np.inf:
            faults.append(Fault(path=name, given=f'"{text}"', expected="a share, such as 0.13 or 13%"))
        bars[name] = float(value)
    if faults:
        raise ScenarioError(faults)
    return bars


def missed(figures: Mapping[str, Any], bars: Mapping[str, float]) -> list[str]:
    """The bars of `read_bars` that the figures do not reach, in words; a figure that does not exist reaches none."""
    found = []
    for name, bar in bars.items():
        figure = figures["mape_frac" if name == "--max-mape" else "coverage_frac"]
        below = name == "--max-mape"
        if figure is None or (figure > bar if below else figure < bar):
            shown = "none" if figure is None else f"{figure:.2%}"
            found.append(f"{name} {bar:.2%}: the {'mean error' if below else 'coverage'} is {shown}")
    return found


def write_predictions(
    path: Path, rows: Sequence[Mapping[str, str]], scored: Iterable[Scored], skipped: Iterable[Skipped]
) -> None:
    """The rows as read with what was predicted beside each, as CSV: whole or not at all.

    Raises ScenarioError where no such file can be written, or another stands there.
    """
    check_predictions(path)
    answers: dict[int, list[Any]] = {row.line: _answer(row) for row in scored}
    reasons = {row.line: row.reason for row in skipped}
    header = list(rows[0]) if rows else []
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*header, *COLUMNS])
    for line, row in enumerate(rows):
        empty = [""] * (len(COLUMNS) - 1) + [reasons.get(line, "")]
        writer.writerow([*row.values(), *answers.get(line, empty)])
    write_whole(path, text.getvalue())


def check_predictions(path: Path | None) -> None:
    """Raises ScenarioError where no such file can be written, or another stands there, such as the one that is read."""
    if path is not None:
        check_file(path, "--predictions", _is_predictions)


def _is_predictions(text: str) -> bool:
    return tuple(text.partition("\n")[0].split(",")[-len(COLUMNS) :]) == COLUMNS


def _answer(row: Scored) -> list[Any]:
    baseline = "" if row.baseline is None else row.baseline
    figures = [row.measured, row.p10, row.p50, row.p90, baseline, row.error_frac(row.p50)]
    return [*(f"{value:.6g}" if isinstance(value, float) else value for value in figures), row.note]
