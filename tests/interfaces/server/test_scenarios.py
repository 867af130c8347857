"""Scenarios and strategies are kept by version, read before they are kept, and never lost or taken for a path."""

from __future__ import annotations

import errno
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path

import pytest
from sqlalchemy import insert

from gigawatt.errors import ScenarioError
from gigawatt.interfaces.server import scenarios, uploads
from gigawatt.interfaces.server.asked import Caller, Refused
from gigawatt.interfaces.server.scenarios import VersionView, get, history, laid, listed, put, remove
from gigawatt.interfaces.server.settings import Settings
from gigawatt.interfaces.server.store import ServerStore, now
from gigawatt.interfaces.server.tables import VERSIONS
from gigawatt.scenario.load import load, load_allocation
from gigawatt.scenario.resolve import FILE_KEYS
from gigawatt.study.files import sha256

ADA = Caller(name="ada", role="editor", door="http")
VIEWER = Caller(name="vic", role="viewer", door="http")
SMALL = 'extends = "one-campus"\n[programme]\ntarget = "50 MW"\n'
LARGER = 'extends = "one-campus"\n[programme]\ntarget = "60 MW"\n'
STRATEGY = 'title = "Half"\n[programme]\ntarget = "50 MW"\n'
BAD_NAMES = [
    "",
    "..",
    "../plan",
    "/etc/passwd",
    "a/b",
    "a\\b",
    "a.b",
    "%2e%2e",
    "%252e",
    "a\0",
    "a\n",
    "a b",
    "-a",
    "x" * 81,
    "x" * 10_000,
    "pl\u0430n",
    "pla\u0308n",
    "\u202eplan",
    "<b>",
    "\x1b[31m",
    "\ud800",
    "plan@1",
    "0" * 32,
    "one-campus",
    "six-classes",
]


def kept(
    settings: Settings, store: ServerStore, text: str = SMALL, name: str = "plan", expected: str | None = None
) -> VersionView:
    return put(settings, store, ADA, "scenario", name, text, expected)


def faults(settings: Settings, store: ServerStore, text: str, kind: scenarios.Kind = "scenario") -> dict[str, str]:
    """What is wrong with a text, by path; nothing of it is kept."""
    with pytest.raises(ScenarioError) as raised:
        put(settings, store, ADA, kind, "plan", text)
    assert listed(store, kind) == []
    told = {fault.path: f"{fault.given}: {fault.expected}" for fault in raised.value.faults}
    assert str(settings.data) not in str(told)
    return told


def test_a_text_is_kept_to_the_letter_with_its_digest_title_and_hash(settings: Settings, store: ServerStore) -> None:
    text = f"# of the board\n{SMALL}"
    found = kept(settings, store, text)
    assert (found.version, found.digest, found.who) == (1, sha256(text.encode()), "ada")
    assert found.title == "One campus of 100 MW that serves two classes"
    assert get(store, "scenario", "plan") == get(store, "scenario", "plan", 1)
    assert get(store, "scenario", "plan").text == text
    assert found.hash == load(str(laid(settings, store, "scenario", "plan"))).hash
    assert load(str(laid(settings, store, "scenario", "plan"))).name == "plan"


def test_versions_follow_each_other_and_all_are_kept(each_settings: Settings, each_store: ServerStore) -> None:
    first = kept(each_settings, each_store, expected="")
    second = kept(each_settings, each_store, LARGER, expected=first.digest)
    assert history(each_store, "scenario", "plan") == [first, second]
    assert listed(each_store, "scenario") == [second]
    assert get(each_store, "scenario", "plan", 1).text == SMALL


def test_the_same_text_again_is_no_new_version(settings: Settings, store: ServerStore) -> None:
    assert kept(settings, store) == kept(settings, store)


@pytest.mark.parametrize("expected", ["", "0" * 64, "x" * 10_000, "\x1b"])
def test_a_lost_race_is_a_conflict_and_changes_nothing(settings: Settings, store: ServerStore, expected: str) -> None:
    first = kept(settings, store)
    with pytest.raises(Refused) as refused:
        kept(settings, store, LARGER, expected=expected)
    assert refused.value.why == "conflict"
    assert str(first.digest) in refused.value.expected
    assert refused.value.given.isprintable()
    with pytest.raises(Refused):
        remove(store, ADA, "scenario", "plan", expected)
    assert history(store, "scenario", "plan") == [first]


