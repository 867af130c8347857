"""What documents of many futures share: money in one unit, ranges of a figure, what is worth knowing, every future."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from gigawatt.report import charts
from gigawatt.report.charts import About, Range
from gigawatt.report.document import Column, Depth, Document, Exhibit, Section, Table, Tile, Value, united
from gigawatt.report.formats import Scale, cell, scale
from gigawatt.study.answer import Head
from gigawatt.study.dates import spoken
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


def document(
    title: str, head: Head, seed: int | None, lead: str, tiles: Sequence[tuple[str, str, str]], parts: Sequence[Section]
) -> Document:
    """A document of a scenario's futures. tiles: label, figure, and what it is."""
    seeded = () if seed is None else (f"seed {seed}",)
    return Document(
        title=title,
        names=(str(head.scenario), *seeded, str(head.hash)[:HASH_LENGTH]),
        lead=lead,
        tiles=tuple(Tile(label=label, value=value, note=note) for label, value, note in tiles),
        sections=tuple(parts),
        notes=tuple(spoken(note.text) for note in head.notes),
        made=", ".join((f"Gigawatt {head.gigawatt}", f"scenario {head.scenario}", f"hash {head.hash}", *seeded)),
    )


def money(unit: Scale, *titles: str) -> tuple[Column, ...]:
    """Columns of money in one unit, which the table's title names."""
    return tuple(Column(title=title, suffix="usd", scale=unit) for title in titles)


def spread(
    about: About,
    table: str,
    title: str,
    head: str,
    values_usd: Mapping[str, Sequence[float]],
    more: Sequence[tuple[str, str, Sequence[Value]]] = (),
    *,
    brief: tuple[int, ...] | None = None,
    to_largest: bool = False,
) -> Exhibit:
    """Money in many futures, a row for each thing that it is of.

    title: of its table, with the unit at "{}"; head: of its first column; more: title, suffix and values of columns
    after those of the quantiles; brief: the columns that a terminal shows.
    """
    told = {name: quantiles(row) for name, row in values_usd.items()}
    unit = scale("usd", [end for one in told.values() for end in (one.p10, one.p90)])
    ranges, rows = [], list[tuple[Value, ...]]()
    for n, (name, one) in enumerate(told.items()):
        figures = (one.mean, one.p10, one.p50, one.p90, min(values_usd[name]), max(values_usd[name]))
        mean, p10, p50, p90, _, largest = (figure / unit.size for figure in figures)
        ranges.append(Range(label=name, p10=p10, p50=p50, p90=p90, mean=mean, largest=largest))
        rows.append((name, *figures, *(values[n] for _, _, values in more)))
    columns = [Column(title=head), *money(unit, "Mean", "P10", "P50", "P90", "Least", "Largest")]
    columns += [Column(title=name, suffix=suffix) for name, suffix, _ in more]
    return Exhibit(
        name=about.name,
        says=about.description,
        shows=f"{about.title}, {unit.unit}",
        table=Table(
            name=table,
            title=title.format(unit.unit),
            columns=united(columns, rows),
            rows=tuple(rows),
            brief_columns=brief,
        ),
        chart=charts.spread(about, ranges, unit.unit, to_largest) if any(map(any, values_usd.values())) else None,
    )


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
