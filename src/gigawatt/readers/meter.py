"""Meter readings from CSV: a head, a row a reading; a column says by its head what it is and in which unit.

| column | heads, in any case and with blanks or underscores |
|---|---|
| start | time, timestamp, start, interval start, start time, datetime; "time utc" says that its clock is UTC's |
| end, if there | end, interval end, end time; or duration, as in `duration_min`, or with texts such as "15 min" |
| meter, if there | meter, meter id, device, channel; else as asked |
| site, if there | site; else as asked |
| unit, if there | unit, units, uom: of a value column whose head states none; else as asked |
| quantity, if there | quantity, kind: facility, it or returned, or a quantity's full name; else as asked |
| values, one or more | a head with a unit (kwh, energy_mwh, "Energy (kWh)"), or value, reading, energy, usage |

A value column with "it" in its head is of racks, one with "returned" or "export" flows back. Power (kw) is a gauge and
no energy, but for a mean power ("average kw") whose rows have an end. Commas, semicolons or tabs stand between columns;
where they are no commas, a comma may be the decimal sign. Where no end is given, a reading lasts as long as the
smallest usual step between those of its meter, which is said in a remark. Rows may come in any order; what is compared
(times that are there twice, or overlap) is compared within half a million readings, and by the ledger beyond them.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, compress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gigawatt import units
from gigawatt.errors import CatalogError, Fault
from gigawatt.ndarrays import Floats, Ints
from gigawatt.readers.blocks import blocks
from gigawatt.readers.clock import MS_PER_S, S_PER_H, S_PER_MIN, column_milliseconds
from gigawatt.readers.csv_rows import floats, number
from gigawatt.readers.lines import pieces
from gigawatt.readers.meter_head import MeterHead, ValueColumn, kind_of, read_head
from gigawatt.readers.readings import QUANTITIES, FileAsked, ReadingBlock, ReadingSeries, Rejected, Remark

Mask = NDArray[np.bool_]
# The cells of a row that tell its series from others, one by itself.
_Cells = str | tuple[str, ...]
# Readings that are compared with each other, at most: 28 bytes each, 36 with an end.
_HELD_COUNT = 500_000
# A step between readings is a usual one if it is this part of a meter's steps, and more than one of them.
_USUAL_FRAC = 0.1
# Readings that never fall are those of a register, which counts on: so many, and so far above their largest step.
_REGISTER_COUNT, _REGISTER_RATIO = 96, 10.0
_OTHER_VALUE = "the same meter and time as an earlier line with another value: clocks set back in autumn? ask for UTC"
_SWAPPED = str.maketrans(",.", ".,")
_MS_PER_H = MS_PER_S * S_PER_H


@dataclass(frozen=True, slots=True)
class _ReadPart:
    """Readings as they were read: arrays of one shape, with the number of each one's series."""

    codes: NDArray[np.int32]
    lines: Ints
    starts_ms: Ints
    ends_ms: Ints | None
    values: Floats


@dataclass(slots=True)
class _Held:
    """What is kept while a file is read: series by number, and readings that wait for their neighbours."""

    series: dict[ReadingSeries, int] = field(default_factory=dict)
    kinds: dict[tuple[int, _Cells], tuple[int, float] | str] = field(default_factory=dict)
    parts: list[_ReadPart] = field(default_factory=list)
    decimal: str = ""
    steps_ms: dict[int, int] = field(default_factory=dict)
    holes: int = 0
    holes_ms: int = 0

    @property
    def count(self) -> int:
        return sum(len(part.codes) for part in self.parts)


