"""Texts and tables of files that a user names."""

from __future__ import annotations

import pytest

from gigawatt import files
from gigawatt.errors import CatalogError


@pytest.mark.parametrize("size", [0, files._MOST_KEPT_CHARS])
def test_whoever_reads_a_table_has_one_of_his_own(size: int) -> None:
    """A text that is read again is not parsed again; what the first reader did to the table stays his."""
    text = f'name = "a"\nday = 2026-07-01\n[site]\nlist = [1, 2]\n{" " * size}\n'
    first = files.parse_toml(text, "scenario")
    first["site"]["list"].append(3)
    first.pop("name")
    assert files.parse_toml(text, "scenario") == {"name": "a", "day": "2026-07-01", "site": {"list": [1, 2]}}


def test_a_text_that_is_no_toml_is_one_each_time() -> None:
    for _ in range(2):
        with pytest.raises(CatalogError, match="scenario"):
            files.parse_toml("name = ", "scenario")
