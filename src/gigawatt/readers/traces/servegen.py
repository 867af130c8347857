"""ServeGen's description of the clients of a service [1]: how fast each sent requests, window by window, and how long.

It holds no requests but what they can be drawn from. Read are a table of all clients (`t, rate, cv, dist, p1, p2,
category, model, client`), or the original files: for each client `chunk-N-trace.csv` without a header, and
`chunk-N-dataset.json`, whose histograms are texts that look like Python's dictionaries, "{224: 0.25, 225: 0.75}". They
are taken apart and never evaluated.

References
----------
[1] Y. Xiang et al., "ServeGen: Workload Characterization and Generation of Large Language Model Serving in Production",
    NSDI 2026; data at github.com/alibaba/ServeGen (Apache-2.0).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gigawatt.errors import CatalogError, Fault, near
from gigawatt.files import read_json
from gigawatt.ndarrays import Floats, Ints
from gigawatt.readers.csv_rows import floats, number
from gigawatt.readers.traces.forms import SERVEGEN_COLUMNS, is_client_window
from gigawatt.readers.traces.pieces import line_pieces
from gigawatt.readers.traces.rows import MOST_FAULTS_COUNT, LineFaults, quoted

WINDOW_S = 600.0
# Distributions of the gaps between a client's requests, by their code in `ClientRates.family`.
FAMILIES = ("", "Gamma", "Weibull")
_NAMED = ("category", "model", "client")
_CHUNK = re.compile(r"chunk-([0-9]+)-trace\.csv(?:\.gz)?")
_MOST_SUM_ERROR = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRates:
    """Windows in which clients sent requests, one entry each, by client and then by time; silent windows are left out.

    clients: names of the clients ("language/m-large/17"); client: index into them; start_s: of the window, from the
    start of the record; rate_per_s: requests; gap_cv_ratio: coefficient of variation of the gaps between requests;
    family: of their distribution (`FAMILIES`), whose shape_ratio has no unit and whose scale_s is in seconds: fitted to
    the gaps themselves, so that their mean need not be 1 / rate; window_s: length of a window; span_s: of the record;
    silent_count: windows without requests.
    """

    clients: tuple[str, ...]
    client: Ints
    start_s: Floats
    rate_per_s: Floats
    gap_cv_ratio: Floats
    family: NDArray[np.int8]
    shape_ratio: Floats
    scale_s: Floats
    window_s: float
    span_s: float
    silent_count: int

    def __len__(self) -> int:
        return len(self.client)


@dataclass(frozen=True, slots=True, kw_only=True)
class LengthHistogram:
    """How long something of a client's requests was in a window: start_s of it, values in order, and their shares."""

    start_s: float
    values: Floats
    share_frac: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class _Windows:
    """Windows of clients as a part of a file has them: the numbers of their lines, and what those say."""

    line: Ints
    client: Ints
    start_s: Floats
    rate_per_s: Floats
    gap_cv_ratio: Floats
    family: NDArray[np.int8]
    shape_ratio: Floats
    scale_s: Floats


def read_client_rates(path: Path, *, category: str | None = None, model: str | None = None) -> ClientRates:
    """The windows of clients in a table of all, in one original file, or in all original files of a folder.

    category, model: whose clients are kept of a table that has those columns. Raises CatalogError where a file
    cannot be read or a line makes no sense, or where nothing is left.
    """
    clients: dict[str, int] = {}
    kept = [part for file in _files(path) for part in _file_windows(file, clients, category, model)]
    if not kept:
        asked = " ".join(word for word in (category, model) if word)
        given = f"no client of {asked}" if asked else "no window of a client"
        raise CatalogError([Fault(path=str(path), given=given, expected="rates of clients, as ServeGen has them")])
    return _rates(path, kept, tuple(clients))


