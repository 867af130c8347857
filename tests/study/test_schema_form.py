"""A scenario as a form: every key has a field, and what a field says reads back to the same scenario."""

from __future__ import annotations

import pytest

from gigawatt.scenario.load import load, presets
from gigawatt.study.schema.form import form, value_of


@pytest.mark.parametrize("name", presets())
def test_every_value_that_is_written_reads_back_to_the_same_scenario(name: str) -> None:
    scenario = load(name)
    fields = [field for group in form(scenario) for field in group.fields if field.value]
    changes = {field.path: value_of(field, field.value) for field in fields if "." not in "".join(field.parts)}
    again = load(name, changes)
    assert (again.asked.programme, again.asked.use_cases, again.asked.pools, again.asked.welfare) == (
        scenario.asked.programme,
        scenario.asked.use_cases,
        scenario.asked.pools,
        scenario.asked.welfare,
    )
    assert again.asked.capital == scenario.asked.capital


def test_paths_are_unique_and_every_field_has_a_sentence() -> None:
    fields = [field for group in form(load("loi-2025-09")) for field in group.fields]
    assert len({field.path for field in fields}) == len(fields)
    assert [field.path for field in fields if not field.sentence] == []


def test_a_number_has_its_grade_and_source() -> None:
    fields = [field for group in form(load("loi-2025-09")) for field in group.fields]
    assert any(field.source is not None and field.source.url for field in fields)
    target = next(field for field in fields if field.path == "programme.target")
    assert target.grade is not None
    assert target.unit.startswith("a power")


def test_an_emptied_field_takes_its_entry_away() -> None:
    lag = next(
        field for group in form(load("one-campus")) for field in group.fields if field.path == "finance.discount"
    )
    assert value_of(lag, "  ") is False
    assert value_of(lag, "12 %/year") == "12 %/year"
