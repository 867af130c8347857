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
QWEN = {"model": "qwen2.5-7b", "gpu": "h100", "precision": "fp8"}
LLAMA = {"model": "llama-3.1-70b", "gpu": "h100", "precision": "fp8"}
MIXTRAL = {"model": "mixtral-8x7b", "gpu": "gb200-nvl72", "precision": "fp8"}
DENSE = ASKED | LLAMA


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
    serving = place.replicas_count * usual.layout.packages
    assert 0 <= place.gpus_count - serving < place.gpus_count / 2
    assert place.gpus_count * place.rated_w <= 96e6
    assert place.tokens_per_s.p50 == pytest.approx(serving * usual.tokens_per_s_per_gpu.p50)
    assert place.monthly_usd == pytest.approx(place.gpus_count * usual.usd_per_h * 8766 / 12)
    assert place.monthly_energy_wh == pytest.approx(serving * usual.package_power_w * 8766 / 12)


def test_gpus_are_housed_by_what_their_servers_are_rated_at() -> None:
    """reports 13: 96 MW house 75,294 H200 in servers of 10.2 kW; by mean draw more, which is a choice that is named."""
    found = ask(gpu="h200", precision="fp8", input=8000, output=1000, power="96 MW")
    place = found.facility
    assert (place.gpus_count, place.rated_w) == (75_294, 1275)
    assert place.replicas_count * found.layout.packages <= 75_294 < place.capped_gpus_count
    (note,) = (note for note in found.head.notes if note.code == "rated_power")
    assert f"{place.capped_gpus_count:,} would fit: that takes a choice to cap them" in note.text


def test_a_part_without_a_server_is_housed_by_its_own_limit() -> None:
    found = ask(gpu="l40s", model="llama-3.1-8b", precision="fp8", power="1 MW")
    assert found.facility.rated_w == 350
    assert any("its own limit, for no source tells its server's" in note.text for note in found.head.notes)


def test_what_replicas_leave_idle_in_a_domain_serves_nothing(usual: InferencePrediction) -> None:
    """A domain of 72 holds four replicas of 16: of 144 GPUs 128 serve."""
    part = replace(load.get("accelerators", "gb300-nvl72"), rack_power_w=72e3)
    wide = replace(usual, layout=replace(usual.layout, packages=16), working_frac=64 / 72)
    place = facility(wide, part, 144e3)
    assert (place.gpus_count, place.replicas_count) == (144, 8)
    assert place.tokens_per_s.p50 == pytest.approx(128 * usual.tokens_per_s_per_gpu.p50)


def test_energy_of_package_rack_and_facility_stand_side_by_side(usual: InferencePrediction) -> None:
    energy, rate = usual.energy, usual.tokens_per_s_per_gpu.p50
    part = load.get("accelerators", usual.gpu)
    assert 0 < energy.package_w <= part.tdp_w
    assert energy.package_w < energy.rack_w < energy.facility_w < 1.3 * energy.rack_w
    for name in ("package", "rack", "facility"):
        assert getattr(energy, f"{name}_j_per_token") * rate == pytest.approx(getattr(energy, f"{name}_w"))
    assert usual.energy_j_per_token == energy.rack_j_per_token
    assert (usual.energy_basis, "PUE" in energy.facility_basis) == (energy.rack_basis, True)


def test_energy_of_an_architecture_without_measured_power_says_so() -> None:
    found = ask(gpu="mi300x", precision="fp8")
    assert "power_extrapolated" in {note.code for note in found.head.notes}
    assert "power_extrapolated" not in {note.code for note in ask(**DENSE).head.notes}


def test_energy_where_only_the_gpu_is_known_ends_there() -> None:
    energy = ask(gpu="l40s", model="llama-3.1-8b", precision="fp8").energy
    assert (energy.rack_w, energy.facility_j_per_token, energy.facility_basis) == (None, None, None)
    assert energy.it_w == energy.package_w > 0


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
    assert [note["code"] for note in found["notes"]] == ["queueing", "software"]


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
    found = ask(gpu="mi455x-helios")
    assert found.extrapolated is True
    known, rate = usual.tokens_per_s_per_gpu, found.tokens_per_s_per_gpu
    assert rate.p90 / rate.p50 > known.p90 / known.p50
    assert any("architecture cdna5" in note.text for note in found.head.notes)


@pytest.mark.parametrize(("day", "served"), [("2025-10-01", "2025-10-01"), ("2040-01-01", None)])
def test_software_is_as_of_a_day_and_no_younger_than_measured(
    usual: InferencePrediction, day: str, served: str | None
) -> None:
    found = ask(as_of=day)
    assert found.software_date == (served or usual.software_date)
    rate = found.tokens_per_s_per_gpu.p50
    assert (rate < usual.tokens_per_s_per_gpu.p50) == (served is not None)
    assert any(note.code == "software" and found.software_date[:7] in note.text for note in found.head.notes)


