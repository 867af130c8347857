"""Published PUE and water use: which facility stands for a row, what is outside, and how errors are counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gigawatt.catalog.load import get, ids
from gigawatt.catalog.places import places
from gigawatt.errors import CatalogError
from gigawatt.study.validate.facility import validate_facility
from gigawatt.study.validate.facility_cases import cooling_of, facility_of, predict, year_of
from gigawatt.study.validate.facility_regions import where_of
from gigawatt.study.validate.score import Validation, shipped

HEAD = "operator_or_case,metric,value,unit,period,src,conf"


def validate(folder: Path, *rows: str) -> Validation:
    file = folder / "pue.csv"
    file.write_text("\n".join([HEAD, *(f"{row},2025,https://a.com,B" for row in rows)]) + "\n")
    return validate_facility(file)


def refused(folder: Path, *rows: str) -> str:
    with pytest.raises(CatalogError) as error:
        validate(folder, *rows)
    return str(error.value)


@pytest.mark.parametrize(
    ("name", "id_"),
    [
        ("Google fleet", "fleet-google"),
        ("GOOGLE (global average)", "fleet-google"),
        ("Google Central Ohio (Lancaster/Columbus)", "ohio-google"),
        ("Meta Lulea", "lulea-meta"),
        ("Meta, Luleå", "lulea-meta"),
        ("Facebook fleet", "fleet-meta"),
        ("Microsoft newest (2013)", "fleet-microsoft"),
        ("Amazon Web Services", "fleet-amazon"),
        ("Uptime global avg", "enterprise-room"),
        ("Equinix", "colocation"),
        ("Public cloud industry average", "colocation"),
        ("Oracle as low as", "fleet-oracle"),
        ("Cooling towers conventional (NVIDIA claim)", "towers"),
        ("Rubin 45C dry cooler (NVIDIA claim)", "dry-coolers"),
        ("Some hall with adiabatic coolers", "evaporative-coolers"),
        ("Some hall with chillers", "chillers"),
        ("Google with cooling towers", "fleet-google"),
    ],
)
def test_the_facility_that_a_name_means(name: str, id_: str) -> None:
    found = facility_of(name)
    assert found is not None
    assert found.id == id_


def test_an_unknown_operator_has_none() -> None:
    assert facility_of("Halls of Atlantis") is None


@pytest.mark.parametrize("id_", ids("facilities"))
def test_every_facility_can_be_predicted(id_: str) -> None:
    facility = get("facilities", id_)
    assert [bool(facility.sites), bool(facility.places), bool(facility.climate)].count(True) == 1
    assert {len(year_of(id_).dry_bulb_degc) % 8760, len(year_of(id_).wet_bulb_degc) % 8760} == {0}
    mean, peak = predict(id_, "pue"), predict(id_, "pue peak")
    assert 1 < mean.low < mean.middle < mean.high < peak.high < 2
    assert mean.middle < peak.middle
    water = predict(id_, "water")
    assert 0 <= water.low <= water.middle <= water.high < 3e-3


def test_what_a_facility_has_otherwise_takes_the_place_of_the_plants_numbers() -> None:
    plant, own = get("cooling", "air_chiller"), get("facilities", "enterprise-room")
    cooling = cooling_of(own)
    assert cooling.air_share_frac == own.air_share_frac == 1.0
    assert cooling.chiller_frac == plant.chiller_frac


def test_a_row_is_judged_in_its_own_unit(tmp_path: Path) -> None:
    gallons, litres = validate(tmp_path, "towers,water,2.6e6,gal/MW-yr", "towers,WUE,1.12,L/kWh").scored
    assert gallons.measured == 2.6e6
    assert gallons.p50 * 3.785411784 / 8.76e6 == pytest.approx(litres.p50)
    assert litres.p50 == pytest.approx(1.12, abs=1e-3)


def test_a_wue_without_unit_is_in_litres_per_kilowatt_hour(tmp_path: Path) -> None:
    (row,) = validate(tmp_path, "Microsoft,WUE,0.3,").scored
    assert row.p50 == pytest.approx(0.28, abs=0.05)


def test_a_peak_is_not_a_mean(tmp_path: Path) -> None:
    mean, peak = validate(tmp_path, "Google,annual PUE,1.1,", "Google,peak PUE,1.2,").scored
    assert (mean.groups["metric"], peak.groups["metric"]) == ("pue", "pue peak")
    assert peak.p50 > mean.p50


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("Frontier,IT power,8-30,MW", "neither PUE nor water: IT power"),
        ("Google,partial PUE,1.02,", "no level of PUE or of water use at the site"),
        ("Google,water replenished,64%,", "no level of PUE or of water use at the site"),
        ("Google,PUE reduction,5%,", "no level of PUE or of water use at the site"),
        ("US hyperscale AI,water,150-275,billion L in 2028", "water that is not told per energy: billion L in 2028"),
        ("Google,water,3,", "water that is not told per energy: no unit"),
        ("Google,PUE,n/a,", "no figure in the cell"),
    ],
)
def test_other_rows_are_outside_with_a_reason(tmp_path: Path, row: str, reason: str) -> None:
    scores = validate(tmp_path, row, "Google,PUE,1.1,").scores
    assert scores.coverage_frac == 1.0
    (skipped,) = scores.skipped
    assert skipped.reason.startswith(reason)
    assert skipped.eligible is False


def test_an_operator_without_a_facility_lowers_the_coverage(tmp_path: Path) -> None:
    scores = validate(tmp_path, "Halls of Atlantis,PUE,1.1,", "Google,PUE,1.1,").scores
    assert scores.coverage_frac == 0.5
    assert scores.skipped[0].reason == "no facility in the catalog has a name like Halls of Atlantis"


def test_a_file_without_one_row_to_answer_has_no_figures(tmp_path: Path) -> None:
    scores = validate(tmp_path, "Frontier,IT power,8-30,MW").scores
    assert (scores.rows, scores.evaluated) == (1, 0)
    assert scores.mape_frac is scores.coverage_frac is scores.baseline_mape_frac is None


def test_errors_of_rows_of_zero_are_shares_of_what_towers_use(tmp_path: Path) -> None:
    found = validate(tmp_path, "dry coolers,water,~0,L/kWh", "cooling towers,water,~0,L/kWh")
    right, wrong = found.scored
    assert right.error_frac(right.p50) == 0.0
    assert wrong.error_frac(wrong.p50) == pytest.approx(1.0)
    assert found.scores.mape_frac == pytest.approx(0.5)
    assert found.head.notes[0].code == "zero_rows"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("Google,PUE,0.9,", 'row 2 column value = "0.9": expected a figure from 1 to 10'),
        ("Google,PUE,~0,", 'column value = "~0"'),
        ("Google,PUE,15,", 'column value = "15"'),
        ("Google,WUE,-0.3,L/kWh", 'column value = "-0.3": expected a figure not negative'),
    ],
)
def test_figures_that_no_facility_has_are_refused(tmp_path: Path, row: str, words: str) -> None:
    assert words in refused(tmp_path, row)


def test_shipped_rows() -> None:
    scores = validate_facility(shipped("pue")).scores
    assert scores.rows == scores.evaluated >= 20
    assert scores.mape_frac < 0.085
    assert scores.mape_frac < scores.baseline_mape_frac
    assert scores.rank_correlation > 0.75
    assert scores.parameters_fitted == 2
    pue = next(row for row in scores.by["metric"] if row.name == "pue")
    assert pue.mape_frac < 0.05
    assert scores.by["gpu"] is scores.by["model"] is scores.by["engine"] is None


def test_rows_of_the_data_folder(data_dir: Path) -> None:
    file = data_dir / "measurements" / "pue.csv"
    if not file.is_file():
        pytest.skip(f"no file {file}")
    found = validate_facility(file)
    assert found.scores.coverage_frac == 1.0
    assert found.scores.mape_frac < 0.1
    assert np.isfinite([row.p50 for row in found.scored]).all()


@pytest.mark.parametrize(
    ("name", "region", "place"),
    [
        ("AWS us-east-1 (US East (N. Virginia))", "us-east-1", "ashburn"),
        ("Google us-east1 (South Carolina)", "us-east1", "moncks-corner"),
        ("Microsoft westeurope (Netherlands)", "westeurope", "amsterdam"),
        ("Azure West Europe", "westeurope", "amsterdam"),
        ("Azure East US 2", "eastus2", "boydton"),
        ("Microsoft westus (Washington)", "westus", "quincy"),
        ("Microsoft denmarkeast (Denmark)", "denmarkeast", "copenhagen"),
        ("Microsoft asiapacific (Indonesia)", "", "jakarta"),
        ("Google asia-southeast1 (Singapore)", "asia-southeast1", "singapore"),
        ("AWS sa-east-1 (South America (São Paulo))", "sa-east-1", "sao-paulo"),
        ("AWS in Oregon", "", "boardman"),
        ("AWS ca-central-1 (Canada (Central))", "ca-central-1", "montreal"),
        ("Microsoft fleet", "", ""),
        ("AWS xx-nowhere-9 (Atlantis)", "", ""),
    ],
)
def test_the_region_and_the_place_that_a_name_means(name: str, region: str, place: str) -> None:
    facility = facility_of(name)
    assert facility is not None
    found = where_of(facility, name)
    assert (found.region, found.place) == (region, place)


def test_a_region_of_a_cloud_is_of_its_fleet_and_not_of_one_hall(tmp_path: Path) -> None:
    (hall, region) = validate(tmp_path, "Google Columbus,PUE,1.05,", "Google us-east5 (Columbus),PUE,1.09,").scored
    assert (hall.groups["facility"], region.groups["facility"]) == ("ohio-google", "fleet-google")


@pytest.mark.parametrize("id_", ["fleet-amazon", "fleet-microsoft", "fleet-google"])
def test_every_region_and_place_of_a_fleet_is_a_place_of_the_climates(id_: str) -> None:
    fleet = get("facilities", id_)
    named = {*fleet.places, *fleet.fitted_places, *(region.place for region in fleet.regions.values())}
    assert len(fleet.regions) > 35
    assert named <= set(places())


def test_a_region_that_the_air_leaves_warm_and_humid_has_more_overhead_and_uses_more_water() -> None:
    for fleet in ("fleet-amazon", "fleet-microsoft"):
        cool, hot = (predict(fleet, "pue", place) for place in ("stockholm", "singapore"))
        assert hot.middle - 1 > 1.5 * (cool.middle - 1)
        mild, arid = (predict(fleet, "water", place) for place in ("dublin", "phoenix"))
        assert arid.middle > 10 * mild.middle


def test_the_best_of_a_fleet_is_its_best_place(tmp_path: Path) -> None:
    best, fleet = validate(tmp_path, "Google best site,PUE,1.06,", "Google fleet,PUE,1.1,").scored
    named = get("facilities", "fleet-google").places
    assert best.p50 == min(predict("fleet-google", "pue", place).middle for place in named)
    assert best.p50 < fleet.p50


def test_the_band_of_a_fleet_is_its_spread() -> None:
    fleet = get("facilities", "fleet-amazon")
    found = predict("fleet-amazon", "pue", "ashburn")
    assert (found.high - 1) / (found.middle - 1) == pytest.approx(fleet.overhead_spread_ratio)
    assert (found.middle - 1) / (found.low - 1) == pytest.approx(fleet.overhead_spread_ratio)


def test_the_error_of_the_overhead_leaves_the_one_of_the_it_itself_out(tmp_path: Path) -> None:
    scores = validate(tmp_path, "Google,PUE,1.2,", "Google,WUE,0.3,").scores
    said = predict("fleet-google", "pue").middle
    assert scores.overhead_mape_frac == pytest.approx((1.2 - said) / 0.2)
    (overhead,) = scores.by["overhead"]
    assert (overhead.name, overhead.rows) == ("fleet-google", 1)
    (water,) = scores.by["water"]
    assert water.rows == 1


def test_without_a_pue_there_is_no_error_of_overhead(tmp_path: Path) -> None:
    assert validate(tmp_path, "Google,WUE,0.3,").scores.overhead_mape_frac is None


def test_rows_of_cloud_regions_reach_what_was_asked(data_dir: Path) -> None:
    file = data_dir / "measurements" / "facility-2026.csv"
    if not file.is_file():
        pytest.skip(f"no file {file}")
    scores = validate_facility(file).scores
    overhead = {row.name: row for row in scores.by["overhead"]}
    water = next(row for row in scores.by["metric"] if row.name == "water")
    assert max(overhead[name].mape_frac for name in ("fleet-amazon", "fleet-microsoft")) <= 0.30
    assert water.median_frac <= 0.5
    assert 0.7 <= scores.band_coverage_frac <= 0.9
    assert scores.parameters_fitted == 10
