"""Sweeps and comparisons in words and tables, on a terminal and in files.

Plain text, never wider than the terminal (80 columns where there is none).
"""

from __future__ import annotations

import csv
import io
import json
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gigawatt import units
from gigawatt.account.metrics import GIGAWATT_W
from gigawatt.plan.exact import exact
from gigawatt.report.accuracy import Rows, aligned, screen_width
from gigawatt.report.formats import PERCENT, Scale, scale
from gigawatt.study.answer import Head, plain
from gigawatt.study.dates import when
from gigawatt.study.files import write_whole
from gigawatt.study.futures.compare import Break, Comparison
from gigawatt.study.futures.quantiles import Outcomes, courses
from gigawatt.study.futures.rules import WORDS
from gigawatt.study.futures.statistics import Index, Quantiles
from gigawatt.study.futures.sweep import Sweep

if TYPE_CHECKING:
    import xarray as xr

BILLION, NONE = 1e9, "–"
# Figures of an outcome: their row's name and suffix.
FIGURES = {
    "npv_usd": ("net present value", "usd"),
    "value_usd": ("with terminal value", "usd"),
    "installed_w": ("most power in service", "w"),
    "served_tokens": ("served", "tokens"),
    "unserved_frac": ("tokens not served", "frac"),
    "peak_debt_usd": ("highest debt", "usd"),
}
# Worth of information below this share of the largest value at stake is noise.
NOISE_FRAC = 0.002
FEW = 3


def show_sweep(found: Sweep, files: Mapping[str, str], width: int | None = None) -> None:
    """What may come of a plan, and what that hangs on."""
    columns = width or screen_width()
    print(f"\n{found.draws:,} futures of one plan: {found.head.scenario}, seed {found.seed}\n")
    print(textwrap.fill(sweep_words(found), columns))
    print(f"\nWhat may come of it\n{aligned(outcome_rows(found), columns)}")
    print(f"\n{quantity_title(found)}\n{aligned(quantity_rows(found), columns)}\n")
    print(textwrap.fill(QUANTITY_WORDS, columns))
    print(f"\n{textwrap.fill(information_words(found), columns)}")
    _end(found.head, files, columns)


def show_comparison(found: Comparison, files: Mapping[str, str], width: int | None = None) -> None:
    """What may come of each strategy, and what breaks it."""
    columns = width or screen_width()
    count, name = len(found.strategies), found.head.scenario
    print(f"\n{count} strategies in the same {found.futures:,} futures of {name}, seed {found.seed}\n")
    print(textwrap.fill(comparison_words(found), columns))
    for title, rows in ((VALUE_TITLE, strategy_rows(found)), (REGRET_TITLE, regret_rows(found))):
        print(f"\n{textwrap.fill(title, columns)}\n{aligned(rows, columns)}")
    print("\nWhich futures break which strategy")
    for text in break_words(found):
        print(textwrap.fill(text, columns, initial_indent="  – ", subsequent_indent="    "))
    print(f"\n{textwrap.fill(information_words(found), columns)}")
    _end(found.head, files, columns)


def _end(head: Head, files: Mapping[str, str], columns: int) -> None:
    if head.notes:
        print("\nTo keep in mind")
    for note in head.notes:
        print(textwrap.fill(note.text, columns, initial_indent="  – ", subsequent_indent="    "))
    if files:
        print(f"\nWritten to {files['folder']}")


def sweep_words(found: Sweep) -> str:
    """What a sweep says, in a few sentences."""
    outputs, value = found.outputs, found.outputs.value_usd
    if not _builds(outputs):
        return (
            "Nothing is worth building: the plan orders nothing, and so earns nothing in any future. `gigawatt run` "
            "says what would have to change."
        )
    return (
        f"The plan counts on {money(found.planned.value_usd)}, terminal value included, as `gigawatt run` says. Lived "
        "through hour by hour, with failures and the tide of demand and all else as stated, it comes to "
        f"{money(found.stated.value_usd)}. In half of the futures it is worth more than {money(value.p50)}; one in ten "
        f"has less than {money(value.p10)}, one in ten more than {money(value.p90)}. It is worth less than nothing in "
        f"{percent(outputs.p_negative_frac)} of them, and cash runs out in {percent(outputs.p_cash_out_frac)}."
    )


def _builds(outputs: Outcomes) -> bool:
    """Whether anything is in service in any future."""
    return outputs.installed_w.mean > 0


def outcome_rows(found: Sweep) -> Rows:
    """P10, P50, P90 and mean of every figure, each in its own unit; below them by the end of which quarter the first
    gigawatt stands, where that much is the target."""
    outputs = found.outputs
    rows = [_outcome_row(getattr(outputs, key), name, suffix) for key, (name, suffix) in FIGURES.items()]
    if found.target_w >= GIGAWATT_W:
        first = outputs.first_gw_date
        rows.append(["first gigawatt by the end of", *(when(date) for date in (first.p10, first.p50, first.p90)), NONE])
    return [["", "P10", "P50", "P90", "mean"], *rows]


