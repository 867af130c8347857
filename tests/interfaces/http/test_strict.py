"""Strict JSON: what it refuses, at which path, and that it takes a time in proportion to its length."""

from __future__ import annotations

import json
import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigawatt.interfaces.http import strict
from gigawatt.interfaces.server.asked import Refused

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


def fault(body: bytes | str) -> tuple[str, str, str]:
    with pytest.raises(Refused) as caught:
        strict.read(body.encode() if isinstance(body, str) else body)
    assert caught.value.why == "wrong"
    return caught.value.path, caught.value.given, caught.value.expected


@given(st.dictionaries(TEXTS, VALUES, max_size=5), st.booleans())
def test_strict_json_is_read_as_written(value: dict[str, object], ascii_only: bool) -> None:
    assert strict.read(json.dumps(value, ensure_ascii=ascii_only, allow_nan=False).encode()) == value


@settings(max_examples=300)
@given(st.binary(max_size=60) | st.text('[]{}",:\\u0d8e1N ').map(str.encode))
def test_whatever_is_sent_is_an_object_or_one_refusal(body: bytes) -> None:
    with suppress(Refused):
        found = strict.read(body)
        assert json.loads(json.dumps(found, allow_nan=False)) == found


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e400", "1" + "0" * 120 + ".5"])
@pytest.mark.parametrize(("written", "path"), [('{"a": %s}', "a"), ('{"a": {"b": [0, {"c": %s}]}}', "a.b[1].c")])
def test_a_number_that_is_none_is_refused_where_it_stands(number: str, written: str, path: str) -> None:
    found, seen, expected = fault(written % number)
    assert (found, seen[:20]) == (path, number[:20])
    assert "finite number" in expected


@pytest.mark.parametrize("number", [str(2**63), str(-(2**63) - 1), "9" * 5000, "-" + "9" * 1_000_000])
def test_an_integer_beyond_64_bits_is_refused(number: str) -> None:
    path, seen, expected = fault(f'{{"draws": {number}}}')
    assert path == "draws"
    assert len(seen) < 70
    assert str(2**63 - 1) in expected


def test_the_last_integers_of_64_bits_are_read() -> None:
    assert strict.read(b'{"a": 9223372036854775807, "b": -9223372036854775808}') == {"a": 2**63 - 1, "b": -(2**63)}


@pytest.mark.parametrize(
    ("body", "path"),
    [('{"a": 1, "a": 2}', "a"), ('{"a": [{"b": 1, "\\u0062": 1}]}', "a[0].b"), ('{"": 1, "": 1}', "body")],
)
def test_a_name_that_stands_twice_is_refused(body: str, path: str) -> None:
    assert fault(body)[0] == path


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ('{"a": "\\ud800"}', "a"),
        ('{"a": ["x", "\\udc00\\ud800"]}', "a[1]"),
        ('{"a": {"\\udfff": 1}}', "a"),
        ('{"\\ud800": 1}', "body"),
        ('{"a": "\\u0000"}', "a"),
        ('{"a\\u0000b": "x"}', "body"),
    ],
)
def test_half_a_surrogate_pair_and_nul_are_refused(body: str, path: str) -> None:
    assert fault(body)[0] == path


def test_a_whole_surrogate_pair_is_a_character() -> None:
    assert strict.read(b'{"a": "\\ud83d\\ude00"}') == {"a": "\U0001f600"}


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": "\xff"}',
        b'{"a": "\xed\xa0\x80"}',
        b'{"a": "\xc0\xaf"}',
        '{"a": 1}'.encode("utf-16"),
        '{"a": 1}'.encode("utf-32-le"),
        '{"a": 1}'.encode("utf-8-sig"),
    ],
)
def test_only_utf_8_without_a_mark_is_read(body: bytes) -> None:
    assert fault(body)[0] == "body"


@pytest.mark.parametrize(
    "body",
    [
        *("", " ", "null", "[]", '"a"', "1", "NaN", "{}{}", "{'a': 1}"),
        *('{"a": 1,}', '{"a": 01}', '{"a": 1} x', '{"a": "\n"}', '{"a": .5}', '{"a": "', "{]}"),
    ],
)
def test_only_one_object_is_read(body: str) -> None:
    assert fault(body)[0] == "body"


def test_the_limit_of_depth_is_exact_and_a_bracket_in_a_text_is_none() -> None:
    deep = strict.MOST_DEPTH - 1
    assert strict.read(b'{"a": ' + b"[" * deep + b"]" * deep + b"}")
    assert strict.read(b'{"a": "' + b"[{\\\\" * 1000 + b'\\""}')
    assert str(strict.MOST_DEPTH) in fault(b'{"a": ' + b"[" * (deep + 1) + b"]" * (deep + 1) + b"}")[1]


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":'])
def test_depth_without_end_is_one_refusal(opening: bytes) -> None:
    assert fault(opening * (2_000_000 // len(opening)))[0] == "body"


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": [' + b"0," * 900_000 + b"0]}",
        b"{" + b",".join(b'"%d": 0' % n for n in range(150_000)) + b"}",
        b'{"a": ' + b'""' * 900_000,
        b'{"a": [' + b"[]," * 600_000 + b"0]}",
    ],
)
def test_members_without_end_are_one_refusal(body: bytes) -> None:
    assert "parts" in fault(body)[1]


@pytest.mark.parametrize(
    "piece",
    [b'\\"', b"\\", b'"', b"\\u0041", b"x", "é".encode(), b"1", b"1.", b" ", b"9e", b"{", b","],
)
@pytest.mark.parametrize("opening", [b'{"a": "', b'{"a": ', b'{"a": 0.'])
def test_two_million_bytes_take_a_moment_whatever_they_are(opening: bytes, piece: bytes) -> None:
    body = opening + piece * (2_000_000 // len(piece))
    start = time.process_time()
    fault(body)
    assert time.process_time() - start < 1.0


def test_many_long_numbers_and_long_names_take_a_moment() -> None:
    body = b'{"a": [' + b",".join([b"9" * 4000] * 500) + b"]}"
    start = time.process_time()
    fault(body)
    names = b'{"%s": {"%s": NaN}}' % (b"n" * 900_000, b"m" * 900_000)
    assert len(fault(names)[0]) <= 160
    members = b",".join(b'"%d": 0' % n for n in range(40_000))
    assert strict.read(b'{"%s": {"%s": [[], {%s}]}}' % (b"n" * 500_000, b"m" * 500_000, members))
    assert time.process_time() - start < 1.0


def test_what_a_refusal_repeats_is_fit_for_a_terminal() -> None:
    path, *_ = fault('{"\\u001b[31m\\u202e": 1, "\\u001b[31m\\u202e": 1}')
    assert path.isprintable()
