"""Bills in the FinOps Open Cost and Usage Specification (FOCUS), versions 1.0 to 1.4, as CSV or Parquet [1].

A row is one charge. What is read of it is the billed cost, which is what invoices add up to and what is paid; the
effective cost spreads prepaid purchases over their use and is another sum of the same money, so that it is told in a
remark and never added. Corrections and credits are charges like any other, with their sign. Where the consumed unit is
tokens, these are read too; output and input are told apart by the meter.

Charges have no name of their own. One is known by the content of its row, the invoice aside, and by how many rows like
it came before: two equal charges of a file are two, and the same file again adds none. For that, a number is kept for
every row. A charge that a later file restates (as bills that are still open do) is another charge.

References
----------
1. FinOps Foundation, FOCUS 1.0 to 1.4, focus.finops.org (CC-BY-4.0).
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from gigawatt.errors import CatalogError, Fault
from gigawatt.readers.clock import milliseconds
from gigawatt.readers.focus_columns import INVOICE, NUMBERS, TIMES, canonical, missing, other_dataset, version_of
from gigawatt.readers.parquet_rows import is_parquet, parquet_header, parquet_rows
from gigawatt.readers.readings import FileAsked, FileEvent, ReadingBlock, ReadingSeries, Rejected, Remark, key_of
from gigawatt.readers.single_readings import SingleReading, in_blocks
from gigawatt.readers.streams import csv_header, csv_rows

EXPECTED = "a table of charges with the columns of FOCUS 1.0 to 1.4, cost and usage, as CSV in UTF-8 or as Parquet"
USD = "USD"
# Custom columns without "x_" and underscores → what they say of a charge.
OWN = {"site": "site", "platform": "platform", "usecase": "use_case", "class": "use_case", "rack": "rack"}
# A cost is its unit price times its quantity, up to a cent or a thousandth of it.
CENT, THOUSANDTH = Decimal("0.01"), Decimal("0.001")
PRODUCTS = (("ContractedCost", "ContractedUnitPrice"), ("ListCost", "ListUnitPrice"))

_time_ms = lru_cache(maxsize=4_096)(milliseconds)  # of hours and days, which charges share
_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_TOKENS = re.compile(
    r"(?P<count>[0-9][0-9,_]*(?:\.[0-9]+)?)? *(?P<word>(?:k|m|b|thousand|million|billion)(?= |tokens?$))?[a-z ]*tokens?"
)
_WORDS = {"k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6, "b": 1e9, "billion": 1e9}
# What meters call the two directions; "generated" and "generation" are output.
_DIRECTIONS = {"tokens_in": ("input", "prompt"), "tokens_out": ("output", "completion", "generat")}


@dataclass(slots=True, kw_only=True)
class _BillTally:
    """What is told of a whole file when it has been read."""

    rows: int = 0
    corrections: int = 0
    not_invoiced: int = 0
    undirected: int = 0  # rows of tokens that do not say whether these go in or come out
    billed: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    effective: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    uneven: int = 0  # rows whose cost is not unit price times quantity
    first_uneven: str = ""


def read(file: Path, asked: FileAsked) -> Iterator[ReadingBlock | FileEvent | Rejected | Remark]:
    """The charges of a bill as readings of cost and of tokens.

    `asked.site` stands where rows have no column x_site; without either a row is of its region. Raises CatalogError
    where the file cannot be read, lacks mandatory columns, or is another of FOCUS's datasets.
    """
    parquet = is_parquet(file)
    header = canonical(parquet_header(file, EXPECTED) if parquet else csv_header(file, EXPECTED))
    version = _checked(file, header)
    return in_blocks(_items(header, version, parquet_rows(file) if parquet else csv_rows(file), asked))


def _checked(file: Path, header: list[str]) -> str:
    """The version of a header. Raises CatalogError where it is none of cost and usage."""
    dataset = other_dataset(header)
    if dataset:
        given = f"FOCUS's dataset of {dataset}"
        expected = "the dataset of cost and usage, which alone tells what was charged"
        raise CatalogError([Fault(path=str(file), given=given, expected=expected)])
    version = version_of(header)
    lacking = missing(header, version)
    twice = sorted({name for name in header if header.count(name) > 1})
    if lacking or twice:
        given = f"no column {', '.join(lacking)}" if lacking else f"the column {', '.join(twice)} twice"
        expected = f"every mandatory column of FOCUS {version}, which its other columns are of"
        if len(header) == 1:
            given, expected = f"one column, {header[0][:80]}", EXPECTED
        raise CatalogError([Fault(path=f"{file} header", given=given, expected=expected)])
    return version


def _items(
    header: list[str], version: str, rows: Iterator[tuple[int, list[str]] | Rejected], asked: FileAsked
) -> Iterator[SingleReading | Rejected | Remark]:
    own = _own_columns(header)
    known_by = [name for name in sorted(header) if name not in INVOICE]
    tally = _BillTally()
    seen: dict[int, int] = {}
    for item in rows:
        if isinstance(item, Rejected):
            yield item
            continue
        line, cells = item
        row = dict(zip(header, map(str.strip, cells), strict=True))
        try:
            charge = _charge(row, asked)
        except ValueError as error:
            yield Rejected(line=line, reason=str(error))
            continue
        content = key_of(*_content(row, charge, known_by))
        seen[content] = seen.get(content, 0) + 1
        key = key_of(str(content), str(seen[content]))
        yield from _readings(row, charge, line, key, own, asked, tally)
    yield from _remarks(version, header, own, tally)


def _own_columns(header: list[str]) -> dict[str, str]:
    """What a custom column says → the column's name."""
    plain = {name: name.lower().replace("_", "").removeprefix("x") for name in header if name.lower().startswith("x_")}
    return {OWN[word]: name for name, word in plain.items() if word in OWN}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Charge:
    """What a row says in numbers, and which times and numbers it says, in one spelling by column."""

    start_ms: int
    end_ms: int
    numbers: Mapping[str, Decimal]
    tokens: Decimal | None
    spelt: Mapping[str, str]


