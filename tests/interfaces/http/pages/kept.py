"""Results to look at: a server's folders with documents made by hand, without anything solved."""

from __future__ import annotations

import json
from typing import Any

from gigawatt.interfaces.http.pages import drawn
from gigawatt.interfaces.server import jobs
from gigawatt.interfaces.server.asked import WorkOrder
from gigawatt.interfaces.server.performing import PAGES
from gigawatt.report import charts
from gigawatt.report.document import Document, Exhibit, Paragraph, Section, Tile, table
from gigawatt.report.documents import run
from gigawatt.report.writers import web


def keep(server: Any, verb: str, document: Document, **values: Any) -> str:
    """A result that is done, with a document in every language; its id."""
    view = server.room.queue.put("ada", WorkOrder(verb=verb, values={}), {}, 1.0)
    server.ended(view.id, b"{}", **{"scenario": "one-campus", "hash": "a" * 64, **values})
    folder = jobs.folder_of(server.settings, view.id)
    for name in PAGES.values():
        (folder / name).write_text(json.dumps(web.plain(document)), encoding="utf-8")
    drawn.SHELF.clear()  # ids of servers of other tests are the same
    return str(view.id)


def plan(title: str = "Our campus", *, empty: bool = False) -> Document:
    """A plan as a run tells it; empty: one in which nothing is in service."""
    tiles = tuple(Tile(name=name, label=f"Label {name}", value="1", note="") for name, _, _ in run.TILES)
    names = {
        "build-out": ("power-by-platform", "gpus"),
        "capital": ("tranches", "capital"),
        "money": ("money", "token-costs"),
        "binds": ("in-the-way", "binds"),
        "served": ("classes",),
    }
    sections = tuple(
        Section(slug=slug, title=f"Section {slug}", parts=tuple(map(exhibit, parts))) for slug, parts in names.items()
    )
    if empty:
        tiles, sections = (), (Section(slug="unbuilt", title="Nothing pays", parts=(Paragraph(text="Why"),)),)
    return Document(title=title, names=("one-campus",), lead="It is so.", tiles=tiles, sections=sections)


def sweep() -> Document:
    """A sweep as it is told."""
    names = {"outcomes": ("value",), "hangs-on": ("tornado",), "quarters": ("power", "debt"), "futures": ("futures",)}
    sections = tuple(
        Section(slug=slug, title=f"Section {slug}", parts=tuple(map(exhibit, parts))) for slug, parts in names.items()
    )
    tiles = (Tile(label="Cash runs out", value="5 %"),)
    return Document(title="20 futures", lead="In half of the futures.", tiles=tiles, sections=sections)


def exhibit(name: str) -> Exhibit:
    """An exhibit of a bar, with its table."""
    says = f"Shown: {name}."
    chart = charts.bars(
        charts.About(name=name, title=name, description=says), [charts.Bar(label="a", value=1.0, text="1", colour=0)]
    )
    return Exhibit(
        name=name, says=says, table=table(f"{name}-table", name, {"A": "", "B": "w"}, [("a", 1.0)]), chart=chart
    )
