"""The picture of the layers is that of the code: every layer, in order, with what each package says of itself."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "architecture.py"


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("architecture", TOOL)
    module = importlib.util.module_from_spec(spec)
    sys.modules["architecture"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["architecture"]


def texts(drawn: str) -> list[str]:
    """What the picture says, but for lengths, which change with every day's work."""
    found = (one.text or "" for one in ElementTree.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text"))
    return [text for text in found if not re.fullmatch(r"[\d,]+ lines", text)]


def test_the_picture_in_the_docs_says_what_the_code_says(tool) -> None:
    """Draw it anew where it does not: python tools/architecture.py."""
    assert texts(tool.picture()) == texts(tool.PICTURE.read_text(encoding="utf-8"))


def test_layers_stand_from_the_doors_down_with_the_kernels_side_by_side(tool) -> None:
    names = tool.layers()
    assert names[0] == ["interfaces"]
    assert names[-1] == ["errors"]
    assert ["watts", "tokens", "dollars"] in names
    said = texts(tool.picture())
    places = [said.index(name) for row in names for name in row]
    assert places == sorted(places)
    assert all(name in said for name in (*tool.DOORS, tool.ROOM))


def test_a_length_is_told_in_one_digit_so_that_it_rarely_changes(tool) -> None:
    assert [tool.rounded(count) for count in (6, 149, 151, 940, 1_499, 3_204, 9_600, 15_776)] == [
        100, 100, 200, 900, 1_000, 3_000, 10_000, 16_000,
    ]  # fmt: skip


def test_a_package_without_a_sentence_is_named(tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    (tmp_path / "mute").mkdir()
    (tmp_path / "mute" / "__init__.py").write_text("")
    with pytest.raises(SystemExit, match=r"mute/__init__\.py: expected a sentence"):
        tool.part(tmp_path / "mute")


def test_words_are_wrapped_within_their_room_and_none_is_lost(tool) -> None:
    words = "What is known: every number with its source and its grade."
    lines = tool.wrapped(words, 120.0)
    assert " ".join(lines) == words
    assert all(tool.marks.width_of(line) <= 120.0 for line in lines)
