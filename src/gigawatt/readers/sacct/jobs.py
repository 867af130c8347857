"""The jobs of sacct's JSON, one by one: a dump of many is larger than memory."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from gigawatt.errors import CatalogError, Fault
from gigawatt.readers.readings import Rejected, Remark
from gigawatt.readers.sacct.columns import COMMAND
from gigawatt.readers.sacct.runs import SlurmRun, run_of_job

_CHUNK_COUNT = 1 << 16
# Characters of one job with all its steps, beyond which the file is none of sacct's.
MOST_JOB_COUNT = 1 << 26
WHAT = f"the JSON that sacct prints, or `{COMMAND}`"
_BLANKS = " \t\r\n"


def json_runs(stream: BinaryIO, file: str) -> Iterator[SlurmRun | Rejected | Remark]:
    """The runs of a dump in JSON, whose times are seconds of UTC, and entries that are none.

    Raises CatalogError where the file is no JSON, or has no jobs.
    """
    text = _JobsText(codecs.getreader("utf-8-sig")(stream, "replace"))
    seen = False
    try:
        for key in _keys(text, "{", "}"):
            if key == "jobs":
                seen = True
                yield from _runs(text)
            else:
                yield from _said(key, text.value())
    except ValueError as error:
        if not seen:
            raise CatalogError(
                [Fault(path=f"{file} line {text.line}", given=str(error)[:160], expected=WHAT)]
            ) from None
        yield Rejected(line=text.line, reason=f"no JSON from here on, as where a file is cut off: {str(error)[:80]}")
        return
    if not seen:
        raise CatalogError([Fault(path=file, given='no "jobs"', expected=WHAT)])


class _JobsText:
    """JSON text that is read as far as it is needed: `line` is that on which the next sign stands."""

    def __init__(self, stream: codecs.StreamReader) -> None:
        self.stream, self.text, self.at, self.line = stream, "", 0, 1
        self.decoder = json.JSONDecoder(parse_constant=_refuse)

    def more(self, count: int) -> bool:
        """Whether there was more to read; what has been passed is forgotten then."""
        chunk = self.stream.read(count)
        if chunk:
            self.text, self.at = self.text[self.at :] + chunk, 0
        return bool(chunk)

    def next(self, take: str = "") -> str:
        """The next sign that is no blank, which is passed if it is one of these; "" at the end."""
        while True:
            while self.at < len(self.text) and self.text[self.at] in _BLANKS:
                self.line += self.text[self.at] == "\n"
                self.at += 1
            if self.at < len(self.text):
                sign = self.text[self.at]
                self.at += sign in take
                return sign
            if not self.more(_CHUNK_COUNT):
                return ""

    def value(self) -> Any:
        """The value that comes next. Raises ValueError where it is no JSON, or has no end."""
        self.next()
        count = _CHUNK_COUNT
        while True:
            try:
                found, end = self.decoder.raw_decode(self.text, self.at)
                if end < len(self.text) or not self.more(count):
                    break
            except RecursionError:
                raise ValueError("lists nested too deeply") from None
            except ValueError:
                if len(self.text) - self.at > MOST_JOB_COUNT or not self.more(count):
                    raise
                count *= 2
        self.line += self.text.count("\n", self.at, end)
        self.at = end
        return found


def _keys(text: _JobsText, begin: str, end: str) -> Iterator[str]:
    """The keys of an object, whose values whoever asks takes; of a list, a key "" before each of its entries."""
    if text.next(take=begin) != begin:
        raise ValueError(f'"{text.next()}" in place of "{begin}"')
    sign = text.next(take=end)
    while sign != end:
        key = ""
        if begin == "{":
            key = text.value()
            if text.next(take=":") != ":":
                raise ValueError(f'"{text.next()}" in place of ":"')
        yield key
        sign = text.next(take=f",{end}")
        if sign not in (",", end):
            raise ValueError(f'"{sign}" in place of "," or "{end}"')


def _runs(text: _JobsText) -> Iterator[SlurmRun | Rejected]:
    for _ in _keys(text, "[", "]"):
        text.next()
        line, job = text.line, text.value()
        try:
            yield run_of_job(line, job)
        except ValueError as error:
            yield Rejected(line=line, reason=str(error))


def _said(key: str, value: Any) -> Iterator[Remark]:
    """What sacct itself says went wrong."""
    if key == "errors" and value:
        yield Remark(code="errors", text=f"sacct says that it failed: {json.dumps(value)[:400]}")


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant}, which is no number")
