"""The table of SLO derating is what its tool simulates."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gigawatt.catalog.load import get

TOOL = Path(__file__).parents[2] / "tools" / "fit_derating.py"


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("fit_derating", TOOL)
    module = importlib.util.module_from_spec(spec)
    sys.modules["fit_derating"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def served(tool):
    return tool.served("enterprise", "vr230", 2100, 700)


def test_capacity_is_where_a_limit_is_reached_between_two_loads(tool):
    loads, times = (0.2, 0.4, 0.8), (1.0, 2.0, 8.0)
    assert tool.capacity(loads, times, 0.9) == 0
    assert tool.capacity(loads, times, 2.0) == pytest.approx(0.4)
    assert tool.capacity(loads, times, 4.0) == pytest.approx(0.6)
    assert tool.capacity(loads, times, 9.0) == 0.8
    assert tool.capacity(loads, (1.0, 2.0, np.inf), 4.0) == 0.4


def test_a_time_that_falls_by_noise_does_not_make_a_higher_load_better(tool):
    assert tool.capacity((0.2, 0.4, 0.6, 0.8), (1.0, 5.0, 2.0, 3.0), 4.0) == pytest.approx(
        0.2 + 0.2 * np.log(4) / np.log(5)
    )


def test_draws_have_the_rate_of_the_steady_state_their_burstiness_and_the_means_of_the_class(tool, served):
    asked = tool.draws(served, 2.0, 8)
    gaps = np.diff(asked.arrival_s)
    assert len(asked) / asked.arrival_s[-1] == pytest.approx(8 * served.rate_per_s)
    assert gaps.std() / gaps.mean() == pytest.approx(2.0, rel=0.1)
    assert asked.input_tokens.mean() == pytest.approx(2100, rel=0.05)
    assert asked.output_tokens.mean() == pytest.approx(700, rel=0.05)


def test_the_steady_state_is_the_planner_s(served):
    """Requests per second of a replica, from the tokens per second of a package."""
    assert served.rate_per_s * 700 == pytest.approx(served.way.tokens_per_s * served.way.layout.packages_count)
    assert served.way.tpot_s == pytest.approx(served.case.traffic.tpot_s, rel=1e-3)


def test_the_file_is_written_as_it_is_read(tool):
    known = get("derating_calibrations", tool.CALIBRATION)
    assert tool.render(known) == tool.OUT.read_text()
    assert tool.differs(known, known) == []


def test_what_is_not_as_in_the_file_is_named(tool):
    known = get("derating_calibrations", tool.CALIBRATION)
    first, *rest = known.tables
    moved = replace(first, kept_fracs=tuple(tuple(share / 2 for share in row) for row in first.kept_fracs))
    (said,) = tool.differs(replace(known, tables=(moved, *rest)), known)
    assert said.startswith(f"burstiness {first.burstiness_ratio:g}, {first.engines_count} engines, prompts of ")
    (other,) = tool.differs(replace(known, tables=(replace(first, engines_count=7), *rest)), known)
    assert other.endswith("is not in the file as it is here")
    assert tool.differs(replace(known, deployments_count=9), known) == ["deployments_count is 3 in the file"]


def test_bursts_and_small_pods_leave_less_and_looser_limits_more(tool):
    """Of the table as it stands; the tool takes noise away that would break it."""
    known = get("derating_calibrations", tool.CALIBRATION)
    shape = [len({getattr(one, name) for one in known.tables}) for name in ("prompt_ratio", "burstiness_ratio")]
    whole = np.array([one.kept_fracs for one in known.tables]).reshape(
        *shape, -1, *np.shape(known.tables[0].kept_fracs)
    )
    assert (np.diff(whole, axis=1) <= 0).all()
    assert all((np.diff(whole, axis=axis) >= 0).all() for axis in (2, 3, 4))
    assert whole.max() <= 1
    # One engine alone holds no limit against bursts that are many times its batch; a pod does at the loosest.
    assert whole[:, -1, 0].max() < whole[:, -1, -1, -1, -1].min()


@pytest.mark.slow
def test_the_file_is_what_is_simulated_today(tool):
    """Run tools/fit_derating.py after every change of the simulator or of the calibration of inference."""
    assert tool.differs(tool.simulated(), get("derating_calibrations", tool.CALIBRATION)) == []
