"""Sources: every number of a scenario, looked through by grade and text without a script, a page at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.testclient import TestClient

from gigawatt.interfaces.http.pages import sources

Browser = Callable[..., TestClient]
ASKED = {"scenario": "one-campus"}


def rows(text: str) -> int:
    """Numbers that a page shows."""
    bodies = re.findall(r'<div class="part">.*?</div>', text, flags=re.DOTALL)
    return sum(body.count("<tr") - 1 for body in bodies if "Note or source" in body)


def count(text: str) -> int:
    found = re.search(r"([\d,]+) numbers fit", text)
    return int(found[1].replace(",", "")) if found else 0


@pytest.fixture
def looked(browser: Browser) -> Callable[..., str]:
    """What a viewer is shown of a question."""
    client = browser("viewer")
    return lambda **asked: client.get("/sources", params=ASKED | asked).text


def test_every_number_is_told_a_page_at_a_time(looked: Callable[..., str]) -> None:
    first = looked()
    total = count(first)
    assert total > 500
    pages = [looked(start=str(start)) for start in range(0, total, sources.ROWS_COUNT)]
    assert [rows(text) for text in pages[:-1]] == [sources.ROWS_COUNT] * (len(pages) - 1)
    assert sum(map(rows, pages)) == total
    assert "On these hangs" in first
    assert f"start={sources.ROWS_COUNT}" in first
    assert f"start={2 * sources.ROWS_COUNT}" in pages[1]
    assert "Those after" not in pages[-1]


def test_numbers_are_looked_through_by_grade(looked: Callable[..., str]) -> None:
    grades = ("measured", "vendor", "press", "derived", "assumed")
    assert sum(count(looked(grade=grade)) for grade in grades) == count(looked())
    assert '<option value="assumed" selected>' in looked(grade="assumed")
    assert "No number fits." in looked(grade="guessed")


def test_numbers_are_looked_through_by_text_whatever_its_case(looked: Callable[..., str]) -> None:
    found = looked(text="GB300")
    assert 0 < count(found) == count(looked(text="gb300 ")) < count(looked())
    assert count(looked(text="gb300", grade="assumed")) < count(found)
    assert 'value="GB300"' in found
    hostile = looked(text='"><script>alert(1)</script>')
    assert "No number fits." in hostile
    assert "<script>alert" not in hostile


def test_past_the_last_number_it_is_said_that_there_are_no_more(looked: Callable[..., str]) -> None:
    text = looked(start="100000")
    assert "there are none from 100001 on" in text
    assert rows(text) == 0


def test_a_scenario_that_is_none_is_told_above_the_form(browser: Browser) -> None:
    found = browser("viewer").get("/sources", params={"scenario": "nowhere"})
    assert found.status_code == 422
    assert "<code>scenario</code>" in found.text
    assert '<select id="scenario"' in found.text


def test_a_result_that_is_none_has_no_sources(browser: Browser) -> None:
    assert browser("viewer").get("/sources", params={"scenario": "f" * 32}).status_code == 404


@pytest.mark.parametrize("asked", [{"start": "-1"}, {"start": "x"}, {"text": "x" * 201}])
def test_what_no_form_of_ours_sends_is_refused(browser: Browser, asked: Mapping[str, str]) -> None:
    assert browser("viewer").get("/sources", params=ASKED | dict(asked)).status_code == 422


def test_numbers_that_do_not_change_are_asked_for_once(
    looked: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, tell = list[str](), sources.told

    async def heard(reader: Any, verb: str, values: Mapping[str, Any]) -> Any:
        asked.append(str(values["scenario"]))
        return await tell(reader, verb, values)

    monkeypatch.setattr(sources, "told", heard)
    monkeypatch.setattr(sources, "_KEPT", {})
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: looked(), range(6)))
    assert asked == ["one-campus"]
    assert len({count(text) for text in found}) == 1


def test_what_is_kept_nowhere_is_saved_by_the_browser(looked: Callable[..., str]) -> None:
    text = looked()
    assert 'data-save="svg" hidden' in text
    assert 'data-save="csv" hidden' in text
    assert "/files/tables" not in text
