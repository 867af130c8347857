"""Metrics as text: OpenMetrics, the classic exposition with times, `promtool tsdb dump` and `dump-openmetrics`.

Streamed, with one parser for all of them. Times are seconds (OpenMetrics, dump-openmetrics) or milliseconds (classic
text, dump), told apart by their size, for either is of this century: from 10^9 on seconds, from 10^12 on milliseconds.
A file that has both is refused, and so is one without times, for a scrape does not say when it was. NaN and infinities
are no reading; a NaN ends what was before it, as the marker of a series that is gone does. Exemplars, comments and
types say nothing that is needed: what a metric means is known by its name (`readers/exporters.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from gigawatt.errors import CatalogError, Fault
from gigawatt.ndarrays import Ints
from gigawatt.readers.clock import END_MS, MS_PER_S
from gigawatt.readers.csv_rows import floats
from gigawatt.readers.lines import pieces
from gigawatt.readers.readings import FileAsked, ReadingBlock, Rejected, Remark
from gigawatt.readers.scrapes import FIRST_S, MOST_HELD_COUNT, SampleStream, Scrape, settle

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:.]*")
_LABEL = re.compile(r'\s*(?:([^\W\d]\w*)|"((?:[^"\\]|\\.)*)")\s*(?:=\s*"((?:[^"\\]|\\.)*)")?\s*(,?)')
_ESCAPE = re.compile(r"\\(.)")
_NO_LINE = "is no line of metrics: expected a name, labels in braces, a value and a time"
_NO_TIME = "has no time in seconds or milliseconds since 1970 that is of this century"
_EOF = "# EOF"


@dataclass(slots=True)
class _Form:
    """What the lines of a file have been so far."""

    name: str
    scale: float = 0.0
    """From its times to milliseconds; 0 while none was seen."""
    untimed: list[int] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)
    ended: bool = False
    goals: list[SampleStream | Rejected | str] = field(default_factory=list)
    """Where samples go."""
    known: dict[str, int] = field(default_factory=dict)
    """What stands before the value of a line → the place of its goal."""


def read(file: Path, asked: FileAsked) -> Iterator[ReadingBlock | Rejected | Remark]:
    """The readings of a file of metrics.

    Raises CatalogError where the file cannot be read, has no samples or none with a time, or has seconds and
    milliseconds.
    """
    scrape, form = Scrape(asked.site), _Form(file.name)
    line = held = 0
    for text in pieces(file, "file of metrics"):
        rows = text.split("\n")[:-1]
        yield from _take(rows, line + 1, scrape, form)
        line, held = line + len(rows), held + len(rows)
        if held > MOST_HELD_COUNT:
            yield from settle(scrape, last=False)
            held = 0
    if not form.scale:
        expected = "lines with times, which a scrape does not have: dump them with promtool, or query a range"
        given = "samples without times" if form.untimed else "no sample with a time of this century"
        raise CatalogError([Fault(path=file.name, given=given, expected=expected)])
    for lines, reason in ((form.untimed, "has no time, which other lines have"), (form.broken, _NO_LINE)):
        yield from (Rejected(line=n, reason=reason) for n in lines)
    yield from settle(scrape, last=True)
    if form.scale == MS_PER_S and not form.ended:
        yield Remark(code="cut", text=f"{file.name}: no {_EOF} at its end, so that perhaps not all of it was written.")


def _take(rows: list[str], line: int, scrape: Scrape, form: _Form) -> Iterator[Rejected]:
    """Read lines, of which the first has a number, into what is held; refuse those that are none."""
    goals: list[int] = []
    lines: list[int] = []
    values: list[str] = []
    times: list[str] = []
    for place, row in enumerate(rows, start=line):
        if not row or row[0] == "#":
            form.ended |= row.startswith(_EOF)
            continue
        head, rest = _halves(row)
        goal = form.known.get(head)
        if goal is None:
            goal, rest = _looked_up(row, head, rest, scrape, form)
        value, _, time = rest.strip().partition(" ")
        if goal < 0:
            form.broken.append(place)
        elif not time:
            form.untimed.append(place)
        else:
            goals.append(goal)
            lines.append(place)
            values.append(value)
            times.append(time)
    yield from _keep(np.array(goals, np.int64), np.array(lines, np.int64), values, times, scrape, form)


def _halves(row: str) -> tuple[str, str]:
    """What stands before the value of a line, less a closing brace, and what follows; of lines in their usual form."""
    plain = row.partition(" # ")[0] if "#" in row else row
    head, _, rest = plain.rpartition("} ")
    if not head and "{" not in plain:
        head, _, rest = plain.partition(" ")
    return head, rest


def _looked_up(row: str, head: str, rest: str, scrape: Scrape, form: _Form) -> tuple[int, str]:
    """The place of a line's goal, −1 where it is no line of metrics; and its value and time."""
    found = _parsed(row)
    if found is None:
        return -1, ""
    metric, labels, read = found
    form.goals.append(scrape.stream(metric, labels))
    if head and rest.strip() == read:
        form.known[head] = len(form.goals) - 1
    return len(form.goals) - 1, read


