"""Green Button files: energy in Wh, by meter and direction, however their entries are linked."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gigawatt.errors import CatalogError
from gigawatt.readers.greenbutton import read
from gigawatt.readers.readings import FileAsked, ReadingSeries

START = 1_767_222_000
Taken = Callable[[Any], Any]


def entry(content: str, **links: str) -> str:
    found = "".join(f'<link rel="{rel.rstrip("_")}" href="{href}"/>' for rel, href in links.items())
    return f"<entry>{found}<content>{content}</content></entry>\n"


def kind(address: str = "R/1", related: str = "", **fields: str) -> str:
    told = {"flowDirection": "1", "uom": "72", "powerOfTenMultiplier": "0"} | fields
    inner = "".join(f"<e:{name}>{value}</e:{name}>" for name, value in told.items() if value)
    return entry(f"<e:ReadingType>{inner}</e:ReadingType>", self=address, **({"related": related} if related else {}))


def interval(value: str, start: str = f"{START}", duration: str = "3600", more: str = "") -> str:
    length = f"<e:duration>{duration}</e:duration>" if duration else ""
    period = f"<e:timePeriod>{length}<e:start>{start}</e:start></e:timePeriod>"
    return f"<e:IntervalReading>{more}{period}<e:value>{value}</e:value></e:IntervalReading>\n"


def block(*intervals: str, **links: str) -> str:
    return entry(f"<e:IntervalBlock>\n{''.join(intervals)}</e:IntervalBlock>", **links)


POINT = entry("<e:UsagePoint/>", self="h/UsagePoint/1", related="h/UsagePoint/1/MeterReading")
READING = entry(
    "<e:MeterReading/>",
    self="h/UsagePoint/1/MeterReading/1",
    up="h/UsagePoint/1/MeterReading",
    related="h/UsagePoint/1/MeterReading/1/IntervalBlock",
    related_="R/1",
)
UP = {"self": "h/x", "up": "h/UsagePoint/1/MeterReading/1/IntervalBlock"}


def write(folder: Path, *entries: str) -> Path:
    path = folder / "meter.xml"
    feed = '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:e="http://naesb.org/espi">'
    path.write_text(f"<?xml version='1.0'?>\n{feed}\n{''.join(entries)}</feed>")
    return path


def test_powers_of_ten_apply_and_reverse_flow_has_its_own_quantity(data_dir: Path, taken: Taken) -> None:
    file = data_dir / "operator-samples" / "greenbutton" / "hourly-reverse-flow-kilo.xml"
    found = taken(read(file, FileAsked(site="abilene")))
    series = ReadingSeries(quantity="energy_returned", unit="Wh", site="abilene", subject="U/1")
    # 2025-12-31T23:00:00Z, an hour
    assert found.readings == [(series, 5, 1_767_222_000_000, 1_767_225_600_000, 5000.0, 0)]


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param((POINT, READING, kind(), block(interval("7"), **UP)), id="by the list"),
        pytest.param((block(interval("7"), **UP), kind(), READING, POINT), id="in any order"),
        pytest.param(
            (POINT, READING, kind(), block(interval("7"), self="x", related="h/UsagePoint/1/MeterReading/1")),
            id="by the reading's address",
        ),
        pytest.param(
            (
                POINT,
                entry("<e:MeterReading/>", self="h/UsagePoint/1/MeterReading/1"),
                kind("R/9", "h/UsagePoint/1/MeterReading/1"),
                kind("R/8", "h/other", uom="119"),
                block(interval("7"), self="h/UsagePoint/1/MeterReading/1/IntervalBlock/3"),
            ),
            id="by addresses that begin alike",
        ),
        pytest.param((POINT, kind(), block(interval("7"))), id="as the only ones"),
    ],
)
def test_entries_find_each_other(tmp_path: Path, taken: Taken, entries: tuple[str, ...]) -> None:
    found = taken(read(write(tmp_path, *entries), FileAsked()))
    assert found.rejected == {}
    assert [(series.quantity, series.subject, value) for series, *_, value, _ in found.readings] == [
        ("facility_energy", "UsagePoint/1", 7.0)
    ]


def two_meters(*types: str) -> tuple[str, ...]:
    """A usage point with a meter reading, and a block of one interval, for each of the types."""
    entries = [POINT, *types]
    for n in range(1, len(types) + 1):
        address = f"h/UsagePoint/1/MeterReading/{n}"
        up, block_list = "h/UsagePoint/1/MeterReading", f"{address}/IntervalBlock"
        entries.append(entry("<e:MeterReading/>", self=address, up=up, related=block_list, related_=f"R/{n}"))
        entries.append(block(interval(f"{n}"), self=f"{block_list}/1", up=block_list))
    return tuple(entries)


def test_both_directions_of_one_meter_are_two_quantities(tmp_path: Path, taken: Taken) -> None:
    found = taken(read(write(tmp_path, *two_meters(kind("R/1"), kind("R/2", flowDirection="19"))), FileAsked()))
    assert {series.quantity: value for series, *_, value, _ in found.readings} == {
        "facility_energy": 1.0,
        "energy_returned": 2.0,
    }
    assert {series.subject for series, *_ in found.readings} == {"UsagePoint/1"}


def test_two_readings_of_one_meter_and_direction_are_kept_apart(tmp_path: Path, taken: Taken) -> None:
    found = taken(read(write(tmp_path, *two_meters(kind("R/1"), kind("R/2"))), FileAsked(subject="main")))
    assert [series.subject for series, *_ in found.readings] == ["main/MeterReading/1", "main/MeterReading/2"]
    assert "main/MeterReading/1, main/MeterReading/2" in found.remarks["same_meter"]


def test_meters_whose_addresses_end_alike_are_kept_apart(tmp_path: Path, taken: Taken) -> None:
    entries = []
    for place in ("north", "south"):
        point = f"h/{place}/UsagePoint/1"
        entries.append(entry("<e:UsagePoint/>", self=point))
        entries.append(entry("<e:MeterReading/>", self=f"{point}/MeterReading/1", related="R/1"))
        entries.append(block(interval("1"), self=f"{point}/MeterReading/1/IntervalBlock/1"))
    found = taken(read(write(tmp_path, kind(), *entries), FileAsked()))
    assert [series.subject for series, *_ in found.readings] == ["h/north/UsagePoint/1", "h/south/UsagePoint/1"]


def test_what_a_meter_counts_may_be_asked_for(tmp_path: Path, taken: Taken) -> None:
    path = write(tmp_path, *two_meters(kind("R/1"), kind("R/2", uom="38")))
    found = taken(read(path, FileAsked(quantity="it_energy", subject="hall 1")))
    assert [(series.quantity, series.unit, series.subject) for series, *_ in found.readings] == [
        ("it_energy", "Wh", "hall 1"),
        ("it_power", "W", "hall 1"),
    ]


def test_negative_powers_and_lengths_of_the_type(tmp_path: Path, taken: Taken) -> None:
    path = write(tmp_path, kind(powerOfTenMultiplier="-3", intervalLength="900"), block(interval("2500", duration="")))
    ((_, _, start, end, value, _),) = taken(read(path, FileAsked())).readings
    assert (end - start, value) == (900_000, 2.5)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"uom": "119", "commodity": "7"}, "its commodity 7 is not electricity"),
        ({"uom": "73"}, "its unit 73 is neither Wh (72) nor W (38)"),
        ({"uom": ""}, "its unit  is neither Wh (72) nor W (38)"),
        ({"accumulationBehaviour": "3"}, "it counts cumulative totals, which do not add up"),
        ({"flowDirection": "4"}, "its direction 4 is neither forward (1) nor reverse (19)"),
        ({"powerOfTenMultiplier": "9999999"}, "its power of ten is no whole number"),
        ({"powerOfTenMultiplier": "x"}, "its power of ten is no whole number"),
    ],
)
def test_what_is_no_energy_of_intervals_is_passed_over(
    tmp_path: Path, taken: Taken, fields: dict[str, str], reason: str
) -> None:
    found = taken(read(write(tmp_path, POINT, READING, kind(**fields), block(interval("7"), **UP)), FileAsked()))
    assert found.readings == []
    assert found.remarks["passed_over"] == f"MeterReading h/UsagePoint/1/MeterReading/1 is passed over: {reason}."


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (interval("x"), 'the value "x" is no number'),
        (interval("1e400"), 'the value "1e400" is no number'),
        (interval("-5"), "a negative value"),
        (interval("5", start="soon"), '"soon" is no number of s since 1970'),
        (interval("5", start="99999999999"), "outside of the years 2000 to 2099"),
        (interval("5", duration="-3600"), 'a duration of "-3600"'),
        (interval("5", duration=""), 'a duration of ""'),
        (interval("5", more="<e:ReadingQuality><e:quality>12</e:quality></e:ReadingQuality>"), "a forecast"),
    ],
)
def test_an_interval_that_cannot_be_read_is_told_alone(tmp_path: Path, taken: Taken, bad: str, reason: str) -> None:
    found = taken(read(write(tmp_path, kind(), block(bad, interval("7"))), FileAsked()))
    assert list(found.rejected) == [5]
    assert reason in found.rejected[5]
    assert found.values == [7]


def test_quality_cost_and_a_missing_direction_are_told(tmp_path: Path, taken: Taken) -> None:
    more = "<e:cost>8700</e:cost><e:ReadingQuality><e:quality>8</e:quality></e:ReadingQuality>"
    found = taken(read(write(tmp_path, kind(flowDirection=""), block(interval("7", more=more))), FileAsked()))
    assert found.values == [7]
    assert found.remarks["cost"].endswith(": 1.")
    assert found.remarks["quality"].endswith(": 1.")
    assert "taken as forward" in found.remarks["direction"]


def test_a_block_that_nothing_leads_to_is_told(tmp_path: Path, taken: Taken) -> None:
    entries = [*two_meters(kind("R/1"), kind("R/2")), block(interval("7"), self="nowhere")]
    found = taken(read(write(tmp_path, *entries), FileAsked()))
    assert found.values == [1, 2]
    assert list(found.rejected.values()) == ["a block of intervals that no link leads to a meter reading from"]


def test_other_files_are_refused_and_broken_ones_end(tmp_path: Path, taken: Taken) -> None:
    path = write(tmp_path, kind(), block(interval("7")))
    path.write_text(path.read_text().replace("</feed>", "<entry>"))
    found = taken(read(path, FileAsked()))
    assert found.values == [7]
    assert len(found.rejected) == 1
    path.write_text('<!DOCTYPE feed [<!ENTITY a "b">]><feed/>')
    with pytest.raises(CatalogError, match="a document type declaration"):
        read(path, FileAsked())
    path.write_text("<html/>")
    with pytest.raises(CatalogError, match="the root element html: expected a Green Button file"):
        read(path, FileAsked())


def test_a_feed_without_entries_has_no_readings(tmp_path: Path, taken: Taken) -> None:
    found = taken(read(write(tmp_path), FileAsked()))
    assert (found.readings, found.rejected) == ([], {})
    assert found.remarks["intervals"] == "Meter readings: 0; intervals taken: 0."
