"""What users wait for, as a table: percentiles of single requests by class and hour, with their intervals."""

from __future__ import annotations

from collections.abc import Sequence

from gigawatt.report import names
from gigawatt.report.document import Table, Value, in_units, table
from gigawatt.report.views import View
from gigawatt.simulation.user_wait import Estimated, UserWait

TITLE = "What users wait for, by class, in its busiest and in a mean hour; ± half of a 95 % interval"
# Figures of a wait that have an interval: name, title, suffix.
FIGURES = (
    ("ttft_p50_s", "TTFT P50", "s"),
    ("ttft_p99_s", "TTFT P99", "s"),
    ("tpot_p50_s", "TPOT P50", "s"),
    ("tpot_p99_s", "TPOT P99", "s"),
    ("goodput_frac", "Good answers", "frac"),
    ("served_frac", "Served, of the fleet's", "frac"),
    ("waiting_count", "Waiting", "count"),
)
LABELS = {"Class": "", "Hour": "", "Began, UTC": "", "Platform": "", "Load": "frac"}
# Of the columns, those of a terminal: class, hour, load, both times (P99 with its interval) and good answers.
BRIEF = (0, 1, 4, 5, 7, 8, 9, 11, 12, 13)


def waits(v: View, found: Sequence[UserWait]) -> Table:
    """A row for each class and hour; ± is half the width of the 95 % interval."""
    heads = dict(LABELS)
    for _, title, suffix in FIGURES:
        heads |= {title: suffix, f"{title} ±": suffix}
    heads |= {"Load planned on": "frac", "SLO derating": "frac", "Engines": "count", "Engines of the pod": "count"}
    return in_units(table("waits", TITLE, heads, [_row(v, one) for one in found], brief_columns=BRIEF))


def _row(v: View, one: UserWait) -> tuple[Value, ...]:
    figures: list[Value] = []
    for name, _, _ in FIGURES:
        figures += _with_width(getattr(one, name))
    began = one.moment.replace("T", " ").removesuffix("Z")
    where = names.use_case(v.scenario, one.use_case), one.hour, began, names.platform(v.scenario, one.platform)
    engines = one.engines_count, float(one.pod_engines_count)
    return (*where, one.load_frac, *figures, one.planned_load_frac, one.slo_kept_frac, *engines)


def _with_width(value: Estimated | None) -> list[Value]:
    return [None, None] if value is None else [value.mid, value.high - value.mid]


def said(found: Sequence[UserWait]) -> str:
    """How the figures are made, in words."""
    count = max(one.replications_count for one in found)
    return (
        "Requests are followed one by one through a few engines at the load of the fleet's, a share of what they serve "
        "at most in steady state: arrivals as bursty as those of the class, answers as spread as an exponential, "
        "software as far as in that hour, which makes all times shorter as it makes throughput higher. Good answers "
        f"are those within the limits of their class. Means of {count} independent replications, ± half of the 95 % "
        "interval, on the platform that serves most of the class then."
    )
