"""Bills in FOCUS: every charge once, with its sign, currency and tokens, from every version and either format."""

import csv
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gigawatt.errors import CatalogError
from gigawatt.readers.focus import read, tokens_of
from gigawatt.readers.focus_columns import MANDATORY, OLD_PARTIES
from gigawatt.readers.readings import FileAsked, ReadingSeries
from gigawatt.report.quotas.focus import text
from gigawatt.study.export.focus import Charge

ASKED = FileAsked(site="abilene")
JAN_1, JAN_2 = 1_767_225_600_000, 1_767_312_000_000
ROW = dict.fromkeys((*MANDATORY, *OLD_PARTIES), "") | {
    "BilledCost": "12.5",
    "BillingAccountId": "acct-1",
    "BillingCurrency": "USD",
    "BillingPeriodEnd": "2026-02-01T00:00:00Z",
    "BillingPeriodStart": "2026-01-01T00:00:00Z",
    "ChargeCategory": "Usage",
    "ChargePeriodEnd": "2026-01-02T00:00:00Z",
    "ChargePeriodStart": "2026-01-01T00:00:00Z",
    "ContractedCost": "12.5",
    "EffectiveCost": "10",
    "ListCost": "15",
    "ServiceName": "GPU",
}
Taken = Callable[[Any], Any]


def write(folder: Path, *rows: Mapping[str, str], name: str = "bill.csv") -> Path:
    path = folder / name
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(dict.fromkeys(name for row in rows for name in row)))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("decimals", [12.5, 12.5]),
        ("whole-number-columns", [12.5, 12.5]),
        ("scientific-notation", [12.5, 12.5]),
        ("empty-account-name", [12.5, 12.5]),
        ("correction-row", [12.5, -12.5]),
    ],
)
def test_samples_are_two_charges(data_dir: Path, taken: Taken, name: str, values: list[float]) -> None:
    found = taken(read(data_dir / "operator-samples" / "focus" / f"{name}.csv", FileAsked()))
    series = ReadingSeries(quantity="cost", unit="USD", site="r1", subject="acct-1/GPU")
    assert [reading[:5] for reading in found.readings] == [
        (series, 2, JAN_1, JAN_2, values[0]),
        (series, 3, JAN_1, JAN_2, values[1]),
    ]
    assert found.rejected == {}
    assert found.remarks["version"] == "FOCUS 1.2, by its columns; charges taken: 2."
    assert ("corrections" in found.remarks) == (name == "correction-row")
    # 2.5 USD × 5.01 h are 12.525 USD, and the row says 12.5.
    assert ("unit_price" in found.remarks) == (name == "decimals")


def test_equal_charges_count_each_and_the_same_file_adds_none(data_dir: Path, tmp_path: Path, taken: Taken) -> None:
    folder = data_dir / "operator-samples" / "focus"
    one = taken(read(folder / "scientific-notation.csv", FileAsked()))
    # Its two rows differ in how 12.5 is written, which makes no other charge of it.
    assert len(set(one.keys)) == 2
    again = taken(read(write(tmp_path, ROW, ROW, ROW | {"BilledCost": "1.250E1"}), ASKED))
    assert len(set(again.keys)) == 3
    assert taken(read(write(tmp_path, ROW, ROW | {"BilledCost": "12.50"}), ASKED)).keys == again.keys[:2]


def test_a_charge_is_the_same_in_another_order_of_columns_and_once_it_is_invoiced(tmp_path: Path, taken: Taken) -> None:
    opened = ROW | {"InvoiceId": ""}
    first = taken(read(write(tmp_path, opened), ASKED))
    turned = dict(reversed((opened | {"InvoiceId": "inv-1", "SkuMeter": ""}).items()))
    assert taken(read(write(tmp_path, turned), ASKED)).keys == first.keys
    assert "not_invoiced" in first.remarks
    assert taken(read(write(tmp_path, ROW | {"ServiceName": "CPU"}), ASKED)).keys != first.keys


def test_any_order_of_a_bill_is_the_same_bill(tmp_path: Path, taken: Taken) -> None:
    rows = [ROW | {"BilledCost": cost} for cost in ("1", "2", "1", "3", "1.0", "2")]
    bill = taken(read(write(tmp_path, *rows), ASKED))
    turned = taken(read(write(tmp_path, *reversed(rows)), ASKED))
    assert set(turned.keys) == set(bill.keys)
    assert dict(zip(turned.keys, turned.values, strict=True)) == dict(zip(bill.keys, bill.values, strict=True))
    # Half of it first, and the whole later, add up to the whole.
    assert set(taken(read(write(tmp_path, *rows[:3]), ASKED)).keys) < set(bill.keys)


