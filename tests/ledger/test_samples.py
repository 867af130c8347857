"""What real output of operators' tools comes to in a ledger of its own, beside figures worked out apart."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gigawatt.errors import InputError
from gigawatt.study import verbs

MJ_PER_WH, J_PER_WH, S_PER_H = 3.6e6, 3_600.0, 3_600.0

# Release → dump → GPU-seconds: GPUs × elapsed of each run that has ended, steps left out. Job 32 ran on 4 GPUs for 4 s
# and 25 s (22.05.8), which a dump without -D knows but once; job 37 was suspended for 6 s of 14 s, which a dump without
# Elapsed cannot tell; in 26.05.5 job 32 lost a node as well, and job 37 was not suspended.
GPU_S = {
    "22.05.8": {"duplicates": 384, "all-fields": 384, "noconvert": 384, "allocations": 356, "epoch-times": 390},
    "24.11.5": {"duplicates": 386, "all-fields": 386, "noconvert": 386, "allocations": 355, "epoch-times": 393},
    "26.05.5": {"duplicates": 432, "all-fields": 432, "allocations": 362, "epoch-times": 432},
}
# While they ran, the same jobs had ended in all releases: 2 (2 GPUs for 4 s and what its like took).
WHILE_RUNNING_S = 24
JSON_S = {"24.11.5": 2 * 12, "26.05.5": 2 * 13}  # job 2; job 5 had no GPU, and job 23 never started
NO_DUMPS = ("sacct-columns.txt", "sacct-default.psv", "sacct-fields.txt", "sacctmgr-assoc.psv", "sacctmgr-dump.cfg")


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What a sample comes to."""

    kind: str
    added: int
    rejected: int = 0
    energy_wh: float | None = None
    usd: float | None = None


# 651.5 W and a watt more each second, each held until the next sample; the last is held for nothing.
_RISING_J = [651.5 + n for n in range(9)]
SAMPLES = {
    "prometheus/prometheus-2.42.0-query_range-energy-counter.json": Worth(
        kind="prometheus", added=3, energy_wh=3 * 2.6e6 / MJ_PER_WH
    ),
    # The fourth sample is below the third by a little, which is no counter that began anew.
    "prometheus/prometheus-3.5.3-query_range-energy-counter.json": Worth(
        kind="prometheus", added=2, rejected=1, energy_wh=2 * 2.6e6 / MJ_PER_WH
    ),
    "prometheus/prometheus-2.42.0-query_range-increase-counter.json": Worth(kind="prometheus", added=0, rejected=1),
    "prometheus/prometheus-3.5.3-query_range-increase-counter.json": Worth(kind="prometheus", added=0, rejected=1),
    # 8 or 9 readings of power and the 7 or 8 spans between them; the other GPU says NaN.
    "prometheus/prometheus-2.42.0-query_range-power-nan.json": Worth(
        kind="prometheus", added=15, energy_wh=sum(_RISING_J[:7]) / J_PER_WH
    ),
    "prometheus/prometheus-3.5.3-query_range-power-nan.json": Worth(
        kind="prometheus", added=17, energy_wh=sum(_RISING_J[:8]) / J_PER_WH
    ),
    # Scrapes at 0.164, 1.168, …, 5.168, 6.172, 7.168 s; the marker at 8.168 s ends the last.
    "prometheus/promtool-2.42.0-dump.txt": Worth(
        kind="openmetrics",
        added=16,
        energy_wh=(sum(_RISING_J[:8]) + 0.004 * 651.5 + 0.004 * 656.5 - 0.004 * 657.5) / J_PER_WH,
    ),
    "focus/decimals.csv": Worth(kind="focus", added=2, usd=25.0),
    "focus/whole-number-columns.csv": Worth(kind="focus", added=2, usd=25.0),
    "focus/scientific-notation.csv": Worth(kind="focus", added=2, usd=25.0),
    "focus/empty-account-name.csv": Worth(kind="focus", added=2, usd=25.0),
    "focus/correction-row.csv": Worth(kind="focus", added=2, usd=0.0),
    "entsoe/a44-a01-hour-missing.xml": Worth(kind="entsoe", added=2),
    "entsoe/a44-a03-quarter-hours-positions-1-and-5.xml": Worth(kind="entsoe", added=8),
    "entsoe/a44-two-auctions-same-hours.xml": Worth(kind="entsoe", added=4),
    # What flows back is no use of energy.
    "greenbutton/hourly-reverse-flow-kilo.xml": Worth(kind="greenbutton", added=1, energy_wh=-5_000.0),
}


@pytest.fixture
def book(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'ledger.db'}"


