"""`predict bridge` from outside: plants on site against a wait for the grid."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from typer.testing import CliRunner

from gigawatt import watts
from gigawatt.catalog import load, to_watts
from gigawatt.catalog.load import get
from gigawatt.interfaces.cli import app
from gigawatt.study.claims.statements import statements

RUN = CliRunner()
ASKED = ["predict", "bridge", "--power", "300 MW", "--grid-wait", "3 years"]
PLANTS = ("fuel_cell", "gas_turbine", "reciprocating_engine", "solar_storage")


def found(*words: str) -> Any:
    answer = RUN.invoke(app, [*ASKED, *words, "--json"])
    assert answer.exit_code == 0, answer.stderr
    return json.loads(answer.stdout)


def plants(figures: Any) -> dict[str, Any]:
    return {plant["id"]: plant for plant in figures["plants"]}


def test_every_source_of_energy_is_there_the_best_first() -> None:
    figures = found()
    assert sorted(plants(figures)) == sorted(PLANTS)
    nets = [plant["net_usd"] for plant in figures["plants"]]
    assert nets == sorted(nets, reverse=True)
    assert {"gigawatt", "scenario", "hash", "notes"} <= set(figures)
    assert [note["path"] for note in figures["notes"] if note["code"] == "left_out"] == ["plants.lithium_battery"]


def test_figures_are_the_kernels() -> None:
    """Engines come after 1.25 years: 1.75 gained, 1.2 W installed for each W, and the kernel's worth and cost."""
    figures = found(
        "--worth", "1000 USD/MWh", "--grid-price", "60 USD/MWh", "--resale", "40%", "--discount", "10%/year"
    )
    engines = plants(figures)["reciprocating_engine"]
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
    assert engines["gained_years"] == pytest.approx(1.75)
    assert engines["installed_w"] == pytest.approx(360e6)
    assert engines["capex_usd"] == pytest.approx(300e6 * watts.load_capex(plant))
    assert engines["cost_usd_per_wh"] == pytest.approx(kernel.cost_usd_per_wh)
    assert engines["extra_usd_per_wh"] == pytest.approx(kernel.cost_usd_per_wh - 60e-6)
    assert engines["net_usd"] == pytest.approx(300e6 * kernel.net_usd_per_w)
    assert engines["carbon_kg"] == pytest.approx(446e-6 * 300e6 * 0.9 * 8760 * 1.75)


def test_a_plant_that_is_not_sooner_is_not_built() -> None:
    turbines = plants(found())["gas_turbine"]
    assert (turbines["gained_years"], turbines["net_usd"], turbines["carbon_kg"]) == (0, 0, 0)
    assert turbines["cost_usd_per_wh"] is None
    assert turbines["lead_low_years"] == 3


def test_without_a_worth_a_year_earns_the_stated_revenue() -> None:
    figures, revenue = found("--load", "80%"), statements().figures.yearly_revenue_usd_per_w
    site = get("sites", "abilene")
    pue = to_watts.pue_year(site, get("cooling", site.cooling), 0.8).mean_ratio
    assert figures["worth_usd_per_wh"] / pue * 0.8 * 8760 == pytest.approx(revenue)
    assert f"{revenue:g} billion USD per GW-year" in json.dumps(figures["notes"])
    assert "GW-year" not in json.dumps(found("--worth", "1000 USD/MWh")["notes"])


def test_worth_nothing_no_bridge_pays() -> None:
    assert all(plant["net_usd"] <= 0 for plant in found("--worth", "0 USD/MWh")["plants"])


def test_a_longer_wait_gains_more() -> None:
    short, long = (
        plants(found("--worth", "1000 USD/MWh")),
        plants(found("--worth", "1000 USD/MWh", "--grid-wait", "6 years")),
    )
    for name in PLANTS:
        assert long[name]["gained_years"] > short[name]["gained_years"]
        assert long[name]["worth_usd"] > short[name]["worth_usd"]


def test_panels_grow_with_latitude() -> None:
    """Abu Dhabi has the proportions of its own plant; further north the winter asks for more."""
    sizes = [plants(found("--site", site))["solar_storage"]["installed_w"] for site in ("uae", "abilene", "saline")]
    assert sizes[0] == pytest.approx(5 * 300e6, rel=0.02)
    assert sizes == sorted(sizes)


def test_where_nights_outlast_the_storage_panels_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    real = load.get

    def in_the_north(kind: str, name: str) -> Any:
        return replace(real(kind, name), latitude_deg=70.0) if kind == "sites" else real(kind, name)

    monkeypatch.setattr(load, "get", in_the_north)
    figures = found()
    assert "solar_storage" not in plants(figures)
    text = next(note["text"] for note in figures["notes"] if note["path"] == "plants.solar_storage")
    assert "19 h of storage are less than the longest nights" in text


def test_the_table_names_every_plant_and_fits_the_screen() -> None:
    answer = RUN.invoke(app, ASKED, env={"COLUMNS": "80"})
    assert answer.exit_code == 0, answer.stderr
    assert all(get("onsite_power", name).name.split()[0] in answer.stdout for name in PLANTS)
    assert max(len(line) for line in answer.stdout.splitlines()) <= 80


@pytest.mark.parametrize(
    ("words", "path", "expected"),
    [
        (["--power", "300 MWh"], "power", "a power"),
        (["--power", "0 MW"], "power", "above 0"),
        (["--power", "-5 MW"], "power", "a power"),
        (["--grid-wait", "3"], "grid_wait", "years, quarters or months"),
        (["--grid-wait", "0 years"], "grid_wait", "above 0"),
        (["--grid-wait", "300 years"], "grid_wait", "at most 50 years"),
        (["--grid-price", "55"], "grid_price", "an energy price"),
        (["--worth", "1 billion USD"], "worth", "an energy price"),
        (["--load", "0"], "load", "above 0"),
        (["--load", "120 %"], "load", "a share"),
        (["--resale", "-1"], "resale", "a share"),
        (["--discount", "-8 %/year"], "discount", "0 or more"),
        (["--site", "abilen"], "site", "such as abilene"),
    ],
)
def test_bad_input_names_its_option(words: list[str], path: str, expected: str) -> None:
    answer = RUN.invoke(app, [*ASKED, *words, "--json"])
    assert answer.exit_code == 2, (answer.stdout, answer.exception)
    assert answer.stdout == ""
    items = json.loads(answer.stderr)["error"]["items"]
    assert [item["path"] for item in items] == [path]
    assert expected in items[0]["expected"]


def test_all_mistakes_at_once() -> None:
    answer = RUN.invoke(app, [*ASKED, "--power", "much", "--load", "most", "--json"])
    assert [item["path"] for item in json.loads(answer.stderr)["error"]["items"]] == ["power", "load"]
