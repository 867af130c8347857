"""claims, run, allocate and predict on one basis: the same power to serve, and the same cost of a gigawatt-year."""

from __future__ import annotations

from typing import Any

import pytest

from gigawatt.programme import power_to_serve
from gigawatt.programme.arrays import arrays
from gigawatt.programme.yardstick import Yardstick, Yardsticks
from gigawatt.quarters import HOURS_PER_YEAR
from gigawatt.scenario.load import DEFAULT, load
from gigawatt.study import verbs
from gigawatt.study.allocation.answer import AllocationAnswer
from gigawatt.study.answer import plain
from gigawatt.study.claims import gigawatt, work
from gigawatt.study.claims.cases import Cases
from gigawatt.study.predict.gigawatt import GigawattComparison
from gigawatt.study.run.yardsticks import yardsticks

QUARTER = "2030Q3"


@pytest.fixture(scope="module")
def cases() -> Cases:
    return Cases()


@pytest.fixture(scope="module")
def claimed(cases: Cases) -> Yardsticks:
    return work.yardsticks(cases)


@pytest.fixture(scope="module")
def divided() -> AllocationAnswer:
    return verbs.ask("allocate", period=QUARTER)


@pytest.fixture(scope="module")
def planned(cases: Cases) -> Yardsticks:
    """What a run tells, which needs the arrays of its plan and no more of it."""
    return yardsticks(cases.scenario, cases.inputs)


@pytest.fixture(scope="module")
def predicted() -> GigawattComparison:
    return verbs.ask(
        "predict gigawatt",
        model="deepseek-r1",
        gpu="gb300-nvl72, vera-rubin-nvl72-max-p",
        input=8000,
        output=1000,
        price_input=0.5,
        price_output=2,
        scenario=DEFAULT,
    )


def of(found: Yardsticks, platform: str) -> Yardstick:
    return next(row for row in found.rows if (row.period, row.platform) == (QUARTER, platform))


def test_claims_run_and_allocate_tell_the_same_of_a_quarter_and_platform(
    claimed: Yardsticks, divided: AllocationAnswer, planned: Yardsticks
) -> None:
    assert divided.yardsticks is not None
    (row,) = divided.yardsticks.rows
    assert (row.period, row.platform, row.part) == (QUARTER, "feynman", divided.platform)
    assert of(claimed, row.platform) == row
    assert of(planned, row.platform) == row
    assert claimed.bases == divided.yardsticks.bases == planned.bases


def test_every_basis_is_said_in_words(claimed: Yardsticks) -> None:
    figures = [name for name in plain(claimed.rows[0]) if name.endswith(("_w", "_year"))]
    assert len(figures) == 8
    for name in figures:
        said = [key for key in claimed.bases if name.startswith(key)]
        at = [key for key in ("facility", "it") if f"_{key}_" in name]
        assert len(said) == len(at) == 1, name
        assert at[0] in claimed.bases


def test_abundance_of_an_allocation_is_the_power_to_serve_apart(divided: AllocationAnswer) -> None:
    assert divided.yardsticks is not None
    row = divided.yardsticks.rows[0]
    assert divided.physical_abundance_w == pytest.approx(row.serving_apart_facility_w, rel=1e-9)
    assert sum(one.demand_w for one in divided.allocation) == pytest.approx(row.serving_apart_facility_w, rel=1e-9)
    assert divided.cost_value_per_gw_year == pytest.approx(row.needed_at_discount_facility_usd_per_gw_year, rel=1e-12)


def test_what_claims_say_serves_everything_is_the_power_to_serve_together(cases: Cases, claimed: Yardsticks) -> None:
    for row in claimed.rows:
        load_ = gigawatt.load_of(cases.inputs, row.platform, QUARTER)
        assert load_.total_w == pytest.approx(row.serving_together_facility_w, rel=1e-12)
        assert load_.apart_w == pytest.approx(row.serving_apart_facility_w, rel=1e-12)


