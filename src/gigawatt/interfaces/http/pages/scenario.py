"""Scenarios: a form of every number with its unit, sentence and source; a quick look, a full plan, a kept version.

Nothing of a form is kept between requests: what was changed stands in the address, so that a link restores it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gigawatt.errors import Fault, InputError, ScenarioError
from gigawatt.interfaces.http.pages.frame import Guest, Items, Person, bare, faults, form, page, told
from gigawatt.interfaces.http.pages.jobs import started
from gigawatt.interfaces.server import names, scenarios
from gigawatt.interfaces.server.asked import Refused, Unanswered
from gigawatt.interfaces.server.scenarios import VersionView
from gigawatt.scenario.load import load, preset_text, presets, to_toml
from gigawatt.study.schema.form import FormField, FormGroup, value_of
from gigawatt.study.schema.form import form as form_of

# What stands before a path in the query and among the fields of the form.
SET = "set."
# A longer query is nobody's link.
MOST_QUERY = 6_000
OPENED_COUNT = 16
# Keys of a path up to which a default is worth showing: capital.upfront_equity.
WITHIN = 2
# Faults that are told at most, and characters of words that are looked for: more are nobody's mistake.
MOST_TOLD, MOST_FIND = 100, 200

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedForm:
    """A scenario that a form is made of."""

    title: str
    """What it is, in a line."""
    description: str
    """What it is about."""
    hash: str
    """Its identity."""
    groups: tuple[FormGroup, ...]
    """Its tables with their fields."""

    @property
    def fields(self) -> dict[str, FormField]:
        """Every field by its path."""
        return {field.path: field for group in self.groups for field in group.fields}


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledForm:
    """What somebody has filled in."""

    name: str
    """Name of the scenario, with its version where one is asked for."""
    texts: Mapping[str, str]
    """What was changed, by path, as it was typed."""
    find: str = ""
    """Words that fields are looked for by."""
    every: bool = False
    """Whether what neither the scenario states nor has a plain default is shown as well."""
    keep_as: str = ""
    """By which name it is to be kept."""

    def link(self, **more: str) -> str:
        """The address that restores it."""
        query = {f"{SET}{path}": text for path, text in self.texts.items()}
        query |= ({"find": self.find} if self.find else {}) | ({"every": "1"} if self.every else {})
        return place_of(self.name, query | more)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A field as it is shown: with what was typed, and what is wrong with that."""

    field: FormField
    """What it is."""
    text: str
    """What stands in it."""
    changed: bool
    """Whether that is not what the scenario states."""
    items: Items
    """What is wrong with it."""


def place_of(name: str, query: Mapping[str, str] | None = None) -> str:
    """Where the form of a scenario is."""
    return f"/scenario/{quote(name, safe='')}" + (f"?{urlencode(query)}" if query else "")


@router.get("/scenario")
async def every(reader: Person) -> Response:
    """The scenarios that ship, and those that are kept here."""
    kept = await reader.do(scenarios.listed, "scenario")
    shipped = [(name, tomllib.loads(preset_text(name))) for name in presets()]
    return page(reader, "scenarios.html.j2", here="scenario", kept=kept, shipped=shipped, place_of=place_of)


@router.get("/scenario/{name}")
async def one(request: Request, reader: Person, name: str) -> Response:
    """The form of a scenario, with what the address changes in it."""
    opened = await _open(reader, name)
    query = request.query_params
    asked = FilledForm(
        name=name, texts=_changed(opened, query), find=query.get("find", "").strip()[:MOST_FIND], every="every" in query
    )
    if "look" in request.query_params:
        return await _looked(reader, opened, asked)
    return await _page(reader, opened, asked)


@router.get("/scenario/{name}/look")
async def look(request: Request, reader: Person, name: str) -> Response:
    """A quick plan of what is filled in, as a part of the page."""
    opened = await _open(reader, name)
    asked = FilledForm(name=name, texts=_changed(opened, request.query_params))
    document, items = await _preview(reader, opened, asked)
    return bare("scenario_look.html.j2", reader.language, document=document, items=items, guest=reader)