def _outcome_row(told: Quantiles, name: str, suffix: str) -> list[str]:
    values = [told.p10, told.p50, told.p90, told.mean]
    unit = PERCENT if suffix == "frac" else scale(suffix, values)
    return [f"{name}, {unit.unit}", *(unit.text(value) for value in values)]


QUANTITY_WORDS = (
    "Low and high are the tenth and ninetieth percentile of a quantity, a factor on what is stated or quarters of "
    "slip; beside them stands the value of the plan there, all other quantities at their middle. The share of variance "
    "is that of all futures, with its 95 % confidence. Knowing is what it would be worth to know the quantity before "
    "the decision."
)


def quantity_title(found: Sweep) -> str:
    """The title of `quantity_rows`, with the unit of its money."""
    return f"What it hangs on, in {_swing_unit(found).unit}"


def _swing_unit(found: Sweep) -> Scale:
    return scale("usd", [value for swing in found.tornado for value in (swing.low_value_usd, swing.high_value_usd)])


def quantity_rows(found: Sweep) -> Rows:
    """One row a quantity, the widest swing first: its range, the value at its ends, variance, worth of knowing."""
    unit = _swing_unit(found)
    head = ["quantity", "low", "high", "worth at low", "at high", "of variance", "knowing"]
    indices = {index.name: index for index in found.first_order or ()}
    return [head] + [
        [
            WORDS[swing.name],
            f"{swing.low:.3g}",
            f"{swing.high:.3g}",
            unit.text(swing.low_value_usd),
            unit.text(swing.high_value_usd),
            _index(indices.get(swing.name)),
            unit.text(found.evpi_usd[swing.name]),
        ]
        for swing in found.tornado
    ]


def _index(index: Index | None) -> str:
    if index is None:
        return NONE
    return f"{100 * max(index.first_frac, 0):.0f} ± {100 * index.confidence_frac:.0f} %"


def information_words(found: Sweep | Comparison) -> str:
    """Which numbers are worth buying data on, for the choice between strategies, or between the plan and nothing."""
    choice, most_usd = "to build or not" if isinstance(found, Sweep) else "which strategy to take", found.evpi_all_usd
    dear = [(name, worth) for name, worth in found.evpi_usd.items() if worth > NOISE_FRAC * most_usd][:FEW]
    whole = f"Knowing all of the future before deciding {choice} would be worth {money(most_usd)}"
    if not dear:
        return f"{whole}; no single number would change the decision, so data on one of them is worth nothing for it."
    listed = ", then ".join(f"{WORDS[name]} ({money(worth)})" for name, worth in dear)
    return f"{whole}. Data is worth buying first on {listed}."


def comparison_words(found: Comparison) -> str:
    """What a comparison says, in a few sentences."""
    rows, titles = found.strategies, titles_of(found)
    if not any(_builds(row.outputs) for row in rows):
        return "Nothing is worth building: no strategy orders anything, and none earns anything in any future."
    best = rows[0]
    calm = min(rows, key=lambda row: row.regret_max_usd)
    safe = min(rows, key=lambda row: row.p_cash_out_frac)
    return (
        f'On average "{titles[best.name]}" is worth most, {money(best.value_usd.mean)} with terminal value, and is the '
        f'best in {percent(best.best_frac)} of the futures. "{titles[calm.name]}" is never regretted by more than '
        f'{money(calm.regret_max_usd)}. Cash runs out least often under "{titles[safe.name]}": in '
        f"{percent(safe.p_cash_out_frac)}."
    )


VALUE_TITLE = (
    "Value, net present value with terminal value, in billion USD, the highest mean first; before the end: the mean "
    "without terminal value"
)
REGRET_TITLE = (
    "Regret, value less than the best of them in the same future, in billion USD; highest debt and first gigawatt, in "
    "half of the futures"
)


def titles_of(found: Comparison) -> dict[str, str]:
    """What each strategy is called, by its name; with the name where two are called the same."""
    called = {row.name: row.title or row.name for row in found.strategies}
    alike = [title for title in called.values() if list(called.values()).count(title) > 1]
    return {name: f"{title} ({name})" if title in alike else title for name, title in called.items()}


def strategy_rows(found: Comparison) -> Rows:
    """One row a strategy: the value that decides, the part of it before the end, in how many futures it is the best."""
    titles, head = titles_of(found), ["strategy", "mean", "P10", "P50", "P90", "before the end", "best in"]
    return [head] + [
        [
            titles[row.name],
            *(
                billions(value)
                for value in (row.value_usd.mean, row.value_usd.p10, row.value_usd.p50, row.value_usd.p90)
            ),
            billions(row.npv_usd.mean),
            percent(row.best_frac),
        ]
        for row in found.strategies
    ]