def read(file: Path, asked: FileAsked) -> Iterator[ReadingBlock | Rejected | Remark]:
    """The readings of a meter's CSV file, those of one meter together in the order of time.

    Raises CatalogError where the file cannot be read, its head lacks a column or is ambiguous, or a meter's values are
    those of a register.
    """
    texts = pieces(file, "CSV file of a meter")
    heading, _, rest = next(texts, "").partition("\n")
    head = read_head(file.name, heading, asked)
    if head.ignored:
        yield Remark(code="ignored", text=f"{file.name}: passed over the columns {', '.join(head.ignored)}.")
    held = _Held()
    line = 2
    for text in chain([rest], texts):
        count = text.count("\n")
        yield from _take(text, range(line, line + count), head, held, asked)
        line += count
        if held.count > _HELD_COUNT:
            yield from _settle(file.name, held, last=False)
    if line == 2:
        raise CatalogError([Fault(path=file.name, given="a head alone", expected="rows of readings below it")])
    yield from _settle(file.name, held, last=True)
    yield from _said(file.name, held)


def _take(text: str, places: range, head: MeterHead, held: _Held, asked: FileAsked) -> Iterator[Rejected]:
    """Read the lines of a text, which have these numbers, into what is held; refuse those that are none."""
    lines, cells, refused = _cells(text, places, head)
    if lines.size:
        starts_ms, odd_times = column_milliseconds(cells[head.start], head.utc_offset_s)
        ends_ms = _ends(cells, starts_ms, head, odd_times)
        reasons: dict[int, str] = {}
        blank = {n for n in odd_times if not any(column[n] for column in cells)}
        for column in head.values:
            values, odd = _numbers(cells[column.place], head, held)
            codes, factors = _coded(cells, column, head, held, asked, odd)
            if column.mean and ends_ms is not None:
                factors = factors * (ends_ms - starts_ms) / _MS_PER_H
            odd |= odd_times
            column_said = f"{column.name}: " if len(head.values) > 1 else ""
            for n, why in odd.items():
                reasons.setdefault(n, why if n in odd_times else column_said + why)
            kept = np.ones(len(lines), bool)
            kept[list(odd)] = False
            ends = None if ends_ms is None else ends_ms[kept]
            held.parts.append(_ReadPart(codes[kept], lines[kept], starts_ms[kept], ends, (values * factors)[kept]))
        refused += [Rejected(line=int(lines[n]), reason=why) for n, why in reasons.items() if n not in blank]
    yield from refused


def _cells(text: str, places: range, head: MeterHead) -> tuple[Ints, list[list[str]], list[Rejected]]:
    """The columns of a text and the line of each row, and the lines that are no rows; blank lines are passed over."""
    between, width = head.delimiter, head.width
    lines = np.arange(places.start, places.stop)
    more: list[tuple[int, list[str]]] = []
    refused: list[Rejected] = []
    if '"' in text or not _regular(text, head):
        rows = text.split("\n")[:-1]
        plain = [row.count(between) == width - 1 and '"' not in row for row in rows]
        odd = [(n, row) for n, row, simple in zip(places, rows, plain, strict=True) if not simple and row.strip()]
        text = "".join(f"{row}\n" for row in compress(rows, plain))
        lines = lines[np.array(plain, bool)]
        more, refused = _parted(odd, head)
    flat = text[:-1].replace("\n", between).split(between) if text else []
    if " " in text and (f"{between} " in text or f" {between}" in text):
        flat = [cell.strip() for cell in flat]
    columns = [flat[n::width] + [cells[n].strip() for _, cells in more] for n in range(width)]
    lines = np.concatenate([lines, np.array([n for n, _ in more], np.int64)])
    if more:
        order = np.argsort(lines).tolist()
        lines, columns = lines[order], [[column[n] for n in order] for column in columns]
    return lines, columns, refused


def _parted(rows: Sequence[tuple[int, str]], head: MeterHead) -> tuple[list[tuple[int, list[str]]], list[Rejected]]:
    """Numbered rows as their cells, and those that are none: quotes do not close, or cells are too few or too many."""
    good: list[tuple[int, list[str]]] = []
    refused: list[Rejected] = []
    for (line, _), cells in zip(rows, _unquoted([row for _, row in rows], head.delimiter), strict=True):
        if cells is not None and len(cells) == head.width:
            good.append((line, cells))
        elif cells is None:
            refused.append(Rejected(line=line, reason="a quote that is not closed, or stands within a cell"))
        else:
            refused.append(Rejected(line=line, reason=f"{len(cells)} cells, where the head has {head.width}"))
    return good, refused


