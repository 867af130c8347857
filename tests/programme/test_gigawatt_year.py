"""The cost of a gigawatt-year: by hand, on each basis, and at the mix of sites of its quarter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from gigawatt import dollars
from gigawatt.programme import gigawatt_year, listed
from gigawatt.programme.arrays import arrays
from gigawatt.programme.gigawatt_year import NEEDED_AT_DISCOUNT, OWNED_AT_CAPITAL_COST
from gigawatt.programme.site_mix import mean_basis_ratio, site_frac
from gigawatt.scenario.load import load
from gigawatt.scenario.schema import Scenario

QUARTER, PLATFORM = "2030Q3", "feynman"


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load("loi-2025-09")


@pytest.fixture(scope="module")
def data(scenario: Scenario) -> xr.Dataset:
    return arrays(scenario)


def by_hand(data: xr.Dataset, scenario: Scenario, rate: float) -> tuple[float, float]:
    """Capital a year, and operation and energy a year, of a watt of IT power [USD/W], site by site."""
    asked, finance = scenario.asked, scenario.asked.finance
    now = data.sel(period=QUARTER)
    weights = now.ramp_w.values / now.ramp_w.values.sum()
    rack = float(now.rack_price_usd.sel(platform=PLATFORM) / now.rack_it_w.sel(platform=PLATFORM))
    capital = rack * (1 + finance.network_frac) * dollars.recovery_frac(rate, finance.rack_life_years)
    running = 0.0
    for weight, site in zip(weights, data.site.values, strict=True):
        here = now.sel(site=site)
        pue = float(here.pue_peak_ratio)
        shell = finance.shell_usd_per_w_facility * dollars.recovery_frac(rate, finance.shell_life_years)
        capital += weight * shell * pue
        hours = asked.operations.load_factor_frac * 8766 * float(here.pue_mean_ratio)
        running += weight * hours * float(here.energy_price_usd_per_wh)
        running += weight * asked.operations.yearly_opex_usd_per_w_facility * pue
    return capital, running


def test_owning_is_capital_at_its_cost_operation_and_energy(data: xr.Dataset, scenario: Scenario) -> None:
    expected = sum(by_hand(data, scenario, scenario.asked.finance.capital_cost_per_year))
    found = gigawatt_year.of_quarter_usd_per_w(data, scenario.asked, OWNED_AT_CAPITAL_COST, "it")
    assert float(found.sel(period=QUARTER, platform=PLATFORM)) == pytest.approx(expected, rel=1e-9)


def test_what_is_needed_is_at_the_discount_rate_over_what_is_left_for_compute(
    data: xr.Dataset, scenario: Scenario
) -> None:
    finance = scenario.asked.finance
    expected = sum(by_hand(data, scenario, finance.discount_per_year)) / (1 - finance.non_compute_frac)
    found = gigawatt_year.of_quarter_usd_per_w(data, scenario.asked, NEEDED_AT_DISCOUNT, "it")
    assert float(found.sel(period=QUARTER, platform=PLATFORM)) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("basis", [OWNED_AT_CAPITAL_COST, NEEDED_AT_DISCOUNT])
def test_a_facility_watt_costs_an_it_watt_over_their_ratio(
    data: xr.Dataset, scenario: Scenario, basis: gigawatt_year.YearBasis
) -> None:
    facility, it = (gigawatt_year.of_quarter_usd_per_w(data, scenario.asked, basis, at) for at in ("facility", "it"))
    ratio = mean_basis_ratio(data, "facility")
    np.testing.assert_allclose((facility * ratio).transpose(*it.dims), it)


def test_rent_is_part_of_what_is_needed_and_not_of_owning(data: xr.Dataset, scenario: Scenario) -> None:
    rented = data.assign(
        yearly_rent_usd_per_w=data.yearly_rent_usd_per_w + 2.0, shell_usd_per_w=0 * data.shell_usd_per_w
    )
    before, after = (
        {
            basis.sites: float(gigawatt_year.of_quarter_usd_per_w(of, scenario.asked, basis, "facility").mean())
            for basis in (OWNED_AT_CAPITAL_COST, NEEDED_AT_DISCOUNT)
        }
        for of in (data, rented)
    )
    assert after["owned"] == before["owned"]
    finance = scenario.asked.finance
    shell = finance.shell_usd_per_w_facility * dollars.recovery_frac(
        finance.discount_per_year, finance.shell_life_years
    )
    more = (2.0 - shell) / (1 - finance.non_compute_frac)
    assert after["as_they_are"] - before["as_they_are"] == pytest.approx(more)


def test_a_listed_price_by_hand() -> None:
    """Without interest, network, cooling and energy a rack and its shell are worn off evenly."""
    stands = load("one-campus", {"finance.network": 0.0, "finance.capital_cost": "0 %/year"})
    data = arrays(stands)
    data = data.assign(
        pue_peak_ratio=xr.ones_like(data.pue_peak_ratio), energy_price_usd_per_wh=0 * data.energy_price_usd_per_wh
    )
    part = next(iter(stands.records.accelerators.values()))
    part = replace(part, rack_price_usd=1e6, rack_power_w=1e5 / stands.asked.operations.it_overhead_ratio)
    assert listed.capital_usd_per_w(data, stands.asked, part, "it") == pytest.approx(1e6 / 1e5 + 12.5)
    yearly = listed.year_usd_per_w(data, stands.asked, part, OWNED_AT_CAPITAL_COST, "it") * 1e5
    assert yearly == pytest.approx(1e6 / 5 + 12.5e5 / 15 + 0.40 * 1e5)
    hour = listed.package_usd_per_h(data, stands.asked, part)
    assert hour == pytest.approx(yearly / 8766 / part.packages_per_rack_count)


def test_sites_count_by_the_power_that_they_have_energised(data: xr.Dataset) -> None:
    found = site_frac(data)
    np.testing.assert_allclose(found.sum("site"), 1.0)
    first = data.ramp_w.sel(period=QUARTER)
    np.testing.assert_allclose(found.sel(period=QUARTER), first / first.sum())
    dark = data.assign(ramp_w=0 * data.ramp_w)
    np.testing.assert_allclose(site_frac(dark), 1 / data.sizes["site"])