def regret_rows(found: Comparison) -> Rows:
    """One row a strategy: mean and largest regret, first gigawatt, highest debt, chance that cash runs out."""
    titles, of_gigawatts = titles_of(found), found.target_w >= GIGAWATT_W
    head = ["strategy", "mean", "largest", *(["1 GW by end of"] if of_gigawatts else []), "debt", "cash out"]
    return [head] + [
        [
            titles[row.name],
            billions(row.regret_mean_usd),
            billions(row.regret_max_usd),
            *([when(row.first_gw_date)] if of_gigawatts else []),
            billions(row.peak_debt_usd),
            percent(row.p_cash_out_frac),
        ]
        for row in found.strategies
    ]


def break_words(found: Comparison) -> list[str]:
    """One sentence a strategy: which futures break it."""
    titles = titles_of(found)
    return [_broken(item, titles[item.strategy]) for item in found.breaks]


def _broken(item: Break, title: str) -> str:
    start = f"{title}: in {percent(item.share_frac)} of the futures {item.meaning}"
    if item.rule is None or item.coverage_frac is None or item.density_frac is None:
        return f"{start}; no rule tells them from the others."
    share, purity = percent(item.coverage_frac), percent(item.density_frac)
    return f"{start}. {share} of these have {item.rule}; of all that have, {purity} are such."


def money(value_usd: float) -> str:
    """Money in words, a minus as such."""
    return units.show(value_usd, "usd").replace("-", "−")


def billions(value_usd: float) -> str:
    """Money in billion USD."""
    return figure(value_usd / BILLION)


def figure(value: float) -> str:
    """A bare figure of a table: three digits, whole ones where there are more, a minus as such."""
    size = float(f"{abs(value):.3g}")
    text = f"{size:,.0f}" if size >= 100 else f"{size:.1f}" if size >= 10 else f"{size:.2f}"
    return f"−{text}" if value < 0 and float(text.replace(",", "")) else text


def percent(value_frac: float) -> str:
    """A share in whole percent."""
    return f"{100 * value_frac:.0f} %"


@exact()
def write_sweep(found: Sweep, folder: Path) -> dict[str, str]:
    """Charts, page, table of futures and summary of a sweep; returns name → path, folder first."""
    from gigawatt.report import uncertainty_charts as charts
    from gigawatt.report import uncertainty_page as page

    periods, fans = [str(period) for period in found.table.period.values], courses(found.table)
    drawn = {
        "tornado": charts.tornado(found),
        "value": charts.spread_of_values({"": found.table.value_usd.values.tolist()}),
        "power": charts.fan(periods, fans["power_w"], "w"),
        "debt": charts.fan(periods, fans["debt_usd"], "usd"),
    }
    return _write(folder, found, drawn, page.sweep(found, drawn), futures_csv({"": found.table}))


@exact()
def write_comparison(found: Comparison, folder: Path) -> dict[str, str]:
    """Charts, page, table of futures and summary of a comparison; returns name → path, folder first."""
    from gigawatt.report import uncertainty_charts as charts
    from gigawatt.report import uncertainty_page as page

    titles = titles_of(found)  # the most valuable first, as the tables have them
    regrets = {name: row.tolist() for name, row in found.regret_usd.items()}
    drawn = {
        "value": charts.spread_of_values(
            {titles[name]: table.value_usd.values.tolist() for name, table in found.tables.items()}
        ),
        "regret": charts.regret({titles[name]: row for name, row in regrets.items()}),
    }
    return _write(folder, found, drawn, page.comparison(found, drawn), futures_csv(found.tables, regrets))


def _write(
    folder: Path, found: Sweep | Comparison, drawn: Mapping[str, str], page: str, futures: str
) -> dict[str, str]:
    texts = {f"{name}.svg": text for name, text in drawn.items()}
    texts |= {"report.html": page, "futures.csv": futures}
    texts["summary.json"] = json.dumps(plain(found), allow_nan=False, ensure_ascii=False) + "\n"
    for name, text in texts.items():
        write_whole(folder / name, text)
    return {"folder": str(folder)} | {name.partition(".")[0]: str(folder / name) for name in sorted(texts)}


def futures_csv(tables: Mapping[str, xr.Dataset], regrets: Mapping[str, Sequence[float]] | None = None) -> str:
    """Every future as a row: what was drawn, and each figure of each strategy, regret among them where there is any."""
    first = next(iter(tables.values()))
    columns = {"draw": first.draw.values}
    columns |= {f"drawn_{name}": first.drawn.values[:, n] for n, name in enumerate(first.quantity.values.tolist())}
    for strategy, table in tables.items():
        prefix = f"{strategy}." if strategy else ""
        columns |= {f"{prefix}{name}": data.values for name, data in table.data_vars.items() if data.dims == ("draw",)}
        if regrets is not None:
            columns[f"{prefix}regret_usd"] = regrets[strategy]
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(columns)
    rows.writerows(zip(*columns.values(), strict=True))
    return text.getvalue()