def test_claims_and_predictions_say_the_same_of_a_listed_price(cases: Cases, predicted: GigawattComparison) -> None:
    """The cheapest rack's need of a claim is the cost of owning that a prediction tells, over what is left for compute;
    what a prediction charges for a package-hour fills a gigawatt with it."""
    owned = {part.gpu: part.owned_at_capital_cost_usd_per_gw_year for part in predicted.parts}
    assert owned["gb300-nvl72"] is not None
    cheapest, _ = work._unit_needs(cases)
    left = 1 - cases.scenario.asked.finance.non_compute_frac
    assert cheapest * 1e9 == pytest.approx(owned["gb300-nvl72"] / left, rel=1e-9)
    for part in predicted.parts:
        assert part.rack is not None
        assert part.rack.usd_per_h is not None
        assert part.rack.package_facility_w is not None
        filled = part.rack.usd_per_h * HOURS_PER_YEAR * 1e9 / part.rack.package_facility_w
        assert filled == pytest.approx(part.owned_at_capital_cost_usd_per_gw_year, rel=1e-9)
        assert part.rack.cost_usd_per_gw_year == pytest.approx(filled, rel=1e-3)


def test_a_platform_sold_at_its_listed_price_costs_what_is_predicted() -> None:
    """Where a rack's price does not change and sites do not either, the price of a quarter is the listed one."""
    held: dict[str, Any] = {f"platforms.{key}.price_change": "0 %/year" for key in load("one-campus").asked.platforms}
    stands = load("one-campus", held)
    data = arrays(stands)
    row = next(row for row in yardsticks(stands, data).rows if row.platform == "vr230")
    listed = verbs.ask(
        "predict gigawatt",
        model="deepseek-r1",
        gpu=stands.records.accelerators["vr230"].id,
        input=8000,
        output=1000,
        price_input=0.5,
        price_output=2,
        scenario="one-campus",
    ).parts[0]
    assert listed.owned_at_capital_cost_usd_per_gw_year == pytest.approx(
        row.owned_at_capital_cost_facility_usd_per_gw_year, rel=1e-9
    )
    assert listed.needed_at_discount_usd_per_gw_year == pytest.approx(
        row.needed_at_discount_facility_usd_per_gw_year, rel=1e-9
    )


def test_other_power_is_another_count_of_the_same_racks(claimed: Yardsticks, cases: Cases) -> None:
    it = power_to_serve.power_w(cases.inputs, "it", "together").sel(period=QUARTER)
    for row in claimed.rows:
        assert row.serving_together_it_w == pytest.approx(float(it.sel(platform=row.platform)), rel=1e-12)
        ratio = row.serving_together_facility_w / row.serving_together_it_w
        for name in ("owned", "needed"):
            usd = getattr(row, f"{name}_usd_per_gw_year")
            assert usd("facility") * ratio == pytest.approx(usd("it"), rel=1e-12)


@pytest.mark.slow
def test_a_run_of_the_default_scenario_tells_the_same(claimed: Yardsticks) -> None:
    found = verbs.ask("run")
    assert of(found.yardsticks, "feynman") == of(claimed, "feynman")


def test_hardware_alone_is_a_floor_under_owning(cases: Cases, predicted: GigawattComparison) -> None:
    """`predict inference` without a price takes hardware alone, and says so: its rack worn off over five years."""
    alone = verbs.ask("predict inference", model="deepseek-r1", gpu="gb300-nvl72", input=8000, output=1000)
    part = cases.scenario.records.accelerators["gb300"]
    assert part.rack_price_usd is not None
    assert alone.usd_per_h == pytest.approx(part.rack_price_usd / part.packages_per_rack_count / (5 * HOURS_PER_YEAR))
    assert alone.usd_basis.startswith("hardware alone")
    owned = next(one.year.usd_per_h for one in predicted.parts if one.gpu == "gb300-nvl72")
    assert owned is not None
    assert alone.usd_per_h < owned
