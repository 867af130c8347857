"""Connections on loopback: idle, slow, too many or malformed, and the server's health meanwhile."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from gigawatt.interfaces.http import limits
from gigawatt.interfaces.http.guard import Guard
from gigawatt.interfaces.server.settings import ServerLimits, Settings

HEALTH = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
ASK = b"GET /api HTTP/1.1\r\nHost: localhost\r\n\r\n"
MEGABYTE = b"x" * 1_000_000


async def inside(scope: Any, receive: Any, send: Any) -> None:
    """Reads what is sent to it; /much answers without end, as long as somebody takes it, and /early before it reads."""
    request = Request(scope, receive)
    if request.url.path == "/early":
        await StreamingResponse(_early())(scope, receive, send)
        return
    response: Response = JSONResponse({"bytes": len(await request.body())})
    if request.url.path == "/much":
        response = StreamingResponse(_much(request))
    await response(scope, receive, send)


async def _much(request: Request) -> AsyncIterator[bytes]:
    request.app["open"] += 1
    try:
        for _ in range(1_000):
            yield MEGABYTE
    finally:
        request.app["open"] -= 1


async def _early() -> AsyncIterator[bytes]:
    yield b"first"
    await asyncio.sleep(0.3)
    yield b"last"


class Served:
    """A server in a thread, and sockets to it."""

    def __init__(self, given: ServerLimits) -> None:
        self.clients, self.state = ExitStack(), {"open": 0}
        settings = Settings(limits=given)

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await Guard(inside, settings)({**scope, "app": self.state}, receive, send)

        config = uvicorn.Config(
            app, http=limits.watched(given), ws="none", lifespan="off", log_config=None, access_log=False,
            server_header=False, timeout_keep_alive=1, timeout_graceful_shutdown=1,
        )  # fmt: skip
        self.server = uvicorn.Server(config)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=2048)

    @property
    def connections_count(self) -> int:
        return len(self.server.server_state.connections)

    def connect(self, sends: bytes = b"") -> socket.socket:
        found = self.clients.enter_context(socket.create_connection(self.listener.getsockname(), timeout=5))
        found.sendall(sends)
        return found

    def ask(self, sends: bytes) -> bytes:
        return read(self.connect(sends))


def read(one: socket.socket) -> bytes:
    """All that comes until the other end closes."""
    found = b""
    try:
        while piece := one.recv(65536):
            found += piece
    except ConnectionResetError:
        pass
    return found


def one_answer(one: socket.socket) -> bytes:
    """All of an answer of JSON, on a connection that stays."""
    found = b""
    while not found.endswith(b"}"):
        piece = one.recv(65536)
        assert piece, found
        found += piece
    return found


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


def fastest(server: Served) -> float:
    """Seconds in which /health is answered at best: what the machine does besides is none of the server's."""
    taken = []
    for _ in range(5):
        start = time.monotonic()
        assert status(server.ask(HEALTH)) == 200
        taken.append(time.monotonic() - start)
    return min(taken)


def waits(until: Callable[[], bool], most_s: float = 30.0) -> float:
    start = time.monotonic()
    while not until():
        assert time.monotonic() - start < most_s
        time.sleep(0.01)
    return time.monotonic() - start


@contextmanager
def served(**given: Any) -> Iterator[Served]:
    found = Served(ServerLimits(**{"header_s": 0.3, "body_s": 0.3, "body_bytes": 100_000} | given))
    with found.listener:
        thread = threading.Thread(target=lambda: asyncio.run(found.server.serve(sockets=[found.listener])), daemon=True)
        thread.start()
        waits(lambda: found.server.started)
        with found.clients:
            yield found
        waits(lambda: found.connections_count == 0)
        found.server.should_exit = True
        thread.join(5)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def shared() -> Iterator[Served]:
    with served() as found:
        yield found


@pytest.fixture
def server(shared: Served) -> Iterator[Served]:
    """The server that most tests share, with no connection of another's."""
    yield shared
    shared.clients.close()
    waits(lambda: shared.connections_count == 0)


