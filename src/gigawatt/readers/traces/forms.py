"""The forms in which request traces are published, told apart by the columns or keys of their first line.

References
----------
[1] Azure LLM inference traces 2023 and 2024, github.com/Azure/AzurePublicDataset: TIMESTAMP with seven digits of
    fraction, and in 2024 with six, or none where all would be 0, and an offset.
[2] Mooncake traces, github.com/kvcache-ai/Mooncake (FAST25-release/traces): lines of JSON with milliseconds and the
    identities of the prompt's blocks of 512 tokens.
[3] BurstGPT, github.com/HPMLL/BurstGPT: Timestamp in seconds; "Response tokens" is 0 where a request failed. Its third
    part has the columns "Session ID" and "Elapsed time" between the others.
[4] ServeGen client windows, github.com/alibaba/ServeGen: rates of clients and no requests (`traces.servegen`).
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn, get_args

from gigawatt.errors import CatalogError, Fault, near
from gigawatt.readers.csv_rows import SEPARATORS
from gigawatt.readers.traces.pieces import EXPECTED, LinePiece, line_pieces
from gigawatt.readers.traces.stamps import NS_PER_S

TraceKind = Literal["requests", "azure", "mooncake", "burstgpt"]
KINDS: tuple[TraceKind, ...] = get_args(TraceKind)
SERVEGEN = "servegen"
# A head of the table of client rates; the original files have none.
SERVEGEN_COLUMNS = ("t", "rate", "cv", "dist", "p1", "p2")


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceForm:
    """One form of trace: the names of its columns, or keys, in lower case.

    kind: its name; time, input, output: when a request came, tokens of its prompt and of its answer; unit_ns: of a time
    that is a number, 0 where times are stamps; hashes, blocks: identities of the prompt's blocks and their count, where
    a file has them; promptless: requests without a prompt are left out, for they stand in what is published.
    """

    kind: TraceKind
    time: str
    input: str
    output: str
    unit_ns: int = 0
    hashes: str = ""
    blocks: str = ""
    promptless: bool = False

    @property
    def needed(self) -> tuple[str, str, str]:
        return self.time, self.input, self.output


_NS_PER_MS = NS_PER_S // 1_000
FORMS = {
    "requests": TraceForm(
        kind="requests",
        time="timestamp_ms",
        input="input_length",
        output="output_length",
        unit_ns=_NS_PER_MS,
        hashes="hash_ids",
        blocks="n_blocks",
    ),
    "azure": TraceForm(
        kind="azure", time="timestamp", input="contexttokens", output="generatedtokens", promptless=True
    ),
    "mooncake": TraceForm(
        kind="mooncake",
        time="timestamp",
        input="input_length",
        output="output_length",
        unit_ns=_NS_PER_MS,
        hashes="hash_ids",
    ),
    "burstgpt": TraceForm(
        kind="burstgpt",
        time="timestamp",
        input="request tokens",
        output="response tokens",
        unit_ns=NS_PER_S,
        promptless=True,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceHead:
    """What the first line of a trace says.

    form: of the trace; columns: of its header as they are written, none where lines are JSON; first_line: the number of
    the first line below it; pieces: the lines from there on.
    """

    form: TraceForm
    columns: tuple[str, ...]
    first_line: int
    pieces: Iterator[LinePiece]

    def place(self, name: str) -> int:
        """Where a column of the form stands; -1 where there is none."""
        lower = [column.lower() for column in self.columns]
        return lower.index(name) if name and name in lower else -1


def kind_of(path: Path) -> str:
    """The kind of a trace by its first line: one of `KINDS`, or "servegen" for client rates without requests.

    Raises CatalogError where the file cannot be read, or is none of them.
    """
    try:
        return read_head(path).form.kind
    except _ClientRatesError:
        return SERVEGEN


def read_head(path: Path, kind: str | None = None) -> TraceHead:
    """The first line of a trace, and the rest of it; kind: what it is, where the first line is not to tell.

    Raises CatalogError where the file cannot be read or is empty, or lacks columns.
    """
    if kind is not None and kind not in KINDS:
        expected = f"one of {', '.join(KINDS)}{near(kind, KINDS)}"
        raise CatalogError([Fault(path="kind", given=f'"{kind}"', expected=expected, asked=True)])
    pieces = line_pieces(path)
    for piece in pieces:
        skipped = len(piece.data) - len(piece.data.lstrip(b"\n"))
        if skipped < len(piece.data):
            text, _, rest = piece.data[skipped:].partition(b"\n")
            line = piece.first_line + skipped
            form, columns = _form(path, text.decode(), line, kind)
            below = line + 1 if columns else line
            first = LinePiece(
                data=rest if columns else piece.data[skipped:], first_line=below, read_bytes=piece.read_bytes
            )
            return TraceHead(form=form, columns=columns, first_line=below, pieces=_chained(first, pieces))
    raise CatalogError([Fault(path=str(path), given="an empty file", expected=EXPECTED)])


def _chained(first: LinePiece, others: Iterator[LinePiece]) -> Iterator[LinePiece]:
    if first.data:
        yield first
    yield from others


class _ClientRatesError(CatalogError):
    """The file is ServeGen's: rates of clients."""


