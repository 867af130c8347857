"""Meter readings from CSV: energies add up as by hand whatever the head is called, and no slip is counted."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from gigawatt.errors import CatalogError
from gigawatt.readers import meter
from gigawatt.readers.readings import FileAsked, ReadingBlock, Rejected, Remark

NEW_YEAR_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z
MIN_MS, H_MS = 60_000, 3_600_000


def read(
    folder: Path, text: str | Sequence[str], **asked: object
) -> tuple[list[ReadingBlock], list[Rejected], list[Remark]]:
    file = folder / "meter.csv"
    file.write_text(text if isinstance(text, str) else "\n".join(text) + "\n")
    found = list(meter.read(file, FileAsked(**asked)))  # type: ignore[arg-type]
    blocks = [one for one in found if isinstance(one, ReadingBlock)]
    refused = sorted((one for one in found if isinstance(one, Rejected)), key=lambda one: one.line)
    return blocks, refused, [one for one in found if isinstance(one, Remark)]


def rows(*cells: str, day: str = "2026-01-01") -> list[str]:
    """Rows of quarter hours of one meter, from midnight on."""
    return [f"{day}T{n // 4:02d}:{15 * n % 60:02d}Z,m1,{cell}" for n, cell in enumerate(cells)]


def test_readings_of_two_meters_are_energies_of_their_quarter_hours(tmp_path: Path) -> None:
    text = """timestamp,meter,kwh
2026-01-01T00:00:00Z,m1,10
2026-01-01T00:00:00Z,m2,1.5
2026-01-01T00:15:00Z,m1,20
2026-01-01T01:00:00Z,m2,2.5
2026-01-01T00:30:00Z,m1,30
"""
    (one, two), refused, remarks = read(tmp_path, text, site="abilene")
    assert refused == []
    assert (one.series.quantity, one.series.unit, one.series.site) == ("facility_energy", "Wh", "abilene")
    assert (one.series.subject, two.series.subject) == ("m1", "m2")
    assert one.values.tolist() == [10_000, 20_000, 30_000]
    assert one.lines.tolist() == [2, 4, 6]
    assert ((one.starts_ms - NEW_YEAR_MS) / MIN_MS).tolist() == [0, 15, 30]
    assert ((one.ends_ms - one.starts_ms) / MIN_MS).tolist() == [15, 15, 15]
    assert two.values.tolist() == [1_500, 2_500]
    assert ((two.ends_ms - two.starts_ms) / MIN_MS).tolist() == [60, 60]
    assert one.keys.tolist() == [0, 0, 0]
    assert [remark.code for remark in remarks] == ["lengths"]
    assert "15 min of 1 meter, 1 h of 1 meter" in remarks[0].text


@pytest.mark.parametrize(
    ("head", "wh"),
    [
        ("Interval Start,Meter ID,Energy (kWh)", 1e3),
        ("DateTime,device,energy_mwh", 1e6),
        ("start_time,channel,WH", 1.0),
        ("Time,Meter,GWh", 1e9),
        ("timestamp,meter,Usage_kWh", 1e3),
        ('"Interval, Start","Meter","Energy, in kWh"', 1e3),
    ],
)
def test_a_column_says_by_its_head_what_it_is(tmp_path: Path, head: str, wh: float) -> None:
    (block,), refused, _ = read(tmp_path, [head, *rows("2", "3")])
    assert refused == []
    assert block.values.tolist() == [2 * wh, 3 * wh]
    assert block.series.subject == "m1"


def test_ends_or_lengths_are_those_that_stand_there(tmp_path: Path) -> None:
    for head, cells in {
        "start,end,kwh": ("2026-01-01T00:00Z,2026-01-01T01:00Z,1", "2026-01-01T01:00Z,2026-01-01T01:15Z,2"),
        "start,duration (min),kwh": ("2026-01-01T00:00Z,60,1", "2026-01-01T01:00Z,15,2"),
        "start,duration,kwh": ("2026-01-01T00:00Z,1 h,1", "2026-01-01T01:00Z,15 min,2"),
    }.items():
        (block,), refused, remarks = read(tmp_path, [head, *cells])
        assert (refused, remarks) == ([], [])
        assert ((block.ends_ms - block.starts_ms) / MIN_MS).tolist() == [60, 15]


def test_power_is_a_gauge_and_no_energy(tmp_path: Path) -> None:
    blocks, _, _ = read(tmp_path, ["time,meter,kwh,demand_kw", *rows("1,5", "2,8")])
    energy, power = sorted(blocks, key=lambda block: block.series.quantity)
    assert (energy.series.quantity, energy.values.tolist()) == ("facility_energy", [1_000, 2_000])
    assert (power.series.quantity, power.series.unit, power.values.tolist()) == ("facility_power", "W", [5_000, 8_000])
    assert power.ends_ms.tolist() == power.starts_ms.tolist()


def test_a_mean_power_over_times_that_end_is_an_energy(tmp_path: Path) -> None:
    lines = ["2026-01-01T00:00Z,15,8", "2026-01-01T00:15Z,15,4"]
    (block,), _, _ = read(tmp_path, ["start,duration_min,average kw", *lines])
    assert (block.series.quantity, block.values.tolist()) == ("facility_energy", [2_000, 1_000])
    (block,), _, _ = read(tmp_path, ["start,duration_min,peak kw", "2026-01-01T00:00Z,15,8"])
    assert (block.series.quantity, block.values.tolist()) == ("facility_power", [8_000])
    blocks, _, _ = read(tmp_path, ["start,duration_min,average kw,kwh", *(f"{line},2" for line in lines)])
    found = {block.series.quantity: block.values.tolist() for block in blocks}
    assert found == {"facility_power": [8_000, 4_000], "facility_energy": [2_000, 2_000]}
    (block,), _, _ = read(tmp_path, ["start,average kw", "2026-01-01T00:00Z,8"])
    assert block.series.quantity == "facility_power"


def test_units_quantities_and_sites_of_lines_tell_series_apart(tmp_path: Path) -> None:
    text = """time,site,meter,kind,value,unit