def _charge(row: Mapping[str, str], asked: FileAsked) -> _Charge:
    """A row's numbers. Raises ValueError, which says what is wrong with it."""
    for column in ("BilledCost", "BillingAccountId", "ServiceName"):
        if not row[column]:
            raise ValueError(f"{column} is empty")
    if not _CURRENCY.fullmatch(row["BillingCurrency"]):
        raise ValueError(f'BillingCurrency "{row["BillingCurrency"][:40]}" is no currency such as USD')
    times = {}
    for column in TIMES:
        try:
            times[column] = _time_ms(row[column], asked.utc_offset_s)
        except ValueError as error:
            raise ValueError(f"{column}: {error}") from None
    if times["ChargePeriodEnd"] < times["ChargePeriodStart"]:
        raise ValueError("ChargePeriodEnd is before ChargePeriodStart")
    numbers = {column: _decimal(column, row[column]) for column in NUMBERS if row.get(column)}
    return _Charge(
        start_ms=times["ChargePeriodStart"],
        end_ms=times["ChargePeriodEnd"],
        numbers=numbers,
        tokens=_tokens(row, numbers),
        spelt={name: str(time_ms) for name, time_ms in times.items()}
        | {name: str(value.normalize()) for name, value in numbers.items()},
    )


def _decimal(column: str, text: str) -> Decimal:
    """A cell as an exact number. Raises ValueError where it is no number of finite size."""
    if not _NUMBER.fullmatch(text):
        hint = ", whose decimals stand behind a point" if "," in text else ""
        raise ValueError(f'{column} "{text[:40]}" is no number{hint}')
    number = Decimal(text)
    if not math.isfinite(float(number)):
        raise ValueError(f"{column} {text[:40]} is beyond all numbers")
    return number


def _tokens(row: Mapping[str, str], numbers: Mapping[str, Decimal]) -> Decimal | None:
    """Tokens used: what is consumed, in its unit, or what is priced of use where a file has no columns for that."""
    consumed, unit = numbers.get("ConsumedQuantity"), row.get("ConsumedUnit", "")
    used = row["ChargeCategory"] == "Usage" and row.get("CommitmentDiscountStatus") != "Unused"
    if "ConsumedUnit" not in row and used:
        consumed, unit = numbers.get("PricingQuantity"), row["PricingUnit"]
    multiple = tokens_of(unit)
    return None if consumed is None or multiple is None else consumed * multiple


def tokens_of(unit: str) -> Decimal | None:
    """How many tokens one of a unit is; None where it is no unit of tokens.

    >>> [tokens_of(unit) for unit in ("Tokens", "1000000 Tokens", "1K tokens", "Million Input Tokens", "Hours")]
    [Decimal('1'), Decimal('1000000'), Decimal('1000'), Decimal('1000000'), None]
    """
    found = _TOKENS.fullmatch(unit.strip().lower())
    if not found:
        return None
    count = Decimal((found["count"] or "1").replace(",", "").replace("_", ""))
    return count * Decimal(int(_WORDS.get(found["word"] or "", 1)))