@router.post("/scenario/{name}")
async def ask(request: Request, reader: Person, name: str) -> Response:
    """What is to be done with what is filled in: a quick look, a full plan, a version to keep."""
    fields = await form(request, reader)
    opened = await _open(reader, name)
    asked = FilledForm(
        name=name,
        texts=_changed(opened, fields),
        find=fields.get("find", "").strip()[:MOST_FIND],
        every="every" in fields,
        keep_as=fields.get("keep_as", "").strip(),
    )
    try:
        match fields.get("do"):
            case "run":
                return await started(reader, "run", {"scenario": name, "set": _values(opened, asked)})
            case "keep":
                return await _kept(reader, opened, asked, fields.get("etag", ""))
            case "look" | "find" as what:
                place = asked.link(**({"look": "1"} if what == "look" else {}))
                if len(place) <= MOST_QUERY:
                    return RedirectResponse(f"{place}#{what}", 303)
    except (InputError, Unanswered) as error:
        return await _page(reader, opened, asked, items=faults(error, reader), status=422)
    except Refused as error:
        if error.why not in ("conflict", "wrong", "forbidden", "limit"):
            raise
        status = {"conflict": 409, "forbidden": 403, "limit": 429}.get(error.why, 422)
        items = [
            {**item, "path": "keep_as" if error.why == "conflict" else item["path"]} for item in faults(error, reader)
        ]
        return await _page(reader, opened, asked, items=items, status=status)
    return await _looked(reader, opened, asked)


async def _open(reader: Guest, name: str) -> OpenedForm:
    """The form of a preset, or of a kept scenario in a version of it. Raises Refused, or ScenarioError."""
    return await reader.desk.ask(_placed, reader, name)


def _placed(reader: Guest, name: str) -> OpenedForm:
    return _opened(_place(reader, name))


def _place(reader: Guest, name: str) -> str:
    """By what the reader of scenarios knows one."""
    split = names.split(name)
    if name in presets() or split is None:
        return (
            name
            if name in presets()
            else str(scenarios.laid(reader.room.settings, reader.room.store, "scenario", name))
        )
    return str(scenarios.laid(reader.room.settings, reader.room.store, "scenario", *split))


@lru_cache(maxsize=OPENED_COUNT)
def _opened(place: str) -> OpenedForm:
    """place: a preset, or the file of a kept text, which is named by its content."""
    scenario = load(place)
    asked = scenario.asked
    return OpenedForm(title=asked.title, description=asked.description, hash=scenario.hash, groups=form_of(scenario))


def _changed(opened: OpenedForm, given: Mapping[str, str]) -> dict[str, str]:
    """What is filled in, by path, where it is not what the scenario states; paths that it does not know among them."""
    known, found = opened.fields, dict[str, str]()
    for key, text in given.items():
        path = key.removeprefix(SET)
        if path == key or (path in known and " ".join(text.split()) == known[path].value):
            continue
        found[path] = text.strip()
    return found


def _values(opened: OpenedForm, asked: FilledForm) -> dict[str, Any]:
    """What was changed as values by path, as a verb takes them."""
    known = opened.fields
    unknown = [path for path in asked.texts if path not in known]
    return {path: value_of(known[path], text) for path, text in asked.texts.items() if path in known} | {
        path: asked.texts[path] for path in unknown
    }


async def _preview(reader: Guest, opened: OpenedForm, asked: FilledForm) -> tuple[Mapping[str, Any] | None, Items]:
    """The document of a quick plan, or what is wrong."""
    try:
        _, document = await told(reader, "preview", {"scenario": asked.name, "set": _values(opened, asked)})
    except (InputError, Unanswered) as error:
        return None, faults(error, reader)[:MOST_TOLD]
    return document, ()


async def _looked(reader: Guest, opened: OpenedForm, asked: FilledForm) -> Response:
    document, items = await _preview(reader, opened, asked)
    return await _page(reader, opened, asked, document=document, items=items, status=422 if items else 200)


