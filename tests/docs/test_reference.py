"""The reference is current, and has every key that a file may have."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import gigawatt

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import reference  # noqa: E402

TEXT = reference.PAGE.read_text(encoding="utf-8")
PRESETS = Path(gigawatt.__file__).parent / "scenario" / "presets"


def test_the_page_is_current() -> None:
    assert reference.page() == TEXT, "python tools/reference.py writes it anew"


def sections() -> dict[str, str]:
    """Heading → what stands below it, for the scenario."""
    part = TEXT.partition("## Scenario\n")[2].partition("\n## ")[0]
    found = {"": part.partition("\n#### ")[0]}
    for section in part.split("\n#### `")[1:]:
        heading, _, text = section.partition("`\n")
        found[heading.strip("[]")] = text
    return found


def named(table: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    """Heading and key of everything that a preset states, without its evidence."""
    known = sections()
    for key, value in table.items():
        yield path, key
        here = f"{path}.{key}" if path else key
        rows = value if isinstance(value, list) and value and isinstance(value[0], Mapping) else [value]
        for row in rows:
            if isinstance(row, Mapping) and here in known:
                yield from named(row, here)
            elif isinstance(row, Mapping) and f"{here}.NAME" in known:
                for entry in row.values():
                    yield from named(entry, f"{here}.NAME")


@pytest.mark.parametrize("preset", ["loi-2025-09", "equity-2026-02", "one-campus"])
def test_every_key_of_a_preset_stands_in_its_section(preset: str) -> None:
    known = sections()
    table = tomllib.loads((PRESETS / f"{preset}.toml").read_text(encoding="utf-8"))
    stated = {(path, key) for path, key in named(table, "") if key not in ("grade", "source", "note", "known")}
    missing = [(path, key) for path, key in stated if f"| `{key}` |" not in known[path]]
    assert missing == []
    assert ("programme", "target") in stated