@pytest.mark.parametrize("day", ["2025-13-01", "yesterday", "2025", ""])
def test_a_day_that_is_none_is_a_fault(day: str) -> None:
    with pytest.raises(InputError) as caught:
        ask(as_of=day)
    assert [fault.path for fault in caught.value.faults] == ["as_of"]


def test_drafting_that_holds_serves_more() -> None:
    bare = ask(tpot="20 ms")
    drafted = ask(tpot="20 ms", draft=1, acceptance="80 %")
    assert drafted.tokens_per_s_per_gpu.p50 > bare.tokens_per_s_per_gpu.p50


def test_a_limit_on_the_first_token_is_kept(usual: InferencePrediction) -> None:
    found = ask(ttft="70 ms")
    assert found.ttft_s <= 0.07 * (1 + 1e-6) < usual.ttft_s
    assert found.limited_by == "ttft"


def test_a_stated_layout_is_kept() -> None:
    found = plain(ask(tp=4, dp=2, ep=8))["layout"]
    assert found == {"tensor": 4, "data": 2, "expert": 8, "pipeline": 1, "packages": 8}


@pytest.mark.parametrize(
    ("part", "layout"),
    [
        (QWEN, {"tp": 4}),
        (LLAMA, {"tp": 8}),
        ({"model": "llama-3.1-405b", "gpu": "gb200-nvl72"}, {"tp": 64}),
        (MIXTRAL, {"tp": 4, "dp": 2, "ep": 4}),
        ({}, {"dp": 36, "ep": 36}),
    ],
)
def test_a_layout_that_engines_start_is_answered(part: dict[str, str], layout: dict[str, int]) -> None:
    """KV heads are copied where there are fewer of them than ranks."""
    found = plain(ask(**part, **layout))["layout"]
    names = {"tp": "tensor", "dp": "data", "ep": "expert"}
    assert {axis: found[names[axis]] for axis in layout} == layout


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
        ({"tp": "144"}, "tp", "such as 64"),
        ({"tp": "72"}, "tp", "64: ranks share the 128 query heads of DeepSeek-R1 evenly"),
        ({"tp": "12"}, "tp", "8 or 16: ranks share the 128 query heads"),
        (QWEN | {"tp": "8"}, "tp", "4: ranks share the 28 query heads and 4 KV heads of Qwen2.5 7B evenly"),
        (QWEN | {"tp": "7"}, "tp", "4: ranks share the 28 query heads and 4 KV heads"),
        (QWEN | {"ep": "2", "dp": "2"}, "ep", "at most 1, for Qwen2.5 7B routes nothing"),
        (LLAMA | {"tp": "5"}, "tp", "4 or 8: ranks share the 64 query heads and 8 KV heads"),
        ({"ep": "64"}, "ep", "at most 1, tensor × data packages"),
        ({"ep": "24", "dp": "36"}, "ep", "18 or 36: groups divide tensor × data = 36"),
        ({"ep": "512", "tp": "8", "dp": "64"}, "ep", "at most 256, the experts of DeepSeek-R1"),
        (MIXTRAL | {"ep": "16", "tp": "8", "dp": "2"}, "ep", "at most 8, the experts of Mixtral 8x7B"),
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


def test_the_newest_rent_stands_beside_the_hardware_and_takes_no_part_in_it() -> None:
    now, then = ask(gpu="h100", precision="fp8"), ask(gpu="h100", precision="fp8", as_of="2026-06-01")
    assert (now.rent_usd_per_h, now.rent_date) == (3.6, "2026-10-24")
    assert (then.rent_usd_per_h, then.rent_date) == (2.95, "2026-05-20")
    assert now.rent_basis.startswith("taken on demand, 2026-10-24, 16 offers: ")
    assert now.usd_basis.startswith("hardware alone")
    assert now.usd_per_mtok == pytest.approx(now.usd_per_h / 3600 / now.tokens_per_s_per_gpu.p50 * 1e6)


def test_a_part_that_nobody_rents_has_no_rent() -> None:
    found = ask(gpu="h20", precision="fp8")
    assert (found.rent_usd_per_h, found.rent_date, found.rent_basis) == (None, None, None)


def test_a_part_of_which_too_little_is_published_is_a_fault_that_says_what() -> None:
    with pytest.raises(InputError) as error:
        ask(gpu="openai-jalapeno")
    (fault,) = error.value.faults
    assert (fault.path, fault.given) == ("gpu", '"openai-jalapeno"')
    assert "of OpenAI Jalapeño nobody has published: peaks, memory" in fault.expected


