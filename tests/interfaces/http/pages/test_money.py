"""Money: the books of a plan, and what its value hangs on in other futures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.interfaces.http.pages.kept import keep, plan, sweep

from gigawatt.interfaces.server import jobs, results

Browser = Callable[..., TestClient]


def test_a_server_without_a_plan_says_so(browser: Browser) -> None:
    text = browser("viewer").get("/money").text
    assert "No plan has been made" in text
    assert '<form class="start"' not in text


def test_the_books_of_a_plan_are_shown_by_their_names(browser: Browser, server: Any) -> None:
    id_ = keep(server, "run", plan(), scenario="alone")
    text = browser("viewer").get("/money").text
    for shown in ("Shown: money", "Shown: token-costs", "Shown: tranches", "Label irr_frac", "Label npv_usd"):
        assert shown in text
    for hidden in ("Shown: classes", "Label tokens_per_day", "Shown: binds"):
        assert hidden not in text
    assert "has not been lived through in other futures" in text
    assert 'action="/money">\n<input type="hidden"' not in text
    assert f'name="result" value="{id_}"' in browser("editor").get("/money").text


@pytest.mark.parametrize(("hash_", "same"), [("a" * 64, True), ("b" * 64, False)])
def test_the_futures_of_the_very_plan_come_before_those_of_its_scenario(
    browser: Browser, server: Any, hash_: str, same: bool
) -> None:
    name = f"futures-{same}"
    keep(server, "sweep", sweep(), scenario=name, hash=hash_)
    keep(server, "sweep", sweep(), scenario=name, hash="c" * 64)
    keep(server, "run", plan(), scenario=name)
    text = browser("viewer").get("/money").text
    for shown in ("When the future differs", "Shown: tornado", "Shown: power", "Shown: debt", "Cash runs out"):
        assert shown in text
    assert "Section futures" not in text
    assert ("with other values than this plan has" in text) is not same


def test_a_sweep_is_begun_by_a_form_and_watched(browser: Browser, server: Any) -> None:
    client = browser("editor")
    sent = {"csrf": client.csrf, "result": "one-campus", "draws": "20"}  # type: ignore[attr-defined]
    found = client.post("/money", data=sent)
    assert found.status_code == 303
    assert jobs.found(server.store, found.headers["location"].removeprefix("/jobs/")).verb == "sweep"


def test_futures_that_are_no_number_are_told_in_the_form_and_nothing_is_lost(browser: Browser, server: Any) -> None:
    id_, client = keep(server, "run", plan()), browser("editor")
    (jobs.folder_of(server.settings, id_) / results.WHOLE).write_text("{}", encoding="utf-8")
    sent = {"csrf": client.csrf, "result": id_, "draws": "many"}  # type: ignore[attr-defined]
    found = client.post("/money", data=sent)
    assert found.status_code == 422
    assert "<code>draws</code>" in found.text
    assert 'name="draws" type="text" inputmode="numeric" maxlength="9" value="many" aria-invalid="true"' in found.text


def test_who_may_not_begins_no_sweep(browser: Browser) -> None:
    client = browser("viewer")
    sent = {"csrf": client.csrf, "result": "one-campus"}  # type: ignore[attr-defined]
    assert client.post("/money", data=sent).status_code == 403
