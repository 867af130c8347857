"""How far predictions were from what was measured: on a terminal, as tables of a page, and row by row as CSV.

Plain text, never wider than the terminal (80 columns where there is none).
"""

from __future__ import annotations

import csv
import io
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import get_terminal_size

from gigawatt.study.files import check_file
from gigawatt.study.validate.score import Scored, Scores, Validation

# What a mean error is held against, by what is validated, where it is no constant efficiency.
BASELINE, BASELINES = "a constant efficiency", {"facility": "the median of the other rows"}
COLUMNS = ("rows", "MAPE", "median", "bias", "baseline")
# What stands beside every row as read in the file of predictions.
PREDICTED = ("measured", "p10", "p50", "p90", "baseline", "error_frac", "note")
Rows = list[list[str]]
# The first column of a table is folded, but no narrower than this; columns are so far apart.
LEAST_WIDTH = 16
GAP = 2


def show(found: Validation, files: Mapping[str, str], width: int | None = None) -> None:
    """A validation: one line of totals, notes, errors by group with the baseline beside, what was left."""
    columns, scores = width or screen_width(), found.scores
    print(f"\nPredicted against measured: {found.what}\n")
    texts = [headline(scores, found.what), *(note.text for note in found.head.notes)]
    print("\n\n".join(textwrap.fill(text, columns) for text in texts))
    for group in groups_of(scores):
        rows = by_group(scores, group)
        if rows:
            print(f"\nBy {group}\n{aligned([['', *COLUMNS], *rows], columns)}")
    if scores.skipped:
        print(f"\nNot answered\n{aligned([['reason', 'rows'], *not_answered(scores)], columns)}")
    for name, place in files.items():
        print(f"\n{name.capitalize()} in {place}")


def predictions(found: Validation) -> str:
    """The rows as read with what was predicted beside each, as CSV; a row without an answer has the reason."""
    answers = {row.line: _answer(row) for row in found.scored}
    reasons = {row.line: row.reason for row in found.skipped}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*(found.cells[0] if found.cells else ()), *PREDICTED])
    for line, cells in enumerate(found.cells):
        empty = [""] * (len(PREDICTED) - 1) + [reasons.get(line, "")]
        writer.writerow([*cells.values(), *answers.get(line, empty)])
    return text.getvalue()


def _answer(row: Scored) -> list[str]:
    figures = (row.measured, row.p10, row.p50, row.p90, row.baseline, row.error_frac(row.p50))
    return [*("" if value is None else f"{value:.6g}" for value in figures), row.note]


def check_predictions(path: Path) -> None:
    """Raises OutputError where no such file can be written, or another stands there, such as the one that is read."""
    check_file(path, "predictions", _is_predictions)


def _is_predictions(text: str) -> bool:
    return tuple(text.partition("\n")[0].split(",")[-len(PREDICTED) :]) == PREDICTED


def screen_width() -> int:
    """Columns of the terminal, 80 where there is none."""
    return get_terminal_size((80, 24)).columns


def groups_of(scores: Scores) -> list[str]:
    """The groups that a validation has errors by."""
    return [group for group, rows in scores.by.items() if rows is not None]


def headline(scores: Scores, what: str = "") -> str:
    """All figures that are one number, as a sentence."""
    return (
        f"{scores.evaluated} of {scores.rows} rows answered (coverage {share(scores.coverage_frac)} of "
        f"those eligible): MAPE {share(scores.mape_frac)} where {BASELINES.get(what, BASELINE)} (the baseline) has "
        f"{share(scores.baseline_mape_frac)}, median {share(scores.median_frac)}, P90 "
        f"{share(scores.p90_frac)}, bias {signed(scores.bias_frac)}, rank correlation "
        f"{plain(scores.rank_correlation)}, {share(scores.band_coverage_frac)} of rows inside P10 to P90, "
        f"{scores.parameters_fitted} parameters fitted."
    )


def totals(scores: Scores, what: str = "") -> Rows:
    """The same figures as rows of a table."""
    return [
        ["rows read", str(scores.rows)],
        ["rows answered", str(scores.evaluated)],
        ["coverage of eligible rows", share(scores.coverage_frac)],
        ["mean absolute error (MAPE)", share(scores.mape_frac)],
        [f"MAPE of {BASELINES.get(what, BASELINE)} (baseline)", share(scores.baseline_mape_frac)],
        ["median error", share(scores.median_frac)],
        ["90th percentile of errors", share(scores.p90_frac)],
        ["mean signed error (bias)", signed(scores.bias_frac)],
        ["rank correlation within scenarios", plain(scores.rank_correlation)],
        ["rows inside P10 to P90", share(scores.band_coverage_frac)],
        ["parameters fitted", str(scores.parameters_fitted)],
    ]


def by_group(scores: Scores, group: str) -> Rows:
    """One row a member of a group, in the order of `COLUMNS` after its name."""
    return [
        [
            row.name or "not said",
            str(row.rows),
            share(row.mape_frac),
            share(row.median_frac),
            signed(row.bias_frac),
            share(row.baseline_mape_frac),
        ]
        for row in scores.by[group] or ()
    ]


def not_answered(scores: Scores) -> Rows:
    """Reasons with their counts; rows of other work do not lower the coverage."""
    return [
        [row.reason + ("" if row.eligible else " (other work, not eligible)"), f"{row.count}"] for row in scores.skipped
    ]


def share(value: float | None) -> str:
    """A share as a percentage, a dash where there is none."""
    return "–" if value is None else f"{value:.1%}"


def signed(value: float | None) -> str:
    """A share with its sign."""
    return "–" if value is None else f"{value:+.1%}".replace("-", "−")


def plain(value: float | None) -> str:
    """A bare number."""
    return "–" if value is None else f"{value:.3f}".replace("-", "−")


def aligned(rows: Rows, width: int) -> str:
    """Text in columns: words to the left and folded to the width, figures to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    room = width - sum(widths[1:]) - GAP * len(widths)
    widths[0] = min(widths[0], max(room, LEAST_WIDTH))
    lines = []
    for first, *figures in rows:
        folded = textwrap.wrap(first, widths[0], subsequent_indent="  ") or [""]
        cells = [cell.rjust(size) for cell, size in zip(figures, widths[1:], strict=True)]
        lines += [(" " * GAP).join([folded[0].ljust(widths[0]), *cells]), *folded[1:]]
    return "\n".join(" " * GAP + line.rstrip() for line in lines)


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """A table of a page: the first row is its head, all columns but the first to the right."""
    head, *body = rows
    rule = ["---", *["---:"] * (len(head) - 1)]
    cells = [[cell.replace("|", "\\|") for cell in row] for row in (head, rule, *body)]
    return "\n".join("| " + " | ".join(row) + " |" for row in cells)
