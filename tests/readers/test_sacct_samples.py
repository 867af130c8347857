"""Real dumps of three releases of Slurm: the truth of each job, and the same truth in every form of a dump."""

from collections import Counter
from pathlib import Path

import pytest

from gigawatt.errors import CatalogError
from gigawatt.readers import sacct
from gigawatt.readers.readings import FileAsked, FileEvent, ReadingBlock, Rejected, Remark
from gigawatt.readers.sacct.columns import FIELDS, LATER_FIELDS, LATER_RELEASE

UTC = FileAsked(site="one", utc_offset_s=0.0)
RELEASES = ("22.05.8", "24.11.5", "26.05.5")
ARRAY = [f"8_{task}" for task in range(1, 11)]
# GPU-seconds of each run of each job, by hand from Elapsed and AllocTRES of sacct-duplicates.psv.
SAME = {"34": [8 * 6], "39": [2], "40": [6], "41": [8 * 2]}
GPU_S: dict[str, dict[str, list[int]]] = {
    "22.05.8": SAME
    | {job: [4] for job in ARRAY}
    | {"2": [2 * 13], "3": [2 * 4], "11": [13], "22": [16], "32": [4 * 4, 4 * 25], "33": [4 * 4]}
    | {"35": [2 * 4, 2 * 20], "36": [4], "37": [8], "38": [4, 10], "44": [3]},
    "24.11.5": SAME
    | {job: [5 if job in ("8_3", "8_4") else 4] for job in ARRAY}
    | {"2": [2 * 12], "3": [2 * 3], "13": [12], "22": [16], "32": [4 * 5, 4 * 25], "33": [4 * 5]}
    | {"35": [2 * 4, 2 * 20], "36": [4], "37": [7], "38": [3, 9], "44": [3]},
    "26.05.5": SAME
    | {job: [4] for job in ARRAY}
    | {"2": [2 * 13], "3": [2 * 4], "13": [12], "22": [16], "32": [4 * 5, 4 * 11, 4 * 25], "33": [4 * 5]}
    | {"35": [2 * 3, 2 * 20], "36": [3], "37": [14], "38": [9], "44": [2]},
}
TOTAL_S = {"22.05.8": 384, "24.11.5": 386, "26.05.5": 432}
# What -D adds: the runs before the last of jobs 32, 35 and 38.
REQUEUED_S = {"22.05.8": 16 + 8 + 4, "24.11.5": 20 + 8 + 3, "26.05.5": 20 + 44 + 6}

DUPLICATES = "sacct-duplicates.psv"


def sample(data_dir: Path, release: str, name: str) -> Path:
    folder = data_dir / "operator-samples" / "slurm"
    if not folder.is_dir():
        pytest.skip("the data folder has no samples of Slurm")
    file = folder / release / name
    if not file.is_file():
        pytest.skip(f"no {name} of {release}")
    return file


def found(file: Path, asked: FileAsked = UTC) -> list[ReadingBlock | FileEvent | Rejected | Remark]:
    return list(sacct.read(file, asked))


def rows(file: Path) -> list[tuple[str, str, int, int, int, int, int]]:
    """Quantity, platform, line, start, end, GPU-seconds and key of each reading."""
    return [
        (block.series.quantity, block.series.platform, int(line), int(start), int(end), round(3600 * value), int(key))
        for block in found(file)
        if isinstance(block, ReadingBlock)
        for line, start, end, value, key in zip(
            block.lines, block.starts_ms, block.ends_ms, block.values, block.keys, strict=True
        )
    ]


def runs(file: Path) -> Counter[tuple[object, ...]]:
    """Kind of GPU, start, end and GPU-seconds: what all forms of a dump say of a run."""
    return Counter((platform, start, end, gpu_s) for _, platform, _, start, end, gpu_s, _ in rows(file))


def codes(file: Path) -> set[str]:
    return {item.code for item in found(file) if isinstance(item, Remark)}


