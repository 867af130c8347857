"""`predict` and `validate` from outside, as a user or a program sees them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gigawatt.catalog import load
from gigawatt.interfaces.cli import app
from gigawatt.study.predict.inference import energy_basis

RUN = CliRunner()
ASKED = ["--model", "deepseek-r1", "--gpu", "gb300-nvl72", "--precision", "fp4", "--input", "4000", "--output", "1000"]


def found(*words: str) -> Any:
    answer = RUN.invoke(app, [*words, "--json"])
    assert answer.exit_code == 0, answer.stderr
    return json.loads(answer.stdout)


def refused(*words: str) -> str:
    answer = RUN.invoke(app, list(words))
    assert answer.exit_code == 2, (answer.stdout, answer.exception)
    assert answer.stdout == ""
    return answer.stderr


class TestPredictInference:
    def test_fields_and_their_relations(self) -> None:
        figures = found("predict", "inference", *ASKED, "--power", "96 MW", "--pareto")
        rate = figures["tokens_per_s_per_gpu"]
        assert 0 < rate["p10"] < rate["p50"] < rate["p90"]
        assert figures["tpot_s"] <= 0.05 * (1 + 1e-6)
        assert figures["energy_j_per_token"] * rate["p50"] == pytest.approx(figures["package_power_w"])
        assert figures["usd_per_mtok"] == pytest.approx(figures["usd_per_h"] / 3600 / rate["p50"] * 1e6)
        assert figures["facility"]["gpus_count"] * figures["package_power_w"] <= 96e6
        assert figures["extrapolated"] is False
        speeds = [point["tokens_per_s_per_user"] for point in figures["pareto"]]
        rates = [point["tokens_per_s_per_gpu"] for point in figures["pareto"]]
        assert speeds == sorted(speeds, reverse=True)
        assert rates == sorted(rates)

    def test_a_ceiling_on_cost_finds_the_best_interactivity(self) -> None:
        ceiling = found("predict", "inference", *ASKED)["usd_per_mtok"]
        figures = found("predict", "inference", *ASKED, "--usd-per-mtok", f"{ceiling * 1.5}")
        assert figures["usd_per_mtok"] <= ceiling * 1.5
        assert figures["tpot_s"] < 0.05
        assert "usd_per_mtok" in refused("predict", "inference", *ASKED, "--usd-per-mtok", "0.0001")

    def test_a_part_to_come_is_extrapolated(self) -> None:
        figures = found("predict", "inference", *ASKED[:2], "--gpu", "vera-rubin-nvl72-max-p", *ASKED[4:])
        assert figures["extrapolated"] is True
        known = found("predict", "inference", *ASKED)["tokens_per_s_per_gpu"]
        rate = figures["tokens_per_s_per_gpu"]
        assert rate["p90"] / rate["p50"] > known["p90"] / known["p50"]
        assert any("rubin" in note["text"] for note in figures["notes"])

    def test_drafting_that_holds_serves_more(self) -> None:
        plain = found("predict", "inference", *ASKED, "--tpot", "20 ms")
        drafted = found("predict", "inference", *ASKED, "--tpot", "20 ms", "--draft", "1", "--acceptance", "0.8")
        assert drafted["tokens_per_s_per_gpu"]["p50"] > plain["tokens_per_s_per_gpu"]["p50"]

    def test_a_stated_layout_is_kept(self) -> None:
        figures = found("predict", "inference", *ASKED, "--tp", "4", "--dp", "2", "--ep", "8")
        assert figures["layout"] == {"tensor": 4, "data": 2, "expert": 8, "pipeline": 1, "packages": 8}

    @pytest.mark.parametrize(
        ("change", "path"),
        [
            (("--model", "deepseek-r9000"), "models"),
            (("--gpu", "abacus"), "accelerators"),
            (("--precision", "fp3"), "precision"),
            (("--gpu", "h100"), "precision"),
            (("--input", "0"), "input"),
            (("--output", "-5"), "output"),
            (("--input", "many"), "input"),
            (("--tpot", "1 kg"), "tpot"),
            (("--tpot", "0.001 ms"), "tpot"),
            (("--tp", "0"), "tensor"),
            (("--ep", "64"), "expert"),
            (("--tp", "1"), "model"),
            (("--acceptance", "2"), "acceptance"),
            (("--power", "1 W"), "power"),
        ],
    )
    def test_bad_input_names_its_option(self, change: tuple[str, str], path: str) -> None:
        fixed = ["--gpu", "h100", "--precision", "fp8"] if change == ("--tp", "1") else []
        assert path in refused("predict", "inference", *ASKED, *fixed, *change)

    def test_a_person_reads_it(self) -> None:
        answer = RUN.invoke(app, ["predict", "inference", *ASKED, "--power", "96 MW", "--pareto"])
        assert answer.exit_code == 0
        for words in ("output tokens/s per GPU", "J/token", "USD/Mtoken", "Pareto front", "96 MW"):
            assert words in answer.stdout

    def test_what_is_in_a_figure_stands_beside_it(self) -> None:
        """users 12: a GPU-hour of hardware alone is not the one of `run`; a GPU's energy with its share of the rack."""
        figures = found("predict", "inference", *ASKED)
        assert figures["usd_basis"].startswith("hardware alone: the rack's price over five years of hours, without")
        assert "GPU with its share of the rack" in figures["energy_basis"]
        assert "without PUE" in figures["energy_basis"]
        stated = found("predict", "inference", *ASKED, "--usd-per-gpu-hour", "3")
        assert stated["usd_basis"] == "as stated"
        answer = RUN.invoke(app, ["predict", "inference", *ASKED])
        said = " ".join(answer.stdout.split())
        for name in ("usd_basis", "energy_basis"):
            assert figures[name] in said

    def test_energy_of_a_part_without_a_rack_is_the_gpu_alone(self) -> None:
        """users 12: where the catalog has no rack's power the figure is of less, and says so."""
        part = load.get("accelerators", "h20")
        racked = replace(part, rack_power_w=1e5, packages_per_rack_count=64)
        assert "its share of the rack" in str(energy_basis(racked))
        assert "the GPU alone" in str(energy_basis(replace(racked, rack_power_w=None, tdp_w=500.0)))
        assert energy_basis(replace(racked, rack_power_w=None, tdp_w=None)) is None


