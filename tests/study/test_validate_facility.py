"""Published PUE and water use: which facility stands for a row, what is outside, and how errors are counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gigawatt.catalog.load import get, ids
from gigawatt.errors import CatalogError
from gigawatt.study.validate.facility import validate_facility
from gigawatt.study.validate.facility_cases import cooling_of, facility_of, predict, year_of
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
    assert bool(facility.sites) != bool(facility.climate)
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
    assert gallons.p50 * 3.785411784 / 8.76e6 == pytest.approx(litres.p50) == pytest.approx(1.12)


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
    assert scores.mape_frac < 0.13
    assert scores.mape_frac < scores.baseline_mape_frac
    assert scores.rank_correlation > 0.75
    assert scores.parameters_fitted == 2
    pue = next(row for row in scores.by["metric"] if row.name == "pue")
    assert pue.mape_frac < 0.075
    assert scores.by["gpu"] is scores.by["model"] is scores.by["engine"] is None


def test_rows_of_the_data_folder(data_dir: Path) -> None:
    file = data_dir / "measurements" / "pue.csv"
    if not file.is_file():
        pytest.skip(f"no file {file}")
    found = validate_facility(file)
    assert found.scores.coverage_frac == 1.0
    assert found.scores.mape_frac < 0.1
    assert np.isfinite([row.p50 for row in found.scored]).all()
