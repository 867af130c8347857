"""A plan counts on what users accept: one factor in rates, and the power that it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import xarray as xr

import gigawatt as gw
from gigawatt.catalog.records import DeratingTable, ServingDerating
from gigawatt.errors import ScenarioError
from gigawatt.programme import counted, rates
from gigawatt.programme.arrays import arrays
from gigawatt.programme.rates import rack_rates
from gigawatt.programme.slo import FACTOR, SLO, derating, prompt_alone_s, slo_power
from gigawatt.scenario.load import load
from gigawatt.scenario.schema import Scenario
from gigawatt.simulation import sharing

ON = {"operations.slo_derating": True, "use_cases.assistant.ttft": "2 s"}


def table(kept: float, hard: float = 0.0) -> ServingDerating:
    """All of it at the loosest limits, and `hard` where users wait for no more than twice their prompt alone."""
    rows = ((hard, hard), (kept, kept))
    return ServingDerating(
        id="typed",
        quantile_frac=0.99,
        ttft_ratios=(2.0, 4.0),
        tpot_ratios=(1.0, 2.0),
        tables=(DeratingTable(burstiness_ratio=1.0, engines_count=32, prompt_ratio=8.0, kept_fracs=rows),),
        spread_frac=0.1,
        deployments_count=1,
        requests_count=1000,
    )


def stated(kept: float, overrides: Mapping[str, Any] = ON, hard: float = 0.0) -> Scenario:
    """The one campus with a table typed here."""
    scenario = load("one-campus", overrides)
    return replace(scenario, records=replace(scenario.records, derating=table(kept, hard)))


def test_what_users_accept_is_in_the_rates_of_interactive_classes_alone() -> None:
    plain, derated = (arrays(stated(0.6, {**ON, "operations.slo_derating": on})) for on in (False, True))
    ratio = (derated.rack_tokens_per_s / plain.rack_tokens_per_s).isel(period=0)
    assert ratio.sel(use_case="assistant").values == pytest.approx([0.6, 0.6])
    assert ratio.sel(use_case="documents").values == pytest.approx([1, 1])
    assert derated[FACTOR].values == pytest.approx(ratio.transpose("platform", "use_case").values)
    assert derating(plain) is None
    assert derating(derated) is not None


def test_without_a_limit_on_the_first_token_that_of_the_tokens_after_it_holds() -> None:
    open_ended = {"operations.slo_derating": True}
    rates, notes = rack_rates(stated(0.6, open_ended, hard=0.1))
    assert rates["slo_derating"][:, 0] == pytest.approx([0.6, 0.6])
    assert notes[SLO] == []


def test_a_limit_that_no_prompt_meets_is_told_with_its_path_and_the_time_of_a_prompt_alone() -> None:
    with pytest.raises(ScenarioError) as caught:
        rack_rates(stated(0.6, {**ON, "use_cases.assistant.ttft": "2 ms"}))
    (fault,) = caught.value.faults
    assert (fault.path, fault.given) == ("use_cases.assistant.ttft", "2 ms")
    assert fault.expected.endswith("or more, that of a prompt alone")


def test_limits_that_hold_at_no_rate_are_told() -> None:
    scenario = stated(0.0)
    with pytest.raises(ScenarioError) as caught:
        rack_rates(scenario)
    (fault,) = caught.value.faults
    assert fault.path == "use_cases.assistant.tpot"


def test_bursts_beyond_the_table_are_noted_with_who_has_them() -> None:
    _, notes = rack_rates(stated(0.6, {**ON, "use_cases.assistant.burstiness": 5}))
    (said,) = notes[SLO]
    assert said == (
        "The SLO derating was simulated for less: a burstiness of 5 counts as 1 (Assistant for people at work on "
        "gb300, Assistant for people at work on vr230)"
    )


def test_a_prompt_alone_takes_less_than_one_among_others() -> None:
    scenario = load("one-campus", {"use_cases.assistant.serving": "best"})
    places = [("assistant", platform) for platform in scenario.asked.platforms]
    cases = {place: rates.serving_case(scenario, *place) for place in places}
    for place, way in rates._served(scenario, cases).items():
        together = way.ttft_s if hasattr(way, "ttft_s") else way.state.ttft_s
        assert 0 < prompt_alone_s(cases[place], way) < float(together)


@pytest.fixture(scope="module")
def planned() -> gw.Result:
    return gw.run(stated(0.6, {**ON, "solver.trials": 0, "horizon.report_end": "2028Q4", "horizon.end": "2029Q4"}))


def test_the_power_is_the_difference_between_the_powers_that_serve_the_same_tokens(planned: gw.Result) -> None:
    """Racks for a quarter's tokens by the rates of either scenario, each with its share of IT power and PUE."""
    plan, period = planned.plan, str(planned.accounts.headline.peak_period)
    plain = arrays(replace(planned.scenario, asked=_without(planned.scenario)))
    served = plan.data.work_count * counted.tokens_per_s(plan.inputs)
    served = served.sel(period=period, block="peak")

    def power_w(data: xr.Dataset) -> float:
        racks = served / counted.tokens_per_s(data).sel(period=period)
        return float((racks * data.rack_it_w).sum()) * float(data.pue_peak_ratio.values[0])

    found = slo_power(plan.data, plan.inputs, period)
    assert found.more_w > 0
    assert float(found.with_w.sum()) == pytest.approx(power_w(plan.inputs))
    assert found.more_w == pytest.approx(power_w(plan.inputs) - power_w(plain))
    assert found.more_w == pytest.approx(0.4 * float(found.with_w.sel(use_case="assistant")))
    assert float(found.without_w.sel(use_case="documents")) == float(found.with_w.sel(use_case="documents"))


def test_the_plan_with_it_differs_from_that_without(planned: gw.Result) -> None:
    plain = gw.run(replace(planned.scenario, asked=_without(planned.scenario)))
    served = [float(one.plan.data.served_tokens_per_s.sum()) for one in (planned, plain)]
    assert served[0] < 0.9 * served[1]
    assert [note.code for note in plain.notes if note.code == SLO] == []


def test_the_simulator_counts_on_the_same_rates(planned: gw.Result) -> None:
    rates = sharing._rates(planned.plan.inputs)[..., 0]
    plain = sharing._rates(arrays(replace(planned.scenario, asked=_without(planned.scenario))))[..., 0]
    assert rates == pytest.approx(0.6 * plain)


def _without(scenario: Scenario) -> Any:
    return replace(scenario.asked, operations=replace(scenario.asked.operations, slo_derating=False))
