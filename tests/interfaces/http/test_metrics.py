"""What Prometheus reads: text that its own readers take, figures that are right, labels that name nobody."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
from typing import Any

import httpx2
import pytest
from fastapi import APIRouter, FastAPI
from starlette.responses import Response, StreamingResponse
from starlette.routing import Mount, Route

pytest.importorskip("prometheus_client", reason="no prometheus-client: pip install '.[server]'")

from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as plain

from gigawatt import __version__
from gigawatt.interfaces.http.guard import Guard
from gigawatt.interfaces.http.metrics import Gauged, Metrics, Pending
from gigawatt.interfaces.server.settings import Settings

OPEN = "application/openmetrics-text; version=1.0.0"
LOAD = Pending(jobs_count={"waiting": 2, "running": 1, "done": 7}, oldest_wait_s=12.5, workers_count=3)


def inside() -> FastAPI:
    router = APIRouter()

    @router.get("/results/{id}")
    async def result(id: str) -> Response:
        return Response(id)

    @router.get("/events")
    async def events() -> Response:
        return StreamingResponse(iter([b"data: 1\n\n"]), media_type="text/event-stream")

    @router.get("/bug")
    async def bug() -> Response:
        raise ZeroDivisionError

    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.include_router(router, prefix="/api")
    app.router.routes.append(Mount("/mcp", routes=[Route("/{rest:path}", lambda _: Response("mcp"))]))
    return app


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(lambda: LOAD)


def ask(metrics: Metrics, *requests: tuple[str, str]) -> None:
    async def asked() -> None:
        app = Gauged(Guard(inside(), Settings()), metrics)
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://localhost") as client:
            for method, path in requests:
                await client.request(method, path)

    asyncio.run(asked())


def figures(metrics: Metrics, accept: str = "") -> dict[tuple[str, ...], float]:
    """Every figure by its name and labels."""
    text, _ = metrics.text(accept)
    families = (open_metrics if accept else plain)(text.decode())
    return {
        (sample.name, *(f"{name}={value}" for name, value in sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.mark.parametrize("accept", ["", OPEN])
def test_both_texts_are_read_back_with_the_same_figures(metrics: Metrics, accept: str) -> None:
    ask(metrics, ("GET", "/api/results/one"), ("GET", "/api/results/two"), ("GET", "/api/bug"), ("POST", "/api/events"))
    found = figures(metrics, accept)
    requests = "gigawatt_http_requests_total"
    route = "route=/api/results/{id}"
    assert found[requests, "method=GET", route, "status=200"] == 2
    assert found[requests, "method=GET", "route=/api/bug", "status=500"] == 1
    assert found[requests, "method=POST", "route=/api/events", "status=405"] == 1
    assert found["gigawatt_http_request_duration_seconds_count", "method=GET", route] == 2
    assert found["gigawatt_http_request_duration_seconds_bucket", "le=+Inf", "method=GET", route] == 2
    assert found["gigawatt_http_requests_open",] == 0
    assert found["gigawatt_jobs", "state=waiting"] == 2
    assert found["gigawatt_jobs_oldest_wait_seconds",] == 12.5
    assert found["gigawatt_workers",] == 3
    assert next(key for key in found if key[0] == "gigawatt_build_info")[2] == f"version={__version__}"


def test_the_reader_is_told_which_text_it_is(metrics: Metrics) -> None:
    text, kind = metrics.text(OPEN)
    assert kind.startswith("application/openmetrics-text")
    assert text.endswith(b"# EOF\n")
    assert metrics.text()[1].startswith("text/plain")


def test_nothing_that_somebody_called_something_becomes_a_label(metrics: Metrics) -> None:
    names = ("secret-plan", "mallory", "x" * 200, "%2e%2e")
    requests = [("GET", f"/{place}/{name}") for place in ("api/results", "nowhere", "mcp") for name in names]
    ask(metrics, *requests, ("BREW", "/api/results/pot"))
    text = metrics.text()[0].decode()
    assert not [name for name in (*names, "BREW", "pot", "..") if name in text]
    routes = set(re.findall(r'route="([^"]*)"', text))
    assert routes >= {"/api/results/{id}", "none"}
    assert len(routes) <= 4


def test_a_stream_of_events_is_counted_but_its_length_is_no_latency(metrics: Metrics) -> None:
    ask(metrics, ("GET", "/api/events"))
    found = figures(metrics)
    assert found["gigawatt_http_requests_total", "method=GET", "route=/api/events", "status=200"] == 1
    assert not [key for key in found if "duration" in key[0] and "route=/api/events" in key]


def test_a_request_that_ends_in_a_failure_is_no_longer_open(metrics: Metrics) -> None:
    async def broken(*_: Any) -> None:
        raise KeyError("hidden")

    scope = {"type": "http", "method": "GET", "path": "/"}
    with pytest.raises(KeyError):
        asyncio.run(Gauged(broken, metrics)(scope, broken, broken))
    found = figures(metrics)
    assert found["gigawatt_http_requests_open",] == 0
    assert found["gigawatt_http_requests_total", "method=GET", "route=none", "status=499"] == 1


def test_two_servers_in_one_process_have_figures_of_their_own(metrics: Metrics) -> None:
    other = Metrics(lambda: LOAD)
    ask(metrics, ("GET", "/api/results/one"))
    assert not [key for key in figures(other) if key[0] == "gigawatt_http_requests_total"]


def test_units_stand_in_names_and_prometheus_has_nothing_to_say(metrics: Metrics) -> None:
    ask(metrics, ("GET", "/api/results/one"))
    text, _ = metrics.text()
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text.decode(), re.MULTILINE))
    assert all(name.endswith("_total") for name, kind in kinds.items() if kind == "counter")
    assert not [name for name in kinds if re.search(r"(ms|millis|minutes|hours|kb|mb)(_|$)", name)]
    if shutil.which("promtool") is None:
        pytest.skip("no promtool on the path: apt-get install prometheus")
    said = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, timeout=30, check=False)
    assert (said.returncode, said.stderr.decode()) == (0, "")
