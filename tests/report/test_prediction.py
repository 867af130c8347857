"""Predictions as a person reads them: terms with what they are, tables that fit the screen, a front that is drawn."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from gigawatt.catalog.load import get
from gigawatt.report import front, prediction
from gigawatt.study import verbs
from gigawatt.study.predict.inference import InferencePrediction

SERVED = {"model": "llama-3.1-70b", "gpu": "h100", "input": 1000, "output": 500}
TRAINED = {"model": "llama-3.1-405b", "gpu": "h100", "gpus": 16384, "tokens": "15T"}


@pytest.fixture(scope="module")
def served() -> InferencePrediction:
    return verbs.ask("predict inference", **SERVED, power="96 MW", pareto=True)


def test_what_is_served(served: InferencePrediction, capsys: pytest.CaptureFixture[str]) -> None:
    """users 12: what is in a figure stands beside it."""
    prediction.show_inference(served, {"chart": "front.svg"}, 80)
    text = capsys.readouterr().out
    said = " ".join(text.split())
    for words in ("output tokens/s per GPU", "J/token", "USD/Mtoken", "Pareto front", "96 MW", "Drawn in front.svg"):
        assert words in said
    assert str(served.usd_basis) in said
    assert str(served.energy_basis) in said
    assert f"{served.facility.gpus_count:,} in {served.facility.replicas_count:,} replicas" in said
    assert all(note.text in said for note in served.head.notes)
    assert max(map(len, text.splitlines())) <= 80
    assert len(prediction.front_rows(served.pareto)) == 1 + len(served.pareto)


def test_what_is_not_asked_for_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    prediction.show_inference(verbs.ask("predict inference", **SERVED), {}, 80)
    text = capsys.readouterr().out
    for words in ("Pareto", "IT power\n", "Drawn"):
        assert words not in text


def test_what_nobody_knows_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    prediction.show_inference(verbs.ask("predict inference", **SERVED | {"gpu": "h20"}), {}, 80)
    text = capsys.readouterr().out
    assert "price of a GPU-hour       not known" in text
    assert "cost                      not known" in text


def test_what_a_run_takes(capsys: pytest.CaptureFixture[str]) -> None:
    """users 12: which operations over which peak; whose energy; what is paid for."""
    found = verbs.ask("predict training", **TRAINED, usd_per_gpu_hour=2, precision="fp8")
    prediction.show_training(found, {}, 80)
    text = capsys.readouterr().out
    said = " ".join(text.split())
    for words in (
        found.mfu_basis,
        found.run.energy_basis,
        found.run.usd_basis,
        "days (P10 ",
        "for 15.0 trillion tokens",
    ):
        assert words in said
    assert max(map(len, text.splitlines())) <= 80
    prediction.show_training(verbs.ask("predict training", **TRAINED), {}, 80)
    assert "not known without a price of a GPU-hour" in " ".join(capsys.readouterr().out.split())


def test_every_plant_on_site_is_in_a_table_that_fits_the_screen(capsys: pytest.CaptureFixture[str]) -> None:
    found = verbs.ask("predict bridge", power="300 MW", grid_wait="3 years")
    prediction.show_bridge(found, {}, 80)
    text = capsys.readouterr().out
    plants = ("fuel_cell", "gas_turbine", "reciprocating_engine", "solar_storage")
    assert all(get("onsite_power", name).name.split()[0] in text for name in plants)
    assert max(map(len, text.splitlines())) <= 80
    late = next(row for row in prediction.bridge_rows(found) if row[0].startswith("Gas turbines"))
    assert late[4:6] == ["–", "–"]


def test_a_front_has_a_point_for_each_of_its_layouts(served: InferencePrediction) -> None:
    drawn = ElementTree.fromstring(front.chart(served))
    dots = [one for one in drawn.iter() if one.tag.endswith("circle")]
    assert len(dots) == len(served.pareto)
    tips = "".join(drawn.itertext())
    point = served.pareto[0]
    assert f"batch {point.batch_count:.4g}, tensor {point.layout.tensor}, data {point.layout.data}" in tips
