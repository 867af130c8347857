"""Jobs as pages: those that wait and run, how one goes on and ends, and where its result is read."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from gigawatt.interfaces.http.pages import jobs as pages
from gigawatt.interfaces.server import jobs
from gigawatt.interfaces.server.asked import Caller, Reply
from gigawatt.interfaces.server.performing import PAGES

Browser = Callable[..., Any]
VALUES = {"scenario": "one-campus", "set": {"programme.target": "50 MW", "seed": 7}}
ERROR = {"kind": "ScenarioError", "items": [{"path": "programme.target", "given": '"50"', "expected": "a power"}]}


@pytest.fixture
def begun(server: Any) -> Callable[..., str]:
    """Begins a job, as somebody, and says its id."""

    def begins(verb: str = "run", who: str = "editor", **values: Any) -> str:
        caller = Caller(name=who, role="editor", door="page")
        found: str = server.room.start(caller, verb, values or VALUES).id
        return found

    return begins


def told(server: Any, id_: str, title: str) -> None:
    """A result has a document in English."""
    document = {
        "title": title,
        "names": [],
        "lead": "",
        "tiles": [],
        "sections": [
            {
                "slug": "it",
                "title": title,
                "lead": "",
                "parts": [{"kind": "paragraph", "text": "So it is.", "tone": "", "depth": "brief"}],
            }
        ],
        "notes": [],
        "sources": [],
        "made": "",
    }
    place = jobs.folder_of(server.settings, id_) / PAGES["en"]
    place.write_text(json.dumps(document), encoding="utf-8")


def test_a_job_that_waits_is_listed_and_shown_with_its_estimate(browser: Browser, begun: Callable[..., str]) -> None:
    id_ = begun()
    client = browser("viewer")
    listed = client.get("/jobs").text
    assert f'href="/jobs/{id_}"' in listed
    assert "one-campus" in listed
    shown = client.get(f"/jobs/{id_}").text
    for text in ("waiting", "of one CPU", "<progress", 'http-equiv="refresh"', "progress.js"):
        assert text in shown
    assert "Cancel the job" not in shown


def test_what_is_being_done_is_told_in_words_with_its_share(
    browser: Browser, begun: Callable[..., str], server: Any
) -> None:
    id_ = begun()
    jobs.begin(server.store, id_)
    jobs.say(server.store, id_, "rounding the milestones", 0.4)
    shown = browser("viewer").get(f"/jobs/{id_}").text
    assert "rounding the milestones" in shown
    assert 'value="0.4"' in shown


def test_one_s_own_job_is_cancelled_and_nobody_else_s(browser: Browser, begun: Callable[..., str], server: Any) -> None:
    own, other = begun(), begun(who="owner")
    client = browser("editor")
    asked = {"csrf": client.csrf}
    assert "Cancel the job" in client.get(f"/jobs/{own}").text
    assert client.post(f"/jobs/{own}/cancel", data=asked).headers["location"] == f"/jobs/{own}"
    assert jobs.found(server.store, own).state == "cancelled"
    assert "Cancel the job" not in client.get(f"/jobs/{other}").text
    refused = client.post(f"/jobs/{other}/cancel", data=asked)
    assert refused.status_code == 403
    assert "a job of editor" in refused.text
    assert jobs.found(server.store, other).live
    assert client.post(f"/jobs/{other}/cancel", data={"csrf": "0" * 64}).status_code == 403


def test_a_job_that_failed_says_why_and_leads_back_to_the_form(
    browser: Browser, begun: Callable[..., str], server: Any
) -> None:
    id_ = begun()
    jobs.finish(server.store, id_, "failed", Reply(code=2, body=json.dumps({"error": ERROR}).encode()))
    client = browser("viewer")
    shown = client.get(f"/jobs/{id_}").text
    assert "<code>programme.target</code>" in shown
    assert 'href="/scenario/one-campus?set.programme.target=50+MW&amp;set.seed=7"' in shown
    assert 'http-equiv="refresh"' not in shown
    assert "Ended without a result" in client.get("/jobs").text


def test_limits_in_conflict_are_told_by_limit_and_quarter(
    browser: Browser, begun: Callable[..., str], server: Any
) -> None:
    id_ = begun()
    item = {"limit": "use_cases.assistant.floor", "period": "2026Q3", "site": "", "short_by": 1e6, "unit": "tokens/s"}
    error = {"error": {"kind": "Infeasible", "items": [item]}}
    jobs.finish(server.store, id_, "failed", Reply(code=3, body=json.dumps(error).encode()))
    assert "use_cases.assistant.floor, 2026Q3: short by 1e+06 tokens/s" in browser("viewer").get(f"/jobs/{id_}").text


def test_a_result_leads_to_its_pages_its_files_and_exports(
    browser: Browser, begun: Callable[..., str], server: Any
) -> None:
    id_ = begun()
    server.ended(id_, b'{"scenario": "one-campus"}', scenario="one-campus")
    for name in ("report.html", "workbook.xlsx"):
        (jobs.folder_of(server.settings, id_) / name).write_text("it")
    client = browser("viewer")
    shown = client.get(f"/jobs/{id_}").text
    for place in (
        f"/?result={id_}",
        f"/money?result={id_}",
        f"/fleet?result={id_}",
        f"/api/results/{id_}/files/report.html",
    ):
        assert f'href="{place}"' in shown
    assert f'formaction="/jobs/{id_}/export/quotas-slurm.sh"' in shown
    assert "workbook.xlsx" in shown
    assert client.get(f"/results/{id_}").headers["location"] == f"/?result={id_}"
    listed = client.get("/jobs").text
    assert f'href="/results/{id_}"' in listed
    assert f'href="/api/results/{id_}/files/report.html"' in listed


def test_a_result_without_a_page_of_its_own_is_read_on_that_of_its_job(
    browser: Browser, begun: Callable[..., str], server: Any
) -> None:
    id_ = begun("flywheel", backtest=True)
    server.ended(id_, b'{"scenario": null}')
    client = browser("viewer")
    assert client.get(f"/results/{id_}").headers["location"] == f"/jobs/{id_}"
    assert client.get(f"/jobs/{id_}").status_code == 200
    told(server, id_, "How the wheel turns")
    assert "So it is." in client.get(f"/jobs/{id_}").text


def test_a_plan_is_exported_as_a_file_of_the_quarter_that_is_asked_for(
    browser: Browser, begun: Callable[..., str], server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = begun()
    server.ended(id_, b'{"scenario": "one-campus"}')
    asked = []

    def ask(_: Any, verb: str, values: Any) -> Reply:
        asked.append((verb, values))
        if values.get("period") == "soon":
            item = {"path": "period", "given": '"soon"', "expected": "a quarter"}
            return Reply(code=2, body=json.dumps({"error": {"kind": "ScenarioError", "items": [item]}}).encode())
        return Reply(code=0, body=b'{"text": "kind: ClusterQueue\\n"}')

    monkeypatch.setattr(server.room, "ask", ask)
    client = browser("viewer")
    found = client.get(f"/jobs/{id_}/export/quotas-kueue.yaml", params={"period": "2027Q3"})
    assert found.text == "kind: ClusterQueue\n"
    assert found.headers["content-disposition"] == 'attachment; filename="quotas-kueue.yaml"'
    assert client.get(f"/jobs/{id_}/export/costs-focus.csv", params={"period": ""}).status_code == 200
    assert asked == [("export kueue", {"result": id_, "period": "2027Q3"}), ("export focus", {"result": id_})]
    wrong = client.get(f"/jobs/{id_}/export/quotas-kai.yaml", params={"period": "soon"})
    assert wrong.status_code == 422
    assert "<code>period</code>" in wrong.text
    assert 'value="soon"' in wrong.text
    assert client.get(f"/jobs/{id_}/export/passwd").status_code == 404


@pytest.mark.parametrize("place", ["/jobs/nowhere", f"/jobs/{'f' * 32}", f"/results/{'f' * 32}"])
def test_a_job_that_is_none_is_told_as_a_page(browser: Browser, place: str) -> None:
    found = browser("viewer").get(place)
    assert found.status_code == 404
    assert found.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    ("verb", "values", "place"),
    [
        ("run", {"scenario": "two"}, "/scenario/two"),
        ("run", {"scenario": "two@3", "set": {"a.b": {"2026Q3": 1}}}, "/scenario/two%403?set.a.b=%7B+2026Q3+%3D+1+%7D"),
        ("run", {"scenario": "0" * 32}, None),
        ("sweep", {"scenario": "two"}, None),
        ("run", {}, None),
    ],
)
def test_a_plan_is_asked_for_again_where_it_was(verb: str, values: Any, place: str | None) -> None:
    assert pages.asked_at(verb, values) == place
