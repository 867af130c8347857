"""Plants on site against a wait for the grid."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gigawatt import watts
from gigawatt.catalog import load, to_watts
from gigawatt.catalog.load import get
from gigawatt.errors import Fault, InputError
from gigawatt.study import verbs
from gigawatt.study.claims.statements import statements
from gigawatt.study.predict.bridge import BridgeComparison, BridgePlant

ASKED = {"power": "300 MW", "grid_wait": "3 years"}
PLANTS = ("fuel_cell", "gas_turbine", "reciprocating_engine", "solar_storage")


def ask(**change: str) -> BridgeComparison:
    return verbs.ask("predict bridge", **ASKED | change)


def plants(found: BridgeComparison) -> dict[str, BridgePlant]:
    return {plant.id: plant for plant in found.plants}


def faults(**change: str) -> list[Fault]:
    with pytest.raises(InputError) as error:
        ask(**change)
    assert all(fault.asked for fault in error.value.faults)
    return list(error.value.faults)


def said(found: BridgeComparison) -> str:
    return " ".join(note.text for note in found.head.notes)


@pytest.fixture(scope="module")
def usual() -> BridgeComparison:
    return ask()


def test_every_source_of_energy_is_there_the_best_first(usual: BridgeComparison) -> None:
    assert sorted(plants(usual)) == sorted(PLANTS)
    nets = [plant.net_usd for plant in usual.plants]
    assert nets == sorted(nets, reverse=True)
    assert [note.path for note in usual.head.notes if note.code == "left_out"] == ["plants.lithium_battery"]


def test_figures_are_the_kernels() -> None:
    """Engines come after 1.25 years: 1.75 gained, 1.2 W installed for each W, and the kernel's worth and cost."""
    found = ask(worth="1000 USD/MWh", grid_price="60 USD/MWh", resale="40%", discount="10%/year")
    engines = plants(found)["reciprocating_engine"]
    plant = to_watts.onsite_power_of(get("onsite_power", "reciprocating_engine"))
    site = get("sites", "abilene")
    pue = to_watts.pue_year(site, get("cooling", site.cooling), 0.9).mean_ratio
    kernel = watts.bridge(
        plant,
        grid_years=3.0,
        grid_usd_per_wh=60e-6,
        worth_usd_per_wh=1e-3 / pue,
        load_frac=0.9,
        resale_frac=0.4,
        discount_per_year=0.1,
    )
    assert engines.gained_years == pytest.approx(1.75)
    assert engines.installed_w == pytest.approx(360e6)
    assert engines.capex_usd == pytest.approx(300e6 * watts.load_capex(plant))
    assert engines.cost_usd_per_wh == pytest.approx(kernel.cost_usd_per_wh)
    assert engines.extra_usd_per_wh == pytest.approx(kernel.cost_usd_per_wh - 60e-6)
    assert engines.net_usd == pytest.approx(300e6 * kernel.net_usd_per_w)
    assert engines.carbon_kg == pytest.approx(446e-6 * 300e6 * 0.9 * 8760 * 1.75)


def test_a_plant_that_is_not_sooner_is_not_built(usual: BridgeComparison) -> None:
    turbines = plants(usual)["gas_turbine"]
    assert (turbines.gained_years, turbines.net_usd, turbines.carbon_kg) == (0, 0, 0)
    assert turbines.cost_usd_per_wh is None
    assert turbines.lead_low_years == 3


def test_without_a_worth_a_year_earns_the_stated_revenue() -> None:
    found, revenue = ask(load="80%"), statements().figures.yearly_revenue_usd_per_w
    site = get("sites", "abilene")
    pue = to_watts.pue_year(site, get("cooling", site.cooling), 0.8).mean_ratio
    assert found.worth_usd_per_wh / pue * 0.8 * 8760 == pytest.approx(revenue)
    assert f"{revenue:g} billion USD per GW-year" in said(found)
    assert "GW-year" not in said(ask(worth="1000 USD/MWh"))


def test_worth_nothing_no_bridge_pays() -> None:
    assert all(plant.net_usd <= 0 for plant in ask(worth="0 USD/MWh").plants)


def test_a_longer_wait_gains_more() -> None:
    short, long = (plants(ask(worth="1000 USD/MWh", grid_wait=wait)) for wait in ("3 years", "6 years"))
    for name in PLANTS:
        assert long[name].gained_years > short[name].gained_years
        assert long[name].worth_usd > short[name].worth_usd


def test_panels_grow_with_latitude() -> None:
    """Abu Dhabi has the proportions of its own plant; further north the winter asks for more."""
    sizes = [plants(ask(site=site))["solar_storage"].installed_w for site in ("uae", "abilene", "saline")]
    assert sizes[0] == pytest.approx(5 * 300e6, rel=0.02)
    assert sizes == sorted(sizes)


def test_where_nights_outlast_the_storage_panels_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    real = load.get

    def in_the_north(kind: str, name: str) -> Any:
        return replace(real(kind, name), latitude_deg=70.0) if kind == "sites" else real(kind, name)

    monkeypatch.setattr(load, "get", in_the_north)
    found = ask()
    assert "solar_storage" not in plants(found)
    text = next(note.text for note in found.head.notes if note.path == "plants.solar_storage")
    assert "19 h of storage are less than the longest nights" in text


@pytest.mark.parametrize(
    ("key", "text", "expected"),
    [
        ("power", "300 MWh", "a power"),
        ("power", "0 MW", "above 0"),
        ("power", "-5 MW", "a power"),
        ("grid_wait", "3", "years, quarters or months"),
        ("grid_wait", "0 years", "above 0"),
        ("grid_wait", "300 years", "at most 50 years"),
        ("grid_price", "55", "an energy price"),
        ("worth", "1 billion USD", "an energy price"),
        ("load", "0", "above 0"),
        ("load", "120 %", "a share"),
        ("resale", "-1", "a share"),
        ("discount", "-8 %/year", "0 or more"),
        ("discount", "2 /year", "at most"),
        ("site", "abilen", "such as abilene"),
    ],
)
def test_a_mistake_names_its_field(key: str, text: str, expected: str) -> None:
    (fault,) = faults(**{key: text})
    assert fault.path == key
    assert expected in fault.expected


def test_all_mistakes_at_once() -> None:
    assert [fault.path for fault in faults(power="much", load="most")] == ["power", "load"]
    assert [fault.path for fault in faults(power="0 W", load="0", site="abilen")] == ["power", "load", "site"]