def test_energy_of_a_part_without_a_rack_is_the_gpu_alone() -> None:
    """users 12: where the catalog has no rack's power the figure is of less, and says so."""
    part = load.get("accelerators", "h20")
    racked = replace(part, rack_power_w=1e5, packages_per_rack_count=64)
    assert "its share of the rack" in str(energy_basis(racked))
    assert "the GPU alone" in str(energy_basis(replace(racked, rack_power_w=None, tdp_w=500.0)))
    assert energy_basis(replace(racked, rack_power_w=None, tdp_w=None)) is None


def test_a_facility_of_a_part_without_power_is_none(usual: InferencePrediction) -> None:
    part = load.get("accelerators", usual.gpu)
    with pytest.raises(CalibrationError, match="a part whose power the catalog knows"):
        facility(replace(usual, package_power_w=None), part, 1e6)
    with pytest.raises(CalibrationError, match="a part whose power the catalog knows"):
        facility(usual, replace(part, rack_power_w=None, tdp_w=None), 1e6)


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


def test_several_accelerators_are_those_beside_the_first(dense: InferencePrediction) -> None:
    found = ask(**DENSE | {"gpu": "h100,h200, b200"})
    assert plain(found) == plain(ask(**DENSE, beside=["h200", "b200"]))
    assert (found.gpu, found.tokens_per_s_per_gpu) == (dense.gpu, dense.tokens_per_s_per_gpu)
    more = ask(**DENSE | {"gpu": "h100,b200"}, beside=["h200"])
    assert [one.gpu for one in more.beside or ()] == ["b200", "h200"]


def test_a_mistake_in_several_accelerators_is_one_of_gpu() -> None:
    assert {path: fault.given for path, fault in faults(gpu="h100,h201").items()} == {"gpu": '"h201"'}
    assert {path: fault.given for path, fault in faults(gpu="h100,").items()} == {"gpu": '""'}
    assert faults(gpu=",".join(["b200"] * 10))["gpu"].expected == "at most 8 accelerators beside the first"


@pytest.mark.parametrize(
    ("change", "idle", "of"),
    [
        ({"gpu": "gb200-nvl72", "model": "llama-3.1-405b", "tp": 64}, 8, 72),
        ({"tp": 1, "dp": 16, "ep": 16}, 8, 72),
        ({"tp": 2, "dp": 18, "ep": 36}, 0, 72),
        ({"gpu": "trainium3", "precision": "fp8", "tp": 2, "dp": 32, "ep": 64}, 16, 144),
        ({"gpu": "b200", "tp": 2, "dp": 2, "ep": 4}, 0, 8),
    ],
)
def test_what_does_not_fill_the_domain_is_idle(change: dict[str, Any], idle: int, of: int) -> None:
    found = ask(**change)
    assert found.idle_packages_count == idle
    assert found.working_frac == pytest.approx(1 - idle / of)
    said = [note.text for note in found.head.notes if note.code == "idle"]
    assert [text.partition(" GPUs")[0] for text in said] == [f"whole replicas leave {idle} of every {of}"] * bool(idle)


def test_a_layout_that_is_searched_leaves_nothing_idle_where_that_gives_more(usual: InferencePrediction) -> None:
    """Over a whole domain four replicas of 16 of 72 give less than what is found."""
    stated = ask(tp=2, dp=8, ep=16)
    found = usual.tokens_per_s_per_gpu.p50 * usual.working_frac
    assert found >= stated.tokens_per_s_per_gpu.p50 * stated.working_frac
    assert usual.idle_packages_count == 0


@pytest.fixture(scope="module")
def pooled() -> InferencePrediction:
    return ask(disaggregated=True, draft=2, power="96 MW")


def test_two_pools_make_up_the_figures(pooled: InferencePrediction) -> None:
    both = pooled.disaggregated
    gpus = both.prefill.gpus_count + both.decode.gpus_count
    assert pooled.tokens_per_s_per_gpu.p50 == pytest.approx(both.requests_per_s * 1000 / gpus)
    assert pooled.ttft_s == pytest.approx(both.queue_s + both.prefill_s + both.transfer_s)
    assert both.decode.gpus_count == both.decode.replicas_count * both.decode.layout.packages
    assert both.decode_gpus_ratio == both.decode.gpus_count / both.prefill.gpus_count
    assert 0 < both.prefill.busy_frac < 1
    assert 0 < both.decode.busy_frac <= 1
    assert pooled.tpot_s <= 0.05 * (1 + 1e-6)


def test_two_pools_stand_beside_replicas_that_do_both(pooled: InferencePrediction) -> None:
    both = pooled.disaggregated
    assert both.aggregated_tokens_per_s == pytest.approx(ask(draft=2).tokens_per_s_per_gpu.p50)
    assert both.gain_frac == pytest.approx(pooled.tokens_per_s_per_gpu.p50 / both.aggregated_tokens_per_s - 1)
    assert [note.code for note in pooled.head.notes].count("disaggregated") == 1


