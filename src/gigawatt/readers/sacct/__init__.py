"""Accounting dumps of Slurm, `sacct -P` and its JSON, as GPU-hours of accounts.

Allocations count, once for every run of a job; steps are parts of their allocation and are passed over. A run is known
by site, cluster, account, job id and start, so that dumps which overlap add nothing twice; a dump that lacks the
columns Cluster or Account says of any what it says. What has not ended has no reading: it comes with a later dump. That
a job is in no dump does not mean that it was not (those that wait to become eligible are in none). Dumps made with `-T`
cut runs at the window's ends, and would count a run that they cut as another.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gigawatt.errors import CatalogError, Fault
from gigawatt.files import UTF_16, no_utf_8, opened
from gigawatt.readers.readings import FileAsked, FileEvent, ReadingBlock, Rejected, Remark
from gigawatt.readers.sacct.columns import COMMAND
from gigawatt.readers.sacct.jobs import json_runs
from gigawatt.readers.sacct.rows import MOST_LINE_BYTES, text_runs
from gigawatt.readers.sacct.tally import readings

__all__ = ["read"]

_UTF_8_MARK = b"\xef\xbb\xbf"


def read(file: Path, asked: FileAsked) -> Iterator[ReadingBlock | FileEvent | Rejected | Remark]:
    """GPU-hours (and the energy of jobs, where Slurm measures it) of every run that has ended.

    Raises CatalogError where the file cannot be read, has no header or lacks a column, or where its times state no
    offset from UTC and none is asked for.
    """
    with opened(file, "dump of sacct") as stream:
        first = stream.readline(MOST_LINE_BYTES).removeprefix(_UTF_8_MARK)
        if not first or b"\0" in first or first.startswith(UTF_16):
            given = no_utf_8(first) if first else "an empty file"
            raise CatalogError([Fault(path=file.name, given=given, expected=f"text in UTF-8: `{COMMAND}`")])
        stream.seek(0)
        in_json = first.lstrip().startswith(b"{")
        runs = json_runs(stream, file.name) if in_json else text_runs(stream, file.name, asked)
        yield from readings(runs, asked)
