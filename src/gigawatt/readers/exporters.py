"""What the metrics of exporters mean: one table from a metric's name to a quantity and how readings come of samples.

| metrics | readings |
|---|---|
| DCGM_FI_DEV_POWER_USAGE [W] | gpu_power, and gpu_energy_sampled: each value until the next sample |
| DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION [mJ], a counter | gpu_energy: the increments |
| DCGM_FI_DEV_XID_ERRORS, the code of the last error | gpu_errors: 1 at each change to a code that is not 0 |
| vllm, sglang: prompt and generation tokens, requests | tokens_in, tokens_out, requests: the increments |
| their histograms of time to first token and between tokens | ttft, tpot: the mean of what came between two samples |
| dynamo_frontend: the same of requests as users see them | the same, and those of engines behind it passed over |

`vllm:` and `vllm_`, `sglang:` and `sglang_` are the same, and so are labels in capitals. A GPU is its UUID, whatever
pod or host it is seen by; its platform is the label modelName. A class of work is the label model_name, or model.

The names are those of dcgm-exporter's default fields, of vLLM 0.10 to 0.25, SGLang 0.5 and Dynamo 1.x [1–4]. Prometheus
2.42.0 and 3.5.3 are read from real output of theirs; of the exporters themselves none was at hand, and the table is
tested on their fields. DCGM writes a number near 2^63 where a board has no such field, which is no reading.

References
----------
[1] NVIDIA dcgm-exporter, etc/default-counters.csv.
[2] vLLM, docs/design/metrics.md. What was time_per_output_token is inter_token_latency from 0.11 on, for a time both.
[3] SGLang, python/sglang/srt/metrics/collector.py.
[4] NVIDIA Dynamo, metrics catalog. A series is there from its first request on, which is therefore not in increments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from gigawatt.readers.readings import QUANTITIES, ReadingSeries

MJ_PER_WH = 3.6e6
How = Literal["power", "energy", "errors", "count", "sum of", "number of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a metric counts or shows."""

    quantity: str
    how: How
    """How readings come of its samples; "sum of" and "number of" are the two halves of a mean."""
    factor: float = 1.0
    """Size of the metric's unit in that of the quantity."""
    frontend: bool = False
    """Whether it counts requests at the front of engines, which count them as well."""
    renamed: bool = False
    """Whether a newer name of the same metric stands beside it."""


_GPUS = {
    "dcgm_fi_dev_power_usage": Meaning(quantity="gpu_power", how="power"),
    "dcgm_fi_dev_total_energy_consumption": Meaning(quantity="gpu_energy", how="energy", factor=1 / MJ_PER_WH),
    "dcgm_fi_dev_xid_errors": Meaning(quantity="gpu_errors", how="errors"),
}
_COUNTERS = {
    "vllm_prompt_tokens": "tokens_in",
    "vllm_generation_tokens": "tokens_out",
    "vllm_request_success": "requests",
    "sglang_prompt_tokens": "tokens_in",
    "sglang_generation_tokens": "tokens_out",
    "sglang_num_requests": "requests",
    "dynamo_frontend_input_sequence_tokens_sum": "tokens_in",
    "dynamo_frontend_output_tokens": "tokens_out",
    "dynamo_frontend_requests": "requests",
}
_MEANS = {
    "vllm_time_to_first_token_seconds": "ttft",
    "vllm_inter_token_latency_seconds": "tpot",
    "vllm_time_per_output_token_seconds": "tpot",
    "sglang_time_to_first_token_seconds": "ttft",
    "sglang_inter_token_latency_seconds": "tpot",
    "sglang_time_per_output_token_seconds": "tpot",
    "dynamo_frontend_time_to_first_token_seconds": "ttft",
    "dynamo_frontend_inter_token_latency_seconds": "tpot",
}
_RENAMED = "time_per_output_token_seconds"
_HALVES: Mapping[str, How] = {"_sum": "sum of", "_count": "number of"}
# Parts of metrics with a meaning that say nothing of their own.
_PARTS = ("_bucket", "_created", "_sum", "_count")
# Metrics that are passed over for a reason, by how they begin.
PASSED_OVER = {
    "slurm_node_memory_": "is in MB, though its name says bytes (Slurm 26.05.5), and memory is not kept",
    "DCGM_FI_DEV_POWER_VIOLATION": "is off by default, and not kept",
    "DCGM_FI_DEV_THERMAL_VIOLATION": "is off by default, and not kept",
}
# Labels that tell how a sample came here, and not of what it is.
_ROUTES = {"prometheus", "prometheus_replica", "replica", "job", "__name__"}
_FAILED = "error"


def meaning_of(name: str) -> Meaning | None:
    """What a metric means; None where it has no meaning here."""
    plain = name.lower().replace(":", "_").removesuffix("_total")
    if plain in _GPUS:
        return _GPUS[plain]
    frontend = plain.startswith("dynamo_")
    if plain in _COUNTERS:
        return Meaning(quantity=_COUNTERS[plain], how="count", frontend=frontend)
    for suffix, how in _HALVES.items():
        whole = plain.removesuffix(suffix)
        if whole != plain and whole in _MEANS:
            return Meaning(quantity=_MEANS[whole], how=how, frontend=frontend, renamed=whole.endswith(_RENAMED))
    return None


def is_part(name: str) -> bool:
    """Whether a metric is a part of one with a meaning, and has none of its own."""
    plain = name.lower().replace(":", "_")
    wholes = [plain.removesuffix(part) for part in _PARTS if plain.endswith(part)]
    return any(whole in _MEANS or f"{whole}_sum" in _COUNTERS or meaning_of(whole) for whole in wholes)


def series_of(meaning: Meaning, labels: Mapping[str, str], site: str) -> tuple[ReadingSeries, str] | str:
    """What a metric's samples are of, and what tells apart counters that add up to it; or why that is not known.

    An empty text where they are not to be counted: requests that failed.
    """
    of = {name.lower(): value for name, value in labels.items()}
    unit = QUANTITIES[meaning.quantity][0]
    if meaning.how in ("power", "energy", "errors"):
        host, place = of.get("hostname", of.get("instance", "")), of.get("gpu", "")
        subject = of.get("uuid") or (f"{host}:{place}" if host and place else "")
        if not subject:
            return "names no GPU: it has no label UUID"
        platform = of.get("modelname", "")
        return ReadingSeries(quantity=meaning.quantity, unit=unit, site=site, subject=subject, platform=platform), ""
    if meaning.quantity == "requests" and of.get("status") == _FAILED:
        return ""
    subject = of.get("instance") or of.get("pod") or of.get("hostname") or ""
    use_case = of.get("model_name") or of.get("model") or ""
    apart = ",".join(f"{name}={of[name]}" for name in sorted(of.keys() - _ROUTES))
    return ReadingSeries(quantity=meaning.quantity, unit=unit, site=site, subject=subject, use_case=use_case), apart
