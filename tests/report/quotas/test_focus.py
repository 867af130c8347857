"""Rows of FOCUS 1.4: numbers are decimals with a point, a cost is its price times its quantity, no rule is broken."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigawatt.report.quotas import focus
from gigawatt.report.quotas.focus import COLUMNS, shown
from gigawatt.report.quotas.written import told, written
from gigawatt.study.answer import Head
from gigawatt.study.export.focus import CHARGES, Charge, FocusAnswer

Row = dict[str, str]
DECIMAL = re.compile(r"-?\d+\.\d+")
TIME = re.compile(r"\d{4}-\d\d-\d\dT00:00:00Z")


def charge(item: str = "energy", cost_usd: float = 12.5, **changes: object) -> Charge:
    """A charge of a class of inference at a site."""
    values: dict[str, object] = {"period": "2027Q4", "site": "north", "platform": "gb300", "use_case": "chat"}
    return Charge(item=item, cost_usd=cost_usd, **values | changes)  # type: ignore[arg-type]


def answered(charges: Sequence[Charge]) -> FocusAnswer:
    return FocusAnswer(
        head=Head(scenario="campus", hash="0123"),
        period=None,
        title='A campus, "small"',
        dollar_year=2025,
        rows=len(charges),
        cost_usd=sum(one.cost_usd for one in charges),
        items_usd={},
        tokens=0.0,
        charges=charges,
    )


def rows_of(charges: Sequence[Charge]) -> list[Row]:
    return list(csv.DictReader(io.StringIO(focus.text(answered(charges)))))


EVERY = (
    charge(tokens=3.1e12),
    charge(cost_usd=0.0, tokens=1.0),
    charge(cost_usd=3.1e-7, use_case="run", package_h=2191.5 * 72),
    charge(use_case="programme", platform="programme"),
    *(charge(item, 1e9 / 3) for item in CHARGES if item not in ("energy", "tax")),
    charge("tax", 5.0, site="programme", platform="programme", use_case="programme"),
    charge("tax", -5.0, site="programme", platform="programme", use_case="programme"),
    charge("energy", -7.25, tokens=1e6),
)


def broken(row: Row) -> list[str]:
    """Columns whose value is not what their format says."""
    found = []
    for name, column in COLUMNS.items():
        value = row[name]
        if not value:
            found += [] if column.nullable else [name]
        elif column.format == "decimal":
            found += [] if DECIMAL.fullmatch(value) else [name]
        elif column.format == "time":
            found += [] if TIME.fullmatch(value) else [name]
        elif column.format == "currency":
            found += [] if re.fullmatch("[A-Z]{3}", value) else [name]
        elif column.format != "text":
            found += [] if value in column.format.split("|") else [name]
    return found


def test_every_row_keeps_to_the_formats() -> None:
    assert [broken(row) for row in rows_of(EVERY)] == [[]] * len(EVERY)


def test_the_columns_are_those_of_the_specification(data_dir: Path) -> None:
    known = json.loads((data_dir / "schemas" / "focus_columns_v1_4.json").read_text())
    columns = known["datasets"]["Cost and Usage"]["columns"]
    formats = {"Decimal": "decimal", "Date/Time": "time", "Currency": "currency"}
    for name, column in COLUMNS.items():
        if name.startswith("x_"):
            continue
        spec = columns[name]
        assert column.mandatory == (spec["feature_level"] == "Mandatory"), name
        assert column.nullable == spec["allows_nulls"], name
        if name.startswith("Service") and spec["allowed_values"]:
            assert {row[name] for row in rows_of(EVERY)} <= set(spec["allowed_values"])
            continue
        expected = "|".join(spec["allowed_values"] or ()) or formats.get(spec["value_format"].split(" (")[0], "text")
        assert column.format == expected, name
    assert {name for name, spec in columns.items() if spec["feature_level"] == "Mandatory"} <= set(COLUMNS)


def test_the_judge_of_focus_data_toolkit_finds_nothing() -> None:
    validator = pytest.importorskip("focus_data_toolkit.model.validator", reason="focus-data-toolkit is not installed")
    supports = [validator.COND_UNIT_PRICING, validator.COND_MULTIPLE_PRICING_CATEGORIES]
    report = validator.lint_focus_1_4_structure("cost and usage", rows_of(EVERY), supported_conditions=supports)
    assert report.messages() == []
    assert report.row_count == len(EVERY)


def test_the_judge_finds_an_exponent_and_a_price_that_is_none() -> None:
    validator = pytest.importorskip("focus_data_toolkit.model.validator", reason="focus-data-toolkit is not installed")
    (row,) = rows_of([charge(tokens=3.1e12)])
    wrong = row | {"ListUnitPrice": "9.0", "BilledCost": "1.25E+1"}
    report = validator.lint_focus_1_4_structure("cost and usage", [wrong])
    assert {one.rule for one in report.violations} >= {"cost_not_unit_price_times_quantity", "bad_numeric_format"}


@given(st.floats(0, 1e12), st.floats(1e-3, 1e19))
def test_a_cost_is_its_price_times_its_quantity_and_that_of_the_books(cost_usd: float, tokens: float) -> None:
    (row,) = rows_of([charge(cost_usd=cost_usd, tokens=tokens)])
    price, quantity = Decimal(row["ListUnitPrice"]), Decimal(row["PricingQuantity"])
    assert Decimal(row["BilledCost"]) == focus.EXACT.multiply(price, quantity)
    assert Decimal(row["ConsumedQuantity"]) == focus.EXACT.multiply(quantity, Decimal(10) ** 6)
    if quantity:
        error = abs(Decimal(row["BilledCost"]) - Decimal(cost_usd))
        assert error <= quantity * focus.PRICE_DIGITS / 2 + focus.DIGITS


def test_tokens_are_consumed_and_priced_by_the_million() -> None:
    (row,) = rows_of([charge(cost_usd=31.0, tokens=3.1e12)])
    assert (row["ConsumedQuantity"], row["ConsumedUnit"]) == ("3100000000000.0", "Tokens")
    assert (row["PricingQuantity"], row["PricingUnit"]) == ("3100000.0", "1000000 Tokens")
    assert (row["ListUnitPrice"], row["BilledCost"]) == ("0.00001", "31.0")


def test_a_quarter_ends_where_the_next_begins() -> None:
    (row,) = rows_of([charge()])
    assert row["ChargePeriodStart"] == row["BillingPeriodStart"] == "2027-10-01T00:00:00Z"
    assert row["ChargePeriodEnd"] == row["BillingPeriodEnd"] == "2028-01-01T00:00:00Z"


def test_what_belongs_nowhere_has_no_region_and_no_resource() -> None:
    (row,) = rows_of([charge("tax", site="programme", platform="programme", use_case="programme")])
    assert {row[name] for name in ("RegionId", "ResourceId", "SkuId", "PricingQuantity", "PricingUnit")} == {""}
    assert (row["x_Site"], row["ChargeDescription"]) == ("programme", "Tax: programme")


@pytest.mark.parametrize(
    ("value", "text"),
    [("3.1E-7", "0.00000031"), ("1E+3", "1000.0"), ("5", "5.0"), ("-2.50", "-2.5"), ("0", "0.0"), ("0E-12", "0.0")],
)
def test_a_decimal_has_a_point_and_no_exponent(value: str, text: str) -> None:
    assert shown(Decimal(value)) == text


def test_the_file_is_the_answers_text() -> None:
    answer = answered(EVERY)
    assert told(answer)["text"] == written(answer).shown == focus.text(answer)
    assert focus.text(answer).splitlines()[0].split(",") == list(COLUMNS)


def test_every_charge_has_a_service() -> None:
    tables: Callable[[str], bool] = focus.SERVICES.__contains__
    assert all(map(tables, CHARGES))
