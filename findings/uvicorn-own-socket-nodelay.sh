#!/usr/bin/env bash
# uvicorn 0.54.0 on Python 3.11: a server that is given a socket of its own, made by socket.create_server, serves without
# TCP_NODELAY; the same server that binds the address itself serves with it. asyncio sets the option only on sockets whose
# protocol number is that of TCP, create_server leaves it 0, and what is accepted from such a socket has 0 as well. Who
# listens before loading, or hands a socket over at a restart, so gets answers of two parts (head, then body) some 40 ms
# late on connections that are kept: Nagle's rule waits for the acknowledgement that the client delays.
# Seen: own socket 0, bound by uvicorn 1. Fails if that changes.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q install uvicorn==0.54.0 h11==0.16.0
"$work/venv/bin/python" - <<'PY'
import asyncio
import socket

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

options = []


class Seen(H11Protocol):
    """Notes what option its connection has."""

    def connection_made(self, transport):
        connection = transport.get_extra_info("socket")
        options.append(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        super().connection_made(transport)


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


async def asked(own):
    """The option on a connection of a server that was given a socket, or bound one."""
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    if not own:
        listening.close()
    config = uvicorn.Config(app, host="127.0.0.1", port=port, http=Seen, lifespan="off", log_level="error")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve([listening] if own else None))
    while not server.started:
        await asyncio.sleep(0.01)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert b"200" in await reader.read()
    writer.close()
    server.should_exit = True
    await serving
    return bool(options.pop())


own, bound = asyncio.run(asked(True)), asyncio.run(asked(False))
print("TCP_NODELAY with a socket of its own:", own, "- bound by uvicorn:", bound)
assert (own, bound) == (False, True), "connections have another option now"
PY
