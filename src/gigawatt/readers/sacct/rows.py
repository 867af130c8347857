"""The rows of `sacct -P`, made whole again where free text broke them, and the runs that they tell of."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from gigawatt.readers.readings import FileAsked, Rejected, Remark
from gigawatt.readers.sacct.columns import FORMS, SacctHeader, header_of
from gigawatt.readers.sacct.runs import SlurmRun, is_step, run_of_cells

# Longer ones are cut, and then rejected: the longest command line that Linux takes is half as long.
MOST_LINE_BYTES = 4_000_000
# Lines and signs that free text may have put into a row, and lines of them that look like the begin of one.
MOST_LINES_COUNT, MOST_SIGNS_COUNT, MOST_BEGINS_COUNT = 400, 200, 20
# The number of a line, and its text without its end.
Line = tuple[int, str]
# A line that is no row by itself: number, text, signs between columns, and whether it may be the begin of a row.
Piece = tuple[int, str, int, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlurmRow:
    """What one row holds in the columns that are used, and the line on which it begins."""

    line: int
    cells: Mapping[str, str]


def text_runs(stream: BinaryIO, file: str, asked: FileAsked) -> Iterator[SlurmRun | Rejected | Remark]:
    """The runs of allocations in `sacct -P`, and rows that are none. Raises CatalogError as `header_of` and for times
    without offset."""
    lines = _lines(stream)
    header = header_of(next(lines)[1], file)
    yield from _lacking(header)
    for row in rows_of(lines, header):
        if isinstance(row, Rejected):
            yield row
        elif not is_step(row.cells):
            try:
                yield run_of_cells(row.line, row.cells, file, asked)
            except ValueError as error:
                yield Rejected(line=row.line, reason=str(error))
    stream.seek(-1, io.SEEK_END)
    if stream.read() != b"\n":
        yield Remark(code="cut", text="the last line has no end: the dump may be cut off within it")


def _lacking(header: SacctHeader) -> Iterator[Remark]:
    """What the columns of a dump leave open."""
    if not {"ElapsedRaw", "Elapsed", "Suspended"} & {*header.used}:
        text = "no column ElapsedRaw or Suspended: hours in which runs were suspended count too"
        yield Remark(code="suspended_unknown", text=text)
    if "JobID" not in header.used:
        text = "no column JobID: a task of an array that another dump names by it counts again"
        yield Remark(code="ids", text=text)
    names = [name for name in ("Cluster", "Account") if name not in header.used]
    if names:
        lack = " and ".join(names)
        text = f"no column {lack}: what another dump says of the same site, job and start is taken for the same"
        yield Remark(code="names", text=text)


def _lines(stream: BinaryIO) -> Iterator[Line]:
    """The lines of a file; what is no text is replaced, for it stands in free text or makes a cell unreadable."""
    number = 0
    while data := stream.readline(MOST_LINE_BYTES):
        number += 1
        rest = data
        while rest and not rest.endswith(b"\n"):
            rest = stream.readline(MOST_LINE_BYTES)
        text = data.decode("utf-8-sig" if number == 1 else "utf-8", "replace")
        yield number, text.removesuffix("\n").removesuffix("\r")


def rows_of(lines: Iterable[Line], header: SacctHeader) -> Iterator[SlurmRow | Rejected]:
    """Rows of a dump. Lines are gathered until they make a row; whatever lies between rows is rejected.

    A row ends on the first line on which one can, and begins on the last line from which all columns have their form.
    A line with enough cells for a row, and its front, is the begin of one, so that a broken row breaks no other.
    """
    pieces: list[Piece] = []
    behind_row = False
    for number, text in lines:
        signs_count = text.count(header.delimiter)
        if not pieces and signs_count == header.signs_count and (cells := _plain(text.split(header.delimiter), header)):
            yield SlurmRow(line=number, cells=cells)
            behind_row = True
            continue
        if text == header.text:  # of several dumps in one file
            continue
        piece = (number, text, signs_count, _begins(text, header))
        if pieces and signs_count >= header.signs_count and piece[-1]:
            yield from _left_over(pieces, header, behind_row)
            pieces, behind_row = [], False
        pieces.append(piece)
        begin, cells = _latest_row(pieces, header)
        if cells is not None or len(pieces) > MOST_LINES_COUNT:
            yield from _left_over(pieces[:begin], header, behind_row)
            if cells is not None:
                yield SlurmRow(line=pieces[begin][0], cells=cells)
            pieces, behind_row = [], cells is not None
    yield from _left_over(pieces, header, behind_row)


def _latest_row(pieces: Sequence[Piece], header: SacctHeader) -> tuple[int, Mapping[str, str] | None]:
    """The last piece from which on all are a row, and its cells; the end of the pieces and None where there is none."""
    signs_count = tries_count = 0
    for begin in reversed(range(len(pieces))):
        signs_count += pieces[begin][2]
        if signs_count >= header.signs_count and pieces[begin][3] and tries_count < MOST_BEGINS_COUNT:
            cells = fitted(_joined(pieces[begin:]), header)
            if cells is not None:
                return begin, cells
            tries_count += 1
    return len(pieces), None


def _joined(pieces: Sequence[Piece]) -> str:
    return "\n".join(text for _, text, *_ in pieces)


def _begins(text: str, header: SacctHeader) -> bool:
    """Whether the front of a line is that of a row, as far as it goes."""
    cells = text.split(header.delimiter, header.firm_count)[: header.firm_count]
    return all(form is None or form.fits(cell) for form, cell in zip(header.forms, cells, strict=False))


def _left_over(pieces: Sequence[Piece], header: SacctHeader, behind_row: bool) -> Iterator[Rejected]:
    """What to say of lines that make no row; nothing where they are the rest of free text at the end of the row
    above, or the begin of such text at the front of the row below."""
    by_job = header.forms[0] is FORMS[0]
    pieces = [piece for piece in pieces if piece[1].strip()]
    if behind_row and header.forms[-1] is None:
        fronts = (n for n, (*_, signs_count, begins) in enumerate(pieces) if begins and (signs_count or by_job))
        pieces = pieces[next(fronts, len(pieces)) :]
    if header.forms[0] is None and not any(signs_count for *_, signs_count, _ in pieces):
        return
    if pieces:
        yield Rejected(line=pieces[0][0], reason=_why(_joined(pieces).split(header.delimiter), header))


def _why(cells: Sequence[str], header: SacctHeader) -> str:
    """Why cells make no row, in words."""
    if len(cells) < len(header.names):
        return f"{len(cells)} of the header's {len(header.names)} fields"
    if len(cells) > len(header.names):
        return f"{len(cells)} cells for {len(header.names)} fields: where free text ends cannot be told"
    each = zip(header.names, header.forms, cells, strict=True)
    wrong = [(name, form, cell) for name, form, cell in each if form is not None and not form.fits(cell)]
    return "; ".join(f'{name} is "{cell[:40]}": expected {form.what}' for name, form, cell in wrong[:1])


def fitted(text: str, header: SacctHeader) -> Mapping[str, str] | None:
    """The cells of a row in the columns that are used, if all columns have their form and there is no other way."""
    cells = text.split(header.delimiter)
    surplus = len(cells) - len(header.names)
    if not surplus and all(form is None or form.fits(cell) for form, cell in zip(header.forms, cells, strict=True)):
        return _plain(cells, header)
    return _mended(cells, surplus, header) if 0 < surplus <= MOST_SIGNS_COUNT else None


def _plain(cells: Sequence[str], header: SacctHeader) -> Mapping[str, str] | None:
    """The used ones of the cells of one line, as many as there are columns; None where one has not its form."""
    for place, fits in header.tests:
        if not fits(cells[place]):
            return None
    return {name: cells[place] for name, place in header.used.items()}


def _mended(cells: Sequence[str], surplus: int, header: SacctHeader) -> Mapping[str, str] | None:
    """The cells of a row with more delimiters than columns; None where there is no way, or the used ones have two.

    Every way to give the surplus to columns that may hold it is followed at once: a step leads through one column,
    from the surplus given away before it to that after it.
    """
    steps: list[list[tuple[int, int]]] = []
    before = {0}
    for column, form in enumerate(header.forms):
        most = surplus if header.several[column] else 0
        ways = [(given, after) for given in sorted(before) for after in range(given, max(given, most) + 1)]
        steps.append([way for way in ways if form is None or form.fits(_cell(cells, column, *way, header.delimiter))])
        before = {after for _, after in steps[-1]}
    reached = {surplus}
    for column in reversed(range(len(steps))):
        steps[column] = [(given, after) for given, after in steps[column] if after in reached]
        reached = {given for given, _ in steps[column]}
    found = {
        name: {_cell(cells, place, *step, header.delimiter) for step in steps[place]}
        for name, place in header.used.items()
    }
    return {name: cell for name, (cell,) in found.items()} if all(len(ways) == 1 for ways in found.values()) else None


def _cell(cells: Sequence[str], column: int, given: int, after: int, delimiter: str) -> str:
    """What a column holds that begins when so much of the surplus is given away, and ends when so much is."""
    return delimiter.join(cells[column + given : column + after + 1])
