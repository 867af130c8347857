"""What there is to ask about: scenarios and strategies that ship, and every thing of the catalog."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from gigawatt.catalog import load as catalog
from gigawatt.catalog.tables import read_toml
from gigawatt.study.answer import SPREAD, Head
from gigawatt.study.catalog.question import CatalogListQuestion
from gigawatt.study.job import Job
from gigawatt.study.question import refuse, unknown

# Files that ship to be asked about, by kind: their folder within gigawatt.scenario.
SHIPPED = {"presets": "presets", "allocations": "presets/allocations", "strategies": "strategies"}
KINDS = (*SHIPPED, *catalog.KINDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedThing:
    """One line of a listing."""

    id: str
    name: str
    by: str
    """Vendor or partner; empty where it has none."""
    aliases: tuple[str, ...]
    numbers_count: int | None
    """Numbers with a grade; None for scenarios and strategies, whose numbers `gigawatt sources` lists."""
    assumed_count: int | None
    plannable: bool | None
    """Whether a plan may order it; None for what nobody orders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogListing:
    """Things by kind."""

    head: Head = field(metadata=SPREAD)
    catalog: Mapping[str, tuple[ListedThing, ...]]


def answer(question: CatalogListQuestion, job: Job) -> CatalogListing:
    """The things of one kind or of all. Raises ScenarioError where there is no such kind."""
    del job  # it takes a moment
    if question.kind is not None and question.kind not in KINDS:
        refuse([unknown("kind", question.kind, KINDS)])
    kinds = KINDS if question.kind is None else (question.kind,)
    return CatalogListing(head=Head(), catalog={kind: _things(kind) for kind in kinds})


def shipped(kind: str) -> dict[str, Path]:
    """Files that ship of one kind, by name."""
    folder = Path(str(files("gigawatt.scenario"))) / SHIPPED[kind]
    return {file.stem: file for file in sorted(folder.glob("*.toml"))}


def _things(kind: str) -> tuple[ListedThing, ...]:
    if kind in SHIPPED:
        return tuple(_file(name, file) for name, file in shipped(kind).items())
    return tuple(_thing(kind, id_) for id_ in catalog.ids(kind))


def _file(name: str, file: Path) -> ListedThing:
    title = str(read_toml(file)[0].get("title", name))
    return ListedThing(id=name, name=title, by="", aliases=(), numbers_count=None, assumed_count=None, plannable=None)


def _thing(kind: str, id_: str) -> ListedThing:
    record = catalog.load(kind, id_)
    grades = [item.grade for item in record.evidence.values()]
    return ListedThing(
        id=id_,
        name=getattr(record, "name", id_),
        by=getattr(record, "vendor", getattr(record, "partner", "")),
        aliases=tuple(getattr(record, "aliases", ())),
        numbers_count=len(grades),
        assumed_count=grades.count("assumed"),
        plannable=getattr(record, "plannable", None),
    )
