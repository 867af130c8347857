"""Results: the folders of jobs that are done, told in pages, so that no response is longer than it may be."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, select, tuple_, update

from gigawatt.interfaces.server import audit, names, shortening
from gigawatt.interfaces.server.asked import Caller, Json, Refused
from gigawatt.interfaces.server.jobs import check_unneeded, folder_of
from gigawatt.interfaces.server.performing import ANSWER, PAGES
from gigawatt.interfaces.server.settings import Settings
from gigawatt.interfaces.server.store import ServerStore, now
from gigawatt.interfaces.server.tables import JOBS
from gigawatt.report.document import Language
from gigawatt.report.writers.csv import unmarked

# The folder of its tables in that of a result.
TABLES = "tables"
# The file that a result with a plan has; study.result calls it so, and is not loaded for a name.
WHOLE = "result.json"
MOST_LISTED, MOST_ROWS = 200, 5_000
# Tables that are read page after page are kept in memory, which takes ten times their file; a longer one is read anew.
MOST_KEPT_BYTES = 1_000_000
# Files that are shown or saved, by their ending; others are not served.
TYPES = {
    ".json": "application/json",
    ".html": "text/html; charset=utf-8",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".csv": "text/csv; charset=utf-8",
    ".svg": "image/svg+xml",
    ".nc": "application/x-netcdf",
    ".toml": "application/toml",
    ".psv": "text/plain; charset=utf-8",
}
# A figure as our CSV files have it, and a title with its unit.
_FIGURE = re.compile(r"-?[0-9]+(\.[0-9]+)?(e[-+]?[0-9]+)?")
_HEAD = re.compile(r"(.*?) ?\[([^\[\]]*)\]", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultView:
    """A result, as it stands in a list."""

    id: str
    """That of its job."""
    verb: str
    """What was asked."""
    question: Mapping[str, Json]
    """Its values by key, as they were asked."""
    scenario: str | None
    """Of which scenario; None for none."""
    hash: str | None
    """Identity of the scenario."""
    who: str
    """Who asked."""
    created: str
    """When it was asked."""
    ended: str
    """When it was done."""
    code: int
    """Exit code of the same command: 0, or 4 where a bar was missed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileView:
    """A file of a result."""

    name: str
    """By which it is asked for, such as tables/headline.csv."""
    size_bytes: int
    """How long it is."""
    type: str
    """What it is, as HTTP says it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnView:
    """A column of a table."""

    title: str
    """What it is."""
    unit: str
    """Unit of its figures; "" for text and bare numbers."""
    numeric: bool
    """Whether it holds figures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableView:
    """A table of a result, or a page of it."""

    name: str
    """By which it is asked for."""
    columns: tuple[ColumnView, ...]
    """What its rows hold."""
    rows_count: int
    """How many rows it has in all."""
    offset: int
    """How many come before those that are told."""
    rows: tuple[tuple[str | float | None, ...], ...]
    """Rows, figures in SI units."""
    next: int | None
    """Offset of the rows that follow; None where none do."""


def listed(
    store: ServerStore,
    *,
    verbs: Sequence[str] = (),
    scenario: str | None = None,
    who: str | None = None,
    before: str | None = None,
    count: int = MOST_LISTED,
) -> list[ResultView]:
    """Results, the last first: of some verbs, of a scenario by its name, of a person; those before one, a page of them.

    Raises Refused where there is no result to begin before.
    """
    query = _done().order_by(JOBS.c.created.desc(), JOBS.c.id.desc()).limit(max(0, min(count, MOST_LISTED)))
    query = query.where(JOBS.c.verb.in_(verbs)) if verbs else query
    query = query if scenario is None else query.where(JOBS.c.scenario == names.sayable(scenario))
    query = query if who is None else query.where(JOBS.c.who == names.sayable(who))
    if before is not None:
        last = get(store, before)
        query = query.where(tuple_(JOBS.c.created, JOBS.c.id) < (last.created, last.id))
    key = ("results", tuple(verbs), scenario, who, before, count)
    return list(store.lately(key, lambda connection: tuple(map(_view, connection.execute(query)))))


def get(store: ServerStore, id_: str) -> ResultView:
    """One result. Raises Refused where there is none of that id, or it was removed, and does not say which."""
    if names.ID.fullmatch(id_):
        found = store.lately(("result", id_), lambda connection: _viewed(connection, id_))
        if found is not None:
            return found
    raise names.refused("absent", "result", id_, "the id of a result that is there")


