"""How far predictions were from what was measured: on a terminal, and as tables of a page.

Plain text, never wider than the terminal (80 columns where there is none).
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from shutil import get_terminal_size
from typing import Any

# What a mean error is held against, by what is validated, where it is no constant efficiency.
BASELINE, BASELINES = "a constant efficiency", {"facility": "the median of the other rows"}
COLUMNS = ("rows", "MAPE", "median", "bias", "baseline")
Rows = list[list[str]]
# The first column of a table is folded, but no narrower than this; columns are so far apart.
LEAST_WIDTH = 16
GAP = 2


def show(what: str, figures: Mapping[str, Any], width: int | None = None) -> None:
    """A validation: one line of totals, notes, errors by group with the baseline beside, what was left."""
    columns = width or screen_width()
    print(f"\nPredicted against measured: {what}\n")
    texts = [headline(figures, what), *(note["text"] for note in figures.get("notes", ()))]
    print("\n\n".join(textwrap.fill(text, columns) for text in texts))
    for group in groups_of(figures):
        rows = by_group(figures, group)
        if rows:
            print(f"\nBy {group}\n{aligned([['', *COLUMNS], *rows], columns)}")
    if figures["skipped"]:
        print(f"\nNot answered\n{aligned([['reason', 'rows'], *not_answered(figures)], columns)}")


def screen_width() -> int:
    """Columns of the terminal, 80 where there is none."""
    return get_terminal_size((80, 24)).columns


def groups_of(figures: Mapping[str, Any]) -> list[str]:
    """The groups that a validation has errors by."""
    return [group for group, rows in figures["by"].items() if rows is not None]


def headline(figures: Mapping[str, Any], what: str = "") -> str:
    """All figures that are one number, as a sentence."""
    return (
        f"{figures['evaluated']} of {figures['rows']} rows answered (coverage {share(figures['coverage_frac'])} of "
        f"those eligible): MAPE {share(figures['mape_frac'])} where {BASELINES.get(what, BASELINE)} (the baseline) has "
        f"{share(figures['baseline_mape_frac'])}, median {share(figures['median_frac'])}, P90 "
        f"{share(figures['p90_frac'])}, bias {signed(figures['bias_frac'])}, rank correlation "
        f"{plain(figures['rank_correlation'])}, {share(figures['band_coverage_frac'])} of rows inside P10 to P90, "
        f"{figures['parameters_fitted']} parameters fitted."
    )


def totals(figures: Mapping[str, Any], what: str = "") -> Rows:
    """The same figures as rows of a table."""
    return [
        ["rows read", str(figures["rows"])],
        ["rows answered", str(figures["evaluated"])],
        ["coverage of eligible rows", share(figures["coverage_frac"])],
        ["mean absolute error (MAPE)", share(figures["mape_frac"])],
        [f"MAPE of {BASELINES.get(what, BASELINE)} (baseline)", share(figures["baseline_mape_frac"])],
        ["median error", share(figures["median_frac"])],
        ["90th percentile of errors", share(figures["p90_frac"])],
        ["mean signed error (bias)", signed(figures["bias_frac"])],
        ["rank correlation within scenarios", plain(figures["rank_correlation"])],
        ["rows inside P10 to P90", share(figures["band_coverage_frac"])],
        ["parameters fitted", str(figures["parameters_fitted"])],
    ]


def by_group(figures: Mapping[str, Any], group: str) -> Rows:
    """One row a member of a group, in the order of `COLUMNS` after its name."""
    return [
        [
            row["name"] or "not said",
            str(row["rows"]),
            share(row["mape_frac"]),
            share(row["median_frac"]),
            signed(row["bias_frac"]),
            share(row["baseline_mape_frac"]),
        ]
        for row in figures["by"][group]
    ]


def not_answered(figures: Mapping[str, Any]) -> Rows:
    """Reasons with their counts; rows of other work do not lower the coverage."""
    return [
        [row["reason"] + ("" if row.get("eligible", True) else " (other work, not eligible)"), f"{row['count']}"]
        for row in figures["skipped"]
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