def _unquoted(rows: list[str], delimiter: str) -> list[list[str] | None]:
    """Rows as cells, at once where every quote is closed in its row, else one by one; None where one is not."""
    try:
        found = list(csv.reader(rows, delimiter=delimiter, strict=True))
    except csv.Error:
        found = []
    if len(found) == len(rows):
        return [*found]
    return [None] if len(rows) == 1 else [one for row in rows for one in _unquoted([row], delimiter)]


def _regular(text: str, head: MeterHead) -> bool:
    """Whether every line has as many cells as the head: the signs between them follow one pattern."""
    signs = np.frombuffer(text.encode(), dtype=np.uint8)
    end, between = ord("\n"), ord(head.delimiter)
    signs = signs[(signs == end) | (signs == between)]
    if signs.size % head.width:
        return False
    rows = signs.reshape(-1, head.width)
    return bool((rows[:, :-1] == between).all() and (rows[:, -1] == end).all())


def _ends(cells: Sequence[Sequence[str]], starts_ms: Ints, head: MeterHead, odd: dict[int, str]) -> Ints | None:
    """Ends of readings, from a column of theirs or of lengths; None where there is neither."""
    if head.end is not None:
        ends_ms, why = column_milliseconds(cells[head.end], head.utc_offset_s)
    elif head.duration is not None:
        lengths_s, why = _lengths(cells[head.duration], head.duration_s)
        ends_ms = starts_ms + np.round(MS_PER_S * lengths_s).astype(np.int64)
    else:
        return None
    for place in np.flatnonzero(ends_ms <= starts_ms).tolist():
        odd.setdefault(place, why.get(place) or "ends at or before its start")
    for place, reason in why.items():
        odd.setdefault(place, reason)
    return ends_ms


def _lengths(cells: Sequence[str], unit_s: float | None) -> tuple[Floats, dict[int, str]]:
    """Durations in the unit of their head, or each with its own; those that are none are 0, with a reason."""
    known: dict[str, float] = {}
    for cell in dict.fromkeys(cells):
        try:
            known[cell] = units.parse(cell, "s") if unit_s is None else number(cell) * unit_s
        except ValueError:
            known[cell] = np.nan
    lengths_s = np.array([known[cell] for cell in cells])
    odd = np.flatnonzero(~((lengths_s > 0) & (lengths_s < units.SUFFIXES["days"].size * 366)))
    lengths_s[odd] = 0.0
    return lengths_s, {n: f'"{cells[n][:40]}" is no duration' for n in odd.tolist()}


def _numbers(cells: Sequence[str], head: MeterHead, held: _Held) -> tuple[Floats, dict[int, str]]:
    """Values, and the reasons why some are no readings."""
    if head.delimiter != "," and not held.decimal:
        held.decimal = next((sign for sign in "".join(cells) if sign in ",."), "")
    plain = [cell.translate(_SWAPPED) for cell in cells] if held.decimal == "," else cells
    values = floats(plain)
    odd = np.flatnonzero(~((values >= 0) & (values < np.inf)))
    return values, {n: _no_reading(cells[n], float(values[n]), held.decimal or ".") for n in odd.tolist()}


def _no_reading(cell: str, value: float, decimal: str) -> str:
    if not cell:
        return "empty"
    if value < 0:
        return f'"{cell[:40]}" is negative: what flows back has a column of its own, as energy_returned_kwh'
    if cell.strip("+-").lower() in ("nan", "inf", "infinity"):
        return f'"{cell[:40]}" is no reading'
    sign = "comma" if decimal == "," else "point"
    return f'"{cell[:40]}" is not a number with a decimal {sign} and nothing between thousands'


