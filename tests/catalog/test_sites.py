"""Sites and cooling plants of the catalog: names, ramps, evidence, and the PUE that the scenario expects of them."""

from typing import get_args, get_type_hints

import pytest

from gigawatt.catalog import to_watts
from gigawatt.catalog.load import get, ids
from gigawatt.catalog.records import Site

# site: points of the ramp [GW], power price [USD/MWh], PUE peak and mean of the LOI scenario's table
EXPECTED: dict[str, tuple[dict[str, float], float, float, float]] = {
    "abilene": ({"2026Q3": 0.3, "2026Q4": 0.6, "2027Q1": 1.2}, 55, 1.14, 1.08),
    "shackelford": ({"2026Q3": 0, "2026Q4": 0.14, "2028Q4": 1.4}, 55, 1.14, 1.08),
    "dona_ana": ({"2026Q3": 0, "2027Q1": 0.1, "2028Q4": 1.0}, 70, 1.13, 1.08),
    "port_washington": ({"2027Q1": 0, "2027Q3": 0.2, "2028Q4": 0.9}, 70, 1.11, 1.06),
    "saline": ({"2027Q1": 0, "2027Q2": 0.15, "2028Q1": 0.6, "2029Q1": 1.2}, 75, 1.11, 1.06),
    "milam": ({"2026Q3": 0, "2026Q4": 0.1, "2028Q3": 1.2}, 55, 1.14, 1.08),
    "lordstown": ({"2026Q3": 0, "2026Q4": 0.05, "2028Q1": 0.3}, 75, 1.11, 1.06),
    "uae": ({"2026Q3": 0, "2026Q4": 0.2, "2029Q1": 1.0}, 60, 1.25, 1.18),
    "assumed_us_a": ({"2028Q1": 0, "2028Q2": 0.2, "2030Q3": 1.8}, 70, 1.13, 1.08),
    "assumed_us_b": ({"2028Q3": 0, "2028Q4": 0.2, "2031Q1": 1.5}, 70, 1.13, 1.08),
}
ALIASES = {
    "abilene_tx": "abilene",
    "shackelford_tx": "shackelford",
    "dona_ana_nm": "dona_ana",
    "port_washington_wi": "port_washington",
    "saline_mi": "saline",
    "milam_tx": "milam",
    "lordstown_oh": "lordstown",
    "uae_abu_dhabi": "uae",
    "Stargate I": "abilene",
    "Frontier": "shackelford",
    "Project Jupiter": "dona_ana",
    "Lighthouse": "port_washington",
    "The Barn": "saline",
    "Stargate UAE": "uae",
}


def test_the_catalog_has_these_sites() -> None:
    assert ids("sites") == sorted([*EXPECTED, "example-campus", "example-coast", "example-river"])


def test_there_is_a_plant_for_every_kind_of_cooling() -> None:
    assert ids("cooling") == sorted(get_args(get_type_hints(Site)["cooling"]))


@pytest.mark.parametrize("name", ids("cooling"))
def test_a_plant_is_graded_throughout(name: str) -> None:
    plant = get("cooling", name)
    assert len(plant.evidence) == (19 if plant.evaporation == "pads" else 17)
    assert all(evidence.grade for evidence in plant.evidence.values())


@pytest.mark.parametrize("name", EXPECTED)
def test_a_site_carries_the_announced_ramp_and_price(name: str) -> None:
    site, (ramp, price, _, _) = get("sites", name), EXPECTED[name]
    assert dict(zip(site.ramp_w.periods, site.ramp_w.values, strict=True)) == pytest.approx(
        {period: 1e9 * value for period, value in ramp.items()}
    )
    assert site.ramp_w.values[-1] == pytest.approx(site.announced_power_w)
    assert site.power_price_usd_per_wh == pytest.approx(price / 1e6)
    assert (site.ownership, site.lead_time_years) == ("own", 1)


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.parametrize("load_frac", [0.8, 1.0])
def test_pue_of_a_site_is_near_the_scenario_table(name: str, load_frac: float) -> None:
    site, (_, _, peak, mean) = get("sites", name), EXPECTED[name]
    year = to_watts.pue_year(site, get("cooling", site.cooling), load_frac)
    assert year.peak_ratio == pytest.approx(peak, abs=0.015)
    assert year.mean_ratio == pytest.approx(mean, abs=0.015)


@pytest.mark.parametrize(("alias", "name"), ALIASES.items())
def test_a_site_answers_to_its_names_in_the_wild(alias: str, name: str) -> None:
    assert get("sites", alias).id == name


@pytest.mark.parametrize("name", ids("sites"))
def test_what_is_said_of_a_site_can_be_believed(name: str) -> None:
    site = get("sites", name)
    assert abs(site.utc_offset_h - site.longitude_deg / 15) < 1.2
    assert 2e-4 < site.carbon_kg_per_wh < 6e-4
    assert {"ramp_w", "power_price_usd_per_wh", "climate.mean_degc"} <= set(site.evidence)
    assert site.evidence["ramp_w"].grade == ("assumed" if name.startswith(("assumed", "example")) else "derived")


def test_the_example_campus_is_powered_from_the_start() -> None:
    site = get("sites", "example-campus")
    assert (site.ramp_w.periods, site.ramp_w.values) == (("2026Q3",), (1e8,))


def test_weather_differs_between_sites_and_not_between_calls() -> None:
    abilene, milam = get("sites", "abilene"), get("sites", "milam")
    first, again = to_watts.weather_of(abilene, 3), to_watts.weather_of(abilene, 3)
    assert (first.dry_bulb_degc == again.dry_bulb_degc).all()
    anomaly = first.dry_bulb_degc - first.dry_bulb_degc.mean()
    other = to_watts.weather_of(milam, 3).dry_bulb_degc
    assert abs(anomaly - (other - other.mean())).max() > 3
