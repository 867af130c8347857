"""What a docstring shows is what comes out."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import gigawatt

SOURCE = Path(gigawatt.__file__).parent
PROMPT = ">>> "
SHOWING = sorted(
    ".".join(("gigawatt", *file.relative_to(SOURCE).with_suffix("").parts)).removesuffix(".__init__")
    for file in SOURCE.rglob("*.py")
    if PROMPT in file.read_text()
)


@pytest.mark.parametrize("module", SHOWING)
def test_what_a_docstring_shows_comes_out(module: str) -> None:
    found = doctest.testmod(import_module(module), optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert found.failed == 0
    assert found.attempted > 0, "the prompt stands in no docstring"
