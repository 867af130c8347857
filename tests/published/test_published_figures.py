"""Published figures of cost, packages and speed, computed from the catalog and the scenario as shipped."""

from dataclasses import replace

import pytest

from gigawatt.programme import listed
from gigawatt.programme.gigawatt_year import OWNED_AT_CAPITAL_COST
from gigawatt.quarters import HOURS_PER_YEAR
from gigawatt.scenario.load import load
from gigawatt.scenario.schema import Asked
from gigawatt.study.claims import gigawatt, hardware
from gigawatt.study.claims.cases import Cases
from gigawatt.study.claims.claim import stated_value
from gigawatt.study.claims.statements import statements

WITHIN_FRAC = 0.15
EPOCH = "https://epoch.ai/data-insights/ai-datacenter-cost-breakdown (2026-05-14)"
BERNSTEIN = (
    "https://ng.investing.com/news/stock-market-news/how-much-does-a-gw-of-data-center-capacity-actually-cost-2169144 "
    "(2025-10-29)"
)
SEMIANALYSIS = "SemiAnalysisAI/InferenceX-app, packages/app/src/lib/constants.ts @77ca49a (2026-04-03)"
PEAK_PUE = 1.13  # the basis on which "10 GW at facility power" is published


@pytest.fixture(scope="module")
def cases() -> Cases:
    return Cases()


def living(cases: Cases, life_years: float) -> Asked:
    """The scenario's questions, with racks that live so long."""
    asked = cases.scenario.asked
    return replace(asked, finance=replace(asked.finance, rack_life_years=life_years))


def test_the_catalog_has_the_rack_that_was_priced(cases: Cases) -> None:
    gb200 = gigawatt.accelerator("gb200-nvl72")
    assert gb200.rack_price_usd == pytest.approx(3.4e6)
    assert cases.scenario.asked.finance.capital_cost_per_year == pytest.approx(0.07)


def test_a_gigawatt_of_it_power_costs_what_epoch_says(cases: Cases) -> None:
    gb200 = gigawatt.accelerator("gb200-nvl72")
    found = listed.capital_usd_per_w(cases.inputs, cases.scenario.asked, gb200, "it")
    assert found == pytest.approx(38.0, rel=WITHIN_FRAC), EPOCH


@pytest.mark.parametrize(("life_years", "published"), [(5.0, 8.5), (3.0, 12.0), (7.0, 7.0)])
def test_a_year_of_a_gigawatt_costs_what_epoch_says(cases: Cases, life_years: float, published: float) -> None:
    gb200, asked = gigawatt.accelerator("gb200-nvl72"), living(cases, life_years)
    yearly = listed.year_usd_per_w(cases.inputs, asked, gb200, OWNED_AT_CAPITAL_COST, "it")
    assert yearly == pytest.approx(published, rel=WITHIN_FRAC), EPOCH


def test_a_gigawatt_of_facility_power_costs_what_bernstein_says(cases: Cases) -> None:
    gb200 = gigawatt.accelerator("gb200-nvl72")
    found = listed.capital_usd_per_w(cases.inputs, cases.scenario.asked, gb200, "facility")
    assert found == pytest.approx(35.0, rel=WITHIN_FRAC), BERNSTEIN


def test_an_hour_of_a_gb200_costs_what_semianalysis_says(cases: Cases) -> None:
    found = listed.package_usd_per_h(cases.inputs, living(cases, 5.0), gigawatt.accelerator("gb200-nvl72"))
    assert found == pytest.approx(2.21, rel=WITHIN_FRAC), SEMIANALYSIS


def test_cost_of_an_hour_is_the_yearly_cost_of_its_share(cases: Cases) -> None:
    gb200, data, asked = gigawatt.accelerator("gb200-nvl72"), cases.inputs, cases.scenario.asked
    hour = listed.package_usd_per_h(data, asked, gb200)
    yearly = listed.year_usd_per_w(data, asked, gb200, OWNED_AT_CAPITAL_COST, "it") * listed.rack_it_w(asked, gb200)
    assert hour * HOURS_PER_YEAR * gb200.packages_per_rack_count == pytest.approx(yearly)


@pytest.mark.parametrize("name", hardware.BLACKWELL)
def test_ten_facility_gigawatts_are_four_to_five_million_blackwells(cases: Cases, name: str) -> None:
    low, _, high = statements().span("target_gpus_count")
    overhead = cases.scenario.asked.operations.it_overhead_ratio
    for pue in (PEAK_PUE, gigawatt.pue_peak_ratio(cases.inputs)):
        count = gigawatt.packages_count(gigawatt.accelerator(name), stated_value("ten_gw"), overhead * pue)
        assert low <= count <= high


def test_the_programmes_peak_pue_is_near_the_published_one(cases: Cases) -> None:
    assert gigawatt.pue_peak_ratio(cases.inputs) == pytest.approx(PEAK_PUE, abs=0.02)


def test_ten_gigawatts_are_two_and_a_half_to_three_million_vera_rubins() -> None:
    records = [gigawatt.accelerator(name) for name in statements().figures.announced_parts]
    counts = hardware.published_packages(records, stated_value("ten_gw"))
    assert round(min(counts) / 1e6, 1) == 2.5
    assert round(max(counts) / 1e6, 1) == 3.3


# In 1e9, rounded to two digits, with 1.15 to 1.25 of rack power for everything else, against a DGX-1's 170 TFLOPS.
BILLIONS = [
    ("GB200", 0.07, 0.08),
    ("GB300", 0.38, 0.42),
    ("(dense)", 0.52, 0.68),
    ("Rubin NVL72, FP4 (inf", 0.74, 0.97),
]


@pytest.mark.parametrize(("part", "low", "high"), [*BILLIONS, ("Rubin Ultra", 1.2, 1.3)])
def test_billion_times(cases: Cases, part: str, low: float, high: float) -> None:
    (speed,) = [speed for speed in hardware.speeds(cases) if part in speed.label]
    digits = 2 if high < 1 else 1
    assert low <= round(speed.low_ratio / 1e9, digits) <= round(speed.high_ratio / 1e9, digits) <= high


def test_the_dgx_1_had_170_teraflops() -> None:
    assert hardware.dgx1_flops() == pytest.approx(170e12, rel=0.005)


def test_messages_take_two_percent_of_the_fleet() -> None:
    counts, energies = statements().span("daily_messages_count"), statements().span("message_energy_wh")
    power = [count * energies[1] / 24 for count in counts]
    assert [round(value / 1e6) for value in power] == [35, 36, 37]
    assert round(power[1] / stated_value("weekly_users_power"), 2) == 0.02


def test_the_default_scenario_is_the_one_that_the_figures_are_for() -> None:
    operations = load().asked.operations
    assert operations.it_overhead_ratio == pytest.approx(1.145)
    assert operations.load_factor_frac == pytest.approx(0.8)
    assert operations.yearly_opex_usd_per_w_facility == pytest.approx(0.40)
