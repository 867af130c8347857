"""Answers of Prometheus: ranges give the energies worked out by hand, and what is no range of a counter is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from gigawatt.errors import CatalogError
from gigawatt.readers import prometheus
from gigawatt.readers.readings import FileAsked, ReadingBlock, Rejected, Remark

Found = list[ReadingBlock | Rejected | Remark]
METRIC = {"__name__": "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", "UUID": "GPU-a"}
START_S = 1_795_852_731
J_PER_WH = 3_600.0


def values(found: Found, quantity: str) -> list[float]:
    blocks = [one for one in found if isinstance(one, ReadingBlock) and one.series.quantity == quantity]
    return [value for block in blocks for value in block.values.tolist()]


def refused(found: Found) -> list[Rejected]:
    return [one for one in found if isinstance(one, Rejected)]


def remarks(found: Found) -> dict[str, str]:
    return {one.code: one.text for one in found if isinstance(one, Remark)}


def read(folder: Path, content: Any) -> Found:
    file = folder / "answer.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return list(prometheus.read(file, FileAsked(site="abilene")))


def answer(*series: Any, kind: str = "matrix", **more: Any) -> dict[str, Any]:
    return {"status": "success", "data": {"resultType": kind, "result": list(series)}, **more}


def points(*numbers: object, step_s: float = 1) -> list[list[object]]:
    return [[START_S + n * step_s, str(number)] for n, number in enumerate(numbers)]


def sample(data_dir: Path, name: str) -> Found:
    return list(prometheus.read(data_dir / "operator-samples" / "prometheus" / f"prometheus-{name}.json", FileAsked()))


def test_a_range_of_a_counter_gives_its_increments(data_dir: Path) -> None:
    found = sample(data_dir, "2.42.0-query_range-energy-counter")
    assert refused(found) == []
    # Three steps of 2.6e6 mJ in 2 s: 1.3 kW.
    assert values(found, "gpu_energy") == pytest.approx([2_600 / J_PER_WH] * 3, rel=1e-12)
    (block,) = (one for one in found if isinstance(one, ReadingBlock))
    assert (block.series.subject, block.series.unit) == ("GPU-aaaa", "Wh")
    assert block.starts_ms.tolist() == [1_000 * (START_S + 2 * n) for n in range(3)]
    assert block.ends_ms.tolist() == [1_000 * (START_S + 2 * n) for n in range(1, 4)]


def test_a_counter_that_goes_back_loses_one_step_and_adds_no_terawatt_hours(data_dir: Path) -> None:
    found = sample(data_dir, "3.5.3-query_range-energy-counter")
    assert values(found, "gpu_energy") == pytest.approx([2_600 / J_PER_WH] * 2, rel=1e-12)
    (one,) = refused(found)
    assert one.line == 4
    assert "goes back, and not to begin anew" in one.reason


@pytest.mark.parametrize(("version", "count"), [("2.42.0", 8), ("3.5.3", 9)])
def test_a_range_of_power_gives_each_watt_until_the_next(data_dir: Path, version: str, count: int) -> None:
    found = sample(data_dir, f"{version}-query_range-power-nan")
    assert refused(found) == []
    assert values(found, "gpu_power") == [651.5 + n for n in range(count)]
    joules = sum(651.5 + n for n in range(count - 1))
    assert sum(values(found, "gpu_energy_sampled")) == pytest.approx(joules / J_PER_WH, rel=1e-12)
    assert remarks(found)["blank"].startswith("5 samples")


@pytest.mark.parametrize("version", ["2.42.0", "3.5.3"])
def test_what_functions_return_has_no_name_and_is_refused(data_dir: Path, version: str) -> None:
    found = sample(data_dir, f"{version}-query_range-increase-counter")
    (one,) = refused(found)
    assert "query the raw counter" in one.reason
    assert not any(isinstance(entry, ReadingBlock) for entry in found)
    assert ("prometheus" in remarks(found)) == (version == "3.5.3")


def test_the_latest_value_alone_is_power_and_no_energy(tmp_path: Path) -> None:
    power = {"metric": METRIC | {"__name__": "DCGM_FI_DEV_POWER_USAGE"}, "value": [START_S + 0.25, "700"]}
    found = read(tmp_path, answer(power, {"metric": METRIC, "value": [START_S, "1e12"]}, kind="vector"))
    assert values(found, "gpu_power") == [700]
    assert values(found, "gpu_energy") == values(found, "gpu_energy_sampled") == []
    assert "1 series have one sample" in remarks(found)["alone"]
    (block,) = (one for one in found if isinstance(one, ReadingBlock))
    assert block.starts_ms.tolist() == [1_000 * START_S + 250]


@pytest.mark.parametrize(
    ("content", "given"),
    [
        ({"status": "error", "errorType": "bad_data", "error": "invalid step"}, "bad_data: invalid step"),
        (answer(kind="scalar"), "a result of type scalar"),
        (answer(kind="string"), "a result of type string"),
        ({"status": "success", "data": {"resultType": "scalar", "result": [1, "1"]}}, "a result of type scalar"),
        ({"status": "success", "data": {"resultType": "matrix"}}, "a result of type matrix"),
        ({"status": "success", "data": None}, "no resultType"),
        ({"jobs": []}, "no resultType"),
        ("7", "int"),
        ("{", "Expecting property name"),
    ],
)
def test_what_is_no_range_is_refused_with_what_it_is(tmp_path: Path, content: Any, given: str) -> None:
    with pytest.raises(CatalogError, match=given):
        read(tmp_path, content)


def test_the_list_of_series_alone_is_read_as_well(tmp_path: Path) -> None:
    series = {"metric": METRIC, "values": points(0, 700_000)}
    assert values(read(tmp_path, [series]), "gpu_energy") == values(read(tmp_path, answer(series)), "gpu_energy") != []


NO_SAMPLES: list[object] = [
    [START_S, 5],
    ["1795852731", "5"],
    [START_S * 1_000, "5"],
    [True, "5"],
    [START_S, "5", 1],
    [START_S, "1_0"],
    [START_S, "x"],
    None,
    {},
]


@pytest.mark.parametrize("point", NO_SAMPLES)
def test_a_point_that_is_no_sample_is_refused_and_no_other(tmp_path: Path, point: object) -> None:
    some = points(0, 700_000, 1_400_000)
    found = read(tmp_path, answer({"metric": METRIC, "values": [some[0], point, *some[1:]]}))
    (one,) = refused(found)
    assert one.line == 2
    assert "is no sample: expected seconds since 1970, and a value in quotes" in one.reason
    assert values(found, "gpu_energy") == pytest.approx([700 / J_PER_WH] * 2)


@pytest.mark.parametrize(
    "series", [7, {}, {"metric": METRIC}, {"metric": [], "values": []}, {"metric": METRIC, "values": {}}]
)
def test_a_series_that_is_none_is_refused_and_no_other(tmp_path: Path, series: Any) -> None:
    found = read(tmp_path, answer(series, {"metric": METRIC, "values": points(0, 700_000)}))
    (one,) = refused(found)
    assert "is no series of numbers" in one.reason
    assert values(found, "gpu_energy") == pytest.approx([700 / J_PER_WH])


def test_metrics_without_a_meaning_are_named_and_gpus_without_a_name_refused(tmp_path: Path) -> None:
    other = {"metric": {"__name__": "up"}, "values": points(1, 1)}
    nameless = {"metric": {"__name__": METRIC["__name__"]}, "values": points(1, 1)}
    found = read(tmp_path, answer(other, nameless))
    assert "up (2)" in remarks(found)["unknown"]
    (one,) = refused(found)
    assert (one.line, "names no GPU" in one.reason) == (3, True)


@pytest.mark.parametrize(("count", "told"), [(10_999, False), (11_000, True), (11_001, True)])
def test_a_series_as_long_as_a_query_may_be_is_asked_about(tmp_path: Path, count: int, told: bool) -> None:
    numbers = points(*(n * 1e5 for n in range(count)))
    found = read(tmp_path, answer({"metric": METRIC, "values": numbers}))
    assert len(values(found, "gpu_energy")) == count - 1
    assert ("limit" in remarks(found)) == told


def test_warnings_of_prometheus_are_passed_on(tmp_path: Path) -> None:
    found = read(tmp_path, answer({"metric": METRIC, "values": points(0, 1)}, warnings=["a store was away"]))
    assert "a store was away" in remarks(found)["prometheus"]