@pytest.mark.parametrize("release", RELEASES)
def test_each_run_of_each_job_has_its_gpu_seconds_and_steps_add_nothing(data_dir: Path, release: str) -> None:
    file = sample(data_dir, release, "sacct-duplicates.psv")
    lines = file.read_text().split("\n")
    by_job: dict[str, dict[int, int]] = {}
    for quantity, _, line, start, _, gpu_s, _ in rows(file):
        assert quantity == "gpu_time"
        starts = by_job.setdefault(lines[line - 1].split("|")[0], {})
        starts[start] = starts.get(start, 0) + gpu_s
    assert {job: [starts[start] for start in sorted(starts)] for job, starts in by_job.items()} == GPU_S[release]
    assert sum(sum(each) for each in GPU_S[release].values()) == TOTAL_S[release]
    assert not [item for item in found(file) if isinstance(item, Rejected)]


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("name", ["sacct-all-fields.psv", "sacct-noconvert.tsv"])
def test_every_field_and_every_way_to_write_sizes_tell_the_same_of_the_same_runs(
    data_dir: Path, release: str, name: str
) -> None:
    assert runs(sample(data_dir, release, name)) == runs(sample(data_dir, release, "sacct-duplicates.psv"))
    assert not [item for item in found(sample(data_dir, release, name)) if isinstance(item, Rejected)]


@pytest.mark.parametrize("release", RELEASES)
def test_times_since_1970_are_the_same_moments_and_without_elapsed_the_suspended_time_counts(
    data_dir: Path, release: str
) -> None:
    file = sample(data_dir, release, "sacct-epoch-times.psv")
    whole, plain = runs(sample(data_dir, release, "sacct-duplicates.psv")), runs(file)
    suspended_s = {"22.05.8": 6, "24.11.5": 7, "26.05.5": 0}[release]  # of job 37, on one h100
    assert sum(run[3] for run in (plain - whole).elements()) - sum(run[3] for run in (whole - plain).elements()) == (
        suspended_s
    )
    assert len(list((plain - whole).elements())) == (1 if suspended_s else 0)
    assert "suspended_unknown" in codes(file)
    assert [*sacct.read(file, FileAsked())], "no offset has to be asked for"


@pytest.mark.parametrize("release", RELEASES)
def test_a_dump_without_earlier_runs_lacks_them_and_says_so(data_dir: Path, release: str) -> None:
    file, whole = (sample(data_dir, release, name) for name in ("sacct-allocations.psv", "sacct-duplicates.psv"))
    assert not runs(file) - runs(whole)
    assert sum(run[3] for run in (runs(whole) - runs(file)).elements()) == REQUEUED_S[release]
    assert "no_duplicates" in codes(file)
    assert not {"no_duplicates", "earlier_runs"} & codes(whole)
    assert not {"no_duplicates", "earlier_runs", "ids", "suspended_unknown"} & codes(
        sample(data_dir, release, "sacct-all-fields.psv")
    )


@pytest.mark.parametrize("release", RELEASES)
def test_what_gives_no_reading_is_counted(data_dir: Path, release: str) -> None:
    remarks = {
        item.code: item.text
        for item in found(sample(data_dir, release, "sacct-duplicates.psv"))
        if isinstance(item, Remark)
    }
    assert remarks["without_gpus"] == "12 allocations without GPUs"
    assert remarks["not_ended"] == "2 runs that had not ended: to come with a later dump"
    assert remarks["never_started"] == "6 jobs that never started"


@pytest.mark.parametrize("release", RELEASES)
def test_runs_that_go_on_have_no_reading_until_they_have_ended(data_dir: Path, release: str) -> None:
    early, late = (sample(data_dir, release, name) for name in ("sacct-while-running-x.psv", "sacct-duplicates.psv"))
    waiting = {"22.05.8": 12, "24.11.5": 14, "26.05.5": 14}[release]
    assert f"{waiting} runs that had not ended" in str(found(early))
    assert sum(run[3] for run in runs(early).elements()) == 24
    assert not runs(early) - runs(late)
    assert {row[-1] for row in rows(early)} < {row[-1] for row in rows(late)}, "the same run has the same key"


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("name", ["sacct-all-fields.psv", "sacct-epoch-times.psv", "sacct-allocations.psv"])
def test_a_run_has_one_key_in_all_dumps_that_have_job_id(data_dir: Path, release: str, name: str) -> None:
    one, other = ({(row[1], row[-1]) for row in rows(sample(data_dir, release, n))} for n in (name, DUPLICATES))
    assert one <= other
    assert len(other) == len(rows(sample(data_dir, release, DUPLICATES))), "and no two have one"