2026-01-01T00:00Z,a,m,facility,1,MWh
2026-01-01T01:00Z,a,m,facility,2000,kWh
2026-01-01T00:00Z,a,m,it,1,MWh
2026-01-01T01:00Z,a,m,it,1,MWh
2026-01-01T00:00Z,,m,returned,1,wh
2026-01-01T01:00Z,,m,returned,1,wh
2026-01-01T01:00Z,a,m,losses,1,MWh
2026-01-01T01:00Z,a,m,it,1,therms
"""
    blocks, refused, _ = read(tmp_path, text, site="b")
    found = {(block.series.site, block.series.quantity): block.values.tolist() for block in blocks}
    assert found == {
        ("a", "facility_energy"): [1e6, 2e6],
        ("a", "it_energy"): [1e6, 1e6],
        ("b", "energy_returned"): [1, 1],
    }
    assert [one.line for one in refused] == [8, 9]
    assert '"losses" is no quantity: expected facility, it or returned' in refused[0].reason
    assert '"therms" is no unit of energy or power' in refused[1].reason


def test_what_no_head_states_is_asked(tmp_path: Path) -> None:
    (block,), _, _ = read(
        tmp_path,
        ["time,value", "2026-01-01 01:00,1", "2026-01-01 02:00,2"],
        unit="MWh",
        subject="main",
        quantity="it_energy",
        utc_offset_s=3_600.0,
    )
    assert (block.series.subject, block.series.quantity) == ("main", "it_energy")
    assert block.values.tolist() == [1e6, 2e6]
    assert block.starts_ms[0] == NEW_YEAR_MS
    (block,), _, _ = read(tmp_path, ["time utc,kwh", "2026-01-01 00:00,1", "2026-01-01 01:00,2"])
    assert block.starts_ms[0] == NEW_YEAR_MS


def test_energy_that_flows_back_has_a_column_of_its_own(tmp_path: Path) -> None:
    blocks, _, _ = read(tmp_path, ["time,meter,kwh,energy_returned_kwh", *rows("1,0", "2,3")])
    found = {block.series.quantity: block.values.tolist() for block in blocks}
    assert found == {"facility_energy": [1_000, 2_000], "energy_returned": [0, 3_000]}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2026-01-01T01:00Z,m1,-1", "negative: what flows back has a column of its own"),
        ("2026-01-01T01:00Z,m1,n/a", "not a number"),
        ("2026-01-01T01:00Z,m1,1_000", "not a number"),
        ("2026-01-01T01:00Z,m1,١", "not a number"),
        ('2026-01-01T01:00Z,m1,"1,5"', "not a number with a decimal point"),
        ("2026-01-01T01:00Z,m1,NaN", "no reading"),
        ("2026-01-01T01:00Z,m1,inf", "no reading"),
        ("2026-01-01T01:00Z,m1,", "empty"),
        ("2026-01-01T01:00Z,m1", "2 cells, where the head has 3"),
        ("2026-01-01T01:00Z,m1,1,1", "4 cells"),
        ('2026-01-01T01:00Z,"m1,1', "a quote that is not closed"),
        ("2026-01-01T01:00,m1,1", "(utc_offset)"),
        ("01/02/2026 01:00,m1,1", "which is day"),
        ("2026-01-01T24:00Z,m1,1", "end of a day"),
        ("2026-01-01T00:15Z,m1,7", "clocks set back in autumn? ask for UTC"),
        ("2026-01-01T00:20Z,m1,7", "overlaps another reading"),
        ("2026-01-01T01:00Z,m2,7", "a reading alone, without an end"),
    ],
)
def test_a_line_that_cannot_be_is_refused_and_no_other(tmp_path: Path, row: str, reason: str) -> None:
    good = rows(*"12345678")
    blocks, refused, _ = read(tmp_path, ["timestamp,meter,kwh", *good[:4], row, *good[5:]])
    assert [one.line for one in refused] == [6]
    assert reason in refused[0].reason
    assert sum(block.values.sum() for block in blocks) == 1_000 * (1 + 2 + 3 + 4 + 6 + 7 + 8)


@pytest.mark.parametrize(
    ("rows", "line", "reason"),
    [
        (("00:00Z,2026-01-01T01:00Z,1", "01:00Z,2026-01-01T01:00Z,2"), 3, "ends at or before its start"),
        (("00:00Z,2026-01-01T01:00Z,1", "01:00Z,2026-01-01T00:30Z,2"), 3, "ends at or before its start"),
        (("00:00Z,2026-01-01T01:00Z,1", "01:00Z,soon,2"), 3, "no time"),
        (("00:00Z,2026-01-01T01:00Z,1", "00:00Z,2026-01-01T02:00Z,1"), 3, "with another value"),
        (("00:00Z,2026-01-01T01:00Z,1", "00:30Z,2026-01-01T01:30Z,1"), 3, "overlaps"),
        (("00:00Z,2026-01-02T00:00Z,9", "00:00Z,2026-01-02T00:00Z,9", "01:00Z,2026-01-01T02:00Z,1",
          "02:00Z,2026-01-01T03:00Z,1", "03:00Z,2026-01-01T04:00Z,1"), 2, "overlaps"),
    ],
)  # fmt: skip
def test_a_reading_that_ends_where_it_cannot_is_refused(
    tmp_path: Path, rows: tuple[str, ...], line: int, reason: str
) -> None:
    _, refused, _ = read(tmp_path, ["start,end,kwh", *(f"2026-01-01T{row}" for row in rows)])
    assert refused[0].line == line
    assert reason in refused[0].reason


def test_a_day_that_overlaps_its_hours_is_refused_and_the_hours_stay(tmp_path: Path) -> None:
    hours = [f"2026-01-01T{n:02d}:00Z,2026-01-01T{n + 1:02d}:00Z,1" for n in range(5)]
    day = "2026-01-01T00:30Z,2026-01-02T00:30Z,24"
    (block,), refused, _ = read(tmp_path, ["start,end,kwh", day, day, *hours])
    assert [one.line for one in refused] == [2, 3]
    assert block.values.tolist() == [1_000] * 5


def test_hours_that_roll_by_quarters_leave_hours_in_a_row(tmp_path: Path) -> None:
    times = np.datetime64("2026-01-01T00:00") + np.arange(0, 60 * 24, 15) * np.timedelta64(1, "m")
    lines = [f"{time}Z,60,1" for time in times]
    (block,), refused, _ = read(tmp_path, ["start,duration_min,kwh", *lines])
    assert len(refused) + len(block.lines) == 96
    assert len(block.lines) > 12
    assert (block.starts_ms[1:] >= block.ends_ms[:-1]).all()


def test_a_duration_that_is_none_is_refused(tmp_path: Path) -> None:
    for head in ("start,duration_min,kwh", "start,duration,kwh"):
        lines = [f"2026-01-01T0{n}:00Z,{cell},1" for n, cell in enumerate(("x", "-5", "", "1e9"))]
        _, refused, _ = read(tmp_path, [head, *lines])
        assert [one.line for one in refused] == [2, 3, 4, 5]
        assert all("is no duration" in one.reason for one in refused)


def test_exact_repeats_are_passed_on_for_the_ledger_to_count(tmp_path: Path) -> None:
    lines = rows("1", "2", "3")
    (block,), refused, _ = read(tmp_path, ["timestamp,meter,kwh", *lines, *lines])
    assert refused == []
    assert sorted(block.values.tolist()) == [1e3, 1e3, 2e3, 2e3, 3e3, 3e3]


def test_any_order_of_rows_gives_the_same_readings(tmp_path: Path) -> None:
    lines = rows(*(str(n) for n in range(40)))
    (one,), _, _ = read(tmp_path, ["timestamp,meter,kwh", *lines])
    shuffled = np.random.default_rng(1).permutation(lines).tolist()
    (other,), _, _ = read(tmp_path, ["timestamp,meter,kwh", *shuffled])
    assert one.values.tolist() == other.values.tolist()
    assert one.starts_ms.tolist() == other.starts_ms.tolist()
    assert other.lines.tolist() == [2 + shuffled.index(line) for line in lines]


def test_holes_are_told_and_not_filled(tmp_path: Path) -> None:
    lines = rows(*"123456")
    (block,), _, remarks = read(tmp_path, ["timestamp,meter,kwh", *lines[:2], *lines[4:]])
    assert len(block.lines) == 4
    assert [remark.code for remark in remarks] == ["lengths", "holes"]
    assert "1 times without readings between others, 30 min in all" in remarks[1].text


def test_a_comma_is_the_decimal_sign_only_where_none_stands_between_columns(tmp_path: Path) -> None:
    (block,), refused, _ = read(
        tmp_path,
        "time;kwh\n2026-01-01T00:00Z;1,5\n2026-01-01T01:00Z;2\n2026-01-01T02:00Z;1.234\n2026-01-01T03:00Z;1.234,5\n",
    )
    assert block.values.tolist() == [1_500, 2_000]
    assert [one.line for one in refused] == [4, 5]
    assert "decimal comma and nothing between thousands" in refused[0].reason
    lines = [f"2026-01-01T0{n}:00Z\t{cell}" for n, cell in enumerate(("1.5", "2,5", "3"))]
    (block,), refused, _ = read(tmp_path, ["time\tkwh", *lines])
    assert block.values.tolist() == [1_500, 3_000]
    assert [one.line for one in refused] == [3]


def test_quotes_blanks_and_empty_lines_are_no_matter(tmp_path: Path) -> None:
    text = '\ufeff"timestamp" , "meter", "kwh"\r\n2026-01-01T00:00Z, "m,1" ,1\r\n\r\n'
    text += '"2026-01-01T01:00Z","m,1"," 2"\r\n,,\r\n2026-01-01T02:00Z,"m,1",3'
    (block,), refused, _ = read(tmp_path, text.replace(', "m,1" ,', ',"m,1",'))
    assert refused == []
    assert (block.series.subject, block.values.tolist(), block.lines.tolist()) == ("m,1", [1e3, 2e3, 3e3], [2, 4, 6])
    text = "time , meter , kwh\n2026-01-01T00:00Z , m1 , 1\n2026-01-01T01:00Z , m1 , 2\n"
    (block,), refused, _ = read(tmp_path, text)
    assert refused == []
    assert (block.series.subject, block.values.tolist()) == ("m1", [1e3, 2e3])


def test_columns_that_are_not_read_are_named(tmp_path: Path) -> None:
    _, _, remarks = read(tmp_path, ["time,kwh,cost,usd_per_kwh", "2026-01-01T00:00Z,1,2,3", "2026-01-01T01:00Z,1,2,3"])
    assert remarks[0].code == "ignored"
    assert "passed over the columns cost, usd_per_kwh" in remarks[0].text


@pytest.mark.parametrize(
    ("head", "asked", "faults"),
    [
        ("", {}, ["a column of times", "a column of values"]),
        ("2026-01-01T00:00Z,m1,5", {}, ["a column of times", "a column of values"]),
        ("meter|time|kwh", {}, ["a column of times"]),
        ("time,start,kwh", {}, ["time, start: expected one column of the start"]),
        ("time,meter,channel,kwh", {}, ["one column of the meter"]),
        ("time,kwh,mwh", {}, ["one column of each quantity, for they would add up"]),
        ("time,value", {}, ["a unit in the head of value"]),
        ("time,value", {"unit": "therms"}, ["therms: expected a unit of energy or power"]),
        ("time,kwh", {"quantity": "it_enrgy"}, ['did you mean "it_energy"?']),
        ("time,cumulative_kwh", {}, ["a column of values"]),
    ],
)
def test_a_head_that_leaves_something_open_is_refused_with_all_of_it(
    tmp_path: Path, head: str, asked: dict[str, str], faults: list[str]
) -> None:
    with pytest.raises(CatalogError) as error:
        read(tmp_path, [head, "2026-01-01T00:00Z,1,1"], **asked)
    assert len(error.value.faults) == len(faults)
    for fault, expected in zip(error.value.faults, faults, strict=True):
        assert expected in str(fault).replace(" = ", ": ") or expected in f"{fault.given}: expected {fault.expected}"


def test_a_head_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="a head alone"):
        read(tmp_path, "time,kwh\n")


def test_a_register_is_refused_and_a_load_is_not(tmp_path: Path) -> None:
    shown = 123_456 + np.cumsum(np.random.default_rng(2).uniform(0, 12, 200))
    times = np.datetime64("2026-01-01T00:00") + np.arange(200) * np.timedelta64(15, "m")
    lines = [f"{time}Z,m1,{value:.3f}" for time, value in zip(times, shown, strict=True)]
    with pytest.raises(CatalogError, match="meter m1 = 200 values that never fall, as of a register"):
        read(tmp_path, ["time,meter,kwh", *lines])
    for values in (np.diff(shown, prepend=shown[0]), np.full(200, 5.0), np.arange(200.0)):
        lines = [f"{time}Z,m1,{value:.3f}" for time, value in zip(times, values, strict=True)]
        (block,), refused, _ = read(tmp_path, ["time,meter,kwh", *lines])
        assert refused == []
        assert block.values.sum() == pytest.approx(1e3 * values.sum(), abs=100)


def test_a_long_file_is_settled_in_parts_and_says_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times = np.datetime64("2026-01-01T00:00") + np.arange(300) * np.timedelta64(15, "m")
    lines = ["time,meter,kwh", *(f"{time}Z,m{n},{n + 1}" for time in times for n in range(7)), "2026-01-01T00:00Z,m7,1"]
    whole, _, _ = read(tmp_path, lines)
    monkeypatch.setattr(meter, "_HELD_COUNT", 5)
    monkeypatch.setattr(meter, "pieces", lambda file, _: (f"{line}\n" for line in file.read_text().splitlines()))
    parts, refused, remarks = read(tmp_path, lines)
    assert len(parts) > len(whole) == 7
    for block in whole:
        of_same = [part for part in parts if part.series == block.series]
        assert np.concatenate([part.values for part in of_same]).tolist() == block.values.tolist()
        assert np.concatenate([part.starts_ms for part in of_same]).tolist() == block.starts_ms.tolist()
        assert np.concatenate([part.ends_ms for part in of_same]).tolist() == block.ends_ms.tolist()
        assert np.concatenate([part.lines for part in of_same]).tolist() == block.lines.tolist()
    assert [(one.line, one.reason[:15]) for one in refused] == [(len(lines), "a reading alone")]
    assert "15 min of 7 meters" in remarks[0].text


def test_blocks_hold_no_more_than_their_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gigawatt.readers.blocks.MOST_BLOCK_COUNT", 3)
    blocks, _, _ = read(tmp_path, ["time,meter,kwh", *rows(*"12345678")])
    assert [len(block.lines) for block in blocks] == [3, 3, 2]
    assert [value for block in blocks for value in block.values.tolist()] == [1e3 * n for n in range(1, 9)]


@pytest.mark.parametrize("data", [b"\xff\xfet\x00", b"time,kwh\n\xff\n"])
def test_what_is_no_text_is_refused(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "meter.csv"
    file.write_bytes(data)
    with pytest.raises(CatalogError, match="expected a readable CSV file of a meter in UTF-8"):
        list(meter.read(file, FileAsked()))


def test_a_line_is_refused_once_whatever_is_wrong_with_its_columns(tmp_path: Path) -> None:
    lines = ["never,1,1", "2026-01-01T00:00Z,1,1", "2026-01-01T01:00Z,1,x", "2026-01-01T02:00Z,x,-1"]
    blocks, refused, _ = read(tmp_path, ["time,kwh,demand_kw", *lines])
    assert [one.line for one in refused] == [2, 4, 5]
    assert refused[0].reason.startswith('"never" is no time')
    assert refused[1].reason.startswith('demand_kw: "x" is not a number')
    assert refused[2].reason.startswith('kwh: "x" is not a number')
    found = {block.series.quantity: block.values.tolist() for block in blocks}
    assert found == {"facility_energy": [1_000, 1_000], "facility_power": [1_000]}