def test_what_is_billed_is_read_and_what_is_effective_told(tmp_path: Path, taken: Taken) -> None:
    found = taken(read(write(tmp_path, ROW, ROW | {"BilledCost": "0.01", "BillingCurrency": "EUR"}), ASKED))
    assert [(series.unit, value) for series, _, _, _, value, _ in found.readings] == [("USD", 12.5), ("EUR", 0.01)]
    texts = [item.text for item in read(tmp_path / "bill.csv", ASKED) if hasattr(item, "text")]
    assert "Billed are 12.50 USD; the effective cost of the same charges is 10.00." in texts
    assert "Costs in EUR are kept in EUR: without a rate of exchange they are no USD." in texts


def test_custom_columns_say_where_and_what_for(tmp_path: Path, taken: Taken) -> None:
    own = {"x_site": "lordstown", "x_Platform": "gb300", "x_UseCase": "chat", "x_rack": "r17", "x_MW": "0.13"}
    found = taken(read(write(tmp_path, ROW | own, ROW | dict.fromkeys(own, "")), ASKED))
    first, second = (reading[0] for reading in found.readings)
    assert first == ReadingSeries(
        quantity="cost", unit="USD", site="lordstown", subject="acct-1/GPU/r17", platform="gb300", use_case="chat"
    )
    assert second == ReadingSeries(quantity="cost", unit="USD", site="abilene", subject="acct-1/GPU")
    assert found.remarks["custom_columns"] == "Of the custom columns, x_MW only tell charges apart."


def test_a_region_is_the_site_where_nobody_names_one(tmp_path: Path, taken: Taken) -> None:
    path = write(tmp_path, ROW | {"RegionId": "us-tex"})
    assert taken(read(path, FileAsked())).readings[0][0].site == "us-tex"
    assert taken(read(path, ASKED)).readings[0][0].site == "abilene"


@pytest.mark.parametrize(
    ("said", "quantity", "tokens"),
    [
        ({"ConsumedUnit": "Tokens", "ConsumedQuantity": "8400000", "SkuMeter": "Input Tokens"}, "tokens_in", 8.4e6),
        ({"ConsumedUnit": "Tokens", "ConsumedQuantity": "21e5", "SkuMeter": "Output Tokens"}, "tokens_out", 2.1e6),
        (
            {"ConsumedUnit": "1K tokens", "ConsumedQuantity": "1.5", "SkuMeter": "Cache Read Prompt"},
            "tokens_in",
            1500.0,
        ),
        ({"ConsumedUnit": "Million Output Tokens", "ConsumedQuantity": "-2", "SkuMeter": "x"}, "tokens_out", -2e6),
        (
            {
                "ConsumedUnit": "Tokens",
                "ConsumedQuantity": "7",
                "SkuMeter": "Tokens",
                "SkuPriceDetails": '{"TokenDirection": "Output"}',
            },
            "tokens_out",
            7.0,
        ),
        ({"ConsumedUnit": "Tokens", "ConsumedQuantity": "7", "ChargeDescription": "input and output"}, "tokens", 7.0),
        (
            {"PricingUnit": "1000000 Tokens", "PricingQuantity": "8.4", "ChargeDescription": "prompts"},
            "tokens_in",
            8.4e6,
        ),
    ],
)
def test_tokens_come_in_their_unit_and_direction(
    tmp_path: Path, taken: Taken, said: dict[str, str], quantity: str, tokens: float
) -> None:
    found = taken(read(write(tmp_path, ROW | said), ASKED))
    (cost, *_), (series, *rest) = found.readings
    assert cost.quantity == "cost"
    assert (series.quantity, series.unit, series.subject) == (quantity, "tokens", "acct-1/GPU")
    assert rest[3] == tokens
    assert ("tokens" in found.remarks) == (quantity == "tokens")


@pytest.mark.parametrize(
    "said",
    [
        {"ConsumedUnit": "Hours", "ConsumedQuantity": "5"},
        {"ConsumedUnit": "", "ConsumedQuantity": "", "PricingUnit": "Tokens", "PricingQuantity": "5"},
        {"ChargeCategory": "Purchase", "PricingUnit": "Tokens", "PricingQuantity": "5"},
        {"CommitmentDiscountStatus": "Unused", "PricingUnit": "Tokens", "PricingQuantity": "5"},
        {"ConsumedUnit": "Tokens", "ConsumedQuantity": ""},
    ],
)
def test_what_is_no_use_of_tokens_is_cost_alone(tmp_path: Path, taken: Taken, said: dict[str, str]) -> None:
    assert [reading[0].quantity for reading in taken(read(write(tmp_path, ROW | said), ASKED)).readings] == ["cost"]


