"""Every verb's answer has the head, and every number in it says its unit.

Looked at twice: the records that an answer may be made of, with all that they may hold, and the data of a cheap answer.
"""

from __future__ import annotations

import json
import types
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest

from gigawatt import units
from gigawatt.study import verbs
from gigawatt.study.answer import UNTOLD, plain
from gigawatt.study.run.stages import run
from gigawatt.study.verbs import VERBS, Verb

HEAD = {"gigawatt", "scenario", "hash", "notes"}
# The schema that a verb answers with is a JSON Schema and nothing else.
HEADLESS = ("schema",)
# What may follow a unit, as a basis does: tokens per second of a GPU.
PER = ("_per_gpu", "_per_user", "_per_gw_year", "_per_mw_it", "_per_mw_facility", "_per_request")
# Of a value in the unit that the question states, such as lives.
VALUES = ("_value", "_value_per_gw_year")
# Numbers without a unit of their own, by why that is so.
EXEMPT = {
    "plural counts": ("rows", "evaluated", "parameters_fitted", "draws", "futures", "facts", "readings", "parts"),
    "plural counts of an import": ("added", "duplicates", "corrected"),
    "plural counts of a replay": ("requests", "completed", "rejected", "shed", "under_way", "replications"),
    "set back for want of cache, in a replay": ("preemptions",),
    "tokens by what they are": ("tokens_in", "tokens_cached", "tokens_out"),
    "plural counts of a layout": ("tensor", "pipeline", "data", "expert", "packages"),
    "value of a gigawatt for a year, in the value_unit": ("lambda", "lambda_left", "lambda_right", "marginal"),
    "which one, in an order": (
        "tier",
        "number",
        "rack",
        "priority",
        "line",
        "first_bad",
        "milestone",
        "next_milestone",
    ),
    "which fact": ("head_number", "corrects_number", "corrected_number"),
    "a year of the calendar": ("year", "dollar_year"),
    "what chance begins with": ("seed",),
    "from -1 to 1": ("rank_correlation",),
    "a ratio that everybody knows by its name": ("pue_mean", "pue_p99"),
    "one over the other, less 1": ("objective_vs_accounts_rel",),
}
# Tables of numbers by name, and what they are.
TABLES = {
    "said": "what a fact says, in SI by its fields",
    "failures": "counts by kind",
    "grades": "counts by grade",
    "served": "tokens",
    "unserved": "tokens",
}
# Names of numbers whose unit stands beside them, as `unit`, or as the suffix of the `item` that they are of.
BESIDE = (
    *("value", "was", "low", "mid", "high", "fitted", "published", "predicted", "amount_per_gw_year"),
    *("objective", "bound", "plan", "simulated"),
)
FREE = {name for names in EXEMPT.values() for name in names} | set(TABLES)


def suffixed(key: str) -> bool:
    """Whether a key ends in the suffix of a unit, a basis or not, or in that of a value."""
    bare = next((key.removesuffix(per) for per in PER if key.endswith(per)), key)
    return bool(units.split(f"x_{bare}")[1]) or key.endswith(VALUES)


def said(key: str, within: str, beside: Collection[str], item: object = "x_w") -> bool:
    """Whether a number's unit is said: by its key, by that of the table it stands in, or beside it.

    item: what the number is of, where that stands beside it.
    """
    named = "unit" in beside or ("item" in beside and suffixed(str(item)))
    return suffixed(key) or suffixed(within) or key in FREE or (key in BESIDE and named)


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def unsaid(value: Any, within: str = "", path: str = "", unit: bool = False) -> Iterator[str]:
    """Paths of the numbers in plain data that do not say their unit.

    within: the name of what the data are in; unit: whether something around them names one.
    """
    if isinstance(value, list):
        for item in value:
            yield from unsaid(item, within, path, unit)
    elif isinstance(value, Mapping) and within not in TABLES:
        beside = {*value, "unit"} if unit else value.keys()
        for key, item in value.items():
            here = f"{path}.{key}".lstrip(".")
            if any(map(is_number, item if isinstance(item, list) else [item])):
                if not said(key, within, beside, value.get("item")):
                    yield here
            elif not (key in BESIDE and "unit" in beside):
                yield from unsaid(item, key, here, "unit" in beside)


def unsaid_fields(kind: Any, within: str = "", around: tuple[Any, ...] = (), unit: bool = False) -> Iterator[str]:
    """Fields of a record, and of those that it is made of, that hold numbers which do not say their unit.

    within: the name of what the record is in; unit: whether a record around it names one.
    """
    if get_origin(kind) in (Union, types.UnionType, tuple, Mapping):
        for part in get_args(kind):
            yield from unsaid_fields(part, within, around, unit)
    if is_dataclass(kind) and kind not in around:
        hints = get_type_hints(kind)
        told = {entry.name.rstrip("_"): hints[entry.name] for entry in fields(kind) if entry.metadata.get("told", True)}
        beside = {*told, "unit"} if unit else told.keys()
        for key, hint in told.items():
            if holds_numbers(hint) and not said(key, within, beside):
                yield f"{kind.__name__}.{key}"
            yield from unsaid_fields(hint, key, (*around, kind), "unit" in beside)


