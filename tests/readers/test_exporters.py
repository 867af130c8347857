"""What metrics mean: every field that exporters write has one meaning or none, and a GPU is its UUID."""

import json
from pathlib import Path

import pytest

from gigawatt.readers.exporters import Meaning, is_part, meaning_of, series_of
from gigawatt.readers.readings import QUANTITIES


def quantity(name: str) -> str | None:
    meaning = meaning_of(name)
    return meaning.quantity if meaning else None


def test_every_default_field_of_dcgm_exporter_is_read_or_passed_over(data_dir: Path) -> None:
    table = json.loads((data_dir / "schemas" / "schemas.json").read_text())
    names = [field.removeprefix("off by default: ").split()[0].rstrip(",") for field in table["dcgm_default"]]
    read = {name: quantity(name) for name in names if quantity(name)}
    assert read == {
        "DCGM_FI_DEV_POWER_USAGE": "gpu_power",
        "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION": "gpu_energy",
        "DCGM_FI_DEV_XID_ERRORS": "gpu_errors",
    }


def test_dynamo_s_fields_count_what_users_asked_for(data_dir: Path) -> None:
    names = json.loads((data_dir / "schemas" / "schemas.json").read_text())["dynamo"]
    written = [part for name in names for part in (name, f"{name}_sum", f"{name}_count")]
    assert {name: quantity(name) for name in written if quantity(name)} == {
        "dynamo_frontend_requests_total": "requests",
        "dynamo_frontend_input_sequence_tokens_sum": "tokens_in",
        "dynamo_frontend_output_tokens_total": "tokens_out",
        "dynamo_frontend_time_to_first_token_seconds_sum": "ttft",
        "dynamo_frontend_time_to_first_token_seconds_count": "ttft",
        "dynamo_frontend_inter_token_latency_seconds_sum": "tpot",
        "dynamo_frontend_inter_token_latency_seconds_count": "tpot",
    }


@pytest.mark.parametrize("engine", ["vllm", "sglang"])
@pytest.mark.parametrize("sign", [":", "_"])
def test_engines_mean_the_same_with_a_colon_and_without(engine: str, sign: str) -> None:
    begin = f"{engine}{sign}"
    assert quantity(f"{begin}prompt_tokens_total") == quantity(f"{begin}prompt_tokens") == "tokens_in"
    assert quantity(f"{begin}generation_tokens_total") == "tokens_out"
    assert quantity(f"{begin}{'request_success' if engine == 'vllm' else 'num_requests'}_total") == "requests"
    for half, how in (("_sum", "sum of"), ("_count", "number of")):
        for name, of in (("time_to_first_token", "ttft"), ("inter_token_latency", "tpot")):
            assert meaning_of(f"{begin}{name}_seconds{half}") == Meaning(quantity=of, how=how)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name",
    [
        "vllm:time_to_first_token_seconds_bucket",
        "vllm:prompt_tokens_created",
        "dynamo_frontend_input_sequence_tokens_count",
        "DCGM_FI_DEV_XID_ERRORS_created",
    ],
)
def test_parts_of_what_is_read_say_nothing_of_their_own(name: str) -> None:
    assert meaning_of(name) is None
    assert is_part(name)


@pytest.mark.parametrize("name", ["up", "vllm:num_requests_running", "slurm_node_memory_bytes", "vllm_cache_sum", ""])
def test_other_metrics_mean_nothing(name: str) -> None:
    assert meaning_of(name) is None
    assert not is_part(name)


def test_every_meaning_is_a_quantity_of_the_ledger() -> None:
    for name in ("DCGM_FI_DEV_POWER_USAGE", "vllm:prompt_tokens_total", "sglang:inter_token_latency_seconds_sum"):
        assert quantity(name) in QUANTITIES


def test_a_gpu_is_its_uuid_in_any_spelling_and_wherever_it_runs() -> None:
    meaning = meaning_of("DCGM_FI_DEV_POWER_USAGE")
    assert meaning
    one = series_of(meaning, {"UUID": "GPU-a", "Hostname": "h1", "pod": "x", "modelName": "NVIDIA H100 80GB HBM3"}, "s")
    other = series_of(meaning, {"uuid": "GPU-a", "hostname": "h2", "modelname": "NVIDIA H100 80GB HBM3"}, "s")
    assert one == other
    assert not isinstance(one, str)
    series, apart = one
    assert (series.subject, series.site, series.unit, apart) == ("GPU-a", "s", "W", "")
    assert series.platform == "NVIDIA H100 80GB HBM3"


def test_without_a_uuid_a_gpu_is_its_place_or_unknown() -> None:
    meaning = meaning_of("DCGM_FI_DEV_POWER_USAGE")
    assert meaning
    found = series_of(meaning, {"Hostname": "h1", "gpu": "3"}, "")
    assert not isinstance(found, str)
    assert found[0].subject == "h1:3"
    for labels in ({}, {"gpu": "3"}, {"Hostname": "h1"}):
        assert series_of(meaning, labels, "") == "names no GPU: it has no label UUID"


def test_requests_that_failed_are_not_counted() -> None:
    meaning = meaning_of("dynamo_frontend_requests_total")
    assert meaning
    assert series_of(meaning, {"status": "error", "model": "m"}, "") == ""
    found = series_of(meaning, {"status": "success", "model": "m", "instance": "a:1", "job": "j"}, "")
    assert not isinstance(found, str)
    series, apart = found
    assert (series.use_case, series.subject, apart) == ("m", "a:1", "instance=a:1,model=m,status=success")
