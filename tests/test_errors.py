"""What is told of a name that is not there."""

from __future__ import annotations

from typing import ClassVar

import pytest

from gigawatt.errors import nearest


class TestNearest:
    KNOWN: ClassVar[dict[str, list[str]]] = {
        "b300": ["B300"],
        "gb200-nvl72": ["GB200"],
        "gb300-nvl72": ["GB300"],
        "none": [],
    }

    def test_the_same_words_come_before_the_same_letters(self) -> None:
        assert nearest("gb400", self.KNOWN) == ["gb300-nvl72", "gb200-nvl72"]

    def test_spelling_counts_where_no_word_is_the_same(self) -> None:
        assert nearest("bg300", self.KNOWN)[0] in ("b300", "gb300-nvl72")

    @pytest.mark.parametrize("name", ["", "!?", "zzzz", "x" * 10_000])
    def test_nothing_is_near_to_nonsense(self, name: str) -> None:
        assert nearest(name, self.KNOWN) == []

    def test_no_more_are_told_than_are_asked_for(self) -> None:
        assert len(nearest("gb", self.KNOWN, count=1)) == 1