def holds_numbers(hint: Any) -> bool:
    """Whether a field is a number, a list of them or a table of them by name."""
    if get_origin(hint) in (Union, types.UnionType, tuple, Mapping):
        return any(map(holds_numbers, get_args(hint)))
    return hint in (int, float)


def answered(verb: Verb) -> type[Any]:
    """The record of a verb's answer."""
    module, _, name = verb.answers.partition(":")
    record: type[Any] = get_type_hints(getattr(import_module(f"gigawatt.study.{module}"), name))["return"]
    return record


BRIEF = {"horizon.report_end": "2027Q2", "horizon.end": "2027Q4"}
LLAMA = {
    "model_type": "llama",
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_attention_heads": 32,
    "num_hidden_layers": 32,
    "num_key_value_heads": 8,
    "tie_word_embeddings": False,
    "vocab_size": 128256,
}
RECORDS = "kind,at,site,platform,racks\nracks,2026-03-05,example-campus,gb300,3\n"
REQUESTS = "timestamp_ms,input_length,output_length\n" + "".join(f"{40 * n},500,30\n" for n in range(50))
FILES = {"stated.toml": "", "llama.json": json.dumps(LLAMA), "records.csv": RECORDS, "requests.csv": REQUESTS}
EVENT = "2027-05-14T16:00/4h site=example-campus -50%"
RACKS = ["site=example-campus", "platform=gb300", "racks=250", "at=2026-03-02"]
LEDGER: dict[str, dict[str, Any]] = {
    "init": {"scenario": "one-campus", "database": "new.db"},
    "record": {"kind": "racks", "fields": RACKS, "source": "note"},
    "import": {"file": "records.csv", "kind": "records", "as": "ada"},
    "status": {},
    "facts": {},
    "verify": {},
    "approve": {"milestone": "30 MW", "as": "ada"},
    "disburse": {"milestone": "1"},
}
QUESTIONS: dict[str, dict[str, Any]] = {
    "run": {"scenario": "one-campus", "set": BRIEF},
    "check": {"scenario": "one-campus"},
    "preview": {"scenario": "one-campus", "set": BRIEF},
    "compare": {
        "scenario": "one-campus",
        "strategies": ["stated.toml"],
        "futures": 2,
        "workers": 1,
        "set": BRIEF,
    },
    "sweep": {"scenario": "one-campus", "draws": 2, "workers": 1, "vary": ["demand"], "set": BRIEF},
    "hedge": {"scenario": "one-campus", "futures": 2, "decided": 1, "set": BRIEF},
    "difference": {"a": "kept", "b": "kept"},
    "simulate": {"scenario": "one-campus", "set": BRIEF, "event": [EVENT]},
    "allocate": {"scenario": "six-classes", "fairness": "log"},
    "flywheel": {"backtest": True},
    **{f"ledger {word}": asked for word, asked in LEDGER.items()},
    "ledger example": {},
    "track reconcile": {"result": "plan", "at": "2025-08-31"},
    "track reforecast": {"result": "plan", "as_of": "2025-08-31"},
    **{f"export {format_}": {"result": "kept"} for format_ in ("kueue", "kai", "slurm", "focus")},
    "predict inference": {
        "model": "llama-3.1-70b",
        "gpu": "h100-sxm",
        "input": 1000,
        "output": 500,
        "power": "1 MW",
        "pareto": True,
    },
    "replay": {
        "trace": "requests.csv",
        "model": "llama-3.1-8b",
        "gpu": "h100-sxm",
        "replicas": 1,
        "ttft": "1 s",
        "find_capacity": True,
        "pods": True,
    },
    "predict training": {"model": "llama-3.1-8b", "gpu": "h100-sxm", "gpus": 64, "tokens": "1T"},
    "predict bridge": {"power": "300 MW", "grid_wait": "3 years"},
    "predict gigawatt": {
        "model": "llama-3.1-70b",
        "gpu": "h100-sxm, b200",
        "price_input": 0.5,
        "price_output": "1.5 USD/Mtoken",
        "scenario": "one-campus",
    },
    "validate inference": {},
    "validate training": {},
    "validate energy": {},
    "validate facility": {},
    "validate runs": {},
    "validate serving": {},
    "validate schedules": {},
    "catalog list": {},
    "catalog show": {"thing": "gb300-nvl72"},
    "catalog import-model": {"config": "llama.json"},
    "sources": {"scenario": "one-campus"},
    "claims": {"only": ["billion_times"]},
    "schema": {"of": "allocate"},
}


