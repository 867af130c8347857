"""Every field of what people write, and of what is made of it, has a sentence of its own."""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_type_hints

import pytest

from gigawatt.catalog.described import descriptions
from gigawatt.catalog.load import KINDS
from gigawatt.catalog.records import Evidence, Source
from gigawatt.quarters import Course
from gigawatt.scenario.allocation import PowerScenario
from gigawatt.scenario.check_uncertainty import QUANTITIES
from gigawatt.scenario.schema import Asked, Scenario
from gigawatt.scenario.strategy import Strategy

ROOTS = (Scenario, PowerScenario, Strategy, Source, Evidence, *KINDS.values())
LEAST_WORDS = 3


def within(hint: Any) -> Iterator[type]:
    """Every record of the scenario and the catalog in a type, and in the fields of those."""
    parts = get_args(hint)
    for part in parts:
        yield from within(part)
    if (
        not parts
        and is_dataclass(hint)
        and hint is not Course
        and inspect.getmodule(hint).__name__.split(".")[1]
        in (
            "catalog",
            "scenario",
        )
    ):
        yield hint
        for below in get_type_hints(hint).values():
            yield from within(below)


RECORDS = sorted({record for root in ROOTS for record in within(root)}, key=lambda record: record.__name__)


def test_the_records_are_found() -> None:
    names = {record.__name__ for record in RECORDS}
    assert {"Asked", "UseCase", "Battery", "Flywheel", "PowerClass", "ModelBlock", "FailureClass", "Evidence"} <= names


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_every_field_has_its_sentence(record: type) -> None:
    found = descriptions(record)
    assert [entry.name for entry in fields(record)] == list(found)
    for name, sentence in found.items():
        assert len(sentence.split()) >= LEAST_WORDS, name
        assert sentence[0].isupper(), name
        assert sentence.endswith("."), name


def test_a_sentence_is_of_one_field() -> None:
    """Fields of the same name may mean the same; no other sentence is there twice."""
    named = defaultdict(set)
    for record in RECORDS:
        for name, sentence in descriptions(record).items():
            named[sentence].add(name)
    assert {sentence: names for sentence, names in named.items() if len(names) > 1} == {}


def test_what_may_be_uncertain_is_named() -> None:
    sentence = descriptions(Asked)["uncertainty"]
    assert sentence.rstrip(".").partition(": ")[2].split(", ") == list(QUANTITIES)
