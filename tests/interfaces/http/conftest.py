"""A server to knock at within this process: its application, and clients that come with a token, a session or nothing.

The room is real but for its workers: verbs are answered in this process, and jobs wait until a test says otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from gigawatt.interfaces.http.app import application
from gigawatt.interfaces.http.cookies import SESSION
from gigawatt.interfaces.server import jobs, people
from gigawatt.interfaces.server.asked import ROLES, Reply, WorkOrder
from gigawatt.interfaces.server.performing import perform
from gigawatt.interfaces.server.room import Room
from gigawatt.interfaces.server.settings import Settings
from gigawatt.interfaces.server.store import ServerStore, now
from gigawatt.interfaces.server.tables import JOBS

HOST = "http://127.0.0.1"


class Here:
    """Workers that are no processes of their own."""

    count = 1

    def ask(self, order: WorkOrder) -> Reply:
        return perform(order)


class Waiting:
    """A queue whose jobs wait: tests say what becomes of them."""

    def __init__(self, settings: Settings, store: ServerStore) -> None:
        self.settings, self.store, self.count = settings, store, 0

    def put(self, who: str, order: WorkOrder, question: Mapping[str, Any], cpu_s: float) -> jobs.JobView:
        self.count += 1
        return jobs.put(self.store, self.settings.limits, f"{self.count:032x}", who, order, question, cpu_s)

    def at_once(self, who: str, order: WorkOrder, question: Mapping[str, Any], cpu_s: float) -> Reply:
        return Reply(code=0, body=json.dumps({"id": self.put(who, order, question, cpu_s).id}).encode())


class Server:
    """A room without processes, its application, and those who knock."""

    def __init__(self, settings: Settings) -> None:
        self.room = Room(settings)
        self.settings = self.room.settings
        self.room.store = self.store = ServerStore(self.settings)
        self.room.workers = Here()  # type: ignore[assignment]
        self.room.queue = Waiting(self.settings, self.store)  # type: ignore[assignment]
        self.tokens: dict[str, str] = {}
        for role in ROLES:
            people.add(self.store, role, role)
            self.tokens[role] = people.issue(self.store, role, role).secret

    def ended(self, id_: str, answer: bytes | None = None, **values: Any) -> None:
        """A job is over: done with an answer, or as the values say."""
        row = {"state": "done", "started": now(), "ended": now(), "code": 0, **values}
        with self.store.writing() as connection:
            connection.execute(update(JOBS).where(JOBS.c.id == id_).values(row))
        if answer is not None:
            folder = jobs.folder_of(self.settings, id_)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "answer.json").write_bytes(answer)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    place: Path = tmp_path_factory.mktemp("http")
    found = Server(Settings(database=str(place / "ledger.db"), data=place / "server"))
    yield found
    found.store.close()


@pytest.fixture(scope="module")
def anybody(server: Server) -> Iterator[TestClient]:
    """Who comes with nothing."""
    with TestClient(application(server.room), base_url=HOST, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def browser(server: Server) -> Iterator[Callable[[str], TestClient]]:
    """A browser without scripts, in which somebody of a role has signed in; it follows no redirection by itself. Its
    attribute `csrf` is what its forms have to carry."""
    with ExitStack() as opened:

        def signed_in(role: str = "editor") -> TestClient:
            signed = people.sign_in(server.store, "", server.tokens[role], "127.0.0.1")
            found = TestClient(application(server.room), base_url=HOST, follow_redirects=False)
            client = opened.enter_context(found)
            client.cookies.set(SESSION, signed.secret)
            client.csrf = signed.csrf  # type: ignore[attr-defined]
            return client

        yield signed_in


@pytest.fixture
def as_(anybody: TestClient, server: Server) -> Callable[..., Any]:
    """A request by a role: method, path, and what a client takes besides."""

    def asked(role: str, method: str, path: str, **given: Any) -> Any:
        headers = {"Authorization": f"Bearer {server.tokens[role]}", **given.pop("headers", {})}
        return anybody.request(method, path, headers=headers, **given)

    return asked