def _viewed(connection: Connection, id_: str) -> ResultView | None:
    row = connection.execute(_done().where(JOBS.c.id == id_)).first()
    return None if row is None else _view(row)


def folder(settings: Settings, store: ServerStore, id_: str, *, whole: bool = False) -> Path:
    """Where a result lies. whole: one with a plan, as run and simulate keep it. Raises Refused."""
    place = folder_of(settings, get(store, id_).id).absolute()
    if not _is(place, stat.S_ISDIR):
        raise names.refused("absent", "result", id_, "a result whose files are still there")
    if whole and not is_file(place / WHOLE):
        raise names.refused("wrong", "result", id_, "a result with a plan, as run and simulate give it")
    return place


def files(settings: Settings, store: ServerStore, id_: str) -> list[FileView]:
    """The files of a result by name. Links are none, nor is what begins with a full stop. Raises Refused."""
    place = folder(settings, store, id_)
    return sorted(_files(place, ""), key=lambda view: view.name)


def file(settings: Settings, store: ServerStore, id_: str, name: str) -> tuple[FileView, Path]:
    """One of the files that are listed, by its name there and nothing else. Raises Refused."""
    place = folder(settings, store, id_)
    there = {view.name: view for view in _files(place, "")}
    if name not in there:
        raise names.refused("absent", "file", name, f"one of {names.listed(there, name[: names.MOST_LABEL])}")
    return there[name], place / name


def answer(settings: Settings, store: ServerStore, id_: str) -> bytes:
    """What `--json` prints of a result; where a response has no room for it, its long lists cut. Raises Refused."""
    view, place = file(settings, store, id_, ANSWER)
    most = settings.limits.answer_bytes
    if view.size_bytes <= most:
        return place.read_bytes()
    cut = shortening.shortened(json.loads(place.read_bytes()), most)
    return json.dumps(cut, allow_nan=False, ensure_ascii=False).encode()


def document(settings: Settings, store: ServerStore, id_: str, language: Language) -> Mapping[str, Any]:
    """The document of a result as plain data, as writers/web.py has it. Raises Refused, also where it has none."""
    place = folder(settings, store, id_) / PAGES[language]
    try:
        return json.loads(place.read_bytes())
    except (FileNotFoundError, json.JSONDecodeError):
        raise names.refused("absent", "document", id_, "a result that is told in a document") from None


def tables(settings: Settings, store: ServerStore, id_: str) -> list[TableView]:
    """Every table of a result, without its rows. Raises Refused."""
    place = folder(settings, store, id_)
    return [
        TableView(name=name, columns=columns, rows_count=rows_count, offset=0, rows=(), next=None)
        for name, file_ in _tables(place).items()
        for columns, rows_count in [_head(*state(place / file_))]
    ]


def table(settings: Settings, store: ServerStore, id_: str, name: str, offset: int = 0, count: int = 100) -> TableView:
    """Rows of a table from an offset on: as many as are asked for, and as a response holds. Raises Refused."""
    place = folder(settings, store, id_)
    there = _tables(place)
    if name not in there:
        raise names.refused("absent", "table", name, f"one of {names.listed(there, name[: names.MOST_LABEL])}")
    if offset < 0 or count < 0:
        raise names.refused("wrong", "offset" if offset < 0 else "count", str(min(offset, count)), "0 or more")
    # Half of the room is left to what stands beside the rows.
    room = settings.limits.answer_bytes // 2
    found = state(place / there[name])
    read = _read if found[2] <= MOST_KEPT_BYTES else _read.__wrapped__
    return _page(name, *read(*found), offset, min(count, MOST_ROWS), room)


def remove(settings: Settings, store: ServerStore, caller: Caller, id_: str) -> None:
    """Take a result away, files and all. Whose it is may, and whoever decides about people.

    Raises Refused, also where a job that is not over needs it.
    """
    with audit.refusals(store, caller, action="result removed", object=id_):
        _forget(store, caller, id_)
    place = folder_of(settings, id_)
    with suppress(FileNotFoundError):
        if place.is_symlink():
            place.unlink()
        else:
            shutil.rmtree(place)