def test_of_many_that_change_a_version_at_once_one_wins(each_settings: Settings, each_store: ServerStore) -> None:
    first = kept(each_settings, each_store)
    texts = [SMALL.replace("50", str(51 + n)) for n in range(6)]
    start = threading.Barrier(len(texts))

    def change(text: str) -> bool:
        view = VersionView(**{**{k: getattr(first, k) for k in VersionView.__slots__}, "digest": sha256(text.encode())})
        start.wait()
        try:
            scenarios._written(each_store, ADA, view, text, first.digest)
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(len(texts)) as pool:
        assert sum(pool.map(change, texts)) == 1
    assert [one.version for one in history(each_store, "scenario", "plan")] == [1, 2]


def test_what_is_removed_keeps_its_history_and_may_be_kept_again(
    each_settings: Settings, each_store: ServerStore
) -> None:
    first = kept(each_settings, each_store)
    gone = remove(each_store, ADA, "scenario", "plan", first.digest)
    assert (gone.version, gone.digest) == (2, None)
    assert listed(each_store, "scenario") == []
    with pytest.raises(Refused, match="it was removed, and its versions are kept"):
        get(each_store, "scenario", "plan")
    assert get(each_store, "scenario", "plan", 1).text == SMALL
    with pytest.raises(Refused):
        get(each_store, "scenario", "plan", 2)
    assert kept(each_settings, each_store, expected="").version == 3
    assert len(history(each_store, "scenario", "plan")) == 3


def test_a_name_that_is_none_is_refused(settings: Settings, store: ServerStore) -> None:
    for name in BAD_NAMES:
        with pytest.raises(Refused) as refused:
            kept(settings, store, SMALL, name)
        assert (refused.value.why, refused.value.path) == ("wrong", "name")
        assert refused.value.given.isprintable()
        assert len(refused.value.given) < 1_000


def test_what_is_not_there_is_told_with_what_is(settings: Settings, store: ServerStore) -> None:
    kept(settings, store)
    looks: list[Callable[[str], object]] = [
        lambda name: get(store, "scenario", name),
        lambda name: history(store, "scenario", name),
    ]
    for name in (*BAD_NAMES, "none-such"):
        for look in looks:
            with pytest.raises(Refused) as refused:
                look(name)
            assert refused.value.why == "absent"
            own = name if name in scenarios.shipped("scenario") else "one-campus"
            assert own in refused.value.expected
            assert "plan" in refused.value.expected


def test_every_fault_of_a_text_is_told_at_once(settings: Settings, store: ServerStore) -> None:
    text = 'extends = "one-campus"\ncolour = "red"\n[programme]\ntarget = "50 MWh"\n'
    assert set(faults(settings, store, text)) == {"colour", "programme.target"}


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("", "title"),
        ("a = ", "text"),
        ("a = 1\na = 2", "text"),
        ('extends = "one-campus"\nname = "other"', "name"),
        ("\0", "text"),
        ("\ud800", "text"),
        (f'extends = "one-campus"\ntitle = "{"x" * 2_000_000}"', "text"),
        ("a = " + "[" * 5_000, "text"),
        ("a = " + "{a=" * 200 + "1" + "}" * 200, "text"),
        ('extends = "one-campus"\n[' + ".".join("a" * 100) + "]", "text"),
        ("#\n" * 1_000_000, "text"),
        ('extends = "one-campus"\ntitle = "\\u001b[31m"', "title"),
        ('extends = "one-campus"\ntitle = "\\u202e"', "title"),
        ('extends = "one-campus"\n"\U0001f600" = 1', "\\U0001f600"),
    ],
)
def test_a_text_that_is_no_scenario_is_not_kept(settings: Settings, store: ServerStore, text: str, path: str) -> None:
    assert path in {key.encode("ascii", "backslashreplace").decode() for key in faults(settings, store, text)}


def test_html_in_a_title_stays_text(settings: Settings, store: ServerStore) -> None:
    title = "</script><script>alert('1')</script>"
    assert kept(settings, store, f'title = "{title}"\n{SMALL}').title == title


OF_THE_MACHINE = ["/etc/passwd", "/no/such/file", "../../../../etc/passwd", "C:\\\\boot.ini", "file:///etc/passwd"]


def test_a_scenario_extends_nothing_of_the_machine(settings: Settings, store: ServerStore) -> None:
    for base in (*OF_THE_MACHINE, "http://169.254.169.254/", "plan", "base.toml", "x" * 10_000):
        told = faults(settings, store, f'extends = "{base}"')
        assert set(told) == {"extends"}
        assert "No such file" not in told["extends"]


@pytest.mark.parametrize("kind", ["scenario", "strategy"])
def test_no_key_of_a_text_names_a_file_of_the_machine(
    settings: Settings, store: ServerStore, kind: scenarios.Kind
) -> None:
    head = 'extends = "one-campus"\n' if kind == "scenario" else 'title = "t"\n'
    for key in ("weather_file", "price_file", "carbon_file"):
        for file in OF_THE_MACHINE:
            told = faults(settings, store, f'{head}[sites.example-campus]\n{key} = "{file}"', kind)
            assert set(told) == {f"sites.example-campus.{key}"}
            assert "a file that was sent" in told[f"sites.example-campus.{key}"]


