"""The catalog as of a day: what became known later is laid over what was known before, and no earlier."""

from itertools import pairwise
from pathlib import Path

import pytest

from gigawatt.catalog import load
from gigawatt.catalog.load import read_file
from gigawatt.catalog.records import Source, Workload
from gigawatt.errors import CatalogError

TEXT = """
name = "Mixed"
description = "Before."
benchmark = "mixed"
model = "llama-3.1-70b"
grade = "press"
source = "paper"
input = "1000 tokens"
output = { value = "200 tokens", grade = "assumed", note = "a guess" }

[[later]]
known = "2026-01-10"
grade = "measured"
source = "log"
note = "counted"
input = "1200 tokens"

[[later]]
known = "2026-03-01"
description = "After."
grade = "press"
source = "paper"
input = { value = "1300 tokens", high = "1400 tokens", source = "log" }
output = { value = "210 tokens", grade = "assumed" }

[sources.paper]
url = "https://example.org/paper"
date = "2025-12-01"
title = "A paper"

[sources.log]
url = "https://example.org/log"
date = "2026-01-09"
title = "A log"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mixed.toml"
    path.write_text(TEXT, encoding="utf-8")
    return path


class TestADay:
    @pytest.mark.parametrize(
        ("day", "input_tokens", "output_tokens", "description"),
        [
            ("2025-09-22", 1000, 200, "Before."),
            ("2026-01-09", 1000, 200, "Before."),
            ("2026-01-10", 1200, 200, "Before."),
            ("2026-02-28", 1200, 200, "Before."),
            ("2026-03-01", 1300, 210, "After."),
            (None, 1300, 210, "After."),
        ],
    )
    def test_has_what_was_known_on_it(self, file, day, input_tokens, output_tokens, description):
        found = read_file(Workload, file, day)
        assert (found.input_tokens, found.output_tokens, found.description) == (
            input_tokens,
            output_tokens,
            description,
        )

    def test_a_later_value_takes_day_grade_source_and_note_of_its_entry(self, file):
        found = read_file(Workload, file, "2026-02-01").evidence["input_tokens"]
        assert (found.known_date, found.grade, found.note) == ("2026-01-10", "measured", "counted")
        assert found.source == Source(url="https://example.org/log", date="2026-01-09", title="A log")

    def test_its_own_evidence_comes_first(self, file):
        found = read_file(Workload, file).evidence
        assert found["input_tokens"].source.title == "A log"
        assert (found["input_tokens"].grade, found["input_tokens"].high) == ("press", 1400)
        assert (found["output_tokens"].grade, found["output_tokens"].source) == ("assumed", None)
        assert found["output_tokens"].known_date == "2026-03-01"

    def test_what_was_known_from_the_first_has_no_day(self, file):
        assert read_file(Workload, file, "2025-09-22").evidence["input_tokens"].known_date is None


class TestMistakes:
    @pytest.mark.parametrize(
        ("old", "new", "path", "expected"),
        [
            ('known = "2026-01-10"\n', "", "later[0].known", "a day, such as 2026-07-01"),
            ('known = "2026-01-10"', 'known = "2026Q1"', "later[0].known", "a day, such as 2026-07-01"),
            ('known = "2026-03-01"', 'known = "2026-01-01"', "later[1].known", "2026-01-10 or later"),
            ("[[later]]", "[later]", "later", "tables under [[later]]"),
            ('input = "1200 tokens"', 'inputs = "1200 tokens"', "inputs", "input"),
            ('source = "log"\nnote', 'source = "logs"\nnote', "input.source", "a name in [sources]"),
            ('grade = "assumed", note = "a guess"', 'grade = "assumed", known = "soon"', "output.known", "a day"),
        ],
    )
    def test_each_is_a_fault_with_its_path(self, file, old, new, path, expected):
        text = TEXT.replace(old, new, 1)
        if old == "[[later]]":
            text = text.replace('[[later]]\nknown = "2026-03-01"', '[later_too]\nknown = "2026-03-01"')
        file.write_text(text, encoding="utf-8")
        with pytest.raises(CatalogError) as raised:
            read_file(Workload, file, "2026-02-01")
        faults = {fault.path.removeprefix("mixed.toml: "): fault.expected for fault in raised.value.faults}
        assert expected in faults[path]


class TestTheCatalog:
    def test_every_later_day_of_every_file_changes_something(self):
        """An entry that changes nothing is a mistake of its file."""
        for kind in load.KINDS:
            for id_ in load.ids(kind):
                records = [load._loaded(kind, id_, "")]
                records += [load._loaded(kind, id_, day) for day in dict.fromkeys(load.later_days(kind, id_))]
                assert all(before != after for before, after in pairwise(records)), (kind, id_)

    def test_every_change_is_of_a_day_of_its_file(self):
        for kind in load.KINDS:
            for id_ in load.ids(kind):
                assert {news.known_date for news in load.changes(kind, id_)} <= set(load.later_days(kind, id_))

    def test_a_thing_that_was_not_known_is_not_found_and_the_fault_says_from_when(self):
        with load.known_by("2025-09-22"):
            assert "ports_pike" not in load.ids("sites")
            with pytest.raises(CatalogError, match="known from 2026-08-17, asked as of 2025-09-22"):
                load.get("sites", "ports_pike")
        assert load.get("sites", "ports_pike").id == "ports_pike"

    def test_models_are_known_from_their_release_and_assumed_ones_always(self):
        with load.known_by("2025-01-20"):
            assert {"deepseek-r1", "frontier-2027", "frontier-run"} <= set(load.ids("models"))
            assert "kimi-k3" not in load.ids("models")
            assert load.known_later("models", "kimi-k3") == "2026-07-27"
            assert load.known_later("models", "deepseek-r1") == ""

    def test_the_day_ends_with_its_block(self):
        with load.known_by("2025-09-22"):
            assert load.day_asked() == "2025-09-22"
            with load.known_by(None):
                assert load.day_asked() is None
        assert load.day_asked() is None
