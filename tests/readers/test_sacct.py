"""Dumps of sacct: what a run is worth, what is no run, and what is refused; small files by hand."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gigawatt.errors import CatalogError
from gigawatt.readers import readings, sacct
from gigawatt.readers.readings import FileAsked, FileEvent, ReadingBlock, Rejected, Remark, key_of
from gigawatt.readers.sacct import jobs, tally

Found = list[ReadingBlock | FileEvent | Rejected | Remark]
HEADER = "JobID|JobIDRaw|Cluster|Account|State|Start|End|ElapsedRaw|Suspended|AllocTRES|ConsumedEnergyRaw"
AT_S = 1_767_225_600  # 2026-01-01T00:00:00Z


@pytest.fixture
def reader(tmp_path: Path) -> Callable[..., Found]:
    """Reads a text as a dump."""

    def read(text: str | bytes, **asked: Any) -> Found:
        file = tmp_path / "dump.psv"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return list(sacct.read(file, FileAsked(**asked)))

    return read


def row(job: str = "7", begin_s: int = 0, seconds: int = 3600, **cells: str) -> str:
    """A run of so many seconds on two GPUs, with other cells by their column."""
    plain = {
        "JobID": job,
        "JobIDRaw": job,
        "Cluster": "c1",
        "Account": "lab",
        "State": "COMPLETED",
        "Start": str(AT_S + begin_s),
        "End": str(AT_S + begin_s + seconds),
        "ElapsedRaw": str(seconds),
        "Suspended": "00:00:00",
        "AllocTRES": "cpu=4,gres/gpu:h100=2,gres/gpu=2,mem=62.50G",
        "ConsumedEnergyRaw": "",
    }
    return "|".join((plain | cells).values())


def dump(*rows: str, header: str = HEADER) -> str:
    return "\n".join((header, *rows, ""))


def values(found: Found) -> dict[tuple[str, str, str], list[float]]:
    """Values by quantity, subject and platform."""
    blocks = [item for item in found if isinstance(item, ReadingBlock)]
    by: dict[tuple[str, str, str], list[float]] = {}
    for block in blocks:
        series = block.series
        by.setdefault((series.quantity, series.subject, series.platform), []).extend(block.values.tolist())
    return by


def gpu_h(found: Found) -> float:
    return sum(sum(each) for name, each in values(found).items() if name[0] == "gpu_time")


def rejected(found: Found) -> list[tuple[int, str]]:
    return [(item.line, item.reason) for item in found if isinstance(item, Rejected)]


def remarks(found: Found) -> dict[str, str]:
    return {item.code: item.text for item in found if isinstance(item, Remark)}


def test_a_run_is_its_gpus_times_its_hours_with_its_place_in_the_file_and_in_time(
    reader: Callable[..., Found],
) -> None:
    (block, _) = reader(dump(row()), site="one")
    assert isinstance(block, ReadingBlock)
    assert block.series == readings.ReadingSeries(
        quantity="gpu_time", unit="h", site="one", subject="c1/lab", platform="h100"
    )
    assert block.values.tolist() == [2.0]
    assert block.lines.tolist() == [2]
    assert block.starts_ms.tolist() == [AT_S * 1000]
    assert block.ends_ms.tolist() == [AT_S * 1000 + 3_600_000]
    assert block.keys.tolist() == [key_of("7", str(AT_S * 1000))]


@pytest.mark.parametrize(
    ("tres", "expected"),
    [
        ("gres/gpu=4", {"": 4.0}),
        ("gres/gpu:h100=4", {"h100": 4.0}),
        ("gres/gpu:h100=4,gres/gpu=4", {"h100": 4.0}),
        ("gres/gpu:b200=4,gres/gpu:h100=2,gres/gpu=6", {"b200": 4.0, "h100": 2.0}),
        ("gres/gpu:h100=2,gres/gpu=3", {"": 1.0, "h100": 2.0}),
        ("billing=9,cpu=1.50K,gres/gpu:nvidia_h100_80gb_hbm3=1K,mem=2M", {"nvidia_h100_80gb_hbm3": 1024.0}),
        ("gres/gpu:h100=0,gres/gpu=0,gres/shard=4", {}),
        ("gres/gpumem=80G,gres/gpuutil=50", {}),
        ("", {}),
    ],
)
def test_gpus_count_once_by_their_kinds(reader: Callable[..., Found], tres: str, expected: dict[str, float]) -> None:
    found = values(reader(dump(row(AllocTRES=tres))))
    assert {platform: value for (_, _, platform), (value,) in found.items()} == expected


@pytest.mark.parametrize(
    ("cells", "hours"),
    [
        ({"ElapsedRaw": "1800", "Suspended": "00:30:00"}, 0.5),
        ({"ElapsedRaw": "", "Suspended": "00:30:00"}, 0.5),
        ({"ElapsedRaw": "", "Suspended": ""}, 1.0),
        ({"ElapsedRaw": "0", "End": str(AT_S)}, 0.0),
        ({"State": "CANCELLED by 1000"}, 1.0),
        ({"State": "NODE_FAIL"}, 1.0),
        ({"State": "REQUEUED"}, 1.0),
        ({"Start": "2025-12-31T18:00:00-0600", "End": "2026-01-01T01:00:00Z"}, 1.0),
    ],
)
def test_a_run_lasts_as_long_as_it_worked(reader: Callable[..., Found], cells: dict[str, str], hours: float) -> None:
    found = reader(dump(row(AllocTRES="gres/gpu=1", **cells)))
    assert gpu_h(found) == hours
    assert rejected(found) == []
    assert "elapsed" not in remarks(found)


def test_elapsed_in_words_counts_where_there_is_no_end(reader: Callable[..., Found]) -> None:
    header = "State|AllocTRES|Elapsed|Suspended|Start|JobID"
    lines = [
        "COMPLETED|gres/gpu=2|1-02:00:00|01:00:00|2026-01-01T00:00:00Z|10_3",
        "RUNNING|gres/gpu=2|02:00:00|00:00:00|2026-01-01T00:00:00Z|11",
        "COMPLETED|gres/gpu=2|||2026-01-01T00:00:00Z|12",
    ]
    found = reader(dump(*lines, header=header), subject="lab")
    (block,) = (item for item in found if isinstance(item, ReadingBlock))
    assert block.values.tolist() == [52.0]
    assert (block.ends_ms - block.starts_ms).tolist() == [27 * 3_600_000]
    assert block.series.subject == "lab"
    assert block.keys.tolist() == [key_of("10_3", str(AT_S * 1000))]
    assert rejected(found) == [(4, "it has neither End nor Elapsed")]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"End": str(AT_S - 60)}, "it ends 60 s before it starts"),
        ({"ElapsedRaw": "-5"}, 'ElapsedRaw is "-5": expected a duration such as 1-00:15:00, not negative'),
        ({"ElapsedRaw": "7201"}, "7201 s elapsed within 3600 s from start to end"),
        ({"ElapsedRaw": "", "Suspended": "02:00:00"}, "it was suspended for 7200 s of 3600 s"),
        ({"Suspended": "INVALID"}, 'Suspended is "INVALID": expected a duration'),
        ({"Start": "2026-02-30T00:00:00Z"}, 'Start "2026-02-30T00:00:00Z" is no time'),
        ({"Start": "17672256000"}, 'Start "17672256000" is outside of the years'),
        ({"Start": "01/02/26 10:00"}, 'Start is "01/02/26 10:00": expected a time such as'),
        ({"AllocTRES": "gres/gpu:h100=4,gres/gpu=2"}, "4 GPUs by kind of 2 in all"),
        ({"AllocTRES": "gres/gpu=NONE"}, '"NONE" is no number'),
        ({"AllocTRES": "gres/gpu=four cards"}, 'AllocTRES is "gres/gpu=four cards": expected amounts'),
        ({"JobID": "x"}, 'JobID is "x": expected a job\'s id'),
    ],
)
def test_a_run_that_makes_no_sense_is_rejected_with_its_line_and_others_are_not(
    reader: Callable[..., Found], cells: dict[str, str], reason: str
) -> None:
    found = reader(dump(row("1"), row("2", **cells), row("3")))
    ((line, given),) = rejected(found)
    assert line == 3
    assert given.startswith(reason)
    assert gpu_h(found) == 4.0


def test_elapsed_counts_where_clocks_were_put_back_and_that_is_said(reader: Callable[..., Found]) -> None:
    night = row(Start="2026-10-25T01:00:00", End="2026-10-25T04:00:00", ElapsedRaw=str(4 * 3600))
    found = reader(dump(night), utc_offset_s=3600.0)
    assert gpu_h(found) == 8.0
    assert remarks(found)["elapsed"].startswith("in 1 run Elapsed, which counts, is not End − Start − Suspended")


def test_steps_are_parts_of_their_allocation(reader: Callable[..., Found]) -> None:
    steps = ("7.batch", "7.extern", "7.interactive", "7.0", "7_3.0", "7+1.batch")
    found = reader(dump(row("7"), *(row(step) for step in steps)))
    assert gpu_h(found) == 2.0
    assert rejected(found) == []


@pytest.mark.parametrize("job", ["9+1", "10_3", "10_[3-9]", "10_[1,3-9%2]", "18446744073709551615", "10_[1-3,5,..."])
def test_ids_are_texts(reader: Callable[..., Found], job: str) -> None:
    found = reader(dump(row(job)))
    (block,) = (item for item in found if isinstance(item, ReadingBlock))
    assert block.keys.tolist() == [key_of(job, str(AT_S * 1000))]


def test_every_run_of_a_job_counts_and_one_told_twice_has_one_key(reader: Callable[..., Found]) -> None:
    one, two = row("32", seconds=1800, State="PREEMPTED"), row("32", begin_s=7200)
    found = reader(dump(one, two, HEADER, two, one))
    (block,) = (item for item in found if isinstance(item, ReadingBlock))
    assert block.values.tolist() == [1.0, 2.0, 2.0, 1.0]
    assert block.keys[0] == block.keys[3] != block.keys[1] == block.keys[2]
    assert "no_duplicates" not in remarks(found)


def test_a_dump_in_which_no_job_has_two_runs_says_where_others_would_be(reader: Callable[..., Found]) -> None:
    assert "dumps with -D only" in remarks(reader(dump(row("1"), row("2"))))["no_duplicates"]
    assert "no_duplicates" in remarks(reader(dump(row("1"), row("1")))), "one run told twice is no second one"
    assert "no_duplicates" not in remarks(reader(dump(row("1", State="REQUEUED"))))
    assert "no_duplicates" not in remarks(reader(dump()))
    again = reader(dump(row("1") + "|2", row("2") + "|0", header=f"{HEADER}|Restarts"))
    assert remarks(again)["no_duplicates"].endswith("by column Restarts, 1 job had some")
    early = dump(*(f"{row('1', begin_s=n)}|{n}" for n in (1, 2)), header=f"{HEADER}|Restarts")
    assert remarks(reader(early))["earlier_runs"].startswith("by column Restarts, at least 1 earlier run")


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"End": "Unknown", "State": "RUNNING"}, "not_ended"),
        ({"State": "SUSPENDED"}, "not_ended"),
        ({"State": "RUNNING"}, "not_ended"),  # -T puts the window's end there
        ({"Start": "Unknown", "End": "Unknown", "State": "PENDING"}, "not_ended"),
        ({"Start": "None", "State": "CANCELLED by 0"}, "never_started"),
        ({"Start": "Unknown", "State": "CANCELLED"}, "never_started"),
        ({"AllocTRES": "cpu=4,mem=1G"}, "without_gpus"),
    ],
)
def test_what_gives_no_reading_is_counted_and_not_rejected(
    reader: Callable[..., Found], cells: dict[str, str], code: str
) -> None:
    found = reader(dump(row("1", **cells), row("2", **cells)))
    assert not [item for item in found if isinstance(item, ReadingBlock | Rejected)]
    assert remarks(found)[code].startswith("2 ")
    assert {*remarks(found)} == {code, "no_duplicates"}


def test_a_dump_without_any_gpu_says_which_setting_counts_them(reader: Callable[..., Found]) -> None:
    none = reader(dump(row(AllocTRES="cpu=4")))
    assert "AccountingStorageTRES names gres/gpu" in remarks(none)["without_gpus"]
    some = reader(dump(row(AllocTRES="cpu=4"), row("8")))
    assert remarks(some)["without_gpus"] == "1 allocation without GPUs"


@pytest.mark.parametrize(
    ("text", "energy_wh"),
    [("7200", 2.0), ("7.20K", 2.0), ("3.6M", 1000.0), ("0", None), ("", None), ("18446744073709551614", None)],
)
def test_energy_is_a_reading_of_its_own_where_it_was_measured(
    reader: Callable[..., Found], text: str, energy_wh: float | None
) -> None:
    found = reader(dump(row(ConsumedEnergyRaw=text)))
    blocks = {item.series.quantity: item for item in found if isinstance(item, ReadingBlock)}
    assert ("job_energy" in blocks) == (energy_wh is not None)
    if energy_wh is not None:
        energy = blocks["job_energy"]
        assert (energy.series.unit, energy.series.platform) == ("Wh", "h100")
        assert energy.values.tolist() == [energy_wh]
        assert energy.keys.tolist() == blocks["gpu_time"].keys.tolist()


def test_energy_among_resources_counts_where_it_has_no_column(reader: Callable[..., Found]) -> None:
    header = HEADER.removesuffix("|ConsumedEnergyRaw")
    cells = row(AllocTRES="cpu=4,energy=3600,gres/gpu:b200=1,gres/gpu:h100=1").removesuffix("|")
    assert values(reader(dump(cells, header=header)))["job_energy", "c1/lab", ""] == [1.0]


def test_local_times_are_on_the_clock_that_is_asked_for(reader: Callable[..., Found]) -> None:
    found = reader(dump(row(Start="2025-12-31T18:00:00", End="2025-12-31T19:00:00")), utc_offset_s=-6 * 3600.0)
    (block,) = (item for item in found if isinstance(item, ReadingBlock))
    assert block.starts_ms.tolist() == [AT_S * 1000]


def test_a_local_time_is_refused_only_where_one_is_read(reader: Callable[..., Found]) -> None:
    with pytest.raises(CatalogError, match=r'dump.psv line 3 column End = "2026-01-01T02:00:00" without an offset'):
        reader(dump(row("1"), row("2", Start="2026-01-01T01:00:00Z", End="2026-01-01T02:00:00")))
    assert rejected(reader(dump(row("1.batch", Start="2026-01-01T00:00:00")))) == []


def test_blocks_stay_small_and_lose_nothing(reader: Callable[..., Found], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "MOST_BLOCK_COUNT", 5)
    found = reader(dump(*(row(str(n), Account=f"a{n % 2}") for n in range(23))))
    sizes = [len(item.values) for item in found if isinstance(item, ReadingBlock)]
    assert max(sizes) <= 5
    assert sum(sizes) == 23
    lines = [line for item in found if isinstance(item, ReadingBlock) for line in item.lines.tolist()]
    assert sorted(lines) == [*range(2, 25)]


def test_blocks_come_before_the_file_is_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "MOST_BLOCK_COUNT", 3)
    file = tmp_path / "dump.psv"
    file.write_text(dump(*(row(str(n)) for n in range(7)), row("8", Start="2026-01-01T00:00:00")))
    stream = sacct.read(file, FileAsked())
    assert [isinstance(next(stream), ReadingBlock) for _ in range(2)] == [True, True]
    with pytest.raises(CatalogError, match="line 9 column Start"):
        next(stream)


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("", "an empty file"),
        ("\n", '"" in place of a header'),
        (row() + "\n", '"7|7|c1|lab|COMPLETED'),
        ("State,Total\nTexas,4\n", "no column JobIDRaw (or JobID), Start, End (or ElapsedRaw, Elapsed), AllocTRES"),
        ("JobID\n1\n", "no column Start, End (or ElapsedRaw, Elapsed), State, AllocTRES"),
        ("JobID State Start End AllocTRES\n", "columns padded with blanks, and cut"),
        (b"\xff\xfeJ\0o\0b\0", "text in UTF-16"),
        (b"\x1f\x8b\x08\0\0", "binary data"),
        ('{"meta": {}}', 'no "jobs"'),
        ('{"jobs"', '"" in place of ":"'),
        ("{1: 2}", '"2" in place of ":"'),
        ('{"a": NaN, "jobs": []}', "NaN, which is no number"),
        ('{"a": ' + "[" * 100_000, "lists nested too deeply"),
    ],
)
def test_what_is_no_dump_is_one_fault(reader: Callable[..., Found], text: str | bytes, given: str) -> None:
    with pytest.raises(CatalogError) as caught:
        reader(text)
    (fault,) = caught.value.faults
    assert fault.given.startswith(given) or (given == '"2" in place of ":"' and fault.given)
    assert "sacct" in fault.expected


def test_a_dump_that_is_not_there_or_is_a_folder_is_a_fault(tmp_path: Path) -> None:
    for file, given in ((tmp_path / "none.psv", "No such file"), (tmp_path, "a folder")):
        with pytest.raises(CatalogError, match=given):
            list(sacct.read(file, FileAsked()))


def test_the_command_names_later_fields_only_where_the_header_shows_a_later_release(
    reader: Callable[..., Found],
) -> None:
    for extra, later in (("Reserved", False), ("Planned", False), ("SLUID", True)):
        with pytest.raises(CatalogError) as caught:
            reader(f"JobID|{extra}\n")
        assert caught.value.faults[0].expected.endswith(",Restarts`") == later


def test_a_file_that_ends_within_a_line_says_so(reader: Callable[..., Found]) -> None:
    assert "cut" in remarks(reader(dump(row()).removesuffix("\n")))
    assert "cut" not in remarks(reader(dump(row())))


def job(**parts: Any) -> dict[str, Any]:
    """A job as `sacct --json` tells of it."""
    plain: dict[str, Any] = {
        "job_id": 7,
        "cluster": "c1",
        "account": "lab",
        "state": {"current": ["COMPLETED"], "reason": "None"},
        "time": {"start": AT_S, "end": AT_S + 3600, "elapsed": 3600, "suspended": 0},
        "restart_cnt": 0,
        "steps": [{"tres": {"allocated": [{"type": "gres", "name": "gpu", "count": 2}]}}],
        "tres": {
            "allocated": [
                {"type": "cpu", "name": "", "id": 1, "count": 8},
                {"type": "energy", "name": "", "id": 3, "count": -2},
                {"type": "gres", "name": "gpu", "id": 1001, "count": 2},
                {"type": "gres", "name": "gpu:h100", "id": 1003, "count": 2},
            ]
        },
    }
    return plain | parts


def times(**parts: Any) -> dict[str, Any]:
    return {"time": {"start": AT_S, "end": AT_S + 3600, "elapsed": 3600, "suspended": 0} | parts}


def in_json(*found: Any, indent: int | None = 1) -> str:
    return json.dumps({"meta": {"Slurm": {}}, "errors": [], "jobs": found, "warnings": []}, indent=indent)


@pytest.mark.parametrize("indent", [None, 1])
def test_json_and_text_tell_the_same_of_a_run(reader: Callable[..., Found], indent: int | None) -> None:
    (text, *_), (other, *_) = reader(dump(row())), reader(in_json(job(), indent=indent))
    assert isinstance(text, ReadingBlock)
    assert isinstance(other, ReadingBlock)
    assert text.series == other.series
    for name in ("starts_ms", "ends_ms", "values", "keys"):
        assert getattr(text, name).tolist() == getattr(other, name).tolist()


def test_a_job_of_json_is_known_by_the_line_on_which_it_begins(reader: Callable[..., Found]) -> None:
    text = in_json(job(), job(job_id=8), {"job_id": 9})
    begins = [n for n, line in enumerate(text.split("\n"), start=1) if line == "  {"]
    found = reader(text)
    (block,) = (item for item in found if isinstance(item, ReadingBlock))
    assert block.lines.tolist() == begins[:2]
    ((line, reason),) = rejected(found)
    assert line == begins[2]
    assert reason.startswith("no job of sacct")


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"state": {"current": "COMPLETED"}}, 2.0),
        ({"state": {"current": ["PENDING", "REQUEUED"]}}, 2.0),  # a run before a requeue has the base state 0
        (times(elapsed=1800, suspended=1800), 1.0),
        (times(start={"set": True, "infinite": False, "number": AT_S}), 2.0),
        (times(start=4294967294), "never_started"),
        (times(start={"set": False, "infinite": False, "number": 0}, end=0), "not_ended"),
        (times(end=0) | {"state": {"current": ["RUNNING"]}}, "not_ended"),
        ({"tres": {"allocated": []}}, "without_gpus"),
        (times(start="soon"), "start is soon: expected a number"),
        ({"job_id": True}, "job_id is True: expected a number"),
        ({"tres": {"allocated": [{"type": "gres", "name": "gpu"}]}}, '"None" is no number'),
        ("a job", "no job of sacct"),
        ([], "no job of sacct"),
    ],
)
def test_jobs_of_json_of_all_releases(reader: Callable[..., Found], parts: Any, expected: float | str) -> None:
    found = reader(in_json(job(**parts) if isinstance(parts, dict) else parts))
    if isinstance(expected, float):
        assert gpu_h(found) == expected
    elif expected in remarks(found):
        assert rejected(found) == []
    else:
        ((_, reason),) = rejected(found)
        assert reason.startswith(expected)


@pytest.mark.parametrize(("count", "energy_wh"), [(3600, [1.0]), (-2, None), (0, None), (2**64 - 2, None)])
def test_energy_of_json_is_a_reading_where_it_was_measured(
    reader: Callable[..., Found], count: int, energy_wh: list[float] | None
) -> None:
    found = reader(in_json(job(tres={"allocated": [{"type": "energy", "name": "", "count": count}]})))
    assert values(found).get(("job_energy", "c1/lab", "")) == energy_wh


def test_a_cut_file_of_json_gives_what_is_whole_and_rejects_the_rest(reader: Callable[..., Found]) -> None:
    text = in_json(job(), job(job_id=8))
    found = reader(text[: text.index('"job_id": 8') + 20])
    assert gpu_h(found) == 2.0
    ((_, reason),) = rejected(found)
    assert reason.startswith("no JSON from here on")


def test_what_sacct_says_of_its_own_failure_is_passed_on(reader: Callable[..., Found]) -> None:
    found = reader(json.dumps({"jobs": [], "errors": [{"description": "Unable to connect"}]}))
    assert "Unable to connect" in remarks(found)["errors"]


def test_json_is_read_piece_by_piece(reader: Callable[..., Found], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_CHUNK_COUNT", 7)
    assert gpu_h(reader(in_json(job(account="läb"), job(job_id=8)))) == 4.0