def test_an_idle_connection_is_closed_when_its_time_is_over(server: Served) -> None:
    idle = server.connect()
    start = time.monotonic()
    assert read(idle) == b""
    assert 0.2 < time.monotonic() - start < 10.0
    waits(lambda: server.connections_count == 0)


def test_an_answer_of_two_pieces_waits_for_nothing(server: Served) -> None:
    server.connect(ASK)
    waits(lambda: server.connections_count == 1)
    (connection,) = server.server.server_state.connections
    found = connection.transport.get_extra_info("socket")
    assert found.proto != socket.IPPROTO_TCP  # or asyncio would have seen to it
    assert found.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize("head", [b"GET /api HTTP/1.1\r\nHost: localhost\r\n", b"G"])
def test_half_a_head_is_answered_408_and_dripping_gains_no_time(server: Served, head: bytes) -> None:
    slow = server.connect(head)
    start = time.monotonic()
    slow.settimeout(0.05)
    answer = b""
    for n in range(100):
        with suppress(ConnectionError):  # closed behind the answer, which can still be read
            slow.sendall(b"X-%d: 1\r\n" % n)
        try:
            answer += slow.recv(65536)
        except TimeoutError:
            continue
        break
    assert 0.2 < time.monotonic() - start < 10.0
    answer += read(slow)
    assert status(answer) == 408
    assert b"nosniff" in answer
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["kind"] == "TooSlow"


def test_a_second_request_has_its_time_too(server: Served) -> None:
    one = server.connect(ASK)
    assert status(one_answer(one)) == 200
    one.sendall(ASK)
    assert status(one_answer(one)) == 200
    one.sendall(b"GET /api HTTP/1.1\r\n")
    start = time.monotonic()
    assert status(read(one)) == 408
    assert 1.0 < time.monotonic() - start < 10.0


def test_a_body_that_drips_is_answered_408(server: Served) -> None:
    slow = server.connect(b"POST /api HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nx")
    start = time.monotonic()
    slow.settimeout(0.05)
    answer = b""
    while not answer and time.monotonic() - start < 15:
        try:
            slow.sendall(b"x")
            answer = slow.recv(65536)
        except TimeoutError:
            continue
    assert 0.2 < time.monotonic() - start < 10.0
    assert status(answer) == 408


@pytest.mark.parametrize("framing", [b"Content-Length: 1000000000", b"Transfer-Encoding: chunked"])
def test_a_body_without_end_is_answered_413_and_no_memory_is_taken(server: Served, framing: bytes) -> None:
    one = server.connect(b"POST /api HTTP/1.1\r\nHost: localhost\r\n" + framing + b"\r\n\r\n")
    piece = b"%x\r\n%s\r\n" % (len(MEGABYTE), MEGABYTE) if b"chunked" in framing else MEGABYTE
    sent = 0
    start = time.monotonic()
    one.settimeout(2)
    try:
        while time.monotonic() - start < 15:
            one.sendall(piece)
            sent += 1
    except OSError:
        pass
    assert time.monotonic() - start < 12
    assert status(server.ask(HEALTH)) == 200
    assert status(read(one)) == 413
    waits(lambda: server.connections_count == 0)


def test_who_asks_first_whether_a_long_body_may_come_hears_that_it_may_not(server: Served) -> None:
    head = b"POST /api HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\nExpect: 100-continue\r\n\r\n"
    one = server.connect(head)
    assert one.recv(65536).startswith(b"HTTP/1.1 413")


def test_a_client_that_takes_no_answer_is_let_go(server: Served) -> None:
    deaf = server.connect(b"GET /much HTTP/1.1\r\nHost: localhost\r\n\r\n")
    waits(lambda: server.state["open"] == 1)
    assert status(server.ask(HEALTH)) == 200
    waits(lambda: server.connections_count == 0 and server.state["open"] == 0)
    deaf.close()


