"""Parts of pages that are drawn once: for each result and language, and no more of them than there is room for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient
from tests.interfaces.http.pages.kept import keep, plan

from gigawatt.interfaces.http.packing import Common
from gigawatt.interfaces.http.pages import drawn
from gigawatt.interfaces.http.pages.drawn import Shelf
from gigawatt.interfaces.server import results

Browser = Callable[..., TestClient]


def test_a_part_is_drawn_once_for_all_readers_of_a_language(
    browser: Browser, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_, read = keep(server, "run", plan()), results.document
    asked: list[str] = []
    monkeypatch.setattr(drawn.results, "document", lambda *given: asked.append(given[3]) or read(*given))
    for language in ("en", "en", "id", "en", "id"):
        for role in ("viewer", "editor"):
            assert browser(role).get("/", params={"result": id_, "lang": language}).status_code == 200
    assert asked == ["en", "id"]


def test_nothing_of_its_first_reader_is_in_a_part(browser: Browser, server: Any) -> None:
    keep(server, "run", plan())
    client = browser("owner")
    client.get("/")
    kept = "".join(drawn.SHELF.texts())
    assert "Our campus" in kept
    assert client.csrf not in kept  # type: ignore[attr-defined]
    assert "csrf" not in kept


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.text(max_size=12))))
def test_a_shelf_never_holds_more_than_it_may_and_gives_back_what_was_put(texts: list[tuple[str, str]]) -> None:
    shelf, last = Shelf(20), dict[str, str]()
    for key, text in texts:
        shelf.put((key,), Common(text))
        last[key] = text
        assert sum(len(one) * (1 if one.isascii() else 2) for one in shelf.texts()) <= 20
    assert all(shelf.get((key,)) in (None, text) for key, text in last.items())


def test_what_was_read_last_is_given_up_last() -> None:
    shelf = Shelf(3)
    for key in "abc":
        shelf.put((key,), Common("x"))
    shelf.get(("a",))
    shelf.put(("d",), Common("x"))
    assert [key for key in "abcd" if shelf.get((key,))] == ["a", "c", "d"]
