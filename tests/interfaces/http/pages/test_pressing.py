"""What is the same for everybody goes compressed; what is a reader's own stands as it is, and no length tells it."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment
from starlette.testclient import TestClient
from tests.interfaces.http.pages.kept import keep, plan

from gigawatt.interfaces.http.pages.pressing import drawn, filled, gzipped, plain, taken

PART = drawn("<p>a chart, and its figures</p>" * 200)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


@given(st.lists(TEXTS | TEXTS.map(drawn), max_size=6, unique=True))
def test_any_page_comes_out_as_it_went_in(found: list[Any]) -> None:
    parts = [one for one in found if not isinstance(one, str)]
    pieces = filled("".join(one if isinstance(one, str) else one.mark for one in found), parts[::-1])
    whole = "".join(one if isinstance(one, str) else one.body.decode() for one in found)
    assert plain(pieces).decode() == whole
    assert gzip.decompress(gzipped(pieces)).decode() == whole


def test_a_page_longer_than_a_block_of_its_own_comes_out_as_it_went_in() -> None:
    pieces = ["é".encode() * 200_000, PART, b"x" * 70_000, PART]
    assert zlib.decompressobj(wbits=31).decompress(gzipped(pieces)) == plain(pieces)


def test_parts_are_compressed_and_what_stands_around_them_is_not() -> None:
    own = b"csrf=0123456789abcdef, and again 0123456789abcdef"
    packed = gzipped([own, PART, own])
    assert len(packed) < len(PART.body) / 10
    assert packed.count(own) == 2


def test_no_length_tells_whether_a_guess_is_right() -> None:
    """A page that repeats what a link made it say is as long for a right guess of its token as for a wrong one."""
    token = b"0123456789abcdef" * 4
    right, wrong = token, token[::-1]
    assert len(zlib.compress(right + token)) < len(zlib.compress(wrong + token))
    lengths = {len(gzipped([b"<p>" + guess, PART, b"<i>" + token])) for guess in (right, wrong)}
    assert len(lengths) == 1


def test_nobody_can_write_the_mark_of_a_part() -> None:
    page = Environment(autoescape=True).from_string("<i>{{ said }}</i>{{ part }}")
    found = filled(page.render(said=PART.mark.strip(), part=PART), [PART])
    assert found.count(PART) == 1
    assert plain(found).startswith(b"<i>&lt;!--")


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
        ("", False),
    ],
)
def test_only_who_takes_gzip_is_sent_it(said: str, takes: bool) -> None:
    assert taken(said) is takes


def test_a_page_says_how_it_is_coded_and_what_programs_read_is_not(
    browser: Callable[..., TestClient], server: Any
) -> None:
    place, client = f"/?result={keep(server, 'run', plan())}", browser("viewer")
    packed, whole = (client.get(place, headers={"Accept-Encoding": coding}) for coding in ("gzip", "identity"))
    assert packed.text == whole.text
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in whole.headers
    assert packed.headers["vary"] == whole.headers["vary"] == "Accept-Encoding"
    assert "content-encoding" not in client.get("/api/me", headers={"Accept-Encoding": "gzip"}).headers