class TestPredictTraining:
    ASKED = ("--model", "llama-3.1-405b", "--gpu", "h100", "--gpus", "16384", "--tokens", "15e12")

    def test_fields(self) -> None:
        figures = found("predict", "training", *self.ASKED, "--batch", "16 Mtokens", "--usd-per-gpu-hour", "2")
        assert 0.3 < figures["mfu_frac"] < 0.55
        assert 40 < figures["days"] < 120
        assert 0.8 < figures["goodput_frac"] < 1
        assert figures["usd"] > 0

    def test_what_is_in_a_figure_stands_beside_it(self) -> None:
        """users 12: which operations over which peak; whose energy; what is paid for."""
        asked = ("--batch", "16 Mtokens", "--usd-per-gpu-hour", "2", "--precision", "fp8")
        figures = found("predict", "training", *self.ASKED, *asked)
        assert "nothing for what is computed again" in figures["mfu_basis"]
        assert figures["mfu_basis"].endswith("per dense FP8 peak")
        assert figures["energy_basis"].endswith("PUE 1.2")
        assert figures["usd_basis"] == "GPU-hours at the price stated"
        answer = RUN.invoke(app, ["predict", "training", *self.ASKED, *asked])
        said = " ".join(answer.stdout.split())
        for name in ("mfu_basis", "energy_basis", "usd_basis"):
            assert figures[name] in said

    def test_hours_at_their_price_need_no_power(self) -> None:
        """reports 12: withheld without the part's power, though the price was given."""
        asked = ("--model", "llama-3.1-8b", "--gpu", "h20", "--gpus", "64", "--tokens", "1 Ttokens")
        figures = found("predict", "training", *asked, "--usd-per-gpu-hour", "2")
        assert figures["energy_wh"] is None
        assert figures["usd"] == pytest.approx(64 * 24 * figures["days"] * 2)
        unpriced = found("predict", "training", *asked)
        assert (unpriced["usd"], unpriced["usd_basis"], unpriced["energy_basis"]) == (None, None, None)

    @pytest.mark.parametrize(
        ("change", "path"),
        [
            (("--gpu", "abacus"), "accelerators"),
            (("--precision", "fp4"), "precision"),
            (("--tokens", "0"), "tokens"),
            (("--gpus", "0"), "packages"),
            (("--gpus", "2"), "packages"),
            (("--sequence", "long"), "sequence"),
        ],
    )
    def test_bad_input_names_its_option(self, change: tuple[str, str], path: str) -> None:
        assert path in refused("predict", "training", *self.ASKED, *change)


class TestValidate:
    @pytest.mark.parametrize("what", ["inference", "training"])
    def test_shipped_points(self, what: str) -> None:
        figures = found("validate", what)
        assert figures["rows"] == figures["evaluated"] > 50
        assert figures["mape_frac"] < 0.2
        assert set(figures["by"]) == {"gpu", "model", "engine", "source"}

    def test_a_missed_bar_is_exit_code_4_and_the_figures_are_there(self) -> None:
        answer = RUN.invoke(app, ["validate", "inference", "--max-mape", "1%", "--json"])
        assert answer.exit_code == 4
        assert "--max-mape 1.00%" in answer.stderr
        assert json.loads(answer.stdout)["mape_frac"] > 0.01
        assert RUN.invoke(app, ["validate", "inference", "--max-mape", "90%", "--min-coverage", "0.5"]).exit_code == 0

    def test_predictions_are_written_beside_the_rows(self, tmp_path: Path) -> None:
        out = tmp_path / "out.csv"
        found("validate", "inference", "--predictions", str(out))
        lines = out.read_text().splitlines()
        assert lines[0].endswith("measured,p10,p50,p90,baseline,error_frac,note")
        assert len(lines) > 50

    @pytest.mark.parametrize(
        ("words", "path"),
        [
            (("none.csv",), "none.csv"),
            (("--max-mape", "little"), "--max-mape"),
            (("--min-coverage", "-1"), "--min-coverage"),
            (("--predictions", "no-folder/out.csv"), "--predictions"),
        ],
    )
    def test_bad_input(self, words: tuple[str, ...], path: str) -> None:
        assert path in refused("validate", "inference", *words)
