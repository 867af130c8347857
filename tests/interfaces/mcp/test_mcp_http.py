"""The door over HTTP: real sessions of the SDK's client, by whoever has a token, in both eras of the protocol."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import anyio
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from gigawatt.interfaces.mcp.serving import asgi
from gigawatt.interfaces.server import people
from gigawatt.interfaces.server.asked import Role
from gigawatt.interfaces.server.room import Room

URL = "http://127.0.0.1:8000/mcp"
HEADERS = {"accept": "application/json, text/event-stream", "content-type": "application/json"}


@pytest.fixture(scope="module")
def tokens(room: Room) -> dict[Role, str]:
    """A token of each role."""
    roles: tuple[Role, ...] = ("viewer", "editor")
    for role in roles:
        people.add(room.store, role, role)
    return {role: people.issue(room.store, role, role).secret for role in roles}


def _http(room: Room, token: str | None) -> httpx2.AsyncClient:
    bearer = {} if token is None else {"authorization": f"Bearer {token}"}
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=asgi(room)), headers={**HEADERS, **bearer})


def _sent(room: Room, token: str | None, method: str = "POST", body: bytes = b"", **headers: str) -> httpx2.Response:
    async def sent() -> httpx2.Response:
        async with _http(room, token) as client:
            return await client.request(method, URL, content=body, headers=headers)

    return anyio.run(sent)


def _session(room: Room, token: str, mode: str, does: Callable[[Client], Any]) -> Any:
    async def doing() -> Any:
        async with (
            _http(room, token) as http,
            Client(streamable_http_client(URL, http_client=http), mode=mode) as client,
        ):
            return await does(client)

    return anyio.run(doing)


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_a_session_says_what_one_more_gigawatt_is_worth_in_2028(room: Room, tokens: dict[Role, str], mode: str) -> None:
    async def asked(client: Client) -> Any:
        assert "allocate" in {tool.name for tool in (await client.list_tools()).tools}
        return await client.call_tool("allocate", {"scenario": "loi-2025-09", "period": "2028Q4"})

    result = _session(room, tokens["viewer"], mode, asked)
    assert result.structured_content["period"] == "2028Q4"
    assert result.structured_content["lambda_right"] > 1e9
    assert result.structured_content["next"]["step_w"] == 1e9


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_a_viewers_token_reads_and_writes_nothing(room: Room, tokens: dict[Role, str], mode: str) -> None:
    async def asked(client: Client) -> list[str]:
        found = [await client.call_tool(name, {}) for name in ("run", "ledger_init", "scenario_save", "job_cancel")]
        return [result.structured_content["error"]["kind"] for result in found]

    assert _session(room, tokens["viewer"], mode, asked) == ["Forbidden"] * 4


def test_what_a_session_does_is_done_by_whose_token_it_is(room: Room, tokens: dict[Role, str], one_campus: str) -> None:
    async def saved(client: Client) -> Any:
        values = {"name": "by-editor", "text": one_campus}
        token = (await client.call_tool("scenario_save", values)).structured_content["confirm"]
        return (await client.call_tool("scenario_save", {**values, "confirm": token})).structured_content

    assert _session(room, tokens["editor"], "legacy", saved)["who"] == "editor"


@pytest.mark.parametrize("token", [None, "", "gw_nobody", "gw_" + "A" * 43])
def test_without_a_token_that_stands_nothing_is_answered(room: Room, token: str | None) -> None:
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    response = _sent(room, None, body=b"{}", **headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Bearer")
    assert response.json()["error"]["kind"] == "Unauthenticated"


def test_a_token_that_was_revoked_ends_at_once(room: Room) -> None:
    issued = people.issue(room.store, "viewer", "viewer")
    assert _sent(room, issued.secret, body=_call("tools/list")).status_code == 200
    people.revoke(room.store, issued.id)
    assert _sent(room, issued.secret, body=_call("tools/list")).status_code == 401


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "OPTIONS"])
def test_nothing_but_post_is_answered(room: Room, tokens: dict[Role, str], method: str) -> None:
    assert _sent(room, tokens["viewer"], method).status_code == 405


def _call(method: str, **params: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[" * 100_000,
        b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "allocate", "arguments": NaN}}',
        b'{"jsonrpc": "2.0", "id": 1e999, "method": "tools/list"}',
        b'{"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": ' + b'{"a":' * 5_000 + b"1" + b"}" * 5_001,
        b"\xff\xfe",
    ],
    ids=["nothing", "null", "deep list", "nan", "infinity", "deep object", "no text"],
)
@pytest.mark.parametrize("version", [None, "2026-07-28"])
def test_a_body_that_is_no_message_is_refused_and_the_next_is_answered(
    room: Room, tokens: dict[Role, str], body: bytes, version: str | None
) -> None:
    headers = {} if version is None else {"mcp-protocol-version": version}
    assert 400 <= _sent(room, tokens["viewer"], body=body, **headers).status_code < 500
    assert _sent(room, tokens["viewer"], body=_call("tools/list")).status_code == 200


def test_a_body_that_is_too_long_is_refused(room: Room, tokens: dict[Role, str]) -> None:
    body = _call("tools/call", name="allocate", arguments={"scenario": "x" * room.settings.limits.body_bytes})
    assert _sent(room, tokens["viewer"], body=body).status_code == 413