def keep_ledger() -> None:
    """A ledger in the folder one is in, with a milestone that is met and approved by two."""
    at = ["site=example-campus", "at=2026-03-10"]
    verbs.ask("ledger init", "one-campus")
    verbs.ask("ledger record", "site", [*at, "state=energised", "power=40 MW", "basis=facility"], source="letter")
    verbs.ask("ledger record", "racks", RACKS, source="note")
    tested = [*at, "platform=gb300", "racks=250", "throughput=1 Mtokens/s", "held=80 h"]
    verbs.ask("ledger record", "test", tested, source="protocol")
    verbs.ask("ledger record", "work", ["use_case=assistant", "served=3 Ttokens", "at=2026-06-30"], source="books")
    for name in ("cleo", "dan"):
        verbs.ask("ledger approve", "1", as_=name)


def keep_plan() -> None:
    """A plan that began in 2025, and a ledger that nobody has written to."""
    early = {
        "horizon.start": "2025Q1",
        "horizon.report_end": "2025Q4",
        "horizon.end": "2026Q2",
        "pools.blackwell.supply": {"2025Q1": 60, "2026Q2": 60},
        "sites.example-campus.ramp": {"2025Q1": "20 MW", "2026Q2": "80 MW"},
        "capital.opening_cash": "4 billion USD",
    }
    run("one-campus", early).save("plan")
    verbs.ask("ledger init", "plan")


def test_every_verb_is_asked() -> None:
    assert sorted(QUESTIONS) == sorted(verb.name for verb in VERBS)


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb.name not in HEADLESS], ids=lambda verb: verb.name)
def test_whatever_an_answer_may_hold_says_its_unit(verb: Verb) -> None:
    assert sorted(set(unsaid_fields(answered(verb)))) == []


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a result, for what is asked of one."""
    return verbs.ask("run", "one-campus", set=BRIEF).result.save(tmp_path_factory.mktemp("result") / "kept")


@pytest.mark.parametrize("name", QUESTIONS)
def test_an_answer_has_the_head_and_units(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.chdir(tmp_path)
    if "kept" in QUESTIONS[name].values():
        (tmp_path / "kept").symlink_to(request.getfixturevalue("kept"))
    for file, text in FILES.items():
        (tmp_path / file).write_text(text)
    if name.startswith("ledger "):
        keep_ledger()
    if name.startswith("track "):
        keep_plan()
    told = plain(verbs.ask(name, **QUESTIONS[name]))
    if name not in HEADLESS:
        assert set(told) >= HEAD
        assert sorted(set(unsaid(told))) == []


@pytest.mark.parametrize(
    "data",
    [
        {"power_w": 1.0, "rate_tokens_per_s_per_gpu": {"p10": 1.0}, "tokens": 3, "capex_usd_per_w_it": 1.0},
        {"lost_value": 1.0, "weight_value_per_gw_year": 2.0, "lambda": None, "ok": True, "name": "3"},
        {"rows": [{"unit": "W", "value": 3}, {"item": "energy_wh", "plan": 1.0}], "share_frac": [{"chat": 0.5}]},
        {"served": {"chat": 1.0}, "numbers": [{"unit": "W", "value": {"2026Q3": 1.0}}]},
    ],
)
def test_what_says_its_unit_is_let_be(data: dict[str, Any]) -> None:
    assert list(unsaid(data)) == []


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({"cost": 1.0}, "cost"),
        ({"cost_per_gw": 1}, "cost_per_gw"),
        ({"moons": {"p10": 1.0}}, "moons.p10"),
        ({"rows": [{"value": 3}]}, "rows.value"),
        ({"rows": [{"item": "energy", "plan": 3}]}, "rows.plan"),
        ({"power_w": {"at": {"peak": 1.0}}}, "power_w.at.peak"),
        ({"powers": [1.0, 2.0]}, "powers"),
    ],
)
def test_a_number_without_unit_is_found(data: dict[str, Any], path: str) -> None:
    assert list(unsaid(data)) == [path]


@dataclass(frozen=True)
class Part:
    """A record in a record."""

    power_w: float
    moons: float | None
    tokens_per_s: Mapping[str, float]
    shares: Mapping[str, tuple[float, ...]]
    points: tuple[float, ...]


@dataclass(frozen=True)
class Whole:
    """A record whose parts say their units or do not."""

    energy_wh: float
    cost: int
    lambda_: float
    parts: tuple[Part, ...] | None
    by_name: Mapping[str, Part]
    hidden: float = field(default=0.0, metadata=UNTOLD)


def test_a_field_without_unit_is_found() -> None:
    assert set(unsaid_fields(Whole)) == {"Part.moons", "Part.points", "Part.shares", "Whole.cost"}