def test_the_keys_that_name_files_are_all_known() -> None:
    """Whoever adds a key that names a file adds it to FILE_KEYS, or a text could name a file of the machine."""
    schema = Path(str(files("gigawatt.scenario"))) / "schema"
    texts = [file.read_text() for file in (*schema.glob("*.py"), schema.parent / "allocation.py")]
    found = {name for text in texts for name in re.findall(r"^    (\w*(?:file|path|folder|url)): ", text, re.MULTILINE)}
    assert found == set(FILE_KEYS)


def test_a_path_as_key_of_a_strategy_names_no_file_of_the_machine_either(
    settings: Settings, store: ServerStore
) -> None:
    told = faults(settings, store, 'title = "t"\n"sites.example-campus.weather_file" = "/etc/passwd"', "strategy")
    assert set(told) == {"sites.example-campus.weather_file"}


def test_an_absent_file_and_one_that_is_there_are_told_alike(
    settings: Settings, store: ServerStore, tmp_path: Path
) -> None:
    there = tmp_path / "weather.epw"
    there.write_text("x")
    text = 'extends = "one-campus"\n[sites.example-campus]\nweather_file = "{}"'
    told = [faults(settings, store, text.format(file)) for file in (there, tmp_path / "absents.epw")]
    assert str(told[0]).replace("weather", "absents") == str(told[1]).replace("weather", "absents")


def test_a_scenario_is_made_of_a_file_that_was_sent(settings: Settings, store: ServerStore) -> None:
    found = uploads.receive(settings, store, ADA, "price.csv", [b"time,cost\n1,2\n"])
    for name in ("price.csv", found.digest):
        told = faults(settings, store, f'extends = "one-campus"\n[sites.example-campus]\nprice_file = "{name}"')
        (path,) = told
        assert path == "sites.example-campus.price_file: price.csv"  # it was read, under its own name
        assert "no column usd_mwh" in told[path]


@pytest.mark.slow
def test_hours_of_weather_that_were_sent_are_the_scenarios(
    settings: Settings, store: ServerStore, data_dir: Path
) -> None:
    file = next((data_dir / "weather").glob("*Dallas*.epw"))
    uploads.receive(settings, store, ADA, "Dallas.epw", [file.read_bytes()])
    kept(settings, store, 'extends = "one-campus"\n[sites.example-campus]\nweather_file = "Dallas.epw"')
    assert load(str(laid(settings, store, "scenario", "plan"))).records.series["example-campus"].weather is not None


def test_a_scenario_extends_another_that_is_kept_as_it_is_then(settings: Settings, store: ServerStore) -> None:
    kept(settings, store, SMALL, "base")
    kept(settings, store, 'extends = "base"\nseed = 7', "plan")
    kept(settings, store, 'extends = "base@1"\nseed = 7', "pinned")
    kept(settings, store, LARGER, "base")
    targets = {name: load(str(laid(settings, store, "scenario", name))) for name in ("plan", "pinned")}
    assert targets["plan"].asked.programme.target_w == 60e6
    assert targets["pinned"].asked.programme.target_w == 50e6
    assert [one.name for one in targets.values()] == ["plan", "pinned"]


def test_scenarios_do_not_extend_each_other_in_a_circle(settings: Settings, store: ServerStore) -> None:
    kept(settings, store, SMALL, "base")
    kept(settings, store, 'extends = "base"', "plan")
    for text in ('extends = "plan"', 'extends = "base"'):
        with pytest.raises(ScenarioError, match="no circle"):
            kept(settings, store, text, "base")
    assert kept(settings, store, 'extends = "base@1"\nseed = 3', "base").version == 2


def test_a_chain_that_is_too_long_is_refused(settings: Settings, store: ServerStore) -> None:
    for n in range(8):
        kept(settings, store, f'extends = "plan-{n - 1}"' if n else SMALL, f"plan-{n}")
    with pytest.raises(ScenarioError, match="no circle"):
        kept(settings, store, 'extends = "plan-7"', "plan-8")


def test_a_base_that_is_removed_is_a_fault_of_what_extends_it(settings: Settings, store: ServerStore) -> None:
    kept(settings, store, SMALL, "base")
    kept(settings, store, 'extends = "base"', "plan")
    remove(store, ADA, "scenario", "base")
    with pytest.raises(ScenarioError, match=r"extends = .*it was removed"):
        laid(settings, store, "scenario", "plan")


