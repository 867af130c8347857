"""How far predictions were from what was measured: in all, by group with the baseline beside, and row by row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gigawatt.report import charts
from gigawatt.report.document import Column, Depth, Document, Exhibit, Facts, Section, Table
from gigawatt.report.formats import PERCENT, cell, signed
from gigawatt.report.reports import TABLE_HEADS
from gigawatt.study.validate.score import GroupScore, Scored, Scores, Validation

# What a mean error is held against, by what is validated, where it is no constant efficiency.
BASELINE = "a constant efficiency"
BASELINES = {
    "energy": "a constant energy per operation",
    "facility": "the median of the other rows",
    "serving": "the steady state's closed form",
    "schedules": "the date as announced",
}
# Errors of rows that are predicted in another way besides, by name.
ALSO = {
    "at_measured_rate": "at the measured throughput",
    "ttft_closed": "of the time to the first token in closed loops",
    "tpot_closed": "of the time per token in closed loops",
    "ttft_disaggregated": "of the time to the first token with two pools",
    "ttft_p99": "of the slowest hundredth's time to the first token",
    "tpot_p99": "of the slowest hundredth's time per token",
}
NAMED = {
    "gpu": "GPU",
    "fitted": "part in the fit",
    "pue": "PUE",
    "overhead": "facility, of the overhead (PUE − 1)",
    "water": "facility, of water",
}
# Members of a group that are drawn, those of the most rows; the table has all.
DRAWN = 12
# Times the largest error from which on baselines are told in words: their marks would make the bars too short to read.
FAR_RATIO = 4.0
COLUMNS = (
    Column(title="Rows", suffix="count"),
    *(Column(title=f"{name}, %", suffix="frac", scale=PERCENT) for name in ("MAPE", "Median", "Bias", "Baseline")),
)


def document(found: Validation) -> Document:
    """A validation."""
    scores, baseline = found.scores, BASELINES.get(found.what, BASELINE)
    groups = tuple(_group(name, rows, baseline) for name, rows in scores.by.items() if rows)
    return Document(
        title=f"Predicted against measured: {found.what}",
        lead=f"{scores.evaluated:,} of {scores.rows:,} rows answered: the mean error (MAPE) is "
        f"{_share(scores.mape_frac)} where {baseline} (the baseline) has "
        f"{_share(scores.baseline_mape_frac)}.",
        sections=(
            Section(slug="all", title="All rows", parts=(_totals(found, baseline),)),
            Section(slug="groups", title="Errors by group", parts=groups),
            Section(slug="rows", title="Row by row", parts=(*_not_answered(scores), _predictions(found))),
        ),
        notes=tuple(note.text for note in found.head.notes),
        made=f"Gigawatt {found.head.gigawatt}",
    )


def _share(value: float | None) -> str:
    """A share of which tenths of a percent matter."""
    return "–" if value is None else f"{PERCENT.text(value)} %"


def _totals(found: Validation, baseline: str) -> Facts:
    """All figures that are one number."""
    scores = found.scores
    pairs = (
        ("rows read", f"{scores.rows:,}"),
        ("rows answered", f"{scores.evaluated:,}"),
        ("coverage of eligible rows", _share(scores.coverage_frac)),
        ("mean absolute error (MAPE)", _share(scores.mape_frac)),
        (f"MAPE of {baseline} (baseline)", _share(scores.baseline_mape_frac)),
        ("median error", _share(scores.median_frac)),
        ("90th percentile of errors", _share(scores.p90_frac)),
        ("mean signed error (bias)", signed(scores.bias_frac)),
        ("rank correlation within scenarios", cell(scores.rank_correlation, "ratio")),
        ("rows inside P10 to P90", _share(scores.band_coverage_frac)),
        ("parameters fitted", f"{scores.parameters_fitted}"),
    )
    return Facts(name="totals", title="", pairs=(*pairs, *_also(found)))


def _also(found: Validation) -> Iterator[tuple[str, str]]:
    """Mean, median and signed mean error of the other way to predict the rows, and the mean error of the overhead."""
    if found.scores.overhead_mape_frac is not None:
        yield "MAPE of the overhead (PUE − 1)", _share(found.scores.overhead_mape_frac)
    for name, figures in found.also.items():
        if figures is not None:
            words = ", ".join((_share(figures.mape_frac), f"median {_share(figures.median_frac)}"))
            yield f"MAPE {ALSO.get(name, name)}", f"{words}, bias {signed(figures.bias_frac)}"


def _group(group: str, rows: Sequence[GroupScore], baseline: str) -> Exhibit:
    """Errors of the members of a group, such as the GPUs."""
    cells = tuple((r.name, r.rows, r.mape_frac, r.median_frac, r.bias_frac, r.baseline_mape_frac) for r in rows)
    named = NAMED.get(group, group)
    columns = (Column(title=f"{named[0].upper()}{named[1:]}"), *COLUMNS)
    most = max(rows, key=lambda row: row.mape_frac or 0.0)
    drawn = sorted(sorted(rows, key=lambda row: (row is not most, -row.rows))[:DRAWN], key=lambda row: row.name)
    chosen = f", the largest and those of the most rows, {DRAWN} in all" if len(drawn) < len(rows) else ""
    says = f"By {named}, the mean error is at most {_share(most.mape_frac)} ({most.name})."
    about = charts.About(name=(name := f"by-{group}"), title=f"Mean error by {named}", description=says)
    return Exhibit(
        name=name,
        says=says,
        shows=f"Mean error by {named}{chosen}; baseline: {baseline}",
        table=Table(name=name, title=f"By {named}", columns=columns, rows=cells),
        chart=charts.bars(about, *_bars(drawn)),
    )


def _bars(rows: Sequence[GroupScore]) -> tuple[list[charts.Bar], tuple[str, str]]:
    """Errors with their baselines, and what the two marks are called: nothing where there is only one."""
    farthest = max((row.baseline_mape_frac or 0.0 for row in rows), default=0.0)
    if farthest > FAR_RATIO * max((row.mape_frac or 0.0 for row in rows), default=0.0):
        return [charts.Bar(label=r.name, value=r.mape_frac or 0.0, text=_beside(r), colour=0) for r in rows], ("", "")
    bars = [
        charts.Bar(
            label=row.name,
            value=row.mape_frac or 0.0,
            text=_share(row.mape_frac),
            colour=0,
            dot=(dot := row.baseline_mape_frac),
            dot_text="" if dot is None else _share(dot),
        )
        for row in rows
    ]
    return bars, ("mean error", "baseline")


def _beside(row: GroupScore) -> str:
    return f"{_share(row.mape_frac)} (baseline {_share(row.baseline_mape_frac)})"


def _not_answered(scores: Scores) -> tuple[Table, ...]:
    """Reasons with their counts; rows of other work do not lower the coverage."""
    rows = tuple(
        (row.reason + ("" if row.eligible else " (other work, not eligible)"), row.count) for row in scores.skipped
    )
    columns = (Column(title="Reason"), Column(title="Rows", suffix="count"))
    return (Table(name="not-answered", title="Not answered", columns=columns, rows=rows),) if rows else ()


def _predictions(found: Validation) -> Table:
    """The rows as read with what was predicted beside each; a row without an answer has the reason."""
    answers = {row.line: _answer(row) for row in found.scored}
    reasons = {row.line: row.reason for row in found.skipped}
    read = tuple(found.cells[0]) if found.cells else ()
    nothing = [""] * (len(TABLE_HEADS) - 1)
    rows = tuple(
        (*cells.values(), *answers.get(line, (*nothing, reasons.get(line, ""))))
        for line, cells in enumerate(found.cells)
    )
    columns = tuple(Column(title=title) for title in (*read, *TABLE_HEADS))
    return Table(name="predictions", title="Row by row", columns=columns, rows=rows, depth=Depth.DATA)


def _answer(row: Scored) -> tuple[str, ...]:
    figures = (row.measured, row.p10, row.p50, row.p90, row.baseline, row.error_frac(row.p50))
    return (*("" if value is None else f"{value:.6g}" for value in figures), row.note)
