"""Lines of JSON become requests with the blocks of their prompts; mistakes are named by line and key."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigawatt.errors import CatalogError
from gigawatt.readers.traces import read_trace, whole
from gigawatt.readers.traces.forms import FORMS, TraceHead
from gigawatt.readers.traces.json_lines import _plain, json_rows
from gigawatt.readers.traces.pieces import LinePiece
from gigawatt.readers.traces.rows import TraceRows

Write = Callable[..., Path]
Drained = Callable[[Path], list[str]]
GOOD = {"timestamp": 0, "input_length": 600, "output_length": 6, "hash_ids": [0, 1]}


def line(**changed: Any) -> str:
    return json.dumps({key: value for key, value in {**GOOD, **changed}.items() if value is not None})


def test_lines_are_read_with_their_blocks(files: Path) -> None:
    read = read_trace(files / "mooncake.jsonl")
    found = whole(read.chunks)
    assert (read.kind, read.has_hashes, read.notes) == ("mooncake", True, [])
    assert found.arrival_s.tolist() == [0.0, 0.0, 2.999, 6.0]
    assert found.input_tokens.tolist() == [1300, 512, 513, 1]
    assert found.output_tokens.tolist() == [500, 490, 1, 7]
    assert found.hashes is not None
    assert found.hash_ends is not None
    assert found.hashes.tolist() == [0, 1, 2, 0, 0, 3, 4]
    assert found.hash_ends.tolist() == [3, 4, 6, 7]


def test_lines_without_blocks_and_with_more_keys_are_read(trace: Write) -> None:
    found = whole(read_trace(trace(line(hash_ids=None, session="a"), "", line(hash_ids=None, timestamp=1.5))).chunks)
    assert found.hashes is None
    assert found.arrival_s.tolist() == [0.0, 0.0015]


def test_milliseconds_since_1970_stay_whole(trace: Write) -> None:
    found = whole(read_trace(trace(line(timestamp=1795852750312), line(timestamp=1795852750313))).chunks)
    assert found.arrival_s.tolist() == [0.0, 0.001]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (line(hash_ids=[0]), "hash_ids = 1 blocks: expected 2 for a prompt of 600 tokens in blocks of 512"),
        (line(hash_ids=[0, 1, 2]), "hash_ids = 3 blocks: expected 2 for a prompt of 600 tokens in blocks of 512"),
        (line(hash_ids=[0, -1]), 'hash_ids = "[0, -1]": expected a list of whole numbers of at least 0'),
        (line(hash_ids=[0, True]), 'hash_ids = "[0, true]": expected a list of whole numbers of at least 0'),
        (line(hash_ids=[0, 10**30]), "hash_ids = "),
        (line(hash_ids="0 1"), 'hash_ids = ""0 1"": expected a list of whole numbers of at least 0'),
        (line(hash_ids=None), "= no hash_ids: expected some, as in the lines above"),
        (line(input_length=None), "input_length = missing: expected a number"),
        (line(input_length="600"), 'input_length = ""600"": expected a number'),
        (line(input_length=True), 'input_length = "true": expected a number'),
        (line(input_length=0, hash_ids=[]), 'input_length = "0": expected a whole number of tokens from 1 to'),
        (line(input_length=-600), 'input_length = "-600": expected a whole number of tokens from 1 to'),
        (line(output_length=1.5), 'output_length = "1.5": expected a whole number of tokens from 0 to'),
        (line(output_length=float("nan")), 'output_length = "nan": expected a whole number of tokens from 0 to'),
        (line(timestamp=-1), 'timestamp = "-1": expected milliseconds, a number of at least 0'),
        (line(timestamp=10**400), "timestamp = "),
        ("[1, 2]", '= "[1, 2]": expected an object with timestamp, input_length, output_length'),
        (line()[:-5], "= Expecting"),
        ("[" * 100_000, "= "),
    ],
)
def test_a_mistake_is_named_by_line_and_key(trace: Write, drained: Drained, text: str, fault: str) -> None:
    (found,) = drained(trace(line(), text, line()))
    assert found.startswith(f"trace.csv line 2 {fault}")


NUMBER = st.integers(0, 3) | st.integers(0, 2**70) | st.sampled_from([1.5, 1e3, -1, "1", None, True])
OBJECTS = st.fixed_dictionaries(
    {"timestamp": st.integers(0, 10**6) | NUMBER, "input_length": st.integers(1, 40) | NUMBER, "output_length": NUMBER},
    optional={"hash_ids": st.lists(st.integers(0, 99), min_size=1, max_size=3) | st.lists(NUMBER, max_size=3)},
)


@settings(deadline=None)
@given(st.lists(OBJECTS, min_size=1, max_size=5), st.sampled_from([(", ", ": "), (",", ":"), (" ,", ":")]))
def test_lines_read_at_once_are_those_read_one_by_one(
    objects: list[dict[str, Any]], separators: tuple[str, str]
) -> None:
    """A blank before a line's end has each line read on its own."""
    head = TraceHead(form=FORMS["mooncake"], columns=(), first_line=1, pieces=iter(()))

    def rows(end: str) -> list[object] | str:
        data = "".join(json.dumps(one, separators=separators) + end for one in objects).encode()
        pieces = iter([LinePiece(data=data, first_line=1, read_bytes=len(data))])
        try:
            parts = list(json_rows(Path("a.jsonl"), head, pieces, 16))
        except CatalogError as error:
            return str(error)
        return [[None if column is None else column.tolist() for column in columns(part)] for part in parts]

    def columns(part: TraceRows) -> tuple[np.ndarray | None, ...]:
        return part.line, part.time_ns, part.input_tokens, part.output_tokens, part.hashes, part.hash_counts

    assert rows("\n") == rows(" \n")


@pytest.mark.parametrize("separators", [(", ", ": "), (",", ":")])
def test_published_lines_are_all_read_at_once(separators: tuple[str, str]) -> None:
    text = "".join(json.dumps(GOOD | {"timestamp": n}, separators=separators) + "\n" for n in range(50))
    piece = LinePiece(data=text.encode(), first_line=7, read_bytes=0)
    rows, left = _plain(piece, FORMS["mooncake"], 512)
    assert left.tolist() == []
    assert rows.line.tolist() == list(range(7, 57))
    assert rows.hashes is not None
    assert rows.hashes.tolist() == [0, 1] * 50


def test_twenty_mistakes_are_told_at_once(trace: Write, drained: Drained) -> None:
    faults = drained(trace(line(), *(line(input_length=-n) for n in range(30))))
    assert len(faults) == 21
    assert faults[-1] == "and = 10 more of these lines: expected these 20 mended first"