def sample(data_dir: Path, name: str) -> Path:
    file = data_dir / "operator-samples" / name
    if not file.is_file():
        pytest.skip(f"no {name} at hand")
    return file


def dump(data_dir: Path, release: str, name: str) -> Path:
    return sample(data_dir, f"slurm/{release}/sacct-{name}.{'tsv' if name == 'noconvert' else 'psv'}")


def take(book: str, file: Path, kind: str, **asked: str) -> Any:
    return verbs.ask("ledger import", str(file), kind=kind, database=book, **asked)


def gpu_s(book: str) -> float:
    """What the ledger holds now."""
    return sum(row.value for row in measured(book, "gpu_time")) * S_PER_H


def measured(book: str, quantity: str) -> list[Any]:
    return [row for row in verbs.ask("ledger status", database=book).measured if row.quantity == quantity]


@pytest.mark.parametrize(("release", "name"), [(release, name) for release, each in GPU_S.items() for name in each])
def test_a_dump_of_sacct_comes_to_its_gpu_hours_and_again_to_none(
    data_dir: Path, book: str, release: str, name: str
) -> None:
    file = dump(data_dir, release, name)
    found = take(book, file, "sacct", utc_offset="0 h")
    assert found.totals.gpu_h == pytest.approx(GPU_S[release][name] / S_PER_H)
    assert (found.rejected_count, found.totals.energy_wh) == (0, None)
    again = take(book, file, "sacct", utc_offset="0 h")
    assert (again.added, again.duplicates) == (0, found.added)
    assert gpu_s(book) == pytest.approx(GPU_S[release][name])


@pytest.mark.parametrize("release", GPU_S)
@pytest.mark.parametrize("order", [1, -1])
def test_dumps_of_the_same_jobs_with_other_columns_count_no_run_twice(
    data_dir: Path, book: str, release: str, order: int
) -> None:
    names = ["while-running-x", "allocations", "duplicates", "all-fields"][::order]
    for name in names:
        assert take(book, dump(data_dir, release, name), "sacct", utc_offset="0 h").rejected_count == 0
    assert gpu_s(book) == pytest.approx(GPU_S[release]["duplicates"])


@pytest.mark.parametrize("release", JSON_S)
def test_json_and_text_of_the_same_jobs_count_no_run_twice(data_dir: Path, book: str, release: str) -> None:
    json = sample(data_dir, f"slurm/{release}/sacct.json")
    assert take(book, json, "sacct").totals.gpu_h == pytest.approx(JSON_S[release] / S_PER_H)
    take(book, dump(data_dir, release, "duplicates"), "sacct", utc_offset="0 h")
    assert gpu_s(book) == pytest.approx(GPU_S[release]["duplicates"])


@pytest.mark.parametrize("release", GPU_S)
def test_of_jobs_that_go_on_only_those_that_have_ended_count(data_dir: Path, book: str, release: str) -> None:
    take(book, dump(data_dir, release, "while-running-x"), "sacct", utc_offset="0 h")
    assert gpu_s(book) == pytest.approx(WHILE_RUNNING_S)


def test_another_cluster_with_the_same_jobs_counts_besides(data_dir: Path, book: str, tmp_path: Path) -> None:
    file, other = dump(data_dir, "22.05.8", "all-fields"), tmp_path / "other.psv"
    other.write_text(file.read_text().replace("|demo|", "|other|"))
    for one in (file, other):
        take(book, one, "sacct", utc_offset="0 h")
    assert gpu_s(book) == pytest.approx(2 * GPU_S["22.05.8"]["duplicates"])


def test_a_run_of_which_a_dump_with_fewer_columns_says_something_else_is_refused_and_not_added(
    data_dir: Path, book: str
) -> None:
    take(book, dump(data_dir, "22.05.8", "epoch-times"), "sacct")
    found = take(book, dump(data_dir, "22.05.8", "all-fields"), "sacct", utc_offset="0 h")
    assert (found.added, found.rejected_count) == (0, 1)  # job 37: 14 s without Suspended, 8 s with it
    assert "says something else than fact 1" in found.rejected[0].reason


@pytest.mark.parametrize("release", GPU_S)
@pytest.mark.parametrize("name", NO_DUMPS)
def test_what_is_no_dump_is_refused(data_dir: Path, book: str, release: str, name: str) -> None:
    with pytest.raises(InputError, match="SLURM_TIME_FORMAT"):
        take(book, sample(data_dir, f"slurm/{release}/{name}"), "sacct", utc_offset="0 h")


