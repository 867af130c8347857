"""What documents of many futures share: money in one unit, ranges of a figure, what is worth knowing, every future."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from gigawatt.report.charts import Range
from gigawatt.report.document import Column, Depth, Section, Table, Value
from gigawatt.report.formats import Scale, cell, scale
from gigawatt.study.answer import Head
from gigawatt.study.futures.compare import Comparison
from gigawatt.study.futures.draws import unit_of
from gigawatt.study.futures.rules import WORDS
from gigawatt.study.futures.statistics import quantiles
from gigawatt.study.futures.sweep import Sweep
from gigawatt.study.job import HASH_LENGTH

if TYPE_CHECKING:
    import xarray as xr

# The one figure that decides.
VALUE = "net present value with terminal value"
# Figures of a future: their title and suffix.
FIGURES = {
    "value_usd": ("Value", "usd"),
    "npv_usd": ("Before the end", "usd"),
    "terminal_value_usd": ("Terminal value", "usd"),
    "installed_w": ("Most power in service", "w"),
    "first_gw_quarter_count": ("Quarters to the first gigawatt", "count"),
    "served_tokens": ("Served", "tokens"),
    "unserved_frac": ("Not served", "frac"),
    "peak_debt_usd": ("Highest debt", "usd"),
    "short_usd": ("Debt beyond its limits", "usd"),
    "cash_out_frac": ("Cash runs out", "frac"),
}
# Worth of information below this share of the largest value at stake is noise.
NOISE_FRAC, FEW = 0.002, 3


def names(head: Head, seed: int | None = None) -> tuple[str, ...]:
    """Of which scenario, and from which seed."""
    return (str(head.scenario), *([] if seed is None else [f"seed {seed}"]), str(head.hash)[:HASH_LENGTH])


def made(head: Head, seed: int | None = None) -> str:
    """By what it was made, from what."""
    told = f"Gigawatt {head.gigawatt}, scenario {head.scenario}, hash {head.hash}"
    return told if seed is None else f"{told}, seed {seed}"


def money(unit: Scale, *titles: str) -> tuple[Column, ...]:
    """Columns of money in one unit, which the table's title names."""
    return tuple(Column(title=title, suffix="usd", scale=unit) for title in titles)


def ranged(values_usd: Mapping[str, Sequence[float]]) -> tuple[Scale, list[Range]]:
    """What money comes to in many futures, by what it is of, for a chart; and the unit that it is in there."""
    told = {title: quantiles(row) for title, row in values_usd.items()}
    unit, rows = scale("usd", [end for one in told.values() for end in (one.p10, one.p90)]), []
    for title, one in told.items():
        ends = {key: getattr(one, key) / unit.size for key in ("p10", "p50", "p90", "mean")}
        rows.append(Range(label=title, largest=max(values_usd[title]) / unit.size, **ends))
    return unit, rows


def information(found: Sweep | Comparison) -> str:
    """Which numbers are worth buying data on, for the choice between strategies, or between the plan and nothing."""
    choice, most_usd = "to build or not" if isinstance(found, Sweep) else "which strategy to take", found.evpi_all_usd
    dear = [(name, worth) for name, worth in found.evpi_usd.items() if worth > NOISE_FRAC * most_usd][:FEW]
    whole = f"Knowing all of the future before deciding {choice} would be worth {cell(most_usd, 'usd')}"
    if not dear:
        return f"{whole}; no single number would change the decision, so data on one of them is worth nothing for it."
    listed = ", then ".join(f"{WORDS[name]} ({cell(worth, 'usd')})" for name, worth in dear)
    return f"{whole}. Data is worth buying first on {listed}."


def drawn_column(name: str) -> Column:
    """What was drawn of an uncertain quantity: a factor, or quarters of slip."""
    slips = unit_of(name) == "quarters"
    title = f"{WORDS[name].capitalize()}, {'quarters late' if slips else 'of what is stated'}"
    return Column(title=title, suffix="count" if slips else "ratio")


def every(tables: Mapping[str, xr.Dataset], regrets_usd: Mapping[str, Sequence[float]] | None = None) -> Section:
    """Every future as a row: what was drawn, and each figure of each strategy, with its regret where there is any."""
    first = next(iter(tables.values()))
    quantities = first.quantity.values.tolist()
    columns = [Column(title="Future", suffix="count"), *map(drawn_column, quantities)]
    cells = [first.draw.values.tolist(), *first.drawn.values.T.tolist()]
    for strategy, table in tables.items():
        before = f"{strategy}: " if strategy else ""
        columns += [Column(title=f"{before}{title}", suffix=suffix) for title, suffix in FIGURES.values()]
        cells += [table[key].values.tolist() for key in FIGURES]
        if regrets_usd is not None:
            columns.append(Column(title=f"{before}Regret", suffix="usd"))
            cells.append(list(regrets_usd[strategy]))
    rows = tuple(tuple(_known(value) for value in row) for row in zip(*cells, strict=True))
    return section(columns, rows)


def section(columns: Sequence[Column], rows: tuple[tuple[Value, ...], ...]) -> Section:
    """Every future, for files alone."""
    table = Table(name="futures", title="Every future", columns=tuple(columns), rows=rows, depth=Depth.DATA)
    return Section(slug="futures", title="Every future", parts=(table,))


def _known(value: float) -> Value:
    return value if math.isfinite(value) else None
