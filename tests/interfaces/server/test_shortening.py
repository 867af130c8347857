"""An answer that is too long is cut where it is longest, and says where."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gigawatt.interfaces.server.shortening import CODE, shortened

_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=30) | st.dictionaries(st.text(max_size=8), inner, max_size=30),
    max_leaves=60,
)


def size(data: Any) -> int:
    return len(json.dumps(data, ensure_ascii=False).encode())


def test_an_answer_that_fits_is_left_alone() -> None:
    data = {"rows": list(range(100)), "notes": []}
    assert shortened(data, 10_000) == data


def test_the_longest_list_is_cut_and_the_rest_stays() -> None:
    rows = [{"name": f"row {n}", "value": n} for n in range(10_000)]
    data = {
        "scenario": "x",
        "headline": {"npv_usd": 1.0},
        "rows": rows,
        "notes": [{"code": "a", "path": "", "text": "b"}],
    }
    found = shortened(data, 20_000)
    assert 10_000 < size(found) <= 20_000
    assert found["rows"] == rows[: len(found["rows"])]
    assert found["headline"] == data["headline"]
    assert [note["code"] for note in found["notes"]] == ["a", CODE]
    assert found["notes"][1]["path"] == "rows"
    assert found["notes"][1]["text"].startswith(f"{len(found['rows']):,} of 10,000")
    assert len(rows) == 10_000


def test_lists_within_others_are_cut_by_their_path() -> None:
    found = shortened({"by": {"gpu": [{"rows": list(range(50_000))}, 2]}}, 5_000)
    assert size(found) <= 5_000
    assert found["notes"][0]["path"] == "by.gpu.0.rows"


def test_a_very_long_text_and_a_table_of_very_many_keys_are_cut_too() -> None:
    found = shortened({"text": "é" * 100_000, "keys": {str(n): n for n in range(100_000)}}, 5_000)
    assert size(found) <= 5_000
    assert {note["path"] for note in found["notes"]} == {"text", "keys"}


def test_what_cannot_be_cut_leaves_the_head() -> None:
    data = {"gigawatt": "1", "scenario": "x", "hash": None, **{f"key {n}": n for n in range(1_000)}}
    found = shortened(data, 500)
    assert found["scenario"] == "x"
    assert size(found) <= 500


@given(st.dictionaries(st.text(max_size=8), _PLAIN, max_size=20), st.integers(400, 3_000))
def test_no_answer_is_longer_than_it_may_be(data: dict[str, Any], most_bytes: int) -> None:
    assert size(shortened(data, most_bytes)) <= most_bytes or size(data) <= most_bytes
