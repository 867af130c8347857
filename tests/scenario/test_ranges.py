"""Any one number changed, of a scenario or of a catalog file: it is taken, named or refused, and nothing falls over."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gigawatt.catalog import load as catalog
from gigawatt.catalog.load import read_file
from gigawatt.catalog.tables import read_toml
from gigawatt.errors import CatalogError, Infeasible, InputError, ScenarioError
from gigawatt.scenario.load import _find, load, to_toml
from gigawatt.scenario.schema import Scenario
from gigawatt.solver import SolverFailure
from gigawatt.study.check.answer import outline
from gigawatt.study.run.stages import run

SHORT = {"horizon.report_end": "2027Q4", "horizon.end": "2028Q2"}
SEED, SAMPLED_COUNT = 20261128, 12
NUMBER = re.compile(r"([-+]?\d[\d.]*(?:[eE][-+]?\d+)?)(.*)")
QUARTER = re.compile(r"\d{4}(?:Q[1-4]|-\d\d-\d\d)")
TEXTS = frozenset({"grade", "source", "note", "title", "name", "description", "low", "high", "sources", "aliases"})

# Numbers that stay plausible where they are a million times smaller, or larger, and why.
BARE = "without a dimension: a pure number or a share"
CALM = "a yearly rate next to nothing is one of 0 %, which is plausible"
CLOCK = "next to 0 h is midnight, or the clock of Greenwich"
STAYS = {
    "operations.software_gain": CALM,
    "operations.training_gain": CALM,
    "finance.discount": CALM,
    "finance.capital_cost": CALM,
    "capital.debt_rate": CALM,
    "platforms.gb300.price_change.value": CALM,
    "platforms.vr230.price_change.value": CALM,
    "operations.busiest.value": CLOCK,
    "regions.americas.utc_offset": CLOCK,
    "regions.emea.utc_offset": CLOCK,
    "regions.asia_pacific.utc_offset": CLOCK,
}


def numbers(table: Mapping[str, Any], above: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Path and value of every number of a file, as it is written."""
    for key, value in table.items():
        path = (*above, key)
        if key in TEXTS:
            continue
        if isinstance(value, Mapping):
            yield from numbers(value, path)
        elif isinstance(value, list):
            for n, item in enumerate(value):
                if isinstance(item, Mapping):
                    yield from numbers(item, (*path, n))
        elif scaled(value, 2.0) is not None:
            yield path, value