@pytest.mark.parametrize(
    ("unit", "tokens"),
    [("token", 1), ("1,000 Tokens", 1000), ("kTokens", 1000), ("1M Tokens", 10**6), ("1 Billion tokens", 10**9)],
)
def test_units_of_tokens_are_read(unit: str, tokens: int) -> None:
    assert tokens_of(unit) == tokens


@pytest.mark.parametrize("unit", ["", "Tokens/s", "Token-Hours", "GB", "Requests", "1e3 Tokenizers", "١ tokens"])
def test_other_units_are_none_of_tokens(unit: str) -> None:
    assert tokens_of(unit) is None


def test_a_word_that_begins_like_a_multiple_is_none() -> None:
    assert tokens_of("Mixed Tokens") == 1


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"BilledCost": ""}, "BilledCost is empty"),
        ({"BilledCost": "12,5"}, 'BilledCost "12,5" is no number, whose decimals stand behind a point'),
        ({"BilledCost": "NaN"}, 'BilledCost "NaN" is no number'),
        ({"BilledCost": "1_0"}, 'BilledCost "1_0" is no number'),
        ({"BilledCost": "١٢"}, 'BilledCost "١٢" is no number'),
        ({"BilledCost": "1e999"}, "BilledCost 1e999 is beyond all numbers"),
        ({"BilledCost": "1e9999999999"}, 'BilledCost "1e9999999999" is no number'),
        ({"ListCost": "free"}, 'ListCost "free" is no number'),
        ({"BillingCurrency": "Credits"}, 'BillingCurrency "Credits" is no currency such as USD'),
        ({"ChargePeriodEnd": "2025-12-31T00:00:00Z"}, "ChargePeriodEnd is before ChargePeriodStart"),
        ({"ChargePeriodStart": ""}, "ChargePeriodStart: no time: expected a time such as 2026-01-31T00:15:00Z"),
        ({"ServiceName": ""}, "ServiceName is empty"),
    ],
)
def test_a_row_that_cannot_be_read_is_told_alone(
    tmp_path: Path, taken: Taken, said: dict[str, str], reason: str
) -> None:
    found = taken(read(write(tmp_path, ROW | said, ROW), ASKED))
    assert found.rejected == {2: reason}
    assert found.values == [12.5]


def test_a_time_without_a_zone_is_refused_unless_its_clock_is_known(tmp_path: Path, taken: Taken) -> None:
    naive = {name: value.removesuffix("Z") for name, value in ROW.items() if name.endswith(("Start", "End"))}
    path = write(tmp_path, ROW | naive)
    assert "ChargePeriodEnd" not in (reason := taken(read(path, ASKED)).rejected[2])
    assert "states no offset from UTC" in reason
    found = taken(read(path, FileAsked(site="abilene", utc_offset_s=-6 * 3600)))
    assert found.readings[0][2] == JAN_1 + 6 * 3_600_000


def test_prices_that_do_not_multiply_are_told_and_taken(tmp_path: Path, taken: Taken) -> None:
    even = ROW | {"PricingQuantity": "5", "ContractedUnitPrice": "2.5", "ListUnitPrice": "3.001"}
    found = taken(read(write(tmp_path, even, even | {"ListUnitPrice": "3.01"}), ASKED))
    assert found.values == [12.5, 12.5]
    assert found.remarks["unit_price"] == (
        "Charges that are not unit price times quantity, "
        "first line 3: ListCost is 15, and ListUnitPrice × PricingQuantity 15.05: 1."
    )


def test_every_mandatory_column_that_is_missing_is_named(tmp_path: Path) -> None:
    short = {name: value for name, value in ROW.items() if name not in ("BilledCost", "ProviderName")}
    with pytest.raises(CatalogError, match="no column BilledCost, ProviderName: expected every mandatory") as error:
        read(write(tmp_path, short), ASKED)
    assert "FOCUS 1.0" in str(error.value)


def test_other_datasets_and_other_tables_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="FOCUS's dataset of invoice detail: expected the dataset of cost and usage"):
        read(write(tmp_path, ROW | {"InvoiceDetailGrain": "{}"}), ASKED)
    with pytest.raises(CatalogError, match="the column BilledCost twice"):
        read(write(tmp_path, ROW | {"billedcost": "1"}), ASKED)
    semicolons = tmp_path / "semicolons.csv"
    semicolons.write_text(";".join(ROW) + "\n")
    with pytest.raises(CatalogError, match="one column, BilledCost;"):
        read(semicolons, ASKED)


def test_a_bill_without_charges_is_a_bill(tmp_path: Path, taken: Taken) -> None:
    path = write(tmp_path, ROW)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().splitlines(keepends=True)[0])
    found = taken(read(path, ASKED))
    assert (found.readings, found.rejected) == ([], {})
    assert found.remarks == {"version": "FOCUS 1.0, by its columns; charges taken: 0."}