def test_a_client_that_takes_its_answer_at_a_fair_pace_gets_all_of_it(server: Served) -> None:
    one = server.connect(b"GET /much HTTP/1.1\r\nHost: localhost\r\n\r\n")
    found = 0
    start = time.monotonic()
    while time.monotonic() - start < 1.5:
        found += len(one.recv(200_000))
        time.sleep(0.01)
    assert found > 2_000_000
    assert server.state["open"] == 1


def test_beyond_the_limit_503_is_answered_and_health_all_the_same() -> None:
    with served(connections_count=10, header_s=5.0) as server:
        idle = [server.connect() for _ in range(10)]
        waits(lambda: server.connections_count == 10)
        answer = server.ask(ASK)
        assert status(answer) == 503
        assert b"retry-after" in answer.lower()
        assert status(server.ask(HEALTH)) == 200
        for one in idle:
            one.close()
        waits(lambda: server.connections_count == 0)
        assert status(one_answer(server.connect(ASK))) == 200


def test_however_many_come_health_is_answered_and_connections_are_bounded() -> None:
    with served(connections_count=20, header_s=5.0) as server:
        crowd = [server.connect() for _ in range(20 + 3 * limits.SPARE_COUNT)]
        waits(lambda: server.connections_count <= 20 + limits.SPARE_COUNT)
        assert fastest(server) < 1.0
        waits(lambda: server.connections_count <= 20, limits.CROWDED_S + 2)
        assert len(crowd) > 200


def test_health_is_answered_within_a_second_beside_a_thousand_idle_connections() -> None:
    resource = pytest.importorskip("resource", reason="no limit of open files to raise here")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 4_000:
        pytest.skip(f"a process may open {hard} files here: 2,000 sockets and some more are needed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4_000), hard))
    with served(connections_count=1_100, header_s=20.0) as server:
        idle = [server.connect() for _ in range(1_000)]
        waits(lambda: server.connections_count == len(idle))
        assert fastest(server) < 1.0


@pytest.mark.parametrize(
    "request_",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: \x00\r\n\r\n",
        b"GET /" + b"a" * 200_000,
        b"nonsense\r\n\r\n",
    ],
)
def test_what_is_no_http_is_one_error(server: Served, request_: bytes) -> None:
    answer = server.ask(request_)
    assert 400 <= status(answer) < 500
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["items"]
    assert status(server.ask(HEALTH)) == 200


def test_a_chunk_that_is_none_ends_its_request_in_one_error(server: Served, caplog: pytest.LogCaptureFixture) -> None:
    one = server.connect(b"POST /api HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
    time.sleep(0.05)
    one.sendall(b"nonsense\r\n")
    assert status(read(one)) == 400
    waits(lambda: server.connections_count == 0)
    assert not [record for record in caplog.records if record.exc_info]


def test_a_chunk_that_is_none_after_the_answer_has_begun_ends_the_connection(
    server: Served, caplog: pytest.LogCaptureFixture
) -> None:
    """uvicorn 0.54 answers a second time, which h11 refuses, and asyncio logs a fatal error."""
    one = server.connect(b"POST /early HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert status(one.recv(65536)) == 200
    one.sendall(b"nonsense\r\n")
    assert b"last" not in read(one)
    waits(lambda: server.connections_count == 0)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_connections_fit_into_the_files_that_a_process_may_open(monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource", reason="no limit of open files here")
    asked = []
    monkeypatch.setattr(resource, "setrlimit", lambda _, pair: asked.append(pair))
    most = ServerLimits(connections_count=1_000)
    needed = 1_000 + limits.SPARE_COUNT + limits.OTHERS_COUNT
    for soft, hard, left in (
        (256, 4_096, 1_000),
        (256, 1_024, 1_024 - needed + 1_000),
        (256, -1, 1_000),
        (needed, -1, 1_000),
    ):
        monkeypatch.setattr(resource, "getrlimit", lambda _, pair=(soft, hard): pair)
        assert limits.bounded(most).connections_count == left
    assert asked == [(needed, 4_096), (1_024, 1_024), (needed, -1)]