def scaled(value: Any, factor: float) -> Any:
    """A number, or a quantity with its unit, times a factor; None where it is neither."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str):
        match = NUMBER.fullmatch(value)
        return None if match is None or QUARTER.fullmatch(value) else f"{float(match[1]) * factor!r}{match[2]}"
    product = value * factor
    return int(product) if product == int(product) else product


ONE_CAMPUS = [(path, value) for path, value in numbers(read_toml(_find("one-campus"))[0]) if int not in map(type, path)]
PATHS = {".".join(map(str, path)): value for path, value in ONE_CAMPUS}


def read(path: str, value: Any, **more: Any) -> Scenario | None:
    """The scenario with one value changed, None where that is refused with faults."""
    try:
        return load("one-campus", {path: value, **more})
    except InputError:
        return None


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("k", [-6, 6])
def test_a_slip_of_a_million_is_named_or_refused(path: str, k: int) -> None:
    """faults K9, reports 9: any quantity of one-campus times 10^k; `STAYS` says which are left out, and why."""
    value = scaled(PATHS[path], 10.0**k)
    scenario = read(path, value)
    if scenario is not None and stays(path, k) is None:
        assert [fault.path for fault in scenario.implausible] == [path.removesuffix(".value")], value


def stays(path: str, k: int) -> str | None:
    """Why a number stays plausible."""
    value = PATHS[path]
    if not isinstance(value, str) or value.endswith("%"):
        return BARE
    return STAYS.get(path) if k < 0 else None


def test_no_exception_is_needless() -> None:
    """Each would fail the test above."""
    for path in STAYS:
        scenario = read(path, scaled(PATHS[path], 1e-6))
        assert scenario is not None, path
        assert scenario.implausible == (), path


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS)
def test_any_number_times_any_power_of_ten_is_outlined_or_refused(path: str) -> None:
    """faults K9: `check` ends with an answer or with faults, and a value below 0 where none can be is refused."""
    for k in (-12, -9, -6, -4, -2, -1, 1, 2, 4, 6, 9, 12):
        scenario = read(path, scaled(PATHS[path], 10.0**k))
        if scenario is not None:
            outlined(scenario)
    assert read(path, scaled(PATHS[path], -1.0)) is None or path in STAYS or PATHS[path] == 0


def outlined(scenario: Scenario) -> bool:
    """Whether there is an outline, which needs all that the planner would see; faults otherwise."""
    try:
        outline(scenario)
    except InputError:
        return False
    return True


def sample() -> list[tuple[str, int]]:
    """Some paths of one-campus with a power of ten, always the same."""
    draw = np.random.default_rng(SEED)
    paths = list(PATHS)
    return [(paths[draw.integers(len(paths))], int(draw.choice([-4, -3, -2, -1, 1, 2, 3, 4]))) for _ in range(200)]


@pytest.mark.slow
def test_what_check_takes_can_be_run() -> None:
    """faults K9: a seeded sample of numbers that `check` takes is planned, lived through and accounted for.

    Hard limits may conflict, and a solver may give up on numbers far apart; nothing else goes wrong.
    """
    taken = 0
    for path, k in sample():
        scenario = read(path, scaled(PATHS[path], 10.0**k), **SHORT)
        if scenario is None or not outlined(scenario):
            continue
        taken += 1
        try:
            found = run(scenario)
        except (InputError, Infeasible, SolverFailure):
            continue
        assert np.isfinite(found.accounts.values.npv_usd), (path, k)
        told = {note.path for note in found.notes if note.code == "implausible"}
        assert told == {fault.path for fault in scenario.implausible}
        if taken == SAMPLED_COUNT:
            return
    pytest.fail(f"only {taken} of the sample were taken")


# One file of each kind of the catalog.
FILES = {
    "accelerators": "gb300-nvl72",
    "models": "deepseek-r1",
    "sites": "abilene",
    "cooling": "tower",
    "facilities": "lulea-meta",
    "power_curves": "training",
    "onsite_power": "solar_storage",
    "reliability": "liquid-racks-2026",
    "history": "openai",
    "schedules": "stargate",
    "rents": "h100-rents",
    "scaling_laws": "chinchilla-replication",
    "workloads": "mlperf-gpt-j-6b",
    "arrivals": "agents",
    "inference_calibrations": "as-of-2026",
    "training_calibrations": "as-of-2026",
    "power_calibrations": "as-of-2026",
    "run_calibrations": "as-of-2026",
    "serving_calibrations": "as-of-2026",
    "derating_calibrations": "as-of-2026",
    "climates": "cloud-regions",
}
# What may be below 0: places in the south or the west, and temperatures.
SIGNED = frozenset({"latitude", "longitude", "mean", "dew_point", "wet_above", "latency_growth"})
MOST_NUMBERS = 60  # of a file: calibrations have hundreds of equal rows


@pytest.mark.parametrize("kind", FILES)
def test_a_catalog_file_with_any_number_absurd_is_read_or_refused(tmp_path: Path, kind: str) -> None:
    """faults K9: nothing, less than nothing, and a million million times as much."""
    assert set(FILES) == set(catalog.KINDS)
    file = catalog._files(kind)[FILES[kind]]
    table, _ = read_toml(file)
    for path, value in list(numbers(table))[:MOST_NUMBERS]:
        for factor in (0.0, -1.0, 1e12):
            faults = faults_of(tmp_path / file.name, kind, table, path, scaled(value, factor))
            free = factor == 0 or scaled(value, 1.0) == scaled(value, 0.0) or (factor < 0 and SIGNED & set(path))
            assert faults or free, (path, factor)


def faults_of(file: Path, kind: str, table: Mapping[str, Any], path: tuple[str | int, ...], value: Any) -> list[str]:
    """Paths of the faults of a catalog file with one value changed, without the file's name."""
    changed: Any = copy.deepcopy(table)
    here = changed
    for key in path[:-1]:
        here = here[key]
    here[path[-1]] = value
    file.write_text(to_toml(changed), encoding="utf-8")
    try:
        read_file(catalog.KINDS[kind], file)
    except CatalogError as error:
        return [fault.path.removeprefix(f"{file.name}: ") for fault in error.faults]
    return []


