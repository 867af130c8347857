"""A call of a tool: who may, what they confirmed, the answer, or the job that works on it.

Whatever keeps a call from being done is a result that says so, with path, given and expected of each fault, so that the
caller can mend it; no exception leaves here.
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import anyio
from mcp_types import CallToolResult

from gigawatt.errors import plain
from gigawatt.interfaces.http import strict
from gigawatt.interfaces.mcp import confirming, own, telling
from gigawatt.interfaces.mcp.hall import Hall
from gigawatt.interfaces.mcp.replying import failed, replied
from gigawatt.interfaces.mcp.tools import CONFIRM, Tool, tools
from gigawatt.interfaces.server.asked import Caller, Refused
from gigawatt.interfaces.server.jobs import LIVE, JobView
from gigawatt.interfaces.server.room import lasts
from gigawatt.study.question import refuse, unknown

Say = Callable[[float, str], Awaitable[None]]

# How long a call waits for a job, and how often it looks.
WAIT_S, LOOK_S = 8.0, 0.25


async def call(hall: Hall, caller: Caller, name: str, values: Mapping[str, Any], say: Say) -> CallToolResult:
    """The result of a call of a tool. say: told of progress, in seconds and words."""
    try:
        found = await hall.do(_begun, hall, caller, name, values)
        return found if isinstance(found, CallToolResult) else await _followed(hall, caller, found, say)
    except Exception as error:
        return failed(hall, error, name)


def _begun(hall: Hall, caller: Caller, name: str, values: Mapping[str, Any]) -> CallToolResult | JobView:
    """A call up to its answer or its job."""
    tool, given = _tool(name), checked(values)
    if not caller.may(tool.role):
        raise Refused("forbidden", tool.name, f"asked by a {caller.role}", f"a role of {tool.role} or more")
    token = given.pop(CONFIRM, None) if tool.asks else None
    if token is None and tool.asks:
        return _proposed(hall, caller, tool, given)
    if token is not None:
        confirming.confirmed(hall.room.store, caller, tool, given, str(token))
    if tool.verb is None:
        return _own(hall, caller, tool, given)
    if lasts(tool.verb):
        return hall.room.start(caller, tool.verb.name, given)
    return replied(hall, caller, hall.room.ask(caller, tool.verb.name, given, told=True))


def _own(hall: Hall, caller: Caller, tool: Tool, values: Mapping[str, Any]) -> CallToolResult:
    """What one of the door's own tools does."""
    return own.DOES[tool.name](hall, caller, own.asked(tool, values))


def _tool(name: str) -> Tool:
    if name not in tools():
        refuse([unknown("tool", plain(name), list(tools()))])
    return tools()[name]


def checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments that are strict JSON. Raises Refused."""
    return strict.read(json.dumps(values, ensure_ascii=False).encode("utf-8", "surrogatepass"))


def _proposed(hall: Hall, caller: Caller, tool: Tool, values: Mapping[str, Any]) -> CallToolResult:
    """What a first call gives back; it finds every fault that the call itself would find."""
    estimate = None
    if tool.verb is not None:
        estimate = hall.room.estimate(caller, tool.verb.name, values)
    else:
        own.CHECKS[tool.name](hall, caller, own.asked(tool, values))
    data = confirming.proposed(hall.room.store, caller, tool, values, estimate)
    said = ["Nothing is done yet: this is a proposal. The same call with `confirm` does it, once, within 10 minutes."]
    said.append(f"confirm = {data[CONFIRM]}")
    return telling.answer(data, words=data["proposal"], said=said)


async def _followed(hall: Hall, caller: Caller, view: JobView, say: Say) -> CallToolResult:
    """The answer of a job where it ends soon, else how it stands."""
    began = time.monotonic()
    while view.state in LIVE and (passed_s := time.monotonic() - began) < WAIT_S:
        share = "" if view.share_frac is None else f" ({100 * view.share_frac:.0f} %)"
        await say(passed_s, f"{view.words or view.state}{share}")
        await anyio.sleep(LOOK_S)
        view = await hall.do(hall.room.job, view.id)
    return await hall.do(own.ended, hall, caller, view)
