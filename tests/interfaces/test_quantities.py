"""Quantities as people type them: a unit that the shell parted, prefixes that stand alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from gigawatt.units import SUFFIXES, parse


@pytest.mark.parametrize("words", [("one-campus",), ()])
def test_a_unit_without_quotes_is_told(words: tuple[str, ...], gigawatt: Callable[..., Any]) -> None:
    """users 18: the unit was taken for another argument, or for the scenario."""
    ended = gigawatt("check", *words, "--set", "programme.target=300", "MW", "--json")
    assert ended.code == 2
    assert ended.faults == {
        "programme.target": {
            "path": "programme.target",
            "given": "300, and MW apart from it",
            "expected": 'the two in quotes: --set programme.target="300 MW"',
        }
    }


def test_a_scenario_after_a_number_is_no_unit(gigawatt: Callable[..., Any]) -> None:
    """users 18"""
    assert gigawatt("check", "--set", "seed=3", "one-campus", "--json").answer["seed"] == 3


@pytest.mark.parametrize(
    ("text", "suffix", "value"),
    [
        ("1k", "count", 1e3),
        ("15T", "tokens", 15e12),
        ("15T tokens", "tokens", 15e12),
        ("1.5 M tokens", "tokens", 1.5e6),
        ("2 thousand", "count", 2e3),
    ],
)
def test_prefixes_may_stand_alone_in_counts_and_tokens(text: str, suffix: str, value: float) -> None:
    """users 18: `1k` and `15T` were refused."""
    assert parse(text, suffix) == value


@pytest.mark.parametrize(
    ("text", "suffix"),
    [
        ("1k", "w"),
        ("15T", "tokens_per_s"),
        ("2M tokens", "count"),
        ("1m", "count"),
        ("5", "tokens"),
        ("1k", "frac"),
        ("1 /k", "ratio"),
        ("1 /", "count"),
        ("2 /T", "frac"),
        ("3 W/", "w"),
    ],
)
def test_and_nowhere_else(text: str, suffix: str) -> None:
    """users 18"""
    with pytest.raises(ValueError, match=re.escape(SUFFIXES[suffix].example)):
        parse(text, suffix)


@pytest.mark.parametrize("text", ["٣ MW", "３ MW", "³ MW", "3" + " " * 1_000_000 + "MWx"])
def test_digits_are_those_of_ascii(text: str) -> None:
    """faults K12, K13: other digits look like other numbers; a long blank took its length squared"""
    with pytest.raises(ValueError, match="a power"):
        parse(text, "w")
