"""What the SDK of MCP does with exceptions, NaN, questions to the user, bare dictionaries and hosts without a port."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest
from pydantic import BaseModel

pytest.importorskip("mcp", reason="no SDK of MCP: pip install 'gigawatt[mcp]'")

from mcp import Client, MCPError
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError

WHY = "the supply is too small"


class Agreed(BaseModel):
    """What a user says to a question."""

    agreed: bool


class Figure(BaseModel):
    """A figure that may be lacking."""

    power_w: float | None


SERVER = MCPServer("toy", log_level="CRITICAL")


@SERVER.tool()
def fails() -> str:
    """Raise an error of Python's own."""
    raise ValueError(WHY)


@SERVER.tool()
def refuses() -> str:
    """Raise the error that is meant for the model."""
    raise ToolError(WHY)


@SERVER.tool()
def not_a_number() -> float:
    """Return NaN."""
    return math.nan


@SERVER.tool()
def not_a_number_or_none() -> Figure:
    """Return NaN where None may stand too."""
    return Figure(power_w=math.nan)


@SERVER.tool()
def bare() -> dict:  # type: ignore[type-arg]  # what happens to a bare one is the question
    """Return a dictionary of anything."""
    return {"power_w": 1.0}


@SERVER.tool()
def typed() -> dict[str, float]:
    """Return a dictionary of numbers."""
    return {"power_w": 1.0}


@SERVER.tool()
async def asks(context: Context) -> str:  # type: ignore[type-arg]
    """Ask the user."""
    return (await context.elicit("Shall it be written?", Agreed)).action


def call(tool: str, mode: str) -> Any:
    """What a tool answered, or what the client raised in its place."""

    async def called() -> Any:
        async with Client(SERVER, mode=mode) as client:
            try:
                return await client.call_tool(tool, {})
            except (RuntimeError, MCPError) as error:  # which leave the client as groups of groups
                return error

    return asyncio.run(called())


@pytest.fixture(params=["auto", "legacy"])
def mode(request: pytest.FixtureRequest) -> str:
    """Both ways in which a client may begin: the newest, and the handshake of protocols before it."""
    return request.param


def text(result: Any) -> str:
    return "".join(part.text for part in result.content)


def test_only_the_text_of_a_tool_error_reaches_the_model(mode: str) -> None:
    failed, refused = call("fails", mode), call("refuses", mode)
    assert failed.is_error
    assert refused.is_error
    assert WHY not in text(failed)
    assert WHY in text(refused)


def test_nan_for_a_number_makes_the_client_raise(mode: str) -> None:
    raised = call("not_a_number", mode)
    assert isinstance(raised, RuntimeError)
    assert "None is not of type 'number'" in str(raised)


def test_nan_becomes_null_in_silence_where_null_may_stand(mode: str) -> None:
    assert call("not_a_number_or_none", mode).structured_content == {"power_w": None}


def test_only_a_typed_dictionary_has_structured_output(mode: str) -> None:
    assert call("bare", mode).structured_content is None
    assert call("typed", mode).structured_content == {"power_w": 1.0}


def test_a_user_of_a_client_without_the_means_cannot_be_asked(mode: str) -> None:
    raised = call("asks", mode)
    assert isinstance(raised, MCPError)
    assert "back-channel" in str(raised) or "Elicitation not supported" in str(raised)


HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "toy", "version": "1"}},
}


def statuses(*hosts: str) -> list[int]:
    """What the same first words are answered with, by the host that they are sent to."""
    httpx2 = pytest.importorskip("httpx2", reason="no httpx2: pip install 'gigawatt[test]'")
    app = SERVER.streamable_http_app()

    async def asked() -> list[int]:
        transport = httpx2.ASGITransport(app=app)
        async with SERVER.session_manager.run(), httpx2.AsyncClient(transport=transport) as client:
            headers = {"Accept": "application/json, text/event-stream"}
            sent = [await client.post("http://toy/mcp", json=HELLO, headers=headers | {"Host": host}) for host in hosts]
        return [answer.status_code for answer in sent]

    return asyncio.run(asked())


def test_a_host_of_loopback_needs_a_port() -> None:
    assert statuses("localhost:8000", "localhost", "127.0.0.1:8000", "127.0.0.1") == [200, 421, 200, 421]
