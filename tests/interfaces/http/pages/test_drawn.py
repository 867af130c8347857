"""Parts of pages that are drawn once: for each result and language, and no more of them than there is room for."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient
from tests.interfaces.http.pages.kept import keep, plan

from gigawatt.interfaces.http.pages import drawn, pressing
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
    kept = b"".join(part.body for part in drawn.SHELF.parts()).decode()
    assert "Our campus" in kept
    assert client.csrf not in kept  # type: ignore[attr-defined]
    assert "csrf" not in kept


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.text(max_size=12))))
def test_a_shelf_never_holds_more_than_it_may_and_gives_back_what_was_put(texts: list[tuple[str, str]]) -> None:
    shelf, last = Shelf(60), dict[str, str]()
    for key, text in texts:
        shelf.put((key,), pressing.drawn(text))
        last[key] = text
        assert sum(map(drawn.size, shelf.parts())) <= 60
    for key, text in last.items():
        found = shelf.get((key,))
        assert found is None or found.body.decode() == text


def test_what_was_read_last_is_given_up_last() -> None:
    part = pressing.drawn("x")
    shelf = Shelf(3 * drawn.size(part))
    for key in "abc":
        shelf.put((key,), part)
    shelf.get(("a",))
    shelf.put(("d",), part)
    assert [key for key in "abcd" if shelf.get((key,))] == ["a", "c", "d"]


@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=200)), unique_by=lambda pair: pair[1]), st.text())
def test_a_page_with_parts_is_the_same_compressed_and_not(pieces: list[tuple[str, str]], end: str) -> None:
    parts = [pressing.drawn(part) for _, part in pieces]
    page = "".join(before + part.mark for (before, _), part in zip(pieces, parts, strict=True)) + end
    whole = "".join(before + part for before, part in pieces) + end
    found = pressing.filled(page, reversed(parts))
    assert pressing.plain(found).decode() == whole
    assert gzip.decompress(pressing.gzipped(found)).decode() == whole


def test_only_what_is_the_same_for_every_reader_is_compressed(browser: Browser, server: Any) -> None:
    keep(server, "run", plan())
    client = browser("viewer")
    with client.stream("GET", "/", headers={"Accept-Encoding": "gzip"}) as found:
        raw = b"".join(found.iter_raw())
    assert found.headers["content-encoding"] == "gzip"
    assert found.headers["vary"] == "Accept-Encoding"
    assert client.csrf.encode() in raw  # type: ignore[attr-defined]
    assert b"power-by-platform" not in raw
    plain = client.get("/", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(raw).decode() == plain.text
    assert len(raw) < len(plain.content) / 2


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        ("gzip, deflate, br", True),
        ("br;q=1.0, GZIP;q=0.8", True),
        ("*", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("identity", False),
        ("", False),
    ],
)
def test_a_browser_says_whether_it_takes_gzip(said: str, taken: bool) -> None:
    assert pressing.taken(said) is taken
