"""A trace comes in chunks of one size whatever its pieces, with what was read and left out counted."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gigawatt.errors import CatalogError
from gigawatt.readers.traces import pieces, read_trace, whole
from gigawatt.readers.traces.order import WINDOW_COUNT

Write = Callable[..., Path]
HEAD = "timestamp_ms,input_length,output_length,hash_ids"


def line(n: int) -> str:
    """A request each 10 ms, with one block, or two from 513 tokens on."""
    ids = " ".join(str(n + k) for k in range(1 + (n % 700 >= 512)))
    return f"{10 * n},{1 + n % 700},{n % 13 + 1},{ids}"


def lines(count: int) -> list[str]:
    return [line(n) for n in range(count)]


@pytest.mark.parametrize("chunk_count", [1, 7, 100, 65536])
@pytest.mark.parametrize("piece_bytes", [50, 1 << 20])
def test_chunks_are_of_one_size_whatever_the_pieces(
    trace: Write, monkeypatch: pytest.MonkeyPatch, chunk_count: int, piece_bytes: int
) -> None:
    monkeypatch.setattr(pieces.line_pieces, "__defaults__", (piece_bytes,))
    chunks = list(read_trace(trace(HEAD, *lines(1000)), chunk_count=chunk_count).chunks)
    assert {len(chunk) for chunk in chunks[:-1]} <= {chunk_count}
    assert sum(map(len, chunks)) == 1000
    found = whole(iter(chunks))
    assert found.arrival_s.tolist() == [n / 100 for n in range(1000)]
    assert found.input_tokens.tolist() == [1 + n % 700 for n in range(1000)]
    assert found.hashes is not None
    assert found.hash_ends is not None
    assert found.hash_ends.tolist() == np.cumsum([1 + (n % 700 >= 512) for n in range(1000)]).tolist()
    assert found.hashes[found.hash_ends - 1].tolist() == [n + (n % 700 >= 512) for n in range(1000)]


def test_a_packed_trace_is_the_same(tmp_path: Path, trace: Write) -> None:
    plain = trace(HEAD, *lines(1000))
    packed = tmp_path / "packed.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    one, other = whole(read_trace(plain).chunks), whole(read_trace(packed).chunks)
    assert (one.arrival_s == other.arrival_s).all()
    assert one.hashes is not None
    assert other.hashes is not None
    assert (one.hashes == other.hashes).all()


def test_what_was_read_is_counted_as_chunks_are_taken(trace: Write) -> None:
    path = trace(HEAD.removesuffix(",hash_ids"), *(f"{n},2,{n % 2}" for n in range(100)))
    read = read_trace(path, chunk_count=20)
    taken = next(read.chunks)
    assert len(taken) == read.tally.requests_count == 20
    assert read.tally.span_s == 0.038
    list(read.chunks)
    tally = read.tally
    assert (tally.requests_count, tally.input_tokens, tally.output_tokens) == (50, 100, 50)
    assert (tally.failed_count, tally.failed_input_tokens) == (50, 100)
    assert tally.span_s == 0.098
    assert tally.read_bytes == read.size_bytes == path.stat().st_size
    assert "Failed, without an answer: 50 requests (50.0%), kept apart." in read.notes


def test_a_long_trace_is_read_as_it_is_taken(tmp_path: Path) -> None:
    """A first chunk is out when a window and the piece that fills it have been read, however long the file."""
    path = tmp_path / "long.csv"
    rows = "".join(f"{n},5,6\n" for n in range(1_000_000, 1_400_000))
    path.write_text("timestamp_ms,input_length,output_length\n" + rows)
    read = read_trace(path, chunk_count=1000)
    first = next(read.chunks)
    assert first.arrival_s[-1] == 0.999
    line_bytes = len("1000000,5,6\n")
    assert read.tally.read_bytes < 3 * WINDOW_COUNT * line_bytes + 2 * pieces.PIECE_BYTES < read.size_bytes
    held = [len(chunk) for chunk in read.chunks]
    assert set(held) == {1000}
    assert read.tally.requests_count == 400_000


def test_a_mistake_near_the_end_does_not_hide_what_came_before(trace: Write) -> None:
    rows = [f"{n},5,6" for n in range(300_000)]
    path = trace("timestamp_ms,input_length,output_length", *rows, "300000,5")
    read = read_trace(path)
    with pytest.raises(CatalogError, match="line 300002 = 2 cells"):
        list(read.chunks)
    assert 0 < read.tally.requests_count < 300_000


def test_a_packed_trace_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    data = "\n".join(["timestamp_ms,input_length,output_length", *(f"{n},{n % 977 + 1},6" for n in range(50_000))])
    path = tmp_path / "cut.csv.gz"
    path.write_bytes(gzip.compress(data.encode())[:-100])
    with pytest.raises(CatalogError, match=r"a gzipped file that is cut off after line [0-9]+: expected a whole file"):
        list(read_trace(path).chunks)
