"""The programme: a board's view of a plan, the choice of another, and a server that has none yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.interfaces.http.pages.kept import keep, plan, sweep

from gigawatt.interfaces.server import jobs, results
from gigawatt.interfaces.server.asked import Caller

Browser = Callable[..., TestClient]
OWNER = Caller(name="owner", role="owner", door="http")


@pytest.fixture
def empty(server: Any) -> None:
    """A server without results, those of other tests removed."""
    for view in results.listed(server.store):
        results.remove(server.settings, server.store, OWNER, view.id)


def posted(client: TestClient, place: str, **fields: str) -> Any:
    return client.post(place, data={"csrf": client.csrf, **fields})  # type: ignore[attr-defined]


@pytest.mark.usefixtures("empty")
def test_a_server_without_a_plan_offers_to_make_one_to_those_who_may(browser: Browser) -> None:
    offered = browser("editor").get("/").text
    assert '<form class="start" method="post" action="/">' in offered
    assert "<option>one-campus</option>" in offered
    assert "<option selected>loi-2025-09</option>" in offered
    read = browser("viewer").get("/").text
    assert "No plan has been made" in read
    assert 'action="/">' not in read


@pytest.mark.usefixtures("empty")
def test_a_plan_is_begun_by_a_form_and_watched(browser: Browser, server: Any) -> None:
    found = posted(browser("editor"), "/", scenario="one-campus")
    assert found.status_code == 303
    view = jobs.found(server.store, found.headers["location"].removeprefix("/jobs/"))
    assert (view.verb, view.who) == ("run", "editor")


@pytest.mark.usefixtures("empty")
def test_who_may_not_or_sends_no_token_begins_nothing(browser: Browser, server: Any) -> None:
    before = len(jobs.listed(server.store))
    assert posted(browser("viewer"), "/", scenario="one-campus").status_code == 403
    assert browser("editor").post("/", data={"scenario": "one-campus"}).status_code == 403
    assert len(jobs.listed(server.store)) == before


@pytest.mark.usefixtures("empty")
def test_a_scenario_that_is_none_is_told_in_the_form(browser: Browser) -> None:
    found = posted(browser("editor"), "/", scenario="<b>two</b>")
    assert found.status_code == 422
    assert 'role="alert"' in found.text
    assert "<code>scenario</code>" in found.text
    assert "&lt;b&gt;two" in found.text
    assert "<b>two" not in found.text


def test_a_board_sees_first_figures_what_is_built_what_it_releases_and_what_binds(
    browser: Browser, server: Any
) -> None:
    keep(server, "run", plan())
    text = browser("viewer").get("/").text
    for shown in ("Our campus", "It is so.", "power-by-platform", "tranches", "in-the-way", "Label npv_usd"):
        assert shown in text
    for hidden in ("Section served", "Shown: gpus", "Shown: binds", "Shown: money", "Label unserved_frac"):
        assert hidden not in text


def test_of_a_plan_that_builds_nothing_everything_is_said(browser: Browser, server: Any) -> None:
    keep(server, "run", plan(empty=True))
    text = browser("viewer").get("/").text
    assert "Nothing pays" in text
    assert 'class="tiles"' not in text


def test_another_plan_is_chosen_by_its_address(browser: Browser, server: Any) -> None:
    first, last = keep(server, "run", plan("The first")), keep(server, "run", plan("The last"))
    client = browser("viewer")
    assert "<h1>The last</h1>" in client.get("/").text
    text = client.get("/", params={"result": first}).text
    assert "<h1>The first</h1>" in text
    assert f'<option value="{first}" selected>' in text
    assert f'href="/?result={last}"' in text


def test_a_result_of_another_verb_or_none_is_refused(browser: Browser, server: Any) -> None:
    client, other = browser("viewer"), keep(server, "sweep", sweep())
    assert client.get("/", params={"result": other}).status_code == 422
    for absent in ("0" * 31 + "x", "f" * 32, "../x"):
        assert client.get("/", params={"result": absent}).status_code == 404


def test_a_result_that_was_removed_is_shown_no_more(browser: Browser, server: Any) -> None:
    id_, client = keep(server, "run", plan("Soon gone")), browser("viewer")
    assert client.get("/", params={"result": id_}).status_code == 200
    results.remove(server.settings, server.store, OWNER, id_)
    assert client.get("/", params={"result": id_}).status_code == 404


def test_below_every_exhibit_stand_its_files(browser: Browser, server: Any) -> None:
    id_ = keep(server, "run", plan())
    text = browser("viewer").get("/").text
    files = f"/api/results/{id_}/files"
    assert f'href="{files}/tables/tranches-table.csv"' in text
    assert f'href="{files}/charts/tranches.svg"' in text
    assert text.count('data-save="png" hidden') == text.count('<div class="wide">')
    assert 'data-save="csv"' not in text
    assert f'href="{files}/report.html"' in text