def read_lengths(path: Path) -> dict[str, tuple[LengthHistogram, ...]]:
    """The histograms of an original `chunk-N-dataset.json`: by name ("input_tokens"), of each window that has one.

    Raises CatalogError where the file cannot be read, or a histogram is none, or its shares do not add up to 1.
    """
    content = read_json(path)
    if not isinstance(content, dict):
        raise CatalogError([Fault(path=path.name, given="no object", expected="an object of windows by their start")])
    found: dict[str, list[LengthHistogram]] = {}
    faults: list[Fault] = []
    for start, fields in content.items():
        start_s = number(start)
        if not start_s >= 0 or not isinstance(fields, dict):
            faults.append(Fault(path=f"{path.name} {start}", given="no window", expected="histograms by name"))
            continue
        for name, text in fields.items():
            try:
                values, share_frac = histogram(text)
            except ValueError as error:
                given = quoted(text if isinstance(text, str) else repr(text))
                faults.append(Fault(path=f"{path.name} {start}.{name}", given=given, expected=str(error)))
                continue
            if len(values):
                one = LengthHistogram(start_s=start_s, values=values, share_frac=share_frac)
                found.setdefault(name, []).append(one)
    if faults:
        raise CatalogError(faults[:MOST_FAULTS_COUNT])
    return {name: tuple(sorted(windows, key=lambda window: window.start_s)) for name, windows in found.items()}


def histogram(text: object) -> tuple[Floats, Floats]:
    """Values in order and their shares, of a text such as "{224: 0.25, 225: 0.75}"; of "{}", none.

    Raises ValueError, whose text says what is expected.

    >>> values, share_frac = histogram("{225: 0.75, 224: 0.25}")
    >>> values.tolist(), share_frac.tolist()
    ([224.0, 225.0], [0.25, 0.75])
    """
    if not isinstance(text, str) or not text.startswith("{") or not text.endswith("}"):
        raise ValueError('a text of values and shares, "{224: 0.25, 225: 0.75}"')
    items = [item.partition(":") for item in text[1:-1].split(",")] if text[1:-1].strip() else []
    values, share_frac = (np.array([number(item[n]) for item in items], dtype=float) for n in (0, 2))
    order = np.argsort(values, kind="stable")
    values, share_frac = values[order], share_frac[order]
    if not (np.isfinite(values) & (values >= 0)).all() or not (share_frac >= 0).all():
        raise ValueError("values and shares that are numbers of at least 0")
    if (np.diff(values) == 0).any():
        raise ValueError("each value once")
    if len(values) and not abs(share_frac.sum() - 1) <= _MOST_SUM_ERROR:
        raise ValueError(f"shares that add up to 1, not {share_frac.sum():.6g}")
    return values, share_frac


def _files(path: Path) -> list[Path]:
    """The file, or the original files of a folder in the order of their clients."""
    if not path.is_dir():
        return [path]
    found = {int(name[1]): file for file in path.iterdir() if (name := _CHUNK.fullmatch(file.name))}
    if not found:
        expected = "files chunk-N-trace.csv, as ServeGen has them"
        raise CatalogError([Fault(path=str(path), given="a folder without them", expected=expected)])
    return [found[n] for n in sorted(found)]


def _file_windows(file: Path, clients: dict[str, int], category: str | None, model: str | None) -> Iterator[_Windows]:
    """The windows of a file, a part for each piece of it, of clients that are kept; new clients are numbered."""
    columns: tuple[str, ...] = ()
    asked: list[tuple[int, str]] = []
    for piece in line_pieces(file):
        lines = [(n, line) for n, line in enumerate(piece.data.decode().split("\n"), start=piece.first_line) if line]
        if lines and not columns:
            columns = _columns(file, lines[0])
            asked = _asked(file, columns, category, model)
            lines = lines[1:] if columns != SERVEGEN_COLUMNS else lines
        faults = LineFaults(file)
        rows = [(n, line.split(",")) for n, line in lines]
        for n, cells in rows:
            if len(cells) != len(columns):
                faults.add(n, "", f"{len(cells)} cells", f"{len(columns)}: {', '.join(columns)}")
        faults.check()
        rows = [row for row in rows if all(row[1][place] == value for place, value in asked)]
        if rows:
            yield _part(file, columns, rows, clients)


def _columns(file: Path, first: tuple[int, str]) -> tuple[str, ...]:
    """The columns of a file by its first line, those of the original files where it has no header."""
    line, text = first
    cells = tuple(cell.strip() for cell in text.split(","))
    if is_client_window(cells):
        return SERVEGEN_COLUMNS
    lacking = [name for name in SERVEGEN_COLUMNS if name not in cells]
    if lacking:
        expected = f"{', '.join(SERVEGEN_COLUMNS)}{near(lacking[0], cells)}"
        given = f"no column {', '.join(lacking)}"
        raise CatalogError([Fault(path=f"{file.name} line {line}", given=given, expected=expected)])
    return cells


