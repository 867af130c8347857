"""Jobs and results over HTTP: events as they come, answers as they were given, files that are what they say."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from gigawatt.interfaces.http import jobs as over_http
from gigawatt.interfaces.server import jobs
from gigawatt.interfaces.server.tables import JOBS

Ask = Callable[..., Any]
ANSWER = b'{"gigawatt": "0.1.0", "npv_usd": 1.5, "notes": []}'
HOSTILE = (
    "../answer.json",
    "..%2fanswer.json",
    "%2e%2e/answer.json",
    "answer.json%00",
    "link.json",
    ".hidden.json",
    "a" * 300,
)


@pytest.fixture
def job(as_: Ask, server: Any) -> Iterator[str]:
    """Id of a job that waits."""
    id_ = as_("editor", "POST", "/api/verbs/run", json={"scenario": "one-campus"}).json()["id"]
    yield id_
    with server.store.writing() as connection:
        connection.execute(update(JOBS).where(JOBS.c.id == id_, JOBS.c.state == "waiting").values(state="cancelled"))


@pytest.fixture
def result(server: Any, job: str) -> str:
    """Id of a result with files."""
    server.ended(job, ANSWER, scenario="one-campus", hash="0" * 64)
    folder: Path = jobs.folder_of(server.settings, job)
    (folder / "tables").mkdir()
    (folder / "tables" / "cash.csv").write_text("Quarter,Cash [USD]\n2026Q1,1.5\n2026Q2,-2\n")
    (folder / "report.html").write_text("<script>alert(1)</script>")
    (folder / "workbook.xlsx").write_bytes(b"PK\x03\x04")
    (folder / "link.json").symlink_to("/etc/hostname")
    (folder / ".hidden.json").write_text("{}")
    (folder / "code.py").write_text("")
    return job


def test_a_job_stands_where_it_was_asked_for(as_: Ask, job: str) -> None:
    view = as_("viewer", "GET", f"/api/jobs/{job}").json()
    assert (view["id"], view["state"], view["who"]) == (job, "waiting", "editor")
    assert job in [one["id"] for one in as_("viewer", "GET", "/api/jobs?who=editor&state=waiting").json()["jobs"]]
    assert as_("viewer", "GET", "/api/jobs?who=nobody").json() == {"jobs": []}
    assert as_("viewer", "GET", "/api/jobs?count=1").json()["jobs"][0]["id"] == job


@pytest.mark.parametrize(
    ("query", "path"),
    [("count=0", "count"), ("count=9999", "count"), ("state=done&state=late", "state.1"), ("count=x", "count")],
)
def test_what_no_list_can_be_asked_is_told(as_: Ask, query: str, path: str) -> None:
    found = as_("viewer", "GET", f"/api/jobs?{query}")
    assert found.status_code == 422
    assert [item["path"] for item in found.json()["error"]["items"]] == [path]


def test_a_job_is_cancelled_by_whose_it_is_or_an_owner(as_: Ask, job: str) -> None:
    assert as_("approver", "DELETE", f"/api/jobs/{job}").status_code == 403
    assert as_("editor", "DELETE", f"/api/jobs/{job}").status_code == 200


def test_a_result_is_there_when_its_job_is_done(as_: Ask, server: Any, job: str) -> None:
    assert as_("viewer", "GET", f"/api/results/{job}").status_code == 404
    server.ended(job, ANSWER)
    assert as_("viewer", "GET", f"/api/results/{job}").content == ANSWER


def test_a_reader_who_has_an_answer_is_told_that_it_stands(as_: Ask, result: str) -> None:
    found = as_("viewer", "GET", f"/api/results/{result}")
    again = as_("viewer", "GET", f"/api/results/{result}", headers={"If-None-Match": found.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == found.headers["ETag"]
    assert as_("viewer", "GET", f"/api/results/{result}", headers={"If-None-Match": '"x"'}).status_code == 200


def test_an_answer_that_was_removed_is_told_no_more(as_: Ask, result: str) -> None:
    """It is kept in memory, but who asks is asked for first."""
    assert as_("viewer", "GET", f"/api/results/{result}").status_code == 200
    assert as_("approver", "DELETE", f"/api/results/{result}").status_code == 403
    assert as_("editor", "DELETE", f"/api/results/{result}").status_code == 204
    assert as_("viewer", "GET", f"/api/results/{result}").status_code == 404
    assert as_("editor", "DELETE", f"/api/results/{result}").status_code == 404


def test_results_are_listed_by_verb_and_scenario_in_pages(as_: Ask, server: Any, result: str) -> None:
    sweep = as_("editor", "POST", "/api/verbs/sweep", json={"scenario": "one-campus"}).json()["id"]
    server.ended(sweep, ANSWER, scenario="other")
    ids = [one["id"] for one in as_("viewer", "GET", "/api/results?verb=run&scenario=one-campus").json()["results"]]
    assert result in ids
    assert sweep not in ids
    assert sweep in [one["id"] for one in as_("viewer", "GET", "/api/sweeps").json()["results"]]
    assert as_("viewer", "GET", "/api/claims").json() == {"results": [], "next": None}
    first = as_("viewer", "GET", "/api/results?count=1").json()
    second = as_("viewer", "GET", f"/api/results?count=1&before={first['next']}").json()
    assert first["results"][0]["id"] == first["next"] != second["results"][0]["id"]


def test_files_are_those_of_the_folder_and_no_others(as_: Ask, result: str) -> None:
    names = [one["name"] for one in as_("viewer", "GET", f"/api/results/{result}/files").json()["files"]]
    assert names == ["answer.json", "report.html", "tables/cash.csv", "workbook.xlsx"]
    for name in (*HOSTILE, "a" * 300):
        assert as_("viewer", "GET", f"/api/results/{result}/files/{name}").status_code == 404, name


@pytest.mark.parametrize(
    ("name", "kind", "shown"),
    [
        ("report.html", "text/html; charset=utf-8", 'inline; filename="report.html"'),
        ("tables/cash.csv", "text/csv; charset=utf-8", 'inline; filename="cash.csv"'),
        (
            "workbook.xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            'attachment; filename="workbook.xlsx"',
        ),
    ],
)
def test_a_file_is_what_it_says_and_has_none_of_our_rights(
    as_: Ask, result: str, name: str, kind: str, shown: str
) -> None:
    found = as_("viewer", "GET", f"/api/results/{result}/files/{name}")
    assert (found.status_code, found.headers["Content-Type"], found.headers["Content-Disposition"]) == (
        200,
        kind,
        shown,
    )
    assert found.headers["X-Content-Type-Options"] == "nosniff"
    policy = found.headers["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "allow-same-origin" not in policy


def test_tables_are_told_in_pages(as_: Ask, result: str) -> None:
    tables = as_("viewer", "GET", f"/api/results/{result}/tables").json()["tables"]
    assert [(one["name"], one["rows_count"], one["rows"]) for one in tables] == [("cash", 2, [])]
    page = as_("viewer", "GET", f"/api/results/{result}/tables/cash?offset=1&count=1").json()
    assert page["rows"] == [["2026Q2", -2.0]]
    assert page["columns"][1] == {"title": "Cash", "unit": "USD", "numeric": True}
    assert as_("viewer", "GET", f"/api/results/{result}/tables/none").status_code == 404


def test_a_result_without_a_plan_has_no_arrays(as_: Ask, result: str) -> None:
    assert as_("viewer", "GET", f"/api/results/{result}/arrays").json() == {"arrays": []}
    assert as_("viewer", "GET", f"/api/results/{result}/arrays/plan/it_w").status_code == 404
    assert as_("viewer", "GET", f"/api/results/{result}/arrays/plan/it_w?only=site").status_code == 422


@pytest.mark.parametrize("id_", ["0" * 31, "0" * 33, "..", "%2e%2e", "é", "f" * 32, "null"])
def test_an_id_of_nothing_is_nothing(as_: Ask, id_: str) -> None:
    for place in ("jobs", "results"):
        assert as_("viewer", "GET", f"/api/{place}/{id_}").status_code == 404
    assert as_("viewer", "GET", f"/api/jobs/{id_}/events").status_code == 404


@contextmanager
def changed(server: Any, id_: str, *steps: dict[str, Any]) -> Iterator[None]:
    """Something happens to a job while somebody listens."""

    def change() -> None:
        for step in steps:
            stop.wait(0.05)
            with server.store.writing() as connection:
                connection.execute(update(JOBS).where(JOBS.c.id == id_).values(step))

    stop = threading.Event()
    thread = threading.Thread(target=change)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def told(text: str) -> list[tuple[str, dict[str, Any]]]:
    """Id and data of each event."""
    events = [block.splitlines() for block in text.split("\n\n") if block.startswith("event: job")]
    return [(lines[1].removeprefix("id: "), json.loads(lines[2].removeprefix("data: "))) for lines in events]


def test_events_tell_every_change_until_the_end(
    as_: Ask, server: Any, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(over_http, "LOOK_S", 0.01)
    steps = ({"state": "running", "words": "solving"}, {"state": "running", "words": "writing"}, {"state": "done"})
    with changed(server, job, *steps):
        found = as_("viewer", "GET", f"/api/jobs/{job}/events")
    assert found.headers["Content-Type"].startswith("text/event-stream")
    assert found.headers["Cache-Control"] == "no-store"
    seen = told(found.text)
    assert [data["state"] for _, data in seen] == ["waiting", "running", "running", "done"]
    assert len({id_ for id_, _ in seen}) == 4


def test_who_comes_back_is_told_what_they_have_not_seen(as_: Ask, server: Any, job: str) -> None:
    server.ended(job, ANSWER)
    ((last, data),) = told(as_("viewer", "GET", f"/api/jobs/{job}/events").text)
    assert data["state"] == "done"
    again = as_("viewer", "GET", f"/api/jobs/{job}/events", headers={"Last-Event-ID": last})
    assert (again.status_code, again.text) == (200, "")
    assert len(told(as_("viewer", "GET", f"/api/jobs/{job}/events", headers={"Last-Event-ID": "x"}).text)) == 1


def test_a_quiet_stream_beats_and_ends_when_the_server_does(
    as_: Ask, anybody: TestClient, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(over_http, "LOOK_S", 0.01)
    monkeypatch.setattr(over_http, "BEAT_S", 0.03)
    app: Any = anybody.app
    desk = app._app._app.state.desk
    looks = iter(range(20))
    monkeypatch.setattr(desk, "leaving", lambda: next(looks, None) is None)
    found = as_("viewer", "GET", f"/api/jobs/{job}/events").text
    assert found.count(": still here\n\n") >= 3
    assert len(told(found)) == 1


def test_a_listener_who_leaves_is_noticed(server: Any, job: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is looked at for nobody ends with the connection."""
    from gigawatt.interfaces.http.desk import FrontDesk, Visit
    from gigawatt.interfaces.server.asked import Caller

    monkeypatch.setattr(over_http, "LOOK_S", 0.01)
    desk = FrontDesk(server.room)

    async def listen() -> int:
        at = Visit(caller=Caller(name="viewer", role="viewer", door="http"), desk=desk)
        response = await over_http.job_events(at, job)
        sent: list[Any] = []
        left = asyncio.Event()

        async def receive() -> Any:
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)
            left.set()

        await asyncio.wait_for(response({"type": "http", "asgi": {"spec_version": "2.3"}}, receive, send), 5)
        return len(sent)

    assert asyncio.run(listen()) >= 1
    desk.close()