def test_names_in_small_letters_are_read(tmp_path: Path, taken: Taken) -> None:
    found = taken(read(write(tmp_path, {name.lower(): value for name, value in ROW.items()}), ASKED))
    assert found.keys == taken(read(write(tmp_path, ROW), ASKED)).keys


def test_parquet_is_the_same_bill(tmp_path: Path, taken: Taken) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    path = write(tmp_path, ROW, ROW, ROW | {"BilledCost": "1e-7"})
    from pyarrow.csv import read_csv

    pq.write_table(read_csv(path), tmp_path / "bill.parquet")
    bill, found = taken(read(path, ASKED)), taken(read(tmp_path / "bill.parquet", ASKED))
    assert found.keys == bill.keys
    assert found.values == [12.5, 12.5, 1e-7]
    assert [line for _, line, *_ in found.readings] == [1, 2, 3]


def test_books_that_are_written_as_a_bill_are_read_as_one(tmp_path: Path, taken: Taken) -> None:
    places = {"period": "2027Q3", "site": "abilene", "platform": "gb300"}
    charges = [
        Charge(use_case="chat", item="energy", cost_usd=1234.5, tokens=8.4e12, **places),
        Charge(use_case="training", item="racks", cost_usd=5e6, **places),
        Charge(use_case="programme", item="tax", cost_usd=-7.25, **places),
    ]
    head = SimpleNamespace(scenario="loi", hash="abc")
    path = tmp_path / "books.csv"
    path.write_text(text(SimpleNamespace(head=head, title="LOI", dollar_year=2025, charges=charges)))
    found = taken(read(path, FileAsked(utc_offset_s=0)))
    assert found.remarks["version"] == "FOCUS 1.4, by its columns; charges taken: 3."
    assert found.total("cost") == pytest.approx(1234.5 + 5e6 - 7.25, abs=1e-5)
    assert sum(value for series, *_, value, _ in found.readings if series.unit == "tokens") == 8.4e12
    assert {(series.site, series.platform, series.use_case) for series, *_ in found.readings} == {
        ("abilene", "gb300", use_case) for use_case in ("chat", "training", "programme")
    }


@pytest.fixture(scope="module")
def toolkit(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """The program focus-toolkit, which makes sample files and converts them, in a folder of its own."""
    program = Path(sys.executable).with_name("focus-toolkit")
    if not program.exists():
        pytest.skip("focus-data-toolkit is not installed")
    folder = tmp_path_factory.mktemp("toolkit")

    def call(*words: str) -> Path:
        done = subprocess.run([program, *words], cwd=folder, capture_output=True, text=True)
        assert done.returncode in (0, 4), done.stderr  # 4: values are assumed
        return folder

    return call


def test_sample_files_of_the_toolkit_are_read_whole(toolkit: Callable[..., Path], taken: Taken) -> None:
    for version, provider in (("1.2", "azure"), ("1.3", "aws")):
        folder = toolkit(
            "generate", "--provider", provider, "--focus-version", version, "--rows", "40", "--out", "made"
        )
        name = f"focus_{version.replace('.', '_')}_cost_and_usage_{provider}.csv"
        with (folder / "made" / name).open(newline="") as stream:
            billed = [float(row["BilledCost"]) for row in csv.DictReader(stream)]
        found = taken(read(folder / "made" / name, ASKED))
        assert found.remarks["version"] == f"FOCUS {version}, by its columns; charges taken: 40."
        assert found.rejected == {}
        assert found.total("cost") == pytest.approx(sum(billed))
        assert len(set(found.keys)) == 40


@pytest.mark.slow
def test_what_the_toolkit_converts_to_1_4_is_the_same_money(toolkit: Callable[..., Path], taken: Taken) -> None:
    pytest.importorskip("pyarrow")
    toolkit("generate", "--provider", "gcp", "--focus-version", "1.3", "--rows", "30", "--out", "old")
    source = "old/focus_1_3_cost_and_usage_gcp.csv"
    for form in ("csv", "parquet"):
        options = ("--mode", "synthetic", "--output-format", form, "--out", form)
        folder = toolkit("convert", "--cost-and-usage", source, *options)
    old = taken(read(folder / source, ASKED))
    new, parquet = (
        taken(read(folder / form / f"synthetic_focus_1_4_cost_and_usage.{form}", ASKED)) for form in ("csv", "parquet")
    )
    assert new.remarks["version"] == "FOCUS 1.4, by its columns; charges taken: 30."
    assert new.total("cost") == pytest.approx(old.total("cost"))
    assert set(parquet.keys) == set(new.keys)
    for dataset in ("billing_period", "invoice_detail"):
        with pytest.raises(CatalogError, match=f"dataset of {dataset.replace('_', ' ')}"):
            read(folder / "csv" / f"synthetic_focus_1_4_{dataset}.csv", ASKED)
