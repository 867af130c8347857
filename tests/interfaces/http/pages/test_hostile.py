"""Pages in the hands of somebody who means no good, or whose browser sends what no form has."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient
from tests.interfaces.http.pages.kept import keep, plan
from tests.interfaces.http.pages.test_fleet import lived

from gigawatt.interfaces.http.pages.scenario import MOST_FIND, MOST_TOLD

Browser = Callable[..., TestClient]
SCENARIO = "/scenario/one-campus"


def post(client: Any, place: str, fields: Mapping[str, str]) -> Any:
    """What is answered to a form."""
    body = urlencode({**fields, "csrf": client.csrf})
    return client.post(place, content=body, headers={"content-type": "application/x-www-form-urlencoded"})


@pytest.mark.parametrize(
    "texts",
    [
        {"a": "1", "a.b": "2"},
        {"sites": "1", "sites.x": "2"},
        {".".join("a" * 3_000): "1"},
        {"extends": "loi-2025-09"},
        {"extends.x": "1"},
    ],
    ids=["below a text", "below a number", "without bottom", "another base", "below the base"],
)
def test_what_no_scenario_can_state_is_not_kept_and_told_by_its_path(
    browser: Browser, texts: Mapping[str, str]
) -> None:
    fields = {f"set.{path}": text for path, text in texts.items()}
    answer = post(browser(), SCENARIO, {**fields, "do": "keep", "keep_as": "odd"})
    assert answer.status_code == 422
    assert f"<code>{list(texts)[-1]}</code>" in answer.text
    assert "an entry that a scenario has" in answer.text


def test_a_kept_text_is_not_taken_for_a_table(browser: Browser) -> None:
    client = browser()
    assert post(client, SCENARIO, {"set.title": "<b>\"'", "do": "keep", "keep_as": "titled"}).status_code == 303
    assert '<b>"' not in client.get("/scenario/titled").text
    etag = client.get("/scenario/titled").text.partition('name="etag" value="')[2].partition('"')[0]
    given = {"set.title.x": "1", "do": "keep", "keep_as": "titled", "etag": etag}
    assert post(client, "/scenario/titled", given).status_code == 422


def test_very_many_words_to_find_keep_no_other_reader_waiting(browser: Browser) -> None:
    answer = post(browser("viewer"), SCENARIO, {"find": "a " * 60_000, "do": "look at it"})
    assert answer.status_code == 200
    assert len(answer.text.partition('name="find" value="')[2].partition('"')[0]) <= MOST_FIND


def test_of_very_many_faults_the_first_are_told(browser: Browser) -> None:
    fields = {f"set.f{n}": "1" for n in range(1_900)}
    for lang in ("en", "id"):
        answer = post(browser("viewer"), f"{SCENARIO}?lang={lang}", fields)
        assert answer.status_code == 422
        assert len(re.findall(r"<code>f\d+</code>", answer.text)) == MOST_TOLD


def test_where_a_form_was_refused_can_be_read_anew_and_in_another_language(browser: Browser, server: Any) -> None:
    id_ = keep(server, "run", plan())
    client = browser()
    for place, page in (("/fleet/event", "/fleet"), (f"/jobs/{id_}/cancel", f"/jobs/{id_}")):
        answer = client.get(place)
        assert (answer.status_code, answer.headers["location"]) == (303, page)


@pytest.mark.parametrize("place", ["/fleet", "/fleet/series", "/fleet/series.csv", "/fleet/series.svg"])
def test_hours_until_the_last_quarter_that_can_be_written_are_all_hours(
    browser: Browser, server: Any, place: str
) -> None:
    asked = {"result": lived(server), "from": "0000Q1"}
    client = browser("viewer")
    found = [client.get(place, params={**asked, **more}) for more in ({}, {"to": "9999Q4"})]
    assert [one.status_code for one in found] == [200, 200]


def test_names_of_people_and_plans_are_text_on_every_page(browser: Browser, server: Any) -> None:
    name = "<img src=x onerror=1>\"'&"
    id_, _ = (keep(server, "run", plan(name), scenario=name, who=name) for _ in range(2))
    client = browser("viewer")
    for place in ("/", "/money", "/compare", "/compute", "/jobs", f"/jobs/{id_}"):
        text = client.get(place).text
        assert "&lt;img src=x" in text, place
        assert "<img" not in text, place
