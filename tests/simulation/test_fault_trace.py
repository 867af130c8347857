"""Fault traces: starts and ends become faults, those of one node at once one outage, every mistake named."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fault_trace import merged, read_fault_trace

from gigawatt.errors import CatalogError

GPU = {"Level": "Hardware Failure", "Class": "GPU", "Desc": "GPU Lost"}
FAN = {"Level": "Hardware Failure", "Class": "Fan", "Desc": "Redundancy Lost"}


def event(day: Any, sort: str = "fault_start", node: str = "a", kind: Any = GPU) -> dict[str, Any]:
    return {"node_id": node, "event_time": day, "event_type": sort, "fault_type": kind}


def write(folder: Path, content: Any) -> Path:
    path = folder / "trace.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_starts_and_ends_become_faults(tmp_path: Path) -> None:
    events = [
        event(1.0, node="b"),
        event(2.0),
        event(2.5, kind=FAN),
        event(3.0, "fault_end"),
        event(3.0, "fault_end", node="b"),
        event(4.0, "fault_end", kind=FAN),
        event(5.0),
    ]
    trace = read_fault_trace(write(tmp_path, events))
    assert trace.nodes == ("b", "a")
    assert trace.node.tolist() == [0, 1, 1, 1]
    assert trace.start_h.tolist() == [24, 48, 60, 120]
    assert trace.end_h.tolist() == [72, 72, 96, np.inf]
    assert trace.category == ("GPU", "GPU", "Fan", "GPU")
    assert trace.level == ("Hardware Failure",) * 4
    assert trace.description[2] == "Redundancy Lost"


def test_faults_of_one_node_at_once_are_one_outage(tmp_path: Path) -> None:
    events = [
        event(1.0),
        event(2.0, kind=FAN),
        event(2.5, node="b"),
        event(3.0, "fault_end", kind=FAN),
        event(4.0, "fault_end"),
        event(4.0, kind=FAN),
        event(5.0, "fault_end", kind=FAN),
        event(6.0),
        event(7.0, "fault_end"),
    ]
    node, start_h, end_h = merged(read_fault_trace(write(tmp_path, events)))
    assert node.tolist() == [0, 0, 1]
    assert start_h.tolist() == [24, 144, 60]
    assert end_h.tolist() == [120, 168, np.inf]


def test_an_end_belongs_to_the_earliest_fault_of_its_type(tmp_path: Path) -> None:
    events = [event(1.0), event(2.0), event(3.0, "fault_end"), event(5.0, "fault_end")]
    trace = read_fault_trace(write(tmp_path, events))
    assert (trace.end_h - trace.start_h).tolist() == [48, 72]


def test_a_trace_without_events_has_no_faults(tmp_path: Path) -> None:
    trace = read_fault_trace(write(tmp_path, []))
    assert (trace.nodes, trace.node.size, trace.level) == ((), 0, ())
    assert [found.size for found in merged(trace)] == [0, 0, 0]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([event(2.0), event(1.0, node="b")], "trace.json event 2 event_time = day 1: expected at least day 2"),
        ([event(1.0, "fault_end")], "event 1 = the end of GPU on a: expected a start"),
        ([event(1.0), event(2.0, "fault_end", kind=FAN)], "event 2 = the end of Fan on a"),
        ([event(1.0), event(2.0, "fault_end"), event(3.0, "fault_end")], "event 3 = the end of GPU"),
        ([event(float("nan"))], "event_time = nan: expected days, a number of at least 0"),
        ([event(float("inf"))], "event_time = inf"),
        ([event(10**400)], "event_time = 1000"),
        ([event(-1.0)], "event_time = -1.0"),
        ([event("1")], "event_time = '1'"),
        ([event(True)], "event_time = True"),
        ([event(None)], "event_time = missing"),
        ([event(1.0, "fault")], "event_type = 'fault': expected fault_start or fault_end"),
        ([event(1.0, node="")], "node_id = '': expected the name of a node"),
        ([event(1.0, kind={"Level": "x"})], "fault_type = {'Level': 'x'}: expected texts Level, Class, Desc"),
        ([event(1.0, kind=None)], "fault_type = missing"),
        ([[1, 2]], r"event 1 = [1, 2]: expected an object"),
        ({"events": []}, "expected a list of events"),
        ("[", "expected a JSON file in UTF-8"),
        ("", "expected a JSON file in UTF-8"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, content: Any, words: str) -> None:
    with pytest.raises(CatalogError) as caught:
        read_fault_trace(write(tmp_path, content))
    assert words in str(caught.value)


def test_all_mistakes_are_named_together_but_no_flood_of_them(tmp_path: Path) -> None:
    with pytest.raises(CatalogError) as caught:
        read_fault_trace(write(tmp_path, [event(-1.0, "fault")]))
    assert len(caught.value.faults) == 2
    with pytest.raises(CatalogError) as caught:
        read_fault_trace(write(tmp_path, [event(-1.0)] * 100))
    assert len(caught.value.faults) == 20


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"none\.json = No such file"):
        read_fault_trace(tmp_path / "none.json")
    path = tmp_path / "latin.json"
    path.write_bytes(b'["\xe9"]')
    with pytest.raises(CatalogError, match="UTF-8"):
        read_fault_trace(path)
