"""The guard: what does not pass, what passes with which headers, and how a failure is told."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from gigawatt.interfaces.http import errors, guard, headers, origin
from gigawatt.interfaces.http.guard import Guard
from gigawatt.interfaces.server.asked import Refused
from gigawatt.interfaces.server.settings import ServerLimits, Settings

LIMITS = ServerLimits(body_bytes=1_000, upload_bytes=5_000, body_s=0.2, asking_count=4)
BASE = "http://127.0.0.1:8000"


def inside() -> FastAPI:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, exception_handlers=errors.handlers())

    @app.get("/health")
    async def health() -> Response:
        return JSONResponse({"status": "ok"})

    @app.api_route("/{place:path}", methods=["GET", "POST", "PUT", "DELETE"])
    async def seen(request: Request, place: str) -> Response:
        if place == "bug":
            raise ZeroDivisionError("the \x1b[31msecret\x1b[0m of /etc/passwd")
        if place == "refused":
            raise Refused("absent", "thing", "none", "one")
        body = await request.body()
        return JSONResponse({"path": request.url.path, "bytes": len(body)})

    return app


APP = inside()


def guarded(**settings: Any) -> Guard:
    return Guard(APP, Settings(limits=LIMITS, **settings))


def ask(method: str, path: str, *, base: str = BASE, app: Any = None, **given: Any) -> httpx2.Response:
    async def asked() -> httpx2.Response:
        transport = httpx2.ASGITransport(app or guarded(), raise_app_exceptions=True)
        async with httpx2.AsyncClient(transport=transport, base_url=base) as client:
            return await client.request(method, path, **given)

    return asyncio.run(asked())


def only(response: httpx2.Response) -> dict[str, str]:
    """The one item of an error."""
    error = response.json()["error"]
    assert list(error) == ["kind", "items"]
    (item,) = error["items"]
    assert list(item) == ["path", "given", "expected"]
    found: dict[str, str] = item
    return found


def raw(
    path: bytes, *, app: Any = None, method: str = "GET", pieces: list[dict[str, Any]] | None = None, **changes: Any
) -> list[dict[str, Any]]:
    """What an application sends for a request of which every byte is ours."""
    from urllib.parse import unquote

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "method": method,
        "path": unquote(path.decode("ascii")),
        "raw_path": path,
        "query_string": b"",
        "root_path": "",
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
        "headers": [(b"host", b"127.0.0.1:8000")],
    } | changes
    sent: list[dict[str, Any]] = []
    left = iter(pieces or [{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> Any:
        piece = next(left, None)
        return piece or await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run((app or guarded())(scope, receive, send))
    return sent


def never(*_: Any) -> Any:
    raise AssertionError("the application was asked")


@pytest.mark.parametrize(
    "path",
    [
        b"/api/../etc/passwd",
        b"/api/..%2f..%2fetc/passwd",
        b"/api/%2e%2e/etc/passwd",
        b"/api/%2E%2E",
        b"/%252e%252e/etc",
        b"/api/results/%25",
        b"/api/results/a%00b",
        b"/api/results/a%0ab",
        b"/api/results/a%5c..%5cb",
        b"/api/results/%2fetc",
        b"/api/results/a%2Fb",
        b"//example.org/%2e%2e",
        b"/api//results",
        b"/./api",
        b"/api/.",
        b"/api/%e2%80%ae",
        b"/api/%1b%5b31m",
        b"/api/%ff",
        b"/api/%c0%ae%c0%ae/",
        b"/api/%ed%a0%80",
        b"/" + b"a" * 2000,
        b"http://example.org/api",
        b"*",
        b"",
    ],
)
def test_a_path_of_two_meanings_is_nowhere_and_nobody_is_asked(path: bytes) -> None:
    start, body = raw(path, app=Guard(never, Settings()))
    assert start["status"] == 404
    assert json.loads(body["body"])["error"]["kind"] == "NotFound"
    assert json.loads(body["body"])["error"]["items"][0]["given"].isprintable()


@pytest.mark.parametrize("path", ["/", "/api/results", "/api/scenarios/α-β", "/api/files/a.b..c", "/api/a b", "/api/"])
def test_a_path_of_one_meaning_passes(path: str) -> None:
    assert ask("GET", path).json()["path"] == path


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.1:8000", "localhost", "LOCALHOST:9", "[::1]", "[::1]:80", "gw.example.org", "10.0.0.7:8"],
)
def test_names_of_ours_are_answered(host: str) -> None:
    app = guarded(hosts=("gw.example.org",), host="10.0.0.7")
    assert ask("GET", "/api", headers={"host": host}, app=app).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.",
        "localhost.evil.example",
        "evil.example:8000",
        "127.0.0.1@evil.example",
        "evil.example, 127.0.0.1",
        "127.0.0.1:8000:1",
        "127.0.0.1:",
        "0.0.0.0",
        "2130706433",
        "[::ffff:127.0.0.1]",
        "",
        " ",
    ],
)
def test_a_name_that_is_not_ours_is_misdirected(host: str) -> None:
    found = ask("GET", "/api", headers={"host": host})
    assert found.status_code == 421
    assert only(found)["path"] == "Host"


@pytest.mark.parametrize("given", [[], [(b"host", b"127.0.0.1"), (b"host", b"evil.example")]])
def test_a_request_calls_us_by_one_name(given: list[tuple[bytes, bytes]]) -> None:
    assert raw(b"/", headers=given)[0]["status"] == 421


def test_a_server_that_listens_everywhere_is_not_called_by_that() -> None:
    assert origin.names(Settings(host="0.0.0.0", hosts=("GW.example.org",))) == origin.LOOPBACK | {"gw.example.org"}
    assert "[fe80::1]" in origin.names(Settings(host="fe80::1"))


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize(
    "page",
    [
        "http://evil.example",
        "null",
        "http://127.0.0.1:9000",
        "https://127.0.0.1.evil.example:8000",
        "http://localhost:8000",
        "file://",
        "",
    ],
)
def test_a_page_of_somebody_else_asks_nothing(method: str, page: str) -> None:
    found = ask(method, "/api", headers={"origin": page})
    assert found.status_code == 403
    assert only(found)["path"] == "Origin"


@pytest.mark.parametrize(
    ("base", "page"),
    [
        (BASE, "http://127.0.0.1:8000"),
        ("http://gw.example.org", "http://gw.example.org"),
        ("http://gw.example.org", "https://gw.example.org"),
        ("http://gw.example.org", "https://gw.example.org:443"),
        ("https://gw.example.org", "https://gw.example.org"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_a_page_of_ours_asks(base: str, page: str) -> None:
    app = guarded(hosts=("gw.example.org",))
    given = {"origin": page, "sec-fetch-site": "same-origin"}
    assert ask("POST", "/api", base=base, headers=given, app=app).status_code == 200


def test_a_page_read_in_the_clear_asks_nothing_of_an_encrypted_server() -> None:
    app = guarded(hosts=("gw.example.org",))
    found = ask("POST", "/", base="https://gw.example.org", headers={"origin": "http://gw.example.org"}, app=app)
    assert found.status_code == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site", "x"])
def test_a_browser_that_says_another_site_is_believed_where_something_changes(site: str) -> None:
    assert ask("POST", "/api", headers={"sec-fetch-site": site}).status_code == 403
    assert ask("DELETE", "/api", headers={"sec-fetch-site": site}).status_code == 403
    assert ask("GET", "/api", headers={"sec-fetch-site": site}).status_code == 200


@pytest.mark.parametrize("given", [None, "", "another", "sécret", "\ud800"])
def test_what_lacks_the_token_of_its_session_is_refused(given: str | None) -> None:
    with pytest.raises(Refused) as caught:
        origin.check_csrf(given, "secret")
    assert caught.value.why == "forbidden"
    with pytest.raises(Refused):
        origin.check_csrf(given, "")
    origin.check_csrf("secret", "secret")


@pytest.mark.parametrize(("path", "most_bytes"), [("/api/x", 1_000), ("/api/uploads", 5_000)])
def test_a_body_may_be_as_long_as_the_limit_and_no_longer(path: str, most_bytes: int) -> None:
    async def pieces(count: int) -> AsyncIterator[bytes]:
        for _ in range(count):
            yield b"x" * 100

    for length in (most_bytes, most_bytes + 1):
        assert ask("POST", path, content=b"x" * length).status_code == (200 if length == most_bytes else 413)
    for count in (most_bytes // 100, most_bytes // 100 + 1, 100_000):
        found = ask("POST", path, content=pieces(count))
        assert found.status_code == (200 if count * 100 == most_bytes else 413)
        assert found.status_code == 200 or only(found)["path"] == "body"


@pytest.mark.parametrize("length", ["1000000000", "9" * 18, "9" * 5000])
def test_a_body_that_says_it_is_long_is_refused_before_it_comes(length: str) -> None:
    given = [(b"host", b"127.0.0.1"), (b"content-length", length.encode())]
    assert raw(b"/", method="POST", app=Guard(never, Settings()), headers=given)[0]["status"] == 413


@pytest.mark.parametrize("length", ["-1", "1e3", "²", " ", "0x10"])
def test_a_length_that_is_no_number_is_refused(length: str) -> None:
    given = [(b"host", b"127.0.0.1"), (b"content-length", length.encode("latin-1"))]
    assert raw(b"/", method="POST", app=Guard(never, Settings()), headers=given)[0]["status"] == 422


def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    sent = raw(b"/api", method="POST", pieces=[{"type": "http.request", "body": b"x", "more_body": True}])
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]


def test_the_time_that_an_application_takes_between_two_pieces_is_not_the_clients() -> None:
    async def slow(scope: Any, receive: Callable[[], Any], send: Callable[[Any], Any]) -> None:
        del scope
        for _ in range(3):
            await asyncio.sleep(0.15)
            assert (await receive())["type"] == "http.request"
        await JSONResponse({})({"type": "http"}, receive, send)

    piece = {"type": "http.request", "body": b"x", "more_body": True}
    sent = raw(b"/", method="POST", app=Guard(slow, Settings(limits=LIMITS)), pieces=[piece, piece, piece])
    assert sent[0]["status"] == 200


def test_bodies_that_together_fill_the_memory_are_refused_and_room_comes_back() -> None:
    app = guarded()

    async def asked() -> list[int]:
        gate = asyncio.Event()

        async def held() -> AsyncIterator[bytes]:
            yield b"x" * 900
            await gate.wait()
            yield b"x"

        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url=BASE) as client:
            tasks = [asyncio.create_task(client.post("/api", content=held())) for _ in range(4)]
            await asyncio.sleep(0.05)
            crowded = await client.post("/api", content=b"x" * 900)
            upload = await client.post("/api/uploads", content=b"x" * 4_000)
            gate.set()
            done = await asyncio.gather(*tasks)
            after = await client.post("/api", content=b"x" * 900)
        assert crowded.headers["retry-after"]
        return [crowded.status_code, upload.status_code, *(one.status_code for one in done), after.status_code]

    assert asyncio.run(asked()) == [503, 200, 200, 200, 200, 200, 200]


def test_among_too_many_connections_only_health_is_answered() -> None:
    start, body = raw(b"/api", app=Guard(never, Settings()), state={guard.CROWDED: True})
    assert start["status"] == 503
    assert b"retry-after" in dict(start["headers"])
    assert json.loads(body["body"])["error"]["kind"] == "Busy"
    assert raw(b"/health", state={guard.CROWDED: True})[0]["status"] == 200


def test_headers_without_end_are_refused() -> None:
    host = (b"host", b"127.0.0.1")
    for many in ([(b"x", b"1")] * 200, [(b"x", b"y" * 40_000)]):
        assert raw(b"/", app=Guard(never, Settings()), headers=[host, *many])[0]["status"] == 431


@pytest.mark.parametrize("path", ["/api", "/bug", "/refused", "/api/../x", "/health"])
def test_every_answer_protects_who_reads_it(path: str) -> None:
    found = raw(path.encode())[0]
    named = [name for name, _ in found["headers"]]
    said = dict(found["headers"])
    assert len(named) == len(set(named))
    policy = said[b"content-security-policy"].decode()
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert said[b"x-content-type-options"] == b"nosniff"
    assert said[b"referrer-policy"] == b"same-origin"
    assert said[b"cache-control"] == b"no-store"
    assert len(said[b"x-request-id"]) == 16
    assert b"server" not in said
    assert not any(name.startswith(b"access-control") for name in named)
    assert b"strict-transport-security" not in said


def test_encryption_is_kept_once_it_was_there() -> None:
    assert b"strict-transport-security" in dict(raw(b"/api", scheme="https")[0]["headers"])


def test_what_a_route_says_of_its_own_answer_stands() -> None:
    found = dict(headers.guarded([(b"Cache-Control", b"max-age=60")], "7"))
    assert found[b"cache-control"] == b"max-age=60"
    assert found[b"x-request-id"] == b"7"


def test_a_failure_is_told_without_its_insides_and_logged_with_its_request(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        found = ask("GET", "/bug")
    assert found.status_code == 500
    assert only(found)["path"] == "server"
    assert "secret" not in found.text
    assert "Traceback" not in found.text
    (record,) = [record for record in caplog.records if record.name == "gigawatt.http"]
    text = record.getMessage()
    assert found.headers["x-request-id"] in text
    assert "ZeroDivisionError" in text
    assert "\x1b" not in text


def test_a_failure_of_an_application_without_handlers_is_one_error_too() -> None:
    async def broken(*_: Any) -> None:
        raise KeyError("hidden")

    start, body = raw(b"/", app=Guard(broken, Settings()))
    assert start["status"] == 500
    assert b"hidden" not in body["body"]


def test_a_failure_in_the_middle_of_an_answer_adds_nothing_to_it() -> None:
    async def half(scope: Any, receive: Any, send: Any) -> None:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"half"
            raise ValueError("the rest")

        await StreamingResponse(pieces())(scope, receive, send)

    sent = raw(b"/", app=Guard(half, Settings()))
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[1]["body"] == b"half"


def test_a_client_that_left_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    pieces = [{"type": "http.request", "body": b"x", "more_body": True}, {"type": "http.disconnect"}]
    raw(b"/api", method="POST", pieces=pieces)
    assert not [record for record in caplog.records if record.name == "gigawatt.http"]


def test_what_a_route_refuses_passes_as_it_is() -> None:
    found = ask("GET", "/refused")
    assert found.status_code == 404
    assert only(found) == {"path": "thing", "given": "none", "expected": "one"}


def test_what_is_no_request_passes() -> None:
    seen: list[str] = []

    async def app(scope: Any, *_: Any) -> None:
        seen.append(scope["type"])

    asyncio.run(Guard(app, Settings())({"type": "lifespan"}, never, never))  # type: ignore[arg-type]
    assert seen == ["lifespan"]
