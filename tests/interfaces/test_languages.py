"""`--lang`: what people read is told in their language; what programs read stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Gigawatt = Callable[..., Any]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command is given in an empty folder."""
    monkeypatch.chdir(tmp_path)


def test_a_terminal_is_told_in_the_language_that_is_asked_for(gigawatt: Gigawatt) -> None:
    found = gigawatt("check", "one-campus", "--lang", "id")
    assert found.code == 0, found.told
    assert "Satu kampus 100 MW" in found.out
    assert "Yang perlu diingat" in found.out
    assert "One campus of 100 MW" in gigawatt("check", "one-campus").out


def test_json_is_the_same_in_every_language(gigawatt: Gigawatt) -> None:
    words = ("check", "one-campus", "--json")
    assert gigawatt(*words, "--lang", "id").answer == gigawatt(*words).answer
    wrong = ("check", "no-campus", "--json")
    assert gigawatt(*wrong, "--lang", "id").told == gigawatt(*wrong).told


def test_faults_are_told_in_the_language_with_their_paths_and_values_as_they_are(gigawatt: Gigawatt) -> None:
    found = gigawatt("check", "one-campus", "--lang", "id", "--set", "programme.target=1.2 MWh")
    assert found.code == 2
    assert found.out == ""
    assert found.told.startswith("galat: programme.target = ")
    assert "1.2 MWh" in found.told
    assert "expected" not in found.told


def test_a_language_that_is_not_spoken_is_refused(gigawatt: Gigawatt) -> None:
    found = gigawatt("check", "one-campus", "--lang", "xx")
    assert found.code == 2
    assert found.told == 'error: --lang = xx: expected "en" or "id"\n'


def test_a_folder_is_told_in_the_language_and_tables_of_figures_stay_figures(
    gigawatt: Gigawatt, tmp_path: Path
) -> None:
    found = gigawatt("check", "one-campus", "--lang", "id", "--out", "periksa")
    assert found.code == 0, found.told
    assert "menulis laporan" in found.told
    assert '<html lang="id">' in (tmp_path / "periksa" / "report.html").read_text(encoding="utf-8")
    assert gigawatt("check", "one-campus", "--out", "check").code == 0
    summaries = [(tmp_path / folder / "summary.json").read_bytes() for folder in ("check", "periksa")]
    assert summaries[0] == summaries[1]
    files = [sorted(one.name for one in (tmp_path / folder / "tables").iterdir()) for folder in ("check", "periksa")]
    assert files[0] == files[1]