def _forget(store: ServerStore, caller: Caller, id_: str) -> None:
    names.need(caller, "editor", "result")
    view = get(store, id_)
    if view.who != caller.name and not caller.may("owner"):
        raise Refused("forbidden", "result", f"{names.quoted(id_)}, of {view.who}", "a result of your own")
    with store.writing() as connection:
        check_unneeded(connection, "result", id_)
        connection.execute(update(JOBS).where(JOBS.c.id == id_).values(removed=now()))
        audit.add(connection, caller, action="result removed", object=id_)


def _done() -> Any:
    return select(JOBS).where(JOBS.c.state == "done", JOBS.c.removed.is_(None))


def _view(row: Row[Any]) -> ResultView:
    return ResultView(
        id=row.id,
        verb=row.verb,
        question=json.loads(row.question),
        scenario=row.scenario,
        hash=row.hash,
        who=row.who,
        created=row.created,
        ended=row.ended or row.created,
        code=row.code or 0,
    )


def _is(place: Path, kind: Any) -> bool:
    """Whether something of a kind is there, and no link to it."""
    try:
        return bool(kind(place.lstat().st_mode))
    except OSError:
        return False


def is_file(place: Path) -> bool:
    """Whether a file is there, and no link to one."""
    return _is(place, stat.S_ISREG)


def _files(place: Path, prefix: str) -> Iterator[FileView]:
    with os.scandir(place) as entries:
        for entry in entries:
            name = f"{prefix}{entry.name}"
            if entry.name.startswith(".") or entry.is_symlink():
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _files(Path(entry.path), f"{name}/")
            elif entry.is_file(follow_symlinks=False) and Path(name).suffix in TYPES:
                size = entry.stat(follow_symlinks=False).st_size
                yield FileView(name=name, size_bytes=size, type=TYPES[Path(name).suffix])


def _tables(place: Path) -> dict[str, str]:
    """Names of tables and of their files."""
    found = sorted(view.name for view in _files(place / TABLES, "")) if _is(place / TABLES, stat.S_ISDIR) else []
    return {name.removesuffix(".csv"): f"{TABLES}/{name}" for name in found if name.endswith(".csv")}


_Parsed = tuple[tuple[ColumnView, ...], tuple[tuple[str | float | None, ...], ...]]


def state(place: Path) -> tuple[Path, int, int]:
    """A file and what tells it from a later one of its name: what is kept of a result does not change."""
    found = place.stat()
    return place, found.st_mtime_ns, found.st_size


@lru_cache(maxsize=1_000)
def _head(place: Path, changed: int, size: int) -> tuple[tuple[ColumnView, ...], int]:
    """Columns of a CSV file of ours, and how many rows it has."""
    columns, rows = _read.__wrapped__(place, changed, size)
    return columns, len(rows)


@lru_cache(maxsize=16)
def _read(place: Path, changed: int, size: int) -> _Parsed:
    """Columns and rows of a CSV file of ours."""
    del changed, size
    with place.open(encoding="utf-8", newline="") as stream:
        head, *body = csv.reader(stream)
    # The first column names the rows, whatever they are called.
    numeric = [n > 0 and _is_numeric([row[n] for row in body]) for n in range(len(head))]
    columns = tuple(_column(title, of) for title, of in zip(head, numeric, strict=True))
    return columns, tuple(tuple(_cell(text, of) for text, of in zip(row, numeric, strict=True)) for row in body)


def _column(title: str, numeric: bool) -> ColumnView:
    title = unmarked(title)
    found = _HEAD.fullmatch(title) if numeric else None
    return ColumnView(title=found[1] if found else title, unit=found[2] if found else "", numeric=numeric)


def _is_numeric(cells: Sequence[str]) -> bool:
    filled = [text for text in cells if text]
    return bool(filled) and all(map(_FIGURE.fullmatch, filled))


def _cell(text: str, numeric: bool) -> str | float | None:
    return (float(text) if numeric else unmarked(text)) if text else None


def _page(
    name: str,
    columns: tuple[ColumnView, ...],
    rows: tuple[tuple[str | float | None, ...], ...],
    offset: int,
    count: int,
    most_bytes: int,
) -> TableView:
    """Some rows of a table: at least one where there is any, no more than were asked for and than take so much room."""
    found = list[tuple[str | float | None, ...]]()
    room = most_bytes
    for row in rows[offset : offset + count]:
        room -= len(json.dumps(row)) + 2
        if found and room < 0:
            break
        found.append(row)
    end = offset + len(found)
    following = end if found and end < len(rows) else None
    return TableView(name=name, columns=columns, rows_count=len(rows), offset=offset, rows=tuple(found), next=following)
