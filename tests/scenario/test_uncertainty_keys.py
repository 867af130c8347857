"""What is declared uncertain has to make sense: one clear fault for each mistake, all of them together."""

from __future__ import annotations

from typing import Any

import pytest

from gigawatt.errors import ScenarioError
from gigawatt.scenario.check_uncertainty import FACTORS, QUANTITIES, SLIPS
from gigawatt.scenario.load import load, presets
from gigawatt.study.futures.realised import MULTIPLIES

NORMAL = {"distribution": "lognormal", "p10": 0.8, "p90": 1.2}
CASES: list[tuple[str, Any, str, str]] = [
    # override, value, path of the fault, words of what is expected
    ("uncertainty.demnd", NORMAL, "uncertainty.demnd", 'did you mean "demand"'),
    ("uncertainty.demand.p10", 2.0, "uncertainty.demand", "p10 ≤ p90"),
    ("uncertainty.demand.p10", 0.0, "uncertainty.demand.p10", "at least 0.01"),
    ("uncertainty.demand.p90", 1e6, "uncertainty.demand.p90", "at most 100"),
    ("uncertainty.demand.p10", "half", "uncertainty.demand.p10", "a bare number"),
    ("uncertainty.demand.low", 0.5, "uncertainty.demand.low", "it belongs to triangular"),
    ("uncertainty.demand.distribution", "normal", "uncertainty.demand.distribution", "'lognormal'"),
    ("uncertainty.rack_price.mode", 1.3, "uncertainty.rack_price", "low ≤ mode ≤ high"),
    ("uncertainty.chip_slip.values", [0, 1], "uncertainty.chip_slip", "as many weights"),
    ("uncertainty.chip_slip.values", [-1, 0, 1, 2], "uncertainty.chip_slip.values", "quarters from 0"),
    ("uncertainty.chip_slip.values", [2, 1, 0, 4], "uncertainty.chip_slip.values", "rising order"),
    ("uncertainty.chip_slip.weights", [0, 0, 0, 0], "uncertainty.chip_slip.weights", "sum is above 0"),
    ("uncertainty.chip_slip.weights", [-1, 1, 1, 1], "uncertainty.chip_slip.weights", "not below 0"),
    ("uncertainty.chip_slip.walk", 0.1, "uncertainty.chip_slip.walk", "no walk"),
    ("uncertainty.failure_rate.walk", 0.1, "uncertainty.failure_rate.walk", "no walk"),
    ("uncertainty.price.walk", 5.0, "uncertainty.price.walk", "at most 2"),
    ("correlations", [["demand", "prize", 0.4]], "correlations[0]", 'did you mean "price"'),
    ("correlations", [["demand", "price", 1.0]], "correlations[0]", "below 1"),
    ("correlations", [["demand", "demand", 0.4]], "correlations[0]", "two different quantities"),
    ("correlations", [["demand", "price", 0.4], ["price", "demand", 0.1]], "correlations[1]", "each pair once"),
]


@pytest.mark.parametrize(("path", "value", "at", "expected"), CASES)
def test_one_fault_one_clear_error(path: str, value: Any, at: str, expected: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load("one-campus", {path: value})
    assert [fault.path for fault in caught.value.faults] == [at], str(caught.value)
    assert expected in caught.value.faults[0].expected, str(caught.value)


def test_correlations_that_cannot_hold_together_name_the_largest() -> None:
    pairs = [["demand", "price", 0.9], ["price", "throughput", 0.8], ["demand", "throughput", -0.7]]
    with pytest.raises(ScenarioError) as caught:
        load("one-campus", {"correlations": pairs})
    (fault,) = caught.value.faults
    assert fault.path == "correlations"
    assert "not positive definite; the largest is demand, price with 0.9" in fault.given


def test_all_faults_come_together() -> None:
    with pytest.raises(ScenarioError) as caught:
        load("one-campus", {"uncertainty.demand.p10": 9.0, "uncertainty.price.walk": 5.0})
    assert len(caught.value.faults) == 2


@pytest.mark.parametrize("name", presets())
def test_presets_say_what_is_uncertain_with_a_grade(name: str) -> None:
    scenario = load(name)
    assert set(scenario.asked.uncertainty) <= set(QUANTITIES)
    assert {path.split(".")[1] for path in scenario.evidence if path.startswith("uncertainty.")} == {
        key for key, spread in scenario.asked.uncertainty.items() if spread.distribution != "discrete"
    }


def test_every_quantity_that_walks_is_a_factor_of_the_inputs() -> None:
    assert set(MULTIPLIES) == set(FACTORS)
    assert not set(SLIPS) & set(FACTORS)