@pytest.mark.parametrize("release", RELEASES[:2])
def test_in_a_dump_with_raw_ids_alone_only_tasks_of_arrays_have_other_keys_which_is_said(
    data_dir: Path, release: str
) -> None:
    raw, shown = (sample(data_dir, release, name) for name in ("sacct-noconvert.tsv", DUPLICATES))
    other = {row[-1] for row in rows(raw)} - {row[-1] for row in rows(shown)}
    assert len(other) == 10, "the tasks of job 8"
    assert "ids" in codes(raw)


@pytest.mark.parametrize("release", RELEASES)
def test_json_tells_of_a_job_what_text_tells(data_dir: Path, release: str) -> None:
    file = sample(data_dir, release, "sacct.json")
    (row,) = rows(file)  # job 2; job 5 is without GPUs, and job 23 never started
    assert row[5] == GPU_S[release]["2"][0]
    whole = rows(sample(data_dir, release, "sacct-all-fields.psv"))
    assert {(*row[:2], *row[3:])} < {(*other[:2], *other[3:]) for other in whole}
    assert {"without_gpus", "never_started"} <= codes(file)
    (block,) = (item for item in found(file, FileAsked(site="one")) if isinstance(item, ReadingBlock))
    assert (block.series.subject, block.series.platform) == ("demo/train", "h100")


@pytest.mark.parametrize("release", RELEASES)
def test_series_are_named_by_site_account_and_kind_of_gpu(data_dir: Path, release: str) -> None:
    blocks = [
        item for item in found(sample(data_dir, release, "sacct-all-fields.psv")) if isinstance(item, ReadingBlock)
    ]
    names = {(block.series.site, block.series.subject, block.series.platform) for block in blocks}
    assert names == {("one", f"demo/{account}", kind) for account in ("lab", "train") for kind in ("h100", "b200")}
    assert {(block.series.quantity, block.series.unit) for block in blocks} == {("gpu_time", "h")}


@pytest.mark.parametrize("release", RELEASES)
def test_a_dump_without_the_columns_that_are_needed_says_which_and_how_to_ask(data_dir: Path, release: str) -> None:
    with pytest.raises(CatalogError) as caught:
        found(sample(data_dir, release, "sacct-default.psv"))
    (fault,) = caught.value.faults
    assert fault.path == "sacct-default.psv line 1"
    assert fault.given == "no column Start, End (or ElapsedRaw, Elapsed), AllocTRES"
    assert f"-D -P -S START -E END -o {FIELDS}`" in fault.expected


@pytest.mark.parametrize("release", RELEASES)
def test_padded_columns_are_refused_with_the_option_that_parts_them(data_dir: Path, release: str) -> None:
    with pytest.raises(CatalogError, match=r"padded with blanks, and cut: expected .* -P makes"):
        found(sample(data_dir, release, "sacct-columns.txt"))


@pytest.mark.parametrize("release", RELEASES)
def test_local_times_are_refused_where_no_offset_is_asked_for(data_dir: Path, release: str) -> None:
    with pytest.raises(CatalogError) as caught:
        found(sample(data_dir, release, "sacct-duplicates.psv"), FileAsked(site="one"))
    (fault,) = caught.value.faults
    assert fault.path == "sacct-duplicates.psv line 2 column Start"
    assert 'utc_offset, "-6 h"' in fault.expected
    assert "SLURM_TIME_FORMAT=%s" in fault.expected


@pytest.mark.parametrize("release", RELEASES)
def test_every_release_has_the_fields_that_it_is_asked_for(data_dir: Path, release: str) -> None:
    known = sample(data_dir, release, "sacct-fields.txt").read_text().split()
    fields = FIELDS if release < LATER_RELEASE else LATER_FIELDS
    assert set(fields.split(",")) <= set(known)
    assert ("Restarts" in known) == (release >= LATER_RELEASE)