@pytest.mark.parametrize("name", ["jobs", "nodes", "scheduler"])
def test_scrapes_without_times_are_refused(data_dir: Path, book: str, name: str) -> None:
    with pytest.raises(InputError, match="without times"):
        take(book, sample(data_dir, f"slurm/26.05.5/metrics-{name}.txt"), "openmetrics")


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_comes_to_what_it_says_and_again_to_nothing(data_dir: Path, book: str, name: str) -> None:
    file, worth = sample(data_dir, name), SAMPLES[name]
    found = take(book, file, worth.kind)
    assert (found.added, found.rejected_count) == (worth.added, worth.rejected)
    assert found.totals.energy_wh == pytest.approx(worth.energy_wh)
    assert found.totals.usd == pytest.approx(worth.usd)
    again = take(book, file, worth.kind)
    assert (again.added, again.duplicates) == (0, worth.added)


def test_a_dump_of_a_whole_server_counts_energy_by_its_counter(data_dir: Path, book: str) -> None:
    found = take(book, sample(data_dir, "prometheus/promtool-3.5.3-dump-openmetrics.txt"), "openmetrics")
    assert found.totals.energy_wh == pytest.approx(7 * 1.3e6 / MJ_PER_WH)
    assert [row.reason[:9] for row in found.rejected] == ["goes back"]


@pytest.mark.parametrize("release", ["2.42.0", "3.5.3"])
def test_a_query_and_a_dump_of_the_same_samples_count_energy_once(data_dir: Path, book: str, release: str) -> None:
    form = {"2.42.0": "dump", "3.5.3": "dump-openmetrics"}[release]
    take(book, sample(data_dir, f"prometheus/prometheus-{release}-query_range-power-nan.json"), "prometheus")
    first = sum(row.value for row in measured(book, "gpu_energy_sampled"))
    found = take(book, sample(data_dir, f"prometheus/promtool-{release}-{form}.txt"), "openmetrics")
    assert "overlaps another reading, and would be counted twice" in {row.reason for row in found.rejected}
    # At most a span before the first and one behind the last are new.
    assert first <= sum(row.value for row in measured(book, "gpu_energy_sampled")) < first + 2 * 660 / J_PER_WH


@pytest.mark.parametrize(
    ("name", "mean"),
    [
        ("a44-a01-hour-missing.xml", None),
        ("a44-a03-quarter-hours-positions-1-and-5.xml", (4 * 50 + 4 * 60) / 8),
        ("a44-two-auctions-same-hours.xml", (2 * 50 + 2 * 70) / 4),
    ],
)
def test_prices_keep_their_currency(data_dir: Path, book: str, name: str, mean: float | None) -> None:
    take(book, sample(data_dir, f"entsoe/{name}"), "entsoe")
    (row,) = measured(book, "price")
    assert row.unit == "EUR/MWh"
    assert mean is None or row.value == pytest.approx(mean)


def test_what_flows_back_is_no_energy_of_the_site(data_dir: Path, book: str) -> None:
    take(book, sample(data_dir, "greenbutton/hourly-reverse-flow-kilo.xml"), "greenbutton")
    assert [row.value for row in measured(book, "energy_returned")] == [5_000.0]
    assert not measured(book, "facility_energy")


def test_what_tools_of_two_kinds_say_of_a_site_is_told(data_dir: Path, book: str, tmp_path: Path) -> None:
    bill = tmp_path / "opencost.json"
    bill.write_text(
        '{"code": 200, "data": [{"lab": {"name": "lab", "properties": {"cluster": "c1", "namespace": "lab"}, "window":'
        ' {"start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z"}, "gpuHours": 24, "totalCost": 50.5}}]}'
    )
    take(book, bill, "opencost")
    assert "several_kinds" not in {note.code for note in verbs.ask("ledger status", database=book).head.notes}
    take(book, dump(data_dir, "22.05.8", "duplicates"), "sacct", utc_offset="0 h")
    notes = {note.code: note.text for note in verbs.ask("ledger status", database=book).head.notes}
    assert notes["several_kinds"].startswith("gpu_time of no site is from files of opencost and sacct")


def test_energy_of_jobs_adds_up(book: str, tmp_path: Path) -> None:
    file = tmp_path / "dump.psv"
    head = "JobID|Cluster|Account|State|Start|End|ElapsedRaw|AllocTRES|ConsumedEnergyRaw"
    rows = [f"{n}|c1|lab|COMPLETED|176722560{n}|176722920{n}|3600|cpu=1,gres/gpu=1|7200000" for n in (1, 2, 3)]
    file.write_text("\n".join([head, *rows, ""]))
    assert take(book, file, "sacct").totals.energy_wh == pytest.approx(6_000.0)
    assert [row.value for row in measured(book, "job_energy")] == [pytest.approx(6_000.0)]
