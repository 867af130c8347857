"""A room with a door for assistants, and the calls that a real client makes at it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

pytest.importorskip("mcp", reason="no SDK of MCP: pip install 'gigawatt[mcp]'")

from mcp import Client
from mcp_types import CallToolResult

from gigawatt.interfaces.mcp.serving import server
from gigawatt.interfaces.server.asked import Caller, Role
from gigawatt.interfaces.server.room import Room
from gigawatt.interfaces.server.settings import Settings

# A call: role of the caller, tool, arguments → result.
Call = Callable[..., CallToolResult]
Session = Callable[[Callable[[Client], Awaitable[Any]]], Any]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """An open room with a ledger and a folder of its own."""
    place = tmp_path_factory.mktemp("room")
    with Room(Settings(database=str(place / "ledger.db"), data=place / "server")) as found:
        yield found


@pytest.fixture
def session(room: Room) -> Callable[..., Any]:
    """What a client does that is connected as somebody."""

    def connected(does: Callable[[Client], Awaitable[Any]], role: Role = "owner", who: str = "ann") -> Any:
        caller = Caller(name=who, role=role, door="mcp")

        async def doing() -> Any:
            async with Client(server(room, lambda _: caller), mode="legacy") as client:
                return await does(client)

        return anyio.run(doing)

    return connected


@pytest.fixture
def call(session: Callable[..., Any]) -> Call:
    """One call of a tool, as somebody."""

    def called(tool: str, values: dict[str, Any] | None = None, role: Role = "owner", who: str = "ann") -> Any:
        return session(lambda client: client.call_tool(tool, values or {}), role=role, who=who)

    return called


@pytest.fixture
def one_campus() -> str:
    """A scenario that is one campus with another name."""
    return (Path(__file__).with_name("mine.toml")).read_text(encoding="utf-8")
