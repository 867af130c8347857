"""Sites and cooling plants of the catalog: names, ramps, evidence, and the PUE that the scenario expects of them."""

from typing import get_args, get_type_hints

import numpy as np
import pytest

from gigawatt.catalog import to_watts
from gigawatt.catalog.load import changes, get, ids, known_by, known_from, later_days
from gigawatt.catalog.records import Site
from gigawatt.errors import CatalogError

# site: points of the ramp [GW], power price [USD/MWh], PUE peak and mean of the LOI scenario's table
EXPECTED: dict[str, tuple[dict[str, float], float, float, float]] = {
    "abilene": ({"2026Q2": 0.3, "2026Q4": 0.504, "2027Q1": 1.2}, 55, 1.14, 1.08),
    "shackelford": ({"2027Q1": 0, "2027Q2": 0.16, "2028Q4": 1.6}, 55, 1.14, 1.08),
    "dona_ana": ({"2028Q3": 0, "2028Q4": 0.1, "2030Q3": 1.0}, 100, 1.13, 1.08),
    "port_washington": ({"2027Q3": 0, "2027Q4": 0.2, "2028Q4": 0.992}, 70, 1.11, 1.06),
    "saline": ({"2027Q3": 0, "2027Q4": 0.15, "2029Q4": 1.383}, 75, 1.11, 1.06),
    "milam": ({"2027Q3": 0, "2027Q4": 0.2, "2028Q4": 0.861}, 55, 1.14, 1.08),
    "lordstown": ({"2027Q1": 0, "2027Q2": 0.05, "2028Q3": 0.236}, 75, 1.11, 1.06),
    "ports_pike": ({"2028Q3": 0, "2028Q4": 0.8, "2031Q4": 5.31, "2032Q4": 10.03}, 75, 1.25, 1.07),
    "camellia": ({"2028Q3": 0, "2028Q4": 0.64, "2032Q4": 3.2}, 70, 1.13, 1.08),
    "uae": ({"2026Q3": 0, "2026Q4": 0.2, "2029Q1": 1.0}, 60, 1.25, 1.18),
    "assumed_us_a": ({"2028Q1": 0, "2028Q2": 0.2, "2030Q3": 1.8}, 70, 1.13, 1.08),
    "assumed_us_b": ({"2028Q3": 0, "2028Q4": 0.2, "2031Q1": 1.5}, 70, 1.13, 1.08),
}
# Ramps as announced, known on the day of the letter [GW]; the sites that are not here stay as they are.
ANNOUNCED: dict[str, dict[str, float]] = {
    "abilene": {"2025Q3": 0, "2025Q4": 0.3, "2026Q3": 1.2},
    "shackelford": {"2026Q3": 0, "2026Q4": 0.14, "2028Q4": 1.4},
    "dona_ana": {"2026Q3": 0, "2027Q1": 0.1, "2028Q4": 1.0},
    "port_washington": {"2027Q1": 0, "2027Q3": 0.2, "2028Q4": 0.9},
    "saline": {"2027Q1": 0, "2027Q2": 0.15, "2028Q1": 1.2},
    "milam": {"2026Q3": 0, "2027Q2": 1.2},
    "lordstown": {"2026Q3": 0, "2026Q4": 0.05, "2027Q2": 0.3},
}
# Day on which the ramp that holds today became known.
KNOWN = {
    "abilene": "2026-08-31",
    "shackelford": "2026-06-10",
    "dona_ana": "2026-09-24",
    "port_washington": "2026-06-10",
    "saline": "2026-06-10",
    "milam": "2026-09-21",
    "lordstown": "2026-11-28",
}
LETTER_DAY = "2025-09-22"
NEW = {"ports_pike": "2026-08-17", "camellia": "2026-11-28"}
# Of two leases 0.861 GW have a date; the rest of what is announced has none.
WITHOUT_DATE_GW = {"milam": 1.2 - 0.861}
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
    "PORTS-Pike": "ports_pike",
    "Effingham County": "camellia",
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
def test_a_site_carries_the_latest_ramp_and_price(name: str) -> None:
    site, (ramp, price, _, _) = get("sites", name), EXPECTED[name]
    assert ramp_gw(site) == pytest.approx(ramp)
    assert site.ramp_w.values[-1] == pytest.approx(site.announced_power_w - 1e9 * WITHOUT_DATE_GW.get(name, 0))
    assert site.power_price_usd_per_wh == pytest.approx(price / 1e6)
    assert (site.ownership, site.lead_time_years) == ("lease" if name == "ports_pike" else "own", 1)


def ramp_gw(site: Site) -> dict[str, float]:
    return {quarter: value / 1e9 for quarter, value in zip(site.ramp_w.periods, site.ramp_w.values, strict=True)}


@pytest.mark.parametrize("name", ANNOUNCED)
def test_on_the_day_of_the_letter_a_site_has_the_ramp_that_was_announced(name: str) -> None:
    with known_by(LETTER_DAY):
        site = get("sites", name)
    assert ramp_gw(site) == pytest.approx(ANNOUNCED[name])
    assert site.ramp_w.values[-1] == pytest.approx(site.announced_power_w)


@pytest.mark.parametrize("name", ANNOUNCED)
def test_the_latest_ramp_says_from_when_it_is_known_and_is_later_than_what_was_announced(name: str) -> None:
    news = [one for one in changes("sites", name) if one.path == "ramp_w"]
    assert news[-1].known_date == KNOWN[name] == get("sites", name).evidence["ramp_w"].known_date
    # Three were told by pages whose address nobody kept, which their notes say.
    assert (news[-1].evidence.source is None) == ("not on record" in news[-1].evidence.note)
    assert "assumed" in news[-1].evidence.note or name == "abilene"
    first, latest = (np.array([*ramp.items()]) for ramp in (ANNOUNCED[name], EXPECTED[name][0]))
    assert latest[-1, 0] > first[-1, 0] or name in ("shackelford", "port_washington")  # these told no later end


@pytest.mark.parametrize(("name", "day"), NEW.items())
def test_a_site_that_was_announced_later_is_not_there_before(name: str, day: str) -> None:
    with known_by(LETTER_DAY):
        assert name not in ids("sites")
        with pytest.raises(CatalogError, match="a name in the catalog"):
            get("sites", name)
    with known_by(day):
        assert name in ids("sites")


def test_load_over_it_of_ports_pike_is_what_its_owner_states() -> None:
    site = get("sites", "ports_pike")
    assert site.provisioned_ratio == 1.25
    assert site.announced_power_w / site.provisioned_ratio == pytest.approx(4.248e9 + 3.776e9, rel=1e-3)


@pytest.mark.parametrize("name", ids("sites"))
def test_a_site_can_be_read_as_of_every_day(name: str) -> None:
    for day in (known_from("sites", name) or LETTER_DAY, *later_days("sites", name)):
        with known_by(day):
            site = get("sites", name)
        assert site.announced_power_w >= site.ramp_w.values[-1] * 0.999


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
