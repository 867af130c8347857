"""The verb replay: what it tells of requests, what it refuses, and what it tells where it is interrupted."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gigawatt.errors import CalibrationError, CatalogError, InputError, ScenarioError
from gigawatt.study import verbs
from gigawatt.study.answer import plain
from gigawatt.study.job import Cancelled, Job
from gigawatt.study.replay import working
from gigawatt.study.replay.found import ReplayAnswer

LLAMA = {"model": "llama-3.1-8b", "gpu": "h100-sxm", "tp": 1}
CONTRACT = {
    *("requests", "completed", "rejected", "ttft_s", "tpot_s", "e2e_s", "tokens_in", "tokens_out", "goodput_frac"),
    *("kv_peak_frac", "preemptions", "energy_j_per_request", "cpu_s", "partial", "capacity_requests_per_s"),
}


def replay(trace: Path | str, /, **values: Any) -> ReplayAnswer:
    asked = {**LLAMA, "replicas": 1, **values}
    found: ReplayAnswer = verbs.ask("replay", str(trace), **{key: one for key, one in asked.items() if one is not None})
    return found


@pytest.fixture(scope="module")
def found(trace: Path) -> ReplayAnswer:
    return replay(trace, ttft="200 ms", tpot="20 ms")


def test_it_tells_what_other_programs_rely_on(found: ReplayAnswer) -> None:
    told = plain(found)
    assert set(told) >= CONTRACT
    for name in ("ttft_s", "tpot_s", "e2e_s"):
        assert set(told[name]) == {"mean", "p50", "p90", "p99"}
        assert told[name]["p50"] <= told[name]["p90"] <= told[name]["p99"]
    assert told["capacity_requests_per_s"] is None
    assert told["partial"] is False


def test_every_request_of_a_file_is_replayed_once(found: ReplayAnswer, trace: Path) -> None:
    with trace.open() as stream:
        rows = list(csv.DictReader(stream))
    assert (found.requests, found.completed, found.under_way) == (len(rows), len(rows), 0)
    assert found.tokens_in == sum(int(row["input_length"]) for row in rows)
    assert found.tokens_out == sum(int(row["output_length"]) for row in rows)
    span_s = (int(rows[-1]["timestamp_ms"]) - int(rows[0]["timestamp_ms"])) / 1000
    assert found.requests_per_s == pytest.approx((len(rows) - 1) / span_s)
    assert found.span_s >= span_s


def test_an_end_is_after_the_first_token(found: ReplayAnswer) -> None:
    assert found.ttft_s.mean is not None
    assert found.e2e_s.mean is not None
    assert found.tpot_s.mean is not None
    mean_output = found.tokens_out / found.requests
    assert found.ttft_s.mean < found.e2e_s.mean < found.ttft_s.mean + 3 * mean_output * found.tpot_s.mean


def test_the_interval_of_a_file_is_of_blocks_of_it(found: ReplayAnswer) -> None:
    assert found.replications == 1
    assert "blocks of consecutive arrivals" in found.interval_basis
    for name in ("ttft", "tpot", "e2e"):
        figures, spans = getattr(found, f"{name}_s"), getattr(found, f"{name}_interval_s")
        low, high = spans.mean
        assert low < figures.mean < high
    assert found.goodput_interval_frac is not None
    assert found.goodput_interval_frac[0] <= (found.goodput_frac or 0) <= found.goodput_interval_frac[1]


def test_goodput_is_of_both_limits(trace: Path, found: ReplayAnswer) -> None:
    shares = [replay(trace, **limits).goodput_frac for limits in ({}, {"ttft": "200 ms"}, {"tpot": "20 ms"})]
    assert shares[0] == 1.0
    assert found.goodput_frac is not None
    assert found.goodput_frac <= min(share for share in shares if share is not None)


def test_it_is_the_same_each_time(found: ReplayAnswer, trace: Path) -> None:
    again = replay(trace, ttft="200 ms", tpot="20 ms")
    assert plain(replace(again, cpu_s=0.0)) == plain(replace(found, cpu_s=0.0))


def test_more_replicas_wait_less_and_work_less(found: ReplayAnswer, trace: Path) -> None:
    more = replay(trace, replicas=8, ttft="200 ms", tpot="20 ms")
    assert (more.ttft_s.mean or 0) < (found.ttft_s.mean or 0)
    assert (more.utilisation_frac or 0) < (found.utilisation_frac or 0)
    assert more.gpus_count == 8
    assert (more.energy_j_per_request or 0) > (found.energy_j_per_request or 0)


def test_a_higher_rate_is_the_same_requests_in_less_time(found: ReplayAnswer, trace: Path) -> None:
    quick = replay(trace, rate_scale=4)
    assert quick.requests == found.requests
    assert quick.requests_per_s == pytest.approx(4 * (found.requests_per_s or 0))
    assert (quick.tpot_s.mean or 0) > (found.tpot_s.mean or 0)


def test_the_first_requests_alone(trace: Path) -> None:
    assert replay(trace, requests=25).requests == 25


def test_the_layout_is_the_planners_where_none_is_stated(trace: Path) -> None:
    found = replay(trace, model="llama-3.1-70b", tp=None, tpot="30 ms")
    rows = np.genfromtxt(trace, delimiter=",", skip_header=1)
    lengths: dict[str, Any] = {"input": float(rows[:, 1].mean()), "output": float(rows[:, 2].mean())}
    planned = verbs.ask("predict inference", model="llama-3.1-70b", gpu="h100-sxm", tpot="30 ms", **lengths)
    assert found.layout == planned.layout
    assert found.gpus_count == planned.layout.packages


def test_a_price_and_energy_say_what_is_in_them(found: ReplayAnswer, trace: Path) -> None:
    assert found.price is not None
    assert found.price.usd == pytest.approx(found.price.usd_per_h * found.span_s / 3600 * found.gpus_count)
    assert "hardware alone" in str(found.price.usd_basis)
    assert "share of the rack's other parts" in str(found.energy_basis)
    stated = replay(trace, usd_per_gpu_hour=3).price
    assert stated is not None
    assert (stated.usd_per_h, stated.usd_basis) == (3.0, "as stated")


def test_a_full_queue_rejects_and_a_long_wait_is_dropped(trace: Path) -> None:
    busy = {"rate_scale": 100, "most_requests": 4}
    rejected = replay(trace, most_waiting=3, **busy)
    assert rejected.rejected > 0
    assert rejected.completed + rejected.rejected == rejected.requests
    shed = replay(trace, shed_after="1 s", **busy)
    assert shed.shed > 0
    assert shed.completed + shed.shed == shed.requests
    assert shed.goodput_frac == pytest.approx(shed.completed / shed.requests)


def test_requests_that_are_under_way_at_the_last_arrival_are_counted_and_said(trace: Path) -> None:
    found = replay(trace, unfinished=True)
    assert found.under_way > 0
    assert found.completed + found.under_way == found.requests
    assert any(note.code == "under_way" and f"{found.under_way:,}" in note.text for note in found.head.notes)


def test_two_pools_hand_requests_over(trace: Path, found: ReplayAnswer) -> None:
    pooled = replay(trace, prefill_replicas=1)
    assert pooled.completed == pooled.requests
    assert pooled.gpus_count == 2
    assert pooled.prefill_layout is not None
    assert (pooled.ttft_s.p50 or 0) > (found.ttft_s.p50 or 0)  # for the cache is moved
    assert (pooled.itl_s.p99 or 0) < (found.itl_s.p99 or 0)  # for no prompt comes between tokens


def test_a_capacity_holds_the_limits_and_what_is_beyond_does_not(trace: Path) -> None:
    found = replay(trace, ttft="150 ms", tpot="20 ms", find_capacity=True)
    assert found.capacity_requests_per_s is not None
    assert found.curve is not None
    rates = [one.requests_per_s for one in found.curve]
    within = {one.requests_per_s: one.is_within for one in found.curve}
    assert within[found.capacity_requests_per_s]
    assert not within[min(rate for rate in rates if rate > found.capacity_requests_per_s)]
    scaled = found.capacity_requests_per_s / (found.requests_per_s or 1.0)
    at = replay(trace, ttft="150 ms", tpot="20 ms", rate_scale=scaled)
    assert (at.ttft_s.p99 or 1) <= 0.15 * 1.001
    assert (at.tpot_s.p99 or 1) <= 0.02 * 1.001


def test_a_short_trace_comes_again_and_again_in_a_search(tmp_path: Path, trace_text: Callable[..., str]) -> None:
    """So that a capacity is of a rate that lasts, and not of a moment that is over before anybody waits."""
    file = tmp_path / "short.csv"
    file.write_text(trace_text(40))
    few, many = (
        replay(each, ttft="150 ms", tpot="20 ms", find_capacity=True).capacity_requests_per_s
        for each in (file, file.with_name("long.csv"))
        if each == file or each.write_text(trace_text(1600))
    )
    assert few == pytest.approx(many, rel=0.35)


def test_requests_of_one_instant_have_no_rate(tmp_path: Path) -> None:
    file = tmp_path / "at-once.csv"
    file.write_text("timestamp_ms,input_length,output_length\n" + "5,100,10\n" * 9)
    with pytest.raises(ScenarioError, match="requests that arrive at one instant"):
        replay(file, ttft="1 s", find_capacity=True)
    assert replay(file).requests_per_s is None


def test_the_fewest_replicas_hold_the_limits_and_one_fewer_does_not(trace: Path) -> None:
    limits: dict[str, Any] = {"ttft": "100 ms", "tpot": "15 ms", "rate_scale": 20}
    found = replay(trace, replicas=None, pods=True, **limits)
    assert found.pods is not None
    assert found.pods.least_replicas_count == found.replicas_count > 1
    assert found.pods.with_.is_within
    assert found.pods.without is not None
    assert not found.pods.without.is_within
    assert (found.ttft_s.p99 or 1) <= 0.1
    fewer = replay(trace, replicas=found.replicas_count - 1, **limits)
    assert (fewer.ttft_s.p99 or 0) > 0.1 or (fewer.tpot_s.p99 or 0) > 0.015


def test_generated_arrivals_are_replayed_with_seeds_of_their_own() -> None:
    asked = {"requests": 300, "replicas": 2, "replications": 3}
    found = replay("azure-conversation-2023", **asked)
    assert (found.requests, found.replications) == (300, 3)
    assert "3 runs with seeds of their own" in found.interval_basis
    assert found.ttft_interval_s.p99 is not None
    assert found.energy_interval_j_per_request is not None
    other = replay("azure-conversation-2023", seed=9, **asked)
    assert other.tokens_in != found.tokens_in


def test_a_prefix_cache_finds_what_the_trace_tells(tmp_path: Path) -> None:
    file = tmp_path / "turns.jsonl"
    line = '{{"timestamp": {0}, "input_length": 1500, "output_length": 20, "hash_ids": [1, 2, {1}]}}\n'
    file.write_text("".join(line.format(2000 * n, 10 + n) for n in range(60)))
    cold, warm = replay(file), replay(file, prefix_cache=True)
    assert cold.tokens_cached == 0
    assert any(note.code == "prefix_cache" for note in cold.head.notes)
    assert warm.tokens_cached == 59 * 1024
    assert warm.prefix_hit_frac == pytest.approx(59 * 1024 / (60 * 1500))
    assert (warm.ttft_s.mean or 0) < (cold.ttft_s.mean or 0)
    assert warm.price is not None
    assert warm.price.cached_usd_per_mtok is not None
    assert warm.price.cached_usd_per_mtok < (warm.price.input_usd_per_mtok or 0)


def test_a_cache_for_prefixes_that_nobody_knows_is_told(trace: Path) -> None:
    found = replay(trace, prefix_cache=True)
    assert any("does not tell which prompts begin alike" in note.text for note in found.head.notes)


REFUSED: list[tuple[dict[str, Any], type[InputError], str]] = [
    ({"rate_scale": 1e-300}, ScenarioError, "rate_scale"),
    ({"draft": 1000}, ScenarioError, "draft"),
    ({"seed": -1}, ScenarioError, "seed"),
    ({"replicas": 100_000, "dp": 64, "tp": 1}, CalibrationError, "replicas"),
    ({"replicas": None}, ScenarioError, "replicas"),
    ({"replicas": 0}, ScenarioError, "replicas"),
    ({"ttft": "-1 s"}, ScenarioError, "ttft"),
    ({"rate_scale": 0}, ScenarioError, "rate_scale"),
    ({"find_capacity": True}, ScenarioError, "find_capacity"),
    ({"pods": True}, ScenarioError, "pods"),
    ({"replications": 3}, ScenarioError, "replications"),
    ({"engine": "nobodys"}, ScenarioError, "engine"),
    ({"model": "llama-9"}, ScenarioError, "model"),
    ({"tp": 3}, ScenarioError, "tp"),
    ({"as_of": "soon"}, ScenarioError, "as_of"),
    ({"replicas": None, "pods": True, "ttft": "1 s", "prefill_replicas": 1}, ScenarioError, "prefill_replicas"),
    ({"model": "llama-3.1-405b"}, CalibrationError, "model"),
    ({"find_capacity": True, "ttft": "1 ms"}, CalibrationError, "ttft"),
    ({"pods": True, "tpot": "1 ms"}, CalibrationError, "tpot"),
]


@pytest.mark.parametrize(("change", "kind", "path"), REFUSED, ids=str)
def test_what_cannot_be_asked_is_refused_by_its_field(
    trace: Path, change: dict[str, Any], kind: type[InputError], path: str
) -> None:
    with pytest.raises(kind) as caught:
        replay(trace, **change)
    assert path in {fault.path for fault in caught.value.faults}


def test_the_nearest_limit_that_is_told_can_be_held(trace: Path) -> None:
    with pytest.raises(CalibrationError) as caught:
        replay(trace, pods=True, replicas=None, ttft="1 ms")
    (fault,) = caught.value.faults
    nearest = fault.expected.partition(" or more")[0]
    assert replay(trace, pods=True, replicas=None, ttft=nearest).pods is not None


def test_what_is_neither_a_file_nor_known_is_refused_with_what_is() -> None:
    with pytest.raises(ScenarioError, match=r"expected a file of requests, or arrivals .*azure"):
        replay("no-such.csv")


def test_a_request_that_no_cache_holds_is_told_with_its_line(tmp_path: Path, trace_text: Callable[..., str]) -> None:
    file = tmp_path / "long.csv"
    file.write_text(trace_text(30) + "99000,900000,100000\n")
    with pytest.raises(ScenarioError) as caught:
        replay(file)
    (fault,) = caught.value.faults
    assert fault.path == "long.csv line 32"
    assert fault.given == "900,000 and 100,000 tokens"
    assert "the cache of a replica holds" in fault.expected


def test_a_line_that_cannot_be_read_is_told_with_its_number(tmp_path: Path, trace_text: Callable[..., str]) -> None:
    file = tmp_path / "broken.csv"
    file.write_text(trace_text(30) + "99000,-5,10\n")
    with pytest.raises(CatalogError, match=r"broken\.csv line 32"):
        replay(file)


def test_an_interruption_tells_what_was_done(trace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "CHUNK_COUNT", 50)
    asked = iter([False, False, False, True])
    found = replay(trace, job=Job(cancelled=lambda: next(asked, False)))
    assert found.partial
    assert 0 < found.requests < 400
    assert found.completed + found.under_way == found.requests
    assert any(note.code == "partial" for note in found.head.notes)


def test_an_interruption_of_a_search_keeps_what_was_replayed(trace: Path) -> None:
    told = list[str]()
    job = Job(progress=lambda words, _: told.append(words), cancelled=lambda: any("highest" in words for words in told))
    found = replay(trace, job=job, ttft="1 s", find_capacity=True)
    assert found.partial
    assert found.completed == 400
    assert found.capacity_requests_per_s is None


def test_an_interruption_before_anything_was_replayed_has_nothing_to_tell(trace: Path) -> None:
    with pytest.raises(Cancelled):
        replay(trace, job=Job(cancelled=lambda: True))


def test_progress_is_told_with_its_share(trace: Path) -> None:
    told = list[tuple[str, float | None]]()
    replay(trace, job=Job(progress=lambda *said: told.append(said)))
    assert ("replaying", 1.0) in told
