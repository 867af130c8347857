"""Lines of a trace in JSON as rows: an object for each request, as Mooncake's traces have them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gigawatt.readers.traces.forms import TraceHead
from gigawatt.readers.traces.pieces import LinePiece
from gigawatt.readers.traces.rows import (
    MOST_TIME_NS,
    LineFaults,
    LineRow,
    TraceRows,
    from_lines,
    quoted,
    tokens,
    units_ns,
)


def json_rows(path: Path, head: TraceHead, pieces: Iterator[LinePiece], hash_tokens: int) -> Iterator[TraceRows]:
    """The rows of a trace in JSON, a part for each piece of the file. Raises CatalogError for all faults of a piece."""
    hashed: bool | None = None
    for piece in pieces:
        faults = LineFaults(path)
        found: list[LineRow] = []
        for line, text in enumerate(piece.data.split(b"\n"), start=piece.first_line):
            if not text or text.isspace():
                continue
            row = _row(line, text, head, hash_tokens, faults)
            if row is None:
                continue
            hashed = row.hashes is not None if hashed is None else hashed
            if (row.hashes is not None) != hashed:
                given = f"{'no ' if hashed else ''}{head.form.hashes}"
                faults.add(line, "", given, f"{'some' if hashed else 'none'}, as in the lines above")
            found.append(row)
        faults.check()
        if found:
            yield from_lines(found, hashed=bool(hashed))


def _row(line: int, text: bytes, head: TraceHead, hash_tokens: int, faults: LineFaults) -> LineRow | None:
    """The request of one line; None where something is wrong with it."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        faults.add(line, "", str(error)[:80], "one object of JSON")
        return None
    form = head.form
    if not isinstance(found, dict):
        faults.add(line, "", quoted(text.decode()), f"an object with {', '.join(form.needed)}")
        return None
    before = len(faults.found)
    values = [_number(line, key, found, faults) for key in form.needed]
    if len(faults.found) > before:
        return None
    time_ns = input_tokens = output_tokens = 0
    try:
        key = form.time
        time_ns = units_ns(values[0], form.unit_ns)
        key = form.input
        input_tokens = tokens(values[1], 0 if form.promptless else 1)
        key = form.output
        output_tokens = tokens(values[2], 0)
    except ValueError as error:
        faults.add(line, key, quoted(str(found[key])), str(error))
        return None
    hashes = _hashes(line, form.hashes, found, input_tokens, hash_tokens, faults)
    if len(faults.found) > before:
        return None
    return LineRow(line, time_ns, input_tokens, output_tokens, hashes)


def _number(line: int, key: str, found: dict[str, Any], faults: LineFaults) -> float:
    """The number of a key; a whole one stays whole, for milliseconds since 1970 with a fraction fill a float."""
    value = found.get(key)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    given = quoted(json.dumps(value)) if key in found else "missing"
    faults.add(line, key, given, "a number")
    return 0.0


def _hashes(
    line: int, key: str, found: dict[str, Any], input_tokens: int, hash_tokens: int, faults: LineFaults
) -> list[int] | None:
    """The identities of a prompt's blocks, of which there are as many as it fills; None where the line has none."""
    ids = found.get(key)
    if ids is None:
        return None
    if not isinstance(ids, list) or not all(type(one) is int and 0 <= one < MOST_TIME_NS for one in ids):
        faults.add(line, key, quoted(json.dumps(ids)), "a list of whole numbers of at least 0")
        return None
    wanted = -(-input_tokens // hash_tokens)
    if len(ids) != wanted:
        expected = f"{wanted} for a prompt of {input_tokens} tokens in blocks of {hash_tokens}"
        faults.add(line, key, f"{len(ids)} blocks", expected)
    return ids
