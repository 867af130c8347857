"""The result as an Excel workbook: figures in SI units under formats that show them in billions and gigawatts.

Totals are formulas that carry their value, so that the file reads the same in a viewer that does not calculate; its
creation date is fixed, so that the same result gives the same bytes.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from gigawatt.catalog.records import Source
from gigawatt.report import names, tables, views, words
from gigawatt.report.formats import scale
from gigawatt.study.dates import quarter, spoken, when
from gigawatt.study.result import Result
from gigawatt.study.run.tranches import tranches
from gigawatt.study.sources.answer import numbers

CREATED = datetime(2025, 9, 22)
UNREAD = Source(date="")  # of a number that was read nowhere
# Decimal commas of a number format divide by a thousand each.
_COMMAS = {1.0: "", 1e3: ",", 1e6: ",,", 1e9: ",,,", 1e12: ",,,,"}

INCOME = ("revenue", "non_compute", "energy", "opex", "rent")
INVESTING = ("racks", "network", "shells")
FINANCING = ("opening_cash", "upfront_equity", "tranches", "debt_drawn", "interest", "distribution")
# Row of the statements → the rows whose sum it is; others hold figures.
SUMS: dict[str, tuple[str, ...]] = {
    "ebitda": INCOME,
    "ebit": ("ebitda", "depreciation"),
    "net_income": ("ebit", "interest", "tax"),
    "operating_cash": ("ebitda", "tax"),
    "investing_cash": INVESTING,
    "free_cash_flow": ("operating_cash", "investing_cash"),
    "financing_cash": FINANCING,
}
# Balance → the rows that change it from quarter to quarter.
BALANCES: dict[str, tuple[str, ...]] = {"cash": ("free_cash_flow", "financing_cash"), "debt": ("debt_drawn",)}
LAYOUT = (
    *INCOME,
    "ebitda",
    "depreciation",
    "ebit",
    "interest",
    "tax",
    "net_income",
    "operating_cash",
    *INVESTING,
    "investing_cash",
    "free_cash_flow",
    *(name for name in FINANCING if name != "interest"),
    "financing_cash",
    "cash",
    "debt",
    "book",
)


def write(result: Result, file: Path) -> None:
    """Write workbook.xlsx, made in memory: what fails to be written is then an OSError, and nothing else is left."""
    import xlsxwriter

    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"default_date_format": "yyyy-mm-dd", "in_memory": True}) as book:
        book.set_properties({"title": result.scenario.asked.title, "comments": _made(result), "created": CREATED})
        pages = _Pages(book)
        _headline(pages, result)
        _build_out(pages, result)
        _tranches(pages, result)
        _statements(pages, result)
        _classes(pages, result)
        _platforms(pages, result)
        _long_table(pages, result)
        _sources(pages, result)
    file.write_bytes(content.getvalue())


def _made(result: Result) -> str:
    made = result.provenance
    return f"Gigawatt {made['gigawatt']}, scenario {made['scenario']}, hash {made['hash']}, seed {made['seed']}"


class _Pages:
    """A workbook with the few formats that its sheets share."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self.head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom"})
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.soft = book.add_format({"font_color": "#526173", "text_wrap": True, "valign": "top"})
        self.strong = book.add_format({"bold": True, "top": 1})
        self._formats: dict[tuple[str, bool], Any] = {}

    def sheet(self, name: str, title: str, note: str, widths: Sequence[float]) -> Any:
        """A sheet with a title, a line that says what it holds, and column widths."""
        sheet = self.book.add_worksheet(name)
        sheet.write_string(0, 0, title, self.title)
        sheet.write_string(1, 0, note, self.book.add_format({"font_color": "#526173"}))
        for at, width in enumerate(widths):
            sheet.set_column(at, at, width)
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        return sheet

    def number(self, pattern: str, *, strong: bool = False) -> Any:
        """The format of a figure."""
        key = (pattern, strong)
        if key not in self._formats:
            style = {"num_format": pattern} | ({"bold": True, "top": 1} if strong else {})
            self._formats[key] = self.book.add_format(style)
        return self._formats[key]


