"""What a server tells of itself to Prometheus: requests by route, jobs by state, its process; nobody's names.

The text is that of the official client, in a registry of its own. A route stands for its requests by its template, so
that the names of scenarios and people never become labels, and labels never grow without end.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder

from gigawatt import __version__

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"})
# Upper edges of the time that a request takes, in seconds; the targets of a read, 0.3, and of a verb, 0.2, are edges.
EDGES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
ELSEWHERE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """What a server has to do at a moment."""

    jobs_count: Mapping[str, int]
    """Jobs by state."""
    oldest_wait_s: float
    """How long the job that waits the longest has waited; 0 where none waits."""
    workers_count: int
    """Worker processes that live."""


class Metrics:
    """The figures of one server, gathered as long as it lives."""

    def __init__(self, load: Callable[[], Pending]) -> None:
        """load: asked at each reading; it may look into the database."""
        self._registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self._requests = Counter("gigawatt_http_requests", "Requests answered.", labels, registry=self._registry)
        self._duration = Histogram(
            "gigawatt_http_request_duration_seconds",
            "Time from the head of a request to the end of its answer; streams of events are left out.",
            ("method", "route"),
            buckets=EDGES,
            registry=self._registry,
        )
        self._open = Gauge("gigawatt_http_requests_open", "Requests being answered.", registry=self._registry)
        build = Info("gigawatt_build", "What answers.", registry=self._registry)
        build.info({"version": __version__, "python": platform.python_version()})
        ProcessCollector(registry=self._registry)
        self._registry.register(Loaded(load))

    def text(self, accept: str = "") -> tuple[bytes, str]:
        """All figures as text, and its type: OpenMetrics for a reader that accepts it, else that of Prometheus."""
        encode, kind = choose_encoder(accept)
        return encode(self._registry), kind

    def begin(self) -> None:
        """A request came."""
        self._open.inc()

    def end(self, scope: Scope, status: int, took_s: float | None) -> None:
        """A request was answered. took_s: None for a stream, which lasts as long as somebody listens."""
        self._open.dec()
        method = scope["method"] if scope["method"] in METHODS else "other"
        route = template(scope)
        self._requests.labels(method, route, str(status)).inc()
        if took_s is not None:
            self._duration.labels(method, route).observe(took_s)


class Loaded:
    """Reads what a server has to do whenever its figures are read."""

    def __init__(self, load: Callable[[], Pending]) -> None:
        self._load = load

    def describe(self) -> list[Any]:
        """Nothing beforehand: the registry would read to know the names."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Jobs by state, the longest wait and the workers."""
        load = self._load()
        jobs = GaugeMetricFamily("gigawatt_jobs", "Jobs by state.", labels=["state"])
        for state, count in load.jobs_count.items():
            jobs.add_metric([state], count)
        yield jobs
        yield GaugeMetricFamily(
            "gigawatt_jobs_oldest_wait_seconds", "Wait of the job that waits the longest.", load.oldest_wait_s
        )
        yield GaugeMetricFamily("gigawatt_workers", "Worker processes.", load.workers_count)


class Gauged:
    """An ASGI application around another, which notes what it answers and how long it takes."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        """app: what is measured, guard and all."""
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and note it when it ends, however it ends."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        seen: dict[str, Any] = {"status": 499, "streams": False}  # a client that left hears nothing

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                kinds = [value for name, value in message.get("headers", ()) if name.lower() == b"content-type"]
                seen.update(status=message["status"], streams=kinds[:1] and kinds[0].startswith(b"text/event-stream"))
            await send(message)

        start_s = time.perf_counter()
        self._metrics.begin()
        try:
            await self._app(scope, receive, noted)
        finally:
            took_s = None if seen["streams"] else time.perf_counter() - start_s
            self._metrics.end(scope, seen["status"], took_s)


def template(scope: Scope) -> str:
    """The route of a request as it is written in the code, such as /api/results/{id}; "none" where there is none."""
    found = scope.get("fastapi", {}).get("effective_route_context") or scope.get("route")
    return getattr(found, "path_format", None) or getattr(found, "path", None) or ELSEWHERE
