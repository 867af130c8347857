"""A scenario as of a day: its own facts, and the catalog's, as they were known then."""

from pathlib import Path

import pytest

from gigawatt.catalog.load import known_by
from gigawatt.errors import ScenarioError
from gigawatt.scenario.load import load, loads, parse_override, reread

TEXT = """
extends = "one-campus"
name = "dated"
title = "A campus whose target rose"

[[later]]
known = "2026-02-01"
grade = "press"
source = "paper"
programme.target = "80 MW"

[sources.paper]
url = "https://example.org/paper"
date = "2026-02-01"
title = "A paper"
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "dated.toml"
    path.write_text(TEXT, encoding="utf-8")
    return str(path)


def target_w(name: str, **changes: object) -> float:
    return load(name, changes).asked.programme.target_w


class TestTheDay:
    def test_all_that_is_known_where_no_day_is_asked(self, file):
        scenario = load(file)
        assert scenario.asked.programme.target_w == 80e6
        assert scenario.evidence["programme.target_w"].known_date == "2026-02-01"
        assert scenario.asked.as_of_date is None

    def test_of_the_catalog_s_reading(self, file):
        with known_by("2026-01-31"):
            assert load(file).asked.as_of_date == "2026-01-31"
            assert target_w(file) == target_w("one-campus")
        with known_by("2026-02-01"):
            assert target_w(file) == 80e6

    def test_of_an_override(self, file):
        assert target_w(file, as_of="2026-01-31") == target_w("one-campus")

    def test_of_a_file_that_states_it_also_for_what_it_extends(self, file, tmp_path):
        child = tmp_path / "child.toml"
        child.write_text(f'extends = "{file}"\nname = "child"\nas_of = "2026-01-31"\n', encoding="utf-8")
        assert target_w(str(child)) == target_w("one-campus")
        with known_by("2026-03-01"):
            assert target_w(str(child)) == 80e6

    def test_what_is_kept_reads_back_to_the_same(self, file):
        scenario = load(file, {"as_of": "2026-01-31"})
        assert "[[later]]" not in scenario.toml
        assert loads(scenario.toml).hash == scenario.hash
        assert reread(scenario, {}).hash == scenario.hash

    def test_counts_in_the_identity_only_where_it_is_asked(self, file):
        assert load(file).hash != load(file, {"as_of": "2026-11-28"}).hash

    @pytest.mark.parametrize("day", ["2026Q1", "22.9.2025", 2026])
    def test_has_to_be_one(self, file, day):
        with pytest.raises(ScenarioError, match=r"as_of.*expected a day, such as 2026-07-01"):
            load(file, {"as_of": day})

    def test_is_one_day(self, file):
        with known_by("2026-02-01"), pytest.raises(ScenarioError, match=r"as_of.*2026-02-01 beside 2026-01-31"):
            load(file, {"as_of": "2026-01-31"})

    def test_of_an_announcement_has_to_be_one(self):
        with pytest.raises(ScenarioError, match=r"announced.*a day"):
            load("one-campus", {"announced": "2026Q1"})

    def test_may_be_written_bare(self, file, tmp_path):
        bare = tmp_path / "bare.toml"
        bare.write_text(f'extends = "{file}"\nas_of = 2026-01-31\n', encoding="utf-8")
        assert load(str(bare)).asked.as_of_date == "2026-01-31"
        assert load(file, dict([parse_override("as_of=2026-01-31")])).asked.as_of_date == "2026-01-31"