def pattern(suffix: str, values: Sequence[float]) -> tuple[str, str]:
    """Number format that shows SI figures in one unit, and that unit's name."""
    if suffix == "frac":
        return "0.0%", ""
    unit = scale(suffix, values)
    commas = _COMMAS.get(unit.size)
    if commas is None:
        return "#,##0.00", ""
    return f"#,##0.00{commas};[Red]-#,##0.00{commas};0", unit.unit


def _headline(pages: _Pages, result: Result) -> None:
    sheet = pages.sheet("headline", result.scenario.asked.title, _made(result), (34, 22, 14, 80))
    sheet.merge_range(2, 0, 2, 3, words.headline(result), pages.soft)
    sheet.set_row(2, 48)
    for at, text in enumerate(("Figure", "Value", "Unit", "What it is")):
        sheet.write_string(4, at, text, pages.head)
    row = 5
    for name, label, suffix, note in tables.headline_of(result):
        value = tables.headline_value(result, name)
        sheet.write_string(row, 0, label)
        if isinstance(value, str):
            sheet.write_string(row, 1, tables.headline_cell(result, name, suffix))
        elif value is not None:
            shown, unit = pattern(suffix, [value])
            sheet.write_number(row, 1, value, pages.number(shown))
            sheet.write_string(row, 2, unit)
        sheet.write_string(row, 3, note, pages.soft)
        row += 1
    for said in result.notes:
        row += 1
        sheet.merge_range(row, 0, row, 3, spoken(said.text), pages.soft)
        sheet.set_row(row, 32)


def _build_out(pages: _Pages, result: Result) -> None:
    """Facility power by platform and by site, quarter by quarter, with totals."""
    sheet = pages.sheet("build-out", "Facility power in service", "End of each quarter", (12,))
    start = 3
    scenario = result.scenario
    for dim, power, name in (
        ("platform", views.facility_by_platform_w(result.plan), names.platform),
        ("site", result.plan.data.facility_w, names.site),
    ):
        labels = [name(scenario, str(key)) for key in power[dim].values]
        start = _quarters(pages, sheet, start, labels, power.transpose("period", dim)) + 2
    sheet.set_column(1, 16, 15)
    sheet.freeze_panes(0, 1)


def _quarters(pages: _Pages, sheet: Any, row: int, labels: Sequence[str], power: xr.DataArray) -> int:
    """A block of quarters by columns with a total on the right; returns its last row."""
    shown, unit = pattern("w", power.sum(str(power.dims[1])).values.tolist())
    for at, text in enumerate((unit, *labels, "Total")):
        sheet.write_string(row, at, text, pages.head)
    last = _cell(0, len(labels))[:-1]
    for period, values in zip(power.period.values, power.values, strict=True):
        row += 1
        sheet.write_string(row, 0, quarter(str(period)))
        for at, value in enumerate(values):
            sheet.write_number(row, 1 + at, float(value), pages.number(shown))
        formula = f"=SUM(B{row + 1}:{last}{row + 1})"
        sheet.write_formula(row, 1 + len(labels), formula, pages.number(shown), float(values.sum()))
    return row


def _cell(row: int, column: int) -> str:
    from xlsxwriter.utility import xl_rowcol_to_cell

    return str(xl_rowcol_to_cell(row, column))


def _tranches(pages: _Pages, result: Result) -> None:
    sheet = pages.sheet("tranches", "Tranches", words.milestones(result), (18, 14, 14, 18))
    rows = tranches(result)
    power, power_unit = pattern("w", [row.milestone_w for row in rows])
    money, money_unit = pattern("usd", [row.amount_usd for row in rows])
    heads = (f"Milestone, {power_unit}", "Energised", "Released", f"Amount, {money_unit}")
    for at, text in enumerate(heads):
        sheet.write_string(3, at, text, pages.head)
    for at, row in enumerate(rows, start=4):
        sheet.write_number(at, 0, row.milestone_w, pages.number(power))
        for column, period in ((1, row.energised_period), (2, row.released_period)):
            sheet.write_string(at, column, when(period))
        sheet.write_number(at, 3, row.amount_usd, pages.number(money))
    end = 4 + len(rows)
    sheet.write_string(end, 0, "Total", pages.strong)
    total = math.fsum(row.amount_usd for row in rows)
    formula = f"=SUM(D5:D{end})" if rows else "=0"
    sheet.write_formula(end, 3, formula, pages.number(money, strong=True), total)


