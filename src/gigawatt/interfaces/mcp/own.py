"""What the door's own tools do: follow jobs and show what came of them; list, read, keep and remove scenarios."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

from mcp_types import CallToolResult

from gigawatt.errors import MOST_NAME, near
from gigawatt.interfaces.mcp import telling
from gigawatt.interfaces.mcp.hall import Hall
from gigawatt.interfaces.mcp.questions import (
    JobQuestion,
    JobsQuestion,
    RemoveQuestion,
    ResultQuestion,
    SaveQuestion,
    ScenarioQuestion,
    ScenariosQuestion,
)
from gigawatt.interfaces.mcp.replying import replied, told_error
from gigawatt.interfaces.mcp.tools import Tool
from gigawatt.interfaces.server import names, results, scenarios
from gigawatt.interfaces.server.asked import Caller, Refused, Reply
from gigawatt.interfaces.server.jobs import JobView
from gigawatt.interfaces.server.performing import ANSWER, WORDS
from gigawatt.interfaces.server.scenarios import Kind, VersionView
from gigawatt.scenario.load import preset_text
from gigawatt.study.question import read, refuse, wrong

KIND: Kind = "scenario"
# How long job_status waits for a job's end.
WAIT_S = 5.0


def asked(tool: Tool, values: Mapping[str, Any]) -> Any:
    """The question that arguments ask. A scenario's text is many lines, and read by whoever keeps it.

    Raises ScenarioError with every fault.
    """
    text = values.get("text")
    if tool.question is not SaveQuestion or not isinstance(text, str):
        return read(tool.question, values)
    return replace(read(SaveQuestion, {**values, "text": ""}), text=text)


def ended(hall: Hall, caller: Caller, view: JobView) -> CallToolResult:
    """The answer of a job that is done; else how it stands."""
    if view.state == "done":
        return replied(hall, caller, kept(hall, caller, view.id), view.id)
    if view.state == "failed" and view.error:
        return told_error({"error": view.error})
    return _stands(view)


def _stands(view: JobView) -> CallToolResult:
    data = {"job": asdict(view)}
    next_ = {
        "done": f'job_result with id "{view.id}" shows its answer.',
        "failed": "It failed; the error says why.",
        "cancelled": "It was cancelled.",
    }
    said = f'It is still at work: ask job_status with id "{view.id}", then job_result.'
    return telling.answer(data, said=[next_.get(view.state, said)])


def kept(hall: Hall, caller: Caller, id_: str) -> Reply:
    """The reply of a finished job, or one that is kept for a while. Raises Refused where there is none."""
    body, room = hall.answers.get(caller, id_), hall.room
    if body is not None:
        return Reply(code=0, body=body)
    view = room.job(id_)
    if view.state != "done":
        raise Refused("absent", "id", f"a job that is {view.state}", "the id of a job that is done")
    _, place = results.file(room.settings, room.store, id_, ANSWER)
    words = place.with_name(WORDS).read_text(encoding="utf-8")
    return Reply(code=view.code or 0, body=place.read_bytes(), words=words)


def _jobs(hall: Hall, caller: Caller, wanted: JobsQuestion) -> CallToolResult:
    del caller
    found = hall.room.jobs(count=wanted.rows_count, offset=wanted.offset_count)
    return telling.answer({"jobs": [asdict(view) for view in found]})


def _status(hall: Hall, caller: Caller, wanted: JobQuestion) -> CallToolResult:
    del caller
    return _stands(hall.room.wait(wanted.id, WAIT_S))


def _cancelled(hall: Hall, caller: Caller, wanted: JobQuestion) -> CallToolResult:
    return _stands(hall.room.cancel(caller, wanted.id))


def _result(hall: Hall, caller: Caller, wanted: ResultQuestion) -> CallToolResult:
    found = kept(hall, caller, wanted.id)
    if not wanted.path:
        return replied(hall, caller, found, wanted.id)
    return telling.answer(page(json.loads(found.body), wanted))


def page(value: Any, wanted: ResultQuestion) -> dict[str, Any]:
    """A part of an answer by its path; of a list, so many entries. Raises ScenarioError where there is no such part."""
    for key in wanted.path.split("."):
        if isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        elif isinstance(value, dict) and key in value:
            value = value[key]
        else:
            refuse([_no_part(wanted.path, key, value)])
    if not isinstance(value, list):
        return {"path": wanted.path, "value": value}
    offset = max(wanted.offset_count, 0)
    entries = value[offset : offset + max(wanted.rows_count, 0)]
    return {"path": wanted.path, "of": len(value), "offset": offset, "entries": entries}


def _no_part(path: str, key: str, value: Any) -> Any:
    if isinstance(value, list):
        return wrong("path", path[:MOST_NAME], f"a number below {len(value)} in place of {key[:MOST_NAME]}")
    known = list(value) if isinstance(value, dict) else []
    expected = f"a key that is there: {', '.join(known[:40])}{near(key, known)}" if known else "nothing below a value"
    return wrong("path", path[:MOST_NAME], expected)


def _result_gone(hall: Hall, caller: Caller, wanted: JobQuestion) -> CallToolResult:
    results.remove(hall.room.settings, hall.room.store, caller, wanted.id)
    return telling.answer({"removed": wanted.id}, said=["It is removed, with all its files."])


def _check_result(hall: Hall, caller: Caller, wanted: JobQuestion) -> None:
    """Raises Refused where there is no such result."""
    del caller
    results.get(hall.room.store, wanted.id)


def _scenarios(hall: Hall, caller: Caller, wanted: ScenariosQuestion) -> CallToolResult:
    del caller
    found = [_version(view) for view in scenarios.listed(hall.room.store, KIND, wanted.after)]
    return telling.answer({"presets": scenarios.shipped(KIND), "scenarios": found})


def _version(view: VersionView) -> dict[str, Any]:
    found = asdict(view)
    return {"name": found.pop("name"), "etag": found.pop("digest"), **found}


def _scenario(hall: Hall, caller: Caller, wanted: ScenarioQuestion) -> CallToolResult:
    del caller
    data = scenario(hall, wanted.name)
    return telling.answer(data, words=data["text"])


def scenario(hall: Hall, name: str) -> dict[str, Any]:
    """A scenario's text and what is known of its version; of a preset, that it is none that is kept.

    Raises Refused("absent").
    """
    if name in scenarios.shipped(KIND):
        return {"name": name, "etag": None, "text": preset_text(name)}
    found = scenarios.get(hall.room.store, KIND, *(names.split(name) or (name, None)))
    return {**_version(found.version), "text": found.text}


def _saved(hall: Hall, caller: Caller, wanted: SaveQuestion) -> CallToolResult:
    room = hall.room
    view = scenarios.put(room.settings, room.store, caller, KIND, wanted.name, wanted.text, wanted.expected)
    return telling.answer(_version(view), said=["It is kept."])


def _removed(hall: Hall, caller: Caller, wanted: RemoveQuestion) -> CallToolResult:
    view = scenarios.remove(hall.room.store, caller, KIND, wanted.name, wanted.expected)
    return telling.answer(_version(view), said=["It is removed; its versions stay in its history."])


def _check_save(hall: Hall, caller: Caller, wanted: SaveQuestion) -> None:
    """Raises whatever would keep the scenario from being kept."""
    room = hall.room
    scenarios.check(room.settings, room.store, caller, KIND, wanted.name, wanted.text, wanted.expected)


def _check_removal(hall: Hall, caller: Caller, wanted: RemoveQuestion) -> None:
    """Raises Refused where there is none of the name, or it was changed since."""
    scenarios.check_removal(hall.room.store, caller, KIND, wanted.name, wanted.expected)


DOES: Mapping[str, Callable[[Hall, Caller, Any], CallToolResult]] = {
    "job_list": _jobs,
    "job_status": _status,
    "job_result": _result,
    "job_cancel": _cancelled,
    "result_remove": _result_gone,
    "scenario_list": _scenarios,
    "scenario_get": _scenario,
    "scenario_save": _saved,
    "scenario_remove": _removed,
}
# What finds, before anything is proposed, what would keep a tool from doing it.
CHECKS: Mapping[str, Callable[[Hall, Caller, Any], None]] = {
    "result_remove": _check_result,
    "scenario_save": _check_save,
    "scenario_remove": _check_removal,
}
