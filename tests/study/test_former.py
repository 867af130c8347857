"""Plans of earlier layouts have today's arrays once they are read, and the same money."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import gigawatt as gw
from gigawatt.programme import counted, money
from gigawatt.programme.declared import INPUTS, check
from gigawatt.study import former

SHORT = {"horizon.report_end": "2027Q4", "horizon.end": "2028Q1"}


@pytest.fixture(scope="module")
def made() -> gw.Result:
    return gw.run("one-campus", SHORT)


def old(result: gw.Result) -> dict[str, xr.Dataset]:
    """The plan as a version of before would have kept it."""
    plan, availability = result.plan, result.scenario.asked.operations.availability_frac
    rates = {name: plan.inputs[name] * availability for name in former.RATES}
    given = plan.inputs.assign(rates).drop_vars([*former.ABSENT, "availability_frac", "before"])
    without = given.assign_coords(run=np.zeros(0), experiment=np.zeros(0))  # labels of nothing were numbers
    return {"inputs": without, "data": plan.data.drop_vars([*former.UNDECIDED, "run", "experiment"])}


def test_a_former_plan_is_read_as_todays(made: gw.Result) -> None:
    parts = former.completed(old(made), made.scenario.asked)
    check(parts["inputs"], INPUTS)
    assert parts["data"].train_count.shape == (made.plan.data.sizes["period"], parts["inputs"].sizes["platform"], 0)
    assert set(parts["data"].data_vars) == set(made.plan.data.data_vars)
    now = counted.tokens_per_s(made.plan.inputs).values
    assert counted.tokens_per_s(parts["inputs"]).values == pytest.approx(now, rel=1e-12)
    for name in money.LINES:
        assert parts["lines"][name].values == pytest.approx(made.plan.lines[name].values, rel=1e-12), name
