"""The sentences of fields: read from the source, for records of every make."""

from __future__ import annotations

from dataclasses import dataclass, make_dataclass

import pytest

from gigawatt.catalog.described import descriptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Tank:
    """A tank."""

    volume_l: float
    """What it holds,
    filled to the brim."""

    bare_count: int = 0
    lid: bool = False
    "Whether it has a lid."

    def drained(self) -> str:
        """No field's sentence."""
        return "empty"


@dataclass(frozen=True, slots=True, kw_only=True)
class HotTank(Tank):
    """A tank that is heated."""

    lid: bool = True
    """Whether it is closed."""
    heat_w: float
    """The power of its heater."""


def test_a_sentence_is_one_line_however_it_is_broken() -> None:
    assert descriptions(Tank) == {
        "volume_l": "What it holds, filled to the brim.",
        "lid": "Whether it has a lid.",
    }


def test_sentences_are_passed_on_and_replaced() -> None:
    found = descriptions(HotTank)
    assert found["volume_l"] == "What it holds, filled to the brim."
    assert found["lid"] == "Whether it is closed."
    assert found["heat_w"] == "The power of its heater."


def test_a_class_in_a_function_has_its_sentences() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Inner:
        width_m: float
        """How wide it is."""

    assert descriptions(Inner) == {"width_m": "How wide it is."}


def test_a_class_without_source_is_an_error() -> None:
    with pytest.raises(OSError, match="could not find class"):
        descriptions(make_dataclass("Made", ["width_m"]))
