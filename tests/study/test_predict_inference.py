"""What a GPU serves, as it is asked: figures that go together, limits, layouts, and every mistake by its field."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gigawatt.catalog import load
from gigawatt.errors import CalibrationError, Fault, InputError
from gigawatt.study import verbs
from gigawatt.study.answer import plain
from gigawatt.study.predict.inference import InferencePrediction, pareto_front
from gigawatt.study.predict.serving_power import energy_basis, facility

ASKED = {"model": "deepseek-r1", "gpu": "gb300-nvl72", "precision": "fp4", "input": "4000", "output": 1000}
DENSE = ASKED | {"model": "llama-3.1-70b", "gpu": "h100", "precision": "fp8"}


def ask(**change: Any) -> InferencePrediction:
    return verbs.ask("predict inference", **ASKED | change)


def faults(**change: Any) -> dict[str, Fault]:
    with pytest.raises(InputError) as error:
        ask(**change)
    assert all(fault.asked for fault in error.value.faults)
    return {fault.path: fault for fault in error.value.faults}


@pytest.fixture(scope="module")
def usual() -> InferencePrediction:
    return ask(power="96 MW")


@pytest.fixture(scope="module")
def dense() -> InferencePrediction:
    return ask(**DENSE, pareto=True)


def test_fields_and_their_relations(usual: InferencePrediction) -> None:
    rate = usual.tokens_per_s_per_gpu
    assert 0 < rate.p10 < rate.p50 < rate.p90
    assert usual.tpot_s <= 0.05 * (1 + 1e-6)
    assert usual.energy_j_per_token * rate.p50 == pytest.approx(usual.package_power_w)
    assert usual.usd_per_mtok == pytest.approx(usual.usd_per_h / 3600 / rate.p50 * 1e6)
    assert usual.extrapolated is False


def test_a_facility_carries_whole_replicas(usual: InferencePrediction) -> None:
    place = usual.facility
    assert place.gpus_count == place.replicas_count * usual.layout.packages
    assert place.gpus_count * usual.package_power_w <= 96e6
    assert place.tokens_per_s.p50 == pytest.approx(place.gpus_count * usual.tokens_per_s_per_gpu.p50)
    assert place.monthly_usd == pytest.approx(place.gpus_count * usual.usd_per_h * 8766 / 12)
    assert place.monthly_energy_wh == pytest.approx(place.gpus_count * usual.package_power_w * 8766 / 12)


def test_no_point_of_the_front_is_better_than_another_in_both(dense: InferencePrediction) -> None:
    speeds = [point.tokens_per_s_per_user for point in dense.pareto]
    rates = [point.tokens_per_s_per_gpu for point in dense.pareto]
    assert len(speeds) > 5
    assert speeds == sorted(speeds, reverse=True)
    assert rates == sorted(rates)
    assert pareto_front(dense.asked) == dense.pareto


def test_what_is_not_asked_for_is_null() -> None:
    found = plain(ask())
    assert (found["facility"], found["pareto"], found["scenario"], found["hash"]) == (None, None, None, None)
    assert "asked" not in found
    assert [note["code"] for note in found["notes"]] == ["queueing"]


def test_a_point_of_the_front_stands_with_its_layout(dense: InferencePrediction) -> None:
    names = {"tokens_per_s_per_gpu", "tokens_per_s_per_user", "tpot_s", "ttft_s", "usd_per_mtok", "batch_count"}
    axes = {"tensor", "data", "expert", "pipeline", "packages"}
    assert set(plain(dense)["pareto"][0]) == names | axes


def test_a_ceiling_on_cost_finds_the_best_interactivity(dense: InferencePrediction) -> None:
    ceiling = dense.usd_per_mtok * 1.5
    found = ask(**DENSE, usd_per_mtok=ceiling)
    assert found.usd_per_mtok <= ceiling
    assert found.tpot_s < 0.05
    assert "USD/Mtoken or more" in faults(**DENSE, usd_per_mtok="0.0001")["usd_per_mtok"].expected


def test_a_ceiling_on_cost_needs_a_price() -> None:
    assert faults(gpu="h20", precision="fp8", usd_per_mtok=1)["usd_per_gpu_hour"].given == "nothing"


def test_a_part_to_come_is_extrapolated(usual: InferencePrediction) -> None:
    found = ask(gpu="vera-rubin-nvl72-max-p")
    assert found.extrapolated is True
    known, rate = usual.tokens_per_s_per_gpu, found.tokens_per_s_per_gpu
    assert rate.p90 / rate.p50 > known.p90 / known.p50
    assert any("rubin" in note.text for note in found.head.notes)


def test_drafting_that_holds_serves_more() -> None:
    bare = ask(tpot="20 ms")
    drafted = ask(tpot="20 ms", draft=1, acceptance="80 %")
    assert drafted.tokens_per_s_per_gpu.p50 > bare.tokens_per_s_per_gpu.p50


def test_a_limit_on_the_first_token_is_kept(usual: InferencePrediction) -> None:
    found = ask(ttft="100 ms")
    assert found.ttft_s <= 0.1 * (1 + 1e-6) < usual.ttft_s
    assert found.limited_by == "ttft"


def test_a_stated_layout_is_kept() -> None:
    found = plain(ask(tp=4, dp=2, ep=8))["layout"]
    assert found == {"tensor": 4, "data": 2, "expert": 8, "pipeline": 1, "packages": 8}


def test_a_stated_engine_is_used(usual: InferencePrediction) -> None:
    found = ask(engine="vllm")
    assert (found.engine, usual.engine) == ("vllm", "trtllm")
    assert found.tokens_per_s_per_gpu != usual.tokens_per_s_per_gpu


@pytest.mark.parametrize(
    ("change", "path", "expected"),
    [
        ({"model": "deepseek-r9000"}, "model", "a name in the catalog"),
        ({"gpu": "abacus"}, "gpu", "a name in the catalog"),
        ({"precision": "fp3"}, "precision", "'bf16', 'fp8', 'int8', 'fp4', 'mxfp4' or 'int4'"),
        ({"gpu": "h100"}, "precision", "a precision that NVIDIA H100"),
        ({"input": "0"}, "input", "above 0 and at most 1 Gtokens"),
        ({"input": "2e9"}, "input", "at most 1 Gtokens"),
        ({"output": "-5"}, "output", "tokens"),
        ({"input": "many"}, "input", "tokens"),
        ({"tpot": "1 kg"}, "tpot", "a duration"),
        ({"tpot": "0 s"}, "tpot", "above 0"),
        ({"tpot": "0.001 ms"}, "tpot", "ms or more for DeepSeek-R1"),
        ({"ttft": "0.001 ms"}, "ttft", "ms or more for DeepSeek-R1"),
        ({"engine": "vllmm"}, "engine", "one of vllm"),
        ({"tp": "0"}, "tp", "above 0"),
        ({"tp": "1.5"}, "tp", "a whole number"),
        ({"tp": "144"}, "tp", "at most 72, the scale-up domain"),
        ({"ep": "64"}, "ep", "at most 1, tensor × data packages"),
        ({"pp": "62"}, "pp", "at most 61, the blocks of DeepSeek-R1"),
        ({"gpu": "h100", "precision": "fp8", "tp": "1"}, "model", "72 GB usable on 1 packages"),
        ({"acceptance": "2"}, "acceptance", "a share from 0 to 1"),
        ({"draft": "-1"}, "draft", "not negative"),
        ({"draft": "1001"}, "draft", "at most 1000, the tokens of an answer"),
        ({"usd_per_gpu_hour": "nan"}, "usd_per_gpu_hour", "above 0"),
        ({"usd_per_gpu_hour": "-1"}, "usd_per_gpu_hour", "above 0"),
        ({"usd_per_gpu_hour": "cheap"}, "usd_per_gpu_hour", "a valid number"),
        ({"usd_per_mtok": "0"}, "usd_per_mtok", "above 0"),
        ({"power": "0 W"}, "power", "above 0"),
        ({"power": "1 W"}, "power", "kW for one replica"),
    ],
)
def test_a_mistake_names_its_field(change: dict[str, str], path: str, expected: str) -> None:
    found = faults(**change)
    assert list(found) == [path]
    assert expected in found[path].expected


def test_all_mistakes_at_once() -> None:
    assert sorted(faults(input="many", tpot="soon", precision="fp3")) == ["input", "precision", "tpot"]
    assert sorted(faults(input=0, gpu="abacus", model="none", engine="none", tp=0)) == [
        *("engine", "gpu", "input", "model", "tp"),
    ]


def test_a_question_needs_a_model_a_part_and_lengths() -> None:
    with pytest.raises(InputError) as error:
        verbs.ask("predict inference")
    assert [fault.path for fault in error.value.faults] == ["model", "gpu", "input", "output"]


def test_what_is_in_a_figure_is_said() -> None:
    """users 12: a GPU-hour of hardware alone is not the one of `run`; a GPU's energy with its share of the rack."""
    found = ask()
    assert found.usd_basis.startswith("hardware alone: the rack's price over five years of hours, without")
    assert "GPU with its share of the rack" in found.energy_basis
    assert "without PUE" in found.energy_basis
    stated = ask(usd_per_gpu_hour="3")
    assert (stated.usd_basis, stated.usd_per_h) == ("as stated", 3)