def _coded(
    cells: Sequence[Sequence[str]],
    column: ValueColumn,
    head: MeterHead,
    held: _Held,
    asked: FileAsked,
    odd: dict[int, str],
) -> tuple[NDArray[np.int32], Floats]:
    """The number of each row's series and the size of its unit; `odd` gets why some rows have none."""
    told = [cells[place] for place in head.telling]
    keys: Sequence[_Cells] = told[0] if len(told) == 1 else list(zip(*told, strict=True)) or [()] * len(cells[0])
    known = {key: n for n, key in enumerate(dict.fromkeys(keys))}
    codes, factors = np.full(len(known), -1, np.int32), np.ones(len(known))
    reasons: dict[int, str] = {}
    for key, n in known.items():
        if (column.place, key) not in held.kinds:
            words = (key,) if isinstance(key, str) else key
            found = kind_of(column, dict(zip(head.telling, words, strict=True)), head, asked)
            held.kinds[column.place, key] = (
                found if isinstance(found, str) else (held.series.setdefault(found[0], len(held.series)), found[1])
            )
        kind = held.kinds[column.place, key]
        if isinstance(kind, str):
            reasons[n] = kind
        else:
            codes[n], factors[n] = kind
    at = np.fromiter(map(known.__getitem__, keys), np.intp, len(keys))
    for n, why in reasons.items():
        odd |= dict.fromkeys(np.flatnonzero(at == n).tolist(), why)
    return codes[at], factors[at]


def _settle(name: str, held: _Held, last: bool) -> Iterator[ReadingBlock | Rejected]:
    """The readings that are held, series by series; a single one without an end waits for the next of its series."""
    parts, held.parts = held.parts, []
    if not parts:
        return
    codes = np.concatenate([part.codes for part in parts])
    lines = np.concatenate([part.lines for part in parts])
    starts_ms = np.concatenate([part.starts_ms for part in parts])
    given = [part.ends_ms for part in parts if part.ends_ms is not None]
    ends_ms = np.concatenate(given) if given else None
    values = np.concatenate([part.values for part in parts])
    of_code = list(held.series)
    del parts, given
    order = np.argsort(codes.astype(np.min_scalar_type(len(held.series))), kind="stable")
    edges = np.flatnonzero(np.diff(codes[order])) + 1
    for at in np.split(order, edges):
        if not at.size:
            continue
        code = int(codes[at[0]])
        one = _ReadPart(codes[at], lines[at], starts_ms[at], None if ends_ms is None else ends_ms[at], values[at])
        if ends_ms is None and len(at) == 1 and code not in held.steps_ms and not last:
            held.parts.append(one)
        else:
            yield from _of_series(name, of_code[code], one, held)


def _of_series(name: str, series: ReadingSeries, part: _ReadPart, held: _Held) -> Iterator[ReadingBlock | Rejected]:
    """Blocks of one series, with the ends of its readings, less those that cannot be."""
    order = np.argsort(part.starts_ms, kind="stable")
    lines, starts_ms, values = part.lines[order], part.starts_ms[order], part.values[order]
    distinct = np.concatenate([[True], np.diff(starts_ms) != 0])
    if not QUANTITIES.get(series.quantity, ("", False))[1]:
        ends_ms = starts_ms
    elif part.ends_ms is not None:
        ends_ms = part.ends_ms[order]
    else:
        _refuse_register(name, series, values[distinct])
        step_ms = held.steps_ms.get(held.series[series]) or _step(np.diff(starts_ms[distinct]))
        if step_ms is None:
            yield from _refused(lines, "a reading alone, without an end: how long it lasted is not known")
            return
        held.steps_ms[held.series[series]] = step_ms
        ends_ms = starts_ms + step_ms
    moment = np.cumsum(distinct) - 1
    first = np.flatnonzero(distinct)[moment]
    other = (values != values[first]) | (ends_ms != ends_ms[first])
    clash = _clashes(starts_ms[distinct], ends_ms[distinct])[moment] & ~other
    yield from _refused(lines[other], _OTHER_VALUE)
    yield from _refused(lines[clash], "overlaps another reading of its meter, and is the one off its usual times")
    kept = ~(other | clash)
    _count_holes(starts_ms[kept & distinct], ends_ms[kept & distinct], held)
    yield from blocks(series, lines[kept], starts_ms[kept], ends_ms[kept], values[kept])