def _content(row: Mapping[str, str], charge: _Charge, columns: Sequence[str]) -> Iterator[str]:
    """What a charge is known by: its cells by their columns, numbers and times however they are written."""
    for column in columns:
        if text := row[column]:
            yield f"{column}={charge.spelt.get(column, text)}"


def _readings(
    row: Mapping[str, str],
    charge: _Charge,
    line: int,
    key: int,
    own: Mapping[str, str],
    asked: FileAsked,
    tally: _BillTally,
) -> Iterator[SingleReading]:
    said = {word: row[column] for word, column in own.items()}
    place = {
        "site": said.get("site") or asked.site or row.get("RegionId", ""),
        "subject": "/".join(filter(None, (row["BillingAccountId"], row["ServiceName"], said.get("rack")))),
        "platform": said.get("platform", ""),
        "use_case": said.get("use_case", ""),
    }
    times = {"line": line, "start_ms": charge.start_ms, "end_ms": charge.end_ms, "key": key}
    cost = ReadingSeries(quantity="cost", unit=row["BillingCurrency"], **place)
    yield SingleReading(series=cost, value=float(charge.numbers["BilledCost"]), **times)
    if charge.tokens is not None:
        quantity = _direction(row)
        tally.undirected += quantity == "tokens"
        yield SingleReading(
            series=ReadingSeries(quantity=quantity, unit="tokens", **place), value=float(charge.tokens), **times
        )
    _count(row, charge, line, tally)


def _direction(row: Mapping[str, str]) -> str:
    """Whether a row's tokens go in or come out, by the first text that says one of the two."""
    for column in ("ConsumedUnit", "SkuMeter", "SkuPriceDetails", "ChargeDescription"):
        text = row.get(column, "").lower()
        found = [name for name, words in _DIRECTIONS.items() if any(word in text for word in words)]
        if len(found) == 1:
            return found[0]
    return "tokens"


def _count(row: Mapping[str, str], charge: _Charge, line: int, tally: _BillTally) -> None:
    tally.rows += 1
    tally.corrections += row["ChargeClass"] == "Correction"
    tally.not_invoiced += row.get("InvoiceId") == ""
    tally.billed[row["BillingCurrency"]] += charge.numbers["BilledCost"]
    tally.effective[row["BillingCurrency"]] += charge.numbers.get("EffectiveCost", 0)
    uneven = _uneven(charge.numbers)
    if uneven:
        tally.uneven += 1
        tally.first_uneven = tally.first_uneven or f"line {line}: {uneven}"


def _uneven(numbers: Mapping[str, Decimal]) -> str:
    """Which cost of a row is not its unit price times its quantity, in words; "" where all are, or cannot be known."""
    for cost_column, price_column in PRODUCTS:
        if {cost_column, price_column, "PricingQuantity"} <= numbers.keys():
            cost, product = numbers[cost_column], numbers[price_column] * numbers["PricingQuantity"]
            if abs(product - cost) > max(CENT, THOUSANDTH * abs(cost)):
                return f"{cost_column} is {cost}, and {price_column} × PricingQuantity {product}"
    return ""


def _remarks(version: str, header: list[str], own: Mapping[str, str], tally: _BillTally) -> Iterator[Remark]:
    yield Remark(code="version", text=f"FOCUS {version}, by its columns; charges taken: {tally.rows:,}.")
    for currency, effective in sorted(tally.effective.items()):
        billed = tally.billed[currency]
        text = f"Billed are {billed:,.2f} {currency}; the effective cost of the same charges is {effective:,.2f}."
        yield Remark(code="effective_cost", text=text)
        if currency != USD:
            text = f"Costs in {currency} are kept in {currency}: without a rate of exchange they are no {USD}."
            yield Remark(code="currency", text=text)
    others = [name for name in header if name.lower().startswith("x_") and name not in own.values()]
    told = {
        "corrections": (tally.corrections, "correct others, and are added to them"),
        "not_invoiced": (tally.not_invoiced, "are not invoiced yet; one that a later file restates counts again"),
        "unit_price": (tally.uneven, f"are not unit price times quantity, first {tally.first_uneven}"),
        "tokens": (tally.undirected, "are for tokens and do not say whether these go in or come out"),
    }
    for code, (count, what) in told.items():
        if count:
            yield Remark(code=code, text=f"Charges that {what}: {count:,}.")
    if others:
        text = f"Of the custom columns, {', '.join(others[:10])} only tell charges apart."
        yield Remark(code="custom_columns", text=text)