def test_an_allocation_is_kept_as_well(settings: Settings, store: ServerStore) -> None:
    kept(settings, store, 'extends = "six-classes"\ntitle = "Mine"', "mine")
    assert load_allocation(str(laid(settings, store, "scenario", "mine"))).asked.title == "Mine"


def test_a_strategy_is_kept_that_fits_a_preset_or_a_kept_scenario(settings: Settings, store: ServerStore) -> None:
    found = put(settings, store, ADA, "strategy", "half", STRATEGY)
    assert (found.title, found.hash) == ("Half", None)
    assert laid(settings, store, "strategy", "half").name == "half.toml"
    assert laid(settings, store, "strategy", "half", 1).name == "half.1.toml"
    kept(settings, store, SMALL.replace("[prog", '[pools.mine]\nsupply = "9"\n[prog'), "plan")
    assert put(settings, store, ADA, "strategy", "no-pool", 'title = "None"\n[pools]\nmine = false').version == 1


def test_a_strategy_does_not_touch_the_world(settings: Settings, store: ServerStore) -> None:
    told = faults(settings, store, 'title = "t"\nextends = "/etc/passwd"\nseed = 3', "strategy")
    assert {"plan: extends", "plan: seed"} <= set(told)


def test_a_text_is_laid_once_and_whole(settings: Settings, store: ServerStore) -> None:
    kept(settings, store)
    with ThreadPoolExecutor(6) as pool:
        places = set(pool.map(lambda _: laid(settings, store, "scenario", "plan"), range(12)))
    assert len(places) == 1
    assert [path.name for path in (settings.data / scenarios.FOLDER).iterdir()] == [places.pop().parent.name]


def test_text_of_a_version_is_found_though_the_disk_was_emptied(settings: Settings, store: ServerStore) -> None:
    kept(settings, store)
    place = laid(settings, store, "scenario", "plan")
    place.unlink()
    place.parent.rmdir()
    assert laid(settings, store, "scenario", "plan").read_text() == SMALL


def test_a_disk_that_is_full_keeps_nothing(
    settings: Settings, store: ServerStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(folder: Path, contents: object) -> None:
        del contents
        folder.mkdir()
        raise OSError(errno.ENOSPC, "full")

    kept(settings, store)
    monkeypatch.setattr(scenarios, "_fill", full)
    for act in (lambda: kept(settings, store, LARGER), lambda: laid(settings, store, "scenario", "plan")):
        with pytest.raises(OSError, match="full"):
            act()
    assert len(history(store, "scenario", "plan")) == 1
    assert list((settings.data / scenarios.FOLDER).iterdir()) == []


def test_a_version_that_no_database_can_count_is_absent(settings: Settings, store: ServerStore) -> None:
    kept(settings, store)
    for version in (0, -1, 10**30):
        with pytest.raises(Refused):
            get(store, "scenario", "plan", version)
    assert listed(store, "scenario", after="\0\ud800")[0].name == "plan"


def test_who_may_only_look_keeps_and_removes_nothing(settings: Settings, store: ServerStore) -> None:
    kept(settings, store)
    for act in (
        lambda: put(settings, store, VIEWER, "scenario", "mine", SMALL),
        lambda: remove(store, VIEWER, "scenario", "plan"),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.why == "forbidden"
    assert len(listed(store, "scenario")) == 1


def test_a_page_of_scenarios_goes_on_after_the_last(each_settings: Settings, each_store: ServerStore) -> None:
    for name in ("a", "b", "c"):
        kept(each_settings, each_store, SMALL, name)
    first = listed(each_store, "scenario", count=2)
    assert [one.name for one in (*first, *listed(each_store, "scenario", after=first[-1].name))] == ["a", "b", "c"]


def test_every_preset_and_strategy_that_ships_may_be_extended_or_kept(settings: Settings, store: ServerStore) -> None:
    folder = Path(str(files("gigawatt.scenario"))) / "strategies"
    for name in scenarios.shipped("strategy"):
        put(settings, store, ADA, "strategy", f"my-{name}", (folder / f"{name}.toml").read_text())
    for name in scenarios.shipped("scenario"):
        kept(settings, store, f'extends = "{name}"', f"my-{name}")


def test_versions_are_told_in_pages(store: ServerStore) -> None:
    with store.writing() as connection:
        row = {"kind": "strategy", "name": "a", "digest": None, "hash": None, "title": "", "at": now(), "who": "ada"}
        connection.execute(insert(VERSIONS), [{**row, "version": number} for number in range(1, 302)])
    first = history(store, "strategy", "a")
    then = history(store, "strategy", "a", first[-1].version)
    assert [view.version for view in (*first, *then)] == list(range(1, 302))
    assert history(store, "strategy", "a", 10**30, -1) == []