def _form(path: Path, text: str, line: int, kind: str | None) -> tuple[TraceForm, tuple[str, ...]]:
    """The form of a trace whose first line is this, and its columns where it is CSV."""
    place = f"{path.name} line {line}"
    if text.lstrip().startswith("{"):
        return _json_form(place, text, kind), ()
    try:
        columns = tuple(name.strip() for name in next(csv.reader([text], strict=True)))
    except csv.Error as error:
        raise CatalogError([Fault(path=place, given=str(error), expected="a header of CSV")]) from None
    names = [name.lower() for name in columns]
    if kind is None and (set(SERVEGEN_COLUMNS) <= set(names) or is_client_window(columns)):
        given = "rates of ServeGen's clients, which are no requests"
        expected = "a trace of requests: those of these rates are drawn, not read"
        raise _ClientRatesError([Fault(path=path.name, given=given, expected=expected)])
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        given = f"the column {', '.join(twice)} twice"
        raise CatalogError([Fault(path=place, given=given, expected="each column once")])
    forms = [FORMS[kind]] if kind else [form for form in FORMS.values() if form.kind != "mooncake"]
    form = max(forms, key=lambda form: len(set(form.needed) & set(names)))
    if not set(form.needed) <= set(names):
        _refuse_columns(place, form, columns, forms)
    return form, columns


def _json_form(place: str, text: str, kind: str | None) -> TraceForm:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        fault = Fault(path=place, given=f"{error}"[:160], expected="one object of JSON on each line")
        raise CatalogError([fault]) from None
    form = FORMS["mooncake"]
    if kind not in (None, "mooncake"):
        raise CatalogError([Fault(path=place, given="a line of JSON", expected=f"a header of CSV, as kind {kind} has")])
    if not isinstance(found, dict) or not set(form.needed) <= found.keys():
        _refuse_columns(place, form, tuple(found) if isinstance(found, dict) else (), [form])
    return form


def is_client_window(cells: Sequence[str]) -> bool:
    """Whether a line is one of ServeGen's original files: six cells, of which the fourth names a distribution."""
    return len(cells) == len(SERVEGEN_COLUMNS) and cells[3] in ("", "Gamma", "Weibull") and cells[0].isdigit()


def _refuse_columns(place: str, form: TraceForm, columns: Sequence[str], forms: Sequence[TraceForm]) -> NoReturn:
    """Raise what is missing: of the form that is nearest, or of every form where none is near."""
    names = [name.lower() for name in columns]
    present = set(form.needed) & set(names)
    close = [name for name in form.needed if name not in present and near(name, names)]
    if not present and not close:
        given = "no header of a trace that is known" if columns else "no object with the keys of a trace"
        known = "; ".join(", ".join(form.needed) for form in forms)
        raise CatalogError([Fault(path=place, given=_separated(columns) or given, expected=f"the columns {known}")])
    free = [name for name in names if name not in form.needed]
    raise CatalogError(
        Fault(path=place, given=f"no {name}", expected=f"{', '.join(form.needed)}{near(name, free)}")
        for name in form.needed
        if name not in present
    )


def _separated(columns: Sequence[str]) -> str:
    """What stands between the columns of a header in place of commas, in words; nothing where that is not it."""
    for sign, name in SEPARATORS.items():
        if len(columns) == 1 and sign in columns[0]:
            return f"{name} between the columns"
    return ""
