"""StepFun's trace [1] replayed through reader and outages gives the published unavailability and times of repair.

The trace names neither the nodes without faults nor its length: 400 nodes and 345 days are the publisher's.

References
----------
[1] StepFun, InfiniteHBD fault trace, github.com/stepfun-ai/InfiniteHBD-Trace.
"""

from pathlib import Path

import numpy as np
import pytest
from fault_trace import FaultTrace, merged, read_fault_trace

from gigawatt.simulation.overlap import overlap

NODES_COUNT, DAYS_COUNT = 400, 345
HOURS_COUNT = DAYS_COUNT * 24
PUBLISHED_OUT_FRAC = 0.0234
RESAMPLES_COUNT = 4000


@pytest.fixture(scope="module")
def trace(data_dir: Path) -> FaultTrace:
    path = data_dir / "traces" / "stepfun_infinitehbd_fault_trace.json"
    if not path.is_file():
        pytest.skip(f"no trace at {path}")
    return read_fault_trace(path)


@pytest.fixture(scope="module")
def out(trace: FaultTrace) -> np.ndarray:
    """Share of each hour in which a node has a fault, (node, hour); the clock starts with the first fault."""
    node, start_h, end_h = merged(trace)
    begin_h = trace.start_h.min()
    hours = int(np.ceil(trace.end_h.max() - begin_h))
    return overlap(start_h - begin_h, end_h - begin_h, hours, node, NODES_COUNT)


def test_unavailability_is_that_published(out: np.ndarray) -> None:
    by_node = out.sum(axis=1) / HOURS_COUNT
    draw = np.random.Generator(np.random.Philox(1))
    chosen = draw.integers(0, NODES_COUNT, (RESAMPLES_COUNT, NODES_COUNT))
    low, high = np.percentile(by_node[chosen].mean(axis=1), [2.5, 97.5])
    found = by_node.mean()
    told = f"{found:.4%} of nodes out, 95 % of resampled sets of nodes from {low:.2%} to {high:.2%}"
    assert round(found, 4) == PUBLISHED_OUT_FRAC, told
    assert low < PUBLISHED_OUT_FRAC < high, told
    # Few nodes carry most of it, so the interval is wide.
    assert (low, high) == pytest.approx((0.018, 0.029), abs=0.001), told


def test_nodes_are_out_wholly_or_not_at_all(out: np.ndarray) -> None:
    assert 0 <= out.min() <= out.max() <= 1 + 1e-9


def test_hours_out_are_those_of_the_trace(trace: FaultTrace, out: np.ndarray) -> None:
    """Two faults overlap another on their node: each counts, their hours only once."""
    _, start_h, end_h = merged(trace)
    assert out.sum() == pytest.approx((end_h - start_h).sum(), rel=1e-9)
    assert len(start_h) == 582
    assert (trace.end_h - trace.start_h).sum() > out.sum()


def test_faults_and_repairs_are_those_published(trace: FaultTrace) -> None:
    repair_h = trace.end_h - trace.start_h
    assert len(repair_h) == 584
    assert [trace.level.count(level) for level in ("Hardware Failure", "Software Failure", "Other Failure")] == [
        298,
        24,
        262,
    ]
    assert trace.category.count("GPU") == 158
    assert round(float(np.median(repair_h)), 1) == 20.4
    assert round(float(repair_h.mean()), 1) == 132.8
    assert round(float(np.percentile(repair_h, 90))) == 311
    assert trace.start_h.max() - trace.start_h.min() < HOURS_COUNT < trace.end_h.max() - trace.start_h.min() + 24
