"""What is the same for everybody goes compressed; what is a reader's own stands as it is, and no length tells it."""

from __future__ import annotations

import gc
import gzip
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment
from markupsafe import escape
from starlette.testclient import TestClient

from gigawatt.interfaces.http import packing
from gigawatt.interfaces.http.packing import Common, Packed, pack, pieces, stream, takes_gzip

PART = Common("<p>a chart, and its figures</p>" * 200)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


@given(st.lists(TEXTS | TEXTS.map(Common), max_size=6))
def test_any_text_comes_out_as_it_went_in(found: list[str]) -> None:
    text = "".join(part.mark if isinstance(part, Common) else part for part in found)
    assert "".join(pieces(text)) == "".join(found)
    assert gzip.decompress(stream(pieces(text))).decode() == "".join(found)


def test_a_text_longer_than_a_block_of_its_own_comes_out_as_it_went_in() -> None:
    found = ["é" * 200_000, PART, "x" * 70_000, PART]
    packed = stream(found)
    assert gzip.decompress(packed).decode() == "".join(found)
    assert zlib.decompressobj(wbits=31).decompress(packed).decode() == "".join(found)


def test_a_template_writes_a_part_once_and_nobody_else_can() -> None:
    place = Environment(autoescape=True)
    page = place.from_string("{% if part %}<i>{{ said }}</i>{{ part }}{% endif %}")
    for said in (PART.mark.replace("\0", ""), f"\0{'0' * 32}:0\0", "<b>"):
        assert "".join(pieces(page.render(part=PART, said=said))) == f"<i>{escape(said)}</i>{PART}"


def test_a_part_that_nobody_holds_is_forgotten() -> None:
    mark = Common("once").mark
    gc.collect()
    assert pieces(mark) == [mark]


def test_common_parts_are_compressed_and_what_stands_around_them_is_not() -> None:
    own = "csrf=0123456789abcdef, and again 0123456789abcdef"
    packed = stream([own, PART, own])
    assert len(packed) < len(PART) / 10
    assert packed.count(own.encode()) == 2


def test_no_length_tells_whether_a_guess_is_right() -> None:
    """A page that repeats what a link made it say is as long for a right guess of its token as for a wrong one."""
    token = "0123456789abcdef" * 4
    right, wrong = token, token[::-1]
    lengths = {len(stream([f"<p>{guess}</p>", PART, f"<i>{token}</i>"])) for guess in (right, wrong)}
    assert len(lengths) == 1
    assert len(zlib.compress(f"{right}{token}".encode())) < len(zlib.compress(f"{wrong}{token}".encode()))


def test_a_part_is_packed_once() -> None:
    assert pack(PART) is pack(PART)


@pytest.mark.parametrize(
    ("said", "takes"),
    [
        ("gzip", True),
        ("gzip, deflate, br, zstd", True),
        ("br;q=1.0, GZIP;q=0.8", True),
        ("gzip; q=0.001", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("br", False),
        ("x-gzip-not", False),
        ("*", False),
        ("", False),
    ],
)
def test_only_who_takes_gzip_is_sent_it(said: str, takes: bool) -> None:
    assert takes_gzip({"headers": [(b"accept-encoding", said.encode())]}) is takes
    assert takes_gzip({"headers": []}) is False


def sent(body: str, coding: str) -> Any:
    response = Packed(body, type_="text/html")
    return TestClient(response).get("/", headers={"Accept-Encoding": coding})


def test_a_page_says_how_it_is_coded_and_how_long_it_is() -> None:
    packed, plain = sent(f"<a>{PART.mark}</a>", "gzip"), sent(f"<a>{PART.mark}</a>", "identity")
    assert packed.text == plain.text == f"<a>{PART}</a>"
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"])
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert "content-encoding" not in plain.headers


def test_what_is_short_or_all_of_a_readers_own_goes_as_it_is() -> None:
    for text in (str(PART), Common("short").mark):
        assert "content-encoding" not in sent(text, "gzip").headers


def test_static_files_go_compressed_and_what_programs_read_does_not(
    anybody: TestClient, browser: Callable[[str], TestClient]
) -> None:
    found = anybody.get("/static/site.css", headers={"Accept-Encoding": "gzip"})
    assert found.headers["content-encoding"] == "gzip"
    assert found.text == anybody.get("/static/site.css", headers={"Accept-Encoding": "identity"}).text
    client = browser("viewer")
    for place in ("/api/me", "/openapi.json"):
        assert "content-encoding" not in client.get(place, headers={"Accept-Encoding": "gzip"}).headers


def test_memory_of_packed_parts_is_bounded() -> None:
    for at in range(2 * packing.MOST_KEPT):
        pack(Common(f"{at}"))
    assert pack.cache_info().currsize <= packing.MOST_KEPT
