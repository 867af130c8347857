"""What questions are read from, and what answers become."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from gigawatt.errors import ScenarioError
from gigawatt.study.answer import SPREAD, UNTOLD, Head, plain
from gigawatt.study.job import Cancelled, Job
from gigawatt.study.note import Note
from gigawatt.study.question import read


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedPower:
    power_w: float
    prompt_tokens: float = 0.0
    draws_count: int = 3
    share_frac: float | None = None
    how: Literal["fast", "slow"] = "fast"
    names: tuple[str, ...] = ()
    seed: int | None = None
    set: Mapping[str, Any] = field(default_factory=dict)


def test_text_becomes_si_by_keys_without_units() -> None:
    values = {"power": "1.2 GW", "prompt": "1000", "draws": "12", "share": "30 %", "names": ["a", "b"], "seed": "7"}
    found = read(AskedPower, {**values, "set": {"programme.target": "2 GW"}})
    assert (found.power_w, found.prompt_tokens, found.draws_count, found.share_frac) == (1.2e9, 1000.0, 12, 0.3)
    assert (found.names, found.seed, found.how, found.set) == (("a", "b"), 7, "fast", {"programme.target": "2 GW"})
    assert read(AskedPower, {"power": "1 W", "prompt": 128}).prompt_tokens == 128


def test_every_fault_is_told_at_once_by_its_field() -> None:
    with pytest.raises(ScenarioError) as caught:
        read(AskedPower, {"prompt": "two", "how": "slowly", "sed": 1, "draws": "1.5", "names": "a\x1b[2J"})
    faults = {fault.path: fault for fault in caught.value.faults}
    assert set(faults) >= {"power", "prompt", "sed", "draws"}
    assert all(fault.asked for fault in faults.values())
    assert 'did you mean "seed"' in faults["sed"].expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    lambda_: float
    when: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    head: Head = field(metadata=SPREAD)
    power_w: Any
    place: Path
    table: object = field(metadata=UNTOLD)
    found: Found | None = field(metadata=SPREAD)
    by: Mapping[str, float]


def test_an_answer_is_one_flat_object_of_strict_json() -> None:
    note = Note(code="a", path="b", text="c")
    told = Told(
        head=Head(scenario="one", hash="ab", notes=(note,), missed=("mape",)),
        power_w=np.array([1.0, np.nan]),
        place=Path("a/b"),
        table=object(),
        found=Found(lambda_=np.float64("inf"), when=date(2027, 7, 1)),
        by={"x": np.float32(0.5)},  # type: ignore[dict-item]
    )
    shown = plain(told)
    assert shown.pop("gigawatt")
    assert shown == {
        "scenario": "one",
        "hash": "ab",
        "notes": [{"code": "a", "path": "b", "text": "c"}],
        "power_w": [1.0, None],
        "place": "a/b",
        "lambda": None,
        "when": "2027-07-01",
        "by": {"x": 0.5},
    }


def test_what_is_not_there_is_null_and_not_absent() -> None:
    told = Told(head=Head(), power_w=1, place=Path("a"), table=None, found=None, by={})
    assert {key: plain(told)[key] for key in ("lambda", "when", "scenario")} == dict.fromkeys(
        ("lambda", "when", "scenario")
    )


def test_a_job_says_what_is_done_and_may_be_cancelled() -> None:
    heard: list[Any] = []
    Job(progress=lambda *said: heard.append(said)).say("planning", 0.5)
    assert heard == [("planning", 0.5)]
    with pytest.raises(Cancelled):
        Job(cancelled=lambda: True).say("planning")
    assert Job().kept_in("a", "0123456789") is None
    assert Job(runs=Path("r")).kept_in("a", "0123456789") == Path("r/a-01234567")
    assert Job(runs=Path("r"), folder=Path("f")).kept_in("a", "0123456789") == Path("f")