def _statements(pages: _Pages, result: Result) -> None:
    """Every line by quarter over the solved horizon, subtotals and balances as formulas, and the reported window."""
    books = result.accounts.statements
    shown, unit = pattern("usd", np.abs(books.investing_cash.values).tolist() + books.revenue.values.tolist())
    end = quarter(result.scenario.asked.horizon.report_end_date)
    note = f"{unit}, real USD of {result.scenario.asked.dollar_year}; quarters after {end} are solved, not reported"
    sheet = pages.sheet("statements", "Income, cash flow and balances by quarter", note, (30, 16))
    rows = {name: 4 + at for at, name in enumerate(LAYOUT)}
    count = result.scenario.reported_count
    sheet.write_string(3, 0, "", pages.head)
    sheet.write_string(3, 1, f"To {end}", pages.head)
    for at, period in enumerate(books.period.values):
        sheet.write_string(3, 2 + at, quarter(str(period)), pages.head)
    labels = tables.INCOME | tables.CASH_FLOW
    for name, row in rows.items():
        strong = name in SUMS
        style = pages.number(shown, strong=strong)
        sheet.write_string(row, 0, labels[name], pages.strong if strong else None)
        values = books[name].values
        for at, value in enumerate(values):
            _line(sheet, rows, name, at, float(value), style)
        if name in BALANCES or name == "book":
            formula, total = f"={_cell(row, 1 + count)}", float(values[count - 1])
        else:
            formula = f"=SUM({_cell(row, 2)}:{_cell(row, 1 + count)})"
            total = math.fsum(values[:count])
        sheet.write_formula(row, 1, formula, style, total)
    sheet.set_column(2, 1 + books.sizes["period"], 11)
    sheet.freeze_panes(4, 2)


def _line(sheet: Any, rows: Mapping[str, int], name: str, at: int, value: float, style: Any) -> None:
    """One cell of the statements: a sum, a balance carried forward, or a figure."""
    column = 2 + at
    if name in SUMS:
        formula = "=" + "+".join(_cell(rows[part], column) for part in SUMS[name])
        sheet.write_formula(rows[name], column, formula, style, value)
    elif name in BALANCES:
        parts = [_cell(rows[part], column) for part in BALANCES[name]]
        parts = [_cell(rows[name], column - 1), *parts] if at else parts
        sheet.write_formula(rows[name], column, "=" + "+".join(parts), style, value)
    else:
        sheet.write_number(rows[name], column, value, style)


def _classes(pages: _Pages, result: Result) -> None:
    """Use cases over the reported window: tokens, revenue and cost, with totals."""
    found = result.accounts.classes
    note = (
        f"Reported window; cost is running cost and the annuity of capital; USD of {result.scenario.asked.dollar_year}"
    )
    sheet = pages.sheet("classes", "Who is served", note, (30, 20, 20, 20, 20, 16, 16))
    heads = {
        "demand_tokens": ("Asked for", "tokens"),
        "served_tokens": ("Served", "tokens"),
        "revenue_usd": ("Revenue", "usd"),
        "cost_usd": ("Cost", "usd"),
        "revenue_usd_per_mtok": ("Earned", "usd_per_mtok"),
        "cost_usd_per_mtok": ("Cost", "usd_per_mtok"),
    }
    sheet.write_string(3, 0, "Class", pages.head)
    count = found.sizes["use_case"]
    for row, key in enumerate(found.use_case.values, start=4):
        sheet.write_string(row, 0, names.use_case(result.scenario, str(key)))
    sheet.write_string(4 + count, 0, "Total", pages.strong)
    for column, (name, (title, suffix)) in enumerate(heads.items(), start=1):
        values = found[name].values
        shown, unit = pattern(suffix, [float(v) for v in values if math.isfinite(v)])
        sheet.write_string(3, column, f"{title}, {unit}" if unit else title, pages.head)
        for row, value in enumerate(values, start=4):
            _figure(sheet, row, column, float(value), pages.number(shown))
        if column <= 4:
            formula = f"=SUM({_cell(4, column)}:{_cell(3 + count, column)})"
            total = math.fsum(v for v in values if math.isfinite(v))
            sheet.write_formula(4 + count, column, formula, pages.number(shown, strong=True), total)


