"""Answers of OpenCost to /allocation: cost and GPU hours by workload, idle capacity as cost of its own.

No real answer of a cluster with GPUs is at hand: the fields are those of OpenCost's own source.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gigawatt.errors import CatalogError
from gigawatt.readers.opencost import read
from gigawatt.readers.readings import FileAsked, ReadingSeries

ASKED = FileAsked(site="abilene", unit="USD")
DAY = 86_400_000
JAN_1 = 1_767_225_600_000
Taken = Callable[[Any], Any]


def allocation(name: str, day: int = 1, **fields: Any) -> dict[str, Any]:
    window = {"start": f"2026-01-0{day}T00:00:00Z", "end": f"2026-01-0{day + 1}T00:00:00Z"}
    told = {
        "name": name,
        "properties": {"cluster": "cluster-one", "namespace": name},
        "window": window,
        "start": f"2026-01-0{day}T03:10:00Z",
        "end": f"2026-01-0{day}T21:00:00Z",
        "minutes": 1070,
        "gpuCount": 8,
        "gpuHours": 142.66667,
        "gpuCost": 285.33333,
        "gpuCostAdjustment": 0,
        "totalCost": 301.25,
        "totalEfficiency": None,
    }
    return told | fields


def write(folder: Path, *sets: Any, **answer: Any) -> Path:
    path = folder / "allocation.json"
    path.write_text(json.dumps({"code": 200, "data": list(sets)} | answer))
    return path


def test_cost_and_gpu_hours_are_of_the_window_that_was_asked_for(tmp_path: Path, taken: Taken) -> None:
    days = [{"train": allocation("train", day)} for day in (1, 2)]
    found = taken(read(write(tmp_path, *days), ASKED))
    cost, hours = (
        ReadingSeries(quantity=quantity, unit=unit, site="abilene", subject="cluster-one/train")
        for quantity, unit in (("cost", "USD"), ("gpu_time", "h"))
    )
    key = found.readings[0][-1]
    assert found.readings == [
        (cost, 1, JAN_1, JAN_1 + DAY, 301.25, key),
        (cost, 2, JAN_1 + DAY, JAN_1 + 2 * DAY, 301.25, key),
        (hours, 1, JAN_1, JAN_1 + DAY, 142.66667, key),
        (hours, 2, JAN_1 + DAY, JAN_1 + 2 * DAY, 142.66667, key),
    ]
    assert "currency" not in found.remarks


def test_idle_and_unallocated_are_cost_of_their_own(tmp_path: Path, taken: Taken) -> None:
    cluster = {"cluster": "cluster-one"}
    one = {
        "__idle__": allocation("__idle__", properties=cluster, totalCost=99.5),
        "cluster-two/__idle__": allocation("cluster-two/__idle__", properties={"cluster": "cluster-two"}, totalCost=1),
        "__unmounted__": allocation("__unmounted__", properties=cluster, gpuHours=0, totalCost=2),
        "__unallocated__": allocation("__unallocated__", properties={}, gpuHours=None, totalCost=-3),
    }
    found = taken(read(write(tmp_path, one), ASKED))
    assert {series.subject: value for series, *_, value, _ in found.readings} == {
        "cluster-one/__idle__": 99.5,
        "cluster-two/__idle__": 1,
        "cluster-one/__unmounted__": 2,
        "__unallocated__": -3,
    }
    assert {series.quantity for series, *_ in found.readings} == {"cost"}


def test_pods_of_a_namespace_are_told_apart(tmp_path: Path, taken: Taken) -> None:
    labels = {"nvidia_com_gpu_product": "NVIDIA-GB300"}
    properties = {"cluster": "cluster-one", "namespace": "train", "labels": labels}
    one = {name: allocation(name, properties=properties) for name in ("pod-a", "pod-b")}
    found = taken(read(write(tmp_path, one), ASKED))
    assert {series.subject for series, *_ in found.readings} == {"cluster-one/train"}
    assert {series.platform for series, *_ in found.readings} == {"NVIDIA-GB300"}
    assert len(set(found.keys)) == 4


def test_a_window_that_is_asked_for_again_is_the_same_reading(tmp_path: Path, taken: Taken) -> None:
    noon = {"start": "2026-01-01T00:00:00Z", "end": "2026-01-01T12:00:00Z"}
    early = taken(read(write(tmp_path, {"train": allocation("train", window=noon, totalCost=150.0)}), ASKED))
    late = taken(read(write(tmp_path, {"train": allocation("train")}), ASKED))
    assert early.keys == late.keys
    assert early.values != late.values


def test_a_currency_that_nobody_states_is_remarked(tmp_path: Path, taken: Taken) -> None:
    path = write(tmp_path, {"train": allocation("train")})
    found = taken(read(path, FileAsked()))
    assert found.readings[0][0].unit == "USD"
    assert "taken as USD" in found.remarks["currency"]
    assert taken(read(path, FileAsked(unit="EUR"))).readings[0][0].unit == "EUR"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"totalCost": None}, "no totalCost"),
        ({"totalCost": "12"}, "totalCost is no number of finite size"),
        ({"totalCost": float("inf")}, "totalCost is no number of finite size"),
        ({"totalCost": 10**400}, "totalCost is no number of finite size"),
        ({"gpuHours": True}, "gpuHours is no number of finite size"),
        ({"gpuHours": -1}, "gpuHours is -1, below 0"),
        ({"window": {"start": "null", "end": "2026-01-02T00:00:00Z"}}, "its window has no start"),
        ({"window": {"start": "2026-01-02T00:00:00Z", "end": "2026-01-01T00:00:00Z"}}, "window ends before it starts"),
        ({"window": {"start": "2026-01-01T00:00:00", "end": "2026-01-02T00:00:00"}}, "states no offset from UTC"),
        ({"window": None}, "its window has no start"),
        ({"window": []}, "its window has no start"),
        ({"window": "1d"}, "window is no table"),
        ({"properties": ["a"]}, "properties is no table"),
    ],
)
def test_an_allocation_that_cannot_be_read_is_told_alone(
    tmp_path: Path, taken: Taken, fields: dict[str, Any], reason: str
) -> None:
    path = write(tmp_path, {"bad": allocation("bad", **fields), "odd": 3, "train": allocation("train", gpuHours=0)})
    found = taken(read(path, ASKED))
    assert list(found.rejected) == [1, 2]
    assert reason in found.rejected[1]
    assert found.rejected[2] == "odd: no allocation"
    assert found.values == [301.25]


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("", "Expecting value"),
        ("[]", "another JSON file"),
        ('{"code": 200}', "another JSON file"),
        ('{"code": 400, "data": null, "message": "no window"}', "an error: no window"),
        ('{"code": 200, "data": {"sets": []}}', "other data, such as that of /allocation/summary"),
        ('{"code": 200, "data": [[1]]}', "other data"),
        ('{"code": 200, "data": [{"a": {"totalCost": 1', "Expecting"),
        ('{"code": 200, "data": [{"a": {}, "a": {}}]}', 'the key "a" twice'),
        ("[" * 100_000, "lists nested too deeply"),
    ],
)
def test_what_is_no_answer_is_refused(tmp_path: Path, text: str, given: str) -> None:
    path = tmp_path / "answer.json"
    path.write_text(text)
    with pytest.raises(CatalogError, match=given):
        read(path, ASKED)


def test_an_answer_without_allocations_has_no_readings(tmp_path: Path, taken: Taken) -> None:
    found = taken(read(write(tmp_path, {}, None), ASKED))
    assert (found.readings, found.rejected) == ([], {})
    path = tmp_path / "bom.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps({"code": 200, "data": [{"a": allocation("a")}]}).encode())
    assert taken(read(path, ASKED)).total("gpu_time") == 142.66667


def test_the_fields_are_those_of_the_table_of_the_interface(data_dir: Path) -> None:
    told = json.loads((data_dir / "schemas" / "schemas.json").read_text())["opencost"]
    fields = next(line for line in told if line.startswith("GET /allocation"))
    assert all(name in fields for name in ("gpuCount", "gpuHours", "gpuCost", "totalCost"))