def _refused(lines: Ints, reason: str) -> Iterator[Rejected]:
    return (Rejected(line=line, reason=reason) for line in lines.tolist())


def _step(steps_ms: Ints) -> int | None:
    """The smallest usual step between readings; None where there is but one reading."""
    if not steps_ms.size:
        return None
    sizes, counts = np.unique(steps_ms, return_counts=True)
    return int(sizes[counts >= min(max(_USUAL_FRAC * steps_ms.size, 2), counts.max())][0])


def _clashes(starts_ms: Ints, ends_ms: Ints) -> Mask:
    """Which readings in the order of time reach into another: of two, the one of unusual length, or else the later."""
    lengths_ms = ends_ms - starts_ms
    odd = lengths_ms != np.median(lengths_ms) if len(lengths_ms) else np.zeros(0, bool)
    kept = np.arange(len(starts_ms))
    while True:
        over = np.flatnonzero(ends_ms[kept[:-1]] > starts_ms[kept[1:]])
        if not over.size:
            break
        # In a row of them every other goes, for the next may then stand free.
        begins = np.concatenate([[True], np.diff(over) > 1])
        run = over[begins][np.cumsum(begins) - 1]
        over = over[(over - run) % 2 == 0]
        kept = np.delete(kept, over + ~odd[kept[over]])
    found = np.ones(len(starts_ms), bool)
    found[kept] = False
    return found


def _refuse_register(name: str, series: ReadingSeries, values: Floats) -> None:
    """Raises CatalogError where values are what a register shows, which are no energies of their times."""
    rises = np.diff(values)
    if len(values) < _REGISTER_COUNT or rises.min() < 0 or np.count_nonzero(rises) < len(rises) / 2:
        return
    if values[0] > _REGISTER_RATIO * rises.max():
        given = f"{len(values)} values that never fall, as of a register"
        expected = "the energy of each interval, which is the difference of a register's values"
        raise CatalogError([Fault(path=f"{name} meter {series.subject}", given=given, expected=expected)])


def _count_holes(starts_ms: Ints, ends_ms: Ints, held: _Held) -> None:
    between_ms = starts_ms[1:] - ends_ms[:-1]
    held.holes += int(np.count_nonzero(between_ms > 0))
    held.holes_ms += int(between_ms[between_ms > 0].sum())


def _said(name: str, held: _Held) -> Iterator[Remark]:
    """How long readings were taken to last, and how much time between them has none."""
    lengths: Mapping[int, int] = Counter(held.steps_ms.values())
    if lengths:
        said = [f"{_span(ms)} of {n} {'meters' if n > 1 else 'meter'}" for ms, n in sorted(lengths.items())]
        text = f"{name}: no ends; readings last as long as the steps between them: {', '.join(said)}."
        yield Remark(code="lengths", text=text)
    if held.holes:
        text = f"{name}: {held.holes:,} times without readings between others, {_span(held.holes_ms)} in all."
        yield Remark(code="holes", text=text)


def _span(length_ms: int) -> str:
    for size_s, name in ((S_PER_H, "h"), (S_PER_MIN, "min")):
        if length_ms % (MS_PER_S * size_s) == 0:
            return f"{length_ms // (MS_PER_S * size_s):,} {name}"
    return f"{length_ms / MS_PER_S:,g} s"