def _keep(
    goals: Ints, lines: Ints, values: list[str], times: list[str], scrape: Scrape, form: _Form
) -> Iterator[Rejected]:
    """Samples into their streams, all of one goal at once; refuse those without a time or number."""
    times_ms, numbers = _times_ms(times, lines, form), floats(values)
    odd = np.isnan(numbers)
    odd[odd] = [values[n].lower().lstrip("+-") != "nan" for n in np.flatnonzero(odd)]
    order = np.argsort(goals, kind="stable")
    for at in np.split(order, np.flatnonzero(np.diff(goals[order])) + 1):
        late = at[times_ms[at] == 0]
        yield from (Rejected(line=n, reason=_NO_TIME) for n in lines[late].tolist())
        at = at[times_ms[at] > 0]
        goal = form.goals[goals[at[0]]] if at.size else ""
        if isinstance(goal, SampleStream):
            yield from (Rejected(line=int(lines[n]), reason=f'"{values[n][:40]}" is no number') for n in at[odd[at]])
            at = at[~odd[at]]
            goal.extend(lines[at], times_ms[at], numbers[at])
        elif isinstance(goal, Rejected):
            yield from (Rejected(line=n, reason=goal.reason) for n in lines[at].tolist())
        elif at.size:
            scrape.passed[goal] += at.size


def _times_ms(texts: list[str], lines: Ints, form: _Form) -> Ints:
    """Times in milliseconds, 0 where they are none. Raises CatalogError where any is in another unit than before."""
    times = floats(texts)
    in_ms = (times >= FIRST_S * MS_PER_S) & (times < END_MS)
    in_s = (times >= FIRST_S) & (times < END_MS / MS_PER_S)
    if not form.scale and (in_ms.any() or in_s.any()):
        form.scale = 1.0 if in_ms[np.argmax(in_ms | in_s)] else float(MS_PER_S)
    others = lines[in_ms if form.scale > 1 else in_s]
    if others.size:
        given = f"line {others[0]} in {'milli' if form.scale > 1 else ''}seconds, lines before it in the other"
        raise CatalogError([Fault(path=form.name, given=given, expected="times in one unit")])
    return np.round(np.where(in_ms | in_s, times, 0.0) * form.scale).astype(np.int64)


def _parsed(row: str) -> tuple[str, dict[str, str], str] | None:
    """A line as its metric, labels, and what follows them but exemplars; None where it is no line of metrics.

    >>> _parsed('a:b{x="1\\\\"",y="}"} 2 3 # {t="u"} 1')
    ('a:b', {'x': '1"', 'y': '}'}, '2 3')
    >>> _parsed('{__name__="a", x="1"} 2 3'), _parsed('{"a.b", x="1"} 2 3')
    (('a', {'x': '1'}, '2 3'), ('a.b', {'x': '1'}, '2 3'))
    """
    found = _NAME.match(row)
    metric = found[0] if found else ""
    rest = row[len(metric) :].lstrip()
    labels: dict[str, str] = {}
    if rest.startswith("{"):
        at = 1
        while part := _LABEL.match(rest, at):
            bare, quoted, value, comma = part.groups()
            key = bare if bare is not None else _plain(quoted)
            if value is None and (bare is not None or metric):
                return None
            metric, key = (key, "") if value is None else (metric, key)
            if key:
                labels[key] = _plain(value)
            at = part.end()
            if not comma:
                break
        close = rest[at:].lstrip()
        if not close.startswith("}"):
            return None
        rest = close[1:]
    elif rest == row[len(metric) :]:
        return None
    metric = labels.pop("__name__", metric)
    rest = f" {rest} ".partition(" # ")[0].strip()
    return (metric, labels, rest) if 1 <= len(rest.split()) <= 2 else None


def _plain(text: str) -> str:
    """A label's value without its escapes."""
    return _ESCAPE.sub(lambda found: "\n" if found[1] == "n" else found[1], text) if "\\" in text else text
