"""Power divided: the preset, files of one's own, a scenario in a quarter, a saved plan's fleet."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gigawatt as gw
from gigawatt.errors import ScenarioError
from gigawatt.programme import counted, gigawatt_year, money
from gigawatt.programme.arrays import arrays
from gigawatt.programme.gigawatt_year import NEEDED_AT_DISCOUNT
from gigawatt.quarters import SECONDS_PER_YEAR
from gigawatt.scenario.load import allocation_presets, load, load_allocation, presets
from gigawatt.study import verbs
from gigawatt.study.allocation.answer import AllocatedClass, AllocationAnswer
from gigawatt.study.allocation.problem import opened
from gigawatt.study.allocation.question import AllocationQuestion
from gigawatt.study.answer import plain

SHORT = {"horizon.report_end": "2027Q4", "horizon.end": "2028Q2"}
POOLS: dict[str, Any] = {
    "allocation.pools.north": {"power": "6 GW", "platform": "old"},
    "allocation.pools.south": {"power": "4 GW", "platform": "new", "work": 1.5},
}


def divide(scenario: str = "six-classes", /, overrides: dict[str, Any] | None = None, **asked: str) -> AllocationAnswer:
    found: AllocationAnswer = verbs.allocate(scenario, set=overrides or {}, **asked)
    return found


def row(found: AllocationAnswer, key: str) -> AllocatedClass:
    return next(one for one in found.allocation if one.use_case == key)


def codes(found: AllocationAnswer) -> set[str]:
    return {note.code for note in found.head.notes}


class TestPreset:
    def test_figures_of_the_example(self) -> None:
        found = divide(capacity="10 GW")
        assert round(found.lambda_left, 3) == round(found.lambda_right, 3) == 0.497
        assert found.physical_abundance_w == pytest.approx(16e9)
        assert round(found.economic_abundance_w / 1e9, 3) == 9.968
        assert sum(one.power_w for one in found.allocation) == pytest.approx(10e9)
        assert [one.marginal for one in found.allocation] == pytest.approx([found.lambda_right] * 6, rel=1e-9)
        assert [round(one.floor_frac, 4) for one in found.allocation] == [0.2667, 0.1, 0.12, 0.2286, 0.25, 0]
        assert round(divide(capacity="8 GW").lambda_right, 3) == 0.663

    def test_the_curve_goes_through_round_capacities_and_falls(self) -> None:
        curve = divide().curve
        price = {one.capacity_w: one.lambda_ for one in curve}
        assert round(price[8e9], 3) == 0.663
        assert round(price[10e9], 3) == 0.497
        assert price[max(price)] == 0
        assert (np.diff([one.lambda_ for one in curve]) <= 1e-12).all()
        assert all(
            set(one.served_frac) == {"chat", "agents", "cancer", "tutoring", "training", "media"} for one in curve
        )

    def test_exchange_is_watt_for_watt(self) -> None:
        found = {(one.gains, one.gives): one for one in divide().exchange}
        assert len(found) == 30
        swap = found["tutoring", "cancer"]
        assert swap.share_ratio == pytest.approx(3.5 / 2.5)
        assert swap.amount_ratio == pytest.approx((10e6 / 2.5) / (70e9 / 3.5))
        assert swap.amount_ratio * found["cancer", "tutoring"].amount_ratio == pytest.approx(1)
        assert swap.moved_value_per_gw_year == pytest.approx(0, abs=1e-9)

    def test_nothing_is_given_by_who_has_nothing(self) -> None:
        found = {(one.gains, one.gives): one for one in divide(capacity="5 GW").exchange}
        assert found["chat", "media"].share_ratio is None
        assert found["media", "chat"].moved_value_per_gw_year < 0

    def test_the_next_gigawatt_is_shared_out(self) -> None:
        after = divide().next
        assert sum(after.power_w.values()) == pytest.approx(1e9)
        assert after.added_value == pytest.approx((6**2 - 5**2) / (2 * 12.064935), rel=1e-6)

    def test_every_number_is_assumed(self) -> None:
        assert allocation_presets() == ["six-classes"]
        assert "assumed_value" in codes(divide())

    def test_identity_follows_values(self) -> None:
        base = load_allocation("six-classes")
        assert load_allocation("six-classes", {"allocation.cost": "500 /TW"}).hash == base.hash
        assert load_allocation("six-classes", {"allocation.cost": "0.6 /GW"}).hash != base.hash


class TestRules:
    def test_log_is_priceless_at_nothing(self) -> None:
        found = divide(fairness="log", capacity="16 GW")
        assert found.curve[0].lambda_ == math.inf
        assert plain(found)["curve"][0]["lambda"] is None
        assert (found.lambda_left, found.lambda_right) == pytest.approx((0.7, 0.0))
        at_all = [one.lambda_ for one in found.curve if one.capacity_w == pytest.approx(16e9)]
        assert at_all == pytest.approx([0.7, 0.0])
        assert row(found, "media").loss_to_floor_value == math.inf

    def test_alpha_one_is_log(self) -> None:
        assert divide(fairness="alpha=1").allocation == divide(fairness="log").allocation

    def test_max_min_serves_all_alike(self) -> None:
        found = divide(fairness="max-min", capacity="8 GW")
        assert [one.served_frac for one in found.allocation] == pytest.approx([0.5] * 6)
        assert "max_min" in codes(found)

    def test_tiers(self) -> None:
        found = divide(overrides={"allocation.classes.media.tier": 2}, capacity="15 GW")
        assert row(found, "media").power_w == 0
        assert found.lambda_left == pytest.approx(0, abs=1e-9)
        assert found.lambda_right == pytest.approx(0.7)

    def test_a_floor_that_cannot_be_met_is_said(self) -> None:
        found = divide(capacity="1 GW")
        assert "floor" in codes(found)
        assert found.lambda_right > 5

    def test_pools_with_a_class_kept_out(self) -> None:
        here = POOLS | {"allocation.classes.cancer.platforms": ["new"], "allocation.classes.chat.sites": ["north"]}
        found = divide(overrides=here)
        assert found.capacity_w == pytest.approx(10e9)
        north, south = found.pools
        assert north.given_w["cancer"] == pytest.approx(0, abs=1)
        assert south.given_w["chat"] == pytest.approx(0, abs=1)
        assert sum(north.given_w.values()) == pytest.approx(6e9, rel=1e-6)
        # 4 GW that do one and a half times the work are 12 GW in all.
        assert found.physical_abundance_w == pytest.approx(16e9 / 1.2, rel=1e-6)
        assert found.lambda_right == pytest.approx(1.2 * (16 - 12) / 12.064935, rel=1e-4)
        assert found.economic_abundance_w == pytest.approx((16 - 0.5 / 1.2 * 12.064935) / 1.2 * 1e9, rel=0.01)

    def test_without_a_cost_there_is_no_economic_abundance(self) -> None:
        found = divide(overrides={"allocation.cost": False})
        assert found.economic_abundance_w is None
        assert "no_cost" in codes(found)


class TestScenario:
    def test_demand_and_weight_follow_from_the_scenario(self) -> None:
        scenario = load("one-campus")
        data, asked, period = arrays(scenario), scenario.asked, "2029Q2"
        found = divide("one-campus", period=period)
        documents = row(found, "documents")
        at = data.sel(period=period, use_case="documents")
        racks = counted.tokens_per_s(at).sel(platform="vr230")
        rate = float(racks / (at.rack_it_w.sel(platform="vr230") * at.pue_peak_ratio).sel(site="example-campus"))
        assert documents.demand_w == pytest.approx(float(at.demand_tokens_per_s) / rate)
        yearly = float(at.demand_tokens_per_s * at.price_usd_per_mtok) / 1e6 * SECONDS_PER_YEAR
        weight = 2 * yearly * asked.use_cases["documents"].social_weight_ratio / documents.demand_w
        assert documents.weight_value_per_gw_year == pytest.approx(weight * 1e9)
        assert row(found, "assistant").floor_frac == pytest.approx(0.5)
        assert found.capacity_w == asked.programme.target_w
        assert found.platform == "NVIDIA Vera Rubin NVL72 (Max-P)"

    def test_log_weighs_by_the_mean_and_quadratic_by_twice_that(self) -> None:
        one, other = (row(divide("one-campus", fairness=rule), "documents") for rule in ("quadratic", "log"))
        assert one.weight_value_per_gw_year == pytest.approx(2 * other.weight_value_per_gw_year)

    def test_cost_is_that_of_the_books(self) -> None:
        """A watt bought in one quarter, through the lines of the books, and annuities of what was spent."""
        scenario = load("one-campus")
        data, asked = arrays(scenario), scenario.asked
        finance, period = asked.finance, "2029Q2"
        racks = 1e6 / float(data.rack_it_w.sel(platform="vr230"))
        after = (data.period >= period) * 1.0
        at = (data.period == period) * 1.0
        it = (after * 1e6).expand_dims(site=data.site).transpose("period", "site")
        shell = it * data.pue_peak_ratio
        lines = money.lines(
            data[["supply_count"]]
            .drop_vars(list(data[["supply_count"]]))
            .assign(
                install_count=(at * racks * (data.platform == "vr230")).expand_dims(site=data.site),
                it_w=it,
                shell_w=shell,
                energise_w=shell * at,
                served_tokens_per_s=0.0 * data.block_ratio * data.demand_tokens_per_s,
            ),
            data,
            asked,
        )
        spent = {name: -float(money.total(lines[name]).sum()) for name in ("racks_usd", "network_usd", "shells_usd")}
        running = -4 * float((money.total(lines.energy_usd) + money.total(lines.opex_usd))[-1])
        yearly = running + (spent["racks_usd"] + spent["network_usd"]) * gw_recovery(finance, finance.rack_life_years)
        yearly += spent["shells_usd"] * gw_recovery(finance, finance.shell_life_years)
        expected = yearly / float(shell[-1].sum()) / (1 - finance.non_compute_frac)
        found = gigawatt_year.of_quarter_usd_per_w(data, asked, NEEDED_AT_DISCOUNT, "facility")
        assert float(found.sel(period=period, platform="vr230")) == pytest.approx(expected, rel=1e-9)
        assert divide("one-campus", period=period).cost_value_per_gw_year == pytest.approx(expected * 1e9, rel=1e-9)

    def test_a_table_in_the_scenario_goes_first(self) -> None:
        over = {
            "allocation.classes.documents": {"demand": "50 MW", "weight": "9e9 /GW", "tier": 2, "title": "Papers"},
            "allocation.cost": "1e10 /GW",
            "allocation.capacity": "80 MW",
        }
        found = divide("one-campus", over)
        papers = row(found, "documents")
        assert (papers.title, papers.tier) == ("Papers", 2)
        assert (papers.demand_w, papers.weight_value_per_gw_year) == pytest.approx((50e6, 9e9))
        assert found.capacity_w == 80e6
        assert found.cost_value_per_gw_year == pytest.approx(1e10)

    def test_runs_and_experiments_are_classes_too(self) -> None:
        found = divide("loi-2025-09", period="2030Q3")
        keys = [one.use_case for one in found.allocation]
        assert "run_2031" in keys
        assert "run_2032" not in keys
        assert "research" in keys
        assert found.lambda_right > 0
        assert 0 < found.economic_abundance_w < found.physical_abundance_w

    def test_a_class_that_no_platform_may_take_is_left_out_and_said(self) -> None:
        over = {"allocation.classes.documents.platforms": ["gb300"]}
        found = divide("one-campus", over, period="2029Q2")
        assert [one.use_case for one in found.allocation] == ["assistant"]
        assert "Documents read overnight" in next(note.text for note in found.head.notes if note.code == "unable")

    def test_hard_floors_come_first(self) -> None:
        over = {"use_cases.assistant.hard": True, "use_cases.assistant.floor": 0.9}
        found = divide("one-campus", over, period="2029Q2", capacity="60 MW")
        assert row(found, "documents").power_w == pytest.approx(0, abs=1)


def gw_recovery(finance: Any, life_years: float) -> float:
    from gigawatt import dollars

    return dollars.recovery_frac(finance.discount_per_year, life_years)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("result") / "campus"
    gw.run("one-campus", SHORT).save(folder)
    return folder


@pytest.fixture(scope="module")
def divided(saved: Path) -> AllocationAnswer:
    return divide(str(saved))


class TestResult:
    def test_the_fleet_of_a_plan_is_divided(self, saved: Path, divided: AllocationAnswer) -> None:
        result, found = gw.load_result(saved), divided
        period = str(result.headline["peak_period"])
        assert found.period == period
        standing = float(result.plan.data.facility_w.sel(period=period).sum())
        assert found.capacity_w == pytest.approx(standing, rel=1e-9)
        assert {pool.platform for pool in found.pools} <= set(result.scenario.asked.platforms)
        given = sum(sum(pool.given_w.values()) for pool in found.pools)
        assert given == pytest.approx(min(standing, found.physical_abundance_w), rel=1e-4)

    def test_demand_may_be_another(self, saved: Path, divided: AllocationAnswer) -> None:
        other = opened(AllocationQuestion(scenario=str(saved), set={"demand.volume_scale": 2.0})).problem
        asked_for = {need.key: need.demand_w for need in other.needs}
        assert asked_for["documents"] == pytest.approx(2 * row(divided, "documents").demand_w)

    def test_platforms_may_not(self, saved: Path) -> None:
        with pytest.raises(ScenarioError, match="platforms of the saved plan"):
            divide(str(saved), {"platforms.gb300": False, "pools.blackwell": False})


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"capacity": "-1 GW"}, "capacity", "not negative"),
    ({"capacity": "0 GW"}, "capacity", "above 0"),
    ({"capacity": "10 GWh"}, "capacity", "a power"),
    ({"fairness": "equal"}, "fairness", "max-min"),
    ({"fairness": "alpha=0"}, "fairness", "above 0"),
    ({"fairness": "alpha=many"}, "fairness", "alpha=X"),
    ({"fairness": "alpha=100"}, "fairness", "at most 32"),
    ({"period": "2030Q3"}, "period", "no quarters"),
    ({"overrides": {"allocation.capacity": False}}, "capacity", "a power"),
    ({"overrides": {"allocation.classes.chat.floor": "4 GW"}}, "allocation.classes.chat.floor", "demand of 3 GW"),
    ({"overrides": {"allocation.classes.chat.weight": "-1 /GW"}}, "allocation.classes.chat.weight", "not negative"),
    ({"overrides": {"allocation.classes.chat.weight": 1}}, "allocation.classes.chat.weight", "value per power"),
    ({"overrides": {"allocation.classes.chat.weight": "1e30 /W"}}, "allocation.classes.chat.weight", "at most"),
    ({"overrides": {"allocation.classes.chat.demand": "0 GW"}}, "allocation.classes.chat.demand", "at least 100 W"),
    ({"overrides": {"allocation.classes.chat.demand": False}}, "allocation.classes.chat.demand", "a power"),
    ({"overrides": {"allocation.classes.chat.floor_penalty": False}}, "allocation.classes.chat.floor_penalty", "floor"),
    ({"overrides": {"allocation.classes.chat.tier": 0}}, "allocation.classes.chat.tier", "at least 1"),
    ({"overrides": {"allocation.classes.chat.amount": 0}}, "allocation.classes.chat.amount", "at least 1e-07"),
    ({"overrides": {"allocation.classes.chat.sites": ["moon"]}}, "allocation.classes.chat.sites", "one of"),
    ({"overrides": {"allocation.classes.chat.wieght": "1 /GW"}}, "allocation.classes.chat.wieght", '"weight"'),
    ({"overrides": {"allocation.value_unit": False}}, "allocation.value_unit", "what values are counted in"),
    (
        {"overrides": POOLS | {"allocation.pools.north": {"power": "0 GW"}}},
        "allocation.pools.north.power",
        "at least 100 W",
    ),
    (
        {"overrides": POOLS | {"allocation.pools.south": {"power": "1 GW", "work": 0}}},
        "allocation.pools.south.work",
        "at least 1e-06",
    ),
]


@pytest.mark.parametrize(("asked", "path", "expected"), BAD, ids=lambda item: str(item)[:40])
def test_bad_input_is_one_clear_fault(asked: dict[str, Any], path: str, expected: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        divide("six-classes", **asked)
    assert [fault.path for fault in caught.value.faults] == [path], str(caught.value)
    assert expected in caught.value.faults[0].expected


IN_A_SCENARIO: list[tuple[dict[str, Any], str, str]] = [
    ({"period": "2050Q1"}, "period", "2026Q3 to 2031Q4"),
    ({"period": "summer"}, "period", "a quarter from"),
    ({"overrides": {"allocation.classes.chatt.tier": 1}}, "allocation.classes.chatt", "assistant"),
    ({"overrides": {"allocation.value_unit": "lives"}}, "allocation.value_unit", "USD"),
    ({"overrides": POOLS}, "allocation.pools", "the scenario's own"),
    (
        {"overrides": {"allocation.classes.documents.floor": "9 GW"}},
        "allocation.classes.documents.floor",
        "the demand of",
    ),
    (
        {"overrides": {f"use_cases.{key}.social_weight": 0 for key in ("assistant", "documents")}},
        "use_cases",
        "above 0",
    ),
]


@pytest.mark.parametrize(("asked", "path", "expected"), IN_A_SCENARIO, ids=lambda item: str(item)[:40])
def test_bad_input_in_a_scenario(asked: dict[str, Any], path: str, expected: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        divide("one-campus", **asked)
    assert [fault.path for fault in caught.value.faults] == [path], str(caught.value)
    assert expected in caught.value.faults[0].expected


def test_no_class_has_value() -> None:
    over = {
        f"allocation.classes.{key}.weight": "0 /GW"
        for key in ("chat", "agents", "cancer", "tutoring", "training", "media")
    }
    with pytest.raises(ScenarioError, match="no class has value"):
        divide(overrides=over)


def test_an_allocation_is_no_programme_and_says_so() -> None:
    assert "six-classes" not in presets()
    with pytest.raises(ScenarioError, match="gigawatt allocate six-classes"):
        load("six-classes")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("six-clases", "one of the presets six-classes"),
        ("x" * 5000, "one of the presets six-classes"),
        ("a\0b", "without control characters"),
    ],
)
def test_no_such_name(name: str, expected: str) -> None:
    with pytest.raises(ScenarioError, match=expected):
        divide(name)


def test_faults_of_the_question_are_told_together() -> None:
    with pytest.raises(ScenarioError) as caught:
        divide(capacity="0 GW", fairness="equal")
    assert {(fault.path, fault.asked) for fault in caught.value.faults} == {("capacity", True), ("fairness", True)}


@pytest.mark.parametrize(("capacity", "step"), [("10 GW", 1e9), ("1 GW", 1e9), ("840 MW", 1e8), ("30 MW", 5e6)])
def test_the_next_step_is_of_the_capacity_s_size(capacity: str, step: float) -> None:
    """users 16: a gigawatt, or a round power of about a tenth."""
    assert divide(capacity=capacity).next.step_w == pytest.approx(step)


def test_a_file_of_ones_own_extends_the_preset(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('extends = "six-classes"\n[allocation]\ncapacity = "8 GW"\n[allocation.classes]\nmedia = false\n')
    found = divide(str(file))
    assert found.head.scenario == "mine"
    assert found.physical_abundance_w == pytest.approx(15e9)


def test_what_more_power_adds_is_the_sum_of_what_each_class_gains() -> None:
    after = divide(capacity="10 GW").next
    assert sum(after.gained_value.values()) == pytest.approx(after.added_value, rel=1e-12)
    assert all(after.gained_value[key] > 0 for key, power_w in after.power_w.items() if power_w > 0)


def test_a_floor_without_a_price_is_met_before_what_has_none_and_a_note_says_so() -> None:
    before = divide("one-campus")
    (free,) = (one for one in before.allocation if one.floor_frac == 0)
    found = divide("one-campus", {f"allocation.classes.{free.use_case}.floor": "40 MW"})
    assert row(found, free.use_case).power_w > 1.5 * free.power_w
    assert "unpriced_floor" in codes(found) - codes(before)


def test_scenarios_that_differ_in_more_than_their_allocation_share_no_arrays() -> None:
    plain_one, weighed, dearer = (
        divide("one-campus"),
        divide("one-campus", {"allocation.cost": "1e9 /GW"}),
        divide("one-campus", {"finance.discount": "20 %/year"}),
    )
    assert weighed.cost_value_per_gw_year == pytest.approx(1e9)
    assert dearer.cost_value_per_gw_year > plain_one.cost_value_per_gw_year
    assert divide("one-campus").cost_value_per_gw_year == plain_one.cost_value_per_gw_year