def test_a_facility_carries_whole_pairs_of_pools(pooled: InferencePrediction) -> None:
    both, place = pooled.disaggregated, pooled.facility
    pair = both.prefill.gpus_count + both.decode.gpus_count
    serving = place.replicas_count * pair
    assert serving <= place.gpus_count * pooled.working_frac + 1e-6 < serving + pair
    assert place.tokens_per_s.p50 == pytest.approx(serving * pooled.tokens_per_s_per_gpu.p50)


def test_the_pools_have_the_gpus_and_the_layout_that_are_stated() -> None:
    found = ask(disaggregated=True, prefill_gpus=8, decode_gpus=32, tp=1, dp=8, ep=8).disaggregated
    assert (found.prefill.gpus_count, found.decode.gpus_count) == (8, 32)
    assert found.decode.layout.data == 8


def test_drafting_alone_has_a_published_acceptance_that_falls_by_position(pooled: InferencePrediction) -> None:
    found = ask(draft=3).drafting
    assert len(found.acceptance_frac) == 3
    assert list(found.acceptance_frac) == sorted(found.acceptance_frac, reverse=True)
    assert found.gain_frac > 0
    assert pooled.drafting.tokens_per_step_ratio < found.tokens_per_step_ratio


def test_a_stated_acceptance_holds_at_every_position() -> None:
    found = ask(draft=2, acceptance=0.5).drafting
    assert found.acceptance_frac == (0.5, 0.5)
    assert found.tokens_per_step_ratio == pytest.approx(1.75)


def test_where_drafting_does_not_pay_a_note_says_so() -> None:
    found = ask(draft=3, acceptance=0.05)
    assert found.drafting.gain_frac < 0
    assert "drafting" in [note.code for note in found.head.notes]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"prefill_gpus": 4}, "prefill_gpus"),
        ({"decode_gpus": 4}, "decode_gpus"),
        ({"disaggregated": True, "decode_gpus": 0}, "decode_gpus"),
        ({"disaggregated": True, "decode_gpus": 7}, "decode_gpus"),
        ({"disaggregated": True, "pareto": True}, "pareto"),
        ({"disaggregated": True, "usd_per_mtok": 1.0}, "usd_per_mtok"),
        ({"disaggregated": True, "tpot": "1e-6 s"}, "tpot"),
        ({"disaggregated": True, "ttft": "1e-6 s"}, "ttft"),
    ],
)
def test_what_does_not_go_with_two_pools_is_told_by_its_field(change: dict[str, Any], path: str) -> None:
    assert path in faults(**change)


def test_users_of_a_megawatt_are_those_of_a_facility_of_one(usual: InferencePrediction) -> None:
    place = usual.facility
    assert place is not None
    each = usual.users_count_per_mw_it * place.rated_w / 1e6
    unit, users = usual.unit
    assert each == pytest.approx(users / unit * usual.working_frac)
    assert place.users_count == pytest.approx(usual.users_count_per_mw_it * 96, rel=1e-2)
    assert 1 < usual.users_count_per_mw_it / usual.users_count_per_mw_facility < 1.5


@pytest.mark.parametrize("change", [{}, {"disaggregated": True}, {"draft": 2}])
def test_cached_prompts_are_not_read_again(change: dict[str, Any]) -> None:
    plain, same, found = (ask(**change, **more) for more in ({}, {"cached": 0}, {"cached": "90 %"}))
    assert same == plain
    assert found.tokens_per_s_per_gpu.p50 > 1.2 * plain.tokens_per_s_per_gpu.p50
    assert found.ttft_s < plain.ttft_s
    assert found.energy_j_per_token < plain.energy_j_per_token
    (note,) = [note.text for note in found.head.notes if note.code == "cached"]
    assert note.startswith("90.0% of the tokens")
    assert "Not counted" in note
    assert not [note for note in plain.head.notes if note.code == "cached"]


@pytest.mark.parametrize(
    ("cached", "given"), [("100 %", "1"), (-0.1, "-0.1"), ("99.99999 %", "99.999990%"), ("150 %", "150 %")]
)
def test_a_cached_share_leaves_a_token_to_read(cached: object, given: str) -> None:
    assert given in faults(cached=cached)["cached"].given


def test_a_part_of_no_known_power_has_no_users_per_megawatt() -> None:
    unknown = next(
        id_
        for id_ in load.ids("accelerators")
        if (part := load.load("accelerators", id_)).tdp_w is None
        and part.rack_power_w is None
        and part.bf16_flops is not None
        and part.hbm_capacity_bytes is not None
    )
    found = verbs.ask("predict inference", model="llama-3.1-8b", gpu=unknown, precision="bf16", input=500, output=100)
    assert found.users_count_per_mw_it is None
    assert found.users_count_per_mw_facility is None