@pytest.mark.parametrize("key", ["packages_per_rack", "hbm_bandwidth", "hbm_capacity", "rack_power", "rack_price"])
def test_what_is_divided_by_is_above_nothing(tmp_path: Path, key: str) -> None:
    """faults K9: each was accepted as 0, and ended in a division by it, or did not end."""
    file = catalog._files("accelerators")["gb300-nvl72"]
    table, _ = read_toml(file)
    value = table[key]["value"] if isinstance(table[key], dict) else table[key]
    assert faults_of(tmp_path / file.name, "accelerators", table, (key,), scaled(value, 0.0)) == [key]


def test_so_are_the_ends_of_what_a_source_states(tmp_path: Path) -> None:
    """faults K9: a band is worked out at them."""
    file = catalog._files("cooling")["tower"]
    table, _ = read_toml(file)
    low = {"value": "50 %", "low": "0 %", "high": "60 %"}
    assert faults_of(tmp_path / file.name, "cooling", table, ("chiller",), low) == ["chiller.low"]


K9 = [
    ("seed", -1, "at least 0"),
    ("finance.capital_cost", "-200 %/year", "at least 0 %/year"),
    ("operations.training_cap", 0, "at least 1"),
    ("operations.software_base", "1000Q1", "at least 2010"),
    ("finance.rack_life", "1000000 years", "at most 100 years"),
    ("sites.example-campus.ramp", {"1000Q1": "100 MW", "2027Q1": "100 MW"}, "at least 1900"),
]


@pytest.mark.parametrize(("path", "value", "expected"), K9)
def test_bounds_that_were_missing(path: str, value: Any, expected: str) -> None:
    """faults K9."""
    with pytest.raises(ScenarioError) as caught:
        load("one-campus", {path: value})
    (fault,) = caught.value.faults
    assert fault.path.startswith(path)
    assert expected in fault.expected, fault


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        ("platforms.gb300.rack_price", "3.7 USD", "3.7 USD: outside the plausible 20 thousand USD to 100 million USD"),
        (
            "sites.example-campus.power_price",
            "50 USD/kWh",
            "50,000 USD/MWh: outside the plausible 1 USD/MWh to 1 USD/kWh",
        ),
        ("operations.software_base", "2015Q1", "2015: outside the plausible 2018 to 2045"),
    ],
)
def test_a_value_wrong_by_its_unit_is_named_until_it_is_meant(path: str, value: str, text: str) -> None:
    """reports 9: `plausible.sh`; and the list `implausible` of a scenario says that it is meant."""
    told = [note for note in outline(load("one-campus", {path: value})).head.notes if note.code == "implausible"]
    assert [(note.path, note.text) for note in told] == [(path, f"{path} = {text}, and taken as it stands.")]
    for meant in (path, path.rpartition(".")[0]):
        assert load("one-campus", {path: value, "implausible": [meant]}).implausible == ()
    other = load("one-campus", {path: value, "implausible": ["capital", path[:-1]]})
    assert [fault.path for fault in other.implausible] == [path]


def test_what_is_absurd_is_refused_whether_it_is_meant_or_not() -> None:
    with pytest.raises(ScenarioError, match=r"platforms\.gb300\.rack_price = 0\.37 USD: expected at least 2 USD"):
        load("one-campus", {"platforms.gb300.rack_price": "0.37 USD", "implausible": ["platforms.gb300.rack_price"]})


def test_to_mean_a_value_changes_no_answer_and_no_identity() -> None:
    assert load("one-campus", {"implausible": ["capital"]}).hash == load("one-campus").hash


def test_every_value_over_time_is_looked_at() -> None:
    ramp = {"2026Q3": "100 MW", "2027Q1": "100 kW", "2028Q1": "100 MW"}
    (fault,) = load("one-campus", {"sites.example-campus.ramp": ramp}).implausible
    assert (fault.path, fault.given) == ("sites.example-campus.ramp.2027Q1", "100 kW")
