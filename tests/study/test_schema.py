"""JSON Schema of what people write: it says what the reader says, key by key."""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gigawatt
from gigawatt import units
from gigawatt.catalog.load import KINDS
from gigawatt.catalog.records import Accelerator
from gigawatt.catalog.tables import Reader, read_record, read_sources
from gigawatt.errors import ScenarioError
from gigawatt.quarters import Course
from gigawatt.scenario.schema import Asked, Finance, Programme, UseCase
from gigawatt.study.schema.record import DIALECT, FileKey, keys, schema_for, schema_of

SOURCE = Path(gigawatt.__file__).parent
FOLDERS = {
    "scenario": "scenario/presets",
    "allocation": "scenario/presets/allocations",
    "strategy": "scenario/strategies",
    **{kind: f"catalog/{kind}" for kind in KINDS},
    "inference_calibrations": "catalog/calibrations/inference",
    "training_calibrations": "catalog/calibrations/training",
    "power_calibrations": "catalog/calibrations/power",
    "run_calibrations": "catalog/calibrations/runs",
    "serving_calibrations": "catalog/calibrations/serving",
    "derating_calibrations": "catalog/calibrations/derating",
}
SUFFIXES = sorted(set(units.SUFFIXES) - {"date"})
CAMPUS = (SOURCE / "scenario/presets/one-campus.toml").read_text(encoding="utf-8")
Faults = Callable[[str, Mapping[str, Any]], list[str]]


@pytest.fixture(scope="module")
def faults() -> Faults:
    """What a validator of JSON Schema finds wrong with a table of one kind."""
    jsonschema = pytest.importorskip("jsonschema")
    made: dict[str, Any] = {}

    def found(kind: str, table: Mapping[str, Any]) -> list[str]:
        if kind not in made:
            jsonschema.Draft202012Validator.check_schema(schema_for(kind))
            made[kind] = jsonschema.Draft202012Validator(schema_for(kind))
        return [error.message for error in made[kind].iter_errors(table)]

    return found


def test_a_key_carries_all_that_is_known_of_it() -> None:
    target, _, most = keys(Programme)
    assert target == FileKey(
        key="target",
        hint=float,
        suffix="w",
        sentence="Most power in service at once, on the basis below.",
        required=True,
        default=None,
        plausible="1 MW to 200 GW",
    )
    assert target.description.endswith("below. A power (W, kW, MW, GW). Plausible: 1 MW to 200 GW.")
    assert (most.key, most.required, most.default, most.plausible) == ("inference_most", False, "100 %", "")


def test_defaults_are_as_a_file_states_them() -> None:
    finance = schema_of(Finance)["properties"]
    assert (finance["lease_rate"]["default"], finance["lease_life"]["default"]) == ("10 %/year", "15 years")
    use = schema_of(UseCase)["properties"]
    assert (use["peak_to_mean"]["default"], use["hard"]["default"]) == (1, False)
    assert "default" not in use["people"]
    assert schema_of(Accelerator)["properties"]["plannable"] == {
        "description": "Whether a plan may buy it; false for parts that are only predicted or listed.",
        "type": "boolean",
        "default": True,
    }


@pytest.mark.parametrize("cls", [Finance, UseCase, Accelerator])
def test_defaults_read_back(cls: type) -> None:
    for key in keys(cls):
        if key.default is not None and key.suffix:
            name = f"{key.key}_{key.suffix}"
            stated = cls.__dataclass_fields__.get(name)  # type: ignore[attr-defined]
            assert stated is None or units.parse(key.default, key.suffix) == stated.default


def test_a_catalog_file_names_itself_and_has_sources() -> None:
    schema = schema_for("accelerators")
    assert schema["$schema"] == DIALECT
    assert {"vendor", "architecture", "packages_per_rack"} <= set(schema["required"])
    assert "id" not in schema["required"]
    assert not schema["additionalProperties"]
    assert schema["properties"]["sources"]["additionalProperties"] == {"$ref": "#/$defs/Source"}
    beside = {"grade", "source", "note", "known"}
    assert set(schema["$defs"]["Source"]["properties"]) == {"url", "date", "title", *beside}


def test_a_strategy_decides_and_does_not_ask() -> None:
    strategy = schema_for("strategy")
    assert {"title", "description", "pools", "use_cases", "sources"} <= set(strategy["properties"])
    assert not {"extends", "name", "seed", "horizon", "uncertainty"} & set(strategy["properties"])
    assert "required" not in strategy
    assert "else" not in strategy


def test_every_reference_leads_somewhere() -> None:
    for kind in FOLDERS:
        schema = schema_for(kind)
        used = {ref.removeprefix("#/$defs/") for ref in references(schema)}
        assert used == set(schema["$defs"]), kind


