"""A gigawatt of each part for a year: figures that go together, both counts of power, and every mistake by its key."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gigawatt.catalog import load
from gigawatt.catalog.rented import newest_rent
from gigawatt.errors import CalibrationError, Fault, InputError
from gigawatt.programme import arrays, listed
from gigawatt.quarters import HOURS_PER_YEAR
from gigawatt.scenario.load import load as scenario
from gigawatt.study import verbs
from gigawatt.study.claims.gigawatt import pue_peak_ratio
from gigawatt.study.predict.gigawatt import GigawattComparison
from gigawatt.study.predict.gigawatt_year import GigawattYear

ASKED = {
    "model": "deepseek-r1",
    "gpu": "gb300-nvl72, h200",
    "input": 8000,
    "output": 1000,
    "cached": "50 %",
    "price_input": 0.5,
    "price_cached": "0.05 USD/Mtoken",
    "price_output": 2,
    "scenario": "one-campus",
}


def ask(**change: Any) -> GigawattComparison:
    return verbs.ask("predict gigawatt", **ASKED | change)


def faults(**change: Any) -> dict[str, Fault]:
    with pytest.raises(InputError) as error:
        ask(**change)
    assert all(fault.asked for fault in error.value.faults)
    return {fault.path: fault for fault in error.value.faults}


@pytest.fixture(scope="module")
def usual() -> GigawattComparison:
    return ask()


@pytest.fixture(scope="module")
def year(usual: GigawattComparison) -> GigawattYear:
    found = next(part for part in usual.parts if part.gpu == "gb300-nvl72").rack
    assert found is not None
    return found


def test_the_most_profitable_part_comes_first(usual: GigawattComparison) -> None:
    assert {part.gpu for part in usual.parts} == {"gb300-nvl72", "h200"}
    profits = [part.year.profit_usd_per_gw_year.p50 for part in usual.parts]
    assert profits == sorted(profits, reverse=True)
    assert usual.head.scenario == "one-campus"


def test_a_power_is_filled_with_whole_racks_at_the_meter(year: GigawattYear) -> None:
    part, stands = load.get("accelerators", "gb300-nvl72"), scenario("one-campus")
    pue = pue_peak_ratio(arrays.arrays(stands))
    each_w = part.rack_power_w / 72 * stands.asked.operations.it_overhead_ratio * pue
    assert year.package_facility_w == pytest.approx(each_w)
    assert year.packages_count == 72 * year.racks_count
    assert 0 <= 1e9 - year.packages_count * each_w < 72 * each_w
    assert year.users_count_per_mw_it == pytest.approx(year.users_count_per_mw_facility * pue)
    assert year.users_count == pytest.approx(year.users_count_per_mw_facility * 1e3, rel=1e-3)


def test_what_is_sold_is_the_use_of_what_a_part_serves(usual: GigawattComparison, year: GigawattYear) -> None:
    part = next(part for part in usual.parts if part.gpu == "gb300-nvl72")
    alone = verbs.ask(
        "predict inference", model="deepseek-r1", gpu="gb300-nvl72", input=8000, output=1000, cached="50 %"
    )
    rate = alone.tokens_per_s_per_gpu.p50
    assert part.tokens_per_s_per_gpu == alone.tokens_per_s_per_gpu
    assert year.output_tokens_per_s.p50 == pytest.approx(rate * year.packages_count * alone.working_frac)
    sold = year.output_tokens_per_s.p50 * 0.6 * HOURS_PER_YEAR * 3600
    assert year.output_tokens_per_gw_year.p50 == pytest.approx(sold)
    assert year.read_tokens_per_gw_year == pytest.approx(4 * sold)
    assert year.cached_tokens_per_gw_year == pytest.approx(4 * sold)
    unit, users = alone.unit
    assert year.users_count == pytest.approx(year.packages_count * alone.working_frac / unit * users)


def test_revenue_is_the_sum_of_its_kinds_and_profit_what_is_left(year: GigawattYear) -> None:
    sold = year.output_tokens_per_gw_year.p50 / 1e6
    kinds = (year.read_usd_per_gw_year, year.cached_usd_per_gw_year, year.output_usd_per_gw_year)
    assert kinds == pytest.approx((4 * sold * 0.5, 4 * sold * 0.05, sold * 2))
    assert year.revenue_usd_per_gw_year.p50 == pytest.approx(sum(kinds))
    for name in ("p10", "p50", "p90"):
        left = getattr(year.revenue_usd_per_gw_year, name) - year.cost_usd_per_gw_year
        assert getattr(year.profit_usd_per_gw_year, name) == pytest.approx(left)
    assert year.usd_per_mtok.p50 == pytest.approx(year.cost_usd_per_gw_year / sold)
    assert year.all_usd_per_mtok.p50 == pytest.approx(year.usd_per_mtok.p50 / 9)
    assert year.usd_per_mtok.p10 < year.usd_per_mtok.p50 < year.usd_per_mtok.p90


def test_owning_costs_what_the_accounts_of_the_scenario_say(usual: GigawattComparison, year: GigawattYear) -> None:
    stands, part = scenario("one-campus"), load.get("accelerators", "gb300-nvl72")
    assert year.usd_per_h == pytest.approx(listed.package_usd_per_h(arrays.arrays(stands), stands.asked, part))
    assert year.cost_usd_per_gw_year == pytest.approx(year.usd_per_h * HOURS_PER_YEAR * year.packages_count)
    assert all("owning, by one-campus" in (one.usd_basis or "") for one in usual.parts)


def test_at_the_use_that_breaks_even_nothing_is_left(year: GigawattYear) -> None:
    found = ask(gpu="gb300-nvl72", use=year.break_even_frac.p50).parts[0].year
    assert found.profit_usd_per_gw_year.p50 == pytest.approx(0.0, abs=1e-6 * found.cost_usd_per_gw_year)
    assert found.break_even_frac.p50 == pytest.approx(year.break_even_frac.p50)
    assert year.break_even_frac.p10 < year.break_even_frac.p50 < year.break_even_frac.p90


def test_twice_the_prices_earn_twice_as_much_and_a_licence_takes_its_share(year: GigawattYear) -> None:
    double = ask(gpu="gb300-nvl72", price_input=1, price_cached=0.1, price_output=4, licence="30 %").parts[0].year
    revenue = 2 * year.revenue_usd_per_gw_year.p50
    assert double.revenue_usd_per_gw_year.p50 == pytest.approx(revenue)
    assert double.licence_usd_per_gw_year == pytest.approx(0.3 * revenue)
    assert double.profit_usd_per_gw_year.p50 == pytest.approx(0.7 * revenue - year.cost_usd_per_gw_year)
    assert double.break_even_frac.p50 == pytest.approx(year.break_even_frac.p50 / 2 / 0.7)


def test_what_is_of_a_gigawatt_is_so_at_any_power(year: GigawattYear) -> None:
    found = ask(gpu="gb300-nvl72", power="20 GW").parts[0].year
    assert found.racks_count == pytest.approx(20 * year.racks_count, abs=20)
    assert found.revenue_usd_per_gw_year.p50 == pytest.approx(year.revenue_usd_per_gw_year.p50, rel=1e-3)
    assert found.cost_usd_per_gw_year == pytest.approx(year.cost_usd_per_gw_year, rel=1e-3)


def test_a_gigawatt_of_it_holds_more_and_no_reckoning_of_a_facility(year: GigawattYear) -> None:
    part = ask(gpu="gb300-nvl72", power_basis="it").parts[0]
    assert part.all_in is None
    assert part.year.package_it_w == pytest.approx(year.package_it_w)
    assert part.year.packages_count / year.packages_count == pytest.approx(
        year.package_facility_w / year.package_it_w, rel=1e-3
    )
    assert part.year.usd_per_h == pytest.approx(year.usd_per_h)


def test_all_in_is_what_an_analyst_provides_for_a_package(usual: GigawattComparison) -> None:
    part = next(part for part in usual.parts if part.gpu == "gb300-nvl72")
    assert part.rack is not None
    assert part.all_in is not None
    all_in_w = load.get("accelerators", "gb300-nvl72").all_in_power_w
    assert part.all_in.package_facility_w == all_in_w
    assert part.all_in.packages_count == int(1e9 / (72 * all_in_w)) * 72
    assert part.all_in.users_count_per_mw_it is None
    dearer = part.all_in.usd_per_h > part.rack.usd_per_h
    assert dearer == (part.all_in.package_facility_w > part.rack.package_facility_w)  # shell goes with power


def test_rent_stands_beside_what_owning_costs(usual: GigawattComparison) -> None:
    part = next(part for part in usual.parts if part.gpu == "gb300-nvl72")
    rent = newest_rent("gb300-nvl72")
    assert rent is not None
    assert (part.rent_usd_per_h, part.rent_date) == (rent.usd_per_h, rent.day_date)
    left = part.year.profit_usd_per_gw_year.p50 - part.year.rented_profit_usd_per_gw_year.p50
    more = (rent.usd_per_h - part.year.usd_per_h) * HOURS_PER_YEAR * part.year.packages_count
    assert left == pytest.approx(more)


def test_a_stated_cost_is_taken_on_both_counts() -> None:
    part = ask(gpu="gb300-nvl72", usd_per_gpu_hour=3).parts[0]
    assert part.usd_basis == "as stated"
    for found in (part.rack, part.all_in):
        assert found is not None
        assert found.cost_usd_per_gw_year == pytest.approx(3 * HOURS_PER_YEAR * found.packages_count)


def test_traffic_that_nobody_states_is_that_of_the_catalogs_agents() -> None:
    agents = load.get("arrivals", "agents")
    found = verbs.ask(
        "predict gigawatt", model="kimi-k3", gpu="gb300-nvl72", price_input=3, price_output=15, scenario="one-campus"
    )
    sale, notes = found.sale, {note.code: note.text for note in found.head.notes}
    assert (sale.input_tokens, sale.cached_frac) == (agents.prompt_tokens, agents.cached_frac)
    assert sale.output_tokens == agents.clients[0].output_tokens
    assert found.traffic == agents.name
    assert "153,700 tokens, 95.8%" in notes["traffic"]
    assert sale.price_cached_usd_per_mtok == 3
    assert "at the price of those that are read" in notes["price"]
    stated = ask(cached=0, price_cached=0.5)
    assert stated.traffic == "as stated"
    assert not {"traffic", "price"} & {note.code for note in stated.head.notes}


def test_a_speed_is_a_limit_on_the_time_per_token() -> None:
    quick, same = ask(gpu="h200", speed="40 tokens/s"), ask(gpu="h200", tpot="25 ms")
    assert quick.parts == same.parts
    assert quick.parts[0].tokens_per_s_per_user >= 40 * (1 - 1e-9)


def test_a_part_that_cannot_is_left_out_and_said_and_alone_is_a_fault() -> None:
    found = ask(precision="fp4")
    assert [part.gpu for part in found.parts] == ["gb300-nvl72"]
    said = [note.text for note in found.head.notes if note.code == "unable"]
    assert len(said) == 1
    assert said[0].startswith("h200 is left out: precision")
    with pytest.raises(CalibrationError) as error:
        ask(gpu="h200", precision="fp4")
    assert error.value.faults[0].path == "precision"
    assert faults(gpu="h200", speed="2000 tokens/s")["speed"].given == "0.5 ms"


@pytest.mark.parametrize(
    ("change", "path", "given"),
    [
        ({"use": 0}, "use", "0"),
        ({"use": "130 %"}, "use", "130 %"),
        ({"licence": "100 %"}, "licence", "1"),
        ({"price_input": "-1 USD/Mtoken"}, "price_input", "-1 USD/Mtoken"),
        ({"price_output": 1e9}, "price_output", "1000000000"),
        ({"cached": "100 %"}, "cached", "1"),
        ({"gpu": "gb300-nvl72, h2000"}, "gpu", "h2000"),
        ({"gpu": ",".join(f"g{n}" for n in range(12))}, "gpu", "12"),
        ({"speed": "40 tokens/s", "tpot": "25 ms"}, "speed", "40 tokens/s"),
        ({"power": "0 W"}, "power", "0 W"),
        ({"scenario": "one-campos"}, "scenario", "one-campos"),
        ({"model": "kimi-k33"}, "model", "kimi-k33"),
        ({"as_of": "yesterday"}, "as_of", "yesterday"),
    ],
)
def test_every_mistake_is_a_fault_of_its_key(change: dict[str, Any], path: str, given: str) -> None:
    found = faults(**change)
    assert path in found
    assert given in found[path].given


def test_a_free_output_still_has_a_year(year: GigawattYear) -> None:
    found = ask(gpu="gb300-nvl72", price_input=0, price_cached=0, price_output=0).parts[0].year
    assert found.revenue_usd_per_gw_year.p50 == 0
    assert found.break_even_frac is None
    assert found.profit_usd_per_gw_year.p50 == -found.cost_usd_per_gw_year
    assert found.usd_per_mtok == year.usd_per_mtok


def test_power_that_holds_no_rack_is_a_fault() -> None:
    assert faults(gpu="gb300-nvl72", power="10 kW")["power"].given == "10 kW"


def test_a_part_without_the_power_of_a_rack_is_left_out() -> None:
    found = ask(gpu="h200, h20", model="llama-3.1-70b")
    assert [part.gpu for part in found.parts] == ["h200"]
    assert "power with its rack" in next(note.text for note in found.head.notes if note.code == "unable")
    assert "power with its rack" in faults(gpu="h20", model="llama-3.1-70b")["gpu"].expected


def test_a_price_of_a_question_reads_with_and_without_its_unit() -> None:
    assert ask(price_output="2 USD/Mtoken").sale == replace(ask().sale, price_output_usd_per_mtok=2.0)


def test_as_of_a_day_there_is_what_was_known_on_it() -> None:
    found = ask(as_of="2026-05-01")
    gb300 = next(part for part in found.parts if part.gpu == "gb300-nvl72")
    assert gb300.rent_date is None or gb300.rent_date <= "2026-05-01"
    old = {part.gpu: part for part in found.parts}
    new = {part.gpu: part for part in ask().parts}
    assert old["gb300-nvl72"].tokens_per_s_per_gpu.p50 < new["gb300-nvl72"].tokens_per_s_per_gpu.p50