def _figure(sheet: Any, row: int, column: int, value: float, style: Any) -> None:
    """A figure, or an empty cell where there is none."""
    if math.isfinite(value):
        sheet.write_number(row, column, value, style)
    else:
        sheet.write_blank(row, column, None, style)


def _platforms(pages: _Pages, result: Result) -> None:
    """What each platform costs, and racks bought by year."""
    found, bought = result.accounts.platforms, views.platform_purchases(result)
    sheet = pages.sheet("platforms", "Platforms", "Costs at the price of the first purchase", (30, 16, 16, 16))
    capital = f"Capital, {tables.per_power(result).unit} of facility power"
    heads = ("Platform", "Racks bought, solved horizon", capital, "USD per GPU-hour")
    years = [str(year) for year in bought.year.values]
    for at, text in enumerate((*heads, *(f"Racks {year}" for year in years))):
        sheet.write_string(3, at, text, pages.head)
    for row, key in enumerate(found.platform.values, start=4):
        one = found.sel(platform=key)
        sheet.write_string(row, 0, names.platform(result.scenario, str(key)))
        for at, name in enumerate(("racks_count", "capex_usd_per_w_facility", "tco_usd_per_package_h"), start=1):
            _figure(sheet, row, at, float(one[name]), pages.number("#,##0" if at == 1 else "0.00"))
        for at, value in enumerate(bought.sel(platform=key).values, start=4):
            sheet.write_number(row, at, float(value), pages.number("#,##0"))
    end = 4 + found.sizes["platform"]
    sheet.write_string(end, 0, "Total", pages.strong)
    for at, total in enumerate(bought.sum("platform").values, start=4):
        formula = f"=SUM({_cell(4, at)}:{_cell(end - 1, at)})"
        sheet.write_formula(end, at, formula, pages.number("#,##0", strong=True), float(total))


def _long_table(pages: _Pages, result: Result) -> None:
    """Every line of the books: the total is that of what a filter leaves."""
    table = result.accounts.table
    heads = ("period", "site", "use_case", "platform", "item", "kind")
    widths = (10, 18, 20, 16, 16, 14, 20)
    sheet = pages.sheet(
        "long table", "Every line of the books, solved horizon", "USD; income positive, cost negative", widths
    )
    count = table.sizes["row"]
    money = pages.number("#,##0;[Red]-#,##0;0")
    sheet.write_string(2, 5, "sum of shown")
    total = math.fsum(table.usd.values)
    sheet.write_formula(2, 6, f"=SUBTOTAL(109,G5:G{4 + max(count, 1)})", money, total)
    for at, name in enumerate((*heads, "usd")):
        sheet.write_string(3, at, name, pages.head)
    for at, name in enumerate(heads):
        sheet.write_column(4, at, table[name].values.tolist())
    sheet.write_column(4, 6, table.usd.values.tolist(), money)
    sheet.autofilter(3, 0, 3 + count, 6)
    sheet.freeze_panes(4, 0)


def _sources(pages: _Pages, result: Result) -> None:
    """Every number with its grade and source."""
    found = numbers(result.scenario)
    widths = (60, 22, 14, 10, 50, 60, 12, 60)
    sheet = pages.sheet("sources", "Every number, its grade and its source", "SI units, named by suffix", widths)
    for at, text in enumerate(("Number", "Value", "Unit", "Grade", "Note", "Source", "Date", "Address")):
        sheet.write_string(3, at, text, pages.head)
    for row, item in enumerate(found, start=4):
        source, value = item.source or UNREAD, item.value
        sheet.write_string(row, 0, item.path)
        if isinstance(value, int | float):
            sheet.write_number(row, 1, value)
        else:
            sheet.write_string(row, 1, _points(value))
        texts = (item.unit, item.grade, item.note, source.title, source.date, source.url)
        for at, text in enumerate(texts, start=2):
            sheet.write_string(row, at, text)
    sheet.autofilter(3, 0, 3 + len(found), 7)
    sheet.freeze_panes(4, 1)


def _points(course: Mapping[str, float] | None) -> str:
    return ", ".join(f"{period} {figure:g}" for period, figure in (course or {}).items())
