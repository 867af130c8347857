"""`predict` and `validate` from outside: options, exit codes, JSON, and the files that they write."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SERVED = ("predict", "inference", "--model", "llama-3.1-70b", "--gpu", "h100", "--input", "1000", "--output", "500")
TRAINED = ("predict", "training", "--model", "llama-3.1-405b", "--gpu", "h100", "--gpus", "16384", "--tokens", "15e12")
WAITED = ("predict", "bridge", "--power", "300 MW", "--grid-wait", "3 years")
HEAD = {"gigawatt", "scenario", "hash", "notes"}
Called = Callable[..., Any]


def test_inference_as_json(gigawatt: Called) -> None:
    found = gigawatt(*SERVED, "--precision", "fp8", "--tp", "4", "--power", "96 MW", "--json").answer
    assert HEAD | {"tokens_per_s_per_gpu", "layout", "binds", "extrapolated", "tpot_s", "ttft_s", "batch_count"} <= set(
        found
    )
    assert found["layout"]["tensor"] == 4
    assert found["facility"]["it_power_w"] == 96e6
    assert (found["pareto"], found["files"]) == (None, None)


def test_a_front_is_drawn_whether_it_is_told_or_not(gigawatt: Called, tmp_path: Path) -> None:
    places = [tmp_path / "a", tmp_path / "b"]
    drawn = gigawatt(*SERVED, "--out", places[0], "--json").answer
    told = gigawatt(*SERVED, "--pareto", "--out", places[1], "--json").answer
    assert drawn["files"]["charts"] == str(places[0] / "charts")
    assert (drawn["pareto"], len(told["pareto"]) > 5) == (None, True)
    assert {"ttft_s", "usd_per_mtok"} <= set(told["pareto"][0])
    charts = [(place / "charts" / "front.svg").read_text() for place in places]
    assert charts[0] == charts[1]
    assert charts[0].startswith("<svg")


def test_training_and_bridge_as_json(gigawatt: Called) -> None:
    trained = gigawatt(*TRAINED, "--batch", "16 Mtokens", "--usd-per-gpu-hour", "2", "--json").answer
    assert HEAD | {"mfu_frac", "step_s", "memory_bytes", "run_days", "goodput_frac", "energy_wh", "usd"} <= set(trained)
    assert trained["usd"]["p10"] < trained["usd"]["p50"] < trained["usd"]["p90"]
    waited = gigawatt(*WAITED, "--json").answer
    assert HEAD | {"plants", "grid_years"} <= set(waited)
    assert waited["discount_per_year"] == 0.08


@pytest.mark.parametrize(
    ("words", "paths"),
    [
        ((*SERVED, "--gpu", "abacus", "--tp", "0"), ["--tp", "--gpu"]),
        ((*SERVED, "--precision", "fp3"), ["--precision"]),
        ((*SERVED, "--usd-per-mtok", "0.0001"), ["--usd-per-mtok"]),
        ((*SERVED, "--tpot", "0.001 ms"), ["--tpot"]),
        ((*SERVED, "--out", __file__), ["--out"]),
        ((*TRAINED, "--budget", "1e26 FLOP"), ["--tokens"]),
        ((*TRAINED, "--precision", "fp4"), ["--precision"]),
        (("predict", "training", "--model", "llama-3.1-8b"), ["--gpu", "--gpus"]),
        ((*WAITED, "--grid-price", "55", "--load", "most"), ["--grid-price", "--load"]),
        (("validate", "facility", "--max-mape", "little"), ["--max-mape"]),
        (("validate", "training", "--min-coverage", "-1"), ["--min-coverage"]),
        (("validate", "inference", "--predictions", "no-folder/out.csv"), ["--predictions"]),
        (("validate", "inference", "none.csv"), ["none.csv"]),
    ],
)
def test_a_mistake_names_its_option(gigawatt: Called, words: tuple[str, ...], paths: list[str]) -> None:
    ended = gigawatt(*words, "--json")
    assert (ended.code, ended.out) == (2, "")
    assert list(ended.faults) == paths


def test_a_missed_bar_is_exit_code_4_and_the_figures_are_there(gigawatt: Called) -> None:
    ended = gigawatt("validate", "training", "--max-mape", "1%", "--json")
    assert ended.code == 4
    assert (
        f"missed: max_mape = 1.00 %: the mean error is {100 * ended.answer['mape_frac']:.2f} %"
        in ended.told.splitlines()
    )
    assert HEAD | {"rows", "evaluated", "by", "skipped"} <= set(ended.answer)
    assert gigawatt("validate", "training", "--max-mape", "90%", "--min-coverage", "0.5").code == 0


def test_predictions_hold_every_row(gigawatt: Called, tmp_path: Path) -> None:
    file, out = tmp_path / "mine.csv", tmp_path / "out.csv"
    rows = ("Meta Lulea,PUE,1.04-1.06,,2021,a,B", "Google,energy,30,TWh,2024,a,B")
    file.write_text("\n".join(["operator_or_case,metric,value,unit,period,src,conf", *rows]) + "\n")
    found = gigawatt("validate", "facility", file, "--predictions", out, "--json").answer
    assert found["files"] == {"predictions": str(out)}
    first, second = csv.DictReader(out.read_text().splitlines())
    assert (first["operator_or_case"], first["measured"]) == ("Meta Lulea", "1.05")
    assert float(first["p10"]) < float(first["p50"]) < float(first["p90"])
    assert (second["p50"], second["note"]) == ("", "neither PUE nor water: energy")
    refused = gigawatt("validate", "facility", file, "--predictions", file, "--json")
    assert (refused.code, list(refused.faults)) == (2, ["--predictions"])
    assert gigawatt("validate", "facility", file, "--predictions", out).code == 0
