"""Timelines of sites as events: Epoch's "frontier data centres" [1], and a table of one's own.

Epoch's file (data_center_timelines.csv) has a row for every change seen at a data centre: "Data center", "Date",
"Construction status" (in words), "Buildings operational", "Power (MW)" of the whole facility and, in later editions,
"IT power (MW)". Power above 0 is that of buildings with their hardware at work, so that the site is IT-loaded; with 0
nothing is at work yet, and the site is under construction. All are estimates of Epoch's, and rows of dates to come are
its plans. The reader is tested on tables with these columns and not on the whole file, which is not at hand.

A table of one's own has the columns site, date, state, power, basis and, where wanted, source, as in
`abilene,2026-04-01,energised,300 MW,facility,letter of 2 April`. Power is all that has come to the state so far.

What has not happened yet is no fact: rows after today are passed over.

References
----------
1. Epoch AI, "Frontier data centers", epoch.ai/data/data-centers (CC-BY-4.0), editions of November 2025 to July 2026.
"""

from __future__ import annotations

import math
import re
import time
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path

from gigawatt import units
from gigawatt.errors import CatalogError, Fault, near
from gigawatt.readers.clock import day_or_time
from gigawatt.readers.csv_rows import number
from gigawatt.readers.readings import FileAsked, FileEvent, ReadingBlock, Rejected, Remark
from gigawatt.readers.streams import csv_header, csv_rows

STATES = ("announced", "contracted", "under_construction", "energised", "it_loaded")
BASES = ("facility", "it")
OWN_COLUMNS = ("site", "date", "state", "power", "basis", "source")
EPOCH_SITE, EPOCH_DATE = "Data center", "Date"
# Columns of power, the first that has a number.
EPOCH_POWER = {"Power (MW)": "facility", "IT power (MW)": "it"}
EPOCH_COLUMNS = (EPOCH_SITE, EPOCH_DATE, "Construction status", "Power (MW)")
EXPECTED = f"a table with the columns {', '.join(OWN_COLUMNS)}, or with those of Epoch's timelines of data centres"
MOST_SOURCE = 400
_SLUG = re.compile(r"[^a-z0-9]+")


def read(
    file: Path, asked: FileAsked, today_ms: int | None = None
) -> Iterator[ReadingBlock | FileEvent | Rejected | Remark]:
    """What has happened to sites, as events of kind "site".

    `asked.subject` is the name of the one site of the file that is wanted, and `asked.site` what the ledger calls it;
    otherwise Epoch's sites go by their name in small letters with hyphens. today_ms: what is later is passed over;
    None: now.

    Raises CatalogError where the file cannot be read or has other columns.
    """
    header = csv_header(file, EXPECTED)
    epoch = set(EPOCH_COLUMNS) <= set(header)
    own = {name.lower() for name in header} >= set(OWN_COLUMNS[:-1])
    if not (epoch or own):
        given = f"the columns {', '.join(header)[:160]}"
        raise CatalogError([Fault(path=str(file), given=given, expected=EXPECTED)])
    names = header if epoch else [name.lower() for name in header]
    limit_ms = time.time_ns() // 1_000_000 if today_ms is None else today_ms
    return _items(names, csv_rows(file), epoch, asked, limit_ms)


def _items(
    names: list[str],
    rows: Iterator[tuple[int, list[str]] | Rejected],
    epoch: bool,
    asked: FileAsked,
    limit_ms: int,
) -> Iterator[FileEvent | Rejected | Remark]:
    taken = 0
    planned: list[int] = []
    for item in rows:
        if isinstance(item, Rejected):
            yield item
            continue
        line, cells = item
        row = dict(zip(names, map(str.strip, cells), strict=True))
        if asked.subject and asked.subject != row[EPOCH_SITE if epoch else "site"]:
            continue
        try:
            event = _event(line, _epoch_row(row) if epoch else row, asked)
        except ValueError as error:
            yield Rejected(line=line, reason=str(error))
            continue
        if event.happened_ms > limit_ms:
            planned.append(line)
            continue
        taken += 1
        yield event
    yield from _remarks(taken, planned, epoch)


def _epoch_row(row: Mapping[str, str]) -> dict[str, str]:
    """A row of Epoch's as one of ours. Raises ValueError where it states no power."""
    column = next((name for name in EPOCH_POWER if row.get(name)), "")
    if not column:
        raise ValueError("no power is stated")
    power = number(row[column])
    if not (math.isfinite(power) and power >= 0):
        raise ValueError(f'{column} "{row[column][:40]}" is no power')
    return {
        "site": slug(row[EPOCH_SITE]),
        "date": row[EPOCH_DATE],
        "state": "it_loaded" if power > 0 else "under_construction",
        "power": f"{power:.15g} MW",
        "basis": EPOCH_POWER[column],
        "source": f"Epoch AI, Frontier data centers: {row[EPOCH_SITE]}",
    }


def _event(line: int, row: Mapping[str, str], asked: FileAsked) -> FileEvent:
    """A row as an event. Raises ValueError, which says what is wrong with it."""
    site = asked.site if asked.subject or not row["site"] else row["site"]
    if not site:
        raise ValueError("no site")
    state = _SLUG.sub("_", row["state"].lower()).strip("_")
    if state not in STATES:
        raise ValueError(f'the state "{row["state"][:40]}": expected {", ".join(STATES)}{near(state, STATES)}')
    try:
        units.parse(row["power"], "w")
    except ValueError as error:
        raise ValueError(f'the power "{row["power"][:40]}": expected {error}') from None
    basis = row["basis"].lower()
    if basis not in BASES:
        raise ValueError(f'the basis of power "{row["basis"][:40]}": expected {" or ".join(BASES)}')
    values = {"site": site, "state": state, "power": row["power"], "basis": basis}
    if row.get("source"):
        values["source"] = row["source"][:MOST_SOURCE]
    return FileEvent(line=line, kind="site", happened_ms=day_or_time(row["date"], asked.utc_offset_s), values=values)


def slug(name: str) -> str:
    """A name in small letters and digits, with hyphens between its words.

    >>> slug("OpenAI Stargate Abilene"), slug("Pryor (North)")
    ('openai-stargate-abilene', 'pryor-north')
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return _SLUG.sub("-", plain.lower()).strip("-")


def _remarks(taken: int, planned: list[int], epoch: bool) -> Iterator[Remark]:
    yield Remark(code="sites", text=f"States taken: {taken:,}.")
    if epoch:
        text = "Power is Epoch's estimate of what is at work, and no statement of the site's owner."
        yield Remark(code="estimates", text=text)
    if planned:
        text = f"Dates to come are plans and no facts; passed over: {len(planned):,}, the first in line {planned[0]:,}."
        yield Remark(code="planned", text=text)