async def _kept(reader: Guest, opened: OpenedForm, asked: FilledForm, etag: str) -> Response:
    """Keep what is filled in as a version of a name: of the scenario itself, or of a new one that extends it."""
    at = names.split(asked.name) or (asked.name, None)
    own = at if asked.keep_as == at[0] and at[0] not in presets() else None
    text = await reader.desk.ask(_text, reader, opened, asked, own)
    settings, store = reader.room.settings, reader.room.store
    given = (settings, store, reader.caller, "scenario", asked.keep_as, text, "" if own is None else etag)
    view: VersionView = await reader.desk.ask(scenarios.put, *given)
    return RedirectResponse(place_of(view.name, {"kept": str(view.version)}), 303)


def _text(reader: Guest, opened: OpenedForm, asked: FilledForm, own: tuple[str, int | None] | None) -> str:
    """The file of a scenario with the changes: its own text with them, or one that extends it and states them alone."""
    table: dict[str, Any] = {"extends": asked.name}
    if own is not None:
        table = tomllib.loads(scenarios.get(reader.room.store, "scenario", *own).text)
    known = opened.fields
    faults = []
    for path, value in _values(opened, asked).items():
        if not _stated(table, known[path].parts if path in known else path.split("."), value):
            faults.append(Fault(path=path, given=asked.texts[path], expected="an entry that a scenario has"))
    if faults:
        raise ScenarioError(faults)
    return to_toml(table) + "\n"


def _stated(table: dict[str, Any], parts: Sequence[str], value: Any) -> bool:
    """Put a value into a table; whether that was done: not into what is no table, too deep, or for its base."""
    *within, last = parts
    if len(parts) > scenarios.MOST_DEPTH or parts[0] == "extends":
        return False
    here: Any = table
    for key in within:
        here = here.setdefault(key, {})
        if not isinstance(here, dict):
            return False
    here[last] = value
    return True


async def _page(
    reader: Guest,
    opened: OpenedForm,
    asked: FilledForm,
    *,
    document: Mapping[str, Any] | None = None,
    items: Items = (),
    status: int = 200,
) -> Response:
    items = items[:MOST_TOLD]
    name = (names.split(asked.name) or (asked.name, None))[0]
    ours = name not in presets()
    history: Sequence[VersionView] = await reader.do(scenarios.history, "scenario", name) if ours else ()
    rows = [(group, _shown(group, asked, items)) for group in opened.groups]
    rows = [(group, _found(group, shown, asked)) for group, shown in rows]
    seen = {row.field.path for _, shown in rows for row in shown}
    given = {
        "opened": opened,
        "asked": replace(asked, keep_as=asked.keep_as or (name if ours else "")),
        "groups": [(group, shown) for group, shown in rows if shown],
        "unseen": {path: text for path, text in asked.texts.items() if path not in seen},
        "others": [item for item in items if _field_of(opened, item) is None],
        "items": (),
        "history": history,
        "etag": history[-1].digest or "" if history else "",
        "document": document,
        "place_of": place_of,
    }
    return page(reader, "scenario.html.j2", here="scenario", status=status, **given)


def _field_of(opened: OpenedForm, item: Mapping[str, str]) -> str | None:
    """The field that a fault is of: the longest path that its path is, or lies within."""
    path = item.get("path", "").removeprefix(SET)
    found = [known for known in opened.fields if path == known or path.startswith((f"{known}.", f"{known}["))]
    return max(found, key=len, default=None)


def _shown(group: FormGroup, asked: FilledForm, items: Items) -> list[Shown]:
    found = []
    for field in group.fields:
        text = asked.texts.get(field.path, field.value)
        paths = (field.path, f"{field.path}.", f"{field.path}[")
        own = [item for item in items if item.get("path") == paths[0] or item.get("path", "").startswith(paths[1:])]
        found.append(Shown(field=field, text=text, changed=field.path in asked.texts, items=own))
    return found


def _found(group: FormGroup, shown: Sequence[Shown], asked: FilledForm) -> list[Shown]:
    """Fields in which all words stand that are looked for; where none are, those that say something."""
    words = asked.find.casefold().split()

    def fits(row: Shown) -> bool:
        field = row.field
        if not words:
            plain = bool(field.default) and len(field.parts) <= WITHIN
            return bool(asked.every or field.value or row.changed or row.items or plain)
        text = f"{group.name} {group.sentence} {field.path} {field.label} {field.sentence} {row.text}".casefold()
        return all(word in text for word in words)

    return [row for row in shown if fits(row)]
