"""What an answer will take is told from the size of its question, and what nobody can mean is refused before that."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

from gigawatt.errors import InputError, LedgerError, ScenarioError
from gigawatt.study import sizes, verbs
from gigawatt.study.claims.sets import SETS
from gigawatt.study.estimate import Estimate, counted, estimate, paces
from gigawatt.study.question import read

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "estimates.py"
SMALL = {"scenario": "one-campus"}
REPLAYED = {"trace": "azure-conversation-2023", "model": "llama-3.1-8b", "gpu": "h100", "replicas": 2}


def told(name: str, **values: Any) -> Estimate:
    verb = verbs.named(name)
    return estimate(verb, read(verb.question(), values))


def counts(name: str, **values: Any) -> dict[str, float]:
    verb = verbs.named(name)
    return dict(counted(verb, read(verb.question(), values)).counts)


def test_every_long_verb_counts_its_work_and_no_other_does() -> None:
    assert [verb.name for verb in verbs.VERBS if verb.long != bool(verb.counts)] == []


def test_every_kind_of_work_has_a_pace_and_every_pace_is_of_work() -> None:
    cases = [
        *(counts(name, **SMALL) for name in ("run", "hedge")),
        counts("compare"),
        counts("simulate", **SMALL),
        counts("simulate", **SMALL, mode="expected"),
        counts("simulate", **SMALL, latency=True),
        counts("sweep", **SMALL, replan=True),
        counts("flywheel", backtest=True),
        counts("claims"),
        *(counts(f"validate {kind}") for kind in ("inference", "training", "energy", "facility", "runs", "serving")),
        counts("ledger import", file="absent.csv", kind="meter"),
        counts("replay", trace="absent.csv", model="llama-3.1-8b", gpu="h100"),
        counts("schema"),
    ]
    found = {kind for case in cases for kind in case} | {"facts", "readings"}
    assert found == set(paces().each)


def test_what_takes_a_moment_is_told_so() -> None:
    assert told("schema").basis.startswith("a moment")
    assert told("schema").cpu_s < told("run", **SMALL).cpu_s


@pytest.mark.parametrize(
    ("name", "less", "more"),
    [
        ("run", SMALL, {"scenario": "loi-2025-09"}),
        ("run", SMALL, {**SMALL, "set": {"horizon.end": "2045Q4"}}),
        ("simulate", {**SMALL, "to": "2027Q1"}, SMALL),
        ("sweep", {**SMALL, "draws": 10}, {**SMALL, "draws": 1000}),
        ("sweep", {**SMALL, "draws": 10}, {**SMALL, "draws": 10, "saltelli": 64}),
        ("sweep", {**SMALL, "draws": 10}, {**SMALL, "draws": 10, "replan": True}),
        ("compare", {"strategies": ["wait-for-rubin"]}, {}),
        ("hedge", {**SMALL, "futures": 3}, {**SMALL, "futures": 12}),
        ("hedge", {**SMALL}, {**SMALL, "tail_weight": 0.5}),
        ("flywheel", {"backtest": True}, {}),
        ("claims", {"only": ["billion_times"]}, {"only": ["only_nvidia"]}),
        ("replay", REPLAYED, {**REPLAYED, "requests": 10**6}),
        ("replay", REPLAYED, {**REPLAYED, "find_capacity": True}),
    ],
    ids=str,
)
def test_more_work_takes_more(name: str, less: dict[str, Any], more: dict[str, Any]) -> None:
    assert told(name, **less).cpu_s < told(name, **more).cpu_s


def test_workers_make_futures_shorter_on_the_clock_and_no_cheaper(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gigawatt.study.estimate.cpu_count", lambda: 4)
    one, four = (told("sweep", **SMALL, workers=count) for count in (1, 4))
    assert one.wall_s == one.cpu_s
    assert four.wall_s < one.wall_s < one.cpu_s + 1e-9
    assert four.cpu_s > one.cpu_s
    assert four.memory_bytes > one.memory_bytes


def test_the_lines_of_a_file_are_counted_by_its_head(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("0123456789\n" * 50_000)
    assert sizes.lines_count(file) == pytest.approx(50_000, rel=0.01)
    assert sizes.lines_count(tmp_path / "absent") == 0


def test_a_ledger_is_told_by_its_facts(tmp_path: Path) -> None:
    database = str(tmp_path / "gigawatt.db")
    with pytest.raises(LedgerError, match="no ledger"):
        told("ledger verify", database=database)
    verbs.ask("ledger init", scenario="three-sites", database=database)
    assert counts("ledger verify", database=database)["facts"] == 1


def test_plans_are_of_statements_that_there_are() -> None:
    for found in SETS.values():
        assert set(found.plans) <= set(found.ids)


REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    # verb, question, path of the fault, words of it
    ("run", {"set": {"horizon.end": "9999Q4"}}, "horizon.end", "31,894 quarters: expected at most 160 quarters"),
    ("sweep", {**SMALL, "draws": 10**12}, "draws", "1 to 1,000,000; so many would take some [0-9,]+ years of CPU"),
    ("sweep", {**SMALL, "draws": 10**30}, "draws", "at most"),
    ("sweep", {**SMALL, "seed": 10**30}, "seed", "a smaller whole number"),
    ("sweep", {**SMALL, "saltelli": 2**30}, "saltelli", "at most 65,536; so many would take some [0-9.]+ h of CPU"),
    ("sweep", {**SMALL, "plan_time": "1e9 days"}, "plan_time", "at most 30 days"),
    ("sweep", {**SMALL, "vary": ["demand"] * 10**5}, "vary", "at most 1,000"),
    ("compare", {"futures": 10**12}, "futures", "1 to 1,000,000; so many would take some [0-9,]+ years of CPU"),
    ("compare", {"strategies": ["wait-for-rubin"] * 99}, "strategies", "at most 50"),
    ("hedge", {**SMALL, "futures": 10**9}, "futures", "from 2 to 40"),
    ("simulate", {**SMALL, "step": "1e-15 s"}, "step", "whole minutes"),
    ("simulate", {**SMALL, "step": "1e15 s"}, "step", "whole minutes"),
    ("simulate", {**SMALL, "step": "1min"}, "step", "at most 200,000 steps"),
    ("simulate", {**SMALL, "event": ["2027-07-14T16:00/1h site=example-campus -50%"] * 1001}, "event", "at most 1,000"),
    ("flywheel", {"damping": 1e-6}, "damping", "0.05 to 1"),
    ("claims", {"only": ["billion_times"] * 10**5}, "only", "at most 1,000"),
]


@pytest.mark.parametrize(("name", "values", "path", "words"), REFUSED, ids=lambda value: str(value)[:60])
def test_what_nobody_can_mean_is_refused_before_any_work(
    name: str, values: dict[str, Any], path: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gigawatt.plan.plan.plan_inputs", None)  # nothing is planned
    for ask in (told, verbs.ask):
        with pytest.raises(InputError, match=words) as caught:
            ask(name, **values)
        assert path in {fault.path for fault in caught.value.faults}


@pytest.mark.parametrize("name", ["predict inference", "predict training"])
def test_a_machine_that_nobody_can_build_is_refused(name: str) -> None:
    asked: dict[str, Any] = {"model": "llama-3.1-405b", "gpu": "h100-sxm", "usd_per_gpu_hour": 1e300}
    wild = {
        "predict inference": {"input": 1000, "output": 500, "tpot": "1e300 s", "ttft": "1e300 s", "dp": 10**12},
        "predict training": {"gpus": 10**14, "tokens": "1e300", "batch": "1e300", "cp": 10**12},
    }[name]
    with pytest.raises(ScenarioError) as caught:
        verbs.ask(name, **asked, **wild)
    expected = {key for key in wild if key not in ("input", "output")} | {"usd_per_gpu_hour"}
    assert {fault.path for fault in caught.value.faults} == expected


def test_a_fault_of_a_long_text_shows_its_beginning() -> None:
    with pytest.raises(ScenarioError) as caught:
        verbs.ask("allocate", scenario="six-classes", fairness="alpha=" + "9" * 10_000)
    assert len(str(caught.value)) < 400


def test_estimates_are_compared_with_what_answers_took(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.util.spec_from_file_location("estimates", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "estimates", tool)
    spec.loader.exec_module(tool)
    row = {"cpu_s": 2.0, "memory_bytes": 1.0, "counts": {"start": 1.0}, "told": {"cpu_s": 4.0, "memory_bytes": 2.0}}
    assert tool._ratio(row) == 2.0
    assert tool.fitted([row, row | {"cpu_s": 6.0, "counts": {"start": 1.0, "plan": 2.0}}]) == pytest.approx(
        {"start": 2.0, "plan": 2.0}
    )