def references(part: Any) -> Iterator[str]:
    if isinstance(part, Mapping):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for below in part.values():
            yield from references(below)
    elif isinstance(part, list):
        for below in part:
            yield from references(below)


def test_every_key_is_described() -> None:
    for kind in FOLDERS:
        schema = schema_for(kind)
        for table in (schema, *schema["$defs"].values()):
            for key, entry in table.get("properties", {}).items():
                assert len(entry["description"].split()) >= 3, (kind, key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """A walk, which is what is asked here."""

    of: str
    """Who walks it."""
    pace: Literal["slow", "quick"] = "slow"
    """How fast it goes."""
    length_m: float | None = None
    """How far it goes; left out: until dark."""
    climb_m: Course | None = None
    """How much it rises."""
    legs: tuple[str, ...] = ()
    """Where it leads."""
    seen: Mapping[str, Any] = field(default_factory=dict)
    """What was seen on the way."""
    talk_tokens: float = 100.0
    """What was said, in all."""


def test_the_question_of_a_verb_is_a_record_like_others() -> None:
    schema = schema_of(Walk)
    assert schema["required"] == ["of"]
    assert schema["description"] == "A walk, which is what is asked here."
    own = schema["properties"]
    assert own["of"] == {"description": "Who walks it.", "type": "string"}
    assert own["pace"] == {"description": "How fast it goes.", "enum": ["slow", "quick"], "default": "slow"}
    assert own["length"]["description"] == "How far it goes; left out: until dark. A length (m, km)."
    assert own["length"]["$ref"] == "#/$defs/m"
    assert own["climb"]["$ref"] == "#/$defs/m_over_time"
    assert own["legs"] == {"description": "Where it leads.", "type": "array", "items": {"type": "string"}}
    assert own["seen"] == {"description": "What was seen on the way.", "type": "object"}
    assert set(own) == {"of", "pace", "length", "climb", "legs", "seen", "talk"}


def test_a_question_has_no_evidence_and_bare_numbers_of_tokens() -> None:
    """As study.question reads it."""
    forms = {name: [form.get("type") for form in made["anyOf"]] for name, made in schema_of(Walk)["$defs"].items()}
    assert forms == {"m": ["string"], "m_over_time": ["string", "object"], "tokens": ["number", "string"]}
    stated = {name: [form.get("type") for form in schema_for("models")["$defs"][name]["anyOf"]] for name in ("count",)}
    assert stated == {"count": ["number", "string", "object"]}
    assert [form["type"] for form in schema_for("workloads")["$defs"]["tokens"]["anyOf"]] == ["string", "object"]


def test_a_name_that_is_not_there_is_told_with_the_nearest() -> None:
    with pytest.raises(ScenarioError) as caught:
        schema_for("strategie")
    (fault,) = caught.value.faults
    assert (fault.path, fault.given) == ("of", '"strategie"')
    assert fault.expected.startswith("one of scenario, allocation, strategy, accelerators, ")
    assert fault.expected.endswith('derating_calibrations; did you mean "strategy"?')


def told(text: str, suffix: str) -> str:
    """What is wrong with a quantity; a share above 1 is told as no share at all, and as a ratio it is one."""
    try:
        units.parse(text, "ratio" if suffix == "frac" else suffix)
    except ValueError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_matches_the_pattern_of_a_unit_is_read(suffix: str) -> None:
    """Whatever its sign and size: those are not the pattern's to judge."""

    @settings(max_examples=20, deadline=None)
    @given(text=st.from_regex(units.pattern(suffix), alphabet=st.characters(max_codepoint=126)))
    def matched(text: str) -> None:
        assert re.fullmatch("(.*, (not negative|at most .*|finite))?", told(text, suffix))

    matched()


PARTS = ["W", "Wh", "MW", "k", "M", "USD", "token", "tokens", "s", "h", "year", "%", "/", " ", "million", "FLOP"]


@settings(max_examples=300, deadline=None)
@given(unit=st.lists(st.sampled_from(PARTS), max_size=5).map("".join), suffix=st.sampled_from(SUFFIXES))
def test_what_is_read_matches_the_pattern(unit: str, suffix: str) -> None:
    """But for what nobody writes: a stroke with a word of number below it."""
    if "million" in unit.partition("/")[2]:
        return
    text = f"1e-40 {unit}"
    assert bool(re.search(units.pattern(suffix), text)) == (not told(text, suffix))


@pytest.mark.parametrize("kind", FOLDERS)
def test_every_file_that_ships_is_as_its_schema_says(kind: str, faults: Faults) -> None:
    shipped = sorted((SOURCE / FOLDERS[kind]).glob("*.toml"))
    assert shipped
    for file in shipped:
        assert faults(kind, tomllib.loads(file.read_text(encoding="utf-8"))) == [], file.name


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[finance]\n", '[finance]\ndiscont = "8 %/year"\n', "'discont' was unexpected"),
        ('{ value = "100 MW", grade = "assumed" }', "100e6", "100000000.0 is not valid"),
        ('{ value = "100 MW", grade = "assumed" }', '"100 MWh"', "'100 MWh' is not valid"),
        ('target = { value = "100 MW", grade = "assumed" }\n', "", "'target' is a required property"),
        ("[horizon]\n", "[horizont]\n", "'horizont' was unexpected"),
        ('power_basis = "facility"\n', 'power_basis = "plug"\n', "'plug' is not one of"),
        ('start = "2026Q3"', 'start = "autumn"', "'autumn' does not match"),
        ("seed = 1\n", 'seed = 1\nextents = "loi-2025-09"\n', "'extents' was unexpected"),
    ],
)
def test_mistakes_are_found(old: str, new: str, said: str, faults: Faults) -> None:
    assert faults("scenario", tomllib.loads(CAMPUS)) == []
    assert old in CAMPUS
    found = faults("scenario", tomllib.loads(CAMPUS.replace(old, new, 1)))
    assert any(said in message for message in found), found


