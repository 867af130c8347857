"""The small programme, planned once for all tests of a worker."""

from __future__ import annotations

import pytest

from gigawatt.plan import plan
from gigawatt.plan.plan import Plan
from gigawatt.scenario.load import load
from gigawatt.scenario.schema import Scenario


@pytest.fixture(scope="session")
def campus() -> Scenario:
    return load("one-campus")


@pytest.fixture(scope="session")
def brief() -> Scenario:
    """The same to the end of 2028, for what asks for many futures."""
    return load("one-campus", {"horizon.report_end": "2028Q2", "horizon.end": "2028Q4"})


@pytest.fixture(scope="session")
def campus_plan(campus: Scenario) -> Plan:
    return plan.make(campus, with_worth=False)
