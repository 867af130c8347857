"""What a user gives is read by its type, once, within bounds; a mistake is named where it was made."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from gigawatt.catalog.tables import KEY, MOST_ENTRIES_COUNT
from gigawatt.errors import MOST_FAULTS_COUNT, Fault, ScenarioError
from gigawatt.scenario.load import load, loads, parse_override, parse_overrides
from gigawatt.scenario.strategy import load_strategies
from gigawatt.study.simulation.question import SimulationQuestion
from gigawatt.study.simulation.window import window

TUTORING = {
    "title": "Tutoring",
    "model": "gpt-oss-120b",
    "precision": "fp4",
    "input": "500 tokens",
    "output": "500 tokens",
    "tpot": "40 ms",
    "load": "interactive",
    "utilisation": "70 %",
    "demand": "1 Mtokens/s",
    "price": "0.2 USD/Mtoken",
    "segments": [{"share": 1.0, "price": 1.0}],
    "social_weight": 3.0,
}


def faults(over: dict[str, Any], base: str = "one-campus") -> tuple[Fault, ...]:
    with pytest.raises(ScenarioError) as caught:
        load(base, over)
    return caught.value.faults


def only(found: Sequence[Fault]) -> Fault:
    (fault,) = found
    return fault


def write(folder: Path, text: str, name: str = "mine.toml") -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


class TestTablesByType:
    def test_a_site_whose_key_begins_with_a_year_leaves_the_others(self, tmp_path: Path) -> None:
        """faults K4: a key of four digits made its table look like a course, which wiped what was there."""
        file = write(tmp_path, 'extends = "one-campus"\n[sites.2027-campus]\nsite = "abilene"\n')
        assert list(load(file).asked.sites) == ["example-campus", "2027-campus"]

    @pytest.mark.parametrize("key", ["2024chat", "value"])
    def test_so_do_classes_of_such_names(self, key: str) -> None:
        """faults K4"""
        asked = load("one-campus", {"use_cases": {key: TUTORING}}).asked
        assert list(asked.use_cases) == ["assistant", "documents", key]

    def test_so_do_pools_and_platforms(self) -> None:
        """faults K4: in an override, as in a file"""
        box = {"accelerator": "h100", "pool": "value", "price_change": "0 %/year", "price_base": "2026Q3"}
        over = {"pools": {"value": {"supply": 10}}, "platforms": {"4090box": box | {"rack_price": "300000 USD"}}}
        asked = load("one-campus", over).asked
        assert list(asked.pools) == ["blackwell", "vera_rubin", "value"]
        assert list(asked.platforms) == ["gb300", "vr230", "4090box"]

    def test_so_do_strategies(self, tmp_path: Path) -> None:
        """faults K4"""
        file = write(tmp_path, 'title = "t"\ndescription = "d"\n[sites.2027-campus]\nsite = "abilene"\n')
        (found,) = load_strategies([file], load("one-campus"))
        assert list(found.scenario.asked.sites) == ["example-campus", "2027-campus"]

    def test_a_path_over_time_and_an_annotated_value_replace_what_was_there(self) -> None:
        over = {
            "pools.blackwell.supply": {"2026Q4": 7},
            "programme.target": {"value": "90 MW", "grade": "press", "source": "x"},
            "sources": {"x": {"title": "an offer", "date": "2026"}},
        }
        scenario = load("one-campus", over)
        assert scenario.asked.pools["blackwell"].supply_count.periods == ("2026Q4",)
        assert scenario.evidence["programme.target_w"].grade == "press"

    def test_one_point_of_a_path_can_be_set(self) -> None:
        changed = load("one-campus", {"pools.blackwell.supply.2027Q4": 150}).asked.pools["blackwell"].supply_count
        assert dict(zip(changed.periods, changed.values, strict=True)) == {"2026Q3": 100, "2027Q4": 150, "2028Q1": 0}

    def test_overrides_leave_the_mapping_that_they_were_given(self) -> None:
        over = {"use_cases.tutoring": dict(TUTORING), "use_cases.tutoring.tpot": "30 ms"}
        assert load("one-campus", over).asked.use_cases["tutoring"].tpot_s == 0.03
        assert over["use_cases.tutoring"] == TUTORING


class TestMessages:
    def test_a_pair_without_its_correlation(self) -> None:
        """faults K5: the third item was missing, and the error had no item."""
        fault = only(faults({"correlations": [["demand", "price"]]}))
        assert (fault.path, fault.expected) == ("correlations[0][2]", "a value here too")

    def test_an_input_error_has_a_fault(self) -> None:
        """faults K5"""
        with pytest.raises(ValueError, match="without a fault"):
            ScenarioError([])

    @pytest.mark.parametrize("quarter", ["2027Q5", "2027-03", "2026", "٢٠٢٧Q1", "2027q1"])
    @pytest.mark.parametrize(
        "path", ["sites.example-campus.ramp", "pools.blackwell.supply", "use_cases.assistant.demand"]
    )
    def test_a_mistyped_quarter_is_one_fault_in_every_course(self, path: str, quarter: str) -> None:
        """faults K6: a ramp was a traceback; faults K12: digits of other scripts were taken for a quarter"""
        value = 0 if path.startswith("pools") else "50 MW" if path.startswith("sites") else "1 Mtokens/s"
        fault = only(faults({path: {"2026Q3": value, quarter: value}}))
        assert fault.path == f"{path}.{quarter}"
        assert fault.expected == 'quarters such as "2026Q3" as keys'

    def test_a_number_without_its_unit_is_told_of_quotes(self) -> None:
        """users 18: `--set programme.target=300 MW` leaves the unit to the shell."""
        assert "a power (W, kW, MW, GW); number and unit in quotes" in only(faults({"programme.target": 300})).expected

    def test_a_quantity_without_quotes_in_a_file(self, tmp_path: Path) -> None:
        """users 18"""
        file = write(tmp_path, 'extends = "one-campus"\n[programme]\ntarget = 300 MW\n')
        with pytest.raises(ScenarioError, match=r'line 3.*valid TOML, in which a quantity stands in quotes: "300 MW"'):
            load(file)

    def test_a_wrong_model_is_told_with_the_missing_keys(self) -> None:
        """users 18: names were looked up only where nothing was missing."""
        table = {key: value for key, value in TUTORING.items() if key != "title"} | {"model": "lama-3"}
        found = {fault.path: fault.expected for fault in faults({"use_cases.tutoring": table})}
        assert set(found) == {"use_cases.tutoring.title", "use_cases.tutoring.model"}
        assert "a name in the catalog" in found["use_cases.tutoring.model"]


class TestNames:
    def test_an_override_adds_nothing_by_a_slip_of_the_pen(self) -> None:
        """users 13: a catalog site of 1.2 GW was added in silence."""
        fault = only(faults({"sites.abilene.slip": 2}))
        assert (fault.path, fault.given) == ("sites.abilene", "a name that is not there")
        assert "one of example-campus" in fault.expected
        assert list(load("one-campus", {"sites.abilene": {"slip": 2}}).asked.sites) == ["example-campus", "abilene"]

    def test_the_nearest_name_is_told(self) -> None:
        """users 13"""
        assert 'did you mean "assistant"?' in only(faults({"use_cases.asistant.tpot": "20 ms"})).expected

    def test_what_is_named_elsewhere_may_be_set_key_by_key(self) -> None:
        over = {"uncertainty.failure_rate.distribution": "lognormal", "allocation.classes.documents.tier": 2}
        asked = load("one-campus", over).asked
        assert asked.uncertainty["failure_rate"].distribution == "lognormal"
        assert asked.allocation.classes["documents"].tier == 2

    @pytest.mark.parametrize("name", ["", "../../x", "<b>x</b>", "+1", "-x", "a.b", "x" * 81, "größe", "٣", "a\nb"])
    def test_names_of_entries_follow_one_rule(self, name: str) -> None:
        """faults K12: a key fills cells, pages and folders."""
        assert not KEY.fullmatch(name)
        fault = only(faults({"sites": {name: {"site": "abilene"}}}))
        assert fault.path == "sites"
        assert fault.expected.startswith("letters of ASCII, digits, dashes and underscores")

    def test_a_campus_under_two_names_is_told(self) -> None:
        """faults K12: its power would stand twice"""
        over: dict[str, Any] = {"sites": {"abilene": {}, "texas": {"site": "Abilene"}}}
        fault = only(faults(over))
        assert (fault.path, fault.expected) == (
            "sites.texas",
            "a campus once, or for each part of it a ramp of its own",
        )
        over["sites"]["texas"]["ramp"] = {"2028Q1": "10 MW"}
        assert list(load("one-campus", over).records.sites) == ["example-campus", "abilene", "texas"]

    def test_a_path_set_twice_is_told(self) -> None:
        """faults K12: the last one won in silence"""
        with pytest.raises(ScenarioError, match=r"^set = seed twice: expected each path once"):
            parse_overrides(["seed=1", "programme.target=2 GW", " seed =2"])
        assert parse_overrides(["seed=1", "a.b=2 GW"]) == {"seed": 1, "a.b": "2 GW"}

    @pytest.mark.parametrize(
        "pairs", [["sites.a.slip=2", "sites.a={slip=1}"], ["sites.a={slip=1}", "sites.a.slip=2"], ["x=1", "x.y=2"]]
    )
    def test_a_path_set_again_by_what_holds_it_is_told(self, pairs: list[str]) -> None:
        """faults K12: a table around a path, or a path into a table, won in silence by its place"""
        with pytest.raises(ScenarioError, match="expected a path, or a part of it, not both"):
            parse_overrides(pairs)
        assert len(parse_overrides(["sites.abilene={}", "sites.abilene.slip=2"])) == len(pairs)


class TestBesideTheFile:
    def test_a_base_is_read_from_the_folder_of_the_file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """users 13: it was read from the shell's folder"""
        (tmp_path / "plans").mkdir()
        write(tmp_path / "plans", 'extends = "one-campus"\n[programme]\ntarget = "50 MW"\n', "base.toml")
        write(tmp_path / "plans", 'extends = "base.toml"\n')
        monkeypatch.chdir(tmp_path)
        assert load("plans/mine.toml").asked.programme.target_w == 50e6

    def test_a_base_that_is_not_there_is_told_with_its_place(self, tmp_path: Path) -> None:
        """users 13: the error blamed SCENARIO"""
        file = write(tmp_path, 'extends = "base.toml"\n')
        with pytest.raises(ScenarioError) as caught:
            load(file)
        fault = only(caught.value.faults)
        assert (fault.path, fault.given) == (f"{file}: extends", '"base.toml"')
        assert fault.expected == f"a preset, or a file in the folder {tmp_path}"

    def test_files_of_hours_are_too(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """users 13: as the base is, wherever the shell stands"""
        (tmp_path / "plans").mkdir()
        text = 'extends = "one-campus"\n[sites.example-campus]\nprice_file = "prices.csv"\n'
        write(tmp_path / "plans", text)
        monkeypatch.chdir(tmp_path)
        with pytest.raises(ScenarioError) as caught:
            load("plans/mine.toml")
        fault = only(caught.value.faults)
        assert (fault.path, fault.given) == (
            "sites.example-campus.price_file: plans/prices.csv",
            "No such file or directory",
        )


class TestBytes:
    @pytest.mark.parametrize(
        ("data", "given", "expected"),
        [
            ("a = 1".encode("utf-16"), "text in UTF-16", "a TOML file in UTF-8"),
            (b"a = 1\na = 2\n", "Cannot overwrite a value", "valid TOML"),
            (b"seed = " + b"9" * 9000, "Exceeds the limit", "valid TOML"),
            (b"a = " + b"[" * 9000, "tables nested too deeply", "valid TOML"),
            (b"a = {b = " * 9000, "", "valid TOML"),
            (b"a\x00b = 1", "", "valid TOML"),
            (b"a." * 500_000 + b"a = 1", "a key of more than 200 parts", "valid TOML"),
        ],
    )
    def test_bytes_that_are_no_toml(self, tmp_path: Path, data: bytes, given: str, expected: str) -> None:
        """faults K8"""
        (tmp_path / "mine.toml").write_bytes(data)
        fault = only(faults({}, str(tmp_path / "mine.toml")))
        assert given in fault.given
        assert fault.expected == expected

    def test_what_is_no_file(self, tmp_path: Path) -> None:
        """faults K8: nobody waits for a pipe that nobody writes to"""
        os.mkfifo(tmp_path / "pipe.toml")
        assert only(faults({}, str(tmp_path / "pipe.toml"))).given == "a pipe or a device"
        assert only(faults({}, str(tmp_path))).given == "a folder"
        assert only(faults({}, "/dev/zero")).given == "a pipe or a device"

    @pytest.mark.parametrize("seed", ["9" * 9000, f"1{'0' * 400}", f"0x{'f' * 9000}", "[" * 9000])
    def test_numbers_of_thousands_of_digits(self, seed: str) -> None:
        """faults K8"""
        found = faults(dict([parse_override(f"seed={seed}")]))
        assert {fault.path for fault in found} == {"seed"}

    def test_a_nul_in_the_name_of_a_file(self) -> None:
        """faults K8"""
        fault = faults({"sites.example-campus.weather_file": "a\0b.csv"})[0]
        assert (fault.path, fault.given) == ("sites.example-campus.weather_file", '"a\\x00b.csv"')

    @pytest.mark.parametrize("text", ["9999-12-31", "9999-12", "9999Q4", "0000Q1"])
    def test_days_beyond_the_calendar(self, text: str) -> None:
        """faults K8: the day after the last day of all was a traceback of `simulate --from`"""
        question = SimulationQuestion(from_=text)
        with pytest.raises(ScenarioError, match=r"from = .*expected a (quarter|date within the plan)"):
            window(question, load("one-campus"))

    def test_an_override_is_one_value(self) -> None:
        assert parse_override("title=1\nseed = 2") == ("title", "1\nseed = 2")


class TestText:
    @pytest.mark.parametrize(
        "sign", ["\x1b[31m", "\x00", "\x9b", "\u202e", "\u2066", "\u200f", "\u2028", "\udcff", "\n"]
    )
    def test_control_characters_are_refused_at_reading(self, sign: str) -> None:
        """faults K10: they steered the terminal, or turned the line round"""
        fault = only(faults({"title": f"a{sign}b"}))
        assert (fault.path, fault.expected) == ("title", "one line of text without control characters")
        assert str(fault).isprintable()

    def test_prose_may_have_lines(self) -> None:
        """faults K10"""
        assert load("one-campus", {"description": "two\n\tlines"}).asked.description == "two\n\tlines"
        fault = only(faults({"description": "two\x1blines"}))
        assert fault.expected == "text without control characters"

    def test_notes_and_lists_are_text_too(self) -> None:
        """faults K10"""
        over = {"programme.target": {"value": "90 MW", "grade": "assumed", "note": "\x1b]0;x\x07"}}
        assert only(faults(over)).path == "programme.target.note"
        assert faults({"correlations": [["demand\x1b", "price", 0.1]]})[0].path == "correlations[0][0]"

    @pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///etc/passwd", "https://a b", 'https://x">', "x"])
    def test_an_address_is_of_the_web(self, url: str) -> None:
        """faults K10: a live link of any kind stood in the report"""
        over = {"sources": {"offer": {"url": url, "date": "2026-07-01"}}}
        fault = only(faults(over))
        assert (fault.path, fault.expected) == (
            "sources.offer.url",
            "an address that begins with https:// or http://",
        )

    def test_a_source_without_an_address_has_a_title(self) -> None:
        """faults K10: an offer on paper"""
        fault = only(faults({"sources": {"offer": {"date": "2026-07-01"}}}))
        assert fault.expected == "an address, or the title of what has none"
        assert load("one-campus", {"sources": {"offer": {"date": "2026", "title": "An offer"}}})

    def test_a_title_of_a_strategy_is_text(self, tmp_path: Path) -> None:
        """faults K10"""
        file = write(tmp_path, 'title = "\\u001b[31m"\n')
        with pytest.raises(ScenarioError, match=r"mine: title = .*one line of text"):
            load_strategies([file], load("one-campus"))

    def test_a_strategy_does_not_reach_the_world_by_a_path(self, tmp_path: Path) -> None:
        file = write(tmp_path, '"horizon.end" = "2029Q4"\n')
        with pytest.raises(ScenarioError, match=r"mine: horizon\.end = in a strategy"):
            load_strategies([file], load("one-campus"))


class TestGrowth:
    def test_many_unknown_keys_are_told_in_one_go_and_a_word(self, tmp_path: Path) -> None:
        """faults K13: the nearest name was looked for 100,000 times, for over 40 s"""
        file = write(tmp_path, "".join(f"wrong_{n} = 1\n" for n in range(20_000)))
        found = faults({}, file)
        assert len(found) == MOST_FAULTS_COUNT + 1
        assert "faults more" in found[-1].given

    def test_many_entries_are_one_fault(self) -> None:
        """faults K13"""
        pools = {f"p{n}": {"supply": 1} for n in range(MOST_ENTRIES_COUNT)}
        fault = only(faults({"pools": pools}))
        assert (fault.path, fault.given, fault.expected) == ("pools", "1,002 entries", "at most 1,000")

    def test_many_wrong_names_are_looked_up_within_bounds(self) -> None:
        """faults K13"""
        classes = {f"c{n}": TUTORING | {"model": f"model {n}"} for n in range(900)}
        assert len(faults({"use_cases": classes})) == MOST_FAULTS_COUNT + 1

    def test_paths_set_by_the_thousand_are_not_held_each_beside_each(self) -> None:
        """faults K13: 15,000 of them took 86 s"""
        calls_count = 0

        def count(_: Any, event: str, __: Any) -> None:
            nonlocal calls_count
            calls_count += event == "call"

        pairs = [f"a{n}.b={n}" for n in range(1_000)]
        sys.setprofile(count)
        try:
            found = parse_overrides(pairs)
        finally:
            sys.setprofile(None)
        assert len(found) == 1_000
        assert calls_count < 100 * len(pairs)


def test_identity_does_not_follow_where_files_lie(tmp_path: Path) -> None:
    """users 13: a scenario read from another folder is the same question"""
    base = load("one-campus")
    assert loads(base.toml).hash == base.hash
    file = write(tmp_path, base.toml)
    assert load(file).hash == base.hash
