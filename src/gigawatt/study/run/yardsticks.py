"""What all work would take in each reported quarter of a run, and what a gigawatt bought then costs."""

from __future__ import annotations

import xarray as xr

from gigawatt.programme import yardstick
from gigawatt.programme.yardstick import Yardsticks
from gigawatt.scenario.schema import Scenario


def yardsticks(scenario: Scenario, inputs: xr.Dataset) -> Yardsticks:
    """Yardsticks by quarter, each on the platform on which all work costs least; none of a quarter in which no platform
    that is sold can do all of it. inputs: arrays of the scenario."""
    found = yardstick.figures(inputs, scenario.asked)
    best = zip(scenario.quarters, yardstick.cheapest(inputs, found), strict=True)
    shown = list(best)[: scenario.reported_count]
    return yardstick.yardsticks(found, scenario, [(quarter, key) for quarter, key in shown if key is not None])