def test_energy_of_a_part_without_a_rack_is_the_gpu_alone() -> None:
    """users 12: where the catalog has no rack's power the figure is of less, and says so."""
    part = load.get("accelerators", "h20")
    racked = replace(part, rack_power_w=1e5, packages_per_rack_count=64)
    assert "its share of the rack" in str(energy_basis(racked))
    assert "the GPU alone" in str(energy_basis(replace(racked, rack_power_w=None, tdp_w=500.0)))
    assert energy_basis(replace(racked, rack_power_w=None, tdp_w=None)) is None


def test_a_facility_of_a_part_without_power_is_none(usual: InferencePrediction) -> None:
    with pytest.raises(CalibrationError, match="a part whose power the catalog knows"):
        facility(replace(usual, package_power_w=None), 1e6)


def test_others_beside_it_are_asked_the_same(dense: InferencePrediction) -> None:
    found = ask(**DENSE, beside=["h200", "b200", "h200", "h100"])
    assert [one.gpu for one in found.beside or ()] == ["h200", "b200"]
    assert found.beside[0].tokens_per_s_per_gpu == ask(**DENSE | {"gpu": "h200"}).tokens_per_s_per_gpu
    assert (found.tokens_per_s_per_gpu, dense.beside) == (dense.tokens_per_s_per_gpu, None)


def test_one_that_cannot_do_it_is_left_out_and_a_note_says_why() -> None:
    found = ask(beside=["b200", "a100"])
    assert [one.gpu for one in found.beside or ()] == ["b200"]
    (said,) = (note.text for note in found.head.notes if note.code == "unable")
    assert said.startswith("a100 cannot be set beside it: precision")


def test_others_that_nobody_knows_or_too_many_are_faults() -> None:
    assert faults(beside=["h201"])["beside"].given == '"h201"'
    assert faults(beside=["b200"] * 9)["beside"].expected == "at most 8 accelerators"