def _asked(file: Path, columns: tuple[str, ...], category: str | None, model: str | None) -> list[tuple[int, str]]:
    """The places of the columns that are asked for, and what they have to say."""
    wanted = {name: value for name, value in (("category", category), ("model", model)) if value}
    lacking = [name for name in wanted if name not in columns]
    if lacking:
        expected = f"a table with the columns {', '.join(_NAMED)}"
        raise CatalogError([Fault(path=file.name, given=f"no column {', '.join(lacking)}", expected=expected)])
    return [(columns.index(name), value) for name, value in wanted.items()]


def _part(
    file: Path, columns: tuple[str, ...], rows: Sequence[tuple[int, list[str]]], clients: dict[str, int]
) -> _Windows:
    """Windows of some lines. Raises CatalogError for all that is wrong with them."""
    by_name = dict(zip(columns, zip(*(cells for _, cells in rows), strict=True), strict=True))
    faults = LineFaults(file)
    line = np.array([n for n, _ in rows])
    figures = {name: floats(by_name[name]) for name in ("t", "rate", "cv", "p1", "p2")}
    for name, values in figures.items():
        _remark(faults, line, ~(np.isfinite(values) & (values >= 0)), name, by_name[name], "a number of at least 0")
    at_start = figures["t"] % WINDOW_S == 0
    _remark(faults, line, ~at_start, "t", by_name["t"], f"the start of a window of {WINDOW_S:g} s")
    codes = {name: code for code, name in enumerate(FAMILIES)}
    family = np.array([codes.get(name, -1) for name in by_name["dist"]], dtype=np.int8)
    _remark(faults, line, family < 0, "dist", by_name["dist"], " or ".join(FAMILIES[1:]))
    without = (figures["rate"] > 0) & ((family == 0) | (figures["p1"] <= 0) | (figures["p2"] <= 0))
    expected = "a distribution with parameters above 0, for the rate is above 0"
    _remark(faults, line, without, "dist", by_name["dist"], expected)
    faults.check()
    identity = [name for name in _NAMED if name in columns]
    if identity:
        named = ["/".join(parts) for parts in zip(*(by_name[name] for name in identity), strict=True)]
    else:
        own = _CHUNK.fullmatch(file.name)
        named = [own[1] if own else file.stem] * len(rows)
    return _Windows(
        line=line,
        client=np.array([clients.setdefault(name, len(clients)) for name in named]),
        start_s=figures["t"],
        rate_per_s=figures["rate"],
        gap_cv_ratio=figures["cv"],
        family=family,
        shape_ratio=figures["p1"],
        scale_s=figures["p2"],
    )


def _remark(
    faults: LineFaults, line: Ints, wrong: NDArray[np.bool_], column: str, cells: Sequence[str], expected: str
) -> None:
    for place in np.flatnonzero(wrong).tolist():
        faults.add(int(line[place]), column, quoted(cells[place]), expected)


def _rates(path: Path, parts: Sequence[_Windows], clients: tuple[str, ...]) -> ClientRates:
    """Windows of parts in order, without silent ones. Raises CatalogError where a client has a window twice."""
    client = np.concatenate([part.client for part in parts])
    start_s = np.concatenate([part.start_s for part in parts])
    rate_per_s = np.concatenate([part.rate_per_s for part in parts])
    order = np.lexsort((start_s, client))
    twice = (np.diff(client[order]) == 0) & (np.diff(start_s[order]) == 0)
    if twice.any():
        place = order[np.flatnonzero(twice)[0] + 1]
        line = np.concatenate([part.line for part in parts])[place]
        given = f"the window at {start_s[place]:g} s of client {clients[client[place]]} twice"
        raise CatalogError([Fault(path=f"{path.name} line {line}", given=given, expected="each window once")])
    kept = order[rate_per_s[order] > 0]
    return ClientRates(
        clients=clients,
        client=client[kept],
        start_s=start_s[kept],
        rate_per_s=rate_per_s[kept],
        gap_cv_ratio=np.concatenate([part.gap_cv_ratio for part in parts])[kept],
        family=np.concatenate([part.family for part in parts])[kept],
        shape_ratio=np.concatenate([part.shape_ratio for part in parts])[kept],
        scale_s=np.concatenate([part.scale_s for part in parts])[kept],
        window_s=WINDOW_S,
        span_s=float(start_s.max()) + WINDOW_S,
        silent_count=len(order) - len(kept),
    )
