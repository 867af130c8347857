"""From a reply, a refusal or a failure to the result of a call."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mcp_types import CallToolResult

from gigawatt.errors import Fault, plain
from gigawatt.interfaces import failing
from gigawatt.interfaces.http.errors import REFUSALS
from gigawatt.interfaces.mcp import telling
from gigawatt.interfaces.mcp.hall import Hall
from gigawatt.interfaces.server import unsaid
from gigawatt.interfaces.server.asked import Caller, Refused, Reply, Unanswered

log = logging.getLogger("gigawatt.mcp")


def replied(hall: Hall, caller: Caller, reply: Reply, id_: str = "") -> CallToolResult:
    """The result that a reply is. id_: of the job that keeps it; "" for none."""
    data = json.loads(reply.body)
    if "error" in data:
        return told_error(data)
    if not id_ and len(reply.body) > telling.MOST_BYTES:
        id_ = hall.answers.put(caller, reply.body)
    whole = f'job_result with id "{id_}" and a path gives it in pages, the resource gigawatt://results/{id_} as a whole'
    said = ["A bar that was asked for is missed."] if reply.code == failing.MISSED else []
    return telling.answer(data, words=reply.words, said=said, whole=whole if id_ else telling.HOW)


def failed(hall: Hall, error: Exception, name: str) -> CallToolResult:
    """The result of a call that an exception ended."""
    if isinstance(error, Unanswered):
        return told_error(json.loads(error.reply.body))
    found = failing.failure(error, unsaid.spelled(unsaid.places(hall.room.settings)))
    if found is None:
        log.error("%s failed", plain(name)[:80], exc_info=error)
        fault = Fault(path=plain(name)[:80], given="a failure", expected="an answer: the server's log has more")
        found = failing.faulty("Bug", failing.BAD_INPUT, fault)
    if isinstance(error, Refused):
        found = replace(found, kind=REFUSALS[error.why][1])  # as HTTP calls it
    return told_error(found.data())


def told_error(data: Mapping[str, Any]) -> CallToolResult:
    """The result of a call that was not done, with a line for each thing that is wrong."""
    kind, items = data["error"]["kind"], data["error"]["items"]
    lines = [_line(item) for item in items]
    said = [f"Not done ({kind}): mend what is named below, each by its path in the call or in the scenario."]
    return telling.answer(data, words="\n".join(lines), said=said, error=True)


def _line(item: Mapping[str, Any]) -> str:
    if "expected" in item:
        return f"{item['path']} = {item['given']}: expected {item['expected']}"
    return ", ".join(f"{key} = {value}" for key, value in item.items())