@pytest.mark.parametrize(
    ("text", "lawful"),
    [
        ('extends = "one-campus"\n[programme]\ntarget = "80 MW"', True),
        ('extends = "one-campus"\n[sites.new]\n[pools]\nblackwell = false\n[capital]\ntranches = false', True),
        ('extends = "one-campus"\n[programme]\ntarget = false', False),
        ('extends = "one-campus"\n[programme]\ntarget = 80', False),
        ('extends = "one-campus"\n[[simulate.tiers]]\nprice = "80 USD/MWh"', False),
        ('extends = "one-campus"\n[[simulate.tiers]]\nwork = "batch"\nprice = false', False),
        ('extends = "one-campus"\n[pools."a b"]\nsupply = 3', False),
        ('extends = ""', False),
        ("[programme]", False),
        (f"{CAMPUS}\n[pools]\nb = false".replace("[pools]\nb", "[pools.b]\nsupply"), False),
    ],
)
def test_a_file_that_extends_need_not_be_whole(text: str, lawful: bool, faults: Faults) -> None:
    assert (faults("scenario", tomllib.loads(text)) == []) == lawful


@pytest.mark.parametrize(
    ("text", "lawful"),
    [
        ('"programme.target" = "80 MW"\n[pools]\nblackwell = false', True),
        ("seed = 3", False),
        ('[horizon]\nend = "2030Q4"', False),
        ("title = 3", False),
    ],
)
def test_strategies_are_held_to_what_they_may_decide(text: str, lawful: bool, faults: Faults) -> None:
    assert (faults("strategy", tomllib.loads(text)) == []) == lawful


BESIDE = ("low", "high", "grade", "source", "note", "value", "sources")


def places(table: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Where values stand in a file, without its quarters and what stands beside a value."""
    for key, value in table.items():
        if key not in BESIDE and not re.fullmatch(r"\d{4}Q\d", key):
            yield (*path, key)
            if isinstance(value, Mapping):
                yield from places(value, (*path, key))


def changed(path: tuple[str, ...], change: str) -> dict[str, Any]:
    """The small scenario with one value gone, misspelt or turned into a bare number."""
    table = copy.deepcopy(tomllib.loads(CAMPUS))
    *parents, last = path
    here = table
    for key in parents:
        here = here[key]
    value = here.pop(last)
    if change != "gone":
        here |= {f"{last}x": value} if change == "misspelt" else {last: 7}
    return table


def read(table: dict[str, Any]) -> list[str]:
    """The faults of the reader."""
    reader = Reader()
    reader.sources = read_sources(table.pop("sources", {}), reader)
    read_record(Asked, {"name": "any", **table}, "", reader)
    return [str(fault) for fault in reader.faults]


CHANGES = ("gone", "misspelt", "bare")
PLACES = list(enumerate(places(tomllib.loads(CAMPUS))))


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("every", [len(CHANGES), pytest.param(1, marks=pytest.mark.slow)])
def test_schema_and_reader_find_the_same_mistakes(change: str, every: int, faults: Faults) -> None:
    """One change at a time at the places of the small scenario; by default each place has one of the changes."""
    chosen = [path for n, path in PLACES if n % every == CHANGES.index(change) % every]
    told = [bool(faults("scenario", changed(path, change))) for path in chosen]
    assert told == [bool(read(changed(path, change))) for path in chosen]
    assert sum(told) > len(chosen) / 3
