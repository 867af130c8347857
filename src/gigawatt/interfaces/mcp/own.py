"""What the door's own tools do: follow jobs and show what came of them; list, read, keep and remove scenarios."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from mcp_types import CallToolResult

from gigawatt.errors import MOST_NAME, near, plain
from gigawatt.interfaces.mcp import telling
from gigawatt.interfaces.mcp.desk import Desk
from gigawatt.interfaces.mcp.questions import (
    JobQuestion,
    JobsQuestion,
    RemoveQuestion,
    ResultQuestion,
    SaveQuestion,
    ScenarioQuestion,
)
from gigawatt.interfaces.mcp.replying import replied, told_error
from gigawatt.interfaces.server import scenarios
from gigawatt.interfaces.server.asked import Caller, Refused, Reply
from gigawatt.interfaces.server.jobs import JobView
from gigawatt.scenario import load
from gigawatt.study.question import refuse, wrong

KIND = "scenario"
# How long job_status waits for a job's end.
WAIT_S = 5.0


def ended(desk: Desk, caller: Caller, view: JobView) -> CallToolResult:
    """The answer of a job that is done; else how it stands."""
    if view.state == "done":
        return replied(desk, caller, Reply(code=view.code or 0, body=body(desk, caller, view.id)), view.id)
    if view.state == "failed" and view.error:
        return told_error(view.error if "error" in view.error else {"error": view.error})
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


def body(desk: Desk, caller: Caller, id_: str) -> bytes:
    """The whole answer of a finished job, or one that is kept for a while. Raises Refused where there is none."""
    kept = desk.answers.get(caller, id_)
    return desk.room.queue.reply(id_).body if kept is None else kept


def _jobs(desk: Desk, caller: Caller, asked: JobsQuestion) -> CallToolResult:
    del caller
    found = desk.room.jobs(count=asked.offset_count + asked.rows_count)[asked.offset_count :]
    return telling.answer({"jobs": [asdict(view) for view in found]})


def _status(desk: Desk, caller: Caller, asked: JobQuestion) -> CallToolResult:
    del caller
    return _stands(desk.room.wait(asked.id, WAIT_S))


def _cancelled(desk: Desk, caller: Caller, asked: JobQuestion) -> CallToolResult:
    return _stands(desk.room.cancel(caller, asked.id))


def _result(desk: Desk, caller: Caller, asked: ResultQuestion) -> CallToolResult:
    found = body(desk, caller, asked.id)
    if not asked.path:
        return replied(desk, caller, Reply(code=0, body=found), asked.id)
    return telling.answer(page(json.loads(found), asked))


def page(value: Any, asked: ResultQuestion) -> dict[str, Any]:
    """A part of an answer by its path; of a list, so many entries. Raises ScenarioError where there is no such part."""
    for key in asked.path.split("."):
        if isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        elif isinstance(value, dict) and key in value:
            value = value[key]
        else:
            refuse([_no_part(asked.path, key, value)])
    if not isinstance(value, list):
        return {"path": asked.path, "value": value}
    entries = value[asked.offset_count : asked.offset_count + asked.rows_count]
    return {"path": asked.path, "of": len(value), "offset": asked.offset_count, "entries": entries}


def _no_part(path: str, key: str, value: Any) -> Any:
    if isinstance(value, list):
        return wrong("path", plain(path[:MOST_NAME]), f"a number below {len(value)} in place of {plain(key[:MOST_NAME])}")
    known = list(value) if isinstance(value, dict) else []
    expected = f"a key that is there: {', '.join(known[:40])}{near(key, known)}" if known else "nothing below a value"
    return wrong("path", plain(path[:MOST_NAME]), expected)


def _scenarios(desk: Desk, caller: Caller, asked: object) -> CallToolResult:
    del caller, asked
    kept = [asdict(view) for view in scenarios.listed(desk.room.store, KIND)]
    return telling.answer({"scenarios": kept, "presets": [*load.presets(), *load.allocation_presets()]})


def _scenario(desk: Desk, caller: Caller, asked: ScenarioQuestion) -> CallToolResult:
    del caller
    data = scenario(desk, asked.name)
    return telling.answer(data, words=data["text"])


def scenario(desk: Desk, name: str) -> dict[str, Any]:
    """A scenario's text and what is known of its version. Raises Refused("absent")."""
    shipped = load.preset_text(name)
    if shipped is not None:
        return {"name": name, "preset": True, "etag": None, "text": shipped}
    bare, _, version = name.partition("@")
    if version and not version.isdecimal():
        raise Refused("absent", "name", plain(name[:MOST_NAME]), "NAME, or NAME@VERSION with a number")
    return asdict(scenarios.get(desk.room.store, KIND, bare, int(version) if version else None)) | {"preset": False}


def _saved(desk: Desk, caller: Caller, asked: SaveQuestion) -> CallToolResult:
    view = scenarios.put(desk.room.store, caller, KIND, asked.name, asked.text, asked.expected)
    return telling.answer(asdict(view), said=["It is kept."])


def _removed(desk: Desk, caller: Caller, asked: RemoveQuestion) -> CallToolResult:
    scenarios.remove(desk.room.store, caller, KIND, asked.name, asked.expected)
    return telling.answer({"removed": asked.name}, said=["It is removed; its versions stay in its history."])


def _check_save(desk: Desk, caller: Caller, asked: SaveQuestion) -> None:
    """Raises whatever would keep the scenario from being kept."""


def _check_removal(desk: Desk, caller: Caller, asked: RemoveQuestion) -> None:
    """Raises Refused where there is none of the name."""
    del caller
    scenarios.get(desk.room.store, KIND, asked.name)


DOES: Mapping[str, Callable[[Desk, Caller, Any], CallToolResult]] = {
    "job_list": _jobs,
    "job_status": _status,
    "job_result": _result,
    "job_cancel": _cancelled,
    "scenario_list": _scenarios,
    "scenario_get": _scenario,
    "scenario_save": _saved,
    "scenario_remove": _removed,
}
# What finds, before anything is proposed, what would keep a tool from doing it.
CHECKS: Mapping[str, Callable[[Desk, Caller, Any], None]] = {
    "scenario_save": _check_save,
    "scenario_remove": _check_removal,
}
