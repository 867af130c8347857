"""Whatever a question names becomes a place of the server's own, or is refused: nothing of the machine is probed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as st
from sqlalchemy import insert, update

from gigawatt.errors import ScenarioError
from gigawatt.interfaces.server import jobs, names, naming, scenarios, uploads
from gigawatt.interfaces.server.asked import Caller
from gigawatt.interfaces.server.naming import placed
from gigawatt.interfaces.server.settings import Settings
from gigawatt.interfaces.server.store import ServerStore
from gigawatt.interfaces.server.tables import JOBS
from gigawatt.scenario.load import load
from gigawatt.study.question import named_in, read
from gigawatt.study.verbs import VERBS, named

ADA = Caller(name="ada", role="editor", door="http")
ID = "0123456789abcdef0123456789abcdef"
SMALL = 'extends = "one-campus"\n[programme]\ntarget = "50 MW"\n'
HOSTILE = [
    "..",
    "../..",
    "%2e%2e/%2e%2e",
    "%252e%252e",
    "/etc/passwd",
    "/no/such/file",
    "//etc/passwd",
    "~/.ssh/id_rsa",
    "C:\\Windows\\win.ini",
    "\\\\host\\share",
    "..\\..\\etc\\passwd",
    "file:///etc/passwd",
    "a\0b",
    "/etc/passwd\0.toml",
    "x/../../etc/passwd",
    "\x1b[31m/etc",
    "/\u202e/etc",
    "x" * 10_000 + "/../..",
    "plan@0",
    "plan@99",
    "plan@1@1",
    "pl\u0430n/..",
]
# Where words are as good as a name.
WORDS = ("document",)


def row(store: ServerStore, **values: Any) -> None:
    base = {"id": ID, "verb": "run", "question": "{}", "order": "{}", "who": "ada", "state": "done", "created": "2026"}
    with store.writing() as connection:
        connection.execute(insert(JOBS).values({**base, "estimate_cpu_s": 1.0, **values}))


@pytest.fixture
def result(settings: Settings, store: ServerStore) -> Path:
    """A result with a plan, as far as its name goes."""
    row(store)
    folder = jobs.folder_of(settings, ID)
    folder.mkdir(parents=True)
    (folder / "result.json").write_text("{}")
    return folder


def faults(
    settings: Settings, store: ServerStore, verb: str, values: Mapping[str, Any], **asked: Any
) -> dict[str, str]:
    with pytest.raises(ScenarioError) as raised:
        placed(settings, store, ADA, named(verb), values, **asked)
    told = {fault.path: f"{fault.given}: {fault.expected}" for fault in raised.value.faults}
    assert all(text.isprintable() and len(text) < 3_000 for text in told.values())
    assert str(settings.data) not in str(told)
    return told


def test_every_kind_of_thing_that_a_question_names_has_a_place(settings: Settings, store: ServerStore) -> None:
    kinds = {thing for verb in VERBS for thing in named_in(verb.question()).values()}
    assert kinds == set(naming._PLACES)
    for verb in VERBS:
        if not set(named_in(verb.question()).values()) & {"result", "file"}:
            placed(settings, store, ADA, verb, {})


def test_no_key_of_any_verb_takes_a_path_of_the_machine(settings: Settings, store: ServerStore) -> None:
    scenarios.put(settings, store, ADA, "scenario", "plan", SMALL)
    tried = set[tuple[str, str]]()
    for verb in VERBS:
        for key, thing in named_in(verb.question()).items():
            if thing == "workers":
                continue
            # All of them once for each kind of thing, and one for each verb.
            texts = ["/etc/passwd"] if (thing, key) in tried else HOSTILE
            tried.add((thing, key))
            for text in texts:
                if thing in WORDS and not naming._is_path(text):
                    continue
                value = [text] if thing == "strategy" else text
                assert key in faults(settings, store, verb.name, {key: value}), (verb.name, key, text)


def test_a_path_that_is_there_is_refused_as_one_that_is_not(
    settings: Settings, store: ServerStore, tmp_path: Path
) -> None:
    there, absent = tmp_path / "a.toml", tmp_path / "b.toml"
    there.write_text(SMALL)
    for verb, key in (("run", "scenario"), ("export kueue", "result"), ("ledger import", "file")):
        told = [faults(settings, store, verb, {key: str(file)}) for file in (there, absent)]
        assert str(told[0]).replace("a.toml", "?") == str(told[1]).replace("b.toml", "?")


def test_nothing_of_the_machine_is_looked_at(
    settings: Settings, store: ServerStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = list[str]()
    for module, name in ((os, "stat"), (os, "lstat"), (os, "open")):
        real = getattr(module, name)

        def seen(path: Any, *given: Any, _real: Any = real, **more: Any) -> Any:
            looked.append(os.fsdecode(path) if not isinstance(path, int) else "")
            return _real(path, *given, **more)

        monkeypatch.setattr(module, name, seen)
    for key in ("scenario", "set"):
        value = {"sites.example-campus.weather_file": "/etc/passwd"} if key == "set" else "/etc/passwd"
        faults(settings, store, "run", {key: value})
    assert [path for path in looked if "passwd" in path] == []


@pytest.mark.parametrize(
    "value", [5, True, ["one-campus"], {"a": 1}, "", "  ", b"/etc/passwd", Path("/etc/passwd"), 1.5]
)
def test_a_name_that_is_no_text_is_refused(settings: Settings, store: ServerStore, value: Any) -> None:
    for verb, key in (("run", "scenario"), ("export kueue", "result"), ("ledger import", "file")):
        assert key in faults(settings, store, verb, {key: value})
    if not isinstance(value, list):
        assert "strategies" in faults(settings, store, "compare", {"strategies": value})
    assert "strategies" in faults(settings, store, "compare", {"strategies": [value]})


def test_all_faults_are_told_at_once(settings: Settings, store: ServerStore) -> None:
    values = {"file": "/etc/passwd", "database": "sqlite:////etc/x.db", "as": "ben"}
    assert set(faults(settings, store, "ledger import", values)) == {"file", "database", "as"}


def test_a_preset_stays_a_name(settings: Settings, store: ServerStore) -> None:
    assert placed(settings, store, ADA, named("run"), {"scenario": "one-campus"}) == {"scenario": "one-campus"}
    assert placed(settings, store, ADA, named("run"), {}) == {}


def test_a_slip_is_told_with_the_nearest_name(settings: Settings, store: ServerStore) -> None:
    scenarios.put(settings, store, ADA, "scenario", "my-plan", SMALL)
    told = faults(settings, store, "run", {"scenario": "my-plna"})
    assert 'did you mean "my-plan"?' in told["scenario"]
    assert "one-campus" in told["scenario"]


def test_of_very_many_names_the_nearest_is_looked_for_among_those_that_begin_alike() -> None:
    known = [f"{letter}-plan-{number}" for letter in "abcdefghijklmnop" for number in range(1_000)]
    assert 'did you mean "p-plan-7"?' in names.listed(known, "p-plna-7")
    assert "and 15,960 more" in names.listed(known, "p-plna-7")


def test_a_kept_scenario_is_laid_with_what_it_extends(settings: Settings, store: ServerStore) -> None:
    scenarios.put(settings, store, ADA, "scenario", "base", SMALL)
    scenarios.put(settings, store, ADA, "scenario", "plan", 'extends = "base"\nseed = 3')
    for name in ("plan", "plan@1"):
        place = Path(str(placed(settings, store, ADA, named("run"), {"scenario": name})["scenario"]))
        assert place.is_relative_to(settings.data.absolute())
        found = load(str(place))
        assert (found.name, found.asked.seed, found.asked.programme.target_w) == ("plan", 3, 50e6)


def test_strategies_are_shipped_or_kept(settings: Settings, store: ServerStore) -> None:
    scenarios.put(settings, store, ADA, "strategy", "half", 'title = "Half"\n[programme]\ntarget = "50 MW"')
    asked = {"strategies": ["wait-for-rubin", "half", "half@1"]}
    found = placed(settings, store, ADA, named("compare"), asked)["strategies"]
    assert isinstance(found, list)
    assert [Path(str(one)).stem for one in found] == ["wait-for-rubin", "half", "half.1"]
    assert "strategies" in faults(settings, store, "compare", {"strategies": ["half"] * 51})


def test_a_result_is_named_by_its_id(settings: Settings, store: ServerStore, result: Path) -> None:
    for verb, key in (("export kueue", "result"), ("simulate", "scenario")):
        assert placed(settings, store, ADA, named(verb), {key: ID})[key] == str(result)


def test_a_result_that_is_removed_waits_or_has_no_plan_is_refused(
    settings: Settings, store: ServerStore, result: Path
) -> None:
    told = set()
    for values in ({"removed": "2026"}, {"removed": None, "state": "running"}):
        with store.writing() as connection:
            connection.execute(update(JOBS).values(**values))
        told |= {faults(settings, store, "export kueue", {"result": ID})["result"]}
    told |= {faults(settings, store, "export kueue", {"result": "0" * 32})["result"].replace("0" * 32, ID)}
    assert len(told) == 1
    with store.writing() as connection:
        connection.execute(update(JOBS).values(state="done"))
    (result / "result.json").unlink()
    (result / "result.json").symlink_to("/etc/passwd")
    assert "a result with a plan" in faults(settings, store, "export kueue", {"result": ID})["result"]


def test_a_file_is_one_that_was_sent(settings: Settings, store: ServerStore) -> None:
    sent = uploads.receive(settings, store, ADA, "meter.csv", [b"1"])
    for text in ("meter.csv", sent.digest):
        place = Path(str(placed(settings, store, ADA, named("ledger import"), {"file": text})["file"]))
        assert (place.name, place.read_bytes()) == ("meter.csv", b"1")
        assert place.is_relative_to(settings.data.absolute())


def test_a_document_is_a_file_that_was_sent_or_words(settings: Settings, store: ServerStore) -> None:
    uploads.receive(settings, store, ADA, "note.pdf", [b"1"])
    values = {"kind": "racks", "fields": ["site=a"]}
    for source in ("delivery note 12/2026", "https://example.org/note", "note.txt", "see ..., page 3"):
        assert placed(settings, store, ADA, named("ledger record"), {**values, "source": source})["source"] == source
    place = placed(settings, store, ADA, named("ledger record"), {**values, "source": "note.pdf"})["source"]
    assert Path(str(place)).read_bytes() == b"1"
    for source in ("/etc/passwd", " /etc/passwd", "a/../../x", "a\\..\\b", "~root/x", "C:x", "\\x", "a\0"):
        assert "source" in faults(settings, store, "ledger record", {**values, "source": source})


def test_the_ledger_is_the_servers_whatever_is_said_or_left_out(settings: Settings, store: ServerStore) -> None:
    for verb in (one for one in VERBS if "database" in named_in(one.question())):
        for values in ({}, {"database": "ledger"}, {"database": "gigawatt.db"}, {"database": None}):
            found = placed(settings, store, ADA, verb, values)
            assert found["database"] == str(Path(settings.database).absolute())
    for text in (
        "other.db",
        "postgresql://u:secret@host/x",
        "sqlite:///other.db",
        "",
        ":memory:",
        settings.database,
        5,
    ):
        assert "database" in faults(settings, store, "ledger status", {"database": text})


def test_a_ledger_in_postgresql_keeps_its_address(store: ServerStore, tmp_path: Path) -> None:
    server = Settings(database="postgresql+psycopg://u:secret@host/gigawatt", data=tmp_path)
    assert placed(server, store, ADA, named("ledger status"), {})["database"] == server.database


def test_who_asks_is_the_caller_and_nobody_else(settings: Settings, store: ServerStore) -> None:
    for values in ({}, {"as": "ada"}, {"as": None}):
        assert placed(settings, store, ADA, named("ledger approve"), {"milestone": "1 GW", **values})["as"] == "ada"
    for text in ("ben", "Ada", "ada ", "\u0430da", "", 5):
        assert "as" in faults(settings, store, "ledger approve", {"milestone": "1 GW", "as": text})


def test_workers_are_no_more_than_the_cores_of_a_job(settings: Settings, store: ServerStore) -> None:
    cores = os.cpu_count() or 1
    for value, expected in ((None, cores), (10_000, cores), ("1e9", cores), (1, 1)):
        assert placed(settings, store, ADA, named("sweep"), {"workers": value})["workers"] == expected
    shared = Settings(database=settings.database, data=settings.data, workers_count=10_000)
    assert placed(shared, store, ADA, named("sweep"), {})["workers"] == 1
    for value in ("many", True, [1], float("nan"), float("inf"), "1e999"):
        found = placed(settings, store, ADA, named("sweep"), {"workers": value})
        if "workers" not in found or not isinstance(found["workers"], int) or found["workers"] > cores:
            with pytest.raises(ScenarioError):
                read(named("sweep").question(), found)


FILE_OVERRIDES: list[dict[str, Any]] = [
    {"sites.example-campus.weather_file": "/etc/passwd"},
    {"sites.example-campus": {"price_file": "../../etc/passwd"}},
    {"sites": {"example-campus": {"carbon_file": "server.db"}}},
    {"sites": {"new": {"site": "example-campus", "weather_file": "x"}}},
    {"a": [{"b": [{"weather_file": "/etc/passwd"}]}]},
]


@pytest.mark.parametrize("overrides", FILE_OVERRIDES)
def test_overrides_name_no_file_of_the_machine(
    settings: Settings, store: ServerStore, overrides: dict[str, Any]
) -> None:
    (path,) = faults(settings, store, "run", {"scenario": "one-campus", "set": overrides})
    assert path.startswith("set.")
    assert path.endswith("_file")


def test_overrides_name_files_that_were_sent(settings: Settings, store: ServerStore) -> None:
    uploads.receive(settings, store, ADA, "price.csv", [b"1"])
    asked = {"set": {"sites.example-campus": {"price_file": "price.csv", "grid": "1 MW"}, "seed": 3}}
    found = placed(settings, store, ADA, named("run"), asked)["set"]
    assert isinstance(found, dict)
    assert Path(found["sites.example-campus"]["price_file"]).read_bytes() == b"1"
    assert (found["seed"], found["sites.example-campus"]["grid"]) == (3, "1 MW")
    assert asked["set"]["sites.example-campus"]["price_file"] == "price.csv"  # type: ignore[index]


def test_overrides_extend_nothing(settings: Settings, store: ServerStore) -> None:
    found = placed(settings, store, ADA, named("check"), {"scenario": "one-campus", "set": {"extends": "/etc/passwd"}})
    with pytest.raises(ScenarioError, match="extends"):
        load(str(found["scenario"]), found["set"])  # type: ignore[arg-type]


def test_values_that_are_nested_too_deeply_are_refused(settings: Settings, store: ServerStore) -> None:
    deep: Any = "x"
    for _ in range(100_000):
        deep = {"a": deep}
    assert "run" in faults(settings, store, "run", {"set": deep})


def test_the_machines_own_user_may_name_files_below_the_folder_they_are_in(
    settings: Settings, store: ServerStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "plan.toml").write_text(SMALL)
    (tmp_path / "outside.toml").write_text(SMALL)
    (folder / "link.toml").symlink_to(tmp_path / "outside.toml")
    monkeypatch.chdir(folder)
    local = str((folder / "plan.toml").resolve())
    for verb, key in (("run", "scenario"), ("export kueue", "result"), ("ledger import", "file")):
        assert placed(settings, store, ADA, named(verb), {key: "plan.toml"}, here=True)[key] == local
        faults(settings, store, verb, {key: "plan.toml"})
        for text in ("../outside.toml", "link.toml", "/etc/passwd", "absent.toml", "a\0"):
            assert key in faults(settings, store, verb, {key: text}, here=True)
    found = placed(settings, store, ADA, named("run"), {"set": {"sites.a.weather_file": "plan.toml"}}, here=True)
    assert found["set"] == {"sites.a.weather_file": local}


def test_the_folder_of_a_worker_is_empty(settings: Settings) -> None:
    assert list(naming.nowhere(settings).iterdir()) == []


@given(text=st.text(max_size=60) | st.from_regex(r"(\.\.|/|%2e|[a-z]){1,12}", fullmatch=True))
@trying(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_leads_out_of_the_server(settings: Settings, store: ServerStore, text: str) -> None:
    for verb, key in (
        ("run", "scenario"),
        ("compare", "strategies"),
        ("export kueue", "diff"),
        ("track reforecast", "result"),
    ):
        value = [text] if key == "strategies" else text
        try:
            found = placed(settings, store, ADA, named(verb), {key: value})
        except ScenarioError:
            continue
        assert found.get(key) in (None, *scenarios.shipped("scenario")) or value in (
            [one] for one in scenarios.shipped("strategy")
        )
