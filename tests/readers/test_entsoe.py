"""Prices of ENTSO-E: held where a curve holds, missing in its holes, auctions for the same hours kept apart."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gigawatt.errors import CatalogError
from gigawatt.readers.entsoe import read
from gigawatt.readers.readings import FileAsked, ReadingSeries

HOUR = 3_600_000
START = 1_767_308_400_000  # 2026-01-01T23:00Z
ZONE = "10Y1001A1001A82H"
Taken = Callable[[Any], Any]


def points(**prices: str) -> str:
    return "".join(
        f"<Point><position>{position[1:]}</position><price.amount>{price}</price.amount></Point>\n"
        for position, price in prices.items()
    )


def period(inner: str, start: str = "01T23:00Z", end: str = "02T02:00Z", resolution: str = "PT60M") -> str:
    interval = f"<timeInterval><start>2026-01-{start}</start><end>2026-01-{end}</end></timeInterval>"
    return f"<Period>{interval}<resolution>{resolution}</resolution>\n{inner}</Period>"


def series(periods: str, curve: str = "A01", extra: str = "", unit: str = "EUR", zone: str = ZONE) -> str:
    return (
        f"<TimeSeries><mRID>1</mRID>{extra}<in_Domain.mRID>{zone}</in_Domain.mRID>"
        f"<out_Domain.mRID>{zone}</out_Domain.mRID><currency_Unit.name>{unit}</currency_Unit.name>"
        f"<price_Measure_Unit.name>MWH</price_Measure_Unit.name><curveType>{curve}</curveType>{periods}</TimeSeries>\n"
    )


def write(folder: Path, *parts: str, root: str = "Publication_MarketDocument") -> Path:
    path = folder / "prices.xml"
    namespace = "urn:iec62325.351:tc57wg16:451-3:publicationdocument:7:0"
    path.write_text(f'<?xml version="1.0"?>\n<{root} xmlns="{namespace}">\n{"".join(parts)}</{root}>')
    return path


def by_subject(found: Any) -> dict[str, list[float]]:
    prices: dict[str, list[float]] = {}
    for of, _, _, _, value, _ in found.readings:
        prices.setdefault(of.subject, []).append(value)
    return prices


def test_a_curve_that_holds_is_filled(data_dir: Path, taken: Taken) -> None:
    file = data_dir / "operator-samples" / "entsoe" / "a44-a03-quarter-hours-positions-1-and-5.xml"
    found = taken(read(file, FileAsked(site="bremen")))
    assert found.values == [50, 50, 50, 50, 60, 60, 60, 60]
    assert [start for _, _, start, *_ in found.readings] == [START + n * HOUR // 4 for n in range(8)]
    assert all(end - start == HOUR // 4 for _, _, start, end, *_ in found.readings)
    assert {of for of, *_ in found.readings} == {
        ReadingSeries(quantity="price", unit="EUR/MWh", site="bremen", subject=ZONE)
    }
    assert found.remarks["filled"].endswith(": 6.")
    assert "holes" not in found.remarks


def test_a_hole_is_not_filled(data_dir: Path, taken: Taken) -> None:
    found = taken(read(data_dir / "operator-samples" / "entsoe" / "a44-a01-hour-missing.xml", FileAsked()))
    assert [(start, value) for _, _, start, _, value, _ in found.readings] == [(START, 50.0), (START + 2 * HOUR, 60.0)]
    assert "1 (position 2 at 2026-01-02T00:00Z)" in found.remarks["holes"]


def test_two_auctions_for_the_same_hours_stay_apart(data_dir: Path, taken: Taken) -> None:
    found = taken(read(data_dir / "operator-samples" / "entsoe" / "a44-two-auctions-same-hours.xml", FileAsked()))
    assert by_subject(found) == {f"{ZONE}/1": [50, 50], f"{ZONE}/2": [70, 70]}
    assert f"{ZONE}/1, {ZONE}/2" in found.remarks["auctions"]


def test_days_of_one_auction_are_one_subject(tmp_path: Path, taken: Taken) -> None:
    days = [series(period(points(p1=f"{n}"), f"0{n}T23:00Z", f"0{n + 1}T00:00Z")) for n in (2, 1)]
    found = taken(read(write(tmp_path, *days), FileAsked()))
    assert by_subject(found) == {ZONE: [2, 1]}
    assert "auctions" not in found.remarks


def test_auctions_keep_their_number_over_days(tmp_path: Path, taken: Taken) -> None:
    days = [
        series(period(points(p1=f"{price}{n}"), f"0{n}T23:00Z", f"0{n + 1}T00:00Z")) for n in (1, 2) for price in (5, 7)
    ]
    assert by_subject(taken(read(write(tmp_path, *days), FileAsked()))) == {
        f"{ZONE}/1": [51, 52],
        f"{ZONE}/2": [71, 72],
    }


@pytest.mark.parametrize(
    ("first", "second", "names"),
    [
        ("<{}>2</{}>", "<{}>1</{}>", ("2", "1")),
        ("<contract_MarketAgreement.type>A01</contract_MarketAgreement.type>",
         "<contract_MarketAgreement.type>A07</contract_MarketAgreement.type>", ("A01", "A07")),
    ],
)  # fmt: skip
def test_auctions_go_by_what_the_document_calls_them(
    tmp_path: Path, taken: Taken, first: str, second: str, names: tuple[str, str]
) -> None:
    tag = "classificationSequence_AttributeInstanceComponent.position"
    parts = [
        series(period(points(p1=price, p2=price, p3=price)), extra=extra.format(tag, tag))
        for extra, price in ((first, "50"), (second, "70"))
    ]
    found = by_subject(taken(read(write(tmp_path, *parts), FileAsked())))
    assert found == {f"{ZONE}/{names[0]}": [50] * 3, f"{ZONE}/{names[1]}": [70] * 3}


def test_quarter_hours_beside_hours_are_told_apart(tmp_path: Path, taken: Taken) -> None:
    quarters = period(points(p1="1"), resolution="PT15M")
    path = write(tmp_path, series(quarters, "A03"), series(period(points(p1="9")), "A03"))
    assert by_subject(taken(read(path, FileAsked()))) == {f"{ZONE}/PT15M": [1] * 12, f"{ZONE}/PT60M": [9] * 3}


def test_other_zones_currencies_and_steps(tmp_path: Path, taken: Taken) -> None:
    parts = (
        series(period(points(p1="-5.5"), resolution="PT30M"), unit="GBP", zone="10YGB----------A"),
        series(period(points(p1="3"), "01T00:00Z", "02T00:00Z", "P1D"), unit="PLN"),
        series(period(points(p1="4"), "03T00:00Z", "04T01:00Z", "P1D"), unit="PLN"),  # clocks are changed
    )
    found = taken(read(write(tmp_path, *parts), FileAsked()))
    rows = [(of.unit, of.subject[:5], (end - start) / HOUR, value) for of, _, start, end, value, _ in found.readings]
    assert rows == [("GBP/MWh", "10YGB", 0.5, -5.5), ("PLN/MWh", "10Y10", 24, 3.0), ("PLN/MWh", "10Y10", 25, 4.0)]
    assert "position 2 at 2026-01-01T23:30Z; position 3" in found.remarks["holes"]
    assert ", …)" in found.remarks["holes"]


@pytest.mark.parametrize(
    ("inner", "reason"),
    [
        (points(p1="1", p4="2"), 'position "4" in a period of 3 steps'),
        (points(p1="1", px="2"), 'position "x" in a period of 3 steps'),
        (points(p1="1", p01="2"), "position 1 a second time in one period"),
        (points(p1="1", p2="NaN"), 'the price "NaN" is no number'),
        (points(p1="1", p2="1e999"), 'the price "1e999" is no number'),
        (points(p1="1", p2=""), "a point without a price (price.amount)"),
    ],
)
def test_a_point_that_cannot_be_read_is_told_alone(tmp_path: Path, taken: Taken, inner: str, reason: str) -> None:
    found = taken(read(write(tmp_path, series(period(inner))), FileAsked()))
    assert found.rejected == {5: reason}
    assert found.values == [1]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (series(period("", resolution="P1M")), 'the resolution "P1M" is not read'),
        (series(period("", resolution="PT0M")), 'the resolution "PT0M" is not read'),
        (series(period("", end="01T22:00Z")), "is no row of steps of PT60M"),
        (series(period("", end="02T00:30Z")), "is no row of steps of PT60M"),
        (series(period("", start="01T23:00")), "states no offset from UTC"),
        (series(period("")).replace("2026-01-02", "2099-01-02"), "is no row of steps of PT60M"),
        (series(period(points(p1="1")), "A05"), "a curve of type A05"),
        (series(period(points(p1="1")), unit=""), "a time series that states no currency"),
        (series(period(points(p1="1")), zone=""), "a time series without a bidding zone"),
    ],
)
def test_a_series_that_cannot_be_read_is_told_and_the_next_read(
    tmp_path: Path, taken: Taken, broken: str, reason: str
) -> None:
    found = taken(read(write(tmp_path, broken, series(period(points(p1="8")))), FileAsked()))
    assert found.values == [8]
    assert [reason in text for text in found.rejected.values()] == [True]


def test_a_unit_that_nobody_states_may_be_asked_for(tmp_path: Path, taken: Taken) -> None:
    found = taken(read(write(tmp_path, series(period(points(p1="1")), unit="")), FileAsked(unit="EUR/MWh")))
    assert found.readings[0][0].unit == "EUR/MWh"


def test_other_documents_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="a document of type A25: expected a document of prices"):
        read(write(tmp_path, "<type>A25</type>", series(period(points(p1="1")))), FileAsked())
    with pytest.raises(CatalogError, match="the root element Acknowledgement_MarketDocument"):
        read(write(tmp_path, "<Reason/>", root="Acknowledgement_MarketDocument"), FileAsked())
    path = tmp_path / "prices.xml"
    path.write_text("")
    with pytest.raises(CatalogError, match="expected a document of prices"):
        read(path, FileAsked())


def test_a_truncated_document_keeps_whole_series_alone(tmp_path: Path, taken: Taken) -> None:
    path = write(tmp_path, "<type>A44</type>", series(period(points(p1="1", p2="2", p3="3"))))
    text = path.read_text()
    path.write_text(text.replace("</Publication_MarketDocument>", series(period(points(p1="4")))[:-60]))
    found = taken(read(path, FileAsked()))
    assert found.values == [1, 2, 3]
    assert [reason.partition(":")[0] for reason in found.rejected.values()] == [
        "the XML breaks off here, and nothing after it is read"
    ]
